"""What needs the address of a Google machine or database in its code."""

import pytest

from setright import lenses
from setright.bindings.layouts import terraform
from setright.bindings.source import Source
from setright.model import Plain

KIND: dict[str, Plain] = {"type": "google_compute_instance", "evidence": {"address": "address"}}
WEB = 'resource "google_compute_instance" "web" {\n  name = "web"\n%s  network_interface {\n    access_config {\n    }\n  }\n}\n'
NETWORK = 'resource "google_compute_network" "net" {\n  name = "net"\n}\n'
READ = 'output "ip" {\n  value = %s\n}\n'
SCRIPT = '  metadata_startup_script = "apt-get -y install nginx"\n'


def told(files: dict[str, str], kind: dict[str, Plain] = KIND) -> Plain:
    given = {at: Source(at, "hcl", lenses.get("hcl", text.encode())) for at, text in files.items()}
    found = terraform.view("k", kind, given)[0].tree["source"]
    return next(iter(found.values())) if isinstance(found, dict) else None


@pytest.mark.parametrize(
    ("beside", "by"),
    [
        (READ % "google_compute_instance.web.network_interface[0].access_config[0].nat_ip", "by output.ip"),
        (READ % '"${google_compute_instance.web.network_interface.0.access_config.0.nat_ip}"', "by output.ip"),
        (READ % "google_compute_instance.web[*].network_interface[0].access_config[0].nat_ip", "by output.ip"),
        (
            'resource "google_dns_record_set" "a" {\n  rrdatas = '
            "[google_compute_instance.web.network_interface[0].access_config[0].nat_ip]\n}\n",
            "by google_dns_record_set.a",
        ),
        (READ % "google_compute_instance.web.network_interface[0].network_ip", "no"),
        (READ % "google_compute_instance.web2.network_interface[0].access_config[0].nat_ip", "no"),
    ],
)
def test_who_reads_the_address_is_named(beside: str, by: str) -> None:
    assert told({"main.tf": WEB % "" + beside}) == by


def test_a_machine_that_is_set_up_by_its_address_reads_it_itself() -> None:
    way = "  connection {\n    host = self.network_interface[0].access_config[0].nat_ip\n  }\n"
    assert told({"main.tf": WEB % way}) == "by google_compute_instance.web itself"


def test_what_fetches_something_at_its_start_has_no_other_way_out() -> None:
    assert told({"main.tf": WEB % SCRIPT + NETWORK}) == "the only way out"
    assert told({"main.tf": WEB % SCRIPT}) == "no", "the network is somebody else's, and may have Cloud NAT"
    assert told({"main.tf": WEB % "" + NETWORK}) == "no"
    nat = 'resource "google_compute_router_nat" "nat" {\n  name = "nat"\n}\n'
    assert told({"main.tf": WEB % SCRIPT + NETWORK, "net/nat.tf": nat}) == "no"


IN_DEFAULT = (
    'resource "google_compute_instance" "web" {\n  name = "web"\n%s  network_interface {\n    network = "default"\n  }\n}\n'
)
DECLARED = "  metadata = {\n    gce-container-declaration = var.container\n  }\n"


def test_a_container_is_pulled_at_the_start_and_the_default_network_has_no_nat() -> None:
    assert told({"main.tf": WEB % DECLARED + NETWORK}) == "the only way out"
    assert told({"main.tf": WEB % DECLARED}) == "no"
    assert told({"main.tf": IN_DEFAULT % DECLARED}) == "the only way out"
    assert told({"main.tf": IN_DEFAULT % SCRIPT}) == "the only way out"
    assert told({"main.tf": IN_DEFAULT % ""}) == "no"


TEMPLATE = 'data "template_file" "start" {\n  template = %s\n}\n'
RENDERED = "  metadata_startup_script = data.template_file.start.rendered\n"


@pytest.mark.parametrize(
    ("start", "beside", "by"),
    [
        ('  metadata_startup_script = file("start.sh")\n', "", "the only way out"),
        ('  metadata = {\n    startup-script = templatefile("start.sh", {})\n  }\n', "", "the only way out"),
        ('  metadata = {\n    ssh-keys = "me:${file("key.pub")}"\n  }\n', "", "no"),
        (RENDERED, TEMPLATE % '"apt-get -y install nginx"', "the only way out"),
        (RENDERED, TEMPLATE % 'file("start.sh")', "the only way out"),
        (RENDERED, TEMPLATE % '"hostname web"', "no"),
    ],
)
def test_a_script_that_is_not_read_may_fetch_something(start: str, beside: str, by: str) -> None:
    assert told({"main.tf": WEB % start + NETWORK + beside}) == by
    assert told({"main.tf": WEB % start + beside}) == "no"


def test_who_takes_the_address_of_a_database_has_no_certificate_of_it() -> None:
    kind: dict[str, Plain] = {"type": "google_sql_database_instance", "evidence": {"clients": "sql-clients"}}
    database = 'resource "google_sql_database_instance" "main" {\n  name = "main"\n}\n'
    host = READ % "google_sql_database_instance.main.private_ip_address"
    assert told({"main.tf": database + host}, kind) == "by output.ip"
    assert told({"main.tf": database + READ % "google_sql_database_instance.main.connection_name"}, kind) == "no"
    certificate = 'resource "google_sql_ssl_cert" "app" {\n  common_name = "app"\n}\n'
    assert told({"main.tf": database + host, "app/main.tf": certificate}, kind) == "no"


def test_nodes_whose_pods_load_images_have_no_other_way_out() -> None:
    kind: dict[str, Plain] = {"type": "google_container_cluster", "evidence": {"way-out": "nodes-way-out"}}
    cluster = 'resource "google_container_cluster" "a" {\n  name = "a"\n}\n'
    chart = 'resource "helm_release" "c" {\n  name = "c"\n}\n'
    nat = 'resource "google_compute_router_nat" "nat" {\n  name = "nat"\n}\n'
    assert told({"main.tf": cluster + NETWORK + chart}, kind) == "public addresses"
    assert told({"main.tf": cluster + NETWORK, "apps/main.tf": chart}, kind) == "public addresses"
    assert told({"main.tf": cluster + NETWORK}, kind) == "others"
    assert told({"main.tf": cluster + chart}, kind) == "others"
    assert told({"main.tf": cluster + NETWORK + chart + nat}, kind) == "others"


@pytest.mark.parametrize(
    ("cluster", "tie", "by"),
    [
        ("", "google_container_cluster.a.name", "no"),
        ("", '"a"', "no"),
        ("", '"b"', "elsewhere"),
        ("", "var.cluster", "elsewhere"),
        ("  workload_identity_config {\n  }\n", "google_container_cluster.a.id", "yes"),
    ],
)
def test_a_pool_has_the_identities_of_its_cluster(cluster: str, tie: str, by: str) -> None:
    kind: dict[str, Plain] = {"type": "google_container_node_pool", "evidence": {"identities": "pool-identities"}}
    pool = 'resource "google_container_node_pool" "p" {\n  cluster = %s\n}\n'
    made = f'resource "google_container_cluster" "a" {{\n  name = "a"\n{cluster}}}\n'
    assert told({"main.tf": made + pool % tie}, kind) == by

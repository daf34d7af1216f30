"""By what a module may open a Google Cloud Storage bucket to everybody."""

import pytest

from setright import lenses
from setright.bindings.error import BindingError
from setright.bindings.layouts import terraform
from setright.bindings.source import Source
from setright.model import Edit, Plain

BUCKET: dict[str, Plain] = {"type": "google_storage_bucket", "evidence": {"public": "public-google"}}
DATA = 'resource "google_storage_bucket" "data" {\n  name = "data"\n}\n'
WEB = 'resource "google_storage_bucket" "web" {\n  name = "web"\n}\n'


def told(files: dict[str, str]) -> Plain:
    given = {at: Source(at, "hcl", lenses.get("hcl", text.encode())) for at, text in files.items()}
    found = terraform.view("k", BUCKET, given)[0].tree["source"]
    return found["public"] if isinstance(found, dict) else None


def member(who: str, bucket: str = "google_storage_bucket.data.name") -> str:
    return f'resource "google_storage_bucket_iam_member" "m" {{\n  bucket = {bucket}\n  member = {who}\n}}\n'


def entry(kind: str, body: str) -> str:
    return f'resource "{kind}" "x" {{\n  bucket = google_storage_bucket.data.name\n  {body}\n}}\n'


@pytest.mark.parametrize(
    "beside",
    [
        "",
        member('"user:ann@example.com"'),
        member('"serviceAccount:${google_service_account.app.email}"'),
        member('"serviceAccount:${var.account}"'),
        member('"allUsers"', "google_storage_bucket.web.name") + WEB,
        entry("google_storage_bucket_acl", 'predefined_acl = "projectPrivate"'),
        entry("google_storage_bucket_object", 'name = "a"'),
    ],
)
def test_a_bucket_that_nothing_opens_is_not_public(beside: str) -> None:
    assert told({"main.tf": DATA + beside}) == "no"


@pytest.mark.parametrize(
    ("beside", "way"),
    [
        (member('"allUsers"'), "a grant"),
        (member('"allAuthenticatedUsers"', '"data"'), "a grant"),
        (member("var.readers"), "maybe a grant"),
        (member('"${var.kind}:${var.name}"'), "maybe a grant"),
        (member('"allUsers"', "var.bucket"), "maybe a grant"),
        (entry("google_storage_bucket_acl", 'predefined_acl = "publicRead"'), "an access list"),
        (entry("google_storage_default_object_access_control", 'entity = "allUsers"'), "an access list"),
        (entry("google_storage_bucket_iam_policy", "policy_data = data.google_iam_policy.p.policy_data"), "a policy"),
        ('resource "google_compute_backend_bucket" "b" {\n  bucket_name = google_storage_bucket.data.name\n}\n', "a load balancer"),
    ],
)
def test_what_opens_a_bucket_is_named(beside: str, way: str) -> None:
    assert told({"main.tf": DATA + beside}) == way


def test_a_web_site_is_open() -> None:
    site = DATA.replace('"data"\n}', '"data"\n  website {\n    main_page_suffix = "index.html"\n  }\n}')
    assert told({"main.tf": site}) == "a web site"


def test_a_directory_that_got_the_bucket_may_open_it() -> None:
    assert told({"main.tf": DATA, "site/main.tf": member('"allUsers"', "var.bucket")}) == "maybe a grant"
    assert told({"main.tf": DATA, "site/main.tf": member('"allUsers"', '"data"')}) == "a grant"
    assert told({"main.tf": DATA, "site/main.tf": member('"allUsers"', '"other"')}) == "no"
    assert told({"main.tf": DATA, "site/main.tf": member('"allUsers"', "google_storage_bucket.web.name") + WEB}) == "no"
    own = 'locals {\n  app = "serviceAccount:${var.app}"\n}\n'
    assert told({"main.tf": DATA, "site/main.tf": member("local.app", "var.bucket") + own}) == "no"


def test_a_grant_that_another_directory_makes_later_is_seen() -> None:
    given = {at: Source(at, "hcl", lenses.get("hcl", text.encode())) for at, text in {"main.tf": DATA, "site/a.tf": WEB}.items()}
    assert terraform.view("k", BUCKET, given)[0].tree["source"] == {"public": "no"}
    later = given | {"site/a.tf": Source("site/a.tf", "hcl", lenses.get("hcl", member('"allUsers"', "var.bucket").encode()))}
    assert terraform.view("k", BUCKET, later)[0].tree["source"] == {"public": "maybe a grant"}


MACHINE: dict[str, Plain] = {
    "type": ["google_compute_instance", "google_compute_instance_template"],
    "evidence": {"shielded": "shielded", "project-keys": "project-keys"},
}
BOOT = "boot_disk {\n    initialize_params {\n      image = %s\n    }\n  }"
FAMILY = 'data "google_compute_image" "os" {\n  project = "%s"\n  family = "%s"\n}\n'


def machine(name: str, body: str, beside: str = "") -> Plain:
    text = f'resource "google_compute_instance" "m" {{\n  {body}\n}}\n{beside}'
    found = terraform.view("k", MACHINE, {"main.tf": Source("main.tf", "hcl", lenses.get("hcl", text.encode()))})[0].tree["source"]
    return found[name] if isinstance(found, dict) else None


@pytest.mark.parametrize(
    ("body", "beside"),
    [
        (BOOT % '"debian-cloud/debian-12"', ""),
        (BOOT % '"projects/ubuntu-os-cloud/global/images/family/ubuntu-2204-lts"', ""),
        (BOOT % "data.google_compute_image.os.self_link", FAMILY % ("rhel-cloud", "rhel-9")),
        ('disk {\n    source_image = "cos-cloud/cos-113-lts"\n  }', ""),
        ("shielded_instance_config {\n    enable_secure_boot = true\n  }", ""),
    ],
)
def test_public_images_are_shielded_though_nothing_says_so(body: str, beside: str) -> None:
    assert machine("shielded", body, beside) == "yes"


@pytest.mark.parametrize("image", ["ubuntu-os-cloud/ubuntu-1404-trusty-v20160602", "debian-cloud/debian-8", "projects/x/centos-6"])
def test_images_from_before_shielded_machines_cannot_be_ones(image: str) -> None:
    assert machine("shielded", BOOT % f'"{image}"', "") == "cannot"


@pytest.mark.parametrize(
    ("body", "beside"),
    [
        ("", ""),
        (BOOT % "var.image", ""),
        (BOOT % '"debian-cloud/debian-9"', ""),
        (BOOT % '"ubuntu-os-cloud/ubuntu-1804-lts"', ""),
        (BOOT % '"debian-cloud/debian-12-arm64"', ""),
        (BOOT % '"acme-images/debian-12"', ""),
        (BOOT % "data.google_compute_image.os.self_link", FAMILY % ("acme", "rhel-9")),
        (BOOT % '"debian-cloud/debian-12"' + "\n  shielded_instance_config {\n    enable_vtpm = false\n  }", ""),
    ],
)
def test_of_other_machines_it_is_not_known(body: str, beside: str) -> None:
    assert machine("shielded", body, beside) == "maybe"


PROJECT = 'resource "google_compute_project_metadata" "p" {\n  %s\n}\n'
ITEM = 'resource "google_compute_project_metadata_item" "i" {\n  key = "enable-oslogin"\n  value = %s\n}\n'


@pytest.mark.parametrize(
    ("body", "beside"),
    [
        ('metadata = {\n    enable-oslogin = "TRUE"\n  }', ""),
        ("metadata = {\n    enable-oslogin = true\n  }", ""),
        ("", PROJECT % 'metadata = {\n    enable-oslogin = "TRUE"\n    ssh-keys = "a"\n  }'),
        ("", PROJECT % 'metadata = {\n    owner = "web"\n  }'),
        ("", ITEM % '"TRUE"'),
        (BOOT % '"windows-cloud/windows-2022"', ""),
    ],
)
def test_where_a_project_has_no_keys_or_os_login_decides_they_open_nothing(body: str, beside: str) -> None:
    assert machine("project-keys", body, beside) == "no"


@pytest.mark.parametrize(
    ("body", "beside"),
    [
        ("", ""),
        ('metadata = {\n    enable-oslogin = "FALSE"\n  }', ITEM % '"TRUE"'),
        ("metadata = var.metadata", ITEM % '"TRUE"'),
        ("", ITEM % "var.login"),
        ("", PROJECT % 'metadata = {\n    ssh-keys = "a"\n  }'),
        ("", PROJECT % "metadata = var.metadata"),
        ('project = "web"', PROJECT % 'project = "mail"\n  metadata = {\n    owner = "web"\n  }'),
    ],
)
def test_else_keys_of_the_project_may_open_a_machine(body: str, beside: str) -> None:
    assert machine("project-keys", body, beside) == "maybe"


GRANT: dict[str, Plain] = {
    "type": ["google_storage_bucket_iam_member", "google_cloud_run_service_iam_binding"],
    "evidence": {"granted": "granted"},
    "member": {"at": "member", "needed": True},
    "members": {"at": "members", "needed": True},
}
RUN = 'resource "google_cloud_run_service_iam_binding" "b" {\n  role = "%s"\n  members = [%s]\n}\n'
SITE = 'resource "google_storage_bucket" "data" {\n  name = "data"\n  website {\n    main_page_suffix = "i"\n  }\n}\n'


def sources(text: str) -> dict[str, Source]:
    return {"main.tf": Source("main.tf", "hcl", lenses.get("hcl", text.encode()))}


@pytest.mark.parametrize(
    ("text", "sort"),
    [
        (member('"allUsers"'), "everybody alone"),
        (member('"group:a@example.com"'), "named"),
        (member("var.who"), "not told"),
        (member('"allUsers"') + DATA, "everybody alone"),
        (member('"allUsers"') + SITE, "web site"),
        (RUN % ("roles/run.viewer", '"allUsers", "allAuthenticatedUsers"'), "everybody alone"),
        (RUN % ("roles/run.viewer", '"allUsers", "user:a@example.com"'), "everybody among others"),
        (RUN % ("roles/run.invoker", '"allUsers"'), "API"),
    ],
)
def test_a_grant_is_told_by_whom_it_is_for(text: str, sort: str) -> None:
    (found,) = terraform.view("k", GRANT, sources(text))
    assert found.tree["source"] == {"granted": sort}


def test_a_grant_without_the_one_it_is_for_goes_as_a_whole() -> None:
    given = sources(DATA + member('"allUsers"'))
    (found,) = terraform.view("k", GRANT, given)
    (placed,) = terraform.edit(GRANT, found, [Edit(("member",), remove=True), Edit(("members",), remove=True)], (), given)
    assert lenses.put("hcl", (DATA + member('"allUsers"')).encode(), [placed[1]]) == DATA.encode()


@pytest.mark.parametrize("beside", ["resource", "output"])
def test_a_grant_that_something_names_is_left_to_people(beside: str) -> None:
    named = "google_storage_bucket_iam_member.m"
    text = (
        f'output "o" {{\n  value = {named}.id\n}}\n'
        if beside == "output"
        else f'resource "x" "y" {{\n  depends_on = [{named}]\n}}\n'
    )
    given = sources(DATA + member('"allUsers"') + text)
    (found,) = terraform.view("k", GRANT, given)
    with pytest.raises(BindingError, match="take it away there first"):
        terraform.edit(GRANT, found, [Edit(("member",), remove=True)], (), given)


KEPT: dict[str, Plain] = {"type": "google_storage_bucket", "evidence": {"old-versions": "old-versions-google"}}
OBJECT = entry("google_storage_bucket_object", 'name = "f.zip"')
CODE = 'resource "google_cloudfunctions_function" "f" {\n  source_archive_bucket = google_storage_bucket.data.name\n%s}\n'
READER = 'resource "google_storage_bucket_iam_member" "m" {\n  bucket = google_storage_bucket.data.name\n  role = "roles/%s"\n}\n'


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (DATA + OBJECT + CODE % "", "little"),
        (DATA + CODE % "" + READER % "storage.objectViewer", "little"),
        (
            DATA + 'resource "google_logging_project_sink" "s" {\n  destination = "x/${google_storage_bucket.data.name}"\n}\n',
            "little",
        ),
        (DATA.replace('"data"', '"acme-tfstate"'), "little"),
        (DATA, "what nothing here tells"),
        (DATA + OBJECT, "what nothing here tells"),
        (DATA + CODE % "" + READER % "storage.objectAdmin", "google_storage_bucket_iam_member.m"),
        (
            DATA + CODE % "  environment_variables = { B = google_storage_bucket.data.name }\n",
            "google_cloudfunctions_function.f",
        ),
        (DATA + CODE % "" + 'resource "job" "j" {\n  args = "gs://data"\n}\n', "job.j"),
        (DATA + CODE % "" + 'output "o" {\n  value = google_storage_bucket.data.name\n}\n', "whoever takes it from an output"),
        (DATA.replace("}", '  lifecycle_rule {\n    action { type = "Delete" }\n  }\n}'), "all that its rules delete"),
    ],
)
def test_what_old_versions_come_to_is_told(text: str, what: str) -> None:
    given = {"main.tf": Source("main.tf", "hcl", lenses.get("hcl", text.encode()))}
    assert terraform.view("k", KEPT, given)[0].tree["source"] == {"old-versions": what}


CALLED: dict[str, Plain] = {"type": "google_cloud_run_v2_service", "evidence": {"callers": "callers-google"}}
SERVICE = 'resource "google_cloud_run_v2_service" "web" {\n  name = "web"\n}\n'
INVOKER = 'resource "google_cloud_run_v2_service_iam_%s" "i" {\n  name = google_cloud_run_v2_service.web.name\n  %s\n}\n'
TO_ALL = 'data "google_iam_policy" "all" {\n  binding {\n    members = ["allUsers"]\n  }\n}\n'
BALANCED = """
resource "google_compute_region_network_endpoint_group" "n" {
  cloud_run {
    service = google_cloud_run_v2_service.web.name
  }
}
"""


@pytest.mark.parametrize(
    ("text", "who"),
    [
        (SERVICE, "others"),
        (SERVICE + INVOKER % ("member", 'member = "serviceAccount:a@b.iam.gserviceaccount.com"'), "others"),
        (SERVICE + INVOKER % ("member", 'member = "allUsers"'), "everybody"),
        (SERVICE + INVOKER % ("binding", 'members = ["allUsers"]'), "everybody"),
        (SERVICE + TO_ALL + INVOKER % ("policy", "policy_data = data.google_iam_policy.all.policy_data"), "everybody"),
        (SERVICE + INVOKER % ("member", 'member = "allUsers"') + BALANCED, "others"),
        (SERVICE.replace("}", "  invoker_iam_disabled = true\n}"), "everybody"),
    ],
)
def test_whom_the_code_lets_call_a_service_is_told(text: str, who: str) -> None:
    given = {"main.tf": Source("main.tf", "hcl", lenses.get("hcl", text.encode()))}
    assert terraform.view("k", CALLED, given)[0].tree["source"] == {"callers": who}

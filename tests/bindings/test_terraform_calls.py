"""Calls of modules from a registry as resources of a kind: by the table beside the bindings, and by the version called."""

from collections.abc import Mapping
from pathlib import Path as File

import pytest

from setright import lenses
from setright.bindings.error import BindingError
from setright.bindings.layouts import terraform
from setright.bindings.layouts._terraform_spec import entry
from setright.bindings.load import load_bindings, load_one
from setright.bindings.source import Source
from setright.controls.judge import applies, is_requirement_known
from setright.dialect import read_mapping
from setright.model import Control, Edit, Path, Plain, Requirement, Resource, Unknown

ROOT = File(__file__).parents[2] / "bindings"
BLOCKING: Path = ("PublicAccessBlockConfiguration", "BlockPublicAcls")


def layout(kind: str) -> Mapping[str, Plain]:
    return load_one(ROOT / f"{kind}.yaml", ROOT).layouts["terraform"]


def sources(text: str) -> dict[str, Source]:
    return {"main.tf": Source("main.tf", "hcl", lenses.get("hcl", text.encode()))}


def call(source: str, *lines: str, version: str = "") -> str:
    given = [f'source = "{source}"', *([f'version = "{version}"'] if version else []), *lines]
    return "\n".join(['module "m" {', *(f"  {line}" for line in given), "}", ""])


def seen(kind: str, text: str) -> list[Resource]:
    return terraform.view(kind, layout(kind), sources(text))


def value(resource: Resource, path: Path) -> Plain:
    node: Plain = resource.tree
    for key in path:
        node = node.get(key) if isinstance(node, dict) else None
    return node


def bucket(*lines: str, version: str = "", source: str = "terraform-aws-modules/s3-bucket/aws") -> Resource:
    [found] = seen("aws/s3/bucket", call(source, *lines, version=version))
    return found


@pytest.mark.parametrize(
    ("version", "default"),
    [("", True), ("~> 4.0", True), ("3.7.0", False), ("~> 3.0", True), ("~> 3.7.0", False), ("< 3.9", False), (">= 2.0", True)],
)
def test_an_input_that_is_not_set_has_the_default_of_the_newest_version_allowed(version: str, default: bool) -> None:
    assert value(bucket(version=version), BLOCKING) is default


@pytest.mark.parametrize(
    ("source", "default"),
    [
        ("registry.terraform.io/terraform-aws-modules/s3-bucket/aws", True),
        ("git::https://github.com/terraform-aws-modules/terraform-aws-s3-bucket.git?ref=v3.7.0", False),
        ("github.com/terraform-aws-modules/terraform-aws-s3-bucket?ref=4.1.0", True),
        ("git@github.com:terraform-aws-modules/terraform-aws-s3-bucket.git?ref=v2.1.0", False),
    ],
)
def test_a_module_is_known_by_its_repository_too(source: str, default: bool) -> None:
    assert value(bucket(source=source), BLOCKING) is default


def test_of_a_version_that_cannot_be_told_nothing_is_said_that_depends_on_it() -> None:
    source = "git::https://github.com/terraform-aws-modules/terraform-aws-s3-bucket.git?ref=0a1b2c3"
    found = bucket("versioning = { enabled = true }", source=source)
    assert found.known is not None and BLOCKING not in found.known
    assert value(found, ("VersioningConfiguration", "Status")) == "Enabled"


def test_an_input_that_cannot_be_told_is_unknown() -> None:
    assert value(bucket("block_public_acls = var.blocked"), BLOCKING) == Unknown("var.blocked")


@pytest.mark.parametrize("line", ["create_bucket = false", "create = false"])
def test_a_call_that_makes_nothing_is_no_resource(line: str) -> None:
    assert seen("aws/s3/bucket", call("terraform-aws-modules/s3-bucket/aws", line)) == []


def test_a_network_without_public_subnets_has_none_to_judge() -> None:
    network = "terraform-aws-modules/vpc/aws"
    assert seen("aws/ec2/subnet", call(network, version="3.0.0")) == []
    [found] = seen("aws/ec2/subnet", call(network, 'public_subnets = ["10.0.0.0/24"]', version="3.0.0"))
    assert found.tree == {"MapPublicIpOnLaunch": True}


def test_a_module_that_is_in_no_table_is_not_judged() -> None:
    assert seen("aws/s3/bucket", call("somebody/s3-bucket/aws")) == []


def test_a_control_that_asks_of_more_than_is_told_says_nothing_of_the_call() -> None:
    [found] = seen("aws/elbv2/load-balancer", call("terraform-aws-modules/alb/aws"))
    for last, is_told in (("deletion_protection.enabled", True), ("access_logs.s3.enabled", False)):
        line = Requirement(("LoadBalancerAttributes", last), "equals", True, False)
        asked = Control("c", "", "low", found.kind, (line,), "", "")
        assert applies(asked, found) is is_told


def test_a_fix_sets_the_input_that_the_version_called_has() -> None:
    for version, name in (("~> 20.0", "cluster_endpoint_private_access"), ("~> 21.0", "endpoint_private_access")):
        given = sources(call("terraform-aws-modules/eks/aws", f"{name} = false", version=version))
        told = layout("aws/eks/cluster")
        [found] = terraform.view("aws/eks/cluster", told, given)
        wanted = Edit(("ResourcesVpcConfig", "EndpointPrivateAccess"), True)
        assert terraform.edit(told, found, [wanted], [], given) == [("main.tf", Edit(("module", "m", 0, name), True))]


@pytest.mark.parametrize(
    ("kind", "source", "version", "path"),
    [
        ("aws/sqs/queue", "terraform-aws-modules/sqs/aws", "~> 2.0", ("SqsManagedSseEnabled",)),
        ("aws/ec2/vpc", "terraform-aws-modules/vpc/aws", "", ("FlowLog", "LogDestination")),
    ],
)
def test_what_no_input_says_is_left_to_a_person(kind: str, source: str, version: str, path: Path) -> None:
    given = sources(call(source, version=version))
    [found] = terraform.view(kind, layout(kind), given)
    with pytest.raises(BindingError, match="by hand"):
        terraform.edit(layout(kind), found, [Edit(path, True)], [], given)


def test_every_module_of_the_table_is_of_kinds_there_are_and_of_places_that_can_be_read() -> None:
    layouts = {binding.kind: binding.layouts.get("terraform", {}) for binding in load_bindings(ROOT)}
    for source, kinds in read_mapping(ROOT / "modules.yaml").items():
        for kind in kinds:
            assert entry(layouts[kind], f"module.{source}").specs, f"{source}: {kind}"


def test_a_database_of_which_nothing_is_said_has_no_backups() -> None:
    [own] = seen("aws/rds/db-instance", 'resource "aws_db_instance" "m" {\n  engine = "mysql"\n}\n')
    [called] = seen("aws/rds/db-instance", call("terraform-aws-modules/rds/aws"))
    assert value(own, ("BackupRetentionPeriod",)) == value(called, ("BackupRetentionPeriod",)) == 0


def test_what_is_not_told_of_a_call_is_not_known() -> None:
    found = bucket()
    told, untold = (Requirement(path, "absent", True) for path in (BLOCKING, ("ReplicationConfiguration",)))
    assert is_requirement_known(found, told) and not is_requirement_known(found, untold)

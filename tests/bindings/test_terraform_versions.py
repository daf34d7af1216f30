"""What tells which version of a provider a module has: its lock file, who calls it, and a language that is gone."""

import pytest

from setright import lenses
from setright.bindings.layouts._terraform_module import modules
from setright.bindings.layouts._terraform_versions import NEWEST, VersionRange, constraint
from setright.bindings.layouts.terraform_providers import view
from setright.bindings.source import Source

LOCKED = 'provider "registry.terraform.io/hashicorp/aws" {\n  version     = "3.50.0"\n  constraints = ">= 3.0"\n}\n'
WANTED = 'terraform {\n  required_providers {\n    aws = {\n      version = ">= 3.0"\n    }\n  }\n}\n'
QUEUE = 'resource "aws_sqs_queue" "q" {\n  name = "q"\n}\n'


def asked(files: dict[str, str], folder: str = "") -> VersionRange:
    given = {at: Source(at, "hcl", lenses.get("hcl", text.encode())) for at, text in files.items()}
    return constraint(modules(given)[folder], "aws")


def test_the_lock_file_tells_the_version() -> None:
    assert asked({"main.tf": WANTED + QUEUE}) == ((3, 0), NEWEST, ">= 3.0")
    assert asked({"main.tf": WANTED + QUEUE, ".terraform.lock.hcl": LOCKED}) == ((3, 50, 0), (3, 50, 0), "3.50.0")


def test_what_it_holds_is_no_provider_that_somebody_set_up() -> None:
    lock = Source(".terraform.lock.hcl", "hcl", lenses.get("hcl", LOCKED.encode()))
    assert view("k", {}, {lock.locator: lock}) == []


def test_a_module_is_for_the_versions_of_who_calls_it() -> None:
    call = 'module "m" {\n  source = "../m"\n}\n'
    files = {"m/main.tf": WANTED + QUEUE, "old/main.tf": call, "old/.terraform.lock.hcl": LOCKED, "new/main.tf": call}
    assert asked(files, "m") == ((3, 0), (3, 50, 0), "3.50.0")
    assert asked(files, "new").most == NEWEST


def test_a_module_that_calls_itself_is_asked_once() -> None:
    assert asked({"main.tf": 'module "m" {\n  source = "./."\n}\n' + QUEUE}).most == NEWEST


def test_the_language_of_terraform_0_11_is_for_old_providers() -> None:
    old = QUEUE.replace("}", '\n  tags {\n    Team = "a"\n  }\n}')
    assert asked({"main.tf": old}).most < (3,)
    assert asked({"main.tf": old, ".terraform.lock.hcl": LOCKED.replace("3.50.0", "2.7.0")}).most == (2, 7, 0)


def test_what_a_directory_calls_binds_it_and_all_that_it_calls_besides() -> None:
    files = {
        "main.tf": 'module "a" {\n  source = "./a"\n}\n\nmodule "b" {\n  source = "./b"\n}\n' + QUEUE,
        "a/main.tf": WANTED.replace(">= 3.0", "~> 4.0") + QUEUE,
        "b/main.tf": WANTED + QUEUE,
    }
    for folder in ("", "a", "b"):
        assert asked(files, folder) == ((4, 0), (4, 10**6), "~> 4.0")


def test_a_module_of_the_registry_binds_who_calls_it() -> None:
    call = 'module "eks" {\n  source  = "terraform-aws-modules/eks/aws"\n  version = "%s"\n}\n'
    assert asked({"main.tf": call % "~> 20.0" + QUEUE}).most < (6,)
    assert asked({"main.tf": call % "~> 21.0" + QUEUE}).most == NEWEST


@pytest.mark.parametrize(
    ("text", "below"),
    [
        ('module "vpc" {\n  source  = "terraform-aws-modules/vpc/aws"\n  version = "~> v2.0"\n}\n', (5,)),
        ('module "vpc" {\n  source  = "terraform-aws-modules/vpc/aws"\n  version = "~> 4.0"\n}\n', (6,)),
        ('resource "aws_db_instance" "d" {\n  name = "shop"\n}\n', (5,)),
        ('resource "aws_eip" "e" {\n  vpc = true\n}\n', (6,)),
    ],
)
def test_what_a_version_no_longer_has_binds_the_module_that_uses_it(text: str, below: tuple[int, ...]) -> None:
    assert asked({"main.tf": text + QUEUE}).most < below
    assert asked({"main.tf": 'module "m" {\n  source = "./m"\n}\n' + QUEUE, "m/main.tf": text}).most < below

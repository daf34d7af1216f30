"""What an attribute means that is not set: by the versions of the provider that the module may have."""

import pytest

from setright import lenses
from setright.bindings.layouts._terraform_absent import unsaid
from setright.bindings.layouts._terraform_module import modules
from setright.bindings.layouts._terraform_spec import Place, Spec
from setright.bindings.source import Source
from setright.model import Unknown

ASKED = 'terraform {{\n  required_providers {{\n    aws = {{\n      version = "{}"\n    }}\n  }}\n}}\n'
OPEN = Place(at=("open",), until="6.0", otherwise=True)
SHUT = Place(at=("open",), since="6.0", otherwise=False)


def told(asked: str, *places: Place) -> object:
    text = (ASKED.format(asked) if asked else "") + 'resource "aws_sqs_queue" "q" {\n  name = "q"\n}\n'
    module = modules({"main.tf": Source("main.tf", "hcl", lenses.get("hcl", text.encode()))})[""]
    return unsaid(module, module.resources("aws_sqs_queue")[0], Spec(("Open",), places))


@pytest.mark.parametrize(
    ("asked", "value"), [("~> 5.0", True), ("~> 6.0", False), (">= 6.1", False), ("5.3.0", True), ("< 6", True)]
)
def test_the_version_that_is_asked_for_tells_the_default(asked: str, value: bool) -> None:
    assert told(asked, SHUT, OPEN) is value


@pytest.mark.parametrize("asked", ["", ">= 5.0", ">= 4.0, < 7.0"])
def test_where_several_defaults_may_hold_it_is_unknown(asked: str) -> None:
    doubtful = told(asked, SHUT, OPEN)
    assert isinstance(doubtful, Unknown)
    assert "version 6.0 of the provider" in doubtful.text
    assert told(asked, SHUT, OPEN._replace(in_doubt=True)) is True


def test_a_default_of_all_versions_needs_none() -> None:
    assert told("", OPEN._replace(until="")) is True
    assert told("~> 6.0", OPEN) is None

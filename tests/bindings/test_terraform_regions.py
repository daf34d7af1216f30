"""What is made for a region is placed there by what the module has for it."""

import pytest
from tests.bindings.test_terraform_offers import offered, put_right

from setright.model import Plain

SITE: dict[str, Plain] = {
    "type": "site",
    "offers": {
        "wall": {
            "at": "Wall",
            "value": {"is": "wall.edge.arn"},
            "makes": {"resource/wall/edge": {"region": "us-east-1", "name": "edge"}},
            "region": "us-east-1",
        }
    },
    "Wall": {"at": "wall"},
}
BLOCK = 'resource "site" "%s" {\n  name = "x"\n}\n'
HERE = 'provider "aws" {\n  region = %s\n}\n'
ALIAS = 'provider "aws" {\n  alias  = "edge"\n  region = "us-east-1"\n}\n'
OLD = 'terraform {\n  required_providers {\n    aws = {\n      version = "~> 5.0"\n    }\n  }\n}\n'


@pytest.mark.parametrize(
    ("beside", "first"),
    [
        (HERE % '"us-east-1"', 'name = "edge"'),
        (HERE % '"eu-west-1"', 'region = "us-east-1"'),
        (HERE % '"eu-west-1"' + ALIAS, "provider = aws.edge"),
        (OLD + HERE % '"eu-west-1"' + ALIAS, "provider = aws.edge"),
        (OLD + HERE % '"us-east-1"', 'name = "edge"'),
        ("", 'region = "us-east-1"'),
    ],
)
def test_what_is_made_stands_in_its_region(beside: str, first: str) -> None:
    text = beside + BLOCK % "a" + BLOCK % "b"
    after = put_right(SITE, {"main.tf": text}, "site.a", "wall")["main.tf"]
    assert 'resource "wall" "edge" {\n  ' + first in after
    assert offered(SITE, after) == [{"wall": "offered"}] * 2, "another takes what was made"


@pytest.mark.parametrize("here", ['"eu-west-1"', "var.region"])
def test_nothing_is_offered_where_nothing_leads_there(here: str) -> None:
    default = 'variable "region" {\n  default = "us-east-1"\n}\n'  # somebody may deploy it elsewhere
    assert offered(SITE, OLD + default + HERE % here + BLOCK % "a") == [None]

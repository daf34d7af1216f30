"""Kinds ask the directories that have something of them, and those alone, in the order of the tree."""

from pathlib import Path as File

from setright import lenses
from setright.bindings.layouts import _terraform_strangers as strangers
from setright.bindings.layouts import terraform
from setright.bindings.layouts._terraform_holding import CALLS, holding
from setright.bindings.layouts._terraform_module import modules
from setright.bindings.load import load_one
from setright.bindings.source import Source

ROOT = File(__file__).parents[2] / "bindings"
BUCKET = 'resource "aws_s3_bucket" "a" {\n  bucket = "a"\n}\n'
KEY = 'resource "aws_kms_key" "a" {\n}\n'
CALL = 'module "a" {\n  source = "git::https://git.acme.example/infra/terraform-aws-kms"\n  enable_key_rotation = false\n}\n'


def tree(**files: str) -> dict[str, Source]:
    return {
        f"{folder}/main.tf": Source(f"{folder}/main.tf", "hcl", lenses.get("hcl", text.encode())) for folder, text in files.items()
    }


def test_directories_are_told_by_what_they_have_in_their_order():
    there = modules(tree(b=BUCKET, a=KEY + BUCKET, c=CALL))
    assert [each.folder for each in holding(there, ["aws_s3_bucket"])] == ["a", "b"]
    assert [each.folder for each in holding(there, ["aws_kms_key", "aws_s3_bucket", CALLS])] == ["a", "b", "c"]
    assert holding(there, ["aws_db_instance"]) == []
    assert [each.folder for each in holding(modules(tree(d=KEY)), ["aws_kms_key"])] == ["d"]


def test_a_kind_does_not_look_through_directories_without_it(monkeypatch):
    asked = []
    real = strangers.calls
    monkeypatch.setattr(strangers, "calls", lambda kind, layout, module: asked.append(module.folder) or real(kind, layout, module))
    sources = tree(**{f"n{number:02}": BUCKET for number in range(50)}, a=KEY, c=CALL)
    layout = load_one(ROOT / "aws/kms/key.yaml", ROOT).layouts["terraform"]
    assert {each.name for each in terraform.view("aws/kms/key", layout, sources)} == {"a/aws_kms_key.a", "c/module.a"}
    assert asked == ["a", "c"]

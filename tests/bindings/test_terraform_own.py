"""What a block says of itself and what an offer makes for it repeats."""

from collections.abc import Mapping

import pytest

from setright import lenses
from setright.bindings.layouts import terraform
from setright.bindings.source import Source
from setright.model import Edit, Plain

BUCKET: Mapping[str, Plain] = {
    "type": "bucket",
    "names": "camel",
    "offers": {
        "key": {"at": "key", "value": {"is": "google_kms_crypto_key_iam_member.storage.crypto_key_id"}, "makes": "bucket-key"}
    },
}
RING = 'resource "google_kms_key_ring" "data" {\n  project  = google_project_service.kms.project\n  location = "europe"\n}\n'


def after(*bodies: str, more: str = "") -> list[str]:
    """The lines of a file once all of its buckets that can have taken the key, one after the other."""
    text = "".join(f'resource "bucket" "b{at}" {{\n{body}}}\n' for at, body in enumerate(bodies)) + more
    for at in range(len(bodies)):
        given = {"main.tf": Source("main.tf", "hcl", lenses.get("hcl", text.encode()))}
        resource = next(each for each in terraform.view("k", BUCKET, given) if each.name == f"bucket.b{at}")
        if "template" in resource.tree:
            placed = terraform.edit(BUCKET, resource, [Edit(("template", "key"), "offered")], [], given)
            text = lenses.put("hcl", text.encode(), [edit for _, edit in placed]).decode()
    return [" ".join(line.split()) for line in text.splitlines()]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('name = "a"\nlocation = "EU"\n', ['name = "a"', 'location = "europe"']),
        ('name = "a"\nlocation = "US"\n', ['location = "us"']),
        ("name = var.name\nlocation = var.place\n", ['name = replace(var.name, ".", "-")']),
        ("name = var.name\nlocation = var.place\n", ['location = replace(lower(var.place), "/^eu$/", "europe")']),
        ('name = "a"\nlocation = "EU"\nproject = var.p\n', ["project = var.p", "project = google_project_service.kms.project"]),
    ],
)
def test_the_ring_is_where_the_data_is(body: str, said: list[str]) -> None:
    lines = after(body)
    made = lines[lines.index("}") :]
    assert "key = google_kms_crypto_key_iam_member.storage.crypto_key_id" in lines
    assert all(each in made for each in said)


@pytest.mark.parametrize(
    "body",
    [
        'name = "a"\n',
        'name = "acme.data"\nlocation = "EU"\n',
        'name = "a"\nlocation = "EU"\nforce_destroy = true\n',
        'for_each = var.all\nname = "a-${each.key}"\nlocation = "EU"\n',
    ],
)
def test_what_cannot_be_said_elsewhere_and_what_is_to_go_gets_no_ring(body: str) -> None:
    assert not any("google_kms" in line for line in after(body))


def test_buckets_of_one_place_share_a_key_and_others_get_none() -> None:
    bodies = [f'name = "{name}"\nlocation = "{place}"\n' for name, place in [("a", "EU"), ("b", "eu"), ("c", "US")]]
    lines = after(*bodies)
    assert lines.count("key = google_kms_crypto_key_iam_member.storage.crypto_key_id") == 2
    assert sum(line.startswith('resource "google_kms') for line in lines) == 3


def test_a_ring_that_is_there_serves_where_the_data_is_alone() -> None:
    assert any("iam_member" in line for line in after('name = "a"\nlocation = "EU"\n', more=RING))
    assert not any("iam_member" in line for line in after('name = "a"\nlocation = "US"\n', more=RING))

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
CLUSTER: Mapping[str, Plain] = {
    "type": "azurerm_kubernetes_cluster",
    "names": "camel",
    "offers": {
        "key": {
            "at": "logs",
            "value": {"is": "azurerm_log_analytics_workspace.logs.id"},
            "has": [{"type": "azurerm_log_analytics_workspace"}],
            "makes": "workspace",
        }
    },
}
RING = 'resource "google_kms_key_ring" "data" {\n  project  = google_project_service.kms.project\n  location = "europe"\n}\n'


def after(*bodies: str, more: str = "", layout: Mapping[str, Plain] = BUCKET) -> list[str]:
    """The lines of a file once all of its buckets that can have taken the key, one after the other."""
    kind = layout["type"]
    text = "".join(f'resource "{kind}" "b{at}" {{\n{body}}}\n' for at, body in enumerate(bodies)) + more
    for at in range(len(bodies)):
        given = {"main.tf": Source("main.tf", "hcl", lenses.get("hcl", text.encode()))}
        resource = next(each for each in terraform.view("k", layout, given) if each.name == f"{kind}.b{at}")
        if "template" in resource.tree:
            placed = terraform.edit(layout, resource, [Edit(("template", "key"), "offered")], [], given)
            text = lenses.put("hcl", text.encode(), [edit for _, edit in placed]).decode()
    return [" ".join(line.split()) for line in text.splitlines()]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('name = "a"\nlocation = "EU"\n', ['name = "storage-a"', 'location = "europe"']),
        ('name = "a"\nlocation = "US"\n', ['location = "us"']),
        ("name = var.name\nlocation = var.place\n", ['name = "storage-${replace(var.name, ".", "-")}"']),
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


@pytest.mark.parametrize(
    ("name", "said"),
    [('"aks"', 'name = "aks-logs"'), ("var.name", 'name = "${replace(var.name, "_", "-")}-logs"'), ('"a_b"', "")],
)
def test_a_workspace_is_made_beside_its_cluster(name: str, said: str) -> None:
    lines = after(f'name = {name}\nlocation = "westeurope"\nresource_group_name = var.group\n', layout=CLUSTER)
    assert ("logs = azurerm_log_analytics_workspace.logs.id" in lines) == bool(said)
    assert not said or {said, 'location = "westeurope"', "resource_group_name = var.group"} <= set(lines)


def test_a_workspace_that_is_there_is_taken() -> None:
    there = 'resource "azurerm_log_analytics_workspace" "main" {\n  name = "main"\n}\n'
    lines = after('name = "aks"\nlocation = "westeurope"\nresource_group_name = "g"\n', more=there, layout=CLUSTER)
    assert "logs = azurerm_log_analytics_workspace.main.id" in lines
    assert sum(line.startswith('resource "') for line in lines) == 2

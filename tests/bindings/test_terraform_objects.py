"""Objects of Kubernetes in Terraform source, and the namespace that they move to."""

from pathlib import Path as File

import pytest

from setright import lenses
from setright.bindings.error import BindingError
from setright.bindings.layouts import terraform_objects as objects
from setright.bindings.load import load_one
from setright.bindings.source import Source
from setright.model import Edit, Resource, Unknown

ROOT = File(__file__).parents[2] / "bindings"
LAYOUT = load_one(ROOT / "k8s/object.yaml", ROOT).layouts["terraform"]
POD = 'resource "kubernetes_pod" "web" {\n  metadata {\n    name = "web"\n  }\n}\n'
MOVED = Edit(("metadata", "namespace"), "apps")
REFERENCE = "kubernetes_namespace.apps.metadata[0].name"


def sources(**files: str) -> dict[str, Source]:
    return {f"{name}.tf": Source(f"{name}.tf", "hcl", lenses.get("hcl", text.encode())) for name, text in files.items()}


def seen(**files: str) -> list[Resource]:
    return objects.view("k8s/object", LAYOUT, sources(**files))


def put(number: int = 0, **files: str) -> dict[str, str]:
    resource = seen(**files)[number]
    placed = objects.edit(LAYOUT, resource, [MOVED], [], sources(**files))
    return {
        name: lenses.put("hcl", text.encode(), [edit for locator, edit in placed if locator == f"{name}.tf"]).decode()
        for name, text in files.items()
    }


def test_an_object_moves_to_a_namespace_that_the_module_makes_first() -> None:
    assert put(main=POD)["main"] == (
        'resource "kubernetes_pod" "web" {\n  metadata {\n    name      = "web"\n'
        f"    namespace = {REFERENCE}\n  }}\n}}\n\n"
        'resource "kubernetes_namespace" "apps" {\n  metadata {\n    name = "apps"\n  }\n}\n'
    )


def test_whoever_moves_first_the_namespace_is_made_once_and_in_one_file() -> None:
    files = {"a": POD.replace("web", "one"), "b": POD.replace("web", "two")}
    for number in (0, 1):
        texts = put(number, **files)
        assert [name for name, text in texts.items() if "kubernetes_namespace" in text.replace(REFERENCE, "")] == ["a"]


def test_a_namespace_that_is_there_is_taken_and_is_known_by_its_name() -> None:
    made = 'resource "kubernetes_namespace_v1" "mine" {\n  metadata {\n    name = "apps"\n  }\n}\n'
    text = put(main=POD + made)["main"]
    assert "namespace = kubernetes_namespace_v1.mine.metadata[0].name" in text
    assert text.endswith(made)
    assert seen(main=text)[0].tree["metadata"] == {"name": "web", "namespace": "apps"}
    named = made.replace('"apps"', "var.name")
    assert seen(main=text.replace(made, named))[0].tree["metadata"]["namespace"] == "kubernetes_namespace_v1.mine"


def test_a_namespace_from_elsewhere_is_unknown_and_stays() -> None:
    text = POD.replace('"web"\n  }', '"web"\n    namespace = var.ns\n  }')
    assert seen(main=text)[0].tree["metadata"] == {"name": "web", "namespace": Unknown("var.ns")}
    with pytest.raises(BindingError, match=r"var\.ns; change it there"):
        put(main=text)


@pytest.mark.parametrize(
    "other",
    [
        'resource "kubernetes_role_binding" "b" {\n  subject {\n    kind = "ServiceAccount"\n    namespace = "default"\n  }\n}\n',
        'resource "kubernetes_config_map" "c" {\n  data = {\n    url = "http://web.default.svc"\n  }\n}\n',
    ],
)
def test_what_is_named_by_its_old_namespace_stays(other: str) -> None:
    with pytest.raises(BindingError, match="name the default namespace"):
        put(main=POD + other)


def test_what_another_provider_makes_stays() -> None:
    with pytest.raises(BindingError, match="another provider"):
        put(main=POD.replace("{\n  metadata", "{\n  provider = kubernetes.b\n\n  metadata", 1))


def test_a_namespace_has_a_place() -> None:
    text = POD.replace('"web"\n  }', '"web"\n    namespace = "default"\n  }')
    (resource,) = seen(main=text)
    assert objects.locate(LAYOUT, resource, ("metadata", "namespace"), sources(main=text))[1][-1] == "namespace"
    (resource,) = seen(main=POD)
    assert objects.locate(LAYOUT, resource, ("metadata", "namespace"), sources(main=POD)) == resource.home

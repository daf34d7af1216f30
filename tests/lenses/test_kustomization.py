"""What is special about kustomization files: patches that stand in them as text."""

import pytest

from setright.lenses import get, put, span
from setright.model import Edit
from tests.lenses.laws import hold

FILE = b"""# of the team
resources: [../base]
patches:
- target: {kind: Deployment}
  patch: |-
    # for the node
    - op: add
      path: /spec/template/spec/hostPID
      value: true   # why

    - op: remove
      path: /spec/replicas
- path: more.yaml
patchesStrategicMerge:
- |
  kind: Pod
  spec:
    hostIPC: true
- other.yaml
"""
FIRST = ("documents", 0, "patches", 0, "patch", "documents", 0)
SECOND = ("documents", 0, "patchesStrategicMerge", 0, "documents", 0)


def test_patches_are_seen_as_what_they_say():
    [tree] = get("kustomization", FILE)["documents"]
    assert tree["patches"][0]["patch"]["documents"][0][0]["value"] is True
    assert tree["patchesStrategicMerge"] == [{"documents": [{"kind": "Pod", "spec": {"hostIPC": True}}]}, "other.yaml"]


@pytest.mark.parametrize(
    ("edit", "old", "new"),
    [
        (Edit((*FIRST, 0, "value"), False), b"value: true ", b"value: false "),
        (Edit((*SECOND, "spec", "hostIPC"), False), b"hostIPC: true", b"hostIPC: false"),
        (Edit((*SECOND, "spec", "hostPID"), False), b"hostIPC: true\n", b"hostIPC: true\n    hostPID: false\n"),
        (Edit(("documents", 0, "namespace"), "shop"), b"- other.yaml\n", b"- other.yaml\nnamespace: shop\n"),
        (Edit(("documents", 0, "patches", 1, "path"), "new.yaml"), b"more.yaml", b"new.yaml"),
    ],
)
@pytest.mark.parametrize("newline", [b"\n", b"\r\n"])
def test_an_edit_changes_its_line_alone(edit, old, new, newline):
    source = FILE.replace(b"\n", newline)
    assert put("kustomization", source, [edit]) == source.replace(old.replace(b"\n", newline), new.replace(b"\n", newline))
    assert hold("kustomization", source, edit)


def test_values_of_a_patch_are_found_in_the_file():
    for path, value in (((*FIRST, 0, "value"), b"true"), ((*FIRST, 1, "op"), b"remove"), ((*SECOND, "kind"), b"Pod")):
        assert FILE[slice(*span("kustomization", FILE, path))] == value
    start, _ = span("kustomization", FILE, (*SECOND, "spec", "hostIPC"))
    assert FILE[:start].count(b"\n") == 17


@pytest.mark.parametrize(
    "text", [b'patches: [\'[{"op": "x"}]\']\n', b"patches:\n- patch: |-\n    a: [\n    b\n", b"patches: 1\n", b""]
)
def test_what_is_written_otherwise_stays_text(text):
    assert get("kustomization", text) == get("yaml", text)


@pytest.mark.parametrize("quote", [b"'", b'"'])
def test_a_patch_in_quotes_is_read_and_changed_there(quote):
    patch = quote + b"[{op: add, path: /spec/hostPID, value: true}]" + quote
    source = b"patches:\n- target: {kind: Pod}\n  patch: " + patch + b"   # why\n"
    edit = Edit(("documents", 0, "patches", 0, "patch", "documents", 0, 0, "value"), False)
    assert put("kustomization", source, [edit]) == source.replace(b"true", b"false")
    assert source[slice(*span("kustomization", source, edit.path))].startswith(quote)
    assert hold("kustomization", source, edit)

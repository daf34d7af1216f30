"""Which files of a tree are read."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest

from setright.bindings.examples import MAIN
from setright.surfaces.iac.surface import SourceTree

MANIFEST = "apiVersion: v1\nkind: Pod\n"


def tree(root: Path, files: dict[str, str]) -> SourceTree:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return SourceTree(root)


def test_the_families_of_source_trees_are_the_same_everywhere() -> None:
    assert set(SourceTree.families) == set(MAIN)


@pytest.mark.parametrize(
    ("name", "text", "is_read"),
    [
        ("compose.yaml", "services: {}\n", True),
        ("main.tf.json", "{}", True),
        ("a/cdk.tf.json", "{}", True),
        ("prod.auto.tfvars.json", "{}", True),
        ("main-tf.json", "{}", False),
        ("docker-compose.prod.yml", "x: 1\n", True),
        ("stack.yml", "services:\n  a:\n    image: b\n", True),
        (".github/workflows/ci.yml", "on: push\n", True),
        ("deep/.github/workflows/ci.yaml", "on: push\n", True),
        (".github/actions.lock.yml", "a/b@v1: x\n", True),
        (".github/dependabot.yml", "version: 2\n", True),
        (".github/labeler.yml", "docs: [a]\n", False),
        ("ci/build.yml", "build:\n  stage: b\n  script: make\n", True),
        ("ci/build.yml", "{% if a %}\nbuild:\n  stage: b\n  script: make\n", False),
        ("action.yml", "runs: {}\n", True),
        (".gitlab-ci.yml", "a: {}\n", True),
        ("ci/build.gitlab-ci.yml", "a: {}\n", True),
        ("overlays/prod/ops.yaml", "- op: add\n  path: /spec/replicas\n  value: 1\n", True),
        ("kustomization.yaml", "resources: []\n", True),
        (".terraform.lock.hcl", 'provider "a/b/c" {\n}\n', True),
        ("terragrunt.hcl", "inputs = {}\n", False),
        ("app.yaml", MANIFEST, True),
        ("mkdocs.yml", "site_name: a\n", False),
        ("decompose.yml", "a: 1\n", False),
    ],
)
def test_files_are_known_by_name_or_by_what_they_hold(tmp_path: Path, name: str, text: str, is_read: bool) -> None:
    reading = tree(tmp_path, {name: text}).read([])
    assert [document.locator for document in reading.documents if document.data is not None] == ([name] if is_read else [])


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be"])
def test_what_is_written_in_another_encoding_is_not_passed_over(tmp_path: Path, encoding: str) -> None:
    bom = codecs.BOM_UTF16_BE if encoding == "utf-16-be" else b""
    (tmp_path / "pod.yaml").write_bytes(bom + MANIFEST.encode(encoding))
    (tmp_path / "notes.yaml").write_bytes(bom + "a: 1\n".encode(encoding))
    assert [document.locator for document in SourceTree(tmp_path).read([]).documents] == ["pod.yaml"]


def test_a_dockerfile_that_begins_with_a_byte_order_mark_is_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_bytes(codecs.BOM_UTF8 + b"FROM debian\n")
    assert [document.lens for document in SourceTree(tmp_path).read([]).documents] == ["dockerfile"]


def test_a_dockerfile_whose_name_has_a_line_break_is_told_and_not_passed_over(tmp_path: Path) -> None:
    [problem] = tree(tmp_path, {"a\nb.Dockerfile": "FROM debian\n"}).read([]).problems
    assert "rename it" in problem.why


QUEUE = '{"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}}'


@pytest.mark.parametrize(
    ("text", "lens"), [(QUEUE, "json"), ("\ufeff" + QUEUE, "json"), (QUEUE.replace('"', ""), "yaml"), (QUEUE + "# last", "yaml")]
)
def test_a_template_that_is_json_stays_json_whatever_its_name(tmp_path: Path, text: str, lens: str) -> None:
    source = tree(tmp_path, {"queue.template": text})
    assert [document.lens for document in (*source.read([]).documents, *source.again(["queue.template"]).values())] == [lens, lens]


def test_a_list_of_json_is_read_as_the_yaml_that_it_is(tmp_path: Path) -> None:
    [document] = tree(tmp_path, {"patch.json": '[{"op": "remove", "path": "/spec/replicas"}]'}).read([]).documents
    assert document.lens == "yaml"


def test_patches_of_flux_are_read_as_those_of_a_kustomization(tmp_path: Path) -> None:
    text = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nspec: {patches: []}\n"
    [document] = tree(tmp_path, {"apps.yaml": text}).read([]).documents
    assert document.lens == "kustomization"


def test_a_chart_is_read_as_templates_and_what_it_says_for_them(tmp_path: Path) -> None:
    files = {
        "web/templates/app.yaml": MANIFEST + "metadata: {{ x }}\n",
        "web/templates/_parts.tpl": MANIFEST,
        "web/values.yaml": "a: 1\n",
        "web/values.schema.json": "{}",
    }
    found = tree(tmp_path, {"web/Chart.yaml": "name: web\n", "web/crds/crd.yaml": MANIFEST, "values.yaml": "b: 1\n", **files})
    lenses = {document.locator: document.lens for document in found.read([]).documents}
    chart = {"web/Chart.yaml": "yaml", "web/values.yaml": "yaml", "web/values.schema.json": "json"}
    assert lenses == {"web/crds/crd.yaml": "yaml", "web/templates/app.yaml": "helm", **chart}
    assert {each.locator: each.lens for each in found.again(list(lenses)).values()} == lenses


def test_scripts_are_read_for_the_images_that_start_them(tmp_path: Path) -> None:
    for name in ("docker-entrypoint.sh", "start.sh", "lint.sh", "entrypoint.bin"):
        (tmp_path / name).write_bytes(b"#!/bin/sh\n" if name.endswith("sh") else b"#!\0")
    assert not SourceTree(tmp_path).read([]).documents
    (tmp_path / "Dockerfile").write_text("FROM a\n")
    (tmp_path / "go.mod").write_text("go 1.24\n")
    read = [each.locator for each in SourceTree(tmp_path).read([]).documents]
    assert read == ["Dockerfile", "docker-entrypoint.sh", "go.mod", "start.sh"]

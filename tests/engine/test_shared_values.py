"""A value of a chart that several templates have is changed when somebody agrees."""

from __future__ import annotations

from pathlib import Path as File

import pytest

from setright.engine.plan import PlanOptions, plan
from setright.engine.scan import scan
from setright.surfaces.iac.surface import SourceTree
from tests.content import shipped

CATALOGUE = shipped()
POD = """\
apiVersion: v1
kind: Pod
metadata: {name: NAME, generateName: NAME-}
spec:
  POD
  containers:
    - name: app
      image: registry.k8s.io/pause:3.10
      securityContext:
        {{- toYaml .Values.VALUE | nindent 8 }}
"""


@pytest.mark.parametrize(
    ("pod", "values", "lane"),
    [
        ("hostPID: false", ("one", "other"), "auto"),
        ("hostPID: false", ("one", "one"), "ask"),
        ("hostPID: false", ("one", "one.inner"), "ask"),
        ("securityContext: {{ toYaml .Values.pod | nindent 4 }}", ("one", "other"), "ask"),
    ],
)
def test_what_templates_share_is_asked_for(tmp_path: File, pod: str, values: tuple[str, str], lane: str) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "Chart.yaml").write_text("apiVersion: v2\nname: web\nversion: 0.1.0\n")
    (tmp_path / "values.yaml").write_text("one: {inner: {}}\nother: {}\npod: {}\n")
    for name, value in zip("ab", values, strict=True):
        (tmp_path / f"templates/{name}.yaml").write_text(POD.replace("NAME", name).replace("VALUE", value).replace("POD", pod))
    tree = SourceTree(tmp_path)
    found = scan(tree, CATALOGUE, [CATALOGUE.control("k8s/workload/seccomp")])
    assert {each.lane for each in plan(found, tree, PlanOptions()).plans} == {lane}

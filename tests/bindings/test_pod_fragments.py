"""Templates that name no container."""

from __future__ import annotations

from pathlib import Path as File

import pytest

from setright.controls.judge import applies
from setright.controls.load import build, read_control
from setright.model import Plain, Resource

ROOT = File(__file__).parents[2] / "controls"
TOKEN = build(read_control(ROOT / "k8s/workload/service-account-token.yaml", ROOT))


@pytest.mark.parametrize(
    ("spec", "is_pod"), [({}, False), ({"nodeSelector": {"disk": "ssd"}}, False), ({"containers": [{"name": "a"}]}, True)]
)
def test_what_names_no_container_is_given_no_token_setting(spec: Plain, is_pod: bool) -> None:
    assert applies(TOKEN, Resource("k8s/workload", "web", {"spec": spec}, ("a.yaml", ()))) is is_pod

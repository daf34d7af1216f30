"""One emulated account for all tests here, emptied before each."""

from pathlib import Path

import pytest
from lab.aws import CREDENTIALS, account

from setright.bindings.load import load_one
from setright.model import Want
from setright.surfaces.aws.surface import open_aws

ROOT = Path(__file__).parents[3] / "bindings"
LAYOUTS = {b.kind: b.layouts["aws"] for b in (load_one(f, ROOT) for f in (ROOT / "aws").rglob("*.yaml")) if "aws" in b.layouts}


@pytest.fixture(scope="session")
def running():
    with account() as cloud:
        yield cloud


@pytest.fixture
def cloud(running, monkeypatch):
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    running.reset()
    return running


@pytest.fixture
def surface(cloud):
    surface = open_aws(f"aws://?region=us-east-1&endpoint={cloud.url}")
    yield surface
    surface.close()


@pytest.fixture
def want():
    """A want for a kind: what of its binding shall be read."""

    def wanted(kind, keys=(), names=(), near=(), **layout):
        return Want(kind, {**LAYOUTS[kind], **layout}, tuple(names), tuple(keys), tuple(near))

    return wanted

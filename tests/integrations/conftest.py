"""A moto server for what speaks to AWS."""

import pytest

from .rigs import moto_server


@pytest.fixture(scope="session")
def moto():
    yield from moto_server()


@pytest.fixture
def aws(moto, monkeypatch):
    """Its endpoint, with credentials that it believes."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    return moto

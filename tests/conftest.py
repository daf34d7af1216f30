"""What every test shares."""

import logging

import pytest
from hypothesis import settings

settings.register_profile("shared", deadline=None)  # other work on the machine must not fail a law
settings.load_profile("shared")

# Without a handler it makes one that keeps the standard error of one test, which the next find closed.
logging.getLogger("dbos").addHandler(logging.NullHandler())


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where workers share the files, those with heavy tests come first: no worker is left alone with much at the end."""
    heavy = {item.path for item in items if item.get_closest_marker("slow")}
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: item.path not in heavy)

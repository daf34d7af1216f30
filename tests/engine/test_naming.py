"""Promises about the words that targets are named by."""

import pytest

from setright.engine.configuration import Target
from setright.engine.error import EngineError
from setright.engine.naming import picked

KNOWN = (
    Target("web-1", "ssh://ops@web-1", environment="production", tags=("web", "eu")),
    Target("web-2", "ssh://ops@web-2", environment="staging", tags=("web",)),
    Target("db-1", "postgres://db-1/app", environment="production", owner="data"),
)


@pytest.mark.parametrize(
    ("named", "urls"),
    [
        (["web-2"], ["ssh://ops@web-2"]),
        (["web-*"], ["ssh://ops@web-1", "ssh://ops@web-2"]),
        (["@web"], ["ssh://ops@web-1", "ssh://ops@web-2"]),
        (["@production"], ["ssh://ops@web-1", "postgres://db-1/app"]),
        (["@data", "db-?"], ["postgres://db-1/app"]),
        (["@eu", "ssh://other", "."], ["ssh://ops@web-1", "ssh://other", "."]),
        (["ssh://[::1]:2222", "deploy/[a]/main.tf"], ["ssh://[::1]:2222", "deploy/[a]/main.tf"]),
    ],
)
def test_targets_are_found_by_name_glob_and_group(named, urls):
    assert picked(named, KNOWN) == urls


@pytest.mark.parametrize("word", ["@nobodys", "mail-*"])
def test_a_word_that_finds_nothing_is_an_error_that_lists_what_there_is(word):
    with pytest.raises(EngineError, match="web"):
        picked(["web-1", word], KNOWN)


def test_without_declared_targets_a_word_is_a_path():
    assert picked(["a*.tf"], ()) == ["a*.tf"]
    with pytest.raises(EngineError, match="no targets"):
        picked(["@web"], ())

"""The targets that somebody names: a URL or path as it is, a declared name, a glob over names, a group by ``@``. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from setright.engine.configuration import Target
from setright.engine.error import EngineError
from setright.engine.redact import without_password

WILD = frozenset("*?[")


def picked(named: Sequence[str], known: Sequence[Target]) -> list[str]:
    """The URLs, each once, in the order asked for. Raises EngineError for a group or a glob that no declared target is in."""
    return list(dict.fromkeys(url for each in named for url in _picked(each, known)))


def _picked(word: str, known: Sequence[Target]) -> list[str]:
    if word.startswith("@"):
        return _some(word, [t.url for t in known if word[1:] in groups(t)], sorted({f"@{g}" for t in known for g in groups(t)}))
    if named := [t.url for t in known if t.name == word]:
        return named
    if known and WILD & set(word) and ":" not in word and "/" not in word:
        return _some(word, [t.url for t in known if fnmatchcase(t.name, word)], [t.name for t in known])
    return [word]


def called(url: str, known: Sequence[Target]) -> str:
    """What people call a target: its declared name; one that is not declared is called as it is."""
    return next((target.name for target in known if without_password(target.url) == url), url)


def groups(target: Target) -> set[str]:
    """What ``@`` finds a target by: its tags, environment, organisation and owner."""
    return {*target.tags, target.environment, target.organisation, target.owner} - {""}


def _some(word: str, urls: list[str], there: Sequence[str]) -> list[str]:
    if not urls:
        names = ", ".join(there[:12]) + (" ..." if len(there) > 12 else "")
        raise EngineError(f"no target of setright.toml is {word}; there {'are ' + names if names else 'are no targets in it'}")
    return urls

"""Patterns that cost nothing before they are asked, as most of a program's are in most of its runs. re, fnmatch(3)."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from functools import cached_property
from posixpath import join
from typing import AnyStr, Generic, cast


def late(pattern: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """The expression, compiled when it is first asked. For its methods alone: `re.sub` and its likes do not take it."""
    return cast("re.Pattern[AnyStr]", _Late(pattern, flags))


def fits(name: str, glob: str) -> bool:
    """As `fnmatchcase`; stars alone need no expression."""
    if "?" in glob or "[" in glob:
        return fnmatchcase(name, glob)
    first, *inner = glob.split("*")
    if not inner:
        return name == glob
    if not name.startswith(first):
        return False
    at, last = len(first), inner.pop()
    for part in inner:
        if (found := name.find(part, at)) < 0:
            return False
        at = found + len(part)
    return len(name) - at >= len(last) and name.endswith(last)


class SomeOf:
    """Whether any of very many alternatives stands in a text. Plain words are looked for as such: an expression of a hundred
    words tries each of them at each place."""

    def __init__(self, pattern: str) -> None:
        """`pattern` as for `re.search`; what is parted by ``|`` is an alternative."""
        self._pattern = pattern

    @cached_property
    def _parts(self) -> tuple[list[str], re.Pattern[str] | None]:
        parts = ALTERNATIVE.findall(self._pattern)
        odd = [part for part in parts if not WORD.fullmatch(part)]
        return [part for part in parts if WORD.fullmatch(part)], re.compile("|".join(odd)) if odd else None

    def search(self, text: str) -> bool:
        words, odd = self._parts
        for word in words:  # a loop, since `any` takes twice as long
            if word in text:
                return True
        return odd is not None and odd.search(text) is not None


class _Late(Generic[AnyStr]):
    def __init__(self, pattern: AnyStr, flags: int) -> None:
        self._given: tuple[AnyStr, int] = pattern, flags

    def __getattr__(self, name: str) -> object:
        """The methods of the compiled expression, which are this object's own from then on."""
        compiled = re.compile(*self._given)
        for method in ("match", "fullmatch", "search", "finditer", "findall", "sub", "subn", "split"):
            setattr(self, method, getattr(compiled, method))
        return cast(object, getattr(compiled, name))


ALTERNATIVE = late(r"(?:[^|()\[\]\\]|\\.|\[(?:[^\]\\]|\\.)+\]|\((?:[^()\\]|\\.)*\))+")  # groups in groups are not known
WORD = late(r"[\w-]+")


def whole_path(folder: str, path: str) -> str:
    """A path that starts from a folder, said as short as may be: `..` behind other folders stays, since those may be links."""
    parts = [part for part in join(folder, path).split("/") if part not in ("", ".")]
    own = [part for part in folder.split("/") if part]
    while own and parts[: len(own)] == own and parts[len(own) : len(own) + 1] == [".."]:
        del parts[len(own) - 1 : len(own) + 1]
        own.pop()
    return "/" + "/".join(parts)

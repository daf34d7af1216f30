"""Checking changed files in their context: the whole set is copied aside with the changes in, and includes lead to the copies."""

from __future__ import annotations

import base64
import re
import shlex
from collections.abc import Mapping, Sequence
from secrets import token_hex

from setright.model import Change
from setright.surfaces.base import Rejected
from setright.surfaces.linux.checker import Checker
from setright.surfaces.linux.patterns import matcher
from setright.surfaces.linux.script import PRELUDE
from setright.surfaces.linux.steps import SYSCTL_KEYS, checker
from setright.surfaces.linux.sysctl import path_of
from setright.surfaces.linux.transport import STATE, Ask, Transport

CARET = re.compile(r"\s*\^[\^~]*\s*")
KEY = re.compile(r"^\s*-?([A-Za-z0-9_./-]+)\s*=", re.MULTILINE)


def validate_set(transport: Transport, names: Sequence[str], changes: Sequence[Change]) -> None:
    """Raises Rejected with what a checker said of the changed set."""
    changed = {change.locator: change.after for change in changes if change.locator.startswith("/")}
    for name in names:
        if name == SYSCTL_KEYS:
            _check_keys(transport, changes)
        else:
            _check(transport, name, checker(name), changed)


def _check(transport: Transport, name: str, check: Checker, changed: Mapping[str, bytes | None]) -> None:
    found = transport.find([Ask("file", glob) for glob in check.files])
    files: dict[str, bytes | None] = {}
    for each in (each for some in found.values() for each in some):
        files[each.name] = changed.get(each.real, each.data) if each.real else each.data
    files |= {path: data for path, data in changed.items() if any(matcher(glob)(path) for glob in check.files)}
    at = f"{STATE}/stage-{token_hex(8)}"
    ran = transport.run(_script(at, staged({p: d for p, d in files.items() if d is not None}, check, at), check))
    if ran.status:
        said = _said((ran.err or ran.out.decode(errors="replace")).replace(at, "")) or f"status {ran.status}"
        raise Rejected(f"{transport.target}: {name} refuses the change: {said}{_not_ours(said, files, changed, check)}")


def _said(text: str) -> str:
    """Each line once, without those that show a place by a caret and what stands above it."""
    rows = text.strip().splitlines()
    shown = {i for at, row in enumerate(rows) if CARET.fullmatch(row) for i in (at - 1, at)}
    return "\n".join(dict.fromkeys(row for i, row in enumerate(rows) if i not in shown))


def _not_ours(said: str, files: Mapping[str, bytes | None], changed: Mapping[str, bytes | None], check: Checker) -> str:
    """Where to begin, if what is wrong stands in a file that the change does not touch."""
    named = [path for path in files if re.search(rf"{re.escape(path)}(?![\w./-])", said)]
    if not named or any(path in changed for path in named):
        return ""
    how = f" (`{check.mend.format(file=named[0])}`)" if check.mend else ""
    return f". {named[0]} was so before: put it right{how} and try again"


def staged(files: Mapping[str, bytes], check: Checker, at: str) -> dict[str, bytes]:
    """The same files below `at`, their includes of files of the set turned to the copies."""

    def turned(match: re.Match[bytes]) -> bytes:
        return match[1] + b" ".join(_turn(word, check, at) for word in match[2].split())

    return {f"{at}{path}": re.sub(check.include, turned, data) for path, data in files.items()}


def _turn(word: bytes, check: Checker, at: str) -> bytes:
    path = word.decode(errors="surrogateescape").strip('"')
    full = path if path.startswith("/") else f"{check.folder}/{path}"
    folders = {glob.rpartition("/")[0] for glob in check.files}
    inside = full in folders or full.rpartition("/")[0] in folders
    return (at + full if inside else path).encode(errors="surrogateescape")


def _script(at: str, files: Mapping[str, bytes], check: Checker) -> str:
    folders = " ".join(sorted({shlex.quote(path.rpartition("/")[0]) for path in files}))
    puts = [f"base64 -d >{shlex.quote(path)} <<'END'\n{base64.encodebytes(data).decode()}END" for path, data in files.items()]
    command = check.command.replace("{main}", shlex.quote(at + check.main))
    lines = [
        f"trap 'rm -rf {at}' EXIT",
        "umask 077",
        f"mkdir -p {STATE} {folders} || exit 1",
        *puts,
        f"chmod -R go-w {at}",
        command,
    ]
    return PRELUDE + "main() {\n" + "\n".join(lines) + "\n}\nmain\n"


def _check_keys(transport: Transport, changes: Sequence[Change]) -> None:
    """A misspelt key would be passed over at the next start; keys that were there before are not ours to judge."""
    new = {key for change in changes for key in _keys(change.after) - _keys(change.before)}
    asks = {key: Ask("list", path_of(key)) for key in sorted(new)}
    found = transport.find(list(asks.values()))
    missing = [key for key, ask in asks.items() if not found[ask]]
    if missing:
        raise Rejected(f"{transport.target}: this kernel has no {', '.join(path_of(key) for key in missing)}")


def _keys(data: bytes | None) -> set[str]:
    return set(KEY.findall((data or b"").decode(errors="replace")))

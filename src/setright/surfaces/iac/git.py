"""Which lines of a tree a branch has changed since it left another, and who changed a file last.

Sources: git-diff(1), git-log(1), git-ls-files(1).
"""

from __future__ import annotations

import os
import sys
from codecs import escape_decode
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from setright.patterns import late
from setright.surfaces.base import SurfaceError

TIMEOUT_S = 120
OURS_NOT = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_EXTERNAL_DIFF", "GIT_DIFF_OPTS")
QUIET = ("-c", "core.fsmonitor=false", "-c", "core.quotePath=false", "-c", "diff.noprefix=false", "-c", "diff.mnemonicPrefix=false")
PLAIN = (
    *("--unified=0", "--inter-hunk-context=0", "--ignore-submodules=all", "--no-renames", "--relative"),
    *("--no-color", "--no-ext-diff", "--no-textconv", "--src-prefix=a/", "--dst-prefix=b/"),
)
HUNK = late(rb"@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
MODULE = late(rb":\d+ 160000 ([0-9a-f]+) [0-9a-f]+ \w\0([^\0]+)\0")


class Lines(NamedTuple):
    """Changed lines of a file, from 1, both ends included; or the two lines between which some are `gone`."""

    first: int
    last: int
    gone: bool = False

    def touch(self, first: int, last: int) -> bool:
        """Whether they change a block of these lines; what went must have stood inside it."""
        if self.gone:
            return first <= self.first and self.last <= last
        return self.first <= last and first <= self.last


EVERY_LINE = Lines(1, sys.maxsize)


def touched(root: Path, base: str) -> dict[str, list[Lines]]:
    """Of each file changed since the merge base with `base`, committed or not: its changed lines as they are now.

    Paths are relative to `root`; a file that git does not know yet, or shows no lines of, has changed in every line. What a
    submodule has other than at the base counts as well.
    Raises SurfaceError where `root` is in no repository, `base` names no commit, or no history is shared.
    """
    return _changed(root, _merge_base(root, base))


def _changed(root: Path, start: str) -> dict[str, list[Lines]]:
    found = dict(_parsed(_git(root, "diff", *PLAIN, start, "--", "."))) | _every_line(root, "--others")
    entries = _git(root, "diff", "--raw", "-z", "--no-abbrev", "--no-renames", "--relative", "--ignore-submodules=none", start)
    for was, path in MODULE.findall(entries):
        module = os.fsdecode(path)
        if (root / module / ".git").exists():
            found |= {f"{module}/{name}": lines for name, lines in _changed_inside(root / module, was.decode()).items()}
    return found


def _changed_inside(module: Path, was: str) -> dict[str, list[Lines]]:
    """What of a submodule changed since a commit; all of it where that was never fetched, or is none."""
    try:
        return _changed(module, was)
    except SurfaceError:
        return _every_line(module, "--cached") | _every_line(module, "--others")


def _every_line(root: Path, which: str) -> dict[str, list[Lines]]:
    """The files that git knows, or that it does not."""
    names = _git(root, "ls-files", which, "--exclude-standard", "-z", "--", ".").split(b"\0")
    return {os.fsdecode(name): [EVERY_LINE] for name in names if name}


def last_changers(root: Path, commits: int = 2000) -> dict[str, str]:
    """Of each file that the latest commits touched: the e-mail address of who changed it last. Paths are relative to `root`.

    Raises SurfaceError where `root` is in no repository.
    """
    options = ("--no-renames", "--no-merges", "--relative", "--name-only", "-z", "--format=%x01%ae")
    if not any((folder / ".git").exists() for folder in (root, *root.parents)):  # no program needs to be asked
        raise SurfaceError(f"{root}: in no git repository")
    told = _git(root, "log", f"-{commits}", *options, "--", ".")
    who, found = "", dict[str, str]()
    for part in os.fsdecode(told).split("\0"):
        name = part.lstrip("\n")
        if name.startswith("\x01"):
            who, _, name = name[1:].partition("\n")
        if name.strip():
            found.setdefault(name.strip("\n"), who)
    return found


def _merge_base(root: Path, base: str) -> str:
    try:
        _git(root, "rev-parse", "--show-toplevel")
    except SurfaceError as error:
        raise SurfaceError(f"{root}: --diff-base needs a git repository: {error}") from error
    try:
        commit = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{base}^{{commit}}").decode().strip()
    except SurfaceError as error:
        if base == "HEAD":  # nothing was committed yet, so all is new
            return _git(root, "hash-object", "-t", "tree", "--stdin").decode().strip()
        raise SurfaceError(f"{root}: --diff-base {base}: names no commit here; fetch it first") from error
    try:
        return _git(root, "merge-base", commit, "HEAD").decode().strip()
    except SurfaceError as error:
        raise SurfaceError(
            f"{root}: --diff-base {base}: shares no history with this branch; fetch all of it (actions/checkout: fetch-depth: 0)"
        ) from error


def _git(root: Path, *words: str) -> bytes:
    import subprocess

    env = {name: value for name, value in os.environ.items() if name not in OURS_NOT}
    env |= {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
    try:
        ran = subprocess.run(
            ["git", *QUIET, *words],
            cwd=root,
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=TIMEOUT_S,
            check=False,
        )
    except FileNotFoundError as error:
        raise SurfaceError("git is not installed") from error
    except subprocess.TimeoutExpired as error:
        raise SurfaceError(f"git {words[0]} took more than {TIMEOUT_S} s") from error
    if ran.returncode:
        raise SurfaceError(ran.stderr.decode(errors="replace").strip() or f"git {words[0]} failed")
    return ran.stdout


def _parsed(diff: bytes) -> Iterator[tuple[str, list[Lines]]]:
    """Headers only; a line that looks like one inside a hunk is content."""
    name, lines, content, both = "", list[Lines](), 0, b""
    for line in diff.split(b"\n"):
        if content:
            content -= not line.startswith(b"\\")
        elif line.startswith(b"diff --git "):
            if name:
                yield name, lines
            name, lines = "", []
            both = line.removeprefix(b"diff --git ")  # the same name twice, as nothing is told as renamed
        elif line.startswith(b"+++ "):
            name = _name(line[4:])
        elif line.startswith(b"Binary files "):
            name, lines = _name(both[len(both) // 2 + 1 :]), [EVERY_LINE]
        elif hunk := HUNK.match(line):
            went, first, came = (int(number or 1) for number in hunk.groups())
            lines.append(Lines(first, first + came - 1) if came else Lines(first, first + 1, gone=True))
            content = went + came
    if name:
        yield name, lines


def _name(quoted: bytes) -> str:
    """The path of a ``+++`` line; empty for /dev/null, a file that went."""
    quoted = quoted.rstrip(b"\t\r")
    raw = escape_decode(quoted[1:-1])[0] if quoted.startswith(b'"') else quoted
    return os.fsdecode(raw[2:]) if raw.startswith(b"b/") else ""

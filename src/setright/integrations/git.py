"""A git repository, by git's own program: a branch is made and pushed from a worktree of its own.

Nothing in the user's working tree, index, branches or configuration changes. Source: git(1), gitrepository-layout(5).
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from setright.integrations.error import IntegrationError

TIMEOUT_S = 300.0
LOGIN_IN_URL = re.compile(r"(?<=://)[^/@\s]+@")
REFUSED = re.compile(r"protected branch|GH006|GH013|not allowed to push|hook declined", re.I)
NOT_YOURS = re.compile(
    r"permission to \S+ denied|write access to (?:the )?repository not granted|not allowed to push code to this project"
    r"|returned error: 403|marked as read[ -]only",
    re.I,
)
IN_THE_WAY = re.compile(r"'refs/heads/([^']+)' exists; cannot create")
HOW_IT_ENDED = re.compile(r"^(?:To |error: failed to push some refs|hint: )")  # after a refused push; the reason stands before
QUIET = {"GIT_TERMINAL_PROMPT": "0", "GIT_LFS_SKIP_SMUDGE": "1", "LC_ALL": "C"}
TRAILER = "Setright-Plan"
PLACES = re.compile(r"^(?:index |@@ -).*$", re.M)  # what of a patch moves when the base does


class Commit(NamedTuple):
    """One commit to make: a message, and the files it writes (None: it removes the file), relative to the root."""

    message: str
    files: Mapping[str, bytes | None]


class Signed(NamedTuple):
    """Who commits. `author` is ``Name <mail>``; empty: as git is configured."""

    author: str = ""
    sign_off: bool = False


class Repository:
    """The repository that a path is in, and one of its remotes; `fork` is the remote that is pushed to, where it is another."""

    def __init__(self, place: Path, remote: str = "origin", fork: str = "") -> None:
        folder = place if place.is_dir() else place.parent
        try:
            self.root = Path(_git(folder, "rev-parse", "--show-toplevel")).resolve()
        except IntegrationError as error:
            raise IntegrationError(f"{place}: is in no git repository; a pull request needs one ({error})") from error
        self.remote = remote
        self.pushed = fork or remote

    def url(self, remote: str = "") -> str:
        """The remote's URL as git uses it. Raises IntegrationError where there is no such remote."""
        name = remote or self.remote
        try:
            return _git(self.root, "remote", "get-url", name)
        except IntegrationError as error:
            names = ", ".join(_git(self.root, "remote").split())
            option = "--remote" if name == self.remote else "--fork"
            what_now = f"(there are: {names}); say {option} NAME" if names else "nor any other; `git remote add` makes one"
            raise IntegrationError(f"{self.root}: there is no remote {name!r} {what_now}") from error

    def default_branch(self) -> str:
        """The branch that the remote's HEAD names."""
        told = re.search(r"^ref: refs/heads/(\S+)\tHEAD$", self._remote_git("ls-remote", "--symref", self.remote, "HEAD"), re.M)
        if told is None:
            raise IntegrationError(f"{self.remote}: has no default branch; say --base BRANCH, or push a first one")
        return told[1]

    def check_name(self, branch: str) -> None:
        """Raises IntegrationError for what git takes for no branch's name."""
        try:
            _git(self.root, "check-ref-format", "--branch", branch)
        except IntegrationError as error:
            raise IntegrationError(f"{branch!r}: is no name for a branch; see git-check-ref-format(1)") from error

    def fetch(self, branch: str, remote: str = "") -> str:
        """The commit of the remote's branch, fetched; empty where there is no such branch. No ref here is set."""
        name, ref = remote or self.remote, f"refs/heads/{branch}"
        if not self._remote_git("ls-remote", "--heads", name, ref, remote=name):
            return ""
        self._remote_git("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--refmap=", name, ref, remote=name)
        return self._remote_git("ls-remote", "--heads", name, ref, remote=name).split()[0]

    def deepen(self, branch: str) -> None:
        """The branch's whole history, where a shallow clone has but its end: without it nobody can tell what is new on top."""
        if _git(self.root, "rev-parse", "--is-shallow-repository") == "true":
            self._remote_git("fetch", "--quiet", "--no-tags", "--unshallow", "--refmap=", self.remote, f"refs/heads/{branch}")

    @contextlib.contextmanager
    def worktree(self, commit: str) -> Iterator[Worktree]:
        """The commit checked out in a temporary directory, gone afterwards."""
        with tempfile.TemporaryDirectory(prefix="setright-pr-") as folder:
            place = Path(folder).resolve() / self.root.name
            _git(self.root, "worktree", "add", "--quiet", "--detach", str(place), commit)
            try:
                yield Worktree(place, commit)
            finally:
                _git(self.root, "worktree", "remove", "--force", str(place))

    def same_change(self, base: str, one: str, other: str) -> bool:
        """Whether two commits change the same on top of where each left the base, whatever the commits between."""
        return self._patch(base, one) == self._patch(base, other)

    def foreign(self, base: str, tip: str) -> list[str]:
        """The commits on top of the base that are not ours, as ``1a2b3c4 subject``."""
        listed = _git(
            self.root, "log", f"--format=%h %s%x00%(trailers:key={TRAILER},valueonly,separator=%x2C)%x1e", f"{base}..{tip}"
        )
        commits = [each.strip().split("\0") for each in listed.split("\x1e") if each.strip()]
        return [shown for shown, trailer in commits if not trailer]

    def is_ours(self, commit: str) -> bool:
        """Whether we made the commit: its message names a plan."""
        return bool(_git(self.root, "log", "-1", f"--format=%(trailers:key={TRAILER},valueonly)", commit))

    def push(self, commit: str, branch: str, was: str) -> None:
        """The remote's branch set to the commit, unless it is no longer at `was` (empty: not there)."""
        lease = f"--force-with-lease=refs/heads/{branch}:{was}"
        refs = f"{commit}:refs/heads/{branch}"
        try:
            self._remote_git("push", "--quiet", "--no-verify", lease, self.pushed, refs, remote=self.pushed)
        except IntegrationError as error:
            raise self._not_pushed(branch, str(error)) from error

    def _not_pushed(self, branch: str, told: str) -> IntegrationError:
        """What a refused push means, and the way out."""
        if NOT_YOURS.search(told):
            why = f"{self.pushed} does not let you push, so nothing was pushed: {told}"
            return IntegrationError(f"{why}. Push to a fork of yours: `git remote add mine URL`, then --fork mine")
        if REFUSED.search(told):
            why = f"{self.pushed} does not let you push {branch}, so nothing was pushed: {told}"
            return IntegrationError(f"{why}. Allow branches `setright/*`, or give another name with --branch")
        if there := IN_THE_WAY.search(told):
            why = f"{self.pushed}: its branch {there[1]} stands in the way of {branch}"
            return IntegrationError(f"{why}; nothing was pushed, give another name with --branch")
        if "stale info" in told:
            return IntegrationError(f"{branch}: somebody pushed to it meanwhile; nothing was pushed, run this again")
        return IntegrationError(told)

    def _patch(self, base: str, tip: str) -> str:
        options = ("--no-ext-diff", "--no-textconv", "--full-index", "--binary", "--no-color")
        return PLACES.sub("", _git(self.root, "diff", *options, f"{base}...{tip}"))

    def _remote_git(self, *words: str, remote: str = "") -> str:
        try:
            return _git(self.root, *words)
        except IntegrationError as error:
            raise IntegrationError(f"{remote or self.remote}: {error}") from error


class Worktree:
    """A checkout of our own. `tip` is its last commit."""

    def __init__(self, place: Path, tip: str) -> None:
        self.place = place
        self.tip = tip

    def commit(self, commit: Commit, signed: Signed) -> None:
        """Writes the files and commits just them. Hooks are not run: they may do anything, and CI runs its own."""
        for locator, data in commit.files.items():
            self._write(locator, data)
        names = [f":(literal,top){locator}" for locator in commit.files]
        _git(self.place, "add", "--force", "--", *names)
        sign = ["--signoff"] if signed.sign_off else []
        _git(self.place, "commit", "--quiet", *sign, "--file=-", stdin=commit.message, identity=_identity(signed.author))
        self.tip = _git(self.place, "rev-parse", "HEAD")

    def _write(self, locator: str, data: bytes | None) -> None:
        file = self.place / locator
        if file.is_symlink() or not file.parent.resolve().is_relative_to(self.place):
            raise IntegrationError(f"{locator}: leads out of the repository; refused")
        if data is None:
            file.unlink()
        else:
            file.write_bytes(data)


def commit_of(url: str, ref: str) -> str:
    """The commit behind a tag, or else a branch, of a repository elsewhere. Raises IntegrationError where it has neither."""
    said = _git(Path.cwd(), "ls-remote", "--", url, f"refs/tags/{ref}", f"refs/tags/{ref}^{{}}", f"refs/heads/{ref}")
    found = {name: commit for commit, _, name in (line.partition("\t") for line in said.splitlines())}
    for name in (f"refs/tags/{ref}^{{}}", f"refs/tags/{ref}", f"refs/heads/{ref}"):  # an annotated tag is an object of its own
        if name in found:
            return found[name]
    raise IntegrationError(f"{LOGIN_IN_URL.sub('', url)}: has no tag or branch {ref}; was it removed?")


def _identity(author: str) -> dict[str, str]:
    if not author:
        return {}
    match = re.fullmatch(r"\s*([^<>]+?)\s*<([^<>\s]+)>\s*", author)
    if match is None:
        raise IntegrationError(f"{author!r}: an author is written 'Name <mail@example.com>'")
    return {
        f"GIT_{who}_{what}": value
        for who in ("AUTHOR", "COMMITTER")
        for what, value in zip(("NAME", "EMAIL"), match.groups(), strict=True)
    }


def _git(folder: Path, *words: str, stdin: str = "", identity: Mapping[str, str] | None = None) -> str:
    """What git says, without its last line end. Raises IntegrationError with its first words, without logins."""
    command = ["git", "-c", f"core.hooksPath={os.devnull}", "-c", "core.quotePath=false", "-c", "gc.auto=0", *words]
    environment = {name: value for name, value in os.environ.items() if name not in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE")}
    try:
        ran = subprocess.run(
            command,
            cwd=folder,
            env=environment | QUIET | dict(identity or {}),
            input=stdin.encode(),
            capture_output=True,
            check=False,
            timeout=TIMEOUT_S,
        )
    except FileNotFoundError as error:
        raise IntegrationError("git: is not installed here, or not on the PATH") from error
    except subprocess.TimeoutExpired as error:
        raise IntegrationError(f"git {words[0]}: no end within {TIMEOUT_S:.0f} s; check the network and the login") from error
    if ran.returncode:
        raise IntegrationError(f"git {words[0]}: {_told(ran.stderr or ran.stdout)}")
    return ran.stdout.decode(errors="surrogateescape").rstrip("\n")


def _told(said: bytes) -> str:
    lines = [line.strip() for line in said.decode(errors="replace").splitlines() if line.strip()]
    if any("Please tell me who you are" in line for line in lines):
        return "does not know who you are; say --author 'Name <mail@example.com>' or set user.name and user.email"
    told = [line for line in lines if not HOW_IT_ENDED.match(line)] or lines
    return LOGIN_IN_URL.sub("", "; ".join(told[-6:])) or "failed without a word"

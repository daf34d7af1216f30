"""Which files of a tree may be configuration, and with which lens. Source: gitignore(5)."""

from __future__ import annotations

import codecs
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from setright.patterns import late

if TYPE_CHECKING:
    import pathspec

SKIP = {".git", ".hg", ".svn", ".terraform", ".terragrunt-cache", "node_modules", ".venv", "__pycache__", ".tox", ".mypy_cache"}
LENSES = {".tf": "hcl", ".tfvars": "hcl", ".yaml": "yaml", ".yml": "yaml", ".template": "yaml", ".json": "json"}
BESIDE = {".env": "dotenv", ".gitignore": "names"}  # what a Compose file's secrets may move to, and what keeps them from git
ENV_FILE = late(r"(?:[\w-][\w.-]*)?\.env(?:[.-][\w.-]+)?|env")
MOST = 100  # entries of a folder that are looked through for such files
COMPOSE = late(r"(?:^|/)(?:docker-)?compose(?:[.-][^/]*)?\.ya?ml$")
LOCK = ".terraform.lock.hcl"  # which versions of providers a directory has
KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml")
MARKS = {  # a file of many uses counts when it holds all of one of these
    "yaml": (
        (b"apiVersion", b"kind"),
        (b"Resources", b"AWS::"),
        (b"services:", b"image:"),
        (b"services:", b"build:"),
        (b"jobs:", b"runs-on:"),
        (b"op:", b"path:", b"/"),  # a patch
    ),
    "json": ((b'"apiVersion"', b'"kind"'), (b'"Resources"', b"AWS::"), (b'"op"', b'"path"', b'"/')),
}
NAMES = late(  # a file that is configuration whatever it holds: Compose, workflows, overlays, Terraform's JSON
    r"(?:^|/)(?:(?:docker-)?compose(?:[.-][^/]*)?\.ya?ml|\.github/(?:workflows/[^/]*|actions\.lock|dependabot)\.ya?ml|action\.ya?ml"
    r"|[^/]*\.(?:tf|tfvars)\.json|[^/]*\.gitlab-ci\.ya?ml|\.gitlab/ci/.*\.ya?ml|kustomization\.ya?ml|images\.lock\.yml)$"
)
DOCKERFILE = late(r"(?s)(?:docker|container)file(?:[.\-_].*)?|.*\.(?:docker|container)file")
NO_DOCKERFILE = (
    ".dockerignore",
    ".md",
    ".txt",
    ".html",
    ".py",
    ".go",
    ".js",
    ".ts",
    ".rs",
    ".rb",
    ".java",
    ".sh",
    ".json",
    ".lock",
)
SCRIPT = late(  # what images start and are made by, by the names that such scripts have
    r"[\w.-]*entrypoint[\w.-]*"
    r"|[\w.-]*(?:backup|boot|cmd|cron|daemon|docker|entry|init|launch|main|run|serve|start|wait|worker|wrapper)[\w.-]*\.sh"
    r"|(?:build|deps|install|packages|prepare|provision|setup)[\w.-]*\.sh"
)
VERSIONS = frozenset(  # which version of a language sources are made for
    {
        ".node-version",
        ".nvmrc",
        ".python-version",
        ".ruby-version",
        ".tool-versions",
        "go.mod",
        "rust-toolchain",
        "rust-toolchain.toml",
    }
)
SERVERS = late(rb"(?m)^\s*(?:server|http|upstream\s+\S+)\s*\{")  # of nginx
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
FROM = late(rb"^(?:\xef\xbb\xbf)?[ \t]*FROM[ \t]", re.I | re.M)  # what no Dockerfile is without, and a dockerfile.py is
Ignore: TypeAlias = (
    "tuple[str, str, pathspec.GitIgnoreSpec]"  # the folder below the root, or the way down to the root, and what it says
)


def files(root: Path, tell: Callable[[str, str], None]) -> Iterator[tuple[str, str]]:
    """(path relative to the root, lens) of every candidate, in order; what .gitignore names is left out, also one above the root
    in its repository, unless that names the root itself.

    `tell` hears of each folder (``charts/``; empty: the tree itself) and .gitignore that cannot be read, and why.
    """
    above = _above(Path(root).resolve(), tell)
    yield from _folder(str(root), "", [] if any(_ignored("", [each]) for each in above) else above, tell)


def holds_configuration(path: str, lens: str, data: bytes) -> bool:
    """Whether a file of that lens looks like configuration we know; also in UTF-16, which is then told as what no lens reads."""
    if data.startswith(UTF_16):
        data = data.decode("utf-16", "replace").encode("utf-8", "replace")
    if lens == "dockerfile":
        return FROM.search(data) is not None
    if lens == "text":
        is_version = path.rpartition("/")[2] in VERSIONS
        is_told = is_version or (SERVERS.search(data) if path.endswith(".conf") else data.startswith(b"#!"))
        return bool(is_told) and b"\0" not in data and _is_text(data)
    return bool(NAMES.search(path)) or _has_marks("yaml" if lens == "helm" else lens, data) or (lens == "yaml" and _has_jobs(data))


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _has_jobs(data: bytes) -> bool:
    """Whether a file may be what a pipeline of GitLab includes, and no template of one."""
    return b"script:" in data and (b"stage:" in data or b"extends:" in data) and b"{%" not in data


def _has_marks(lens: str, data: bytes) -> bool:
    return lens not in MARKS or any(all(mark in data for mark in some) for some in MARKS[lens])


def lens_for(lens: str, data: bytes) -> str:
    """The lens for what a file holds: a template that is JSON stays JSON, also where its name does not say so. A list of JSON, as
    patches are, is read as the YAML that it is, and Flux's patches as those of a kustomization."""
    begin = data.removeprefix(codecs.BOM_UTF8).lstrip()[:1]
    if lens == "json" and begin == b"[":
        return "yaml"
    if lens == "yaml" and b"kustomize.toolkit.fluxcd.io/" in data and b"patches:" in data:
        return "kustomization"
    if lens != "yaml" or begin != b"{" or not any(all(mark in data for mark in some) for some in MARKS["json"]):
        return lens
    try:
        json.loads(data)
    except ValueError:
        return lens
    return "json"


def charts(paths: Iterable[str]) -> list[str]:
    """The folders (``charts/web/``) that are Helm charts: their templates are not YAML before they are rendered."""
    return [path.removesuffix("Chart.yaml") for path in paths if path == "Chart.yaml" or path.endswith("/Chart.yaml")]


def in_charts(candidates: Iterable[tuple[str, str]], found: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The candidates with the lens of templates for those of the charts; parts that templates include are left out."""
    templates = tuple(f"{chart}templates/" for chart in found)
    for path, lens in candidates:
        if not templates or not path.startswith(templates):
            yield path, lens
        elif lens == "yaml":
            yield path, "helm"


def lens_of(name: str) -> str | None:
    """The lens for a file name; None for a file that is none of ours."""
    lower = name.lower()
    if DOCKERFILE.fullmatch(lower) and not lower.endswith(NO_DOCKERFILE):
        return "dockerfile"
    if lower in KUSTOMIZATIONS:
        return "kustomization"
    if lower == LOCK:
        return "hcl"
    return LENSES.get(os.path.splitext(lower)[1])  # noqa: PTH122 - a hot path


def files_beside(paths: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The files beside Compose files that their fixes may need, with their lenses: `.env`, also where git leaves it alone, and
    each .gitignore from there to the root."""
    for folder in dict.fromkeys(path.rpartition("/")[0] for path in paths if COMPOSE.search(path)):
        yield f"{folder}/.env".lstrip("/"), BESIDE[".env"]
        parts = folder.split("/") if folder else []
        for count in range(len(parts), -1, -1):
            yield "/".join([*parts[:count], ".gitignore"]), BESIDE[".gitignore"]


def env_files(root: Path, paths: Iterable[str]) -> Iterator[str]:
    """The files that a Compose file may give to containers as their environment: beside it, and in folders beside it."""
    for folder in dict.fromkeys(path.rpartition("/")[0] for path in paths if COMPOSE.search(path)):
        entries = _entries(root / folder)
        below = [entry for entry in entries if entry.is_dir(follow_symlinks=False) and entry.name not in SKIP]
        for entry in [*entries, *(each for inner in below for each in _entries(Path(inner.path)))]:
            if ENV_FILE.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                yield Path(entry.path).relative_to(root).as_posix()


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """Nothing of a folder that cannot be read."""
    with suppress(OSError), os.scandir(folder) as entries:
        return sorted(islice(entries, MOST), key=lambda entry: entry.name)
    return []


def script_of(name: str) -> str | None:
    """The lens for the name of a script that an image may run, of a web server's configuration, or of what tells a version: these
    are read for what they tell of an image, and never changed."""
    is_script = (name.endswith(".sh") or "entrypoint" in name) and SCRIPT.fullmatch(name)
    return "text" if is_script or name.endswith(".conf") or name in VERSIONS else None


def _folder(root: str, inner: str, ignores: Sequence[Ignore], tell: Callable[[str, str], None]) -> Iterator[tuple[str, str]]:
    try:
        entries = sorted(os.scandir(os.path.join(root, inner)), key=lambda e: e.name)  # noqa: PTH118
    except OSError as error:
        tell(inner, str(error.strerror))
        return
    mine = [*ignores, *_ignore(root, inner, entries, tell)]
    for entry in entries:
        path = f"{inner}{entry.name}"
        if entry.is_dir(follow_symlinks=False):
            if entry.name not in SKIP and not _ignored(path + "/", mine):
                yield from _folder(root, path + "/", mine, tell)
        elif entry.is_file(follow_symlinks=False):
            lens = lens_of(entry.name) or script_of(entry.name)
            if lens and not _ignored(path, mine):
                yield path, lens


def _above(root: Path, tell: Callable[[str, str], None]) -> list[Ignore]:
    """What the .gitignore files of the repository say that the root is a folder of, from its top down; nothing where it is the top
    or there is no repository."""
    folders = [root, *root.parents]
    top = next((i for i, folder in enumerate(folders) if os.path.exists(folder / ".git")), 0)  # noqa: PTH110 - False also where we may not look
    found: list[Ignore] = []
    for folder in reversed(folders[1 : top + 1]):
        if os.path.isfile(folder / ".gitignore"):  # noqa: PTH113
            found += [("", f"{root.relative_to(folder).as_posix()}/", spec) for spec in _spec(folder / ".gitignore", tell)]
    return found


def _ignore(root: str, inner: str, entries: Sequence[os.DirEntry[str]], tell: Callable[[str, str], None]) -> Iterator[Ignore]:
    """What the folder's own .gitignore says; nothing where there is none."""
    if not any(entry.name == ".gitignore" and entry.is_file(follow_symlinks=False) for entry in entries):
        return
    yield from (
        (inner, "", spec) for spec in _spec(Path(root, f"{inner}.gitignore"), lambda _, why: tell(f"{inner}.gitignore", why))
    )


def _spec(file: Path, tell: Callable[[str, str], None]) -> Iterator[pathspec.GitIgnoreSpec]:
    import pathspec

    try:
        lines = file.read_text(errors="replace").splitlines()
    except OSError as error:
        tell(str(file), str(error.strerror))
        return
    yield pathspec.GitIgnoreSpec.from_lines(lines)


def _ignored(path: str, ignores: Sequence[Ignore]) -> bool:
    """The nearest .gitignore that says anything decides."""
    for inner, down, spec in reversed(ignores):
        told = spec.check_file(down + path[len(inner) :]).include
        if told is not None:
            return bool(told)
    return False

"""The loop on real trees of infrastructure as code: TerraGoat's Terraform and Kubernetes' own examples."""

from __future__ import annotations

import os
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from setright.lenses import LensError, get
from setright.surfaces.iac.walk import files
from tests import corpora
from tests.journeys.loop import Journey, Promises, Told
from tests.journeys.manifest import manifest

COMMENT = re.compile(rb"^\s*(?:#|//).*?$|(?<=\s)#\s.*?$", re.MULTILINE)


class Walked(NamedTuple):
    """The told loop, and what was read of every file at first and when all was put right."""

    told: Told
    before: dict[str, Source]
    after: dict[str, Source]


class Source(NamedTuple):
    """One file: why each reader refuses it (empty: it does not), and its comments."""

    refused: str
    yaml_refused: bool
    comments: Counter[bytes]


@pytest.fixture(scope="module", params=["terragoat", "kubernetes-examples"])
def walked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walked]:
    home = tmp_path_factory.mktemp(request.param)
    corpus = corpora.root(request.param)
    if corpus is None:
        pytest.skip("the corpora are not here")
    shutil.copytree(corpus, tree := home / "tree", symlinks=True)
    _oddities(tree)
    before, seen = sources(tree), list[dict[str, Source]]()

    def look() -> dict[str, object]:
        seen.append(sources(tree))
        return {path: entry._replace(mtime_ns=0) for path, entry in manifest(tree).items()}  # builds look for newer files

    yield Walked(Journey(home, str(tree)).walk(look), before, seen[2])


def _oddities(tree: Path) -> None:
    """What a replaced file must have again: its mode, and its extended attributes."""
    for path, _ in files(tree, pytest.fail):
        (tree / path).chmod(0o640)
        os.setxattr(tree / path, "user.ticket", b"OPS-1")


@pytest.fixture(scope="module")
def told(walked: Walked) -> Told:
    return walked.told


def sources(tree: Path) -> dict[str, Source]:
    return {path: source(tree / path, lens) for path, lens in files(tree, pytest.fail)}


def source(file: Path, lens: str) -> Source:
    data = file.read_bytes()
    refused = ""
    try:
        get(lens, data)
    except LensError as error:
        refused = str(error)
    return Source(refused, lens == "yaml" and not yaml_reads(data), Counter(c.strip() for c in COMMENT.findall(data)))


def yaml_reads(data: bytes) -> bool:
    """The second opinion of a reader that is not ours."""
    try:
        list(yaml.compose_all(data, Loader=yaml.CSafeLoader))
    except yaml.YAMLError:
        return False
    return True


class TestSources(Promises):
    def test_no_file_becomes_unreadable(self, walked: Walked) -> None:
        assert walked.before.keys() == walked.after.keys()
        for path, was in walked.before.items():
            assert walked.after[path].refused == was.refused, path
            assert walked.after[path].yaml_refused == was.yaml_refused, path

    def test_every_comment_stays(self, walked: Walked) -> None:
        lost = {path: gone for path, was in walked.before.items() if (gone := was.comments - walked.after[path].comments)}
        assert lost == {}
        assert any(was.comments for was in walked.before.values())

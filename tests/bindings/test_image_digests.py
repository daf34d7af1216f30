"""The digests of tags that move no more: their form, and when they are taken."""

from __future__ import annotations

import re
from pathlib import Path as File

import pytest

from setright.bindings.error import BindingError
from setright.bindings.layouts._image_locks import Digests, for_good, held_to, is_kept
from setright.bindings.source import Source
from setright.dialect import read_mapping

DIGESTS: Digests = read_mapping(File(__file__).parents[2] / "bindings" / "digests.yaml")
NGINX = "sha256:f7988fb6c02e0ce69257d9bd9cf37ae20a60f1df7563c3a2a6abe24160306b8d"
PAUSE = "sha256:7031c1b283388d2c2e09b57badb803c05ebed362dc88d84b480cc47f72a21097"
WEBSERVER = "sha256:f63e365c13646f231ec4a16791c6133ddd7b80fcd1947f41ab193968e02b0745"
OURS = "sha256:" + "ab" * 32
TAG = re.compile(r"\w[\w.-]*", re.ASCII)
MOVES = re.compile(r"(?:latest|lts|stable|mainline|edge|nightly|rc|alpine|slim)(?:-.*)?")  # such a tag goes on to the next version
FROZEN = "/DO-NOT-MODIFY-legacy-backfill/"  # a list of which no tag moves
SURE = {"digest", "ended", "seen", "by"}


@pytest.mark.parametrize("name", DIGESTS)
def test_an_entry_says_where_it_is_from_and_what_each_tag_has_for_good(name: str) -> None:
    entry = DIGESTS[name]
    assert entry.keys() == {"from", "tags"}
    assert str(entry["from"]).startswith("https://")
    assert not name.startswith(("docker.io/", "library/", "k8s.gcr.io/"))
    for tag, known in entry["tags"].items():
        assert TAG.fullmatch(tag)
        assert FROZEN in entry["from"] or not MOVES.fullmatch(tag)
        digest = known["digest"] if isinstance(known, dict) else known
        assert re.fullmatch(r"sha256:[0-9a-f]{64}", digest)
        assert isinstance(known, dict) or is_kept(name), "a registry that promises nothing needs its records told"
        if isinstance(known, dict):
            assert known.keys() == SURE
            assert known["ended"] <= known["seen"]
            assert int(known["by"]) >= 3


def test_the_images_stand_in_order_and_no_list_tells_a_digest_twice() -> None:
    lists = [name for name in DIGESTS if "/registry.k8s.io/images/" in DIGESTS[name]["from"]]
    frozen = [name for name in DIGESTS if FROZEN in DIGESTS[name]["from"]]
    others = [name for name in DIGESTS if name not in lists and name not in frozen]
    assert (lists, frozen, others) == (sorted(lists), sorted(frozen), sorted(others))
    plain = [known for name in lists for known in DIGESTS[name]["tags"].values() if isinstance(known, str)]
    assert len(plain) == len(set(plain))


@pytest.mark.parametrize(
    ("image", "digest"),
    [
        ("nginx:1.14.2", NGINX),
        ("docker.io/nginx:1.14.2", NGINX),
        ("docker.io/library/nginx:1.14.2", NGINX),
        ("library/nginx:1.14.2", NGINX),
        ("k8s.gcr.io/pause:3.9", PAUSE),
        ("registry.k8s.io/pause:3.9", PAUSE),
        ("k8s.gcr.io/test-webserver", WEBSERVER),
        ("registry.k8s.io/test-webserver:latest", WEBSERVER),
    ],
)
def test_a_tag_is_known_by_every_name_of_its_registry(image: str, digest: str) -> None:
    assert held_to(image, "a.yaml", {}, DIGESTS) == f"{image}@{digest}"


@pytest.mark.parametrize(
    "image",
    [
        "nginx",
        "nginx:latest",
        "nginx:1.14.2-perl",
        "shop/nginx:1.14.2",
        "mirror.example:5000/nginx:1.14.2",
        "mirror.example:5000/library/nginx:1.14.2",
        "public.ecr.aws/docker/library/nginx:1.14.2",
        "gcr.io/google_containers/pause:3.9",
        "pause:3.9",
    ],
)
def test_other_tags_and_copies_in_other_registries_are_not_known(image: str) -> None:
    assert not for_good(image, DIGESTS)
    with pytest.raises(BindingError, match="setright lock"):
        held_to(image, "a.yaml", {}, DIGESTS)


def test_what_the_tree_locks_comes_first() -> None:
    lock = Source("images.lock.yml", "yaml", {"documents": [{"nginx:1.14.2": OURS}]})
    assert held_to("nginx:1.14.2", "deploy/a.yaml", {lock.locator: lock}, DIGESTS) == f"nginx:1.14.2@{OURS}"


def test_only_a_registry_that_removes_nothing_keeps_what_a_digest_names() -> None:
    assert is_kept("registry.k8s.io/pause:3.9")
    assert is_kept("k8s.gcr.io/pause:3.9")
    assert not is_kept("nginx:1.14.2")
    assert not is_kept("registry.k8s.io.example.com/pause:3.9")

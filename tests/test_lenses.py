"""The lens laws, for every lens, over the bytes of every example and of every corpus file."""

import os
import pkgutil
import random
import re
from importlib import import_module

import pytest

import setright.lenses
from setright.bindings.examples import example_documents
from setright.lenses import LensError, get, lens, put, span
from setright.lenses.edited import find_at
from setright.model import Edit, Unknown
from tests import corpora
from tests.content import shipped

CATALOGUE = shipped()
NAMES = sorted(
    module.name
    for module in pkgutil.iter_modules(setright.lenses.__path__)
    if not module.name.startswith("_")
    and all(hasattr(import_module(f"setright.lenses.{module.name}"), law) for law in ("get", "put", "span"))
)
SAMPLE = 10**6 if os.environ.get("SETRIGHT_ALL") else 150
EDITS = 4
ODD = b"\x00\xff{}[]\"'#\n\r\t :=\\$-"
COMMENT = re.compile(rb"(?:^|\s)#[^\r\n]*", re.M)


def examples(name):
    """The bytes of every example document that the lens reads."""
    found = set()
    for control_id in CATALOGUE.ids():
        control = CATALOGUE.control(control_id)
        binding = CATALOGUE.bindings[control.kind]
        for example in control.examples:
            for written in (example.good, example.bad, example.fixed):
                if written is not None:
                    made = example_documents(binding, example.family or min(binding.layouts), written).values()
                    found |= {d.data for d in made if d.data is not None and d.lens.replace("-", "_") == name}
    return sorted(found)


def sources(name):
    """Examples, and a fixed sample of the corpus (all of it with SETRIGHT_ALL=1)."""
    files = list(corpora.files(name))
    random.Random(7).shuffle(files)
    return examples(name) + [p.read_bytes() for p in files[:SAMPLE]]


def readable(name):
    for source in sources(name):
        try:
            yield source, get(name, source)
        except LensError:
            continue


def leaves(node, path=()):
    if isinstance(node, dict):
        for key, value in node.items():
            yield from leaves(value, (*path, key))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from leaves(value, (*path, index))
    elif path:
        yield path, node


def other(value, rng):
    """A value of the same sort that is another one."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + rng.choice((1, 7, 1000))
    return rng.choice(("other", "10.0.0.0/8", "a-b_c", "yes"))


def random_edit(tree, rng):
    places = [(path, value) for path, value in leaves(tree) if not isinstance(value, Unknown)]
    if not places:
        return None
    path, value = rng.choice(places)
    return Edit(path, remove=True) if rng.random() < 0.2 else Edit(path, other(value, rng))


def test_there_are_lenses():
    assert len(NAMES) >= 8


@pytest.mark.parametrize("name", NAMES)
def test_nothing_asked_nothing_changed(name):
    for source, _ in readable(name):
        assert lens(name).put(source, []) == source


@pytest.mark.parametrize("name", NAMES)
def test_what_was_asked_is_there_nothing_else_moved_and_asking_twice_changes_no_more(name):
    rng = random.Random(11)
    accepted = 0
    for source, tree in readable(name):
        for _ in range(EDITS):
            edit = random_edit(tree, rng)
            if edit is None:
                break
            try:
                once = put(name, source, [edit])  # holds PutGet or refuses
            except LensError:
                continue
            accepted += 1
            if not edit.remove:
                assert put(name, once, [edit]) == once
            if not edit.remove and "#" not in str(find_at(tree, edit.path)[1]):
                assert len(COMMENT.findall(once)) >= len(COMMENT.findall(source))
    assert accepted or not sources(name)


@pytest.mark.parametrize("name", NAMES)
def test_a_lens_only_ever_raises_lens_errors(name):
    rng = random.Random(13)
    for source in sources(name)[: SAMPLE // 2]:
        mangled = bytearray(source)
        for _ in range(rng.randint(1, 6)):
            at = rng.randrange(len(mangled) + 1)
            mangled[at : at + rng.randint(0, 3)] = bytes(
                rng.choice(b"\x00\xff{}[]\"'#\n\r\t :=\\$-") for _ in range(rng.randint(0, 3))
            )
        try:
            tree = get(name, bytes(mangled))
            edit = random_edit(tree, rng)
            if edit:
                put(name, bytes(mangled), [edit])
        except LensError as error:
            assert str(error)


def test_another_encoding_is_told_by_its_name():
    with pytest.raises(LensError, match="is UTF-16; save it as UTF-8"):
        get("dockerfile", "FROM debian\n".encode("utf-16"))


@pytest.mark.parametrize("name", ["hcl", "yaml", "json", "dockerfile"])
def test_a_merge_that_is_not_finished_is_called_so(name):
    with pytest.raises(LensError, match=r"line 2: a merge is not finished here \(<<<<<<<\); end it first"):
        get(name, b"\n<<<<<<< HEAD\na: 1\n=======\nb: 2\n>>>>>>> other\n")


@pytest.mark.parametrize("name", NAMES)
def test_every_value_has_a_place_inside_its_document(name):
    rng = random.Random(17)
    for source, tree in list(readable(name))[:60]:
        places = [path for path, _ in leaves(tree)]
        for path in rng.sample(places, min(5, len(places))):
            start, end = span(name, source, path)
            assert 0 <= start <= end <= len(source)

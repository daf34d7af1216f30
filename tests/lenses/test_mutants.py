"""Files that something went wrong with: every lens reads or refuses them, in time, and holds its laws on what it reads.

Mutants of corpus files and examples, each made from its number alone. SETRIGHT_MUTANTS says how many a lens gets.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from functools import cache

import pytest

from setright.lenses import LensError, edited, get, lens, put, span
from setright.trees import same
from tests.test_lenses import NAMES, leaves, random_edit, sources

COUNT = int(os.environ.get("SETRIGHT_MUTANTS", "100"))
MAX_BYTES = 30_000
LIMIT_S = 20.0  # of processor time for one mutant; an honest one takes some milliseconds
TOKENS = [b"{", b"}", b"[", b"]", b'"', b"'", b"#", b"\n", b"\r\n", b"\t", b": ", b"=", b"\\", b"- ", b"${", b"%{", b"//", b"?"]
TOKENS += [b"/*", b"*/", b"&a ", b"*a", b"!Ref ", b"|\n", b"---\n", b"...\n", b"<<EOT\n", b"FROM ", b"0x"]
TOKENS += [b"\x00", b"\xff", b"\xef\xbb\xbf", b"\xc3\x28"]
Mutation = Callable[[bytes, random.Random], bytes]


def token(source: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(source) + 1)
    return source[:at] + rng.choice(TOKENS) * rng.choice((1, 1, 1, 2, 40)) + source[at + rng.randint(0, 3) :]


def cut(source: bytes, rng: random.Random) -> bytes:
    start, end = sorted(rng.randrange(len(source) + 1) for _ in range(2))
    return rng.choice((source[:start], source[start:], source[:start] + source[end:]))


def repeated(source: bytes, rng: random.Random) -> bytes:
    start, end = sorted(rng.randrange(len(source) + 1) for _ in range(2))
    return source[:end] + source[start:end] + source[end:]


def lines_moved(source: bytes, rng: random.Random) -> bytes:
    lines = source.splitlines(keepends=True)
    for _ in range(rng.randint(1, 4)):
        if lines:
            line = lines.pop(rng.randrange(len(lines)))
            lines.insert(rng.randrange(len(lines) + 1), line)
    return b"".join(lines)


def indented(source: bytes, rng: random.Random) -> bytes:
    lines = source.splitlines(keepends=True)
    for _ in range(rng.randint(1, 4)):
        if lines:
            at = rng.randrange(len(lines))
            lines[at] = lines[at].lstrip(b" ") if rng.random() < 0.4 else rng.choice((b" ", b"  ", b"\t")) + lines[at]
    return b"".join(lines)


def other_line_ends(source: bytes, rng: random.Random) -> bytes:
    return source.replace(b"\n", rng.choice((b"\r\n", b"\r", b"\n\n", b" \n")), rng.choice((1, -1)))


def byte(source: bytes, rng: random.Random) -> bytes:
    changed = bytearray(source)
    for _ in range(rng.randint(1, 8)):
        if changed:
            changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


MUTATIONS: list[Mutation] = [token, cut, repeated, lines_moved, indented, other_line_ends, byte]


@cache
def originals(name: str) -> tuple[bytes, ...]:
    return tuple(source for source in sources(name) if len(source) <= MAX_BYTES)


def mutant(name: str, number: int) -> tuple[bytes, random.Random]:
    rng = random.Random(f"{name} {number}")
    source = rng.choice(originals(name))
    for _ in range(rng.choice((1, 1, 2, 3))):
        source = rng.choice(MUTATIONS)(source, rng)
    return source, rng


def holds(name: str, source: bytes, rng: random.Random) -> bool:
    """Asserts the laws; False where the lens refuses the file."""
    try:
        tree = get(name, source)
    except LensError as error:
        assert str(error)
        return False
    assert lens(name).put(source, []) == source
    places = [path for path, _ in leaves(tree)]
    for path in rng.sample(places, min(3, len(places))):
        start, end = span(name, source, path)
        assert 0 <= start <= end <= len(source)
    edit = random_edit(tree, rng)
    if edit is None:
        return True
    try:
        once = put(name, source, [edit])
    except LensError as error:
        assert str(error)
        return True
    assert same(get(name, once), edited(tree, [edit]))
    if not (edit.remove and isinstance(edit.path[-1], int)):  # the next item has that place now
        assert lens(name).put(once, [edit]) == once
    return True


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_no_mutant_breaks_a_lens(name):
    if not originals(name):
        pytest.skip("nothing uses it yet")
    read = 0
    for number in range(COUNT):
        source, rng = mutant(name, number)
        began = time.process_time()
        try:
            read += holds(name, source, rng)
        except Exception as error:
            raise AssertionError(f"{name}, mutant {number}: {source!r}") from error
        assert time.process_time() - began < LIMIT_S, f"{name}, mutant {number}, {len(source)} bytes"
    assert read

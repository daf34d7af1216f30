"""apt.conf: odd files, the laws, and apt's own reading."""

import random
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from setright import lenses
from setright.lenses import LensError, apt_conf
from setright.model import Edit
from tests.sampling import examples

from .laws import hold

AUTH = Edit(("APT::Get::AllowUnauthenticated",), "false")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", 'APT::Get::AllowUnauthenticated "false";\n'),
        ('APT::Get::AllowUnauthenticated "true"; // x\n', 'APT::Get::AllowUnauthenticated "false"; // x\n'),
        ("APT { Get { AllowUnauthenticated true; }; };", 'APT { Get { AllowUnauthenticated "false"; }; };'),
        ("APT::Get {\n  AllowUnauthenticated\n    1;\n}\n", 'APT::Get {\n  AllowUnauthenticated\n    "false";\n}\n'),
        (
            '/* APT::Get::AllowUnauthenticated "1"; */\nA "b";\n',
            '/* APT::Get::AllowUnauthenticated "1"; */\nA "b";\nAPT::Get::AllowUnauthenticated "false";\n',
        ),
    ],
)
def test_one_value_changes_in_odd_but_valid_files(before: str, after: str) -> None:
    assert lenses.put("apt-conf", before.encode(), [AUTH]).decode() == after


def test_names_are_whole_and_lists_are_told() -> None:
    text = b'A "x" {\n  B "1"; # c\n  "e"; "f";\n  C::D { E "y z"; };\n};\nA::G:: "h";\n'
    assert apt_conf.get(text) == {"A": "x", "A::B": "1", "A::": ["e", "f"], "A::C::D::E": "y z", "A::G::": ["h"]}


@pytest.mark.parametrize("text", ['A "b"\n', "A { B", 'A "b;\n', "};\n", '#clear A;\nB "c";\n', "A B C;\n", "{ A 1; };\n"])
def test_what_apt_would_not_read_or_we_cannot_follow_is_refused_by_line(text: str) -> None:
    with pytest.raises(LensError, match="line"):
        apt_conf.get(text.encode())


def test_a_value_goes_with_its_line() -> None:
    text = b'A {\n  B "1";\n  C "2"; D "3";\n};\n'
    assert lenses.put("apt-conf", text, [Edit(("A::B",), remove=True)]) == b'A {\n  C "2"; D "3";\n};\n'
    assert lenses.put("apt-conf", text, [Edit(("A::C",), remove=True)]) == b'A {\n  B "1";\n   D "3";\n};\n'


PARTS = [
    'A::B "1";',
    'A { B 2; C "x y"; };',
    'A::L { "p"; "q"; };',
    "// no\n",
    "# no\n",
    "/* A::B 9; */",
    'A::D::E\n "z";',
    'F "a//b";',
    "G a/b;",
]
FILES = st.builds(
    lambda ps, sep: sep.join(ps).encode(), st.lists(st.sampled_from(PARTS), max_size=6), st.sampled_from(["\n", " \n", "\r\n"])
)
EDITS = st.builds(
    lambda k, v, r: Edit((k,), None if r else v, r),
    st.sampled_from(["A::B", "A::C", "A::D::E", "F", "G", "New::One"]),
    st.sampled_from(["true", "", "x y", 'q"', "//"]),
    st.booleans(),
)


@given(FILES, EDITS)
@settings(max_examples=examples(600), deadline=None)
def test_the_laws_hold(source: bytes, edit: Edit) -> None:
    if hold("apt-conf", source, edit):
        assert lenses.put("apt-conf", source, [edit]).count(b"no") == source.count(b"no")


@given(st.binary(max_size=60), EDITS)
@settings(max_examples=examples(400), deadline=None)
def test_nothing_but_a_lens_error_comes_out_of_hostile_bytes(source: bytes, edit: Edit) -> None:
    hold("apt-conf", source, edit)


def dump(file: Path) -> dict[str, object]:
    """apt's own reading of one file; scopes without a value say nothing."""
    words = ["apt-config", "-o", "Dir::Etc::Parts=/nowhere", "-o", "Dir::Etc::Main=/nowhere", "-c", str(file), "dump"]
    run = subprocess.run(words, capture_output=True, timeout=20, check=True)
    return {k: v for k, v in apt_conf.get(run.stdout).items() if v and k.split("::")[0] in ("A", "F", "G", "New")}


@pytest.mark.skipif(not shutil.which("apt-config"), reason="needs apt")
@pytest.mark.parametrize("seed", range(25))
def test_apt_reads_the_same_before_and_after_an_edit(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    text = "\n".join(rng.choices(PARTS, k=rng.randrange(1, 7))).encode() + b"\n"
    after = lenses.put("apt-conf", text, [Edit((rng.choice(["A::B", "A::D::E", "New::One"]),), rng.choice(["no", "x y"]))])
    for data in (text, after):
        (file := tmp_path / "apt.conf").write_bytes(data)
        assert {k: v for k, v in apt_conf.get(data).items() if v} == dump(file)

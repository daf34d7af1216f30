"""Patterns that wait to be asked say what the library's own say."""

import re
from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from setright.bindings.layouts import _programs
from setright.patterns import ALTERNATIVE, SomeOf, fits, late, whole_path


@given(st.text("ab*", max_size=8), st.text("ab*?[]!", max_size=8))
def test_a_name_fits_a_glob_as_fnmatch_says(name, glob):
    assert fits(name, glob) == fnmatchcase(name, glob)


@pytest.mark.parametrize("name", ["a\nb", "ab", ""])
@pytest.mark.parametrize("glob", ["a*b", "*", "**", "a*", "*b", "", "a*a*b", "ab*b"])
def test_lines_and_overlaps_are_as_fnmatch_has_them(name, glob):
    assert fits(name, glob) == fnmatchcase(name, glob)


def test_an_expression_answers_as_a_compiled_one():
    lazy, eager = late(r"(a)(b)?", re.I), re.compile(r"(a)(b)?", re.I)
    assert lazy.sub("x", "cAbA") == eager.sub("x", "cAbA")
    assert lazy.pattern == eager.pattern and lazy.groups == eager.groups
    assert [m.span() for m in lazy.finditer("aba")] == [m.span() for m in eager.finditer("aba")]
    assert late(rb"a").match(b"a")


def test_an_expression_is_not_compiled_before_it_is_asked():
    with pytest.raises(re.error):
        late("(").match("a")


@given(st.text("ab-|1 x", max_size=8))
def test_some_of_many_alternatives_stand_where_an_expression_finds_one(text):
    pattern = r"ab|\b(?:b-|x)\b|1?a1|[b|]-|1\||-x"
    assert SomeOf(pattern).search(text) is bool(re.search(pattern, text))


@pytest.mark.parametrize("name", ["API", "GAINS_RIGHTS", "RAW_SOCKETS", "DEEP_SYSCALLS"])
def test_no_alternative_of_those_in_use_is_lost(name):
    pattern = getattr(_programs, name)._pattern
    assert "|".join(ALTERNATIVE.findall(pattern)) == pattern


@pytest.mark.parametrize(
    ("path", "whole"),
    [
        ("a.d/*.conf", "/etc/ssh/a.d/*.conf"),
        ("../opt/a", "/etc/opt/a"),
        ("./../../opt//a", "/opt/a"),
        ("../../../a", "/../a"),
        ("/etc/ssh/../a", "/etc/a"),
        ("/opt/link/../a", "/opt/link/../a"),
        ("link/../../a", "/etc/ssh/link/../../a"),
    ],
)
def test_only_the_folder_itself_is_left_by_dots(path, whole):
    assert whole_path("/etc/ssh", path) == whole

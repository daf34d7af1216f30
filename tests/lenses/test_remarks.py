"""A comment behind a value says what it stands for, and what stood there before is not lost."""

import pytest

from setright.lenses import get, put
from setright.model import Edit

COMMIT = "a/b@11bd71901bbe5b1630ceea73d27597364c9af683"


def remarked(source, remark="v4.2.2"):
    edit = Edit(("documents", 0, 0, "uses"), COMMIT, remark=remark)
    after = put("yaml", source.encode(), [edit])
    assert get("yaml", after)["documents"][0][0]["uses"] == COMMIT
    assert put("yaml", after, [edit]) == after
    return after.decode().replace(COMMIT, "COMMIT")


COMMENTS = ["", " # v3", " # v3.1.0", " #4.1", " # tag=v4", " # pin@v4", " # ratchet:a/b@v4", " # main", " #"]


@pytest.mark.parametrize("comment", COMMENTS)
def test_the_release_that_stood_there_gives_way(comment):
    assert remarked(f"- uses: a/b@v4{comment}\n  id: x\n") == "- uses: COMMIT # v4.2.2\n  id: x\n"


@pytest.mark.parametrize("words", ["the code", "2 copies of it", "v-next comes later"])
def test_other_words_go_above_the_line(words):
    assert remarked(f"- uses: a/b@v4  # {words}\r\n") == f"# {words}\r\n- uses: COMMIT # v4.2.2\r\n"


def test_they_stand_as_far_in_as_their_line():
    before = "- name: a\n  uses: a/b@v4 # the code\n  id: x\n"
    assert remarked(before) == "- name: a\n  # the code\n  uses: COMMIT # v4.2.2\n  id: x\n"


@pytest.mark.parametrize("words", ["zizmor: ignore[unpinned-uses]", "noqa", "yamllint disable-line", "see https://a.org"])
def test_what_programs_read_stays_on_its_line(words):
    assert remarked(f"- uses: a/b@v4  # {words}\n") == f"- uses: COMMIT  # v4.2.2 # {words}\n"


def test_words_behind_a_release_stay():
    assert remarked("- uses: 'a/b@v4' # v3 - held back\n") == "- uses: 'COMMIT' # v4.2.2 - held back\n"


@pytest.mark.parametrize("source", ["- {uses: a/b@v4, id: x}\n", "- {uses: a/b@v4} # v3\n"])
def test_what_stands_in_brackets_gets_none(source):
    assert remarked(source) == source.replace("a/b@v4", "COMMIT")


def test_a_name_that_is_no_number_is_a_release_too():
    assert remarked("- uses: a/b@release/v1") == "- uses: COMMIT # v4.2.2"
    assert remarked("- uses: a/b@release/v1", "release/v1") == "- uses: COMMIT # release/v1"


def test_a_comment_behind_a_key_that_goes_stays():
    source = b"web:\n  image: a\n  pid: host  # to watch the others\n  user: b\n"
    after = put("yaml", source, [Edit(("documents", 0, "web", "pid"), remove=True)])
    assert after == b"web:\n  image: a\n  # to watch the others\n  user: b\n"

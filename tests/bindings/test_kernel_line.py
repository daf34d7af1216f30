"""The kernel's command line over GRUB's files."""

from pathlib import Path

import pytest

from setright import lenses
from setright.bindings.error import BindingError
from setright.bindings.layouts import kernel_line
from setright.bindings.load import load_one
from setright.bindings.source import Source
from setright.model import Edit, Unknown

ROOT = Path(__file__).parents[2] / "bindings"
LAYOUT = dict(load_one(ROOT / "linux/kernel-line.yaml", ROOT).layouts["linux"])
MAIN, CLOUD = "/etc/default/grub", "/etc/default/grub.d/50-cloud.cfg"
STOCK = 'GRUB_CMDLINE_LINUX_DEFAULT="quiet splash"\nGRUB_CMDLINE_LINUX="console=ttyS0 audit=0"\n'


def sources(given: dict[str, str]) -> dict[str, Source]:
    return {name: Source(name, "shell-assign", lenses.get("shell-assign", text.encode())) for name, text in given.items()}


def put(given: dict[str, str], *edits: Edit) -> dict[str, str]:
    [resource] = kernel_line.view("linux/kernel-line", LAYOUT, sources(given))
    after = dict(given)
    for locator, edit in kernel_line.edit(LAYOUT, resource, edits, [], sources(given)):
        after[locator] = lenses.put("shell-assign", after[locator].encode(), [edit]).decode()
    return after


def test_both_variables_make_one_line() -> None:
    [line] = kernel_line.view("linux/kernel-line", LAYOUT, sources({MAIN: STOCK}))
    assert line.tree == {"words": {"console": "ttyS0", "audit": "0", "quiet": True, "splash": True}}
    assert kernel_line.locate(LAYOUT, line, ("words", "splash"), sources({MAIN: STOCK})) == (MAIN, ("GRUB_CMDLINE_LINUX_DEFAULT",))


def test_a_word_changes_where_it_stands_and_a_new_one_joins_the_first_variable() -> None:
    after = put({MAIN: STOCK}, Edit(("words", "audit"), 1), Edit(("words", "slab_nomerge"), True))
    assert after == {MAIN: STOCK.replace("audit=0", "audit=1 slab_nomerge")}
    assert put({MAIN: STOCK}, Edit(("words", "splash"), remove=True)) == {MAIN: STOCK.replace(" splash", "")}


def test_a_drop_in_that_counts_is_what_gets_edited() -> None:
    given = {MAIN: STOCK, CLOUD: 'GRUB_CMDLINE_LINUX="audit=0 nvme=x"\n'}
    assert put(given, Edit(("words", "audit"), 1)) == given | {CLOUD: 'GRUB_CMDLINE_LINUX="audit=1 nvme=x"\n'}


def test_a_line_put_together_from_others_is_left_to_people() -> None:
    given = {MAIN: STOCK, CLOUD: 'GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX nvme=x"\n'}
    [line] = kernel_line.view("linux/kernel-line", LAYOUT, sources(given))
    assert isinstance(line.tree["words"], Unknown)
    with pytest.raises(BindingError, match="put together"):
        put(given, Edit(("words", "audit"), 1))


def test_without_grub_there_is_nothing_to_say() -> None:
    assert kernel_line.view("linux/kernel-line", LAYOUT, {}) == []

"""modprobe.d: odd files, the laws, and modprobe's own reading."""

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from setright import lenses
from setright.lenses import LensError, modprobe
from setright.model import Edit
from tests.sampling import examples

from .laws import comments, hold

BLOCK = Edit(("install", "usb_storage"), "/bin/false")
VARIANTS = {
    "plain": ("install usb_storage /bin/true\n", "install usb_storage /bin/false\n"),
    "hyphen": ("install usb-storage /bin/true\n", "install usb-storage /bin/false\n"),
    "blanks": ("  install\tusb-storage   /bin/true  \n", "  install\tusb-storage   /bin/false  \n"),
    "twice, the first counts": (
        "install usb_storage a\ninstall usb-storage b\n",
        "install usb_storage /bin/false\ninstall usb-storage b\n",
    ),
    "continued": ("install usb-storage modprobe a; \\\n  modprobe b\nx\n", "install usb-storage /bin/false\nx\n"),
    "no newline at the end": ("blacklist a", "blacklist a\ninstall usb_storage /bin/false"),
    "last line continued": ("options a b=1 \\\n c=2\n", "options a b=1 \\\n c=2\ninstall usb_storage /bin/false\n"),
    "absent": ("# x\n", "# x\ninstall usb_storage /bin/false\n"),
    "empty": ("", "install usb_storage /bin/false\n"),
}


@pytest.mark.parametrize("name", VARIANTS)
def test_one_command_changes_in_odd_but_valid_files(name: str) -> None:
    before, after = VARIANTS[name]
    assert lenses.put("modprobe", before.encode(), [BLOCK]) == after.encode()


def test_commands_are_told_apart_and_names_normal() -> None:
    text = b"blacklist usb-storage\noptions snd-pcsp index=-2\noptions snd_pcsp x=1\nsoftdep a pre: b\n"
    text += b"install x echo \\\\ \\\n y\nalias a[-]-* b\nbogus\ninstall z\n"
    tree = modprobe.get(text)
    assert tree["blacklist"] == {"usb_storage": True}
    assert tree["options"] == {"snd_pcsp": "index=-2 x=1"}
    assert tree["install"] == {"x": "echo \\  y"}
    assert (tree["softdep"], tree["alias"], tree["remove"]) == ({"a": "pre: b"}, {"a[-]_*": "b"}, {})


def test_blacklisting_and_its_removal_are_one_line() -> None:
    text = b"# x\ninstall a b\n"
    listed = lenses.put("modprobe", text, [Edit(("blacklist", "cramfs"), True)])
    assert listed == text + b"blacklist cramfs\n"
    assert lenses.put("modprobe", listed, [Edit(("blacklist", "cramfs"), remove=True)]) == text


@pytest.mark.parametrize(
    "edit",
    [
        Edit(("install", "a"), "x\ny"),
        Edit(("install", "a"), True),
        Edit(("blacklist", "a"), False),
        Edit(("install",), {"b": "x"}),
        Edit(("install", "a-b"), "x"),
        Edit(("zip", "a"), "x"),
    ],
)
def test_what_no_line_can_say_is_refused(edit: Edit) -> None:
    with pytest.raises(LensError):
        lenses.put("modprobe", b"blacklist a\n", [edit])


LINES = st.sampled_from(
    [
        "install a /bin/true",
        "install a-b x \\",
        " c d",
        "blacklist a",
        "blacklist\ta_b x",
        "#install a b",
        "",
        "options a b=1",
        "options a c",
        "\\",
        "install a \\\\",
        "alias x y",
        "install a é",
        "install",
    ]
)
FILES = st.builds(
    lambda ls, nl, end: (nl.join(ls) + (nl if end else "")).encode(),
    st.lists(LINES, max_size=7),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
EDITS = st.builds(
    lambda w, n, v, r: Edit((w, n), None if r else (True if w == "blacklist" else v), r),
    st.sampled_from(["install", "blacklist", "options", "alias"]),
    st.sampled_from(["a", "a_b", "x"]),
    st.sampled_from(["/bin/false", "x\\y", " x", "a  b"]),
    st.booleans(),
)


@given(FILES, EDITS)
@settings(max_examples=examples(800), deadline=None)
def test_the_laws_hold(source: bytes, edit: Edit) -> None:
    if hold("modprobe", source, edit) and b"\\" not in source:
        assert comments(lenses.put("modprobe", source, [edit])) == comments(source)


@given(st.binary(max_size=60), EDITS)
@settings(max_examples=examples(400), deadline=None)
def test_nothing_but_a_lens_error_comes_out_of_hostile_bytes(source: bytes, edit: Edit) -> None:
    hold("modprobe", source, edit)


@pytest.mark.skipif(not shutil.which("modprobe"), reason="needs kmod")
@pytest.mark.parametrize("name", VARIANTS)
def test_modprobe_reads_the_commands_that_the_lens_reads(name: str, tmp_path: Path) -> None:
    source = lenses.put("modprobe", VARIANTS[name][0].encode(), [BLOCK])
    (tmp_path / "x.conf").write_bytes(source)
    run = subprocess.run(["modprobe", "-C", str(tmp_path), "--showconfig"], capture_output=True, text=True, timeout=20, check=True)
    told = [line.split(" ", 2) for line in run.stdout.splitlines() if line.startswith(("install ", "blacklist "))]
    first = next(rest for word, module, *rest in told if (word, module) == ("install", "usb_storage"))
    assert first[0].strip() == "/bin/false"
    assert {n for w, n, *_ in told if w == "blacklist"} >= modprobe.get(source)["blacklist"].keys()

"""logrotate: blocks, scripts, odd files and the laws."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from setright import lenses
from setright.lenses import LensError, logrotate
from setright.model import Edit
from tests.sampling import examples

from .laws import comments, hold

STOCK = b"""# see "man logrotate" for details

weekly
rotate 4
create
#compress
include /etc/logrotate.d

/var/log/a "/var/log/b c" {
	missingok
	create 0664 root utmp
	postrotate
		echo create 0777
	endscript
	rotate 1
}
"""


def test_directives_blocks_and_scripts_are_told_apart() -> None:
    assert logrotate.get(STOCK) == {
        "weekly": True,
        "rotate": 4,
        "create": {},
        "include": ["/etc/logrotate.d", "/etc/logrotate.d/*"],
        "Block": [
            {
                "criteria": "/var/log/a /var/log/b c",
                "files": ["/var/log/a", "/var/log/b c"],
                "missingok": True,
                "create": {"mode": "0664", "owner": "root", "group": "utmp"},
                "rotate": 1,
            }
        ],
    }


@pytest.mark.parametrize(
    ("edit", "old", "new"),
    [
        (Edit(("rotate",), 8), b"rotate 4", b"rotate 8"),
        (Edit(("Block", 0, "create", "mode"), "0660"), b"0664 root", b"0660 root"),
        (Edit(("create", "mode"), "0640"), b"create\n#", b"create 0640\n#"),
        (Edit(("compress",), True), b"create\n#compress\n", b"create\ncompress\n#compress\n"),
        (Edit(("Block", 0, "rotate"), remove=True), b"\trotate 1\n", b""),
        (Edit(("Block", 0, "notifempty"), True), b"rotate 1\n", b"rotate 1\n\tnotifempty\n"),
    ],
)
def test_one_thing_changes(edit: Edit, old: bytes, new: bytes) -> None:
    assert lenses.put("logrotate", STOCK, [edit]) == STOCK.replace(old, new)


def test_what_is_new_stands_above_all_that_shall_take_it() -> None:
    assert lenses.put("logrotate", b"# c\n/a {\n}\n", [Edit(("rotate",), 4)]) == b"rotate 4\n# c\n/a {\n}\n"


@pytest.mark.parametrize(
    "edit",
    [
        Edit(("include",), ["/x"]),
        Edit(("Block", 0, "files"), ["/x"]),
        Edit(("Block", 3, "rotate"), 1),
        Edit(("create", "mode"), "a b"),
        Edit(("rotate",), "1\n2"),
    ],
)
def test_what_no_line_can_say_is_refused(edit: Edit) -> None:
    with pytest.raises(LensError):
        lenses.put("logrotate", STOCK, [edit])


@pytest.mark.parametrize("source", [b"/a {\n", b"/a\n", b"/a { rotate 1 }\n", b"rotate 4\n}\n", b'"/a {\n}\n'])
def test_what_has_no_end_is_refused(source: bytes) -> None:
    with pytest.raises(LensError):
        logrotate.get(source)


PARTS = st.sampled_from(
    [
        "weekly",
        "rotate 4",
        "rotate = 7",
        "create",
        "create 0640 root adm",
        "# c",
        "",
        "include /etc/logrotate.d",
        "/a {\n  rotate 2\n}",
        "/a\n/b\n{\n\tcreate 664 root\n\tpostrotate\n\t\t}\n\tendscript\n}",
        "su root é",
    ]
)
FILES = st.builds(
    lambda parts, nl, end: ("\n".join(parts) + ("\n" if end else "")).replace("\n", nl).encode(),
    st.lists(PARTS, max_size=6),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
EDITS = st.sampled_from(
    [
        Edit(("rotate",), 9),
        Edit(("rotate",), remove=True),
        Edit(("create", "mode"), "0600"),
        Edit(("compress",), True),
        Edit(("Block", 0, "create", "mode"), "0640"),
        Edit(("Block", 0, "rotate"), 5),
        Edit(("Block", 1, "weekly"), remove=True),
    ]
)


@given(FILES, EDITS)
@settings(max_examples=examples(500), deadline=None)
def test_the_laws_hold(source: bytes, edit: Edit) -> None:
    if hold("logrotate", source, edit):
        assert comments(lenses.put("logrotate", source, [edit])) == comments(source)


@given(st.binary(max_size=60), EDITS)
@settings(max_examples=examples(300), deadline=None)
def test_nothing_but_a_lens_error_comes_out_of_hostile_bytes(source: bytes, edit: Edit) -> None:
    hold("logrotate", source, edit)


@pytest.mark.skipif(not Path("/usr/sbin/logrotate").exists(), reason="needs logrotate")
@pytest.mark.parametrize("edit", [Edit(("rotate",), 8), Edit(("create", "mode"), "0640"), Edit(("Block", 0, "rotate"), 3)])
def test_logrotate_itself_reads_what_was_put(edit: Edit, tmp_path: Path) -> None:
    made = tmp_path / "made"
    text = lenses.put("logrotate", b"weekly\nrotate 4\ncreate\n/nowhere/x.log {\n  missingok\n  rotate 1\n}\n", [edit])
    made.write_bytes(text)
    made.chmod(0o644)
    ran = subprocess.run(["/usr/sbin/logrotate", "-d", str(made)], capture_output=True, text=True, timeout=20)
    assert ran.returncode == 0 and "error" not in ran.stderr

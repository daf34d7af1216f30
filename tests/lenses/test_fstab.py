"""What is special about fstab."""

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from setright.lenses import get, put
from setright.model import Edit
from tests.lenses.laws import comments, hold
from tests.sampling import examples

STOCK = b"""# /etc/fstab: static file system information.
#
# <file system> <mount point>   <type>  <options>       <dump>  <pass>
UUID=0a-1b /               ext4    errors=remount-ro 0       1
UUID=2c-3d /home\\040two     ext4    defaults        0       2   # people
tmpfs\t/tmp\ttmpfs\tdefaults,nosuid
/dev/sr0        /media/cdrom0   udf,iso9660 user,noauto     0       0
"""


def option(mount: int, name: str, value: object = True) -> Edit:
    return Edit(("mounts", mount, "options", name), value)


def test_fields_and_options_are_told():
    mounts = get("fstab", STOCK)["mounts"]
    assert [m["file"] for m in mounts] == ["/", "/home two", "/tmp", "/media/cdrom0"]
    assert mounts[0]["options"] == {"errors": "remount-ro"}
    assert mounts[2]["options"] == {"defaults": True, "nosuid": True}


def test_only_the_options_of_the_line_change():
    after = put("fstab", STOCK, [option(1, "nodev"), option(2, "noexec")])
    assert after == STOCK.replace(b"defaults        0       2", b"defaults,nodev        0       2").replace(
        b"defaults,nosuid", b"defaults,nosuid,noexec"
    )


def test_a_quoted_comma_parts_nothing():
    source = b'tmpfs /x tmpfs context="a:b:c1,c2",nodev 0 0\n'
    assert get("fstab", source)["mounts"][0]["options"] == {"context": '"a:b:c1,c2"', "nodev": True}
    assert put("fstab", source, [option(0, "noexec")]) == b'tmpfs /x tmpfs context="a:b:c1,c2",nodev,noexec 0 0\n'


def test_the_last_place_of_an_option_is_its_place():
    assert list(get("fstab", b"a /b ext4 nodev,dev,nodev 0 0\n")["mounts"][0]["options"]) == ["dev", "nodev"]


def test_a_new_line_is_one_that_findmnt_takes(tmp_path):
    new = {"spec": "tmpfs", "file": "/dev/shm", "vfstype": "tmpfs", "options": {"nodev": True, "noexec": True}, "rest": "0 0"}
    file = tmp_path / "fstab"
    file.write_bytes(put("fstab", b"# nothing yet\n", [Edit(("mounts", 0), new)]))
    assert file.read_bytes() == b"# nothing yet\ntmpfs\t/dev/shm\ttmpfs\tnodev,noexec\t0 0\n"
    told = subprocess.run(["findmnt", "--tab-file", str(file), "-no", "TARGET,OPTIONS"], capture_output=True, text=True)
    assert told.stdout.split() == ["/dev/shm", "nodev,noexec"]


@pytest.mark.parametrize("source", [b"", b"a /b ext4 defaults", b"a /b ext4 defaults\r\n", b"a /b\n", b"\xff /b x ro 0 0\n", STOCK])
def test_the_laws_hold_on_odd_files(source):
    hold("fstab", source, option(0, "nodev"))


@settings(max_examples=examples(300), deadline=None)
@given(
    st.lists(st.sampled_from(["a /b ext4 ro,x=1 0 0", "# c", "", "t\t/t\ttmpfs\tnodev,dev,nodev", "x /y", "u /v w o"])), st.data()
)
def test_the_laws_hold_on_made_up_files(lines, data):
    source = "\n".join(lines).encode() + data.draw(st.sampled_from([b"", b"\n", b"\r\n"]))
    name = data.draw(st.sampled_from(["nodev", "dev", "x", "ro"]))
    edit = Edit(("mounts", data.draw(st.integers(0, 3)), "options", name), data.draw(st.sampled_from([True, "2", "a b"])))
    if hold("fstab", source, edit):
        assert comments(put("fstab", source, [edit])) == comments(source)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(source):
    hold("fstab", source, option(0, "nodev"))

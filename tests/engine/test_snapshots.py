"""Snapshots come back as they were kept, tell nothing to who may not read them, and outlive a kill."""

import os
import stat
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from setright.engine.error import EngineError
from setright.engine.keys import secret_key, signing_key
from setright.engine.snapshots import Snapshots
from setright.model import Kept

SECRET = Kept("/etc/shadow", "shadow", b"root:hunter2:1\n", {"owner": "root", "mode": "0640", "xattr": {"user.a": b"\x00\xff"}})


def files(state):
    return [path for path in (state / "snapshots").rglob("*") if path.is_file()]


@settings(max_examples=60, deadline=None)
@given(data=st.none() | st.binary(), meta=st.dictionaries(st.text(), st.text() | st.integers(-(2**63), 2**63) | st.binary()))
def test_what_was_put_comes_back(tmp_path_factory, data, meta):
    snapshots = Snapshots(tmp_path_factory.getbasetemp() / "any")
    kept = Kept("/etc/x", "sshd", data, meta)
    assert snapshots.get(snapshots.put(kept)) == kept


def test_a_document_that_was_not_there_is_not_an_empty_one(tmp_path):
    snapshots = Snapshots(tmp_path)
    absent, empty = (snapshots.put(Kept("/etc/x", "sshd", data)) for data in (None, b""))
    assert absent != empty and snapshots.get(absent).data is None and snapshots.get(empty).data == b""


def test_equal_states_share_an_object_and_another_process_finds_it(tmp_path):
    first = Snapshots(tmp_path).put(SECRET)
    assert Snapshots(tmp_path).put(SECRET) == first
    assert len(files(tmp_path)) == 1 and Snapshots(tmp_path).get(first) == SECRET


def test_neither_file_nor_address_tells_the_content(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    address = Snapshots(one).put(SECRET)
    assert Snapshots(two).put(SECRET) != address
    (file,) = files(one)
    assert b"hunter2" not in file.read_bytes() and b"shadow" not in file.read_bytes()
    assert file == one / "snapshots" / address[:2] / address[2:]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and stat.S_IMODE(file.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "damage", [lambda b: b[:-1], lambda b: b"", lambda b: b[:30] + bytes([b[30] ^ 1]) + b[31:], lambda b: b + b"x"]
)
def test_a_damaged_object_is_refused_and_named_and_put_again_where_it_is_known(tmp_path, damage):
    snapshots = Snapshots(tmp_path)
    address = snapshots.put(SECRET)
    (file,) = files(tmp_path)
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(EngineError, match=address):
        snapshots.get(address)
    assert [found for found, _ in snapshots.verify()] == [address]
    assert snapshots.put(SECRET) == address and snapshots.get(address) == SECRET and list(snapshots.verify()) == []


def test_an_object_under_another_address_is_refused(tmp_path):
    snapshots = Snapshots(tmp_path)
    address, other = snapshots.put(SECRET), snapshots.put(Kept("/etc/x", "sshd", b""))
    place = tmp_path / "snapshots"
    (place / address[:2] / address[2:]).write_bytes((place / other[:2] / other[2:]).read_bytes())
    with pytest.raises(EngineError, match="damaged"):
        snapshots.get(address)


@pytest.mark.parametrize("address", ["", "../../etc/shadow", "ab", "A" * 64, "0" * 63 + "/", "0" * 64 + "\n"])
def test_only_addresses_are_looked_up(tmp_path, address):
    with pytest.raises(EngineError, match="address"):
        Snapshots(tmp_path).get(address)


def test_one_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(EngineError, match="backup"):
        Snapshots(tmp_path).get("0" * 64)


def test_a_kill_leaves_whole_objects_only(tmp_path):
    code = (
        "import sys; from pathlib import Path; from setright.engine.snapshots import Snapshots; from setright.model import Kept\n"
        "snapshots = Snapshots(Path(sys.argv[1])); number = 0\n"
        "while True: number += 1; print(snapshots.put(Kept('/etc/x', 'sshd', b'%d' % number * 5000)), flush=True)"
    )
    process = subprocess.Popen([sys.executable, "-c", code, tmp_path], stdout=subprocess.PIPE)
    told = [process.stdout.readline().strip().decode() for _ in range(20)]
    os.kill(process.pid, 9)
    told += process.communicate()[0].decode().split()
    snapshots = Snapshots(tmp_path)
    assert list(snapshots.verify()) == []
    assert all(len(address) == 64 and snapshots.get(address).data for address in told)


def test_no_room_for_a_snapshot_is_an_error(tmp_path):
    snapshots = Snapshots(tmp_path)
    (tmp_path / "snapshots").write_text("in the way")
    with pytest.raises(EngineError, match="nothing is changed"):
        snapshots.put(SECRET)


def test_a_key_is_made_once_for_its_owner_alone(tmp_path):
    assert secret_key(tmp_path, "snapshots") == secret_key(tmp_path, "snapshots") != secret_key(tmp_path, "other")
    assert stat.S_IMODE((tmp_path / "keys" / "snapshots.key").stat().st_mode) == 0o600
    signed = signing_key(tmp_path).sign(b"x")
    signing_key(tmp_path).public_key().verify(signed, b"x")


def test_processes_that_begin_at_once_share_one_key(tmp_path):
    code = (
        "import sys; from pathlib import Path; from setright.engine.keys import secret_key\n"
        "print(secret_key(Path(sys.argv[1]), 'k').hex())"
    )
    started = [subprocess.Popen([sys.executable, "-c", code, tmp_path], stdout=subprocess.PIPE) for _ in range(4)]
    assert len({process.communicate(timeout=60)[0] for process in started}) == 1


@pytest.mark.parametrize("damage", [lambda p: p.chmod(0o640), lambda p: p.write_bytes(b"short")])
@pytest.mark.parametrize("name", ["snapshots", "ledger"])
def test_a_key_that_others_may_read_or_that_is_none_is_refused(tmp_path, damage, name):
    def load():
        return signing_key(tmp_path) if name == "ledger" else secret_key(tmp_path, name)

    load()
    damage(tmp_path / "keys" / f"{name}.key")
    with pytest.raises(EngineError, match=f"{name}.key"):
        load()

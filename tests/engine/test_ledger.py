"""The ledger: what was written is there, and whatever is done to it is found and named."""

import fcntl
import os
import random
import signal
import stat
import subprocess
import sys
import threading
import time
from collections import Counter
from hashlib import sha256

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from setright.engine.error import EngineError
from setright.engine.keys import public_key
from setright.engine.ledger import Ledger, verify_ledger
from setright.engine.proof import Report
from setright.engine.record import Head, canonical

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)
RECORDS = 9


@pytest.fixture
def state(tmp_path):
    return tmp_path / "state"


def key(state):
    return public_key((state / "keys" / "ledger.pub").read_bytes())


def check(state, **more):
    return verify_ledger(state / "ledger.jsonl", key(state), **more)


def named(report):
    return [(fault.kind, fault.seq) for fault in report.faults]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A state directory with nine records, as bytes to tamper with."""
    state = tmp_path_factory.mktemp("ledger")
    ledger = Ledger(state, "ann")
    for number in range(RECORDS):
        ledger.append("tested", {"number": number})
    return state


def tampered(whole, lines, with_head=True):
    """The report on these lines instead of the ledger's."""
    place = whole / "tampered" / "ledger.jsonl"
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(b"".join(line + b"\n" for line in lines))
    head = place.with_suffix(".head")
    head.write_bytes((whole / "ledger.head").read_bytes()) if with_head else head.unlink(missing_ok=True)
    return verify_ledger(place, key(whole))


def lines(whole):
    return (whole / "ledger.jsonl").read_bytes().splitlines()


def test_what_was_appended_reads_back_in_order(state):
    ledger = Ledger(state, "ann")
    written = [ledger.append("applied", {"run": number}) for number in range(3)]
    read = [msgspec.json.decode(line) for line in lines(state)]
    assert [(r["seq"], r["actor"], r["event"], r["body"]) for r in read] == [
        (n + 1, "ann", "applied", {"run": n}) for n in range(3)
    ]
    assert [r["previous"] for r in read] == ["0" * 64, written[0].hash, written[1].hash]
    report = check(state)
    assert report == Report(3, Head(3, written[2].hash)) and report.whole


@settings(max_examples=60, deadline=None)
@given(body=PLAIN)
def test_any_body_is_recorded_and_verifies(whole, body):
    state = whole.parent / "bodies"
    Ledger(state, "ann").append("tested", body)
    assert check(state).whole


def test_a_secret_in_a_body_is_a_fingerprint_in_the_file(state):
    Ledger(state, "ann").append("applied", {"password": "hunter2", "diff": "+requirepass hunter2"})
    assert b"hunter2" not in (state / "ledger.jsonl").read_bytes()


def test_one_secret_has_one_fingerprint_over_all_processes(state):
    bodies = [Ledger(state, "ann").append("applied", {"password": "hunter2"}).body for _ in range(2)]
    assert bodies[0] == bodies[1]


def test_the_files_are_for_their_owner(state):
    Ledger(state, "ann").append("applied", {})
    for name in ("ledger.jsonl", "ledger.head", "keys/ledger.key", "keys/fingerprints.key"):
        assert stat.S_IMODE((state / name).stat().st_mode) == 0o600
    assert stat.S_IMODE((state / "keys").stat().st_mode) == 0o700


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_changed_byte_is_found_and_its_record_named(whole, data):
    good = lines(whole)
    seq = data.draw(st.integers(1, RECORDS))
    line = bytearray(good[seq - 1])
    at = data.draw(st.integers(0, len(line) - 1))
    line[at] = data.draw(st.sampled_from([b for b in range(256) if b not in (10, line[at])]))
    report = tampered(whole, [*good[: seq - 1], bytes(line), *good[seq:]])
    assert named(report) == [("changed", seq)]


def test_a_signature_written_in_another_way_is_a_change(whole):
    good = lines(whole)
    signature = msgspec.json.decode(good[0])["signature"]
    for other in (signature.upper(), f" {signature}"):
        changed = good[0].replace(signature.encode(), other.encode())
        assert named(tampered(whole, [changed, *good[1:]])) == [("changed", 1)]


@settings(max_examples=40, deadline=None)
@given(seq=st.integers(1, RECORDS), body=PLAIN, rechain=st.booleans())
def test_a_rewritten_record_is_found_even_with_its_hash_made_right(whole, seq, body, rechain):
    records = [msgspec.json.decode(line) for line in lines(whole)]
    forger = Ed25519PrivateKey.generate()
    previous = records[seq - 1]["previous"]
    for record in records[seq - 1 : None if rechain else seq]:
        record |= {"previous": previous} | ({"body": [body, "forged"]} if record["seq"] == seq else {})
        content = {k: v for k, v in record.items() if k not in ("hash", "signature")}
        previous = record["hash"] = sha256(canonical(content)).hexdigest()
        record["signature"] = forger.sign(bytes.fromhex(previous)).hex()
    report = tampered(whole, [canonical(record) for record in records])
    assert named(report) == [("changed", n) for n in (range(seq, RECORDS + 1) if rechain else [seq])]


@settings(max_examples=60, deadline=None)
@given(first=st.integers(1, RECORDS), count=st.integers(1, RECORDS))
def test_dropped_records_are_found_and_named(whole, first, count):
    good = lines(whole)
    last = min(first + count - 1, RECORDS)
    report = tampered(whole, good[: first - 1] + good[last:])
    assert named(report) == [("tail" if last == RECORDS else "dropped", first)]
    assert str(first) in report.faults[0].what and str(last) in report.faults[0].what


@settings(max_examples=60, deadline=None)
@given(seq=st.integers(1, RECORDS), to=st.integers(1, RECORDS))
def test_a_moved_record_is_found_and_named(whole, seq, to):
    moved = lines(whole)
    moved.insert(to - 1, moved.pop(seq - 1))
    report = tampered(whole, moved)
    if to == seq:
        assert report.whole
    elif to > seq:
        assert named(report) == [("reordered", seq)]
    else:
        assert named(report) == [("reordered", n) for n in range(to, seq)]


@settings(max_examples=60, deadline=None)
@given(at=st.integers(0, RECORDS), what=st.sampled_from(["copy", "forged", "text"]), of=st.integers(1, RECORDS))
def test_an_inserted_record_is_found_and_named(whole, at, what, of):
    good = lines(whole)
    forged = msgspec.json.decode(good[of - 1]) | {"signature": "00" * 64}
    line = {"copy": good[of - 1], "forged": canonical(forged), "text": b"nothing was done"}[what]
    report = tampered(whole, [*good[:at], line, *good[at:]])
    faults = named(report)
    assert faults and {kind for kind, _ in faults} <= {"inserted", "reordered"}
    if what != "copy":
        assert faults == [("inserted", at + 1)]
    elif of <= at:
        assert faults == [("inserted", of)]


def test_a_dropped_tail_needs_a_head_to_be_seen(whole):
    good = lines(whole)
    report = tampered(whole, good[:-2], with_head=False)
    assert report.whole and "would not show" in report.notes[0]
    full = check(whole)
    place = whole / "tampered" / "ledger.jsonl"
    assert named(verify_ledger(place, key(whole), head=full.head)) == [("tail", RECORDS - 1)]


def test_a_forged_head_is_found(whole):
    good = lines(whole)
    tampered(whole, good[:3])
    place = whole / "tampered" / "ledger.jsonl"
    forged = Head(3, msgspec.json.decode(good[2])["hash"], "00" * 64)
    place.with_suffix(".head").write_bytes(canonical(forged))
    assert named(verify_ledger(place, key(whole))) == [("head", 0)]


def test_another_history_signed_by_the_same_key_is_found(whole, tmp_path):
    (tmp_path / "keys").symlink_to(whole / "keys")
    other = Ledger(tmp_path, "ann")
    for number in range(RECORDS):
        other.append("tested", {"other": number})
    good, fork = lines(whole), lines(tmp_path)
    assert ("fork", 5) in named(tampered(whole, good[:4] + fork[4:]))


def test_the_wrong_public_key_verifies_nothing(whole):
    report = verify_ledger(whole / "ledger.jsonl", Ed25519PrivateKey.generate().public_key())
    assert {kind for kind, _ in named(report)} == {"changed", "head"} and len(report.faults) == RECORDS + 1


def test_a_ledger_that_is_not_there_is_an_error_not_a_pass(whole):
    with pytest.raises(EngineError, match=r"ledger\.jsonl"):
        verify_ledger(whole / "no.jsonl", key(whole))


@pytest.mark.parametrize("drop", [1, 3, RECORDS])
def test_nothing_is_appended_over_a_dropped_tail(state, drop):
    ledger = Ledger(state, "ann")
    for number in range(RECORDS):
        ledger.append("tested", {"number": number})
    (state / "ledger.jsonl").write_bytes(b"".join(line + b"\n" for line in lines(state)[:-drop]))
    for writer in (ledger, Ledger(state, "ann")):
        with pytest.raises(EngineError, match=f"record {RECORDS} was signed last"):
            writer.append("tested", {})
    assert len(lines(state)) == RECORDS - drop


def test_nothing_is_appended_where_the_head_is_gone_or_the_last_record_is_not_ours(state):
    ledger = Ledger(state, "ann")
    ledger.append("tested", {})
    ledger.append("tested", {})
    head = (state / "ledger.head").read_bytes()
    (state / "ledger.head").unlink()
    with pytest.raises(EngineError, match=r"ledger\.head is gone"):
        Ledger(state, "ann").append("tested", {})
    (state / "ledger.head").write_bytes(head)
    file = state / "ledger.jsonl"
    file.write_bytes(file.read_bytes().replace(b'"tested"', b'"nothin"'))
    with pytest.raises(EngineError, match="tampered"):
        Ledger(state, "ann").append("tested", {})


@pytest.mark.parametrize("torn", [b"{", b'{"seq":3', b"\0" * 5000, b"x" * 200_000])
def test_a_torn_line_is_noted_kept_aside_and_recorded(state, torn):
    Ledger(state, "ann").append("tested", {})
    with (state / "ledger.jsonl").open("ab") as file:
        file.write(torn)
    report = check(state)
    assert report.whole and "unfinished line" in report.notes[0]
    ledger = Ledger(state, "ann")
    ledger.append("tested", {"after": True})
    read = [msgspec.json.decode(line) for line in lines(state)]
    assert [r["event"] for r in read] == ["tested", "ledger.mended", "tested"]
    assert (state / read[1]["body"]["kept_as"]).read_bytes() == torn
    assert check(state) == Report(3, Head(3, read[2]["hash"]))


def test_a_torn_first_line_is_mended_too(state):
    ledger = Ledger(state, "ann")
    (state / "ledger.jsonl").write_bytes(b'{"ac')
    ledger.append("tested", {})
    assert [msgspec.json.decode(line)["event"] for line in lines(state)] == ["ledger.mended", "tested"]
    assert check(state).whole


def test_a_crash_before_the_head_was_written_is_no_fault(state):
    ledger = Ledger(state, "ann")
    ledger.append("tested", {})
    behind = (state / "ledger.head").read_bytes()
    ledger.append("tested", {})
    (state / "ledger.head").write_bytes(behind)
    assert check(state).whole
    assert Ledger(state, "ann").append("tested", {}).seq == 3
    assert check(state).whole


def test_a_record_longer_than_a_read_is_found_again(state):
    Ledger(state, "ann").append("tested", {"long": "x" * 300_000})
    Ledger(state, "ann").append("tested", {"long": "y" * 70_000})
    assert Ledger(state, "ann").append("tested", {}).seq == 3
    assert check(state).whole


def test_a_full_disk_leaves_no_part_of_a_record(state):
    ledger = Ledger(state, "ann")
    ledger.append("tested", {})
    code = (
        "import resource, signal, sys; from pathlib import Path; from setright.engine.ledger import Ledger\n"
        "from setright.engine.error import EngineError\n"
        f"ledger = Ledger(Path({str(state)!r}), 'ann'); signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try: ledger.append('tested', {'long': 'x' * 2000})\n"
        "except EngineError as error: sys.exit(0 if 'make room' in str(error) else 1)\n"
        "sys.exit(2)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
    assert check(state) == Report(1, check(state).head)
    assert ledger.append("tested", {}).seq == 2


def test_threads_of_one_process_take_turns(state):
    ledger = Ledger(state, "ann")
    threads = [threading.Thread(target=lambda: [ledger.append("tested", {}) for _ in range(10)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert check(state).whole and check(state).records == 40


def test_a_ledger_is_verified_while_others_append(state):
    ledger = Ledger(state, "ann")
    ledger.append("tested", {})
    thread = threading.Thread(target=lambda: [ledger.append("tested", {}) for _ in range(60)])
    thread.start()
    while thread.is_alive():
        report = check(state)
        assert report.whole and not report.notes
    thread.join()


APPENDER = """
import sys
from pathlib import Path
from setright.engine.ledger import Ledger
ledger = Ledger(Path(sys.argv[1]), sys.argv[2])
number = 0
while True:
    number += 1
    ledger.append("tested", {"number": number, "fill": "x" * (number * 997 % 9000)})
    print(number, flush=True)
"""


def test_processes_killed_in_the_middle_leave_a_ledger_that_verifies(state):
    chance = random.Random(7)
    told = Counter()
    for round_ in range(3):
        started = {
            f"p{round_}.{n}": subprocess.Popen([sys.executable, "-c", APPENDER, state, f"p{round_}.{n}"], stdout=subprocess.PIPE)
            for n in range(3)
        }
        for process in started.values():
            process.stdout.readline()
        for process in started.values():
            time.sleep(chance.uniform(0.02, 0.3))
            process.send_signal(signal.SIGKILL)
        for name, process in started.items():
            told[name] = 1 + len(process.communicate(timeout=20)[0].splitlines())
    Ledger(state, "end").append("tested", {})
    report = check(state)
    assert report.whole and not report.notes
    written = Counter(msgspec.json.decode(line)["actor"] for line in lines(state))
    assert all(written[name] >= count for name, count in told.items())


def test_a_killed_holder_of_the_lock_blocks_nobody(state):
    Ledger(state, "ann").append("tested", {})
    code = "import fcntl, sys, time; f = open(sys.argv[1]); fcntl.flock(f, fcntl.LOCK_EX); print(1, flush=True); time.sleep(60)"
    holder = subprocess.Popen([sys.executable, "-c", code, state / "ledger.jsonl"], stdout=subprocess.PIPE)
    holder.stdout.readline()
    with (state / "ledger.jsonl").open() as file, pytest.raises(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.kill(holder.pid, signal.SIGKILL)
    holder.communicate()
    assert Ledger(state, "ann").append("tested", {}).seq == 2

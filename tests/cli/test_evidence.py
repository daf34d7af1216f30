"""The evidence of a real run: checked by somebody who has nothing but the file and a public key."""

import io
import json
import random
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from setright.engine.evidence.archive import laid_out
from setright.engine.evidence.check import check
from setright.engine.keys import public_key

from .conftest import ASK, BOTH, Program

SECRET = "correct-horse-battery"
PAST_FRAME = 46  # bytes of an archive's end record and its comment's length


@pytest.fixture
def packed(setright: Program) -> tuple[Path, Path, Program]:
    """A pack, the public key, and the program that made them."""
    setright("scan", ".", *BOTH, "--format", "json")
    setright("fix", ".", "--control", ASK, "--all", "--yes", "--format", "json")
    run = setright("runs", "-n", "1", "--format", "json").json["runs"][0]["id"]
    assert setright("evidence", run, "-o", "evidence.zip").code == 0
    assert setright("ledger", "key", "-o", "ledger.pub").code == 0
    return setright.tree / "evidence.zip", setright.tree / "ledger.pub", setright


def files(pack: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(pack)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def read(pack: Path, name: str):
    found = [data for path, data in files(pack.read_bytes()).items() if path.endswith(name)]
    return json.loads(found[0])


def flaws(pack: bytes, key: Path) -> list[tuple[str, str]]:
    return [(flaw.place, flaw.what) for flaw in check(pack, public_key(key.read_bytes())).flaws]


def test_a_stranger_checks_it_with_the_key_alone(packed, tmp_path):
    pack, key, _ = packed
    elsewhere = tmp_path / "auditor"
    elsewhere.mkdir()
    state = elsewhere / "state"
    ran = subprocess.run(
        [
            *(sys.executable, "-c", "from setright.cli import main; main(prog_name='setright')"),
            *("ledger", "verify", "--pack", str(pack), "--key", str(key), "--format", "json"),
        ],
        cwd=elsewhere,
        env={"PATH": "/usr/bin:/bin", "HOME": str(elsewhere), "SETRIGHT_STATE": str(state)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    told = json.loads(ran.stdout)
    assert told["whole"] and told["records"] >= 4 and not state.exists()


def test_it_says_what_was_done_who_decided_and_what_came_of_it(packed):
    pack, _, _ = packed
    assert read(pack, "run.json")["plans"][0]["outcome"] == "verified"
    decided = read(pack, "decision.json")
    assert decided["lane"] == "ask" and decided["reason"] and decided["approvals"][0]["by"] and decided["breaks_if"]
    checks = read(pack, "checks.json")
    assert checks["found_before"][0]["finding"]["control"] == ASK
    assert [each["wrong"] for each in checks["checked"]] == [[]] and checks["outcome"] == "verified"
    named = files(pack.read_bytes())
    before = next(data for name, data in named.items() if name.endswith("document-01-before.txt"))
    after = next(data for name, data in named.items() if name.endswith("document-01-after.txt"))
    diff = next(data for name, data in named.items() if name.endswith("document-01.diff"))
    assert b"= false" in before and b"storage_encrypted       = true" in after and b"+  storage_encrypted" in diff
    events = [json.loads(line)["event"] for line in named["ledger.jsonl"].splitlines()]
    assert events == ["approved", "snapshot", "writing", "checked", "verified"]


def test_no_secret_is_in_it(packed):
    pack, _, setright = packed
    assert SECRET in setright.file.read_text(), "the secret is in the document"
    everything = b"".join(files(pack.read_bytes()).values()) + pack.read_bytes()
    assert SECRET.encode() not in everything and b"<secret sha256:" in everything


def test_any_changed_byte_is_told_with_its_place(packed):
    pack, key, _ = packed
    whole = pack.read_bytes()
    assert flaws(whole, key) == []
    rng = random.Random(7)
    places = [*range(60), *(rng.randrange(len(whole)) for _ in range(200)), *range(len(whole) - PAST_FRAME, len(whole))]
    for place in places:
        changed = bytearray(whole)
        changed[place] ^= 1 << rng.randrange(8)
        assert flaws(bytes(changed), key), f"a change of byte {place} does not show"


def test_a_changed_file_is_named(packed):
    pack, key, _ = packed
    named = files(pack.read_bytes())
    for name in set(named) - {"manifest.json", "manifest.sig"}:
        (place, what), *_ = flaws(laid_out(named | {name: named[name] + b" "}), key)
        assert place.startswith(name) and "changed" in what


def test_a_file_that_is_missing_or_was_put_in_is_named(packed):
    pack, key, _ = packed
    named = files(pack.read_bytes())
    for name in set(named) - {"manifest.json", "manifest.sig"}:
        assert (name, "is missing") in flaws(laid_out({n: d for n, d in named.items() if n != name}), key)
    assert flaws(laid_out(named | {"more.txt": b"x"}), key) == [("more.txt", "is not in the signed list: it was put in")]
    assert flaws(laid_out({n: d for n, d in named.items() if n != "manifest.sig"}), key)


def test_a_cut_tail_is_told_with_its_place(packed):
    pack, key, _ = packed
    whole = pack.read_bytes()
    for length in (0, 1, 100, len(whole) // 3, len(whole) // 2, len(whole) - 200, len(whole) - 1):
        assert flaws(whole[:length], key), f"{length} bytes pass for all"
    assert flaws(whole[:-1], key) == [(f"byte {len(whole) - 1}", "the archive is cut: 1 bytes are missing at its end")]
    assert flaws(whole + b"x", key)[0][0] == f"byte {len(whole)}"


def test_a_record_taken_out_of_the_ledger_shows_even_in_a_list_of_ours_that_was_not_signed_anew(packed):
    pack, key, _ = packed
    named = files(pack.read_bytes())
    lines = named["ledger.jsonl"].splitlines(keepends=True)
    told = flaws(laid_out(named | {"ledger.jsonl": b"".join(lines[:2] + lines[3:])}), key)
    seq = json.loads(lines[2])["seq"]
    assert (f"record {seq}", "is missing") in told


def test_another_key_proves_nothing(packed, tmp_path):
    from setright.engine.keys import public_pem, signing_key

    pack, _, setright = packed
    (tmp_path / "other").mkdir(mode=0o700)
    other = tmp_path / "other.pub"
    other.write_bytes(public_pem(signing_key(tmp_path / "other").public_key()))
    ran = setright("ledger", "verify", "--pack", str(pack), "--key", str(other))
    assert ran.code == 1 and "not of this key" in ran.out
    assert setright("ledger", "verify", "--pack", str(pack)).code == 2


def test_a_rollback_has_evidence_of_its_own(packed):
    _, key, setright = packed
    run = setright("runs", "-n", "1", "--format", "json").json["runs"][0]["id"]
    setright("rollback", run)
    back = setright("runs", "-n", "1", "--format", "json").json["runs"][0]["id"]
    assert setright("evidence", back, "-o", "back.zip").code == 0
    assert setright("ledger", "verify", "--pack", "back.zip", "--key", str(key)).code == 0
    assert read(setright.tree / "back.zip", "checks.json")["outcome"] == "reverted"


def test_packing_is_recorded_and_a_run_that_is_not_there_is_refused(packed):
    _, _, setright = packed
    ledger = (Path(setright.env["SETRIGHT_STATE"]) / "ledger.jsonl").read_bytes().splitlines()
    assert json.loads(ledger[-1])["event"] == "evidence packed"
    assert setright("ledger", "verify").code == 0
    ran = setright("evidence", "r000000-000000-0000")
    assert ran.code != 0 and "no run of ours" in ran.err


@pytest.mark.parametrize("junk", [b"", b"PK\x03\x04", b"PK\x03\x04" + b"\xff" * 40, b"\x00" * 5000, b"PK\x05\x06" + b"\0" * 18])
def test_what_is_no_pack_is_told_and_never_crashes(packed, junk):
    assert flaws(junk, packed[1])

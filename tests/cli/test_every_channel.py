"""What is promised of every channel, over every type that there is: no secret, a dry run that sends nothing, and switches."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from setright.engine.adding import toml_table
from setright.engine.channels import MODULES
from tests.integrations.rigs import RIGS, Rig, moto_server

from .conftest import ASK, MAIN_TF, Program

PLANTED = {
    "in a value": "correct-horse-battery",
    "in a comment": "glpat-plantedPlanted0123456",
    "in a reason": "ghp_plantedPlantedPlanted0123456789abcd",
    "in another reason": "Sup3r-Planted-99",
    "a key": "wJalrXUtnFEMIplantedbPxRfiCYEXAMPLEKEY12",
}
TREE = MAIN_TF.replace("until the migration is done", f"glab login --token {PLANTED['in a comment']}").replace(
    '"shop"\n  storage', f'"shop"\n  tags = {{ AWS_SECRET_ACCESS_KEY = "{PLANTED["a key"]}" }}\n  storage'
)
REASON = f"until OPS-12; curl -H 'Authorization: token {PLANTED['in a reason']}'; password={PLANTED['in another reason']}"
OWNERS = '[[owners]]\nname = "web"\ncontact = "web@example.com"\ntargets = ["*"]\n\n'
OTHERS = {"owners": ["nobody"], "severities": ["nothing"], "lanes": ["never"], "targets": ["ssh://*"], "events": ["switch.*"]}
OURS = {"owners": ["web"], "severities": ["*i*", "low"], "lanes": ["a*", "hand"], "targets": ["*"], "events": ["finding.*"]}
EVERYTHING = {"events": ["*"]}


class Told(NamedTuple):
    """The program after a journey with every channel there is, and what it said on the way."""

    program: Program
    rigs: dict[str, Rig]
    foreseen: dict[str, int]
    before_sending: dict[str, bytes]
    said: str
    lines: dict[str, dict[str, object]]


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    yield from moto_server()


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory, moto: str) -> Iterator[Told]:
    patch = pytest.MonkeyPatch()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        patch.setenv(name, "testing")
    program = Program(tmp_path_factory.mktemp("every"))
    program.file.write_text(TREE)
    rigs = {name: make(tmp_path_factory.mktemp(name), moto) for name, make in RIGS.items() if name in MODULES}
    text = OWNERS
    for sort, rig in rigs.items():
        (table, env) = _named(sort, rig)
        program.env |= env
        text += toml_table(sort, {"type": sort, **table, **EVERYTHING})
        for key, value in OTHERS.items():
            text += toml_table(f"{sort}-not-{key}", {"type": sort, **table, "events": ["finding.*"], key: value})
        text += toml_table(f"{sort}-of", {"type": sort, **table, **OURS})
        text += toml_table(f"{sort}-off", {"type": sort, **table, **EVERYTHING, "off": True})
    (program.tree / "setright.toml").write_text('fallback = "web"\n' + text)
    yield _journey(program, rigs)
    for rig in rigs.values():
        rig.close()
    patch.undo()


def _named(sort: str, rig: Rig) -> tuple[dict[str, object], dict[str, str]]:
    """Each rig's secret at a place of its own."""
    name = f"SECRET_OF_{sort.upper()}"
    table = {key: f"env:{name}" if value == "env:SECRET_OF_IT" else value for key, value in rig.table.items()}
    return table, dict.fromkeys([name] if rig.env else [], rig.env.get("SECRET_OF_IT", ""))


def _journey(program: Program, rigs: dict[str, Rig]) -> Told:
    """Findings, an exception, a fix and its end. First with all channels held back, so that a dry run has something to say."""
    state = Path(program.env["SETRIGHT_STATE"])
    said = [program("integrations", "list")]
    _hold(state, "9999")
    said.append(program("scan", ".", "--control", "aws/rds/*", "--format", "json", "--fail-on", "never"))
    found = {each["control"]: each["id"] for each in said[-1].json["findings"]}
    said.append(program("except", found[ASK], "--reason", REASON, "--until", "30d"))
    dry = program("integrations", "send", "--dry-run", "--format", "json")
    said += [dry, program("integrations", "send", "--dry-run")]
    before = {sort: rig.taken() for sort, rig in rigs.items() if sort != "syslog"}  # its log is waited for
    _hold(state, "")
    said.append(program("fix", ".", "--control", "aws/rds/*", "--all", "--yes"))
    said.append(program("scan", ".", "--control", "aws/rds/*", "--fail-on", "never"))
    said += [program("integrations", "test", sort) for sort in rigs]
    listed = program("integrations", "list", "--format", "json")
    foreseen = {each["channel"]: len(each["waiting"]) for each in dry.json["channels"]}
    lines = {each["channel"]: each for each in listed.json["channels"]}
    return Told(program, rigs, foreseen, before, "\n".join(each.out + each.err for each in said), lines)


def _hold(state: Path, until: str) -> None:
    with sqlite3.connect(state / "setright.db") as database:
        names = [line.split(".")[1].rstrip("]\n") for line in _tables(state)]
        rows = [(name, until) for name in names]
        database.executemany(
            "INSERT INTO channels (channel, next_at) VALUES (?, ?) ON CONFLICT (channel) DO UPDATE SET next_at = excluded.next_at",
            rows,
        )


def _tables(state: Path) -> list[str]:
    text = (state.parent / "tree" / "setright.toml").read_text()
    return [line for line in text.splitlines() if line.startswith("[integrations.")]


def test_every_type_has_a_rig():
    assert RIGS.keys() == MODULES.keys()


@pytest.mark.parametrize("sort", MODULES)
def test_no_planted_secret_reaches_it(told: Told, sort: str):
    taken = told.rigs[sort].taken()
    assert ASK.encode() in taken or b"encrypt" in taken
    assert [where for where, secret in PLANTED.items() if secret.encode() in taken] == []


@pytest.mark.parametrize("sort", MODULES)
def test_its_own_secret_is_shown_and_kept_nowhere(told: Told, sort: str):
    kept = b"".join(f.read_bytes() for f in Path(told.program.env["SETRIGHT_STATE"]).rglob("*") if f.is_file())
    for secret in told.rigs[sort].env.values():
        assert secret not in told.said and secret.encode() not in kept


@pytest.mark.parametrize("sort", MODULES)
def test_a_dry_run_says_how_much_waits_and_sends_nothing(told: Told, sort: str):
    assert told.foreseen[sort] > 3 and told.before_sending.get(sort, b"") == b""
    assert f"{sort}: {told.foreseen[sort]} would be sent\n" in told.said


@pytest.mark.parametrize("sort", MODULES)
def test_everything_of_the_journey_was_sent_and_nothing_set_aside(told: Told, sort: str):
    line = told.lines[sort]
    assert (line["waiting"], line["set_aside"], line["error"]) == (0, 0, "") and line["sent"] > told.foreseen[sort]


@pytest.mark.parametrize("key", OTHERS)
@pytest.mark.parametrize("sort", MODULES)
def test_it_is_switched_by_owner_severity_lane_target_and_event(told: Told, sort: str, key: str):
    assert told.lines[f"{sort}-not-{key}"]["sent"] == told.lines[f"{sort}-not-{key}"]["waiting"] == 0
    assert told.lines[f"{sort}-of"]["sent"] >= 2
    assert told.lines[f"{sort}-off"]["sent"] == told.lines[f"{sort}-off"]["waiting"] == 0


def test_the_journey_has_all_that_was_planted(told: Told):
    source = told.program.tree.joinpath("main.tf").read_text() + REASON
    assert all(secret in source for secret in PLANTED.values())
    assert b"token <secret sha256:" in told.rigs["webhook"].taken()

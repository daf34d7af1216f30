"""What there is to do is said once for each fix, in the same words wherever it is said."""

from setright.engine.advice import Advice, advice_markdown, general
from setright.engine.store import ToldFinding
from setright.engine.ticket_words import Matter, draft
from setright.integrations.tickets import BulletList, Paragraph
from tests.cli.conftest import ASK, AUTO, setright  # noqa: F401 - fixtures
from tests.content import shipped

CATALOGUE = shipped()
HAND = "actions/job/hosted-runners"
OPEN = ToldFinding("a1", HAND, "t", "high", ".", "a", "2026-01-02T00:00:00Z", None, 0, "web", (), 40, "hand")
WORKFLOW = "on: pull_request\njobs:\n  a:\n    runs-on: self-hosted\n    steps:\n      - run: echo\n"


def test_two_places_of_one_fault_are_one_thing_to_do(setright):  # noqa: F811
    text = setright.file.read_text()
    (setright.tree / "second.tf").write_text(text.replace('"shop"', '"other"'))
    told = setright("plan", ".", "--control", ASK, "--format", "markdown").out
    assert told.count("## Put right: ") == 1 and told.count("aws\\_db\\_instance") == 2
    for part in ("What is wrong", "What could happen", "What to do", "What it may break, and how we know", "What it does", "More"):
        assert told.count(f"**{part}.**") == 1, part
    assert CATALOGUE.control(ASK).title in told and "cannot be undone" in told
    assert "correct-horse" not in told


def test_the_steps_are_those_of_the_lane(setright):  # noqa: F811
    (setright.tree / ".github" / "workflows").mkdir(parents=True)
    (setright.tree / ".github" / "workflows" / "a.yml").write_text(WORKFLOW)
    words = [word for control in (AUTO, ASK, HAND) for word in ("--control", control)]
    told = setright("plan", ".", *words, "--format", "markdown").out
    parts = {part.split("`")[1]: part for part in told.split("## Put right: ")[1:]}
    assert f"1. Run: setright fix . --control {AUTO}" in parts[AUTO]
    assert "--ask" in parts[ASK] and "setright approve" in parts[ASK] and "setright apply --approved" in parts[ASK]
    assert "1. Run jobs for pull requests on GitHub's machines." in parts[HAND] and "setright fix" not in parts[HAND]
    assert f"Look again: setright scan . --control {HAND}" in parts[HAND]


def test_the_steps_that_it_names_do_what_they_say(setright):  # noqa: F811
    told = setright("plan", ".", "--control", ASK, "--format", "markdown").out
    commands = [line.partition("setright ")[2].split() for line in told.splitlines() if ": setright " in line]
    for command in commands:
        assert setright(*command, *(["--yes"] if command[0] in ("approve", "apply") else [])).code == 0, command
    assert "storage_encrypted       = true" in setright.file.read_text()


def test_a_finding_and_a_plan_are_explained_in_the_same_words(setright):  # noqa: F811
    found = setright("scan", ".", "--control", ASK, "--format", "json").json["findings"][0]
    plan = setright("plan", ".", "--control", ASK, "--ask", "--format", "json").json["plans"][0]
    assert (
        setright("explain", found["id"], ".", "--format", "markdown").out
        == setright("explain", plan["hash"], "--format", "markdown").out
    )
    assert "## Put right: " in setright("explain", found["id"], ".", "--format", "markdown").out


def test_a_ticket_says_the_same_steps_and_fears():
    control = CATALOGUE.control(HAND)
    advice = general(control)
    body = draft("key", Matter(HAND, "web", "", (OPEN,)), control, 0, 0).body
    assert Paragraph(advice.happens) == body[0]
    assert BulletList((*advice.steps, f"Look again: setright scan . --control {HAND}")) in body and len(advice.steps) > 2
    assert any(isinstance(block, Paragraph) and control.source in block.text for block in body)


def test_nothing_in_it_is_markup_that_was_not_meant():
    odd = Advice("a/b", "x [y](http://evil)", "low", ("<script>",), "*h*", ("`s`",), ("f|",), "e", "", ("https://a.example",))
    told = advice_markdown([odd])
    assert "<script>" not in told.replace("\\<", "") and "[y](" not in told


def test_every_control_can_be_told():
    for name in CATALOGUE.ids():
        advice = general(CATALOGUE.control(name))
        assert advice.title and advice.happens and advice.links[0].startswith("http"), name
        assert not CATALOGUE.control(name).by_hand.strip() or advice.steps, name

"""A plan as a playbook: it holds together as CACAO 2.0 demands, and its commands do what the plan says."""

import re
import shlex

from .conftest import ASK, AUTO, BOTH, Program

IDENTIFIER = re.compile(r"[a-z][a-z0-9-]+[a-z0-9]--[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def made(setright: Program, *words: str):
    ran = setright("plan", ".", *words, "-o", "plan.json", "--format", "cacao")
    assert ran.code == 0, ran.err
    return ran.json


def in_order(book):
    """The steps as an engine goes through them."""
    at, seen = book["workflow_start"], []
    while at:
        step = book["workflow"][at]
        seen.append(step)
        at = step.get("on_completion") or step.get("on_success")
    return seen


def test_a_playbook_holds_together(setright: Program):
    book = made(setright, *BOTH)
    assert (book["type"], book["spec_version"]) == ("playbook", "cacao-2.0")
    assert MOMENT.fullmatch(book["created"]) and MOMENT.fullmatch(book["valid_until"]) and book["modified"] >= book["created"]
    names = [book["id"], book["created_by"], *book["workflow"], *book["agent_definitions"]]
    assert all(IDENTIFIER.fullmatch(name) for name in names) and len(set(names)) == len(names)
    steps = in_order(book)
    assert [step["type"] for step in steps] == ["start", "action", "action", "action", "end"]
    assert len(steps) == len(book["workflow"]), "every step is reached"
    for name, step in book["workflow"].items():
        assert name.startswith(f"{step['type']}--")
        if step["type"] == "action":
            assert step["agent"] in book["agent_definitions"] and step["commands"]
            assert step["on_failure"] in book["workflow"] and "on_completion" not in step
    activities = {c.get("playbook_activity") for step in steps for c in step.get("commands", ())} - {None}
    assert activities == set(book["playbook_activities"])


def test_the_same_plans_give_the_same_playbook(setright: Program):
    first, second = made(setright, *BOTH), made(setright, *BOTH)
    assert first["id"] == second["id"] and list(first["workflow"]) == list(second["workflow"])


def test_its_commands_put_right_what_the_plan_says(setright: Program):
    book = made(setright, *BOTH)
    shells = [c["command"] for step in in_order(book) for c in step.get("commands", ()) if c["type"] == "bash"]
    apply, look = (shlex.split(command) for command in shells)
    assert apply[0] == look[0] == "setright"
    ran = setright(*apply[1:], "--format", "json")
    assert ran.code == 0 and {plan["outcome"] for plan in ran.json["plans"]} == {"verified"}
    assert setright(*look[1:]).code == 0


def test_who_must_be_asked_is_asked_first_and_what_is_by_hand_is_a_step(setright: Program):
    asked = in_order(made(setright, "--control", ASK))
    assert asked[1]["commands"][0]["type"] == "manual" and "owners" in asked[1]["commands"][0]["command"]
    alone = in_order(made(setright, "--control", AUTO))
    assert [c["type"] for step in alone for c in step.get("commands", ())] == ["bash", "bash"]
    assert "correct-horse" not in str(made(setright, "--baseline", "all"))


def test_a_playbook_without_a_plan_file_is_refused(setright: Program):
    ran = setright("plan", ".", "--format", "cacao")
    assert ran.code == 2 and "-o FILE" in ran.err

"""A plan as a playbook: it holds together as CACAO 2.0 demands, and its steps do what the plan says, by command and by API."""

import json
import os
import re
import shlex
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from tests.web.conftest import ONE, PEOPLE, ask, started  # noqa: F401 - fixture

from .conftest import ASK, AUTO, BOTH, Program

SCHEMA = json.loads((Path(__file__).parent / "schemas" / "cacao-2.0.json").read_text())
PUBLISHED = Path(os.environ.get("SETRIGHT_CACAO_SCHEMAS", Path.home() / ".cache" / "setright-corpora" / "cacao-json-schemas"))
IDENTIFIER = re.compile(r"[a-z][a-z0-9-]+[a-z0-9]--[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
FILES = {
    "Dockerfile": "FROM debian\nRUN apt-get update && sudo apt-get install -y curl\n",
    "pod.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n    - name: a\n      image: nginx:1.27\n"
    "      securityContext: {privileged: true}\n",
    "template.yaml": "Resources:\n  Data:\n    Type: AWS::S3::Bucket\n    Properties:\n      BucketName: data\n",
    "compose.yaml": "services:\n  web:\n    image: nginx:1.27\n    privileged: true\n    network_mode: host\n",
    "etc/ssh/sshd_config": "PermitRootLogin yes\nPasswordAuthentication yes\n",
}


def made(setright: Program, *words: str, kept=("-o", "plan.json")):
    ran = setright("plan", *(words or ["."]), *kept, "--format", "cacao")
    assert ran.code == 0, ran.err
    valid(ran.json)
    return ran.json


def valid(book):
    """As the schema wants it, and what no schema can say: references lead somewhere, every step is reached."""
    Draft202012Validator(SCHEMA).validate(book)
    published(book)
    names = [book["id"], book["created_by"], *book["workflow"], *book["agent_definitions"]]
    assert all(IDENTIFIER.fullmatch(name) for name in names)
    assert len({name.partition("--")[2] for name in names}) == len(names), "no two objects share the random part"
    variables = set(book.get("playbook_variables", ()))
    assert set(re.findall(r"(__\w+__):value", json.dumps(book))) == variables
    reached, new = set(), [book["workflow_start"]]
    while new:
        name = new.pop()
        if name not in reached:
            reached.add(name)
            step = book["workflow"][name]
            assert (
                name.startswith(f"{step['type']}--")
                and step.get("agent", next(iter(book["agent_definitions"]))) in book["agent_definitions"]
            )
            assert set(step.get("in_args", ())) <= variables
            new += [step[key] for key in ("on_completion", "on_success", "on_failure") if key in step]
    assert reached == book["workflow"].keys()
    for agent in book["agent_definitions"].values():
        assert agent.get("authentication_info", "") in ["", *book.get("authentication_info_definitions", ())]
    commands = [command for step in book["workflow"].values() for command in step.get("commands", ())]
    activities = {command["playbook_activity"] for command in commands if "playbook_activity" in command}
    assert activities == set(book.get("playbook_activities", ()))


def published(book):
    """Where OASIS's own schemas lie beside us (github.com/oasis-open/cacao-json-schemas), by those too."""
    held = [json.loads(file.read_text()) for file in sorted(PUBLISHED.rglob("*.json"))]
    registry = Registry().with_resources([(each["$id"], Resource.from_contents(each)) for each in held if "$id" in each])
    for whole in (each for each in held if each.get("title") == "playbook"):
        Draft202012Validator(whole, registry=registry).validate(book)


def in_order(book):
    """The steps as an engine goes through them where all goes well."""
    at, seen = book["workflow_start"], []
    while at:
        step = book["workflow"][at]
        seen.append(step)
        at = step.get("on_completion") or step.get("on_success")
    return seen


def test_a_playbook_holds_together(setright: Program):
    book = made(setright, ".", *BOTH)
    assert [step["type"] for step in in_order(book)] == ["start", "action", "action", "action", "end"]
    assert [step["name"] for step in in_order(book)] == ["Start", "Decide", "Apply the plan", "Look again", "End"]


@pytest.mark.parametrize("name", FILES)
def test_plans_of_every_surface_make_playbooks_that_hold(setright: Program, name):
    place = setright.tree / "host" / name
    place.parent.mkdir(parents=True)
    place.write_text(FILES[name])
    target = f"root:{setright.tree}/host" if name.startswith("etc") else "host"
    book = made(setright, target, "--baseline", "all")
    assert len(book["workflow"]) > 3
    valid(made(setright, target, "--baseline", "all", kept=["--ask"]))


def test_the_same_plans_give_the_same_playbook(setright: Program):
    first, second = made(setright, ".", *BOTH), made(setright, ".", *BOTH)
    assert first["id"] == second["id"] and list(first["workflow"]) == list(second["workflow"])


def test_its_commands_put_right_what_the_plan_says_and_lead_back(setright: Program):
    book = made(setright, ".", *BOTH)
    shells = [step for step in in_order(book) if any(c["type"] == "bash" for c in step.get("commands", ()))]
    apply, look = (shlex.split(step["commands"][0]["command"]) for step in shells)
    assert apply[0] == look[0] == "setright"
    ran = setright(*apply[1:], "--format", "json")
    assert ran.code == 0 and {plan["outcome"] for plan in ran.json["plans"]} == {"verified"}
    assert setright(*look[1:]).code == 0
    back = book["workflow"][shells[1]["on_failure"]]
    assert back["name"] == "Go back" and book["workflow"][back["on_failure"]]["commands"][0]["type"] == "manual"
    gone_back = setright(*shlex.split(back["commands"][0]["command"])[1:])
    assert gone_back.code == 0, gone_back.err
    assert setright(*look[1:]).code == 1


def test_its_calls_of_the_api_put_right_what_the_plan_says_and_lead_back(setright: Program, started):  # noqa: F811
    place = started(setright, PEOPLE + '[[targets]]\nname = "shop"\nurl = "."\n' + ONE)
    allow = [word for action in ("scan", "apply", "rollback") for word in ("--allow", action)]
    token = setright("tokens", "new", "--actor", "soar", *allow, "--format", "json").json["token"]
    book = made(setright, ".", "--control", AUTO, kept=["--ask"])
    assert book["playbook_variables"]["__setright_host__"]["value"] == "approve.example"
    assert token not in str(book)

    def call(step):
        (command,) = step["commands"]
        method, path, _ = command["command"].split()
        headers = {name.replace("-", "_"): values[0] for name, values in command["headers"].items()}
        assert method == "POST"
        return ask(place.url + path, command["content"].encode(), Authorization=f"Bearer {token}", **headers)

    apply, look = [step for step in in_order(book) if step["type"] == "action"]
    assert call(look).status == 409, "before it, the step that looks fails"
    ran = call(apply)
    assert ran.status == 200 and call(apply).text == ran.text, "tried again, it is the same run"
    assert "backup_retention_period = 1 " not in setright.file.read_text()
    assert call(book["workflow"][look["on_failure"]]).status == 200
    assert "backup_retention_period = 1 " in setright.file.read_text()


def test_who_must_be_asked_is_asked_first_and_what_is_by_hand_is_a_step(setright: Program):
    asked = in_order(made(setright, ".", "--control", ASK))
    assert asked[1]["commands"][0]["type"] == "manual" and "owners" in asked[1]["commands"][0]["command"]
    alone = in_order(made(setright, ".", "--control", AUTO))
    assert [c["type"] for step in alone for c in step.get("commands", ())] == ["bash", "bash"]
    assert "correct-horse" not in str(made(setright, ".", "--baseline", "all"))


def test_a_playbook_without_a_plan_kept_is_refused(setright: Program):
    ran = setright("plan", ".", "--format", "cacao")
    assert ran.code == 2 and "-o FILE or --ask" in ran.err


def test_a_playbook_that_says_something_else_is_found_out(setright: Program):
    book = made(setright, ".", *BOTH)
    for wrong in ({"spec_version": "cacao-1.1"}, {"created": "2026-01-01"}, {"more": 1}, {"workflow_start": book["id"]}):
        assert list(Draft202012Validator(SCHEMA).iter_errors(book | wrong))

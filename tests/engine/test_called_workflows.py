"""Workflows that call each other: whatever is put right, GitHub starts every run that it started before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from random import Random

import pytest
import yaml

from setright.engine.compose import Composed, compose
from setright.engine.scan import scan
from setright.model import Document
from setright.surfaces.memory import Memory
from tests.content import shipped

FOLDER = ".github/workflows/"
KINDS = ("actions/workflow/", "actions/job/")
LEVELS = {"none": 0, "read": 1, "write": 2}
POLICIES = ({"*": "write"}, {"contents": "read", "packages": "read"})  # what a repository may give where nothing says it
STEPS = (
    "run: make",
    "run: git push",
    "uses: acme/unknown@v1",
    "uses: actions/labeler@v5",
    "uses: aws-actions/configure-aws-credentials@v4",
    "{run: ./x, env: {GH_TOKEN: '${{ github.token }}'}}",
)
SAID = ("{}", "write-all", "read-all", "{contents: read}", "{contents: write, issues: write}", "{contents: read, id-token: write}")
ON = ("push", "workflow_call", "workflow_call", "[push, workflow_call]")


def workflow(random: Random, number: int, last: int) -> str:
    """One that may call those of a higher number, and says its rights or does not."""
    said = f"permissions: {random.choice(SAID)}\n" if random.random() < 0.4 else ""
    text = f"on: {random.choice(ON)}\n{said}jobs:\n"
    for name in "ab":
        text += f"  {name}:\n" + (f"    permissions: {random.choice(SAID)}\n" if random.random() < 0.3 else "")
        if number < last and random.random() < 0.6:
            text += f"    uses: ./{FOLDER}{random.randint(number + 1, last)}.yml\n"
        else:
            text += f"    runs-on: x\n    steps:\n      - {random.choice(STEPS)}\n      - {random.choice(STEPS)}\n"
    return text


def said(raw: object) -> dict[str, str] | None:
    if isinstance(raw, str):
        return {"*": raw.removesuffix("-all")}
    return raw if isinstance(raw, dict) else None


def is_short(asked: Mapping[str, str] | None, given: Mapping[str, str]) -> bool:
    return any(LEVELS[given.get(right, given.get("*", "none"))] < LEVELS[level] for right, level in (asked or {}).items())


def refused(files: Mapping[str, dict], policy: Mapping[str, str]) -> set[str]:
    """The workflows that GitHub does not start, as its validation of called workflows has it."""

    def wrong(name: str, given: Mapping[str, str] | None, is_called: bool) -> Iterator[bool]:
        tree, most = files[name], policy if given is None else given
        of_all = said(tree.get("permissions"))
        yield is_called and is_short(of_all, most)
        for job in tree["jobs"].values():
            own = said(job.get("permissions"))
            yield is_called and is_short(own, most)
            called = job.get("uses", "").rpartition("/")[2]
            if called and "workflow_call" in str(files[called][True]):
                yield from wrong(called, own if own is not None else of_all if of_all is not None else given, is_called=True)

    return {name for name, tree in files.items() if "push" in str(tree[True]) and any(wrong(name, None, is_called=False))}


def fixed(files: Mapping[str, str]) -> Composed:
    surface = Memory(
        {f"{FOLDER}{name}": Document(f"{FOLDER}{name}", text.encode(), "yaml") for name, text in files.items()}, ("actions",)
    )
    catalogue = shipped()
    found = scan(surface, catalogue, [catalogue.control(each) for each in catalogue.ids() if each.startswith(KINDS)])
    return compose(found.world, found.found, found.controls)


def after(files: Mapping[str, str]) -> dict[str, str]:
    documents = fixed(files).world.documents
    return {name: (documents[f"{FOLDER}{name}"].data or b"").decode() for name in files}


@pytest.mark.parametrize("seed", range(25))
def test_no_run_is_refused_that_was_not_before(seed: int) -> None:
    random = Random(seed)
    last = random.randint(1, 4)
    files = {f"{number}.yml": workflow(random, number, last) for number in range(last + 1)}
    now = after(files)
    for policy in POLICIES:
        trees = [{name: yaml.safe_load(text) for name, text in each.items()} for each in (files, now)]
        assert refused(trees[1], policy) <= refused(trees[0], policy)
    assert after(now) == now


CALLS = "on: push\n{}jobs:\n  a:\n    uses: ./" + FOLDER + "b.yml\n"
BOTH = "on: [push, workflow_call]\njobs:\n  t:\n    runs-on: x\n    steps:\n      - {}\n"
MAKES, PUSHES = BOTH.format("run: make"), BOTH.format("run: git push")


@pytest.mark.parametrize(
    ("caller", "called", "is_said"),
    [
        (CALLS.format(""), MAKES, True),
        (CALLS.format(""), PUSHES, True),
        (CALLS.format("permissions: {contents: read}\n"), MAKES, True),
        (CALLS.format("permissions: {contents: read}\n"), PUSHES, False),
        (CALLS.format("permissions: {contents: write}\n"), PUSHES, True),
        (CALLS.format("permissions: {issues: read}\n"), MAKES, False),
        (CALLS.format("permissions: read-all\n"), MAKES, True),
        (CALLS.format(""), MAKES.replace("[push, workflow_call]", "workflow_call"), False),
    ],
)
def test_a_called_workflow_asks_for_no_more_than_its_caller_gives(caller: str, called: str, is_said: bool) -> None:
    assert ("permissions" in after({"a.yml": caller, "b.yml": called})["b.yml"]) is is_said


def test_a_workflow_that_is_called_by_the_name_of_its_repository_is_known() -> None:
    caller = CALLS.format("").replace("./", "acme/shop/").replace("b.yml", "b.yml@main")
    now = after({"a.yml": caller, "b.yml": PUSHES})
    assert yaml.safe_load(now["a.yml"])["jobs"]["a"]["permissions"] == {"contents": "write"}
    assert yaml.safe_load(now["b.yml"])["jobs"]["t"]["permissions"] == {"contents": "write"}
    assert "permissions" not in after({"a.yml": caller.replace("jobs:", "permissions: {}\njobs:"), "b.yml": PUSHES})["b.yml"]


def test_who_calls_a_workflow_that_gives_less_is_named() -> None:
    refusals = fixed({"a.yml": CALLS.format("permissions: {issues: read}\n"), "b.yml": MAKES}).refused.values()
    assert "job a of .github/workflows/a.yml calls it and does not give contents: read" in next(iter(refusals))


@pytest.mark.parametrize(
    ("head", "rights"),
    [
        ("", None),
        ("permissions: {contents: read, id-token: write}\n", {"contents": "read", "id-token": "write"}),
        ("permissions: {checks: write}\n", {"contents": "read", "checks": "write"}),
        ("permissions: read-all\n", "read-all"),
    ],
)
def test_a_caller_is_left_all_that_the_called_workflow_asks_for(head: str, rights: object) -> None:
    called = MAKES.replace("[push, workflow_call]", "workflow_call").replace("jobs:", head + "jobs:")
    job = yaml.safe_load(after({"a.yml": CALLS.format(""), "b.yml": called})["a.yml"])["jobs"]["a"]
    assert job.get("permissions") == rights

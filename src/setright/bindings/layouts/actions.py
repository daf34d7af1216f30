"""GitHub Actions: workflows, their jobs, and the steps of these and of composite actions, as the workflow syntax has them.

actions/workflow   the file; `on` as a mapping of events; `token` is limited, or has the default rights where a job says none;
                   `token-needs` is known where all steps tell what they do with it; setting `permissions` gives them that
actions/job        a job with `id`; `calls` for a reusable workflow; `images: [{image, version}]` of container and services; its
                   `token` has the default rights where its needs are told and another job's are not: it need not wait
actions/step       a step with `job` (id, permissions, runs-on), `shell`, `calls`, `expressions` that others fill, and `commands`;
                   it `restores` a cache that it may as well leave be; `cached` names an action that brings tools from one; what it
                   `unpacks` is parts of secrets, and `narrowed` a token of an app that is asked for single rights; it
                   `logs-in` by a password where it is given one

A workflow and a job tell by whom they are `called-by`, with what these give, and what those of the tree that they call `asked`.
What a condition of a job or step asks by mistake, `_workflow_conditions` tells; removing it makes the condition ask.

A job and a step tell of their `workflow`: its events, permissions and defaults, and whether it `releases`. `calls` is told in
`_workflow_calls`; setting its `pinned` writes the commit, and its release as a comment; its `command` is what a script can do as
well, and removing it makes it one. Removing an expression moves it into `env`.
A value that an expression gives cannot be told. docs.github.com, Workflow syntax for GitHub Actions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from setright.bindings.layouts import _workflow_git as git
from setright.bindings.layouts import _workflow_own as of_tree
from setright.bindings.layouts import _workflow_rights as rights
from setright.bindings.layouts import _workflow_shells as shells
from setright.bindings.layouts import _workflow_strangers as strangers
from setright.bindings.layouts._documents import mappings, written
from setright.bindings.layouts._pipeline_commands import gives_up
from setright.bindings.layouts._shell_words import Command, base, commands, run_as_code
from setright.bindings.layouts._workflow_caches import Caches, brings, can_skip, is_for_release, makes_release
from setright.bindings.layouts._workflow_calls import ACTION, KnownActions, action_locks, calls, events, known_by
from setright.bindings.layouts._workflow_cargo import command_of
from setright.bindings.layouts._workflow_conditions import wrong_conditions
from setright.bindings.layouts._workflow_edits import made
from setright.bindings.layouts._workflow_text import (
    EXPRESSION,
    expressions,
    filled_matrix,
    fixed_environment,
    listed_images,
    plain_parts,
    script_path,
    told,
    told_texts,
)
from setright.bindings.source import Source, noted
from setright.bindings.trees import look_up
from setright.model import Edit, Path, Plain, Resource, Tree
from setright.patterns import late
from setright.trees import as_list

TEXTS = ("run", "name", "if", "env", "shell")  # keys of a step that expressions belong to
WITH_TEXTS = ("ref", "script", "repository")
UNPACKS = late(r"fromJSON\(\s*secrets\b", re.I)


class StepContext(NamedTuple):
    """What is known of steps: the commits that lock files tell, what the binding does, and the workflow around."""

    locked: Mapping[str, Tree]
    known: KnownActions
    caches: Caches
    code: strangers.Code
    workflow: Tree = {}


class Around(NamedTuple):
    """What a file is seen with: what lock files tell, the rights that actions need by the file, and what the binding knows."""

    locked: Mapping[str, Tree]
    table_of: Callable[[str], rights.Rights]
    known: KnownActions
    caches: Caches
    code: strangers.Code
    above_of: Callable[[str], tuple[of_tree.CallingJob, ...]]


Thing = tuple[str, str, Path, Tree]  # file, name, place, tree


def view(kind: str, layout: Mapping[str, Plain], sources: Mapping[str, Source]) -> list[Resource]:
    """One resource for each workflow (by its path), job (``build``) or step (``build/2``, or by its id)."""
    around = Around(
        action_locks(sources),
        of_tree.table_for(sources, layout),
        known_by(layout),
        layout.get("caches", {}),
        {name.lower(): inputs for name, inputs in layout.get("code", {}).items()},
        partial(of_tree.callers_of, sources),
    )
    found: list[Resource] = []
    for source in {source.locator: source for source, _, _ in mappings(sources)}.values():
        above = of_tree.calling(sources, source.locator)
        given = (layout, around.table_of(source.locator), *around.locked.values(), *above)
        found += noted(source, kind, given, partial(_seen, kind, source, around))
    return found


def edit(
    layout: Mapping[str, Plain],
    resource: Resource,
    edits: Sequence[Edit],
    live: Sequence[Edit],
    sources: Mapping[str, Source],
) -> list[tuple[str, Edit]]:
    """Edits on the file. Raises BindingError for what is only told, and for a commit that nothing here knows."""
    raw = written(resource, sources)
    locator, base_path = resource.home
    placed = made(layout, resource, raw, [*edits, *live], sources)
    return [(locator, Edit((*base_path, *each.path), each.value, each.remove, each.remark)) for each in placed]


def locate(layout: Mapping[str, Plain], resource: Resource, path: Path, sources: Mapping[str, Source]) -> tuple[str, Path]:
    """Where a value stands: that of `calls` at `uses`, an expression or command at its script."""
    locator, place = resource.home
    head = path[0] if path else ""
    if head == "workflow":
        return locator, (*place[:2], *path[1:])
    told_at = {"calls": ("uses",), "expressions": script_path(resource.tree), "commands": ("run",), "images": ("container",)}
    told_at |= {"cached": ("uses",), "inputs-run": ("with",)} | dict.fromkeys(("fetches", "runs", "sets"), ("run",))
    if head == "token":
        return locator, (*place, "jobs")
    return locator, (*place, *told_at.get(str(head), path))


# --- seeing ---------------------------------------------------------------------------------------------------------


def _files(sources: Mapping[str, Source]) -> Iterator[tuple[str, Path, Tree]]:
    """Every workflow with its place."""
    for source, place, document in mappings(sources):
        if "on" in document and isinstance(document.get("jobs"), dict):
            yield source.locator, place, document


def _seen(kind: str, source: Source, around: Around) -> list[Resource]:
    """The resources of one file."""
    seen = {"actions/workflow": _workflows, "actions/job": _jobs, "actions/step": _steps}[kind]
    return [Resource(kind, name, tree, (file, place)) for file, name, place, tree in seen({source.locator: source}, around)]


def _workflows(sources: Mapping[str, Source], around: Around) -> Iterator[Thing]:
    for file, place, raw in _files(sources):
        is_limited = raw.get("permissions") is not None or of_tree.is_only_called(raw)
        told_of = {"on": events(raw["on"]), "token": "limited" if is_limited else "default"}
        told_of["token-needs"] = "known" if rights.all_known(raw, around.table_of(file)) else "unknown"
        told_of |= {"only-labels": "yes"} if strangers.only_labels(raw) else {}
        told_of |= of_tree.calls_about(raw["jobs"].values(), around.above_of(file), around.table_of(file))
        yield file, file, place, {**raw, **told_of}


def _jobs(sources: Mapping[str, Source], around: Around) -> Iterator[Thing]:
    for file, place, workflow in _files(sources):
        table = around.table_of(file)
        is_limited = workflow.get("permissions") is not None or of_tree.is_only_called(workflow)
        waits = not is_limited and not rights.all_known(workflow, table)
        for name, raw in workflow["jobs"].items():
            if isinstance(raw, dict):
                given = [each for each in (raw.get("container"), *_values(raw.get("services"))) if each is not None]
                images = [_image(image) for each in given for image in listed_images(each, raw)]
                tree = {**raw, **{key: told(raw[key]) for key in raw.keys() - {"steps", "env", "name", "if"}}}
                if isinstance(credentials := look_up(raw, ("container", "credentials")), dict):
                    tree["container"] = {**tree["container"], "credentials": credentials}
                tree |= {"id": name, "workflow": _about(workflow), "images": images} | calls(raw, around.locked, file)
                needed = rights.needs(workflow, raw, table) if waits and raw.get("permissions") is None else None
                tree["token"] = "limited" if needed is None else "default"
                tree |= {"rights": {"contents": "read", **(needed or {})}, "uses-git": git.uses_git(raw, None, table)}
                tree |= wrong_conditions(raw) | of_tree.calls_about([raw], around.above_of(file), table)
                yield file, name, (*place, "jobs", name), tree


def _steps(sources: Mapping[str, Source], around: Around) -> Iterator[Thing]:
    known = StepContext(around.locked, around.known, around.caches, around.code)
    for file, place, workflow in _files(sources):
        for name, job in workflow["jobs"].items():
            if isinstance(job, dict):
                mine = _job(name, workflow, job, around.table_of(file))
                about = {"workflow": _about(workflow, job), "job": mine, "shell": shells.default_shell(workflow, job)}
                yield from _listed(file, name, (*place, "jobs", name), job, about, known._replace(workflow=workflow))
    for source, place, document in mappings(sources):
        runs = document.get("runs")
        if ACTION.search(source.locator) and isinstance(runs, dict):
            about = {"workflow": {"on": {}}, "job": {"id": "action", "composite": True}}
            yield from _listed(source.locator, "action", (*place, "runs"), runs, about, known._replace(workflow=document))


def _listed(file: str, name: str, place: Path, parent: Tree, about: Tree, known: StepContext) -> Iterator[Thing]:
    dynamic = filled_matrix(parent)
    for i, raw in enumerate(as_list(parent.get("steps"))):
        if isinstance(raw, dict):
            tree = {**about, **_step(raw), "plain": plain_parts(raw.get("run"), parent)}
            tree["expressions"] = _expressions(raw, tree.get("shell"), dynamic, [known.workflow, parent, raw])
            tree |= wrong_conditions(raw) | calls(raw, known.locked, file, known.known, as_list(parent.get("steps")))
            if (command := command_of(raw, parent, known.workflow, str(about.get("shell", "")))) is not None:
                tree["calls"] = {**tree["calls"], "command": command}
            if can_skip(raw, parent):
                tree["restores"] = True
            if (tool := brings(raw, known.caches)) is not None:
                tree["cached"] = tool
            tree |= strangers.brought(as_list(parent.get("steps")), i, known.code, dynamic)
            if strangers.is_guarded(parent.get("if"), raw.get("if")):
                tree["guarded"] = True
            yield file, f"{name}/{raw.get('id', i + 1)}", (*place, "steps", i), tree


def _step(raw: Tree) -> Tree:
    tree = {key: value if key in TEXTS else told(value) for key, value in raw.items()}
    inputs = raw.get("with")
    if UNPACKS.search(str(raw)):
        tree["unpacks"] = "secrets"
    if isinstance(inputs, dict):
        if {"password", "api-token"} & inputs.keys():
            tree["logs-in"] = "password"
        tree["narrowed"] = any(str(key).startswith("permission-") for key in inputs)
        tree["with"] = {key: value if key in WITH_TEXTS else told(value) for key, value in inputs.items()}
    if isinstance(raw.get("run"), str):
        text = EXPRESSION.sub("x", raw["run"])
        tree["commands"] = [_command(each) for each in (*commands(text), *run_as_code(text))]
    return tree


def _expressions(raw: Tree, shell: Plain, dynamic: Collection[str], around: Sequence[Tree]) -> list[Tree]:
    """The expressions of a step's script; `around` are the workflow, or the action, the job and the step."""
    path = script_path(raw)
    language = shells.language(shell) if path == ("run",) else "javascript"
    fixed = fixed_environment(around, around[1])
    return expressions(look_up(raw, path), language, dynamic, fixed, told_texts(around, around[0]))


def _command(each: Command) -> Tree:
    name, words = base(each.words[0].text), [word.text for word in each.words[1:]]
    does = gives_up(name, words)
    told_of = {"name": name, "words": words, "sudo": each.sudo}
    return told_of | ({"into": each.into} if each.into else {}) | ({"does": does} if does else {})


def _about(workflow: Tree, job: Tree | None = None) -> Tree:
    """What is told of the workflow around a job; it releases where it starts for a release, or where the job publishes one."""
    kept = {key: workflow[key] for key in ("permissions", "defaults", "concurrency") if workflow.get(key) is not None}
    on = events(workflow["on"])
    releases = is_for_release(on) or makes_release(as_list((job or {}).get("steps")))
    started = {"started-by": by} if (by := strangers.started(on)) else {}
    return {"on": on, "releases": releases, **started, **kept}


def _job(name: str, workflow: Tree, job: Tree, table: rights.Rights) -> Tree:
    granted = job.get("permissions", workflow.get("permissions"))
    found = {
        "id": name,
        "permissions": granted,
        "uses-git": git.uses_git(job, granted, table) or git.is_for_git(job),
        "pushes": git.pushes(job, table),
        "runs-on": told(job.get("runs-on")),
        "environment": told(job.get("environment")),
    }
    return {key: value for key, value in found.items() if value is not None}


def _values(raw: Plain) -> list[Plain]:
    return list(raw.values()) if isinstance(raw, dict) else []


def _image(raw: Plain) -> Tree:
    image = raw.get("image") if isinstance(raw, dict) else raw
    if not isinstance(image, str) or "${{" in image:
        return {"image": told(image), "version": told(image)}
    head, _, digest = image.partition("@")
    version = digest or head.rpartition("/")[2].partition(":")[2]
    return {"image": image, **({"version": version} if version else {})}

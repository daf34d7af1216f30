"""Edits on workflows, as the file writes them: pins, permissions, expressions that move out of scripts.

What is only told of a workflow, and what would end what later steps rely on, is refused with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from setright.bindings.error import BindingError
from setright.bindings.layouts import _workflow_git as git
from setright.bindings.layouts import _workflow_own as of_tree
from setright.bindings.layouts import _workflow_powershell as powershell
from setright.bindings.layouts import _workflow_rights as rights
from setright.bindings.layouts import _workflow_shells as shells
from setright.bindings.layouts._workflow_caches import Caches, without_cache
from setright.bindings.layouts._workflow_calls import of_repository
from setright.bindings.layouts._workflow_cargo import as_script
from setright.bindings.layouts._workflow_conditions import asking, whole_names
from setright.bindings.layouts._workflow_javascript import with_property
from setright.bindings.layouts._workflow_text import SWITCH, old_command, script_path, variable_for, with_variable
from setright.bindings.source import ACTIONS_LOCK, Source
from setright.bindings.trees import look_up
from setright.model import Edit, Plain, Resource, Tree

TOLD_ONLY = (
    "token-needs",
    "id",
    "workflow",
    "job",
    "calls",
    "expressions",
    "commands",
    "images",
    "token",
    "rights",
    "uses-git",
    "plain",
    "restores",
    "cached",
    "called-by",
    "asked",
    "fetches",
    "runs",
    "sets",
    "inputs-run",
    "guarded",
    "only-labels",
)


def made(
    layout: Mapping[str, Plain], resource: Resource, raw: Tree, wanted: Sequence[Edit], sources: Mapping[str, Source]
) -> list[Edit]:
    """Edits at the resource's place. Raises BindingError for what is only told, and for a commit that nothing here knows."""
    placed: list[Edit] = []
    for each in wanted:
        if each.path == ("calls", "from"):
            new = [of_repository(resource, sources)]
        elif each.path == ("permissions",) and not each.remove:
            new = _permitted(layout, resource, raw, each, sources)
        else:
            new = _placed(resource, raw, each, layout.get("caches", {}))
        placed, raw = [*placed, *new], _after(raw, new) if each.path[0] == "expressions" else raw
    return _last(placed)


def _permitted(
    layout: Mapping[str, Plain], resource: Resource, raw: Tree, wanted: Edit, sources: Mapping[str, Source]
) -> list[Edit]:
    """The rights of a workflow or job, no more than those who call it give, and no less than those it calls ask for."""
    file, place = resource.home
    table = of_tree.table_for(sources, layout)(file)
    workflow = look_up(sources[file].tree, place[:2])
    placed = [wanted]
    if resource.kind == "actions/workflow":
        moves = isinstance(raw.get("permissions"), dict) and "write" in raw["permissions"].values()
        placed = [*(rights.moved if moves else rights.limited)(raw, table)]
        placed = [_reading(each) for each in placed] if raw.get("permissions") == "read-all" else placed
    elif resource.tree["token"] == "default":  # noqa: S105
        placed = [Edit(wanted.path, resource.tree["rights"])]
    elif raw.get("permissions") == "write-all":
        placed = [Edit(wanted.path, rights.as_permissions(raw, rights.granted(workflow, raw, table)))]
    had = of_tree.said(raw.get("permissions", workflow.get("permissions")))
    of_tree.no_more(resource.name, of_tree.callers_of(sources, file), had, placed)
    return placed


def _reading(edit: Edit) -> Edit:
    """An edit of permissions that gives no right to write, of which there was none."""
    given = edit.value
    return Edit(edit.path, {right: "read" for right in given if right != "id-token"} if isinstance(given, dict) else given)


def _placed(resource: Resource, raw: Tree, wanted: Edit, caches: Caches) -> list[Edit]:
    head = wanted.path[0]
    if wanted.path == ("calls", "pinned"):
        return [_pinned(resource)]
    if wanted.path == ("cached",) and wanted.remove:
        return [without_cache(resource.tree["cached"], caches)]
    if wanted.path == ("calls", "command") and wanted.remove:
        return as_script(look_up(resource.tree, ("calls", "command")))
    if wanted.path in (("always",), ("partly",)) and wanted.remove:
        return [_condition(resource, str(raw.get("if")), wanted.path == ("always",))]
    if head == "expressions" and wanted.remove and len(wanted.path) == 2:
        return _in_environment(resource, raw, wanted.path[1])
    if wanted.path == ("with", "persist-credentials") and (why := _git_needs(resource, raw)):
        raise BindingError(f"{resource.name}: {why}; give that step a token of its own first")
    if wanted.path[-2:] == ("env", SWITCH) and wanted.remove and (command := old_command(look_up(raw, wanted.path[:-2]))):
        raise BindingError(
            f"{resource.name}: a step still prints {command}, which fails without {SWITCH}; let it write to the file of the runner"
        )
    if head in TOLD_ONLY or (head == "shell" and "shell" not in raw):
        raise BindingError(f"{resource.name}: {head} is read off the file; change it by hand")
    if head == "with" and raw.get("uses") is None:
        raise BindingError(f"{resource.name}: with belongs to uses, which is not there")
    return [_with_empty(wanted, raw)]


def _condition(resource: Resource, text: str, is_always: bool) -> Edit:
    """The condition that asks what it seems to ask."""
    new = asking(text) if is_always else whole_names(text)
    if new is None or new == text:
        raise BindingError(f"{resource.name}: if: {' '.join(text.split())}: write the whole condition as one expression")
    return Edit(("if",), new)


def _git_needs(resource: Resource, checkout: Tree) -> str:
    """Why git must keep what a checkout leaves to it; empty where no step is seen to use that."""
    job = resource.tree["job"]
    if job.get("pushes"):
        return "a later step pushes with what this leaves to git"
    has_own = job.get("uses-git") and git.own_token(checkout)
    return "it is given a token that is not the workflow's, and a later step uses git" if has_own else ""


def _with_empty(wanted: Edit, raw: Tree) -> Edit:
    """The removal of a variable or an input, or of all of them where it is the only one."""
    around = wanted.path[:-1]
    is_last = wanted.remove and around[-1:] in (("env",), ("with",)) and len(look_up(raw, around) or {}) == 1
    return Edit(around, remove=True) if is_last else wanted


def _pinned(resource: Resource) -> Edit:
    calls = resource.tree.get("calls")
    if calls is None:
        raise BindingError(f"{resource.name}: it uses nothing from elsewhere")
    if "commit" not in calls:
        owner, tag = "/".join(calls["name"].split("/")[:2]), calls.get("ref", "")
        raise BindingError(
            f"{calls['name']}@{tag}: its commit is not in {ACTIONS_LOCK} and not known here; `setright lock` asks for it"
            f" (as `git ls-remote https://github.com/{owner} {tag}` shows it); read what it holds"
        )
    ref = calls.get("release") or calls["ref"]
    return Edit(("uses",), f"{calls['name']}@{calls['commit']}", remark=ref)


def _in_environment(resource: Resource, raw: Tree, at: str | int) -> list[Edit]:
    """An expression out of the script into a variable of the step, where the shell fills it in as data."""
    told_of = resource.tree["expressions"][at]
    place = f"{resource.name}: {told_of['text']}"
    path = script_path(raw)
    script = str(look_up(raw, path) or "")
    language = shells.language(resource.tree.get("shell"))
    if path == ("run",) and not language:
        raise BindingError(f"{place}: move it to env and read the variable in the script's own language")
    if "code" in told_of:
        raise BindingError(f"{place}: is run as code there, or has quotes in it; let the script choose between commands of its own")
    name, carried = variable_for(told_of, raw.get("env"), script)
    if own := next((each for each in raw.get("env") or () if carried and f"env.{each}" in carried), ""):
        raise BindingError(f"{place}: reads {own}, which the step itself sets; read the variable in the script")
    if path != ("run",):
        new = with_property(script, told_of["text"], name, told_of["from"] == "caller")
    else:
        into = powershell.with_variable if language == "powershell" else with_variable
        new = into(script, told_of["text"], name, resource.tree.get("plain", ()))
    if new is None:
        raise BindingError(f"{place}: stands where no variable is filled in: in single quotes, beside a here-document, or as code")
    return [*([Edit(("env", name), carried)] if carried else []), Edit(path, new)]


def _after(raw: Tree, placed: Sequence[Edit]) -> Tree:
    """What the file says once these are made, for the next one."""
    tree = {**raw, "env": dict(raw.get("env") or {}), **({"with": dict(raw["with"])} if isinstance(raw.get("with"), dict) else {})}
    for each in placed:
        if len(each.path) == 2 and each.path[0] in ("env", "with") and not each.remove:
            tree[each.path[0]][each.path[1]] = each.value
        elif each.path == ("run",):
            tree["run"] = each.value
    return tree


def _last(placed: Sequence[Edit]) -> list[Edit]:
    """One edit a place: several expressions moved out of one script are one new script."""
    return list({each.path: each for each in placed}.values())

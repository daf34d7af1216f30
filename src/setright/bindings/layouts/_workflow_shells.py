"""Which shell runs the scripts of a job, and its language. docs.github.com, Workflow syntax, jobs.<job_id>.steps[*].shell."""

from __future__ import annotations

import re

from setright.bindings.trees import look_up
from setright.model import Plain, Tree
from setright.patterns import late
from setright.trees import as_list

PART = late(r"\$\{\{\s*matrix\.([\w-]+)\s*\}\}")
POSIX_ALONE = late(
    r"^[ \t]*(?:fi|done|esac)[ \t]*(?:$|[;&|>#])|\$\{?GITHUB_(?:OUTPUT|ENV|PATH|STEP_SUMMARY)\b|(?:^|[;&|])[ \t]*sudo[ \t]", re.M
)
OF_SOME_RUNNERS = late(r"\b(?:runner|matrix)\b")
LANGUAGES = {"bash": "posix", "sh": "posix", "pwsh": "powershell", "powershell": "powershell"}


def language(shell: Plain) -> str:
    """The language of a shell as a step names it (``bash -el {0}``): posix, powershell or none of these."""
    return LANGUAGES.get(str(shell).partition(" ")[0], "")


def default_shell(workflow: Tree, job: Tree) -> str:
    """The shell of a job's scripts; empty where it depends on the runner."""
    shell = look_up(job, ("defaults", "run", "shell")) or look_up(workflow, ("defaults", "run", "shell"))
    if isinstance(shell, str):
        return shell
    labels = [[each.lower() for each in runners_meant(str(label), job)] for label in as_list(job.get("runs-on"))]
    if any(all(each.startswith("windows") for each in meant) for meant in labels):
        return "pwsh" if job.get("container") is None else ""
    has_posix = any(all(each.startswith(("ubuntu", "macos", "linux")) for each in meant) for meant in labels)
    is_posix = has_posix or speaks_posix(job)
    return "bash" if is_posix and not any("windows" in each for meant in labels for each in meant) else ""


def runners_meant(runner: str, job: Tree) -> list[str]:
    """The runners that a label may mean: those of the matrix for a part of it; the label itself where that cannot be told."""
    found = PART.fullmatch(runner)
    matrix = look_up(job, ("strategy", "matrix"))
    if found is None or not isinstance(matrix, dict):
        return [runner]
    more = [each.get(found[1]) for each in as_list(matrix.get("include")) if isinstance(each, dict) and found[1] in each]
    values = [*as_list(matrix.get(found[1])), *more]
    return [str(each) for each in values] or [runner]


def speaks_posix(job: Tree) -> bool:
    """Whether a script that runs wherever the job does, in its usual shell, would fail in PowerShell, so that this is none."""
    steps = [each for each in as_list(job.get("steps")) if isinstance(each, dict) and each.get("shell") is None]
    scripts = [str(each.get("run", "")) for each in steps if not OF_SOME_RUNNERS.search(str(each.get("if", "")))]
    return job.get("container") is not None or any(POSIX_ALONE.search(each) for each in scripts)

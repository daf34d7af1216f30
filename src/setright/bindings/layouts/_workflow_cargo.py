"""The command that a step of actions-rs/cargo runs, where the shell of its job runs the same.

The action is archived: it looks for cargo, or cross, and starts it with the words of `args`. A script of the step does that too,
unless the words mean something to a shell, or the shell or its folder are other ones than the action's. pwsh parts a word that
begins with a dash at its dots, and makes lists of commas. docs.github.com, Workflow syntax, jobs.<job_id>.steps[*].shell.
"""

from __future__ import annotations

from setright.bindings.layouts._workflow_text import plain_parts
from setright.bindings.trees import look_up
from setright.model import Edit, Tree
from setright.patterns import late

POSIX_WORD = late(r"[\w./:@=+,%-]+")
ANY_WORD = late(r"-[\w/=+-]+|[\w./][\w./=+-]*|--")
COMMAND = late(r"[a-z][\w-]*")


def command_of(step: Tree, job: Tree, workflow: Tree, shell: str) -> str | None:
    """As ``cargo test --all``; None where the step is no such one, or a script would not be the same. `shell` as bash, or empty."""
    given = step.get("with")
    if not str(step.get("uses")).startswith("actions-rs/cargo@") or not isinstance(given, dict):
        return None
    if given.get("toolchain") or given.get("use-cross") not in (None, False, "false") or not job.get("runs-on"):
        return None
    if any(look_up(each, ("defaults", "run")) for each in (workflow, job)) or not given.keys() <= {"command", "args", "use-cross"}:
        return None
    command, args = given.get("command"), str(given.get("args") or "")
    if not isinstance(command, str) or not COMMAND.fullmatch(command):
        return None
    told = args
    for each in plain_parts(args, job):
        told = told.replace(each, "x")
    word = POSIX_WORD if shell == "bash" else ANY_WORD
    return " ".join(["cargo", command, *args.split()]) if all(word.fullmatch(each) for each in told.split()) else None


def as_script(command: str) -> list[Edit]:
    """Edits that let the step run the command itself."""
    return [Edit(("uses",), remove=True), Edit(("with",), remove=True), Edit(("run",), command)]

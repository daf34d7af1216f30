"""The rights that a job needs of the token of its workflow, as far as its steps tell.

What actions need is told in the binding (`rights:`), as is what an input asks for beside (``action with input``). A script needs
the right to push where it does; one that is handed the token, calls gh, or runs what nothing here knows of may need anything.
Any script may ask for an identity (id-token) where its job has the right to one: none that seems to sign or to publish loses it.
docs.github.com, Permissions for the GITHUB_TOKEN.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from setright.bindings.error import Missing
from setright.bindings.layouts._workflow_asks import ASKED, OPAQUE, by_path, rights_asked, step_words
from setright.bindings.layouts._workflow_calls import OWN
from setright.bindings.trees import look_up
from setright.model import Edit, Plain, Tree
from setright.patterns import fits, late
from setright.trees import as_list

Rights = Mapping[str, Mapping[str, str]]

TOKEN = late(r"GITHUB_TOKEN|github\.token|GH_TOKEN")
CALLS_GITHUB = late(r"(?:^|[\s;&|(])gh\s+\w|api\.github\.com|semantic-release|changeset|lerna|release-it", re.M)
MAX_DEPTH = 4  # as many actions of the tree as may call each other
WIDE = {"contents": "write", "issues": "write", "pull-requests": "write"}  # what something that is handed the token may use
NAMED = {  # by the names of actions; each may use the token by default
    "actions": late(
        r"(?:wipe|clean\w*|clear|delete|purge|prune|remove)-[\w-]*(?:cache|artifact|run)|cancel-|dispatch|re-?run|trigger-", re.I
    ),
    "contents": late(
        r"commit|push|backport|cherry-?pick|rebase|lint-action|auto-?(?:fix|format|merge|update)|release|pull-request|gh-?pages"
        r"|changelog|\btag\b|bump|dispatch|sponsors|contributors",
        re.I,
    ),
    "issues": late(r"issue|label|stale|triage|milestone|welcome|greet|assign|\block\b|comment", re.I),
    "pull-requests": late(
        r"pull-request|backport|comment|review|label|assign|stale|approve|auto-?merge|welcome|greet|\bprs?\b", re.I
    ),
    "security-events": late(r"sarif", re.I),
    "packages": late(r"(?:delete|retention|prune|clean\w*)-[\w-]*(?:package|container|image)|ghcr", re.I),
    "checks": late(r"check-run|checks|test-report|junit|lint-action|annotat", re.I),
    "statuses": late(r"commit-status|status-check|set-status|statuses", re.I),
    "deployments": late(r"deployment", re.I),
}
PACKAGES = late(r"ghcr\.io|pkg\.github\.com")
OTHER_CALLS = late(
    r"github\.(?:graphql|request|paginate)|github\.(?:rest\.)?(?!rest\b|issues|pulls|checks|actions|event|context)\w+\.|require\(|\./"
)
PUSHES = late(r"\bgit\s+(?:-C\s+\S+\s+)?push\b|\bgh-deploy\b|\bgh-pages\b|\bmike\s+[a-z-]+\b[^\n]*\s--push\b")
RELEASES = late(  # what tools and targets of these names push, they push with the token that a checkout leaves to git
    r"\b(?:npm|yarn|pnpm|bun)(?: run)? (?:release|deploy|bump)\b|\bmake (?:release|deploy|bump)\b|\b(?:npm|yarn) version\b"
    r"|standard-version|\b(?:cz|bump-my-version) bump|bump2?version|\bmvn[^\n]*\brelease:"
)
UNTOLD = "?"  # the right of a workflow elsewhere: what it asks for stands in its own file
ASKING, LIKELY = "{} asks", "{} is likely to need"  # of a workflow of the tree that others call, by right
EVERY = "*"  # each right that there is, of `read-all` and `write-all`
OIDC = {  # the input with which the action asks for no token of the workflow's own
    "aws-actions/configure-aws-credentials": "aws-access-key-id",
    "azure/login": "creds",
    "google-github-actions/auth": "credentials_json",
    "pypa/gh-action-pypi-publish": "password",
}
WITH = "{} with {}"  # what the table says of an action that is given an input: the rights for that beside its own
OFF = late(r"false|no|off|never|disabled|generate|generate-and-upload|", re.I)  # the last two of graphs that others submit
RUNS = late(
    r"(?:\w+_)?command(?:_\w+)?|run|script|prepare|install|setup|arguments|envs|environment_variables|secrets|secret-envs|build-args"
)
ELSEWHERE = late(r"appleboy/ssh-action|actions/github-script")  # what they run has no shell and no work tree here
HANDED = late(r"GITHUB_TOKEN|github\.token|GH_TOKEN|getIDToken")
USUAL = late(r"\w*(?:GITHUB|GH)_\w*(?:TOKEN|PAT)|COMPOSER_\w+", re.I)  # names under which a token only lifts limits of GitHub
SIGNS = late(  # no comment of a script, and no profile of a build
    r"^(?!\s*#).*(?:ACTIONS_ID_TOKEN|getIDToken|cosign|sigstore|\battest|\bpublish|\btwine\b|deploy|(?<!--)(?<!target/)release)",
    re.I | re.M,
)


def joined(one: Mapping[str, str], other: Mapping[str, str]) -> dict[str, str]:
    """The rights of both; where one writes what the other reads, that to write."""
    return {**one, **{key: value for key, value in other.items() if one.get(key) != "write"}}


def needs(workflow: Tree, job: Tree, table: Rights) -> dict[str, str] | None:
    """The rights that a job needs beyond reading the repository; None where that cannot be told."""
    if job.get("uses") is not None:
        called = table.get(used(job))
        return None if called is None else {key: value for key, value in called.items() if (key, value) != ("contents", "read")}
    if TOKEN.search(str([workflow.get("env"), job.get("env")])):
        return None
    found: dict[str, str] = _of_images(job)
    for step in as_list(job.get("steps")):
        rights = of_step(step, table) if isinstance(step, dict) else None
        if rights is None:
            return None
        found |= {key: value for key, value in rights.items() if found.get(key) != "write"}
    return found


def _of_images(job: Tree) -> dict[str, str]:
    """The right to read packages where the token is what the job's images are fetched with."""
    services = job.get("services")
    images = [job.get("container"), *(services.values() if isinstance(services, dict) else ())]
    handed = (str(each.get("credentials")) for each in images if isinstance(each, dict))
    return {"packages": "read"} if any(TOKEN.search(each) for each in handed) else {}


def granted(workflow: Tree, job: Tree, table: Rights) -> dict[str, str]:
    """The rights that a job gets where it may not have all any more: what is known, and what is usual for what is not."""
    if job.get("uses") is not None:
        known = needs(workflow, job, table)
        return _of_called(job, table) if known is None else known
    found = _of_images(job) | (WIDE if TOKEN.search(str([workflow.get("env"), job.get("env")])) else {})
    for step in as_list(job.get("steps")):
        rights = of_step(step, table) if isinstance(step, dict) else {}
        if rights is None:
            rights = _likely(step)
        found |= {key: value for key, value in rights.items() if found.get(key) != "write"}
    is_handed = TOKEN.search(str([workflow.get("env"), job]))
    return found | ({"packages": "write"} if is_handed and PACKAGES.search(str(job)) else {})


def _likely(step: Tree) -> dict[str, str]:
    """What a step that is not known may need: what it asks for, all that is usual where that is not told, what its name says."""
    text = step_words(step)
    paths = by_path(text)
    found = joined(rights_asked(text), paths or {})
    is_script = used(step) == "actions/github-script"
    may_all = paths is None or not found or (is_script and OPAQUE.search(text) is not None)
    if may_all and (TOKEN.search(text) or (is_script and (paths is None or OPAQUE.search(text)))):
        found = joined(found, WIDE)
    return joined(found, _named(step))


def used(each: Tree) -> str:
    """What a step or job uses, without its version; what is the repository's own as from the workspace."""
    uses = str(each.get("uses", ""))
    return f"./{uses[2:]}" if uses.startswith(("./", OWN)) else uses.partition("@")[0]


def _named(step: Tree) -> dict[str, str]:
    """What an action that nothing tells of writes, as its name says."""
    name = used(step)
    return {right: "write" for right, pattern in NAMED.items() if pattern.search(name)}


def _of_called(job: Tree, table: Rights) -> dict[str, str]:
    """What a called workflow of the tree asks for and is likely to need; one elsewhere does not start where it gets less.

    One elsewhere that is called as one of the tree may be that one, by the whole name of its repository.
    """
    name, own = used(job), of_own_name(job)
    if ASKING.format(own) not in table:
        return {UNTOLD: "write"}
    known = joined(table[ASKING.format(own)], table.get(LIKELY.format(own), {}))
    return known if name == own else {right: level for right, level in known.items() if right != EVERY}


def of_own_name(job: Tree) -> str:
    """What a job calls, as if it were of the tree."""
    name = used(job)
    return f"./.github/workflows/{name.rpartition('/')[2]}" if "/.github/workflows/" in name else name


def all_known(workflow: Tree, table: Rights) -> bool:
    """Whether the needs of every job that does not say its rights itself can be told, and who takes an identity that it may."""
    jobs = [job for job in workflow["jobs"].values() if isinstance(job, dict)]
    heirs = [job for job in jobs if job.get("permissions") is None]
    told = [needs(workflow, job, table) for job in heirs]
    return all(rights is not None for rights in told) and (not heirs or _is_taken(workflow, jobs, told))


def _is_taken(workflow: Tree, jobs: list[Tree], told: Iterable[Mapping[str, str] | None]) -> bool:
    """Whether a job is seen to take the identity that the workflow gives to all, where it gives one."""
    said = (job.get("permissions") for job in jobs)
    known = any(isinstance(rights, dict) and rights.get("id-token") == "write" for rights in (*told, *said))
    return not _gives_identity(workflow) or known or any(_may_sign(workflow, job) for job in jobs)


def _gives_identity(workflow: Tree) -> bool:
    return bool(look_up(workflow, ("permissions", "id-token")) == "write")


def _may_sign(workflow: Tree, job: Tree) -> bool:
    """Whether a script of a job, which needs no input for that, seems to take the identity that the workflow gives to all."""
    return _gives_identity(workflow) and any(SIGNS.search(commands(step)) for step in as_list(job.get("steps")))


def limited(workflow: Tree, table: Rights) -> Iterator[Edit]:
    """Edits that let the workflow read only, and give jobs that write their own rights."""
    yield Edit(("permissions",), {"contents": "read"})
    for name, job in workflow["jobs"].items():
        if isinstance(job, dict) and job.get("permissions") is None and (rights := granted(workflow, job, table)):
            yield Edit(("jobs", name, "permissions"), as_permissions(job, rights))


def as_permissions(job: Tree, rights: Mapping[str, str]) -> Plain:
    """The rights as `permissions` has them. Raises Missing where a called workflow asks for all that there are."""
    if rights == {EVERY: "read"}:
        return "read-all"
    if UNTOLD in rights:
        raise Missing(f"{used(job)}: what it asks for stands in its own file; give the job that calls it those `permissions` first")
    if EVERY in rights:
        raise Missing(f"{used(job)}: asks for every right, so who calls it must have that; let it say what it needs first")
    return {"contents": "read", **rights}


def moved(workflow: Tree, table: Rights) -> Iterator[Edit]:
    """Edits that take the rights to write from the workflow and give them to the jobs that may use them."""
    have: dict[str, Plain] = workflow["permissions"]
    kept = {key: "read" if key == "contents" and value == "write" else value for key, value in have.items()}
    yield Edit(("permissions",), {key: value for key, value in kept.items() if value != "write"})
    for name, job in workflow["jobs"].items():
        if not isinstance(job, dict) or job.get("permissions") is not None:
            continue
        needed = needs(workflow, job, table)
        loses = needed is None or any(value == "write" or have.get(right) == "write" for right, value in needed.items())
        if loses or _may_sign(workflow, job):
            yield Edit(("jobs", name, "permissions"), dict(have))


def of_step(step: Tree, table: Rights) -> Mapping[str, str] | None:
    uses, given = step.get("uses"), step.get("with")
    if not isinstance(uses, str):
        return _of_script(step)
    name = used(step)
    inputs = given if isinstance(given, dict) else {}
    if name == "docker/login-action":
        own = TOKEN.search(str(inputs.get("password", "")))
        return {"packages": "write"} if own else {}
    if name in OIDC:
        return {} if OIDC[name] in inputs else {"id-token": "write"}
    if name == "actions/github-script":
        script = str(inputs.get("script", ""))
        return rights_asked(script) if ASKED.search(script) and not OTHER_CALLS.search(script) else None
    if name.startswith("./"):
        return None if TOKEN.search(str(step)) else table.get(name.rstrip("/"))
    if name.startswith("docker://"):
        return None if TOKEN.search(str(step)) else {}
    return _of_action(step, inputs, table)


def _of_action(step: Tree, inputs: Tree, table: Rights) -> Mapping[str, str] | None:
    """What the table tells of an action, with what the inputs ask for and what a command that it is told to run needs."""
    name, env = used(step), step.get("env")
    fitting = [pattern for pattern in table if "*" in pattern and fits(name, pattern)]
    found = table[name] if name in table else table[max(fitting, key=len)] if fitting else None
    ran = _of_script({"run": commands(step), "env": env}) if commands(step) else {}
    if found is None or ran is None or ("write" not in found.values() and isinstance(env, dict) and _is_handed(env)):
        return None
    found = joined(found, ran)
    for each, value in inputs.items():
        if not OFF.fullmatch(str(value)):
            found = joined(found, table.get(WITH.format(name, each), {}))
    return found


def _is_handed(env: Tree) -> bool:
    """Whether a step hands the token on under a name that speaks of something else than GitHub, as of a registry."""
    return any(TOKEN.search(str(value)) and not USUAL.fullmatch(name) for name, value in env.items())


def commands(step: Plain) -> str:
    """The script of a step, or what an action is told to run or to hand on."""
    if not isinstance(step, dict):
        return ""
    inputs = step.get("with")
    given = [value for name, value in inputs.items() if RUNS.fullmatch(name)] if isinstance(inputs, dict) else []
    text = "\n".join(str(each) for each in (step.get("run", ""), *given) if each)
    return "" if ELSEWHERE.fullmatch(used(step)) and not HANDED.search(text) else text


def _of_script(step: Tree) -> Mapping[str, str] | None:
    script = str(step.get("run", ""))
    if ASKED.search(script) and not CALLS_GITHUB.search(ASKED.sub("", script)):
        return rights_asked(script) | _pushed(script)
    if TOKEN.search(str(step.get("env", ""))) or TOKEN.search(script) or CALLS_GITHUB.search(script):
        return None
    return _pushed(script)


def _pushed(script: str) -> dict[str, str]:
    """The right to push, where a script does or runs what seems to make a release: no token in sight is needed for that."""
    return {"contents": "write"} if PUSHES.search(script) or RELEASES.search(script) else {}

"""What git does in a job: which steps use the token that a checkout leaves to it, and which push with that.

What an action of the tree does is told by the table of `_workflow_own`, as ``./.github/actions/a pushes``.
"""

from __future__ import annotations

import re

from setright.bindings.layouts._workflow_rights import PUSHES, TOKEN, Rights, commands, of_step, used
from setright.model import Plain, Tree
from setright.patterns import late
from setright.trees import as_list

OWN_URL = late(r"https://[^\s@]*(?:\$\{?\w*(?:TOKEN|PAT|KEY)|\$\{\{)[^\n@]*@", re.I)  # one that brings what git logs in with
PUSHING = "{} pushes"  # what the table says of an action of the tree beside its rights; no `uses` has a space
CALM = "{} leaves git alone"  # the same
GIT = late(  # a clone reads nothing of the repository that it is called in
    r"\bgit\s+(?:-\S+\s+\S+\s+)*(?:push|fetch|pull|submodule|lfs|ls-remote|remote)\b|gh-deploy|gh-pages"
)
MAKES_RELEASE = late(
    r"(?:\bmake\b|npm run|npx|yarn|pnpm|cargo|\bjust\b|\btask\b|\./)[^\n]*(?<!--)(?<!target/)(?:release|deploy|publish|bump)"
    r"|semantic-release|standard-version|release-it|changelog|(?:npm|yarn|lerna) version|lerna publish"
    r"|\b(?:cz|bump-my-version) bump|bump2?version|\bmike\b|\bfastlane\b|mvn[^\n]*release",
    re.I,
)
GIT_ACTIONS = late(
    r"commit|push|pull-request|release|gh-pages|pages-deploy|changeset|semantic|bump|version|tag|\./|backport|cherry|rebase|merge|mirror"
    r"|sync|fork|auto-?(?:fix|format|update)|wearerequired/lint-action|changed-files|dorny/paths-filter|python-coverage-comment|action-benchmark|flake-lock"
    r"|quarto-actions/publish",
    re.I,
)
FETCHES = late(r"'check-modified-files-only': '?(?:yes|true|\$)|'VALIDATE_ALL_CODEBASE': '?(?:false|\$)", re.I)  # to compare with
ASKS_ALONE = late(  # what asks GitHub or a registry itself, or pushes with the token that it is given, whatever its name says
    r"actions/.*|docker/build-push-action|softprops/action-gh-release|ncipollo/release-action|svenstaro/upload-release-action"
    r"|JasonEtco/upload-to-release|release-drafter/release-drafter|(?:googleapis|google-github-actions)/release-please-action"
    r"|pre-commit/action|amannn/action-semantic-pull-request|marocchino/sticky-pull-request-comment"
    r"|thollander/actions-comment-pull-request|peter-evans/create-or-update-comment|mislav/bump-homebrew-formula-action"
    r"|redhat-actions/push-to-registry|peter-evans/create-pull-request|peaceiris/actions-gh-pages|JamesIves/github-pages-deploy-action",
    re.I,
)
COMMIT_INPUT = late(r"commit[-_]?(?:message|msg|options|user.*|author.*)|(?:auto|git)[-_]?(?:push|commit)", re.I)
TOLD_TO_PUSH = late(r"\bgit|push|release|publish|deploy|bump|commit", re.I)
COMMITS = late(  # what pushes with what the checkout leaves to git
    r"(?:stefanzweifel/git-auto-commit-action|EndBug/add-and-commit|fregante/setup-git-user|quarto-dev/quarto-actions/publish)\Z",
    re.I,
)
CHECKOUT = late(r"actions/checkout\Z", re.I)


def uses_git(job: Tree, said: Plain, table: Rights) -> bool:
    """Whether a step may use the token that a checkout leaves to git.

    So does one in a job that is said to write to the repository, where nothing known asks GitHub for that in another way.
    """
    writes = isinstance(said, dict) and said.get("contents") == "write"
    for step in as_list(job.get("steps")):
        if not isinstance(step, dict):
            return True
        script, action = commands(step), used(step)
        if FETCHES.search(str([job.get("env"), step.get("env"), step.get("with")])):
            return True
        is_of_git = GIT_ACTIONS.search(action) or _is_told_to_commit(step)
        if GIT.search(script) or MAKES_RELEASE.search(script) or (is_of_git and not _is_calm(step, table)):
            return True
        writes = writes and (of_step(step, table) or {}).get("contents") != "write"
    return writes


def _is_told_to_commit(step: Tree) -> bool:
    """Whether an action is given what a commit is made with."""
    given = step.get("with")
    return isinstance(given, dict) and any(COMMIT_INPUT.fullmatch(str(name)) for name in given)


def own_token(step: Plain) -> bool:
    """Whether a checkout is given a token or key that is not the workflow's own."""
    given = step.get("with") if isinstance(step, dict) and CHECKOUT.match(used(step)) else None
    return isinstance(given, dict) and (bool(given.get("ssh-key")) or not TOKEN.search(str(given.get("token") or TOKEN.pattern)))


def is_for_git(job: Tree) -> bool:
    """Whether a checkout of a job has a token of its own, and no other repository or submodule that it would be for."""
    mine = [each["with"] for each in as_list(job.get("steps")) if own_token(each)]
    return any(not {"repository", "submodules"} & given.keys() for given in mine)


def _is_calm(step: Tree, table: Rights) -> bool:
    """Whether an action whose name speaks of git leaves that alone, also with what it is told to do."""
    action = used(step)
    is_calm_own = CALM.format(action.rstrip("/")) in table and not TOLD_TO_PUSH.search(str(step.get("with")))
    return is_calm_own or ASKS_ALONE.fullmatch(action) is not None


def pushes(job: Tree, table: Rights) -> bool:
    """Whether a step of the job, or of an action of the tree in it, pushes with the token that its checkout leaves to git."""
    steps = [each for each in as_list(job.get("steps")) if isinstance(each, dict)]
    own = (PUSHING.format(used(each).rstrip("/")) for each in steps)
    known = any(_pushes_itself(commands(each)) or COMMITS.match(used(each)) for each in steps)
    return known or any(each in table for each in own)


def _pushes_itself(script: str) -> bool:
    """Whether a script pushes, to an address that does not bring a token of its own."""
    return PUSHES.search(script) is not None and not OWN_URL.search(script)

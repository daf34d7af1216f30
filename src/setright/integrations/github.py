"""Pull requests on GitHub. Source: GitHub REST API, version 2022-11-28, Pulls and Issues."""

from __future__ import annotations

from typing import Any, NoReturn

from setright.integrations.error import IntegrationError
from setright.integrations.forge import Pull, PullDraft, Unlabelled
from setright.integrations.http import Response
from setright.integrations.rest import Rest

VERSION = "2022-11-28"
WHAT_NOW = {
    401: "the token is not accepted; give another in GITHUB_TOKEN or --token-file",
    403: "the token may not do this; it needs to read the contents and write pull requests",
    404: "there is no such repository, or the token may not see it",
    422: "mend what it names; the branch has to be in the repository it is asked for (--project), or in a fork of it (--fork)",
    301: "the repository has moved; point the remote to its new place",
    307: "the repository has moved; point the remote to its new place",
    308: "the repository has moved; point the remote to its new place",
}


class GitHub:
    """One repository. `api` is ``https://api.github.com`` or an enterprise server's ``https://HOST/api/v3``.

    `fork` is the repository that holds the branches, where it is another.
    """

    def __init__(self, api: str, project: str, token: str, fork: str = "") -> None:
        self._rest = rest(api, token)
        self._repo = f"/repos/{project}"
        self._project, self._fork = project, fork or project
        self._owner = self._fork.partition("/")[0]

    def pulls(self, branch: str, base: str) -> list[Pull]:
        query = {"head": f"{self._owner}:{branch}", "base": base, "state": "all", "sort": "created", "direction": "desc"}
        found: list[Pull] = []
        for answer in self._rest.pages(f"{self._repo}/pulls", query | {"per_page": "100"}):
            found += [_pull(each) for each in _data(answer, 200) if each["head"]["ref"] == branch and self._holds(each["head"])]
        return found

    def open(self, wanted: PullDraft) -> Pull:
        body = {
            "title": wanted.title,
            "base": wanted.base,
            "body": wanted.body,
            "maintainer_can_modify": True,
        } | self._head(wanted.branch)
        answer = self._rest.call("POST", f"{self._repo}/pulls", body)
        if answer.status == 422 and "fork collab" in _why(answer).lower():  # the fork is an organisation's
            answer = self._rest.call("POST", f"{self._repo}/pulls", body | {"maintainer_can_modify": False})
        if answer.status == 422 and "already exists" in _why(answer):
            there = next((pull for pull in self.pulls(wanted.branch, wanted.base) if pull.state == "open"), None)
            if there:
                return self.update(there, wanted)
        return self._labelled(_pull(_data(answer, 201)), wanted.labels)

    def update(self, pull: Pull, wanted: PullDraft) -> Pull:
        answer = self._rest.call("PATCH", f"{self._repo}/pulls/{pull.number}", {"title": wanted.title, "body": wanted.body})
        return self._labelled(_pull(_data(answer, 200)), wanted.labels)

    def _head(self, branch: str) -> dict[str, str]:
        if self._fork == self._project:
            return {"head": branch}
        owner, _, name = self._fork.partition("/")
        same = owner.lower() == self._project.partition("/")[0].lower()  # then its owner does not tell which one it is
        return {"head": f"{owner}:{branch}"} | ({"head_repo": name} if same else {})

    def _holds(self, head: Any) -> bool:
        """Whether a pull request's branch is in our repository; one whose repository is gone names none."""
        if self._fork == self._project:
            return True
        return str((head.get("repo") or {}).get("full_name", "")).lower() == self._fork.lower()

    def _labelled(self, pull: Pull, labels: tuple[str, ...]) -> Pull:
        try:
            if labels:
                _data(self._rest.call("POST", f"{self._repo}/issues/{pull.number}/labels", {"labels": list(labels)}), 200)
        except IntegrationError as error:
            raise Unlabelled(f"{pull.url} is open, without its labels ({', '.join(labels)}): {error}; give them there") from error
        return pull


def rest(api: str, token: str) -> Rest:
    return Rest(
        api, {"Authorization": f"Bearer {token}"}, {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": VERSION}
    )


def api_url(host: str) -> str:
    """The API's base URL of a host: the public one, one with data residency, or a server of one's own."""
    if host in ("github.com", "ssh.github.com"):
        return "https://api.github.com"
    return f"https://api.{host}" if host.endswith(".ghe.com") else f"https://{host}/api/v3"


def _pull(data: Any) -> Pull:
    state = "merged" if data.get("merged_at") else data["state"]
    return Pull(data["number"], data["html_url"], state, data.get("body") or "")


def _data(answer: Response, status: int) -> Any:
    return answer.data if answer.status == status and answer.data is not None else _refused(answer)


def _refused(answer: Response) -> NoReturn:
    what_now = WHAT_NOW.get(answer.status, "run this again when it answers")
    raise IntegrationError(f"GitHub answered {answer.status} ({_why(answer)}): {what_now}")


def _why(answer: Response) -> str:
    """GitHub's message with the errors below it."""
    if not isinstance(answer.data, dict):
        return "no reason given"
    errors = answer.data.get("errors") or []
    told = [str(e.get("message") or f"{e.get('field')}: {e.get('code')}") if isinstance(e, dict) else str(e) for e in errors]
    return "; ".join([str(answer.data.get("message", "no reason given")), *told])

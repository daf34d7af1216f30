"""Merge requests on GitLab. Source: GitLab REST API v4, Merge requests."""

from __future__ import annotations

from typing import Any, NoReturn
from urllib.parse import quote

from setright.integrations.error import IntegrationError
from setright.integrations.forge import Pull, PullDraft, Unlabelled
from setright.integrations.http import Response
from setright.integrations.rest import Rest

STATES = {"opened": "open", "locked": "open", "closed": "closed", "merged": "merged"}
WHAT_NOW = {
    401: "the token is not accepted; give another in GITLAB_TOKEN or --token-file",
    403: "the token may not do this; it needs the scope `api` and the role Developer",
    400: "mend what it names",
    404: "there is no such project, or the token may not see it",
    409: "mend what it names",
    422: "mend what it names",
}


class GitLab:
    """One project. `api` is ``https://HOST/api/v4``; `fork` is the project that holds the branches, where it is another."""

    def __init__(self, api: str, project: str, token: str, fork: str = "") -> None:
        self._rest = Rest(api, {"PRIVATE-TOKEN": token}, {"Accept": "application/json"})
        self._project, self._fork = project, fork or project
        self._requests = f"{_path(project)}/merge_requests"
        self._ids: dict[str, int] = {}

    def pulls(self, branch: str, base: str) -> list[Pull]:
        query = {"source_branch": branch, "target_branch": base, "state": "all", "order_by": "created_at", "sort": "desc"}
        ours = None if self._fork == self._project else self._id(self._fork)
        found: list[Pull] = []
        for answer in self._rest.pages(self._requests, query | {"per_page": "100"}):
            found += [_pull(e) for e in _data(answer, 200) if e["source_project_id"] == (ours or e["target_project_id"])]
        return found

    def open(self, wanted: PullDraft) -> Pull:
        body = {
            "source_branch": wanted.branch,
            "target_branch": wanted.base,
            "title": wanted.title,
            "description": wanted.body,
            "labels": ",".join(wanted.labels),
            "remove_source_branch": True,
        }
        if self._fork != self._project:
            body |= {"target_project_id": self._id(self._project), "allow_collaboration": True}
        answer = self._rest.call("POST", f"{_path(self._fork)}/merge_requests", body)
        if answer.status == 409:
            there = next((pull for pull in self.pulls(wanted.branch, wanted.base) if pull.state == "open"), None)
            if there:
                return self.update(there, wanted)
        return _labelled(_data(answer, 201), wanted.labels)

    def update(self, pull: Pull, wanted: PullDraft) -> Pull:
        body = {"title": wanted.title, "description": wanted.body, "add_labels": ",".join(wanted.labels)}
        return _labelled(_data(self._rest.call("PUT", f"{self._requests}/{pull.number}", body), 200), wanted.labels)

    def _id(self, project: str) -> int:
        """A project's number, by which requests between two of them name them."""
        if project not in self._ids:
            try:
                self._ids[project] = int(_data(self._rest.call("GET", _path(project)), 200)["id"])
            except IntegrationError as error:
                raise IntegrationError(f"{project}: {error}") from error
        return self._ids[project]


def api_url(host: str) -> str:
    return f"https://{host}/api/v4"


def _path(project: str) -> str:
    return f"/projects/{quote(project, safe='')}"


def _labelled(data: Any, labels: tuple[str, ...]) -> Pull:
    """GitLab leaves labels out, and says nothing, where the caller may not give any."""
    pull = _pull(data)
    wanted = [each.strip() for each in ",".join(labels).split(",") if each.strip()]
    if lacking := [each for each in wanted if each not in (data.get("labels") or ())]:
        raise Unlabelled(f"{pull.url} is open, without its labels ({', '.join(lacking)}): GitLab left them out; give them there")
    return pull


def _pull(data: Any) -> Pull:
    return Pull(data["iid"], data["web_url"], STATES[data["state"]], data.get("description") or "")


def _data(answer: Response, status: int) -> Any:
    return answer.data if answer.status == status and answer.data is not None else _refused(answer)


def _refused(answer: Response) -> NoReturn:
    what_now = WHAT_NOW.get(answer.status, "run this again when it answers")
    raise IntegrationError(f"GitLab answered {answer.status} ({_why(answer)}): {what_now}")


def _why(answer: Response) -> str:
    """GitLab tells in `message` (a text, a list, or errors by field) or in `error`."""
    told = answer.data.get("message", answer.data.get("error")) if isinstance(answer.data, dict) else None
    if isinstance(told, dict):
        return "; ".join(f"{field}: {', '.join(map(str, errors))}" for field, errors in told.items())
    return "; ".join(map(str, told)) if isinstance(told, list) else str(told or "no reason given")

"""Merge requests on GitLab. Source: GitLab REST API v4, Merge requests."""

from __future__ import annotations

from typing import Any, NoReturn
from urllib.parse import quote

from setright.integrations.error import IntegrationError
from setright.integrations.forge import Pull, PullDraft
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
    """One project. `api` is ``https://HOST/api/v4``."""

    def __init__(self, api: str, project: str, token: str) -> None:
        self._rest = Rest(api, {"PRIVATE-TOKEN": token}, {"Accept": "application/json"})
        self._requests = f"/projects/{quote(project, safe='')}/merge_requests"

    def pulls(self, branch: str, base: str) -> list[Pull]:
        query = {"source_branch": branch, "target_branch": base, "state": "all", "order_by": "created_at", "sort": "desc"}
        found: list[Pull] = []
        for answer in self._rest.pages(self._requests, query | {"per_page": "100"}):
            found += [_pull(each) for each in _data(answer, 200) if each["source_project_id"] == each["target_project_id"]]
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
        answer = self._rest.call("POST", self._requests, body)
        if answer.status == 409:
            there = next((pull for pull in self.pulls(wanted.branch, wanted.base) if pull.state == "open"), None)
            if there:
                return self.update(there, wanted)
        return _pull(_data(answer, 201))

    def update(self, pull: Pull, wanted: PullDraft) -> Pull:
        body = {"title": wanted.title, "description": wanted.body, "add_labels": ",".join(wanted.labels)}
        return _pull(_data(self._rest.call("PUT", f"{self._requests}/{pull.number}", body), 200))


def api_url(host: str) -> str:
    return f"https://{host}/api/v4"


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

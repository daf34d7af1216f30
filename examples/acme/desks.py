"""What ACME's people work with, on this machine: servers that keep the public contracts of Jira, ServiceNow, GitHub, Slack, Splunk
and PagerDuty, and a real rsyslog that takes events over TLS."""

from __future__ import annotations

import hmac
import json
import time
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from tests.integrations.contracts import TOKEN as HEC_TOKEN
from tests.integrations.contracts import PagerDutyServer, SplunkServer
from tests.integrations.issue_servers import GitHubIssuesServer
from tests.integrations.test_rsyslog import Rsyslog
from tests.integrations.ticket_servers import TOKEN, USER, JiraServer, ServiceNowServer
from tests.web.conftest import SECRET, SlackServer

SECRETS = {
    "JIRA_TOKEN": TOKEN,
    "NOW_PASSWORD": TOKEN,
    "GITHUB_TOKEN": TOKEN,
    "SLACK_TOKEN": "xoxb-right",
    "SLACK_SECRET": SECRET,
    "SPLUNK_TOKEN": HEC_TOKEN,
    "PAGER_KEY": "0123456789abcdef0123456789abcdef",
}


class Desks:
    """All of them, listening; `close` ends them."""

    def __init__(self, place: Path) -> None:
        with ExitStack() as ends:
            self.jira, self.now, self.github = JiraServer(cloud=True), ServiceNowServer(), GitHubIssuesServer()
            self.splunk, self.pager, self.slack = SplunkServer(), PagerDutyServer(), SlackServer()
            for server in (self.jira, self.now, self.github, self.splunk, self.pager):
                ends.callback(server.close)
            ends.callback(self.slack.server.server_close)
            ends.callback(self.slack.server.shutdown)
            place.mkdir()
            self.collector = Rsyslog(place)
            ends.callback(self.collector.stop)
            self.collector.start()
            self._ends = ends.pop_all()

    def close(self) -> None:
        self._ends.close()

    def channels(self) -> dict[str, tuple[str, dict[str, str]]]:
        """By name: its type, and its settings as `setright integrations add` takes them."""
        everything = "finding.*,plan.*,exception.*"
        return {
            "bank-desk": ("jira", {"url": self.jira.url, "user": USER, "token": "env:JIRA_TOKEN", "project": "SEC",
                                   "owners": "bank-platform,bank-payments"}),
            "media-desk": ("servicenow", {"url": self.now.url, "user": "setright", "password": "env:NOW_PASSWORD",
                                          "owners": "media-operations"}),
            "shop-issues": ("github", {"url": self.github.url, "token": "env:GITHUB_TOKEN", "repository": "acme/web",
                                       "owners": "shop-web,shop-data"}),
            "chat": ("slack", {"token": "env:SLACK_TOKEN", "signing_secret": "env:SLACK_SECRET", "channel": "#changes",
                               "api": self.slack.url, "events": "message.*"}),
            "splunk": ("splunk", {"url": self.splunk.url, "token": "env:SPLUNK_TOKEN", "index": "security", "events": everything}),
            "collector": ("syslog", {"host": "127.0.0.1", "port": str(self.collector.port), "format": "json",
                                     "ca": str(self.collector.place / "ca.pem"), "events": everything}),
            "pager": ("pagerduty", {"routing_key": "env:PAGER_KEY", "url": self.pager.url, "events": "message.overdue",
                                    "severities": "high,critical"}),
        }  # fmt: skip

    def press(self, user: str, action: str, url: str, about: str) -> dict[str, Any]:
        """A button of the newest message that asks about this document, pressed as Slack tells it; what the chat then shows."""
        asking = (each for each in reversed(self.slack.posted) if "is asked" in each["text"])
        message = next(each for each in asking if about in json.dumps(each))
        elements = [element for block in message["blocks"] for element in block.get("elements", ())]
        value = next(element["value"] for element in elements if element["action_id"] == action)
        button = {"action_id": action, "value": value, "action_ts": str(time.time())}
        said: dict[str, Any] = {"type": "block_actions", "user": {"id": user}, "actions": [button], "message": {"ts": "1.1"}}
        body = urlencode({"payload": json.dumps(said | {"response_url": f"{self.slack.url}/respond"})}).encode()
        stamp = str(int(time.time()))
        signature = "v0=" + hmac.new(SECRET.encode(), f"v0:{stamp}:".encode() + body, sha256).hexdigest()
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        headers |= {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": signature}
        self.slack.heard.clear()
        with urlopen(Request(f"{url}/slack/interactive", body, headers), timeout=20):
            pass
        if not self.slack.heard.wait(60):
            raise RuntimeError("the button had no answer")
        return self.slack.answered[-1]

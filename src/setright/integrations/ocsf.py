"""Events as OCSF 1.8 (schema.ocsf.io): Compliance Finding (2003) and Remediation Activity (7001); to a folder, a URL or a bucket.

Folder and bucket have the partitions of an Amazon Security Lake source: ``region=/accountId=/eventDay=``, gzipped JSON lines.
"""

from __future__ import annotations

import gzip
import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import msgspec

from setright import __version__
from setright.integrations.aws import Caller, put
from setright.integrations.error import IntegrationError
from setright.integrations.http import accepted, checked_url, request
from setright.integrations.message import Message
from setright.model import Plain

FINDING, REMEDIATION, BASE = 2003, 7001, 0
SEVERITIES = {
    "info": (1, "Informational"),
    "low": (2, "Low"),
    "medium": (3, "Medium"),
    "high": (4, "High"),
    "critical": (5, "Critical"),
}
FINDINGS = {"opened": (1, "Create", 1, "New"), "reopened": (2, "Update", 1, "New"), "resolved": (3, "Close", 4, "Resolved")}
EXCEPTIONS = {"made": (2, "Update", 3, "Suppressed"), "ended": (2, "Update", 1, "New"), "expired": (2, "Update", 1, "New")}
VERDICTS = {"fail": (3, "Fail"), "pass": (1, "Pass")}
REMEDIATIONS = {"verified": (1, "Success"), "unverified": (99, "Unverified"), "reverted": (2, "Failure"), "refused": (2, "Failure")}
HARDEN, RESTORE = (4, "Harden"), (3, "Restore")
CLASSES = {
    FINDING: ("Findings", "Compliance Finding"),
    REMEDIATION: ("Remediation", "Remediation Activity"),
    BASE: ("Uncategorized", "Base Event"),
}


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Exactly one of `directory`, `url` and `bucket` (``name/prefix``; credentials as the AWS SDK finds them).

    `token` goes with `url` (bearer); `region` and `account` name the partition; `endpoint` is for what speaks S3 elsewhere.
    """

    directory: str = ""
    url: str = ""
    bucket: str = ""
    token: str = ""
    region: str = "none"
    account: str = "none"
    endpoint: str = ""


SECRETS = ("token",)


class Ocsf:
    """Where the events go; a batch is one file, one object or one request."""

    at_once = 500

    def __init__(self, options: Options) -> None:
        if [bool(options.directory), bool(options.url), bool(options.bucket)].count(True) != 1:
            raise IntegrationError("an ocsf channel needs exactly one of directory, url and bucket")
        self._options = options

    def send(self, messages: Sequence[Message]) -> None:
        if self._options.url:
            headers = {"Content-Type": "application/json"}
            headers |= {"Authorization": f"Bearer {self._options.token}"} if self._options.token else {}
            data = msgspec.json.encode([event(message) for message in messages])
            accepted(request("POST", checked_url(self._options.url), data, headers), "the OCSF receiver")
            return
        by_day: dict[str, list[Message]] = defaultdict(list)
        for message in messages:
            by_day[message.at[:10].replace("-", "")].append(message)
        for day, each in by_day.items():
            place = f"region={self._options.region}/accountId={self._options.account}/eventDay={day}/{_name(each)}"
            lines = b"".join(msgspec.json.encode(event(message)) + b"\n" for message in each)
            self._put(place, gzip.compress(lines, mtime=0))

    def _put(self, place: str, data: bytes) -> None:
        """Whole or not at all; the same batch once more is the same file once more."""
        if self._options.directory:
            _write(Path(self._options.directory) / place, data)
        else:
            _upload(self._options, place, data)


def event(message: Message) -> dict[str, Plain]:
    """One OCSF event; what the schema has no place for is under `unmapped`."""
    body: Mapping[str, Plain] = message.body if isinstance(message.body, dict) else {"text": message.body}
    subject, _, word = message.event.partition(".")
    if subject == "finding" or (subject == "exception" and word in EXCEPTIONS):
        told = _finding(message, body, FINDINGS.get(word) or EXCEPTIONS.get(word, FINDINGS["reopened"]))
    elif subject == "plan" and word in REMEDIATIONS:
        told = _remediation(message, body, word)
    else:
        told = _common(message, body, BASE, 99, message.event)
    return told | {"unmapped": {"event": message.event, "item": message.item, **body}}


def _common(message: Message, body: Mapping[str, Plain], class_uid: int, activity_id: int, activity: str) -> dict[str, Plain]:
    severity_id, severity = SEVERITIES.get(str(body.get("severity")), (0, "Unknown"))
    category, name = CLASSES[class_uid]
    return {
        "activity_id": activity_id,
        "activity_name": activity,
        "category_uid": class_uid // 1000,
        "category_name": category,
        "class_uid": class_uid,
        "class_name": name,
        "type_uid": class_uid * 100 + activity_id,
        "type_name": f"{name}: {activity}",
        "severity_id": severity_id,
        "severity": severity,
        "time": _ms(message.at),
        "message": str(body.get("title") or body.get("why") or message.event),
        "metadata": {
            "version": "1.8.0",
            "uid": message.id,
            "product": {"name": "setright", "vendor_name": "setright", "version": __version__},
            "event_code": message.event,
        },
    }


def _finding(message: Message, body: Mapping[str, Plain], what: tuple[int, str, int, str]) -> dict[str, Plain]:
    activity_id, activity, status_id, status = what
    verdict = "pass" if activity == "Close" else str(body.get("verdict", ""))
    outcome_id, outcome = VERDICTS.get(verdict, (0, "Unknown"))
    frameworks: Plain = body.get("frameworks") or {}
    control = str(body.get("control") or "setright")
    return _common(message, body, FINDING, activity_id, activity) | {
        "status_id": status_id,
        "status": status,
        "finding_info": {
            "uid": message.item,
            "title": str(body.get("title") or message.event),
            "analytic": {"uid": control, "name": str(body.get("title") or control), "type_id": 1, "type": "Rule"},
        },
        "compliance": {
            "control": control,
            "standards": list(frameworks) or ["setright"],
            "requirements": [f"{name} {section}" for name, sections in frameworks.items() for section in sections],
            "status_id": outcome_id,
            "status": outcome,
        },
        "resources": [_resource(body)],
    }


def _remediation(message: Message, body: Mapping[str, Plain], word: str) -> dict[str, Plain]:
    status_id, status = REMEDIATIONS[word]
    told = _common(message, body, REMEDIATION, *(RESTORE if word == "reverted" else HARDEN))
    controls: Plain = body.get("controls") or []
    return told | {
        "status_id": status_id,
        "status": status,
        "status_detail": str(body.get("why") or ""),
        "command_uid": str(body.get("plan") or message.item),
        "remediation": {"desc": f"{len(controls)} controls put right in {body.get('document') or body.get('target')}"},
        "resources": [_resource(body)],
        "actor": {"user": {"name": str(body.get("actor") or "setright")}},
    }


def _resource(body: Mapping[str, Plain]) -> dict[str, Plain]:
    name = str(body.get("resource") or body.get("document") or body.get("target") or "setright")
    return {"uid": f"{body.get('target')}#{name}", "name": name, "type": str(body.get("kind") or "configuration")}


def _ms(at: str) -> int:
    return int(datetime.fromisoformat(at).timestamp() * 1000)


def _name(messages: Sequence[Message]) -> str:
    return sha256("\n".join(message.id for message in messages).encode()).hexdigest()[:24] + ".json.gz"


def _write(file: Path, data: bytes) -> None:
    new = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        file.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        with new.open("wb") as opened:
            opened.write(data)
            opened.flush()
            os.fsync(opened.fileno())
        new.replace(file)
    except OSError as error:
        raise IntegrationError(f"{file}: {error.strerror}; is the folder there, and ours to write?") from error


def _upload(options: Options, place: str, data: bytes) -> None:
    bucket, _, prefix = options.bucket.partition("/")
    account = Caller("" if options.region == "none" else options.region, endpoint=options.endpoint)
    key = "/".join(filter(None, (prefix.strip("/"), place)))
    put(account, bucket, key, data, ContentType="application/x-ndjson", ContentEncoding="gzip")


def open_channel(options: Options) -> Ocsf:
    return Ocsf(options)

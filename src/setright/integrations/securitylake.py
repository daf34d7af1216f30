"""Events to Amazon Security Lake as custom sources: OCSF in Parquet, one event class a source.

Source: docs.aws.amazon.com/security-lake, "Collecting data from custom sources": below
``ext/SOURCE[/VERSION]/region=/accountId=/eventDay=`` (UTC days), Zstandard, pages of at most 1 MB, records in the order of time.
Written by pyarrow (extra ``lake``).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from hashlib import sha256
from importlib import import_module
from io import BytesIO
from typing import Any

import msgspec

from setright.integrations.aws import Caller, put
from setright.integrations.error import IntegrationError
from setright.integrations.message import Message
from setright.integrations.ocsf import FINDING, REMEDIATION, event
from setright.model import Plain

PAGE_BYTES = 1_000_000
SOURCE = re.compile(r"[\w.:-]{1,20}")
VERSION = re.compile(r"[A-Za-z0-9._-]{0,32}")
COMMON = {
    **dict.fromkeys(("activity_id", "category_uid", "class_uid", "severity_id", "status_id"), "int32"),
    **dict.fromkeys(("type_uid", "time"), "int64"),
    **dict.fromkeys(("activity_name", "category_name", "class_name", "type_name", "severity", "status", "message"), "string"),
    "metadata": {
        **dict.fromkeys(("version", "uid", "event_code"), "string"),
        "product": dict.fromkeys(("name", "vendor_name", "version"), "string"),
    },
    "resources": [dict.fromkeys(("uid", "name", "type"), "string")],
    "unmapped": {"*": "string"},
}
COLUMNS: dict[int, dict[str, Any]] = {
    FINDING: {
        **COMMON,
        "finding_info": {
            **dict.fromkeys(("uid", "title"), "string"),
            "analytic": {**dict.fromkeys(("uid", "name", "type"), "string"), "type_id": "int32"},
        },
        "compliance": {
            **dict.fromkeys(("control", "status"), "string"),
            "status_id": "int32",
            "standards": ["string"],
            "requirements": ["string"],
        },
    },
    REMEDIATION: {
        **COMMON,
        **dict.fromkeys(("status_detail", "command_uid"), "string"),
        "remediation": {"desc": "string"},
        "actor": {"user": {"name": "string"}},
    },
}


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`bucket` is the lake's, of this `region`; `account` what the records pertain to: an AWS account, or ``external``.

    `findings` and `remediations` are the names of the custom sources, empty: such events are not sent; `version` is theirs.
    Credentials as the AWS SDK finds them, or by a `profile` of it, which may assume the role that the lake made for the source.
    """

    bucket: str
    region: str
    account: str = "external"
    findings: str = "setright-findings"
    remediations: str = "setright-remediation"
    version: str = ""
    profile: str = ""
    endpoint: str = ""


SECRETS = ()


class SecurityLake:
    """One lake. A batch is one object for each source and day; the same batch once more is the same object once more."""

    at_once = 5_000

    def __init__(self, options: Options) -> None:
        sources = {FINDING: options.findings, REMEDIATION: options.remediations}
        self._sources = {class_uid: name for class_uid, name in sources.items() if name}
        if not self._sources or not all(SOURCE.fullmatch(name) for name in self._sources.values()):
            raise IntegrationError("findings, remediations: name a custom source of the lake, of 20 characters at most")
        if not VERSION.fullmatch(options.version):
            raise IntegrationError(f"version: {options.version!r} is none; letters, digits, '.', '_' and '-', 32 at most")
        self._options = options
        self._account = Caller(options.region, options.profile, options.endpoint)
        _arrow()

    def send(self, messages: Sequence[Message]) -> None:
        """What the lake has no source for is left out. A test writes an object without a record."""
        parts: dict[tuple[int, str], list[Message]] = defaultdict(list)
        for message in messages:
            class_uid = event(message)["class_uid"]
            if class_uid in self._sources:
                parts[class_uid, message.at[:10].replace("-", "")].append(message)
            elif message.event == "message.test":
                parts[next(iter(self._sources)), message.at[:10].replace("-", "")] += []
        for (class_uid, day), each in parts.items():
            self._put(class_uid, day, each)

    def _put(self, class_uid: int, day: str, messages: Sequence[Message]) -> None:
        place = f"region={self._options.region}/accountId={self._options.account}/eventDay={day}"
        name = sha256("\n".join(message.id for message in messages).encode()).hexdigest()[:24] if messages else "test"
        prefix = "/".join(filter(None, ("ext", self._sources[class_uid], self._options.version)))
        data = parquet(class_uid, [event(message) for message in messages])
        key = f"{prefix}/{place}/{name}.zstd.parquet"
        put(self._account, self._options.bucket, key, data, ContentType="application/vnd.apache.parquet")


def parquet(class_uid: int, events: Sequence[Mapping[str, Plain]]) -> bytes:
    """Events of one class as a file, the oldest first."""
    arrow = _arrow()
    fields = [(name, _type(arrow, shape)) for name, shape in COLUMNS[class_uid].items()]
    rows = [{**each, "unmapped": _texts(each["unmapped"])} for each in sorted(events, key=lambda each: each["time"])]
    table = arrow.Table.from_pylist(rows, schema=arrow.schema(fields))
    file = BytesIO()
    import_module("pyarrow.parquet").write_table(table, file, compression="zstd", data_page_size=PAGE_BYTES)
    return file.getvalue()


def _type(arrow: Any, shape: Any) -> Any:
    """Arrow's type of a column: a mapping is a structure (one of ``*`` a map), a list has one shape within."""
    match shape:
        case {"*": inner}:
            return arrow.map_(arrow.string(), _type(arrow, inner))
        case dict():
            return arrow.struct([(name, _type(arrow, inner)) for name, inner in shape.items()])
        case [inner]:
            return arrow.list_(_type(arrow, inner))
    return getattr(arrow, shape)()


def _texts(unmapped: Plain) -> list[tuple[str, str]]:
    told = unmapped if isinstance(unmapped, dict) else {}
    return [(name, each if isinstance(each, str) else msgspec.json.encode(each).decode()) for name, each in told.items()]


def _arrow() -> Any:
    try:
        return import_module("pyarrow")
    except ImportError as error:
        raise IntegrationError("pyarrow is not installed: pip install 'setright[lake]'") from error


def open_channel(options: Options) -> SecurityLake:
    return SecurityLake(options)

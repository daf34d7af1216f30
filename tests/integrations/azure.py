"""Entra ID's token endpoint and Azure Monitor's Logs Ingestion API, as their documentation lays them down."""

from __future__ import annotations

import gzip
import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from .contracts import Contract, Reply

RULE = "dcr-" + "0a" * 16
TENANT, CLIENT, SECRET = "11111111-2222-4333-8444-555555555555", "66666666-7777-4888-9999-000000000000", "s3cret~of.the-app"
TEMPLATE = json.loads((Path(__file__).parents[2] / "examples" / "sentinel" / "dcr.json").read_text())
TABLE, DCR, RIGHT = TEMPLATE["resources"]
STREAM = "Custom-Setright_CL"
COLUMNS = {each["name"]: each["type"] for each in DCR["properties"]["streamDeclarations"][STREAM]["columns"]}
LARGEST = 1_048_576
TYPES = {"string": str, "int": int, "dynamic": dict, "datetime": str}


class AzureServer(Contract):
    """`rows` are those taken. `lasts_s` is how long a token holds; `smallest` a limit below the usual; `right` whether we may."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[dict[str, Any]] = []
        self.calls: list[int] = []
        self.tokens: list[str] = []
        self.limited: list[int] = []
        self.refused_tokens = 0
        self.right, self.lasts_s, self.largest = True, 3599, LARGEST

    def post(self, path: str, headers: Any, body: bytes) -> Reply:
        url = urlsplit(path)
        return self._token(headers, body) if url.path.endswith("/token") else self._ingest(url, headers, body)

    def _token(self, headers: Any, body: bytes) -> Reply:
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        if headers["Content-Type"] != "application/x-www-form-urlencoded" or form.get("grant_type") != "client_credentials":
            return Reply(400, {"error": "unsupported_grant_type", "error_description": "AADSTS70003: not supported."})
        if form.get("scope") not in ("https://monitor.azure.com/.default", "https://monitor.azure.com//.default"):
            return Reply(
                400, {"error": "invalid_scope", "error_description": "AADSTS70011: the scope is not valid.\r\nTrace ID: 1"}
            )
        if form.get("client_id") != CLIENT or form.get("client_secret") != SECRET:
            said = "AADSTS7000215: Invalid client secret provided.\r\nTrace ID: 1"
            return Reply(401, {"error": "invalid_client", "error_description": said})
        self.tokens.append(f"token-{len(self.tokens)}")
        return Reply(200, {"token_type": "Bearer", "expires_in": self.lasts_s, "access_token": self.tokens[-1]})

    def _ingest(self, url: Any, headers: Any, body: bytes) -> Reply:
        if parse_qs(url.query) != {"api-version": ["2023-01-01"]}:
            return _error(400, "MissingApiVersionParameter", "The api-version query parameter is required.")
        if headers.get("Authorization") != f"Bearer {self.tokens[-1]}" or self.refused_tokens:
            self.refused_tokens = max(0, self.refused_tokens - 1)
            return _error(401, "InvalidToken", "The access token is invalid.")
        place = re.fullmatch(r"/dataCollectionRules/([^/]+)/streams/([^/]+)", url.path)
        if place is None or place[1] != RULE:
            return _error(404, "NotFound", "Data collection rule with immutable Id was not found.")
        if not self.right:
            return _error(403, "OperationFailed", "The authentication token provided does not have access to ingest data.")
        if place[2] != STREAM:
            return _error(400, "InvalidStream", "The stream is not configured in the rule.")
        if self.limited:
            seconds = self.limited.pop(0)
            return Reply(429, {"error": {"code": "TooManyRequests", "message": "slow down"}}, {"Retry-After": str(seconds)})
        return self._rows(headers, body)

    def _rows(self, headers: Any, body: bytes) -> Reply:
        if headers["Content-Type"] != "application/json" or headers.get("Content-Encoding") != "gzip":
            return _error(400, "InvalidContentType", "application/json, gzip")
        plain = gzip.decompress(body)
        if max(len(plain), len(body)) > self.largest:
            return _error(413, "ContentLengthLimitExceeded", "Maximum allowed content length: 1048576 bytes (1 MB).")
        rows = json.loads(plain)
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            return _error(400, "InvalidRecords", "an array of objects")
        wrong = [name for row in rows for name in _wrong(row)]
        if wrong:
            return _error(400, "InvalidTransformOutput", ", ".join(wrong))
        self.rows += rows
        self.calls.append(len(plain))
        return Reply(204, None)


def _wrong(row: dict[str, Any]) -> list[str]:
    """Columns that the rule does not know, of another type, or that a column would cut (64 KB). TimeGenerated is a must."""
    told = [f"{name} is no column" for name in row.keys() - COLUMNS.keys()]
    for name, sort in COLUMNS.items():
        value = row.get(name)
        if value is not None and (not isinstance(value, TYPES[sort]) or isinstance(value, bool)):
            told.append(f"{name} is no {sort}")
        if len(json.dumps(value, ensure_ascii=False).encode()) > 65_536:
            told.append(f"{name} is larger than 64 KB")
    try:
        datetime.fromisoformat(row["TimeGenerated"])
    except (KeyError, ValueError):
        told.append("TimeGenerated")
    return told


def _error(status: int, code: str, message: str) -> Reply:
    return Reply(status, {"error": {"code": code, "message": message}})

"""The API as an OpenAPI 3.1 document (spec.openapis.org/oas/v3.1.1), made from the definitions that requests are read by.

`python -m setright.web.api.openapi` writes it; schemas/openapi.json is kept so, and a test holds it to this.
"""

from __future__ import annotations

import sys
from functools import cache

import msgspec

from setright import __version__
from setright.model import Plain
from setright.web.api import shapes
from setright.web.api.problems import MEDIA, TITLES

REF = "#/components/schemas/{name}"
KEY: dict[str, Plain] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The caller's own name for the call. The same key asked for again gives the same call, never a second one.",
    "schema": {"type": "string", "minLength": 8, "maxLength": 200},
}
PREFER: dict[str, Plain] = {
    "name": "Prefer",
    "in": "header",
    "required": False,
    "description": "wait=N: answer only when it has ended, after N seconds (600 at most) in any case.",
    "schema": {"type": "string", "examples": ["wait=60"]},
}


@cache
def openapi_document() -> bytes:
    """As JSON, the same bytes each time."""
    takes = [operation.takes for operation in shapes.OPERATIONS]
    _, components = msgspec.json.schema_components([*takes, shapes.Told, shapes.ProblemDetails], ref_template=REF)
    looks = {
        "/calls/{id}": _look("id", "A call: what was asked for, and what came of it.", "Told"),
        "/plans/{hash}": _look("hash", "A plan as it was shown, how far it has come, and whose yes it lacks.", ""),
    }
    whole = {
        "openapi": "3.1.0",
        "info": {
            "title": "setright",
            "version": __version__,
            "summary": "Find what is configured wrong, put it right within policy, prove it, and go back.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": shapes.PREFIX}],
        "security": [{"token": []}],
        "paths": {operation.path: {"post": _operation(operation)} for operation in shapes.OPERATIONS} | looks,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "What `setright tokens new` shows once."}
            },
        },
    }
    return msgspec.json.format(msgspec.json.encode(whole), indent=2) + b"\n"


def _operation(operation: shapes.Operation) -> dict[str, Plain]:
    answers: dict[str, Plain] = {"200": _answer("It ended as it was asked to.", "Told")}
    if operation.is_long:
        answers["202"] = _answer("It is under way; look at the call again, at the address in Location.", "Told")
    return {
        "operationId": operation.action,
        "summary": operation.says,
        "description": " ".join((operation.takes.__doc__ or "").split()),
        "parameters": [KEY, PREFER] if operation.is_long else [KEY],
        "requestBody": {"required": True, "content": {"application/json": {"schema": _ref(operation.takes.__name__)}}},
        "responses": answers | _problems("400", "401", "403", "404", "409", "413", "415", "422", "429", "500"),
    }


def _look(name: str, says: str, answer: str) -> dict[str, Plain]:
    parameter = {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
    answers = {"200": _answer(says, answer)} | _problems("401", "403", "404", "429")
    return {"get": {"operationId": f"look_at_{name}", "summary": says, "parameters": [parameter], "responses": answers}}


def _answer(says: str, name: str) -> dict[str, Plain]:
    return {"description": says, "content": {"application/json": {"schema": _ref(name) if name else {"type": "object"}}}}


def _problems(*statuses: str) -> dict[str, Plain]:
    """With the names that a problem's type ends in."""
    names = {status: [name for name, (of, _) in TITLES.items() if str(of) == status] for status in statuses}
    return {
        status: {"description": f"{', '.join(named)}.", "content": {MEDIA: {"schema": _ref(shapes.ProblemDetails.__name__)}}}
        for status, named in names.items()
    }


def _ref(name: str) -> dict[str, Plain]:
    return {"$ref": REF.format(name=name)}


if __name__ == "__main__":
    sys.stdout.buffer.write(openapi_document())

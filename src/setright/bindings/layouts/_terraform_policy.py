"""Documents in JSON that Terraform source writes in its own ways: text, a heredoc, jsonencode, a data block.

developer.hashicorp.com/terraform/language/functions/jsonencode; registry.terraform.io aws_iam_policy_document, google_iam_policy.
What an expression gives is Unknown. How they are edited is in `_terraform_documents`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from setright.bindings.layouts._terraform_module import Block, Module
from setright.bindings.layouts._terraform_values import mentions
from setright.dialect import plain_mapping
from setright.model import Path, Plain, Tree, Unknown
from setright.patterns import late
from setright.trees import as_list

HEREDOC = late(r"<<-?(\w+)[ \t]*\r?\n(.*)\n[ \t]*\1\s*", re.DOTALL)
ENCODED = late(r"jsonencode\((.*)\)\s*", re.DOTALL)
AWS, GOOGLE = "aws_iam_policy_document", "google_iam_policy"
_INDEX = r"(?:\[[\w.]+\])?"
DATA = late(rf'(?:"\$\{{\s*)?data\.(?:({AWS})\.([\w-]+){_INDEX}\.json|({GOOGLE})\.([\w-]+){_INDEX}\.policy_data)(?:\s*\}}")?')
TOO_MANY = late(r'("(?:[^"\\]|\\.)*+")|,(?=\s*+[\]}])')
_HOLE = r'\$\{(?:[^{}"]|"(?:[^"\\]|\\.)*+"|\{[^{}]*+\})*+\}'
HOLE = late(_HOLE, re.DOTALL)
TOKEN = late(
    rf'[ \t\r]*(?:(?P<end>[\n,]|\Z)|(?P<comment>#|//)|(?P<text>"(?:{_HOLE}|[^"\\]|\\.)*+")|(?P<word>[\w.*-]+)|(?P<sign>.))',
    re.DOTALL,
)
WORDS = {"true": True, "false": False, "null": None}
CALLER = late(r"(?:\$\{)?(?:data\.)?(?!var\.|local\.|each\.|module\.|path\.)\w+\.[\w-]+(?:\[\w+\])?\.(?:\w*_?arn|account_id)\}?")
DEPTH = 40
OPENS = ("{", "[", "")  # how JSON begins


def policy_document(module: Module, raw: Plain) -> Plain:
    """What a JSON document says; the value itself where that cannot be told.

    A principal that begins as an ARN is somebody, whatever is filled in.
    """
    told = _document_of(module, raw)
    statements = told.get("Statement") if isinstance(told, dict) else None
    if isinstance(told, dict) and isinstance(statements, list):
        return told | {"Statement": [_with_names(each) for each in statements]}
    return told


def capital(value: Plain) -> Plain:
    """A document whose keys begin small, as APIs take it, in the names of a template."""
    if isinstance(value, dict):
        return {key[:1].upper() + key[1:]: capital(inner) for key, inner in value.items()}
    return [capital(inner) for inner in value] if isinstance(value, list) else value


def _with_names(statement: Plain) -> Plain:
    if isinstance(statement, dict) and "Resource" in statement and "Principal" not in statement:
        return statement | {"Resource": _some(statement["Resource"])}
    if not isinstance(statement, dict) or not isinstance(statement.get("Principal"), dict):
        return statement
    return statement | {"Principal": {key: _name(value) for key, value in statement["Principal"].items()}}


def _name(value: Plain) -> Plain:
    if isinstance(value, list):
        return [_name(each) for each in value]
    text = value.text.strip('"') if isinstance(value, Unknown) else ""
    return text if (text.startswith("arn:") and "*" not in text) or CALLER.fullmatch(text) else value


def _some(value: Plain) -> Plain:
    """What a statement is about, by its text where that is surely not everything: an ARN of a resource, a text that says more."""
    if isinstance(value, list):
        return [_some(each) for each in value]
    text = value.text.strip('"') if isinstance(value, Unknown) else ""
    around = HOLE.sub("", text) if "${" in text else ""  # what is written of a template; another expression has quotes in it
    says_more = '"' not in around and (around.startswith("arn:") or around.endswith(("/*", ":*")))
    return text if says_more or CALLER.fullmatch(text) else value


def _document_of(module: Module, raw: Plain) -> Plain:
    return _listed(module.resolved(written(module, raw)))


def written(module: Module, raw: Plain) -> Plain:
    """The document as it is written, its one statement no list."""
    if isinstance(raw, str):
        return _parsed(raw)
    if isinstance(raw, dict):
        return _document(raw)
    text = raw.text if isinstance(raw, Unknown) else ""
    if found := HEREDOC.fullmatch(text):
        return _parsed(found[2])
    if found := ENCODED.fullmatch(text):
        return _literal(found[1])
    block = _data(module, text)
    return raw if block is None else _document(block[2])


def own(module: Module, block: Block, types: Iterable[str]) -> bool:
    """Whether a data block makes a policy for callers (it names no principals) that no resource of the types takes."""
    if any("principals" in each or "not_principals" in each for each in _blocks(block.body.get("statement"))):
        return False
    named = re.compile(rf"\b{re.escape(block.address)}\b")
    return not any(mentions(other.body, named) for each in types if each != block.type for other in module.resources(each))


def place(module: Module, raw: Plain, at: tuple[str, Path], rest: Path) -> tuple[str, Path]:
    """Where a statement of a policy stands that a data block makes; for any other document, where that is taken."""
    if isinstance(raw, dict):
        block: tuple[str, Path, Tree] | None = (*at, raw)
    else:
        block = _data(module, raw.text) if isinstance(raw, Unknown) else None
    if block is None:
        return at
    inner = ("statement", rest[1]) if len(rest) > 1 and rest[0] == "Statement" and isinstance(rest[1], int) else ()
    return block[0], (*block[1], *inner)


def made_by(module: Module, raw: Plain) -> tuple[str, Path] | None:
    """The place of the data block that writes a policy of AWS; None where none does."""
    block = _data(module, raw.text) if isinstance(raw, Unknown) else None
    return block[:2] if block is not None and block[1][1] == AWS else None


def _parsed(text: str) -> Plain:
    """JSON with interpolations in its texts, each such text Unknown, or plain YAML; else Unknown, but for a comma too many."""
    plain = HOLE.sub(lambda hole: json.dumps(hole[0], ensure_ascii=False)[1:-1], text)
    for each in (plain, TOO_MANY.sub(lambda found: found[1] or "", plain)):
        try:
            return _told(json.loads(each))
        except (ValueError, RecursionError):
            continue
    told = None if text.lstrip()[:1] in OPENS else plain_mapping(plain)
    return Unknown(text) if told is None else _told(told)


def _told(value: Plain) -> Plain:
    if isinstance(value, dict):
        return {key: _told(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_told(inner) for inner in value]
    return Unknown(value) if isinstance(value, str) and "${" in value else value


def _listed(value: Plain) -> Plain:
    """A policy of one statement as one with a list of them."""
    if isinstance(value, dict) and isinstance(value.get("Statement"), dict):
        return {**value, "Statement": [value["Statement"]]}
    return value


# --- aws_iam_policy_document ----------------------------------------------------------------------------------------


def _data(module: Module, text: str) -> tuple[str, Path, Tree] | None:
    found = DATA.fullmatch(text)
    sort, name = (found[1] or found[3], found[2] or found[4]) if found else ("", "")
    for locator, source in module.sources.items() if found else ():
        data = source.tree.get("data")
        kept = data.get(sort) if isinstance(data, dict) else None
        for body in _blocks(kept.get(name)) if isinstance(kept, dict) else ():
            return locator, ("data", sort, name, 0), body
    return None


def _document(body: Tree) -> Tree:
    if "binding" in body:
        return {"bindings": [{key: each[key] for key in ("role", "members") if key in each} for each in _blocks(body["binding"])]}
    return {"Statement": [_statement(each) for each in _blocks(body.get("statement"))]}


def _statement(body: Tree) -> Tree:
    names = {"sid": "Sid", "actions": "Action", "not_actions": "NotAction", "resources": "Resource", "not_resources": "NotResource"}
    told: Tree = {"Effect": body.get("effect", "Allow")} | {names[key]: value for key, value in body.items() if key in names}
    for block, name in (("principals", "Principal"), ("not_principals", "NotPrincipal")):
        if principals := _blocks(body.get(block)):
            told[name] = _principals(principals)
    if conditions := _blocks(body.get("condition")):
        told["Condition"] = {}
        for each in conditions:
            told["Condition"].setdefault(str(each.get("test")), {})[str(each.get("variable"))] = each.get("values")
    return told


def _principals(blocks: Sequence[Tree]) -> Plain:
    """Those of each type, by it; all are "*"."""
    told: Tree = {}
    for each in blocks:
        kind, named = str(each.get("type")), each.get("identifiers")
        told[kind] = [*as_list(told[kind]), *as_list(named)] if kind in told else named
    return "*" if told.get("*") == ["*"] else told


def _blocks(value: Plain) -> list[Tree]:
    return [body for body in value if isinstance(body, dict)] if isinstance(value, list) else []


# --- jsonencode -----------------------------------------------------------------------------------------------------


class _Token(NamedTuple):
    sort: str
    text: str
    start: int
    end: int


def _literal(text: str) -> Plain:
    """The value of an HCL expression of objects and lists; Unknown for any other part of it."""
    value, at = _value(text, 0, 0)
    return value if token_at(text, at, True).text == "" else Unknown(text)


def token_at(text: str, at: int, over_lines: bool) -> _Token:
    """The token at or after a place; line ends count unless told otherwise."""
    while True:
        m = TOKEN.match(text, at)
        if m is None:
            return _Token("end", "", len(text), len(text))
        if m["comment"]:
            at = text.find("\n", m.end())
            at = len(text) if at < 0 else at
            continue
        if over_lines and m["end"] == "\n":
            at = m.end()
            continue
        sort = m.lastgroup or "end"
        return _Token(sort, m[sort] or "", m.start(sort), m.end())


def _value(text: str, at: int, depth: int) -> tuple[Plain, int]:
    token = token_at(text, at, True)
    if token.text in ("{", "[") and depth < DEPTH:
        value, end = (_object if token.text == "{" else _list)(text, token.end, depth + 1)
    else:
        value, end = _scalar(token), token.end
    after = token_at(text, end, False)
    if after.sort == "end" or after.text in ("}", "]"):
        return value, end
    at = unread(text, token.start)
    return Unknown(text[token.start : at].strip()), at


def _scalar(token: _Token) -> Plain:
    if token.sort == "text" and "${" not in token.text and "%{" not in token.text:
        try:
            return json.loads(token.text)
        except ValueError:
            return Unknown(token.text)
    if token.text in WORDS:
        return WORDS[token.text]
    return int(token.text) if re.fullmatch(r"\d{1,15}", token.text) else Unknown(token.text)


def unread(text: str, start: int) -> int:
    """Where a value that is an expression ends."""
    depth, at = 0, start
    while True:
        token = token_at(text, at, depth > 0)
        closes = token.text in (")", "]", "}")
        if (depth == 0 and (token.sort == "end" or closes)) or token.text == "":
            return len(text[:at].rstrip()) if at > start else at
        depth += (token.text in ("(", "[", "{")) - closes
        at = token.end


def _object(text: str, at: int, depth: int) -> tuple[Plain, int]:
    out: dict[str, Plain] = {}
    while True:
        key = token_at(text, at, True)
        if key.text == ",":
            at = key.end
            continue
        if key.text in ("}", ""):
            return out, key.end
        sign = token_at(text, key.end, False)
        if key.sort not in ("text", "word") or sign.text not in ("=", ":"):
            return _broken(text, at)
        value, at = _value(text, sign.end, depth)
        out[key.text.strip('"')] = value


def _list(text: str, at: int, depth: int) -> tuple[Plain, int]:
    out: list[Plain] = []
    while True:
        token = token_at(text, at, True)
        if token.text == ",":
            at = token.end
            continue
        if token.text in ("]", ""):
            return out, token.end
        value, end = _value(text, at, depth)
        if end <= at:
            return _broken(text, at)
        out.append(value)
        at = end


def _broken(text: str, at: int) -> tuple[Plain, int]:
    return Unknown(text[at:].strip()), len(text)

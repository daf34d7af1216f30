"""Expressions in the scripts of workflows: which carry what strangers write, and how they move into the environment.

docs.github.com: Secure use reference (Good practices for mitigating script injection attacks); Contexts reference.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from setright.model import Plain, Tree, Unknown

EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.S)
UNTRUSTED = re.compile(  # what anybody can write who may open an issue or a pull request
    r"github\.head_ref|github\.event\.(?:issue|discussion|pull_request)\.(?:title|body)"
    r"|github\.event\.(?:comment|review|review_comment|answer)\.body|github\.event\.pages(?:\.\*|\[\d+\])?\.page_name"
    r"|github\.event\.(?:head_commit|commits(?:\.\*|\[\d+\])?|workflow_run\.head_commit)\.(?:message|(?:author|committer)\.(?:email|name))"
    r"|github\.event\.pull_request\.head\.(?:ref|label|repo\.(?:default_branch|description|homepage|full_name|name))"
    r"|github\.event\.workflow_run\.(?:head_branch|display_title|head_repository\.description)"
    r"|github\.event\.workflow_run\.pull_requests(?:\.\*|\[\d+\])?\.head\.ref|github\.event\.client_payload(?:\.[\w-]+)*"
    r"|toJSON\(github(?:\.event)?\)"
)
GIVEN = re.compile(  # what callers, other steps or whoever makes a branch can write
    r"(?:github\.event\.)?inputs\.[\w-]+|github\.(?:ref_name|base_ref)|(?:steps|needs)\.[\w-]+\.outputs\.[\w-]+"
)
QUOTES = re.compile(r"\\.|'|\"|(?:(?<=\s)|\A)#[^\n]*", re.S)


def told(value: Plain) -> Plain:
    """The value with what an expression will fill in as Unknown."""
    if isinstance(value, dict):
        return {key: told(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [told(inner) for inner in value]
    return Unknown(value) if isinstance(value, str) and "${{" in value else value


def expressions(script: Plain) -> list[Tree]:
    """The expressions of a script that others can fill: ``{text: "${{ ... }}", value: github.head_ref, from: anybody}``.

    `from` is anybody (who may open an issue or a pull request) or caller (inputs, outputs and branch names).
    """
    found: dict[str, Tree] = {}
    for match in EXPRESSION.finditer(script) if isinstance(script, str) else ():
        for who, pattern in (("anybody", UNTRUSTED), ("caller", GIVEN)):
            if value := pattern.search(re.sub(r"\['([\w-]+)'\]", r".\1", match[1])):
                found.setdefault(match[0], {"text": match[0], "value": value[0], "from": who})
    return list(found.values())


def variable_for(value: str, taken: Plain) -> str:
    """The name of the environment variable that shall carry a value."""
    words = re.findall(r"\w+", value.replace("-", "_"))
    kept = [word for word in words if word not in ("github", "event", "toJSON")] or words
    name = "_".join(kept).upper()
    names = taken if isinstance(taken, dict) else {}
    return name if name not in names and name not in ("PATH", "HOME", "REF_NAME") else f"GIVEN_{name}"


def with_variable(script: str, text: str, name: str) -> str | None:
    """The script with a shell variable for the expression; None where the shell would not fill it in there."""
    if "<<" in script or any(_is_in_single_quotes(script, match.start()) for match in re.finditer(re.escape(text), script)):
        return None
    return script.replace(text, f"${{{name}}}")


def _is_in_single_quotes(script: str, at: int) -> bool:
    quote = ""
    for match in _marks(script, at):
        if match[0] == quote:
            quote = ""
        elif not quote and match[0] in ("'", '"'):
            quote = match[0]
    return quote == "'"


def _marks(script: str, end: int) -> Iterator[re.Match[str]]:
    return QUOTES.finditer(script, 0, end)

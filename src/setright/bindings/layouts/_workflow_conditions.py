"""Conditions of jobs and steps that do not ask what they seem to ask.

    always: true             text stands beside the expression, so that the whole is a text, and a text is true
    partly: contains(...)    any part of the names in the list will do, as `refs/heads/ma`

docs.github.com, Evaluate expressions in workflows and actions: operators, `contains`, `fromJSON`.
"""

from __future__ import annotations

import json

from setright.bindings.layouts._workflow_text import EXPRESSION
from setright.model import Tree
from setright.patterns import late

BETWEEN = late(r"(?:[\s()!]|&&|\|\||(?:always|success|failure|cancelled)\(\))*")  # what means the same within an expression
PARTS = late(  # what whoever makes a branch or gives an input can write, looked for in a list that is one text
    r"contains\(\s*'(?P<names>[^']*)'\s*,\s*(?P<value>github\.(?:ref|ref_name|head_ref|base_ref|actor|triggering_actor)"
    r"|github\.event\.[\w.-]+|(?:env|inputs)\.[\w-]+)\s*\)"
)
APART = late(r"[\s,|;]+")


def wrong_conditions(raw: Tree) -> Tree:
    """What is wrong with the condition of a job or step, by the words of the module."""
    text = raw.get("if")
    if not isinstance(text, str):
        return {}
    found = PARTS.search(text)
    return {**({"always": True} if _is_text(text) else {}), **({"partly": found[0]} if found else {})}


def asking(text: str) -> str | None:
    """The condition as one expression; None where it is not clear which."""
    if len(EXPRESSION.findall(text)) == 1 and EXPRESSION.fullmatch(text.strip()):
        return text.strip()
    outside = EXPRESSION.sub("\0", text).split("\0")
    if not all(BETWEEN.fullmatch(each) for each in outside):
        return None
    return EXPRESSION.sub(lambda found: f"({found[1].strip()})", text).strip()


def whole_names(text: str) -> str:
    """The condition with lists of names in place of texts that hold them."""

    def listed(found: str, names: str, value: str) -> str:
        if names.lstrip().startswith("["):  # written as the list already
            return f"contains(fromJSON('{names}'), {value})"
        several = [each for each in APART.split(names) if each]
        return f"contains(fromJSON('{json.dumps(several)}'), {value})" if several else found

    return PARTS.sub(lambda found: listed(found[0], found["names"], found["value"]), text)


def _is_text(text: str) -> bool:
    """Whether something stands beside the expressions of a condition."""
    return "${{" in text and (EXPRESSION.fullmatch(text) is None or len(EXPRESSION.findall(text)) > 1)

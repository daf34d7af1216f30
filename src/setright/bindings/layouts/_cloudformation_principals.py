"""Whom the policy of a template's bucket lets in: surely somebody, or perhaps everybody.

AWS IAM User Guide, JSON policy elements: Principal; AWS CloudFormation User Guide, Fn::FindInMap and Fn::If.
"""

from __future__ import annotations

import re

from setright.bindings.layouts._cloudformation_told import map_words
from setright.bindings.layouts._cloudformation_values import CALLER, CHOICE, NO_VALUE, function, referred
from setright.bindings.trees import look_up
from setright.model import Plain, Tree, Unknown

ACCOUNT = re.compile(r"\d+")  # one that begins with a zero may be a number in YAML


def closed(policy: Plain, template: Tree) -> bool:
    """Whether every statement surely lets in only those it names, or only on a condition."""
    statements = look_up(policy, ("Statement",))
    listed = statements if isinstance(statements, list) else [statements]
    return all(isinstance(each, dict) and not function(each) and _narrow(each, template) for each in listed)


def _narrow(statement: Tree, template: Tree) -> bool:
    if statement.get("Effect") == "Deny" or statement.get("Condition"):
        return True
    principal = statement.get("Principal")
    named = principal.get("AWS", []) if isinstance(principal, dict) and function(principal) is None else principal
    return named is not None and all(_is_somebody(each, template) for each in (named if isinstance(named, list) else [named]))


def _is_somebody(principal: Plain, template: Tree) -> bool:
    """Whether it surely names somebody, whatever a function puts in."""
    text = function(principal)
    if text is None:
        return bool(principal != "*")
    branches: Plain = principal.get(CHOICE) if isinstance(principal, dict) else None
    if isinstance(branches, list):
        return all(referred(each) == NO_VALUE or _is_somebody(each, template) for each in branches[1:])
    return CALLER.fullmatch(text) is not None or _is_in_table(principal, template)


def _is_in_table(principal: Plain, template: Tree) -> bool:
    """Whether a table of the template gives it, and names somebody in each row: a parameter may mean any of them."""
    named = map_words(principal)
    table = look_up(template, ("Mappings", named[0])) if len(named) == 3 else None
    rows = [look_up(row, (named[2],)) for row in table.values()] if isinstance(table, dict) else []
    return bool(rows) and all(_is_name(each) for each in rows)


def _is_name(value: Plain) -> bool:
    return ACCOUNT.fullmatch(value.text) is not None if isinstance(value, Unknown) else value not in ("*", None)

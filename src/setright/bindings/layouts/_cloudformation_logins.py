"""Who logs in over SSH by a security group of a template: people, where it is the group of a bastion.

AWS Prescriptive Guidance, bastion hosts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from setright.bindings.layouts import _cloudformation_rules as rules
from setright.bindings.layouts._cloudformation_index import tied, typed, users
from setright.bindings.layouts._cloudformation_values import properties, resource_type
from setright.bindings.trees import look_up
from setright.model import Plain, Tree

GROUP, RULE = "AWS::EC2::SecurityGroup", "AWS::EC2::SecurityGroupIngress"
BASTION = re.compile(r"bastion|jump[ _-]?(?:host|box|server)", re.IGNORECASE)
MACHINES = ("AWS::EC2::Instance", "AWS::EC2::LaunchTemplate", "AWS::AutoScaling::LaunchConfiguration")


def logins(template: Tree, name: str, tree: Tree) -> str:
    """``by people`` where it is the group of a bastion, but for one that a parameter opens: they set that as they need it."""
    own = properties(template, name)
    is_group = resource_type(template["Resources"][name]) == GROUP
    alone = [own] if not is_group else [body for _, body in tied(template, RULE, "GroupId").to.get(name, ())]
    is_told = any(rules.opened_by(rule, template) for rule in _rules([own.get("SecurityGroupIngress"), alone]))
    return "by people" if not is_told and any(map(BASTION.search, _words(template, name))) else "no"


def _rules(node: Plain) -> Iterator[Tree]:
    """The rules wherever they stand, in branches of a choice too."""
    if isinstance(node, dict):
        yield node
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _rules(inner)


def _words(template: Tree, name: str) -> Iterator[str]:
    """What tells of what a group is for: its name, its words, the machines in it, and those of a template about it alone."""
    own = properties(template, name)
    yield from (name, *(str(own.get(key)) for key in ("GroupName", "GroupDescription", "GroupId", "Tags")))
    yield from (id_ for id_ in users(template, name) if resource_type(template["Resources"][id_]) in MACHINES)
    if len(typed(template, GROUP)) == 1:
        yield str(look_up(template, ("Description",)))

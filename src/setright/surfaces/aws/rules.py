"""Security group rules: the API's permissions as a flat list, one source a rule, and the calls that turn one list into another.

EC2 API, IpPermission and SecurityGroupRule; CloudFormation AWS::EC2::SecurityGroup Ingress/Egress for the names.
A rule is known by all but its description: two that differ in nothing else cannot stand in one group.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from setright.model import Plain

Rule = dict[str, Plain]
ENDS = {"ingress": "Source", "egress": "Destination"}
PORTS = ("IpProtocol", "FromPort", "ToPort")
RANGES = (("IpRanges", "CidrIp"), ("Ipv6Ranges", "CidrIpv6"))


class Step(NamedTuple):
    """One call on a group: its operation and arguments. `tolerates` is the code that says it was done before."""

    op: str
    arguments: dict[str, Plain]
    tolerates: str = ""


def flat_rules(permissions: Sequence[Mapping[str, Plain]], shape: str) -> list[Rule]:
    """One rule a source, in a stable order."""
    rules = [rule for permission in permissions for rule in _rules(permission, ENDS[shape])]
    return sorted(rules, key=lambda rule: json.dumps([rule.get(key) for key in PORTS] + [rule], sort_keys=True, default=str))


def identity(rule: Mapping[str, Plain]) -> str:
    """What tells a rule from all others of its group and side."""
    return json.dumps({key: value for key, value in rule.items() if key != "Description"}, sort_keys=True)


def of_id(rule: Mapping[str, Plain]) -> Rule:
    """A DescribeSecurityGroupRules item as a rule of the tree."""
    end = "Destination" if rule["IsEgress"] else "Source"
    new: Rule = {"IpProtocol": rule["IpProtocol"]}
    if rule.get("FromPort", -1) != -1 or rule["IpProtocol"] in ("icmp", "icmpv6"):
        new |= {"FromPort": rule["FromPort"], "ToPort": rule["ToPort"]}
    other = rule.get("ReferencedGroupInfo", {})
    sources = {
        "CidrIp": rule.get("CidrIpv4"),
        "CidrIpv6": rule.get("CidrIpv6"),
        f"{end}PrefixListId": rule.get("PrefixListId"),
        f"{end}SecurityGroupId": other.get("GroupId"),
        f"{end}SecurityGroupOwnerId": other.get("UserId") if "PeeringStatus" in other else None,
        "Description": rule.get("Description"),
    }
    return new | {key: value for key, value in sources.items() if value}


def rule_steps(
    side: str, group_id: str, ids: Mapping[str, str], have: Sequence[Rule], want: Sequence[Rule], tags: Plain
) -> list[Step]:
    """The calls that make `have` into `want`: what is narrower comes before what is wider goes, each rule by its own id.

    `side` is ``Ingress`` or ``Egress``; `ids` are rule ids by identity, `tags` those that a rule had when it was kept, by identity.
    """
    old = {identity(rule): rule for rule in have}
    new = {identity(rule): rule for rule in want}
    described = [new[key] for key in new if key in old and new[key] != old[key]]
    added = [_authorize(side, group_id, new[key], (tags or {}).get(key, ())) for key in new if key not in old]
    gone = [ids[key] for key in old if key not in new]
    done = [_describe(side, group_id, rule) for rule in described] + added
    if gone:
        revoke = {"GroupId": group_id, "SecurityGroupRuleIds": gone}
        done.append(Step(f"ec2:RevokeSecurityGroup{side}", revoke, "InvalidSecurityGroupRuleId.NotFound"))
    return done


def permission(rule: Mapping[str, Plain]) -> dict[str, Plain]:
    """A rule as the API takes it."""
    about = {"Description": rule["Description"]} if "Description" in rule else {}
    new = {key: rule[key] for key in PORTS if key in rule}
    for field, key in RANGES:
        if key in rule:
            new[field] = [{key: rule[key]} | about]
    for end in ("Source", "Destination"):
        if f"{end}PrefixListId" in rule:
            new["PrefixListIds"] = [{"PrefixListId": rule[f"{end}PrefixListId"]} | about]
        if f"{end}SecurityGroupId" in rule:
            owner = {"UserId": rule[f"{end}SecurityGroupOwnerId"]} if f"{end}SecurityGroupOwnerId" in rule else {}
            new["UserIdGroupPairs"] = [{"GroupId": rule[f"{end}SecurityGroupId"]} | owner | about]
    return new


def _rules(permission: Mapping[str, Plain], end: str) -> list[Rule]:
    head = {key: permission[key] for key in PORTS if key in permission}
    sources = [{key: item[key]} | _about(item) for field, key in RANGES for item in permission.get(field, ())]
    sources += [{f"{end}PrefixListId": item["PrefixListId"]} | _about(item) for item in permission.get("PrefixListIds", ())]
    sources += [_group(item, end) | _about(item) for item in permission.get("UserIdGroupPairs", ())]
    return [head | source for source in sources]


def _group(pair: Mapping[str, Plain], end: str) -> Rule:
    """The group a rule names; its owner too where a peering connection leads to another account."""
    owner = {f"{end}SecurityGroupOwnerId": pair["UserId"]} if "PeeringStatus" in pair else {}
    return {f"{end}SecurityGroupId": pair["GroupId"]} | owner


def _about(item: Mapping[str, Plain]) -> Rule:
    return {"Description": item["Description"]} if item.get("Description") else {}


def _authorize(side: str, group_id: str, rule: Rule, tags: Sequence[Plain]) -> Step:
    arguments = {"GroupId": group_id, "IpPermissions": [permission(rule)]}
    if tags:
        arguments["TagSpecifications"] = [{"ResourceType": "security-group-rule", "Tags": list(tags)}]
    return Step(f"ec2:AuthorizeSecurityGroup{side}", arguments, "InvalidPermission.Duplicate")


def _describe(side: str, group_id: str, rule: Rule) -> Step:
    permissions = [permission(rule | {"Description": rule.get("Description", "")})]
    return Step(f"ec2:UpdateSecurityGroupRuleDescriptions{side}", {"GroupId": group_id, "IpPermissions": permissions})

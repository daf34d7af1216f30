"""What a resource's own tags, labels and ids say of it: owner, account, environment, importance, exposure. Pure.

Tags by the names that people give them: kubernetes.io/docs/concepts/overview/working-with-objects/common-labels, and the
tagging guides of the clouds. ARNs: docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from setright.model import Plain, Tree
from setright.policy.assets import Traits
from setright.policy.owners import Owner, Witness

TAGS = ("Tags", "tags", "TagSet", "userLabels", "resource_labels")
LABELS = ("labels", "metadata/labels", "metadata/annotations", "workload/labels", "workload/annotations")
PLACES = [(signal, at, at.split("/")) for signal, places in (("tag", TAGS), ("label", LABELS)) for at in places]
NAMES = {"owner", "team", "owners", "owned-by", "service-owner", "app.kubernetes.io/owner", "squad"}
APPLICATIONS = {"app.kubernetes.io/part-of", "app.kubernetes.io/name", "app", "application", "service"}
ENVIRONMENTS = {"environment", "env", "stage", "app.kubernetes.io/environment"}
IMPORTANCES = {"importance", "criticality", "business-criticality", "tier"}
EXPOSURES = {"exposure", "internet-facing", "visibility"}
ACCOUNT = re.compile(r"\barn:aws[\w-]*:[\w-]*:[\w-]*:(\d{12}):|\baccount/(\d{12})\b")
MOST_VALUES = 400  # of a tree that are looked at for ids
SPELLINGS = {
    "production": ("prod", "production", "prd", "live"),
    "staging": ("staging", "stage", "stg", "preprod", "pre-production", "uat"),
    "test": ("test", "testing", "tst", "qa"),
    "development": ("dev", "development", "sandbox"),
    "critical": ("critical", "tier-0", "tier0", "mission-critical", "0"),
    "high": ("high", "tier-1", "tier1", "1"),
    "medium": ("medium", "tier-2", "tier2", "moderate", "2"),
    "low": ("low", "tier-3", "tier3", "minor", "3"),
    "internet": ("internet", "public", "external", "internet-facing", "true", "yes"),
    "partner": ("partner", "extranet"),
    "internal": ("internal", "private", "intranet"),
    "isolated": ("isolated", "airgapped", "air-gapped"),
}
CANONICAL = {spelling: word for word, spellings in SPELLINGS.items() for spelling in spellings}
OF_ENVIRONMENT = ("production", "staging", "test", "development")
OF_IMPORTANCE = ("critical", "high", "medium", "low")
OF_EXPOSURE = ("internet", "partner", "internal", "isolated")


def tagged_witnesses(tree: Tree, owners: Sequence[Owner]) -> Iterator[Witness]:
    """Whom tags and labels name; an application's name counts only where an owner is called so."""
    for signal, where, name, value in _all(tree):
        if name in NAMES:
            yield Witness(value, signal, f"{where}: {name} = {value}")
        elif name in APPLICATIONS and any(owner.is_called(value) for owner in owners):
            yield Witness(value, "label", f"{where}: {name} = {value}")


def accounted(name: str, tree: Tree, owners: Sequence[Owner]) -> Iterator[Witness]:
    """Whose account, namespace or cluster it stands in; `name` is the resource's own, ``Deployment/shop/web``."""
    if not any(owner.accounts for owner in owners):
        return
    seen = {found[1] or found[2] for text in _texts(tree) for found in ACCOUNT.finditer(text)}
    seen |= {found[1] or found[2] for found in ACCOUNT.finditer(name)} | set(name.split("/")[:-1])
    namespace = _at(tree, "metadata/namespace") or _at(tree, "workload/namespace")
    seen |= {namespace} if isinstance(namespace, str) else set()
    for owner in owners:
        for account in owner.accounts:
            if account in seen:
                yield Witness(owner.name, "account", f"account {account}")


def traits(tree: Tree) -> Traits:
    """What tags and labels say besides an owner, in whatever spelling is usual."""
    told = Traits()
    for _, where, name, value in _all(tree):
        word, why = CANONICAL.get(value.casefold(), ""), f"{where}: {name} = {value}"
        if name in ENVIRONMENTS and word in OF_ENVIRONMENT:
            told = told.over(Traits(environment=word))
        elif name in IMPORTANCES and word in OF_IMPORTANCE:
            told = told.over(Traits(importance=word))
        elif name in EXPOSURES and word in OF_EXPOSURE:
            told = told.over(Traits(exposure=word, why=why))
    return told


def _all(tree: Tree) -> Iterator[tuple[str, str, str, str]]:
    """Signal, place, name in small letters, and value of each tag and label."""
    for signal, place, keys in PLACES:
        node: Plain = tree
        for key in keys:
            node = node.get(key) if node.__class__ is dict else None
        for name, value in _pairs(node) if node else ():
            if isinstance(value, str) and value:
                yield signal, place, name.casefold(), value


def _at(tree: Tree, place: str) -> Plain:
    node: Plain = tree
    for key in place.split("/"):
        node = node.get(key) if isinstance(node, dict) else None
    return node


def _pairs(node: Plain) -> Iterator[tuple[str, Plain]]:
    """Tags as a mapping, or as AWS lists them."""
    if isinstance(node, dict):
        yield from ((str(key), value) for key, value in node.items())
    for item in node if isinstance(node, list) else ():
        if isinstance(item, dict) and isinstance(item.get("Key"), str):
            yield item["Key"], item.get("Value")


def _texts(tree: Tree) -> Iterator[str]:
    waiting: list[Plain] = [tree]
    for _ in range(MOST_VALUES):
        if not waiting:
            return
        node = waiting.pop()
        if isinstance(node, str):
            yield node
        else:
            waiting += node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()

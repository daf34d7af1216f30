"""Which objects the target of a patch is for.

kubectl.docs.kubernetes.io, kustomization file: patches (target); Kubernetes documentation: Labels and Selectors.
"""

from __future__ import annotations

import re

from setright.bindings.trees import look_up
from setright.model import Plain, Tree
from setright.patterns import fits

WORDS = re.compile(r"[\w.*-]*")
SELECTORS = {"labelSelector": "labels", "annotationSelector": "annotations"}
TERM = re.compile(
    r"\s*(?P<not>!)?\s*(?P<key>[\w./-]+)\s*"
    r"(?:(?P<op>==?|!=)\s*(?P<value>[\w.-]*)|(?P<set>in|notin)\s*\((?P<of>[^()]*)\))?\s*"
)
COMMA = re.compile(r",(?![^(]*\))")


def is_aimed_at(target: Tree, manifest: Tree, name: Plain = None) -> bool | None:
    """Whether an object, or one that is called by a name now, is one that a target tells; None where that cannot be told."""
    told = {
        "kind": manifest.get("kind"),
        "name": name or look_up(manifest, ("metadata", "name")),
        "namespace": look_up(manifest, ("metadata", "namespace")),
        "group": group_of(manifest),
        "version": str(manifest.get("apiVersion")).rpartition("/")[2],
    }
    held = [_fits(want, told[key]) for key, want in target.items() if want and key in told]
    for key, name in SELECTORS.items():
        if target.get(key):
            labels = look_up(manifest, ("metadata", name))
            held.append(_selects(str(target[key]), labels if isinstance(labels, dict) else {}))
    if target.keys() - told.keys() - SELECTORS.keys():
        held.append(None)
    return False if False in held else None if None in held else True


def group_of(manifest: Tree) -> str:
    return str(manifest.get("apiVersion")).rpartition("/")[0]


def _fits(pattern: Plain, value: Plain) -> bool | None:
    """Whether a target's expression is for a value; None for one that is more than words and `.*`."""
    whole = str(pattern).removeprefix("^").removesuffix("$").removeprefix("(").removesuffix(")")
    words = whole.replace(".*", "*").split("|")
    if any(WORDS.fullmatch(each) is None for each in words):
        return None
    return isinstance(value, str) and any(fits(value, each) for each in words)


def _selects(selector: str, labels: Tree) -> bool | None:
    terms = [TERM.fullmatch(each) for each in COMMA.split(selector)]
    held = [_holds(term, labels) if term else None for term in terms]
    return False if False in held else None if None in held else True


def _holds(term: re.Match[str], labels: Tree) -> bool:
    has = labels.get(term["key"])
    if term["set"]:
        return (has in [each.strip() for each in term["of"].split(",")]) == (term["set"] == "in")
    if term["op"]:
        return (has == term["value"]) == (term["op"] != "!=")
    return (term["key"] in labels) == (term["not"] is None)

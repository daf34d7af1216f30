"""Files that hold what their makers never meant: whatever stands anywhere in them, layouts and fixes take it or tell why not."""

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
import yaml

from setright.bindings.error import BindingError
from setright.bindings.examples import example_documents
from setright.controls.derive import resolve
from setright.engine.plan import PlanOptions, plan
from setright.engine.scan import bindings_for, judge_reading
from setright.model import Control, Document, Reading
from setright.surfaces.memory import Memory
from tests.content import shipped
from tests.sampling import examples

CATALOGUE = shipped()
CONTROLS = [CATALOGUE.control(control_id) for control_id in CATALOGUE.ids()]
FAMILIES = ("actions", "cloudformation", "compose", "dockerfile", "gitlab", "kubernetes", "terraform")
ODD = (None, "x", 0, -1, True, [], {}, ["x"], [None], {"x": None}, [{}], [[]], 3.5, "", "{{ .Values.x }}", "${X}", {"Ref": "X"})
HCL = ("null", '"x"', "0", "true", "[]", "{}", "[null]", "{ x = null }", "var.nothing", '"${var.nothing}"', "[for x in var.y : x]")
WORDS = ("", "x", "[]", "{", '"', "\\", "--", "$X", "null", "0")
DEFECT = "a form that setright does not know; please report it"


class Loader(yaml.SafeLoader):
    """YAML with the tags of CloudFormation and GitLab as mappings."""


def tagged(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.MappingNode):
        return {suffix: loader.construct_mapping(node, deep=True)}
    return {suffix: loader.construct_sequence(node, deep=True) if isinstance(node, yaml.SequenceNode) else str(node.value)}


Loader.add_multi_constructor("!", tagged)


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield at
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value if isinstance(value, list) else ()):
        yield from places(inner, (*at, key))


def with_odd(value: Any, at: tuple[Any, ...], odd: Any) -> Any:
    if not at:
        return odd
    changed = copy.copy(value)
    changed[at[0]] = with_odd(value[at[0]], at[1:], odd)
    return changed


def odd_tree(rng: random.Random, text: str, lens: str) -> str:
    whole = [json.loads(text)] if lens == "json" else list(yaml.load_all(text, Loader))  # noqa: S506 - a safe one
    changed = with_odd(whole, rng.choice([*places(whole)][1:]), rng.choice(ODD))
    return json.dumps(changed[0]) if lens == "json" else yaml.safe_dump_all(changed, sort_keys=False)


def odd_hcl(rng: random.Random, text: str) -> str:
    values = [*re.finditer(r"(?m)=\s*([^\n={]+)$", text)]
    if not values:
        return odd_words(rng, text)
    found = rng.choice(values)
    return text[: found.start(1)] + rng.choice(HCL) + text[found.end(1) :]


def odd_words(rng: random.Random, text: str) -> str:
    lines = [line.split(" ") for line in text.split("\n")]
    line = rng.choice(lines)
    line[rng.randrange(len(line))] = rng.choice(WORDS)
    return "\n".join(" ".join(line) for line in lines)


def odd(rng: random.Random, document: Document) -> Document:
    text = (document.data or b"").decode()
    if document.lens in ("yaml", "json", "kustomization"):
        text = odd_tree(rng, text, document.lens)
    else:
        text = odd_hcl(rng, text) if document.lens == "hcl" else odd_words(rng, text)
    return msgspec.structs.replace(document, data=text.encode())


def written(family: str) -> list[tuple[Control, dict[str, Document]]]:
    """The examples that are on the family."""
    found = []
    for control in CONTROLS:
        binding = CATALOGUE.bindings[control.kind]
        for example in control.examples if family in binding.layouts else ():
            if (example.family or min(binding.layouts)) == family:
                found.append(
                    (control, dict(example_documents(binding, family, example.bad if example.good is None else example.good)))
                )
    return found


@pytest.mark.parametrize("family", FAMILIES)
def test_no_form_is_too_odd(family):
    rng, shown = random.Random(family), written(family)
    for _ in range(examples(4000)):
        control, given = rng.choice(shown)
        locator = rng.choice([locator for locator, document in given.items() if document.data is not None])
        try:
            given = {**given, locator: odd(rng, given[locator])}
        except (yaml.YAMLError, ValueError):
            continue
        told = said(control, family, given)
        assert DEFECT not in told, f"{told}\n{given[locator].data.decode()}"


def said(control: Control, family: str, given: dict[str, Document]) -> str:
    """What a scan and a plan of all controls of that kind say."""
    kin = [resolve(each, {}) for each in CONTROLS if each.kind == control.kind]
    try:
        bindings = bindings_for(CATALOGUE.bindings, (family,), kin)
        scan = judge_reading("odd", Reading(tuple(given.values())), bindings, kin)
        plans = plan(scan, Memory(given, (family,)), PlanOptions(together=True)).plans
    except BindingError as error:
        return str(error)
    return "\n".join([*(problem.why for problem in scan.problems), *(each.reason for each in plans)])

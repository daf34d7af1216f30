"""Values of a CloudFormation template as controls see them: functions are Unknown, parameters their defaults.

AWS CloudFormation User Guide, intrinsic functions, parameters, AWS::NoValue.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Sequence

from setright.bindings.layouts import _cloudformation_told as told
from setright.bindings.trees import look_up, one_of
from setright.model import Edit, Path, Plain, Tree, Unknown

REFERENCE = re.compile(
    r"""!Ref\s+['"]?([\w:]+)['"]?|!GetAtt\s+['"]?(\w+)\.\S+"""
    r"""|!GetAtt\s+\[?\s*(?:-\s+)?['"]?(\w+)['"]?(?:\s*,|\s+-\s)[^,]+"""  # as a list of two
    r"""|!Sub\s+['"]?\$\{([\w:]+)(?:\.[\w.]+)?\}['"]?"""
)
WHOLE = re.compile(r"\$\{([\w:]+)(?:\.[\w.]+)?\}")  # all that a Sub puts together
CALLER = re.compile(  # a name that can be no star, whatever a function puts in
    r"""(?s)(?:!Sub|!Join|Fn::Sub:|Fn::Join:)[^*]*\barn:[^*]*|(?:!GetAtt|Fn::GetAtt:)[^*]*|(?:!Ref|Ref:)\s*['"]?AWS::AccountId['"]?"""
)
NO_VALUE, CHOICE = "AWS::NoValue", "Fn::If"
POLICY, SCRIPT = ("PolicyDocument", "KeyPolicy"), "UserData"


def function(value: Plain) -> str | None:
    """The source of a value that an intrinsic function gives; None for any other."""
    if isinstance(value, Unknown):
        return value.text
    if isinstance(value, dict) and len(value) == 1:
        name = next(iter(value))
        if name == "Ref" or name.startswith("Fn::"):
            return f"{name}: {json.dumps(value[name], default=lambda v: getattr(v, 'text', str(v)))}"
    return None


def referred(value: Plain) -> str | None:
    """The logical id that a Ref or GetAtt names, or a Sub that says nothing else."""
    if isinstance(value, Unknown):
        m = REFERENCE.fullmatch(value.text)
        return m[m.lastindex or 0] if m else None
    if not isinstance(value, dict) or len(value) != 1:
        return None
    name, given = next(iter(value.items()))
    if name == "Fn::GetAtt":
        given = given[0] if isinstance(given, list) and given else str(given).partition(".")[0]
    if name == "Fn::Sub":
        given = m[1] if isinstance(given, str) and (m := WHOLE.fullmatch(given)) else None
    return given if name in ("Ref", "Fn::GetAtt", "Fn::Sub") and isinstance(given, str) else None


def is_ref(value: Plain) -> bool:
    return value.text.startswith("!Ref") if isinstance(value, Unknown) else isinstance(value, dict) and "Ref" in value


def judged(value: Plain, template: Tree) -> Plain:
    """A value as controls see it: functions are Unknown, parameters their defaults, AWS::NoValue and an empty text nothing."""
    if (script := _script(value)) is not None:
        return script
    if (choice := lists_of_choice(value)) is not None:
        return [judged(inner, template) for _, inner in choice]
    if (text := function(value)) is not None:
        return _given(value, text, template)
    if isinstance(value, dict):
        tree = {key: judged(inner, template) for key, inner in value.items() if inner != "" and referred(inner) != NO_VALUE}
        tree |= {key: _parsed(inner) for key, inner in tree.items() if key.endswith(POLICY)}
        tree |= {key: _decoded(inner) for key, inner in tree.items() if key == SCRIPT and isinstance(inner, str)}
        return tree | {"Principal": _named(tree["Principal"])} if "Principal" in tree else tree
    return [judged(inner, template) for _, inner in items(value)] if isinstance(value, list) else value


def _given(value: Plain, text: str, template: Tree) -> Plain:
    """What a function gives, as far as the template tells."""
    if is_ref(value):
        default = told.default_of(template, referred(value))
        return Unknown(text) if default is None else default
    if (whole := told.joined_text(value)) is not None:
        return whole
    if choices := told.mapped(value, template) or _chosen(value, template):
        return one_of(text, choices)
    return Unknown(text)


# --- what a condition chooses ---------------------------------------------------------------------------------------


def items(listed: Sequence[Plain]) -> list[tuple[Path, Plain]]:
    """The items of a list with their places: of a choice between mappings each one, as controls are to hold in every case."""
    found: list[tuple[Path, Plain]] = []
    for index, item in enumerate(listed):
        branches = _branches(item)
        is_told = isinstance(item, dict) and any(isinstance(each, dict) and not function(each) for _, each in branches)
        found += [((index, *at), each) for at, each in branches] if is_told else [((index,), item)]
    return found


def lists_of_choice(value: Plain) -> list[tuple[Path, Plain]] | None:
    """The items of all lists between which a condition chooses, with their places; None where it is no such choice."""
    branches = _branches(value)
    if len(branches) < 2 or not all(isinstance(each, list) for _, each in branches):
        return None
    return [((*at, *place), item) for at, each in branches for place, item in items(each)]


def has_choices(listed: Plain) -> bool:
    return isinstance(listed, list) and any(_branches(item) for item in listed)


def _branches(value: Plain) -> list[tuple[Path, Plain]]:
    """What a condition chooses between, with the places; nothing where it is no choice."""
    given = value.get(CHOICE) if isinstance(value, dict) and len(value) == 1 else None
    if not isinstance(given, list) or len(given) != 3:
        return []
    found: list[tuple[Path, Plain]] = []
    for index, each in ((1, given[1]), (2, given[2])):
        inner = _branches(each) or [((), each)]
        found += [((CHOICE, index, *at), what) for at, what in inner if referred(what) != NO_VALUE]
    return found


def _chosen(value: Plain, template: Tree) -> list[Plain]:
    """The values between which a condition chooses, None for no value; empty where it is no choice, or not between values."""
    given = value.get(CHOICE) if isinstance(value, dict) and len(value) == 1 else None
    if not isinstance(given, list) or len(given) != 3:
        return []
    found: list[Plain] = []
    for each in given[1:]:
        inner = None if referred(each) == NO_VALUE else judged(each, template)
        found += inner.either if isinstance(inner, Unknown) and inner.either else [inner]
    return [] if any(isinstance(each, dict | list) for each in found) else found


def is_choice(value: Plain, wanted: Plain) -> bool:
    """Whether a condition chooses between values that stand there, or none, and none is the wanted one, which can replace it.

    Where one of them is, the author has it so for some of the places that the template is for.
    """
    given = value.get(CHOICE) if isinstance(value, dict) and len(value) == 1 else None
    if not isinstance(given, list) or len(given) != 3:
        return False
    return all(
        is_choice(each, wanted)
        or referred(each) == NO_VALUE
        or (not isinstance(each, dict | list | Unknown) and parameter_text(each) != parameter_text(wanted))
        for each in given[1:]
    )


def placed(raw: Plain, path: Path) -> Path:
    """A path of the judged tree as the template has it: an item of a choice stands in its branch."""
    at: Path = ()
    for key in path:
        listed = lists_of_choice(raw) or (items(raw) if isinstance(raw, list) else [])
        if isinstance(key, int) and key < len(listed):
            at, raw = (*at, *listed[key][0]), listed[key][1]
        else:
            new = isinstance(key, int) and isinstance(raw, list)
            at, raw = (*at, len(raw) + int(key) - len(listed) if new else key), look_up(raw, (key,))
    return at


def kept(raw: Plain, wanted: Plain, template: Tree) -> Plain:
    """A list that is to be, in which items that a function gives stay as they are written."""
    if not isinstance(raw, list) or not isinstance(wanted, list):
        return wanted
    given = [(judged(each, template), each) for each in raw if function(each) is not None]
    return [next((own for seen, own in given if seen == item), item) for item in wanted]


def removal(raw: Plain, path: Path, is_yaml: bool) -> Edit:
    """The removal of what stands at a path: of a branch in favour of no value, of the whole choice where that leaves none."""
    if path[-2:-1] != (CHOICE,):
        return Edit(path, remove=True)
    other = look_up(raw, (*path[:-1], 3 - int(path[-1])))
    if referred(other) == NO_VALUE:
        return removal(raw, path[:-2], is_yaml)
    return Edit(path, written({"Ref": NO_VALUE}, is_yaml))


# --- values ---------------------------------------------------------------------------------------------------------


def _named(callers: Plain) -> Plain:
    """Whom a statement speaks of: also by name where a function gives one that can be no star."""
    if isinstance(callers, dict):
        return {key: _named(inner) for key, inner in callers.items()}
    if isinstance(callers, list):
        return [_named(inner) for inner in callers]
    return callers.text if isinstance(callers, Unknown) and CALLER.fullmatch(callers.text) else callers


def _script(value: Plain) -> str | None:
    """The text of a start script, with what Sub and Join would put in as it is written; None for any other value."""
    inner = value.get("Fn::Base64") if isinstance(value, dict) and len(value) == 1 else None
    if isinstance(inner, Unknown) and inner.text.startswith(("!Sub", "!Join")):
        return inner.text.removeprefix("!Sub").strip(" |>-\n")
    if isinstance(inner, dict) and len(inner) == 1:
        name, given = next(iter(inner.items()))
        if name == "Fn::Join" and isinstance(given, list) and len(given) == 2 and isinstance(given[1], list):
            return str(given[0]).join(each if isinstance(each, str) else f"${{{function(each)}}}" for each in given[1])
        inner = (given[0] if isinstance(given, list) and given else given) if name == "Fn::Sub" else None
    return inner if isinstance(inner, str) else None


def _decoded(script: str) -> str:
    """A start script that is written as it travels."""
    try:
        return base64.b64decode("".join(script.split()), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return script


def _parsed(policy: Plain) -> Plain:
    """A policy that may be written as one text, its statements as a list; as it is where that is no policy."""
    try:
        whole = json.loads(policy) if isinstance(policy, str) else policy
    except ValueError:
        return policy
    if not isinstance(whole, dict):
        return policy
    return {**whole, "Statement": [whole["Statement"]]} if isinstance(whole.get("Statement"), dict) else whole


def uses(node: Plain, parameter: str) -> int:
    """How often a part of a template speaks of a parameter, or of a resource."""
    if isinstance(node, Unknown):
        return len(re.findall(rf"\b{re.escape(parameter)}\b", node.text))
    if isinstance(node, str):
        return len(re.findall(rf"\$\{{{re.escape(parameter)}[.}}]", node))
    if isinstance(node, dict):
        own = int(referred(node) == parameter and "Fn::Sub" not in node)
        return own + sum(uses(inner, parameter) for inner in node.values())
    return sum(uses(inner, parameter) for inner in node) if isinstance(node, list) else 0


def parameter_text(value: Plain) -> Plain:
    """A value as parameters and attribute lists hold it: as a text."""
    if isinstance(value, list | dict | Unknown):
        return value
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def written(value: Plain, is_yaml: bool) -> Plain:
    """A value of ours with its functions in the short form, where the template is YAML."""
    if not is_yaml:
        return value
    if isinstance(value, list):
        return [written(item, is_yaml) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1 and (short := _short(*next(iter(value.items())))):
        return Unknown(short)
    return {key: written(inner, is_yaml) for key, inner in value.items()}


def yaml_quoted(text: str) -> str:
    """A text of one line in YAML's double quotes, or in single ones where it has some of its own."""
    return f'"{text}"' if '"' not in text else "'" + text.replace("'", "''") + "'"


def _short(name: str, given: Plain) -> str | None:
    if name == "Ref":
        return f"!Ref {given}"
    if name == "Fn::GetAtt":
        return f"!GetAtt {'.'.join(given)}"
    return f"!Sub {yaml_quoted(given)}" if name == "Fn::Sub" else None


def resource_type(resource: Plain) -> str:
    value = resource.get("Type") if isinstance(resource, dict) else None
    return value if isinstance(value, str) else ""


def properties(template: Tree, name: str) -> Tree:
    """The Properties of a resource; empty where it has none, or a function gives them."""
    found = look_up(template, ("Resources", name, "Properties"))
    return found if isinstance(found, dict) else {}

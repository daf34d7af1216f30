"""PAM services: a resource a file of /etc/pam.d, its modules by type. Source: pam.d(5), pam_faillock(8), pam-auth-update(8).

    {"service": "common-auth", "auth": {"pam_unix": {"control": "[success=1 default=ignore]", "nullok": true}, ...},
     "includes": ["common-account"]}

A module that stands twice in one type is `pam_env 2` the second time; pam_faillock's two parts are `pam_faillock preauth` and
`pam_faillock authfail`. Its entry in a binding takes `documents`, `lens` and

    logins      the services that people log in through
    places      type -> module -> {before: [modules]} or {after: [modules]}: where a module that is not there goes

`unlimited` is there where a service that people get a session by never asks for their limits, `odd-modules` where a rule has its
module from elsewhere than the system's folders. `lets-in` is there where a rule of the file lets everybody in, whatever they type:
through these of the binding's `logins`. A jump (`success=1`) over a rule that comes in counts one more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from setright.bindings.error import BindingError
from setright.bindings.layouts._pam_dispatch import Place, let_in, modules_of
from setright.bindings.source import Source, listed
from setright.model import Edit, Path, Plain, Resource, Tree

TYPES = ("auth", "account", "password", "session")
ROLES = {"pam_faillock": ("preauth", "authfail", "authsucc")}
HASHES = ("yescrypt", "gost_yescrypt", "sha512", "sha256", "blowfish", "md5", "bigcrypt")  # of these pam_unix takes one
SESSIONS = ("sshd", "login")  # what a distribution's own files say; people write others
OWN_FOLDERS = ("/lib/", "/lib64/", "/usr/lib/", "/usr/lib64/", "/run/current-system/", "/nix/store/")
LEFT_OVER = re.compile(r"(?:\.(?:dpkg-\w+|rpm(?:new|save|orig)|ucf-\w+|bak|orig|old)|~)$")
JUMP = re.compile(r"=([1-9][0-9]{0,3})\b")


def view(kind: str, layout: Mapping[str, Plain], sources: Mapping[str, Source]) -> list[Resource]:
    """One resource a service that has a file, named as the file. Copies that packages and editors left are none."""
    there = [source for source in listed(layout, sources) if source.exists and not LEFT_OVER.search(source.locator)]
    doors = _doors(layout, there)
    stacks = {_service(source): source.tree["rules"] for source in there}
    return [Resource(kind, _service(s), _tree(s) | _open(s, doors) | _odd(s, stacks), (s.locator, ())) for s in there]


def edit(
    layout: Mapping[str, Plain],
    resource: Resource,
    edits: Sequence[Edit],
    live: Sequence[Edit],
    sources: Mapping[str, Source],
) -> list[tuple[str, Edit]]:
    """The service's whole list of rules, with the edits in. Raises BindingError where another program writes the file."""
    locator = resource.home[0]
    if locator not in sources or not sources[locator].exists:
        raise BindingError(f"{locator}: is not there any more; scan again")
    if program := sources[locator].tree.get("managed"):
        raise BindingError(f"{locator}: {program} writes this file and would undo a change; change it with {program}")
    rules = [dict(rule) for rule in sources[locator].tree["rules"]]
    for each in edits:
        _make(layout, rules, each)
    return [(locator, Edit(("rules",), rules))]


def locate(layout: Mapping[str, Plain], resource: Resource, path: Path, sources: Mapping[str, Source]) -> tuple[str, Path]:
    """The rule of the module; for a module that is not there the file."""
    locator = resource.home[0]
    rules = sources[locator].tree["rules"] if locator in sources else []
    found = dict(_named(rules)).get((str(path[0]), str(path[1]))) if len(path) > 1 else None
    if path[:1] == ("lets-in",):
        doors = _doors(layout, [source for source in listed(layout, sources) if source.exists])
        found = next((index for name, index in doors.values() if name == locator.rpartition("/")[2]), None)
    return (locator, ()) if found is None else (locator, ("rules", found))


def module_of(rule: Mapping[str, Plain]) -> str:
    """`pam_unix` of ``/lib/security/pam_unix.so``."""
    return str(rule["module"]).rpartition("/")[2].removesuffix(".so")


def module_arguments(rule: Mapping[str, Plain]) -> dict[str, Plain]:
    """``retry=3 use_authtok`` as a mapping; of one given twice the last counts. pam_unix's way of hashing is `hash`."""
    parted = [_named_as(rule, str(word)).partition("=") for word in rule["arguments"]]
    return {name: _number(value) if equals else True for name, equals, value in parted}


def with_argument(rule: Plain, name: str, value: Plain, remove: bool) -> Plain:
    """The rule with one argument set where it stands, or gone."""
    word = name if value is True else str(value) if name == "hash" else f"{name}={value}"
    mine = [i for i, have in enumerate(rule["arguments"]) if _named_as(rule, have).partition("=")[0] == name]
    kept = [have for i, have in enumerate(rule["arguments"]) if i not in mine]
    if not remove:
        kept.insert(mine[0] if mine else len(kept), word)
    return {**rule, "arguments": kept}


def _named_as(rule: Mapping[str, Plain], word: str) -> str:
    return f"hash={word}" if word in HASHES and module_of(rule) == "pam_unix" else word


def _service(source: Source) -> str:
    return source.locator.rpartition("/")[2]


def _number(written: str) -> int | str:
    return int(written) if re.fullmatch(r"-?(?:0|[1-9][0-9]{0,17})", written) else written


def _tree(source: Source) -> Tree:
    rules = source.tree["rules"]
    tree: Tree = {"service": _service(source), "includes": [rule["include"] for rule in rules if "include" in rule]}
    for (kind, name), index in _named(rules):
        tree.setdefault(kind, {})[name] = {**module_arguments(rules[index]), "control": rules[index]["control"]}
    return tree


def _named(rules: Sequence[Plain]) -> Iterator[tuple[tuple[str, str], int]]:
    """Type and name of each rule that calls a module, with its index."""
    seen: dict[tuple[str, str], int] = {}
    for index, rule in enumerate(rules):
        if "module" not in rule:
            continue
        kind, name = rule["type"].lstrip("-"), module_of(rule)
        role = next((role for role in ROLES.get(name, ()) if role in rule["arguments"]), "")
        key = (kind, f"{name} {role}" if role else name)
        seen[key] = count = seen.get(key, 0) + 1
        yield (key if count == 1 else (kind, f"{key[1]} {count}")), index


def _doors(layout: Mapping[str, Plain], there: Sequence[Source]) -> dict[str, Place]:
    """By the service that people log in through: the rule that lets everybody in."""
    stacks = {_service(source): source.tree["rules"] for source in there}
    doors = {name: let_in(name, stacks) for name in layout.get("logins", ()) if name in stacks}
    return {name: place for name, place in doors.items() if place}


def _open(source: Source, doors: Mapping[str, Place]) -> Tree:
    mine = [name for name, (service, _) in doors.items() if service == _service(source)]
    return {"lets-in": mine} if mine else {}


def _odd(source: Source, stacks: Mapping[str, Sequence[Plain]]) -> Tree:
    modules = [
        rule["module"] for rule in source.tree["rules"] if "module" in rule and rule["control"] not in ("include", "substack")
    ]
    elsewhere = [name for name in modules if name.startswith("/") and not name.startswith(OWN_FOLDERS)]
    session = modules_of(_service(source), stacks, "session") if _service(source) in SESSIONS else ()
    told: Tree = {"odd-modules": elsewhere} if elsewhere else {}
    return told | ({"unlimited": True} if session and "pam_limits" not in session else {})


def _make(layout: Mapping[str, Plain], rules: list[Plain], edit: Edit) -> None:
    """One edit, in place; a module that is not there comes in first."""
    if len(edit.path) not in (2, 3) or edit.path[0] not in TYPES:
        raise BindingError(f"{'/'.join(map(str, edit.path))}: a path is a type, a module and an argument")
    kind, name = map(str, edit.path[:2])
    at = dict(_named(rules)).get((kind, name))
    if edit.remove and at is None:
        return
    if at is None:
        at = _insert(layout, rules, kind, name)
    if len(edit.path) == 2:
        _drop(rules, at, edit)
    elif edit.path[2] == "control":
        rules[at]["control"] = str(edit.value)
    else:
        rules[at] = with_argument(rules[at], str(edit.path[2]), edit.value, edit.remove)


def _drop(rules: list[Plain], at: int, edit: Edit) -> None:
    if not edit.remove:
        raise BindingError(f"{'/'.join(map(str, edit.path))}: name the argument, or `control`")
    _jump(rules, rules[at]["type"], at, -1)
    del rules[at]


def _insert(layout: Mapping[str, Plain], rules: list[Plain], kind: str, name: str) -> int:
    """Puts the module where the binding says, and tells where that is."""
    places = layout.get("places", {}).get(kind, {})
    if name not in places:
        raise BindingError(f"{kind} {name}: is not in this stack, and where it belongs is not known")
    names = {index: key for key, index in _named(rules)}
    module, _, role = name.partition(" ")
    at = _place(places[name], kind, names)
    if at is None:
        others = ", ".join([*places[name].get("before", ()), *places[name].get("after", ())])
        raise BindingError(f"{kind} {name}: belongs beside {others}, and this stack has none of them")
    _jump(rules, kind, at, 1)
    rules.insert(at, {"type": kind, "control": "required", "module": f"{module}.so", "arguments": [role] if role else []})
    return at


def _place(place: Mapping[str, Plain], kind: str, names: Mapping[int, tuple[str, str]]) -> int | None:
    befores = [i for i, key in names.items() if key[0] == kind and key[1] in place.get("before", ())]
    afters = [i for i, key in names.items() if key[0] == kind and key[1] in place.get("after", ())]
    return befores[0] if befores else afters[-1] + 1 if afters else None


def _jump(rules: list[Plain], kind: str, at: int, by: int) -> None:
    """Jumps of rules above `at` that lead beyond it, made longer or shorter by one."""
    mine = [i for i, rule in enumerate(rules) if rule.get("type", "").lstrip("-") == kind.lstrip("-")]
    behind = [i for i in mine if i < at]
    for distance, index in enumerate(reversed(behind)):

        def longer(m: re.Match[str], distance: int = distance) -> str:
            return f"={int(m[1]) + by}" if int(m[1]) > distance else m[0]

        if rules[index]["control"].startswith("["):
            rules[index]["control"] = JUMP.sub(longer, rules[index]["control"])

"""The rules that the kernel shall hold, over all files of rules.d, as a set. Source: auditctl(8), augenrules(8).

    {"rules": ["watch w /etc/sudoers", "watch a /etc/sudoers", "b64 mount auid>=1000 auid!=unset"], "set": {"e": "2"}}

A rule is taken apart into the least it says, so that order, grouping and the names of keys do not matter: a watch by letter of its
permissions, a rule by system call and architecture, with its filters sorted. Its entry in a binding takes `documents`, `lens`,
`effective` (what `auditctl -l` prints, with ``-e 2`` where it is locked) and

    new, closing    the files for new rules, and for ``-e 2``, by custom the last one
    keys            glob over what a rule says -> the key it is given when we write it
    programs        a document of programs: then the tree is which of them no rule watches, {"unwatched": ["/usr/bin/sudo"]}
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from setright.bindings.error import BindingError
from setright.bindings.source import Source, listed
from setright.model import Edit, Path, Plain, Resource, Tree, Unknown

Layout = Mapping[str, Plain]
Sources = Mapping[str, Source]
UNSET = ("-1", "4294967295")
COMPARISON = re.compile(r"([a-z_0-9]+)(>=|<=|!=|=|>|<|&=|&)(.*)")
WATCHES = ("path", "dir")
AS_SEEN = {"uid!=euid": "euid!=uid", "gid!=egid": "egid!=gid"}
LETTERS = ("r", "w", "x", "a")
WRITTEN_FIRST = ("a0", "exit", "euid", "egid", "auid>", "auid")  # as manuals and the readers of rules have it


def view(kind: str, layout: Layout, sources: Sources) -> list[Resource]:
    """One resource where the audit system is there: its folder has a file."""
    files = _files(layout, sources)
    if not files:
        return []
    options = {name: value for file in files for name, value in file.tree["set"].items()}
    effective = sources.get(str(layout.get("effective")))
    rules = _parts([rule for file in files for rule in file.tree["rules"]])
    loaded = _loaded(effective.tree, rules) if effective is not None and effective.exists else None
    if "programs" in layout:
        return _unwatched(kind, layout, sources, rules, loaded)
    tree = {"rules": rules, "set": options}
    return [Resource(kind, kind.rpartition("/")[2], tree, (str(layout["new"]), ()), loaded)]


def edit(
    layout: Layout, resource: Resource, edits: Sequence[Edit], live: Sequence[Edit], sources: Sources
) -> list[tuple[str, Edit]]:
    """New rules into our own file, options where the last one of their letter stands: augenrules puts ``-e`` behind all rules."""
    made: list[tuple[str, Edit]] = []
    for each in edits:
        if each.path == ("rules",) and not each.remove:
            made.append(_added(layout, each.value, resource.tree["rules"], sources))
        elif each.path == ("unwatched",) and each.remove:
            made.append(_added(layout, [_watching(program) for program in resource.tree["unwatched"]], [], sources))
        elif len(each.path) == 2 and each.path[0] == "set":
            made.append(_option(layout, each, sources))
        else:
            raise BindingError(f"{'/'.join(map(str, each.path))}: rules are only added here; take one out by hand")
    return made


def locate(layout: Layout, resource: Resource, path: Path, sources: Sources) -> tuple[str, Path]:
    """The file that new rules go to, or the option."""
    for file in reversed(_files(layout, sources)):
        if path[:1] == ("set",) and len(path) == 2 and path[1] in file.tree["set"]:
            return file.locator, path
    return resource.home


def said(rule: str) -> list[str]:
    """What a rule says, taken apart. Rules that take away or are never kept say nothing."""
    words = rule.split()
    options = list(zip(words[::2], words[1::2], strict=False))
    if len(words) % 2:
        return []
    if words[0] == "-w":
        return [f"watch {letter} {_path(words[1])}" for letter in dict(options).get("-p", "rwxa")]
    filters = sorted({_filter(value) for option, value in options if option in ("-F", "-C")} - {""})
    calls = [call for option, value in options if option == "-S" for call in value.split(",")]
    if words[0] not in ("-a", "-A") or sorted(words[1].split(",")) != ["always", "exit"]:
        return []
    return _watched(filters) if calls in ([], ["all"]) else _called(filters, calls)


def _watched(filters: list[str]) -> list[str]:
    """``-F path=X -F perm=wa`` is what ``-w X -p wa`` is short for."""
    named = dict(each.split("=", 1) for each in filters if re.match(r"(path|dir|perm)=", each))
    rest = [each for each in filters if each.split("=")[0] not in (*WATCHES, "perm", "arch")]
    where = named.get("path", named.get("dir"))
    if where is None:
        return _called(filters, ["all"])
    tail = "".join(f" {each}" for each in rest)
    return [f"watch {letter} {_path(where)}{tail}" for letter in named.get("perm", "rwxa")]


def _called(filters: list[str], calls: Sequence[str]) -> list[str]:
    arch = next((each.removeprefix("arch=") for each in filters if each.startswith("arch=")), "any")
    rest = "".join(f" {each}" for each in filters if not each.startswith("arch="))
    return [f"{arch} {call}{rest}" for call in calls]


def _filter(written: str) -> str:
    """One comparison in the words that we compare by; a key says nothing."""
    m = COMPARISON.fullmatch(written)
    if not m:
        return written
    name, sign, value = m.groups()
    if name == "key":
        return ""
    if value in UNSET and name in ("auid", "uid", "ses", "sessionid"):
        value = "unset"
    if name == "arch":
        value = {"x86_64": "b64", "i386": "b32", "c000003e": "b64", "40000003": "b32"}.get(value, value)
    if name == "a0":
        value = {"0": "0x0"}.get(value, value)
    written = f"{name}{sign}{value}"
    return AS_SEEN.get(written, written)


def _path(written: str) -> str:
    return written.rstrip("/") or "/"


def _files(layout: Layout, sources: Sources) -> list[Source]:
    """The files of rules, by name."""
    mine = [
        source
        for source in listed(layout, sources)
        if source.exists and source.locator not in (layout.get("effective"), layout.get("programs"))
    ]
    return sorted(mine, key=lambda source: source.locator.rpartition("/")[2])


def _parts(rules: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(part for rule in rules for part in said(rule)))


def _loaded(running: Tree, rules: Sequence[str]) -> dict[str, Plain]:
    """What the kernel has, and what it lacks of what is written. Only a restart changes locked rules: until then files tell."""
    have = _parts(running["rules"])
    missing = [part for part in rules if part not in have]
    lacks = {"unloaded": missing} if missing else {}
    return lacks if running["set"].get("e") == "2" else {"rules": have} | lacks


def _unwatched(
    kind: str, layout: Layout, sources: Sources, rules: Sequence[str], loaded: Mapping[str, Plain] | None
) -> list[Resource]:
    """Which programs no rule watches: as written, and as the kernel has it."""
    told = sources.get(str(layout["programs"]))
    if told is None or not told.exists:
        return []

    def missing(have: Sequence[str]) -> dict[str, Plain]:
        names = [program for program in told.tree["programs"] if _watching(program) not in have]
        if names:
            return {"unwatched": names}
        return {"unwatched": Unknown(told.tree["cut"])} if "cut" in told.tree else {}

    effective = missing(loaded["rules"]) if loaded is not None and "rules" in loaded else None
    return [Resource(kind, kind.rpartition("/")[2], missing(rules), (str(layout["new"]), ()), effective)]


def _watching(program: str) -> str:
    return f"watch x {program} auid!=unset auid>=1000"


def _added(layout: Layout, wanted: Sequence[str], have: Sequence[str], sources: Sources) -> tuple[str, Edit]:
    missing = [part for part in wanted if part not in have]
    home = str(layout["new"])
    written = sources[home].tree["rules"] if home in sources and sources[home].exists else []
    return home, Edit(("rules",), [*written, *_rules(layout, missing)])


def _option(layout: Layout, edit: Edit, sources: Sources) -> tuple[str, Edit]:
    setting = [file.locator for file in _files(layout, sources) if edit.path[1] in file.tree["set"]]
    home = setting[-1] if setting else str(layout["closing"] if edit.path[1] == "e" else layout["new"])
    return home, Edit(edit.path, str(edit.value), edit.remove)


def _rules(layout: Layout, parts: Sequence[str]) -> Iterator[str]:
    """Lines that say these parts, as few as there can be."""
    watches: dict[str, list[str]] = {}
    calls: dict[tuple[str, str], list[str]] = {}
    for part in parts:
        head, what, *rest = part.split(" ")
        if head == "watch":
            watches.setdefault(" ".join(rest), []).append(what)
        else:
            calls.setdefault((head, " ".join(rest)), []).append(what)
    for where, letters in watches.items():
        yield _watch(where, "".join(letter for letter in LETTERS if letter in letters), _key(layout, where))
    for (arch, behind), names in calls.items():
        filters = "".join(f" {'-C' if each in AS_SEEN.values() else '-F'} {each}" for each in sorted(behind.split(), key=_rank))
        yield f"-a always,exit -F arch={arch} -S {','.join(names)}{filters} -k {_key(layout, names[0])}"


def _watch(where: str, letters: str, key: str) -> str:
    path, *filters = where.split(" ")
    filters.sort(key=_rank)
    if not filters:
        return f"-w {path} -p {letters} -k {key}"
    return f"-a always,exit -F path={path} -F perm={letters}{''.join(f' -F {each}' for each in filters)} -k {key}"


def _rank(written: str) -> int:
    return next((rank for rank, name in enumerate(WRITTEN_FIRST) if written.startswith(name)), len(WRITTEN_FIRST))


def _key(layout: Layout, what: str) -> str:
    return next((str(key) for glob, key in layout.get("keys", {}).items() if fnmatchcase(what, glob)), "setright")

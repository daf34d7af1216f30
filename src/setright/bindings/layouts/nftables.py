"""The rules that nftables.service loads at a start, as one resource: what they let in, beside what runs now. Source: nft(8).

Its entry in a binding takes `main` (the file that is loaded), `unit` (the service) and `state` (the document of what runs).
The tree: ``input``, ``forward`` and ``output`` (drop, accept, or accept-ipv6 where that family alone is open), ``loopback``,
``established``, ``let-in`` (ports that a rule accepts, ``tcp/22``) and ``runs`` (the first three, of now; or ``unknown``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from setright.bindings.error import BindingError
from setright.bindings.source import Source
from setright.model import Edit, Path, Plain, Resource, Tree, Unknown
from setright.patterns import fits

Layout = Mapping[str, Plain]
Sources = Mapping[str, Source]

HOOKS = ("input", "forward", "output")
FAMILIES = {"inet": {"ip", "ip6"}, "ip": {"ip"}, "ip6": {"ip6"}}
LOOPBACK = re.compile(r"\biif(?:name)? \"?lo\"? (?:counter )?accept\b")
ESTABLISHED = re.compile(r"\bct state\b.*\bestablished\b.*\baccept\b")
PORTS = re.compile(
    r"^(?:ct state \S+ )?(?:meta l4proto )?(tcp|udp|th) dport (\{[^}]*\}|\S+) (?:ct state \S+ )?(?:counter )?accept\b"
)
LAST = re.compile(r"(?:counter )?(?:drop|reject\b.*)")
SAYS = r"(?:counter(?: packets \d+ bytes \d+)?|log(?: (?:prefix (?:\"[^\"]*\"|\S+)|level \S+|flags \S+|group \d+))*)"
ALL_IN = re.compile(rf"(?:{SAYS} )*(?:accept|(?:jump|goto) (?P<to>\S+))(?: comment .*)?")
BY_COMMAND = re.compile(
    rf"(?:add |insert |replace )rule (?:(?:inet|ip|ip6) )?\S+ \S+ (?:(?:position|index|handle) \d+ )?{ALL_IN.pattern}"
    r"|add chain .*policy accept.*"
)
TAKEN_BACK = re.compile(r"(?:delete|flush) table (?:(inet|ip|ip6) )?(\S+)")
SERVICES = {"ssh": 22, "domain": 53, "http": 80, "ntp": 123, "https": 443, "bootpc": 68}
FIRST = 'iif "lo" accept'


def view(kind: str, layout: Layout, sources: Sources) -> list[Resource]:
    """None where nftables.service loads nothing at a start, or there is no file for it to load."""
    main, unit, state = (sources.get(str(layout[key])) for key in ("main", "unit", "state"))
    if main is None or not main.exists or unit is None or unit.tree.get("enabled") != "enabled":
        return []
    told = _tree(_loaded(main, sources))
    runs = {hook: state.tree.get(hook, "unknown") if state and state.exists else "unknown" for hook in HOOKS}
    return [Resource(kind, main.locator, told | {"runs": runs}, (main.locator, ()))]


def edit(
    layout: Layout, resource: Resource, edits: Sequence[Edit], live: Sequence[Edit], sources: Sources
) -> list[tuple[str, Edit]]:
    """A policy that drops, once the file lets in what listens now, and a rule for loopback, both in the main file.

    Raises BindingError where the file would shut out what listens, or has no chain for it.
    """
    main = sources[resource.home[0]]
    made: list[tuple[str, Edit]] = []
    for each in edits:
        if each.path == ("loopback",) and each.value is True:
            path, chain = next(_chains(main.tree, "input"), ((), {}))
            if not path:
                raise BindingError(f"{main.locator}: has no chain for what comes in; write one by hand")
            made.append((main.locator, Edit((*path, "rules"), [FIRST, *chain["rules"]])))
        elif len(each.path) == 1 and each.path[0] in HOOKS and each.value == "drop":
            made += [
                (main.locator, Edit((*path, "policy"), "drop"))
                for path in _open(main, str(each.path[0]), resource, layout, sources)
            ]
        else:
            raise BindingError(f"{main.locator}: {'/'.join(map(str, each.path))} cannot be written there; change it by hand")
    return made


def locate(layout: Layout, resource: Resource, path: Path, sources: Sources) -> tuple[str, Path]:
    """The first chain of the hook in the main file."""
    hook = str(path[0]) if path and path[0] in HOOKS else "input"
    found = next(_chains(sources[resource.home[0]].tree, hook), None) if resource.home[0] in sources else None
    return resource.home[0], found[0] if found else ()


def _open(main: Source, hook: str, resource: Resource, layout: Layout, sources: Sources) -> list[Path]:
    """The chains that shall drop. Raises BindingError where there is none, or what listens would be shut out."""
    state = sources.get(str(layout["state"]))
    listening = [*state.tree.get("listening", []), *state.tree.get("down", [])] if state and state.exists else []
    if hook == "input" and (lacking := [port for port in listening if not _covers(resource.tree["let-in"], port)]):
        raise BindingError(f"{main.locator}: lets in no {', '.join(lacking)}, which is used; let in what is used first")
    if hook == "input" and not (resource.tree["established"] and resource.tree["let-in"]):
        raise BindingError(f"{main.locator}: lets in no answers, or no port at all; write rules for what is used first")
    found = [path for path, chain in _chains(main.tree, hook) if chain.get("policy") != "drop"]
    if not found:
        raise BindingError(f"{main.locator}: has no chain of its own for {hook}; write one that lets in what is used")
    return found


def _loaded(main: Source, sources: Sources) -> list[Tree]:
    """The main file, and those of its includes that were read."""
    globs = main.tree.get("includes", [])
    also = (s for s in sources.values() if s.exists and s is not main and any(fits(s.locator, glob) for glob in globs))
    return [main.tree, *(source.tree for source in also)]


def _tree(files: Sequence[Tree]) -> Tree:
    told: Tree = {hook: _policy(files, hook) for hook in HOOKS}
    tables = [table for file in files for table in file.get("tables", [])]
    rules = [rule for table in tables for chain in table["chains"] for rule in chain["rules"]]
    names = {define["name"]: define["value"] for file in files for define in file.get("defines", [])}
    names |= {each["name"]: "{ " + ", ".join(each.get("elements", [])) + " }" for table in tables for each in table["sets"]}
    told |= {
        "loopback": any(LOOPBACK.search(rule) for rule in rules),
        "established": any(ESTABLISHED.search(rule) for rule in rules),
    }
    return told | {"let-in": sorted({port for rule in rules for port in _ports(rule, names)})}


def _policy(files: Sequence[Tree], hook: str) -> Plain:
    """``drop`` for both families, or what is left open; not known where commands or variables make the chain."""
    shut: set[str] = set()
    for file in files:
        for path, chain in _chains(file, hook):
            if isinstance(chain.get("policy"), Unknown):
                return chain["policy"]
            others = {each["name"]: each["rules"] for each in file["tables"][path[1]]["chains"]}
            if _lets_all_in(chain["rules"], others, ()):
                continue
            if chain.get("policy") == "drop" or any(map(LAST.fullmatch, chain["rules"][-1:])):
                shut |= FAMILIES[file["tables"][path[1]]["family"]]
        if any(re.search(rf"\bhook {hook}\b", each) or BY_COMMAND.fullmatch(each) for each in file.get("commands", [])):
            return Unknown("made by commands, one after another")
        if any(_taken_back(file, command) for command in file.get("commands", [])):
            return Unknown("a table is taken back behind its rules")
    return "drop" if shut >= {"ip", "ip6"} else "accept-ipv6" if "ip" in shut else "accept"


def _taken_back(file: Tree, command: str) -> bool:
    """Whether it empties a table that stands there once: one that makes room for its own rules names it before, too."""
    found = TAKEN_BACK.fullmatch(command)
    if found is None:
        return False
    family, name = found[1] or "ip", found[2]
    stands = [table for table in file.get("tables", []) if (table["family"], table["name"]) == (family, name)]
    bare = {" ".join([*words, name]) for words in (["table", family], ["add", "table", family])}
    return len(stands) == 1 and bare.isdisjoint(file["commands"])


def _lets_all_in(rules: Sequence[str], others: Mapping[str, Sequence[str]], above: tuple[str, ...]) -> bool:
    """Whether whatever comes is accepted before the policy is asked, in this chain or in one that it goes to."""
    for rule in rules:
        found = ALL_IN.fullmatch(rule)
        if LAST.fullmatch(rule):
            return False
        to = found["to"] if found else None
        if found and (not to or (to not in above and _lets_all_in(others.get(to, ()), others, (*above, to)))):
            return True
    return False


def _chains(file: Tree, hook: str) -> Iterator[tuple[Path, Tree]]:
    """The base chains of a hook that filter, with where they stand."""
    for i, table in enumerate(file.get("tables", [])):
        for j, chain in enumerate(table["chains"]):
            if chain.get("hook") == hook and chain.get("type") == "filter" and table["family"] in FAMILIES:
                yield ("tables", i, "chains", j), chain


def _ports(rule: str, names: Mapping[str, str]) -> Iterator[str]:
    """``tcp/22``, ``tcp/8000-8010``: what a rule lets in from anywhere."""
    if match := PORTS.match(rule):
        said = names.get(match[2].lstrip("$@"), "") if match[2][0] in "$@" else match[2]
        for word in re.findall(r"[\w-]+", said):
            for protocol in ("tcp", "udp") if match[1] == "th" else (match[1],):
                yield f"{protocol}/{SERVICES.get(word, word)}"


def _covers(let_in: Sequence[str], port: str) -> bool:
    protocol, _, number = port.partition("/")
    spans = [each.partition("/")[2].partition("-") for each in let_in if each.startswith(f"{protocol}/")]
    numbers = [(first, last or first) for first, _, last in spans if first.isdecimal() and (last or first).isdecimal()]
    return any(int(first) <= int(number) <= int(last) for first, last in numbers)

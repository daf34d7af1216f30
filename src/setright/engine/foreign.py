"""Other scanners' findings beside ours: which control speaks of the same, and which finding is at the same place. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path as File

from setright.dialect import DialectError, read_mapping
from setright.engine.error import EngineError
from setright.engine.store import Foreign
from setright.integrations.importers import Imported
from setright.model import Finding

Cited = Mapping[str, Mapping[str, Sequence[str]]]
Matches = Mapping[str, Mapping[str, Mapping[str, str]]]  # tool -> rule -> control -> the place that the rule asks of; "": all of it
ALIASES = {"trivy": "AVD-"}  # one rule under two names


class Rules:
    """The controls of ours for a rule of another scanner: those that cite it, and those that matches/TOOL.yaml names."""

    def __init__(self, cited: Cited, matches: Matches) -> None:
        self._controls: dict[str, dict[str, dict[str, str]]] = defaultdict(lambda: defaultdict(dict))
        for control, frameworks in cited.items():
            for tool, ids in frameworks.items():
                for rule in ids:
                    self._controls[tool][_bare(tool, rule)][control] = ""
        for tool, rules in matches.items():
            for rule, places in rules.items():
                known = {control: place for control, place in places.items() if control in cited}
                self._controls[tool][_bare(tool, rule)].update(known)

    def of(self, found: Imported) -> tuple[str, ...]:
        """One rule may look at many settings: ``SSH-7408 PermitRootLogin`` is asked for before ``SSH-7408``."""
        return tuple(self.places(found))

    def places(self, found: Imported) -> Mapping[str, str]:
        """The same controls, each with the one place that the rule asks of; empty where it asks of the whole."""
        names = (found.rule, *found.others)
        return self._speaking(found.tool, [f"{name} {found.resource}" for name in names]) or self._speaking(found.tool, names)

    def _speaking(self, tool: str, names: Sequence[str]) -> Mapping[str, str]:
        known = self._controls.get(_called(tool), {})
        found: dict[str, str] = {}
        for name in names:
            found = {**found, **known.get(_bare(tool, name), {}), **found}
        return found


def _called(tool: str) -> str:
    """A scanner's name as frameworks/ and matches/ have it: ``Trivy (Aqua)`` is trivy."""
    if "security hub" in tool.lower():
        return "security-hub"
    return tool.split()[0].lower() if tool else ""


def _bare(tool: str, rule: str) -> str:
    """A rule's name in one form: as ``zizmor/artipacked`` and ``artipacked``, ``AVD-AWS-0086`` and ``AWS-0086`` are one."""
    called = _called(tool)
    return rule.removeprefix(f"{called}/").removeprefix(f"{called}-").removeprefix(ALIASES.get(called, "\0"))


def load_matches(root: File) -> dict[str, dict[str, dict[str, str]]]:
    """matches/TOOL.yaml, from its rules to a list of controls, or to CONTROL: PLACE where a rule asks of one place alone.

    Raises EngineError with the file.
    """
    found: dict[str, dict[str, dict[str, str]]] = {}
    for file in sorted((root / "matches").glob("*.yaml")):
        try:
            found[file.stem] = {str(rule): places_of(told) for rule, told in read_mapping(file)["matches"].items()}
        except (DialectError, KeyError, TypeError, AttributeError) as error:
            raise EngineError(f"{file}: {error}") from error
    return found


def places_of(told: Sequence[str] | Mapping[str, str]) -> dict[str, str]:
    return {control: str(place) for control, place in told.items()} if isinstance(told, Mapping) else dict.fromkeys(told, "")


def speaks_of(place: str, faults: Iterable[str]) -> bool:
    """Whether one of the paths that are wrong is the place, below it, or above it because all of that is missing."""
    at = place.split("/")
    paths = ([part for part in each.split("/") if part] for each in faults)
    return not place or any(at[: len(path)] == path[: len(at)] for path in paths)


def matched(found: Sequence[Imported], rules: Rules, ours: Sequence[Finding], target: str) -> list[Foreign]:
    """Each of theirs with ours beside it: ``matched``, ``not-confirmed`` where ours hold, ``by-hand`` where none speaks of it."""
    by_control: dict[str, list[Finding]] = defaultdict(list)
    for finding in ours:
        by_control[finding.control].append(finding)
    told = [_foreign(each, rules.places(each), by_control, target) for each in found]
    return list({each.key: each for each in told}.values())


def _foreign(found: Imported, places: Mapping[str, str], by_control: Mapping[str, Sequence[Finding]], target: str) -> Foreign:
    controls = tuple(places)
    candidates = [finding for control, place in places.items() for finding in by_control.get(control, ()) if _is_of(finding, place)]
    best = nearest_finding(found, candidates)
    place = found.path + (f":{found.line}" if found.line else "") if found.path else found.asset
    told = (found.tool, target, found.rule, found.path or found.asset, found.resource, "" if found.resource else str(found.line))
    return Foreign(
        sha256("\0".join(told).encode()).hexdigest()[:24],
        found.tool,
        target,
        found.rule,
        found.title,
        found.severity,
        " ".join(filter(None, (place, found.resource))),
        found.text,
        found.remedy,
        found.link,
        (best.control, *(each for each in controls if each != best.control)) if best else controls,
        best.id if best else "",
        "matched" if best else "not-confirmed" if controls else "by-hand",
    )


def _is_of(finding: Finding, place: str) -> bool:
    """What cannot be told may be of any place."""
    return not finding.mismatches or speaks_of(place, ("/".join(map(str, each.path)) for each in finding.mismatches))


def nearest_finding(found: Imported, candidates: Sequence[Finding]) -> Finding | None:
    """Ours at the same place: in the same file, of the resource that they name, else the one whose line is nearest."""
    if not found.path:
        named = [finding for finding in candidates if _same_resource(found.resource, finding)]
        return next(iter(named or candidates), None)
    here = [finding for finding in candidates if _same_file(found.path, finding.location.path)]
    named = [finding for finding in here if _same_resource(found.resource, finding)]
    return min(named or here, key=lambda finding: abs((finding.location.line or 1) - (found.line or 1)), default=None)


def _same_file(theirs: str, ours: str) -> bool:
    """One may be seen from a folder above the other."""
    long, short = sorted((File(theirs).parts, File(ours).parts), key=len, reverse=True)
    return bool(short) and long[-len(short) :] == short


def _same_resource(theirs: str, ours: Finding) -> bool:
    if not theirs or not ours.resource:
        return False
    return (
        theirs == ours.resource
        or theirs.endswith((f".{ours.resource}", f"/{ours.resource}"))
        or ours.resource.endswith(f".{theirs}")
    )

"""Frameworks that controls cite: their sections, and which of our controls bear on each.

A section's ids are the framework's own; its words are ours, or free. A framework that is `from` another has sections that
say which sections of that one bear on them; the hub is NIST SP 800-53, which nearly every control cites.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path as File

import msgspec

from setright.controls.error import ControlError
from setright.dialect import DialectError, read_mapping
from setright.model import Plain

NUMBERS = re.compile(r"(.*?)(\d+)-(\d+)")
BASE = re.compile(r"([A-Z]{2}-\d+)\(\d+\)")
Cited = Mapping[str, Mapping[str, Iterable[str]]]  # control -> framework -> sections


class FrameworkSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`about` in our words or free ones, empty where there are none; `by` are sections of the hub that bear on it."""

    about: str = ""
    by: tuple[str, ...] = ()


class Framework(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"hub": "from"}):
    """`all` are ids by ranges of their last number, A.5.1-37; `words` says whose words and whose comparison stand here.

    Without `sections` and `all` only those are known that a control cites.
    """

    id: str
    title: str
    publisher: str
    source: str
    words: str = ""
    hub: str = ""
    families: Mapping[str, str] = {}
    all: tuple[str, ...] = ()
    sections: Mapping[str, FrameworkSection] = {}

    @property
    def is_listed(self) -> bool:
        """Whether every section is known, so that what nobody tests shows."""
        return bool(self.all or (self.sections and not self.hub))

    def family(self, section: str) -> str:
        """The longest name of a family that the section's id begins with; where there are none, what stands before its number."""
        begun = [name for name in self.families if re.match(re.escape(name) + r"(?!\d)", section)]
        return max(begun, key=len, default="") or (re.split(r"[.\-(]|_(?=[^_]*$)", section)[0])


def load_framework(file: File) -> Framework:
    """Raises ControlError naming the file and the field."""
    try:
        raw = read_mapping(file)
        sections = {str(name): _section(said) for name, said in raw.get("sections", {}).items()}
        framework = msgspec.convert(raw | {"sections": sections, "all": [str(each) for each in raw.get("all", ())]}, Framework)
    except (DialectError, msgspec.ValidationError, AttributeError) as error:
        raise ControlError(f"{file}: {error}") from error
    if framework.id != file.stem:
        raise ControlError(f"{file}: id is {framework.id!r}, its place says {file.stem!r}")
    return framework


def load_frameworks(roots: Sequence[File]) -> dict[str, Framework]:
    """Those of all content roots by id; a later root's goes over an earlier one's."""
    files = [file for root in roots for file in sorted((root / "frameworks").glob("*.yaml"))]
    return {framework.id: framework for framework in map(load_framework, files)}


def controls_by_section(framework: Framework, cited: Cited) -> dict[str, list[str]]:
    """Every section that is known and the controls that bear on it, in the sections' order; none: nothing of ours tests it."""
    bearing: dict[str, set[str]] = {section: set() for section in (*framework.sections, *_ranges(framework.all))}
    by_hub = _by_hub(framework)
    for control, said in cited.items():
        own = {_known(str(section), bearing) for section in said.get(framework.id, ())}
        mapped = {mine for section in said.get(framework.hub, ()) for mine in by_hub.get(_base(str(section)), ())}
        for section in own | mapped:
            bearing.setdefault(section, set()).add(control)
    return {section: sorted(bearing[section]) for section in sorted(bearing, key=section_order)}


def section_order(section: str) -> list[tuple[int, str]]:
    """Sorts numbers within ids as numbers: 5.9 before 5.10."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.findall(r"\d+|\D+", section)]


def _section(said: Plain) -> Plain:
    return said if isinstance(said, dict) else {"about": said}


def _ranges(written: Iterable[str]) -> Iterable[str]:
    for each in written:
        match = NUMBERS.fullmatch(each)
        if match is None:
            raise ControlError(f"all: {each!r} is no range of numbers; write A.5.1-37")
        yield from (f"{match[1]}{number}" for number in range(int(match[2]), int(match[3]) + 1))


def _by_hub(framework: Framework) -> dict[str, list[str]]:
    """The sections that each section of the hub bears on."""
    found: dict[str, list[str]] = {}
    for name, section in framework.sections.items():
        for hub in section.by:
            found.setdefault(hub, []).append(name)
    return found


def _base(section: str) -> str:
    """NIST's enhancements belong to their control: AC-2(3) to AC-2."""
    match = BASE.fullmatch(section)
    return match[1] if match else section


def _known(section: str, sections: Mapping[str, object]) -> str:
    return _base(section) if section not in sections and _base(section) in sections else section

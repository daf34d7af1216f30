"""What a finding says, in words safe to show: no secrets, nothing that a terminal would obey."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from setright.controls.words import WordedMismatch, mismatch_in_words
from setright.engine.contract import have
from setright.engine.redact import printable, redact_text
from setright.engine.scan import Found
from setright.model import Location, Mismatch, Verdict

LONGEST = 200  # of one value
LONGEST_WHY = 300  # of what cannot be told
LONGEST_PATH = 60


def pairs(found: Found, key: bytes) -> list[WordedMismatch]:
    """A line for each value that is not right."""
    told = [_pair(found, mismatch, key) for mismatch in found.finding.mismatches]
    return [line for line in told if line.path or line.have or line.want]


def sentence(found: Found, key: bytes) -> str:
    """What is and what should be, on one line: ``Encrypted is false, wanted: true; ...``."""
    told = pairs(found, key)
    return "; ".join(f"{p.path} is {p.have}".strip() + (f", wanted: {p.want}" if p.want else "") for p in told)


def compacted(lines: list[WordedMismatch]) -> list[WordedMismatch]:
    """Long paths cut at their beginning; values side by side that are alike on one line."""
    alike: dict[tuple[str, str, str], list[str]] = {}
    for line in lines:
        above, _, name = line.path.rpartition("/")
        alike.setdefault((above, line.have, line.want), []).append(name)
    return [WordedMismatch(_path(above, names), *rest) for (above, *rest), names in alike.items()]


def location_text(location: Location) -> str:
    """``main.tf:12``; the document alone where it has no lines."""
    return printable(f"{location.path}:{location.line}" if location.line else location.path)


def from_here(target: str) -> str:
    """The target as it is named from here: what lies below the working directory by its path from there."""
    image, path = ("root:", target.removeprefix("root:")) if target.startswith("root:") else ("", target)
    try:
        below = Path(path).relative_to(Path.cwd())
    except (ValueError, OSError):
        return printable(target)
    return printable(f"{image}{below}")


def unknown(found: Found, key: bytes) -> str:
    """Why it could not be told, a long value cut; empty for what could."""
    if found.finding.verdict is not Verdict.UNKNOWN:
        return ""
    return _short(printable(redact_text(found.finding.why_unknown or "the values cannot be told", key=key)), LONGEST_WHY)


def _pair(found: Found, mismatch: Mismatch, key: bytes) -> WordedMismatch:
    line = mismatch_in_words(replace(mismatch, have=have(found, mismatch, key)))
    return WordedMismatch(
        printable(line.path), _short(printable(line.have + _of_what(found, mismatch, key))), _short(printable(line.want))
    )


def _of_what(found: Found, mismatch: Mismatch, key: bytes) -> str:
    """Which action or workflow a step or job calls, where it is that which is wrong of it: `` (actions/checkout@v4)``."""
    called = found.resource.tree.get("calls") if mismatch.path == ("calls", "pinned") else None
    if not isinstance(called, dict) or not called.get("name"):
        return ""
    release = f"@{called['ref']}" if called.get("ref") else ""
    name = f"{called['name']}{release}"
    return f" ({redact_text(name, key=key)})"


def _path(above: str, names: list[str]) -> str:
    path = f"{above}/{', '.join(names)}" if above else ", ".join(names)
    while len(path) > LONGEST_PATH and "/" in path.lstrip("…/"):
        path = "…/" + path.lstrip("…/").partition("/")[2]
    return path


def _short(text: str, longest: int = LONGEST) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= longest else f"{flat[: longest - 3]}..."

"""Which rules of another scanner our controls put right, found by running it on every example before and after.

python -m lab.matches checkov "$(command -v checkov)" > checkov.yaml && mv checkov.yaml matches/
python -m lab.matches trivy "$(command -v trivy)"    # to read beside matches/trivy.yaml, which is made by hand

What that cannot tell is beside this, in matches-TOOL.yaml: `add` and `leave-out`, both from rules to controls.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from msgspec.structs import replace

from setright.bindings.examples import example_documents
from setright.dialect import read_mapping
from setright.engine.catalogue import Catalogue, content_root, load_catalogue
from setright.engine.foreign import places_of
from setright.integrations.importers import Imported, read

TOGETHER = 25  # examples in one folder
FAMILIES = ("terraform", "cloudformation", "kubernetes", "dockerfile")
COMMANDS = {
    "trivy": ["config", "--quiet", "--format", "json"],
    "checkov": ["--quiet", "--compact", "--output", "json", "--skip-download", "--directory"],
}


def main(tool: str, program: str) -> None:
    catalogue = load_catalogue([content_root()])
    with tempfile.TemporaryDirectory() as folder:
        shown = list(written(Path(folder), catalogue))
        wrong = rules_by_side(results(tool, program, Path(folder)))
    matches: dict[str, dict[str, str]] = defaultdict(dict)
    for number, control_id in enumerate(shown):
        for rule in wrong[f"{number}/bad"] - wrong[f"{number}/fixed"]:
            matches[rule][control_id] = ""
    print("\n".join(told(tool, amended(matches, Path(__file__).with_name(f"matches-{tool}.yaml")))))


def amended(matches: Mapping[str, Mapping[str, str]], by_hand: Path) -> Mapping[str, Mapping[str, str]]:
    told = read_mapping(by_hand) if by_hand.is_file() else {}
    added = {rule: places_of(controls) for rule, controls in told.get("add", {}).items()}
    left: Mapping[str, Sequence[str]] = told.get("leave-out", {})
    made = {rule: {**matches.get(rule, {}), **added.get(rule, {})} for rule in {*matches, *added}}
    kept = {rule: {id_: places[id_] for id_ in places if id_ not in left.get(rule, ())} for rule, places in made.items()}
    return {rule: places for rule, places in kept.items() if places}


def told(tool: str, matches: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    yield f"# Rules of {tool} that our fixes put right, as it says itself of every example: python -m lab.matches {tool}"
    yield "matches:"
    for rule, places in sorted(matches.items()):
        each = [f"{control}: {place}" if any(places.values()) else control for control, place in sorted(places.items())]
        yield f"  {rule}: {{{', '.join(each)}}}" if any(places.values()) else f"  {rule}: [{', '.join(each)}]"


def written(root: Path, catalogue: Catalogue) -> Iterator[str]:
    """Both sides of every example, ``NUMBER/bad`` and ``NUMBER/fixed``; the controls they are of, by number."""
    number = 0
    for control in map(catalogue.control, catalogue.ids()):
        binding = catalogue.bindings[control.kind]
        for example in control.examples:
            family = example.family or min(binding.layouts)
            if family not in FAMILIES or example.fixed is None:
                continue
            for side, given in (("bad", example.bad), ("fixed", example.fixed)):
                for locator, document in example_documents(binding, family, given).items():
                    file = root / f"of{number // TOGETHER}" / str(number) / side / locator
                    file.parent.mkdir(parents=True, exist_ok=True)
                    file.write_bytes(document.data)
            yield control.id
            number += 1


def results(tool: str, program: str, folder: Path) -> Iterator[Imported]:
    """What the scanner says of a folder; of each folder in it, where it gives up on the whole."""
    ran = subprocess.run([program, *COMMANDS[tool], str(folder)], capture_output=True, check=False)
    if ran.stdout.strip():
        yield from (replace(each, path=f"{folder}/{each.path}") for each in read(ran.stdout, tool))
        return
    for below in sorted(folder.iterdir()):
        if below.is_dir():
            yield from results(tool, program, below)


def rules_by_side(found: Iterable[Imported]) -> dict[str, set[str]]:
    wrong: dict[str, set[str]] = defaultdict(set)
    for each in found:
        if place := re.search(r"(?:^|/)(\d+/(?:bad|fixed))/", each.path):
            wrong[place[1]].add(each.rule)
    return wrong


if __name__ == "__main__":
    main(*sys.argv[1:])

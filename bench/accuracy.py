"""What a scan finds of samples that are labelled: python -m bench.accuracy kics|checkov|trivy SAMPLES

    python -m bench.accuracy kics kics/assets/queries
    python -m bench.accuracy checkov checkov/tests --package checkov/checkov
    python -m bench.accuracy trivy trivy-checks

All controls are asked, as the others' rules are. A sample is of a rule; our controls that cite the rule, else those that matches/
names (for Trivy, those too), answer it; a rule that none answers is left out. A positive sample is found when one of them fails in
it, a negative one a false alarm. `reasons.yaml` beside this says of what is answered otherwise than labelled why that is so: those
are counted apart, and what it does not say is listed. The last row leaves out those that the program itself refuses.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple

from bench.measure import PEERS, SETRIGHT, run
from bench.samples import Sample, of_checkov, of_kics, of_trivy, provider
from setright.dialect import read_mapping
from setright.engine.foreign import load_matches, speaks_of

ROOT = Path(__file__).parents[1]
REASONS = Path(__file__).with_name("reasons.yaml")
PACKAGE = "venv/checkov/lib/python3*/site-packages/checkov"
SCAN = (SETRIGHT, "scan", "--baseline", "all", "--format", "json", "--fail-on", "never")
BESIDE = ("trivy",)  # matches/ name controls beside those that cite the rule
MADE_FOR = ("template-", "module-")  # the same question, asked where the fix is another
REFUSED = "the program refuses the sample"
HEAD = (
    f"{'samples':<26} {'rules':>6} | {'positive':>8} {'found':>6} {'recall':>8} {'told':>5}"
    f" | {'negative':>8} {'alarms':>6} {'rate':>7} {'told':>5}"
)

Findings = Mapping[str, Sequence[Any]]  # by file


class Judged(NamedTuple):
    sample: Sample
    is_hit: bool
    why: str  # where it is otherwise than labelled, and the reasons say why

    @property
    def is_right(self) -> bool:
        return self.is_hit == self.sample.is_bad


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("tool", choices=["kics", "checkov", "trivy"])
    words.add_argument("samples", type=Path)
    words.add_argument("--package", type=Path, help="Checkov's own checks; else those of the environment that the peers are in")
    words.add_argument("--reasons", action="store_true", help="list what the reasons say, too")
    given = words.parse_args()
    with tempfile.TemporaryDirectory() as state, tempfile.TemporaryDirectory() as laid:
        tree = Path(laid)
        found = _samples(given.tool, given.samples, tree, given.package)
        samples = list(found)
        failing = {path: told for top in sorted(tree.iterdir()) for path, told in scanned(top, {"SETRIGHT_STATE": state})}
    judged = list(judge(samples, answering(given.tool), failing, read_mapping(REASONS)[given.tool]))
    print("\n".join(report(judged, given.reasons)))


def _samples(tool: str, source: Path, tree: Path, checks: Path | None) -> Iterator[Sample]:
    if tool == "checkov":
        return of_checkov(source, tree, checks or package())
    return (of_kics if tool == "kics" else of_trivy)(source, tree)


def package() -> Path:
    return next(PEERS.glob(PACKAGE))


def scanned(top: Path, env: Mapping[str, str]) -> Iterator[tuple[str, Sequence[Any]]]:
    """By file below the tree, the findings that fail in it."""
    found: dict[str, list[Any]] = {}
    for each in json.loads(run([*SCAN, str(top)], dict(env)).out)["findings"]:
        if each["verdict"] == "fail" and (path := each["location"].get("path")):
            found.setdefault(os.path.relpath(top / path, top.parent), []).append(each)
    yield from found.items()


def answering(tool: str) -> Mapping[str, Mapping[str, str]]:
    """By rule, the controls that answer it, each with the place in it that the rule asks of."""
    ids = {file.relative_to(ROOT / "controls").with_suffix("").as_posix() for file in (ROOT / "controls").rglob("*.yaml")}
    cited: dict[str, dict[str, str]] = {}
    for id_ in sorted(ids):
        for rule in (read_mapping(ROOT / "controls" / f"{id_}.yaml").get("frameworks") or {}).get(tool, ()):
            cited.setdefault(str(rule), {})[id_] = ""
    matches = load_matches(ROOT)[tool]
    both = matches | (cited if tool not in BESIDE else {rule: cited[rule] | dict(matches.get(rule, {})) for rule in cited})
    known = {rule: {id_: matches.get(rule, {}).get(id_, "") for id_ in controls} for rule, controls in both.items()}
    return {rule: _made_for(controls, ids) | controls for rule, controls in known.items()}


def _made_for(controls: Mapping[str, str], ids: set[str]) -> dict[str, str]:
    split = [(*control.rpartition("/"), place) for control, place in controls.items()]
    likes = {f"{folder}/{prefix}{name}": place for folder, _, name, place in split for prefix in MADE_FOR}
    return {like: place for like, place in likes.items() if like in ids}


def judge(
    samples: Sequence[Sample], controls: Mapping[str, Mapping[str, str]], failing: Findings, reasons: Mapping[str, Sequence[str]]
) -> Iterator[Judged]:
    for each in samples:
        if mine := controls.get(each.rule):
            is_hit = any(hits(each, path, finding, mine) for path in _files(each, failing) for finding in failing[path])
            yield Judged(each, is_hit, "" if is_hit == each.is_bad else why(each, reasons))


def _files(sample: Sample, failing: Findings) -> Iterator[str]:
    return (path for path in failing if path == sample.place or path.startswith(f"{sample.place}/"))


def hits(sample: Sample, path: str, finding: Any, mine: Mapping[str, str]) -> bool:
    line = finding["location"].get("line")
    here = sample.first <= line <= sample.last if line else str(finding["resource"]).split("[")[0].endswith(f".{sample.name}")
    place = mine.get(finding["control"])
    return place is not None and speaks_of(place, finding["have"]) and (here or not sample.name)


def why(sample: Sample, reasons: Mapping[str, Sequence[str]]) -> str:
    return next((said for said, globs in reasons.items() if any(fnmatchcase(sample.called, glob) for glob in globs)), "")


def report(judged: Sequence[Judged], is_long: bool) -> Iterator[str]:
    yield HEAD
    kinds = sorted({kind(each.sample) for each in judged})
    yield from (row(name, [each for each in judged if kind(each.sample) == name]) for name in kinds)
    yield row("all", judged)
    if any(each.why.startswith(REFUSED) for each in judged):
        yield row("without what is refused", [each for each in judged if not each.why.startswith(REFUSED)])
    counts = Counter((each.why, each.sample.is_bad) for each in judged if each.why)
    yield f"\n{'missed':>6} {'alarms':>6}  told by"
    for said in dict.fromkeys(each.why for each in judged if each.why):
        yield f"{counts[said, True]:>6} {counts[said, False]:>6}  {said}"
    yield ""
    for each in judged:
        if not each.is_right and (is_long or not each.why):
            yield f"{'missed' if each.sample.is_bad else 'alarmed':<8} {each.sample.called}" + (f": {each.why}" if each.why else "")


def kind(sample: Sample) -> str:
    return " ".join(filter(None, (sample.place.split("/")[0], provider(sample.place))))


def row(name: str, judged: Sequence[Judged]) -> str:
    cells = [f"{name[:26]:<26} {len({each.sample.rule for each in judged}):>6}"]
    for is_bad, width in ((True, 8), (False, 7)):
        mine = [each for each in judged if each.sample.is_bad is is_bad]
        hit = sum(each.is_hit for each in mine)
        share = f"{100 * hit / len(mine):.1f} %" if mine else "-"
        cells.append(f"{len(mine):>8} {hit:>6} {share:>{width}} {sum(bool(each.why) for each in mine):>5}")
    return " | ".join(cells)


if __name__ == "__main__":
    main()

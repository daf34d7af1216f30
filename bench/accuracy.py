"""What a scan finds of samples that are labelled: python -m bench.accuracy [--map FILE] TREE...

A sample is a file or folder whose name says which it is: positive, fail, bad; or negative, pass, good. Samples of one question
stand in one folder, and that is its class. The map says which controls answer which classes, by the class's folder or its last
name, globs allowed; a class that it does not name is left out:

    {"aws/s3/versioning": ["terraform/aws/s3_bucket_without_versioning", "example_S3Versioning"]}

A positive sample is found when a control of its class fails in it, a negative one a false alarm. Figures are for each folder at the
top of the tree. Samples are anybody's, as the query fixtures of KICS and Checkov; none are kept here.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple

from bench.measure import SETRIGHT, run

BAD = re.compile(r"(?i)(?:^|[^a-z])(?:positive|fail(?:ed|ing|ure)?|bad)(?:[^a-z]|$)")
GOOD = re.compile(r"(?i)(?:^|[^a-z])(?:negative|pass(?:ed|ing)?|good|success)(?:[^a-z]|$)")
HEAD = f"{'samples of':<40} {'classes':>8} {'positive':>9} {'found':>7} {'recall':>8} {'negative':>9} {'alarms':>7} {'rate':>7}"
SCAN = (SETRIGHT, "scan", "--format", "json", "--fail-on", "never")

Findings = Mapping[str, set[str]]  # by file, the controls that fail in it


class Sample(NamedTuple):
    """A file or folder below the tree, the folder that holds its class, and what its name says."""

    place: str
    group: str
    is_bad: bool


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--map", type=Path, required=True, metavar="FILE", help="JSON: control -> classes")
    words.add_argument("--list", action="store_true", help="name each sample that was missed or alarmed")
    words.add_argument("trees", nargs="+", type=Path)
    given = words.parse_args()
    controls = json.loads(given.map.read_text())
    print(HEAD)
    with tempfile.TemporaryDirectory() as state:
        for tree in given.trees:
            report(tree, controls, given.list, os.environ | {"SETRIGHT_STATE": state})


def report(tree: Path, controls: Mapping[str, Sequence[str]], is_long: bool, env: dict[str, str]) -> None:
    """A line for each folder at the top, and one for all."""
    failing = findings(json.loads(run([*SCAN, str(tree)], env).out), tree)
    judged = [(each, mine, is_hit(each, mine, failing)) for each in samples(tree) if (mine := answering(each.group, controls))]
    tops = sorted({each.place.partition("/")[0] for each, _, _ in judged})
    for top in tops:
        print(line(top, [(each, hit) for each, _, hit in judged if f"{each.place}/".startswith(f"{top}/")]))
    print(line(tree.name, [(each, hit) for each, _, hit in judged]))
    for each, mine, hit in judged:
        if is_long and hit != each.is_bad:
            print(f"{'missed' if each.is_bad else 'alarmed':<8} {each.place}  ({', '.join(sorted(mine))})")


def samples(tree: Path) -> Iterator[Sample]:
    """The outermost files and folders whose names say what they are."""
    for folder, folders, files in os.walk(tree):
        group = Path(folder).relative_to(tree).as_posix()
        for name in sorted([*folders, *files]):
            if (is_bad := label(name)) is not None:
                yield Sample(f"{group}/{name}".removeprefix("./"), group, is_bad)
        folders[:] = [name for name in folders if label(name) is None]


def label(name: str) -> bool | None:
    """Whether a name says bad (True) or good; None where it says neither."""
    return True if BAD.search(name) else False if GOOD.search(name) else None


def answering(group: str, controls: Mapping[str, Sequence[str]]) -> set[str]:
    """The controls that answer a class."""
    names = (group, group.rpartition("/")[2])
    return {id_ for id_, classes in controls.items() if any(fnmatchcase(name, each) for each in classes for name in names)}


def findings(scanned: Any, tree: Path) -> Findings:
    found: dict[str, set[str]] = {}
    for each in scanned["findings"]:
        if each["verdict"] == "fail" and (path := each["location"].get("path")):
            found.setdefault(os.path.relpath(tree / path, tree), set()).add(each["control"])
    return found


def is_hit(sample: Sample, mine: set[str], failing: Findings) -> bool:
    return any(mine & ids for path, ids in failing.items() if path == sample.place or path.startswith(f"{sample.place}/"))


def line(name: str, judged: Sequence[tuple[Sample, bool]]) -> str:
    hits = {is_bad: [hit for each, hit in judged if each.is_bad is is_bad] for is_bad in (True, False)}
    rates = {is_bad: f"{100 * sum(told) / len(told):.1f} %" if told else "-" for is_bad, told in hits.items()}
    classes = len({each.group for each, _ in judged})
    bad, good = hits[True], hits[False]
    return (
        f"{name[:40]:<40} {classes:>8} {len(bad):>9} {sum(bad):>7} {rates[True]:>8} {len(good):>9} {sum(good):>7} {rates[False]:>7}"
    )


if __name__ == "__main__":
    main()

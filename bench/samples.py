"""Samples that other scanners keep of what their rules look for, labelled good or bad: by KICS, Checkov and Trivy.

KICS (assets/queries): beside a query's `metadata.json` stand `test/positive*` and `test/negative*`, files or folders. Checkov
(tests): in a folder `example_RULE` a file or a folder named by pass or fail, or Terraform resources so named, or below such a
comment, of a type that the rule looks at. Trivy (checks): a check names the file of its examples, good and bad ones by format.
What says neither is no sample, nor what is called unknown: the rule gives no verdict.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import yaml

BAD = re.compile(r"(?i)(?:^|[^a-z])(?:fail|failed|failure|failing|bad|not.ok|positive|noncompliant)(?:[^a-z]|$)|^bad[A-Z]")
GOOD = re.compile(r"(?i)(?:^|[^a-z])(?:pass|passed|passing|success|good|ok|negative|compliant)(?:[^a-z]|$)|_ok$|^ok[A-Z]")
NAMES = {"dockerfile": "Dockerfile", "dockerCompose": "docker-compose.yaml"}  # of a sample's one file, where its format asks for it
FORMATS = {"terraform": "main.tf", "cloudformation": "template.yaml", "dockerfile": "Dockerfile", "kubernetes": "object.yaml"}
EXAMPLES = re.compile(r"^#\s+examples:\s*(\S+)", re.M)
TRIVY_ID = re.compile(r"^#\s+avd_id:\s*(\S+)|^#\s+id:\s*(\S+)", re.M)
COMMENT = re.compile(r"(?:#|//)\s*(.*)")
BLOCK = re.compile(r'(\w+)\s+"([^"]*)"\s+"([^"]+)"|\w+\s*(?:"|\{)')
CHECK = re.compile(r"""['"](CKV2?_[A-Z0-9]+_\d+)['"]""")
TYPE = re.compile(r"""['"]((?:aws|azurerm|google|kubernetes)_\w+)['"]""")
PROVIDERS = ("aws", "azure", "gcp", "kubernetes")
SWAPPED = {  # in Terraform the two checks bear each other's ids; what they look for is as their names say
    ("terraform", "kubernetes", "MemoryLimits"): "CKV_K8S_13",
    ("terraform", "kubernetes", "MemoryRequests"): "CKV_K8S_12",
}
SUPPORTED = re.compile(r"supported_resources?(?:\s*:[^=\n]+)?\s*=\s*[\[({]([^\])}]*)")
UNTOLD = re.compile(r"(?i)^unknown")
LAST = 10**9
NONE: tuple[str, set[str]] = ("", set())


class Sample(NamedTuple):
    """A file or folder below the tree, or one resource in it; the rule that it is a sample of; and what its label says."""

    place: str
    rule: str
    is_bad: bool
    first: int = 1
    last: int = LAST
    name: str = ""

    @property
    def called(self) -> str:
        return f"{self.place} {self.name}".strip()


def of_kics(source: Path, tree: Path) -> Iterator[Sample]:
    """Each sample laid in a folder of its own, for many would be one module together."""
    for told in sorted(source.rglob("metadata.json")):
        group = told.parent.relative_to(source)
        rule = json.loads(told.read_text(), strict=False)["id"]
        for item in sorted(told.parent.glob("test/*")):
            if item.name.startswith(("positive", "negative")) and item.name != "positive_expected_result.json":
                place = group / item.name.replace(" ", "")
                _lay(item, tree / place, group.parts)
                yield Sample(place.as_posix(), rule, item.name.startswith("positive"))


def _lay(item: Path, folder: Path, group: tuple[str, ...]) -> None:
    if item.is_dir():
        shutil.copytree(item, folder, ignore=shutil.ignore_patterns("positive_expected_result.json"))
        return
    inside = folder / ".github/workflows" if group[:2] == ("cicd", "github") else folder
    inside.mkdir(parents=True)
    shutil.copyfile(item, inside / NAMES.get(group[0], item.name.replace(" ", "")))


def of_checkov(source: Path, tree: Path, package: Path) -> Iterator[Sample]:
    """The rules' ids are in the checks themselves, which the package holds: example_X is of the check in X.py."""
    shutil.copytree(source, tree, dirs_exist_ok=True)
    checks = _checks(package)
    for file in sorted(each for each in tree.rglob("*") if each.is_file()):
        place = file.relative_to(tree)
        at = next((i for i, part in enumerate(place.parts[:-1]) if part.startswith("example_")), None)
        if at is None:
            continue
        check = place.parts[at].removeprefix("example_")
        rule, types = checks.get((place.parts[0], provider(place.as_posix()), check)) or checks.get(
            (place.parts[0], "", check), NONE
        )
        yield from _labelled(file, place.as_posix(), re.sub(r"\.\w+$", "", " / ".join(place.parts[at + 1 :])), rule, types)


def of_trivy(source: Path, tree: Path) -> Iterator[Sample]:
    """Each example laid in a folder of its own; `source` is the folder that holds `checks`."""
    for check in sorted(source.rglob("*.rego")):
        told = check.read_text()
        named, file = TRIVY_ID.search(told), EXAMPLES.search(told)
        if named is None or file is None or not (source / file[1]).is_file():
            continue
        rule = (named[1] or named[2]).removeprefix("AVD-")
        examples = yaml.safe_load((source / file[1]).read_text())
        for form in FORMATS.keys() & (examples if isinstance(examples, dict) else {}).keys():
            for word, is_bad in (("good", False), ("bad", True)):
                for number, text in enumerate(examples[form].get(word) or ()):
                    place = Path(form, f"{rule}-{check.stem}", f"{word}{number}")
                    (tree / place).mkdir(parents=True)
                    (tree / place / _named(form, text)).write_text(f"{text}\n")
                    yield Sample(place.as_posix(), rule, is_bad)


def _named(form: str, text: str) -> str:
    return "template.json" if form == "cloudformation" and text.lstrip().startswith("{") else FORMATS[form]


def _checks(package: Path) -> Mapping[tuple[str, str, str], tuple[str, set[str]]]:
    """The rule's id, and the types of resources that it names; none where what it is made from names them."""
    found: dict[tuple[str, str, str], tuple[str, set[str]]] = {}
    for file in package.rglob("*.py"):
        told, place = file.read_text(), file.relative_to(package)
        key = (place.parts[0], provider(place.as_posix()), place.stem)
        if id_ := CHECK.search(told):
            found[key] = SWAPPED.get(key, id_[1]), set(TYPE.findall("".join(SUPPORTED.findall(told)) or told))
    return found


def provider(place: str) -> str:
    return next((each for each in PROVIDERS if f"/{each}/" in place), "")


def _labelled(file: Path, place: str, said: str, rule: str, types: set[str]) -> Iterator[Sample]:
    if (is_bad := label(said)) is not None:
        yield Sample(place, rule, is_bad)
    elif file.suffix == ".tf":
        yield from _resources(file.read_text(errors="replace").splitlines(), place, rule, types)


def _resources(lines: list[str], place: str, rule: str, types: set[str]) -> Iterator[Sample]:
    """Labelled by their names, else by the last comment at the margin above them."""
    said = [(i, label(found[1])) for i, line in enumerate(lines, 1) if (found := COMMENT.match(line))]
    starts = [(i, found) for i, line in enumerate(lines, 1) if (found := BLOCK.match(line))]
    ends = [*(i - 1 for i, _ in starts[1:]), len(lines)]
    for (first, found), last in zip(starts, ends, strict=False):
        if found[0].startswith(("resource", "data")) and found[3] and (not types or found[2] in types):
            is_bad = label(found[3])
            if is_bad is None and not UNTOLD.match(found[3]):
                is_bad = next((told for i, told in reversed(said) if i < first), None)
            if is_bad is not None:
                yield Sample(place, rule, is_bad, first, last, found[3])


def label(name: str) -> bool | None:
    """Whether a name says bad (True) or good; None where it says neither."""
    return True if BAD.search(name) else False if GOOD.search(name) else None

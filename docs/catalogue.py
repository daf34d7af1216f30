"""Pages made from the content: one a control, a kind, a baseline and a framework, and an index of each."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path

from setright.bindings.view import steps_of
from setright.controls.frameworks import Framework, controls_by_section, load_frameworks
from setright.controls.page import page_of
from setright.engine.catalogue import Catalogue
from setright.model import SEVERITIES, Binding, Control, Plain

FAMILIES = {
    "actions": "GitHub workflows",
    "aws": "AWS accounts",
    "cloudformation": "CloudFormation templates",
    "compose": "Compose files",
    "dockerfile": "Dockerfiles",
    "gitlab": "GitLab pipelines",
    "kubernetes": "Kubernetes manifests",
    "linux": "Linux hosts and root file systems",
    "postgres": "PostgreSQL servers",
    "terraform": "Terraform",
}
STEPS = {
    "validate": "checked before it is written by",
    "reload": "made to hold by",
    "probe": "health compared before and after by",
    "next-start": "the next start tried by",
}
TESTED = "Every example above is run as a test: what is right passes, what is wrong is found and becomes exactly what is shown."
CALLS = {"read by": ("call", "read"), "written by": ("write", "delete", "on", "off")}  # the keys of an entry that name API calls


def catalogue_pages(catalogue: Catalogue, root: Path) -> Iterator[tuple[str, str]]:
    """Every generated page: its place, and its Markdown."""
    controls = [catalogue.control(i) for i in catalogue.ids()]
    by_kind: dict[str, list[Control]] = defaultdict(list)
    for control in controls:
        by_kind[control.kind].append(control)
        yield f"controls/{control.id}.md", control_page(control, catalogue.bindings[control.kind])
    yield "controls/index.md", controls_index(by_kind, len(controls))
    for kind, binding in catalogue.bindings.items():
        source = (root / "bindings" / f"{kind}.yaml").read_text(encoding="utf-8")
        yield f"kinds/{kind}.md", kind_page(binding, by_kind[kind], source)
    yield "kinds/index.md", kinds_index(catalogue, by_kind)
    for name in catalogue.baselines:
        yield f"baselines/{name}.md", baseline_page(catalogue, name)
    yield "baselines/index.md", baselines_index(catalogue)
    frameworks, cited = load_frameworks([root]), catalogue.cited()
    for name, framework in frameworks.items():
        yield f"frameworks/{name}.md", framework_page(framework, controls_by_section(framework, cited), catalogue)
    yield "frameworks/index.md", frameworks_index([(f, controls_by_section(f, cited)) for f in frameworks.values()])


def control_page(control: Control, binding: Binding) -> str:
    """The control's own page, with its kind and frameworks as links, and how to use it."""
    here = f"controls/{control.id}.md"
    text = page_of(control).replace(
        f"kind `{control.kind}`", f"kind {_link(here, f'kinds/{control.kind}.md', f'`{control.kind}`')}"
    )
    for name in control.frameworks:
        text = text.replace(f"\n- {name}: ", f"\n- {_link(here, f'frameworks/{name}.md', name)}: ")
    families = ", ".join(_family(family) for family in sorted(binding.layouts))
    tested = "Every example above is run as a test: what is right passes, what is wrong is found and becomes exactly what is shown."
    return (
        f"{text}\n## Use\n\nOn {families}:\n\n```console\n$ setright fix TARGET --control {control.id} --dry-run\n```\n\n{tested}\n"
    )


def controls_index(by_kind: dict[str, list[Control]], count: int) -> str:
    parts = [f"# Controls\n\n{count} controls, by the kind of thing they speak of. Each page shows what its fix changes."]
    for kind, controls in sorted(by_kind.items()):
        if controls:
            parts.append(f"## {_link('controls/index.md', f'kinds/{kind}.md', kind)}\n\n{_table('controls/index.md', controls)}")
    return "\n\n".join(parts) + "\n"


def kind_page(binding: Binding, controls: Sequence[Control], source: str) -> str:
    here = f"kinds/{binding.kind}.md"
    parts = [f"# {binding.kind}", "Where it is found:"]
    parts.append("\n".join(_place(binding, family) for family in sorted(binding.layouts)))
    parts.append(f"## Controls\n\n{_table(here, controls)}" if controls else "No control speaks of it yet.")
    parts.append(f"## Binding\n\n`bindings/{binding.kind}.yaml`\n\n```yaml\n{source.rstrip()}\n```")
    return "\n\n".join(parts) + "\n"


def kinds_index(catalogue: Catalogue, by_kind: dict[str, list[Control]]) -> str:
    rows = [
        (
            _link("kinds/index.md", f"kinds/{kind}.md", f"`{kind}`"),
            ", ".join(_family(family) for family in sorted(binding.layouts)),
            str(len(by_kind[kind])),
        )
        for kind, binding in sorted(catalogue.bindings.items())
    ]
    intro = "A control speaks of a kind; a binding says where the kind is found. So one control, written once, holds everywhere."
    return f"# Kinds\n\n{intro}\n\n{_rows(('kind', 'found in', 'controls'), rows)}\n"


def baseline_page(catalogue: Catalogue, name: str) -> str:
    baseline, here = catalogue.baseline(name), f"baselines/{name}.md"
    controls = [catalogue.control(i) for i in catalogue.selected(name)]
    parts = [f"# {baseline.title}", f"`{baseline.id}` · version {baseline.version} · {len(controls)} controls"]
    parts.append(f"```console\n$ setright scan TARGET --baseline {baseline.id}\n```")
    for title, named in (("Left out", baseline.without), ("Parameters", baseline.params)):
        if named:
            parts.append(f"## {title}\n\n{_rows(('', ''), [(f'`{key}`', str(said)) for key, said in named.items()])}")
    for domain, mine in groupby(sorted(controls, key=lambda control: control.id), key=lambda control: control.id.partition("/")[0]):
        parts.append(f"## {domain}\n\n{_table(here, [*mine])}")  # a search index holds only so much of one part
    return "\n\n".join(parts) + "\n"


def baselines_index(catalogue: Catalogue) -> str:
    rows = [
        (_link("baselines/index.md", f"baselines/{name}.md", f"`{name}`"), baseline.title, str(len(catalogue.selected(name))))
        for name, baseline in sorted(catalogue.baselines.items())
    ]
    intro = "A baseline is a named selection of controls. `--baseline all` takes every control there is."
    return f"# Baselines\n\n{intro}\n\n{_rows(('baseline', 'what it is', 'controls'), rows)}\n"


def framework_page(framework: Framework, bearing: Mapping[str, Sequence[str]], catalogue: Catalogue) -> str:
    here = f"frameworks/{framework.id}.md"
    by_section = {section: [*map(catalogue.control, ids)] for section, ids in bearing.items() if ids}
    empty = [section for section, ids in bearing.items() if not ids]
    parts = [f"# {framework.title}", f"Published by {framework.publisher}: <{framework.source}>"]
    parts += [framework.words] if framework.words else []
    parts.append(f"```console\n$ setright report --framework {framework.id}\n```")
    parts.append("Controls by the section that they bear on.")
    if framework.sections:  # each under a heading: a reader finds it by name, and a search index holds only so much of one part
        for section, controls in by_section.items():
            about = f" {framework.sections[section].about}" if section in framework.sections else ""
            parts.append(f"## {section}{about}\n\n{_table(here, controls)}")
    else:
        rows = [(section, _control_link(here, control)) for section, controls in by_section.items() for control in controls]
        parts.append(_rows(("section", "control"), rows))
    parts += [f"No control of ours bears on {', '.join(empty)}."] if empty else []
    return "\n\n".join(parts) + "\n"


def frameworks_index(frameworks: Sequence[tuple[Framework, Mapping[str, Sequence[str]]]]) -> str:
    rows = [
        (
            _link("frameworks/index.md", f"frameworks/{each.id}.md", each.title),
            f"`{each.id}`",
            str(len({control for ids in bearing.values() for control in ids})),
        )
        for each, bearing in frameworks
    ]
    intro = "Which sections of well-known frameworks each control serves. The ids are the frameworks'; the words are ours."
    return f"# Frameworks\n\n{intro}\n\n{_rows(('framework', 'id', 'controls'), rows)}\n"


def _place(binding: Binding, family: str) -> str:
    """A family of surfaces: its documents, and what is done around a change."""
    layout = binding.layouts[family]
    said = [f"in {_code(layout['documents'])}"] if "documents" in layout else []
    said += [f"{words} {_code(steps_of(layout, name))}" for name, words in STEPS.items() if name in layout]
    said += [f"{words} {_code(calls)}" for words, keys in CALLS.items() if (calls := _calls(layout, keys))]
    if layout.get("cuts-us-off"):
        said.append("a dead-man's switch on the target is armed before a change")
    return "\n".join([f"- **{_family(family)}**", *(f"    - {words}" for words in said)])


def _calls(layout: Plain, keys: Sequence[str]) -> list[str]:
    """The API calls that an entry names under these keys, anywhere in it."""
    if isinstance(layout, dict):
        mine = [str(held) for key, held in layout.items() if key in keys and isinstance(held, str) and ":" in held]
        return sorted({*mine, *(call for held in layout.values() for call in _calls(held, keys))})
    return sorted({call for held in layout for call in _calls(held, keys)}) if isinstance(layout, list) else []


def _code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _family(family: str) -> str:
    return FAMILIES.get(family, family)


def _table(here: str, controls: Iterable[Control]) -> str:
    worst_first = sorted(controls, key=lambda c: (-SEVERITIES.index(c.severity), c.id))
    return _rows(("severity", "control", "id"), [(c.severity, _control_link(here, c), f"`{c.id}`") for c in worst_first])


def _control_link(here: str, control: Control) -> str:
    return _link(here, f"controls/{control.id}.md", control.title)


def _link(here: str, to: str, text: str) -> str:
    return f"[{text}]({posixpath.relpath(to, posixpath.dirname(here))})"


def _rows(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)

"""What of Kubernetes stands on a host: static pods, as its kubelet starts them, and the kubelet's own settings.

The entry is `like:` one of `kubernetes-flags`, and takes `documents` and `by-hand`, which says how what it holds is changed. For
settings `starts` names the files that say how the program is started: a flag there counts over the file, and `--config` names it.
Kubernetes documentation, Create static Pods (every file of the folder, but for names with a dot ahead) and Set Kubelet Parameters
Via A Configuration File.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy

from msgspec.structs import replace

from setright.bindings.error import BindingError
from setright.bindings.layouts import kubernetes_flags
from setright.bindings.source import Source
from setright.bindings.trees import look_up, set_at, texts_in
from setright.model import Edit, Path, Plain, Resource, Tree, Unknown
from setright.patterns import fits, late

COMMENT = ("#", ";")
UNSET = "0s"  # as kubeadm writes a time that nobody set, for which the kubelet takes its default
FLAG = late(r"--([a-z][\w-]*)(?:[= ]\s*\"?([^\s\"']+))?")


def view(kind: str, layout: Mapping[str, Plain], sources: Mapping[str, Source]) -> list[Resource]:
    """One resource for each static pod that is the program, and for each file of settings that is there."""
    starts = layout.get("starts", ())
    named = [glob for glob in layout["documents"] if glob not in starts]
    mine = {locator: each for locator, each in sources.items() if each.exists and any(fits(locator, glob) for glob in named)}
    given = _given([each for locator, each in sources.items() if any(fits(locator, glob) for glob in starts)])
    return [replace(each, tree=_under(layout, each, given)) for each in kubernetes_flags.view(kind, layout, mine)]


def edit(
    layout: Mapping[str, Plain],
    resource: Resource,
    edits: Sequence[Edit],
    live: Sequence[Edit],
    sources: Mapping[str, Source],
) -> list[tuple[str, Edit]]:
    """Raises BindingError: other tools write these files, and what they start is the cluster's."""
    raise BindingError(f"{resource.name}: {' '.join(str(layout['by-hand']).split())}")


def locate(layout: Mapping[str, Plain], resource: Resource, path: Path, sources: Mapping[str, Source]) -> tuple[str, Path]:
    return kubernetes_flags.locate(layout, resource, path, sources)


def _under(layout: Mapping[str, Plain], resource: Resource, given: Mapping[str, set[str]]) -> Tree:
    """The settings as they hold under the flags that are given besides; unknown where these say otherwise."""
    tree: Tree = deepcopy({key: value for key, value in resource.tree.items() if value != UNSET})
    elsewhere = given.get(str(layout.get("file")), set()) - {resource.home[0]}
    for name, place in layout.get("flags", {}).items():
        path = tuple(place.split("/"))
        known = look_up(tree, path)
        others = given.get(name, set()) - {str(known).lower() if isinstance(known, bool) else str(known)}
        if others or elsewhere:
            flag, values = (name, others) if others else (layout["file"], elsewhere)
            set_at(tree, path, Unknown(f"--{flag}={' or '.join(sorted(values))}"))
    return tree


def _given(sources: Sequence[Source]) -> dict[str, set[str]]:
    """The flags that these files name, with their values; a flag alone is true."""
    found: dict[str, set[str]] = {}
    for text in (text for source in sources for text in texts_in(source.tree)):
        for line in text.splitlines():
            for name, value in FLAG.findall(line) if not line.lstrip().startswith(COMMENT) else ():
                found.setdefault(name, set()).add("true" if not value or value.startswith("--") else value)
    return found

"""Objects with the patches of overlays, as resources: each patch answers for what it says of an object, the object for the rest.

What no build mends is told of the object, what a patch says or brings about is told, and put right, at the patch. A container that
the file of a strategic merge patch adds is a resource of its own (`_kustomize_patches`) and is left out here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from setright.bindings.error import BindingError
from setright.bindings.layouts import _pod_template
from setright.bindings.layouts._kustomize_layers import Patch, Patched, followed
from setright.bindings.layouts._kustomize_merge import in_patch, plain_lists, said_alone
from setright.bindings.layouts._kustomize_patches import base_of
from setright.bindings.layouts._pod_parts import OF_FILES, OF_ONE, OF_RIGHTS
from setright.bindings.layouts._pod_template import CONTAINERS, POD_WIDE
from setright.bindings.trees import look_up
from setright.model import Edit, Path, Plain, Resource, Tree
from setright.model import Layer as Answer
from setright.trees import as_list

Placed = tuple[str, Path, Tree]
Make = Callable[[Placed], Resource | None]
CLAIMS = (*OF_ONE, *OF_FILES, "replaceable", "copies", "probes-are-served")
OF_ITS_BASE = ("network_policies", "ports-of-patches")


class Laid(NamedTuple):
    """A patch over an object of its base, as a resource."""

    layer: Patched
    resource: Resource
    own: tuple[Path, ...]


class Builds(NamedTuple):
    """The builds that one object goes into; None for one that cannot be followed."""

    placed: Placed
    base: Resource
    made: list[list[Laid] | None]


def over(
    seen: Sequence[tuple[Placed, Resource]], built: Mapping[str, list[list[Patch]]], inner: Callable[[Tree], Path], make: Make
) -> list[Builds]:
    """The builds of every object that some patch is for. `inner` tells where the tree of a kind stands in an object."""
    found = []
    for placed, base in seen if built else ():
        made = followed(placed[2], built.get(placed[0], ()))
        if any(each is None or each for each in made):
            at = inner(placed[2])
            found.append(Builds(placed, base, [None if each is None else _laid(placed, base, at, each, make) for each in made]))
    return found


def _laid(placed: Placed, base: Resource, inner: Path, each: Sequence[Patched], make: Make) -> list[Laid]:
    laid = []
    for layer in each:
        resource = make((placed[0], placed[1], plain_lists(layer.whole)))
        if resource is None:
            continue
        if "workload" in resource.tree:
            told = {key: base.tree["workload"][key] for key in OF_ITS_BASE if key in base.tree["workload"]}
            resource = replace(resource, tree={**resource.tree, "workload": {**resource.tree["workload"], **told}}, parts={})
        locator, at = layer.patch.home
        own = tuple(_as_shown(layer, inner))
        at = (*at, *inner) if isinstance(look_up(layer.patch.says, inner), dict) else at
        laid.append(Laid(layer, replace(resource, name=base.name, home=(locator, at)), own))
    return laid


def answering(builds: Sequence[Builds]) -> tuple[dict[int, Answer], list[Resource]]:
    """By the id of each object's resource what it answers for, and the patches as resources."""
    bases = {id(each.base): Answer((), None, tuple(_made(each, 0))) for each in builds}
    patches: dict[tuple[str, tuple[str, Path]], Resource] = {}
    for each in builds:
        for one in filter(None, each.made):
            before = each.base.tree
            for i, laid in enumerate(one):
                key = laid.resource.name, laid.resource.home
                later = (one[-1].resource.tree, _said(one[i + 1 :]))
                known = patches[key].layer if key in patches else None
                answer = Answer(known.own, known.before, (*known.made, later)) if known else Answer(laid.own, before, (later,))
                if laid.own:
                    patches[key] = replace(patches.get(key, laid.resource), layer=answer)
                before = laid.resource.tree
    return bases, list(patches.values())


def _made(builds: Builds, first: int) -> Iterator[tuple[Tree, tuple[Path, ...]]]:
    for one in builds.made:
        yield (one[-1].resource.tree, _said(one[first:])) if one else (builds.base.tree, ())


def _said(laid: Sequence[Laid]) -> tuple[Path, ...]:
    return tuple(path for each in laid for path in each.own)


def tell_claims(builds: Sequence[Builds]) -> None:
    """Tell of each object no more of its needs than is so in all that is made of it: what one build needs, it needs."""
    for each in (b for b in builds if "workload" in b.base.tree):
        made = [one[-1].resource for one in each.made if one]
        _agree(each.base.tree["workload"], [one.tree["workload"] for one in made])
        for at, part in each.base.parts.items():
            _agree(part["workload"], [one.parts.get(at, one.tree)["workload"] for one in made])


def _agree(claims: Tree, others: Sequence[Tree]) -> None:
    for key in [each for each in CLAIMS if each in claims and any(other.get(each) != claims[each] for other in others)]:
        if key in OF_RIGHTS:
            claims[key] = True
        else:
            del claims[key]


def written(layer: Patched, wanted: Edit) -> tuple[str, Edit]:
    """An edit on an object as it is with a patch, as one on the patch. Raises BindingError where the patch does not say it."""
    locator, at = layer.patch.home
    edit = in_patch(layer.patch.says, layer.whole, wanted)
    return locator, replace(edit, path=(*at, *edit.path))


def place(layer: Patched, inner: Path, path: Path, is_pod: bool) -> tuple[str, Path]:
    """Where a patch says a value of the tree that stands at `inner`, or the patch."""
    if is_pod:
        path = _pod_template.place(look_up(layer.whole, inner), path)
    try:
        locator, edit = written(layer, Edit((*inner, *path)))
    except BindingError:
        return layer.patch.home
    return locator, edit.path


def refuse_against(
    resource: Resource, manifest: Tree, built: Sequence[Sequence[Patch]], inner: Path, changes: Sequence[Edit]
) -> None:
    """Raises BindingError for edits on an object that would be refused, or be others, as some build has it."""
    made = resource.layer.made if resource.layer else ()
    for laid, (tree, own) in zip(followed(manifest, built), made, strict=True):
        if laid is None:
            raise BindingError(
                f"{resource.name}: a kustomization changes it in a way that nobody can follow; see what it makes first"
            )
        if not laid:
            continue
        mine = [each for each in changes if not any(each.path[: len(said)] == said for said in own)]
        told = f"as {laid[-1].patch.home[0]} has it: "
        if any(each.path[-1] == "runAsNonRoot" and look_up(tree, (*each.path[:-1], "runAsUser")) == 0 for each in mine):
            raise BindingError(f"{told}{resource.name} runs as root, because somebody wrote so; find out what for first")
        try:
            other = _pod_template.placed(replace(resource, tree=tree), look_up(laid[-1].whole, inner), mine)
        except BindingError as error:
            raise BindingError(f"{told}{error}") from error
        wanted = {each.path: each.value for each in _pod_template.placed(resource, look_up(manifest, inner), mine)}
        for each in other:
            if each.path in wanted and wanted[each.path] != each.value:
                raise BindingError(f"{told}{'/'.join(map(str, each.path))} would be {each.value}; set it there by hand")


def without_base(
    patches: Sequence[Placed],
    objects: Sequence[Placed],
    built: Mapping[str, list[list[Patch]]],
    make: Make,
    made: Sequence[Builds],
) -> list[tuple[Placed, Resource]]:
    """The patches for objects that are elsewhere: in another repository, or in a chart."""
    others = [(locator, each) for locator, _, each in objects]
    aimed = {patch.home for builds in built.values() for each in builds for patch in each if patch.target is not None}
    aimed |= {laid.layer.patch.home for each in made for one in each.made for laid in one or ()}
    found = []
    for placed in patches:
        is_known = placed[:2] in aimed or base_of((placed[0], placed[2]), others) is not None
        if not is_known and (resource := make(placed)):
            found.append((placed, replace(resource, parts={})))
    return found


def lone(resource: Resource, patch: Tree, inner: Path) -> Resource:
    """A patch for an object that nobody sees here: it answers for nothing but what it says."""
    own = tuple(_as_shown(Patched(Patch(resource.home, patch, None), patch, said_alone(patch)), inner))
    answer = Answer(own, resource.tree, ((resource.tree, ()),))
    return replace(resource, layer=answer, deliberate="a patch sets it for an object that is not here")


def is_patch(resource: Resource) -> bool:
    """Whether it is a patch over an object that is known."""
    return resource.layer is not None and resource.layer.before is not None and resource.layer.before is not resource.tree


def _as_shown(layer: Patched, inner: Path) -> Iterator[Path]:
    """The paths that a patch says, in the tree as controls see it: what is said of the pod holds for its containers."""
    template = look_up(layer.whole, inner)
    for said in layer.own:
        if said[: len(inner)] == inner:
            path = said[len(inner) :]
            yield path
            yield from _besides(template, path)
        elif inner[: len(said)] == said:
            yield ()


def _besides(template: Plain, path: Path) -> Iterator[Path]:
    number = 0
    for key in CONTAINERS:
        for i, container in enumerate(as_list(look_up(template, ("spec", key)))):
            at = ("spec", key, i)
            if path in (at, (*at, "image")):
                yield "workload", "images", number
            if path[:2] == ("spec", "securityContext"):
                named = path[2:3] or POD_WIDE
                yield from (
                    (*at, "securityContext", str(each), *path[3:])
                    for each in named
                    if each in POD_WIDE and look_up(container, ("securityContext", str(each))) is None
                )
            number += 1

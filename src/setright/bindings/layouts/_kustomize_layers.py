"""What kustomizations build of an object: the patches that each lays over it, one after the other, from the base outwards.

kubectl.docs.kubernetes.io, kustomization file: patches, patchesStrategicMerge, patchesJson6902.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from posixpath import basename, join, normpath

import msgspec
from msgspec.structs import replace

from setright.bindings.layouts._deployed import overlaid
from setright.bindings.layouts._documents import folder, mappings
from setright.bindings.layouts._kustomize import MAX_DEPTH, NAMES
from setright.bindings.layouts._kustomize_merge import BY_PLACE, is_removal, patched
from setright.bindings.layouts._kustomize_targets import group_of, is_aimed_at
from setright.bindings.source import Source
from setright.bindings.trees import look_up
from setright.model import Path, Plain, Tree
from setright.trees import as_list

MERGED_BY_NAME = re.compile(r"v1|(?:apps|batch|extensions|policy|autoscaling|[a-z.]+\.k8s\.io)/.*")  # other lists are replaced
WITHIN = ("resources", "bases", "components")


class Patch(msgspec.Struct, frozen=True):
    """A patch, where it stands, and which objects it is for; `target` None: the one that it names itself.

    `says` None: it stands where nobody can read it. `around` is what the builds within put before and behind the names of objects,
    which it may call by either.
    """

    home: tuple[str, Path]
    says: Plain
    target: Tree | None
    around: tuple[str, str] = ("", "")


class Patched(msgspec.Struct, frozen=True):
    """An object with one more patch: the object as it is by then, and the paths that the patch says."""

    patch: Patch
    whole: Tree
    own: tuple[Path, ...]


def builds(sources: Mapping[str, Source]) -> dict[str, list[list[Patch]]]:
    """By the file of an object, the patches of each build that it goes into, in their order."""
    found = {source.locator: tree for source, _, tree in mappings(sources) if basename(source.locator) in NAMES}
    patches = {file: list(_patches(file, ("documents", 0), tree, sources)) for file, tree in found.items()}
    above = [(path, list(_patches(file, at, spec, sources))) for path, file, at, spec in overlaid(sources)]
    if not any(patches.values()) and not above:
        return {}
    inner = {each for file, tree in found.items() for each, is_file in _within(found, file, tree) if not is_file}
    deployed = {path for path, _ in above}
    built: dict[str, list[list[Patch]]] = {}
    for file in sorted(found):
        last = [laid for path, laid in above if folder(file) == path or (_is_loose(path, found) and _is_below(file, path))]
        if file in inner and folder(file) not in deployed:
            continue
        for named, chain in _reached(found, file, (), 0):
            own = [*_in_turn(chain, found, patches)]
            built.setdefault(named, []).extend([*own, *laid] for laid in last or [[]])
    for path, laid in above:
        for file in sources if _is_loose(path, found) else ():
            if _is_below(file, path) and file not in built:
                built.setdefault(file, []).append(laid)
    return built


def _in_turn(chain: Sequence[str], found: Mapping[str, Tree], patches: Mapping[str, Sequence[Patch]]) -> Iterator[Patch]:
    """The patches of kustomizations from within outwards, each with what has been put around names by then."""
    before, behind = "", ""
    for file in chain:
        yield from (replace(each, around=(before, behind)) if before or behind else each for each in patches[file])
        before, behind = f"{found[file].get('namePrefix') or ''}{before}", f"{behind}{found[file].get('nameSuffix') or ''}"


def _is_loose(path: str, found: Mapping[str, Tree]) -> bool:
    """Whether no kustomization says what of a folder is deployed: all in it is then."""
    return not any(normpath(join(path, name)) in found for name in NAMES)


def _is_below(file: str, path: str) -> bool:
    return path == "." or file.startswith(path + "/")


def aims_of(built: Mapping[str, Sequence[Sequence[Patch]]]) -> dict[tuple[str, Path], list[tuple[str, Tree]]]:
    """By the place of a patch that has a target, the files that it is built with and that target."""
    aims: dict[tuple[str, Path], list[tuple[str, Tree]]] = {}
    for file, patches in built.items():
        for patch in {id(each): each for one in patches for each in one}.values():
            if patch.target is not None:
                aims.setdefault(patch.home, []).append((file, patch.target))
    return aims


def layered(
    objects: Sequence[tuple[str, Path, Tree]], built: Mapping[str, list[list[Patch]]], home: tuple[str, Path]
) -> Iterator[tuple[tuple[str, Path, Tree], Patched]]:
    """Every object with the patch that stands at a place, or around it."""
    for placed in objects:
        for each in followed(placed[2], built.get(placed[0], ())):
            for layer in each or ():
                locator, at = layer.patch.home
                if (locator, at) == (home[0], home[1][: len(at)]):
                    yield placed, layer


def followed(manifest: Tree, builds: Sequence[Sequence[Patch]]) -> list[list[Patched] | None]:
    """The builds that an object comes out of, each with its layers; None for one that cannot be followed."""
    return [layers(manifest, patches) for patches in builds if not any(_removes(patch, manifest) for patch in patches)]


def _removes(patch: Patch, manifest: Tree) -> bool:
    return is_removal(patch.says) and is_for(patch, manifest) is True


def layers(manifest: Tree, patches: Sequence[Patch]) -> list[Patched] | None:
    """An object with the patches that are for it, one by one; None where one cannot be followed."""
    found: list[Patched] = []
    for patch in patches:
        aimed = is_for(patch, manifest)
        if aimed is False:
            continue
        if aimed is None or patch.says is None:
            return None
        if isinstance(patch.says, dict) and not MERGED_BY_NAME.fullmatch(str(manifest.get("apiVersion"))):
            return None
        whole = found[-1].whole if found else manifest
        laid = patched(whole, patch.says)
        if laid is None:
            return None
        found.append(Patched(patch, *(_without_added(*laid) if _is_file_of_merges(patch) else laid)))
    return found


def _is_file_of_merges(patch: Patch) -> bool:
    return isinstance(patch.says, dict) and len(patch.home[1]) == 2


def _without_added(whole: Tree, own: tuple[Path, ...]) -> tuple[Tree, tuple[Path, ...]]:
    """The object without the containers that a patch adds, which stand last."""
    added = [(path[:-1], look_up(whole, path)) for path in own if len(path) > 2 and path[-2] in BY_PLACE]
    for path, each in added:
        whole = _less(whole, path, each)
    return whole, tuple(each for each in own if len(each) < 2 or each[-2] not in BY_PLACE)


def _less(tree: Tree, path: Path, item: Plain) -> Tree:
    key, rest = str(path[0]), path[1:]
    left = _less(tree[key], rest, item) if rest else tree[key].__class__(each for each in tree[key] if each is not item)
    return {**tree, key: left}


def _reached(found: Mapping[str, Tree], file: str, above: tuple[str, ...], depth: int) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every file that a kustomization builds, with the kustomizations on its way out. A component changes all that is beside it."""
    beside = [each for each, is_file in _within(found, file, found[file], ("components",)) if not is_file]
    chain = (*beside, file, *above)
    for each, is_file in _within(found, file, found[file]):
        if is_file:
            yield each, chain
        elif each != file and depth < MAX_DEPTH:
            yield from _reached(found, each, tuple(k for k in chain if k != each), depth + 1)


def _within(found: Mapping[str, Tree], file: str, tree: Tree, keys: Sequence[str] = WITHIN) -> Iterator[tuple[str, bool]]:
    """What a kustomization names: other kustomizations, and files."""
    for key in keys:
        for each in as_list(tree.get(key)):
            path = normpath(join(folder(file), str(each)))
            inner = next((join(path, name) for name in NAMES if join(path, name) in found), None)
            yield inner or path, inner is None


def _patches(file: str, at: Path, tree: Tree, sources: Mapping[str, Source]) -> Iterator[Patch]:
    """The patches that the tree at a place of a file says or names."""
    for i, each in enumerate(as_list(tree.get("patchesStrategicMerge"))):
        yield from _read(file, (*at, "patchesStrategicMerge", i), each, None, sources)
    for key in ("patches", "patchesJson6902"):
        for i, each in enumerate(as_list(tree.get(key))):
            if isinstance(each, dict):
                target = each.get("target")
                told = each.get("path") or each.get("patch")
                place = (*at, key, i, "patch") if not each.get("path") else (*at, key, i)
                yield from _read(file, place, told, target if isinstance(target, dict) else None, sources)


def _read(file: str, place: Path, told: Plain, target: Tree | None, sources: Mapping[str, Source]) -> Iterator[Patch]:
    """The patches of a file that is named, or of text that stands in the kustomization itself and was read with it."""
    base: Path = ()
    if isinstance(told, str):
        locator = normpath(join(folder(file), told))
        source = sources.get(locator)
        tree: Plain = source.tree if source and source.lens in ("yaml", "json") else {}
        if source is None and target is not None:
            yield Patch((file, place), None, target)
    else:
        locator, base, tree = file, place, told
    several = look_up(tree, ("documents",))
    roots = enumerate(several) if isinstance(several, list) else [(None, tree)]
    for i, each in roots:
        at = base if i is None else (*base, "documents", i)
        if each and (isinstance(each, dict) or (isinstance(each, list) and target is not None)):
            yield Patch((locator, at), each, target)


def is_for(patch: Patch, manifest: Tree) -> bool | None:
    """Whether a patch changes an object; None where its target cannot be told."""
    name = look_up(manifest, ("metadata", "name"))
    names = (name, f"{patch.around[0]}{name}{patch.around[1]}") if any(patch.around) else (name,)
    if patch.target is not None:
        aimed = [is_aimed_at(patch.target, manifest, each) for each in names]
        return True if True in aimed else None if None in aimed else False
    says = patch.says
    return (
        look_up(says, ("kind",)) == manifest.get("kind")
        and look_up(says, ("metadata", "name")) in names
        and group_of(says) == group_of(manifest)
    )

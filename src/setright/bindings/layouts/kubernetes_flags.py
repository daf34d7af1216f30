"""Programs of a Kubernetes control plane by the flags they are started with: in manifests, and in kubeadm's configuration.

The entry's `programs:` are the names of the program, `lists:` its flags that hold several values with commas between, `gates:`
those that open or close things by name (``A=true,B=false``), `durations:` those that hold a time (told in seconds), `switches:`
those that may stand without a value; `environment:` begins the variables that say the same, `file:` is the flag of a file that
does. `kubeadm: {at, sets}` says where a ClusterConfiguration has extraArgs for it, and what kubeadm gives it where those say
nothing. The tree is

    kind: Pod
    minor: 28              # of Kubernetes 1.28, where its image or kubernetesVersion tells
    probed: true           # the kubelet asks for its health over HTTP, without logging in
    flags: {anonymous-auth: "true", authorization-mode: [Node, RBAC], request-timeout: 60}

With `settings:` the kind is an object (``KubeletConfiguration``) whose tree a program's flags stand for: of each the path that says
the same, and what holds of a program that is given neither (`without:`).

The flags of a shell line and of a template are told as far as they can be, and changed by hand. Kubernetes reference,
Component tools (pflag: of a flag that is repeated the last one holds, lists add up); kubeadm Configuration (v1beta3: extraArgs
is a mapping, v1beta4: a list).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from setright.bindings.error import BindingError
from setright.bindings.layouts._documents import written
from setright.bindings.layouts._manifests import inner_of, name_of, objects_of
from setright.bindings.layouts._shell_words import base, commands
from setright.bindings.source import Source
from setright.bindings.trees import look_up, set_at
from setright.model import Edit, Path, Plain, Resource, Tree, Unknown
from setright.patterns import late
from setright.trees import as_list

LENSES = ("yaml", "kustomization", "json")
LISTS = ("command", "args")
SHELLS = frozenset({"sh", "bash", "ash", "dash"})
TEMPLATE = late(r"\$[({]|\$\w|\{\{")
VERSION = late(r"(?:.*:)?v?1\.(\d+)(?:\D.*)?")
DURATION = late(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
OF_A_LIST = "kubeadm.k8s.io/v1beta4"  # the first whose extraArgs are a list


class CommandWord(NamedTuple):
    """One word of a command, and its place in the container; a word of a shell line has none."""

    text: str
    place: Path | None


class PlacedFlag(NamedTuple):
    """A flag as it stands: its word, and the next one where that is its value."""

    name: str
    value: str
    word: CommandWord
    after: CommandWord | None = None


NOWHERE = CommandWord("", None)


def view(kind: str, layout: Mapping[str, Plain], sources: Mapping[str, Source]) -> list[Resource]:
    """One resource for each container that starts the program, and for each ClusterConfiguration."""
    found: list[Resource] = []
    for _, source in sorted(sources.items()):
        for place, manifest in objects_of(source) if source.lens in LENSES else ():
            if "settings" in layout and manifest.get("kind") == layout["settings"]:
                found.append(Resource(kind, name_of(manifest["kind"], manifest), manifest, (source.locator, place)))
            elif manifest.get("kind") == "ClusterConfiguration" and "kubeadm" in layout:
                found += _of_kubeadm(kind, layout, source.locator, place, manifest)
            elif isinstance(manifest.get("kind"), str) and manifest["kind"] in layout["kinds"]:
                found += _of_manifest(kind, layout, source.locator, place, manifest)
    return found


def edit(
    layout: Mapping[str, Plain],
    resource: Resource,
    edits: Sequence[Edit],
    live: Sequence[Edit],
    sources: Mapping[str, Source],
) -> list[tuple[str, Edit]]:
    """The words or extraArgs that say it. Raises BindingError for what is only told, said twice, or said in a shell line."""
    raw = written(resource, sources)
    locator, place = resource.home
    if "settings" in layout and raw.get("kind") == layout["settings"]:
        return [(locator, replace(each, path=(*place, *each.path))) for each in [*edits, *live]]
    changes = [each for wanted in [*edits, *live] for each in _changes(layout, resource, raw, wanted)]
    return [(locator, Edit((*place, *each.path), each.value, each.remove)) for each in changes]


def locate(layout: Mapping[str, Plain], resource: Resource, path: Path, sources: Mapping[str, Source]) -> tuple[str, Path]:
    """The word of a flag; where it is not given, the command."""
    locator, place = resource.home
    raw = look_up(sources[locator].tree, place) if locator in sources else None
    if isinstance(raw, dict) and "settings" in layout and raw.get("kind") == layout["settings"]:
        return locator, (*place, *path)
    path = _as_flag(layout, path)
    if not isinstance(raw, dict) or len(path) < 2:
        return locator, place
    if raw.get("kind") == "ClusterConfiguration":
        return locator, (*place, *_extra(layout, raw, str(path[1]))[0])
    stands = [each for each in _given(layout, _words(layout, raw)) if each.name == path[1] and each.word.place]
    return locator, (*place, *((stands[-1].word.place if stands else None) or ("command" if "command" in raw else "args",)))


def _of_manifest(kind: str, layout: Mapping[str, Plain], locator: str, place: Path, manifest: Tree) -> Iterator[Resource]:
    inner = (*inner_of(layout, manifest), "spec", "containers")
    for i, container in enumerate(as_list(look_up(manifest, inner))):
        words = _words(layout, container) if isinstance(container, dict) else []
        if not words:
            continue
        probe = look_up(container, ("livenessProbe", "httpGet"))
        headers = probe.get("httpHeaders") if isinstance(probe, dict) else None
        flags = _flags(layout, words, as_list(container.get("env")))
        tree: Tree = {"kind": manifest["kind"], "probed": isinstance(probe, dict) and not headers, "flags": flags}
        if (match := VERSION.fullmatch(str(container.get("image")))) is not None:
            tree["minor"] = int(match[1])
        if "settings" in layout:
            tree = _settings(layout, flags, _given(layout, words))
        yield Resource(kind, name_of(manifest["kind"], manifest), tree, (locator, (*place, *inner, i)))


def _settings(layout: Mapping[str, Plain], flags: Plain, given: Sequence[PlacedFlag]) -> Tree:
    """The object that the flags stand for. What they leave open is unknown where a file may say it."""
    tree: Tree = {}
    files = [each.word.text for each in given if each.name == layout.get("file")]
    known = flags if isinstance(flags, dict) else _read(layout, given) if files else {}
    for name, path in layout["flags"].items():
        value = known[name] if name in known else flags if isinstance(flags, Unknown) else layout["without"].get(name)
        if value is not None:
            set_at(tree, tuple(path.split("/")), value)
    return tree


def _as_flag(layout: Mapping[str, Plain], path: Path) -> Path:
    """The flag that says what a path of the settings does."""
    said = {tuple(each.split("/")): name for name, each in layout.get("flags", {}).items()}
    if path in said:
        return ("flags", said[path])
    return ("flags", said[path[:-1]], path[-1]) if said.get(path[:-1]) in layout.get("gates", ()) else path


def _of_kubeadm(kind: str, layout: Mapping[str, Plain], locator: str, place: Path, manifest: Tree) -> Iterator[Resource]:
    at = tuple(str(layout["kubeadm"]["at"]).split("/"))
    extra = look_up(manifest, (*at, "extraArgs"))
    if at[0] == "etcd" and not isinstance(look_up(manifest, at), dict):
        return  # an etcd that others run, or the one that kubeadm makes by its own defaults
    parts = [{"name": name, "value": value} for name, value in extra.items()] if isinstance(extra, dict) else as_list(extra)
    given = [PlacedFlag(str(each.get("name")), _spelt(each.get("value")), NOWHERE) for each in parts if isinstance(each, dict)]
    flags: Plain = extra if isinstance(extra, Unknown) else {**layout["kubeadm"].get("sets", {}), **_read(layout, given)}
    tree: Tree = {"kind": manifest["kind"], "probed": True, "flags": flags}
    if (match := VERSION.fullmatch(str(manifest.get("kubernetesVersion")))) is not None:
        tree["minor"] = int(match[1])
    yield Resource(kind, f"{manifest['kind']}/{at[0]}", tree, (locator, place))


def _words(layout: Mapping[str, Plain], container: Tree) -> list[CommandWord]:
    """The words of the program in a container, its name first; empty where it starts something else."""
    words = [CommandWord(_spelt(each), (key, i)) for key in LISTS for i, each in enumerate(as_list(container.get(key)))]
    if not words:
        return []
    programs = layout["programs"]
    first = base(words[0].text)
    if first in SHELLS and len(words) > 1:
        lines = [c.words for c in commands(words[-1].text) if base(c.words[0].text) in programs]
        return [CommandWord(each.text.strip("\"'"), None) for each in lines[0]] if lines else []
    if first == "hyperkube" and len(words) > 1:
        words = words[1:]
        first = "kube-" + words[0].text.removeprefix("kube-")
    if first in programs:
        return words
    image = str(container.get("image")).partition("@")[0].rpartition("/")[2].partition(":")[0]
    return [CommandWord(image, None), *words] if "command" not in container and image in programs else []


def _flags(layout: Mapping[str, Plain], words: Sequence[CommandWord], env: Sequence[Plain]) -> Plain:
    """The flags, over what variables say; an Unknown where a word may be any flag, or a file says the rest."""
    given = _given(layout, words)
    files = [each.word.text for each in given if each.name == layout.get("file")]
    if odd := next((word.text for word in words if TEMPLATE.match(word.text)), files[0] if files else None):
        return Unknown(odd)
    prefix = str(layout.get("environment", "="))
    variables = [each for each in env if isinstance(each, dict) and str(each.get("name")).startswith(prefix)]
    names = [str(each["name"]).removeprefix(prefix).lower().replace("_", "-") for each in variables]
    under = [PlacedFlag(name, _spelt(each.get("value", "$(")), NOWHERE) for name, each in zip(names, variables, strict=True)]
    return _read(layout, under) | _read(layout, given)


def _given(layout: Mapping[str, Plain], words: Sequence[CommandWord]) -> list[PlacedFlag]:
    """The flags among the words, in order."""
    found: list[PlacedFlag] = []
    left = list(words[1:])
    while left:
        word = left.pop(0)
        if not word.text.startswith("-"):
            continue
        name, is_joined, value = word.text.lstrip("-").partition("=")
        name, after = name.replace("_", "-"), None
        if not is_joined and name not in layout.get("switches", ()) and left and not left[0].text.startswith("-"):
            after = left.pop(0)
            value = after.text
        found.append(PlacedFlag(name, value if is_joined or after else "true", word, after))
    return found


def _read(layout: Mapping[str, Plain], given: Sequence[PlacedFlag]) -> Tree:
    flags: Tree = {}
    for name, value, *_ in given:
        if not value:
            flags.pop(name, None)
        elif TEMPLATE.search(value):
            flags[name] = Unknown(value)
        elif name in layout.get("lists", ()):
            before = flags.get(name, [])
            flags[name] = [*(before if isinstance(before, list) else []), *filter(None, value.split(","))]
        elif name in layout.get("gates", ()):
            before = flags.get(name, {})
            flags[name] = {**(before if isinstance(before, dict) else {}), **_gates(value)}
        elif name in layout.get("durations", ()) and (match := DURATION.fullmatch(value)):
            flags[name] = sum(int(n or 0) * s for n, s in zip(match.groups(), (3600, 60, 1), strict=True))
        else:
            flags[name] = value
    return flags


def _gates(value: str) -> Tree:
    pairs = [each.partition("=") for each in value.split(",") if each]
    return {name.strip(): {"true": True, "false": False}.get(is_open.strip().lower(), is_open) for name, _, is_open in pairs}


def _changes(layout: Mapping[str, Plain], resource: Resource, raw: Tree, wanted: Edit) -> list[Edit]:
    wanted = replace(wanted, path=_as_flag(layout, wanted.path))
    if wanted.path[0] != "flags" or len(wanted.path) > 3:
        raise BindingError(f"{resource.name}: {wanted.path[0]} is read off the file; change it by hand")
    name = str(wanted.path[1])
    if len(wanted.path) == 3:
        wanted = _gated(layout, raw, wanted)
    text = "" if wanted.remove else _text(layout, name, wanted.value)
    if raw.get("kind") == "ClusterConfiguration":
        path, is_new = _extra(layout, raw, name)
        if wanted.remove:
            return [Edit(path[:-1] if path[-1] == "value" else path, remove=True)]
        return [Edit(path, {"name": name, "value": text} if is_new and isinstance(path[-1], int) else text)]
    given = _given(layout, _words(layout, raw))
    stands = [each for each in given if each.name == name]
    if len(stands) > 1:
        raise BindingError(f"{resource.name}: --{name} is given {len(stands)} times; leave one and run again")
    return _worded(resource, raw, given, stands[0] if stands else None, Edit((name,), text, wanted.remove))


def _gated(layout: Mapping[str, Plain], raw: Tree, wanted: Edit) -> Edit:
    """All that the flag of gates says, with one of them as it is wanted."""
    name, gate = map(str, wanted.path[1:])
    gates = {**_read(layout, _given(layout, _words(layout, raw))).get(name, {}), gate: wanted.value}
    if wanted.remove:
        del gates[gate]
    return Edit(wanted.path[:2], gates, wanted.remove and not gates)


def _worded(resource: Resource, raw: Tree, given: Sequence[PlacedFlag], stands: PlacedFlag | None, wanted: Edit) -> list[Edit]:
    """A flag written into the words, or taken out of them."""
    if any(each.word.place is None for each in given):
        raise BindingError(f"{resource.name}: a shell starts it; change its flags in that line by hand")
    name, text = str(wanted.path[0]), str(wanted.value)
    if stands is None:
        key = str(given[-1].word.place[0]) if given and given[-1].word.place else LISTS["args" in raw]
        return [Edit((key, len(as_list(raw.get(key)))), f"--{name}={text}")]
    place, after = stands.word.place or (), stands.after.place if stands.after else None
    if wanted.remove:
        return [Edit(each, remove=True) for each in (after, place) if each]
    dashes = stands.word.text[: len(stands.word.text) - len(stands.word.text.lstrip("-"))]
    return [Edit(after, text) if after else Edit(place, f"{dashes}{name}={text}")]


def _extra(layout: Mapping[str, Plain], raw: Tree, name: str) -> tuple[Path, bool]:
    """Where the extraArgs of a ClusterConfiguration say the flag, or would, and whether they do not yet."""
    at = (*str(layout["kubeadm"]["at"]).split("/"), "extraArgs")
    extra = look_up(raw, at)
    if isinstance(extra, list) or (extra is None and str(raw.get("apiVersion")) >= OF_A_LIST):
        names = [each.get("name") if isinstance(each, dict) else None for each in as_list(extra)]
        return ((*at, names.index(name), "value"), False) if name in names else ((*at, len(names)), True)
    return (*at, name), not isinstance(extra, dict) or name not in extra


def _text(layout: Mapping[str, Plain], name: str, value: Plain) -> str:
    if isinstance(value, list):
        return ",".join(map(_spelt, value))
    if isinstance(value, dict):
        return ",".join(f"{each}={_spelt(is_open)}" for each, is_open in value.items())
    if name in layout.get("durations", ()) and isinstance(value, int):
        hours, minutes = value // 3600, value // 60 % 60
        return (f"{hours}h" if hours else "") + (f"{minutes}m" if value >= 60 else "") + f"{value % 60}s"  # as Go writes it
    return _spelt(value)


def _spelt(value: Plain) -> str:
    """A scalar as a command line has it."""
    if isinstance(value, Unknown):
        return value.text
    return ("true" if value else "false") if isinstance(value, bool) else str(value)

"""Services in Compose files, as the Compose specification has them in its long forms.

    name: web
    image: registry/app:1.25
    image_version: "1.25"                  # its digest or tag; absent where it names neither
    ports: [{host_ip: 127.0.0.1, published: "8080", target: "80", protocol: tcp}]
    volumes: [{type: bind, source: /srv, target: /data, read_only: true}]
    environment: [{name: TZ, value: UTC}]  # values as written
    security_opt: ["no-new-privileges:true"]
    image-needs: {capabilities: told, root: told, writes: told, asks: told, data: false}        # what is known of its image
    serves: true                           # others send requests to it: it has ports, or is asked for its health
    ends: true                             # others start when it has ended well; absent for what none waits for so
    calls-sudo: false                      # whether it, or the Dockerfile that it is built by, says that it uses a set-uid program
    deploy: {resources: {limits: {memory: 512m}}}     # also from mem_limit, cpus, pids_limit

A service of an override file, or one that extends another, is seen on top of that and answers only for the keys it sets
itself. A value with ${VARIABLE} cannot be told. compose-spec.io, 05-services.md, 13-merge.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from posixpath import join, normpath

from msgspec.structs import replace

from setright.bindings.error import BindingError
from setright.bindings.layouts import _compose_build as build
from setright.bindings.layouts import _compose_env as env
from setright.bindings.layouts import _compose_health as health
from setright.bindings.layouts import _compose_inner as inner
from setright.bindings.layouts import _compose_limits as limits
from setright.bindings.layouts import _compose_memory as memory
from setright.bindings.layouts import _compose_needs as needs
from setright.bindings.layouts import _compose_overrides as overrides
from setright.bindings.layouts import _compose_ports as ports
from setright.bindings.layouts import _compose_secrets as secrets
from setright.bindings.layouts import _compose_short as short
from setright.bindings.layouts._documents import folder, mappings, written
from setright.bindings.layouts._image_locks import held_to
from setright.bindings.layouts._image_needs import Images
from setright.bindings.source import LOCKED, Source, noted
from setright.bindings.trees import look_up
from setright.model import Edit, Path, Plain, Resource, Tree
from setright.trees import as_list, same

FILE = re.compile(r"(?:^|/)(?:docker-)?compose(?:[.-][^/]*)?\.ya?ml$")
MAINS = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
SECTIONS = frozenset({"version", "name", "services", "networks", "volumes", "secrets", "configs", "include", "models"})
READ_ONLY = ("name", "image_version", "image-needs", "calls-sudo", "ends", "serves")
LISTS = ("cap_add", "cap_drop", "security_opt", "tmpfs", "devices", "group_add", "env_file", "dns")
LONG = {"ports": short.port, "volumes": short.volume}
MAX_DEPTH = 8  # as many services as may extend each other

POLICY = ("deploy", "restart_policy")

Found = tuple[str, str]  # file, service
Services = Mapping[Found, tuple[Path, Tree]]


def view(kind: str, layout: Mapping[str, Plain], sources: Mapping[str, Source]) -> list[Resource]:
    """One resource for each service, by its name."""
    services = {key: (place, raw) for key, place, raw in _services(sources)}
    images = layout.get("images", {})
    ending = _waited_for(services)
    alone = overrides.alone(services, MAINS, sources)
    found = {key: _resource(kind, services, key, images, sources, key[0] in alone) for key in services}
    return [replace(each, tree={**each.tree, "ends": True}) if key in ending else each for key, each in found.items()]


def edit(
    layout: Mapping[str, Plain],
    resource: Resource,
    edits: Sequence[Edit],
    live: Sequence[Edit],
    sources: Mapping[str, Source],
) -> list[tuple[str, Edit]]:
    """Edits in the form that the service is written in. Raises BindingError for what is only told of it."""
    raw = written(resource, sources)
    locator, base = resource.home
    version = str(look_up(sources[locator].tree, (*base[:2], "version")) or "")
    services = look_up(sources[locator].tree, base[:-1])
    made = build.dockerfile(locator, raw, sources)
    hidden = [each for each in edits if secrets.is_wanted(each)]
    apart = [each for wanted in hidden for each in secrets.moved(resource, raw, wanted, version, sources)]
    edits = [each for each in edits if each not in hidden]
    digests = layout.get("digests", {})
    edits = [
        Edit(("image",), held_to(raw.get("image"), locator, sources, digests)) if each.value == LOCKED else each for each in edits
    ]
    images = layout.get("images", {})
    known = needs.with_plain(env.with_files(raw, locator, sources), locator, sources, images, made)
    if held := next(filter(None, (inner.kept_by(locator, known, each, made) for each in edits)), ""):
        raise BindingError(f"{resource.name}: {held}")
    edits = [small for each in edits for small in health.health_edits(resource.name, known, each, images, made, version)]
    more = [other for each in edits for other in needs.besides(known, each, images, made)]
    limits.refuse_memory(resource.name, more, version, services.values())
    wanted = [_with_enough(known, each, images, made) for each in [*edits, *live]]
    in_place = partial(limits.place, resource.name, raw, version=version, services=list(services.values()))
    if main := overrides.below(
        locator, resource.name, MAINS, sources
    ):  # both say their limits in one place, or Compose refuses them
        under = {**main.service, **raw}
        in_place = partial(limits.place, resource.name, under, version=main.version, services=list(main.services.values()))
    placed = [_placed(resource, raw, each, in_place) for each in wanted] + more
    return [*((locator, Edit((*base, *each.path), each.value, each.remove)) for each in _emptied(raw, placed)), *apart]


def locate(layout: Mapping[str, Plain], resource: Resource, path: Path, sources: Mapping[str, Source]) -> tuple[str, Path]:
    """Where a value stands; a short form is one value."""
    locator, base = resource.home
    path = ("image", *path[1:]) if path[:1] == ("image_version",) else path
    raw = look_up(sources[locator].tree, base) if locator in sources else None
    older = short.LIMITS.get(str(path[3])) if path[:3] == short.LIMITS_AT and len(path) > 3 else None
    if older and isinstance(raw, dict) and older in raw:
        return locator, (*base, older)
    variables = raw.get("environment") if isinstance(raw, dict) else None
    if path[:1] == ("environment",) and len(path) > 1 and isinstance(variables, dict):
        return locator, (*base, "environment", list(variables)[int(path[1])])
    return locator, (*base, *path)


# --- seeing ---------------------------------------------------------------------------------------------------------


def _services(sources: Mapping[str, Source]) -> Iterator[tuple[Found, Path, Tree]]:
    for source, place, document in mappings(sources):
        services = document.get("services")
        if not isinstance(services, dict) or document.keys() & {"apiVersion", "Resources"} or _is_of_chart(source.locator, sources):
            continue
        theirs = {name: raw for name, raw in services.items() if isinstance(raw, dict)}
        if FILE.search(source.locator) or (_has_form(document) and any(_runs(raw) for raw in theirs.values())):
            yield from (((source.locator, name), (*place, "services", name), raw) for name, raw in theirs.items())


def _is_of_chart(locator: str, sources: Mapping[str, Source]) -> bool:
    """Whether a file holds the values of a chart, which mean what its templates make of them."""
    return locator.rpartition("/")[2].startswith("values") and join(folder(locator), "Chart.yaml") in sources


def _has_form(document: Tree) -> bool:
    """Whether a file of another name says nothing beside its services that Compose does not know, as values of a chart do."""
    return all(key in SECTIONS or str(key).startswith("x-") for key in document)


def _runs(raw: Tree) -> bool:
    return isinstance(raw.get("image", raw.get("build")), str | dict)


def _resource(
    kind: str, services: Services, found: Found, images: Images, sources: Mapping[str, Source], is_alone: bool
) -> Resource:
    """A service as it is judged; what its image needs is told of all that may be laid under it, also where it `is_alone`."""
    (file, name), (place, raw) = found, services[found]
    under = _under(services, found)
    is_over = under is not None and not (is_alone and "extends" not in raw)
    below = {key: value for key, value in (under or {}).items() if is_over or key not in overrides.WHOLE}
    whole = _merged(below, raw) if under is not None else raw
    made = build.dockerfile(file, whole, sources)
    known = needs.with_plain(env.with_files(whole, file, sources), file, sources, images, made)
    make = partial(_tree, name, whole if is_over else raw, known, images, made)
    given = (images, raw, made is None, *(made or ()))
    tree = noted(sources[file], f"service {name}", given, make) if known is raw else make()
    if isinstance(volumes := look_up(sources[file].tree, (*place[:-2], "volumes")), dict) and "volumes" in tree:
        tree = {**tree, "volumes": short.on_host(tree["volumes"], volumes)}
    if is_over and raw.get("environment") is not None:
        tree = {**tree, "environment": short.environment(raw["environment"])}  # the others are judged where they stand
    return Resource(kind, name, tree, (file, place), only=tuple(_shown(name, raw)) if is_over else None)


def _tree(name: str, whole: Tree, known: Tree, images: Images, made: build.Made) -> Tree:
    gains = (made is not None and build.gains_rights(made)) or needs.gains_by_files(known, images, made)
    told = needs.told(known, images, made) | ({"asks": "told"} if health.health_command(known, images, made) else {})
    return {
        **_shown(name, whole),
        "image-needs": told,
        "calls-sudo": gains or needs.calls_sudo(known, told),
        "serves": "asks" in told or needs.serves(known, images, made),
    }


def _waited_for(services: Services) -> set[Found]:
    """The services whose end others of their file wait for."""
    depends = ((file, raw.get("depends_on")) for (file, _), (_, raw) in services.items())
    needed = ((file, name, each) for file, those in depends if isinstance(those, dict) for name, each in those.items())
    return {(file, name) for file, name, each in needed if look_up(each, ("condition",)) == "service_completed_successfully"}


def _under(services: Services, found: Found, depth: int = 0) -> Tree | None:
    """What a service is laid over: the one it extends, or the main file's of its name; None where it stands alone.

    Nothing of it is known where it is of another tree, as is so of what says neither an image nor a build.
    """
    file = found[0]
    extends = services[found][1].get("extends")
    if extends is not None:
        named = {"service": extends} if isinstance(extends, str) else extends if isinstance(extends, dict) else {}
        below = (normpath(join(folder(file), str(named["file"]))) if "file" in named else file, str(named.get("service")))
    else:
        below = _in_main(services, found)
    if below not in services or below == found or depth > MAX_DEPTH:
        return {} if extends is not None or not _runs(services[found][1]) else None
    return _merged(_under(services, below, depth + 1) or {}, services[below][1])


def _in_main(services: Services, found: Found) -> Found:
    """The service of the same name in the folder's main file, unless this file is one."""
    file, name = found
    own = file.rpartition("/")[2]
    mains = [join(folder(file), main) for main in MAINS] if own not in MAINS and FILE.search(file) else []
    return next(((main, name) for main in mains if (main, name) in services), found)


def _merged(below: Tree, above: Tree) -> Tree:
    """Mappings join, all else is replaced: what comes in a list from below is judged where it stands."""
    both = {key: _merged(below[key], value) for key, value in above.items() if _are_mappings(below.get(key), value)}
    return {**below, **above, **both}


def _are_mappings(*values: Plain) -> bool:
    return all(isinstance(value, dict) for value in values)


def _shown(name: str, raw: Tree) -> Tree:
    service = {key: short.told(value) for key, value in short.limits(raw).items() if value is not None}
    service |= {key: as_list(service[key]) for key in LISTS if key in service}
    service |= {key: [long(each) for each in as_list(raw[key])] for key, long in LONG.items() if raw.get(key) is not None}
    if "environment" in service:
        service["environment"] = short.environment(raw["environment"])
    if "cap_drop" in service:
        service["cap_drop"] = ["ALL" if str(each).upper() == "ALL" else each for each in service["cap_drop"]]
    if "security_opt" in service:
        service["security_opt"] = [short.security_opt(each) for each in service["security_opt"]]
    if isinstance(policy := look_up(service, POLICY), dict) and isinstance(policy.get("condition", "any"), str):
        service["restart"] = short.restart(policy)
    version = short.image_version(raw.get("image"))
    return service | {"name": name} | ({"image_version": version} if version is not None else {})


# --- editing --------------------------------------------------------------------------------------------------------


def _with_enough(raw: Tree, wanted: Edit, images: Images, made: build.Made) -> Edit:
    """A limit of memory that is at least what the service surely takes."""
    if wanted.path != (*short.LIMITS_AT, "memory") or wanted.remove:
        return wanted
    return Edit(wanted.path, memory.enough(raw, wanted.value, images, made))


def _placed(resource: Resource, raw: Tree, wanted: Edit, limit_at: Callable[[str], Path]) -> Edit:
    """One edit on the service as shown, as an edit on what is written."""
    path, head = wanted.path, wanted.path[0]
    if head in READ_ONLY:
        raise BindingError(f"{resource.name}: {head} is read off the service; change it by hand")
    if path[:3] == short.LIMITS_AT and len(path) == len(short.LIMITS_AT) + 1 and path[3] in short.LIMITS:
        place = limit_at(str(path[3]))
        return Edit(place, limits.written(place, wanted.value), wanted.remove)
    if path == ("restart",) and isinstance(look_up(raw, POLICY), dict):
        return _in_policy(resource, raw, wanted)
    if (head, path[2:]) == ("ports", ("host_ip",)):
        ports.refuse_to_hide(resource, wanted)
    if head in LONG and len(path) > 2 and not wanted.remove:
        return _in_short(resource, raw, wanted)
    if head == "environment" and len(path) > 1:
        return _variable(resource, raw, wanted)
    if head in LISTS and len(path) == 1 and not wanted.remove:
        return Edit(path, _added(raw, str(head), wanted.value, resource))
    if head in LISTS and len(path) == 2 and wanted.remove and not isinstance(raw.get(head), list):
        return Edit(path[:1], remove=True)
    return wanted


def _in_policy(resource: Resource, raw: Tree, wanted: Edit) -> Edit:
    """A number of tries in the policy of `deploy`, which stands in front of `restart`."""
    is_bounded = look_up(raw, (*POLICY, "condition")) == "on-failure" and str(wanted.value).startswith("on-failure:")
    if not is_bounded or wanted.remove:
        raise BindingError(f"{resource.name}: deploy/restart_policy says when it starts again; change it there by hand")
    return Edit((*POLICY, "max_attempts"), int(str(wanted.value).partition(":")[2]))


def _in_short(resource: Resource, raw: Tree, wanted: Edit) -> Edit:
    head, at, key = wanted.path[:3]
    value = look_up(raw, (head, at))
    if isinstance(value, dict):
        return wanted
    if (head, key) == ("ports", "host_ip") and isinstance(value, str | int):
        return Edit((head, at), short.bound(value, str(wanted.value)))
    if (head, key) == ("volumes", "read_only") and isinstance(value, str) and wanted.value is True:
        mode = short.volume_parts(value)[2]
        kept = [option for option in mode.split(",") if option and option not in ("rw", "ro")]
        bare = value.removesuffix(f":{mode}") if mode else value
        return Edit((head, at), f"{bare}:{','.join([*kept, 'ro'])}")
    raise BindingError(f"{resource.name}: {head}/{at} is in the short form, which has no {key}; change it by hand")


def _variable(resource: Resource, raw: Tree, wanted: Edit) -> Edit:
    variables = raw.get("environment")
    at = int(wanted.path[1])
    if wanted.remove and len(wanted.path) == 2:
        return Edit(("environment", list(variables)[at] if isinstance(variables, dict) else at), remove=True)
    raise BindingError(f"{resource.name}: the variable {short.environment(variables)[at]['name']} is changed by hand")


def _added(raw: Tree, head: str, want: Plain, resource: Resource) -> Plain:
    """The list as it is written with what is new behind it, where the wanted one only adds."""
    have = as_list(raw.get(head))
    shown = resource.tree.get(head, [])
    if isinstance(want, list) and len(shown) == len(have) and same(want[: len(have)], shown):
        return [*have, *want[len(have) :]]
    return want if isinstance(want, list) else [want]


def _emptied(raw: Tree, placed: Sequence[Edit]) -> list[Edit]:
    """A list that would lose all its items goes as a whole."""
    kept: list[Edit] = []
    for each in placed:
        items = raw.get(str(each.path[0]))
        gone = {e.path for e in placed if e.remove and len(e.path) == 2 and e.path[0] == each.path[0]}
        whole = each.remove and len(each.path) == 2 and isinstance(items, list | dict) and len(gone) == len(items)
        edit = Edit(each.path[:1], remove=True) if whole else each
        kept += [edit] if edit not in kept else []
    return kept

"""Mounts: a line of fstab is what will hold, the kernel's own list is what holds. Source: fstab(5), mount(8), systemd.mount(5).

Its entry in a binding takes `main` (fstab), `effective` (the document of what is mounted now) and, where one resource shall
stand for all of them, `whole: true`; then its tree is what is mounted where: {"/home": "ext4"}.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from setright.bindings.error import BindingError
from setright.bindings.precedence import Layout, Sources
from setright.model import Edit, Path, Plain, Resource, Tree

OPPOSITE = {"nodev": "dev", "nosuid": "suid", "noexec": "exec"}
USERS_OWN = ("user", "users", "owner", "group")  # imply nodev, nosuid, and the first two noexec
API = {"/dev/shm": "tmpfs", "/tmp": "tmpfs"}  # by systemd itself, with the options of fstab where a line is there  # noqa: S108
FRESH = {"mode": "1777", "nosuid": True, "nodev": True, "noexec": True}  # of a memory disk for everybody's temporary files
ETC = "/etc/systemd/system/"  # a mount unit there counts more than fstab
ELSEWHERE = "is not mounted by /etc/fstab but by a unit (systemctl cat {0}) or a container manager; set the option there"


def view(kind: str, layout: Layout, sources: Sources) -> list[Resource]:
    """One resource a place, named by it; or one for all."""
    written, running = _written(layout, sources), _running(layout, sources)
    if layout.get("whole"):
        return [_whole(kind, layout, written, running)] if "/" in {**written, **running} else []
    return [
        Resource(kind, place, _tree(place, written, running), _home(layout, place, written), _seen(running.get(place)))
        for place in sorted({*written, *running})
    ]


def edit(
    layout: Layout, resource: Resource, edits: Sequence[Edit], live: Sequence[Edit], sources: Sources
) -> list[tuple[str, Edit]]:
    """An option goes to the end of the line's options, and its opposite away. Raises BindingError where no line mounts it."""
    written, running = _written(layout, sources), _running(layout, sources)
    if layout.get("whole"):
        return [(str(layout["main"]), _mounted(layout, each, sources)) for each in edits]
    made = [pair for each in edits for pair in _persistent(layout, resource, each, written, sources)]
    if resource.name in running:
        base = (resource.name, "options")
        have = running[resource.name]["options"]
        for each in live:
            gone = [Edit((*base, OPPOSITE[str(each.path[1])]), remove=True)] if OPPOSITE.get(str(each.path[1])) in have else []
            made += [(str(layout["effective"]), one) for one in (Edit((*base, *each.path[1:]), each.value), *gone)]
    return made


def locate(layout: Layout, resource: Resource, path: Path, sources: Sources) -> tuple[str, Path]:
    """The line of the mount, or where one would go."""
    return resource.home[0], (*resource.home[1], *path)


def _written(layout: Layout, sources: Sources) -> dict[str, tuple[int, Tree]]:
    """The lines of fstab by place, with their number; swap has none."""
    source = sources.get(str(layout["main"]))
    lines = source.tree.get("mounts", []) if source else []
    return {line["file"]: (number, line) for number, line in enumerate(lines) if line["file"].startswith("/")}


def _running(layout: Layout, sources: Sources) -> Mapping[str, Tree]:
    source = sources.get(str(layout["effective"]))
    return source.tree if source and source.exists else {}


def _home(layout: Layout, place: str, written: Mapping[str, tuple[int, Tree]]) -> tuple[str, Path]:
    return str(layout["main"]), (("mounts", written[place][0]) if place in written else ())


def _tree(place: str, written: Mapping[str, tuple[int, Tree]], running: Mapping[str, Tree]) -> Tree:
    """What will hold after a start: the line, else whoever mounts it now does so again."""
    if place in written:
        line = written[place][1]
        return {"path": place, "type": line.get("vfstype"), "options": _effect(line.get("options", {}))}
    return {"path": place, "type": running[place]["fstype"], "options": dict(running[place]["options"])}


def _effect(options: Mapping[str, Plain]) -> Tree:
    """The options that hold: of two opposites the later one, and what an option of users' own mounts brings along."""
    names = list(options)
    holding = dict(options)
    for no, yes in OPPOSITE.items():
        implied = [u for u in USERS_OWN if u in options and (no != "noexec" or u in ("user", "users"))]
        places = {no: max((names.index(n) for n in (no, *implied) if n in options), default=-1)}
        if yes in options and names.index(yes) > places[no]:
            holding.pop(no, None)
        elif places[no] >= 0:
            holding[no] = True
    return holding


def _seen(mount: Tree | None) -> Tree | None:
    return None if mount is None else {"type": mount["fstype"], "options": dict(mount["options"])}


def _whole(kind: str, layout: Layout, written: Mapping[str, tuple[int, Tree]], running: Mapping[str, Tree]) -> Resource:
    told = {place: line.get("vfstype", "auto") for place, (_, line) in written.items()}
    tree = {place: mount["fstype"] for place, mount in running.items()} | told
    return Resource(kind, "mounts", tree, (str(layout["main"]), ()))


def _persistent(
    layout: Layout, resource: Resource, edit: Edit, written: Mapping[str, tuple[int, Tree]], sources: Sources
) -> list[tuple[str, Edit]]:
    main, name = str(layout["main"]), str(edit.path[-1])
    if resource.name not in written:
        return [(main, _line(layout, resource, sources))]
    number, line = written[resource.name]
    options = line.get("options", {})
    opposite = OPPOSITE.get(name)
    if name in options and opposite in options:
        raise BindingError(f"{resource.name}: its line says both {name} and {opposite}; keep one")
    base = ("mounts", number, "options")
    gone = [(main, Edit((*base, opposite), remove=True))] if opposite and opposite in options else []
    return [(main, Edit((*base, name), edit.value)), *gone]


def _line(layout: Layout, resource: Resource, sources: Sources) -> Edit:
    """A first line for what systemd mounts by itself, with the flags it has now; the next round sets the option wanted."""
    unit = resource.name.strip("/").replace("-", "\\x2d").replace("/", "-") + ".mount"
    own = sources.get(f"{ETC}{unit}")
    if API.get(resource.name) != resource.tree["type"] or (own and own.exists):
        raise BindingError(f"{resource.name} {ELSEWHERE.format(unit)}")
    kept = {"defaults": True} | {flag: True for flag in OPPOSITE if flag in (resource.effective or {}).get("options", {})}
    return _appended(layout, resource.name, kept, sources)


def _mounted(layout: Layout, edit: Edit, sources: Sources) -> Edit:
    """A memory disk in a place that has no file system of its own, from the next start on."""
    place = str(edit.path[0])
    if edit.remove or API.get(place) != edit.value:
        raise BindingError(f"{place}: which disk it shall have, only its owner can tell")
    return _appended(layout, place, FRESH, sources)


def _appended(layout: Layout, place: str, options: Mapping[str, Plain], sources: Sources) -> Edit:
    main = sources.get(str(layout["main"]))
    if main is None or not main.exists:
        raise BindingError(f"{layout['main']}: is not there; make it first")
    new = {"spec": API[place], "file": place, "vfstype": API[place], "options": dict(options), "rest": "0 0"}
    return Edit(("mounts", len(main.tree.get("mounts", []))), new)

"""Accounts and groups, gathered from passwd, shadow and group. Source: passwd(5), shadow(5), group(5).

Its entry in a binding says by `of` what one resource is: ``account``, ``group``, or ``all`` of them together, whose tree
names what no list of accounts should hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from setright.bindings.error import BindingError
from setright.bindings.precedence import Layout, Sources
from setright.model import Edit, Path, Plain, Resource, Tree, Unknown

PASSWD, SHADOW, GROUP = "/etc/passwd", "/etc/shadow", "/etc/group"
FIRST_USER, NOBODY = 1000, 65534
NO_SHELLS = ("nologin", "false", "sync", "shutdown", "halt")
ROOTS_GROUP_TOO = ("root", "sync", "shutdown", "halt", "operator")
SHADOWED = ("state", "scheme", "changed", "min", "max", "warn", "inactive", "expire")
ELSEWHERE = "shadowed"  # what passwd holds where shadow has the password
UNREAD = Unknown("in /etc/shadow, which could not be read")
Rows = Sequence[Tree]


def view(kind: str, layout: Layout, sources: Sources) -> list[Resource]:
    """None where there is no passwd."""
    users, groups, shadow = _rows(sources, PASSWD), _rows(sources, GROUP), _rows(sources, SHADOW)
    if not users:
        return []
    if layout["of"] == "account":
        return [_account(kind, number, user, shadow, sources) for number, user in enumerate(users)]
    if layout["of"] == "group":
        return [Resource(kind, str(g["name"]), _whole(g), (GROUP, ("records", n))) for n, g in enumerate(groups)]
    return [Resource(kind, "accounts", _elsewhere(sources) | _all(users, groups, shadow), (PASSWD, ()))]


def edit(
    layout: Layout, resource: Resource, edits: Sequence[Edit], live: Sequence[Edit], sources: Sources
) -> list[tuple[str, Edit]]:
    """What shadow holds is changed there. Raises BindingError for an account that it does not know."""
    if layout["of"] == "all":
        raise BindingError(f"{PASSWD}: which of the accounts is the right one, only its owner can tell")
    made = []
    for each in edits:
        locator, base = _place(resource, each.path, sources)
        made.append((locator, Edit((*base, *each.path), each.value, each.remove)))
    return made


def locate(layout: Layout, resource: Resource, path: Path, sources: Sources) -> tuple[str, Path]:
    """The account's line in the file that holds the value."""
    try:
        locator, base = _place(resource, path, sources)
    except BindingError:
        locator, base = resource.home
    return locator, (*base, *path)


def _place(resource: Resource, path: Path, sources: Sources) -> tuple[str, Path]:
    if resource.home[0] != PASSWD or not path or path[0] not in SHADOWED or resource.tree.get("in-passwd"):
        return resource.home
    for number, row in enumerate(_rows(sources, SHADOW)):
        if row["name"] == resource.tree["name"]:
            return SHADOW, ("records", number)
    raise BindingError(f"{SHADOW}: has no line for {resource.tree['name']}; pwconv(8) makes one")


def _rows(sources: Sources, locator: str) -> Rows:
    source = sources.get(locator)
    return source.tree.get("records", []) if source and source.exists else []


def _account(kind: str, number: int, user: Tree, shadow: Rows, sources: Sources) -> Resource:
    """Its name is the resource's; a second one of the name tells its line as well."""
    row = next((row for row in shadow if row["name"] == user["name"]), None)
    own = {key: user[key] for key in ("name", "uid", "gid", "home", "shell") if key in user}
    tree = own | _kept(user, row, SHADOW in sources) | _sort(user)
    name = str(user["name"])
    earlier = sum(1 for each in _rows(sources, PASSWD)[:number] if each["name"] == name)
    return Resource(kind, f"{name} ({earlier + 1})" if earlier else name, tree, (PASSWD, ("records", number)))


def _kept(user: Tree, row: Tree | None, known: bool) -> Tree:
    """Password and ageing: of shadow, unless passwd holds the password itself."""
    if user["state"] != ELSEWHERE:
        return {"state": user["state"], "in-passwd": True} | ({"scheme": user["scheme"]} if "scheme" in user else {})
    if row is not None:
        return {key: row[key] for key in SHADOWED if key in row}
    return {"state": "none"} if known else dict.fromkeys(("state", "scheme", "max", "min", "warn", "inactive"), UNREAD)


def _sort(user: Tree) -> Tree:
    """What sort of account it is: root, a system's or a person's, and whether its shell lets anybody work."""
    uid = user.get("uid")
    person = isinstance(uid, int) and uid >= FIRST_USER and uid != NOBODY
    shell = str(user["shell"]).rpartition("/")[2]
    return {"sort": "root" if uid == 0 else "person" if person else "system", "logs-in": shell not in NO_SHELLS}


def _whole(group: Tree) -> Tree:
    return {key: value for key, value in group.items() if key != "state"}


def _all(users: Rows, groups: Rows, shadow: Rows) -> Tree:
    """Only what is there to be told: an empty list has no key."""
    gids = {g.get("gid") for g in groups}
    told = {
        "superusers": [u["name"] for u in users if u.get("uid") == 0 and u["name"] != "root"],
        "in-roots-group": [u["name"] for u in users if u.get("gid") == 0 and u["name"] not in ROOTS_GROUP_TOO],
        "groups-like-root": [g["name"] for g in groups if g.get("gid") == 0 and g["name"] != "root"],
        "names-twice": _twice((u["name"], u["name"]) for u in users),
        "ids-twice": _twice((u.get("uid"), u["name"]) for u in users),
        "groups-twice": _twice((g["name"], g["name"]) for g in groups),
        "group-ids-twice": _twice((g.get("gid"), g["name"]) for g in groups),
        "groups-unknown": [f"{u['name']} ({u.get('gid')})" for u in users if groups and u.get("gid") not in gids],
        "passwords-in-passwd": [u["name"] for u in users if u["state"] != ELSEWHERE],
        "not-in-shadow": _missing(users, shadow),
        "homes-shared": _twice((u["home"], u["name"]) for u in users if _sort(u)["sort"] == "person" and _sort(u)["logs-in"]),
    }
    logins = sorted({str(u["name"]) for u in users if _sort(u)["logs-in"]})
    return {key: names for key, names in told.items() if names} | {"logins": logins}


def _elsewhere(sources: Sources) -> Tree:
    """The lines by which records of other hosts count as well, each with its file."""
    there = [sources[name] for name in (PASSWD, SHADOW, GROUP) if name in sources and sources[name].exists]
    told = [f"{line} in {source.locator}" for source in there for line in source.tree.get("elsewhere", ())]
    return {"elsewhere": told} if told else {}


def _missing(users: Rows, shadow: Rows) -> list[str]:
    known = {row["name"] for row in shadow}
    return [u["name"] for u in users if shadow and u["state"] == ELSEWHERE and u["name"] not in known]


def _twice(pairs: Iterable[tuple[Plain, str]]) -> list[str]:
    """Keys that several have, each with who has it."""
    owners: dict[Plain, list[str]] = {}
    for key, name in pairs:
        owners.setdefault(key, []).append(name)
    return [f"{key}: {', '.join(names)}" for key, names in owners.items() if len(names) > 1]

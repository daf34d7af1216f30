"""Home directories, and the dot files in them, of root and of people. Source: passwd(5).

Its entry in a binding says by `of` what one resource is: ``folder`` or ``dot-file``. `documents` hold passwd and the
attributes ``stat:PATH`` of what is there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from setright.bindings.error import BindingError
from setright.bindings.precedence import Layout, Sources
from setright.model import Edit, Path, Resource, Tree

PASSWD, FIRST_USER, NOBODY = "/etc/passwd", 1000, 65534
NO_SHELLS = ("nologin", "false", "sync", "shutdown", "halt")


def view(kind: str, layout: Layout, sources: Sources) -> list[Resource]:
    """A folder is named by its account; one that is missing has no owner and no mode."""
    made = _folder if layout["of"] == "folder" else _dot_files
    return [resource for account in _accounts(sources) for resource in made(kind, account, sources)]


def edit(
    layout: Layout, resource: Resource, edits: Sequence[Edit], live: Sequence[Edit], sources: Sources
) -> list[tuple[str, Edit]]:
    """Raises BindingError where there is no folder to change."""
    if resource.home[0] not in sources:
        raise BindingError(f"{resource.tree['path']} is not there; `mkhomedir_helper {resource.tree['account']}` makes it")
    return [(resource.home[0], each) for each in edits]


def locate(layout: Layout, resource: Resource, path: Path, sources: Sources) -> tuple[str, Path]:
    return resource.home[0], path


def _accounts(sources: Sources) -> Iterator[Tree]:
    """Root, and people who can log in."""
    passwd = sources.get(PASSWD)
    for row in passwd.tree.get("records", []) if passwd else []:
        uid, shell = row.get("uid"), str(row["shell"]).rpartition("/")[2]
        if uid == 0 or (isinstance(uid, int) and uid >= FIRST_USER and uid != NOBODY and shell not in NO_SHELLS):
            yield row


def _folder(kind: str, account: Tree, sources: Sources) -> Iterator[Resource]:
    path = str(account["home"])
    if path != "/":
        yield _resource(kind, str(account["name"]), path, account, sources)


def _dot_files(kind: str, account: Tree, sources: Sources) -> Iterator[Resource]:
    start = f"stat:{account['home']}/."
    for locator in sorted(sources):
        if locator.startswith(start) and "/" not in locator[len(start) :]:
            path = locator.removeprefix("stat:")
            yield _resource(kind, path, path, account, sources)


def _resource(kind: str, name: str, path: str, account: Tree, sources: Sources) -> Resource:
    seen = sources.get(f"stat:{path}")
    known = {"path": path, "account": account["name"], "file": path.rpartition("/")[2]}
    if seen is None:
        return Resource(kind, name, known | {"missing": True}, (f"stat:{path}", ()))
    whose = "own" if seen.tree.get("owner") == account["name"] else "root" if seen.tree.get("owner") == "root" else "other"
    return Resource(kind, name, {**seen.tree, **known, "whose": whose}, (seen.locator, ()))

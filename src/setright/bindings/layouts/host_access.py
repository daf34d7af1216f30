"""What hosts.allow and hosts.deny say together. Source: hosts_access(5): the first is read first, what neither names is let in."""

from __future__ import annotations

from collections.abc import Sequence

from setright.bindings.error import BindingError
from setright.bindings.precedence import Layout, Sources
from setright.model import Edit, Path, Plain, Resource

FILES = {"allow": "/etc/hosts.allow", "deny": "/etc/hosts.deny"}


def view(kind: str, layout: Layout, sources: Sources) -> list[Resource]:
    """``{"allow": [...], "deny": [...]}``, the rules of both; none where neither file is there."""
    rules = {key: sources[file].tree["rules"] for key, file in FILES.items() if file in sources and sources[file].exists}
    return [Resource(kind, kind.rpartition("/")[2], rules, (FILES["deny"], ()))] if rules else []


def edit(
    layout: Layout, resource: Resource, edits: Sequence[Edit], live: Sequence[Edit], sources: Sources
) -> list[tuple[str, Edit]]:
    """Raises BindingError where nobody could log in any more: sshd asks these files too."""
    if any(each.path[0] == "deny" and not each.remove for each in edits) and not any(map(_of_ssh, resource.tree.get("allow", []))):
        raise BindingError("/etc/hosts.allow: names nobody who may log in over SSH; add a line `sshd: YOUR-NETWORK` first")
    return [(FILES[str(each.path[0])], Edit(("rules", *each.path[1:]), each.value, each.remove)) for each in edits]


def locate(layout: Layout, resource: Resource, path: Path, sources: Sources) -> tuple[str, Path]:
    """The rule in the file that it stands in."""
    return (FILES[str(path[0])], ("rules", *path[1:])) if path and path[0] in FILES else resource.home


def _of_ssh(rule: Plain) -> bool:
    return bool({"sshd", "ALL"} & set(rule["daemons"]))

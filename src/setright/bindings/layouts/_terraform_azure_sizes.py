"""Whether a size of Azure machines has room for a node's system on the host's own disk.

learn.microsoft.com: virtual machines, sizes (cache and temporary storage in GiB); AKS, storage, ephemeral OS disks: the system
takes 128 GiB where nothing else is said, and Azure refuses what has less.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from setright.bindings.layouts._terraform_find import within
from setright.bindings.layouts._terraform_module import Block, Module
from setright.model import Plain, Tree
from setright.patterns import late

SIZE = late(r"Standard_([A-Z]+)(\d+)(?:-\d+)?([a-z]*)(?:_v(\d))?")
POOL = "default_node_pool"
ASKED_GIB = 128
DS_GIB = {1: 43, 2: 86, 3: 172, 4: 344, 5: 688, 11: 72, 12: 144, 13: 288, 14: 576}  # the caches of DSv2
NEWER = 4  # from this version on a size has a disk of its own only where it is named for it, with a d


def disk_room(module: Module, block: Block, tree: Tree) -> str:
    """``no`` where the size surely has less room than the system of a node takes; else ``maybe``."""
    size, asked = (_told(module, block, name) for name in ("vm_size", "os_disk_size_gb"))
    room = _room(size) if isinstance(size, str) else None
    wanted = asked if isinstance(asked, int) else ASKED_GIB
    return "no" if room is not None and room < wanted else "maybe"


def _told(module: Module, block: Block, name: str) -> Plain:
    found = within(block.body, (POOL, name))
    return module.resolved(found[1]) if found else None


def _room(size: str) -> int | None:
    """The larger of its cache and its temporary disk; None for a size that is not known here."""
    found = SIZE.fullmatch(size)
    if found is None:
        return None
    family, number, features = found[1], int(found[2]), found[3]
    version = int(found[4] or 1)
    if family == "DS":
        return DS_GIB.get(number)
    if family in ("A", "B") or (family in ("D", "E", "F") and "s" not in features):
        return 0  # their disks are not for premium storage, and take no system
    if family == "F":
        return number * 16
    if family not in ("D", "E"):
        return None
    if version < NEWER:
        return number * 25
    return number * 75 // 2 if "d" in features else 0


FUNCTIONS: Mapping[str, Callable[[Module, Block, Tree], Plain]] = {"disk-room": disk_room}

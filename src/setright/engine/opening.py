"""A target's URL in, its surface out. What a surface needs is loaded when one is opened."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from setright.surfaces.base import Surface, SurfaceError

if TYPE_CHECKING:
    from setright.surfaces.linux.sudo import Password


def open_surface(target: str, shown: str, wait: Callable[[], float] | None = None, password: Password | None = None) -> Surface:
    """`shown` is the target as messages may name it, without its password; `wait` says how long before a call of a limited API;
    `password` is sudo's on a host.

    Raises SurfaceError with the forms there are.
    """
    scheme = target.partition(":")[0] if ":" in target else ""
    if scheme in ("host", "root", "ssh"):
        return _linux(target, password)
    if scheme == "aws":
        from setright.surfaces.aws.surface import open_aws

        return open_aws(target, wait)
    if scheme in ("postgres", "postgresql"):
        from setright.surfaces.database.postgres import open_postgres

        return open_postgres(target)
    if "://" in target:
        raise SurfaceError(
            f"{shown}: no surface for {scheme}://; there are a path, host:local, root:PATH, ssh://, aws://, postgres://"
        )
    from setright.surfaces.iac.surface import SourceTree

    return SourceTree(Path(target))


def source_root(surface: Surface) -> Path | None:
    """Where a source tree's files are; None for any other target."""
    if "terraform" not in surface.families:
        return None
    from setright.surfaces.iac.surface import SourceTree

    return surface.root if isinstance(surface, SourceTree) else None


def _linux(target: str, password: Password | None) -> Surface:
    if target == "host:local":
        from setright.surfaces.linux.surface import open_local

        return open_local()
    if target.startswith("root:"):
        from setright.surfaces.linux.surface import open_root

        return open_root(target.removeprefix("root:"))
    if target.startswith("host:"):
        raise SurfaceError(f"{target}: host:local is this host; another one is ssh://{target.removeprefix('host:') or 'NAME'}")
    from setright.surfaces.linux.surface import open_ssh

    return open_ssh(target, password=password)

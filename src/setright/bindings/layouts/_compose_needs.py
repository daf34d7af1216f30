"""What a service's image needs to run with fewer rights, told for well-known images.

A fix that takes all capabilities gives those back that the image uses, and one that makes the root file system read-only
leaves it the paths that it writes. compose-spec.io, 05-services.md; capabilities(7).
"""

from __future__ import annotations

import re
import shlex

from setright.bindings.layouts._compose_build import Made, based_on
from setright.bindings.layouts._documents import listed
from setright.bindings.layouts._image_needs import OF_PATHS, Images, Needs, Started, covers, needs_of
from setright.model import Edit, Plain, Tree

SET_UID = re.compile(r"\b(?:sudo|su|doas|pkexec|newuidmap|fusermount|chsh|passwd)\b|SUDO")
HOST = (".", "/", "~", "$")  # the first letters of a volume that is a folder of the host
STARTS_OTHERWISE = ("entrypoint", "privileged", "user")


def known(service: Tree, images: Images, made: Made = None) -> Needs:
    """What is known of a service's image; nothing where it is started in another way.

    One that is built here by a Dockerfile (`made`) that only adds files to a well-known image needs what that one needs.
    """
    if any(service.get(key) for key in STARTS_OTHERWISE):
        return {}
    words, values, mounted = _words(service.get("command")), _values(service.get("environment")), _mounted(service)
    base, added, runs = based_on(made or ()) if service.get("build") else (service.get("image"), [], False)
    started = Started((), words, values, [*mounted, *added], is_whole=not service.get("env_file"))
    needs = needs_of(base, started, images)
    if runs:
        needs = {key: value for key, value in needs.items() if key not in OF_PATHS}
    return _among_files_of_others(needs) if _has_folders_of_the_host(service) else needs


def _among_files_of_others(needs: Needs) -> Needs:
    """Root that finds files of the host's users needs its right to read and write what is not its own."""
    if needs.get("user") != 0 or "capabilities" not in needs:
        return needs
    return {**needs, "capabilities": sorted({*needs["capabilities"], "DAC_OVERRIDE"})}


def told(service: Tree, images: Images, made: Made = None) -> Tree:
    """For controls: ``{capabilities: told, root: told, writes: told, data: false}``, empty where nothing is known.

    `root` is told where it is known what the program does as root, `writes` where memory can hold what it writes.
    """
    needs = known(service, images, made)
    found: Tree = {
        key: "told" for key in ("capabilities", "writes") if key in needs and not (key == "writes" and "spills" in needs)
    }
    found |= {"root": "told"} if "capabilities" in needs else {}
    return found | ({"data": bool(needs.get("data"))} if needs else {})


def serves(service: Tree, images: Images, made: Made = None) -> bool:
    """Whether others send requests to it, so that it does not end by itself: ports, a check of its health, a well-known server."""
    checked = service.get("healthcheck")
    if (isinstance(checked, dict) and not checked.get("disable")) or service.get("ports") or service.get("expose"):
        return True
    return "command" not in service and bool(known(service, images, made))


def calls_sudo(service: Tree) -> bool:
    """Whether the service says that it uses a set-uid program: what it starts, how it is asked for its health, its environment."""
    return bool(SET_UID.search(str([service.get(key) for key in ("command", "entrypoint", "healthcheck", "environment")])))


def besides(service: Tree, wanted: Edit, images: Images, made: Made = None) -> list[Edit]:
    """What else an edit must set, so that the image runs as before."""
    needs = known(service, images, made)
    if wanted.path == ("cap_drop",) and needs.get("capabilities"):
        have = listed(service.get("cap_add"))
        return [Edit(("cap_add",), [*have, *(each for each in needs["capabilities"] if each not in have)])]
    if wanted.path == ("read_only",) and wanted.value is True and needs.get("writes"):
        have = listed(service.get("tmpfs"))
        taken = [*(str(each).partition(":")[0].rstrip("/") for each in have), *_mounted(service)]
        new = [path for path in needs["writes"] if not any(covers(each, path) for each in taken)]
        return [Edit(("tmpfs",), [*have, *new])] if new else []
    return []


def _mounted(service: Tree) -> list[str]:
    """Where volumes stand in the container."""
    volumes = [each for each in listed(service.get("volumes")) if isinstance(each, str | dict)]
    parts = [str(each.get("target")) if isinstance(each, dict) else each.partition(":")[2].partition(":")[0] for each in volumes]
    return [part.rstrip("/") for part in parts if part]


def _has_folders_of_the_host(service: Tree) -> bool:
    volumes = listed(service.get("volumes"))
    return any(each.get("type") == "bind" if isinstance(each, dict) else str(each).startswith(HOST) for each in volumes)


def _words(command: Plain) -> list[str]:
    """The words of a command in either form."""
    if not isinstance(command, str):
        return [str(each) for each in listed(command)]
    try:
        return shlex.split(command)
    except ValueError:  # a quotation that does not end
        return command.split()


def _values(environment: Plain) -> list[str]:
    """The values of an environment in either form."""
    if isinstance(environment, dict):
        return [str(value) for value in environment.values()]
    return [str(each).partition("=")[2] for each in listed(environment)]

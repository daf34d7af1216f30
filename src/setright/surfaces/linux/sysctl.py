"""Kernel parameters: keys and their places below /proc/sys. sysctl(8): the separator that comes first tells the other one. Pure."""

from __future__ import annotations

ROOT = "/proc/sys"


def path_of(key: str) -> str:
    """The file of a key in either notation: ``net.ipv4.conf.eth0/1.rp_filter`` or ``net/ipv4/conf/eth0.1/rp_filter``."""
    dot, slash = key.find("."), key.find("/")
    if slash >= 0 and (dot < 0 or slash < dot):
        return f"{ROOT}/{key}"
    return f"{ROOT}/" + "/".join(part.replace("/", ".") for part in key.split("."))


def sysctl_key(path: str) -> str:
    """The dotted key of a file below /proc/sys."""
    return ".".join(part.replace(".", "/") for part in path.removeprefix(f"{ROOT}/").split("/"))

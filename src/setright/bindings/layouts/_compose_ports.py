"""Ports that a service publishes for other hosts, which loopback would hide from all who have a use for them.

compose-spec.io, 05-services.md, ports; IANA, Service Name and Transport Protocol Port Number Registry; RFC 8555, 8.3: a
certificate's maker asks port 80.
"""

from __future__ import annotations

from setright.bindings.error import BindingError
from setright.bindings.layouts._compose_build import filled
from setright.bindings.trees import look_up
from setright.model import Edit, Plain, Resource, Unknown
from setright.trees import as_list

LOOPBACK = ("127.0.0.1", "::1", "[::1]", "localhost")
FOR_OTHERS = frozenset(  # SSH, files, mail, names, TLS, VPNs, calls, messages, games: what nobody asks his own host for
    {*("21", "22", "25", "53", "110", "139", "143", "443", "445", "465", "500", "514", "587", "636", "853", "993", "995", "1194")}
    | {*("1812", "2049", "3478", "3479", "4500", "5060", "5061", "5222", "5269", "5349", "5350", "6697", "8883", "25565", "27015")}
    | {*("32400", "51820", "64738")}
)
SSH = "22"  # on any port of the host
BESIDES_TLS = "80"  # sends on to it, and answers who makes its certificate
OF_THE_HOST = frozenset(  # what programs of the host itself send by UDP: figures, traces, logs
    {"2003", "4317", "4318", "5775", "6831", "6832", "8092", "8094", "8125", "8126", "9125", "12201", "24224", "25826"}
)


def refuse_to_hide(resource: Resource, wanted: Edit) -> None:
    """Raises BindingError for a port that only other hosts have a use for, where this one alone could reach it then."""
    port = look_up(resource.tree, wanted.path[:2])
    if not isinstance(port, dict) or wanted.value not in LOOPBACK:
        return
    others = [each for each in as_list(resource.tree.get("ports")) if isinstance(each, dict)]
    number = _number(port)
    with_tls = number == BESIDES_TLS and any(_number(each) == "443" for each in others)
    by_udp = any(each.get("protocol") == "udp" and _number(each) == number for each in others)
    is_ssh = str(port.get("target")) == SSH
    if number in FOR_OTHERS or is_ssh or with_tls or (by_udp and number not in OF_THE_HOST):
        raise BindingError(
            f"{resource.name}: port {number} is there for other hosts; name the host's own address on their network,"
            " in the file or as the parameter `address`"
        )


def _number(port: dict[str, Plain]) -> str:
    """The port of the host: with the default of a variable, else the container's where only a variable tells it."""
    told = [filled(each.text if isinstance(each, Unknown) else each) for each in (port.get("published"), port.get("target"))]
    return told[1] if "$" in told[0] and "$" not in told[1] else told[0]

"""What each interface that is up believes of its neighbours. Sources: ip-sysctl (kernel documentation), sysctl.d(5).

    {"settings": [{"key": "net.ipv6.conf.eth0.accept_ra", "sort": "router-advertisements", "running": 1, "written": 1}]}

`conf.all` of IPv6 changes none of these on an interface, `conf.default` only later ones, and of IPv4 either of `all` and the
interface is enough where nothing is forwarded: what holds is the interface's own. `written` is what files give it at a start,
and where none names it, what it came up with. Interfaces of containers, virtual machines and tunnels come and go, and are left out.
"""

from __future__ import annotations

import re
import shlex

from setright.model import Plain, Tree
from setright.surfaces.base import SurfaceError
from setright.surfaces.linux.evidence import Evidence
from setright.surfaces.linux.transport import Ask

SORTS = {
    ("ipv4", "accept_redirects"): "redirects",
    ("ipv6", "accept_redirects"): "redirects",
    ("ipv4", "send_redirects"): "sent-redirects",
    ("ipv6", "accept_ra"): "router-advertisements",
}
PASSING = "veth*|docker*|br-*|cni*|cali*|flannel*|virbr*|vnet*|tap*|tun*|wg*|lxc*|lxd*|incus*|podman*|kube-*|cilium*|zt*|ppp*|fw*"
FILE = "/etc/sysctl.d/99-setright-interfaces.conf"
NOW = Ask(
    "run",
    f"""cd /sys/class/net 2>/dev/null || exit 127
for i in *; do
  case $i in lo|{PASSING}) continue ;; esac
  flags=$(cat $i/flags 2>/dev/null) && [ $((flags & 1)) = 1 ] || continue
  for k in {" ".join("/".join((family, key)) for family, key in SORTS)}; do
    p=/proc/sys/net/${{k%/*}}/conf/$i/${{k#*/}}; [ ! -r $p ] || printf '%s\\t%s\\t%s\\n' "$i" "$k" "$(cat $p)"
  done
done""",
)
FOLDERS = ("/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d")  # of one name the first counts
FILES = tuple(Ask("file", name) for name in ("/etc/sysctl.conf", *(f"{folder}/*.conf" for folder in FOLDERS)))
ASKS = (NOW, *FILES)


def tell(evidence: Evidence) -> Tree | None:
    """None where nothing runs, or no interface is up."""
    if not evidence.ran(NOW) or evidence.failed(NOW) or evidence.barred(*FILES):
        return None
    given = _written(evidence)
    settings: list[Plain] = []
    for name, kind, now in (line.split("\t") for line in evidence.lines(NOW)):
        family, key = kind.split("/")
        place = f"net/{family}/conf/{name}/{key}"
        held = [value for pattern, value in given if _fits(place, pattern)]
        row = {"key": place.replace(".", "\0").replace("/", ".").replace("\0", "/"), "sort": SORTS[family, key]}
        settings.append(row | {"running": int(now), "written": _number(held[-1]) if held else int(now)})
    return {"settings": settings} if settings else None


def _number(value: str) -> Plain:
    return int(value) if value.isdecimal() else value


def _written(evidence: Evidence) -> list[tuple[str, str]]:
    """Paths below /proc/sys and their values, those that count more behind others: with wildcards first, then by file."""
    files: dict[str, str] = {}
    for ask in reversed(FILES):
        for reply in evidence.all(ask):
            name = "99-sysctl.conf" if reply.name == "/etc/sysctl.conf" else reply.name.rpartition("/")[2]
            files[name] = (reply.data or b"").decode(errors="replace")
    lines = [line.strip() for name in sorted(files) for line in files[name].splitlines()]
    said = [line.lstrip("-").partition("=") for line in lines if line and line[0] not in "#;" and "=" in line]
    found = [(_path(key.strip()), value.strip()) for key, _, value in said]
    return [each for each in found if "*" in each[0]] + [each for each in found if "*" not in each[0]]


def _path(key: str) -> str:
    """Whichever of dot and slash comes first parts the words, and the other stands for it inside one."""
    first = re.search(r"[./]", key)
    return key if first is None or first[0] == "/" else key.translate(str.maketrans("./", "/."))


def _fits(place: str, pattern: str) -> bool:
    return re.fullmatch(re.escape(pattern).replace(r"\*", "[^/]*"), place) is not None


def in_words(before: Tree, after: Tree) -> tuple[str, str]:
    """The settings that change, as sysctl says them."""
    old, new = (
        [f"{each['key']} = {each['running']}\n" for each, other in zip(*pair, strict=True) if each != other]
        for pair in ((before["settings"], after["settings"]), (after["settings"], before["settings"]))
    )
    return "".join(old), "".join(new)


def deeds(before: Tree, after: Tree) -> str:
    """The running values, and lines of a file of our own. Raises SurfaceError where the interfaces are others by now."""
    keys = [[(each["key"], each["sort"]) for each in tree["settings"]] for tree in (before, after)]
    if keys[0] != keys[1]:
        raise SurfaceError("state:interfaces: interfaces have come or gone; scan again")
    pairs = zip(before["settings"], after["settings"], strict=True)
    return "\n".join(_deed(str(new["key"]), new) for old, new in pairs if old != new)


def back(before: Tree) -> str:
    """The running values as they were; our lines go."""
    return "\n".join(_deed(str(each["key"]), each) for each in before["settings"])


def _deed(key: str, new: Tree) -> str:
    """Our line goes in any case; it comes where what it came up with is not what is wanted."""
    path = f"/proc/sys/{_path(key)}"
    return f"""[ ! -e {shlex.quote(path)} ] || echo {int(new["running"])} >{shlex.quote(path)} || exit 1
mkdir -p {FILE.rpartition("/")[0]} && {{ grep -vxF -e '{key} = 0' {FILE} 2>/dev/null; {_line(key, new)}; }} >{FILE}.new || exit 1
if [ -s {FILE}.new ]; then mv -f {FILE}.new {FILE}; else rm -f {FILE}.new {FILE}; fi"""


def _line(key: str, new: Tree) -> str:
    return f"echo '{key} = 0'" if new["running"] == 0 == new["written"] else ":"

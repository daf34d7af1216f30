"""The rules that `ufw allow` and its likes made, one resource a file: which ports they open, to whom, what for. ufw 0.36.

Its entry in a binding takes `main` (ufw.conf, which says whether ufw is on) and `state` (the document of what listens). A rule
has ``action``, ``direction`` (in, out, through), ``from`` (``anywhere``, or an address), ``ports`` (``tcp/22``), ``serves``
where a port that it opens to anywhere is one of a service for few, and ``listens`` where it is known whether something does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from setright.bindings.error import BindingError
from setright.bindings.source import Source, listed
from setright.model import Edit, Path, Plain, Resource, Tree

Layout = Mapping[str, Plain]
Sources = Mapping[str, Source]

ANYWHERE = ("0.0.0.0/0", "::/0")
LETS_IN = ("allow", "limit")
FOR_FEW = {
    23: "Telnet", 69: "TFTP", 111: "rpcbind", 135: "Windows RPC", 139: "NetBIOS", 445: "SMB", 512: "rexec", 513: "rlogin",
    514: "rsh", 873: "rsync", 1433: "SQL Server", 1521: "Oracle", 2049: "NFS", 2375: "Docker without TLS", 2379: "etcd",
    2380: "etcd", 3306: "MySQL", 3389: "RDP", 5432: "PostgreSQL", 5601: "Kibana", 5672: "RabbitMQ", 5900: "VNC", 5984: "CouchDB",
    6379: "Redis", 8086: "InfluxDB", 9000: "Portainer", 9042: "Cassandra", 9092: "Kafka", 9200: "Elasticsearch",
    9300: "Elasticsearch", 10250: "kubelet", 11211: "Memcached", 15672: "RabbitMQ", 27017: "MongoDB",
}  # fmt: skip


def view(kind: str, layout: Layout, sources: Sources) -> list[Resource]:
    """None where ufw is off."""
    main = sources.get(str(layout["main"]))
    if main is None or not main.exists or str(main.tree.get("ENABLED")).lower() != "yes":
        return []
    state = sources.get(str(layout["state"]))
    listening = [*state.tree["listening"], *state.tree.get("down", [])] if state and "listening" in state.tree else None
    mine = [source for source in listed(layout, sources) if source.lens == "iptables" and source.exists]
    return [Resource(kind, source.locator, _tree(source, listening), (source.locator, ())) for source in mine]


def _tree(source: Source, listening: Sequence[str] | None) -> Tree:
    return {"path": source.locator, "rules": [_rule(each, listening) for each in _tuples(source)[1]]}


def edit(
    layout: Layout, resource: Resource, edits: Sequence[Edit], live: Sequence[Edit], sources: Sources
) -> list[tuple[str, Edit]]:
    """A rule away, with what ufw made of it. Raises BindingError for anything else."""
    place, _ = _tuples(sources[resource.home[0]])
    made = []
    for each in edits:
        if not each.remove or len(each.path) != 2 or each.path[0] != "rules":
            raise BindingError(f"{resource.name}: only whole rules can be taken away; `ufw` makes new ones")
        made.append((resource.home[0], Edit(("tables", place, "tuples", each.path[1]), remove=True)))
    return made


def locate(layout: Layout, resource: Resource, path: Path, sources: Sources) -> tuple[str, Path]:
    """The tuple with its rules."""
    source = sources.get(resource.home[0])
    if source and len(path) > 1 and path[0] == "rules":
        return source.locator, ("tables", _tuples(source)[0], "tuples", path[1])
    return resource.home[0], ()


def _tuples(source: Source) -> tuple[int, list[str]]:
    """The table that has ufw's rules, and them."""
    for place, table in enumerate(source.tree.get("tables", [])):
        if table["tuples"]:
            return place, [each["tuple"] for each in table["tuples"]]
    return 0, []


def _rule(said: str, listening: Sequence[str] | None) -> Tree:
    """What a tuple says: ``action protocol port to port from [applications] direction[_interface] [comment=...]``."""
    words = [word for word in said.split() if not word.startswith("comment=")]
    if len(words) < 6:
        return {"tuple": said}
    action, protocol, port, _, _, source = words[:6]
    through, _, action = action.rpartition(":")
    direction = words[-1].partition("_")[0] if len(words) in (7, 9) else "in"
    spans = [] if port == "any" else port.split(",")
    protocols = ("tcp", "udp") if protocol == "any" else (protocol,)
    rule: Tree = {
        "tuple": said,
        "action": action.partition("_")[0],
        "direction": "through" if through else direction,
        "from": "anywhere" if source in ANYWHERE else source,
        "ports": [f"{each}/{span.replace(':', '-')}" for each in protocols for span in spans],
    }
    return rule | _serves(rule, words[-1]) | _listens(rule, listening)


def _serves(rule: Tree, last: str) -> Tree:
    """What for few stands open to anywhere, on any interface."""
    if rule["action"] not in LETS_IN or (rule["direction"], rule["from"], "_" in last) != ("in", "anywhere", False):
        return {}
    names = [name for number, name in FOR_FEW.items() if any(_covers(port, f"tcp/{number}") for port in rule["ports"])]
    names += [FOR_FEW[69]] if "udp/69" in rule["ports"] else []
    return {"serves": ", ".join(dict.fromkeys(names))} if names else {}


def _listens(rule: Tree, listening: Sequence[str] | None) -> Tree:
    """Whether something listens on one of its ports."""
    if listening is None or not rule["ports"] or rule["action"] not in LETS_IN or rule["direction"] != "in":
        return {}
    return {"listens": any(_covers(port, each) for port in rule["ports"] for each in listening)}


def _covers(span: str, port: str) -> bool:
    protocol, _, numbers = span.partition("/")
    kind, _, number = port.partition("/")
    first, _, last = numbers.partition("-")
    return protocol == kind and first.isdecimal() and int(first) <= int(number) <= int(last if last.isdecimal() else first)

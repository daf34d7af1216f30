"""Which ports of a pod the Services around it send requests to, and which port a probe may ask.

Kubernetes API reference, ServiceSpec, ServicePort, ContainerPort.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from setright.bindings.layouts._documents import folder
from setright.bindings.layouts._pod_needs import containers
from setright.bindings.layouts._programs import usual_port
from setright.bindings.trees import look_up
from setright.model import Plain, Tree
from setright.patterns import late
from setright.trees import as_list

WAYS = ("httpGet", "tcpSocket", "grpc")
FROM_START = ("livenessProbe", "startupProbe")  # without an answer to them a container is started again
LISTENING = late(r"(?:^|[\s=,'\"]|//)(?:0\.0\.0\.0:|\[::\]:|\*:|:)?(\d{2,5})(?=$|[\s,;/'\"])")  # on every address
SAYS_PORT = late(  # an option of its own that opens a port on every address
    r"--?(?:[\w.-]*[.-])?(?:listen|bind|health|healthz|http|metrics|probe|secure|telemetry)(?:-bind)?-(?P<way>port|addr|address|endpoint)="
    r"(?:0\.0\.0\.0|\[::\])?:?(?P<port>\d{2,5})"
)
NEAR_ONLY = late(r"127\.|localhost|::1\b|host=")  # another option may keep a port to the pod itself
OF_LISTENING = late(r"^(?:(?:APP|API|BIND|CONTAINER|GRPC|HTTP|LISTEN|SERVER|SERVICE|WEB)_?)*(?:PORT|LISTEN|BIND|ADDR|ADDRESS)$")
FIND_PEERS_FIRST = (5672, 7687, 9092)  # RabbitMQ, Neo4j and Kafka: nobody is answered before the others are found
COUNTS_SILENT = (3306,)  # MySQL shuts out who connected often and said nothing (max_connect_errors), here the node

Placed = tuple[str, Tree]  # the file, and the Service


def apart(services: Sequence[Placed], workloads: Sequence[tuple[str, Plain, Tree]]) -> list[Placed]:
    """The Services that send to workloads of one other folder alone; `workloads` are files, namespaces and templates.

    Where no namespace is named there are none: `default` is a jumble of what is never applied together.
    """
    named: dict[str, list[tuple[str, Plain, Mapping[str, Plain]]]] = {}
    for file, namespace, template in workloads:
        if namespace != "default":
            named.setdefault(str(namespace), []).append((folder(file), namespace, _labels(template)))
    found: list[Placed] = []
    for file, each in services:
        there = named.get(str(_namespace(each)), ())
        folders = {where for where, namespace, labels in there if _is_of(each, namespace, labels)}
        found += [(file, each)] if len(folders) == 1 and folder(file) not in folders else []
    return found


def served(template: Tree, namespace: Plain, file: str, services: Sequence[Placed], far: Sequence[Placed]) -> list[int]:
    """The TCP ports of a pod that Services choose for requests; not those of headless ones, which only tell names.

    Services of other folders count where they are `far` ones.
    """
    labels = _labels(template)
    if not labels:
        return []
    near = [each for place, each in services if folder(place) == folder(file)]
    near += [each for place, each in far if folder(place) != folder(file)]
    mine = [each for each in near if _is_of(each, namespace, labels)]
    return sorted({port for each in mine for port in _targets(each, template)})


def reached_ports(template: Tree, namespace: Plain, file: str, services: Sequence[Placed], far: Sequence[Placed]) -> list[Tree]:
    """The ports of a pod that any Service around it names, as network policies say them; headless ones tell peers of each other."""
    labels = _labels(template)
    near = [each for place, each in services if folder(place) == folder(file)]
    near += [each for place, each in far if folder(place) != folder(file)]
    mine = [each for each in near if labels and _chooses(each, labels) and _namespace(each) == namespace]
    found = {
        (port, protocol) for each in mine for protocol in ("TCP", "UDP", "SCTP") for port in _targets(each, template, protocol)
    }
    return [{"port": port, **({"protocol": protocol} if protocol != "TCP" else {})} for port, protocol in sorted(found)]


def asks_at_node(templates: Iterable[Tree]) -> bool:
    """Whether a program is told its node's address, to reach there what listens on each node."""
    spots = (each for template in templates for _, container in containers(template) for each in as_list(container.get("env")))
    return any(look_up(each, ("valueFrom", "fieldRef", "fieldPath")) == "status.hostIP" for each in spots)


def probed(container: Tree, ports: Sequence[int], is_alone: bool) -> int | None:
    """The port that a probe asks: that of another of its probes, else one that it declares and a Service sends to, else one that
    it is told to listen on, else the first one declared, else one that an option of its own opens; None for none.

    A container that is alone in its pod and declares nothing listens where the Services send to, else where its image is known to.
    """
    if (asked := _asked(container, (*FROM_START, "readinessProbe"))) is not None:
        return asked
    declared = [number for _, number in _declared(container)]
    if both := [number for number in declared if number in ports]:
        return both[0]
    if told := _told(container):
        return told[0]
    if declared or (opened := _opened(container)):
        return declared[0] if declared else opened[0]
    return ports[0] if ports and is_alone else usual_port(container)


def probes_are_served(template: Tree, ports: Sequence[int]) -> bool:
    """Whether every container without a readiness probe listens on the port that is asked, and takes connections that ask nothing.

    That is one that a Service sends requests to or another probe asks from the start, or where its image is known to listen; or
    one that it declares and is told to listen on. Of the copies of a StatefulSet, which start one after another and find each
    other by a name that only ready ones have, it is what another probe asks, or where their image listens by itself.
    """
    own = [each for each in as_list(look_up(template, ("spec", "containers"))) if isinstance(each, dict)]
    if len(own) == 1:
        return _listens(own[0], ports, True, _has_peers(template))
    return bool(own) and all(serves_alone(each, template, ports) for each in own)


def serves_alone(container: Tree, template: Tree, ports: Sequence[int]) -> bool:
    """As `probes_are_served`, of one container among others."""
    return _listens(container, ports, False, _has_peers(template))


def _has_peers(template: Tree) -> bool:
    return template.get("kind") == "StatefulSet" and look_up(template, ("workload", "copies")) != 1


def _listens(container: Tree, ports: Sequence[int], is_alone: bool, has_peers: bool) -> bool:
    opened = () if "leader" in " ".join(_words(container)) else _opened(container)  # one that stands by may open its ports later
    open_ports = [*ports, *(() if has_peers else (*_told(container), *opened))]
    if container.get("readinessProbe"):
        return bool(open_ports or container.get("livenessProbe"))
    port = probed(container, open_ports, is_alone)
    if port is None or port == _asked(container, FROM_START):
        return port is not None
    if has_peers and (port in FIND_PEERS_FIRST or port != usual_port(container)):
        return False
    return port not in COUNTS_SILENT and (port in open_ports or port == usual_port(container))


def _told(container: Tree) -> list[int]:
    """The TCP ports that it declares and opens on its node too, or that its own words and environment tell it to listen on."""
    texts = _words(container)
    named = [
        each for each in as_list(container.get("env")) if isinstance(each, dict) and OF_LISTENING.search(str(each.get("name")))
    ]
    texts += [str(each.get("value")) for each in named]
    on_node = [
        each.get("containerPort") for each in as_list(container.get("ports")) if isinstance(each, dict) and each.get("hostPort")
    ]
    words = [number for text in texts for number in LISTENING.findall(text)]
    return [number for _, number in _declared(container) if number in on_node or str(number) in words]


def _opened(container: Tree) -> list[int]:
    """The ports that options of its command or arguments open, declared or not."""
    words = _words(container)
    said = [found for each in words if (found := SAYS_PORT.fullmatch(each))]
    is_near = any(NEAR_ONLY.search(each) for each in words)
    return [int(found["port"]) for found in said if found["way"] != "port" or not is_near]


def _words(container: Tree) -> list[str]:
    return [each for key in ("command", "args") for each in as_list(container.get(key)) if isinstance(each, str)]


def _asked(container: Tree, probes: Sequence[str]) -> int | None:
    """The port that the first of its own probes asks that asks one."""
    names = dict(_declared(container))
    asks = [look_up(container, (probe, way)) for probe in probes for way in WAYS]
    ports = [each.get("port") for each in asks if isinstance(each, dict) and not each.get("host")]  # of the pod's own address
    numbers = [names.get(port) if isinstance(port, str) else port for port in ports if port is not None]
    return next((number for number in numbers if isinstance(number, int)), None)


def _labels(template: Tree) -> Mapping[str, Plain]:
    labels = look_up(template, ("metadata", "labels"))
    return labels if isinstance(labels, dict) else {}


def _namespace(service: Tree) -> Plain:
    return look_up(service, ("metadata", "namespace")) or "default"


def _is_of(service: Tree, namespace: Plain, labels: Mapping[str, Plain]) -> bool:
    is_headless = look_up(service, ("spec", "clusterIP")) == "None" or look_up(service, ("spec", "publishNotReadyAddresses"))
    return _chooses(service, labels) and not is_headless and bool(_namespace(service) == namespace)


def _chooses(service: Tree, labels: Mapping[str, Plain]) -> bool:
    selector = look_up(service, ("spec", "selector"))
    return isinstance(selector, dict) and bool(selector) and all(labels.get(key) == value for key, value in selector.items())


def _targets(service: Tree, template: Tree, protocol: str = "TCP") -> Iterator[int]:
    containers = [each for each in as_list(look_up(template, ("spec", "containers"))) if isinstance(each, dict)]
    names = {name: number for each in containers for name, number in _declared(each, protocol)}
    for port in as_list(look_up(service, ("spec", "ports"))):
        if isinstance(port, dict) and port.get("protocol", "TCP") == protocol:
            target = port.get("targetPort", port.get("port"))
            number = names.get(target) if isinstance(target, str) else target
            if isinstance(number, int):
                yield number


def _declared(container: Tree, protocol: str = "TCP") -> Iterator[tuple[str, int]]:
    """The names and numbers of a container's ports."""
    for port in as_list(container.get("ports")):
        if isinstance(port, dict) and port.get("protocol", "TCP") == protocol and isinstance(port.get("containerPort"), int):
            yield str(port.get("name", "")), port["containerPort"]

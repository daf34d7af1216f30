"""The short forms of the Compose specification and what they stand for: ports, volumes, environment, limits.

compose-spec.io, 05-services.md: ports, volumes, environment, security_opt; deploy.md: resources.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy

from setright.bindings.trees import look_up, set_at
from setright.model import Plain, Tree, Unknown
from setright.patterns import late
from setright.trees import as_list

VARIABLE = late(r"(?<!\$)\$(?:\{[^{}]*\}|[A-Za-z_]\w*)")  # a doubled dollar is one that the container sees
PORT = late(r"(?:(?P<host_ip>\[[^\]]*\]|[^:\[\]]*):)??(?:(?P<published>[^:]*):)?(?P<target>[^:/]+)(?:/(?P<protocol>\w+))?")
ADDRESS = late(r":[-?][^{}]*:\d+\}")  # of the host, that a variable tells with the port
BOUND = late(r"\$\{?\w*(?:ADDR|BIND|LISTEN)\w*\}?")  # the same by the variable's name
DRIVE = late(r"[A-Za-z]:[\\/]")
IMAGE = late(r"(?P<name>(?:[^\s/@]+/)*[^\s/@:]+)(?::(?P<tag>[^\s@/]+))?(?:@(?P<digest>\S+))?")
OPTION = late(r"([\w-]*)([:=]?)(.*)", re.S)
LIMITS_AT = ("deploy", "resources", "limits")
LIMITS = {"memory": "mem_limit", "cpus": "cpus", "pids": "pids_limit"}
RESTARTS = {"none": "no", "any": "always", "on-failure": "on-failure"}


def restart(policy: Tree) -> str:
    """A restart policy of `deploy` as `restart` says it."""
    condition = str(policy.get("condition", "any"))
    tries = policy.get("max_attempts")
    bound = f":{tries}" if condition == "on-failure" and isinstance(tries, int) else ""
    return RESTARTS.get(condition, condition) + bound


def told(value: Plain) -> Plain:
    """The value with what a variable will fill in as Unknown."""
    if isinstance(value, dict):
        return {key: told(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [told(inner) for inner in value]
    return Unknown(value) if isinstance(value, str) and VARIABLE.search(value) else value


def port(raw: Plain) -> Plain:
    """A port in the long form; an Unknown where a variable hides which it is."""
    if isinstance(raw, dict):
        address, colon, _ = str(raw.get("published", "")).rpartition(":")
        return told({**raw, "host_ip": address} if colon and "host_ip" not in raw else raw)
    if not isinstance(raw, str | int):
        return raw
    hidden = VARIABLE.findall(str(raw))
    found = PORT.fullmatch(VARIABLE.sub("\0", str(raw)))
    if found is None:
        return Unknown(str(raw))
    names = iter(hidden)
    parts = {key: re.sub("\0", lambda _: next(names), text) for key, text in _in_order(found) if text}
    if "host_ip" not in parts and (ADDRESS.search(parts.get("published", "")) or BOUND.fullmatch(parts.get("published", ""))):
        parts["host_ip"] = parts["published"]
    return {"protocol": "tcp"} | {key: told(text.strip("[]")) for key, text in parts.items()}


def _in_order(found: re.Match[str]) -> Iterator[tuple[str, str]]:
    for key in ("host_ip", "published", "target", "protocol"):
        yield key, found[key] or ""


def bound(raw: Plain, address: str) -> str:
    """The short form of a port with the address of the host that it shall be reached at."""
    hidden = iter(VARIABLE.findall(str(raw)))
    found = PORT.fullmatch(VARIABLE.sub("\0", str(raw)))
    if found is None:
        return str(raw)
    shown = f"[{address}]" if ":" in address else address
    rest = f"{found['published'] or ''}:{found['target']}" + (f"/{found['protocol']}" if found["protocol"] else "")
    return f"{shown}:" + re.sub("\0", lambda _: next(hidden), rest)


def volume(raw: Plain) -> Plain:
    """A volume in the long form."""
    if not isinstance(raw, str):
        return told(raw)
    source, target, mode = volume_parts(raw)
    if not target:
        return {"type": "volume", "target": told(source)}
    is_path = source[:1] in "./~$" or DRIVE.match(source)
    long = {"type": "bind" if is_path else "volume", "source": told(source), "target": told(target)}
    options = mode.split(",")
    return long | ({"read_only": True} if "ro" in options else {}) | ({"options": options} if mode else {})


def on_host(mounts: Plain, declared: Plain) -> Plain:
    """The volumes in the long form; one that is a file or folder of the host, by its driver's options, with that as `device`."""
    return [_on_host(each, declared) if isinstance(each, dict) else each for each in as_list(mounts)]


def _on_host(mount: Tree, declared: Plain) -> Tree:
    options = look_up(declared, (str(mount.get("source")), "driver_opts"))
    is_bound = isinstance(options, dict) and {"bind", "rbind"} & {*str(options.get("o")).split(",")}
    return {**mount, "device": options["device"]} if is_bound and "device" in options else mount


def volume_parts(raw: str) -> tuple[str, str, str]:
    """Source, target and mode of the short form; the colon of a drive letter or a variable parts nothing."""
    kept = VARIABLE.sub(lambda m: m[0].replace(":", "\0"), raw)
    if DRIVE.match(kept):
        kept = kept[0] + "\0" + kept[2:]
    source, _, rest = kept.partition(":")
    target, _, mode = rest.partition(":")
    return source.replace("\0", ":"), target.replace("\0", ":"), mode.replace("\0", ":")


def environment(raw: Plain) -> list[Tree]:
    """The variables in order, values as they are written; one without value comes from the shell that starts it."""
    if isinstance(raw, dict):
        return [{"name": name, **({} if value is None else {"value": value})} for name, value in raw.items()]
    pairs = [str(each).partition("=") for each in as_list(raw) if isinstance(each, str)]
    return [{"name": name, **({"value": value} if equals else {})} for name, equals, value in pairs]


def security_opt(raw: Plain) -> Plain:
    """An option as it is written today: ``no-new-privileges:true``, ``seccomp:unconfined``."""
    if not isinstance(raw, str):
        return raw
    name, sign, value = OPTION.match(raw).groups()  # type: ignore[union-attr]  # matches everything
    if name == "no-new-privileges" and not sign:
        return "no-new-privileges:true"
    return f"{name}:{value}" if sign else raw


def image_version(image: Plain) -> Plain:
    """An image's digest or else its tag; None where it names neither, an Unknown where a variable does."""
    if not isinstance(image, str):
        return image if isinstance(image, Unknown) else None
    found = IMAGE.fullmatch(VARIABLE.sub("\0", image))
    if found is None:
        return Unknown(image)
    version = found["digest"] or found["tag"]
    return Unknown(image) if "\0" in (version or "") or (not version and found["name"].endswith("\0")) else version


def limits(service: Tree) -> Tree:
    """The service with its older limits (mem_limit, cpus, pids_limit) below deploy/resources/limits too."""
    older = {new: service[old] for new, old in LIMITS.items() if service.get(old) is not None}
    above = [look_up(service, LIMITS_AT[: depth + 1]) for depth in range(len(LIMITS_AT))]
    if not older or not all(each is None or isinstance(each, dict) for each in above):
        return service
    both = deepcopy(service)
    for name, value in older.items():
        if look_up(both, (*LIMITS_AT, name)) is None:
            set_at(both, (*LIMITS_AT, name), value)
    return both

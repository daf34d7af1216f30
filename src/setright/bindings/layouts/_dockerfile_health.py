"""How to tell from inside whether an image's program works: it answers on its port, or a worker its broker.

The port is told, in this order, by EXPOSE, by the program's own words, or by what is known of the base image. The check uses
only what the image has for sure: nc of BusyBox, /dev/tcp of bash, or the interpreter that the program is run by.
That a program is there says nothing: the container ends with it, so such a check could not fail.
docs.docker.com/reference/dockerfile, HEALTHCHECK; bash(1), REDIRECTION; docs.celeryq.dev, Workers Guide, inspect.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from setright.bindings.layouts._dockerfile_image import (
    SHELLS,
    Image,
    Instruction,
    placed,
    program,
    says_what_runs,
    stages_of,
    variables,
)
from setright.bindings.layouts._dockerfile_served import PORTS, usual_port
from setright.bindings.layouts._shell_words import base
from setright.model import Edit, Plain
from setright.patterns import late

STARTS = frozenset({"CMD", "ENTRYPOINT", "EXPOSE", "STOPSIGNAL", "LABEL"})
FLAGS = ("--timeout=5s", "--start-period=60s")
SLOW = ("--interval=60s", "--timeout=30s", "--start-period=60s")  # for what starts an interpreter and waits for answers
STORES = ("3306", "5432", "6379", "9200", "11211", "27017")  # of databases and caches, which an image may hold beside its program
BY_BOTH = frozenset({"53", "88", "389", "443", "853", "3478", "5349"})  # by TCP and UDP alike
LISTENS_BY = frozenset({"ASPNETCORE_URLS", "ASPNETCORE_HTTP_PORTS", "DOTNET_URLS", "HTTP_PORTS", "URLS"})
OPTIONS = late(r"\$\{?(\w*(?:ARG|CMD|COMMAND|EXTRA|FLAG|OPT|PARAM)\w*)\}?", re.I)
USUAL = frozenset({*PORTS, "443", "4000", "8081", "8443"}) - {"22", "53"}
PORT_OPTION = late(r"--(?:[\w.-]*[-.])?port(?:=(\d+))?|-p(\d+)?")
ADDRESS = late(r"(?:[\w.*-]*|\[[0-9a-f:]*\]):(\d{2,5})")
TAKES_ADDRESS = late(r"(?:--[\w-]*(?:bind|listen|addr|address|host|http)[\w-]*|-b|-l)")
INTERPRETERS = late(r"(?:python|pypy|node|nodejs|ruby|java|php|perl|bun|deno|mono|dotnet)[\d.]*")
ONLY_WRAP = frozenset({"catatonit", "dumb-init", "tini"})
BUILDERS = frozenset({"cargo", "cmake", "go", "gradle", "make", "meson", "mvn", "ninja", "pytest", "tox"})
BY_ROLE = frozenset({"airflow", "dagster", "dask", "locust", "prefect", "ray"})  # their words say which of them serve
HELP = frozenset({"--help", "-h", "help", "--version", "version"})
HAVE_SHELL = ("debian", "redhat", "alpine", "busybox")
CELERY_OTHERWISE = late(r"-n|--hostname|-P|--pool|--workdir")
OF_ITS_OWN = {"as-root", "port", "runs-as", "starts"}  # what is told of images with a program
MCP, BY_HTTP = late(r"(?:.*[-_.])?mcp(?:[-_.].*)?", re.I), late(r"http|sse|stream|serve\b|--port|uvicorn", re.I)
LOOPBACK, EVERYWHERE = "127.0.0.1", "0.0.0.0"  # noqa: S104 - where an image says that it listens
PYTHON = "import socket; socket.create_connection(('127.0.0.1', {port}), 5)"
NODE = "require('net').connect({port}, '127.0.0.1').on('connect', () => process.exit(0)).on('error', () => process.exit(1))"


class Check(NamedTuple):
    """The words of a check, and what tells of its port: exposed, several, named, usual, base or likely; or worker, of none.

    It is presumed where the image starts nothing by itself.
    """

    words: tuple[str, ...]
    evidence: str
    port: str = ""
    flags: tuple[str, ...] = FLAGS


def check_of(image: Image) -> Check | None:
    """The check of the image; None where nothing tells how."""
    if only_tells(image):
        return None
    named, usual = _in_words(image)
    exposed = _as_named(_exposed(image), named, image)
    base_port = str(image.facts.get("port", ""))
    from_base = "likely" if says_what_runs(image.whole) else "base"
    if exposed and _is_elsewhere(image, named) and program(image.whole)[:1] == ["dotnet"]:
        return None  # of both ports, its host chooses one
    for evidence, port in (("exposed", exposed), ("named", named), ("usual", usual), (from_base, base_port)):
        if port and (words := _asks(image, port)):
            told_by = _by_exposing(image, port, named) if evidence == "exposed" else evidence
            return Check(words, "presumed" if _starts_nothing(image) or _is_told_by_variable(image) else told_by, port)
    return _worker(image) if not exposed else None


def _worker(image: Image) -> Check | None:
    """That a worker of Celery answers through its broker; None for others, and where its name or its threads are told otherwise."""
    words = program(image.whole)
    app = next((following for word, following in pairwise(words) if word in ("-A", "--app")), "")
    if not words or base(words[0]) != "celery" or "worker" not in words or image.family not in HAVE_SHELL:
        return None
    if any(CELERY_OTHERWISE.match(word) for word in words) or not re.fullmatch(r"[\w.:]+", app):
        return None
    asks = f"{words[0]} -A {app} inspect ping -d celery@$HOSTNAME"
    return Check(("sh", "-c", asks), "worker", flags=SLOW)


def _as_named(exposed: str, named: str, image: Image) -> str:
    """The exposed port as the program's words name it, where that is what its variable stands for: they keep to it in any case."""
    return named if named and variables(image.whole).get(exposed.strip("${}")) == named else exposed


def _by_exposing(image: Image, port: str, named: str) -> str:
    """What EXPOSE tells of a port: no more than that it is likely where it serves it by UDP, or its base another one by itself."""
    if (port in _ports(image, ("udp",)) and port not in BY_BOTH) or _is_elsewhere(image, named):
        return "likely"
    return "exposed" if _is_alone(image) else _of_several(image, port)


def _is_elsewhere(image: Image, named: str) -> bool:
    """Whether what the base image starts, or runs, has a port of its own that is not exposed, and nothing tells it of another."""
    words, own = program(image.whole), str(image.facts.get("port", ""))
    is_bases = not words or base(words[0]) in ("nginx", "dotnet", "httpd-foreground", "apache2-foreground")
    told = any(name in LISTENS_BY for name in variables(image.whole)) or any("urls" in word for word in words)
    return bool(own) and own not in _ports(image) and is_bases and not named and not told


def _is_told_by_variable(image: Image) -> bool:
    """Whether options that nobody knows end its words, which may have it serve or not."""
    found = OPTIONS.fullmatch(program(image.whole)[-1]) if program(image.whole) else None
    return found is not None and not variables(image.whole).get(found[1])


def _of_several(image: Image, port: str) -> str:
    """What tells of one of several ports: the first one is what the image is there for, others it may open or not."""
    ports = [each for each in _ports(image) if each not in ("22", "443")] or _ports(image)
    return "several" if ports[0].strip("${}") == port.strip("$") else "likely"


def _starts_nothing(image: Image) -> bool:
    """Whether it only has an init, a shell, or a system or language, for what others name, or speaks to who starts it by pipes."""
    if not says_what_runs(image.whole):
        return bool(image.facts) and not OF_ITS_OWN & image.facts.keys()
    if _is_mcp(image) or _builds(image) or _is_of_roles(image):
        return True
    said = [each for each in image.whole if each["keyword"] in ("CMD", "ENTRYPOINT")]
    words = [str(word) for each in said for word in (each["value"] if isinstance(each["value"], list) else [each["value"]])]
    return bool(words) and all(base(word) in ONLY_WRAP or word.startswith("-") for word in words)


def _is_of_roles(image: Image) -> bool:
    """Whether who starts it says by its words what it does, which may be to work for another."""
    words = program(image.whole)
    return len(words) == 1 and base(words[0]) in BY_ROLE


def _is_mcp(image: Image) -> bool:
    """Whether it is a server of the Model Context Protocol that nothing tells to listen on a port, which most do not unasked."""
    words = program(image.whole)
    told = [value for name, value in variables(image.whole).items() if "TRANSPORT" in name.upper()]
    return any(MCP.fullmatch(base(word)) for word in words) and not any(BY_HTTP.search(each) for each in (*words, *told))


def only_tells(image: Image) -> bool:
    """Whether it only tells how it is used where nobody gives it other words: a tool, and no server."""
    return bool(HELP & set(program(image.whole)[1:][-1:]))


def _builds(image: Image) -> bool:
    """Whether it starts a shell or a tool that builds, as images do in which others work."""
    words = program(image.whole)
    if not words or any("run" in word.lower() for word in words[1:]):
        return False
    return base(words[0]) in BUILDERS or (base(words[0]) in SHELLS and not words[1:])


def health_steps(image: Image) -> str:
    """What to write where nothing tells how to ask whether it works."""
    if only_tells(image):
        return "by itself it only tells how it is used, as a tool for single commands does; take an exception for it"
    port = next((port for port in _ports(image) if port.isdigit()), "8080")
    if image.family == "windows":
        return f'write "HEALTHCHECK CMD curl.exe -fsS -o NUL http://localhost:{port}/ || exit 1" with a page that it serves'
    if image.family == "empty":
        return (
            "it has no shell and no tool; let the program ask itself, as HEALTHCHECK CMD"
            f' ["{next(iter(program(image.whole)), "/app")}", "--health"], or bring a tool for it: COPY --from=busybox:1.37-musl'
            f' /bin/busybox /busybox, then HEALTHCHECK CMD ["/busybox", "nc", "-z", "127.0.0.1", "{port}"]'
        )
    if _builds(image) or (not says_what_runs(image.whole) and not image.facts.get("port")):
        return (
            "it starts nothing that keeps running; where it is only built from, or for single commands, take an exception for it,"
            " else write CMD and the HEALTHCHECK that goes with it"
        )
    return (
        "add HEALTHCHECK with a command that is in the image and asks the program itself,"
        f' as "HEALTHCHECK CMD curl -f http://localhost:{port}/health"'
    )


def with_check(instructions: Sequence[Instruction], value: str, flags: Sequence[str]) -> Iterator[Edit]:
    """The edits that give it a HEALTHCHECK before what starts the program, or in the place of the last one."""
    start, end = stages_of(instructions)[-1]
    new: dict[str, Plain] = {"keyword": "HEALTHCHECK", "value": value, **({"flags": list(flags)} if flags else {})}
    there = [n for n in range(start, end) if instructions[n]["keyword"] == "HEALTHCHECK"]
    last = max((n for n in range(start, end) if instructions[n]["keyword"] not in STARTS), default=start)
    at = next((n for n in range(last + 1, end) if instructions[n]["keyword"] in ("CMD", "ENTRYPOINT")), end)
    return placed(instructions, {there[-1]: new}, {}) if there else placed(instructions, {}, {at: [new]})


def _ports(image: Image, protocols: Sequence[str] = ("", "tcp")) -> list[str]:
    """The ports of EXPOSE, as written: a number or a variable."""
    words = [word for each in image.whole if each["keyword"] == "EXPOSE" for word in str(each["value"]).split()]
    told = [word.strip("\"'").partition("/") for word in words]
    return [port for port, _, protocol in told if protocol.lower() in protocols]


def _exposed(image: Image) -> str:
    """The first port of EXPOSE that programs usually serve on, else the first one, as the shell of the container writes it.

    One that it also serves by UDP, as for names, comes first, those of SSH and of a store beside it last; empty where no port can
    be told.
    """
    known, both = variables(image.whole), {*_ports(image, ("udp",))} - {"443"}
    beside = {"22", *STORES} - {str(image.facts.get("port", ""))}
    for port in sorted(_ports(image), key=lambda each: (each in beside, each not in both, each != "53", each not in USUAL)):
        name = re.fullmatch(r"\$\{?(\w+)\}?", port)
        if port.isdigit() or (name and known.get(name[1], "").isdigit()):
            return f"${name[1]}" if name else port
    return ""


def _is_alone(image: Image) -> bool:
    return len(set(_ports(image))) == 1 and all(each["keyword"] != "HEALTHCHECK" for each in image.whole)


def _in_words(image: Image) -> tuple[str, str]:
    """The port that the program's words name, and its usual one or that of the environment."""
    words = program(image.whole)
    for word, following in pairwise([*words[1:], ""]):
        option = PORT_OPTION.fullmatch(word)
        if option and (port := option[1] or option[2] or following).isdigit():
            return port, ""
        if address := _address(word, following):
            return address, ""
    return "", usual_port(words) or ("$PORT" if variables(image.whole).get("PORT", "").isdigit() else "")


def _address(word: str, following: str) -> str:
    """The port of an address that a word gives, or the one after it does."""
    name, equals, given = word.partition("=")
    if TAKES_ADDRESS.fullmatch(name):
        found = ADDRESS.fullmatch(given if equals else following)
    else:
        found = ADDRESS.fullmatch(word) if "." in word or word.startswith(":") else None
    return found[1] if found else ""


def _asks(image: Image, port: str) -> tuple[str, ...]:
    """The words that connect to a port of the container; none where the image is not known to have what they need."""
    words = program(image.whole)
    interpreter = base(words[0]) if words else ""
    host = "$HOSTNAME" if _listens_by_hostname(image) else LOOPBACK
    if image.family in ("alpine", "busybox"):
        is_plain = port.isdigit() and host == LOOPBACK
        return ("nc", "-z", host, port) if is_plain else ("sh", "-c", f"nc -z {host} {port}")
    if image.family in ("debian", "redhat"):
        return ("bash", "-c", f"exec 3<>/dev/tcp/{host}/{port}")
    if host != LOOPBACK:
        return ()
    if port.isdigit() and (python := image.facts.get("python") or (words[0] if re.match(r"python", interpreter) else "")):
        return (str(python), "-c", PYTHON.format(port=port))
    if port.isdigit() and (node := image.facts.get("node") or (words[0] if interpreter in ("node", "nodejs") else "")):
        return (str(node), "-e", NODE.format(port=port))
    return ()


def _listens_by_hostname(image: Image) -> bool:
    """Whether it is Next.js put together to run alone, which listens where HOSTNAME says: on the container's own address."""
    copied = (str(each["value"]) for each in image.whole if each["keyword"] in ("ADD", "COPY"))
    return any(".next/standalone" in each for each in copied) and variables(image.whole).get("HOSTNAME") != EVERYWHERE

"""The user that an image runs as: which it is now, and what makes it another than root.

A user that the Dockerfile made or had before comes first, then one that the base image has, then a new one. What the program
writes is made his: the working directory, volumes, and what is known of the base image. A number needs nobody to make it,
where there is no shell to make somebody with. docs.docker.com/reference/dockerfile, USER, VOLUME and ONBUILD.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from posixpath import join, normpath
from typing import NamedTuple

from setright.bindings.error import BindingError
from setright.bindings.layouts import _dockerfile_folders as folders
from setright.bindings.layouts import _dockerfile_health as health
from setright.bindings.layouts import _dockerfile_rooted as rooted
from setright.bindings.layouts._dockerfile_image import (
    SHELLS,
    STEPS_DOWN,
    Image,
    Instruction,
    from_of,
    packages,
    placed,
    program,
    runs,
    says_what_runs,
    set_before,
    stages_of,
    substituted,
    users_made,
)
from setright.bindings.layouts._shell_words import base
from setright.model import Edit, Plain
from setright.patterns import late
from setright.trees import as_list

NAME, NUMBER, NOBODYS = "app", "10001", "65532"
ROOTS = frozenset({"root", "0"})
NEEDS_ROOT = frozenset({"RUN", "COPY", "ADD", "WORKDIR"})
ITS_OWN = (
    "whom {image} runs as is not known, and it starts as it comes; ask with docker image inspect --format '{{{{.Config.User}}}}',"
    " and where that says nobody write a USER that its maker's page names"
)
AS_ROOT = frozenset(
    {"sshd", "cron", "crond", "supervisord", "dockerd", "init", "systemd", "openvpn", "keepalived", "containerd", "my_init"}
    | {"runsvdir", "s6-svscan", "jupyterhub", "restic", "borg", "borgmatic", "duplicity"}
)
OF_CRON = late(r"(?:busybox-|d)?crond?(?:[-_.].*)?")
BY_ITSELF = frozenset(
    {"gosu", "su-exec", "supervisor", "openssh-server", "cron", "cronie", "dcron", "s6", "s6-overlay", "runit"}
    | {"bind9", "chrony", "dovecot", "dovecot-core", "dovecot-imapd", "exim4", "fail2ban", "isc-dhcp-server", "nfs-kernel-server"}
    | {"ntp", "postfix", "proftpd", "pure-ftpd", "rsyslog", "samba", "vsftpd"}
)
OF_PACKAGES = frozenset(  # servers for which a system's package makes a user and folders of his
    {
        *("asterisk", "avahi-daemon", "clamd", "collectd", "couchdb", "cupsd", "danted"),
        *("freeradius", "freeswitch", "freshclam", "haproxy", "icecast", "icecast2", "in.tftpd"),
        *("kamailio", "knotd", "kresd", "lighttpd", "mariadbd", "mariadbd-safe", "mongod", "monit"),
        *("mosquitto", "mysqld", "mysqld_safe", "named", "nsd", "ntpd", "opendkim"),
        *("opensips", "pdns_recursor", "pdns_server", "postgres", "postmaster", "privoxy", "prosody"),
        *("rabbitmq-server", "radiusd", "redis-server", "rspamd", "slapd", "snmpd", "squid"),
        *("squid3", "stunnel", "stunnel4", "tinyproxy", "tor", "turnserver", "unbound"),
        *("valkey-server", "varnishd", "xinetd"),
    }
)
STARTS = frozenset({"CMD", "ENTRYPOINT", "HEALTHCHECK"})
ONLY_ROOTS = frozenset(  # packages that work for root alone
    {"iptables", "nftables", "ipset", "conntrack", "wireguard-tools", "keepalived", "openvpn", "strongswan", "hostapd", "dnsmasq"}
    | {"frr", "quagga", "bird", "bird2", "docker.io", "docker-ce"}
)
TELLS_USER = frozenset(
    {"celery", "gunicorn", "mariadbd", "memcached", "mysqld", "named", "rspamd", "uwsgi"}
)  # by -u, --user or --uid
NUMBERS = {  # users that every image of a family has
    "debian": {"www-data": "33", "nobody": "65534"},
    "alpine": {"nobody": "65534"},
    "busybox": {"nobody": "65534"},
}
FETCHED = late(r"\S/(gosu|su-exec)(?![\w./-])")
HOME = late(r"[\"']?/root/?[\"']?")
SPEAKS_OF_HOME = late(r"(?:^|[\s:=\"',])(?:/root(?![\w-])|~)")
BARE_VOLUME = (
    "{volume} belongs to root, and it has no shell to give it away by; put an empty folder there before it, as COPY"
    " --from=STAGE --chown={user} /mnt {volume}, then write USER {user}"
)
SYSTEM_PROGRAM = late(r"/(?:usr/(?:local/)?)?s?bin/")
SYSTEM = late(r"/(?:bin|boot|dev|etc|lib\d*|media|mnt|opt|proc|root|run|sbin|sys|tmp|usr|var)?")
USABLE = {"debian": "useradd --uid {uid} --create-home {name}", "alpine": "adduser -D -u {uid} {name}"}
USABLE |= {"redhat": USABLE["debian"], "busybox": USABLE["alpine"]}


class NewUser(NamedTuple):
    """The user, the owner that files are given to, and the command that makes him; empty where there is none."""

    user: str
    owner: str = ""
    makes: str = ""


def is_root(user: str) -> bool:
    return user.partition(":")[0] in ROOTS


def user_now(image: Image) -> str | None:
    """The image's user: its last USER, else the one that the base image is known to run as."""
    told = [str(each["value"]) for each in image.whole if each["keyword"] == "USER"]
    return told[-1] if told else image.facts.get("runs-as")


def user_number(image: Image) -> str:
    """The image's user by number, where it is said by name and the number is known; the group stays as it is said."""
    name, colon, group = (user_now(image) or "").partition(":")
    if not any(each["keyword"] == "USER" for each in image.whole) or is_root(name):
        return ""
    made = users_made(image.whole)
    given = {**NUMBERS.get(image.family, {}), str(image.facts.get("user", "")): str(image.facts.get("uid", "")), **made}
    known = given.get(name, "") or str(image.facts.get("users", {}).get(name, ""))
    return f"{known}{colon}{group}" if known else ""


def with_number(instructions: Sequence[Instruction], image: Image) -> Iterator[Edit]:
    """The edit that says the user by its number where it was last said by name."""
    said = next(each for each in reversed(image.whole) if each["keyword"] == "USER")
    at = next(n for n, each in enumerate(instructions) if each is said)
    yield Edit(("instructions", at, "value"), user_number(image))


def with_user(locator: str, instructions: Sequence[Instruction], image: Image, wanted: str) -> Iterator[Edit]:
    """The edits that give it a USER; `wanted` is ``auto`` or says which. Raises BindingError where that would break it for sure."""
    moved = _out_of_root(instructions, image) if wanted == "auto" else {}
    instructions, image = _with(instructions, image, moved)
    if wanted == "auto":
        _refuse(locator, image)
    chosen = _chosen(image) if wanted == "auto" else NewUser(wanted)
    start, end = stages_of(instructions)[-1]
    behind = 1 + max((n for n in range(start, end) if instructions[n]["keyword"] in NEEDS_ROOT), default=start)
    at = next((n for n in range(behind, end) if instructions[n]["keyword"] in STARTS), end)
    said = [n for n in range(behind, end) if instructions[n]["keyword"] == "USER"]
    early = _volumes(image)
    late = [each for each in _written(image) if each not in early]
    if not chosen.owner and chosen.user == NOBODYS and wanted == "auto" and (his := [*early, *folders.filled(image.whole)]):
        raise BindingError(f"{locator}: {BARE_VOLUME.format(volume=his[0], user=chosen.user)}")
    touched = [str(each) for each in image.facts.get("makes", ())]
    volume = next((n for n in range(start, at) if early and instructions[n]["keyword"] == "VOLUME"), None)
    new: dict[int, list[Instruction]] = {}
    if volume is not None:
        new[volume] = _run(_commands(chosen, early, [], []))
        chosen, early = chosen._replace(makes=""), []
    new.setdefault(min([at, *said]), []).extend(_run(_commands(chosen, early, late, touched)))
    if not said:
        new[at].append({"keyword": "USER", "value": chosen.user})
    changed = {last_user: {**instructions[last_user], "value": chosen.user} for last_user in said[-1:]}
    return placed(instructions, moved | changed, new)


def _out_of_root(instructions: Sequence[Instruction], image: Image) -> dict[int, Instruction]:
    """WORKDIR /root as one that others may enter, where nothing but that speaks of it and what is relative moves along."""
    start, end = stages_of(instructions)[-1]
    works = [n for n in range(start, end) if instructions[n]["keyword"] == "WORKDIR"]
    places = [n for n in works if HOME.fullmatch(str(instructions[n]["value"]))]
    said = [str(each["value"]) for each in image.whole if each["keyword"] not in ("LABEL", "FROM")]
    speaking = [text for text in said if SPEAKS_OF_HOME.search(text)]
    if not places or len(speaking) > len(places):
        return {}
    free = "/srv/app" if any(re.search(r"(?<!\S)/app\b", str(each["value"])) for each in image.whole) else "/app"
    return {n: {**instructions[n], "value": free} for n in places}


def _with(instructions: Sequence[Instruction], image: Image, moved: Mapping[int, Instruction]) -> tuple[list[Instruction], Image]:
    """The instructions and the image with some of them changed."""
    new = {id(instructions[n]): each for n, each in moved.items()}
    after = [new.get(id(each), each) for each in instructions]
    return after, image._replace(whole=[new.get(id(each), each) for each in image.whole])


def _refuse(locator: str, image: Image) -> None:
    name = base(words[0]) if (words := program(image.whole)) else ""
    if held := next((each for each in (name, _goes_on_to(image)) if each in AS_ROOT or OF_CRON.fullmatch(each)), ""):
        raise BindingError(
            f"{locator}: {held} starts as root, since what it starts or reads belongs to others; say USER once it runs as another"
        )
    if name in OF_PACKAGES and "capabilities" not in image.facts and any(packages(image.whole)) and not _told_user(image):
        raise BindingError(
            f"{locator}: {name} works with what its package gives to a user of its own; write USER with that, and give it the rest"
        )
    if image.facts.get("as-root") and not says_what_runs(image.whole):
        raise BindingError(
            f"{locator}: {from_of(image.whole[0])['image']} starts as root by itself; its maker's page tells who else may run it"
        )
    if not image.family and not image.facts and (not says_what_runs(image.whole) or _starts_what_it_had(image)):
        raise BindingError(f"{locator}: {ITS_OWN.format(image=from_of(image.whole[0])['image'])}")
    if held := next((each for each in (*packages(image.whole), *_owners(image.whole)) if each in _only_roots(name)), ""):
        raise BindingError(f"{locator}: it brings {held}, which works for root alone; say USER once it can do without")
    if held := _steps_down(image) or (_brings(image) if not _is_known(name) else ""):
        raise BindingError(
            f"{locator}: it brings {held}, with which what it starts gives up root by itself; say USER once it runs as another"
        )
    if health.only_tells(image) and any(each["keyword"] == "VOLUME" for each in image.whole):
        raise BindingError(
            f"{locator}: as a tool it works on what whoever starts it mounts there; let these say as whom, by --user"
        )
    if held := rooted.sign(image):
        raise BindingError(f"{locator}: {held}")
    for each in image.whole:
        value = each["value"]
        if each["keyword"] == "ONBUILD":
            raise BindingError(f"{locator}: other images are built from it (ONBUILD), as root; let these say their USER")
        words = value if isinstance(value, list) else str(value).split()
        if each["keyword"] in ("WORKDIR", "COPY", "ADD") and words and re.match(r"/root(?:/|$)", words[-1].strip("\"'")):
            raise BindingError(
                f"{locator}: {each['keyword']} {value}: the program lives in /root, which only root reads; move it first"
            )


def _goes_on_to(image: Image) -> str:
    """The program that a script is told to go on to, which stands in its CMD."""
    words = next((each["value"] for each in reversed(image.whole) if each["keyword"] == "CMD"), ())
    return base(str(words[0])) if isinstance(words, list) and words else ""


def _starts_what_it_had(image: Image) -> bool:
    """Whether its program is one of the base image by its place, and nothing that is put there or made."""
    words = program(image.whole)
    name = base(words[0]) if words else ""
    brought = " ".join(str(each["value"]) for each in image.whole if each["keyword"] in ("ADD", "COPY", "RUN"))
    is_own = SYSTEM_PROGRAM.match(words[0]) and name not in SHELLS and not _is_known(name) if words else False
    return bool(is_own) and not re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", brought)


def _only_roots(name: str) -> frozenset[str]:
    """The packages that tell that a program works as root; one of the tree's own sets addresses by `ip`, where others only look."""
    return ONLY_ROOTS | {"iproute2"} if name and not _is_known(name) else ONLY_ROOTS


def _steps_down(image: Image) -> str:
    """What gives up root in the words that start the container."""
    for each in image.whole:
        if each["keyword"] in ("CMD", "ENTRYPOINT"):
            words = each["value"] if isinstance(each["value"], list) else str(each["value"]).split()
            if held := next((base(str(word)) for word in words if base(str(word)) in STEPS_DOWN), ""):
                return held
    return ""


def _brings(image: Image) -> str:
    """What the image gets that starts as root to give that up later: by its package manager, as a file of that name, or fetched."""
    if held := next((package for package in packages(image.whole) if package in BY_ITSELF), ""):
        return held
    for each in image.whole:
        if each["keyword"] in ("ADD", "COPY"):
            words = each["value"] if isinstance(each["value"], list) else str(each["value"]).split()
            if words and base(str(words[-1])) in BY_ITSELF:
                return base(str(words[-1]))
        if each["keyword"] == "RUN" and (fetched := FETCHED.search(str(each["value"]))):
            return fetched[1]
    return ""


def _is_known(name: str) -> bool:
    """Whether a program is one by its name, and no script that may do anything."""
    return name in health.SERVERS or bool(health.INTERPRETERS.fullmatch(name))


def _chosen(image: Image) -> NewUser:
    before = [str(each["value"]) for each in image.whole if each["keyword"] == "USER" and not is_root(str(each["value"]))]
    if before:
        return NewUser(before[-1])
    if image.family == "windows":
        return NewUser("ContainerUser")
    if runs_as := image.facts.get("runs-as"):
        return NewUser(str(runs_as))
    if told := _told_user(image):
        return NewUser(told, told)
    made = users_made(image.whole)
    if owner := _owner(image, made):
        return owner
    if made:
        name, uid = list(made.items())[-1]
        return NewUser(uid or name, name)
    if own := image.facts.get("user"):
        return NewUser(str(image.facts.get("uid", own)), f"{own}:{own}")
    if image.family in USABLE:
        few = image.facts.get("tools") == "few"
        makes = "" if few else USABLE[image.family].format(uid=NUMBER, name=NAME)
        return NewUser(NUMBER, NUMBER if few else f"{NAME}:{NAME}", makes)
    has_shell = image.family != "empty" and (any(runs(image.whole)) or _starts_shell(image))
    return NewUser(NOBODYS, NOBODYS if has_shell else "")


def _starts_shell(image: Image) -> bool:
    """Whether what it starts names a shell, which it must have then."""
    said = [each["value"] for each in image.whole if each["keyword"] in ("CMD", "ENTRYPOINT")]
    return any(isinstance(value, str) or any(base(str(word)) in SHELLS for word in as_list(value)) for value in said)


def _owner(image: Image, made: Mapping[str, str]) -> NewUser | None:
    """The user whom the Dockerfile gives files to, who is there since else its build would fail; None for root and numbers."""
    named = [each for each in _owners(image.whole) if re.fullmatch(r"[a-z_][a-z0-9_-]*", each) and not is_root(each)]
    if not named:
        return None
    name = named[-1]
    known = {**NUMBERS.get(image.family, {}), str(image.facts.get("user", "")): str(image.facts.get("uid", "")), **made}
    return NewUser(known.get(name) or name, name)


def _owners(whole: Sequence[Instruction]) -> Iterator[str]:
    """The users that files are given to, as they are written."""
    for command in runs(whole):
        if base(command.words[0].text) == "chown" and len(command.words) > 1:
            words = [word.text.strip("\"'") for word in command.words[1:] if not word.text.startswith("-")]
            yield from (words[0].partition(":")[0].partition(".")[0],) if words else ()
    for each in whole:
        given = [str(flag).removeprefix("--chown=") for flag in each.get("flags", ()) if str(flag).startswith("--chown=")]
        yield from (owner.partition(":")[0] for owner in given)


def _told_user(image: Image) -> str:
    """The user that the program's own words have it give root up for."""
    words = program(image.whole)
    if not words or base(words[0]) not in TELLS_USER:
        return ""
    said = [word.split("=", 1) for word in " ".join(words[1:]).replace("--user ", "--user=").replace("--uid ", "--uid=").split()]
    for each, following in pairwise([*said, [""]]):
        name = each[1] if len(each) > 1 and each[0] in ("--user", "--uid") else following[0] if each == ["-u"] else ""
        if re.fullmatch(r"[a-z_][a-z0-9_-]*", name) and not is_root(name):
            return name
    return ""


def _commands(chosen: NewUser, made: Sequence[str], given: Sequence[str], touched: Sequence[str]) -> list[str]:
    """The shell commands that make the user, and the directories and files that shall be his."""
    if not chosen.owner:
        return []
    his = " ".join([*made, *given, *touched])
    told = [
        chosen.makes,
        f"mkdir -p {' '.join(made)}" if made else "",
        f"touch {' '.join(touched)}" if touched else "",
        f"chown -R {chosen.owner} {his}" if his else "",
    ]
    return [command for command in told if command]


def _run(commands: Sequence[str]) -> list[Instruction]:
    return [{"keyword": "RUN", "value": "     && ".join(commands)}] if commands else []


def _volumes(image: Image) -> list[str]:
    """The volumes that the Dockerfile declares, as a shell writes them; /tmp is everybody's."""
    found = list[str]()
    for each in image.whole:
        value: Plain = each["value"]
        if each["keyword"] == "VOLUME":
            found += [str(word) for word in (value if isinstance(value, list) else str(value).split())]
    mine = folders.given_away(image.whole)
    return [_quoted(word) for word in dict.fromkeys(found) if word not in mine and not SYSTEM.fullmatch(word.rstrip("/"))]


def _written(image: Image) -> list[str]:
    """What else the program writes: what is known of the base image, and the working directory."""
    known = [str(each) for each in image.facts.get("owns", ())]
    work = workdir(image.whole)
    if work.startswith("$") and not substituted(work, set_before(image.whole, {})).startswith("/"):
        work = "."  # which may be relative, but is where commands run
    mine = folders.given_away(image.whole)
    below = f"{work}/" if work != "/" else "//"
    places = [work, *(each for each in folders.kept(image.whole) if not each.startswith(below) and each not in known)]
    return [*known, *(_quoted(each) for each in dict.fromkeys(places) if each not in mine and not SYSTEM.fullmatch(each))]


def workdir(whole: Sequence[Instruction], begins: str = "/") -> str:
    """The working directory after these instructions."""
    path = begins
    for each in whole:
        path = joined(path, str(each["value"])) if each["keyword"] == "WORKDIR" else path
    return path


def joined(path: str, word: str) -> str:
    """The directory that a WORKDIR leads to."""
    bare = word.strip("\"'")
    return bare if bare.startswith(("$", "\\")) or bare[1:2] == ":" else normpath(join(path, bare))


def _quoted(path: str) -> str:
    return f'"{path}"' if "$" in path else path

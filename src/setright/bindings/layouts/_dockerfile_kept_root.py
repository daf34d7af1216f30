"""Images that keep root: what they start, or bring, works for root alone or gives that up by itself; and those of others' bases.

docs.docker.com/reference/dockerfile, USER, ONBUILD; the manuals of the programs named here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

from setright.bindings.error import BindingError
from setright.bindings.layouts import _dockerfile_health as health
from setright.bindings.layouts import _dockerfile_rooted as rooted
from setright.bindings.layouts._dockerfile_image import (
    SHELLS,
    STEPS_DOWN,
    Image,
    from_of,
    packages,
    plain_name,
    program,
    runs,
    says_what_runs,
    tag_of,
)
from setright.bindings.layouts._dockerfile_whose import files_owners, is_known_program, is_root, user_by_words, workdir
from setright.bindings.layouts._shell_words import base
from setright.patterns import late

ITS_OWN = (
    "whom {image} runs as is not known, and that may do for what it starts; ask with docker image inspect --format"
    " '{{{{.Config.User}}}}', and where that says nobody write a USER that its maker's page names"
)
AS_ROOT = frozenset(
    {
        "samba",
        "sshd",
        "cron",
        "crond",
        "supervisord",
        "dockerd",
        "init",
        "systemd",
        "openvpn",
        "keepalived",
        "containerd",
        "my_init",
    }
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
ONLY_ROOTS = frozenset(  # packages that work for root alone
    {"iptables", "nftables", "ipset", "conntrack", "wireguard-tools", "keepalived", "openvpn", "strongswan", "hostapd", "dnsmasq"}
    | {"frr", "quagga", "bird", "bird2", "docker", "docker.io", "docker-ce", "docker-cli"}
)
FETCHED = late(r"\S/(gosu|su-exec)(?![\w./-])")
SYSTEM_PROGRAM = late(r"/(?:usr/(?:local/)?)?s?bin/")


def keep_root(locator: str, image: Image) -> None:
    """Raises BindingError where another user than root would surely break it, or might be less than it has."""
    if why := next(chain(_by_program(image), _by_what_it_has(image)), ""):
        raise BindingError(f"{locator}: {why}")


def _by_program(image: Image) -> Iterator[str]:
    """Why what it starts is root's."""
    name = base(words[0]) if (words := program(image.whole)) else ""
    begins = from_of(image.whole[0])["image"] if image.whole else ""
    starts = (name, _goes_on_to(image), _called(image))
    if held := next((each for each in starts if each in AS_ROOT or OF_CRON.fullmatch(each)), ""):
        yield f"{held} starts as root, since what it starts or reads belongs to others; say USER once it runs as another"
    if name in OF_PACKAGES and "capabilities" not in image.facts and any(packages(image.whole)) and not user_by_words(image):
        yield f"{name} works with what its package gives to a user of its own; write USER with that, and give it the rest"
    if image.facts.get("as-root") and not says_what_runs(image.whole):
        yield f"{begins} starts as root by itself; its maker's page tells who else may run it"
    if "onbuild" in tag_of(begins):
        yield f"{begins} has the program put in place by ONBUILD, as root; begin from what it begins from, and say the steps here"
    is_unknown = not image.family and not image.facts
    if is_unknown and (not says_what_runs(image.whole) or _starts_what_it_had(image) or not _is_surely_roots(image)):
        yield ITS_OWN.format(image=begins)
    if health.only_tells(image) and any(each["keyword"] == "VOLUME" for each in image.whole):
        yield "as a tool it works on what whoever starts it mounts there; let these say as whom, by --user"


def _by_what_it_has(image: Image) -> Iterator[str]:
    """Why its packages, files and steps are root's."""
    name = base(words[0]) if (words := program(image.whole)) else ""
    if held := next((each for each in (*packages(image.whole), *files_owners(image.whole)) if each in _only_roots(name)), ""):
        yield f"it brings {held}, which works for root alone; say USER once it can do without"
    if held := _steps_down(image) or (_brings(image) if not is_known_program(name) else ""):
        yield f"it brings {held}, with which what it starts gives up root by itself; say USER once it runs as another"
    if held := _in_the_root(image):
        yield f"{held}: its files lie in /, where only root writes; give them a WORKDIR of their own first"
    if held := rooted.sign(image):
        yield held
    for each in image.whole:
        value = each["value"]
        if each["keyword"] == "ONBUILD":
            yield "other images are built from it (ONBUILD), as root; let these say their USER"
        words = value if isinstance(value, list) else str(value).split()
        if each["keyword"] in ("WORKDIR", "COPY", "ADD") and words and re.match(r"/root(?:/|$)", words[-1].strip("\"'")):
            yield f"{each['keyword']} {value}: the program lives in /root, which only root reads; move it first"


def _in_the_root(image: Image) -> str:
    """What brings a whole tree into /, where a program is read or built from when it starts; empty for nothing."""
    words = program(image.whole)
    if (
        not words
        or not (health.INTERPRETERS.fullmatch(base(words[0])) or base(words[0]) in health.BUILDERS)
        or workdir(image.whole) != "/"
    ):
        return ""
    brought = (
        f"{each['keyword']} {each['value']}" for each in image.whole if each["keyword"] in ("ADD", "COPY") and not each.get("flags")
    )
    return next((text for text in brought if re.fullmatch(r"\w+ (?:\./?|\*) (?:/|\./?)", text)), "")


def _called(image: Image) -> str:
    """The last word of its base's name, where that is of a server that starts as root."""
    name = (
        plain_name(from_of(image.whole[0])["image"]).partition("@")[0].partition(":")[0].rpartition("/")[2] if image.whole else ""
    )
    return name if name in ("samba", "openvpn", "sshd", "cron", "supervisord") else ""


def _is_surely_roots(image: Image) -> bool:
    """Whether its steps are surely root's: since they are told so, or do what only root may."""
    is_told = any(each["keyword"] == "USER" and is_root(str(each["value"])) for each in image.whole)
    return is_told or any(
        base(command.words[0].text) in ("addgroup", "adduser", "chown", "groupadd", "useradd") for command in runs(image.whole)
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
    is_own = SYSTEM_PROGRAM.match(words[0]) and name not in SHELLS and not is_known_program(name) if words else False
    return bool(is_own) and not re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", brought)


def _only_roots(name: str) -> frozenset[str]:
    """The packages that tell that a program works as root; one of the tree's own sets addresses by `ip`, where others only look."""
    return ONLY_ROOTS | {"iproute2"} if name and not is_known_program(name) else ONLY_ROOTS


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

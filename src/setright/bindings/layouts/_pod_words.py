"""What the words that a container is started with say that only root may do, or only who may change its node.

capabilities(7), chown(2), su(1), sysctl(8), mount(8); Kubernetes documentation: Volumes (propagation is for privileged containers).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from setright.bindings.layouts._image_needs import covers
from setright.bindings.layouts._shell_words import base, commands
from setright.bindings.trees import look_up
from setright.model import Plain, Tree
from setright.patterns import late
from setright.trees import as_list

PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
STEPS_DOWN = frozenset({"PUID", "PGID"})  # images that start as root, make an account of these numbers, and go on as that
STEPPING = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID")
SCRATCH = ("/tmp", "/var/tmp", "/run", "/var/run")  # noqa: S108 - in containers
MAKING = frozenset({"mkdir", "tee", "touch"})
INTO = late(r">[>|]?\s*([^\s;&|()]+)")
PLAIN_PATH = late(r"/[\w.@+-]+(?:/[\w.@+-]+)*")
SHELLS = frozenset({"sh", "bash", "ash", "dash", "zsh"})
OF_THE_NODE = late(
    r"(?:u?mount|modprobe|insmod|rmmod|nsenter|losetup|mknod|swapoff|ip6?tables(?:-\w+)?|nft|ipvsadm|tc|ethtool|chroot) \S.*"
    r"|sysctl .*(?:-w|-p|--system|=).*|ip (?:-\S+ )*(?:link|route|addr|address|rule|neigh) .*(?:add|del|set|replace|change).*"
)
WRITES_TO_NODE = late(r">>?\s*[\"']?/(?:host/)?(?:sys|proc/sys)/|\btee\b[^|;&\n]*\s/(?:host/)?(?:sys|proc/sys)/")
OF_ROOT = late(
    r"(?:apt|apt-get|apk|yum|dnf|microdnf|zypper) .*\b(?:install|add|update|upgrade)\b.*"
    r"|(?:useradd|adduser|addgroup|groupadd|usermod|setcap|update-ca-certificates|ldconfig) .*"
)
KEPT = {  # the capabilities by which root does it
    **dict.fromkeys(("chown", "chgrp"), ("CHOWN", "DAC_OVERRIDE", "FOWNER")),
    **dict.fromkeys(("gosu", "su-exec", "setpriv"), ("SETGID", "SETUID")),
    **dict.fromkeys(("su", "runuser"), ("AUDIT_WRITE", "SETGID", "SETUID")),  # PAM writes down who becomes whom, or fails
}
WITHOUT = {"etcd": "data-dir"}  # programs that keep their data where they start, but for this option
TELLING = ("privileged", "runAsUser", "runAsNonRoot", "capabilities", "readOnlyRootFilesystem")  # what the words may speak against
FIRST_HIGH = 1024


class Needs(NamedTuple):
    """What of its words changes its node, what only root may do, and the capabilities by which root does the rest."""

    of_the_node: str = ""
    of_root: str = ""
    capabilities: tuple[str, ...] = ()


def needs_of_words(container: Tree) -> Needs:
    """What a container says that it does; empty where its words say nothing of it."""
    of_the_node, of_root, kept = "", "", set[str]()
    for words in _lines(container):
        first, _, rest = words.partition(" ")
        name = base(first)
        line = f"{name} {rest} "
        of_the_node = of_the_node or (name if OF_THE_NODE.fullmatch(line) else "")
        of_root = of_root or (name if OF_ROOT.fullmatch(line) else "")
        kept |= set(KEPT.get(name, ()))
    if steps_down(container):
        kept |= set(STEPPING)
    if not of_the_node and any(WRITES_TO_NODE.search(text) for text in _texts(container)):
        of_the_node = "a shell that writes below /sys or /proc/sys"
    if any(each.get("mountPropagation") == "Bidirectional" for each in as_list(container.get("volumeMounts")) if _is_tree(each)):
        of_the_node = of_the_node or "a mount that its node sees (Bidirectional)"
    return Needs(of_the_node, of_root, tuple(sorted(kept)))


def steps_down(container: Tree) -> bool:
    """Whether it is told whom it shall become by itself, once it has started as root."""
    names = {str(each.get("name")) for each in as_list(container.get("env")) if _is_tree(each)}
    return names >= STEPS_DOWN


def written(container: Tree) -> list[str]:
    """The files that its scripts surely write to, by their full paths; nothing of the system's own."""
    found: list[str] = []
    for text in _texts(container):
        found += INTO.findall(text)
        makes = [each.words for each in commands(text) if base(each.words[0].text) in MAKING]
        found += [word.text for words in makes for word in words[1:]]
    paths = [each.strip("\"'") for each in found]
    return [each for each in paths if PLAIN_PATH.fullmatch(each) and not each.startswith(("/dev/", "/proc/", "/sys/"))]


def scratch(container: Tree) -> list[str]:
    """The folders for what does not last that its scripts write to."""
    return [folder for folder in SCRATCH if any(covers(folder, each) for each in written(container))]


def refused(container: Tree, path: tuple[Plain, ...], value: Plain) -> str:
    """Why a container would not start, or not do its work, with a value of its securityContext; empty where nothing tells so."""
    if path == ("runAsUser",) and value != 0 and look_up(container, ("securityContext", "runAsUser")) == 0:
        return "is root because somebody wrote so; find out what for first"
    if path[0] not in TELLING:
        return ""
    is_user = path == ("runAsNonRoot",) or (path == ("runAsUser",) and value != 0)
    if steps_down(container) and (is_user or path == ("readOnlyRootFilesystem",)):
        return "starts as root to make the account that PUID and PGID name, and goes on as that"
    told = _stopped(needs_of_words(container), container, path, value)
    return f"runs {told}, which would fail then; do that in another way first" if told else ""


def _stopped(needs: Needs, container: Tree, path: tuple[Plain, ...], value: Plain) -> str:
    """What of the words would fail."""
    is_user = path == ("runAsNonRoot",) or (path == ("runAsUser",) and value != 0)
    if path == ("privileged",) and value is False:
        return needs.of_the_node
    if (is_user or (path == ("readOnlyRootFilesystem",) and value is True)) and (here := _keeps_where_it_starts(container)):
        return here
    if path == ("runAsUser",) and value != 0 and (kept := _kept_elsewhere(container)):
        return kept
    if is_user:
        return needs.of_the_node or needs.of_root or ("chown or a change of user" if needs.capabilities else "")
    if path[:2] == ("capabilities", "drop"):
        return "" if look_up(container, ("securityContext", "runAsUser")) else needs.of_the_node or needs.of_root
    is_read_only = path == ("readOnlyRootFilesystem",) and value is True
    return needs.of_root or _kept_elsewhere(container) if is_read_only else ""


def _keeps_where_it_starts(container: Tree) -> str:
    """A program that keeps its data in the folder that it starts in, the root of its image, since nothing tells it another."""
    names = {str(each.get("name")) for each in as_list(container.get("env")) if _is_tree(each)}
    own = [str(each) for each in (*as_list(container.get("command")), *as_list(container.get("args")))]
    program = base(own[0]) if own and not container.get("workingDir") and not container.get("envFrom") else ""
    told = WITHOUT.get(program, "")
    is_told = (
        any(each.lstrip("-").startswith((told, "config-file")) for each in own[1:])
        or f"{program}_{told}".upper().replace("-", "_") in names
    )
    return f"{program} without --{told}" if told and not is_told else ""


def _kept_elsewhere(container: Tree) -> str:
    """A shell that writes where no volume is, nor an empty one belongs."""
    mounts = [str(each.get("mountPath", "")) for each in as_list(container.get("volumeMounts")) if _is_tree(each)]
    known = (*SCRATCH, *mounts)
    others = [each for each in written(container) if not any(covers(folder, each) for folder in known)]
    return f"a shell that writes to {others[0]}" if others else ""


def acts(container: Tree) -> list[list[str]]:
    """The commands that run in a container beside its program: at its start, at its end, and to ask how it is."""
    handlers = [look_up(container, ("lifecycle", key)) for key in ("postStart", "preStop")]
    found = [as_list(look_up(each, ("exec", "command"))) for each in (*handlers, *map(container.get, PROBES)) if _is_tree(each)]
    return [[str(word) for word in words] for words in found if words]


def _lines(container: Tree) -> Iterator[str]:
    """The simple commands of a container's command lines, and of the scripts that it gives to a shell."""
    for words in _command_lines(container):
        if words and base(words[0]) not in SHELLS:
            yield " ".join(words)
    for text in _texts(container):
        for each in commands(text):
            yield " ".join(word.text for word in each.words)


def _texts(container: Tree) -> list[str]:
    """The scripts among the words of a shell's command lines."""
    shells = [words for words in _command_lines(container) if words and base(words[0]) in SHELLS]
    return [each for words in shells for each in words[1:] if not each.startswith("-")]


def _command_lines(container: Tree) -> list[list[str]]:
    own = [str(each) for each in (*as_list(container.get("command")), *as_list(container.get("args")))]
    return [own, *acts(container)]


def _is_tree(value: Plain) -> bool:
    return isinstance(value, dict)


def says_low_port(container: Tree) -> bool:
    """Whether it says that it listens below the ports that every user may open."""
    ports = [each.get("containerPort") for each in as_list(container.get("ports")) if isinstance(each, dict)]
    return any(isinstance(port, int) and port < FIRST_HIGH for port in ports)

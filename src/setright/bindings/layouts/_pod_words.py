"""What the words that a container is started with say that only root may do, or only who may change its node.

capabilities(7), chown(2), sysctl(8), mount(8); Kubernetes documentation: Volumes (mount propagation is for privileged containers).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from setright.bindings.layouts._documents import listed
from setright.bindings.layouts._shell_words import base, commands
from setright.bindings.trees import look_up
from setright.model import Plain, Tree
from setright.patterns import late

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
    **dict.fromkeys(("gosu", "su-exec", "su", "runuser", "setpriv"), ("SETGID", "SETUID")),
}


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
    if not of_the_node and any(WRITES_TO_NODE.search(text) for text in _texts(container)):
        of_the_node = "a shell that writes below /sys or /proc/sys"
    if any(each.get("mountPropagation") == "Bidirectional" for each in listed(container.get("volumeMounts")) if _is_tree(each)):
        of_the_node = of_the_node or "a mount that its node sees (Bidirectional)"
    return Needs(of_the_node, of_root, tuple(sorted(kept)))


def refused(container: Tree, path: tuple[Plain, ...], value: Plain) -> str:
    """Why a container would not start, or not do its work, with a value of its securityContext; empty where nothing tells so."""
    if path == ("runAsUser",) and value != 0 and look_up(container, ("securityContext", "runAsUser")) == 0:
        return "is root because somebody wrote so; find out what for first"
    told = _stopped(needs_of_words(container), container, path, value)
    return f"runs {told}, which would fail then; do that in another way first" if told else ""


def _stopped(needs: Needs, container: Tree, path: tuple[Plain, ...], value: Plain) -> str:
    """What of the words would fail."""
    is_user = path == ("runAsNonRoot",) or (path == ("runAsUser",) and value != 0)
    if path == ("privileged",) and value is False:
        return needs.of_the_node
    if is_user:
        return needs.of_the_node or needs.of_root or ("chown or a change of user" if needs.capabilities else "")
    if path[:2] == ("capabilities", "drop"):
        return "" if look_up(container, ("securityContext", "runAsUser")) else needs.of_the_node or needs.of_root
    return needs.of_root if path == ("readOnlyRootFilesystem",) and value is True else ""


def _lines(container: Tree) -> Iterator[str]:
    """The simple commands of a container's command line, and of the scripts that it gives to a shell."""
    words = [str(each) for each in (*listed(container.get("command")), *listed(container.get("args")))]
    if words and base(words[0]) not in SHELLS:
        yield " ".join(words)
        return
    for text in _texts(container):
        for each in commands(text):
            yield " ".join(word.text for word in each.words)


def _texts(container: Tree) -> list[str]:
    """The scripts among the words of a shell's command line."""
    words = [str(each) for each in (*listed(container.get("command")), *listed(container.get("args")))]
    return [each for each in words[1:] if not each.startswith("-")] if words and base(words[0]) in SHELLS else []


def _is_tree(value: Plain) -> bool:
    return isinstance(value, dict)

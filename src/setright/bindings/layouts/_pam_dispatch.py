"""Who gets in by a stack of PAM whatever password is given. Source: pam_dispatch.c and pam_handlers.c of Linux-PAM 1.5.

Of modules only those are taken to succeed that do so for everybody; any other is taken to refuse, as it does somebody who knows no
password. Of modules that neither let in nor refuse, none counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from setright.model import Plain, Tree

Stack = Sequence[Plain]  # the rules of a service
Place = tuple[str, int]  # service, index of a rule in it

ALWAYS = ("pam_permit", "pam_localuser", "pam_shells", "pam_securetty", "pam_faillock preauth")
BY_ROOT = ("sshd", "login", "remote", "cockpit", "gdm-password", "lightdm", "sddm", "xdm", "xrdp-sesman", "vsftpd", "proftpd")
NEVER_MIND = ("pam_env", "pam_faildelay", "pam_nologin", "pam_group", "pam_echo", "pam_warn", "pam_issue")
WORDS = {
    "required": {"success": "ok", "ignore": "ignore"},
    "requisite": {"success": "ok", "ignore": "ignore", "default": "die"},
    "sufficient": {"success": "done", "default": "ignore"},
    "optional": {"success": "ok", "default": "ignore"},
}
TOKEN = re.compile(r"(\w+)\s*=\s*(\w+)")
DEPTH = 32  # of includes, as PAM itself allows


class Handler(NamedTuple):
    """One rule as it is called, or where a substack begins; `level` counts the substacks around it."""

    place: Place
    rule: Plain
    level: int
    begins: bool = False
    by_root: bool = False  # root itself runs the program


class Impression(NamedTuple):
    """What PAM holds so far: nothing, good, poor (a module that counts gave an error), bad; and which rule made it good."""

    word: str = ""
    place: Place | None = None


def let_in(service: str, stacks: Mapping[str, Stack]) -> Place | None:
    """The rule by which everybody gets in; None where somebody is asked, or nobody gets in."""
    handlers = [each._replace(by_root=service in BY_ROOT) for each in _handlers(service, stacks, 0, 0)]
    now = Impression()
    before: list[Impression] = []
    at = 0
    while at < len(handlers):
        handler = handlers[at]
        del before[handler.level :]
        action = "" if handler.begins else _action(handler)
        if handler.begins:
            before.append(now)
        elif action == "reset":
            now = before[-1] if before else Impression()
        else:
            now = _after(now, handler, action)
        at, too_far = _next(handlers, at, action, now)
        now = Impression("bad") if too_far else now
    return now.place if now.word == "good" else None


def modules_of(service: str, stacks: Mapping[str, Stack], kind: str) -> set[str]:
    """The modules that a service calls for one type, those of included services too."""
    return {_module(each.rule) for each in _handlers(service, stacks, 0, 0, kind) if not each.begins}


def _after(now: Impression, handler: Handler, action: str) -> Impression:
    """The impression once a rule had its say."""
    if action in ("bad", "die"):
        return Impression("bad")
    if action not in ("ok", "done") or now.word not in ("", "good"):
        return now
    return Impression("good", now.place or handler.place) if _told(handler) == "success" else Impression("poor")


def _next(handlers: Sequence[Handler], at: int, action: str, now: Impression) -> tuple[int, bool]:
    """Which rule follows, and whether PAM takes the way there for a refusal."""
    if action.isdigit():
        return _beyond(handlers, at, int(action))
    if action == "die" or (action == "done" and now.word in ("good", "poor")):
        return _out_of(handlers, at), False
    return at + 1, False


def _handlers(service: str, stacks: Mapping[str, Stack], level: int, depth: int, kind: str = "auth") -> Iterator[Handler]:
    """The rules of one type, which asks who it is, those of included services in their place."""
    for index, rule in enumerate(stacks.get(service, ()) if depth < DEPTH else ()):
        if "include" in rule:
            yield from _handlers(_named(rule["include"]), stacks, level, depth + 1, kind)
        elif rule["type"].lstrip("-") != kind:
            continue
        elif rule["control"] == "include":
            yield from _handlers(_named(rule["module"]), stacks, level, depth + 1, kind)
        elif rule["control"] == "substack":
            yield Handler((service, index), rule, level, begins=True)
            yield from _handlers(_named(rule["module"]), stacks, level + 1, depth + 1, kind)
        else:
            yield Handler((service, index), rule, level)


def _named(included: str) -> str:
    """The service of a file that is included, which may be named by its whole path."""
    return included.removeprefix("/etc/pam.d/")


def _module(rule: Tree) -> str:
    return str(rule["module"]).rpartition("/")[2].removesuffix(".so")


def _told(handler: Handler) -> str:
    """What the module answers to somebody who knows no password. pam_rootok asks who runs the program, not who comes."""
    name = _module(handler.rule)
    name = f"{name} preauth" if name == "pam_faillock" and "preauth" in handler.rule["arguments"] else name
    if name == "pam_rootok" and handler.by_root:
        return "success"
    return "success" if name in ALWAYS else "ignore" if name in NEVER_MIND else "auth_err"


def _action(handler: Handler) -> str:
    control = str(handler.rule["control"]).lower()
    actions = WORDS.get(control) or dict(TOKEN.findall(control))
    return actions.get(_told(handler)) or actions.get("default", "bad")


def _beyond(handlers: Sequence[Handler], at: int, jump: int) -> tuple[int, bool]:
    """Where a jump leads, and whether it would lead out of its substack, which PAM takes for a refusal."""
    level = handlers[at].level
    to = at + 1
    for _ in range(jump):
        if to >= len(handlers) or handlers[to].level < level:
            return to, True
        to += 1
        while to < len(handlers) and handlers[to].level > level:
            to += 1
    return to, False


def _out_of(handlers: Sequence[Handler], at: int) -> int:
    """Behind the substack that ends here; outside of any it is the end."""
    level = handlers[at].level
    while at < len(handlers) and handlers[at].level >= level:
        at += 1
    return at

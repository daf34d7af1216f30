"""The commands of sudo's rules one by one, with the tags that hold for each, and what aliases stand for. Source: sudoers(5)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from setright.model import Plain, Tree

B = r"(?:[ \t\r]|\\\n)"
QUOTED = r'"(?:\\[^\n]|[^"\\\n])*"'
WHO = rf"!*(?:{QUOTED}|(?:\\[^\n]|#(?=-?[0-9])|[^\s,=:!\"\\#])+)"
WHOM = rf"(?:{QUOTED}|!{B}*|\\[^\n]|#(?=-?[0-9])|[^\s,=:!\"\\#()@])+"
RUNAS = rf"\((?:{B}*{WHOM}(?:{B}*,{B}*{WHOM})*)?(?:{B}*:(?:{B}*{WHOM}(?:{B}*,{B}*{WHOM})*)?)?{B}*\)"
OPTION = rf"(?:ROLE|TYPE|APPARMOR_PROFILE|PRIVS|LIMITPRIVS|NOTBEFORE|NOTAFTER|TIMEOUT|CWD|CHROOT){B}*={B}*(?:{QUOTED}|{WHOM}){B}+"
TAGS = rf"(?:(?:(?:NO)?(?:PASSWD|EXEC|SETENV|LOG_INPUT|LOG_OUTPUT|MAIL|INTERCEPT)|FOLLOW|NOFOLLOW){B}*:{B}*)"
DIGEST = rf"sha(?:224|256|384|512){B}*:{B}*[A-Za-z0-9+/=]+"
EXPRESSION = r"\^(?:\\[^\n]|[^\n\\$]|\$(?![\s,:]|$))*\$"
ARGUMENTS = rf"(?:{B}+(?:{EXPRESSION}|(?:\\[\s\S]|[^,:=#\\\n])*))?"
PROGRAM = rf"(?:[A-Z][A-Z0-9_]*(?!{B}*=)|(?:{EXPRESSION}|/(?:\\[\s\S]|[^\s,:#\\])*|sudoedit|list){ARGUMENTS})"
SPEC = rf"(?>(?:{RUNAS}{B}*)?(?:{OPTION})*{TAGS}*(?:{DIGEST}(?:{B}*,{B}*{DIGEST})*{B}+)?(?:!{B}*)*(?!{TAGS}){PROGRAM})"
GRANT = rf"{WHOM}(?:{B}*,{B}*{WHOM})*{B}*={B}*{SPEC}(?:{B}*,{B}*{SPEC})*"
COMMAND = re.compile(
    rf"{B}*,?{B}*(?:{RUNAS}{B}*)?(?:{OPTION})*(?P<tags>{TAGS}*)(?:{DIGEST}(?:{B}*,{B}*{DIGEST})*{B}+)?"
    rf"(?P<not>(?:!{B}*)*)(?P<program>{PROGRAM})"
)
HOSTS = re.compile(rf"{B}*:?{B}*{WHOM}(?:{B}*,{B}*{WHOM})*{B}*={B}*")
ALIASES = re.compile(rf"{B}*(?P<sort>User|Runas|Host|Cmnd|Cmd)_Alias{B}+")
NAMED = re.compile(rf"{B}*:?{B}*(?P<name>[A-Z][A-Z0-9_]*){B}*={B}*")
LASTING = {"EXEC": ("noexec", False), "NOEXEC": ("noexec", True), "SETENV": ("setenv", True), "NOSETENV": ("setenv", False)}


def each_command(grant: str) -> Iterator[Tree]:
    """``{"command": "/usr/bin/vi /etc/x", "noexec": True}``; a tag lasts until another, or another host, comes."""
    at = 0
    while hosts := HOSTS.match(grant, at):
        at, held = hosts.end(), {"noexec": False, "setenv": False}
        while found := COMMAND.match(grant, at):
            at = found.end()
            for tag in re.findall(r"[A-Z_]+", found["tags"]):
                held |= dict([LASTING[tag]]) if tag in LASTING else {}
            yield _command(found) | {name: True for name, on in held.items() if on}


def aliases(said: str) -> tuple[str, dict[str, list[Plain]]]:
    """Of a line of aliases: what they stand for (``User``, ``Cmnd``, ...), and the items of each name."""
    head = ALIASES.match(said)
    if head is None:
        return "", {}
    sort, at = "Cmnd" if head["sort"] == "Cmd" else head["sort"], head.end()
    found: dict[str, list[Plain]] = {}
    item = COMMAND if sort == "Cmnd" else re.compile(rf"{B}*,?{B}*(?P<not>(?:!{B}*)*)(?P<program>{WHOM})")
    while name := NAMED.match(said, at):
        at = name.end()
        mine = found.setdefault(name["name"], [])
        while each := item.match(said, at):
            at = each.end()
            mine.append(_command(each) if sort == "Cmnd" else f"{'!' * (each['not'].count('!') % 2)}{each['program']}")
    return sort, found


def _command(found: re.Match[str]) -> Tree:
    negated = {"negated": True} if found["not"].count("!") % 2 else {}
    return {"command": " ".join(re.sub(r"\\\n", " ", found["program"]).split()), **negated}

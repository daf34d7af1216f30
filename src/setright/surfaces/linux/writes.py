"""The shell side of writing: compare, stage beside the target, sync, rename; under one lock. Data goes in here-documents.

rename(2) is atomic within a file system: a cut connection leaves the old file or the new one. sync(1) with operands is
fsync(2); flock(1) and base64(1) are in util-linux, coreutils and busybox.
"""

from __future__ import annotations

import base64
import shlex
from collections.abc import Mapping, Sequence

from setright.model import Plain, digest
from setright.surfaces.linux.inodes import on_the_way
from setright.surfaces.linux.script import PRELUDE
from setright.surfaces.linux.transport import STATE, Symlink

MOVED, LOCKED = 75, 76  # exit statuses; the others are the system's own refusals

FUNCTIONS = rf"""
lock() {{
  mkdir -p -m 700 {STATE} && exec 9<{STATE} || exit 1
  command -v flock >/dev/null || {{ echo "flock is not installed; install util-linux" >&2; exit 1; }}
  flock -w 20 9 || exit {LOCKED}
}}
moved() {{ exit {MOVED}; }}
real() {{ if [ -L "$1" ]; then readlink -f -- "$1"; else printf '%s\n' "$1"; fi; }}
stored() {{
  [ ! -e "$1" ] || [ -f "$1" ] || [ -d "$1" ] || [ -S "$1" ] ||
    {{ echo "it leads to $(readlink -f -- "$1"), which is no file" >&2; exit 1; }}
}}
digest() {{ if [ -e "$1" ]; then set -- $(sha256sum <"$1"); echo "$1"; else echo absent; fi; }}
drop() {{
  case $(ls -ld -- "$f") in ??????????+*) command -v getfattr >/dev/null ||
    {{ echo "it has an ACL that could not be put back; install the package attr" >&2; exit 1; }} ;; esac
  rm -f -- "$f" && sync -- "$(dirname -- "$f")"
}}
stage() {{
  d=$(dirname -- "$f"); mkdir -p -- "$d" || exit 1
  t=$(mktemp "$d/.${{f##*/}}.setright.XXXXXX") || exit 1
  trap 'rm -f -- "$t"' EXIT
  trap 'exit 1' HUP INT TERM PIPE
}}
settle() {{
  [ "$(digest "$t")" = "$after" ] || {{ echo "the copy is not what was sent" >&2; exit 1; }}
  if [ -e "$f" ]; then cp --attributes-only --preserve=all -- "$f" "$t" && touch -- "$t" || exit 1
  else chown 0:0 -- "$t" && chmod "$mode" -- "$t" || exit 1; fi
  dress "$t" && sync -- "$t" && mv -f -- "$t" "$f" || exit 1
  trap - EXIT; sync -- "$d"
}}
"""


def scripted(body: str) -> str:
    """A script that does all of `body` under the lock, or, cut short on its way, nothing."""
    return f"{PRELUDE}{FUNCTIONS}\nmain() {{\nlock\n{body}\n}}\nmain\n"


def put(path: str, before: str, after: bytes | None, inode: Mapping[str, Plain]) -> str:
    """Replaces one file; `before` is the digest that must stand there, ``any`` for whatever stands there."""
    there = ":" if after is None else 'dress "$f"'
    moved = "" if before == "any" else f'elif [ "$now" != {before} ]; then moved'
    return f"""(
f=$(real {shlex.quote(path)}); stored "$f"; now=$(digest "$f"); after={digest(after)}; mode={inode.get("new_mode", "0644")}
{_dress(inode)}
if [ "$now" = "$after" ]; then {there}
{moved}
else
{_unmake(inode) if after is None else _replace(after)}
fi
) || exit $?"""


def _replace(data: bytes) -> str:
    text = base64.encodebytes(data).decode()
    return f"stage\n{{ base64 -d <<'END_OF_DATA'\n{text}END_OF_DATA\n}} >\"$t\" || exit 1\nsettle"


def _unmake(inode: Mapping[str, Plain]) -> str:
    folders = [f"rmdir -- {shlex.quote(folder)} 2>/dev/null" for folder in inode.get("made", ())]
    return "\n".join(["drop || exit 1", *folders, ":"])


def _dress(inode: Mapping[str, Plain]) -> str:
    """The function that gives a file its former owner, attributes, mode and time; nothing where none were kept."""
    if "uid" not in inode:
        return "dress() { :; }"
    deeds = [f'chown {inode["uid"]}:{inode["gid"]} -- "$1"', f'chmod {inode["mode"]} -- "$1"']
    deeds += [f'setfattr -n {shlex.quote(name)} -v 0s{value} -- "$1"' for name, value in inode["xattr"].items()]
    seconds, rest = divmod(inode["mtime_ns"], 10**9)
    deeds.append(f'touch -m -d @{seconds}.{rest:09d} -- "$1"')
    return f"dress() {{ {' && '.join(deeds)}; }}"


def give_owner(path: str, before: str, after: str) -> str:
    """Gives a file owner, group and mode; `before` is ``owner:group:mode`` as it must be, ``any`` for any."""
    owner, group, mode = after.split(":")
    known = "|".join(map(shlex.quote, sorted(on_the_way(before, after)))) if before != "any" else ""
    check = f'case "$now" in {known}) ;; *) moved ;; esac\n' if known else ""
    deed = f'chown {shlex.quote(owner)}:{shlex.quote(group)} -- "$f" && chmod {mode} -- "$f" || exit 1'
    return f"""f={shlex.quote(path)}; [ -e "$f" ] || moved; stored "$f"
set -- $(stat -L -c '%U %G %u %g %a' -- "$f")
u=$1 g=$2; [ "$u" != UNKNOWN ] || u=$3; [ "$g" != UNKNOWN ] || g=$4
now=$u:$g:$(printf '%04o' "0$5")
if [ "$now" != {shlex.quote(after)} ]; then
{check}{deed}
fi"""


def link(links: Sequence[Symlink]) -> str:
    return "\n".join(map(_link, links))


def _link(one: Symlink) -> str:
    """`before` may be ``any``."""
    path, temp = shlex.quote(one.path), shlex.quote(f"{one.path.rpartition('/')[0]}/.{one.path.rpartition('/')[2]}.setright")
    before, after = shlex.quote(one.before or ""), shlex.quote(one.after or "")
    folder = shlex.quote(one.path.rpartition("/")[0])
    deed = f"rm -- {path}" if one.after is None else f"mkdir -p {folder} && ln -sfn {after} {temp} && mv -fT {temp} {path}"
    check = f'{{ [ "$now" = {before} ] && {{ [ -L {path} ] || [ ! -e {path} ]; }}; }} || moved' if one.before != "any" else ""
    return f"""now=$(readlink -- {path})
if [ "$now" != {after} ]; then
{check}
{{ {deed} && sync {folder}; }} || exit 1
fi"""


# What the kernel sets anew by itself when a host begins or ceases to pass packets on; ip-sysctl of Linux, ip_forward.
ALONG = {
    "/proc/sys/net/ipv4/ip_forward": "/proc/sys/net/ipv4/conf/all/accept_redirects",
    "/proc/sys/net/ipv4/conf/all/forwarding": "/proc/sys/net/ipv4/conf/all/accept_redirects",
}


def sysctl(path: str, before: str, after: str) -> str:
    """Writes a kernel parameter that still is `before`, white space aside; ``any`` for whatever it is."""
    check = f'[ "$*" = {shlex.quote(before)} ] || moved\n' if before != "any" else ""
    deed = f"printf '%s\\n' {shlex.quote(after)} >{shlex.quote(path)} || exit 1"
    if along := ALONG.get(path):
        deed = f"along=$(cat {along}); {deed}; printf '%s\\n' \"$along\" >{along}"
    return f"""set -f; set -- $(cat {shlex.quote(path)}) || exit 1
if [ "$*" != {shlex.quote(after)} ]; then
{check}{deed}
fi; set +f"""

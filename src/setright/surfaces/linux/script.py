"""The POSIX shell side: one script that answers a whole batch of questions, and the pieces writes are made of.

A script travels on stdin, never in argv, so that no byte of it shows in a process list; it is one function called on the
last line, so that half a script does nothing. Answers are framed by a word nobody on the target could know before.
XCU 2 (sh); stat, head, sync, cp of coreutils or busybox.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Sequence

from setright.surfaces.linux import packed
from setright.surfaces.linux.patterns import fixed_folder, is_glob, matcher, shell_words
from setright.surfaces.linux.sysctl import path_of
from setright.surfaces.linux.transport import COMMANDS, LIMIT_BYTES, Answers, Ask, Reply

FOLDERS = "/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin"  # of the system's programs, before any of the caller's
PRELUDE = f"LC_ALL=C; PATH={FOLDERS}:$PATH; export LC_ALL PATH; umask 022\n"

FRAMES = r"""
begin() { printf '%s\t%s\t%s\n' "$nonce" "$1" "$2"; }
end() { printf '\n%s\tend\t%s\n' "$nonce" "$1"; }
barred() {
  [ "$uid" = 0 ] && return 1
  d=$2; while [ ! -d "$d" ]; do d=${d%/*}; [ -n "$d" ] || d=/; done
  [ -x "$d" ] && { [ -r "$d" ] || [ "$3" = literal ]; } && return 1
  begin "$1" "$4"; end barred
}
each() {
  ask=$1 look=$2; shift 2
  for f do
    case $f in *[[:cntrl:]]*) begin "$ask" "${f%/*}/?"; end odd; continue ;; esac
    [ -e "$f" ] || [ -L "$f" ] || continue
    $look "$ask" "$f"
  done
}
lines() {
  begin "$1" "$2"
  if [ ! -r "$2" ]; then end barred; return; fi
  case $2 in *.gz) zcat -- "$2" 2>/dev/null | grep -F -e "$word" ;; *) grep -aF -e "$word" -- "$2" ;; esac
  end 0
}
listed() { begin "$1" "$2"; end 0; }
inode() {
  begin "$1" "$2"
  if [ ! -e "$2" ]; then
    d=${2%/*}; while [ -n "$d" ] && [ ! -e "$d" ]; do printf 'missing\t%s\n' "$d"; d=${d%/*}; done
    if [ "$uid" = 0 ] && [ ! -w "$d/" ]; then end unwritable; else end 0; fi; return
  fi
  case $(lsattr -d -- "$(readlink -f -- "$2")" 2>/dev/null) in ????i* | ?????a*) end immutable; return ;; esac
  d=$(readlink -f -- "$2"); if [ "$uid" = 0 ] && [ ! -w "${d%/*}/" ]; then end unwritable; return; fi
  stat -L -c '%u %g %a %.9Y' -- "$2" 2>/dev/null || stat -L -c '%u %g %a %Y' -- "$2"
  if command -v getfattr >/dev/null; then getfattr -d -m - -e base64 --absolute-names -- "$2" 2>/dev/null; fi
  end $?
}
homes() { {
  while IFS=: read -r name _ u _ _ home _; do
    case $u in 0 | [1-9][0-9][0-9][0-9]*) ;; *) continue ;; esac
    [ "$u" != 65534 ] && [ "$home" != / ] || continue
    [ -d "$home" ] || case $(ls -d -- "$home" 2>&1) in "$home" | *"No such file"* | *"Not a dir"*) continue ;; esac
    if [ -d "$home" ] && [ "$1" = folders ] || { [ -r "$home" ] && [ -x "$home" ]; }; then printf '%s\0' "$home"
    else printf '%s\tbarred\t\t\t\t\t\t%s/.*\n' "$nonce" "$home" >&3; fi
  done </etc/passwd | if [ "$1" = folders ]; then xargs -0r stat -L -c "$2" --
  else xargs -0r sh -c 'shown=$0; find "$@" -mindepth 1 -maxdepth 1 -name ".*" -type f -exec stat -c "$shown" {} +' "$2"; fi
} 3>&1; }
ours() {
  [ "$uid" != 0 ] || [ -w "$1" ] && return
  case $(ls -ld -- "$1") in ??w*) return 1 ;; esac
}
values() {
  for f do [ -f "$f" ] && ours "$f" && printf 'K%s\n' "$f"; done
  grep -sH '' -- "$@" | sed 's/^/V/'
}
"""

PACKAGES = """if [ -e /var/lib/dpkg/status ]; then
  begin dpkg -; awk '/^Package: /{p = $2} /^Status: .* installed$/{print p}' /var/lib/dpkg/status
  ls /var/lib/apt/lists/*_Packages* >/dev/null && echo +install; echo +remove
  { systemd-detect-virt -cq || [ -e /run/systemd/container ]; } && echo +contained; end 0
elif rpm -q rpm >/dev/null; then begin rpm -; rpm -qa --qf '%{NAME}\\n'; echo +install; echo +remove; end 0; fi"""
# What other programs of these names do not understand, and then find nothing, which would read as "there is none".
GNU, PROBE = re.compile(r" -(printf|lname)\b|\bps -e|\bgrep -[a-zA-Z]*I"), "find / -maxdepth 0 -printf x"
UNIT_FOLDERS = "/etc/systemd/system /run/systemd/system /usr/local/lib/systemd/system /lib/systemd/system /usr/lib/systemd/system"
STATS = "\t%F\t%U\t%G\t%a\t%u\t%g\t%n"
TYPES = {"regular file": "file", "regular empty file": "file", "directory": "directory", "character special file": "device"}
LOCKED = ("immutable", "unwritable")  # what cannot be written is not begun with
ENDINGS = {
    "barred": "may not be read; run as root (sudo), or log in as a user who may sudo without a password",
    "irregular": "is not a regular file",
    "folder": "is a folder",
    "immutable": "is locked (chattr +i or +a); whoever locked it must unlock it first",
    "unwritable": "is on a file system that is mounted read-only; set the value where the image is made, or mount it writable",
    "odd": "a name in this folder holds a control character; rename it",
}


def question(asks: Sequence[Ask], nonce: str) -> str:
    """The script that answers them all."""
    lines: list[str] = []
    commands: dict[str, list[str]] = {what: [] for what in COMMANDS}
    for number, ask in enumerate(asks):
        if ask.what in LOOKS:
            lines += _look(number, ask)
        elif ask.what in commands:
            guard = "[ $gnu ] || exit 14; " if GNU.search(ask.name) and PROBE not in ask.name else ""
            commands[ask.what].append(f"begin {number} run; ( {guard}{ask.name}\n) </dev/null; end $?")
        elif ask.what == "packages":
            lines.append(PACKAGES)
        elif ask.what == "home":
            lines.append(f"begin {ask.name} -; homes {ask.name} '{nonce}{STATS}'; end 0")
    lines += ["pack", *_stats(asks, nonce), *_sysctls(asks), *_units(asks)]
    first = f"nonce={nonce} limit={LIMIT_BYTES + 1} uid=$(id -u) gnu=$({PROBE})"
    runs = commands["run"]
    body = "\n".join([first, *_side_by_side(*([each] for each in commands["walk"]), runs[::2], lines + runs[1::2])])
    return f"{PRELUDE}{FRAMES}{packed.SCRIPT}\nmain() {{\n{body}\n}}\nmain </dev/null 2>/dev/null\n"


def _side_by_side(*sides: Sequence[str]) -> list[str]:
    """All at once, for most of it is waiting; what one side prints is kept in its pipe until those behind it are done."""
    *some, last = [side for side in sides if side] or [[]]
    if not some:
        return [*last]
    first, rest = some[0], _side_by_side(*some[1:], last)
    name = f"side{len(some)}"
    return [f"{name}() {{", *first, "}", f"{name} </dev/null | {{ {{", *rest, "} </dev/null", "cat", "}"]


LOOKS = {"file": "file", "grep": "lines", "list": "listed", "inode": "inode"}  # what -> shell function


def _look(number: int, ask: Ask) -> list[str]:
    if ask.what == "inode":
        return [f"inode {number} {shlex.quote(ask.name)}"]
    word = f"word={shlex.quote(ask.pattern)}; " if ask.what == "grep" else ""
    deed = f"{word}each {number} {LOOKS[ask.what]} {shell_words(ask.name)}"
    return [f"barred {number} {_folder(ask.name)} {shlex.quote(ask.name)} || {{ {deed}; }}"]


def _stats(asks: Sequence[Ask], nonce: str) -> list[str]:
    """All of them in one process; the names tell later which question each line answers."""
    wanted = [(number, ask.name) for number, ask in enumerate(asks) if ask.what == "stat"]
    if not wanted:
        return []
    stat = f"stat -L -c '{nonce}{STATS}' --"
    lines = [f"barred {number} {_folder(name)} {shlex.quote(name)}" for number, name in wanted]
    plain = " ".join(shell_words(name) for _, name in wanted if "**" not in name)
    lines.append(
        f"begin stat -; ls -ldL -- {plain} | sed -n 's,^..........+[^/]*,{nonce}\\tacl\\t\\t\\t\\t\\t\\t,p'; {stat} {plain}"
    )
    for head, _, rest in (name.partition("/**") for _, name in wanted if "**" in name):
        last = shlex.quote(rest.lstrip("/") or "*")
        lines.append(f"find {shlex.quote(head)} -type f -name {last} ! -name '.*' -exec {stat} {{}} +")
    return [*lines, "end 0"]


def _folder(name: str) -> str:
    """The folder that must be open to us for an answer to be true, and whether it must be listed."""
    return f"{shlex.quote(fixed_folder(name))} {'glob' if is_glob(name) else 'literal'}"


def _sysctls(asks: Sequence[Ask]) -> list[str]:
    keys = [shell_words(path_of(ask.name)) for ask in asks if ask.what == "sysctl"]
    return [f"begin sysctl -; values {' '.join(keys)}; end 0"] if keys else []


def _units(asks: Sequence[Ask]) -> list[str]:
    names = [ask.name for ask in asks if ask.what == "unit"]
    if not names:
        return []
    return [f"begin unit -\n{unit_command(names)}\nend 0"]


def unit_command(names: Iterable[str]) -> str:
    """Prints what `units.states` reads: links and files of units, which can be enabled, which of the named run. All are
    listed, since to look for many names takes ten times as long."""
    shown = f"systemctl show --property=Names --property=ActiveState -- {' '.join(map(shlex.quote, names))}"
    return f"""set -- {UNIT_FOLDERS}; [ ! /lib -ef /usr/lib ] || set -- {UNIT_FOLDERS.rpartition(" ")[0]}
if [ "$({PROBE})" ]; then find "$@" -maxdepth 2 ! -type d -printf 'L\\t%p\\t%y\\t%l\\n'
else find "$@" -maxdepth 2 ! -type d | while IFS= read -r f; do
  if [ -L "$f" ]; then printf 'L\\t%s\\tl\\t%s\\n' "$f" "$(readlink "$f")"; else printf 'L\\t%s\\tf\\t\\n' "$f"; fi
done; fi
find "$@" -maxdepth 1 -type f -exec grep -l '^[[]Install]' {{}} + | sed 's/^/I\\t/'
if [ -d /run/systemd/system ]; then echo R; {shown} | sed 's/^/A\\t/'; fi"""


def answers(asks: Sequence[Ask], nonce: str, out: bytes) -> Answers:
    """What the script printed, sorted to the questions."""
    found: dict[Ask, list[Reply]] = {ask: [] for ask in asks}
    for head, name, data, status in _frames(out, nonce):
        if head.isdecimal():
            ask = asks[int(head)]
            found[ask].append(_one(ask, name, data, status))
        else:
            for ask, each in SORTERS[head](asks, nonce, data):
                found[ask].append(each)
    for ask in (ask for ask in asks if ask.what == "file"):
        found[ask].sort(key=lambda each: each.name)  # as the shell has them: packed ones come after the others
    return found


def _frames(out: bytes, nonce: str) -> Iterable[tuple[str, str, bytes, str]]:
    mark = nonce.encode()
    pattern = re.compile(mark + rb"\t([\w-]+)\t([^\n]*)\n(.*?)\n" + mark + rb"\tend\t(\w+)\n", re.DOTALL)
    for match in pattern.finditer(out):
        yield match[1].decode(), match[2].decode(errors="surrogateescape"), match[3], match[4].decode()


def _one(ask: Ask, place: str, data: bytes, status: str) -> Reply:
    name, _, real = place.partition("\t")
    if ask.what in COMMANDS:
        return Reply(ask.name, data, "" if status == "0" else data.decode(errors="replace").strip() or f"ended with {status}")
    if status in ENDINGS:
        return Reply(name, None, ENDINGS[status], real)
    if status != "0":
        return Reply(name, None, f"cannot be read (status {status})")
    if len(data) > LIMIT_BYTES:
        return Reply(name, None, f"is larger than {LIMIT_BYTES >> 20} MiB")
    return Reply(name, data, real=real)


def _sort_stats(asks: Sequence[Ask], nonce: str, data: bytes) -> Iterable[tuple[Ask, Reply]]:
    wanted = [ask for ask in asks if ask.what == "stat"]
    literal = {ask.name: ask for ask in wanted}
    globs = [ask for ask in wanted if is_glob(ask.name)]
    for found in _rows(nonce, data):
        asked = [literal[found.name]] if found.name in literal else [ask for ask in globs if matcher(ask.name)(found.name)]
        yield from ((ask, found) for ask in asked)


def _rows(nonce: str, data: bytes) -> Iterable[Reply]:
    """What `STATS` printed, a file each."""
    rows = [line.removesuffix("\n")[1:].split("\t", 6) for line in data.decode(errors="surrogateescape").split(nonce)[1:]]
    listed = {row[6] for row in rows if row[0] == "acl"}
    yield from (Reply(row[6], None, ENDINGS["barred"]) for row in rows if row[0] == "barred")
    for kind, user, group, mode, uid, gid, name in (row for row in rows if row[0] not in ("acl", "barred")):
        owner, team = (uid if user == "UNKNOWN" else user), (gid if group == "UNKNOWN" else group)
        sort = TYPES.get(kind, "device" if kind == "block special file" else "other")
        more = ("acl",) if name in listed else ()
        yield Reply(name, "\t".join((sort, owner, team, f"{int(mode, 8):04o}", *more)).encode())


Sorter = Callable[[Sequence[Ask], str, bytes], Iterable[tuple[Ask, Reply]]]


def _sort_homes(what: str) -> Sorter:
    return lambda asks, nonce, data: ((Ask("home", what), found) for found in _rows(nonce, data))


def _sort_sysctls(asks: Sequence[Ask], nonce: str, data: bytes) -> Iterable[tuple[Ask, Reply]]:
    wanted = [(ask, matcher(path_of(ask.name))) for ask in asks if ask.what == "sysctl"]
    lines = data.decode(errors="replace").splitlines()
    values = {path: value for path, _, value in (line[1:].partition(":") for line in reversed(lines) if line[:1] == "V")}
    for path in (line[1:] for line in lines if line[:1] == "K"):
        found = Reply(path, " ".join(values[path].split()).encode()) if path in values else Reply(path, None, ENDINGS["barred"])
        yield from ((ask, found) for ask, match in wanted if match(path))


def _sort_units(asks: Sequence[Ask], nonce: str, data: bytes) -> Iterable[tuple[Ask, Reply]]:
    yield from ((ask, Reply(ask.name, data)) for ask in asks if ask.what == "unit")


def _sort_packages(manager: str) -> Sorter:
    return lambda asks, nonce, data: [(Ask("packages", ""), Reply(manager, data))]


def _sort_packed(asks: Sequence[Ask], nonce: str, data: bytes) -> Iterable[tuple[Ask, Reply]]:
    for number, name, held in packed.files(data):
        yield asks[number], _one(asks[number], name, held or b"", "0" if held is not None else "gone")


SORTERS = {
    "files": _sort_packed,
    "stat": _sort_stats,
    "folders": _sort_homes("folders"),
    "dot-files": _sort_homes("dot-files"),
    "dpkg": _sort_packages("dpkg"),
    "rpm": _sort_packages("rpm"),
    "sysctl": _sort_sysctls,
    "unit": _sort_units,
}

"""Where root's shell looks for commands, and who could put one there. Source: bash(1), the folders' own owners and modes.

    {"path": ["/usr/sbin", "."], "relative": ["."], "missing": [], "not-roots": ["/opt/bin (ops)"], "writable": ["/srv/bin 0777"]}

A login shell is asked for its PATH with an empty environment and no terminal, within two seconds.
"""

from __future__ import annotations

from setright.model import Tree
from setright.surfaces.linux.evidence import Evidence
from setright.surfaces.linux.transport import Ask

ASKED = Ask(
    "run",
    r"""[ "$(id -u)" = 0 ] || exit 13
s=$(sed -n 's/^root:.*://p' /etc/passwd); case ${s##*/} in bash|dash|sh|ksh|zsh) ;; *) exit 127 ;; esac
base=$(sed -n 's/^ENV_SUPATH[[:space:]]*PATH=//p' /etc/login.defs 2>/dev/null | tail -n 1)
p=$(cd / && timeout 2 env -i HOME=/root USER=root LOGNAME=root SHELL="$s" PATH="${base:-/usr/sbin:/usr/bin:/sbin:/bin}" \
  "$s" -lc 'printf "\nPATH %s\n" "$PATH"' </dev/null 2>/dev/null | sed -n 's/^PATH //p' | tail -n 1)
[ -n "$p" ] || exit 14
printf '%s:' "$p" | tr ':' '\n' | while IFS= read -r d; do
  case $d in
    /*) stat -L -c 'D %U %a %n' -- "$d" 2>/dev/null || printf 'M - - %s\n' "$d" ;;
    *) printf 'R - - %s\n' "${d:-.}" ;;
  esac
done""",
)
ASKS = (ASKED,)
OTHERS = 0o022


def tell(evidence: Evidence) -> Tree | None:
    """None where nothing runs, we are not root, or root's shell does not tell."""
    if not evidence.ran(ASKED) or evidence.failed(ASKED):
        return None
    rows = [line.split(" ", 3) for line in evidence.lines(ASKED)]
    told: Tree = {
        "path": [name for _, _, _, name in rows],
        "relative": [name for sort, _, _, name in rows if sort == "R"],
        "missing": [name for sort, _, _, name in rows if sort == "M"],
        "not-roots": [f"{name} ({owner})" for sort, owner, _, name in rows if sort == "D" and owner != "root"],
        "writable": [f"{name} {mode}" for sort, _, mode, name in rows if sort == "D" and int(mode, 8) & OTHERS],
    }
    return {key: list(dict.fromkeys(names)) for key, names in told.items() if names}

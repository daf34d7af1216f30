"""The programs that root's jobs run, who owns them, and the folders on the way to them. Source: crontab(5), cron(8), stat(1).

    {"programs": [{"path": "/opt/backup.sh", "owner": "ops", "group": "ops", "mode": "0775", "jobs": ["/etc/cron.d/backup"]}],
     "folders": [{"path": "/opt", "owner": "root", "group": "root", "mode": "0755"}]}

A program is what stands where a shell looks for a command, or behind an interpreter, with its folder (``cd /opt && ./run``).
Paths are those that links lead to. What is found by PATH is not here: the search path of jobs is judged in their tables.
"""

from __future__ import annotations

import re
import shlex

from setright.model import Plain, Tree
from setright.surfaces.base import SurfaceError
from setright.surfaces.linux.evidence import Evidence
from setright.surfaces.linux.transport import Ask

TABLES = Ask(
    "run",
    r"""[ "$(id -u)" = 0 ] || exit 13
taken() {
  [ -f "$1" ] && awk -v f="$1" -v user="$2" '
    function words(n) { while (n-- > 0) sub(/^[ \t]*[^ \t]+[ \t]+/, ""); print f "\t" $0 }
    /^[ \t]*@/ && (!user || $2 == "root") { words(user ? 2 : 1) }
    /^[ \t]*[-*0-9]/ && (!user || $6 == "root") { words(user ? 6 : 5) }' "$1"
}
all=$(for f in /etc/crontab /etc/cron.d/*; do taken "$f" 1; done
  for f in /var/spool/cron/crontabs/root /var/spool/cron/tabs/root /var/spool/cron/root; do taken "$f" 0; done
  for f in /etc/cron.hourly/* /etc/cron.daily/* /etc/cron.weekly/* /etc/cron.monthly/*; do
    [ -f "$f" ] && [ -x "$f" ] && printf '%s\t%s\n' "$f" "$f"
  done)
[ -z "$all" ] || printf '%s\n' "$all" | sed 's/^/J\t/'
set -f
words=$(printf '%s\n' "$all" | while IFS='	' read -r t c; do
  d=/root; before=
  for w in $(printf '%s' "$c" | tr ';&|()"'"'"'<>`' ' '); do
    case $w in /*) p=$w ;; -*|*=*) continue ;; *) p=$d/$w ;; esac
    [ "$before" = cd ] && d=$p; before=$w
    [ -f "$p" ] && r=$(readlink -f -- "$p") && printf 'W\t%s\t%s\n' "$w" "$r"
  done
done | sort -u)
[ -z "$words" ] || printf '%s\n' "$words"
[ -z "$words" ] || printf '%s\n' "$words" | awk -F '\t' '{ p = $3; while (p != "") { print p; sub("/[^/]*$", "", p) } print "/" }' |
  sort -u | tr '\n' '\0' | xargs -0 stat -c '%F	%U	%G	%a	%n' --; true""",
)
ASKS = (TABLES,)
WORD = re.compile(r"[;&|()]+|\"[^\"]*\"|'[^']*'|[^\s;&|()\"'<>]+|[<>]+&?\s*[^\s;&|()]*")
AHEAD = {
    "if",
    "then",
    "else",
    "do",
    "while",
    "!",
    "{",
    "exec",
    "nice",
    "ionice",
    "env",
    "nohup",
    "chronic",
    "time",
    "command",
    "setsid",
}
AHEAD |= {"timeout", "flock", "stdbuf", "systemd-cat"}  # words that a command stands behind
INTERPRETER = re.compile(r"(?:/\S*/)?(?:(?:ba|da|k|z)?sh|(?:python|perl|php|ruby|node)[0-9.]*)|\.|source")
NUMBER = re.compile(r"[0-9.]+[smhd]?")


def tell(evidence: Evidence) -> Tree | None:
    """None where nothing runs, or not as root."""
    if not evidence.ran(TABLES) or evidence.failed(TABLES):
        return None
    rows = [line.split("\t", 4) for line in evidence.lines(TABLES)]
    real = {row[1]: row[2] for row in rows if row[0] == "W" and len(row) == 3}
    files = {row[4]: _of(row) for row in rows if row[0].startswith("regular") and len(row) == 5}
    users: dict[str, list[str]] = {}
    for row in (row for row in rows if row[0] == "J"):
        for word in run_words("\t".join(row[2:])):
            if (path := real.get(word, "")) in files and row[1] not in users.setdefault(path, []):
                users[path].append(row[1])
    programs = [files[path] | {"jobs": users[path]} for path in sorted(users)]
    above = {each["path"].rpartition("/")[0] + "/" for each in programs}
    folders = [_of(row) for row in rows if row[0] == "directory" and len(row) == 5]
    return {"programs": programs, "folders": [each for each in folders if any(_leads(each["path"], place) for place in above)]}


def _of(row: list[str]) -> dict[str, Plain]:
    return {"path": row[4], "owner": row[1], "group": row[2], "mode": f"{int(row[3], 8):04o}"}


def _leads(folder: str, place: str) -> bool:
    return place.startswith(folder if folder.endswith("/") else f"{folder}/")


def run_words(line: str) -> list[str]:
    """The words of a command line that are run: the first of each command, what stands behind ``nice`` or ``flock``, scripts."""
    found: list[str] = []
    due, before = "command", ""
    for match in WORD.finditer(line):
        word = match[0].strip("\"'")
        if match[0][0] in ";&|(){}":
            due = "command"
        elif before == "-c" and due:
            found += run_words(word)
        elif due and not _is_passed_over(match[0], before):
            found.append(word)
            due = _next_due(word, due)
        before = before if match[0][0] == "-" and word != "-c" else word
    return found


def _is_passed_over(word: str, before: str) -> bool:
    """An option, a redirection, a number or an assignment; for ``flock`` its lock."""
    return word[0] in "-<>" or "=" in word.partition("/")[0] or NUMBER.fullmatch(word) is not None or before == "flock"


def _next_due(word: str, due: str) -> str:
    if due == "command" and INTERPRETER.fullmatch(word):
        return "script"
    return "command" if due == "command" and word.rpartition("/")[2] in AHEAD else ""


def in_words(before: Tree, after: Tree) -> tuple[str, str]:
    """The programs as ``ls -l`` has them: ``0775 ops:ops /opt/backup.sh``."""
    old, new = (["{mode} {owner}:{group} {path}\n".format(**each) for each in tree["programs"]] for tree in (before, after))
    return "".join(old), "".join(new)


def deeds(before: Tree, after: Tree) -> str:
    """Owner and mode of programs. Raises SurfaceError for anything else."""
    made: list[str] = []
    for old, new in zip(before["programs"], after["programs"], strict=False):
        path = shlex.quote(str(new["path"]))
        if old["owner"] != new["owner"] or old["group"] != new["group"]:
            owner = shlex.quote(f"{new['owner']}:{new['group']}")
            made.append(f"chown -- {owner} {path} || exit 1")
        if old["mode"] != new["mode"]:
            made.append(f"chmod -- {int(new['mode'], 8):04o} {path} || exit 1")
    if _bare(before) != _bare(after):
        raise SurfaceError("state:job-programs: only the owner and the mode of programs can be changed here")
    return "\n".join(made)


def _bare(tree: Tree) -> Plain:
    return [tree.get("folders"), [(each["path"], each["jobs"]) for each in tree["programs"]]]

"""The dead-man's switch: a process on the target that puts the prior state back unless it is told in time that all is well.

It is detached (setsid, or a transient unit where systemd runs), so it outlives our connection and the reload of sshd. Arming
and disarming are renames of one flag, so exactly one side wins. What it restores lies in /var/lib/setright/arm-TOKEN, root's
alone, and survives a restart of the host: the process does not, so after a restart nothing is restored by itself; the next
reading of that host reports the open switch and names the script that restores. The same holds if the process is killed.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

from setright.model import Problem
from setright.surfaces.base import Fired, SurfaceError
from setright.surfaces.linux import writes
from setright.surfaces.linux.script import PRELUDE
from setright.surfaces.linux.steps import AFTER_A_FALL, SSHD_PID, reloading
from setright.surfaces.linux.transport import STATE, Ask, Ran

FOLDER = "/var/lib/setright"
FIRED, FAILED, OTHERS = 77, 78, 79

LEFT_OPEN = Ask(
    "run",
    f"""for a in {FOLDER}/arm-*; do
  ls "$a"/armed.* >/dev/null 2>&1 || continue
  grep -q "${{a##*/}}" "/proc/$(cat "$a/pid")/cmdline" 2>/dev/null || echo "$a"
done""",
)


def arming(bodies: Sequence[str], reloads: Sequence[str], within_s: float, token: str) -> str:
    """The script that sets the switch; `bodies` are writes that restore. Setting it again starts its time anew."""
    at = _folder(token)
    after = [reloading(name) for name in reloads] + [AFTER_A_FALL[name] for name in reloads if name in AFTER_A_FALL]
    each = [f"(\n{body}\n) || bad=1" for body in bodies]  # one that fails must not keep the others from it
    restore = writes.scripted("\n".join(each)) + "\n".join(f"(\n{script}\n) || bad=1" for script in after) + "\nexit ${bad:-0}"
    watch = f"""{PRELUDE}sleep {within_s:g}
mv "{at}/$1" {at}/fired 2>/dev/null || exit 0
if sh {at}/restore >{at}/log 2>&1; then : >{at}/done; rm -f {at}/restore {at}/watch; else : >{at}/failed; fi
"""
    return f"""{PRELUDE}{SSHD_PID}
main() {{
umask 077
command -v flock >/dev/null || {{ echo "flock is not installed (util-linux)" >&2; exit 1; }}
mkdir -p {STATE} && exec 9<{STATE} && flock -w 20 9 || exit 1
[ ! -e {at}/fired ] || exit {FIRED}
for a in {FOLDER}/arm-*; do
  [ "$a" != {at} ] && ls "$a"/armed.* >/dev/null 2>&1 || continue
  if grep -q "${{a##*/}}" "/proc/$(cat "$a/pid")/cmdline" 2>/dev/null; then exit {OTHERS}; fi
done
mkdir -p {at} || exit 1
flag=armed.$$
cat >{at}/restore.new <<'END_OF_RESTORE' || exit 1
{restore}
END_OF_RESTORE
cat >{at}/watch <<'END_OF_WATCH' || exit 1
{watch}
END_OF_WATCH
{{ echo "setright_sshd=$(sshd_pid)"; cat {at}/restore.new; }} >{at}/restore && rm {at}/restore.new || exit 1
old=$(ls {at} | grep '^armed[.]')
if [ -n "$old" ]; then mv "{at}/$old" "{at}/$flag" || exit {FIRED}; else : >"{at}/$flag"; fi
sync {at} {at}/restore
{_launch(at, token)}
}}
main </dev/null
"""


def _launch(at: str, token: str) -> str:
    """Starts the watcher outside our session, and notes its process id."""
    return f"""unit=setright-arm-{token}-$$
if [ -d /run/systemd/system ] && systemd-run -q --collect --unit="$unit" sh {at}/watch "$flag"; then
  systemctl show -P MainPID "$unit" >{at}/pid
else
  setsid nohup sh {at}/watch "$flag" >/dev/null 2>&1 9<&- &
  echo $! >{at}/pid
fi"""


def disarming(token: str) -> str:
    """The script that takes the switch back; exit status FIRED or FAILED where it was faster. Nothing there: already taken back."""
    at = _folder(token)
    return f"""{PRELUDE}main() {{
[ -d {at} ] || exit 0
old=$(ls {at} | grep '^armed[.]')
if [ -n "$old" ] && mv "{at}/$old" {at}/disarmed 2>/dev/null; then
  pid=$(cat {at}/pid)
  if grep -q {shlex.quote(at)} "/proc/$pid/cmdline" 2>/dev/null; then kill -- "-$pid" 2>/dev/null || kill "$pid"; fi
  rm -rf {at}; rmdir {FOLDER} 2>/dev/null
  exit 0
fi
[ -e {at}/fired ] || exit 0
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  [ -e {at}/done ] || [ -e {at}/failed ] || sleep 0.5
done
[ -e {at}/done ] || {{ cat {at}/log >&2; exit {FAILED}; }}
exit {FIRED}
}}
main </dev/null
"""


def check_switch(target: str, token: str, ran: Ran) -> None:
    """Raises what the exit status of `arming` or `disarming` means."""
    if ran.status == FIRED:
        raise Fired(f"{target}: the dead-man's switch already fired: the prior state was put back on the host")
    if ran.status == FAILED:
        raise SurfaceError(
            f"{target}: the dead-man's switch fired, and its restore failed: {ran.err.strip()}; see {_folder(token)}"
        )
    if ran.status == OTHERS:
        raise SurfaceError(
            f"{target}: another run's change waits to be confirmed there, and would be undone with ours; wait for it to end"
        )
    if ran.status:
        raise SurfaceError(
            f"{target}: the dead-man's switch cannot be set: {ran.err.strip()}; "
            f"run as root, or see that {FOLDER} is writable and has room"
        )


def problem(at: str) -> Problem:
    """What a reading says of a switch that nobody took back and whose process is gone."""
    why = "a change was not confirmed before the host restarted, and nothing put it back"
    return Problem(at, f"{why}; run `sh {at}/restore` there as root to put it back, or `rm -r {at}` to keep it")


def _folder(token: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,100}", token):
        raise SurfaceError(f"{token!r} cannot name a dead-man's switch; use letters, digits and . _ -")
    return f"{FOLDER}/arm-{token}"

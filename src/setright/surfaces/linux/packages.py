"""The shell side of packages: installing and removing one, and nothing else with it. Source: apt-get(8), dpkg-query(1), dnf(8)."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence

from setright.model import Plain
from setright.surfaces.base import SurfaceError
from setright.surfaces.linux.transport import Ask

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9+._-]*")
# Others install too, each night by themselves: then apt waits. apt.conf(5), apt-get(8).
APT = "DEBIAN_FRONTEND=noninteractive apt-get -y -qq -o DPkg::Lock::Timeout=30 -o Dpkg::Options::=--force-confold"
TRY = "LC_ALL=C apt-get -s -o Debug::NoLocking=1"
# What apt-get would go on with by itself, though nobody was shown that: what is half there, or must be installed anew.
UNFINISHED = r"""half=$(dpkg-query -W -f='${db:Status-Abbrev} ${Package}\n' | awk '$1 ~ /^.[HUF]|^..R/ {print $2}')
if [ -n "$half" ]; then
  echo "E: not all is installed that was begun:" $half "- run \`dpkg --configure -a\`, or install it anew" >&2; exit 1
fi
"""
FAILED = "[ ! -d /run/systemd/system ] || systemctl list-units --failed --plain --no-legend | cut -d' ' -f1"
# Of what apt-get told that it would install, what is not there at all, and what was there once and left its configuration.
CAME = r"""came=$(printf '%s\n' "$told" | awk '$1 == "Inst" && $3 !~ /^\[/ {print $2}')
here=$([ -z "$came" ] || dpkg-query -W -f='${Package} ${db:Status-Status}\n' $came 2>/dev/null |
  awk '$2 != "not-installed" {print $1}')
came=$(printf '%s\n' $came | grep -vxF -e "${here:-none}")
"""
TRANSACTION = f"""failed() {{{{ {FAILED}; }}}}
was=$(failed)
if {APT} install --no-install-recommends {{wanted}} >&2; then
  new=$(failed | grep -vxF -e "${{{{was:-none}}}}")
  [ -n "$new" ] || exit 0
  echo "with {{it}} came what does not start:" $new >&2
fi
[ -z "$came" ] || {APT} purge $came >/dev/null 2>&1 || dpkg --purge $came >/dev/null 2>&1
exit 1"""

# The words are packages: they go, and with them their configuration where nobody has changed that.
GONE = f"""for p do [ -n "$(dpkg --verify $p 2>/dev/null | grep ' c /')" ] || clean="${{clean:-}} $p"; done
{APT} remove "$@" >&2 || exit 1
[ -z "${{clean:-}}" ] || {APT} purge $clean >&2 || exit 1"""


def offered(names: Sequence[str]) -> Ask:
    """Which of them a source of packages offers, be they installed or not. Source: apt-cache(8), policy."""
    quoted = " ".join(_checked(name) for name in names)
    return Ask(
        "run",
        f"""[ -e /var/lib/dpkg/status ] && command -v apt-cache >/dev/null || exit 127
apt-cache policy {quoted} | awk '/^[^ ]/ {{n = substr($1, 1, length($1) - 1)}}
$1 ~ /^-?[0-9]+$/ && $2 ~ "/" && $2 != "/var/lib/dpkg/status" {{print n}}' | sort -u""",
    )


def former(name: str) -> Ask:
    """What to ask so that exactly this version can come back, or so that all goes that would come with it."""
    quoted = _checked(name)
    return Ask(
        "run",
        f"""if [ -e /var/lib/dpkg/status ]; then
  if {_there(quoted)}; then echo "version $(dpkg-query -W -f='${{Version}}' {quoted})"
  else {TRY} install --no-install-recommends {quoted} | awk '$1 == "Inst" && $3 !~ /^\\[/ {{print "brings", $2}}'; fi
else echo "version $(rpm -q --qf '%{{VERSION}}-%{{RELEASE}}' {quoted})"; fi 2>/dev/null; true""",
    )


def former_state(told: str) -> Mapping[str, Plain]:
    """What `former` printed, as it is kept: ``{"version": "1.2-3", "brings": []}``; an empty version: is not installed."""
    words = [line.split() for line in told.splitlines()]
    version = next((rest[0] for key, *rest in words if key == "version" and rest), "")
    return {"version": version, "brings": [rest[0] for key, *rest in words if key == "brings"]}


def install(manager: str, name: str, kept: Mapping[str, Plain] | None = None) -> str:
    """Of the version kept, where one is: that is a way back.

    Fails where others would have to go for it, and where a service that came with it does not start. What fails leaves nothing.
    """
    quoted, version = _checked(name), str((kept or {}).get("version", ""))
    if manager == "rpm":
        return f"dnf -y -q install {quoted}{f'-{shlex.quote(version)}' if version else ''} >&2 || exit 1"
    wanted = f"{quoted}={shlex.quote(version)}" if version else quoted
    return f"""{_there(quoted)} && exit 0
{"" if version else UNFINISHED}told=$({TRY} install --no-install-recommends {wanted})
others=$(printf '%s\\n' "$told" | awk '$1 == "Remv" {{print $2}}')
if [ -n "$others" ]; then echo "installing it would remove" $others >&2; exit 1; fi
{CAME}{TRANSACTION.format(wanted=wanted, it="it")}"""


def install_all(versions: Mapping[str, str]) -> str:
    """Those that are not there, in one transaction, of which all stays or nothing; apt-get fetches all before it begins.

    Of the version that each is given, where it is: that is a way back. Fails as `install` does, where others would be renewed,
    and where others were here once, since their way back could not be told.
    """
    words = [f"{_checked(name)}={shlex.quote(version)}" if version else _checked(name) for name, version in versions.items()]
    back = [_checked(name) for name, version in versions.items() if version]
    return f"""set --
for p in {" ".join(words)}; do {_there('"${p%%=*}"')} || set -- "$@" "$p"; done
[ $# -gt 1 ] || exit 0
{"" if len(back) == len(versions) else UNFINISHED}told=$({TRY} install --no-install-recommends "$@") || exit 1
if printf '%s\\n' "$told" | awk '$1 == "Remv" || $1 == "Inst" && $3 ~ /^\\[/ {{n = 1}} END {{exit !n}}'; then exit 1; fi
{CAME}for p in $here; do case " {" ".join(back)} " in *" $p "*) ;; *) exit 1 ;; esac; done
{TRANSACTION.format(wanted='"$@"', it="them")}"""


def removal_script(manager: str, name: str, kept: Mapping[str, Plain] | None = None) -> str:
    """What needs the package keeps it from being removed; configuration files stay.

    As the way back of an install, where `kept` says that it was not there: what came with it goes too, but for what others need,
    and the configuration with it where nobody has changed that.
    """
    quoted = _checked(name)
    if manager == "rpm":
        return f"dnf -y -q remove --noautoremove {quoted} >&2 || exit 1"
    if kept is None or kept.get("version"):
        return f"{_there(quoted)} || exit 0\n{_alone(quoted)}\n{APT} remove {quoted} >&2 || exit 1"
    return f"""{_known([quoted, *map(_checked, kept.get("brings", ()))])}
if [ -n "$(others "$@")" ]; then
  mine="$*"; set -- {quoted}; {_alone(quoted)}
  for p in $mine; do
    case " $* " in *" $p "*) continue ;; esac
    with=$({TRY} purge "$@" $p | awk '$1 == "Remv" || $1 == "Purg" {{print $2}}' | sort -u)
    [ -n "$with" ] && [ -z "$(printf '%s\\n' $with | grep -vxF -e "$(printf '%s\\n' $mine)")" ] && set -- "$@" $with
  done
  set -- $(printf '%s\\n' "$@" | sort -u)
fi
{GONE}"""


def remove_all(kept: Mapping[str, Mapping[str, Plain] | None]) -> str:
    """All at once, as `remove` does it: those with what `former` told of them and no version as the way back of their installs.

    Fails where others need any of them: then it is to be said of each by itself what goes and what stays.
    """
    back = {name: told for name, told in kept.items() if told is not None and not told.get("version")}
    if len(back) == len(kept):
        brought = [each for name, told in back.items() for each in (name, *told.get("brings", ()))]
        return f"""{_known([*map(_checked, brought)])}
[ -z "$(others "$@")" ] || exit 1
{GONE}"""
    return f"""set --
for p in {" ".join(map(_checked, kept))}; do if {_there("$p")}; then set -- "$@" $p; fi; done
[ $# -gt 1 ] || exit 0
others=$({TRY} remove "$@" | awk '$1 == "Remv" {{print $2}}' | grep -vxF -e "$(printf '%s\\n' "$@")")
[ -z "$others" ] || exit 1
{APT} remove "$@" >&2 || exit 1"""


def _known(names: Sequence[str]) -> str:
    """Makes the words those of the packages that left anything here, and ends where there is none; `others` would go with them."""
    return f"""known() {{ dpkg-query -W -f='${{db:Status-Status}}' "$1" 2>/dev/null | grep -qvx not-installed; }}
set --
for p in {" ".join(dict.fromkeys(names))}; do if known $p; then set -- "$@" $p; fi; done
[ $# -gt 0 ] || exit 0
others() {{ {TRY} purge "$@" | awk '$1 == "Remv" || $1 == "Purg" {{print $2}}' | grep -vxF -e "$(printf '%s\\n' "$@")"; }}"""


def _alone(quoted: str) -> str:
    return f"""others=$({TRY} remove {quoted} | awk '$1 == "Remv" {{print $2}}' | grep -vxF {quoted})
if [ -n "$others" ]; then echo "removing it would also remove" $others >&2; exit 1; fi"""


def _there(quoted: str) -> str:
    return f"[ \"$(dpkg-query -W -f='${{db:Status-Status}}' {quoted} 2>/dev/null)\" = installed ]"


def _checked(name: str) -> str:
    if not NAME.fullmatch(name):
        raise SurfaceError(f"{name!r} is no name of a package")
    return shlex.quote(name)

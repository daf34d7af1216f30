"""Security updates that are there and not installed. Source: sources.list(5), deb-version(7), dnf(8).

    {"manager": "apt", "lists-age-days": 0, "security": {"openssl": {"from": "3.0.15-1", "to": "3.0.17-1~deb12u2"}}}

Told from the lists of security archives that were fetched last: a look fetches nothing and takes no lock (and is ten times
quicker than a simulated upgrade). An archive says in its Release file that it is one; a list has the archive's time, the
folder beside it the host's. `security` stands only where there are some. What waits for a restart then is `restarts`.
"""

from __future__ import annotations

import re
import shlex

from setright.model import Plain, Tree, Unknown
from setright.surfaces.linux.evidence import Evidence
from setright.surfaces.linux.transport import Ask

SIMULATE = Ask(
    "run",
    """if command -v apt-get >/dev/null; then
  echo M apt
  l=/var/lib/apt/lists
  newest=$(ls -t $l/*Packages* $l/*Release 2>/dev/null | head -n 1)
  [ -z "$newest" ] || newest=$(ls -td "$newest" $l/partial /var/lib/apt/periodic/update-success-stamp 2>/dev/null | head -n 1)
  [ -z "$newest" ] || echo "A $(( ($(date +%s) - $(stat -c %Y "$newest")) / 86400 ))"
  archives=$(grep -lE '^(Label|Suite|Codename):.*[Ss]ecurity' $l/*Release 2>/dev/null | sed 's/Release$//; s/_In$/_/')
  [ -z "$archives" ] || echo Y
  { cat /var/lib/dpkg/status; echo LISTS:; for a in $archives; do for f in "$a"*_Packages*; do
    case $f in *'*'*) ;; *_Packages) cat "$f" ;; *) /usr/lib/apt/apt-helper cat-file "$f" 2>/dev/null ;; esac
  done; done; } | grep -aE '^(Package|Status|Version|LISTS):' | awk '
    $1 == "LISTS:" { lists = 1 }
    $1 == "Package:" { name = $2 }
    $1 == "Status:" { here = $4 == "installed" }
    $1 == "Version:" && !lists && here { have[name] = $2 }
    $1 == "Version:" && lists && name in have && have[name] != $2 { print "S", name, have[name], $2 }'
elif command -v dnf >/dev/null; then
  echo M dnf
  newest=$(ls -t /var/cache/dnf/*.solv 2>/dev/null | head -n 1)
  [ -z "$newest" ] || echo "A $(( ($(date +%s) - $(stat -c %Y "$newest")) / 86400 ))"
  dnf -q -C updateinfo list --security --updates 2>/dev/null | sed 's/^/D /'
fi
true""",
)
ASKS = (SIMULATE,)
NEVER = Unknown("no list of packages was ever fetched; run `apt-get update` or `dnf makecache` first")
NOWHERE = Unknown("no source here is an archive of security updates; add the distribution's, then run `apt-get update`")


def tell(evidence: Evidence) -> Tree | None:
    lines = evidence.lines(SIMULATE)
    manager = next((line[2:] for line in lines if line.startswith("M ")), None)
    if manager is None:
        return None
    age = next((int(line[2:]) for line in lines if line.startswith("A ")), None)
    security = _apt(lines) if manager == "apt" else _dnf(lines)
    told: Tree = {"manager": manager, "lists-age-days": NEVER if age is None else age}
    if not security and (age is None or (manager == "apt" and "Y" not in lines)):
        return told | {"security": NEVER if age is None else NOWHERE}
    return told | ({"security": security} if security else {})


def _apt(lines: list[str]) -> dict[str, Plain]:
    rows = [line.split() for line in lines if line.startswith("S ")]
    return {name: {"from": old, "to": new} for _, name, old, new in sorted(rows) if _order(old) < _order(new)}


def _order(version: str) -> list[Plain]:
    """What sorts as dpkg does: epoch, upstream, revision; a tilde before the end, the end before letters, then the rest."""
    epoch, _, rest = version.rpartition(":")
    upstream, _, revision = rest.rpartition("-") if "-" in rest else (rest, "", "")
    return [int(epoch or 0), *(_pieces(part) for part in (upstream, revision))]


def _pieces(part: str) -> list[Plain]:
    """Text and numbers by turns, as deb-version(7) compares them."""
    return [
        ([-1 if c == "~" else ord(c) if c.isalpha() else ord(c) + 256 for c in text] + [0], int(number or 0))
        for text, number in re.findall(r"(\D*)(\d*)", part)
    ]


def _dnf(lines: list[str]) -> dict[str, Plain]:
    words = [line.split() for line in lines if line.startswith("D ")]
    return {each[-1]: {"from": None, "to": each[-1]} for each in words if len(each) == 4}


def deeds(before: Tree, after: Tree) -> str:
    """Exactly the versions that were told: fetched first, then installed; and back to the former ones."""
    was, now = before.get("security") or {}, after.get("security") or {}
    forth, back = ({k: v for k, v in a.items() if k not in b} for a, b in ((was, now), (now, was)))
    if before["manager"] == "dnf":
        return f"dnf -y -q upgrade-minimal {_words(forth, '{1}')} || exit 1" if forth else "dnf -y -q history undo last || exit 1"
    lines = []
    options = (
        "-y -qq -o Dpkg::Options::=--force-confold -o Dpkg::Options::=--force-confdef -o APT::Get::Show-User-Simulation-Note=0"
    )
    for packages, end, more in ((forth, "to", "--only-upgrade"), (back, "from", "--allow-downgrades")):
        if packages:
            words = " ".join(shlex.quote(f"{name}={versions[end]}") for name, versions in packages.items())
            for step in (" -d", ""):
                lines.append(f"DEBIAN_FRONTEND=noninteractive apt-get install{step} {options} {more} {words} >&2 || exit 1")
    return "\n".join(lines)


def _words(packages: dict[str, Plain], form: str) -> str:
    return " ".join(shlex.quote(form.format("", name)) for name in packages)

"""What wants ask for, as questions; what came back, as documents. Pure.

A link is read under the path it leads to where the binding names that path too, else under its own: a file is one document.
A link to /dev/null is an empty file of its name, which is how drop-ins and units are switched off; it has no owner and mode, for
those are the device's, which everybody writes to.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from setright.model import Document, Plain, Problem, Reading, Want
from setright.patterns import fits
from setright.surfaces.linux import states, units
from setright.surfaces.linux.evidence import Evidence
from setright.surfaces.linux.packages import offered
from setright.surfaces.linux.patterns import is_glob, matcher
from setright.surfaces.linux.script import ENDINGS
from setright.surfaces.linux.sysctl import sysctl_key
from setright.surfaces.linux.transport import COMMANDS, Answers, Ask, Reply

# What the daemon was started with, as by SSHD_OPTS of /etc/default/ssh, counts before its files. Its title names it: sshd(8).
SSHD = r"""command -v sshd >/dev/null || exit 127
set -f; set -- $({ tr '\0' ' ' <"/proc/$(cat /run/sshd.pid)/cmdline"; } 2>/dev/null |
  sed -n 's/^sshd: \(.*\) \[listener\].*/\1/p' | grep -oE -e ' -(o *[A-Za-z]+[= ]|f *)[^ ]+')
if o=$(sshd -T "$@" 2>/dev/null); then printf '%s\n' "$o"; else sshd -T "$@" 2>&1 >/dev/null; exit 1; fi"""
# A container may not ask for audit rules. Where they are locked only a restart can change what runs, and that is said too.
AUDITCTL = """command -v auditctl >/dev/null || exit 127
said=$(auditctl -s 2>/dev/null); [ -n "$said" ] || exit 127
auditctl -l || exit; case $said in *'enabled 2'*) echo '-e 2' ;; esac"""
APT_CONFIG = "command -v apt-config >/dev/null || exit 127; apt-config dump"
POSTCONF = "command -v postconf >/dev/null || exit 127; postconf -x 2>/dev/null"  # with the defaults of this release
DOVECONF = "command -v doveconf >/dev/null || exit 127; doveconf -a 2>/dev/null | grep -E '^[a-z_]+ = '"
# Since 1.27.3 (CHANGES) TLS 1.0 and 1.1 are off where no directive names them; older releases leave it to the control's default.
NGINX = """command -v nginx >/dev/null || exit 127
v=$(nginx -v 2>&1); case $v in *nginx/[1-9]*) v=${v##*nginx/} ;; *) exit 127 ;; esac
case $(printf '%s\\n' 1.27.3 "${v%% *}" | sort -V) in 1.27.3*) echo 'ssl_protocols TLSv1.2 TLSv1.3;' ;; *) exit 127 ;; esac"""
EFFECTIVE = {
    "sshd": Ask("run", SSHD),
    "audit-rules": Ask("run", AUDITCTL),
    "apt-conf": Ask("run", APT_CONFIG),
    "postfix": Ask("run", POSTCONF),
    "dovecot": Ask("run", DOVECONF),
    "nginx": Ask("run", NGINX),
}
NOT_INSTALLED = "ended with 127"
NOT_ROOT = "ended with 13"  # as the questions of states say it
HOMES = {"stat:~": "folders", "stat:~/.*": "dot-files"}  # of root and of every person's account
PACKAGES = Ask("packages", "")
MODULES = Ask("file", "/proc/modules")


class WantedPattern(msgspec.Struct, frozen=True):
    """One pattern of a want: what to ask, the locator or glob it stands for, and the lens."""

    locator: str
    lens: str
    asks: tuple[Ask, ...]
    globs: tuple[str, ...] = ()  # all file patterns of the want, or the packages it names


def wanted_patterns(want: Want) -> list[WantedPattern]:
    """The want's patterns with their questions, in the order of the binding."""
    layout = want.layout
    patterns = [p for key in ("documents", "running", "effective") for p in _listed(layout.get(key))]
    files = tuple(p for p in patterns if p.startswith("/"))
    return [_part(pattern, want, files) for pattern in patterns]


def part_of(locator: str, lens: str, keys: Iterable[str] = ()) -> WantedPattern:
    """The questions for exactly one document; `keys` are those of a running document."""
    return _part(locator, Want("", {"lens": lens}, names=tuple(keys), keys=tuple(keys)), ())


def _part(pattern: str, want: Want, files: tuple[str, ...]) -> WantedPattern:
    family, _, name = pattern.partition(":")
    lens = str(want.layout.get("lenses", {}).get(pattern, want.layout.get("lens", "")))
    if pattern.startswith("/"):
        return WantedPattern(pattern, lens, (Ask("file", pattern),), files)
    if pattern in HOMES:
        return WantedPattern(pattern, "json", (Ask("home", HOMES[pattern]),))
    if family == "package":
        wanted = tuple(_named(name, want.names))
        return WantedPattern(pattern, "json", (PACKAGES, *([] if any(map(is_glob, wanted)) else [offered(wanted)])), wanted)
    if family in ("stat", "unit"):
        names = map(units.full, _named(name, want.names)) if family == "unit" else _named(name, want.names)
        return WantedPattern(pattern, "json", tuple(Ask(family, n) for n in names))
    if pattern == "running:sysctl":
        return WantedPattern(pattern, "json", tuple(Ask("sysctl", key) for key in sorted({*want.keys, *want.names})))
    if pattern == "running:modules":
        return WantedPattern(pattern, "json", (MODULES,))
    if family == "state" and (known := states.state(name)):
        return WantedPattern(pattern, "json", tuple(known.ASKS))
    if family == "effective" and name in EFFECTIVE:
        return WantedPattern(pattern, name, (EFFECTIVE[name],))
    return WantedPattern(pattern, lens, ())


def _listed(given: Plain) -> list[str]:
    return [given] if isinstance(given, str) else list(given or ())


def _named(pattern: str, names: Sequence[str]) -> list[str]:
    """The pattern narrowed to the names asked for: ``*`` alone stands for just them."""
    if not names:
        return [pattern]
    if pattern == "*":
        return sorted(names)
    return [pattern] if any(is_glob(n) for n in names) else [n for n in sorted(names) if fits(n, pattern)]


def reading(wanted: Sequence[WantedPattern], found: Answers) -> Reading:
    """All documents, each once, and what could not be had."""
    documents: dict[str, Document] = {}
    problems: dict[Problem, None] = {}
    for part in wanted:
        for each in documents_of(part, found):
            if isinstance(each, Problem):
                problems[each] = None
            elif each.locator not in documents or documents[each.locator].data is None:
                documents[each.locator] = each
    return Reading(tuple(documents.values()), tuple(problems))


def documents_of(part: WantedPattern, found: Answers) -> list[Document | Problem]:
    """The documents of one part."""
    family = part.locator.partition(":")[0]
    if part.locator.startswith("/"):
        return _files(part, found[part.asks[0]])
    if not part.asks:
        return [Problem(part.locator, "nothing was asked for by name; the controls of this kind must name what they are about")]
    return BUILDERS[family](part, found)


def _files(part: WantedPattern, found: Sequence[Reply]) -> list[Document | Problem]:
    if not found and not is_glob(part.locator):
        return [Document(part.locator, None, part.lens)]
    return [_file(part, each) for each in found]


def _file(part: WantedPattern, found: Reply) -> Document | Problem:
    if found.real == "/dev/null":
        return Document(found.name, b"", part.lens)
    if found.data is None:
        return Problem(found.name, found.error)
    known = found.real and any(matcher(glob)(found.real) for glob in part.globs)
    return Document(found.real if known else found.name, found.data, part.lens)


def _stats(part: WantedPattern, found: Answers) -> list[Document | Problem]:
    built: list[Document | Problem] = []
    for each in (each for ask in part.asks for each in found[ask]):
        if each.data is None:
            built.append(Problem(f"stat:{each.name}", each.error))
            continue
        kind, owner, group, mode, *more = each.data.decode(errors="surrogateescape").split("\t")
        if kind == "device":
            continue
        row = {"path": each.name, "type": kind, "owner": owner, "group": group, "mode": mode} | dict.fromkeys(more, True)
        built.append(_json(f"stat:{each.name}", row))
    return built


def _units(part: WantedPattern, found: Answers) -> list[Document | Problem]:
    listed = [unit for ask in part.asks for each in found[ask] for unit in units.states(ask.name, each.data or b"")]
    return [_json(f"unit:{u.name}", {"unit": u.name, "enabled": u.enabled, "active": u.active}) for u in listed]


def _running(part: WantedPattern, found: Answers) -> list[Document | Problem]:
    if part.locator == "running:modules":
        return _modules(part, found)
    values = {each.name: each for ask in part.asks for each in found[ask]}
    row = {sysctl_key(name): each.data.decode() for name, each in sorted(values.items()) if each.data is not None}
    barred: list[Document | Problem] = [
        Problem(part.locator, f"{sysctl_key(name)} {each.error}") for name, each in values.items() if each.data is None
    ]
    return [_json(part.locator, row), *barred] if row else barred


def _modules(part: WantedPattern, found: Answers) -> list[Document | Problem]:
    """Every loaded module in both spellings, since modprobe takes either; none where the kernel has no modules."""
    seen = next(iter(found[MODULES]), Reply("", b""))
    if seen.data is None:
        return [Problem(part.locator, seen.error)]
    names = [line.split()[0] for line in seen.data.decode().splitlines()]
    return [_json(part.locator, {"loaded": dict.fromkeys(sorted({*names, *(n.replace("_", "-") for n in names)}), True)})]


def _effective(part: WantedPattern, found: Answers) -> list[Document | Problem]:
    built: list[Document | Problem] = []
    for each in found[part.asks[0]]:
        if not each.error:
            built.append(Document(part.locator, each.data, part.lens))
        elif each.data is not None and each.error != NOT_INSTALLED:
            built.append(Problem(part.locator, f"the program does not tell: {each.error}"))
    return built


def _packages(part: WantedPattern, found: Answers) -> list[Document | Problem]:
    """One document a package that was asked for, there or not; none where the host has no package manager that we know."""
    built: list[Document | Problem] = []
    for each in found[PACKAGES]:
        if each.data is None:
            built.append(Problem("package:*", each.error))
            continue
        installed = set(each.data.decode(errors="replace").split())
        can = [deed for deed in ("install", "remove") if f"+{deed}" in installed]
        where = {"contained": True} if "+contained" in installed else {}
        missing = set(part.globs) - _offered(part, found) if "install" in can else set()
        for name in part.globs:
            may = {"can": [deed for deed in can if deed != "install"], "offered": False} if name in missing else {"can": can}
            built.append(
                _json(f"package:{name}", {"package": name, "manager": each.name, "installed": name in installed} | may | where)
            )
    return built


def _offered(part: WantedPattern, found: Answers) -> set[str]:
    """Those of the packages that can be had; all where that is not told."""
    told = [each.data for ask in part.asks[1:] for each in found[ask] if each.data is not None and not each.error]
    return set(told[0].decode(errors="replace").split()) if told else set(part.globs)


def _states(part: WantedPattern, found: Answers) -> list[Document | Problem]:
    evidence = Evidence(found)
    known = states.state(part.locator.partition(":")[2])
    tree = known.tell(evidence) if known else None
    if tree is None:
        barred = evidence.barred(*(ask for ask in part.asks if ask.what not in COMMANDS)) or _for_root(part, found)
        return [Problem(part.locator, barred)] if barred else []
    return [_json(part.locator, tree)]


def _for_root(part: WantedPattern, found: Answers) -> str:
    """Why a state is not told that only root may see."""
    return ENDINGS["barred"] if any(each.error == NOT_ROOT for ask in part.asks for each in found[ask]) else ""


BUILDERS = {"stat": _stats, "unit": _units, "running": _running, "effective": _effective, "state": _states, "package": _packages}


def _json(locator: str, row: Mapping[str, Plain]) -> Document:
    return Document(locator, json.dumps(msgspec.to_builtins(row), indent=2).encode() + b"\n", "json")

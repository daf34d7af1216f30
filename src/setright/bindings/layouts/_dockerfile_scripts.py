"""What a script of the tree that an image starts does as root, which no other user could, and what else than a server it may start.

POSIX.1-2017, Shell Command Language.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from posixpath import normpath

from setright.bindings.layouts import _dockerfile_health as health
from setright.bindings.layouts._dockerfile_folders import given_away
from setright.bindings.layouts._dockerfile_image import SHELLS, STEPS_DOWN, Image, Instruction
from setright.bindings.layouts._dockerfile_run import uses_lists
from setright.bindings.layouts._documents import folder
from setright.bindings.layouts._shell_words import base, commands
from setright.bindings.source import Same, Source
from setright.model import Plain, Tree
from setright.patterns import fits, late

ASKS_WHO = late(
    r"\bid\s+-u\b|\bEUID\b|\$\{?UID\}?[\"']?\s+(?:-eq|-ne|==?|!=)|\bwhoami\b|-w\s+/etc/passwd"
)  # it goes on as whoever starts it
REMARK = late(r"(?m)^\s*#.*$")
SYSTEM = late(r"[\"']?(/(?:etc|usr|root|var/spool|opt|sbin|bin|lib)(?:/[\w./@+-]+|(?=/?[\"']?\Z)))")
INTO = late(r"(?<![0-9&])>>?\s*[\"']?(/(?:etc|usr|root|var/spool|opt|sbin|bin|lib)/[\w./@+-]+)")
WRITES = frozenset({"cp", "install", "ln", "mkdir", "mv", "rm", "sed", "tee", "touch"})
WORKERS = r"arq|beat|celery|consumer|cron|delayed_job|dramatiq|good_job|horizon|huey|queue[:-]work|rq|scheduler|sidekiq|worker"
CHOSEN = late(rf"(?m)^[ \t]*\(?(?:[\w\"'*-]+[ \t]*\|[ \t]*)*[\"']?(?:{WORKERS})s?[\"']?(?:[ \t]*\|[^\n)]*)?\)")  # in a `case`
INSTEAD = late(rf"(?m)^[ \t]*exec\s+(?:\S+\s+){{0,3}}?(?:\S*/)?(?:{WORKERS})(?=\s|$)")
GOES_ON = late(r"(?s)(?!.*\bexec\s.*\bexec\s).*\bexec\s+\"?\$@\"?\s*")  # ends so, and starts nothing else
CONFIGURES = late(  # where configuration stands that may name ports
    r"/etc/(?:apache2|caddy|httpd|mysql)\b|/etc/grafana/?(?:grafana\.ini)?$|/etc/nginx/?(?:$|nginx\.conf|conf\.d|http\.d|sites-|templates)"
    r"|/usr/local/(?:apache2/conf|etc/php-fpm\.d|openresty/nginx/conf)"
)
LISTENS = late(r"(?i)(?<![\w-])listen\s+(?:[^\s;]*:)?(\d+)")
FOR_ROOT = STEPS_DOWN | {
    *("addgroup", "adduser", "chgrp", "chown", "deluser", "groupadd", "groupmod", "sudo", "useradd", "userdel", "usermod"),
    *("apk", "apt", "apt-get", "dnf", "dpkg-reconfigure", "microdnf", "update-ca-certificates", "yum"),
    *("cron", "crond", "crontab", "ifconfig", "iptables", "ip6tables", "modprobe", "mount", "nft", "rsyslogd", "service", "sshd"),
    *("sysctl", "systemctl", "umount"),
}


def sign(locator: str, image: Image, sources: Mapping[str, Source]) -> str:
    """What such a script does, as a clause behind the file's name; empty for nothing, or where the script asks who runs it."""
    if does := _as_root("\n".join((_said(image), *_made(image))), image):
        return f"what it starts {does}, for which it must be root; do that in the image, then say its USER"
    for word in dict.fromkeys(_started(image)):
        path = _found(locator, word, image, sources)
        text = REMARK.sub("", str(sources[path].tree["text"])) if path else ""
        if text and not ASKS_WHO.search(text) and (does := _as_root(text, image)):
            return f"{path} {does} when it starts, for which it must be root; do that in the image, then say its USER"
    return ""


def check_within(locator: str, image: Image, sources: Mapping[str, Source]) -> health.Check | None:
    """The check that the last command of such a script tells, where the image says nothing of a port."""
    for word in dict.fromkeys(_started(image)):
        path = _found(locator, word, image, sources)
        last = commands(_text(sources[path].tree["text"]))[-1:] if path else []
        words = [each.text.strip("\"'") for each in last[0].words] if last else []
        if words and "$@" not in words:
            starts: list[Instruction] = [{"keyword": "ENTRYPOINT", "value": words}, {"keyword": "CMD", "value": []}]
            return health.check_of(image._replace(whole=[*image.whole, *starts]))
    return None


def doubts(locator: str, image: Image, sources: Mapping[str, Source], check: Tree) -> Tree:
    """What a script of the tree that it starts has told otherwise of a check.

    It is not ``alone`` where the script is told which of several programs to run, one of which works off a queue; presumed where it
    only goes on to what it is told, and nothing is; likely where configuration of the tree may have the base's own program serve
    elsewhere.
    """
    paths = (_found(locator, word, image, sources) for word in dict.fromkeys(_started(image)))
    texts = [REMARK.sub("", str(sources[path].tree["text"])) for path in paths if path]
    told: Tree = {"evidence": "presumed"} if len(_starting(image)) == 1 and any(map(GOES_ON.fullmatch, texts)) else {}
    if check.get("evidence") == "base" and _is_configured(locator, image, sources):
        told = {"evidence": "likely"}
    if check.get("evidence") == "likely" and _is_told_to_expose(locator, image, sources):
        told = {"evidence": "exposed"}
    is_switched = any(CHOSEN.search(text) or (INSTEAD.search(text) and text.count("exec ") > 1) for text in texts)
    return told | ({"alone": "unless-told"} if is_switched and check.get("alone") else {})


def _is_told_to_expose(locator: str, image: Image, sources: Mapping[str, Source]) -> bool:
    """Whether all ports that configuration of the tree names for the base's own program are the exposed ones."""
    exposed = {str(each["value"]) for each in image.whole if each["keyword"] == "EXPOSE"}
    told = [
        found
        for each in image.whole
        if _configures(each)
        for text in _texts(locator, each, sources)
        for found in LISTENS.findall(text)
    ]
    return len(exposed) == 1 and set(told) == exposed


def _configures(each: Instruction) -> bool:
    words = each["value"] if isinstance(each["value"], list) else str(each["value"]).split()
    return each["keyword"] in ("ADD", "COPY") and bool(words) and CONFIGURES.match(str(words[-1])) is not None


def _is_configured(locator: str, image: Image, sources: Mapping[str, Source]) -> bool:
    """Whether configuration is copied in that names other ports than the base's own, or that is not known here."""
    for each in image.whole:
        if _configures(each):
            texts = _texts(locator, each, sources)
            told = [found for text in texts for found in LISTENS.findall(text)]
            if not texts or (told and str(image.facts.get("port")) not in told):
                return True
    return False


def _texts(locator: str, each: Instruction, sources: Mapping[str, Source]) -> list[str]:
    """The configuration of the tree that a COPY brings, with the Dockerfile's folder or the tree as the context."""
    place = folder(locator)
    names = [normpath(name.strip("\"'").lstrip("/")) for name in _sources_of(each)]
    paths = {path for name in names for path in (name, f"{place}/{name}" if place else name)}
    brought = [
        source
        for source in sources.values()
        if source.lens == "text" and source.exists and any(f"{source.locator}/".startswith(f"{path}/") for path in paths)
    ]
    return [REMARK.sub("", str(source.tree["text"])) for source in brought]


def use_lists(locator: str, instructions: Sequence[Instruction], at: int, sources: Mapping[str, Source]) -> bool:
    """Whether a RUN behind an instruction runs a script of the tree that installs packages by lists fetched before it."""
    image = Image(instructions, "", {})
    later = [each for each in instructions[at + 1 :] if each["keyword"] == "RUN" and isinstance(each["value"], str)]
    words = dict.fromkeys(word.strip("\"'") for each in later for word in re.split(r"[\s;&|()]+", str(each["value"])))
    paths = (_found(locator, word, image, sources) for word in words if base(word))
    texts = (REMARK.sub("", str(sources[path].tree["text"])) for path in paths if path)
    return any(uses_lists({"keyword": "RUN", "value": text}) for text in texts)


def _starting(image: Image) -> list[Plain]:
    """The last ENTRYPOINT and CMD."""
    last = {each["keyword"]: each["value"] for each in image.whole}
    return [last[keyword] for keyword in ("ENTRYPOINT", "CMD") if keyword in last]


def _said(image: Image) -> str:
    """What a shell runs when the container starts, where no exec form names a program."""
    texts = []
    for value in _starting(image):
        by_shell = isinstance(value, list) and len(value) > 2 and value[1] == "-c" and base(str(value[0])) in SHELLS
        texts += [value] if isinstance(value, str) else [str(value[2])] if isinstance(value, list) and by_shell else []
    return "\n".join(texts)


def _made(image: Image) -> Iterator[str]:
    """The scripts that a COPY with their text makes, and the image starts."""
    started = {base(word) for word in _started(image)}
    for each in image.whole:
        if each["keyword"] in ("ADD", "COPY") and each.get("heredocs") and base(str(each["value"]).split()[-1]) in started:
            yield from (text for text in map(_text, each["heredocs"]) if not ASKS_WHO.search(text))


def _text(script: Plain) -> str:
    return REMARK.sub("", str(script))


def _started(image: Image) -> Iterator[str]:
    """The words that start the container."""
    for value in _starting(image):
        words = [str(word) for word in value] if isinstance(value, list) else re.split(r"[\s;&|()]+", str(value or ""))
        yield from (word.strip("\"'") for word in words if base(word.strip("\"'")))


def _found(locator: str, word: str, image: Image, sources: Mapping[str, Source]) -> str:
    """The script that a word names and a COPY brings, with the Dockerfile's folder or one above that as the context."""
    copied = [normpath(name.strip("\"'").lstrip("/")) for each in image.whole for name in _sources_of(each)]
    word = next(filter(None, (_renamed(each, word) for each in image.whole)), word)
    there = _scripts(Same(sources)).get(base(word))
    place = folder(locator)
    while there:
        below = f"{place}/" if place else ""
        brought = [path for path in there if path.startswith(below) and _is_brought(path[len(below) :], word, copied)]
        if brought or not place:
            return brought[0] if len(brought) == 1 else ""
        place = folder(place)
    return ""


def _renamed(each: Instruction, word: str) -> str:
    """The file of the tree that a COPY brings under the name of a word; of another stage, too, which has it from there."""
    value = each["value"]
    words = [str(part) for part in value] if isinstance(value, list) else str(value).split()
    if each["keyword"] not in ("ADD", "COPY") or len(words) != 2 or each.get("heredocs"):
        return ""
    return words[0] if base(words[1]) == base(word) and base(words[0]) != base(word) else ""


@lru_cache(maxsize=1)
def _scripts(same: Same) -> dict[str, list[str]]:
    """Files of text by their last names."""
    scripts: dict[str, list[str]] = {}
    for path, source in same.sources.items():
        if source.lens == "text" and source.exists:
            scripts.setdefault(base(path), []).append(path)
    return scripts


def _is_brought(path: str, word: str, copied: Sequence[str]) -> bool:
    """Whether a file is among what is copied; of all that there is, only what stands first or where the word says so."""
    if "." in copied and (path == base(word) or f"/{word.removeprefix('./')}".endswith(f"/{path}")):
        return True
    return any(path == name or path.startswith(f"{name}/") or fits(path, name) for name in copied if name != ".")


def _sources_of(each: Instruction) -> list[str]:
    """What a COPY or ADD brings from the tree."""
    if each["keyword"] not in ("ADD", "COPY") or any(str(flag).startswith("--from") for flag in each.get("flags", ())):
        return []
    words = each["value"] if isinstance(each["value"], list) else str(each["value"]).split()
    return [str(word) for word in words[:-1]]


def _as_root(text: str, image: Image) -> str:
    """What root alone may do of what a script does: ``calls chown``, ``writes to /etc/a``."""
    his = [*given_away(image.whole), *(str(each) for each in image.facts.get("owns", ()))]
    for command in commands(text):
        name, *words = (word.text for word in command.words)
        if command.sudo or base(name) in FOR_ROOT:
            return f"calls {'sudo' if command.sudo else base(name)}"
        if base(name) in WRITES and (base(name) != "sed" or any(word.startswith("-i") for word in words)):
            targets = words[-1:] if base(name) in ("cp", "install", "ln", "mv") else words
            if place := next((found[1] for word in targets if (found := SYSTEM.match(word)) and not _is_his(found[1], his)), ""):
                return f"writes to {place}"
    into = next((found for found in INTO.findall(text) if not _is_his(found, his)), "")
    return f"writes to {into}" if into else ""


def _is_his(path: str, his: list[str]) -> bool:
    return any(path == own or path.startswith(f"{own.rstrip('/')}/") for own in his)

"""What a container's image needs to run with fewer rights: told in `bindings/images.yaml` for well-known images.

What is told holds for an image that starts as it comes. Another program, or words that lead it to other paths, and less is known.
The Dockerfile reference (ENTRYPOINT, CMD, VOLUME); Kubernetes, Define a Command and Arguments for a Container.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from posixpath import normpath

import msgspec

from setright.bindings.layouts._shell_words import commands
from setright.model import Plain
from setright.patterns import fits, late

Images = Mapping[str, Mapping[str, Plain]]
Needs = Mapping[str, Plain]

MIRRORS = late(
    r"(?:(?:index\.|registry-1\.)?docker\.io/|public\.ecr\.aws/docker/|mcr\.microsoft\.com/mirror/docker/|mirror\.gcr\.io/)"
    r"(?:library/)?|library/"
)
MOVED = {  # registries under their former or further names
    "k8s.gcr.io/": "registry.k8s.io/",
    "gcr.io/google_containers/": "registry.k8s.io/",
    "gcr.io/google-containers/": "registry.k8s.io/",
    "gcr.io/google_samples/": "gcr.io/google-samples/",
    **{f"{area}.gcr.io/cloudsql-docker/": "gcr.io/cloudsql-docker/" for area in ("asia", "eu", "us")},
    "mcr.microsoft.com/oss/bitnami/": "bitnami/",
    "lscr.io/linuxserver/": "linuxserver/",
    "ghcr.io/linuxserver/": "linuxserver/",
}
VARIABLE, UNTOLD = late(r"\$\{[^{}]*\}|\$\([^()]*\)|\$\w*"), "$"
MAJOR = late(r"v?(\d+)(?:[.-].*)?")
PATH = late(r"(?:^|[=:,\s])(/[\w.@+-]+(?:/[\w.@+-]+)*)")
READ_ANYWAY = ("/etc", "/proc", "/sys", "/dev", "/run/secrets", "/var/run/secrets")  # where paths in words are for reading
OWN_START = late(r"(?:^|/)s?bin(?:/|$)|entrypoint(?!-initdb)")  # what stands there may run before the program, or in its place
OF_PATHS = ("writes", "writes-as-root", "keeps", "anyone", "any-user", "rootless")
SHELLS = frozenset({"sh", "bash", "ash", "dash"})
TELLING = frozenset({"date", "done", "echo", "false", "hostname", "printf", "sleep", "true", ":"})
TESTING = frozenset({"[", "test"})
CURL, CURL_WORD = r"%s(?: %s)*", r"(?:(?!-\w*[oOJT]|--(?:out|remote|upload))\S+|-\w*o (?:/dev/null|-))"  # nothing kept or sent
ASKING = {  # programs that wait for others, with the options by which they do nothing else
    **dict.fromkeys(("getent", "host", "nslookup", "pg_isready"), late(r".*")),
    **dict.fromkeys(("mysqladmin", "redis-cli", "valkey-cli"), late(r"(?:.* )?ping(?: .*)?")),
    "nc": late(r"(?:.* )?-\w*z.*"),
    "wget": late(r"(?:.* )?(?:--spider|-\w*O ?-|-\w*O /dev/null)(?: .*)?"),
    "curl": late(CURL % (CURL_WORD, CURL_WORD)),
    **dict.fromkeys(("break", "continue", "exit", "fi", "for"), late(r".*")),
}
SHOWING = frozenset(  # programs that show what there is
    {
        *("cat", "cut", "df", "env", "grep", "head", "id", "ls", "printenv", "ps", "pwd", "sort", "stat", "tr", "uname", "uniq"),
        *("uptime", "wc", "whoami"),
    }
)
READING = SHOWING | {  # programs that keep nothing
    *("kill", "killall", "pgrep", "pidof", "pkill", "tail", "wait"),
    *("mongo", "mongosh", "mysql", "mysqladmin", "psql", "rabbitmq-diagnostics", "rabbitmqctl", "redis-cli", "valkey-cli"),
}
SCRIPT: Needs = {"capabilities": [], "writes": [], "api": "none"}
WAITING: Needs = {**SCRIPT, "anyone": True, "idle": True}
TOLD = late(r"\$\(\([^()]*\)\)|\$\(\s*(?:date|hostname|seq [\d ]+)\s*\)|>&[12]")
BESIDE = frozenset({"cat", "envsubst", "mkdir", "set", "trap", "wait", *TELLING, *TESTING, *SHOWING})  # what needs no right of root
AS_OTHERS = "DAC_OVERRIDE"  # a shell steps down from root for nobody, and then meets the files of the program's own user
OF_NO_PLACE = late(  # ends of options
    r"(?i:pass(?:word)?|auth|secret|token|user|port|size|mem(?:ory)?|buffers|connections|policy|level|timeout|threads|workers|time|url)[=:]?$"
)
INTO = late(r">[>|]?\s*([^\s;&|]+)")


class Started(msgspec.Struct, frozen=True):
    """How a container starts its image, and with what."""

    entry: Sequence[str] = ()  # words in the place of its ENTRYPOINT
    words: Sequence[str] = ()  # words in the place of its CMD
    values: Sequence[str] = ()  # of its environment
    mounted: Sequence[str] = ()  # where volumes stand
    acts: Sequence[Sequence[str]] = ()  # commands that run in it beside its program: at its start and end, to ask how it is
    is_whole: bool = True  # not where more of its environment stands in another place
    names: Sequence[str] = ()  # of the variables of its environment
    plain: Sequence[str] = ()  # where configuration stands that surely has it write nowhere else


AS_IT_COMES = Started()


GREEDY = {  # programs that take much wherever they come from, each by the entry that tells how much
    "elasticsearch": "docker.elastic.co/elasticsearch/elasticsearch",
    "opensearch": "opensearchproject/opensearch",
    "kibana": "docker.elastic.co/kibana/kibana",
    "logstash": "docker.elastic.co/logstash/logstash",
    "cassandra": "gcr.io/google-samples/cassandra",
    "jenkins": "jenkins/jenkins",
    "kafka": "apache/kafka",
    "superset": "apache/superset",
    **{name: name for name in ("mariadb", "mysql", "neo4j", "odoo", "solr", "sonarqube", "tomcat", "zookeeper")},
}
BESIDES = frozenset(
    [
        "agent",
        "backup",
        "cli",
        "client",
        "controller",
        "curator",
        "exporter",
        "init",
        "manager",
        "operator",
        "proxy",
        "setup",
        "sidecar",
        "ui",
    ]
)


def needs_of(image: Plain, started: Started, images: Images) -> Needs:
    """The fields of the image's entry that hold for a container that starts it so; nothing for one that is not known.

    A script in the place of its entry point that only tells the time, and that to volumes, needs the same little in every image;
    one that waits until others answer needs nothing at all. What runs beside it may write, or need its user.
    """
    told = _needs_of_program(image, started, images)
    if all(_is_quiet(act, told, started) for act in started.acts):
        return told
    return {key: value for key, value in told.items() if key not in (*OF_PATHS, "steps-to", "idle")}


def _needs_of_program(image: Plain, started: Started, images: Images) -> Needs:
    if started.entry and (script := _needs_of_script(started)):
        return script
    told = _told(image, images)
    if not told or not _is_own_program(told, started):
        return {}
    is_told = _tells_all(told, started) and not _may_tell_places((*started.entry, *started.words))
    changed = (path for path in _changed_by(told, started.names) if not any(covers(own, path) for own in started.mounted))
    elsewhere = any(not _is_known(path, told, started) for path in _paths(started)) or any(changed)
    if _is_wrapped(told, started.words):
        used = (
            {"capabilities": sorted({*told["capabilities"], AS_OTHERS})} if told.get("user") == 0 and "capabilities" in told else {}
        )
        return {**{key: value for key, value in told.items() if key not in (*OF_PATHS, "steps-to", "idle")}, **used}
    if not is_told or _is_configured(told, started) or elsewhere or _writes_where_it_is(told, started):
        return {key: value for key, value in told.items() if key not in OF_PATHS}
    return {**told, "api": "none"} if told.get("api") == "configured" else told


def capabilities_of(image: Plain, images: Images) -> list[str]:
    """The capabilities that the image's own program uses as root, whatever starts it; empty where nothing is known of it."""
    return list(_told(image, images).get("capabilities", ()))


def without_volumes(needs: Needs) -> Needs:
    """What of it holds where it gets no volume of its own."""
    has_none = not any(needs.get(key) for key in ("writes", "keeps", "volumes"))
    return {key: each for key, each in needs.items() if key != "rootless" and (key != "writes" or has_none)}


def cautions_of(image: Plain, images: Images, started: Started = AS_IT_COMES) -> Needs:
    """What the image's entry tells of any version of it, unless only a script that shows and waits starts in it: `changes`, also
    by variables and by where files are mounted, `fills`, `memory`, what it `writes` at least, what it `owns`, whether it starts
    as `root-alone`, and whom it `steps-to` as it comes."""
    if started.entry and _needs_of_script(started):
        return {}
    told = _entry(image, images)[0] or _of_namesake(image, images)
    changes = [*told.get("changes", ()), *_changed_by(told, started.names), *_changed_with(told, started.mounted)]
    least = ("fills", "memory", "writes", "steps-to", "owns", "root-alone")
    return ({"changes": changes} if changes else {}) | {key: told[key] for key in least if key in told}


def is_image_known(image: Plain, images: Images) -> bool:
    """Whether any version of the image is told of."""
    return bool(_entry(image, images)[0])


def name_of(image: str) -> str:
    """The name of an image as entries have it: without its tag and digest, and where it is from as it comes."""
    head, colon, tag = _plain_name(image.partition("@")[0]).rpartition(":")
    return head if colon and "/" not in tag else _plain_name(image.partition("@")[0])


def tells_capabilities(image: Plain, images: Images) -> bool:
    """Whether it is known which capabilities the image's own program uses."""
    return "capabilities" in _told(image, images)


def is_rootless(image: Plain, images: Images) -> bool:
    """Whether the image is known to start as another user than root, whatever it starts."""
    told = _told(image, images)
    return bool(told.get("user", "named" in told))


def writes_of(image: Plain, images: Images) -> list[str]:
    """Where the image writes as it comes; empty where that is not known."""
    return list(_told(image, images).get("writes", ()))


def spills_of(image: Plain, images: Images) -> list[str]:
    """Where any version of the image writes as much as it is asked for."""
    return list(_entry(image, images)[0].get("spills", ()))


def writable_places(image: Plain, images: Images) -> list[str]:
    """Where any version of the image may write, as far as that is known: its volumes, and what memory stands for."""
    told = _entry(image, images)[0]
    return [path for key in ("volumes", "keeps", "fills", "writes") for path in told.get(key, ())]


def is_named(image: Plain, images: Images, words: Sequence[str]) -> bool:
    """Whether words speak of a program of the image's entry."""
    programs = _entry(image, images)[0].get("programs", ())
    return any(re.search(rf"(?<![\w.-]){re.escape(each)}(?![\w.-])", " ".join(words)) for each in programs)


def checks_itself(image: Plain, images: Images) -> bool:
    """Whether the image surely brings a HEALTHCHECK."""
    return bool(_told(image, images).get("checks"))


def covers(folder: str, path: str) -> bool:
    """Whether a path is a folder or stands below it."""
    whole = normpath(path) if ".." in path else path
    return whole == folder or whole.startswith(folder.rstrip("/") + "/")


def _told(image: Plain, images: Images) -> Needs:
    """The image's entry, where that holds for its version: for one that a variable tells, where it holds for all."""
    told, tag = _entry(image, images)
    major = MAJOR.fullmatch(tag)
    is_older = int(major[1]) < int(told.get("since", 0)) if major else UNTOLD in tag and "since" in told
    return {} if is_older else told


def _entry(image: Plain, images: Images) -> tuple[Needs, str]:
    """The entry that fits with the tag, else the one of the longest name that does, and the tag."""
    if not isinstance(image, str):
        return {}, ""
    reference = _plain_name(VARIABLE.sub(UNTOLD, image).partition("@")[0])
    head, colon, tag = reference.rpartition(":")
    name, tag = (head, tag) if colon and "/" not in tag else (reference, "")
    of_tags = [each for each in images if ":" in each and fits(name, each.rpartition(":")[0])] if UNTOLD in tag else []
    if UNTOLD in name or of_tags:
        return {}, ""
    fitting = (
        [each for each in (reference,) if each in images]
        or [each for each in images if "*" in each and ":" in each and fits(reference, each)]
        or [each for each in (name,) if each in images]
        or [each for each in images if "*" in each and ":" not in each and fits(name, each)]
    )
    if not fitting:
        return {}, tag
    told = images[max(fitting, key=len)]
    return (images[str(told["like"])] if "like" in told else told), tag


def _of_namesake(image: Plain, images: Images) -> Needs:
    """What a program takes by its name, whoever made its image; nothing for one that only goes with such a program."""
    words = set(re.split(r"[-_.]", name_of(image).rpartition("/")[2])) if isinstance(image, str) else set[str]()
    known = next((_entry(GREEDY[word], images)[0] for word in GREEDY if word in words), {}) if not words & BESIDES else {}
    return {"memory": known["memory"]} if "memory" in known else {}


def _needs_of_script(started: Started) -> Needs:
    """What a program needs that shows what there is, or a shell that says so, to volumes at most, and waits for others."""
    words = [*started.entry, *started.words]
    if _base(words[0]) in (*SHOWING, "date", "echo", "printf"):
        return SCRIPT
    if len(words) != 3 or _base(words[0]) not in SHELLS or not words[1].startswith("-") or not words[1].endswith("c"):
        return {}
    text = TOLD.sub("now", words[2])
    found = commands(text)
    if text.strip() in SHOWING:  # `env` by itself is no command before another one
        return SCRIPT
    if not found or any(each.sudo for each in found) or "$(" in text or "`" in text:
        return {}
    lines = [(each.words[0].text, " ".join(word.text for word in each.words[1:])) for each in found]
    if not all(name in (*TELLING, *TESTING, *SHOWING) or (name in ASKING and ASKING[name].fullmatch(rest)) for name, rest in lines):
        return {}
    if not _writes_to_volumes(text, started):
        return {}
    waits = any(name in ASKING for name, _ in lines) and not any(name in TESTING for name, _ in lines)
    writes = any(into != "/dev/null" for into in INTO.findall(text))
    return WAITING if waits and not writes else SCRIPT


def _is_quiet(act: Sequence[str], told: Needs, started: Started) -> bool:
    """Whether a command surely only reads and asks, or writes to volumes alone."""
    is_script = len(act) == 3 and _base(act[0]) in SHELLS and act[1].startswith("-") and act[1].endswith("c")
    text = TOLD.sub("now", act[2] if is_script else " ".join(act))
    found = commands(text)
    if not found or any(each.sudo for each in found) or "$(" in text or "`" in text:
        return False
    known = (*TELLING, *TESTING, *READING, *told.get("programs", ()))
    lines = [(_base(each.words[0].text), " ".join(word.text for word in each.words[1:])) for each in found]
    return _writes_to_volumes(text, started) and all(
        name in known or (name in ASKING and ASKING[name].fullmatch(rest)) for name, rest in lines
    )


def _writes_to_volumes(text: str, started: Started) -> bool:
    written = [into for into in INTO.findall(text) if into != "/dev/null"]
    return all(any(covers(own, into) for own in started.mounted) for into in written)


def _plain_name(reference: str) -> str:
    found = MIRRORS.match(reference)
    bare = reference[found.end() :] if found else reference
    old = next((prefix for prefix in MOVED if bare.startswith(prefix)), "")
    return MOVED[old] + bare[len(old) :] if old else bare


def _tells_all(told: Needs, started: Started) -> bool:
    """Whether what more its environment may say changes nothing: it tells no places, or that of the data, which is mounted."""
    is_mounted = any(covers(own, path) or covers(path, own) for own in told.get("volumes", ()) for path in started.mounted)
    return started.is_whole or told.get("env") == "none" or (told.get("env") == "data" and is_mounted)


def _changed_by(told: Needs, names: Sequence[str]) -> list[str]:
    """What it writes of its own files because its environment has these variables."""
    return [path for name, path in told.get("changes-by", {}).items() if name in names]


def _changed_with(told: Needs, placed: Sequence[str]) -> list[str]:
    """What it writes of its own files because there are some in these places."""
    return [path for place, path in told.get("changes-with", {}).items() if any(covers(place, each) for each in placed)]


def _is_own_program(told: Needs, started: Started) -> bool:
    """Whether it starts what the entry speaks of. Without the image's own entry point nothing gives up root for it."""
    programs = told.get("programs", ())
    if any(OWN_START.search(path) for path in started.mounted):
        return False
    if started.entry:
        return not told.get("capabilities", True) and _base(started.entry[0]) in programs
    is_plain = not started.words or started.words[0].startswith("-") or _base(started.words[0]) in programs
    return is_plain or _is_wrapped(told, started.words)


def _is_wrapped(told: Needs, words: Sequence[str]) -> bool:
    """Whether a shell starts its program, and nothing beside that needs a right of root."""
    if len(words) != 3 or _base(words[0]) not in SHELLS or not words[1].startswith("-") or not words[1].endswith("c"):
        return False
    text = TOLD.sub("now", words[2])
    found = commands(text)
    names = [_base(each.words[0].text) for each in found]
    programs = told.get("programs", ())
    is_known = all(name in BESIDE or name in programs for name in names) and not any(each.sudo for each in found)
    return is_known and any(name in programs for name in names) and "$(" not in text and "`" not in text


def _base(word: str) -> str:
    return word.rpartition("/")[2]


def _is_configured(told: Needs, started: Started) -> bool:
    """Whether something is mounted over its configuration, or that lies in what is mounted, or a word names what is."""
    placed = [path for path in started.mounted if path not in started.plain]
    if "reads" in told and any(word in placed for word in (*started.entry, *started.words)):
        return True
    return any(covers(own, path) or covers(path, own) for own in told.get("reads", ()) for path in placed)


def _may_tell_places(words: Sequence[str]) -> bool:
    """Whether a variable among them may stand for a place; it does not where the option before it asks for another thing."""
    asked = (word.partition("$")[0] or before for before, word in zip(("", *words), words, strict=False) if "$" in word)
    return not all(OF_NO_PLACE.search(each) for each in asked)


def _writes_where_it_is(told: Needs, started: Started) -> bool:
    """Whether words have it write to its working directory, since none tells another place."""
    spoken = " ".join([*started.entry, *started.words, *(name.replace("_", ".") for name in started.names)]).lower()
    return any(sign in spoken and told["places"][sign] not in spoken for sign in told.get("places", ()))


def _paths(started: Started) -> list[str]:
    texts = [*started.entry[1:], *started.words, *started.values]
    return [path for text in texts if "://" not in text for path in PATH.findall(text)]


def _is_known(path: str, told: Needs, started: Started) -> bool:
    """Whether a path that it is told of is for reading, or one that it may write anyway."""
    own = (*READ_ANYWAY, *(each for key in ("writes", "keeps", "volumes") for each in told.get(key, ())), *started.mounted)
    return any(covers(folder, path) for folder in own) or _base(path) in told.get("programs", ())

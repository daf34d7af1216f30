"""What starts a Compose file: the commands of pipelines, which run in a checkout of the repository that they stand in.

docs.docker.com, docker compose, options -f and COMPOSE_FILE; docs.github.com, Workflow syntax; docs.gitlab.com, CI/CD YAML syntax.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from setright.bindings.layouts._documents import mappings
from setright.bindings.source import Source
from setright.model import Plain
from setright.patterns import late

PIPELINE = late(r"(?:(?P<root>.*)/)?(?:\.github/workflows/.*|\.gitlab/ci/.*|[^/]*\.gitlab-ci\.ya?ml)")
COMMAND = late(r"\bdocker[ -]compose(?=[\s\"']|$)(?P<words>[^\n;&|]*)|\bdocker[ ]stack[ ]deploy\b(?P<stack>[^\n;&|]*)")
FILE = late(r"(?:^|\s)(?:-f|-c|--file|--compose-file)[ =]*[\"']?(?P<name>[^\s\"']+)")
ASKS_NOTHING = late(r"\s*(?:--version|-v|version)\b")  # subcommands that read no file
INSTALLS = late(r"\b(?:install|add)\b[^\n;&|]*$")  # its name among those of packages
ACTION = late(r"(?!.*/setup)[\w.-]+/[\w-]*compose[\w-]*@\S+")  # which starts the file that its compose-file names
USUAL = late(r"(?:docker-)?compose(?:\.override)?\.ya?ml")  # what is started where no file is named
ENDINGS = (".yml", ".yaml")
OTHERWISE = "COMPOSE_FILE"  # the variable that names others


def pipeline(locator: str, sources: Mapping[str, Source]) -> str:
    """The pipeline that may start a Compose file; empty where none of its checkout does."""
    return next((each.locator for each in sources.values() if _may_start(each, locator, sources)), "")


def named_together(sources: Mapping[str, Source]) -> frozenset[str]:
    """The names of files that a command of a pipeline names beside others, so that they are merged."""
    pipelines = [each for each in sources.values() if PIPELINE.fullmatch(each.locator)]
    spoken = [words for each in pipelines for text in _texts(each.tree) for words in _commands(text.replace("\\\n", " "))]
    named = [[found["name"].rpartition("/")[2] for found in FILE.finditer(words)] for words in spoken]
    return frozenset(name for names in named if len(names) > 1 for name in names)


def _may_start(source: Source, locator: str, sources: Mapping[str, Source]) -> bool:
    found = PIPELINE.fullmatch(source.locator)
    if found is None or not locator.startswith(f"{found['root']}/" if found["root"] else ""):
        return False
    texts = [text.replace("\\\n", " ") for text in _texts(source.tree)]
    starts = [words for text in texts for words in _commands(text)]
    starts += [f"-f {name}" for name in texts if name.endswith(ENDINGS)] or [""] if any(map(ACTION.fullmatch, texts)) else []
    if any(OTHERWISE in text for text in texts) or _is_taken_in(locator, sources):
        return bool(starts)
    return any(_names(words, locator.rpartition("/")[2]) for words in starts)


def _commands(text: str) -> Iterator[str]:
    """The words behind each call of Compose that reads a file."""
    for each in COMMAND.finditer(text):
        words = each["words"] if each["words"] is not None else each["stack"]
        if not ASKS_NOTHING.match(words) and not INSTALLS.search(text[: each.start()].rpartition("\n")[2]):
            yield words


def _names(words: str, own: str) -> bool:
    """Whether the words may name a file of this name, or none where it has a usual one."""
    files = [each["name"].rpartition("/")[2] for each in FILE.finditer(words)]
    return any(each == own or set("$*{") & set(each) for each in files) if files else USUAL.fullmatch(own) is not None


def _is_taken_in(locator: str, sources: Mapping[str, Source]) -> bool:
    """Whether another Compose file includes or extends it, and so is started with it."""
    own = locator.rpartition("/")[2]
    for source, _, document in mappings(sources):
        services = document.get("services")
        if source.locator == locator or not isinstance(services, dict):
            continue
        extended = [each.get("extends") for each in services.values() if isinstance(each, dict)]
        taken = [document.get("include"), *(each for each in extended if isinstance(each, dict))]
        if any(text.endswith(own) for text in _texts(taken)):
            return True
    return False


def _texts(value: Plain) -> Iterator[str]:
    """All that is text in a tree, keys as well."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield str(key)
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
    elif isinstance(value, str):
        yield value

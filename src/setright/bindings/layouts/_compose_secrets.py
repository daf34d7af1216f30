"""Passwords of Compose files that move to `.env` beside them, which Compose reads by itself and git leaves alone.

docs.docker.com, Interpolation in Compose files, Environment variables precedence; gitignore(5).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from posixpath import join, normpath
from typing import NamedTuple

from setright.bindings.error import BindingError
from setright.bindings.layouts._compose_health import SWARM
from setright.bindings.layouts._compose_starts import pipeline
from setright.bindings.layouts._documents import folder, mappings
from setright.bindings.source import Source
from setright.bindings.trees import look_up
from setright.model import Edit, Path, Plain, Resource, Tree
from setright.patterns import late
from setright.trees import as_list

APART = "kept-apart"  # what a control asks a value to be that shall stand in `.env`
ENV, IGNORE = ".env", ".gitignore"
NAME = late(r"[A-Za-z_]\w*")
USED = late(r"(?<!\$)\$(?:\{)?([A-Za-z_]\w*)")
ASKED = late(r"(?<!\$)\$(?:\{(?P<name>[A-Za-z_]\w*)(?P<rest>[^{}]*)\}|(?P<bare>[A-Za-z_]\w*))")
DEFAULT = late(r"\$\{(?P<name>[A-Za-z_]\w*):?-(?P<value>[^${}]+)\}")
PLAIN = late(r"[^'\\$\x00-\x1f]+")
OF_SHELLS = late(  # names that the shell of whoever starts it may have with another value, which wins, and Compose's own
    r"(?:ANTHROPIC|AWS|AZURE|CI|CLOUDFLARE|COMPOSE|DIGITALOCEAN|DOCKER|GCP|GH|GITHUB|GITLAB|GOOGLE|HEROKU|HF|NPM|OPENAI|PG|PYPI|SENTRY"
    r"|SLACK|SSH|VAULT)[A-Z]*_.*|PGPASSWORD|MYSQL_PWD"
)
NO_WORDS = ("1", "2", "2.0")  # versions of files in which the first Compose knows no `${NAME:?words}`


class WrittenSecret(NamedTuple):
    """A variable of a service with a value that is written out."""

    at: Path  # below the service
    name: str
    value: str
    variable: str = ""  # whose default the value is


def moved(resource: Resource, raw: Tree, wanted: Edit, version: str, sources: Mapping[str, Source]) -> list[tuple[str, Edit]]:
    """The edits that leave a reference in the file and the value in `.env`. Raises BindingError where that would not do."""
    locator, base = resource.home
    found = _found(resource, raw, wanted)
    if above := _repeats(look_up(sources[locator].tree, base[:2]), found):
        raise BindingError(f"{resource.name}: {found.name} stands in {above}, too, which services take in; move it there by hand")
    place = folder(locator)
    _refuse_where_env_is_not_read(locator, base, sources)
    env = sources.get(join(place, ENV))
    if env is None or env.lens != "dotenv":
        raise BindingError(f"{resource.name}: what {join(place, ENV)} says is not known here; put {found.name} there by hand")
    ignores = _ignoring(place, sources)
    if ignores and env.exists:
        raise BindingError(
            f"{resource.name}: {env.locator} is there, and no {IGNORE} names it; take it out of the repository first"
        )
    if found.variable:
        _refuse_where_it_means_more(resource.name, found, place, sources)
    name = found.variable or _variable(resource.name, found, env.tree, _used(place, sources))
    words = "" if version in NO_WORDS else ":?"
    is_there = name in env.tree if found.variable else env.tree.get(name) == found.value
    kept = [] if is_there else [(env.locator, Edit((name,), found.value))]
    said = f"${{{name}{words}}}"
    written = said if isinstance(raw["environment"], dict) else f"{found.name}={said}"
    return [(locator, Edit((*base, *found.at), written)), *kept, *ignores]


def _found(resource: Resource, raw: Tree, wanted: Edit) -> WrittenSecret:
    name = look_up(resource.tree, (*wanted.path[:2], "name"))
    variables = raw.get("environment")
    if isinstance(variables, dict):
        at, value = ("environment", name), variables.get(name)
    else:
        lines = [str(each) for each in as_list(variables)]
        number = next((n for n, each in enumerate(lines) if each.partition("=")[0] == name), None)
        at, value = ("environment", number), None if number is None else lines[number].partition("=")[2]
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise BindingError(f"{resource.name}: {name} does not stand in this file, or is no text; move it by hand")
    default = DEFAULT.fullmatch(str(value))
    variable, value = (default["name"], default["value"]) if default else ("", value)
    if not PLAIN.fullmatch(str(value)):
        raise BindingError(f"{resource.name}: {name} has signs in it that mean something to Compose or its .env; move it by hand")
    return WrittenSecret(at, str(name), str(value), variable)


def _repeats(document: Plain, found: WrittenSecret) -> str:
    """The extension field of the file that says the same, from where a service has it by an alias; empty for none."""
    fields = document.items() if isinstance(document, dict) else ()
    return next((str(key) for key, value in fields if str(key).startswith("x-") and _says(value, found)), "")


def _says(value: Plain, found: WrittenSecret) -> bool:
    if isinstance(value, dict):
        own = DEFAULT.fullmatch(str(value.get(found.name)))
        same = own["value"] if own else str(value.get(found.name))
        return same == found.value or any(_says(each, found) for each in value.values())
    return f"{found.name}={found.value}" in map(str, as_list(value))


def _refuse_where_it_means_more(service: str, found: WrittenSecret, place: str, sources: Mapping[str, Source]) -> None:
    """Raises BindingError where the folder's files ask for a variable that gets its default in `.env` in another way, too."""
    texts = [str(source.tree) for source in sources.values() if source.lens == "yaml" and folder(source.locator) == place]
    told = [each["rest"] or "" for text in texts for each in ASKED.finditer(text) if found.variable in (each["name"], each["bare"])]
    passed = [name for each in _services(place, sources) for name in _without_value(each.get("environment"))]
    if found.variable in passed or not all(each in (f":-{found.value}", f"-{found.value}") or "?" in each[:2] for each in told):
        raise BindingError(f"{service}: {found.variable} is asked for without that default, too; move it to {ENV} by hand")


def _without_value(environment: Plain) -> list[str]:
    """The variables that a service takes over from who starts it."""
    if isinstance(environment, dict):
        return [name for name, value in environment.items() if value is None]
    return [str(each) for each in as_list(environment) if "=" not in str(each)]


def _refuse_where_env_is_not_read(locator: str, base: Path, sources: Mapping[str, Source]) -> None:
    """Raises BindingError where something starts the file that has no `.env` beside it, or hands all of that to a container."""
    services = look_up(sources[locator].tree, base[:-1])
    theirs = [each for each in services.values() if isinstance(each, dict)] if isinstance(services, dict) else []
    place = folder(locator)
    if any(isinstance(each.get("deploy"), dict) and set(SWARM) & each["deploy"].keys() for each in theirs):
        raise BindingError(f"{locator}: is there for Swarm, which reads no {ENV}; use its secrets")
    if any(_names_env(each, place) for each in _services(place, sources)):
        raise BindingError(f"{locator}: a service takes all of {ENV} into its environment; move the password to a file of its own")
    if any(_extends(each, locator) for each in sources.values()):
        raise BindingError(f"{locator}: a file of another folder extends its services, and is started with the {ENV} there")
    if starter := pipeline(locator, sources):
        raise BindingError(
            f"{locator}: {starter} starts Compose from a checkout, which has no {ENV}; give it the password there first"
        )


def _names_env(service: Tree, place: str) -> bool:
    names = [each.get("path") if isinstance(each, dict) else each for each in as_list(service.get("env_file"))]
    return any(normpath(join(place, str(each))) == normpath(join(place, ENV)) for each in names)


def _extends(source: Source, locator: str) -> bool:
    if source.lens != "yaml" or folder(source.locator) == folder(locator):
        return False
    files = [look_up(each, ("extends", "file")) for each in _services_of(source)]
    return any(isinstance(each, str) and normpath(join(folder(source.locator), each)) == normpath(locator) for each in files)


def _services(place: str, sources: Mapping[str, Source]) -> Iterator[Tree]:
    for source in sources.values():
        if source.lens == "yaml" and folder(source.locator) == place:
            yield from _services_of(source)


def _services_of(source: Source) -> Iterator[Tree]:
    for _, _, document in mappings({source.locator: source}):
        services = document.get("services")
        yield from (each for each in (services.values() if isinstance(services, dict) else ()) if isinstance(each, dict))


def _used(place: str, sources: Mapping[str, Source]) -> set[str]:
    """The names of variables that the folder's files ask for already."""
    texts = [str(source.tree) for source in sources.values() if source.lens == "yaml" and folder(source.locator) == place]
    return {name for text in texts for name in USED.findall(text)}


def _variable(service: str, found: WrittenSecret, env: Tree, used: set[str]) -> str:
    """A name for the value: the variable's own, else with the service before it. Raises BindingError where both are taken."""
    own = [] if OF_SHELLS.fullmatch(found.name.upper()) else [found.name]
    for name in (*own, re.sub(r"\W", "_", f"{service.upper()}_{found.name}")):
        is_free = name not in env and name not in used
        if NAME.fullmatch(name) and (is_free or env.get(name) == found.value):
            return name
    raise BindingError(f"{service}: {ENV} has other values for {found.name} already; choose a name and move it by hand")


def _ignoring(place: str, sources: Mapping[str, Source]) -> list[tuple[str, Edit]]:
    """What makes git leave `.env` alone; nothing where it does. Raises BindingError where a line says otherwise."""
    chain = [join(each, IGNORE) for each in _up(place)]
    there = [sources[each] for each in chain if each in sources and sources[each].lens == "names"]
    for source in there:
        names = [str(each) for each in source.tree.get("names", [])]
        if any(each.startswith("!") and _is_env(each[1:], source.locator, place) for each in names):
            raise BindingError(f"{source.locator}: keeps {ENV} in the repository; take it out first")
        if any(_is_env(each, source.locator, place) for each in names):
            return []
    if not there:
        raise BindingError(f"{join(place, IGNORE)}: is not known here; name {ENV} there first")
    nearest = next((each for each in there if each.exists), there[0])
    return [(nearest.locator, Edit(("names",), [*nearest.tree.get("names", []), ENV]))]


def _up(place: str) -> Iterator[str]:
    while place:
        yield place
        place = folder(place)
    yield ""


def _is_env(line: str, ignore: str, place: str) -> bool:
    """Whether a line of a .gitignore is about the folder's `.env`: by its name, or by its whole path."""
    line = line.strip().removeprefix("**/")
    if "/" in line.rstrip("/"):
        path = join(place, ENV)
        own = folder(ignore)
        return fnmatchcase(path.removeprefix(f"{own}/" if own else ""), line.lstrip("/"))
    return fnmatchcase(ENV, line)


def is_wanted(wanted: Edit) -> bool:
    """Whether a control asks for a variable's value to be kept apart."""
    return len(wanted.path) == 3 and wanted.path[0] == "environment" and wanted.value == APART and not wanted.remove

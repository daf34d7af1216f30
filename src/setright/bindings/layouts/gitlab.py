"""GitLab pipelines and their jobs, as the CI/CD YAML syntax has them.

gitlab/pipeline   the file; `include` as a list of mappings, ``by-commit: true`` where an address names one, with the `project` and
                  `ref` of a component; `variables` as a list of ``{name, value}``, ``of-service: true`` where a service beside
                  the jobs is set up by it
gitlab/job        a job with `name`, `image: {name, version}`, `services: [{name, version}]`, `variables`, and the `commands`
                  of its scripts; the image and services of the whole file stand for its `default`

A pipeline's files are those that have the name of one, and what these include of the tree. A job that extends another of them is
seen on top of it and answers only for the keys it sets itself; templates (names that begin with a dot) and `default` answer for
what they set. What `!reference` stands for is told where it is written. docs.gitlab.com/ci/yaml.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from setright.bindings.error import BindingError
from setright.bindings.layouts._documents import mappings, written
from setright.bindings.layouts._pipeline_commands import gives_up
from setright.bindings.layouts._shell_words import Command, base, commands, run_as_code
from setright.bindings.source import Source
from setright.bindings.trees import look_up
from setright.model import Edit, Path, Plain, Resource, Tree, Unknown
from setright.patterns import fits, late
from setright.trees import as_list

FILE = re.compile(r"(?:\.gitlab-ci|(?:^|/)\.gitlab/ci/.*)\.ya?ml$")
KEYWORDS = frozenset(
    {"include", "stages", "variables", "workflow", "image", "services", "cache", "before_script", "after_script", "spec"}
)
OF_ALL = frozenset({"image", "services"})
SCRIPTS = ("before_script", "script", "after_script")
TOLD_ONLY = ("name", "commands")
MAIN = ".gitlab-ci.yml"
MAX_DEPTH = 11  # as many levels of extends as GitLab follows
VARIABLE = re.compile(r"\$\{?\w+|\$\[\[")
COMMIT = late(r"/(?:[0-9a-f]{40}|[0-9a-f]{64})/")
SET_UP_BY: Mapping[str, str | tuple[str, ...]] = {  # what images of services make their users by, which live as long as the job
    "postgres": "POSTGRES_",
    "postgis": "POSTGRES_",
    "timescaledb": "POSTGRES_",
    "mysql": "MYSQL_",
    "mariadb": ("MARIADB_", "MYSQL_"),
    "percona": "MYSQL_",
    "mongo": "MONGO_INITDB_",
    "rabbitmq": "RABBITMQ_DEFAULT_",
    "minio": "MINIO_",
    "couchdb": "COUCHDB_",
    "elasticsearch": "ELASTIC_",
    "server": ("MSSQL_", "SA_PASSWORD"),  # mcr.microsoft.com/mssql/server
}


File = tuple[Source, Path, Tree]  # one document of a pipeline, with its place


def view(kind: str, layout: Mapping[str, Plain], sources: Mapping[str, Source]) -> list[Resource]:
    """One resource for each pipeline (by its path) or job (by its name)."""
    found = _pipelines(sources)
    return [each for files in found for source, place, raw in files for each in _seen(kind, source.locator, place, raw, files)]


def edit(
    layout: Mapping[str, Plain],
    resource: Resource,
    edits: Sequence[Edit],
    live: Sequence[Edit],
    sources: Mapping[str, Source],
) -> list[tuple[str, Edit]]:
    """Edits in the form that the file has. Raises BindingError for what is only told."""
    raw = written(resource, sources)
    locator, place = resource.home
    placed = [_placed(resource, raw, each) for each in [*edits, *live]]
    return [(locator, Edit((*place, *each.path), each.value, each.remove)) for each in placed]


def locate(layout: Mapping[str, Plain], resource: Resource, path: Path, sources: Mapping[str, Source]) -> tuple[str, Path]:
    """Where a value stands; commands stand in the script."""
    locator, place = resource.home
    raw = look_up(sources[locator].tree, place) if locator in sources else None
    if path[:1] == ("commands",):
        return locator, (*place, "script")
    if path[:1] == ("variables",) and len(path) > 1:
        return locator, (*place, *_variable_path(raw if isinstance(raw, dict) else {}, path[1]))
    return locator, (*place, *path)


def _pipelines(sources: Mapping[str, Source]) -> list[list[File]]:
    """The files of each pipeline: those that have the name of one in a repository, and what they include of it."""
    of_file: dict[str, list[File]] = {}
    for source, place, document in mappings(sources):
        if not document.keys() <= {"spec"}:
            of_file.setdefault(source.locator, []).append((source, place, document))
    found: dict[str, list[str]] = {}
    roots = sorted({file[: -len(MAIN)] for file in of_file if file.endswith(MAIN)}, key=len, reverse=True)
    for file in filter(FILE.search, of_file):
        root = next((each for each in roots if file.startswith(each)), file.rpartition(".gitlab/")[0])
        found.setdefault(root, []).append(file)
    for root, files in found.items():
        for file in files:  # which grows on the way
            includes = [each for _, _, raw in of_file[file] for each in _includes(raw)]
            included = [name for each in includes for name in _local(each, root, of_file)]
            files += [name for name in dict.fromkeys(included) if name not in files]
    once = {file: root for root in sorted(found, key=len, reverse=True) for file in found[root]}  # the outermost that has it
    return [[each for file in files if once[file] == root for each in of_file[file]] for root, files in found.items()]


def _includes(raw: Tree) -> Iterator[Plain]:
    """What a file includes, and what the pipelines that its jobs start do."""
    yield raw.get("include")
    yield from (look_up(job, ("trigger", "include")) for job in raw.values() if isinstance(job, dict))


def _local(include: Plain, root: str, names: Iterable[str]) -> Iterator[str]:
    """The files of the tree that an `include` names."""
    for told in map(_included, as_list(include)):
        pattern = told.get("local") if isinstance(told, dict) else None
        if isinstance(pattern, str) and not VARIABLE.search(pattern):
            yield from (name for name in names if fits(name, root + pattern.removeprefix("/")))


def _seen(kind: str, file: str, place: Path, raw: Tree, files: Sequence[File]) -> Iterator[Resource]:
    if kind == "gitlab/pipeline":
        includes = [_included(each) for each in as_list(raw.get("include"))]
        parts = [raw, *(job for job in raw.values() if isinstance(job, dict))]
        services = [each for part in parts for each in _services(part)]
        variables = _variables(raw.get("variables"), services)
        yield Resource(kind, file, {**raw, "include": includes, "variables": variables}, (file, place))
        return
    if OF_ALL & raw.keys():
        of_all = _job("default", {key: raw[key] for key in OF_ALL & raw.keys()})
        yield Resource(kind, "default", of_all, (file, place), only=tuple(OF_ALL))
    whole = {key: value for each, _, beside in files for key, value in beside.items() if _is_for_all(each, key)} | raw
    for name, job in raw.items():
        if isinstance(job, dict) and name not in KEYWORDS:
            yield _seen_job(name, job, whole, (file, (*place, name)))


def _is_for_all(source: Source, key: str) -> bool:
    """Whether other files of the pipeline may use what stands there: jobs, and what the main file says of all."""
    return source.locator.endswith(MAIN) or key not in {*KEYWORDS, "default"}


def _seen_job(name: str, job: Tree, pipeline: Tree, home: tuple[str, Path]) -> Resource:
    """A job on top of what it extends, and of the defaults."""
    under = _under(pipeline, job)
    given = {key: value for key, value in _mapping(pipeline.get("default")).items() if key not in ("image", "services")}
    whole = {**given, **_merged(under or {}, job)}
    only = tuple(_job(name, job)) if under is not None or name.startswith(".") or name == "default" else None
    beside = _services(whole) or _services(_mapping(pipeline.get("default"))) or _services(pipeline)
    return Resource("gitlab/job", name, _job(name, whole, beside), home, only=only)


def _mapping(value: Plain) -> Tree:
    return value if isinstance(value, dict) else {}


def _included(raw: Plain) -> Plain:
    told = {"remote" if "://" in raw else "local": raw} if isinstance(raw, str) else raw
    if isinstance(told, dict) and isinstance(component := told.get("component"), str):
        project, _, version = component.partition("@")
        return {**told, "project": project, "ref": Unknown(component) if VARIABLE.search(version) else version}
    is_fixed = isinstance(told, dict) and COMMIT.search(str(told.get("remote", "")))
    return {**told, "by-commit": True} if is_fixed else told


def _services(part: Tree) -> list[str]:
    """The names of the images of services, without registries and versions."""
    images = [_image(each)["name"] for each in as_list(part.get("services"))]
    return [str(each).partition("@")[0].rpartition("/")[2].partition(":")[0] for each in images]


def _under(pipeline: Tree, job: Tree, depth: int = 0) -> Tree | None:
    """What a job extends, the last named on top; None where it extends nothing."""
    names = [name for name in as_list(job.get("extends")) if isinstance(name, str)]
    if not names:
        return None
    whole: Tree = {}
    for name in names:
        below = pipeline.get(name)
        if isinstance(below, dict) and depth < MAX_DEPTH:
            whole = _merged(whole, _merged(_under(pipeline, below, depth + 1) or {}, below))
    return whole


def _merged(below: Tree, above: Tree) -> Tree:
    both = {
        key: _merged(below[key], value)
        for key, value in above.items()
        if isinstance(value, dict) and isinstance(below.get(key), dict)
    }
    return {**below, **above, **both}


def _job(name: str, raw: Tree, services: Sequence[str] = ()) -> Tree:
    tree = {**raw, "name": name}
    if raw.get("image") is not None:
        tree["image"] = _image(raw["image"])
    if raw.get("services") is not None:
        tree["services"] = [_image(each) for each in as_list(raw["services"])]
    if "variables" in raw:
        tree["variables"] = _variables(raw["variables"], services)
    lines = [line for key in SCRIPTS for line in _flat(raw.get(key))]
    if lines:
        tree["commands"] = [_command(each) for line in lines for each in (*commands(line), *run_as_code(line))]
    return tree


def _command(each: Command) -> Tree:
    name, words = base(each.words[0].text), [word.text for word in each.words[1:]]
    does = gives_up(name, words)
    return {"name": name, "words": words, **({"into": each.into} if each.into else {}), **({"does": does} if does else {})}


def _flat(script: Plain) -> Iterator[str]:
    for each in as_list(script):
        if isinstance(each, list):
            yield from _flat(each)
        elif isinstance(each, str):
            yield each


def _image(raw: Plain) -> Tree:
    """An image's name, and of it the digest or tag."""
    name = raw.get("name") if isinstance(raw, dict) else raw
    if not isinstance(name, str):
        return {"name": name}
    head, _, digest = name.partition("@")
    tag = head.rpartition("/")[2].partition(":")[2]
    version: Plain = digest or tag
    if VARIABLE.search(version or head.rpartition("/")[2]):
        version = Unknown(name)
    return {"name": name, **({"version": version} if version else {})}


def _variables(raw: Plain, services: Sequence[str]) -> list[Tree]:
    given = raw.items() if isinstance(raw, dict) else ()
    told = [{"name": name, "value": value.get("value") if isinstance(value, dict) else value} for name, value in given]
    begins = [SET_UP_BY[each] for each in services if each in SET_UP_BY]
    return [{**each, "of-service": True} if any(str(each["name"]).startswith(own) for own in begins) else each for each in told]


def _variable_path(raw: Tree, at: str | int) -> Path:
    names = list(raw["variables"]) if isinstance(raw.get("variables"), dict) else []
    return ("variables", names[at]) if isinstance(at, int) and at < len(names) else ("variables",)


def _placed(resource: Resource, raw: Tree, wanted: Edit) -> Edit:
    head = wanted.path[0]
    if head == "variables" and len(wanted.path) == 2 and wanted.remove:
        path = _variable_path(raw, wanted.path[1])
        alone = isinstance(raw.get("variables"), dict) and len(raw["variables"]) == 1
        return Edit(path[:1] if alone else path, remove=True)
    if head in TOLD_ONLY or head in ("variables", "image", "services", "include"):
        raise BindingError(f"{resource.name}: {head} is read off the file; change it by hand")
    return wanted

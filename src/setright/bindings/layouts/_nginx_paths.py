"""Which of a service's configuration of nginx in the tree surely has it write nowhere else than its image does as it comes.

nginx.org/en/docs: core functionality, ngx_http_core_module, ngx_http_log_module and the modules that keep files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from posixpath import basename, join, normpath

from setright.bindings.layouts._compose_short import volume_parts
from setright.bindings.layouts._documents import folder
from setright.bindings.source import Source
from setright.model import Tree
from setright.patterns import late
from setright.trees import as_list

HOME = "/etc/nginx"
REMARK = late(r"(?m)(?:^|\s)#.*$")
MAY_WRITE = late(  # a directive anywhere, with its first word
    r"(?<![\w$.-])((?:access|error)_log|pid|lock_file|\w+_(?:temp|cache|log)_path|\w*_store|\w*perl\w*|\w*lua\w*|js_\w+|dav_\w+|load_module|state"
    r"|acme_\w+)\s+[\"']?([^\s;{\"']+)"
)
INCLUDE = late(r"(?<![\w$.-])include\s+[\"']?([^\s;\"']+)")
OWN_LOGS = (
    "off",
    "stderr",
    "/dev/stdout",
    "/dev/stderr",
    "/var/log/nginx/access.log",
    "/var/log/nginx/error.log",
)
INCLUDED = late(rf"(?:{HOME}/)?(?:mime\.types|\w+_params|conf\.d/\*\.conf)")
KEYS = late(rf"{HOME}/(?:ssl|certs?|tls|keys|auth)(?:/.*)?|.*\.(?:pem|crt|key)|.*/\.?htpasswd")  # that it only reads
PLACES = ("/tmp", "/run", "/var/run", "/var/cache/nginx")  # noqa: S108 - in the container


def plain_targets(service: Tree, file: str, sources: Mapping[str, Source], writes: Sequence[str]) -> list[str]:
    """Where such configuration is mounted or, by what is built here, copied to; `writes` is where the image writes anyway."""
    places = [place for place in PLACES if any(place == own or place == f"/var{own}" for own in writes)]
    found: dict[str, bool] = {}
    for source, target in (*_mounted(service, file), *_copied(service, file, sources)):
        texts = _texts(source, target, sources)
        is_plain = KEYS.fullmatch(target) is not None or (bool(texts) and all(_is_plain(text, places) for text in texts))
        found[target] = found.get(target, True) and is_plain
    return [target for target, is_plain in found.items() if is_plain]


def _mounted(service: Tree, file: str) -> Iterator[tuple[str, str]]:
    """Files and folders of the tree, and where they are mounted below the home of nginx."""
    for each in as_list(service.get("volumes")):
        told = (each.get("source"), each.get("target")) if isinstance(each, dict) else volume_parts(str(each))[:2]
        source, target = str(told[0] or ""), str(told[1] or "").rstrip("/")
        if source.startswith(".") and "$" not in source and target.startswith(f"{HOME}/"):
            yield normpath(join(folder(file), source)), target


def _copied(service: Tree, file: str, sources: Mapping[str, Source]) -> Iterator[tuple[str, str]]:
    """The same of what a COPY brings that says a single file."""
    told = service.get("build")
    build = {"context": told} if isinstance(told, str) else told if isinstance(told, dict) else {}
    context = normpath(join(folder(file), str(build.get("context", "."))))
    dockerfile = sources.get(normpath(join(context, str(build.get("dockerfile", "Dockerfile")))))
    for each in dockerfile.tree.get("instructions", ()) if build and dockerfile and dockerfile.lens == "dockerfile" else ():
        words = each["value"] if isinstance(each["value"], list) else str(each["value"]).split()
        if each["keyword"] != "COPY" or len(words) != 2 or any(str(flag).startswith("--from") for flag in each.get("flags", ())):
            continue
        source, target = (str(word) for word in words)
        target = target + basename(source) if target.endswith("/") else target
        if target.startswith(f"{HOME}/"):
            yield normpath(join(context, source.lstrip("/"))), target


def _texts(source: str, target: str, sources: Mapping[str, Source]) -> list[str]:
    """What nginx reads there: the file itself, or those of a folder that it includes; nothing where that is not known."""
    if target == f"{HOME}/conf.d":
        names = [name for name in sources if folder(name) == source and name.endswith(".conf")]
    elif target == f"{HOME}/nginx.conf" or (folder(target) == f"{HOME}/conf.d" and target.endswith(".conf")):
        names = [source] if source in sources else []
    else:
        return []
    return [str(sources[name].tree["text"]) for name in names if sources[name].lens == "text" and sources[name].exists]


def _is_plain(text: str, places: Sequence[str]) -> bool:
    """Whether each directive that may name a file to write names one of these places."""
    said = REMARK.sub("", text)
    includes_own = all(INCLUDED.fullmatch(path) for path in INCLUDE.findall(said))
    return includes_own and all(_is_one_of(path, places) for _, path in MAY_WRITE.findall(said))


def _is_one_of(path: str, places: Sequence[str]) -> bool:
    is_log = path in OWN_LOGS or path.startswith("syslog:")
    return is_log or any(path.startswith(f"{place}/") and ".." not in path for place in places)

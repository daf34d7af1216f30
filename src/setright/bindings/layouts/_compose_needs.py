"""What a service's image needs to run with fewer rights, told for well-known images.

A fix that takes all capabilities gives those back that the image uses, and one that makes the root file system read-only
leaves it the paths that it writes. compose-spec.io, 05-services.md; capabilities(7).
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence

from setright.bindings.error import BindingError
from setright.bindings.layouts import _compose_keeps as keeps
from setright.bindings.layouts import _compose_writers as writers
from setright.bindings.layouts import _nginx_paths, _programs
from setright.bindings.layouts._compose_build import (
    AS_ANY_ROOT,
    Base,
    Made,
    based_on,
    filled,
    gains_rights,
    starts_as_root,
    uses_as_root,
)
from setright.bindings.layouts._compose_short import volume_parts
from setright.bindings.layouts._dockerfile_image import SHELLS, image_of, program
from setright.bindings.layouts._dockerfile_whose import workdir
from setright.bindings.layouts._image_needs import (
    OF_PATHS,
    Images,
    Needs,
    Started,
    capabilities_of,
    cautions_of,
    checks_itself,
    covers,
    is_named,
    is_rootless,
    needs_of,
    spills_of,
    tells_capabilities,
    writable_places,
    writes_of,
)
from setright.bindings.source import Source
from setright.model import Edit, Plain, Tree
from setright.patterns import SomeOf
from setright.trees import as_list

SET_UID = re.compile(r"\b(?:sudo|su|doas|pkexec|newuidmap|fusermount|chsh|passwd)\b|SUDO")
HOST = (".", "/", "~", "$")  # the first letters of a volume that is a folder of the host
STARTS_OTHERWISE = ("entrypoint", "privileged")
PLAIN = "plain-configuration"  # beside what a service says: where such stands, see _nginx_paths
SPEAKS = ("command", "entrypoint", "healthcheck", "environment")
STEPS_DOWN = re.compile(r"\b(?:gosu|su-exec|setpriv|su|runuser|chpst|s6-setuidgid)\b")
OWNERS = re.compile(r"\bch(?:own|grp)\b")
ROOTS_WORK = {"CHOWN": OWNERS, "DAC_OVERRIDE": OWNERS, "FOWNER": OWNERS, "SETGID": STEPS_DOWN, "SETUID": STEPS_DOWN}
JAILS = re.compile(
    r"\b(?:chroot|gitlab|gogs|mail-?server|mailu|sshd?|openssh-server|sftp|postfix|dovecot|vsftpd|proftpd|named|bind9)\b"
)
OF_SSH = re.compile(r"(?:^|:|'target': )22(?:/tcp)?(?:$|[,}])")  # a port of the container
GIVES = re.compile(r"\bsetcap\s+(?:-\S+\s+)*[\"']?((?:cap_\w+,?)+)[+=]", re.I)
GRANTS = re.compile(r"\bsetcap\b|pi-?hole")
BESIDES: dict[str, re.Pattern[str] | SomeOf] = {
    "AUDIT_WRITE": JAILS,
    "NET_RAW": _programs.RAW_SOCKETS,
    "SETFCAP": GRANTS,
    "SYS_CHROOT": JAILS,
}
TAKES_USER = re.compile(r"(?:P|USER_|USERMAP_|RUN_|APP_|LOCAL_|HOST_)?[UG]ID")  # names of variables
BECOMES_USER = re.compile(
    r"(?:(?:docker\.io|lscr\.io|ghcr\.io)/)?linuxserver/"
)  # images that start another user whether told or not
OF_S6 = re.compile(r"(?:^|/)(?:hotio|imagegenius|linuxserver|nfrastack|tiredofit)/|(?P<rootless>(?:^|/)jitsi/)")
RUN = "/run"  # a set-uid program of s6-overlay gives it to another user who starts the init
EVERYBODYS = ("/tmp",)  # noqa: S108 - in the container: what programs write of which nothing is known
LOW_PORTS, FILES_OF_OTHERS = "NET_BIND_SERVICE", "DAC_OVERRIDE"


def known(service: Tree, images: Images, made: Made = None) -> Needs:
    """What is known of a service's image; nothing where it is started in another way.

    One that is built here by a Dockerfile (`made`) that only adds files to a well-known image needs what that one needs. A user
    who is not root may do less than the image's own, and so needs no more.
    """
    if any(service.get(key) for key in STARTS_OTHERWISE) or (service.get("user") and starts_as_root(service, made or ())):
        return {}
    base = _base(service, made)
    if not base.is_whole:
        return {}
    words, values, places = _as_filled(_words(service.get("command"))), _values(service.get("environment")), mounted(service)
    started = Started(
        (),
        words or base.words,
        values,
        [*places, *base.added],
        is_whole=not service.get("env_file"),
        names=names_of(service.get("environment")),
        plain=as_list(service.get(PLAIN)),
    )
    needs = needs_of(base.image, started, images)
    if "writes-as-root" in needs and not service.get("user"):
        needs = {**needs, "writes": needs["writes-as-root"]}
    if base.runs:
        needs = {key: value for key, value in needs.items() if key not in OF_PATHS}
    is_among_others = needs.get("user") == 0 and "capabilities" in needs and _has_folders_of_the_host(service)
    return {**needs, "capabilities": sorted({*needs["capabilities"], FILES_OF_OTHERS})} if is_among_others else needs


def _base(service: Tree, made: Made) -> Base:
    """The image that a service runs, or that its Dockerfile begins from."""
    if service.get("build"):
        return based_on(made or ())
    return Base(filled(service["image"]), is_whole=True) if service.get("image") else Base()


def kept(service: Tree, images: Images, made: Made = None) -> list[str]:
    """The capabilities that it keeps where all are dropped: those that are known, or that programs use which give up root."""
    needs, image = known(service, images, made), _base(service, made).image
    used = list(needs.get("capabilities", capabilities_of(image, images)))
    if not starts_as_root(service, made or ()) or _starts_as_other(service, images, made):
        return sorted({*(each for each in used if each == LOW_PORTS), *_of_files(made)})  # which a file of the image may hand out
    is_told = "capabilities" in needs or (
        tells_capabilities(image, images) and not (service.get("build") or service.get("entrypoint"))
    )
    used = sorted({*used, *_spoken(service), *([] if is_told else _usual(service, made))})
    used = sorted({*used, "KILL"}) if service.get("init") and "SETUID" in used else used  # which stays root, and passes signals on
    return sorted({*used, FILES_OF_OTHERS}) if used and _has_folders_of_the_host(service) else used


def _of_files(made: Made) -> set[str]:
    """The capabilities that a Dockerfile gives to files, which then do not start without them."""
    said = (str(each["value"]) for each in made or () if each["keyword"] == "RUN")
    given = (found[1] for text in said for found in GIVES.finditer(text))
    return {name.upper().removeprefix("CAP_") for names in given for name in names.split(",")}


def _at_most(service: Tree, made: Made) -> list[str]:
    """What a program of the tree's own may use; empty where it may be anything."""
    if service.get("privileged") or not starts_as_root(service, made or ()):
        return []
    whole = (made or ()) if service.get("build") else [{"keyword": "FROM", "value": filled(service.get("image", ""))}]
    words = _words(service.get("entrypoint")) or _words(service.get("command"))
    return uses_as_root(whole, words, _said(service))


def _usual(service: Tree, made: Made) -> list[str]:
    """What programs of which nothing is known use as root, and what those use besides that something speaks of."""
    by_ssh = [" sshd "] if any(OF_SSH.search(str(each)) for each in as_list(service.get("ports"))) else []
    spoken = " ".join([_said(service), *(str(each["value"]) for each in made or ()), *by_ssh]).lower()
    return [*AS_ANY_ROOT, *(each for each, sign in BESIDES.items() if sign.search(spoken))]


def _spoken(service: Tree) -> list[str]:
    """What its own words do as root: change owners, or start as another user, as images do that take PUID for theirs."""
    words = " ".join(str(each) for key in ("entrypoint", "command") for each in _words(service.get(key)))
    takes_user = _takes_user(service)
    return [*(["KILL"] if takes_user else []), *(each for each, sign in ROOTS_WORK.items() if takes_user or sign.search(words))]


def _takes_user(service: Tree) -> re.Match[str] | None:
    """What says that it starts as root, makes a user and has that one run the program, which root then stops."""
    found = (TAKES_USER.fullmatch(name) for name in names_of(service.get("environment")))
    return next(filter(None, found), None) or BECOMES_USER.match(str(service.get("image", "")))


def _starts_as_other(service: Tree, images: Images, made: Made) -> bool:
    """Whether its image starts as another user than root, as nobody says otherwise, and gives its programs no rights."""
    image = _base(service, made).image
    says = service.get("user") or any(each["keyword"] == "USER" for each in made or ())
    return not says and is_rootless(image, images) and tells_capabilities(image, images) and not capabilities_of(image, images)


def _needs_no_root(service: Tree, images: Images, made: Made) -> bool:
    """Whether it starts as another user, and nothing speaks of a program that gains rights again."""
    if service.get("privileged") or (starts_as_root(service, made or ()) and not _starts_as_other(service, images, made)):
        return False
    if made is not None:
        return not gains_rights(made)
    return "build" not in service and not _programs.GAINS_RIGHTS.search(_said(service))


def with_plain(service: Tree, file: str, sources: Mapping[str, Source], images: Images, made: Made = None) -> Tree:
    """The service with where configuration stands that has its program write nowhere else; itself where there is none."""
    writes = writes_of(_base(service, made).image, images)
    found = _nginx_paths.plain_targets(service, file, sources, writes) if writes else []
    return {**service, PLAIN: found} if found else service


def gains_by_files(service: Tree, images: Images, made: Made = None) -> bool:
    """Whether its program has rights of root by its file: those that its image gives it at its start, or low ports of the host."""
    used, told = capabilities_of(_base(service, made).image, images), known(service, images, made)
    is_other = not starts_as_root(service, made or ()) or told.get("user", told.get("named", 0)) != 0
    return "SETFCAP" in used or (service.get("network_mode") == "host" and is_other and LOW_PORTS in used)


def _said(service: Tree) -> str:
    """The words of a service that tell which programs it runs."""
    return " ".join(str(service.get(key, "")) for key in ("image", *SPEAKS)).lower()


def told(service: Tree, images: Images, made: Made = None) -> Tree:
    """For controls: ``{capabilities: told, root: told, writes: told, data: false, checks: true}``, empty where nothing is known.

    `root` is told where it is known what the program does as root.
    """
    needs = known(service, images, made)
    found: Tree = {key: "told" for key in ("capabilities", "writes") if key in needs}
    is_told = "capabilities" in needs or _needs_no_root(service, images, made) or bool(_at_most(service, made))
    found |= {"root": "told"} if is_told else {}
    found |= {"checks": True} if not service.get("build") and checks_itself(filled(service.get("image", "")), images) else {}
    return found | ({"data": bool(needs.get("data"))} if needs else {})


def serves(service: Tree, images: Images, made: Made = None) -> bool:
    """Whether others send requests to it, so that it does not end by itself: ports, a check of its health, a well-known server."""
    checked = service.get("healthcheck")
    if (isinstance(checked, dict) and not checked.get("disable")) or service.get("ports") or service.get("expose"):
        return True
    return "command" not in service and bool(known(service, images, made))


def calls_sudo(service: Tree, told: Tree) -> bool:
    """Whether the service says that it uses a set-uid program: what it starts, how it is asked for its health, its environment.

    The name of an image says so, too, where nothing is `told` of what it uses as root, and that it may do anything.
    """
    if service.get("privileged") and "capabilities" not in told:
        return True
    image = "" if service.get("build") or "capabilities" in told else filled(service.get("image", "")).lower()
    said = str([service.get(key) for key in SPEAKS])
    return bool(SET_UID.search(said)) or _programs.GAINS_RIGHTS.search(image) or _becomes_root(service, image)


def _becomes_root(service: Tree, image: str) -> bool:
    """Whether it is known to be of s6-overlay, starts as another user, and no memory of his stands where that one writes."""
    found = OF_S6.search(image)
    is_other = found is not None and (bool(found["rootless"]) or not starts_as_root(service, ()))
    return is_other and not any(
        str(each).partition(":")[0] == RUN and "uid=" in str(each) for each in as_list(service.get("tmpfs"))
    )


def besides(service: Tree, wanted: Edit, images: Images, made: Made = None) -> list[Edit]:
    """What else an edit must set, so that the image runs as before."""
    needs = known(service, images, made)
    if wanted.path == ("cap_drop",) and not wanted.remove:
        have = as_list(service.get("cap_add"))
        named = {str(each).upper().removeprefix("CAP_") for each in have}
        new = [each for each in kept(service, images, made) if not {each, "ALL"} & named]
        return [Edit(("cap_add",), [*have, *new])] if new else []
    if wanted.path == ("read_only",) and wanted.value is True and (sign := _changes_root(service, images, made)):
        raise BindingError(
            f"{service.get('image', 'it')}: it writes to its root by {sign} when it starts; do that in its image first"
        )
    if wanted.path == ("read_only",) and wanted.value is True and (own := _own_files(service, images, made)):
        raise BindingError(f"{service.get('image', 'it')}: it writes to {own} when it starts; put a volume there first")
    if wanted.path == ("read_only",) and wanted.value is True:
        if "writes" not in needs and (data := _has_no_volume(service, images, made)):
            raise BindingError(f"{service.get('image', 'it')}: {data}; put a volume there first")
        least = _cautions(service, images, made)
        paths = needs.get("writes", [*least.get("writes", ()), *EVERYBODYS])
        runs_from = EVERYBODYS if writers.is_java(service, made) else spills_of(_base(service, made).image, images)
        apart = [*needs.get("keeps", ()), *([] if "writes" in needs else _told_places(service))]
        return _places(service, [*paths, *least.get("fills", ()), *apart], [*runs_from, *apart])
    return []


def _told_places(service: Tree) -> list[str]:
    """The folders that its environment tells for what it writes, and nothing holds yet."""
    pairs = zip(names_of(service.get("environment")), _values(service.get("environment")), strict=True)
    memory = [str(each).partition(":")[0].rstrip("/") for each in as_list(service.get("tmpfs"))]
    return keeps.told(pairs, [*mounted(service), *memory, *EVERYBODYS])


def _has_no_volume(service: Tree, images: Images, made: Made) -> str:
    """What it surely writes and no volume holds, where a new one would not do; empty for nothing."""
    if (paths := _told_places(service)) and not starts_as_root(service, made or ()):
        return f"its environment has it write to {paths[0]}"
    base, whole = _base(service, made).image, image_of(made or (), {}).whole
    words = [*words_of(service), *program(whole)]
    declares = any(each["keyword"] == "VOLUME" for each in whole) or any(writable_places(base, images))
    is_database = keeps.is_database("" if service.get("build") else base, words[0] if words else "")
    return "a database writes its data" if is_database and not declares and not mounted(service) else ""


def _places(service: Tree, paths: Sequence[str], spills: Sequence[str]) -> list[Edit]:
    """Memory for the paths that nothing holds yet, and a volume without a name for those that memory may not hold."""
    have, volumes = as_list(service.get("tmpfs")), as_list(service.get("volumes"))
    taken = [_behind_links(each) for each in (*(str(each).partition(":")[0].rstrip("/") for each in have), *mounted(service))]
    new = [path for path in dict.fromkeys(paths) if not any(covers(each, _behind_links(path)) for each in taken)]
    large = [path for path in new if path in spills]
    small = [path for path in new if path not in large]
    edits = [Edit(("tmpfs",), [*have, *small])] if small else []
    return [*edits, *([Edit(("volumes",), [*volumes, *large])] if large else [])]


def _behind_links(path: str) -> str:
    """The place of a path that the images of all systems know by another name, too."""
    return path.removeprefix("/var") if covers("/var/run", path) else path


def _changes_root(service: Tree, images: Images, made: Made) -> str:
    """The words by which it surely changes its own programs or users, or writes where it stands; empty for none."""
    own = [str(each) for key in ("entrypoint", "command") for each in _words(service.get(key))]
    whole = image_of(made or (), {}).whole
    directory = str(service.get("working_dir") or (workdir(whole) if any(each["keyword"] == "WORKDIR" for each in whole) else ""))
    memory = [str(each).partition(":")[0] for each in as_list(service.get("tmpfs"))]
    places = [*mounted(service), *memory, *writable_places(_base(service, made).image, images)]
    if held := writers.sign(own or program(whole), directory, places):
        return held
    found = None if "writes" in known(service, images, made) else _takes_user(service)
    return found[0] if found else ""


def _own_files(service: Tree, images: Images, made: Made) -> str:
    """What its image writes of its own files when it starts, and no volume holds; empty for nothing."""
    told, places = _cautions(service, images, made), mounted(service)
    changed = (path for path in told.get("changes", ()) if path not in told.get("fills", ()))
    return next((path for path in changed if not any(covers(each, path) for each in places)), "")


def _cautions(service: Tree, images: Images, made: Made) -> Needs:
    """What is told of any version of its image, where that starts by its own entry point or other words speak of its program."""
    image, _, added, *_ = _base(service, made)
    if entry := _words(service.get("entrypoint")):
        return cautions_of(image, images) if is_named(image, images, [*entry, *_words(service.get("command"))]) else {}
    started = Started(mounted=[*mounted(service), *added], names=names_of(service.get("environment")))
    return cautions_of(image, images, started)


def mounted(service: Tree) -> list[str]:
    """Where volumes stand in the container."""
    volumes = [each for each in as_list(service.get("volumes")) if isinstance(each, str | dict)]
    parts = [str(each.get("target")) if isinstance(each, dict) else _target(each) for each in volumes]
    return [part.rstrip("/") for part in parts if part]


def _target(volume: str) -> str:
    """Where a volume in the short form stands; one without a name is its place alone."""
    return volume_parts(volume)[1] or volume.partition(":")[2] or volume


def _has_folders_of_the_host(service: Tree) -> bool:
    volumes = as_list(service.get("volumes"))
    return any(each.get("type") == "bind" if isinstance(each, dict) else str(each).startswith(HOST) for each in volumes)


def _words(command: Plain) -> list[str]:
    """The words of a command in either form; a doubled dollar is one that only a shell would fill in."""
    if isinstance(command, str):
        try:
            words = shlex.split(command)
        except ValueError:  # a quotation that does not end
            words = command.split()
    else:
        words = [str(each) for each in as_list(command)]
    return words if any(word.rpartition("/")[2] in SHELLS for word in words[:2]) else [word.replace("$$", "") for word in words]


def words_of(service: Tree) -> list[str]:
    """The words that start it, as far as it says them."""
    return [word for key in ("entrypoint", "command") for word in _words(service.get(key))]


def _as_filled(words: list[str]) -> list[str]:
    """The words with the defaults of their variables; one with a path stays as it is, since another path may be told."""
    return [word if "/" in filled(word) else filled(word) for word in words]


def names_of(environment: Plain) -> list[str]:
    """The names of the variables in either form."""
    return [str(each).partition("=")[0] for each in (environment if isinstance(environment, dict) else as_list(environment))]


def _values(environment: Plain) -> list[str]:
    """The values of an environment in either form."""
    if isinstance(environment, dict):
        return [str(value) for value in environment.values()]
    return [str(each).partition("=")[2] for each in as_list(environment)]

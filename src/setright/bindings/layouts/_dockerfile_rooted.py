"""What tells that an image works for root alone: files that only root reads, sockets that only root opens, others that build on it.

docs.docker.com/reference/dockerfile; where they install to: the manuals of poetry, pip, pipx, pipenv, rustup, nvm and Playwright.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache, partial

from setright.bindings.layouts._dockerfile_image import Image, Instruction, from_of, plain_name, says_what_runs, variables
from setright.bindings.source import Same, Source, noted
from setright.patterns import late

HOME_OF_ROOT = late(r"(?:^|[\s:=\"',])/root(?:/|[\s:\"',]|$)")
SOCKET = late(r"/(?:docker|containerd|crio|podman)\.sock\b|/(?:run|var/lib)/docker\b|\brclone\b\W+serve\W+docker\b")
INTO_HOME = {  # what a RUN installs for the user that runs it, and what says of another place
    late(r"\bpoetry\s+(?:-\S+\s+)*install\b"): late(r"virtualenvs[._-](?:in[_-]project|create|path)|\bVIRTUAL_ENV\b", re.I),
    late(r"\bpip3?\s+install\s(?:[^&|;]*\s)?--user\b"): late(r"\bPYTHONUSERBASE\b"),
    late(r"\bpipx\s+install\b"): late(r"\bPIPX_HOME\b"),
    late(r"\bpipenv\s+(?:install|sync)\b(?![^&|;]*--system)"): late(r"\b(?:PIPENV_VENV_IN_PROJECT|WORKON_HOME)\b"),
    late(r"\bsh\.rustup\.rs\b"): late(r"\b(?:CARGO_HOME|RUSTUP_HOME)\b"),
    late(r"\bnvm\s+install\b"): late(r"\bNVM_DIR\b"),
    late(r"\bplaywright\s+install\b"): late(r"\bPLAYWRIGHT_BROWSERS_PATH\b|/playwright\b"),
}
WORKS = frozenset({"CMD", "ENTRYPOINT", "VOLUME"})
CRON = late(r"/var/spool/cron\b|/etc/cron(?:tabs?\b|\.d/)|(?:^|[\s;&|])crontab\s(?![./])")
ANYBODYS = late(r"\bsupercronic\b")  # a cron for whoever starts it
MAKERS = late(  # of systems and languages, by where their images are
    r"(?:gcr\.io/distroless|ghcr\.io/(?:astral-sh|graalvm|void-linux)|mcr\.microsoft\.com|public\.ecr\.aws/(?:amazonlinux|lambda)"
    r"|quay\.io/(?:almalinuxorg|centos|centos-stream|fedora|pypa|rockylinux)|registry\.(?:access\.redhat\.com|fedoraproject\.org"
    r"|opensuse\.org|redhat\.io|suse\.com))/"
)
OF_UNITS = late(r"/ubi\d*-init(?:[:@]|$)|(?:^|/)systemd(?:[:@/-]|$)", re.I)  # images that systemd starts
INIT = late(r"/s?bin/init|(?:/usr)?/lib/systemd/systemd")
UNITS = late(r"\bsystemctl\s+(?:-\S+\s+)*(?:enable|set-default)\b")
CLEANS = late(r"\brm\s[^&|;\n]*")


def sign(image: Image) -> str:
    """What tells it, as a clause behind the file's name; empty for nothing."""
    known, said = variables(image.whole), " ".join(map(_text, image.whole))
    if held := next((name for name, value in known.items() if name == "USER" and value == "root"), ""):
        return f"ENV {held}={known[held]}: its program is told that it is root"
    if held := next((name for name, value in known.items() if HOME_OF_ROOT.search(value)), ""):
        return f"ENV {held}={known[held]}: the program keeps files in /root, which only root reads; move them first"
    for each in image.whole:
        text = _text(each)
        if _starts_init(each):
            return f"{each['keyword']} {text}: it starts an init, as systemd, which is root's; give each program a user there"
        if SOCKET.search(text) and each["keyword"] in ("CMD", "ENTRYPOINT", "ENV", "VOLUME"):
            return f"{each['keyword']} {text}: it asks the runtime of containers by its socket, which only root opens"
        if each["keyword"] in ("ADD", "COPY", "RUN") and (found := CRON.search(CLEANS.sub("", text))) and not ANYBODYS.search(said):
            return f"{each['keyword']} puts jobs into {found[0].strip()}, which only root's cron starts; let another image do that"
        if each["keyword"] in WORKS and HOME_OF_ROOT.search(text):
            return f"{each['keyword']} {text}: the program lives in /root, which only root reads; move it first"
        starts = UNITS.search(text) if each["keyword"] == "RUN" else OF_UNITS.search(text) if each["keyword"] == "FROM" else None
        if starts and not says_what_runs(image.whole):
            return f"{each['keyword']} {text}: systemd starts its programs, as root; let each run as a user of its own, by its unit"
    return _installed(image, known)


def _starts_init(each: Instruction) -> bool:
    """Whether it names an init among what the container starts, or the signal that ends systemd."""
    if each["keyword"] == "STOPSIGNAL":
        return str(each["value"]).upper() in ("SIGRTMIN+3", "37")
    return each["keyword"] in ("CMD", "ENTRYPOINT") and any(INIT.fullmatch(word) for word in _text(each).split())


def _installed(image: Image, known: Mapping[str, str]) -> str:
    """What a RUN installs into the home of root."""
    if "HOME" in known:
        return ""
    said = "\n".join(_text(each) for each in image.whole)
    user = "root"
    for each in image.whole:
        user = str(each["value"]) if each["keyword"] == "USER" else user
        for installs, elsewhere in INTO_HOME.items():
            found = installs.search(_text(each)) if each["keyword"] == "RUN" else None
            if found and user.partition(":")[0] in ("root", "0") and not elsewhere.search(said):
                return f"RUN {found[0]}: puts what the program needs into /root, which only root reads; install it elsewhere first"
    return ""


def _text(each: Instruction) -> str:
    value = each["value"]
    texts = value if isinstance(value, list) else [value, *each.get("heredocs", ())]
    return " ".join(str(text) for text in texts)


def begun_from(locator: str, image: Image, sources: Mapping[str, Source]) -> str:
    """Another Dockerfile of the tree that begins from this one's image, which starts nothing by itself; empty for none."""
    if says_what_runs(image.whole):
        return ""
    folder, _, file = locator.rpartition("/")
    names = (
        {folder.rpartition("/")[2].lower(), *re.split(r"[._-]", file.lower())} - {"", "dockerfile", "docker"} - _named(image.whole)
    )
    begun = _begun(Same(sources))
    return min((file for name in names for file in begun.get(name, ()) if file != locator), default="")


@lru_cache(maxsize=1)
def _begun(same: Same) -> dict[str, list[str]]:
    """The Dockerfiles that begin from somebody's own image, by the last word of its name."""
    begun: dict[str, list[str]] = {}
    for file, source in same.sources.items():
        if source.lens == "dockerfile" and source.exists:
            for name in noted(source, "begins from", (), partial(_named, source.tree["instructions"])):
                begun.setdefault(name, []).append(file)
    return begun


def _named(instructions: Sequence[Instruction]) -> set[str]:
    """The last words of the names of the images that it begins from and that are somebody's own, no system or language."""
    froms = [plain_name(from_of(each)["image"].partition("@")[0]) for each in instructions if each["keyword"] == "FROM"]
    return {
        re.split(r"[:/]", re.sub(r":[^/:]*$", "", each))[-1].lower() for each in froms if "/" in each and not MAKERS.match(each)
    }

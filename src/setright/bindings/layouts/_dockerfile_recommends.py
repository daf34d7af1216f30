"""What packages of Debian and its like recommend, which apt-get leaves out with --no-install-recommends.

The Packages files of Debian 11 to 13, Recommends of a package and of all that it depends on. What a base image has is not
installed again; what only documents, translates or measures is no loss: manpages, libc-devtools, krb5-locales, publicsuffix,
libgpm2, and what libldap and libsasl2 recommend to those that speak LDAP, where none of these is asked for by name.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from setright.bindings.layouts._dockerfile_image import from_of, plain_name, stages_of
from setright.bindings.layouts._shell_words import base, commands
from setright.model import Plain
from setright.patterns import late

APT = ("apt-get", "apt")
NO_RECOMMENDS = "--no-install-recommends"
CERTIFICATES = "ca-certificates"
RECOMMENDED = {  # packages that only recommend what they do little without: certificates to check servers by, headers, make
    **dict.fromkeys(("curl", "git", "nodejs", "wget"), (CERTIFICATES,)),
    **dict.fromkeys(("python-pip", "python3-pip"), ("build-essential", "python3-dev")),
    **dict.fromkeys(("gcc", "golang", "golang-go"), ("libc6-dev",)),
    "cmake": ("make",),
    "xvfb": ("xauth",),
}
BROUGHT_ALONG = {"build-essential": frozenset({"libc6-dev", "make"}), "g++": frozenset({"libc6-dev"})}
WANTS_CERTIFICATES = frozenset({"libcurl4-openssl-dev", "libpq-dev", "libpq5", "postgresql-client"})  # in one release at least
HAS_CERTIFICATES = late(r"buildpack-deps|eclipse-temurin|golang|perl|php|python|ruby|rust")
COMPLETE = frozenset(  # that recommend nothing else that anything is done with
    {
        *("acl", "bash", "bison", "bzip2", "ca-certificates", "ccache", "curl", "default-libmysqlclient-dev", "dos2unix"),
        *("doxygen", "dumb-init", "file", "fontconfig", "g++", "gcc", "gfortran", "gosu", "htop", "jq", "less"),
        *("libbz2-dev", "libc6-dev", "libcurl4-openssl-dev", "libffi-dev", "libfreetype6-dev", "libgmp-dev", "libgomp1"),
        *("libicu-dev", "libjpeg-dev", "libjpeg62-turbo-dev", "liblzma-dev", "libmariadb-dev", "libmcrypt-dev"),
        *("libncurses-dev", "libncurses5-dev", "libonig-dev", "libpcre3-dev", "libpng-dev", "libpq-dev", "libpq5"),
        *("libreadline-dev", "libsm6", "libsqlite3-dev", "libssl-dev", "libwebp-dev", "libxext6", "libxml2-dev"),
        *("libxpm-dev", "libxrender1", "libxslt1-dev", "libyaml-dev", "libzip-dev", "locales", "m4", "make", "nano"),
        *("net-tools", "netcat", "netcat-openbsd", "ninja-build", "openssl", "patch", "postgresql-client", "sqlite3"),
        *("strace", "tar", "telnet", "tini", "tzdata", "unzip", "wget", "xz-utils", "zlib1g-dev"),
    }
)


def left_out(installed: Collection[str], text: str) -> str:
    """What these packages only recommend, do little without, and is named nowhere in the text."""
    wanted = dict.fromkeys(each for name in sorted(installed) for each in RECOMMENDED.get(name, ()))
    brought = {each for name in {*installed, *wanted} for each in BROUGHT_ALONG.get(name, ())}
    return " ".join(
        each for each in wanted if each not in brought and not re.search(rf"(?<![\w-]){re.escape(each)}(?![\w-])", text)
    )


def are_known(instructions: Sequence[Mapping[str, Plain]]) -> bool:
    """Whether all that apt-get installs with what is recommended surely recommends no more than `left_out` brings back."""
    for start, end in stages_of(instructions):
        shells = [text for each in instructions[start:end] if each["keyword"] == "RUN" for text in _texts(each)]
        certified = any(CERTIFICATES in text for text in shells) or _has_certificates(instructions[start])
        if not all(_is_complete(name, certified) for text in shells for name in _installed(text)):
            return False
    return True


def _is_complete(name: str, certified: bool) -> bool:
    return name in COMPLETE and (certified or name not in WANTS_CERTIFICATES)


def _installed(text: str) -> list[str]:
    """The names of what its commands install with all that is recommended."""
    found: list[str] = []
    for each in commands(text):
        words = [word.text for word in each.words]
        if base(words[0]) in APT and "install" in words and not any(word.endswith("-install-recommends") for word in words):
            found += [word.partition("=")[0] for word in words[words.index("install") + 1 :] if not word.startswith("-")]
    return found


def _has_certificates(begin: Mapping[str, Plain]) -> bool:
    """Whether a stage begins from an image that has them; one of Alpine Linux has no apt-get to ask this for."""
    name = plain_name(from_of(begin)["image"]).partition("@")[0]
    return HAS_CERTIFICATES.fullmatch(name.rpartition(":")[0] or name) is not None


def _texts(each: Mapping[str, Plain]) -> list[str]:
    """What a shell runs of a RUN; in other forms, as it stands."""
    value = each["value"]
    return [value if isinstance(value, str) else " ".join(map(str, value)), *map(str, each.get("heredocs", ()))]

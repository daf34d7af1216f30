"""What a RUN takes in without asking who made it: TLS and signatures that are not checked, and passwords that it sets.

The manuals of curl, wget, git, pip, npm, yarn, conda, apt-get, apk, dnf.conf, rpm, zypper, chpasswd.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from setright.bindings.layouts._shell_words import Command, base
from setright.model import Tree
from setright.patterns import late

UNCHECKED = {  # by the command's name: what tells that it does not ask who the server is
    "curl": late(r"--insecure|-[fsSLgvIiJORqNaj0-9#]*k[A-Za-z#]*"),
    "wget": late(r"--no-check-certificate"),
    "pip": late(r"--trusted-host(?:=.*)?"),
    "git": late(r"[\"']?http\.(?:[^\s=]+\.)?sslverify=(?:false|0)[\"']?", 2),
    "npm": late(r"[\"']?(?:--)?strict-ssl[\"']?=[\"']?false[\"']?|--no-strict-ssl"),
    "yum": late(r"[\"']?--setopt=[\"']?(?:[^=\s]+\.)?sslverify[\"']?=[\"']?(?:0|false)[\"']?", 2),
}
SETTINGS = {"git": ("http.sslverify", "false", "0"), "npm": ("strict-ssl", "false"), "conda": ("ssl_verify", "false", "no")}
UNSIGNED = {
    "apt-get": late(
        r"--allow-unauthenticated|--force-yes|--allow-insecure-repositories|(?:-o)?[\"']?APT::Get::AllowUnauthenticated[\"']?=[\"']?(?:true|1).*"
    ),
    "apk": late(r"--allow-untrusted"),
    "yum": late(r"--no-?gpg-?checks?|[\"']?--setopt=[\"']?(?:[^=\s]+\.)?gpgcheck[\"']?=[\"']?(?:0|false).*", 2),
    "rpm": late(r"--no(?:digest|signature|verify|filedigest)"),
    "zypper": late(r"--no-gpg-checks|--allow-unsigned-rpm"),
}
ALIASES = {"pip2": "pip", "pip3": "pip", "yarn": "npm", "pnpm": "npm", "apt": "apt-get", "mamba": "conda"}
ALIASES |= dict.fromkeys(("dnf", "tdnf", "microdnf", "yum-config-manager"), "yum")
SWITCHES = late(
    r"\bGIT_SSL_NO_VERIFY=(?![\"']?(?:0|false)\b)\S+|\bNODE_TLS_REJECT_UNAUTHORIZED=[\"']?0|\bPYTHONHTTPSVERIFY=[\"']?0"
    r"|\b(?:NPM_CONFIG_STRICT_SSL|npm_config_strict_ssl)=[\"']?false|\bPIP_TRUSTED_HOST=[^\s;&|]+"
)
TRUSTED = late(r"\bdeb(?:-src)?[ \t]+\[[^\]]*\btrusted=yes\b[^\]]*\]")
PASSWORDS = {"passwd": ("--stdin", "-d", "--delete"), "useradd": ("-p", "--password"), "usermod": ("-p", "--password")}


def taken_on_trust(text: str, found: Sequence[Command]) -> Tree:
    """The first of each: what is not `unchecked` by TLS, what is `unsigned`, and what `gives-login` of an account."""
    told: Tree = {}
    for command in found:
        words = [word.text for word in command.words]
        name = ALIASES.get(base(words[0]), base(words[0]))
        for key, table in (("unchecked", UNCHECKED), ("unsigned", UNSIGNED)):
            odd = next((word for word in words[1:] if name in table and table[name].fullmatch(word)), "")
            told |= {key: f"{base(words[0])} {odd}"} if odd and key not in told else {}
        if name in SETTINGS and _sets(words, *SETTINGS[name]):
            told.setdefault("unchecked", f"{base(words[0])} {' '.join(words[-2:])}")
        if name == "chpasswd" or any(word in PASSWORDS.get(name, ()) for word in words[1:]):
            told.setdefault("gives-login", name)
    for key, pattern in (("unchecked", SWITCHES), ("unsigned", TRUSTED)):
        if match := pattern.search(text):
            told.setdefault(key, match[0])
    return told


def _sets(words: Sequence[str], setting: str, *values: str) -> bool:
    """Whether a setting is given one of the values in words of their own."""
    plain = [word.strip("\"'").lower() for word in words]
    return any(first == setting and second in values for first, second in pairwise(plain))

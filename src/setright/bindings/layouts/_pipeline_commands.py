"""What commands in the scripts of pipelines give up: checks of who answers, and passwords that others can read.

    does: [skips-tls, trusts-any-host, shows-password]

curl(1), wget(1), ssh_config(5), docker-login(1). What a command asks of its own machine is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from setright.patterns import late

OF_CURL = late(r"-[#fsSLIiOJgGv0-6]*k[#fsSLIiOJgGvo]*|--insecure")
SKIPS_TLS = late(  # by what the command is called with
    r"(?:wget )(?=.*--no-check-certificate)|(?:git )(?=.*\bhttp(?:\.\S+)?\.sslVerify[= ]\"?(?:false|0)\b)"
    r"|(?:npm|yarn|pnpm) (?=.*\bstrict-ssl[= ]\"?false)|(?:pip3?|python3?|uv) (?=.*--trusted-host)"
    r"|(?:kubectl|oc|helm) (?=.*--insecure-skip-tls-verify(?!=\"?false))"
    r"|(?:skopeo|podman|buildah) (?=.*--(?:src-|dest-)?tls-verify=\"?false)",
    re.I | re.S,
)
ANY_HOST = late(r"StrictHostKeyChecking[= ]+\"?(?:no|off)\b|UserKnownHostsFile[= ]+\"?/dev/null", re.I)
OF_SSH = frozenset({"ssh", "scp", "sftp", "rsync", "git", "echo", "printf", "autossh", "ssh-copy-id"})
LOGINS = frozenset({"docker", "podman", "buildah", "nerdctl", "helm", "skopeo", "oras", "crane"})
PASSWORD = late(r"-p(?!ublic).*|--password(?:=.*)?")
OWN = late(r"\b(?:localhost|127\.0\.0\.\d+|0\.0\.0\.0)\b|\[::1\]")


def gives_up(name: str, words: Sequence[str]) -> list[str]:
    """What a command with these words gives up, by the words of the module."""
    line = " ".join([name, *words])
    skips = any(OF_CURL.fullmatch(each) for each in words) if name == "curl" else SKIPS_TLS.match(line) is not None
    found = ["skips-tls"] if skips and not OWN.search(line) else []
    if name in OF_SSH and ANY_HOST.search(line) and not OWN.search(line):
        found.append("trusts-any-host")
    is_login = name in LOGINS and "login" in words[:3] and any(PASSWORD.fullmatch(each) for each in words)
    if is_login or (name == "sshpass" and any(each.startswith("-p") for each in words[:2])):
        found.append("shows-password")
    return found

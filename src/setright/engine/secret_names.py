"""Which keys hold secrets and which of their values are none: names as programs use them, values that only point elsewhere."""

from __future__ import annotations

from functools import lru_cache

from setright.patterns import late

WORDS = late(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")

# The last words of a key, lower case, joined. `tokens` and `secrets` in the plural are settings and lists of names.
ENDINGS = (
    "password",
    "passwords",
    "passwd",
    "passphrase",
    "passcode",
    "pwd",
    "pass",
    "psk",
    "secret",
    "token",
    "credential",
    "community",
    "requirepass",
    "masterauth",
    "primaryauth",
    "authtok",
    "bindpw",
    "rootpw",
    "privatekey",
    "accesskey",
    "secretkey",
    "apikey",
    "accountkey",
    "signingkey",
    "encryptionkey",
    "masterkey",
    "sharedkey",
    "presharedkey",
    "sharedaccesskey",
    "storagekey",
    "licensekey",
    "authkey",
    "hmackey",
    "deploykey",
    "webhookkey",
    "keydata",
    "connectionstring",
    "connstr",
    "dockerconfigjson",
    "passworddata",
    "passwordhash",
    "secretstring",
    "secretbinary",
    "secretvalue",
    "secretdata",
    "webhookurl",
)
WHOLE = frozenset({"pass", "psk", "pwd", "community"})  # short: must be a word of their own
NO_SECRETS = late(r"(?i)(?:proxy|fastcgi|uwsgi|scgi|grpc|memcached)_pass|(?:send|set)[-_]community|pwd|oldpwd|id-token")

PLAIN_VALUES = frozenset(
    """true false yes no on off null none nil ~ required optional requisite sufficient include substack disabled enabled
    default ldap nis db winbind [notfound=return] both extended standard no-export no-advertise additive internet ask prompt never
    always any cannot only scram-sha-256 md5 sha1 sha256 sha512 sha-256 sha-512 yescrypt bcrypt files systemd compat sss""".split()  # noqa: SIM905
)
REFERENCE = late(
    r"\$\{\{ *(?:secrets|vars|inputs|env|github|steps|needs|jobs|matrix)\.[\w.-]+ *\}\}"
    r"|\$\{[^{}]*\}|\$\([^()]*\)|\$[A-Z_][A-Z0-9_]*|\{\{[^{}]*\}\}|%[A-Za-z_]+%|<secret sha256:[0-9a-f]{8}>|![A-Z][A-Za-z:]*\b.*"
    r"|arn:[\w-]+:[^\s\"']*|[A-Za-z0-9]+://vault[^\s\"']*|env:\w+|(?:var|local|data|module|each|self)\.[\w.*\[\]\"-]+|[xX]{3,}|\*+|!+\*?|\?|\d+:\d+"
    r"|(?:/(?:etc|var|run|home|root|usr|opt|srv|mnt|dev|proc)/|\.{1,2}/)[\w./@%+-]*|/root"
)


@lru_cache(maxsize=8192)
def names_secret(key: str) -> bool:
    """Does a key of that name hold a secret? ``DB_PASSWORD`` and ``masterUserPassword`` do, ``PasswordAuthentication`` does not."""
    if NO_SECRETS.fullmatch(key):
        return False
    words = [word.lower() for word in WORDS.findall(key[-80:])]
    while words and words[-1].isdigit():
        words.pop()
    joined = "".join(words)
    return any(joined.endswith(ending) and (ending not in WHOLE or words[-1] == ending) for ending in ENDINGS)


def is_plain(value: str) -> bool:
    """Is this no secret whatever its key: a switch, a reference to where the secret is kept, a file's name?"""
    return all(word in PLAIN_VALUES for word in value.lower().split()) or REFERENCE.fullmatch(value) is not None

"""Setting values in one form: switches `on`/`off`, numbers in the setting's own base unit, modes in octal, lists as lists.

Source: src/backend/utils/misc/guc.c (units, parse_bool), src/bin/pg_dump/dumputils.c (which settings are quoted lists).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from setright.model import Plain

QUOTED_LISTS = frozenset(
    {
        "local_preload_libraries",
        "search_path",
        "session_preload_libraries",
        "shared_preload_libraries",
        "temp_tablespaces",
        "unix_socket_directories",
    }
)
LISTS = QUOTED_LISTS | {"listen_addresses", "log_destination"}
MODES = frozenset({"data_directory_mode", "log_file_mode", "unix_socket_permissions"})
HIDDEN = re.compile(
    r"primary_conninfo|ssl_passphrase_command|(archive|restore|archive_cleanup|recovery_end)_command|.*\..*(password|secret|token|key).*"
)
SET = "(set)"  # what a hidden value reads as

_BYTES = {"B": 1, "kB": 1024, "MB": 1024**2, "GB": 1024**3, "TB": 1024**4}
_MICROSECONDS = {"us": 1, "ms": 1000, "s": 10**6, "min": 60 * 10**6, "h": 3600 * 10**6, "d": 86400 * 10**6}
_NUMBER = re.compile(r"\s*([+-]?(?:0[xX][0-9a-fA-F]+|\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+))\s*([a-zA-Z]*)\s*")
_BOOLS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


def may_hold_secret(name: str) -> bool:
    """Whether values of this setting may hold a secret, and so never leave the server."""
    return HIDDEN.fullmatch(name) is not None


def normal(name: str, raw: str | None, vartype: str, unit: str | None, enumvals: Sequence[str] | None) -> Plain:
    """A value as written in a file, as pg_settings would show it. What cannot be read so stays the text it is."""
    if raw is None:
        return None
    if may_hold_secret(name):
        return SET if raw else ""
    if vartype == "bool":
        return _switch(raw)
    if name in MODES:
        return _mode(raw)
    if vartype in ("integer", "real"):
        return _number(raw, unit, whole=vartype == "integer")
    if vartype == "enum":
        return next((v for v in enumvals or () if v.lower() == raw.lower()), raw)
    return elements(raw) if name in LISTS else raw


def normal_text(value: Plain) -> str:
    """A normal value as one string, as the server takes it."""
    return ", ".join(value) if isinstance(value, list) else str(value)


def elements(raw: str) -> list[str]:
    """The items of a comma list, double quotes taken off."""
    found = re.findall(r'\s*(?:"((?:[^"]|"")*)"|([^,"]+))\s*(?:,|$)', raw)
    return [quoted.replace('""', '"') if quoted else bare.strip() for quoted, bare in found if quoted or bare.strip()]


def _switch(raw: str) -> str:
    word = raw.strip().lower()
    meant = {_BOOLS[full] for full in _BOOLS if word and full.startswith(word) and word != "o"}
    return raw if len(meant) != 1 else "on" if meant.pop() else "off"


def _mode(raw: str) -> str:
    """File permissions in octal; pg_settings gives what is built in as a decimal number."""
    digits = raw.strip()
    return raw if not digits.isdigit() else f"{int(digits, 8 if digits.startswith('0') else 10):04o}"


def _number(raw: str, unit: str | None, whole: bool) -> Plain:
    found = _NUMBER.fullmatch(raw)
    if found is None:
        return raw
    digits, suffix = found.groups()
    scaled = _scaled(_amount(digits, whole), suffix, unit)
    if scaled is None:
        return raw
    return round(scaled) if whole or scaled == int(scaled) else scaled


def _amount(digits: str, whole: bool) -> float:
    """Digits as C reads them: whole settings take hexadecimal and, after a leading zero, octal numbers."""
    if "x" in digits.lower():
        return float(int(digits, 16))
    return float(int(digits, 8)) if whole and re.fullmatch(r"[+-]?0[0-7]+", digits) else float(digits)


def _scaled(amount: float, suffix: str, unit: str | None) -> float | None:
    """The amount in the base unit; None where the suffix is of another sort. `unit` may carry a factor: ``8kB``."""
    if not suffix:
        return amount
    factor, base = re.fullmatch(r"(\d*)([a-zA-Z]*)", unit or "").groups()  # type: ignore[union-attr]
    for scale in (_BYTES, _MICROSECONDS):
        if suffix in scale and base in scale:
            return amount * scale[suffix] / (scale[base] * int(factor or 1))
    return None

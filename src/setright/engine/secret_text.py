"""Where secrets stand in a text of any format: by their own shape, and by the key they stand under. Pure, linear in the text.

Shapes: crypt(5), RFC 5802 verifiers, RFC 7468 and RFC 7519, providers' published token prefixes. Every repetition is
bounded, so no text makes a search slow.
"""

from __future__ import annotations

import re
import sys
from bisect import bisect_right
from collections.abc import Iterator
from typing import TypeAlias

from setright.engine.secret_names import is_plain, names_secret
from setright.patterns import late

Span: TypeAlias = tuple[int, int]

SHAPES = late(
    r"\$(?:1|apr1)\$[^$\s:]{1,8}\$[./0-9A-Za-z]{10,64}"
    r"|\$[56]\$(?:rounds=\d{1,9}\$)?[^$\s:]{1,16}\$[./0-9A-Za-z]{10,128}"
    r"|\$(?:y|gy|7)\$[./0-9A-Za-z$]{16,256}|\$2[abxy]?\$\d\d\$[./0-9A-Za-z]{20,80}|\$[89]\$[./0-9A-Za-z$-]{8,256}"
    r"|\$(?:argon2(?:id|i|d)|scrypt|pbkdf2(?:-\w{1,12})?)\$[\w./+=,$-]{16,512}"
    r"|SCRAM-SHA-\d{1,3}\$\d{1,9}:[\w+/=]{4,200}\$[\w+/=]{4,200}:[\w+/=]{4,200}"
    r"|(?<![0-9A-Za-z])md5[0-9a-f]{32}(?![0-9a-f])|(?<!\w)\*[0-9A-F]{40}(?![0-9A-Fa-f])"
    r"|grub\.pbkdf2\.sha\d{3}\.\d{1,9}\.[0-9A-Fa-f.]{16,1024}|\{(?:S?SHA\d{0,3}|S?MD5|CRYPT|PBKDF2\w{0,10})\}[\w+/=.$,-]{8,512}"
    r"|(?<![0-9A-Za-z])(?:AKIA|ASIA)[A-Z0-9]{16}(?![0-9A-Za-z])"
    r"|(?<![0-9A-Za-z])(?:gh[pousr]_\w{20,255}|github_pat_\w{20,255}|gl(?:pat|dt|rt)-[\w-]{16,255}|xox[abeoprs]-[\w-]{10,255}"
    r"|AIza[\w-]{30,40}|ya29\.[\w-]{20,512}|[sr]k_(?:live|test)_\w{16,255}|npm_[0-9A-Za-z]{30,64}|pypi-[\w-]{32,512}"
    r"|hv[sbr]\.[\w-]{20,512}|do[opr]_v1_[0-9a-f]{64}|sk-[\w-]{20,255}|SG\.[\w-]{16,64}\.[\w-]{16,64}|AGE-SECRET-KEY-1[0-9A-Z]{30,80}"
    r"|eyJ[\w-]{8,4096}\.eyJ[\w-]{4,8192}(?:\.[\w-]{0,2048})?)"
)
PRIVATE_KEY = late(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?:\\r)?(?:\\n|\r?\n)?")
KEY_END = late(r"(?:\\r)?(?:\\n|\n)?[ \t]{0,80}-----END ")
IN_CONTEXT = late(
    r"(?im)"
    r"://[^\s/:@\"']{0,256}:(?P<userinfo>[^\s/\"'<>]{1,512})@"
    r"|authorization[\"']?[ \t]{0,8}[:=]?[ \t]{0,8}[\"']?(?:bearer|basic|token)[ \t]{1,8}(?P<header>[^\s\"']{4,4096})"
    r"|hooks\.slack\.com/services/(?P<hook>[\w/-]{10,200})"
    r"|--[\w-]{0,40}(?:password|passwd|passphrase|secret|token|api-key)[ \t]{1,8}(?P<option>[^\s\"'-][^\s\"']{0,512})"
    r"|(?<![\w.-])(?:secret|password|passphrase)[ \t]{1,8}\"(?P<word>[^\"\n]{1,512})\""
    r"|(?:identified[ \t]{1,8}by|(?<!\w)password)[ \t]{1,8}(?:password[ \t]{1,8})?'(?P<sql>[^'\n]{1,512}(?:''[^'\n]{0,512}){0,8})'"
    r"|(?:snmp-server[ \t]{1,8}community|r[ow]community6?|com2sec6?[ \t]{1,8}\S{1,80}[ \t]{1,8}\S{1,80}|key-string|server-key"
    r"|neighbor[ \t]{1,8}\S{1,80}[ \t]{1,8}password|(?:tacacs|radius)-server[ \t]{1,8}key|set[ \t]{1,8}snmp[ \t]{1,8}community"
    r"|(?:^[-+ \t]{0,80}(?:username|enable|machine)(?!\w)[^\n]{0,200}?[ \t](?:secret|password)))[ \t]{1,8}"
    r"(?:\d{1,2}[ \t]{1,8})?(?P<device>[^\s;]{1,512})"
    r"|^[-+ \t]{0,80}createuser[ \t]{1,8}(?P<snmp>[^\n]{1,512})"
)
WORDS_OF_CONTEXT = (  # without any of these IN_CONTEXT finds nothing; casefolded, and none has an "i", which may be a dotless one
    "://",
    "--",
    "password",
    "secret",
    "passphrase",
    "author",
    "hooks.slack.com",
    "dent",  # identified
    "commun",
    "com2sec",
    "key-str",
    "server",
    "createuser",
)
KEY = late(r"(?<![\w.-])([A-Za-z_.][\w.-]{0,79})(\\?[\"']?[ \t]{0,40}(?:=>|:=|:(?!:)|=(?![=~]))[ \t]{0,40})")
WORD_AND_VALUE = late(
    r"(?m)^[-+ \t]{0,80}(?:(?:ENV|ARG|set)[ \t]{1,40})?([A-Za-z_][\w.-]{0,79})[ \t]{1,40}(?:\d{1,2}[ \t]{1,8})?"
    r"(\"[^\"\n]{0,1024}\"|'[^'\n]{0,1024}'|[^\s;]{1,1024})[ \t]{0,40};?[ \t]{0,40}\r?$"
)
NAME_THEN_VALUE = late(
    r"(?i)(?<!\w)(?:name|key|parameterkey)[\"']?\s{0,80}[:=]\s{0,80}[\"']?([\w.-]{1,80})[\"']?\s{0,80},?\s{0,80}"
    r"[\"']?(?:parameter)?value[\"']?[ \t]{0,40}[:=][ \t]{0,40}"
)
VALUE_THEN_NAME = late(
    r"(?i)(?<!\w)value[\"']?[ \t]{0,40}[:=][ \t]{0,40}[\"']?(?P<value>[^\"'\s,}]{1,1024})[\"']?\s{0,80},?\s{0,80}"
    r"[\"']?(?:name|key)[\"']?\s{0,80}[:=]\s{0,80}[\"']?(?P<name>[\w.-]{1,80})"
)
KUBERNETES_SECRET = late(r"(?m)^kind:[ \t]{0,8}[\"']?Secret[\"']?[ \t]{0,40}\r?$")
ITS_DATA = late(r"(?m)^(data|stringData):[ \t]{0,40}\r?\n")
STORED = late(r"(?m)^resource[ \t]{1,8}\"(?:aws_ssm_parameter|azurerm_key_vault_secret)\"[^\n]{0,256}\{[ \t]{0,40}\r?\n")
VARIABLE = late(r"(?m)^variable[ \t]{1,8}\"?([\w-]{1,128})\"?[ \t]{0,8}\{")
ITS_DEFAULT = late(r"(?:^|(?<=[\s{;]))(default)([ \t]{0,40}=[ \t]{0,40})")
ITS_VALUE = late(r"(?m)^[ \t]{1,80}(value)([ \t]{0,40}=[ \t]{0,40})")
HASHES = late(r"(?m)^[^:\n]{0,256}:([^:\n]{1,512})")
HASH_FILES = late(r"^(?!stat:)(?:.{0,4096}/)?(?:g?shadow-?|opasswd|\.?htpasswd|passwd\.db)$")
PGPASS = late(r"(?m)^(?:[^:#\n]{0,256}:){4}([^\n]{1,512})")
PGBOUNCER_USERS = late(r'(?m)^"[^"\n]{0,256}"[ \t]{1,8}"([^"\n]{1,512})"')
HEREDOC = late(r"<<[-~]?\"?(\w{1,40})\"?[ \t]{0,40}\r?\n")
YAML = (".yaml", ".yml")
HCL = (".tf", ".hcl", ".tfvars")
STRUCTURED = (*YAML, *HCL, ".json")
QUOTE = late(r"\\?[\"']")
COMMENT = late(r"(?:^|(?<=\s))(?:#|//)")
HCL_STRING = late(r'"([^"\n]{0,1024})"')
LIST_STRING = late(r"\"([^\"\n]{1,1024})\"|'([^'\n]{1,1024})'")
YAML_KEY = late(r"(?m)^[ \t]+[^\s:#][^:\n]{0,253}:[ \t]+")
LONG = 2048  # a longer line is taken to its end
BLOCK = late(r"(?:!!?\w+[ \t]+)?[|>][-+\d]*")
LEADS = ("", "export", "set", "#", ";", "//", '"', "'")  # before a key whose value goes on to the line's end
END_OF_LINE_VALUE = late(r"[ \t][#;]|[,;]?[ \t\r]*$")
END_OF_WORD = late(r"[\s;&\"']|[,})\]](?=[\s,})\]\"']|$)")
NOT_A_SCALAR = late(r"[ \t]*(?:#|- |-$|[\"']?[\w./-]{1,80}[\"']?[ \t]{0,8}[:=]|[{}\[\]])")


def secret_spans(text: str, locator: str) -> Iterator[Span]:
    """Start and end of each secret, in no order, overlaps possible. The locator tells the format."""
    yield from (match.span() for match in SHAPES.finditer(text))
    yield from _private_keys(text)
    yield from _in_context(text)
    yield from _under_keys(text, locator)
    yield from _named_values(text, locator)
    yield from _by_file(text, locator)
    if not locator.endswith(STRUCTURED):
        yield from _after_words(text)


def _private_keys(text: str) -> Iterator[Span]:
    at = 0
    while begin := PRIVATE_KEY.search(text, at):
        end = KEY_END.search(text, begin.end())
        at = end.start() if end else len(text)
        yield begin.end(), at


def _in_context(text: str) -> Iterator[Span]:
    for line in _lines_of_context(text):
        for match in IN_CONTEXT.finditer(text, *line):
            if match.lastgroup and not is_plain(match[match.lastgroup]):
                yield match.span(match.lastgroup)


def _lines_of_context(text: str) -> list[Span]:
    """The lines that IN_CONTEXT may find something in, none of which it leaves; all as one where letters fold to several."""
    folded = text.casefold()
    if len(folded) != len(text):
        return [(0, len(text))] if any(word in folded for word in WORDS_OF_CONTEXT) else []
    lines: set[Span] = set()
    for word in WORDS_OF_CONTEXT:
        at = folded.find(word)
        while at >= 0:
            end = _find(text, "\n", at, len(text))
            lines.add((text.rfind("\n", 0, at) + 1, end))
            at = folded.find(word, end)
    return sorted(lines)


def _after_words(text: str) -> Iterator[Span]:
    for match in WORD_AND_VALUE.finditer(text):
        if names_secret(match[1]):
            yield from _unless_plain(text, _unquoted(text, match.span(2)))


def _under_keys(text: str, locator: str) -> Iterator[Span]:
    done = 0  # keys within a value that is a secret already are no keys
    heredocs = _heredocs(text) if locator.endswith(HCL) else []
    for match in KEY.finditer(text):
        if match.start() >= done and names_secret(match[1]):
            other = locator.endswith(HCL) and _is_no_hcl(text, match.start(), heredocs)
            for span in _value(text, match.start(), match.end(), "" if other else locator):
                done = max(done, span[1])
                yield span


def _heredocs(text: str) -> list[Span]:
    """Where the texts of heredocs stand; one that is not closed goes on to the end."""
    found: list[Span] = []
    at = 0
    while opening := HEREDOC.search(text, at):
        closing = _heredoc_end(opening, text)
        at = closing.end() if closing else len(text)
        found.append((opening.end(), at))
    return found


def _heredoc_end(opening: re.Match[str], text: str) -> re.Match[str] | None:
    return re.compile(rf"(?m)^[ \t]*{opening[1]}[ \t]*\r?$").search(text, opening.end())


def _is_no_hcl(text: str, at: int, heredocs: list[Span]) -> bool:
    """Whether what stands there is a script in a heredoc, or a comment: there a bare word is a value, no expression."""
    place = bisect_right(heredocs, (at, sys.maxsize)) - 1
    if place >= 0 and at < heredocs[place][1]:
        return True
    return COMMENT.search(text, text.rfind("\n", max(0, at - LONG), at) + 1, at) is not None


def _named_values(text: str, locator: str) -> Iterator[Span]:
    if "value" not in text.casefold():
        return
    for match in NAME_THEN_VALUE.finditer(text):
        if names_secret(match[1]):
            yield from _value(text, match.end() - 1, match.end(), locator)
    for match in VALUE_THEN_NAME.finditer(text):
        if names_secret(match["name"]) and not is_plain(match["value"]):
            yield match.span("value")


def _by_file(text: str, locator: str) -> Iterator[Span]:
    if HASH_FILES.search(locator):
        yield from (match.span(1) for match in HASHES.finditer(text) if not is_plain(match[1]) and match[1] != "x")
    elif locator.endswith("pgpass"):
        yield from (match.span(1) for match in PGPASS.finditer(text))
    elif locator.endswith("userlist.txt"):
        yield from (match.span(1) for match in PGBOUNCER_USERS.finditer(text))
    elif locator.endswith(HCL):
        yield from _stored(text, locator)
    elif KUBERNETES_SECRET.search(text):
        yield from _kubernetes_secrets(text)


def _stored(text: str, locator: str) -> Iterator[Span]:
    """What Terraform's resources and variables hold that are secrets themselves: of Key Vault, SecureString parameters, by name."""
    for head in VARIABLE.finditer(text):
        if names_secret(head[1]):
            line = _find(text, "\n", head.end(), len(text))
            end = line if "}" in text[head.end() : line] else _find(text, "\n}", head.end(), len(text))
            for match in ITS_DEFAULT.finditer(text, head.end(), end):
                yield from _value(text, match.start(1), match.end(), locator)
    for head in STORED.finditer(text):
        end = _find(text, "\n}", head.end(), len(text))
        if "azurerm" in head[0] or '"String"' not in text[head.end() : end]:
            for match in ITS_VALUE.finditer(text, head.end(), end):
                yield from _value(text, match.start(1), match.end(), locator)


def _kubernetes_secrets(text: str) -> Iterator[Span]:
    at = 0
    for part in re.split(r"(?m)^(?=---)", text):
        if KUBERNETES_SECRET.search(part):
            for head in ITS_DATA.finditer(part):
                end = _deeper(part, head.end(), 0)
                yield from _scalars(text, at + head.end(), at + end)
        at += len(part)


def _scalars(text: str, start: int, end: int) -> Iterator[Span]:
    """Each value of a YAML mapping of scalars."""
    for match in YAML_KEY.finditer(text, start, end):
        yield from _value(text, match.start(), match.end(), ".yaml")


def _value(text: str, key_start: int, start: int, locator: str) -> Iterator[Span]:
    """The value that stands after a key and its separator."""
    quote = QUOTE.match(text, start)
    if quote:
        yield from _unless_plain(text, _quoted(text, quote))
    elif heredoc := HEREDOC.match(text, start):
        end = _heredoc_end(heredoc, text)
        yield heredoc.end(), end.start() - 1 if end else len(text)
    elif text[start : start + 1] == "[":
        yield from _unless_all_plain(text, LIST_STRING.finditer(text, start, _find(text, "]", start, start + 4096)))
    elif text[start : start + 1] != "{":
        yield from _bare(text, key_start, start, locator)


def _bare(text: str, key_start: int, start: int, locator: str) -> Iterator[Span]:
    end = _find(text, "\n", start, start + LONG)
    if locator.endswith(HCL):
        yield from _unless_all_plain(text, HCL_STRING.finditer(text, start, end))
        return
    lead = text[text.rfind("\n", max(0, key_start - LONG), key_start) + 1 : key_start]
    alone = lead.strip("-+ \t") in LEADS or text[key_start : key_start + 1] in " \t"
    value = (END_OF_LINE_VALUE if alone else END_OF_WORD).split(text[start:end], maxsplit=1)[0]
    if len(value) == LONG:
        value = text[start : _find(text, "\n", start, len(text))]
    block = BLOCK.fullmatch(value.strip())
    if not block:
        yield from _unless_plain(text, (start, start + len(value)))
    if alone and (block or not value or locator.endswith(YAML)):
        yield from _continued(text, end + 1, len(lead) - len(lead.lstrip()), bool(block))


def _unless_all_plain(text: str, found: Iterator[re.Match[str]]) -> Iterator[Span]:
    for match in found:
        yield from _unless_plain(text, match.span(match.lastindex or 0))


def _continued(text: str, start: int, indent: int, block: bool) -> Iterator[Span]:
    """The lines of a scalar that goes on below its key: deeper than the key, and (but for a block) no keys themselves."""
    end = start if start >= len(text) or (not block and NOT_A_SCALAR.match(text, start)) else _deeper(text, start, indent)
    first = start + len(text[start:end]) - len(text[start:end].lstrip())
    last = start + len(text[start:end].rstrip())
    if first < last:
        yield first, last


def _deeper(text: str, start: int, indent: int) -> int:
    """The end of the lines from here on that are indented more than that."""
    at = start
    while at < len(text):
        end = _find(text, "\n", at, len(text)) + 1
        line = text[at:end]
        if line.strip() and len(line) - len(line.lstrip()) <= indent:
            return at
        at = end
    return len(text)


def _quoted(text: str, quote: re.Match[str]) -> Span:
    """What stands between quotes: to the closing one, at most 64 lines on; to the line's end where there is none."""
    start, close = quote.end(), quote[0]
    at = start
    while (end := text.find(close, at, start + 16384)) >= 0:
        doubled = close == "'" and text[end + 1 : end + 2] == "'"  # SQL, YAML
        slashes = len(text[at:end]) - len(text[at:end].rstrip("\\"))
        if not doubled and (close != '"' or slashes % 2 == 0):
            break
        at = end + 1 + doubled
    if end < 0 or text.count("\n", start, end) > 64:
        end = _find(text, "\n", start, len(text))
    return start, end


def _unquoted(text: str, span: Span) -> Span:
    start, end = span
    return (start + 1, end - 1) if end - start >= 2 and text[start] in "\"'" else span


def _unless_plain(text: str, span: Span) -> Iterator[Span]:
    value = text[slice(*span)].strip()
    if not is_plain(value) and not is_plain(value.strip("\"'")):
        yield span


def _find(text: str, what: str, start: int, end: int) -> int:
    found = text.find(what, start, end)
    return min(end, len(text)) if found < 0 else found

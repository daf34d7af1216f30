"""Block scalars with another text, in which all stays as it is written that says the same. YAML 1.2.2, 8.1."""

from __future__ import annotations

from difflib import SequenceMatcher

from setright.lenses._yaml_write import LINE
from setright.patterns import late

LONG = 2000  # words or lines of a text that nobody compares one by one
WORDS = late(r"\S+")


def with_lines(raw: str, old: str, want: str) -> str | None:
    """A literal block, `raw` from its mark on, with other lines in the places of some; None where it cannot keep the rest."""
    written, lines, new = raw.split("\n"), old.removesuffix("\n").split("\n"), want.removesuffix("\n").split("\n")
    first = next((n for n, line in enumerate(lines) if line.strip()), None)
    if "+" in written[0] or old.endswith("\n") != want.endswith("\n") or not new[-1].strip() or not all(map(LINE.fullmatch, new)):
        return None
    if first is None or len(written) != len(lines) + 1 or len(lines) > LONG or not new[0].strip() or new[0][0] in " \t":
        return None
    before, end = written[first + 1].partition(lines[first])[0], "\r" if written[0].endswith("\r") else ""
    body: list[str] = []
    whole = [*written[:-1], written[-1].removesuffix("\r") + end]
    for how, i, j, k, stop in SequenceMatcher(None, lines, new, False).get_opcodes():
        body += whole[i + 1 : j + 1] if how == "equal" else [(before + line if line else "") + end for line in new[k:stop]]
    last = body.pop().removesuffix("\r")
    return "\n".join([written[0], *body, last + (end if written[-1].endswith("\r") else "")])


def refolded(raw: str, old: str, want: str) -> str | None:
    """A folded block with other words in the places of some; None where a text differs in more than that."""
    head, newline, body = raw.partition("\n")
    here, there, new = list(WORDS.finditer(body)), list(WORDS.finditer(old)), WORDS.findall(want)
    have = [word[0] for word in there]
    if [word[0] for word in here] != have or len(have) > LONG:
        return None
    for how, i, j, k, end in reversed(SequenceMatcher(None, have, new, False).get_opcodes()):
        if how == "equal":
            continue
        if i == j:
            return None
        body = body[: here[i].start()] + " ".join(new[k:end]) + body[here[j - 1].end() :]
        old = old[: there[i].start()] + " ".join(new[k:end]) + old[there[j - 1].end() :]
    return head + newline + body if old == want else None

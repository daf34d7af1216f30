"""How hard a text is to read: the school years that its sentences and words ask for (Flesch-Kincaid grade level, Kincaid 1975).

Syllables are counted by rule, not looked up: half of our words are in no dictionary. A name (a path, a key, what stands in
backticks) counts as one short word.

    python -m bench.reading [N]      the figures of the whole catalogue, and the N controls that are hardest to read

Held against textstat 0.7.3 (hyphenation dictionaries) over all controls: r = 0.83, and ours the stricter by 0.7 of a school year.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from statistics import median, quantiles

from setright.engine.catalogue import content_root, load_catalogue
from setright.model import Control

CODE = re.compile(r"`[^`]*`")
NAME = re.compile(r"\S*[/_:=<>{}$*@]\S*|\S*\w\.\w\S*|\S*[a-z][A-Z]\S*")  # a path, a key, an address: read as one
END = re.compile(r"(?<=[.!?])[\"')]*\s+|\n\s*\n|;\s|:\s")
WORD = re.compile(r"[A-Za-z][A-Za-z'’]*|\d+")
VOWELS = re.compile(r"[aeiouy]+")
SILENT = re.compile(r"(?:[^laeiouy]e|[^aeiouytd]ed|[^aeiouyscxzgh]es)$")


def grade(text: str) -> float:
    """School years: 8 is read by nearly everybody, 12 by who finished school. 0 for no text."""
    sentences = [words for part in END.split(_plain(text)) if (words := WORD.findall(part))]
    words = [word for sentence in sentences for word in sentence]
    if not words:
        return 0.0
    per_word = sum(map(syllables, words)) / len(words)
    return 0.39 * len(words) / len(sentences) + 11.8 * per_word - 15.59


def syllables(word: str) -> int:
    """As it is said; an abbreviation (TLS, S3) counts as one."""
    if word.isupper() or word.isdigit():
        return 1
    low = word.lower()
    return max(1, len(VOWELS.findall(low)) - bool(SILENT.search(low)))


def _plain(text: str) -> str:
    return " ".join(NAME.sub("it", CODE.sub("it", text)).split(" "))


def grades(controls: Iterable[Control]) -> dict[str, float]:
    """By id, of a control's title and why: what people read of it first."""
    return {control.id: grade(f"{control.title.rstrip('.')}. {control.why}") for control in controls}


def main(shown: int = 10) -> None:
    catalogue = load_catalogue([content_root()])
    told = grades(map(catalogue.control, catalogue.ids()))
    each = sorted(told.values())
    over = {limit: sum(value > limit for value in each) / len(each) for limit in (8, 10, 12)}
    middle, most = median(each), quantiles(each, n=10)[-1]
    print(f"{len(each)} controls: median {middle:.1f}, nine of ten below {most:.1f}, hardest {each[-1]:.1f}")
    print(", ".join(f"above {limit}: {share:.1%}" for limit, share in over.items()))
    for name in sorted(told, key=lambda name: -told[name])[:shown]:
        print(f"{told[name]:5.1f}  {name}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))

"""A text for people, as one value: issue, issue.net, motd. Source: issue(5), motd(5).

{"text": "Authorised use only.\\n"}
"""

from __future__ import annotations

from collections.abc import Sequence

from setright.lenses.edited import edited
from setright.lenses.error import LensError
from setright.lenses.lines import decode, encode, nowhere
from setright.model import Edit, Path, Tree


def get(source: bytes) -> Tree:
    return {"text": decode(source)}


def put(source: bytes, edits: Sequence[Edit]) -> bytes:
    """Another text. Raises LensError for anything else."""
    tree = edited(get(source), edits)
    if tree.keys() != {"text"} or not isinstance(tree["text"], str) or "\0" in tree["text"]:
        raise LensError("only the whole text can be set")
    return encode(tree["text"])


def span(source: bytes, path: Path) -> tuple[int, int]:
    if path != ("text",):
        raise nowhere(path)
    return 0, len(source)

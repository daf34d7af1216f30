"""Pictures of the terminal show what the program says now."""

import html
import re

import pytest
from docs.build import PAGES
from docs.pictures import PICTURES, drawn, said

PLAN = re.compile(r"\b[0-9a-f]{12}\b")


def shown(picture: str) -> list[str]:
    """The words of a picture."""
    text = re.sub(r"<[^>]*>", " ", picture.partition("</style>")[2])
    return PLAN.sub("PLAN", html.unescape(text)).split()


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_of_the_terminal_shows_what_the_program_says(name: str) -> None:
    kept = (PAGES / "pictures" / f"{name}.svg").read_text(encoding="utf-8")
    assert shown(kept) == shown(drawn(PICTURES[name], said(PICTURES[name]))), "draw it anew: python -m docs.pictures"


def test_no_picture_loads_anything_from_elsewhere() -> None:
    for picture in PAGES.rglob("*.svg"):
        assert not re.search(r"(?<!xmlns=\")https?://|@import|<script", picture.read_text(encoding="utf-8")), picture

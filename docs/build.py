"""Builds the site: gathers pages, generates the rest, and lets zensical (zensical.org) make HTML of it.

    python -m docs.build [FOLDER]      into site/, or into FOLDER

Nothing generated is kept but the result. A broken internal link, to a page or to a heading, fails the build, and the site that
was there stays.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from docs.catalogue import catalogue_pages
from docs.reference import commands, configuration, keys
from setright.engine.catalogue import content_root, load_catalogue

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "docs" / "pages"
STYLE = ROOT / "docs" / "site.css"
WHOLE = ("README.md", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md")  # of the root, each a page as it is
MOVED = {"README.md": "index.md", "docs/pages/": "", "decisions/README.md": "decisions/index.md"}  # place here -> on the site
FENCE = re.compile(r"^```(\w+) (\S+)$", re.M)  # what our tests read there, a mark or a file's place, becomes a title or goes
PICTURES = ("*.png", "*.svg")
INSERT = re.compile(r"^<!-- insert (\w+)(?: (\w+))? -->$", re.M)
INSERTS: Mapping[str, Callable[..., str]] = {"commands": commands, "configuration": configuration, "keys": keys}


def main(into: Path = ROOT / "site") -> int:
    """The exit code; what is wrong was said by zensical, with file and line."""
    _check_ours(into)
    with TemporaryDirectory(prefix="setright-docs.") as folder:
        work = Path(folder)
        pages = dict(gathered())
        for name, text in pages.items():
            place = work / "docs" / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")
        shutil.copy(STYLE, work / "docs")
        for picture in (each for kind in PICTURES for each in PAGES.rglob(kind)):
            place = work / "docs" / picture.relative_to(PAGES)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(picture, place)
        (work / "mkdocs.yml").write_text(settings(pages), encoding="utf-8")
        made = subprocess.run([sys.executable, "-m", "zensical", "build", "--strict"], cwd=work, check=False)
        if made.returncode:
            return made.returncode
        if into.exists():
            shutil.rmtree(into)
        shutil.move(work / "site", into)
    sys.stdout.write(f"{len(pages)} pages in {into}\n")
    return 0


def gathered() -> Iterator[tuple[str, str]]:
    """Every page's place on the site, and its Markdown."""
    for name in WHOLE:
        text = (ROOT / name).read_text(encoding="utf-8")
        for here, there in MOVED.items():
            text = text.replace(f"]({here}", f"]({there}")
        yield MOVED.get(name, name), FENCE.sub(_titled, text)
    for file in sorted((ROOT / "decisions").glob("*.md")):
        yield f"decisions/{'index.md' if file.name == 'README.md' else file.name}", file.read_text(encoding="utf-8")
    for file in sorted(PAGES.rglob("*.md")):
        text = file.read_text(encoding="utf-8")
        yield str(file.relative_to(PAGES)), INSERT.sub(lambda found: INSERTS[found[1]](*filter(None, [found[2]])), text)
    yield from catalogue_pages(load_catalogue([content_root()]), content_root())


def _titled(fence: re.Match[str]) -> str:
    return f'```{fence[1]} title="{fence[2]}"' if "/" in fence[2] else f"```{fence[1]}"


def settings(pages: Iterable[str]) -> str:
    """The settings of docs/mkdocs.yml; a folder in its navigation stands for the pages below it."""
    given = yaml.safe_load((ROOT / "docs" / "mkdocs.yml").read_text(encoding="utf-8"))
    given["nav"] = [_expanded(entry, tuple(pages)) for entry in given["nav"]]
    return yaml.safe_dump(given, sort_keys=False)


def _expanded(entry: Any, pages: tuple[str, ...]) -> Any:
    if isinstance(entry, Mapping):
        return {title: _expanded(held, pages) for title, held in entry.items()}
    if isinstance(entry, list):
        return [_expanded(each, pages) for each in entry]
    return _below(entry, pages) if entry.endswith("/") else entry


def _below(folder: str, pages: Iterable[str]) -> list[Any]:
    """A folder's index, its pages, then its folders, each by name."""
    inside = sorted(name.removeprefix(folder) for name in pages if name.startswith(folder))
    own = [folder + name for name in sorted(inside, key=lambda name: (name != "index.md", name)) if "/" not in name]
    folders = dict.fromkeys(name.partition("/")[0] for name in inside if "/" in name)
    return [*own, *({name: _below(f"{folder}{name}/", pages)} for name in folders)]


def _check_ours(into: Path) -> None:
    """Raises SystemExit for what is no folder's name, or where the folder holds what is no site of ours: it would be removed."""
    if into.name.startswith("-"):
        raise SystemExit(f"{into.name}: there are no options; python -m docs.build [FOLDER]")
    if into.exists() and any(into.iterdir()) and not (into / "search.json").exists():
        raise SystemExit(f"{into}: is no site made here; name a folder of its own")


if __name__ == "__main__":
    sys.exit(main(*(Path(word).resolve() for word in sys.argv[1:2])))

"""Pictures of the terminal for the pages, each of a command that is really run on a copy of the lab.

    python -m docs.pictures      draws them anew into docs/pages/pictures

A test runs the commands too, and compares the words.
"""

from __future__ import annotations

import io
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

from docs.build import PAGES, ROOT

WIDTH = 92
FOREIGN_FONTS = re.compile(r"\s*(?:@font-face \{[^}]*\}|<!--.*?-->)", re.S)
FONT = "font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, 'Liberation Mono', monospace"
PICTURES: Mapping[str, str] = {
    "plan": "setright fix root:host --control '*/empty-passwords' --control '*/root-login' --dry-run",
}


def main() -> None:
    for name, command in PICTURES.items():
        (PAGES / "pictures" / f"{name}.svg").write_text(drawn(command, said(command)), encoding="utf-8")


def said(command: str) -> str:
    """What a command says in the lab, with the codes of its colours."""
    with TemporaryDirectory(prefix="setright-pictures.") as folder:
        shutil.copytree(ROOT / "examples" / "lab", lab := Path(folder) / "lab", symlinks=True)
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        told = {"PATH": path, "SETRIGHT_STATE": f"{folder}/state", "FORCE_COLOR": "1", "COLUMNS": str(WIDTH)}
        env = {key: value for key, value in os.environ.items() if key != "NO_COLOR"} | told
        return subprocess.run(shlex.split(command), cwd=lab, env=env, capture_output=True, check=False, text=True).stdout


def drawn(command: str, text: str) -> str:
    """The picture, which loads nothing from elsewhere."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text.assemble(("$ ", "bold green"), (command, "bold")))
    console.print(Text.from_ansi(text.rstrip()))
    picture = FOREIGN_FONTS.sub("", console.export_svg(title="setright", theme=MONOKAI, unique_id="setright"))
    lines = picture.replace("font-family: Fira Code, monospace", FONT).splitlines()
    return "".join(f"{line.rstrip()}\n" for line in lines if line.strip())


if __name__ == "__main__":
    main()

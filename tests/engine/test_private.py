"""A fix that moves a password to a file of its own shows it nowhere, and goes where nobody else sees it."""

from __future__ import annotations

from pathlib import Path

import msgspec

from setright.engine.change import changes
from setright.engine.plan import PlanOptions, plan
from setright.engine.propose import UNSEEN, draft
from setright.engine.scan import Scan, scan
from setright.engine.text_edits import fix_of
from setright.surfaces.iac.surface import SourceTree
from tests.content import shipped

CONTROL = "compose/service/environment-secrets"
SECRET = "hunter2-Zq9"
COMPOSE = (
    f"services:\n  db:\n    image: postgres:17\n    environment:\n      - POSTGRES_PASSWORD={SECRET}\n  app:\n    image: app\n"
)
TOGETHER = PlanOptions(together=True)


def scanned(tmp_path: Path) -> tuple[Scan, SourceTree]:
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    surface, catalogue = SourceTree(tmp_path), shipped()
    return scan(surface, catalogue, [catalogue.control(CONTROL)]), surface


def test_the_plan_carries_no_secret_and_moves_it_all_the_same(tmp_path: Path) -> None:
    seen, surface = scanned(tmp_path)
    (only,) = plan(seen, surface, TOGETHER).plans
    sent = msgspec.json.encode(only)
    assert SECRET.encode() not in sent
    done = changes(msgspec.json.decode(sent, type=type(only)), surface.again([each.locator for each in only.changes]))
    assert {each.locator: each.after for each in done} == {
        ".env": f"POSTGRES_PASSWORD={SECRET}\n".encode(),
        ".gitignore": b".env\n",
        "compose.yaml": COMPOSE.replace(f"POSTGRES_PASSWORD={SECRET}", '"POSTGRES_PASSWORD=${POSTGRES_PASSWORD:?}"').encode(),
    }


def test_no_pull_request_and_no_editor_brings_it(tmp_path: Path) -> None:
    seen, surface = scanned(tmp_path)
    drafted = draft(seen, surface, TOGETHER, "all")
    assert not drafted.steps
    assert [each.reason for each in drafted.hands] == [UNSEEN]
    assert fix_of(seen, surface, seen.found, TOGETHER).edits == {}


def test_the_same_word_in_another_file_is_another_matter(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "compose.yaml").write_text(COMPOSE)
    (tmp_path / "compose.dev.yaml").write_text(f"services:\n  x:\n    image: {SECRET}\n    environment: [Y_TOKEN=z{SECRET}]\n")
    seen, surface = scanned(tmp_path)
    for each in plan(seen, surface, TOGETHER).plans:
        assert changes(each, surface.again([planned.locator for planned in each.changes]))

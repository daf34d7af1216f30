"""Each room imports only what stands to its left; rooms of one layer never import each other."""

import ast
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "src" / "setright"
LAYERS = [
    {"model", "dialect", "patterns", "trees"},
    {"controls", "lenses", "bindings", "surfaces", "policy", "integrations"},
    {"engine"},
    {"app"},
    {"cli", "web"},
]
LEVEL = {room: level for level, rooms in enumerate(LAYERS) for room in rooms}
OUTSIDE = {"asyncssh", "aiobotocore", "botocore", "psycopg", "subprocess", "socket"}


def imports(file):
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom):
            yield node.module or ""
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def rooms():
    for file in PACKAGE.rglob("*.py"):
        room = file.relative_to(PACKAGE).parts[0].removesuffix(".py")
        if room != "__init__" and room != "content":
            yield room, file


def test_no_import_climbs_or_goes_sideways():
    broken = []
    for room, file in rooms():
        for name in imports(file):
            to = name.split(".")[1] if name.startswith("setright.") else None
            if to and to != room and LEVEL[to] >= LEVEL[room] and not (LEVEL[to] == LEVEL[room] == 0):
                broken.append(f"{file.relative_to(PACKAGE)} imports {name}")
    assert not broken, broken


def test_every_room_has_a_place_in_the_order():
    assert {room for room, _ in rooms()} <= LEVEL.keys()


def test_only_surfaces_and_integrations_reach_outside():
    broken = [
        f"{file.relative_to(PACKAGE)} imports {name}"
        for room, file in rooms()
        if room not in ("surfaces", "integrations", "web", "app")
        for name in imports(file)
        if name.split(".")[0] in OUTSIDE
    ]
    assert not broken, broken


def test_only_the_workflow_knows_its_library_and_only_the_store_the_database():
    homes = {"dbos": "engine/workflow", "alembic": "engine/store"}
    broken = [
        f"{file.relative_to(PACKAGE)} imports {name}"
        for _, file in rooms()
        for name in imports(file)
        if name.split(".")[0] in homes
        and not str(file.relative_to(PACKAGE)).startswith(homes[name.split(".")[0]])
        and "migrations" not in file.parts
    ]
    assert not broken, broken

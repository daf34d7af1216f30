"""A plan carries no secret: an edit says where one stands, and is whole again on the document it was made on."""

import json

import pytest

from setright.engine.carry import light, whole
from setright.engine.change import Lapsed, changes
from setright.engine.plan import PlanOptions, plan
from setright.engine.scan import scan
from setright.lenses import LensError, get
from setright.model import Document, Edit
from setright.surfaces.memory import Memory
from tests.content import content, item

SECRET = "hunter2-Zq9"
DOCUMENT = {
    "run": f"apt-get install curl && curl --password {SECRET} https://x",
    "env": [{"name": "DB_PASSWORD", "value": SECRET}, {"name": "A", "value": "b"}],
    "password": SECRET,
    "pin": {"password": 123456},
}
DATA = json.dumps(DOCUMENT).encode()
LIGHTER = [
    Edit(("run",), DOCUMENT["run"].replace("install", "install --no-install-recommends")),
    Edit(("run",), DOCUMENT["run"].replace(" https://x", "")),
    Edit(("env",), [DOCUMENT["env"][0]]),
    Edit(("env",), [*DOCUMENT["env"], {"name": "C", "value": "d"}]),
    Edit(("database",), {"password": SECRET}),
    Edit(("pin",), {"password": 123456, "length": 6}),
    Edit(("commands",), [["sh", "-c", DOCUMENT["run"]]]),
]


@pytest.mark.parametrize("edit", LIGHTER)
def test_an_edit_without_its_secrets_is_whole_again_on_its_document(edit):
    (carried,) = light([edit], get("json", DATA))
    assert SECRET not in json.dumps(carried.value) and "123456" not in json.dumps(carried.value)
    assert list(whole([carried], "json", DATA)) == [edit]


@pytest.mark.parametrize("edit", [Edit(("a",), 1), Edit(("a",), ["x", {"b": True}]), Edit(("password",), remove=True)])
def test_an_edit_that_holds_no_secret_stays_as_it_is(edit):
    assert light([edit], {}) == (edit,)
    assert whole([edit], "json", b"not even json") == [edit]


@pytest.mark.parametrize(
    "edit",
    [
        Edit(("password",), "another-Secret9-" + SECRET),
        Edit(("run",), f"curl --password other-{SECRET}"),
        Edit(("new",), {"token": "x-Y-9"}),
    ],
)
def test_a_secret_that_stands_nowhere_is_not_carried(edit):
    with pytest.raises(LensError, match="carry a secret"):
        light([edit], get("json", DATA))


def test_a_secret_that_moves_to_another_document_is_named_by_where_it_stood():
    address = f"postgres://web:{SECRET}@db/web"
    other = {"lines": [f"DB_PASSWORD={SECRET}"], "pin": 123456, "db": address}
    edits = [Edit(("DB_PASSWORD",), SECRET), Edit(("PIN_TOKEN",), "123456"), Edit(("DB",), address)]
    carried = light(edits, {}, {"compose.yaml": other})
    assert SECRET not in str(carried) and "123456" not in str(carried)
    assert list(whole(carried, "dotenv", b"", {"compose.yaml": other}.get)) == edits
    with pytest.raises(LensError, match=r"compose.yaml: is not at hand"):
        whole(carried, "dotenv", b"")
    with pytest.raises(LensError, match="carry a secret"):
        light(edits, {}, {"compose.yaml": {}})


def test_on_another_document_it_is_refused():
    (carried,) = light([LIGHTER[0]], get("json", DATA))
    with pytest.raises(LensError, match="not there any more"):
        whole([carried], "json", b'{"run": 3}')
    with pytest.raises(LensError, match="not there any more"):
        whole([carried], "json", b"{}")


def test_a_plan_on_a_text_with_a_secret_carries_none_and_gives_the_same_bytes(tmp_path):
    right = f"--quiet --password {SECRET}"
    catalogue = content(tmp_path, {"t/item/a": {"require": {"args": {"includes": ["--quiet"]}}}})
    surface = Memory(item("x", args=[f"--password {SECRET}"]), ("mem",))
    (only,) = plan(scan(surface, catalogue, [catalogue.control("t/item/a")]), surface, PlanOptions()).plans
    import msgspec

    assert SECRET.encode() not in msgspec.json.encode(only)
    (change,) = changes(msgspec.json.decode(msgspec.json.encode(only), type=type(only)), surface.again(["item:x"]))
    assert json.loads(change.after)["args"] == [f"--password {SECRET}", "--quiet"]
    assert right not in change.after.decode()


def test_a_carried_edit_on_another_document_lapses(tmp_path):
    catalogue = content(tmp_path, {"t/item/a": {"require": {"args": {"includes": ["--quiet"]}}}})
    surface = Memory(item("x", args=[f"--password {SECRET}"]), ("mem",))
    (only,) = plan(scan(surface, catalogue, [catalogue.control("t/item/a")]), surface, PlanOptions()).plans
    with pytest.raises(Lapsed):
        changes(only, {"item:x": Document("item:x", b'{"name": "x"}\n', "json")})

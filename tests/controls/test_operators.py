"""Every operator keeps its word: its remedy holds, what holds needs none, and an Unknown is never told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from setright.controls.operators import OPERATORS, REMOVE
from setright.model import Unknown

scalar = st.one_of(st.booleans(), st.integers(-5, 400), st.sampled_from(["", "a", "b", "Enabled", "*", "true", "0640", "7"]))
value = st.one_of(st.none(), scalar, st.lists(scalar, max_size=4), st.dictionaries(st.sampled_from(["x", "y"]), scalar, max_size=2))
words = st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=3, unique=True)
WANTS = {
    "equals": scalar,
    "one-of": st.lists(scalar, min_size=1, max_size=3),
    "at-least": st.integers(0, 9),
    "at-most": st.integers(0, 9),
    "absent": st.just(True),
    "present": st.just(True),
    "written": st.just(False),
    "includes": words,
    "excludes": words,
    "subset-of": words,
    "bits-within": st.sampled_from(["0640", "0755", "0000"]),
    "matches": words,
    "starts-with": st.sampled_from(["a", "b"]),
}


def test_every_operator_is_covered():
    assert WANTS.keys() == OPERATORS.keys()


@pytest.mark.parametrize("name", OPERATORS)
@given(data=st.data())
def test_a_remedy_holds(name, data):
    have, want = data.draw(value), data.draw(WANTS[name])
    operator = OPERATORS[name]
    told = operator.holds(have, want)
    assert told in (True, False)
    if told:
        return
    right = operator.remedy(have, want)
    if isinstance(right, Unknown):
        assert right.text
        return
    assert operator.holds(None if right is REMOVE else right, want) is True


@pytest.mark.parametrize("name", [n for n in OPERATORS if n not in ("present", "absent", "written")])
def test_what_cannot_be_told_is_not_told(name):
    want = {"bits-within": "0640", "at-least": 1, "at-most": 1, "starts-with": "a"}.get(name, ["a"])
    assert OPERATORS[name].holds(Unknown("var.x"), want) is None


@pytest.mark.parametrize(
    ("name", "have", "want", "told"),
    [
        ("equals", "1", 1, True),
        ("equals", True, "true", True),
        ("equals", 1, True, False),
        ("equals", None, "x", False),
        ("equals", {"a": [1]}, {"a": ["1"]}, True),
        ("at-most", "120", 60, False),
        ("at-most", "soon", 60, False),
        ("written", "changeme", False, False),
        ("written", 12345, False, False),
        ("written", {"KEY": Unknown("var.x")}, True, True),
        ("written", [Unknown("!Ref Password")], False, True),
        ("written", [Unknown("!Ref Password"), "changeme"], False, False),
        ("written", [Unknown('file("secret")')], False, None),
        ("written", None, False, True),
        ("written", "", False, True),
        ("written", "yes", False, True),
        ("written", "{{resolve:ssm-secure:db:1}}", False, True),
        ("written", "postgres://${user}:x@db", False, True),
        ("written", "$DB_PASSWORD", False, True),
        ("written", "pa$$word", False, False),
        ("written", Unknown("var.x"), False, True),
        ("written", Unknown("var.x"), True, False),
        ("written", Unknown('data.vault_generic_secret.db.data["password"]'), False, True),
        ("written", Unknown('coalesce(var.x, "changeme")'), False, None),
        ("written", Unknown('file("${path.module}/secret")'), False, None),
        ("written", Unknown('merge(var.x, { TOKEN = "changeme" })'), True, None),
        ("bits-within", "0600", "0640", True),
        ("bits-within", "0644", "0640", False),
        ("excludes", ["aes128-cbc"], ["*-cbc"], False),
        ("excludes", None, ["x"], True),
        ("excludes", ["a", Unknown("var.x")], ["a"], False),
        ("excludes", ["b", Unknown("var.x")], ["a"], None),
        ("excludes", Unknown('"user:${var.x}"'), ["allUsers", "*@appspot.com"], None),
        ("excludes", Unknown('"user:${var.x}"'), ["allUsers", "group:*"], True),
        ("excludes", [Unknown('"${var.x}:policy/Mine"')], ["*:policy/AdministratorAccess"], True),
        ("excludes", Unknown('"${var.x}:policy/${var.y}Access"'), ["*:policy/AdministratorAccess"], None),
        ("excludes", Unknown('"a${var.x}" == "b" ? "allUsers" : "c${var.y}"'), ["allUsers"], None),
        ("excludes", Unknown('"user:${var.x}"'), ["[gu]*"], None),
        ("includes", ["a", Unknown("var.x")], ["b"], None),
        ("includes", "ALL", ["ALL"], True),
        ("matches", ["b", "iam:Put"], ["iam:*"], True),
        ("matches", ["b", Unknown("x")], ["iam:*"], None),
        ("matches", ["b"], ["iam:*"], False),
        ("matches", None, ["*"], False),
        ("subset-of", [], ["a"], False),
    ],
)
def test_verdicts(name, have, want, told):
    assert OPERATORS[name].holds(have, want) is told


@pytest.mark.parametrize(
    ("name", "have", "want", "right"),
    [
        ("includes", ["a"], ["b"], ["a", "b"]),
        ("includes", ["a", "b"], ["b", "c"], ["a", "b", "c"]),
        ("excludes", ["a", "b-cbc", "c"], ["*-cbc"], ["a", "c"]),
        ("excludes", [Unknown("var.x"), "a", "b"], ["a"], [Unknown("var.x"), "b"]),
        ("subset-of", ["c", "z", "a"], ["a", "b", "c"], ["c", "a"]),
        ("subset-of", ["z"], ["a", "b"], ["a", "b"]),
        ("bits-within", "0602", "0640", "0600"),
        ("bits-within", "0777", "0755", "0755"),
        ("at-most", 120, 60, 60),
        ("at-least", 0, 1, 1),
        ("one-of", "z", ["a", "b"], "a"),
    ],
)
def test_a_remedy_changes_no_more_than_it_must(name, have, want, right):
    assert OPERATORS[name].remedy(have, want) == right

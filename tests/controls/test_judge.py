import pytest

from setright.controls.derive import NoRemedy, derive, resolve
from setright.controls.error import ControlError
from setright.controls.judge import applies, judge
from setright.controls.load import build, read_control
from setright.controls.paths import leaves, parse_paths
from setright.model import Edit, Resource, Unknown, Verdict


def control(**fields):
    """A control with what a test does not speak of filled in."""
    raw = {
        "id": "a", "title": "t", "severity": "low", "kind": "k", "why": "w", "breaks-if": {}, "effect": {},
        "frameworks": {}, "source": "s", "examples": [{"good": "x"}],
    } | fields  # fmt: skip
    raw.setdefault("default", dict.fromkeys(raw.get("require", {})))
    return build(raw)


def told(made, tree, effective=None):
    return judge(made, Resource("k", "r", tree, ("doc", ()), effective))


def test_absent_without_default_does_not_hold():
    assert told(control(require={"key": "v"}), {}).verdict is Verdict.FAIL


def test_absent_with_a_right_default_holds():
    assert told(control(require={"key": "v"}, default={"key": "v"}), {}).verdict is Verdict.PASS


def test_an_unknown_is_neither_pass_nor_fail_and_says_what_it_is():
    judgement = told(control(require={"key": "v"}), {"key": Unknown("var.x")})
    assert judgement.verdict is Verdict.UNKNOWN
    assert "var.x" in judgement.why_unknown


@pytest.mark.parametrize(
    ("either", "verdict"),
    [((365, 400), Verdict.PASS), ((14, 7), Verdict.FAIL), ((365, 7), Verdict.UNKNOWN), ((365, None), Verdict.UNKNOWN)],
)
def test_one_of_a_few_is_told_where_the_same_holds_of_each(either, verdict):
    made = control(require={"days": {"at-least": 365}})
    assert told(made, {"days": Unknown("!If [c, a, b]", either)}).verdict is verdict


def test_what_fails_in_one_of_several_instances_fails_and_says_in_which():
    made = control(require={"days": {"at-least": 365}}, default={"days": 0})
    judgement = told(made, {"days": Unknown("each.value.days", (365, 7, None, 14, 1), ("a", "b", "c", "d", "e"))})
    assert judgement.verdict is Verdict.FAIL
    assert judgement.mismatches[0].have == "7 for b, nothing for c, 14 for d and 1 more"
    assert told(made, {"days": Unknown("each.key", ("7", "400"), ("7", "400"))}).mismatches[0].have == "7"
    assert told(made, {"days": Unknown("each.value.days", (365, 400), ("a", "b"))}).verdict is Verdict.PASS
    assert told(made, {"days": Unknown("each.value.days", (365, Unknown("var.x")), ("a", "b"))}).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("path", ["a/b", "a/*/b"])
def test_what_a_whole_may_be_says_nothing_of_what_is_in_it(path):
    made = control(require={path: {"excludes": ["x"]}})
    assert told(made, {"a": Unknown("var.a", ("y", "z"))}).verdict is Verdict.UNKNOWN


def test_what_fails_says_what_cannot_be_told_in_the_same_mapping():
    made = control(require={"c/on": True, "c/many": {"at-least": 2}, "d/on": True, "xs/*/on": True})
    tree = {
        "c": {"on": False, "many": Unknown("var.n")},
        "d": {"on": Unknown("var.d")},
        "xs": [{"on": Unknown("var.x")}, {"on": False}],
    }
    judgement = told(made, tree)
    assert judgement.verdict is Verdict.FAIL
    assert judgement.why_unknown == "c/many is var.n"


def test_a_control_that_may_speak_of_some_instances_alone_is_not_told():
    made = control(where={"mode": "on"}, require={"key": "v"})
    assert applies(made, Resource("k", "n", {"mode": Unknown("each.value.mode", ("on", "off"), ("a", "b"))}, ("f", ()))) is None


def test_what_is_absent_in_one_branch_is_not_surely_there():
    made = control(require={"key": {"present": True}})
    assert told(made, {"key": Unknown("!If [c, !Ref k, none]", (Unknown("!Ref k"), None))}).verdict is Verdict.UNKNOWN
    assert told(made, {"key": Unknown("!Ref k")}).verdict is Verdict.PASS


def test_of_a_few_that_are_all_wrong_each_is_named():
    made = control(require={"days": {"at-least": 365}})
    assert told(made, {"days": Unknown("!If [c, a, b]", (14, 7))}).mismatches[0].have == "14 or 7"


def test_what_fails_fails_whatever_is_unknown_beside_it():
    assert told(control(require={"a": 1, "b": 1}), {"a": 2, "b": Unknown("var.x")}).verdict is Verdict.FAIL


def test_running_and_persistent_must_both_hold():
    made = control(require={"key": "v"})
    assert told(made, {"key": "v"}, {"key": "w"}).verdict is Verdict.FAIL
    assert told(made, {"key": "w"}, {"key": "v"}).verdict is Verdict.FAIL
    assert told(made, {"key": "v"}, {"key": "v"}).verdict is Verdict.PASS


def test_a_key_the_running_program_does_not_know_is_judged_by_its_file_alone():
    assert told(control(require={"key": "v"}), {"key": "v"}, {"other": "x"}).verdict is Verdict.PASS


def test_running_and_persistent_mismatches_give_edits_of_their_own():
    made = control(require={"key": "v"})
    remedy = derive(made, told(made, {"key": "w"}, {"key": "w"}).mismatches)
    assert remedy.edits == (Edit(("key",), "v"),)
    assert remedy.live == (Edit(("key",), "v"),)


def test_each_item_is_judged_where_it_is_meant():
    made = control(require={"xs": {"each": {"where": {"kind": "a"}, "require": {"on": True}}}})
    tree = {"xs": [{"kind": "a"}, {"kind": "b"}, {"kind": "a", "on": True}]}
    assert [m.path for m in told(made, tree).mismatches] == [("xs", 0, "on")]


def test_an_entry_of_a_mapping_has_a_name_and_a_value():
    made = control(require={"variables": {"none": {"where": {"name": {"matches": "*_TOKEN"}, "value": {"written": True}}}}})
    tree = {"variables": {"A": "x", "B_TOKEN": "y", "C_TOKEN": "", "D_TOKEN": Unknown("var.t")}}
    assert [each.path for each in told(made, tree).mismatches] == [("variables", "B_TOKEN")]
    assert told(made, {"variables": Unknown("var.variables")}).verdict is Verdict.PASS
    assert told(made, {"variables": [Unknown("for k, v in var.x : { name = k, value = v }")]}).verdict is Verdict.PASS
    assert told(made, {"variables": Unknown('merge(var.x, { A_TOKEN = "x" })')}).verdict is Verdict.UNKNOWN


def test_none_finds_every_item_and_removes_it():
    made = control(require={"xs": {"none": {"where": {"cidr": "0.0.0.0/0"}}}})
    judgement = told(made, {"xs": [{"cidr": "10.0.0.0/8"}, {"cidr": "0.0.0.0/0"}]})
    assert derive(made, judgement.mismatches).edits == (Edit(("xs", 1), remove=True),)


def test_an_item_that_cannot_be_told_is_unknown():
    made = control(require={"xs": {"none": {"where": {"cidr": "0.0.0.0/0"}}}})
    assert told(made, {"xs": [{"cidr": Unknown("var.cidr")}]}).verdict is Verdict.UNKNOWN


def test_where_that_cannot_be_told_is_not_skipped():
    made = control(require={"a": 1}, where={"engine": "postgres"})
    assert applies(made, Resource("k", "r", {"engine": Unknown("var.e")}, ("d", ()))) is None
    assert applies(made, Resource("k", "r", {"engine": "mysql"}, ("d", ()))) is False


def test_a_parameter_without_a_value_is_asked_for_by_name():
    made = control(require={"bucket": {"param": "log-bucket"}}, param={"log-bucket": {"about": "where logs go"}})
    with pytest.raises(NoRemedy, match="log-bucket"):
        derive(made, told(made, {}).mismatches)
    given = resolve(made, {"log-bucket": "logs"})
    assert derive(given, told(given, {}).mismatches).edits == (Edit(("bucket",), "logs"),)
    assert told(given, {"bucket": "other"}).verdict is Verdict.FAIL


def test_an_explicit_fix_stands_where_the_mismatch_stands():
    made = control(require={"xs/*/tag": {"present": True}}, fix={"xs/*/other": "set"})
    assert derive(made, told(made, {"xs": [{"tag": 1}, {}]}).mismatches).edits == (Edit(("xs", 1, "other"), "set"),)


@pytest.mark.parametrize(("tree", "why"), [({"a": Unknown("var.a")}, "a is var.a"), ({}, "a is not told")])
def test_a_check_tells_what_it_lacks(tree, why):
    made = control(check="resource.a > 1", require={}, **{"by-hand": "raise a"})
    assert told(made, tree).why_unknown == why


@pytest.mark.parametrize(
    ("check", "tree", "verdict"),
    [
        ("!has(resource.a)", {"a": Unknown("var.a")}, Verdict.UNKNOWN),
        ("has(resource.a) || has(resource.b)", {"a": Unknown("var.a")}, Verdict.UNKNOWN),
        ("has(resource.a) || has(resource.b)", {"a": Unknown("var.a"), "b": 1}, Verdict.PASS),
        ("!(has(resource.a) && resource.a == 1)", {"a": Unknown("var.a")}, Verdict.UNKNOWN),
        ("!(has(resource.a) && resource.a == 1)", {}, Verdict.PASS),
        ("!has(resource.a.b) || resource.a.b == 1", {"a": {"b": Unknown("var.b")}}, Verdict.UNKNOWN),
        ("resource.a.all(each, !has(each.b) || each.b == 1)", {"a": [{}, {"b": Unknown("var.b")}]}, Verdict.UNKNOWN),
        ("resource.a.all(each, !has(each.b) || each.b == 1)", {"a": [{"b": 2}, {"b": Unknown("var.b")}]}, Verdict.FAIL),
        ("resource.a.all(each, !has(each.b) || each.b == 1)", {"a": [{}, {"c": Unknown("var.c")}]}, Verdict.PASS),
        ("!resource.a.exists(each, each == 1)", {"a": [2, Unknown("var.a")]}, Verdict.UNKNOWN),
        ("!resource.a.exists(each, each == 1)", {"a": [1, Unknown("var.a")]}, Verdict.FAIL),
        ("!resource.a.exists(each, each == 1)", {"a": [2], "b": [Unknown("var.b")]}, Verdict.PASS),
        ("resource.a.all(each, has(each.b))", {"a": [{"b": 1, "c": [Unknown("var.c")]}]}, Verdict.PASS),
        ("resource.a.all(each, 2 in each.b)", {"a": [{"b": [2, Unknown("var.c")]}]}, Verdict.UNKNOWN),
        ("resource.a.all(key, 2 in resource.a[key])", {"a": {"b": [2, Unknown("var.c")]}}, Verdict.UNKNOWN),
    ],
)
def test_a_check_that_asks_whether_there_is_what_cannot_be_told_is_unknown(check, tree, verdict):
    assert told(control(check=check), tree).verdict is verdict


def test_a_check_that_cannot_be_told_is_unknown_and_one_that_is_false_fails():
    made = control(check="resource.a > 1", require={}, **{"by-hand": "raise a"})
    assert told(made, {"a": 2}).verdict is Verdict.PASS
    assert told(made, {"a": 1}).verdict is Verdict.FAIL
    assert told(made, {}).verdict is Verdict.UNKNOWN


def test_paths_have_alternatives_wildcards_and_quotes():
    assert parse_paths("spec/(a|b)/*/x") == [("spec", "a", "*", "x"), ("spec", "b", "*", "x")]
    assert parse_paths('metadata/annotations/"a.io/b"') == [("metadata", "annotations", "a.io/b")]
    assert list(leaves({"a": [{"x": 1}, {}]}, ("a", "*", "x"))) == [(("a", 0, "x"), 1), (("a", 1, "x"), None)]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("id: a\nid: b\n", "stands twice"),
        ("id: b\n", "missing"),
        ("id: a\ntitel: x\n", "no such field: titel"),
    ],
)
def test_a_wrong_file_is_named_with_what_to_change(tmp_path, text, says):
    (tmp_path / "a.yaml").write_text(text)
    with pytest.raises(ControlError, match=says) as error:
        read_control(tmp_path / "a.yaml", tmp_path)
    assert "a.yaml" in str(error.value)


def test_a_default_is_obligatory():
    with pytest.raises(ControlError, match="says nothing of key"):
        control(require={"key": "v"}, default={})


def test_a_parameter_has_its_default_until_somebody_sets_it():
    made = control(require={"n": {"at-least": {"param": "least"}}}, param={"least": {"about": "how many", "default": 14}})
    assert derive(resolve(made, {}), told(resolve(made, {}), {"n": 3}).mismatches).edits == (Edit(("n",), 14),)
    assert told(resolve(made, {"least": 20}), {"n": 14}).verdict is Verdict.FAIL
    assert told(resolve(made, {"least": 2}), {"n": 3}).verdict is Verdict.PASS


@pytest.mark.parametrize("require", [{"xs/*/on": True}, {"xs": {"each": {"require": {"on": True}}}}, {"xs": {"none": {}}}])
def test_a_list_that_cannot_be_told_is_unknown(require):
    assert told(control(require=require), {"xs": Unknown("var.xs")}).verdict is Verdict.UNKNOWN


def test_what_cannot_be_told_is_not_there_for_sure_either():
    assert told(control(require={"x": {"absent": True}}), {"x": Unknown("var.x")}).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("azurerm_public_ip.web.id", Verdict.FAIL),
        ("aws_eip.a[count.index].arn", Verdict.FAIL),
        ("var.on ? azurerm_public_ip.web.id : null", Verdict.UNKNOWN),
        ("data.azurerm_public_ip.web.id", Verdict.UNKNOWN),
        ("azurerm_x.web.other", Verdict.UNKNOWN),
    ],
)
def test_the_name_of_what_is_made_beside_it_is_surely_there(text: str, verdict: Verdict) -> None:
    assert told(control(require={"x": {"absent": True}}), {"x": Unknown(text)}).verdict is verdict


@pytest.mark.parametrize("teller", ["", None, {}, {"cleared-by": {}}])
def test_a_fear_that_nothing_answers_is_a_slip_of_the_pen(teller):
    """``{it loads modules, or sets parameters: ask}`` without quotes are two sentences, and the first has no answer."""
    with pytest.raises(ControlError, match="it loads modules: takes a fact's name"):
        control(**{"require": {"key": "v"}, "breaks-if": {"it loads modules": teller}})

"""Promises of baselines: on top of each other, with reasons, and never two that exclude each other."""

from pathlib import Path

import pytest
import yaml
from tests.content import shipped, warm

from setright.controls.baselines import load_baseline
from setright.controls.error import ControlError
from setright.controls.judge import applies
from setright.engine.catalogue import Catalogue, content_root, load_catalogue
from setright.model import Resource

SHIPPED = shipped()


def control(name: str, require: dict[str, object], **more: object) -> dict[str, object]:
    return {
        "id": f"acme/sysctl/{name}",
        "title": name,
        "severity": "low",
        "kind": "linux/sysctl",
        "require": require,
        "default": dict.fromkeys(require),
        "why": "a test",
        "breaks-if": {},
        "effect": {"restart": "none"},
        "frameworks": {"acme": ["1.1", "2.1"]} if name == "one" else {},
        "source": "https://example.org",
        "examples": [{"good": "a = 1"}, {"bad": "a = 2"}],
        **more,
    }


def catalogue(root: Path, *contents: dict[str, object]) -> Catalogue:
    """The shipped content and a folder that holds these controls and baselines."""
    for each in contents:
        file = root / ("controls" if "kind" in each else "baselines") / f"{each['id']}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(yaml.safe_dump(each))
    return load_catalogue([content_root(), root], warm(root / "state") / "cache")


def baseline(name: str, **more: object) -> dict[str, object]:
    return {"id": name, "title": name, "version": 1, **more}


ONE, TWO = control("one", {"vm.a": 1}), control("two", {"vm.b": 1})


@pytest.mark.parametrize("name", sorted(SHIPPED.baselines))
def test_a_shipped_baseline_holds_controls_that_agree(name: str) -> None:
    assert len(SHIPPED.selected(name)) > 50


def test_a_second_level_holds_all_of_the_first() -> None:
    for first, second in (("cis-debian-12-l1", "cis-debian-12-l2"), ("cis-ubuntu-24.04-l1", "cis-ubuntu-24.04-l2")):
        assert set(SHIPPED.selected(first)) < set(SHIPPED.selected(second))


def test_a_baseline_takes_what_cites_its_sections(tmp_path: Path) -> None:
    known = catalogue(tmp_path, ONE, TWO, baseline("mine", frameworks={"acme": ["2.*"]}))
    assert known.selected("mine") == ["acme/sysctl/one"]


def test_an_organisation_drops_adds_and_sets_over_another_baseline(tmp_path: Path) -> None:
    base = baseline("base", controls=["acme/sysctl/one"], params={"access-log-bucket": "base"})
    mine = baseline("mine", extends=["base"], controls=["acme/sysctl/two"], without={"acme/sysctl/one": "not on Tuesdays"})
    names = list(SHIPPED.parameters(SHIPPED.ids()))
    base["params"], mine["params"] = {names[0]: "base", names[1]: "base"}, {names[1]: "mine"}
    known = catalogue(tmp_path, ONE, TWO, base, mine)
    assert known.selected("mine") == ["acme/sysctl/two"]
    assert known.left_out("mine") == {"acme/sysctl/one": "not on Tuesdays"}
    assert known.baselines["mine"].params == {names[0]: "base", names[1]: "mine"}


def test_what_is_named_by_its_id_comes_back(tmp_path: Path) -> None:
    base = baseline("base", controls=["acme/*"], without={"acme/sysctl/one": "loud"})
    known = catalogue(tmp_path, ONE, TWO, base, baseline("mine", extends=["base"], controls=["acme/sysctl/one"]))
    assert known.selected("base") == ["acme/sysctl/two"]
    assert known.selected("mine") == ["acme/sysctl/one", "acme/sysctl/two"]


@pytest.mark.parametrize(
    ("one", "other", "agree"),
    [
        (1, 2, False),
        (1, {"one-of": [2, 1]}, True),
        ({"one-of": [1, 2]}, {"one-of": [3, 2]}, True),
        ({"one-of": [1, 2]}, {"one-of": [3, 4]}, False),
        ({"at-least": 5}, {"at-most": 9}, True),
        ({"at-least": 9}, {"at-most": 5}, False),
        (1, {"absent": True}, False),
        ({"includes": ["a"]}, {"includes": ["b"]}, True),
        ({"includes": ["a"]}, {"excludes": ["a"]}, False),
        ({"bits-within": "0640"}, "0644", False),
        ({"bits-within": "0640"}, {"bits-within": "0600"}, True),
    ],
)
def test_two_controls_that_exclude_each_other_are_named_before_anything_runs(
    tmp_path: Path, one: object, other: object, agree: bool
) -> None:
    first, second = control("one", {"vm.a": one}), control("two", {"vm.a": other})
    known = catalogue(tmp_path, first, second, baseline("mine", controls=["acme/*"]))
    if agree:
        assert len(known.selected("mine")) == 2
        return
    with pytest.raises(ControlError, match=r"acme/sysctl/one and acme/sysctl/two want different values of vm\.a"):
        known.selected("mine")
    assert catalogue(tmp_path, baseline("mine", controls=["acme/*"], without={"acme/sysctl/two": "one"})).selected("mine")


def test_controls_of_different_resources_never_exclude_each_other(tmp_path: Path) -> None:
    first = control("one", {"vm.a": 1}, where={"vm.host": {"one-of": ["a", "b"]}})
    second = control("two", {"vm.a": 2}, where={"vm.host": "c"})
    known = catalogue(tmp_path, first, second, baseline("mine", controls=["acme/*"]))
    assert len(known.selected("mine")) == 2


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"controls": ["*"], "without": {"a": ""}}, "says no reason for a"),
        ({}, "takes no controls"),
        ({"controls": ["*"], "contrls": []}, "no such field: contrls"),
    ],
)
def test_a_file_that_is_wrong_is_named_with_what_is_wrong(tmp_path: Path, wrong: dict[str, object], words: str) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(yaml.safe_dump(baseline("mine", **wrong)))
    with pytest.raises(ControlError, match=words):
        load_baseline(file)


def test_a_baseline_cannot_stand_on_itself_or_on_nothing(tmp_path: Path) -> None:
    with pytest.raises(ControlError, match="extends itself by a -> b -> a"):
        catalogue(tmp_path, baseline("a", extends=["b"]), baseline("b", extends=["a"]))
    (tmp_path / "baselines/b.yaml").unlink()
    with pytest.raises(ControlError, match="extends 'b', which is not there"):
        load_catalogue([content_root(), tmp_path], tmp_path / "state/cache")


def test_a_parameter_that_no_control_has_is_a_mistake(tmp_path: Path) -> None:
    known = catalogue(tmp_path, ONE, baseline("mine", controls=["acme/*"], params={"bukket": 1}))
    with pytest.raises(ControlError, match="no control has bukket"):
        known.selected("mine")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/var/log/apt/history.log", "package-logs"),
        ("/var/log/audit/audit.log", "audit-logs"),
        ("/var/log/auth.log", "system-logs"),
        ("/var/log/cloud-init.log", "cloud-logs"),
        ("/var/log/dpkg.log", "other-logs"),
        ("/var/log/sssd/sssd.log", "sssd-logs"),
        ("/var/log/wtmp", "login-records"),
    ],
)
def test_of_a_log_one_control_says_who_may_read_it(path: str, name: str) -> None:
    seen = Resource("linux/file-access", path, {"path": path, "type": "file"}, (f"stat:{path}", ()))
    ids = [i for i in SHIPPED.selected("cis-debian-12-l2") if i.startswith("linux/file-access/")]
    assert [i for i in ids if applies(SHIPPED.control(i), seen)] == [f"linux/file-access/{name}"]

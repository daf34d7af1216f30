"""Evidence is told in plain words, and only of what controls ask for."""

from tests.content import shipped

from setright.controls.evidence import IN_WORDS
from setright.controls.fears import answered
from setright.controls.paths import show
from setright.model import Either, Requirement


def test_what_rules_a_fear_out_is_told_in_words_and_else_as_it_stands() -> None:
    line = Requirement(("workload", "uses-api"), "equals", False)
    assert answered((line,), {"workload": {"uses-api": False}}).text == "nothing in it is seen to use the Kubernetes API"
    assert answered((line,), {"workload": {"uses-api": True}}).text.endswith("(workload/uses-api is true)")


def test_no_words_are_kept_for_what_no_control_asks_for() -> None:
    catalogue = shipped()
    tellers = [teller for id_ in catalogue.ids() for teller in catalogue.control(id_).breaks_if.values()]
    lines = [line for each in tellers if not isinstance(each, str) for line in (each.lines if isinstance(each, Either) else each)]
    asked = {show(line.path) for line in lines}
    assert {raw.partition(" is ")[0] for raw in IN_WORDS} <= asked

"""Frameworks: what bears on each section, by what a control cites or by way of the hub."""

import pytest
from tests.content import shipped

from setright.controls.error import ControlError
from setright.controls.frameworks import controls_by_section, load_framework, load_frameworks, section_order
from setright.engine.catalogue import content_root

FRAMEWORKS = load_frameworks([content_root()])
CITED = shipped().cited()
HUB = "nist-800-53"


def written(tmp_path, text, name="x"):
    file = tmp_path / f"{name}.yaml"
    file.write_text(f"id: x\ntitle: X\npublisher: P\nsource: https://x\n{text}")
    return file


def test_every_framework_that_is_cited_is_there_and_the_other_way_round():
    cited = {name for said in CITED.values() for name in said}
    assert cited <= FRAMEWORKS.keys()
    assert all(name in cited or each.hub == HUB for name, each in FRAMEWORKS.items())


@pytest.mark.parametrize("name", [name for name, each in FRAMEWORKS.items() if each.hub])
def test_sections_of_the_hub_that_others_name_are_there(name):
    assert {hub for section in FRAMEWORKS[name].sections.values() for hub in section.by} <= FRAMEWORKS[HUB].sections.keys()
    assert FRAMEWORKS[name].words, "say whose words and whose comparison stand there"


def test_every_control_that_is_cited_is_a_section_of_the_hub():
    assert controls_by_section(FRAMEWORKS[HUB], CITED).keys() == FRAMEWORKS[HUB].sections.keys()


def test_sections_that_nothing_of_ours_tests_are_known_and_empty():
    bearing = controls_by_section(FRAMEWORKS["iso-27001-2022"], CITED)
    assert len(bearing) == 93 and bearing["A.7.1"] == [] and bearing["A.8.24"]


def test_a_control_bears_on_what_its_hub_sections_bear_on_and_an_enhancement_counts_for_its_control(tmp_path):
    framework = load_framework(
        written(tmp_path, "from: nist-800-53\nsections:\n  '1': {about: a, by: [AC-6]}\n  '2': {by: [AC-7]}\n")
    )
    cited = {"a": {HUB: ["AC-6(5)"]}, "b": {HUB: ["AC-60"]}, "c": {"x": ["2"]}}
    assert controls_by_section(framework, cited) == {"1": ["a"], "2": ["c"]}


def test_numbers_stand_in_the_order_of_numbers():
    assert sorted(["A.5.10", "A.5.9", "AC-2(3)", "AC-2", "AC-12"], key=section_order) == [
        "A.5.9",
        "A.5.10",
        "AC-2",
        "AC-2(3)",
        "AC-12",
    ]


def test_a_family_is_the_longest_name_that_a_section_begins_with():
    assert [FRAMEWORKS["pci-dss-4"].family(section) for section in ("1.2", "10.2", "12.10")] == ["1", "10", "12"]
    assert FRAMEWORKS["hipaa"].family("164.312(a)(1)") == "164.312"
    assert FRAMEWORKS["checkov"].family("CKV_AWS_19") == "CKV_AWS"


@pytest.mark.parametrize("text", ["sections:\n  a: {abuot: x}\n", "all: [A.1]\n", "- a\n", "sections: 3\n"])
def test_what_is_no_framework_is_refused_with_its_file(tmp_path, text):
    with pytest.raises(ControlError, match=r"x\.yaml|A\.1"):
        controls_by_section(load_framework(written(tmp_path, text)), {})


def test_an_id_that_is_not_the_place_is_refused(tmp_path):
    with pytest.raises(ControlError, match="its place says 'y'"):
        load_framework(written(tmp_path, "", "y"))

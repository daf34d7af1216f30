"""Another scanner's rule leads to the controls that put just that right, and to no others."""

from pathlib import Path

import pytest

from setright.dialect import read_mapping
from setright.engine.catalogue import content_root
from setright.engine.foreign import Rules, load_matches, matched, places_of, speaks_of
from setright.integrations.importers import Imported
from setright.model import Finding, Location, Mismatch, Verdict

FILES = sorted((content_root() / "matches").glob("*.yaml"))


def found(tool, rule, resource=""):
    return Imported(tool, rule, "a title", resource=resource)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_file_of_matches_names_rules_and_controls_that_exist(file: Path):
    told = read_mapping(file)
    assert file.read_text().startswith("# ") and list(told) == ["matches"] and told["matches"]
    for rule, controls in told["matches"].items():
        assert isinstance(rule, str) and rule == " ".join(rule.split())
        assert controls and len(places_of(controls)) == len(controls), rule
        assert [each for each in controls if not (content_root() / "controls" / f"{each}.yaml").is_file()] == [], rule


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_one_place_that_a_rule_asks_of_is_one_that_the_control_requires(file: Path):
    for rule, controls in load_matches(content_root())[file.stem].items():
        for control, place in controls.items():
            assert not place or place in read_mapping(content_root() / "controls" / f"{control}.yaml")["require"], (rule, control)


def test_a_rule_that_asks_of_one_setting_is_matched_where_that_setting_is_wrong_alone():
    rules = Rules({"a": {"checkov": ["CKV_1"]}}, {"checkov": {"CKV_1": {"a": "Block/Acls"}, "CKV_2": {"a": "Block/Policy"}}})
    ours = Finding("1", "a", "", "high", Verdict.FAIL, ".", "logs", "", Location(""), (Mismatch(("Block", "Acls"), True, False),))
    (acls, policy) = matched([found("checkov", "CKV_1"), found("checkov", "CKV_2")], rules, [ours], ".")
    assert (acls.state, policy.state) == ("matched", "not-confirmed") and policy.controls == ("a",)


@pytest.mark.parametrize(
    ("place", "faults", "is_it"),
    [
        ("", [], True),
        ("Block/Acls", ["Block/Acls"], True),
        ("Block/Acls", ["Block"], True),
        ("Block", ["Block/Acls/0"], True),
        ("Block/Acls", [""], True),
        ("Block/Acls", ["Block/Policy", "Other"], False),
    ],
)
def test_what_is_wrong_is_of_a_place_at_it_below_it_or_where_all_above_is_missing(place, faults, is_it):
    assert speaks_of(place, faults) is is_it


def test_a_rule_with_its_setting_goes_before_the_bare_rule():
    rules = Rules({"a": {}, "b": {}}, {"lynis": {"SSH-7408": {"a": "", "b": ""}, "SSH-7408 PermitRootLogin": {"b": ""}}})
    assert rules.of(found("lynis", "SSH-7408", "PermitRootLogin")) == ("b",)
    assert rules.of(found("lynis", "SSH-7408", "Port")) == ("a", "b") == rules.of(found("lynis", "SSH-7408"))


def test_a_test_of_many_settings_leads_to_none_where_the_setting_is_not_named():
    rules = Rules({"b": {}}, {"lynis": {"SSH-7408 PermitRootLogin": {"b": ""}}})
    assert rules.of(found("lynis", "SSH-7408", "Port")) == ()


@pytest.mark.parametrize(
    ("tool", "rule", "resource", "control"),
    [
        ("security hub", "S3.8", "arn:aws:s3:::shop", "aws/s3/public-access-block"),
        ("aws security hub cspm", "EC2.7", "", "aws/ec2/ebs-encryption"),
        ("prowler", "kms_cmk_rotation_enabled", "", "aws/kms/rotation"),
        ("prowler", "prowler-kms_cmk_rotation_enabled", "", "aws/kms/rotation"),
        ("oscap", "file_permissions_etc_shadow", "", "linux/file-access/shadow"),
        ("kubescape", "C-0057", "", "k8s/workload/privileged"),
        ("kics", "dd29336b-fe57-445b-a26e-e6aa867ae609", "", "k8s/workload/privileged"),
        ("trivy", "AVD-DS-0002", "", "docker/image/user"),
        ("trivy", "GCP-0013", "", "gcp/dns/dnssec"),
        ("lynis", "SSH-7408", "PermitRootLogin", "linux/sshd/root-login"),
        ("lynis", "FILE-6310", "/home", "linux/mount-table/home"),
        ("lynis", "KRNL-6000", "kernel.sysrq", "linux/sysctl/sysrq"),
    ],
)
def test_what_a_scanner_calls_it_leads_to_our_control(tool, rule, resource, control):
    rules = Rules({control: {}}, load_matches(content_root()))
    assert rules.of(found(tool, rule, resource)) == (control,)

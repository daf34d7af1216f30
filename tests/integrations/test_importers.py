"""Every format that others write is read, mostly from what real scanners wrote; and nothing breaks a reader."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from setright.integrations.error import IntegrationError
from setright.integrations.importers import FORMATS, csv, detect, of_score, read, severity

RESULTS = Path(__file__).parent / "results"
FILES = {file.name: file.read_bytes() for file in sorted(RESULTS.iterdir()) if file.suffix != ".csv"}
WANTED = {  # file -> format, how many, and the first one's tool, rule, severity, where
    "asff.json": ("asff", 1, "security hub", "S3.8", "high", "arn:aws:s3:::acme-logs"),
    "checkov.json": ("checkov", 5, "checkov", "CKV_DOCKER_2", "medium", "/Dockerfile."),
    "hadolint.json": ("hadolint", 3, "hadolint", "DL3006", "medium", "Dockerfile:1"),
    "hadolint.sarif": ("sarif", 2, "hadolint", "DL3006", "medium", "Dockerfile:1"),
    "kubescape.json": ("kubescape", 1, "kubescape", "C-0057", "high", "k8s/web.yaml"),
    "lynis.dat": ("lynis", 20, "lynis", "DEB-0280", "low", "web-1"),
    "nessus.nessus": ("nessus", 1, "nessus", "70658", "medium", "ssh 22/tcp"),
    "nuclei.jsonl": ("nuclei", 1, "nuclei", "tls-version", "low", "shop.example.com:443"),
    "ocsf.json": ("ocsf", 1, "prowler", "s3_bucket_level_public_access_block", "high", "arn:aws:s3:::acme-logs"),
    "openvas.xml": ("openvas", 1, "openvas", "1.3.6.1.4.1.25623.1.0.105611", "medium", "22/tcp"),
    "trivy.json": ("trivy", 6, "trivy", "DS-0001", "medium", "Dockerfile:1"),
    "xccdf.xml": ("xccdf", 3, "oscap", "partition_for_home", "low", "web-1"),
    "zizmor.json": ("zizmor", 2, "zizmor", "zizmor/artipacked", "medium", ".github/workflows/ci.yml:7"),
    "zizmor.sarif": ("sarif", 2, "zizmor", "zizmor/artipacked", "medium", ".github/workflows/ci.yml:7"),
}


def where(found):
    return f"{found.path}:{found.line}" if found.line else found.resource or found.path or found.asset


@pytest.mark.parametrize("name", FILES)
def test_a_result_is_told_by_its_content_and_read(name):
    form, number, tool, rule, grave, place = WANTED[name]
    found = read(FILES[name])
    assert detect(FILES[name]) == form and len(found) == number
    first = found[0]
    assert (first.tool, first.rule, first.severity) == (tool, rule, grave)
    assert where(first).startswith(place) or place in (first.path, first.resource, first.asset)
    assert all(each.title and each.rule for each in found)


def test_every_format_has_a_result():
    assert {form for form, *_ in WANTED.values()} == FORMATS.keys()


def test_lynis_names_the_setting_wherever_it_tells_it():
    report = b"""lynis_version=3.1.4
suggestion[]=SSH-7408|Consider hardening SSH configuration|PermitRootLogin (set YES to NO)|-|
suggestion[]=FILE-6310|To decrease the impact of a full /home file system, place /home on a separate partition|-|-|
suggestion[]=NETW-3200|Determine if protocol 'dccp' is really needed on this system|-|-|
suggestion[]=KRNL-6000|One or more sysctl values differ from the scan profile and could be tweaked||Change sysctl value|
details[]=KRNL-6000|sysctl|desc:Disable magic SysRQ;field:kernel.sysrq;prefval:0;value:176;|
"""
    found = [(each.rule, each.resource) for each in read(report)]
    assert found == [
        ("SSH-7408", "PermitRootLogin"),
        ("FILE-6310", "/home"),
        ("NETW-3200", "dccp"),
        ("KRNL-6000", "kernel.sysrq"),
    ]


def test_csv_is_read_by_a_mapping():
    mapping = {"rule": "Rule ID", "title": "Title", "severity": "Severity", "resource": "Resource Name", "asset": "Subscription"}
    data = (RESULTS / "wiz.csv").read_bytes()
    first, second = csv.read(data, mapping | {"remedy": "Remediation Recommendation"}, "wiz")
    assert (first.tool, first.rule, first.severity, first.resource) == ("wiz", "wc-id-1", "high", "acme-logs")
    assert first.remedy == "Block it, all four ways." and second.severity == "critical"
    with pytest.raises(IntegrationError, match="columns are Rule ID"):
        csv.read(data, {"rule": "Rule ID"}, "wiz")
    with pytest.raises(IntegrationError, match="no column 'Nope'"):
        csv.read(data, mapping | {"text": "Nope"}, "wiz")
    with pytest.raises(IntegrationError, match="none of"):
        csv.read(data, mapping | {"colour": "Title"}, "wiz")


@pytest.mark.parametrize("name", FILES)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_nothing_breaks_a_reader(name, data):
    """Cut, changed or doubled bytes are read or refused, never a crash."""
    whole = FILES[name]
    at = data.draw(st.integers(0, len(whole) - 1))
    change = data.draw(st.sampled_from(["cut", "null", "number", "list", "double"]))
    if change == "cut":
        broken = whole[:at]
    elif change == "double":
        broken = whole[:at] + whole[at : at + 40] + whole[at:]
    else:
        start = whole.find(b":", at)
        end = min((place for place in (whole.find(b",", start), whole.find(b"}", start)) if place > 0), default=len(whole))
        broken = whole[: start + 1] + {"null": b"null", "number": b"7", "list": b"[]"}[change] + whole[end:]
    with contextlib.suppress(IntegrationError):
        read(broken, WANTED[name][0])


def test_xml_that_unfolds_without_end_is_not_read():
    bomb = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><NessusClientData_v2>&b;</NessusClientData_v2>'
    with pytest.raises(IntegrationError, match="entities"):
        read(bomb)


@pytest.mark.parametrize("data", [b"", b"hello", b"{}", b"[]", b'{"runs": 4}', b"\xff\xfe\x00"])
def test_what_is_no_result_says_what_is_read(data):
    with pytest.raises(IntegrationError):
        read(data)
    with pytest.raises(IntegrationError, match="there are sarif"):
        read(data, "pigeon")


def test_words_and_scores_of_others_become_ours():
    assert [severity(word) for word in ("CRITICAL", "error", "Moderate", "note", "Informational", "odd", None)] == [
        "critical",
        "high",
        "medium",
        "low",
        "info",
        "medium",
        "medium",
    ]
    assert [of_score(score) for score in (9.8, "7.0", 4, 0.1, 0, "none")] == ["critical", "high", "medium", "low", "info", "medium"]

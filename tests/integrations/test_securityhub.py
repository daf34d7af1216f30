"""What the Security Hub channel promises, against moto and a server that enforces the finding format as AWS publishes it."""

from datetime import UTC, datetime

import botocore.session
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from setright.integrations.error import IntegrationError
from setright.integrations.importers import asff as importer
from setright.integrations.message import Message, Refused
from setright.integrations.securityhub import Options, SecurityHub, finding

from .asff import ACCOUNT, SecurityHubServer, wrong
from .events import FINDING, message

REGION = "eu-central-1"
ITEM = "setright/f-1a2b3c"


@pytest.fixture
def hub(aws):
    server = SecurityHubServer()
    yield server
    server.close()


def to_hub(endpoint, **more):
    return SecurityHub(Options(**({"account": ACCOUNT, "region": REGION, "endpoint": endpoint} | more)))


def later(event, minute, body=None, item="f-1a2b3c"):
    at = datetime(2026, 1, 2, 3, minute, tzinfo=UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    return Message(f"{event}{minute}", "hub", item, event, at, body or FINDING)


def test_a_finding_lives_in_moto_from_its_opening_to_its_end(aws):
    client = botocore.session.get_session().create_client("securityhub", region_name=REGION, endpoint_url=aws)
    to_hub(aws).send([later("finding.opened", 1)])
    (kept,) = client.get_findings()["Findings"]
    assert (kept["Id"], kept["RecordState"], kept["Compliance"]["Status"]) == (ITEM, "ACTIVE", "FAILED")
    assert kept["ProductArn"] == f"arn:aws:securityhub:{REGION}:{ACCOUNT}:product/{ACCOUNT}/default"
    assert kept["Remediation"]["Recommendation"]["Text"] == "setright fix ssh://ops@shop-1 --control linux/sshd/root-login"
    to_hub(aws).send([later("finding.resolved", 2)])
    (kept,) = client.get_findings()["Findings"]
    assert (kept["RecordState"], kept["Compliance"]["Status"]) == ("ARCHIVED", "PASSED")
    assert "Workflow" not in kept


@pytest.mark.parametrize("event", ["finding.opened", "finding.reopened", "finding.resolved", "message.test"])
@pytest.mark.parametrize("body", [FINDING, {"text": "a test"}, {}])
def test_every_finding_is_what_the_published_format_asks(event, body):
    assert wrong(finding(message(event, body=body), Options(ACCOUNT, REGION))) == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=40).map(lambda t: t * 300), st.dictionaries(st.text(min_size=1), st.lists(st.text()), max_size=9))
def test_no_text_makes_a_finding_that_would_be_refused(text, frameworks):
    body = FINDING | dict.fromkeys(("title", "reason", "target", "resource", "owner", "control", "source"), text)
    body |= {"frameworks": frameworks}
    assert wrong(finding(message(body=body, item=f"f{text}"), Options(ACCOUNT, REGION))) == []


@pytest.mark.parametrize(
    ("kind", "path", "sort", "arn"),
    [
        ("aws/s3/bucket", "aws:s3:bucket/logs.example", "AwsS3Bucket", "arn:aws:s3:::logs.example"),
        (
            "aws/ec2/security-group",
            "aws:ec2:security-group/us-east-1/sg-1",
            "AwsEc2SecurityGroup",
            f"arn:aws:ec2:us-east-1:{ACCOUNT}:security-group/sg-1",
        ),
        ("aws/kms/key", "aws:kms:key/us-east-1/ab-1", "AwsKmsKey", f"arn:aws:kms:us-east-1:{ACCOUNT}:key/ab-1"),
        ("aws/iam/password-policy", f"aws:iam:password-policy/{ACCOUNT}", "AwsAccount", f"AWS::::Account:{ACCOUNT}"),
        ("aws/ec2/ebs-encryption", "aws:ec2:ebs-encryption/us-east-1", "AwsAccount", f"AWS::::Account:{ACCOUNT}"),
        ("aws/s3/bucket", "main.tf", "Other", "aws://prod#sshd"),
        ("linux/sshd", "/etc/ssh/sshd_config", "Other", "aws://prod#sshd"),
    ],
)
def test_what_is_read_in_the_account_itself_has_its_type_and_arn(kind, path, sort, arn):
    body = FINDING | {"kind": kind, "location": {"path": path, "line": 3}, "target": "aws://prod"}
    told = finding(message(body=body), Options(ACCOUNT, REGION))
    (resource,) = told["Resources"]
    assert (resource["Type"], resource["Id"]) == (sort, arn) and wrong(told) == []
    assert resource["Details"]["Other"]["Document"] == path


def test_the_day_on_which_it_was_seen_first_stays(hub):
    first = "2026-01-01T00:00:00Z"
    to_hub(hub.url).send([later("finding.reopened", 5, FINDING | {"first_seen_at": first})])
    assert hub.wrong == [] and hub.findings[ITEM]["CreatedAt"] == first < hub.findings[ITEM]["UpdatedAt"]


def test_of_one_call_the_last_word_on_each_finding_counts_and_the_rest_is_not_sent(hub):
    told = [
        later("finding.opened", 1),
        later("finding.resolved", 2),
        later("plan.verified", 3),
        later("finding.opened", 4, item="g"),
    ]
    to_hub(hub.url).send(told)
    assert hub.requests == 1 and hub.findings[ITEM]["RecordState"] == "ARCHIVED" and len(hub.findings) == 2 and hub.wrong == []
    to_hub(hub.url).send([later("plan.verified", 3)])
    assert hub.requests == 1


def test_a_hundred_are_one_call_and_more_are_never_asked_for(hub):
    to_hub(hub.url).send([later("finding.opened", 1, item=f"f{n}") for n in range(SecurityHub.at_once)])
    assert len(hub.findings) == 100 and hub.requests == 1


@pytest.mark.parametrize(
    ("code", "is_refused"), [("InvalidInput", True), ("InternalException", False), ("LimitExceededException", False)]
)
def test_findings_that_it_did_not_take_are_told_by_name(hub, code, is_refused):
    hub.fails = {ITEM: code}
    with pytest.raises(IntegrationError, match=f"1 of 2.*{ITEM}: {code}") as error:
        to_hub(hub.url).send([later("finding.opened", 1), later("finding.opened", 1, item="g")])
    assert isinstance(error.value, Refused) == (code == "InvalidInput")


def test_a_hub_that_is_not_on_or_not_ours_says_what_to_do(hub, monkeypatch):
    hub.enabled = False
    with pytest.raises(IntegrationError, match="not subscribed.*check the credentials and their rights") as error:
        to_hub(hub.url).send([later("finding.opened", 1)])
    assert not isinstance(error.value, Refused)
    with pytest.raises(IntegrationError, match="the-profile"):
        to_hub(hub.url, profile="the-profile").send([later("finding.opened", 1)])
    with pytest.raises(IntegrationError, match="twelve digits"):
        to_hub(hub.url, account="12")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    with pytest.raises(IntegrationError, match="credentials"):
        to_hub(hub.url).send([later("finding.opened", 1)])


def test_a_product_of_ones_own_and_another_partition():
    assert finding(message(), Options(ACCOUNT, REGION, product="arn:x"))["ProductArn"] == "arn:x"
    told = finding(message(), Options(ACCOUNT, "us-gov-west-1"))
    assert told["ProductArn"].startswith("arn:aws-us-gov:securityhub:us-gov-west-1:") and wrong(told, "us-gov-west-1") == []


def test_what_is_sent_can_be_read_back_as_findings():
    import json

    told = finding(message(), Options(ACCOUNT, REGION)) | {"Severity": {"Label": "HIGH"}}  # as Security Hub sets it
    (read,) = importer.read(json.dumps([told]).encode())
    assert (read.rule, read.severity, read.title) == ("root-login", "high", FINDING["title"])

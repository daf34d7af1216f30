"""What the Sentinel channel promises, against a server that enforces the Logs Ingestion API and Entra ID's tokens."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from setright.integrations import sentinel
from setright.integrations.error import IntegrationError
from setright.integrations.message import Message, Refused

from .azure import CLIENT, COLUMNS, DCR, RIGHT, RULE, SECRET, STREAM, TABLE, TENANT, AzureServer, _wrong
from .events import FINDING, PLAN, message


@pytest.fixture
def azure():
    server = AzureServer()
    yield server
    server.close()


def to_azure(azure, **more):
    said = {"endpoint": azure.url, "login": azure.url, "rule": RULE, "tenant": TENANT, "client": CLIENT, "secret": SECRET}
    return sentinel.Sentinel(sentinel.Options(**(said | more)))


def test_events_are_rows_of_the_table_that_the_template_makes(azure):
    to_azure(azure).send([message(), message("plan.verified", 2, item="p"), message("message.test", 3, {"text": "x"})])
    finding, plan, test = azure.rows
    assert finding.keys() == COLUMNS.keys() and finding["Body"] == FINDING
    assert (finding["Severity"], finding["Risk"], finding["Document"]) == ("high", 52, "/etc/ssh/sshd_config")
    assert (plan["Actor"], plan["Document"], plan["Body"]) == ("ann", "/etc/ssh/sshd_config", PLAN)
    assert test["Title"] == "x" and test["Risk"] is None and len(azure.calls) == 1


def test_the_template_makes_one_table_and_one_rule_of_the_same_columns_and_grants_one_right():
    table = TABLE["properties"]["schema"]["columns"]
    assert {each["name"]: each["type"] for each in table} == COLUMNS
    (flow,) = DCR["properties"]["dataFlows"]
    assert flow["streams"] == [STREAM] and flow["outputStream"] == f"Custom-{TABLE['properties']['schema']['name']}"
    assert "3913510d-42f4-4e42-8a64-420c390055eb" in RIGHT["properties"]["roleDefinitionId"]  # Monitoring Metrics Publisher
    assert "dataCollectionRules" in RIGHT["scope"]


def test_a_token_is_used_until_shortly_before_it_ends(azure):
    channel = to_azure(azure)
    channel.send([message()])
    channel.send([message(number=2)])
    assert len(azure.tokens) == 1 and len(azure.rows) == 2
    azure.lasts_s = 200
    other = to_azure(azure)
    other.send([message(number=3)])
    other.send([message(number=4)])
    assert len(azure.tokens) == 3


def test_a_token_that_is_refused_is_renewed_once(azure):
    azure.refused_tokens = 1
    to_azure(azure).send([message()])
    assert len(azure.tokens) == 2 and len(azure.rows) == 1
    azure.refused_tokens = 9
    with pytest.raises(IntegrationError, match="401.*audience"):
        to_azure(azure).send([message()])
    assert azure.refused_tokens == 7


def test_no_call_is_larger_than_a_megabyte_and_all_arrives_in_order(azure):
    told = [
        Message(f"m{n}", "s", "i", "finding.opened", "2026-01-02T03:04:05Z", FINDING | {"why": "ü" * 20_000}) for n in range(70)
    ]
    to_azure(azure).send(told)
    assert [row["MessageId"] for row in azure.rows] == [f"m{n}" for n in range(70)]
    assert len(azure.calls) > 1 and max(azure.calls) <= 1_000_000


def test_a_call_that_is_too_large_all_the_same_is_halved_and_one_event_that_is_too_large_set_aside(azure):
    azure.largest = 2_000
    to_azure(azure).send([message(number=n) for n in range(4)])
    assert [row["MessageId"] for row in azure.rows] == ["m0000", "m0001", "m0002", "m0003"] and len(azure.calls) > 1
    azure.largest = 100
    with pytest.raises(Refused, match="413.*too large"):
        to_azure(azure).send([message()])


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=60).map(lambda text: text * 2_000), st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.text()))
def test_no_event_makes_a_row_that_the_table_would_not_take(text, risk):
    body = FINDING | dict.fromkeys(("title", "reason", "target", "resource", "owner"), text) | {"risk": risk}
    row = json.loads(json.dumps(sentinel.row(message(body=body, item=text))))
    assert _wrong(row) == [] and len(json.dumps(row, ensure_ascii=False).encode()) < 1_000_000


def test_a_rate_limit_is_waited_out_where_it_is_short(azure, monkeypatch):
    slept = []
    monkeypatch.setattr(sentinel.time, "sleep", slept.append)
    azure.limited = [2, 3]
    to_azure(azure).send([message()])
    assert slept == [2.0, 3.0] and len(azure.rows) == 1
    azure.limited = [120]
    with pytest.raises(IntegrationError, match="120 s; it is tried again later") as error:
        to_azure(azure).send([message()])
    assert not isinstance(error.value, Refused) and slept == [2.0, 3.0]


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"secret": "expired"}, "AADSTS7000215.*check tenant, client and secret"),
        ({"scope": "https://management.azure.com/.default"}, "invalid_scope"),
        ({"rule": "dcr-" + "ff" * 16}, "404.*no such rule"),
        ({"stream": "Custom-Other_CL"}, "400 InvalidStream.*columns"),
    ],
)
def test_what_is_not_right_says_what_to_do_and_sets_nothing_aside(azure, more, says):
    with pytest.raises(IntegrationError, match=says) as error:
        to_azure(azure, **more).send([message()])
    assert not isinstance(error.value, Refused) and SECRET not in str(error.value) and "Trace" not in str(error.value)


def test_a_right_that_is_missing_is_named(azure):
    azure.right = False
    with pytest.raises(IntegrationError, match="Monitoring Metrics Publisher"):
        to_azure(azure).send([message()])
    azure.down = True
    with pytest.raises(IntegrationError, match="503"):
        to_azure(azure).send([message()])
    with pytest.raises(IntegrationError, match="immutable id"):
        to_azure(azure, rule="setright")
    with pytest.raises(IntegrationError, match="https"):
        to_azure(azure, endpoint="http://example.com")

"""What each channel promises, against a real rsyslog over TLS and servers that enforce the other ends' public contracts."""

import gzip
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from setright.integrations import ocsf, opsgenie, pagerduty, splunk, syslog
from setright.integrations.error import IntegrationError
from setright.integrations.message import Refused

from .contracts import TOKEN, OpsgenieServer, PagerDutyServer, SplunkServer
from .events import message

KEY = "0123456789abcdef0123456789abcdef"


def opened(server_class):
    server = server_class()
    yield server
    server.close()


@pytest.fixture
def hec():
    yield from opened(SplunkServer)


@pytest.fixture
def duty():
    yield from opened(PagerDutyServer)


@pytest.fixture
def genie():
    yield from opened(OpsgenieServer)


def to_splunk(hec, **more):
    return splunk.Splunk(splunk.Options(**({"url": hec.url, "token": TOKEN} | more)))


def test_splunk_gets_a_batch_with_the_fields_of_its_data_models(hec):
    to_splunk(hec).send(
        [message(number=1), message("plan.verified", 2, item="p"), message("switch.on", 3, {"reason": "x"}, "setright")]
    )
    finding, change, switch = hec.events
    assert hec.requests == 1 and finding["sourcetype"] == "setright:finding" and finding["time"] == 1767323045.000006
    assert {"dest", "signature", "signature_id", "severity", "vendor_product", "type", "id"} <= finding["event"].keys()
    wanted = {
        "action": "modified",
        "change_type": "configuration",
        "status": "success",
        "user": "ann",
        "object": "/etc/ssh/sshd_config",
    }
    assert wanted.items() <= change["event"].items()
    assert switch["event"]["reason"] == "x"


def test_splunk_events_count_when_the_indexer_has_them(hec):
    hec.acknowledges = True
    to_splunk(hec, acknowledged=True).send([message()])
    assert hec.asked == {1: 2}
    hec.never = True
    with pytest.raises(IntegrationError, match="did not index"):
        to_splunk(hec, acknowledged=True, ack_s=0.3).send([message()])
    hec.acknowledges = False
    with pytest.raises(IntegrationError, match="no ackId"):
        to_splunk(hec, acknowledged=True).send([message()])


@pytest.mark.parametrize(
    ("more", "refused", "says"),
    [({"token": "wrong"}, False, "code 4"), ({"index": "nowhere"}, False, "check the token and its index"), ({}, True, "code 12")],
)
def test_splunk_refuses_for_good_only_what_is_the_events_fault(hec, more, refused, says, monkeypatch):
    if refused:
        monkeypatch.setattr(splunk, "cim", lambda each: {})
    with pytest.raises(IntegrationError, match=says) as error:
        to_splunk(hec, **more).send([message()])
    assert isinstance(error.value, Refused) == refused
    hec.down = True
    with pytest.raises(IntegrationError, match="503") as error:
        to_splunk(hec).send([message()])
    assert not isinstance(error.value, Refused)


def test_pagerduty_has_one_alert_an_item_and_it_ends_with_it(duty):
    channel = pagerduty.PagerDuty(pagerduty.Options(KEY, duty.url))
    channel.send([message(), message("finding.reopened", 2)])
    (alert,) = duty.open.values()
    assert (alert["severity"], alert["summary"]) == ("error", "Wrong again (high): Root cannot log in over SSH")
    channel.send([message("finding.resolved", 3)])
    assert not duty.open and duty.log[-1] == ("resolve", "f-1a2b3c")


def test_a_wrong_key_holds_alerts_back_and_gives_none_of_them_up(duty):
    with pytest.raises(IntegrationError, match="integration key: .*routing_key") as told:
        pagerduty.PagerDuty(pagerduty.Options("short", duty.url)).send([message()])
    assert not isinstance(told.value, Refused)


def test_pagerduty_takes_every_text_however_long(duty):
    body = {"title": "x" * 5000, "target": None}
    pagerduty.PagerDuty(pagerduty.Options(KEY, duty.url)).send([message(body=body, item="i" * 900)])
    assert len(next(iter(duty.open))) == 255


def test_a_test_leaves_no_alert_open(duty, genie):
    told = message("message.test", body={"text": "nothing happened"}, item="setright")
    pagerduty.PagerDuty(pagerduty.Options(KEY, duty.url)).send([told, message()])
    opsgenie.Opsgenie(opsgenie.Options(TOKEN, genie.url)).send([told, message()])
    assert list(duty.open) == list(genie.open) == ["f-1a2b3c"]
    assert [action for action, _ in duty.log] == ["trigger", "resolve", "trigger"]


def test_opsgenie_has_one_alert_an_item_and_it_ends_with_it(genie):
    channel = opsgenie.Opsgenie(opsgenie.Options(TOKEN, genie.url, "web"))
    channel.send([message(), message("finding.reopened", 2), message(number=3, body={"title": "y" * 500}, item="other/item")])
    assert genie.open["f-1a2b3c"]["priority"] == "P2" and genie.open["f-1a2b3c"]["responders"] == [{"name": "web", "type": "team"}]
    channel.send([message("finding.resolved", 4)])
    assert list(genie.open) == ["other/item"]
    with pytest.raises(IntegrationError, match="credentials"):
        opsgenie.Opsgenie(opsgenie.Options("wrong", genie.url)).send([message()])


EVENTS = ["finding.opened", "finding.reopened", "finding.resolved", "exception.made", "exception.ended", "plan.verified"]
EVENTS += ["plan.reverted", "plan.unverified", "switch.on", "run.rollback-asked"]


@pytest.mark.parametrize("name", EVENTS)
def test_ocsf_events_hold_together(name):
    event = ocsf.event(message(name))
    assert (
        event["type_uid"] == event["class_uid"] * 100 + event["activity_id"] and event["category_uid"] == event["class_uid"] // 1000
    )
    assert event["metadata"]["version"] == "1.8.0" and event["metadata"]["uid"] == "m0001" and event["time"] == 1767323045000
    assert event["class_uid"] == {"finding": 2003, "exception": 2003, "plan": 7001}.get(name.partition(".")[0], 0)
    if event["class_uid"] == 7001:
        assert event["command_uid"] == "9f" * 32 and event["activity_id"] == (3 if name == "plan.reverted" else 4)


@pytest.mark.parametrize("name", EVENTS[:5])
def test_ocsf_findings_are_what_the_schemas_own_model_takes(name):
    from py_ocsf_models.events.findings.compliance_finding import ComplianceFinding

    read = ComplianceFinding.model_validate(ocsf.event(message(name)))
    assert read.finding_info.uid == "f-1a2b3c" and read.compliance.requirements == ["cis-debian-12 5.1.20"]


def test_ocsf_in_a_folder_has_the_lakes_partitions_and_a_batch_sent_twice_is_one_file(tmp_path):
    channel = ocsf.Ocsf(ocsf.Options(directory=str(tmp_path), region="eu-central-1", account="123456789012"))
    for _ in range(2):
        channel.send([message(number=1), message("plan.verified", 2)])
    (file,) = tmp_path.rglob("*.json.gz")
    assert file.parent.relative_to(tmp_path).as_posix() == "region=eu-central-1/accountId=123456789012/eventDay=20260102"
    assert [json.loads(line)["class_uid"] for line in gzip.decompress(file.read_bytes()).splitlines()] == [2003, 7001]


def test_ocsf_in_a_bucket_is_the_same(monkeypatch):
    import botocore.session
    from moto.server import ThreadedMotoServer

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    server = ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    try:
        host, port = server.get_host_and_port()
        endpoint = f"http://{host}:{port}"
        client = botocore.session.get_session().create_client("s3", region_name="us-east-1", endpoint_url=endpoint)
        client.create_bucket(Bucket="lake")
        ocsf.Ocsf(ocsf.Options(bucket="lake/ext/setright", region="us-east-1", endpoint=endpoint)).send([message()])
        (kept,) = client.list_objects_v2(Bucket="lake")["Contents"]
        assert kept["Key"].startswith("ext/setright/region=us-east-1/accountId=none/eventDay=20260102/")
        with pytest.raises(IntegrationError, match="NoSuchBucket"):
            ocsf.Ocsf(ocsf.Options(bucket="nowhere", region="us-east-1", endpoint=endpoint)).send([message()])
    finally:
        server.stop()


def test_ocsf_needs_one_place():
    with pytest.raises(IntegrationError, match="exactly one"):
        ocsf.Ocsf(ocsf.Options())


def unescaped_cef(text):
    """As a collector reads it: the head's fields, then the extension's pairs."""
    import re

    head = re.split(r"(?<!\\)(?:\\\\)*\|", text, maxsplit=7)
    pairs = re.split(r" (?=\w+=)", head[7])
    values = (pair.split("=", 1) for pair in pairs)
    back = {"\\\\": "\\", "\\=": "=", "\\n": "\n", "\\r": "\n"}
    return head[:7], {key: re.sub(r"\\[\\=nr]", lambda m: back[m[0]], value) for key, value in values}


def test_cef_comes_apart_into_what_was_put_in():
    head, told = unescaped_cef(syslog.cef(message()))
    assert head[0] == "CEF:0" and head[4:] == ["linux/sshd/root-login", "Root cannot log in over SSH", "8"]
    assert (
        told["msg"] == 'a | b = c \\ d ^ "e"\nsecond line ünï'
        and told["cs1"] == "linux/sshd/root-login"
        and told["externalId"] == "m0001"
    )


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=80), st.text(max_size=80))
def test_no_text_breaks_a_line_or_another_field(title, reason):
    sent = message(body={"title": title, "reason": reason, "severity": "low", "target": "t", "owner": "o"})
    for write in syslog.WRITERS.values():
        line = syslog.line(sent, write)
        assert line.startswith(b"<109>1 2026-01-02T03:04:05.000006Z ") and b"\n" not in line and b"\r" not in line
    assert syslog.leef(sent).endswith("") and syslog.leef(sent).count("|") >= 5
    assert syslog.cef(sent).endswith(" cs3Label=owner cs3=o")


def test_a_long_text_is_cut_between_characters():
    line = syslog.line(message(body={"title": "x", "more": "ü" * 9000}), syslog.as_json)
    assert len(line) <= syslog.LONGEST and line.decode()


def test_any_service_is_reached_by_apprise():
    """Its json:// service, to a real receiver."""
    import json as js
    import threading
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    from setright.integrations import apprise

    took, status = [], [200]

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_): ...

        def do_POST(self):
            took.append(js.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status[0])
            self.end_headers()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=lambda: server.serve_forever(0.05), daemon=True).start()
    try:
        channel = apprise.Apprise(apprise.Options(f"json://127.0.0.1:{server.server_address[1]}/"))
        channel.send([message()])
        assert (
            took[0]["title"] == "To put right (high): Root cannot log in over SSH"
            and "Owner: web" in took[0]["message"]
            and took[0]["type"] == "failure"
        )
        status[0] = 500
        with pytest.raises(IntegrationError, match="did not take"):
            channel.send([message()])
    finally:
        server.shutdown()
        server.server_close()
    with pytest.raises(IntegrationError, match="does not know"):
        apprise.Apprise(apprise.Options("pigeon://coop"))

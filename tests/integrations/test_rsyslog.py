"""Events into a real rsyslog over TLS: nothing lost, in order, escapes intact, across an outage of the collector."""

import datetime
import json
import shutil
import socket
import subprocess
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from setright.engine.outbox import deliver
from setright.engine.store import Store
from setright.engine.times import now
from setright.integrations import syslog
from setright.integrations.error import IntegrationError

from .events import FINDING, message

CONFIGURATION = """
global(workDirectory="{place}" maxMessageSize="16k" DefaultNetstreamDriver="gtls" DefaultNetstreamDriverCAFile="{place}/ca.pem"
  DefaultNetstreamDriverCertFile="{place}/cert.pem" DefaultNetstreamDriverKeyFile="{place}/key.pem")
module(load="imtcp" StreamDriver.Name="gtls" StreamDriver.Mode="1" StreamDriver.AuthMode="anon")
template(name="whole" type="string" string="%pri% %timestamp:::date-rfc3339% %app-name% %msgid% %msg%\\n")
input(type="imtcp" address="127.0.0.1" port="{port}")
action(type="omfile" file="{place}/events.log" template="whole")
"""


class Rsyslog:
    """A collector of the test's own; `lines` are what it wrote."""

    def __init__(self, place):
        self.place, self.port, self.process = place, free_port(), None
        certificates(place)
        (place / "rsyslog.conf").write_text(CONFIGURATION.format(place=place, port=self.port))

    def start(self):
        words = ["rsyslogd", "-n", "-f", self.place / "rsyslog.conf", "-i", self.place / "pid"]
        self.process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + 15
        while time.monotonic() < until:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            assert self.process.poll() is None, "rsyslogd did not start"
            time.sleep(0.05)
        raise AssertionError("rsyslogd does not answer")

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait(10)
            self.process = None

    def lines(self, number):
        log, until = self.place / "events.log", time.monotonic() + 15
        while time.monotonic() < until:
            lines = log.read_text().splitlines() if log.exists() else []
            if len(lines) >= number:
                return lines
            time.sleep(0.05)
        return lines

    def options(self, **more):
        return syslog.Options(**({"host": "127.0.0.1", "port": self.port, "ca": str(self.place / "ca.pem")} | more))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def certificates(place):
    """An authority, and the collector's certificate for the loopback address, signed by it."""
    import ipaddress

    at = datetime.datetime.now(datetime.UTC)
    authority, ours = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test authority")])

    def made(subject, key, extension, critical):
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(root).public_key(key.public_key())
        builder = builder.serial_number(x509.random_serial_number()).not_valid_before(at - datetime.timedelta(days=1))
        builder = builder.not_valid_after(at + datetime.timedelta(days=1)).add_extension(extension, critical)
        return builder.sign(authority, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    (place / "ca.pem").write_bytes(made("test authority", authority, x509.BasicConstraints(ca=True, path_length=None), True))
    (place / "cert.pem").write_bytes(made("collector", ours, address, False))
    private = ours.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (place / "key.pem").write_bytes(private)


@pytest.fixture
def rsyslog(tmp_path):
    if not shutil.which("rsyslogd"):
        pytest.skip("rsyslog is not installed")
    collector = Rsyslog(tmp_path)
    collector.start()
    yield collector
    collector.stop()


@pytest.mark.parametrize("form", ["cef", "leef", "json"])
def test_every_form_arrives_whole(rsyslog, form):
    sent = [message(number=1), message("plan.verified", 2, item="p")]
    syslog.Syslog(rsyslog.options(format=form)).send(sent)
    finding, plan = rsyslog.lines(2)
    assert finding.startswith("107 2026-01-02T03:04:05.000006Z setright finding.opened")
    assert plan.startswith("109 ") and " plan.verified " in plan
    if form == "json":
        assert json.loads(finding.partition(" finding.opened ")[2])["body"] == FINDING
    else:
        text = getattr(syslog, form)(sent[0])
        assert finding.endswith(text) and "ünï" in finding


def test_an_outage_of_the_collector_loses_none_and_keeps_the_order(rsyslog, tmp_path):
    store = Store(f"sqlite:///{tmp_path}/state/setright.db")
    channel = syslog.Syslog(rsyslog.options(format="cef"))
    store.post([message(number=n, item=f"f{n % 5}") for n in range(300)])
    assert deliver(store, "soc", channel, "me").sent == 300
    rsyslog.stop()
    store.post([message(number=n, item=f"f{n % 5}") for n in range(300, 900)])
    failed = deliver(store, "soc", channel, "me")
    assert failed.sent == 0 and "tried again" in failed.error
    rsyslog.start()
    later = now() + datetime.timedelta(minutes=1)
    assert deliver(store, "soc", channel, "me", lambda: later).sent == 600
    numbers = [line.partition("externalId=m")[2][:4] for line in rsyslog.lines(900)]
    assert numbers == [f"{n:04}" for n in range(900)]
    store.close()


def test_a_collector_that_nobody_vouches_for_gets_nothing(rsyslog):
    with pytest.raises(IntegrationError, match="CERTIFICATE_VERIFY_FAILED|certificate verify failed"):
        syslog.Syslog(rsyslog.options(ca="")).send([message()])
    with pytest.raises(IntegrationError, match="check ca"):
        syslog.Syslog(rsyslog.options(ca=str(rsyslog.place / "nothing.pem")))

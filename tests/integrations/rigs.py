"""For every type of channel a receiver of its own and the table that leads there: what is promised of all is tested over all.

A type of `setright.engine.channels.MODULES` that has no rig here fails tests/cli/test_every_channel.py.
"""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import botocore.session
import pytest
from aiosmtpd.controller import Controller
from moto.server import ThreadedMotoServer

from . import azure
from .asff import ACCOUNT, SecurityHubServer
from .contracts import TOKEN, Contract, OpsgenieServer, PagerDutyServer, Reply, SplunkServer
from .receiver import SECRET, Receiver
from .test_mail import free_port
from .test_rsyslog import Rsyslog

REGION = "eu-central-1"


def moto_server() -> Iterator[str]:
    """The address of an AWS of one's own, until it is needed no more."""
    server = ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


class Rig(NamedTuple):
    """`table` is the channel's, `env` where its secrets are; `taken` gives all that has come, as text could be read in it."""

    table: dict[str, Any]
    env: dict[str, str]
    taken: Callable[[], bytes]
    close: Callable[[], None]


class Anything(Contract):
    """Takes whatever comes, as Slack says it does."""

    def post(self, path: str, headers: Any, body: bytes) -> Reply:
        return Reply(200, {"ok": True})


def _of_contract(
    server: Contract, secret: str, table: Callable[[str], dict[str, Any]], plain: Callable[[bytes], bytes] = bytes
) -> Rig:
    env = {"SECRET_OF_IT": secret} if secret else {}
    return Rig(table(server.url), env, lambda: b"\n".join(server.raw), server.close)


def webhook(place: Path, moto: str) -> Rig:
    server = Receiver()
    told = {"url": server.url, "secret": "env:SECRET_OF_IT"}
    return Rig(told, {"SECRET_OF_IT": SECRET}, lambda: b"\n".join(server.raw), server.close)


def splunk(place: Path, moto: str) -> Rig:
    return _of_contract(SplunkServer(), TOKEN, lambda url: {"url": url, "token": "env:SECRET_OF_IT"})


def pagerduty(place: Path, moto: str) -> Rig:
    return _of_contract(PagerDutyServer(), "0fedcba9" * 4, lambda url: {"url": url, "routing_key": "env:SECRET_OF_IT"})


def opsgenie(place: Path, moto: str) -> Rig:
    return _of_contract(OpsgenieServer(), TOKEN, lambda url: {"url": url, "api_key": "env:SECRET_OF_IT"})


def slack(place: Path, moto: str) -> Rig:
    return _of_contract(
        Anything(), "xoxb-planted-of-the-rig", lambda url: {"api": url, "token": "env:SECRET_OF_IT", "channel": "#soc"}
    )


def apprise(place: Path, moto: str) -> Rig:
    server = Anything()
    url = server.url.replace("http://", "json://ann:password-of-the-rig@")
    return Rig({"url": "env:SECRET_OF_IT"}, {"SECRET_OF_IT": url}, lambda: b"\n".join(server.raw), server.close)


def sentinel(place: Path, moto: str) -> Rig:
    said = {"rule": azure.RULE, "tenant": azure.TENANT, "client": azure.CLIENT, "secret": "env:SECRET_OF_IT"}
    server = azure.AzureServer()
    calls = lambda: [gzip.decompress(body) for body in server.raw if body[:2] == b"\x1f\x8b"]  # noqa: E731 - not the logins
    table = {"endpoint": server.url, "login": server.url, **said}
    return Rig(table, {"SECRET_OF_IT": azure.SECRET}, lambda: b"\n".join(calls()), server.close)


def securityhub(place: Path, moto: str) -> Rig:
    return _of_contract(SecurityHubServer(), "", lambda url: {"account": ACCOUNT, "region": REGION, "endpoint": url})


def securitylake(place: Path, moto: str) -> Rig:
    import pyarrow.parquet

    client = botocore.session.get_session().create_client("s3", region_name=REGION, endpoint_url=moto)
    client.create_bucket(Bucket="rig", CreateBucketConfiguration={"LocationConstraint": REGION})

    def taken() -> bytes:
        keys = [each["Key"] for each in client.list_objects_v2(Bucket="rig").get("Contents", ())]
        files = [client.get_object(Bucket="rig", Key=key)["Body"].read() for key in keys]
        return json.dumps([pyarrow.parquet.read_table(BytesIO(file)).to_pylist() for file in files]).encode()

    return Rig({"bucket": "rig", "region": REGION, "endpoint": moto}, {}, lambda: taken().replace(b"[]", b""), lambda: None)


def ocsf(place: Path, moto: str) -> Rig:
    def taken() -> bytes:
        return b"".join(gzip.decompress(file.read_bytes()) for file in place.rglob("*.json.gz"))

    return Rig({"directory": str(place)}, {}, taken, lambda: None)


def mail(place: Path, moto: str) -> Rig:
    raw: list[bytes] = []

    class Handler:
        async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
            raw.append(envelope.content)
            return "250 taken"

    server = Controller(Handler(), hostname="127.0.0.1", port=free_port())
    server.start()
    said = {"host": "127.0.0.1", "port": server.port, "security": "none", "sender": "s@example.com", "to": ["soc@example.com"]}
    return Rig(said, {}, lambda: b"\n".join(raw), server.stop)


def syslog(place: Path, moto: str) -> Rig:
    if not shutil.which("rsyslogd"):
        pytest.skip("rsyslog is not installed")
    collector = Rsyslog(place)
    collector.start()
    table = {"host": "127.0.0.1", "port": collector.port, "ca": str(place / "ca.pem"), "format": "json"}
    return Rig(table, {}, lambda: "\n".join(collector.lines(1)).encode(), collector.stop)


RIGS: dict[str, Callable[[Path, str], Rig]] = {
    each.__name__: each
    for each in (
        apprise,
        mail,
        ocsf,
        opsgenie,
        pagerduty,
        securityhub,
        securitylake,
        sentinel,
        slack,
        splunk,
        syslog,
        webhook,
    )
}

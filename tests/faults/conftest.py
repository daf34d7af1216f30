"""One driver for all tests here, and a fresh target of each surface as often as a test asks."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from botocore.exceptions import ClientError
from lab import postgres
from lab.aws import Cloud, account, opened
from lab.hosts import BASE, build

from tests.content import warm
from tests.faults.driver import Order
from tests.faults.trial import Drivers, Make, Trial
from tests.journeys.manifest import manifest

TERRAFORM = """resource "aws_kms_key" "orders" {
  description = "orders"
}
"""


@pytest.fixture(scope="session")
def drivers() -> Iterator[Drivers]:
    made = Drivers()
    yield made
    made.close()


@pytest.fixture
def source_tree(drivers: Drivers, tmp_path: Path) -> Make:
    def make(name: str) -> Trial:
        tree = tmp_path / name / "tree"
        tree.mkdir(parents=True)
        (file := tree / "main.tf").write_text(TERRAFORM)
        return Trial(drivers, Order(str(warm(tmp_path / name / "state")), str(tree), controls=("aws/kms/*",)), file.read_bytes)

    return make


@pytest.fixture
def root(drivers: Drivers, tmp_path: Path) -> Make:
    """A root file system's /etc, with one wrong document of each sort by `controls`."""
    build()

    def make(name: str, *controls: str) -> Trial:
        place = tmp_path / name / "root"
        place.mkdir(parents=True)
        subprocess.run(["cp", "-a", str(BASE / "etc"), str(place)], check=True)
        order = Order(str(warm(tmp_path / name / "state")), f"root:{place}", controls=controls or ("linux/login-defs/*",))
        return Trial(drivers, order, lambda: manifest(place))

    return make


@pytest.fixture(scope="module")
def server() -> Iterator[postgres.Server]:
    if not postgres.available():
        pytest.skip("needs the PostgreSQL server's binaries")
    with postgres.server() as made:
        yield made


@pytest.fixture
def database(drivers: Drivers, server: postgres.Server, tmp_path: Path) -> Make:
    """The server with nothing of ours in its settings; the change could cut us off, so its switch is armed."""

    def make(name: str) -> Trial:
        with psycopg.connect(server.url, autocommit=True) as link:
            link.execute("ALTER SYSTEM RESET ALL")
            link.execute("SELECT pg_reload_conf()")
        order = Order(str(warm(tmp_path / name / "state")), server.url, controls=("postgres/settings/log-*",))
        return Trial(drivers, order, lambda: look(server))

    def look(server: postgres.Server) -> object:
        with psycopg.connect(server.url) as link:
            running = link.execute("SELECT name, setting FROM pg_settings WHERE name LIKE 'log%'").fetchall()
        return server.auto.read_bytes(), server.hba.read_bytes(), sorted(running)

    return make


@pytest.fixture(scope="module")
def running_cloud() -> Iterator[Cloud]:
    with account() as cloud:
        yield cloud


@pytest.fixture
def cloud(running_cloud: Cloud) -> Cloud:
    running_cloud.reset()
    return running_cloud


@pytest.fixture
def group(drivers: Drivers, cloud: Cloud, tmp_path: Path) -> Make:
    """An account with a security group that lets the world in by two rules."""
    ec2 = cloud.client("ec2")

    def make(name: str) -> Trial:
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        made = ec2.create_security_group(GroupName=name, Description="web", VpcId=vpc)["GroupId"]
        ec2.authorize_security_group_ingress(GroupId=made, IpPermissions=[opened(22)])
        target = f"aws://?region=us-east-1&endpoint={cloud.url}"
        order = Order(str(warm(tmp_path / name / "state")), target, controls=("aws/ec2/no-world-ssh",), env=cloud.environment)
        return Trial(drivers, order, lambda: look(made))

    def look(made: str) -> object:
        (found,) = ec2.describe_security_groups(GroupIds=[made])["SecurityGroups"]
        sources = [s for p in found["IpPermissions"] for s in [*p["IpRanges"], *p["Ipv6Ranges"]]]
        return sorted(str(sorted(source.items())) for source in sources)

    return make


@pytest.fixture
def bucket(drivers: Drivers, cloud: Cloud, tmp_path: Path) -> Make:
    """An account with a bucket that lacks several settings, each its own call."""
    s3 = cloud.client("s3")

    def make(name: str) -> Trial:
        s3.create_bucket(Bucket=name)
        controls = ("aws/s3/public-access-block", "aws/s3/owner-enforced", "aws/s3/kms-encryption")
        target = f"aws://?region=us-east-1&endpoint={cloud.url}"
        order = Order(str(warm(tmp_path / name / "state")), target, controls=controls, env=cloud.environment)
        return Trial(drivers, order, lambda: look(name))

    def look(name: str) -> object:
        return [
            answer(ask, name) for ask in (s3.get_public_access_block, s3.get_bucket_ownership_controls, s3.get_bucket_encryption)
        ]

    def answer(ask: Callable[..., dict[str, object]], name: str) -> object:
        try:
            return {key: value for key, value in ask(Bucket=name).items() if key != "ResponseMetadata"}
        except ClientError:
            return None

    return make

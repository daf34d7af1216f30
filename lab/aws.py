"""A throw-away AWS account: moto on a loopback port of its own, seeded with what people leave behind.

    python lab/aws.py           prints the environment that reaches it, stops it at Enter
    python lab/aws.py --buckets 200

Around moto stands what it lacks and tests need: it counts calls, throttles and refuses on demand, and lists
buckets in pages with their regions, as AWS does. Source: moto 5 server mode (docs.getmoto.org).
"""

from __future__ import annotations

import argparse
import io
import json
import logging
import os
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

ACCOUNT = "123456789012"
REGIONS = ("eu-central-1", "eu-west-1", "us-east-1")
EVERYWHERE = "0.0.0.0/0"
SCOPE = re.compile(r"Credential=[^/]+/\d+/([^/]+)/([^/]+)/aws4_request")
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}
MOTO = {"MOTO_IAM_LOAD_MANAGED_POLICIES": "false", "MOTO_EC2_LOAD_DEFAULT_AMIS": "false"}  # seconds for each reset
Environ = dict[str, Any]


class Gate:
    """Stands before moto. `calls` counts by operation (``s3 GET policy``, ``ec2 DescribeSecurityGroups``), tries included."""

    def __init__(self, app: Callable[..., Iterable[bytes]]) -> None:
        self._app = app
        self._lock = threading.Lock()
        self._throttled: Counter[str] = Counter()
        self.denied: set[str] = set()
        self.calls: Counter[str] = Counter()
        self.regions: set[str] = set()

    def throttle(self, operation: str, times: int) -> None:
        """The next `times` calls of this operation (``*``: any) are told to slow down."""
        self._throttled[operation] = times

    def reset(self) -> None:
        self.calls.clear()
        self._throttled.clear()
        self.denied.clear()

    def __call__(self, env: Environ, start: Callable[..., Any]) -> Iterable[bytes]:
        if env["PATH_INFO"].startswith("/moto-api"):
            return self._app(env, start)
        region, service = (SCOPE.search(env.get("HTTP_AUTHORIZATION", "")) or re.match("()()", "")).groups()  # type: ignore[union-attr]
        name = f"{service} {operation(env, service)}"
        with self._lock:
            self.calls[name] += 1
            self.regions.add(region)
            slow = next((key for key in (name, "*") if self._throttled[key] > 0), None)
            if slow:
                self._throttled[slow] -= 1
        if slow:
            code = "SlowDown" if service == "s3" else "RequestLimitExceeded"
            return refusal(start, "503 Slow Down", service, code, "Please reduce your request rate.")
        if name in self.denied:
            code = "UnauthorizedOperation" if service == "ec2" else "AccessDenied"
            return refusal(start, "403 Forbidden", service, code, "not authorized to perform this")
        if name == "s3 GET max-buckets":
            return self._buckets(env, start)
        if name == "ec2 DescribeRegions":
            return regions(start)
        return self._app(env, start)

    def _buckets(self, env: Environ, start: Callable[..., Any]) -> Iterable[bytes]:
        """ListBuckets in pages, with regions: moto cuts the list off and gives no token."""
        from moto.s3.models import s3_backends

        query = parse_qs(env["QUERY_STRING"])
        buckets = sorted(s3_backends[ACCOUNT]["aws"].buckets.values(), key=lambda b: b.name)
        first, size = int(query.get("continuation-token", ["0"])[0]), int(query["max-buckets"][0])
        items = "".join(
            f"<Bucket><Name>{escape(b.name)}</Name><BucketRegion>{b.region_name}</BucketRegion></Bucket>"
            for b in buckets[first : first + size]
        )
        token = f"<ContinuationToken>{first + size}</ContinuationToken>" if first + size < len(buckets) else ""
        start("200 OK", [("Content-Type", "application/xml")])
        return [f"<ListAllMyBucketsResult><Buckets>{items}</Buckets>{token}</ListAllMyBucketsResult>".encode()]


def operation(env: Environ, service: str) -> str:
    """The API operation: its name where the protocol says one, else method and sub-resource."""
    if target := env.get("HTTP_X_AMZ_TARGET"):
        return str(target).rsplit(".", 1)[-1]
    if "x-www-form-urlencoded" in env.get("CONTENT_TYPE", "") and env.get("CONTENT_LENGTH"):
        body = env["wsgi.input"].read(int(env["CONTENT_LENGTH"]))
        env["wsgi.input"] = io.BytesIO(body)
        return parse_qs(body.decode("utf8", "replace"))["Action"][0]
    parts = (part.partition("=")[0] for part in env.get("QUERY_STRING", "").split("&"))
    asked = sorted(part for part in parts if part and part not in ("x-id", "continuation-token"))
    if env["PATH_INFO"].startswith("/v20180820/"):
        return f"{env['REQUEST_METHOD']} account"
    return f"{env['REQUEST_METHOD']} {','.join(asked)}".strip()


def regions(start: Callable[..., Any]) -> Iterable[bytes]:
    """Three enabled regions: each that moto is asked about costs it seconds."""
    items = "".join(f"<item><regionName>{name}</regionName></item>" for name in REGIONS)
    start("200 OK", [("Content-Type", "text/xml")])
    return [f"<DescribeRegionsResponse><regionInfo>{items}</regionInfo></DescribeRegionsResponse>".encode()]


def refusal(start: Callable[..., Any], status: str, service: str, code: str, message: str) -> Iterable[bytes]:
    error = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    if service == "ec2":
        body = f"<Response><Errors>{error}</Errors><RequestID>lab</RequestID></Response>"
    elif service == "s3":
        body = error
    else:
        body = f"<ErrorResponse>{error}<RequestId>lab</RequestId></ErrorResponse>"
    start(status, [("Content-Type", "text/xml")])
    return [body.encode()]


class Cloud:
    """A running account. `gate` counts and refuses; `client` is a plain SDK client, the second opinion of tests."""

    def __init__(self, url: str, gate: Gate) -> None:
        self.url = url
        self.gate = gate
        self._clients: dict[tuple[str, str], Any] = {}
        self.environment = CREDENTIALS | {"AWS_ENDPOINT_URL": url}

    def client(self, service: str, region: str = "us-east-1") -> Any:
        import boto3

        if (service, region) in self._clients:
            return self._clients[service, region]
        keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
        client = boto3.client(service, region_name=region, endpoint_url=self.url, **keys)
        if service == "s3control":
            client.meta.events.register("before-sign.s3-control", _without_account)
        self._clients[service, region] = client
        return client

    def fill(self, count: int) -> None:
        """Many empty buckets, past the API."""
        from moto.s3.models import s3_backends

        for number in range(count):
            s3_backends[ACCOUNT]["aws"].create_bucket(f"many-{number:04}", "us-east-1")

    def reset(self) -> None:
        """An empty account again, without refusals and counts."""
        from urllib.request import Request, urlopen

        urlopen(Request(f"{self.url}/moto-api/reset", method="POST"), timeout=30).close()
        self.gate.reset()


@contextmanager
def account() -> Iterator[Cloud]:
    """An empty account that is gone when the block ends; moto keeps one account a process, so blocks may not overlap."""
    os.environ.update(MOTO)
    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Kept(WSGIRequestHandler):
        protocol_version = "HTTP/1.1"

    gate = Gate(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, gate, threaded=True, request_handler=Kept)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        cloud = Cloud(f"http://127.0.0.1:{server.port}", gate)
        cloud.reset()
        yield cloud
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def seed(cloud: Cloud, buckets: int = 6) -> None:
    """What is wrong, and beside it what must survive every fix: the website, the internal source, the tags."""
    seed_buckets(cloud, buckets)
    seed_groups(cloud)


def seed_buckets(cloud: Cloud, count: int) -> None:
    s3 = cloud.client("s3")
    for number in range(count):
        s3.create_bucket(Bucket=f"data-{number:04}")
    s3.create_bucket(Bucket="shop-website")
    s3.put_bucket_website(Bucket="shop-website", WebsiteConfiguration={"IndexDocument": {"Suffix": "index.html"}})
    s3.put_bucket_tagging(Bucket="shop-website", Tagging={"TagSet": [{"Key": "purpose", "Value": "public-website"}]})
    s3.put_bucket_policy(Bucket="shop-website", Policy=json.dumps(public_policy("shop-website")))
    s3.create_bucket(Bucket="leaky-acl", ACL="public-read")
    s3.create_bucket(Bucket="leaky-policy")
    s3.put_bucket_policy(Bucket="leaky-policy", Policy=json.dumps(public_policy("leaky-policy")))


def seed_groups(cloud: Cloud) -> None:
    ec2 = cloud.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    group = ec2.create_security_group(GroupName="web", Description="web servers", VpcId=vpc)["GroupId"]
    https = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": EVERYWHERE}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[opened(8080), opened(22), https])


def opened(port: int) -> dict[str, Any]:
    """A permission that lets the world in beside an internal source."""
    world = {"CidrIp": EVERYWHERE, "Description": "temporary"}
    internal = {"CidrIp": "10.0.0.0/8", "Description": "internal LB"}
    ranges = {"IpRanges": [world, internal], "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}
    return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port} | ranges


def public_policy(bucket: str) -> dict[str, Any]:
    statement = {
        "Sid": "Read",
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def _without_account(request: Any, **_: Any) -> None:
    request.url = request.url.replace(f"//{ACCOUNT}.", "//", 1)


def main() -> None:
    options = argparse.ArgumentParser(description="A seeded AWS account on a loopback port, until Enter.")
    options.add_argument("--buckets", type=int, default=6)
    chosen = options.parse_args()
    with account() as cloud:
        seed(cloud, chosen.buckets)
        print("\n".join(f"export {key}={value}" for key, value in cloud.environment.items()), flush=True)
        print(f"# setright scan 'aws://?endpoint={cloud.url}&region=us-east-1'; Enter ends it", flush=True)
        input()


if __name__ == "__main__":
    main()

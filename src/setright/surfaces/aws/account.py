"""One AWS account as calls: clients by service and region, retries, bounded concurrency, errors in our words.

botocore and aiobotocore (https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html): what fails on
the way is tried again by the SDK; what is throttled by us, since its adaptive mode falls to one call in two seconds.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from typing import Any, TypeVar

from setright.model import Plain
from setright.surfaces.aws.pace import Pace
from setright.surfaces.aws.target import AwsTarget
from setright.surfaces.base import SurfaceError

T = TypeVar("T")
AT_ONCE = 24  # calls in flight; S3 and EC2 throttle long before a machine does
TRIES = 3
PATIENCE = 12
HOME_REGION = "us-east-1"
DENIED = (
    "AccessDenied",
    "AccessDeniedException",
    "AllAccessDisabled",
    "AuthorizationError",
    "Forbidden",
    "UnauthorizedOperation",
    "403",
)
NOT_US = (
    "AuthFailure",
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidToken",
    "RequestExpired",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
)
NOBODY = ("NoCredentialsError", "PartialCredentialsError", "ProfileNotFound", "UnauthorizedSSOTokenError", "SSOTokenLoadError")
THROTTLED = (
    "SlowDown",
    "RequestLimitExceeded",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "RequestThrottled",
)


class ApiError(SurfaceError):
    """The API answered with an error code. `denied`: these credentials may not make the call."""

    def __init__(self, op: str, code: str, message: str) -> None:
        self.op = op
        self.code = code
        self.denied = code in DENIED
        advice = f"; allow {op} to this identity" if self.denied else ""
        super().__init__(f"{op}: {code}: {message}{advice}")


class Account:
    """Lives on one event loop. `calls` counts what was asked, retries not included."""

    def __init__(self, target: AwsTarget, at_once: int = AT_ONCE, wait: Callable[[], float] | None = None) -> None:
        from aiobotocore.session import AioSession

        self.target = target
        self._wait = wait
        self.calls: Counter[str] = Counter()
        self._session = AioSession(profile=target.profile)
        self._open = AsyncExitStack()
        self._clients: dict[tuple[str, str], asyncio.Task[Any]] = {}
        self._paces: dict[tuple[str, str], Pace] = {}
        self._gate = asyncio.Semaphore(at_once)
        self._at_once = at_once
        self._id: asyncio.Task[str] | None = None

    @property
    def home(self) -> str:
        """The region of calls that belong to no region."""
        return self.target.regions[0] if self.target.regions else self._session.get_config_variable("region") or HOME_REGION

    async def call(self, op: str, region: str, **arguments: Plain) -> dict[str, Plain]:
        """The answer to ``service:Operation``. Raises Refused for what the API refuses, SurfaceError where it cannot be asked."""
        client = await self._client(op, region)

        async def once() -> dict[str, Plain]:
            self.calls[op] += 1
            answer: dict[str, Plain] = await getattr(client, _method(op))(**arguments)
            answer.pop("ResponseMetadata", None)
            return answer

        return await self._patiently(op, region, once)

    async def pages(self, op: str, region: str, **arguments: Plain) -> list[dict[str, Plain]]:
        """Every page of a listing; one where the operation has no pages."""
        client = await self._client(op, region)
        if not client.can_paginate(_method(op)):
            return [await self.call(op, region, **arguments)]

        async def once() -> list[dict[str, Plain]]:
            found = []
            async for page in client.get_paginator(_method(op)).paginate(**arguments):
                self.calls[op] += 1
                found.append(page)
            return found

        return await self._patiently(op, region, once)

    async def id(self) -> str:
        """The account's twelve digits, asked once."""
        if self._id is None:
            self._id = asyncio.create_task(self._identity())
        return await self._id

    async def regions(self) -> tuple[str, ...]:
        """The regions asked for, else all that are enabled."""
        if self.target.regions:
            return self.target.regions
        answer = await self.call("ec2:DescribeRegions", self.home)
        return tuple(sorted(region["RegionName"] for region in answer["Regions"]))

    async def close(self) -> None:
        await self._open.aclose()

    async def _identity(self) -> str:
        return str((await self.call("sts:GetCallerIdentity", self.home))["Account"])

    async def _patiently(self, op: str, region: str, once: Callable[[], Awaitable[T]]) -> T:
        """Made again while it is throttled, ever slower."""
        pace = self._paces.setdefault((_service(op), region), Pace())
        for times in range(PATIENCE):
            if self._wait:
                await asyncio.sleep(await asyncio.to_thread(self._wait))
            await pace.turn()
            try:
                async with self._gate:
                    with self._in_our_words(op):
                        answer = await once()
            except ApiError as error:
                if error.code not in THROTTLED:
                    raise
                await pace.throttled(times)
            else:
                pace.answered()
                return answer
        raise SurfaceError(
            f"{self.target.url}: {op}: throttled {PATIENCE} times in a row; somebody else uses up the limit. Try later"
        )

    async def _client(self, op: str, region: str) -> Any:
        key = _service(op), region
        if key not in self._clients:
            self._clients[key] = asyncio.create_task(self._made(*key))
        return await self._clients[key]

    async def _made(self, service: str, region: str) -> Any:
        from aiobotocore.config import AioConfig

        retries = {"mode": "standard", "max_attempts": TRIES}
        config = AioConfig(retries=retries, max_pool_connections=self._at_once, connect_timeout=10, read_timeout=60)
        making = self._session.create_client(service, region_name=region, endpoint_url=self.target.endpoint, config=config)
        with self._in_our_words(service):
            client = await self._open.enter_async_context(making)
        if service == "s3control" and ".amazonaws.com" not in client.meta.endpoint_url:
            client.meta.events.register("before-sign.s3-control", _without_account_in_host)
        return client

    @contextmanager
    def _in_our_words(self, op: str) -> Iterator[None]:
        from botocore.exceptions import BotoCoreError, ClientError
        from botocore.parsers import ResponseParserError

        try:
            yield
        except ClientError as error:
            raise self._refusal(op, error.response.get("Error", {})) from error
        except (BotoCoreError, ResponseParserError) as error:
            raise SurfaceError(self._unreached(op, error)) from error

    def _refusal(self, op: str, error: dict[str, str]) -> SurfaceError:
        code, message = error.get("Code", "?"), error.get("Message", "")
        if code in NOT_US:
            return SurfaceError(
                f"{self.target.url}: AWS does not take these credentials ({code}); renew them: aws sso login, or new keys"
            )
        return ApiError(op, code, message)

    def _unreached(self, op: str, error: Exception) -> str:
        name = type(error).__name__
        if name in (
            "NoCredentialsError",
            "PartialCredentialsError",
            "ProfileNotFound",
            "UnauthorizedSSOTokenError",
            "SSOTokenLoadError",
        ):
            return (
                f"{self.target.url}: no AWS credentials ({error}); name a profile (aws://PROFILE), "
                "sign in (aws sso login) or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            )
        return f"{self.target.url}: {op}: {error}; check the network, the region and the endpoint"


def _service(op: str) -> str:
    return op.partition(":")[0]


def _method(op: str) -> str:
    from botocore import xform_name

    return str(xform_name(op.rpartition(":")[2]))


def _without_account_in_host(request: Any, **_: Any) -> None:
    """S3 Control puts the account before the host, also before an endpoint of one's own, where no such name exists."""
    account = request.headers.get("x-amz-account-id")
    if account:
        request.url = request.url.replace(f"//{account}.", "//", 1)

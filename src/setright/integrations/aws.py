"""Calls to AWS, or to what speaks its API elsewhere: credentials as the SDK finds them (environment, profile, instance role).

Source: botocore's own models; a profile may assume a role with an external id (``~/.aws/config``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from setright.integrations.error import IntegrationError
from setright.integrations.message import Refused

TRIES = 3
RIGHTS = ("AccessDenied", "AccessDeniedException", "InvalidAccessException", "InvalidClientTokenId", "ExpiredToken")


class Caller:
    """Whose calls they are. `region`, `profile` and `endpoint` empty: what the environment says."""

    def __init__(self, region: str = "", profile: str = "", endpoint: str = "") -> None:
        self.region, self._profile, self._endpoint = region, profile, endpoint

    def client(self, service: str) -> Any:
        """Raises IntegrationError where the profile or the region is none."""
        import botocore.session
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError

        config = Config(retries={"mode": "standard", "max_attempts": TRIES}, connect_timeout=15, read_timeout=60)
        try:
            session = botocore.session.Session(profile=self._profile or None)
            region, endpoint = self.region or None, self._endpoint or None
            return session.create_client(service, region_name=region, endpoint_url=endpoint, config=config)
        except (BotoCoreError, ValueError) as error:
            raise IntegrationError(f"AWS: {error}; check the profile, the region and the endpoint") from error


def invoke(where: str, call: Callable[..., Any], **said: Any) -> Any:
    """What a client's method answers. Raises Refused for what no other try would change, IntegrationError for the rest."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return call(**said)
    except ClientError as error:
        told = error.response.get("Error", {})
        code, words = str(told.get("Code")), str(told.get("Message") or "nothing said")
        if code in ("InvalidInputException", "InvalidInput"):
            raise Refused(f"{where}: {code}: {words}; it will not take this message") from error
        meant = "check the credentials and their rights" if code in RIGHTS else "it is tried again later"
        raise IntegrationError(f"{where}: {code}: {words}; {meant}") from error
    except BotoCoreError as error:
        raise IntegrationError(f"{where}: {error}; it is tried again later") from error


def put(account: Caller, bucket: str, key: str, data: bytes, **headers: str) -> None:
    """One object: whole or not at all."""
    invoke(f"s3://{bucket}", account.client("s3").put_object, Bucket=bucket, Key=key, Body=data, **headers)

"""What `aws://...` says: whose credentials, which regions, which endpoint."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

from setright.surfaces.base import SurfaceError

TAKES = "aws://[PROFILE][?region=REGION,REGION][&endpoint=URL]"


class AwsTarget(NamedTuple):
    """`profile` None: what the environment says. `regions` empty: all that the account has enabled."""

    url: str
    profile: str | None
    regions: tuple[str, ...]
    endpoint: str | None


def parse_target(url: str) -> AwsTarget:
    """Raises SurfaceError on anything but ``aws://[PROFILE][?region=...][&endpoint=...]``."""
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    if parts.scheme != "aws" or parts.path.strip("/"):
        raise SurfaceError(f"{url}: not an AWS target; write {TAKES}")
    if odd := query.keys() - {"region", "endpoint"}:
        raise SurfaceError(f"{url}: no such option: {', '.join(sorted(odd))}; write {TAKES}")
    regions = tuple(region for given in query.get("region", ()) for region in given.split(",") if region)
    return AwsTarget(url, parts.netloc or None, regions, query.get("endpoint", [None])[-1])

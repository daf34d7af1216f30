"""What layouts share: the documents of YAML files, edits on a thing at one place in them, and scripts that are packed."""

from __future__ import annotations

import base64
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from setright.bindings.error import BindingError
from setright.bindings.source import Same, Source
from setright.bindings.trees import look_up
from setright.model import Path, Plain, Resource, Tree, Unknown
from setright.patterns import late
from setright.trees import as_list

PACKED = late(r"[A-Za-z0-9+/]{16,}={0,2}")
FEW = 8  # files that are gone through as fast as they are looked up
MAX_SCRIPT_BYTES = 1_000_000
BY_DOMAIN = late(r"\.s3[.-]|\.(?:\w+_)?domain_name\b|\b(?:Regional|DualStack)?DomainName\b")
READS = late(r"s3:(?:Get|List)[\w*]*")
ASKS_METADATA = late(  # in a start script: the metadata service of a machine, or what may ask it for its containers
    r"169\.254\.169\.254|fd00:ec2::254|ec2-?metadata|instance-identity|docker|podman|containerd|kube|\becs\b", re.IGNORECASE
)


def mappings(sources: Mapping[str, Source]) -> Iterable[tuple[Source, Path, Tree]]:
    """Every document of every YAML file that is a mapping, with its place."""
    return _mappings(sources) if len(sources) < FEW else _mappings_once(Same(sources))


@lru_cache(maxsize=2)
def _mappings_once(same: Same) -> Sequence[tuple[Source, Path, Tree]]:
    return tuple(_mappings(same.sources))


def _mappings(sources: Mapping[str, Source]) -> Iterator[tuple[Source, Path, Tree]]:
    for _, source in sorted(sources.items()):
        listed = source.tree.get("documents") if source.lens in ("yaml", "kustomization") else None
        for i, document in enumerate(listed if isinstance(listed, list) else ()):
            if isinstance(document, dict):
                yield source, ("documents", i), document


def written(resource: Resource, sources: Mapping[str, Source]) -> Tree:
    """What the file says at the resource's place. Raises BindingError where it is gone."""
    locator, base = resource.home
    raw = look_up(sources[locator].tree, base) if locator in sources else None
    if not isinstance(raw, dict):
        raise BindingError(f"{locator}: {resource.name} is not there any more; scan again")
    return raw


def folder(locator: str) -> str:
    return locator.rpartition("/")[0]


def trees_of(value: Plain) -> list[Tree]:
    """The mappings of a list, or the one mapping that stands for a list."""
    return [each for each in as_list(value) if isinstance(each, dict)]


def publishes(policy: Plain) -> bool:
    """Whether a statement of a policy surely lets everybody read, and no more than that, on no condition."""
    statements = as_list(policy.get("Statement")) if isinstance(policy, dict) else []
    return any(
        isinstance(each, dict)
        and each.get("Effect") == "Allow"
        and not each.get("Condition")
        and each.get("Principal") in ("*", {"AWS": "*"}, {"AWS": ["*"]})
        and all(READS.fullmatch(str(action)) for action in as_list(each.get("Action")))
        for each in statements
    )


def unpacked(text: str) -> str:
    """What a start script in base64 says, be it packed by gzip besides; any other text as it is."""
    packed = "".join(text.split())
    if len(packed) % 4 or not PACKED.fullmatch(packed):
        return text
    raw = base64.b64decode(packed)
    if raw.startswith(b"\x1f\x8b"):
        try:
            raw = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(raw, MAX_SCRIPT_BYTES)
        except zlib.error:
            return text
    return raw.decode("latin-1")


def bucket_form(value: Plain) -> Plain:
    """How a text says which bucket is meant: by ``a domain name``, by ``another``, or by ``none``; Unknown as it is."""
    if value in (None, ""):
        return "none"
    text = value.text if isinstance(value, Unknown) else str(value)
    return "a domain name" if BY_DOMAIN.search(text) else value if isinstance(value, Unknown) else "another"

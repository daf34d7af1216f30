"""What a module tells of a Google Cloud Storage bucket: by what it may be open to everybody.

cloud.google.com/storage/docs: making data public, static web sites, access control lists.
"""

from __future__ import annotations

from collections.abc import Iterator

from setright.bindings.layouts._terraform_module import Block, Module
from setright.bindings.layouts._terraform_users import of
from setright.bindings.trees import same
from setright.model import Plain, Tree, Unknown

EVERYBODY = frozenset(("allusers", "allauthenticatedusers"))
GRANTS = {"google_storage_bucket_iam_member": "member", "google_storage_bucket_iam_binding": "members"}
LISTS = {
    "google_storage_bucket_acl": ("role_entity", "predefined_acl", "default_acl"),
    "google_storage_default_object_acl": ("role_entity",),
    "google_storage_object_acl": ("role_entity", "predefined_acl"),
    "google_storage_bucket_access_control": ("entity",),
    "google_storage_default_object_access_control": ("entity",),
    "google_storage_object_access_control": ("entity",),
    "google_storage_bucket_object": ("predefined_acl",),
}
SERVERS = {"google_compute_backend_bucket": "bucket_name", "google_storage_bucket_iam_policy": "bucket"}


def public(module: Module, block: Block, tree: Tree) -> str:
    """By what a bucket may be open to everybody: ``no`` where nothing in the tree speaks for it."""
    return ", ".join(dict.fromkeys(_ways(module, block))) or "no"


def _ways(module: Module, block: Block) -> Iterator[str]:
    if "website" in block.body:
        yield "a web site"
    for kind, key in SERVERS.items():
        if any(_is_for(module, block, each, key) for each in module.resources(kind)):
            yield "a load balancer" if kind.startswith("google_compute") else "a policy"
    for kind, key in GRANTS.items():
        if any(_is_open(module.resolved(each.body.get(key))) for each in _all(module, block, kind)):
            yield "a grant"
    for kind, keys in LISTS.items():
        if any(_is_open(module.resolved(each.body.get(key))) for each in _all(module, block, kind) for key in keys):
            yield "an access list"


def _all(module: Module, block: Block, kind: str) -> Iterator[Block]:
    """The resources of a type that are, or may be, for the bucket, also where another directory got it from elsewhere."""
    yield from (each for each in module.resources(kind) if _is_for(module, block, each, "bucket"))
    name = module.resolved(block.body.get("name"))
    for other in module.tree.values():
        for each in other.resources(kind) if other is not module and kind in other.types else ():
            tie = other.resolved(each.body.get("bucket"))
            if isinstance(tie, Unknown) or same(tie, name):
                yield each


def _is_for(module: Module, block: Block, other: Block, key: str) -> bool:
    tie = module.resolved(other.body.get(key))
    if isinstance(tie, Unknown):
        return of(block).search(tie.text) is not None or "google_storage_bucket." not in tie.text
    return same(tie, module.resolved(block.body.get("name")))


def _is_open(given: Plain) -> bool:
    """Whether somebody who is named is, or may be, everybody."""
    if isinstance(given, list):
        return any(_is_open(each) for each in given)
    if isinstance(given, Unknown):
        return "google_service_account." not in given.text
    text = str(given or "").lower().replace("-", "")
    return text.startswith("public") or any(everybody in text for everybody in (*EVERYBODY, "authenticatedread"))

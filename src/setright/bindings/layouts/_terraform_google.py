"""What a module tells of Google resources: by what a bucket may be open to everybody, what a machine boots, who logs in to it,
whom a role is granted to.

cloud.google.com/storage/docs: making data public, static web sites, access control lists; cloud.google.com/compute/docs/images:
operating system details, security features.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from setright.bindings.layouts._terraform_deployers import STATE
from setright.bindings.layouts._terraform_find import within
from setright.bindings.layouts._terraform_module import Block, Module
from setright.bindings.layouts._terraform_users import handed_out, namers, of
from setright.bindings.layouts._terraform_values import is_known
from setright.bindings.trees import look_up
from setright.model import Plain, Tree, Unknown
from setright.patterns import late
from setright.trees import same

EVERYBODY = frozenset(("allusers", "allauthenticatedusers"))
GRANTS = {"google_storage_bucket_iam_member": "member", "google_storage_bucket_iam_binding": "members"}
OWN_BUCKET = late(r"(?<!data\.)\bgoogle_storage_bucket\.")
SOMEBODY = late(r'"(?:serviceAccount|user|group|domain|principal|projectOwner|projectEditor|projectViewer):')  # and not everybody
LISTS = {
    "google_storage_bucket_acl": ("role_entity", "predefined_acl", "default_acl"),
    "google_storage_default_object_acl": ("role_entity",),
    "google_storage_object_acl": ("role_entity", "predefined_acl"),
    "google_storage_bucket_access_control": ("entity",),
    "google_storage_default_object_access_control": ("entity",),
    "google_storage_object_access_control": ("entity",),
    "google_storage_bucket_object": ("predefined_acl",),
}
DEFAULT_ACCOUNT = late(r"data\.google_(?:compute|app_engine)_default_service_account\.[\w-]+")
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
        there = [(home, each, home.resolved(each.body.get(key))) for home, each in _all(module, block, kind)]
        if any(_is_open(given) for _, _, given in there):
            surely = any(_is_all(given) and _is_own(home, block, each) for home, each, given in there)
            yield "a grant" if surely else "maybe a grant"
    for kind, keys in LISTS.items():
        if any(_is_open(home.resolved(each.body.get(key))) for home, each in _all(module, block, kind) for key in keys):
            yield "an access list"


def _all(module: Module, block: Block, kind: str) -> Iterator[tuple[Module, Block]]:
    """The resources of a type that are, or may be, for the bucket, also where another directory got it from elsewhere."""
    yield from ((module, each) for each in module.resources(kind) if _is_for(module, block, each, "bucket"))
    name = module.resolved(block.body.get("name"))
    for other in module.tree.values():
        for each in other.resources(kind) if other is not module and kind in other.types else ():
            tie = other.resolved(each.body.get("bucket"))
            if (isinstance(tie, Unknown) and OWN_BUCKET.search(tie.text) is None) or same(tie, name):
                yield other, each


def _is_for(module: Module, block: Block, other: Block, key: str) -> bool:
    tie = module.resolved(other.body.get(key))
    if isinstance(tie, Unknown):
        return of(block).search(tie.text) is not None or "google_storage_bucket." not in tie.text
    return same(tie, module.resolved(block.body.get("name")))


def _is_own(home: Module, block: Block, other: Block) -> bool:
    """Whether a grant surely is for this bucket."""
    tie = home.resolved(other.body.get("bucket"))
    if isinstance(tie, Unknown):
        return of(block).search(tie.text) is not None
    return same(tie, block.body.get("name"))


def _is_all(given: Plain) -> bool:
    return any(str(each).lower() in EVERYBODY for each in (given if isinstance(given, list) else [given]))


def _is_open(given: Plain) -> bool:
    """Whether somebody who is named is, or may be, everybody."""
    if isinstance(given, list):
        return any(_is_open(each) for each in given)
    if isinstance(given, Unknown):
        return "google_service_account." not in given.text and SOMEBODY.match(given.text) is None
    text = str(given or "").lower().replace("-", "")
    return text.startswith("public") or any(everybody in text for everybody in (*EVERYBODY, "authenticatedread"))


OBJECT = "google_storage_bucket_object"
WRITTEN_ONCE = {  # what starts the code in a bucket, which changes with a release, and what writes each log once
    "google_cloudfunctions_function": {"source_archive_bucket"},
    "google_cloudfunctions2_function": {"build_config"},
    "google_logging_project_sink": {"destination"},
    "google_logging_folder_sink": {"destination"},
    "google_logging_organization_sink": {"destination"},
}
READING = ("roles/storage.objectViewer", "roles/storage.legacyBucketReader", "roles/storage.legacyObjectReader")


def logs(module: Module, block: Block, tree: Tree) -> str:
    """Whether other buckets' logs come into a bucket: ``no``, or by which."""
    name = module.resolved(block.body.get("name"))
    for each in module.resources(block.type):
        to = module.resolved(look_up(each.body, ("logging", 0, "log_bucket")))
        if of(block).search(to.text) if isinstance(to, Unknown) else name is not None and same(to, name):
            return f"by {each.address}"
    return "no"


def looked_up(module: Module, block: Block, tree: Tree) -> str:
    """The default account that a grant's member is looked up as, by what names it; ``no`` for none."""
    members = [block.body.get("member"), block.body.get("members")]
    found = next((each for value in members if (each := DEFAULT_ACCOUNT.search(str(value)))), None)
    return found[0] if found else "no"


def old_versions(module: Module, block: Block, tree: Tree) -> str:
    """What old versions of a bucket's objects come to: ``little`` of logs, of functions' code, and of Terraform's state."""
    name = module.resolved(block.body.get("name"))
    if "Delete" in str(block.body.get("lifecycle_rule")) or "dynamic" in block.body:
        return "all that its rules delete"
    if STATE.search(f"{block.address} {name}"):
        return "little"
    if (others := handed_out(module, block, tree)) != "no":
        return others
    there = [(each, keys) for each, keys in namers(module, block) if not _only_fills_or_reads(module, each)]
    odd = [each.address for each, keys in there if not keys - {"depends_on"} <= WRITTEN_ONCE.get(each.type, set())]
    return next(iter([*odd, *_by_name(module, block, name)]), "little" if there else "what nothing here tells")


def _by_name(module: Module, block: Block, name: Plain) -> Iterator[str]:
    """What says the name of a bucket as a text."""
    if not isinstance(name, str) or not name:
        return
    whole = re.compile(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])")
    yield from (at for at, text in _texts(module) if at != block.address and name in text and whole.search(text))


def _only_fills_or_reads(module: Module, other: Block) -> bool:
    """Whether it is an object that this code puts there, or a grant by which nobody may write."""
    return other.type == OBJECT or (other.type in GRANTS and module.resolved(other.body.get("role")) in READING)


def _texts(module: Module) -> list[tuple[str, str]]:
    if "texts" not in module.notes:
        module.notes["texts"] = [(each.address, str(each.body)) for kind in sorted(module.types) for each in module.resources(kind)]
    found: list[tuple[str, str]] = module.notes["texts"]
    return found


# --- machines -------------------------------------------------------------------------------------------------------

SHIELD = ("enable_vtpm", "enable_integrity_monitoring")
IMAGE_PLACES = (("boot_disk", "initialize_params", "image"), ("disk", "source_image"))
LONGEST_NAME = 300
# public images that never were without UEFI, however old a machine is; those for ARM have other rules
SHIELDED_IMAGES = late(
    r"(?:.*/)?(?:debian-cloud/(?:.*/)?debian-1[0-9]|ubuntu-os-(?:pro-)?cloud/(?:.*/)?ubuntu-(?:minimal-|pro-)?2[0-9]04|"
    r"cos-cloud/(?:.*/)?cos-(?:[89]|1[0-9])[0-9]|rhel-cloud/(?:.*/)?rhel-(?:[89]|10)|rocky-linux-cloud/|"
    r"centos-cloud/(?:.*/)?centos-stream|windows-cloud/(?:.*/)?windows-(?:server-)?20(?:22|25))(?!.*arm64).*"
)

OLD_IMAGES = late(  # of systems that Google offered before it marked any for UEFI
    r"(?:.*/)?(?:debian-[78]|ubuntu-(?:minimal-)?1[24]04|centos-6|rhel-6|sles-11|windows-(?:server-)?2008)(?!\d).*"
)


def shielded(module: Module, block: Block, tree: Tree) -> str:
    """``yes`` where the boot of a machine is measured and watched though nothing says so: writing it down changes nothing.

    ``cannot`` where its image is surely not for that.
    """
    blocks = block.body.get("shielded_instance_config")
    if blocks is not None:  # in a block what is not said is on
        said = blocks[0] if isinstance(blocks, list) and len(blocks) == 1 and isinstance(blocks[0], dict) else {SHIELD[0]: False}
        is_on = all(same(module.resolved(said.get(key, True)), True) for key in SHIELD)
        return "maybe" if not is_on else "said" if said.keys() >= set(SHIELD) else "yes"
    if "dynamic" in block.body:
        return "maybe"
    if any(OLD_IMAGES.fullmatch(image[:LONGEST_NAME]) for image in _images(module, block)):
        return "cannot"
    return "yes" if any(SHIELDED_IMAGES.fullmatch(image[:LONGEST_NAME]) for image in _images(module, block)) else "maybe"


def _images(module: Module, block: Block) -> Iterator[str]:
    """The image that a machine boots from, as PROJECT/FAMILY."""
    for place in IMAGE_PLACES:
        found = within(block.body, place)
        image = module.resolved(found[1]) if found is not None else None
        if isinstance(image, str):
            yield image
        named = re.match(r'(?:"\$\{\s*)?data\.google_compute_image\.([\w-]+)', image.text) if isinstance(image, Unknown) else None
        for data in module.resources("data.google_compute_image") if named else ():
            if named and data.path[2] == named[1]:
                project, family = (module.resolved(look_up(data.body, (key,))) for key in ("project", "family"))
                yield f"{project}/{family}"


# --- keys of the project --------------------------------------------------------------------------------------------

OS_LOGIN = "enable-oslogin"
KEYS = ("ssh-keys", "sshKeys")
WINDOWS = late(r"(?:.*/)?windows-(?:sql-)?cloud/.*")
YES = ("true", "1", "y", "yes")


def project_keys(module: Module, block: Block, tree: Tree) -> str:
    """Whether a key of the project may open a machine: ``no`` where OS Login decides, or the project surely has none."""
    own = module.resolved(look_up(block.body, ("metadata", OS_LOGIN)))
    if own is not None or any(WINDOWS.fullmatch(image[:LONGEST_NAME]) for image in _images(module, block)):
        return "no" if own is None or _is_yes(own) else "maybe"
    if isinstance(module.resolved(block.body.get("metadata", {})), Unknown):
        return "maybe"
    return "no" if any(_shuts(module, block)) else "maybe"


def _shuts(module: Module, block: Block) -> Iterator[bool]:
    """What of the project's metadata keeps its keys out: OS Login, or that all of it is told and no key is."""
    for whole in module.resources("google_compute_project_metadata"):
        told = module.resolved(whole.body.get("metadata"))
        if isinstance(told, dict) and _is_of(module, block, whole):
            yield _is_yes(told.get(OS_LOGIN)) or not set(KEYS) & told.keys()
    for item in module.resources("google_compute_project_metadata_item"):
        is_login = module.resolved(item.body.get("key")) == OS_LOGIN
        yield is_login and _is_yes(module.resolved(item.body.get("value"))) and _is_of(module, block, item)


def _is_of(module: Module, block: Block, other: Block) -> bool:
    """Whether both name the same project, or none."""
    return same(module.resolved(block.body.get("project")), module.resolved(other.body.get("project")))


def _is_yes(value: Plain) -> bool:
    return value is not None and not isinstance(value, Unknown) and str(value).lower() in YES


# --- grants ---------------------------------------------------------------------------------------------------------

BACKEND = "google_compute_region_network_endpoint_group"
CALLING = ("roles/run.invoker", "roles/cloudfunctions.invoker")


def granted(module: Module, block: Block, tree: Tree) -> str:
    """Of which sort a grant is: for callers of an ``API`` or visitors of a ``web site``, else to ``everybody alone``, to
    ``everybody among others``, to those who are ``named``, or ``not told``."""
    if module.resolved(block.body.get("role")) in CALLING:
        return "API"
    if any("website" in each.body and _is_for(module, each, block, "bucket") for each in module.resources("google_storage_bucket")):
        return "web site"
    named = module.resolved(block.body.get("members", [block.body.get("member")]))
    if not is_known(named):
        return "not told"
    public = [str(each).lower() in EVERYBODY for each in (named if isinstance(named, list) else [named])]
    return "named" if not any(public) else "everybody alone" if all(public) else "everybody among others"


def callers(module: Module, block: Block, tree: Tree) -> str:
    """``everybody`` where the code lets everybody call a service or a function, and no load balancer of it; else ``others``."""
    there = [each for each, _ in namers(module, block)]
    is_open = same(module.resolved(block.body.get("invoker_iam_disabled")), True)
    is_open = is_open or any(_is_everybody(module, each) for each in there if "_iam_" in each.type)
    return "everybody" if is_open and not any(each.type == BACKEND for each in there) else "others"


def _is_everybody(module: Module, grant: Block) -> bool:
    """Whether a grant, or a policy of the module that it takes, names everybody."""
    named = [module.resolved(grant.body.get(key)) for key in ("member", "members", "policy_data")]
    policies = [each.body for each in module.resources("data.google_iam_policy") if of(each).search(str(named))]
    return any(everybody in str([*named, *policies]).lower() for everybody in EVERYBODY)


FUNCTIONS: Mapping[str, Callable[[Module, Block, Tree], Plain]] = {
    "public-google": public,
    "shielded": shielded,
    "project-keys": project_keys,
    "granted": granted,
    "callers-google": callers,
    "old-versions-google": old_versions,
    "logs-google": logs,
    "looked-up-google": looked_up,
}

"""What a module may get besides, so that a resource of it can be put right: a queue, a role, a key, its bucket for logs.

An entry's `offers:` says by name which attribute it is for, the value that this gets, the blocks it makes (one set a
module, whoever takes it), and what a role of the module must be allowed. A resource that can take an offer has
`template/NAME`, and a fix that sets it to `offered` takes it; `template/makes` tells, by the maker's names, of what few may make
that who deploys the module makes already, in it or wherever it is made. With `has:` the value is what the module
has already; `value:` and `makes:` beside it hold where it has nothing:

    offers:
      dead-letters:
        at: DeadLetterConfig/TargetArn
        value: {is: aws_sqs_queue.dead_letters.arn}
        makes: {resource/aws_sqs_queue/dead_letters: {sqs_managed_sse_enabled: true}}
        grant: {role: role, named: send_dead_letters, to: ["sqs:SendMessage"], on: aws_sqs_queue.dead_letters.arn}

With `from-all: SERVICE` such a bucket must take what the service writes from any source (``_terraform_log_buckets``).
With `region:` what is made is there, whichever region the module is in (``_terraform_regions``).
`{own: ARGUMENT}` in what is made repeats what the block says (``_terraform_own``).
With `via:` the key must be open to who uses the resource through that service (``_terraform_stores``). What
several offers make has a name: `makes: data-key`.
With `after:` the resource is made after another.
`not-for:` tells of a type the values with which a resource cannot take it (empty where the argument is absent).
`with:` are further attributes, `given:` those where the fix names a value of its own instead. In all of them
`{is: EXPRESSION}` is written as it is, and `{json: VALUE}` as jsonencode of the value.
developer.hashicorp.com/terraform/language/modules/develop/structure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from setright.bindings.error import BindingError, Missing
from setright.bindings.layouts._offers import is_excepted
from setright.bindings.layouts._terraform_bundles import bundled
from setright.bindings.layouts._terraform_find import within
from setright.bindings.layouts._terraform_json import encoded
from setright.bindings.layouts._terraform_log_buckets import takes_from_all
from setright.bindings.layouts._terraform_module import Block, Module
from setright.bindings.layouts._terraform_old import is_old
from setright.bindings.layouts._terraform_own import can_fill, filled
from setright.bindings.layouts._terraform_regions import moved, placed
from setright.bindings.layouts._terraform_stores import lets_in, opened
from setright.bindings.layouts._terraform_values import mentions
from setright.bindings.layouts._terraform_versions import constraint, version
from setright.bindings.trees import look_up, split_path
from setright.model import Edit, Path, Plain, Tree, Unknown
from setright.patterns import late
from setright.trees import same

PREFIX = "template"
MAKES = "makes"
OFFERED = "offered"
ROLE = "AWS::IAM::Role"  # PowerUserAccess may make everything else that is offered
DOCUMENT = "data.aws_iam_policy_document"
LOG_GROUP = "aws_cloudwatch_log_group"
SERVICE = late(r"[\w.-]+\.amazonaws\.com")
FOR_OTHERS = ("aws_kms_key", "aws_caller_identity", "aws_partition", "aws_region")  # made only for what names them
OTHERS = ("google_", "azurerm_")
ANY = ("name", "rotation_period", "lifecycle", "disable_on_destroy")  # what may differ where it is there
HOMES = ("main", "kms", "encryption", "security", "iam")
Layout = Mapping[str, Plain]


def view(layout: Layout, module: Module, block: Block) -> Tree:
    """The offers that a resource can take, for the kind's tree; empty where there are none."""
    names = [name for name, how in layout.get("offers", {}).items() if _open(module, block, how)]
    made: list[Plain] = [ROLE] if names and (module.folder in module.told.with_roles or module.resources("aws_iam_role")) else []
    return {PREFIX: {**dict.fromkeys(names, OFFERED), **({MAKES: made} if made else {})}} if names else {}


def taken(layout: Layout, module: Module, block: Block, wanted: Edit) -> tuple[list[Edit], list[tuple[str, Edit]]]:
    """The edits of an offer: on the resource, by their paths in the kind, and on documents for what is made besides."""
    how = layout.get("offers", {}).get(wanted.path[1]) if len(wanted.path) == 2 else None
    if how is not None and _is_excepted(module, block, how):
        raise Missing(f"{block.locator}: {block.address} cannot have {wanted.path[1]} as it is written; put that right first")
    if how is None or not _open(module, block, how):
        raise BindingError(f"{block.locator}: {block.address}: the module cannot get {wanted.path[-1]} besides; write it by hand")
    with_it = [Edit(split_path(at), _filled(value, block)) for at, value in how.get("with", {}).items()]
    if wanted.value != OFFERED:
        given = [Edit(split_path(at), value) for at, value in how["given"].items()] if "given" in how else with_it
        return [Edit(split_path(how["at"]), wanted.value), *given], []
    value = _value(module, block, how)
    fresh = _made(module, block, how) if "has" not in how or _found(module, block, how) is None else ()
    made = [*fresh, *_granted(module, block, how), *_waiting(module, block, how)]
    return [Edit(split_path(how["at"]), value), *with_it], made


def _value(module: Module, block: Block, how: Layout) -> Plain:
    """What the attribute gets: what the module has already, else what is made; None where there is neither."""
    found = _found(module, block, how) if "has" in how else None
    return _written(how["value"]) if found is None and "value" in how else found


def _open(module: Module, block: Block, how: Layout) -> bool:
    """Whether nothing stands in the way: another provider, or a role that is not of this module."""
    if "provider" in block.body or constraint(module, "aws").most < version(how.get("since", "0")):
        return False
    if "region" in how and placed(module, how["region"]) is None:
        return False
    if _is_excepted(module, block, how):
        return False
    if "has" in how and _found(module, block, how) is not None:
        return True
    if "value" not in how:
        return False
    if "via" in how and not lets_in(module, block, how["value"]["is"], how["via"]):
        return False
    return _is_free(module, block, how) and ("grant" not in how or _role(module, block, how) is not None)


def _is_excepted(module: Module, block: Block, how: Layout) -> bool:
    return "not-for" in how and is_excepted(how["not-for"], block.type, module.resolved(block.body))


def _is_free(module: Module, block: Block, how: Layout) -> bool:
    """Whether what the offer makes is not there yet, or is what it takes: a block of that name may be made for something else."""
    wanted = list(_bundled(block, how))
    if not all(can_fill(module, block, body) for _, body in _bundled(None, how)):
        return False
    logs = block.type == LOG_GROUP or any(LOG_GROUP in path for path, _ in wanted)
    note = f"free {logs} {how.get('makes')} {[body for path, body in wanted if path[1].startswith(OTHERS)]}"
    if note not in module.notes:
        found = [(_there_at(module, path), path, moved(module, body)) for path, body in wanted]
        module.notes[note] = all(each is None or _serves(module, each, path, body, logs) for each, path, body in found)
    return bool(module.notes[note])


def _there_at(module: Module, path: tuple[str, ...]) -> Tree | None:
    found = (look_up(source.tree, (*path, 0)) for source in module.sources.values())
    return next((each for each in found if isinstance(each, dict)), None)


def _serves(module: Module, there: Tree, path: tuple[str, ...], made: Plain, logs: bool) -> bool:
    """Whether a block may stand for the one that would be made: one of it, and a role or key that lets the same service in."""
    apart = {"count", "for_each"} & there.keys()
    if apart or there.get("provider") != (made.get("provider") if isinstance(made, dict) else None):
        return False
    if path[1].startswith(OTHERS) and isinstance(made, dict):
        return all(there.get(key) == value for key, value in _plain(made).items() if key not in ANY)
    said, wanted = str(there), str(made)
    if DOCUMENT in said:
        said += "".join(str(each.body) for each in module.resources(DOCUMENT))
    if path[1] == "aws_iam_role":
        return all(service in said for service in SERVICE.findall(wanted))
    return path[1] != "aws_kms_key" or not logs or "logs." not in wanted or "logs." in said


def _plain(made: Tree) -> Tree:
    return {key: _written(value) for key, value in made.items()}


def _made(module: Module, block: Block, how: Layout) -> Iterator[tuple[str, Edit]]:
    """The blocks that the module does not have yet, all in one file, whoever asks for them."""
    wanted = {path: _written(opened(module, path, moved(module, body))) for path, body in _bundled(block, how)}
    missing = {path: body for path, body in wanted.items() if not _has(module, path)}
    named = _written([how.get("value"), *how.get("with", {}).values(), *how.get("given", {}).values()])
    while idle := [path for path in missing if path[1] in FOR_OTHERS and not _is_named(path, named, missing)]:
        for path in idle:
            del missing[path]
    for path, body in missing.items():
        yield _home(module), Edit((*path, 0), body)


def _bundled(block: Block | None, how: Layout) -> Iterator[tuple[tuple[str, ...], Plain]]:
    """What an offer makes, by its path; with a block, as it is for that."""
    for place, body in bundled(how.get("makes")):
        yield _segments(place), filled(block, body) if block is not None else body


def _has(module: Module, path: tuple[str, ...]) -> bool:
    note = f"has {path}"
    if note not in module.notes:
        module.notes[note] = any(look_up(source.tree, path) is not None for source in module.sources.values())
    return bool(module.notes[note])


def _is_named(path: tuple[str, ...], named: Plain, missing: Mapping[tuple[str, ...], Plain]) -> bool:
    """Whether the value that is offered, or another of the new blocks, says the address."""
    address = re.compile(rf"\b{re.escape('.'.join(path[path[0] == 'resource' :]))}\b")
    return any(mentions(each, address) for each in [named, *(body for other, body in missing.items() if other != path)])


def _home(module: Module) -> str:
    """The file of a module that new blocks of nobody in particular go to: by its name, else the one that makes most."""
    files = sorted(locator for locator in module.sources if locator.endswith((".tf", ".tf.json")))
    named = {file.rpartition("/")[2].partition(".")[0]: file for file in files}
    return next((named[each] for each in HOMES if each in named), None) or max(files, key=lambda file: _makes(module, file))


def _makes(module: Module, locator: str) -> int:
    made = module.sources[locator].tree.get("resource")
    return sum(len(held) for held in made.values() if isinstance(held, dict)) if isinstance(made, dict) else 0


def _waiting(module: Module, block: Block, how: Layout) -> Iterator[tuple[str, Edit]]:
    """The edit that has the resource made after another, as services look at once whether they may."""
    if "after" not in how:
        return
    there = block.body.get("depends_on")
    as_text = is_old(module) or block.locator.endswith(".json")
    address: Plain = how["after"] if as_text else Unknown(how["after"])
    if not isinstance(there, list):
        yield block.locator, Edit((*block.path, "depends_on"), [address])
    elif all(how["after"] not in (each.text if isinstance(each, Unknown) else each) for each in there):
        yield block.locator, Edit((*block.path, "depends_on", len(there)), address)


def _role(module: Module, block: Block, how: Layout) -> Block | None:
    """The one role of this module that the resource acts as."""
    told = within(block.body, _segments(how["grant"]["role"]))
    raw = module.resolved(told[1]) if told is not None else None
    named = re.match(r'(?:"\$\{\s*)?aws_iam_role\.([\w-]+)\.(?:arn|id)\b', raw.text) if isinstance(raw, Unknown) else None
    roles = [role for role in module.resources("aws_iam_role") if named and role.path[2] == named[1]]
    single = len(roles) == 1 and not {"count", "for_each", "provider"} & roles[0].body.keys()
    return roles[0] if single else None


def _granted(module: Module, block: Block, how: Layout) -> Iterator[tuple[str, Edit]]:
    """The policy that lets the role do what the offer needs."""
    role = _role(module, block, how) if "grant" in how else None
    if role is None:
        return
    path: Path = ("resource", "aws_iam_role_policy", f"{role.path[2]}_{how['grant']['named']}", 0)
    if any(look_up(source.tree, path) is not None for source in module.sources.values()):
        return
    on = how["grant"]["on"]
    statement = {"Effect": "Allow", "Action": how["grant"]["to"], "Resource": on if on == "*" else {"is": on}}
    policy = {"json": {"Version": "2012-10-17", "Statement": [statement]}}
    yield role.locator, Edit(path, _written({"role": {"is": f"{role.address}.id"}, "policy": policy}))


def _found(module: Module, block: Block, how: Layout) -> Plain:
    """What the module has for this already; None where it has nothing, or where it is the resource itself."""
    for has in how["has"]:
        for value in _candidates(module, has):
            if not _is_own(block, value) and ("from-all" not in how or takes_from_all(module, value, how["from-all"])):
                return value
    return None


def _candidates(module: Module, has: Layout) -> list[Plain]:
    """What the module has of one sort, whichever resource asks."""
    note = f"has {has}"
    if note not in module.notes:
        module.notes[note] = list(_there(module, has))
    found: list[Plain] = module.notes[note]
    return found


def _there(module: Module, has: Layout) -> Iterator[Plain]:
    for other in module.resources(has["type"]):
        meant = all(same(module.resolved(other.body.get(key)), value) for key, value in has.get("where", {}).items())
        if not meant or {"count", "for_each", "provider"} & other.body.keys():
            continue
        value = within(other.body, _segments(has["by"])) if "by" in has else ((), Unknown(f"{other.address}.id"))
        if value is not None:
            yield value[1]


def _is_own(block: Block, value: Plain) -> bool:
    own = re.search(rf"\b{re.escape(block.address)}\b", value.text) if isinstance(value, Unknown) else None
    return own is not None or value in (block.body.get("bucket"), None)


def _written(value: Plain) -> Plain:
    """A value of what is made, with its expressions."""
    if isinstance(value, list):
        return [_written(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "is" in value:
        return Unknown(value["is"])
    if "json" in value:
        return Unknown(encoded(_written(value["json"]), "  "))
    return {key: _written(inner) for key, inner in value.items()}


def _filled(value: Plain, block: Block) -> Plain:
    return value.replace("{name}", str(block.path[2])) if isinstance(value, str) else _written(value)


def _segments(text: str) -> tuple[str, ...]:
    return tuple(text.split("/"))

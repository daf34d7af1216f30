"""The nouns every room shares, frozen; imports nothing of ours and does nothing.

A path is a tuple of keys and list indexes: ``("spec", "containers", 0, "image")``.
Plain data is what JSON can say, plus `Unknown` for a value that is there and cannot be told.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from hashlib import sha256
from typing import Any, TypeAlias

import msgspec

Path: TypeAlias = tuple[str | int, ...]
Plain: TypeAlias = Any
Tree: TypeAlias = dict[str, Any]

SEVERITIES = ("info", "low", "medium", "high", "critical")
LANES = ("auto", "ask", "hold", "source", "shield", "hand")


class Verdict(StrEnum):
    """What a control says of a resource. Unknown is shown and counted; it never becomes a pass or an automatic fix."""

    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    UNKNOWN = "unknown"


class Unknown(msgspec.Struct, frozen=True, omit_defaults=True):
    """A value that is set but cannot be told here: a variable, an intrinsic function, something we may not read.

    `text` is the source as written (``var.acl``) or why it cannot be told. In JSON it is ``{"$unknown": text}``. Where it is
    surely one of a few, a condition's branches, `either` has them, None for no value; what holds of each of them holds. Where it
    is another in each of several instances, `keys` names these, one for each of `either`: what fails in one of them fails.
    """

    text: str = msgspec.field(name="$unknown")
    either: tuple[Any, ...] = ()
    keys: tuple[str, ...] = ()


def revived(value: Plain) -> Plain:
    """Plain data read from JSON, with its Unknowns as such again."""
    if isinstance(value, list):
        return [revived(item) for item in value]
    if isinstance(value, dict):
        unknown = {"$unknown"} <= value.keys() <= {"$unknown", "either", "keys"} and isinstance(value["$unknown"], str)
        told = {key: revived(item) for key, item in value.items()}
        if unknown:
            return Unknown(value["$unknown"], tuple(told.get("either", ())), tuple(told.get("keys", ())))
        return told
    return value


class Edit(msgspec.Struct, frozen=True):
    """Set the value at a path, or remove what is there. An index equal to a list's length appends.

    An Unknown in the value is written as an expression of the format (``aws_s3_bucket.logs.id``). A `remark` is the comment
    behind the value, where the format has such: a release that a commit is. It is no part of the tree.
    """

    path: Path
    value: Plain = None
    remove: bool = False
    remark: str = ""

    def __post_init__(self) -> None:
        if isinstance(self.value, dict | list):
            msgspec.structs.force_setattr(self, "value", revived(self.value))


class Document(msgspec.Struct, frozen=True):
    """One configuration source as read. `data` is None where the source does not exist and a plan may create it.

    `locator` names it within its target: an absolute path (``/etc/ssh/sshd_config``), a path relative to a source
    tree, or ``kind:name`` for what is no file (``stat:/etc/shadow``, ``running:sysctl``, ``aws:s3:bucket/logs``).
    `lens` is the module of `setright.lenses` that reads it.
    """

    locator: str
    data: bytes | None
    lens: str

    @property
    def digest(self) -> str:
        return digest(self.data)


def digest(data: bytes | None) -> str:
    """SHA-256 of the bytes, hex; ``absent`` for None. The compare-and-set key of every write."""
    return "absent" if data is None else sha256(data).hexdigest()


class Example(msgspec.Struct, frozen=True):
    """A document that is good, or one that is bad with what its fix must give, as the control file writes them.

    Each is a text, a mapping that is one JSON document, or a mapping of locators to texts; `setright.bindings.examples`
    tells which. `family` is the binding entry it is written for; empty where the kind has only one.
    `fixed` is None for what only a person can put right.
    """

    family: str = ""
    good: Plain = None
    bad: Plain = None
    fixed: Plain = None
    params: Mapping[str, Plain] = {}


class Requirement(msgspec.Struct, frozen=True):
    """One line of `require:`. In `path`, ``*`` stands for each item of a list or each value of a mapping.

    `want` is plain data, or nested requirements for the operators `each` and `none`.
    `default` is what holds when the path is absent; None: nothing does.
    """

    path: Path
    op: str
    want: Plain
    default: Plain = None


class Some(msgspec.Struct, frozen=True):
    """The argument of `each` and `none`: which items, and what is required of them."""

    where: tuple[Requirement, ...] = ()
    require: tuple[Requirement, ...] = ()


class Param(msgspec.Struct, frozen=True):
    """A value that a baseline or an organisation sets. Stands in `want` or `fix` until it is resolved."""

    name: str


class Effect(msgspec.Struct, frozen=True):
    """What applying a fix does to the service. `undo` is ``exact`` or ``none``."""

    restart: str = "none"  # none, reload, service, host, replace
    disruption: str = "low"  # low, medium, high
    undo: str = "exact"


class Either(msgspec.Struct, frozen=True):
    """Lines that clear a fear where they hold in the resource, and the fact that is asked for where they do not."""

    lines: tuple[Requirement, ...]
    fact: str


Teller = str | tuple[Requirement, ...] | Either  # a fact's name, `ask`, `small-cost`, or lines that clear a fear


class Control(msgspec.Struct, frozen=True):
    """What right looks like for one kind. `fix` holds explicit edits where the requirement cannot give them."""

    id: str
    title: str
    severity: str
    kind: str
    require: tuple[Requirement, ...]
    why: str
    source: str
    where: tuple[Requirement, ...] = ()
    check: str = ""  # CEL, where the operators do not suffice
    fix: tuple[Edit, ...] = ()
    by_hand: str = ""
    shield: str = ""
    params: Mapping[str, Plain] = {}
    breaks_if: Mapping[str, Teller] = {}
    effect: Effect = Effect()
    frameworks: Mapping[str, tuple[str, ...]] = {}
    secret: bool = False
    examples: tuple[Example, ...] = ()


class Binding(msgspec.Struct, frozen=True):
    """How a kind's attributes are found on each surface; `layouts` maps a surface's family to its entry."""

    kind: str
    layouts: Mapping[str, Mapping[str, Plain]]


class Want(msgspec.Struct, frozen=True):
    """What a surface shall read for one kind: the binding's entry for it, and what the controls name.

    `names` are resources asked for by name (file paths, units, modules; globs allowed); `keys` are the
    first path segments that controls require (sysctl keys, attribute groups). Empty: no limit.
    `near` are documents that alone matter now: a tree of sources then reads their folders only.
    `facts` may be asked of the target once it is judged: a surface may find them out meanwhile.
    """

    kind: str
    layout: Mapping[str, Plain]
    names: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    near: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()


class Problem(msgspec.Struct, frozen=True):
    """What could not be read or understood, where, and what to do; shows as unknown, never as a pass."""

    locator: str
    why: str


class Reading(msgspec.Struct, frozen=True):
    """All documents a scan of one target needs, and what could not be had."""

    documents: tuple[Document, ...]
    problems: tuple[Problem, ...] = ()


class Resource(msgspec.Struct, frozen=True):
    """One thing of a kind, as a binding sees it in the documents.

    `tree` is what will hold (files, source, API state); `effective` what holds now where a daemon or kernel
    answers for itself (None: nothing does). `home` is the document and path that new values go to.
    """

    kind: str
    name: str
    tree: Tree
    home: tuple[str, Path]
    effective: Tree | None = None
    deliberate: str = ""  # why this resource's values look meant (a Match block): its fixes are asked for
    only: tuple[str, ...] | None = None  # the first path segments it answers for (a Match block: its own); None: all
    known: tuple[Path, ...] | None = None  # the paths of which it is told what holds (a module's call: its inputs); None: all
    parts: dict[Path, Tree] = {}  # the tree as it were if it held but one of its items: what clears fears of that one alone
    shared: dict[Path, str] = {}  # paths whose values others have too, and who: what changes there is asked for
    layer: Layer | None = None  # where several documents make one thing: what of it this one says
    unread: str = ""  # what could not be read and may say otherwise: nothing of it passes then


class Layer(msgspec.Struct, frozen=True):
    """One of several documents that make a thing: a base, or a patch that is laid over it. What another one says is told of that.

    `own` are the paths that it says; `before` is the tree without it (None: it is the first). `made` is what comes of it, once for
    each build, with the paths that later documents say.
    """

    own: tuple[Path, ...]
    before: Tree | None
    made: tuple[tuple[Tree, tuple[Path, ...]], ...]


class Mismatch(msgspec.Struct, frozen=True):
    """One requirement that does not hold at a path without wildcards. `live` tells the running value from the persistent one."""

    path: Path
    want: Plain
    have: Plain
    op: str = "equals"
    live: bool = False


class Location(msgspec.Struct, frozen=True):
    """Where a finding stands; lines count from 1, None where the document has none."""

    path: str
    line: int | None = None
    end_line: int | None = None


class Finding(msgspec.Struct, frozen=True):
    """A control that does not hold, or could not be told, for a resource. `id` is stable between runs.

    `secret`: its control says that what is there is one, and shows itself to nobody.
    """

    id: str
    control: str
    title: str
    severity: str
    verdict: Verdict
    target: str
    resource: str
    kind: str
    location: Location
    mismatches: tuple[Mismatch, ...] = ()
    why_unknown: str = ""
    frameworks: Mapping[str, tuple[str, ...]] = {}
    secret: bool = False


class Answer(msgspec.Struct, frozen=True):
    """A fact's answer: does what `breaks-if` fears hold here? None: could not be told. `source` is the evidence."""

    holds: bool | None
    text: str
    source: str = ""


class Change(msgspec.Struct, frozen=True):
    """One document before and after; lives in memory only. `meta` is what `keep` noted, put back with the bytes."""

    locator: str
    lens: str
    before: bytes | None
    after: bytes | None
    meta: Mapping[str, Plain] | None = None

    def inverse(self, meta: Mapping[str, Plain] | None = None) -> Change:
        return Change(self.locator, self.lens, self.after, self.before, meta)


class Kept(msgspec.Struct, frozen=True):
    """The prior state of one document: its bytes and what else a surface needs to restore it exactly."""

    locator: str
    lens: str
    data: bytes | None
    meta: Mapping[str, Plain] = {}


class Steps(msgspec.Struct, frozen=True):
    """Named steps of a surface that make a change hold, in the order of the safe-change protocol."""

    validate: tuple[str, ...] = ()  # checkers run on the staged copy
    reload: tuple[str, ...] = ()  # least disruptive way to make it hold
    probe: tuple[str, ...] = ()  # health, compared before and after
    next_start: tuple[str, ...] = ()  # would the next restart work?
    arm: bool = False  # could cut us off: dead-man's switch first


class Planned(msgspec.Struct, frozen=True, omit_defaults=True):
    """One document's part of a plan: never its bytes, so a plan file holds no secrets. `diff` is redacted.

    `edits` are put in rounds: each set on the bytes that the one before it gave. Where a state that was approved is put back,
    `kept` is the address of its snapshot; with neither, and nothing after it, the document goes.
    """

    locator: str
    lens: str
    before: str  # digests
    after: str
    edits: tuple[tuple[Edit, ...], ...]
    diff: str
    kept: str = ""


class Belonging(msgspec.Struct, frozen=True):
    """Who answers for a resource and where it stands, as far as was known when its plan was made; empty: not known.

    `owner_why` is what names the owner, `exposure_why` what tells who reaches it.
    """

    owner: str = ""
    owner_why: str = ""
    environment: str = ""
    importance: str = ""
    exposure: str = ""
    exposure_why: str = ""


class Plan(msgspec.Struct, frozen=True):
    """The exact changes that put findings right. `hash` covers everything else but when it was made and holds until, and why it
    is believed whose it is.

    `keys` are those of the scan's wants, for kinds whose documents hold only what was asked for (`partial:` in the
    binding): they make the same documents again.
    """

    target: str
    family: str
    document: str  # the first document, as people name it
    changes: tuple[Planned, ...]
    findings: tuple[str, ...]  # finding ids
    controls: tuple[str, ...]
    resources: tuple[str, ...]
    lane: str
    reason: str
    breaks_if: tuple[tuple[str, str, Answer], ...] = ()  # sentence, fact, answer
    effect: Effect = Effect()
    belongs: tuple[Belonging, ...] = ()
    steps: Steps = Steps()
    params: Mapping[str, Plain] = {}
    keys: Mapping[str, tuple[str, ...]] = {}
    hash: str = ""
    made_at: str = ""
    expires_at: str = ""

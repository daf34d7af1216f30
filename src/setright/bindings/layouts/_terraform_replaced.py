"""What becomes of a resource with data in it, when an edit has the provider make a new one in its place.

An entry's `replaced: [ATTRIBUTE, ...]` names what the provider cannot change in place. Terraform would destroy the old one with
all in it, once the plan is said yes to; with `prevent_destroy` it stops there instead. What is not deployed yet is made as written.
developer.hashicorp.com/terraform/language/meta-arguments/lifecycle.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from setright.bindings.layouts._terraform_module import Block, Module
from setright.bindings.layouts._terraform_users import PASSING
from setright.bindings.trees import split_path
from setright.model import Edit, Plain
from setright.trees import same

LIFECYCLE, KEPT = "lifecycle", "prevent_destroy"
THROWN_AWAY = ("force_destroy", "force_delete")  # many a database that is kept says skip_final_snapshot


def kept(layout: Mapping[str, Plain], module: Module, block: Block, wanted: Iterable[Edit]) -> Iterator[tuple[str, Edit]]:
    """The edit that keeps the old one, where the code does not say what becomes of it or that it is made to be deleted."""
    anew = [split_path(each) for each in layout.get("replaced", ())]
    if not any(each.path[: len(path)] == path for each in wanted for path in anew) or block.path[0] != "resource":
        return
    own = block.body.get(LIFECYCLE)
    said = own[0] if isinstance(own, list) and own and isinstance(own[0], dict) else {}
    if KEPT not in said and not _is_passing(module, block):
        yield block.locator, Edit((*block.path, LIFECYCLE, 0, KEPT), True)


def _is_passing(module: Module, block: Block) -> bool:
    """Whether it is made for tests, or says itself that its data may go with it."""
    is_for_tests = bool(PASSING & set(module.folder.lower().split("/")))
    return is_for_tests or any(same(module.resolved(block.body.get(key)), True) for key in THROWN_AWAY)

"""HCL native syntax, as Terraform 0.12 and later write it.

Blocks nest by their labels and are always items of a list: `{"resource": {"aws_s3_bucket": {"logs": [{...}]}}}`. Arguments
are values; one that is no literal is an `Unknown` of its source text, and an `Unknown` in an edit is written as it is; its
lines end in the tree by themselves, in the text as the file's do.
A new list of mappings is written as blocks, a new mapping as an object; new arguments line up as `terraform fmt` has them.

An argument given several times in a block as objects is blocks, and so is an object that holds blocks, as Terraform 0.11 has it.

hashicorp/hcl, hclsyntax/spec.md; what else is Terraform 0.11 only, or given twice, is refused with its line.
"""

from __future__ import annotations

from collections.abc import Sequence

from setright.lenses import _hcl_places
from setright.lenses._hcl_blocks import changed_all
from setright.lenses._hcl_parse import read_hcl, tree
from setright.model import Edit, Path, Tree

EMPTY = b""


def get(source: bytes) -> Tree:
    """The blocks and arguments as plain data."""
    return tree(read_hcl(source)[1])


def put(source: bytes, edits: Sequence[Edit]) -> bytes:
    """New bytes with the edits in; the edits are made one after the other."""
    text, _ = read_hcl(source)
    return changed_all(text, edits).encode("latin-1")


def span(source: bytes, path: Path) -> tuple[int, int]:
    """Where a value or a whole block stands."""
    return _hcl_places.span(read_hcl(source)[1], path)

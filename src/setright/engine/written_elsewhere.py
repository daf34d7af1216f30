"""Files of a tree that a program writes, or that tests read as they are: their heads and folders say so. Pure.

Whoever fixes them by hand has the next build undo it, or the next test fail. golang.org/s/generatedcode; `go help test`, testdata;
AWS CDK Developer Guide, the metadata by which it finds what a resource of its templates is made from.
"""

from __future__ import annotations

import re

from setright.lenses.comments import head
from setright.patterns import late

MADE = late(
    r"auto(?:matically)?[ -]?generated|\bthis (?:docker|work)?(?:file|flow)(?: is| was)? generated\b"
    r"|\bdo(?: not|n't) (?:edit|modify|change)(?: (?:this|the) \w+| it)?(?: directly| manually| by hand)?[ \t]*"
    r"(?:[.!;,:)*-]|\r?\n)",
    re.IGNORECASE,
)
CDK = (b"aws:cdk:path", b"CheckBootstrapVersion", b"AWS::CDK::Metadata")
READ_BY_TESTS = frozenset({"testdata", "test-data", "test_data", "__fixtures__", "__snapshots__", "golden"})
OF_TESTS = frozenset({"test", "tests", "__tests__", "spec"})  # below which what is called so is compared
COMPARED = frozenset({"snapshots", "expected"})


def why(locator: str, data: bytes) -> str:
    """Why a file of the tree is not put right where it stands, unless somebody says so; empty where nothing tells."""
    if MADE.search(head(data)):
        return "its head says that a program writes it, which would undo a fix here; put right what it is made from"
    if any(mark in data for mark in CDK):
        return "the CDK writes it from an app, which would undo a fix here; put the app right"
    folders = locator.split("/")[:-1]
    compared = COMPARED if OF_TESTS & set(folders) else frozenset()
    folder = next((each for each in folders if each in READ_BY_TESTS | compared), "")
    return f"tests read it from {folder}, and may compare it with what they expect" if folder else ""

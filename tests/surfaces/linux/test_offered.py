"""Promises of packages: what no source of this host offers is told, and not tried."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from setright.bindings.error import BindingError
from setright.bindings.layouts import packages
from setright.bindings.source import Source
from setright.model import Edit, Resource, Want
from setright.surfaces.linux.surface import open_local

pytestmark = pytest.mark.root


@pytest.mark.skipif(not list(Path("/var/lib/apt/lists").glob("*_Packages*")), reason="apt has no lists here")
def test_a_package_that_no_source_offers_is_left_to_people() -> None:
    want = Want("linux/package", {"documents": ["package:*"], "lens": "json"}, names=("bash", "setright-has-no-such-package"))
    rows = {d.locator: json.loads(d.data or b"{}") for d in open_local().read([want]).documents}
    there, missing = rows["package:bash"], rows["package:setright-has-no-such-package"]
    asked = subprocess.run(["apt-cache", "policy", "bash"], capture_output=True, text=True, check=True).stdout
    assert ("://" in asked or "file:" in asked) == ("install" in there["can"])
    assert "install" not in missing["can"]
    assert "remove" in missing["can"]
    resource = Resource("linux/package", missing["package"], missing, ("package:" + missing["package"], ()))
    with pytest.raises(BindingError, match="no source of packages"):
        packages.edit({}, resource, [Edit(("installed",), True)], [], dict[str, Source]())

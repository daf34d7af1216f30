"""A control's example, as the documents that its binding reads."""

from __future__ import annotations

import json

from setright.bindings.error import BindingError
from setright.model import Binding, Document, Plain
from setright.patterns import fits

MAIN = {  # the families of source trees: the document that a text example stands for, and its lens
    "terraform": ("main.tf", "hcl"),
    "cloudformation": ("template.yaml", "yaml"),
    "kubernetes": ("manifest.yaml", "yaml"),
    "dockerfile": ("Dockerfile", "dockerfile"),
    "compose": ("compose.yaml", "yaml"),
    "actions": (".github/workflows/ci.yml", "yaml"),
    "gitlab": (".gitlab-ci.yml", "yaml"),
}
LENS_BY_SUFFIX = {
    ".tf": "hcl",
    ".yaml": "yaml",
    ".yml": "yaml",
    ".json": "json",
    ".env": "dotenv",
    ".gitignore": "names",
    ".mod": "text",
}


def example_documents(binding: Binding, family: str, written: Plain) -> dict[str, Document]:
    """The documents that an example stands for, by locator.

    A text is the binding's main document; a mapping whose keys are locators is several; any other mapping is
    the one JSON document of a resource.
    """
    if isinstance(written, str):
        locator = main_locator(binding, family)
        return {locator: _document(binding, family, locator, written)}
    if not isinstance(written, dict):
        raise BindingError(f"{binding.kind}: an example is a text or a mapping, not {type(written).__name__}")
    if all(_is_locator(binding, family, key) for key in written):
        return {locator: _document(binding, family, locator, text) for locator, text in written.items()}
    locator = _resource_locator(binding, family, written)
    return {locator: _document(binding, family, locator, written)}


def main_locator(binding: Binding, family: str) -> str:
    """The document that a text example stands for."""
    layout = binding.layouts[family]
    if family in MAIN:
        return MAIN[family][0]
    named = [layout["main"]] if "main" in layout else [d for d in layout.get("documents", ()) if "*" not in d]
    if not named:
        named = [layout["new"]] if "new" in layout else []
    if not named:
        raise BindingError(
            f"bindings/{binding.kind}.yaml: {family}: no document without wildcards; an example must name its locators"
        )
    return str(named[0])


def document_lens(binding: Binding, family: str, locator: str) -> str:
    """The lens that reads a document of the binding."""
    layout = binding.layouts[family]
    if family in MAIN:
        suffix = locator[locator.rfind(".") :]
        return LENS_BY_SUFFIX.get(suffix, MAIN[family][1])
    if locator.startswith(("running:", "state:", "stat:", "unit:")):
        return "json"
    own = next((lens for glob, lens in layout.get("lenses", {}).items() if fits(locator, glob)), None)
    return str(own or layout.get("lens", "json"))


def _document(binding: Binding, family: str, locator: str, written: Plain) -> Document:
    lens = document_lens(binding, family, locator)
    if written is None:
        return Document(locator, None, lens)
    if isinstance(written, str):
        return Document(locator, written.encode(), lens)
    return Document(locator, json.dumps(written, indent=2).encode() + b"\n", lens)


def _is_locator(binding: Binding, family: str, key: str) -> bool:
    layout = binding.layouts[family]
    if key.startswith(("/", "running:", "effective:", "state:", "stat:", "unit:")) or key in (
        layout.get("running"),
        layout.get("effective"),
    ):
        return True
    if family in MAIN:
        return "." in key or key.startswith("Dockerfile")
    return any(fits(key, glob) for glob in layout.get("documents", ()))


def _resource_locator(binding: Binding, family: str, tree: dict[str, Plain]) -> str:
    """Where the surface would put the one document of this resource."""
    layout = binding.layouts[family]
    name = tree.get(str(layout.get("name", "name")), "example")
    documents = layout.get("documents", [f"{family}:*"])
    return str(documents[0]).replace("*", str(name))

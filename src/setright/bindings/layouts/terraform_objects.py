"""Objects of Kubernetes in Terraform source: which namespace each lives in, and the resource that makes the one they move to.

registry.terraform.io hashicorp/kubernetes, kubernetes_namespace; Kubernetes documentation, Namespaces. A new namespace is a
resource of the module, so that it is made before what lives in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from setright.bindings.error import BindingError
from setright.bindings.layouts import _terraform_syntax as syntax
from setright.bindings.layouts._namespaces import NAMESPACE, chosen_namespace, names
from setright.bindings.layouts._terraform_holding import holding
from setright.bindings.layouts._terraform_module import Block, Module, modules
from setright.bindings.layouts.terraform_workloads import home, manifests, of_types
from setright.bindings.source import Source
from setright.bindings.trees import look_up
from setright.model import Edit, Path, Plain, Resource, Tree, Unknown

OWN: Path = ("metadata", 0, "namespace")
TYPES = ("kubernetes_namespace", "kubernetes_namespace_v1")


def view(kind: str, layout: Mapping[str, Plain], sources: Mapping[str, Source]) -> list[Resource]:
    """One resource for each block of the entry's types, with its metadata; a namespace of the module is known by its name."""
    found = []
    for module in holding(modules(sources), of_types(layout["kinds"])):
        for block, manifest in manifests(module, layout["kinds"]):
            name = f"{module.folder}/{block.address}" if module.folder else block.address
            found.append(Resource(kind, name, _shown(manifest), (block.locator, block.path)))
    return found


def edit(
    layout: Mapping[str, Plain],
    resource: Resource,
    edits: Sequence[Edit],
    live: Sequence[Edit],
    sources: Mapping[str, Source],
) -> list[tuple[str, Edit]]:
    """The namespace as a reference to the resource that makes it. Raises BindingError where the old one is named elsewhere."""
    module, block = home(resource, sources)
    placed = [pair for each in [*edits, *live] for pair in _moved(layout, module, block, each)]
    return [syntax.edit(sources, locator, each) for locator, each in placed]


def locate(layout: Mapping[str, Plain], resource: Resource, path: Path, sources: Mapping[str, Source]) -> tuple[str, Path]:
    """Where the namespace stands; the resource's block where it names none."""
    _, block = home(resource, sources)
    there = block.path + OWN if path == NAMESPACE and look_up(block.body, OWN) is not None else block.path
    return block.locator, syntax.place(sources, block.locator, there)


def _shown(manifest: Tree) -> Tree:
    return {key: manifest[key] for key in ("kind", "metadata") if key in manifest}


def _moved(layout: Mapping[str, Plain], module: Module, block: Block, wanted: Edit) -> Iterator[tuple[str, Edit]]:
    here = f"{block.locator}: {block.address}"
    if wanted.path != NAMESPACE or not isinstance(wanted.value, str):
        raise BindingError(f"{here}: {'/'.join(map(str, wanted.path))} is changed by hand")
    if isinstance(raw := look_up(block.body, OWN), Unknown):
        raise BindingError(f"{here}: the namespace is {raw.text}; change it there")
    if "provider" in block.body:
        raise BindingError(f"{here}: another provider makes it; make a namespace there, and name it")
    blocks = [(each.locator, each.path, manifest) for each, manifest in manifests(module, layout["kinds"])]
    told = names(blocks)
    if told.refusal or told.subjects or told.texts:
        raise BindingError(f"{here}: other resources name the default namespace; move all of them by hand")
    name = str(chosen_namespace(wanted.value, ""))
    address = next(_there(module, name), "")
    if not address:  # one for all that move, in the first of their files
        kind = TYPES[all(str(path[1]).endswith("_v1") for _, path, _ in blocks)]
        label = re.sub(r"[^\w-]", "_", name)
        address = f"{kind}.{label}"
        yield min(locator for locator, _, _ in blocks), Edit(("resource", kind, label, 0), {"metadata": [{"name": name}]})
    yield block.locator, Edit(block.path + OWN, Unknown(f"{address}.metadata[0].name"))


def _there(module: Module, name: str) -> Iterator[str]:
    """The resource of the module that makes the namespace of that name."""
    for kind in TYPES:
        for each in module.resources(kind):
            if (
                module.resolved(look_up(each.body, ("metadata", 0, "name"))) == name
                and not {"count", "for_each"} & each.body.keys()
            ):
                yield each.address

"""Which documents matter to which layouts, told without loading these: of most families of sources a tree holds nothing. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from setright.bindings.source import Source
from setright.model import Plain

READS = {  # by layout: the lenses of its documents and of what surrounds them; one that is not named here may look at any
    "terraform": frozenset({"hcl", "json"}),
    "terraform-objects": frozenset({"hcl", "json"}),
    "terraform-providers": frozenset({"hcl", "json"}),
    "terraform-workloads": frozenset({"hcl", "json", "dockerfile"}),
    "cloudformation": frozenset({"yaml", "json"}),
    "kubernetes": frozenset({"yaml", "kustomization", "json", "helm", "dockerfile"}),
    "kubernetes-flags": frozenset({"yaml", "kustomization", "json"}),
    "kubernetes-hosts": frozenset({"yaml", "text", "systemd"}),
}
TERRAFORM_JSON = (".tf.json", ".tfvars.json")
KEYS = {  # what stands at the top of a document that holds something of a family
    "apiVersion": "kubernetes",
    "items": "kubernetes",  # of a list that names no version of its own
    "Resources": "cloudformation",
    "services": "compose",
    "jobs": "actions",
    "runs": "actions",
    "updates": "actions",  # of Dependabot
}
TOLD = frozenset({*KEYS.values(), "terraform", "dockerfile", "gitlab"})  # the families of which this is told


def held(sources: Iterable[Source]) -> set[str]:
    """The families, of those in TOLD, that these documents may hold something of."""
    found: set[str] = set()
    for source in sources:
        if source.lens in ("hcl", "dockerfile"):
            found.add("terraform" if source.lens == "hcl" else "dockerfile")
        elif source.lens == "helm":  # what stands at its top may be a template's to say
            found.add("kubernetes")
        else:
            found |= {KEYS[key] for top in _tops(source) for key in KEYS.keys() & top.keys()}
        if source.locator.endswith(TERRAFORM_JSON):
            found.add("terraform")
        elif ".gitlab" in source.locator:
            found.add("gitlab")
    return found


def _tops(source: Source) -> list[dict[str, Plain]]:
    documents = source.tree.get("documents") if source.lens in ("yaml", "kustomization") else None
    return [each for each in (documents if isinstance(documents, list) else [source.tree]) if isinstance(each, dict)]

"""Which versions of a provider a Terraform module asks for.

developer.hashicorp.com/terraform/language/expressions/version-constraints and files/dependency-lock. A module that asks for nothing
is asked of the directories above it; what those that call it may have holds for it too.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import NamedTuple

from setright.bindings.layouts._terraform_linked import callees
from setright.bindings.layouts._terraform_module import Module
from setright.bindings.layouts._terraform_old import is_old
from setright.model import Plain

PART = re.compile(r"\s*(~>|>=|<=|!=|=|<|>)?\s*v?(\d+(?:\.\d+)*)")
Version = tuple[int, ...]
NEWEST: Version = (10**6,)
LOCK = ".terraform.lock.hcl"
GONE = {  # the types that a provider's version no longer has: a module with one of them is for an older provider
    "azurerm": {
        "4.0": (
            "azurerm_app_service",
            "azurerm_app_service_plan",
            "azurerm_function_app",
            "azurerm_mariadb_server",
            "azurerm_mysql_server",
            "azurerm_sql_database",
            "azurerm_sql_server",
        )
    }
}

LAST = {"aws": "3.0", "azurerm": "2.0", "google": "3.0", "google-beta": "3.0", "kubernetes": "2.0"}  # no longer for Terraform 0.11
BOUNDS = (  # modules of a registry before a version of theirs, each with a provider and what it may not be any more
    ("terraform-aws-modules/eks/aws", "21.0", "aws", "6.0"),
    ("terraform-aws-modules/vpc/aws", "4.0", "aws", "5.0"),
    ("terraform-aws-modules/vpc/aws", "5.0", "aws", "6.0"),
    ("Azure/aks/azurerm", "10.0", "azurerm", "4.0"),
    ("Azure/compute/azurerm", "6.0", "azurerm", "4.0"),
    ("Azure/network/azurerm", "6.0", "azurerm", "4.0"),
    ("Azure/vnet/azurerm", "5.0", "azurerm", "4.0"),
)
LEFT = {  # so is one that says such an argument of a type
    "aws": {
        "5.0": (
            ("aws_autoscaling_group", "tags"),
            ("aws_db_instance", "name"),
            ("aws_ecs_cluster", "capacity_providers"),
            ("aws_elasticache_replication_group", "number_cache_clusters"),
            ("aws_elasticache_replication_group", "replication_group_description"),
            ("aws_secretsmanager_secret", "rotation_lambda_arn"),
            ("aws_vpc", "enable_classiclink"),
        ),
        "6.0": (
            ("aws_api_gateway_deployment", "stage_name"),
            ("aws_eip", "vpc"),
            ("aws_eks_addon", "resolve_conflicts"),
            ("aws_flow_log", "log_group_name"),
            ("aws_instance", "cpu_core_count"),
            ("aws_redshift_cluster", "logging"),
        ),
    },
    "azurerm": {
        "2.0": (
            ("azurerm_kubernetes_cluster", "agent_pool_profile"),
            ("azurerm_network_interface", "network_security_group_id"),
            ("azurerm_public_ip", "public_ip_address_allocation"),
        ),
        "3.0": (("azurerm_subnet", "address_prefix"),),
    },
}


class VersionRange(NamedTuple):
    """The versions from `least` to `most`, and the constraint that says so."""

    least: Version = ()
    most: Version = NEWEST
    text: str = ""


def constraint(module: Module, provider: str) -> VersionRange:
    """What is asked of a provider by the module and all that are set up with it: who calls it, and what those call."""
    note = f"constraint {provider}"
    if note not in module.notes:
        module.notes[note] = own = _own(module, provider)  # for a module that calls itself
        homes = (module.tree.get(folder) for folder in dict.fromkeys(folder for folder, *_ in module.calls))
        callers = [constraint(home, provider) for home in homes if home is not None and home is not module]
        module.notes[note] = _with(own, callers) if callers else _with_callees(module, provider)
    asked: VersionRange = module.notes[note]
    return asked


def _own(module: Module, provider: str) -> VersionRange:
    """What the module asks, or the nearest directory above it that says anything; by its language and the modules it calls, too."""
    note = f"own constraint {provider}"
    if note not in module.notes:
        module.notes[note] = _bounded(module, provider)
    own: VersionRange = module.notes[note]
    return own


def _bounded(module: Module, provider: str) -> VersionRange:
    own = _constraint(module, provider)
    bounds = [*([LAST[provider]] if provider in LAST and is_old(module) else []), *_outgrown(module, provider)]
    for source, called, other, bound in BOUNDS:
        versions = [each.body.get("version") for each in module.resources(f"module.{source}")] if other == provider else []
        bounds += [bound for each in versions if isinstance(each, str) and parse_constraint(each).most < version(called)]
    return own._replace(most=min([own.most, *(last_below(version(each)) for each in bounds)]))


def _outgrown(module: Module, provider: str) -> Iterator[str]:
    """The versions that no longer have a type or an argument that the module uses."""
    yield from (last for last, types in GONE.get(provider, {}).items() if any(map(module.resources, types)))
    for last, said in LEFT.get(provider, {}).items():
        yield from (last for kind, argument in said if any(argument in each.body for each in module.resources(kind)))


def _with(own: VersionRange, callers: list[VersionRange]) -> VersionRange:
    """What fits a module and every directory that calls it."""
    nearest = min(callers, key=lambda each: each.most)
    text = nearest.text if nearest.most < own.most else own.text or nearest.text
    return VersionRange(max(own.least, min(each.least for each in callers)), min(own.most, nearest.most), text)


def _with_callees(root: Module, provider: str) -> VersionRange:
    """What fits a directory that nobody calls, and all of the tree that it calls."""
    asked, seen, waiting = VersionRange(), {root.folder}, [root.folder]
    called = callees(root)
    while waiting:
        folder = waiting.pop()
        own = _own(root.tree[folder], provider)
        text = own.text if own.most < asked.most or not asked.text else asked.text
        asked = VersionRange(max(asked.least, own.least), min(asked.most, own.most), text)
        waiting += sorted(called.get(folder, set()) - seen)
        seen |= called.get(folder, set())
    return asked


def _constraint(module: Module, provider: str) -> VersionRange:
    folder = module.folder
    while True:
        for text in _texts(module.tree[folder], provider) if folder in module.tree else ():
            return parse_constraint(text)
        if not folder:
            return VersionRange()
        folder = posixpath.dirname(folder)


def parse_constraint(text: str) -> VersionRange:
    """A constraint as the least and the most it allows; what is not understood allows everything."""
    least, most = VersionRange().least, VersionRange().most
    for part in text.split(","):
        found = PART.fullmatch(part.rstrip())
        sign, number = (found[1] or "=", version(found[2])) if found else ("!=", ())
        if sign in ("=", ">=", ">", "~>"):
            least = max(least, number)
        if sign in ("=", "<=", "<"):
            most = min(most, last_below(number) if sign == "<" else number)
        elif sign == "~>":
            most = min(most, (*number[:-1], *NEWEST) if len(number) > 1 else NEWEST)
    return VersionRange(least, most, text)


def version(text: str) -> Version:
    """A version's numbers."""
    return tuple(int(part) for part in text.split("."))


def last_below(number: Version) -> Version:
    """The last version before one: below 4.0 is 3 and whatever follows."""
    while number and number[-1] == 0:
        number = number[:-1]
    return (*number[:-1], number[-1] - 1, *NEWEST) if number else ()


def _texts(module: Module, provider: str) -> Iterator[str]:
    """The version that the lock file names, else the constraints in `required_providers`, else in `provider` blocks."""
    for source in module.sources.values():
        named = source.tree.get("provider") if source.locator.endswith(LOCK) else None
        for name, blocks in named.items() if isinstance(named, dict) else ():
            yield from (str(body.get("version")) for body in _blocks(blocks) if name.endswith(f"/{provider}"))
    for source in module.sources.values():
        for block in _blocks(source.tree.get("terraform")):
            for required in _blocks(block.get("required_providers")):
                told = required.get(provider)
                told = told.get("version") if isinstance(told, dict) else told
                if isinstance(told, str):
                    yield told
        named = source.tree.get("provider")
        for body in _blocks(named.get(provider)) if isinstance(named, dict) else ():
            if isinstance(body.get("version"), str):
                yield body["version"]


def _blocks(value: Plain) -> Iterator[dict[str, Plain]]:
    yield from (body for body in value if isinstance(body, dict)) if isinstance(value, list) else ()

"""Who in a module reads the public address of an Azure machine, which comes by a resource of its own.

registry.terraform.io, hashicorp/azurerm: azurerm_public_ip (`ip_address`, `fqdn`), the `public_ip_address` of machines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from setright.bindings.layouts._terraform_google_ways import reader_of
from setright.bindings.layouts._terraform_module import Block, Module
from setright.bindings.layouts._terraform_users import addresses, namers
from setright.model import Plain, Tree

ADDRESS, LOOKED_UP = "azurerm_public_ip", ("data.azurerm_public_ip", "data.azurerm_public_ips")
READ = r"[^\s\"}]*\.(?:ip_address|fqdn)\b"
READ_OF_MACHINE = r"[^\s\"}]*\.public_ip_address(?:es)?\b"


def public_address(module: Module, block: Block, tree: Tree) -> str:
    """``by`` who reads the address that a network interface has, else ``no``."""
    return next((each for each in _readers(module, block) if each != "no"), "no")


def _readers(module: Module, block: Block) -> Iterator[str]:
    own = set(addresses(block.body))
    for address in (each for each in module.resources(ADDRESS) if each.address in own):
        yield reader_of(module, address, READ)
        looks = (each for each, _ in namers(module, address) if each.type in LOOKED_UP)
        yield from (f"by {each.address}" for each in looks)
    for machine in (each for each, _ in namers(module, block) if each.type.endswith("_virtual_machine")):
        yield reader_of(module, machine, READ_OF_MACHINE)


FUNCTIONS: Mapping[str, Callable[[Module, Block, Tree], Plain]] = {"public-address": public_address}

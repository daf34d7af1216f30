"""How what a module starts gets out to the internet, to fetch its images and to join its cluster, and how the internet gets in.

Amazon VPC User Guide, internet gateways and NAT gateways; Amazon EKS User Guide, VPC and subnet requirements.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from setright.bindings.layouts._terraform_module import Block, Module
from setright.bindings.layouts._terraform_public import in_public
from setright.bindings.layouts._terraform_users import handed_out, namers, starters
from setright.model import Plain, Tree
from setright.patterns import late
from setright.trees import same

GATE = "aws_internet_gateway"
OTHERS = (  # what leads out of a network besides, or to what is needed there
    *("aws_nat_gateway", "aws_vpc_endpoint", "aws_vpn_gateway", "aws_vpn_connection", "aws_vpc_peering_connection"),
    *("aws_ec2_transit_gateway", "aws_ec2_transit_gateway_vpc_attachment", "aws_dx_gateway", "aws_networkfirewall_firewall"),
)
LEADING = late(r"module\..*(?:nat|vpc|net|egress|endpoint)")  # a call that may make such a thing
LOCAL = ("module../", "module.../")
ADDRESS, OWN = "aws_eip", "associate_public_ip_address"
TAKERS = (  # what takes the public addresses that its subnet gives
    *("aws_instance", "aws_autoscaling_group", "aws_eks_node_group", "aws_spot_instance_request", "aws_spot_fleet_request"),
    *("aws_emr_cluster", "aws_elastic_beanstalk_environment"),
)


def way_out(module: Module, block: Block, tree: Tree) -> str:
    """``public addresses`` in a public subnet, and where the same code makes a network with no other way out; else ``others``."""
    if in_public(module, block):
        return "public addresses"
    is_subnet = block.type == "aws_subnet"
    is_told = is_subnet and handed_out(module, block, tree) != "no"  # then other directories may start something in it
    homes = list(module.tree.values()) if is_told else [module]
    if not module.resources(GATE) or any(home.resources(kind) for home in homes for kind in OTHERS):
        return "others"
    if any(_leads(kind, home is not module) for home in homes for kind in home.types):
        return "others"
    if any(map(_forwards, module.resources("aws_instance"))):
        return "others"
    there = [each for each, _ in namers(module, block)]
    if any(each.type.startswith(ADDRESS) for each in there):
        return "others"
    elsewhere = [each for home in homes if is_told for kind in TAKERS for each in home.resources(kind)]
    needs_it = not is_subnet or any(each.type in TAKERS and OWN not in each.body for each in [*there, *elsewhere])
    return "public addresses" if needs_it else "others"


def _leads(kind: str, is_elsewhere: bool) -> bool:
    """Whether it is a call that may make a way out; what other directories call of the tree is seen for itself."""
    return LEADING.match(kind) is not None and not (is_elsewhere and kind.startswith(LOCAL))


def _forwards(instance: Block) -> bool:
    """Whether a machine lets others out by itself."""
    return same(instance.body.get("source_dest_check"), False)


BALANCERS = ("aws_lb", "aws_alb", "aws_elb")


def front(module: Module, block: Block, tree: Tree) -> str:
    """``by`` the load balancer in a security group that serves the internet; ``no`` where this module has none in it."""
    there = (each for each, keys in namers(module, block) if each.type in BALANCERS and "security_groups" in keys)
    return next((f"by {each.address}" for each in there if not same(module.resolved(each.body.get("internal")), True)), "no")


BY_SSH = frozenset(("remote-exec", "file", "chef", "habitat", "puppet", "salt-masterless"))  # provisioners that log in
ELSEWAYS = late(r"winrm|private_ip|private_dns|network_ip")


def logins(module: Module, block: Block, tree: Tree) -> str:
    """``by`` what Terraform, from where it runs, logs in to over SSH and a public address; ``no`` where it does not here."""
    if "logs in" not in module.notes:
        there = (each for kind in sorted(module.types) for each in module.resources(kind))
        module.notes["logs in"] = next((f"by {each.address}" for each in there if _logs_in(each)), "no")
    return str(module.notes["logs in"])


def _logs_in(block: Block) -> bool:
    ways = block.body.get("provisioner")
    if not isinstance(ways, dict) or BY_SSH.isdisjoint(ways):
        return False
    return ELSEWAYS.search(f"{block.body.get('connection')} {ways}") is None


FUNCTIONS: Mapping[str, Callable[[Module, Block, Tree], Plain]] = {
    "starters": starters,
    "way-out": way_out,
    "front": front,
    "logins": logins,
}

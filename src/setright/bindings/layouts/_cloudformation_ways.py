"""How what a template starts gets out to the internet, to fetch its images and to join its cluster.

Amazon VPC User Guide, internet gateways, NAT gateways and NAT instances; Amazon ECS Developer Guide, task networking.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from setright.bindings.layouts._cloudformation_index import index, mentions, of_type, spoken_of, tied, typed, users
from setright.bindings.layouts._cloudformation_values import function, properties, referred, resource_type
from setright.model import Plain, Tree

GATE, SUBNET = "AWS::EC2::InternetGateway", "AWS::EC2::Subnet"
OTHERS = [  # what leads out of a network besides, or to what is needed there; a stack inside may have such a thing
    *("AWS::EC2::NatGateway", "AWS::EC2::VPNGateway", "AWS::EC2::VPCPeeringConnection", "AWS::EC2::TransitGatewayAttachment"),
    *("AWS::EC2::TransitGatewayVpcAttachment", "AWS::NetworkFirewall::Firewall", "AWS::CloudFormation::Stack"),
]
STARTED_BY = ("AWS::AutoScaling::AutoScalingGroup", "AWS::EC2::Instance", "AWS::EC2::SpotFleet", "AWS::EC2::EC2Fleet")
TAKERS = (  # what takes the public addresses that its subnet gives, where it does not say otherwise
    *STARTED_BY,
    *("AWS::EKS::Nodegroup", "AWS::Batch::ComputeEnvironment", "AWS::EMR::Cluster", "AWS::ElasticBeanstalk::Environment"),
)
HANDS_ON = ("AWS::CloudFormation::Stack", "AWS::CloudFormation::CustomResource", "Custom::")  # to whom nothing here tells
ADDRESSES = ("AWS::EC2::EIP", "AWS::EC2::EIPAssociation")
SUBNETS = ("SubnetId", "SubnetIds", "Subnets", "VPCZoneIdentifier")
OWN = "AssociatePublicIpAddress"
PUBLIC = re.compile("public|dmz", re.IGNORECASE)
TAKES_ONE = re.compile(r"associate-address|associate_address")


def way_out(template: Tree, name: str, tree: Tree) -> str:
    """``public addresses`` where what is started here reaches the internet by its own, or nobody reaches it; else ``others``."""
    resource = template["Resources"][name]
    if resource_type(resource) == SUBNET:
        takes = _leads_out(template, name) and any(_takes(template, id_) for id_ in users(template, name))
        is_the_way = _has_gate_alone(template) and mentions(template, "Outputs", name)  # for whatever other stacks start there
        return "public addresses" if takes or is_the_way else "others"
    if _is_false(properties(template, name).get("SourceDestCheck")) or TAKES_ONE.search(str(resource)):
        return "public addresses"  # it lets others out, or gives itself an address by asking for one
    if "CreationPolicy" not in resource and any(
        resource_type(template["Resources"][id_]) in ADDRESSES for id_ in users(template, name)
    ):
        return "others"
    where = list(_subnets(template, name))
    if any(_is_public(template, each) for each in where):
        return "public addresses"
    if where and all(referred(each) in typed(template, SUBNET) for each in where):
        return "others"
    return "public addresses" if _has_gate_alone(template) else "others"


def _subnets(template: Tree, name: str) -> Iterator[Plain]:
    """The subnets in which a thing is, or what it describes is started."""
    starting = [id_ for id_ in users(template, name) if resource_type(template["Resources"][id_]) in STARTED_BY]
    for id_ in [name, *starting]:
        yield from _named(properties(template, id_))


def _named(body: Plain) -> Iterator[Plain]:
    if isinstance(body, dict):
        for key, value in body.items():
            if key in SUBNETS:
                yield from value if isinstance(value, list) else [value]
            else:
                yield from _named(value)
    elif isinstance(body, list):
        for each in body:
            yield from _named(each)


def _is_public(template: Tree, subnet: Plain) -> bool:
    """Whether the way out of a subnet is an internet gateway: by its routes, or by its name where they are elsewhere."""
    own = referred(subnet)
    if own in typed(template, SUBNET):
        return _leads_out(template, str(own))
    return PUBLIC.search(function(subnet) or "") is not None


def _leads_out(template: Tree, subnet: str) -> bool:
    """Whether a subnet of the template has a route to an internet gateway, or seems to where its routes are not told."""
    bound = tied(template, "AWS::EC2::SubnetRouteTableAssociation", "SubnetId").to.get(subnet, ())
    tables = [referred(body.get("RouteTableId")) for _, body in bound]
    routes = tied(template, "AWS::EC2::Route", "RouteTableId")
    there = [body for table in tables for _, body in routes.to.get(table or "", ())]
    if there:
        return any("GatewayId" in body and _is_gate(template, body["GatewayId"]) for body in there)
    holds_nat = subnet in tied(template, "AWS::EC2::NatGateway", "SubnetId").to
    return holds_nat or PUBLIC.search(subnet) is not None or _has_gate_alone(template)


def _is_gate(template: Tree, named: Plain) -> bool:
    return resource_type(template["Resources"].get(referred(named) or "")) in ("", GATE)


def _has_gate_alone(template: Tree) -> bool:
    """Whether a template makes an internet gateway, and no other way out."""

    def by_all_there_is() -> bool:
        if not typed(template, GATE) or next(of_type(template, OTHERS), None):
            return False
        if any(body.get("VpcEndpointType") == "Interface" for body in typed(template, "AWS::EC2::VPCEndpoint").values()):
            return False
        return not any(_is_false(body.get("SourceDestCheck")) for body in typed(template, "AWS::EC2::Instance").values())

    return index(template).kept("gate alone", None, by_all_there_is)


def _takes(template: Tree, name: str) -> bool:
    """Whether something may take the addresses of its subnet, as neither it nor what it starts from says whether it does."""
    kind = resource_type(template["Resources"][name])
    if kind.startswith(HANDS_ON):
        return True
    if kind not in TAKERS:
        return False
    return not any(OWN in str(properties(template, id_)) for id_ in [name, *spoken_of(template, name)])


def _is_false(value: Plain) -> bool:
    return str(value).lower() == "false"

"""How what a template starts gets out to the internet, and what its launch template says of it."""

import pytest

from setright import lenses
from setright.bindings.layouts import cloudformation
from setright.bindings.source import Source

GATE = "  Gate: {Type: AWS::EC2::InternetGateway}\n"
NAT = "  Nat: {Type: AWS::EC2::NatGateway}\n"
ROUTES = (
    "  Outer: {Type: AWS::EC2::Subnet, Properties: {MapPublicIpOnLaunch: true}}\n"
    "  Table: {Type: AWS::EC2::RouteTable}\n"
    "  Route: {Type: AWS::EC2::Route, Properties: {RouteTableId: !Ref Table, GatewayId: !Ref Gate}}\n"
    "  Bound: {Type: AWS::EC2::SubnetRouteTableAssociation, Properties: {RouteTableId: !Ref Table, SubnetId: !Ref Outer}}\n"
)
INNER = "  Inner: {Type: AWS::EC2::Subnet}\n"
OWN = "{Properties: {NetworkInterfaces: [{AssociatePublicIpAddress: true, SubnetId: !Ref %s}]}, Type: AWS::EC2::Instance}\n"


def told(type_: str, text: str) -> object:
    given = {"t.yaml": Source("t.yaml", "yaml", lenses.get("yaml", ("Resources:\n" + text).encode()))}
    return cloudformation.view("k", {"type": type_, "evidence": {"way-out": "way-out"}}, given)[0].tree["source"]["way-out"]


@pytest.mark.parametrize(
    "text",
    [
        GATE + NAT + ROUTES + "  Web: " + OWN % "Outer",
        "  Web: " + OWN % "PublicSubnet1",
        GATE + NAT.replace("}", ", Properties: {SubnetId: !Ref Inner}}") + INNER + "  Web: " + OWN % "Inner",
        GATE + "  Web: {Type: AWS::EC2::Instance}\n",
        "  Web: {Type: AWS::EC2::Instance, Properties: {SourceDestCheck: 'false'}}\n",
        "  Web: {Type: AWS::EC2::Instance, Properties: {UserData: aws ec2 associate-address --allocation-id $ID}}\n",
        "  Ip: {Type: AWS::EC2::EIP, Properties: {InstanceId: !Ref Web}}\n  Web: {CreationPolicy: {}, Type: AWS::EC2::Instance, "
        "Properties: {SubnetId: !Ref PublicSubnet}}\n",
    ],
)
def test_who_has_no_other_way_out_keeps_its_address(text: str) -> None:
    assert told("AWS::EC2::Instance", text) == "public addresses"


@pytest.mark.parametrize(
    "text",
    [
        "  Web: " + OWN % "Somewhere",
        GATE + NAT + ROUTES + INNER + "  Web: " + OWN % "Inner",
        GATE + NAT + "  Web: {Type: AWS::EC2::Instance}\n",
        "  Ip: {Type: AWS::EC2::EIP, Properties: {InstanceId: !Ref Web}}\n  Web: " + OWN % "PublicSubnet1",
    ],
)
def test_who_has_another_way_out_or_may_have_one(text: str) -> None:
    assert told("AWS::EC2::Instance", text) == "others"


def test_what_a_group_starts_is_where_the_group_is() -> None:
    group = "  Group:\n    Type: AWS::AutoScaling::AutoScalingGroup\n    Properties:\n      LaunchConfigurationName: !Ref Config\n"
    kind = "AWS::AutoScaling::LaunchConfiguration"
    text = f"  Config: {{Type: {kind}}}\n{group}"
    assert told(kind, text + "      VPCZoneIdentifier: !Ref PublicSubnets\n") == "public addresses"
    assert told(kind, text + "      VPCZoneIdentifier: !Ref Subnets\n") == "others"


def test_a_subnet_gives_addresses_to_those_alone_that_say_nothing_themselves() -> None:
    nodes = "  Nodes: {Type: AWS::EKS::Nodegroup, Properties: {Subnets: [!Ref Outer]}}\n"
    assert told("AWS::EC2::Subnet", ROUTES + GATE + NAT + nodes) == "public addresses"
    assert told("AWS::EC2::Subnet", ROUTES + GATE + NAT + "  Web: " + OWN % "Outer") == "others"


@pytest.mark.parametrize("type_", ["AWS::CloudFormation::Stack", "Custom::Prepare", "AWS::CloudFormation::CustomResource"])
def test_a_subnet_may_give_addresses_to_what_another_stack_starts_there(type_: str) -> None:
    inner = f"  App: {{Type: {type_}, Properties: {{Parameters: {{Subnet: !Ref Outer}}}}}}\n"
    assert told("AWS::EC2::Subnet", ROUTES + GATE + NAT + inner) == "public addresses"


@pytest.mark.parametrize(("type_", "way"), [("Gateway", "public addresses"), ("Interface", "others")])
def test_a_subnet_that_others_take_has_an_endpoint_for_another_way_out_but_no_route_to_a_service(type_: str, way: str) -> None:
    endpoint = f"  S3: {{Type: AWS::EC2::VPCEndpoint, Properties: {{VpcEndpointType: {type_}}}}}\n"
    assert told("AWS::EC2::Subnet", ROUTES + GATE + endpoint + "Outputs: {Subnet: {Value: !Ref Outer}}\n") == way


@pytest.mark.parametrize(
    ("options", "words"), [("{HttpTokens: required}", "told by its launch template"), ("{}", "an image of unknown age")]
)
def test_an_instance_says_of_its_metadata_what_its_launch_template_says(options: str, words: str) -> None:
    text = (
        "Resources:\n  Web: {Type: AWS::EC2::Instance, Properties: {LaunchTemplate: {LaunchTemplateId: !Ref Hard}}}\n"
        f"  Hard: {{Type: AWS::EC2::LaunchTemplate, Properties: {{LaunchTemplateData: {{MetadataOptions: {options}}}}}}}\n"
    )
    given = {"t.yaml": Source("t.yaml", "yaml", lenses.get("yaml", text.encode()))}
    layout = {"type": "AWS::EC2::Instance", "evidence": {"metadata": "metadata"}}
    assert cloudformation.view("k", layout, given)[0].tree["source"] == {"metadata": words}


@pytest.mark.parametrize(
    ("beside", "by"),
    [
        ("  Nodes: {Type: AWS::EKS::Nodegroup, Properties: {LaunchTemplate: {Id: !Ref Hard}}}\n", "by Nodes"),
        ("  Web: {Type: AWS::EC2::Instance, Properties: {LaunchTemplate: !Ref Hard, UserData: docker run app}}\n", "by Web"),
        ("  Web: {Type: AWS::EC2::Instance, Properties: {LaunchTemplate: !Ref Hard, UserData: yum -y update}}\n", "no"),
    ],
)
def test_containers_are_one_hop_further_from_the_metadata(beside: str, by: str) -> None:
    text = "Resources:\n  Hard: {Type: AWS::EC2::LaunchTemplate}\n" + beside
    given = {"t.yaml": Source("t.yaml", "yaml", lenses.get("yaml", text.encode()))}
    layout = {"type": "AWS::EC2::LaunchTemplate", "evidence": {"containers": "containers"}}
    assert cloudformation.view("k", layout, given)[0].tree["source"] == {"containers": by}

"""Which routes can ask who calls."""

import pytest

from setright.bindings.layouts import cloudformation, terraform
from setright.bindings.layouts._gateway_routes import can_ask
from setright.bindings.source import Source
from setright.lenses import get
from setright.model import Plain, Unknown

EVIDENCE: Plain = {"evidence": {"can-ask": "can-ask"}}


@pytest.mark.parametrize(
    ("key", "protocol", "can"),
    [
        ("GET /orders", None, "yes"),
        ("$connect", None, "yes"),
        ("$disconnect", "WEBSOCKET", "no"),
        ("sendmessage", None, "no"),
        ("$default", "HTTP", "yes"),
        ("$default", "WEBSOCKET", "no"),
    ],
)
def test_a_route_can_ask_as_its_kind_of_api_lets_it(key: Plain, protocol: Plain, can: str) -> None:
    assert can_ask(key, protocol) == can


@pytest.mark.parametrize(("key", "protocol"), [("$default", None), ("$default", Unknown("var.p")), (Unknown("var.k"), "HTTP")])
def test_what_kind_of_api_it_is_may_not_be_told(key: Plain, protocol: Plain) -> None:
    assert isinstance(can_ask(key, protocol), Unknown)


def seen(lens: str, text: str) -> Plain:
    layouts = {"hcl": (terraform, "aws_apigatewayv2_route"), "yaml": (cloudformation, "AWS::ApiGatewayV2::Route")}
    layout, kind = layouts[lens]
    given = {"a": Source("a", lens, get(lens, text.encode()))}
    return layout.view("k", {"type": kind, **EVIDENCE}, given)[0].tree["source"]["can-ask"]


def test_the_api_is_found_where_a_route_names_it() -> None:
    assert seen("yaml", "Resources:\n  A: {Type: AWS::Serverless::HttpApi}\n" + ROUTE.format("!Ref A")) == "yes"
    assert isinstance(seen("yaml", "Resources:\n" + ROUTE.format("!ImportValue A")), Unknown)
    assert seen("hcl", API + HCL_ROUTE.format("aws_apigatewayv2_api.a.id")) == "no"
    assert isinstance(seen("hcl", API + HCL_ROUTE.format("var.api")), Unknown)


def test_a_stage_tells_what_its_api_speaks() -> None:
    layout: dict[str, Plain] = {
        "type": "AWS::ApiGatewayV2::Stage",
        "serverless": {"type": "AWS::Serverless::HttpApi"},
        "evidence": {"speaks": "speaks"},
    }
    text = "Resources:\n  A: {Type: AWS::Serverless::HttpApi}\n"
    text += "  B: {Type: AWS::ApiGatewayV2::Api, Properties: {ProtocolType: WEBSOCKET}}\n"
    text += "".join(
        f"  S{i}: {{Type: AWS::ApiGatewayV2::Stage, Properties: {{ApiId: !Ref {api}}}}}\n" for i, api in enumerate("BC")
    )
    given = {"a": Source("a", "yaml", get("yaml", text.encode()))}
    told = {each.name: each.tree["source"]["speaks"] for each in cloudformation.view("k", layout, given)}
    assert (told["A"], told["S0"], told["S1"]) == ("HTTP", "WEBSOCKET", "one or the other, as its API is elsewhere")


ROUTE = "  R:\n    Type: AWS::ApiGatewayV2::Route\n    Properties: {{ApiId: {}, RouteKey: $default}}\n"
API = 'resource "aws_apigatewayv2_api" "a" {\n  protocol_type = "WEBSOCKET"\n}\n'
HCL_ROUTE = 'resource "aws_apigatewayv2_route" "r" {{\n  api_id    = {}\n  route_key = "$default"\n}}\n'

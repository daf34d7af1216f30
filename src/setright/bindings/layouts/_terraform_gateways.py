"""Which routes of an API in Terraform can ask who calls.

Terraform Registry, aws_apigatewayv2_api and aws_apigatewayv2_route.
"""

from __future__ import annotations

from setright.bindings.layouts import _gateway_routes
from setright.bindings.layouts._terraform_find import refers
from setright.bindings.layouts._terraform_module import Block, Module
from setright.model import Plain, Tree, Unknown


def can_ask(module: Module, block: Block, tree: Tree) -> Plain:
    """Whether a route can ask who calls."""
    return _gateway_routes.can_ask(tree.get("RouteKey"), _protocol(module, block))


def api_protocol(module: Module, block: Block, tree: Tree) -> Plain:
    """What the API of a stage speaks: ``HTTP`` or ``WEBSOCKET``, where this module tells."""
    return _gateway_routes.api_protocol(_protocol(module, block))


def _protocol(module: Module, block: Block) -> Plain:
    tie = module.resolved(block.body.get("api_id"))
    apis = module.resources("aws_apigatewayv2_api") if isinstance(tie, Unknown) else []
    protocols = [module.resolved(api.body.get("protocol_type")) for api in apis if refers(tie.text, api.address)]
    return protocols[0] if protocols else None

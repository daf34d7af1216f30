"""Which routes of an API can ask who calls: all of an HTTP API, of a WebSocket API only the one that connects.

Amazon API Gateway Developer Guide, control access to HTTP APIs and to WebSocket APIs.
"""

from __future__ import annotations

from setright.model import Plain, Unknown


def can_ask(key: Plain, protocol: Plain) -> Plain:
    """``yes`` or ``no``, or an Unknown; `protocol` is the API's, None where the API is elsewhere."""
    if not isinstance(key, str):
        return key if isinstance(key, Unknown) else Unknown("the key of the route")
    if key == "$connect" or " " in key:
        return "yes"
    if key != "$default":
        return "no"
    if not isinstance(protocol, str):
        return Unknown("whether its API speaks HTTP or WebSocket")
    return "yes" if protocol == "HTTP" else "no"


def api_protocol(protocol: Plain) -> str:
    """The protocol of a stage's API, or that nothing here tells it."""
    return protocol if isinstance(protocol, str) else "one or the other, as its API is elsewhere"

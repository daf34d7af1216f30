"""What `setright integrations` says of ticket systems: how each is doing, and whether there can be tickets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setright.cli.failure import UNREACHED, Failure

if TYPE_CHECKING:
    from setright.app import App
    from setright.cli.options import Shown
    from setright.model import Plain


def ticket_systems(app: App) -> list[dict[str, Plain]]:
    """Those of the configuration; `error` is what the last sync could not do, of one ticket."""
    from setright.engine.channels import ticket_routes

    routes = ticket_routes(app.configuration.integrations)
    kept = app.store.tickets() if routes else []
    told: list[dict[str, Plain]] = []
    for name, route in sorted(routes.items()):
        ours = [each for each in kept if each.channel == name]
        told.append(
            {
                "channel": name,
                "type": "off" if route.off else route.type,
                "tickets": sum(bool(each.id) for each in ours),
                "open": sum(each.state == "open" for each in ours),
                "error": next((each.error for each in ours if each.error), ""),
            }
        )
    return told


def is_ticket_system(app: App, name: str) -> bool:
    from setright.engine.channels import ticket_routes

    return name in ticket_routes(app.configuration.integrations)


def test_tickets(app: App, name: str, show: Shown) -> None:
    """Reads who we are there, and each place for tickets. Raises Failure where there can be none in one of them."""
    from setright.cli.output import emit, json_text
    from setright.engine.channels import ticket_system
    from setright.engine.contract import SCHEMA

    access = ticket_system(name, app.configuration.integrations[name], dry=True).access()
    if show.format == "json":
        places: list[Plain] = [{"place": place, "error": error} for place, error in access.places.items()]
        taken = not any(access.places.values())
        emit(json_text({"schema": SCHEMA, "channel": name, "taken": taken, "account": access.account, "places": places}), show)
    else:
        lines = [f"{name}: we are {access.account}; nothing was changed"]
        emit("\n".join([*lines, *(f"{place}: {error or 'can be seen'}" for place, error in access.places.items())]), show)
    if any(access.places.values()):
        raise Failure("there can be no tickets in every place", UNREACHED)

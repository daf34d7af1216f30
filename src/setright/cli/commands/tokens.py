"""`setright tokens`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from setright.cli.failure import Failure
from setright.cli.options import Shown, shown

if TYPE_CHECKING:
    from setright.engine.store import BearerToken
    from setright.model import Plain

ACTIONS = ("scan", "plan", "approve", "apply", "rollback", "except")


@click.group("tokens")
def command() -> None:
    """Tokens for other programs that call the API of `setright serve`: make, list, revoke.

    \b
    Example:
      setright tokens new --actor soar --allow scan --allow plan
    """


@command.command("new")
@click.option("--actor", required=True, metavar="NAME", help="For whom it acts: the ledger says this name.")
@click.option("--allow", multiple=True, required=True, type=click.Choice(ACTIONS), help="What it may ask for; may be repeated.")
@click.option("--target", "targets", multiple=True, metavar="TARGET", help="Only of these (names, URLs or globs).  [default: all]")
@click.option("--days", default=90, show_default=True, type=click.IntRange(1, 366), metavar="N", help="How long it holds.")
@shown("table", "json")
def new(actor: str, allow: tuple[str, ...], targets: tuple[str, ...], days: int, show: Shown) -> None:
    """Make a token and show it, this once: only its hash is kept.

    It acts for its actor, within policy: it can make nothing run that lacks an approval, and can never agree to what
    its actor asked for.

    \b
    Example:
      setright tokens new --actor soar --allow scan --allow plan --allow apply --target 'web-*' --days 30
    """
    from setright.cli.output import emit, hint, json_text
    from setright.engine.bearers import new_token
    from setright.engine.contract import SCHEMA
    from setright.engine.times import now

    app = show.open()
    made, text = new_token(actor, allow, targets, days, (app.ledger.actor, now()))
    app.ledger.append("token made", _told(made))
    app.store.add_token(made)
    if show.format == "json":
        emit(json_text({"schema": SCHEMA, **_told(made), "token": text}), show)
        return
    emit(text, show)
    hint(f"Token {made.id} of {actor}, until {made.expires_at[:10]}; it is not shown again", show)


@command.command("list")
@shown("table", "json")
def list_(show: Shown) -> None:
    """List the tokens that were made, the newest first; what they are is not shown.

    \b
    Example:
      setright tokens list
    """
    from setright.cli.output import emit, json_text, paper
    from setright.cli.screens.tables import table
    from setright.engine.contract import SCHEMA

    kept = show.open().store.api_tokens()
    if show.format == "json":
        emit(json_text({"schema": SCHEMA, "tokens": [_told(each) for each in kept]}), show)
        return
    rows = [
        (
            each.id,
            each.actor,
            ", ".join(each.actions),
            ", ".join(each.targets) or "all",
            _state(each),
            (each.used_at or "never")[:16].replace("T", " "),
        )
        for each in kept
    ]
    with paper(show) as console:
        console.print(table(("token", "actor", "may", "of", "holds", "last used"), rows) if rows else "no tokens were made")


@command.command("revoke")
@click.argument("id_", metavar="ID")
@shown("table", "json")
def revoke(id_: str, show: Shown) -> None:
    """Let a token hold no more, from now on.

    \b
    Example:
      setright tokens revoke 1f0c9a2b
    """
    from setright.cli.output import emit, json_text
    from setright.engine.contract import SCHEMA
    from setright.engine.times import now

    app = show.open()
    if not app.store.revoke_token(id_, now()):
        raise Failure(f"{id_}: no token that holds; `setright tokens list` shows them")
    app.ledger.append("token revoked", {"token": id_})
    said = {"schema": SCHEMA, "token": id_, "revoked": True}
    emit(json_text(said) if show.format == "json" else f"{id_} is revoked", show)


def _state(token: BearerToken) -> str:
    return f"revoked {token.revoked_at[:10]}" if token.revoked_at else f"until {token.expires_at[:10]}"


def _told(token: BearerToken) -> dict[str, Plain]:
    return {
        "id": token.id,
        "actor": token.actor,
        "actions": list(token.actions),
        "targets": list(token.targets),
        "made_by": token.made_by,
        "made_at": token.made_at,
        "expires_at": token.expires_at,
        "revoked_at": token.revoked_at,
        "used_at": token.used_at,
    }

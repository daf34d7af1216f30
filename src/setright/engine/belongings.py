"""What a scan needs to know of people, and what it leaves for them: whose each finding is, and what hangs on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING

from setright.engine.configuration import Configuration, Lists
from setright.engine.decision import Weighed
from setright.engine.error import EngineError
from setright.engine.organisation import OutsideKnowledge, unreached
from setright.engine.scan import REACHED
from setright.engine.times import now
from setright.model import Plain
from setright.policy.estate import Subject
from setright.policy.exceptions import latest
from setright.policy.exploit import Exploits
from setright.policy.owners import Returns
from setright.surfaces.base import Surface, SurfaceError

if TYPE_CHECKING:
    from setright.engine.store import Standing, Store


def background(configuration: Configuration, store: Callable[[], Store], surface: Surface) -> OutsideKnowledge:
    """A store that cannot be opened has had nothing sent or taken back. Raises EngineError for a list of exploits that is none."""
    returns, reverts = Returns(), dict[str, int]()
    with suppress(EngineError):
        returns, reverts = store().returns(now()), store().reverts()
    if configuration.risk == Lists():
        return OutsideKnowledge(returns, Exploits(), _reached(surface), reverts)
    from setright.engine.exploits import load_exploits

    return OutsideKnowledge(returns, load_exploits(configuration.risk), _reached(surface), reverts)


def _reached(surface: Surface) -> Callable[[], str]:
    """Why the Internet reaches the host that a surface is open to; asked once, and only where it matters."""
    if "linux" not in surface.families:
        return unreached

    @cache
    def reached() -> str:
        try:
            answer = surface.ask([REACHED])[REACHED]
        except SurfaceError:
            return ""
        return answer.text if answer.holds else ""

    return reached


def standings(weighed: Mapping[str, Weighed]) -> Iterator[Standing]:
    """What of a scan's findings is kept beside them."""
    from setright.engine.store import Standing

    for finding, known in weighed.items():
        owner, subject = known.owner, known.subject
        yield Standing(
            finding,
            owner.owner,
            owner.confidence,
            tuple((each.owner, each.signal, each.where) for each in (*owner.evidence, *owner.others)),
            subject.organisations,
            known.leaving.score,
            known.leaving.why,
            known.changing.score if known.changing else None,
            known.lane,
            known.reason,
        )


def whose(weighed: Mapping[str, Weighed], finding: str) -> dict[str, Plain]:
    """What lists of findings are asked by, as the store keeps it; empty where a finding was not weighed."""
    known = weighed.get(finding)
    organisations = known.subject.organisations if known else ()
    return {
        "owner": known.owner.owner if known else "",
        "organisation": organisations[0] if organisations else "",
        "lane": known.lane if known else "",
    }


def left_open(store: Store, circumstances: Callable[[str], Subject], at: datetime) -> Iterator[str]:
    """The findings that an exception leaves open now; one made in other circumstances does not. `circumstances` of a finding."""
    for finding, made in latest(store.exceptions(), at).items():
        if made.holds(at) and not made.void(circumstances(finding)):
            yield finding

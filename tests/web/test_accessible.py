"""No page has a fault that axe-core finds, light or dark, wide or narrow. SETRIGHT_AXE names its axe.min.js (npm, MPL-2.0)."""

import os
from pathlib import Path

import pytest

from setright.engine import links
from tests.web.browser import DRIVER, Browser, browser
from tests.web.conftest import Place

AXE = os.environ.get("SETRIGHT_AXE", "")
pytestmark = pytest.mark.skipif(not (DRIVER and AXE), reason="no chromedriver here, or SETRIGHT_AXE names no axe-core")
FAULTS = "const done = arguments[0]; axe.run().then(told => done(told.violations.map(v => v.id + ' ' + v.nodes[0].html)))"
WIDER = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"


def devtools(window: Browser, cmd: str, **params: object) -> None:
    window.call("POST", "/goog/cdp/execute", cmd=cmd, params=params)


def faults(window: Browser, url: str) -> list[str]:
    """What axe finds of a page in both schemes and widths, and where it is wider than its window."""
    window.open(url)
    window.run("document.querySelectorAll('details').forEach(each => each.open = true)")
    devtools(window, "Runtime.evaluate", expression=Path(AXE).read_text())
    found = []
    for scheme, width in (("light", 1200), ("dark", 360)):
        devtools(window, "Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        devtools(window, "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        found += [f"{scheme} {width}: {each}" for each in window.call("POST", "/execute/async", script=FAULTS, args=[])]
        found += [f"{width}: is wider than its window"] if window.run(WIDER) > 0 else []
    return found


def test_every_page_suits_those_who_see_little_or_use_no_mouse(place: Place):
    used = place.link("Ann")
    place.answer(used, "later", reason="the sale")
    place.program("report", "--format", "html", "-o", "report.html")
    report = (place.program.tree / "report.html").as_uri()
    ticket = f"{place.url}/plans/{links.plan_word(place.plan.hash, place.app.asking.key)}"
    with browser() as window:
        for url in (place.link("Ann"), ticket, used, f"{place.url}/nothing", report):
            assert faults(window, url) == [], url

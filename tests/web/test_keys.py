"""What keys do on the page that asks for a yes, in a real browser: only the button that says Approve approves."""

import pytest

from tests.web.browser import DRIVER, ENTER, browser

pytestmark = pytest.mark.skipif(not DRIVER, reason="no chromedriver here")


@pytest.fixture(scope="module")
def window():
    with browser() as opened:
        yield opened


@pytest.mark.parametrize("field", ["[name=reason]", "[name=to]"])
def test_enter_in_a_field_of_the_no_never_says_yes(place, window, field):
    window.open(place.link("Ann"))
    window.press("summary")
    window.type(field, ENTER)
    window.open(place.link("Ann"))
    assert "Approve" in window.text() and "needs 1 approval" in place.lacks()


def test_the_buttons_say_what_they_send(place, window):
    window.open(place.link("Ann"))
    window.press("summary")
    window.type("[name=reason]", "the sale" + ENTER + "lasts until May")
    window.send("[value=later]")
    assert "Not now" in window.text() and "needs 1 approval" in place.lacks()
    (no,) = [each["body"] for each in place.events() if each["event"] == "declined"]
    assert " ".join(no["reason"].split()) == "the sale lasts until May"
    window.open(place.link("Ann"))
    window.send("[value=approve]")
    assert "Your yes is recorded" in window.text() and place.lacks() == ""

"""The sentence of a decision stays readable wherever secrets are taken out of text."""

from setright.engine.redact import redact_text
from setright.model import Answer, Effect
from setright.policy.decide import decide


def test_what_is_known_of_a_fear_is_not_taken_for_a_password():
    for holds in (True, None, False):
        seen = Answer(holds, "7 password logins seen", "wtmp")
        reason = decide([("people or jobs log in with a password", "password-logins", seen)], Effect()).reason
        assert "7 password logins seen" in redact_text(reason)

"""What is special about Postfix's master.cf."""

import pytest

from setright.lenses import LensError, put
from setright.lenses.postfix_master import get
from setright.model import Edit
from tests.lenses.laws import hold

MASTER = b"""# ====
smtp      inet  n       -       y       -       -       smtpd
submission inet n       -       y       -       -       smtpd
  -o syslog_name=postfix/submission
#  -o smtpd_tls_security_level=encrypt
  -o smtpd_sasl_auth_enable=yes
  -o { smtpd_relay_restrictions = permit_sasl_authenticated, reject }
pickup    unix  n       -       y       60      1       pickup
127.0.0.1:10025 inet n - n - - smtpd -v -o mynetworks=127.0.0.0/8,10.0.0.0/8 -o relay_domains=
maildrop  unix  -       n       n       -       -       pipe
  flags=DRXhu user=vmail argv=/usr/bin/maildrop -d ${recipient}
"""


def test_services_that_take_mail_tell_what_they_set_for_themselves() -> None:
    assert get(MASTER) == {
        "submission": {
            "()": ["inet"],
            "syslog_name": ["postfix/submission"],
            "smtpd_sasl_auth_enable": ["yes"],
            "smtpd_relay_restrictions": ["permit_sasl_authenticated", "reject"],
        },
        "127.0.0.1:10025": {
            "()": ["inet"],
            "inet_interfaces": ["127.0.0.1"],
            "mynetworks": ["127.0.0.0/8", "10.0.0.0/8"],
            "relay_domains": [],
        },
    }


@pytest.mark.parametrize(
    ("edit", "old", "new"),
    [
        (Edit(("submission", "smtpd_sasl_auth_enable"), ["no"]), b"enable=yes", b"enable=no"),
        (Edit(("127.0.0.1:10025", "mynetworks"), ["127.0.0.0/8"]), b"/8,10.0.0.0/8", b"/8"),
        (
            Edit(("submission", "smtpd_relay_restrictions"), ["permit_mynetworks", "reject"]),
            b"permit_sasl_auth",
            b"permit_mynetworks",
        ),
    ],
)
def test_only_the_value_of_an_option_changes(edit: Edit, old: bytes, new: bytes) -> None:
    after = put("postfix-master", MASTER, [edit])
    assert get(after)[str(edit.path[0])][str(edit.path[1])] == edit.value
    assert after.startswith(MASTER[: MASTER.index(old)]) and len(after.splitlines()) == len(MASTER.splitlines())


@pytest.mark.parametrize(
    "edit",
    [
        Edit(("submission", "mynetworks"), ["127.0.0.0/8"]),
        Edit(("submission", "smtpd_sasl_auth_enable"), remove=True),
        Edit(("127.0.0.1:10025", "inet_interfaces"), ["loopback-only"]),
        Edit(("127.0.0.1:10025", "relay_domains"), ["a"]),
        Edit(("smtp", "mynetworks"), ["127.0.0.0/8"]),
    ],
)
def test_options_are_added_and_removed_by_people(edit: Edit) -> None:
    with pytest.raises(LensError, match="by hand"):
        put("postfix-master", MASTER, [edit])
    assert not hold("postfix-master", MASTER, edit)


@pytest.mark.parametrize(
    "source", [b"  -o a=b\n", b"smtp inet n smtpd\n", b"smtp inet n - y - - smtpd -o { a\n", b"x inet n - y - - smtpd -o a\n"]
)
def test_what_postfix_would_not_read_is_refused(source: bytes) -> None:
    with pytest.raises(LensError):
        get(source)

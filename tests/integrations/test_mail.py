"""Letters reach a real mail server whole: text, HTML and the picture inside; what it refuses for good is told apart."""

import base64
import email
import socket
from email import policy

import pytest
from aiosmtpd.controller import Controller

from setright.engine.picture import Bar, bars
from setright.integrations.error import IntegrationError
from setright.integrations.mail import Options, open_channel
from setright.integrations.message import Message, Refused

AT = "2026-01-02T03:04:05.000000Z"
PICTURE = bars([Bar("1", (("high", 3), ("low", 1))), Bar("2", ()), Bar("3", (("critical", 1),))])


class Letters:
    """What the server took; addresses at `gone` are refused for good, at `busy` for now."""

    def __init__(self):
        self.taken = []

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.endswith("@gone.example"):
            return "550 no such user"
        if address.endswith("@busy.example"):
            return "451 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.taken.append((envelope.rcpt_tos, email.message_from_bytes(envelope.content, policy=policy.default)))
        return "250 taken"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


@pytest.fixture
def letters():
    handler = Letters()
    port = free_port()
    server = Controller(handler, hostname="127.0.0.1", port=port)
    server.start()
    handler.options = Options("127.0.0.1", "setright@example.com", port, "none")
    yield handler
    server.stop()


def letter(*to, **more):
    body = {"to": list(to), "subject": "Overdue: x", "text": "plain\n", "html": "<b>rich</b><img src='cid:picture'>"}
    pictures = {"picture": base64.b64encode(PICTURE).decode()}
    return Message("m1", "mail", "item", "message.overdue", AT, body | {"pictures": pictures} | more)


def test_a_letter_has_its_text_its_html_and_its_picture(letters):
    open_channel(letters.options).send([letter("ann@example.com", "bob@example.com")])
    ((to, told),) = letters.taken
    assert to == ["ann@example.com", "bob@example.com"]
    assert told["Message-ID"] == "<m1@example.com>" and told["Auto-Submitted"] == "auto-generated"
    assert told.get_content_type() == "multipart/alternative"
    assert told.get_body(("plain",)).get_content().strip() == "plain" and "rich" in told.get_body(("html",)).get_content()
    (picture,) = [part for part in told.walk() if part.get_content_type() == "image/png"]
    assert picture["Content-ID"] == "<picture>" and picture.get_content() == PICTURE


def test_no_line_of_a_subject_becomes_a_header(letters):
    open_channel(letters.options).send([letter("ann@example.com", subject="x\r\nBcc: eve@example.com")])
    ((to, told),) = letters.taken
    assert to == ["ann@example.com"] and told["Bcc"] is None and told["Subject"] == "x Bcc: eve@example.com"


def test_what_is_refused_for_good_is_told_apart_from_what_may_be_tried_again(letters):
    mail = open_channel(letters.options)
    with pytest.raises(Refused, match="no such user"):
        mail.send([letter("x@gone.example")])
    with pytest.raises(Refused, match="addressed to nobody"):
        mail.send([letter()])
    with pytest.raises(IntegrationError) as told:
        mail.send([letter("x@busy.example")])
    assert not isinstance(told.value, Refused)
    assert letters.taken == []


def test_a_server_that_is_not_there_is_worth_another_try(letters):
    from msgspec.structs import replace

    with pytest.raises(IntegrationError) as told:
        open_channel(replace(letters.options, port=1)).send([letter("ann@example.com")])
    assert not isinstance(told.value, Refused) and "127.0.0.1:1" in str(told.value)


def test_what_happened_is_told_in_plain_words_to_whoever_the_channel_names(letters):
    from msgspec.structs import replace

    body = {"title": "Root cannot log in", "severity": "high", "happens": "Guesses go on.", "do": ["Run: setright fix ."]}
    event = Message("e1", "mail", "f1", "finding.opened", AT, body)
    open_channel(replace(letters.options, to=("sec@example.com",))).send([event])
    ((to, told),) = letters.taken
    assert (to, told["Subject"]) == (["sec@example.com"], "To put right (high): Root cannot log in")
    said = told.get_content().replace("\r\n", "\n")
    assert said == "What could happen: Guesses go on.\nWhat to do:\n1. Run: setright fix .\n"


def test_letters_go_in_the_clear_on_this_host_only():
    with pytest.raises(IntegrationError, match="over TLS"):
        open_channel(Options("mail.example.com", "a@b", security="none"))


def test_the_picture_is_one():
    assert PICTURE.startswith(b"\x89PNG\r\n\x1a\n") and PICTURE.endswith(b"IEND\xaeB`\x82")

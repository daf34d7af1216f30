"""A host that listens on a public address is reached from the Internet; nothing proves that one is not."""

import pytest

from setright.surfaces.linux.evidence import Evidence
from setright.surfaces.linux.facts import asks_of
from setright.surfaces.linux.facts.reached_from_the_internet import ADDRESSES, LISTENING, answer
from setright.surfaces.linux.transport import Reply

PRIVATE = "1: lo    inet 127.0.0.1/8 scope host lo\n2: eth0    inet 10.0.0.5/24 brd 10.0.0.255 scope global eth0\n"
PUBLIC = PRIVATE + "3: eth1    inet 93.184.216.34/24 scope global eth1\n4: eth2    inet6 2606:2800:220:1::1/64 scope global\n"


def told(listening: str, addresses: str):
    return answer("", Evidence({ask: [Reply("", text.encode())] for ask, text in ((LISTENING, listening), (ADDRESSES, addresses))}))


@pytest.mark.parametrize(
    ("listening", "addresses", "holds"),
    [
        ("LISTEN 0 128 0.0.0.0:22 0.0.0.0:*\n", PUBLIC, True),
        ("LISTEN 0 128 [::]:22 [::]:*\n", PUBLIC, True),
        ("LISTEN 0 128 93.184.216.34:443 0.0.0.0:*\n", PUBLIC, True),
        ("LISTEN 0 128 [2606:2800:220:1::1]:443 [::]:*\n", PUBLIC, True),
        ("LISTEN 0 128 10.0.0.5:443 0.0.0.0:*\nLISTEN 0 5 127.0.0.1:25 0.0.0.0:*\n", PUBLIC, None),
        ("LISTEN 0 128 0.0.0.0:22 0.0.0.0:*\n", PRIVATE, None),
        ("LISTEN 0 128 127.0.0.53%lo:53 0.0.0.0:*\n", PUBLIC, None),
        ("", "", None),
        ("rubbish\nLISTEN 0\n", "rubbish\n5: x inet nonsense/8\n", None),
    ],
)
def test_only_a_public_listener_tells(listening, addresses, holds):
    assert told(listening, addresses).holds is holds


def test_the_ports_are_named():
    assert told("LISTEN 0 1 *:443 *:*\nLISTEN 0 1 *:22 *:*\n", PUBLIC).text.startswith(
        "listens on 2 ports (22, 443) of the public address"
    )


def test_it_is_asked_by_its_name():
    assert asks_of("linux/reached-from-the-internet")

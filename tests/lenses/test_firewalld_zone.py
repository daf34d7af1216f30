"""What is special about zones of firewalld."""

import pytest

from setright.lenses import LensError, get, put
from setright.lenses.firewalld_zone import EMPTY
from setright.model import Edit
from tests.lenses.laws import hold

STOCK = b"""<?xml version="1.0" encoding="utf-8"?>
<zone target="ACCEPT">
  <short>Public</short>
  <!-- ours -->
  <service name="ssh"/>
  <service name="dhcpv6-client"/>
  <port port="8080" protocol="tcp"/>
  <masquerade/>
  <rule family="ipv4">
    <source address="127.0.0.1"/>
    <drop/>
  </rule>
  <forward/>
</zone>
"""


@pytest.mark.parametrize(
    "source",
    [
        STOCK,
        EMPTY,
        b"<zone/>",
        b"<zone ></zone>",
        b"<zone\ttarget = 'DROP'\n><service name='a'></service></zone>",
        STOCK.replace(b"\n", b"\r\n"),
    ],
)
@pytest.mark.parametrize(
    "edit",
    [
        Edit(("target",), "%%REJECT%%"),
        Edit(("target",), remove=True),
        Edit(("masquerade",), True),
        Edit(("masquerade",), remove=True),
        Edit(("services", 1), remove=True),
        Edit(("ports", 0), {"port": "1-2/udp"}),
    ],
)
def test_the_laws_hold(source: bytes, edit: Edit) -> None:
    assert hold("firewalld-zone", source, edit)


def test_what_is_known_and_what_is_kept_as_it_stands() -> None:
    assert get("firewalld-zone", STOCK) == {
        "target": "ACCEPT", "short": "Public", "services": [{"name": "ssh"}, {"name": "dhcpv6-client"}],
        "ports": [{"port": "8080/tcp"}],
        "interfaces": [], "sources": [], "masquerade": True, "forward": True,
        "others": ['<rule family="ipv4">\n    <source address="127.0.0.1"/>\n    <drop/>\n  </rule>'],
    }  # fmt: skip


def test_each_edit_moves_its_own_line_alone() -> None:
    edits = [Edit(("target",), remove=True), Edit(("services", 1), remove=True), Edit(("ports", 1), {"port": "443/tcp"})]
    assert put("firewalld-zone", STOCK, edits) == STOCK.replace(b' target="ACCEPT"', b"").replace(
        b'  <service name="dhcpv6-client"/>\n', b""
    ).replace(b'"tcp"/>\n', b'"tcp"/>\n  <port port="443" protocol="tcp"/>\n')


def test_a_zone_that_is_made_reads_like_one_of_firewalld_s_own() -> None:
    edits = [
        Edit(("target",), "DROP"),
        Edit(("short",), "A & B"),
        Edit(("services",), [{"name": "ssh"}, {"name": "http"}]),
        Edit(("forward",), True),
    ]
    assert put("firewalld-zone", EMPTY, edits).decode() == (
        '<?xml version="1.0" encoding="utf-8"?>\n<zone target="DROP">\n  <short>A &amp; B</short>\n'
        '  <service name="ssh"/>\n  <service name="http"/>\n  <forward/>\n</zone>\n'
    )


@pytest.mark.parametrize(
    ("source", "why"),
    [
        (b"", "is no XML"), (b"<service/>", "not a zone"), (b"<zone>", "is no XML"), (b"\xff<zone/>", "is no XML"),
        (b'<!DOCTYPE zone [<!ENTITY a "b">]><zone>&a;</zone>', "document type"),
        (b"<?xml version='1.0' encoding='utf-16'?><zone/>", "is"),
        (b"<?xml version='1.0' encoding='iso-8859-1'?><zone/>", "save it as UTF-8"),
        (b"<zone><forward/><forward/></zone>", "keep one"),
    ],
)  # fmt: skip
def test_what_is_no_plain_zone_is_refused(source: bytes, why: str) -> None:
    with pytest.raises(LensError, match=why):
        get("firewalld-zone", source)

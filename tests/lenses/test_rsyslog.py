"""rsyslog.conf: odd files and the laws."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from setright import lenses
from setright.lenses import LensError, rsyslog
from setright.model import Edit
from tests.sampling import examples

from .laws import comments, hold

TEXT = b"""module(load="imuxsock") # local
$ModLoad imtcp
$InputTCPServerRun 514
input(type="imudp" port="514")
input(type="imfile" file="/x")
$FileCreateMode 0640
$filecreatemode 0600
*.* /var/log/syslog
"""


def test_directives_modules_and_what_listens_are_told() -> None:
    assert rsyslog.get(TEXT) == {
        "directives": {"FileCreateMode": "0600"},
        "modules": ["imuxsock", "imtcp"],
        "listens": ["imtcp", "imudp"],
        "records": ["/var/log/syslog"],
    }


def test_what_listens_goes_and_files_that_are_read_stay() -> None:
    after = lenses.put("rsyslog", TEXT, [Edit(("listens",), remove=True)])
    assert after == TEXT.replace(b"$InputTCPServerRun 514\n", b"").replace(b'input(type="imudp" port="514")\n', b"")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"$FileCreateMode 0644 # x\n", b"$FileCreateMode 0640 # x\n"),
        (b"# a\n$Umask 0022\n*.* -/x\n", b"# a\n$FileCreateMode 0640\n$Umask 0022\n*.* -/x\n"),
        (b"", b"$FileCreateMode 0640\n"),
    ],
)
def test_one_directive_changes(before: bytes, after: bytes) -> None:
    assert lenses.put("rsyslog", before, [Edit(("directives", "FileCreateMode"), "0640")]) == after


@pytest.mark.parametrize("text", [b'module(load="imtcp"\n  x="y"\n', b'module(load="imtcp"\n x="y") input(', b"input(\n)\n"])
def test_a_statement_that_cannot_be_followed_is_refused_by_line(text: bytes) -> None:
    with pytest.raises(LensError, match="line 2"):
        rsyslog.get(b"# x\n" + text)


LINES = st.sampled_from(
    [
        "$FileCreateMode 0644",
        "$Umask 0022 # x",
        'module(load="imtcp")',
        'input(type="imtcp" port="1")',
        "$UDPServerRun 5",
        "# $Umask 1",
        "*.* /x",
        "",
        "é",
    ]
)
FILES = st.builds(
    lambda ls, nl, end: (nl.join(ls) + (nl if end else "")).encode(),
    st.lists(LINES, max_size=7),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
EDITS = st.sampled_from(
    [
        Edit(("directives", "FileCreateMode"), "0640"),
        Edit(("directives", "Umask"), remove=True),
        Edit(("listens",), remove=True),
        Edit(("modules",), []),
        Edit(("directives", "New"), "a b"),
    ]
)


@given(FILES, EDITS)
@settings(max_examples=examples(500), deadline=None)
def test_the_laws_hold(source: bytes, edit: Edit) -> None:
    if hold("rsyslog", source, edit):
        assert comments(lenses.put("rsyslog", source, [edit])) == comments(source)


@given(st.binary(max_size=60), EDITS)
@settings(max_examples=examples(300), deadline=None)
def test_nothing_but_a_lens_error_comes_out_of_hostile_bytes(source: bytes, edit: Edit) -> None:
    hold("rsyslog", source, edit)


RULES = b"""# auth.*  /var/log/none
auth,authpriv.*    /var/log/auth.log
*.*;auth.none      -/var/log/syslog
mail.err @@[2001:db8::1]:6514
:msg, contains, "x" /var/log/x.log
& stop
*.* action(type="omfwd" target="logs"
   port="514")
#*.* action(type="omrelp" target="logs")
$template T,"*.* @@no"
"""


def test_where_rules_put_things_is_told_and_comments_are_not() -> None:
    tree = lenses.get("rsyslog", RULES)
    assert tree["records"] == ["/var/log/auth.log", "/var/log/syslog", "/var/log/x.log"]
    assert tree["sends"] == ["@@[2001:db8::1]:6514", "omfwd"]


RED_HAT = b"""global(workDirectory="/var/lib/rsyslog")
module(load="builtin:omfile" Template="RSYSLOG_TraditionalFileFormat")
include(file="/etc/rsyslog.d/*.conf" mode="optional")
module(load="imuxsock"    # provides support for local logging (load="not-this")
       SysSock.Use="off") # Turn off message reception via local log socket;
                          # local messages are retrieved through imjournal now.
module(load="imjournal"
       StateFile="imjournal.state") # File to store the position in the journal
input(type="imtcp"
      port="514")
authpriv.*                                              /var/log/secure
*.emerg                                                 :omusrmsg:*
"""


def test_statements_over_several_lines_are_followed_as_red_hat_s_own_has_them():
    tree = rsyslog.get(RED_HAT)
    assert (tree["modules"], tree["listens"]) == (["builtin:omfile", "imuxsock", "imjournal"], ["imtcp"])
    assert tree["records"] == ["/var/log/secure"]
    gone = lenses.put("rsyslog", RED_HAT, [Edit(("listens",), remove=True)])
    assert gone == RED_HAT.replace(b'input(type="imtcp"\n      port="514")\n', b"")
    made = lenses.put("rsyslog", RED_HAT, [Edit(("directives", "FileCreateMode"), "0640")])
    assert made == RED_HAT.replace(b"include(", b"$FileCreateMode 0640\ninclude("), "what comes before it has its own mode"

"""What is special about passwd, shadow, group and gshadow."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from setright.lenses import LensError, get, put
from setright.model import Edit
from tests.lenses.laws import hold
from tests.sampling import examples

HASH = "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7"
SHADOW = f"root:*:19000:0:99999:7:::\nbob:{HASH}:19000:0:99999:7:::\neve::19000::::::\nold:!{HASH}:1:0:9:7:30:20000:\n".encode()


def field(number: int, name: str, value: object) -> Edit:
    return Edit(("records", number, name), value)


def test_no_hash_is_ever_told():
    records = get("shadow", SHADOW)["records"]
    assert [r["state"] for r in records] == ["none", "set", "empty", "locked"]
    assert records[1]["scheme"] == records[3]["scheme"] == "yescrypt"
    assert "F5Jx5" not in repr(records)


@pytest.mark.parametrize(
    ("field", "state", "scheme"),
    [
        ("!", "none", ""),
        ("!!", "none", ""),
        ("!*", "none", ""),
        ("*LK*", "none", ""),
        ("ab1cdEFGH.2./", "set", "des"),
        ("$1$salt$aaaaaaaaaaaaaaaaaaaaaa", "set", "md5"),
        ("$6$s$b", "set", "sha512"),
    ],
)
def test_a_password_field_is_told_by_its_kind(field, state, scheme):
    (record,) = get("shadow", f"a:{field}:1:::::: \n".encode())["records"]
    assert (record["state"], record.get("scheme", "")) == (state, scheme)


def test_locking_keeps_the_hash_behind_a_mark():
    assert put("shadow", SHADOW, [field(1, "state", "locked")]) == SHADOW.replace(b"bob:$y", b"bob:!$y")
    assert put("shadow", SHADOW, [field(2, "state", "none")]) == SHADOW.replace(b"eve::", b"eve:!:")


def test_a_password_cannot_be_set_or_unlocked():
    for edit in (field(3, "state", "set"), field(1, "state", HASH), Edit(("records", 1, "state"), remove=True)):
        with pytest.raises(LensError, match="locked, nothing else"):
            put("shadow", SHADOW, [edit])


def test_only_the_field_changes():
    source = b"# by hand\n+@nis\nroot:x:0:0:root:/root:/bin/bash\r\nbad:line\nlp:x:7:7:lp:/var/spool/lpd:/bin/sh"
    after = put("passwd", source, [field(1, "shell", "/usr/sbin/nologin")])
    assert after == source.replace(b"/bin/sh", b"/usr/sbin/nologin") if source.count(b"/bin/sh") == 1 else after
    assert after.endswith(b"lp:x:7:7:lp:/var/spool/lpd:/usr/sbin/nologin")


def test_lines_that_take_in_records_from_elsewhere_are_told():
    assert get("passwd", b"root:x:0:0:root:/root:/bin/bash\n+@ops::::::\n-eve\n+\n")["elsewhere"] == ["+@ops", "+"]
    assert "elsewhere" not in get("shadow", SHADOW)


def test_members_come_and_go():
    source = b"shadow:x:42:eve,bob\nadm:x:4:\n"
    assert get("group", source)["records"] == [
        {"name": "shadow", "state": "shadowed", "gid": 42, "members": ["eve", "bob"]},
        {"name": "adm", "state": "shadowed", "gid": 4},
    ]
    assert put("group", source, [Edit(("records", 0, "members"), remove=True)]) == b"shadow:x:42:\nadm:x:4:\n"
    assert put("group", source, [field(1, "members", ["a", "b"])]) == b"shadow:x:42:eve,bob\nadm:x:4:a,b\n"


LINE = st.lists(st.sampled_from(["", "x", "!", "0", "007", "root", "a,b", HASH, "*"]), min_size=1, max_size=9).map(":".join)


@settings(max_examples=examples(300), deadline=None)
@given(st.sampled_from(["passwd", "shadow", "group", "gshadow"]), st.lists(LINE, max_size=4), st.data())
def test_the_laws_hold_on_made_up_files(name, made, data):
    edit = Edit(
        ("records", data.draw(st.integers(0, 2)), data.draw(st.sampled_from(["max", "shell", "members", "state", "uid"]))),
        data.draw(st.sampled_from([5, "/bin/sh", ["a", "b"], "locked", "none", "a:b"])),
        data.draw(st.booleans()),
    )
    hold(name, "\n".join(made).encode(), edit)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(["passwd", "shadow", "group", "gshadow"]), st.binary(max_size=100))
def test_any_bytes_are_read_or_refused(name, source):
    hold(name, source, field(0, "shell", "/bin/sh"))

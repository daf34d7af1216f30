"""Rules of iptables and ufw: odd files, the laws, and what iptables-restore itself takes."""

import os
import random
import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from setright import lenses
from setright.lenses import LensError, iptables
from setright.model import Edit, Plain
from tests.sampling import ALL, examples

from .laws import comments, hold

UFW = b"""*filter
:ufw-user-input - [0:0]
:INPUT ACCEPT [12:900]
### RULES ###

### tuple ### allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in
-A ufw-user-input -p tcp --dport 22 -j ACCEPT

### tuple ### allow any 5432 0.0.0.0/0 any 0.0.0.0/0 in
-A ufw-user-input -p tcp --dport 5432 -j ACCEPT
-A ufw-user-input -p udp --dport 5432 -j ACCEPT

### END RULES ###
-A ufw-user-limit -j LOG --log-prefix "[UFW LIMIT BLOCK] "
[1:2] -A ufw-user-limit -j REJECT
COMMIT
"""
TABLE = ("tables", 0)
NEW = {"tuple": "deny tcp 23 0.0.0.0/0 any 0.0.0.0/0 in", "rules": ["-A ufw-user-input -p tcp --dport 23 -j DROP"]}
MADE = "### tuple ### deny tcp 23 0.0.0.0/0 any 0.0.0.0/0 in\n-A ufw-user-input -p tcp --dport 23 -j DROP\n"
FIRST = "### tuple ### allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in\n-A ufw-user-input -p tcp --dport 22 -j ACCEPT\n"


def test_tuples_of_ufw_are_told_with_their_rules() -> None:
    (table,) = iptables.get(UFW)["tables"]
    assert table["chains"] == [{"name": "ufw-user-input", "policy": "-"}, {"name": "INPUT", "policy": "ACCEPT"}]
    assert [(each["tuple"].split()[:3], len(each["rules"])) for each in table["tuples"]] == [
        (["allow", "tcp", "22"], 1),
        (["allow", "any", "5432"], 2),
    ]
    assert table["rules"] == ['-A ufw-user-limit -j LOG --log-prefix "[UFW LIMIT BLOCK] "', "-A ufw-user-limit -j REJECT"]


@pytest.mark.parametrize(
    ("edit", "old", "new"),
    [
        (Edit((*TABLE, "chains", 1, "policy"), "DROP"), ":INPUT ACCEPT [12:900]", ":INPUT DROP [12:900]"),
        (Edit((*TABLE, "chains", 2), {"name": "own", "policy": "-"}), "[12:900]\n", "[12:900]\n:own - [0:0]\n"),
        (
            Edit((*TABLE, "rules", 1), "-A ufw-user-limit -j DROP"),
            "[1:2] -A ufw-user-limit -j REJECT",
            "[1:2] -A ufw-user-limit -j DROP",
        ),
        (Edit((*TABLE, "rules", 2), "-A INPUT -j DROP"), "REJECT\n", "REJECT\n-A INPUT -j DROP\n"),
        (Edit((*TABLE, "tuples", 0), remove=True), f"{FIRST}\n", ""),
        (Edit((*TABLE, "tuples", 0), NEW), FIRST, MADE),
        (Edit((*TABLE, "tuples", 2), NEW), "-p udp --dport 5432 -j ACCEPT\n", f"-p udp --dport 5432 -j ACCEPT\n\n{MADE}"),
    ],
)
def test_one_place_changes(edit: Edit, old: str, new: str) -> None:
    for end in ("\n", "\r\n"):
        before, after = UFW.decode().replace("\n", end), UFW.decode().replace(old, new).replace("\n", end)
        assert UFW.decode().count(old) == 1
        assert lenses.put("iptables", before.encode(), [edit]).decode() == after


def test_a_first_tuple_stands_where_ufw_looks_for_them() -> None:
    empty = b"*filter\n:a - [0:0]\n### RULES ###\n\n### END RULES ###\nCOMMIT\n"
    made = lenses.put("iptables", empty, [Edit((*TABLE, "tuples", 0), NEW)])
    assert made.decode() == f"*filter\n:a - [0:0]\n### RULES ###\n\n{MADE}\n### END RULES ###\nCOMMIT\n"


@pytest.mark.parametrize("source", [b"-A INPUT\n", b"*filter\nx\nCOMMIT\n", b"*filter\n:A ACCEPT [0:0]\n"])
def test_what_iptables_restore_would_not_read_is_refused(source: bytes) -> None:
    with pytest.raises(LensError):
        iptables.get(source)


BAD: list[tuple[tuple[str | int, ...], Plain]] = [
    ((*TABLE, "rules", 0), "INPUT"),
    ((*TABLE, "rules", 0), "-A a\n-A b"),
    ((*TABLE, "chains", 1, "policy"), "DROP x"),
    ((*TABLE, "tuples", 0, "tuple"), "a\nb"),
    ((*TABLE, "name"), "nat"),
    (("tables", 1), {"name": "nat", "chains": [], "rules": [], "tuples": []}),
]


@pytest.mark.parametrize(("path", "value"), BAD)
def test_what_no_line_can_say_is_refused(path: tuple[str | int, ...], value: Plain) -> None:
    with pytest.raises(LensError):
        lenses.put("iptables", UFW, [Edit(path, value)])


LINES = st.sampled_from(
    [
        "-A INPUT -i lo -j ACCEPT",
        " -A INPUT -j DROP",
        "[3:4] -I INPUT 1 -j ACCEPT",
        "# why",
        "",
        "### RULES ###",
        ":INPUT DROP [0:0]",
    ]
    + ["### tuple ### allow tcp 22 x", "### END RULES ###", ":own - [0:0]", '-A own -m comment --comment "a \'b" -j RETURN']
)
FILES = st.builds(
    lambda ls, nl, end: nl.join(["# mine", "*filter", *ls, "COMMIT"]).encode() + (nl.encode() if end else b""),
    st.lists(LINES, max_size=8),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
EDITS = st.one_of(
    st.builds(lambda n: Edit((*TABLE, "rules", n), "-A INPUT -j DROP"), st.integers(0, 3)),
    st.builds(lambda n: Edit((*TABLE, "tuples", n), NEW), st.integers(0, 2)),
    st.builds(lambda n: Edit((*TABLE, "tuples", n, "rules"), ["-A own -j DROP"]), st.integers(0, 1)),
    st.builds(lambda n, policy: Edit((*TABLE, "chains", n, "policy"), policy), st.integers(0, 1), st.sampled_from(["DROP", "-"])),
    st.just(Edit((*TABLE, "rules"), ["-A INPUT -i lo -j ACCEPT", "-P INPUT DROP"])),
)


@given(FILES, EDITS)
@settings(max_examples=examples(600), deadline=None)
def test_the_laws_hold(source: bytes, edit: Edit) -> None:
    if hold("iptables", source, edit) and "tuples" not in edit.path:
        assert comments(lenses.put("iptables", source, [edit])) == comments(source)


@given(st.binary(max_size=80), EDITS)
@settings(max_examples=examples(400), deadline=None)
def test_nothing_but_a_lens_error_comes_out_of_hostile_bytes(source: bytes, edit: Edit) -> None:
    hold("iptables", source, edit)


MANY = 1000 if ALL else 25
RULES = [
    "-A INPUT -i lo -j ACCEPT",
    "-A own -p tcp --dport 22 -j ACCEPT",
    '-A own -m comment --comment "a b" -j RETURN',
    "-P FORWARD DROP",
]
RULES += [
    "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
    "-I INPUT 1 -s 192.0.2.0/24 -j own",
    "[1:2] -A own -j DROP",
]


@pytest.mark.root
@pytest.mark.skipif(not shutil.which("iptables-restore") or os.geteuid() != 0, reason="needs iptables and root")
def test_iptables_restore_takes_what_is_read_and_what_was_edited() -> None:
    rng = random.Random(5)
    texts = []
    for _ in range(MANY):
        body = [
            rng.choice(["", "# why", *RULES, *RULES, "### tuple ### allow tcp 22 x\n" + RULES[1]]) for _ in range(rng.randrange(9))
        ]
        source = "\n".join(["*filter", ":INPUT ACCEPT [0:0]", ":own - [0:0]", "### RULES ###", *body, "COMMIT", ""]).encode()
        count = len(iptables.get(source)["tables"][0]["rules"])
        edit = rng.choice(
            [
                Edit((*TABLE, "rules", count), RULES[0]),
                Edit((*TABLE, "tuples", 0), NEW | {"rules": [RULES[1]]}),
                Edit((*TABLE, "chains", 0, "policy"), "DROP"),
            ]
        )
        texts += [source, lenses.put("iptables", source, [edit])]
    run = subprocess.run(
        ["unshare", "--net", "iptables-restore", "--test"], input=b"".join(texts), capture_output=True, timeout=300
    )
    assert run.returncode == 0, run.stderr

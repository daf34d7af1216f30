"""The lens of pg_hba.conf: the laws on generated files, odd files picked by hand, and the server's own reading as the judge."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lab import postgres as lab

from setright import lenses
from setright.lenses import LensError, pg_hba
from setright.lenses.edited import edited
from setright.model import Edit
from setright.trees import same
from tests.sampling import examples

SAMPLE = b"""# who may come in
local   all             all                                     peer
host    app,"My DB"     +staff,@people  10.0.0.0    255.0.0.0   md5  # old clients
hostssl "all"           all             0.0.0.0/0               cert clientcert=verify-full map="my map"
host    all             all             .example.com \\
        scram-sha-256
include_if_exists       local.conf
"""

NAMES = st.one_of(
    st.sampled_from(["all", "sameuser", "replication", '"all"', "+staff", "@people", "app", "a b", 'q"q', "#x", "+a b", '"+x"']),
    st.text(
        st.characters(exclude_characters="\0\n\r\\\x0b\x0c", exclude_categories=("Cs", "Zl", "Zp", "Zs", "Cc")), min_size=1
    ).filter(lambda s: s[0] not in '"'),
)
SPELT = st.sampled_from(
    ["all", '"all"', "app", '"app"', 'a"l"l', '"My DB"', "+staff", '"+x"', 'q"""', "sameuser", "replication", '""']
)
FIELD = st.lists(SPELT, min_size=1, max_size=3).flatmap(
    lambda names: st.sampled_from([",", ", "]).map(lambda comma: comma.join(names))
)
GAP = st.sampled_from([" ", "\t", "    ", " \\\n  "])
ADDRESS = st.sampled_from(
    ["10.0.0.0/8", "::1/128", "all", "samenet", "127.0.0.1 255.255.255.255", ".example.com", "db-1.example.com", "::1 ::ff"]
)
METHOD = st.sampled_from(
    [
        "trust",
        "reject",
        "md5",
        "scram-sha-256",
        "password",
        "cert",
        'ldap ldapserver=x ldapprefix="cn=a b,"',
        "nonsense",
        "pam pamservice=x",
    ]
)
TAIL = st.sampled_from(["", " ", "  # why", "#why", "\t"])
COMMENT = st.sampled_from(["", "# a comment", "   ", "# ends with \\", "\t# x"])


@st.composite
def rules(draw: st.DrawFn) -> str:
    kind = draw(st.sampled_from(["local", "host", "hostssl", "hostnossl", "hostgssenc"]))
    words = [kind, draw(FIELD), draw(FIELD)] + ([] if kind == "local" else [draw(ADDRESS)]) + [draw(METHOD)]
    line = words[0]
    for word in words[1:]:
        line += draw(GAP) + word
    return line + draw(TAIL)


FILES = st.builds(
    lambda found, end, last: (end.join(found) + (end if last else "")).encode(),
    st.lists(st.one_of(rules(), COMMENT), max_size=6),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)


def test_the_tree_says_what_the_file_says() -> None:
    assert pg_hba.get(SAMPLE) == {
        "rules": [
            {"type": "local", "database": ["all"], "user": ["all"], "method": "peer", "options": {}},
            {
                "type": "host",
                "database": ["app", "My DB"],
                "user": ["+staff", "@people"],
                "address": "10.0.0.0",
                "netmask": "255.0.0.0",
                "method": "md5",
                "options": {},
            },
            {
                "type": "hostssl",
                "database": ['"all"'],
                "user": ["all"],
                "address": "0.0.0.0/0",
                "method": "cert",
                "options": {"clientcert": "verify-full", "map": "my map"},
            },
            {
                "type": "host",
                "database": ["all"],
                "user": ["all"],
                "address": ".example.com",
                "method": "scram-sha-256",
                "options": {},
            },
        ],
        "includes": [{"directive": "include_if_exists", "file": "local.conf"}],
    }


@pytest.mark.parametrize(
    ("edits", "old", "new"),
    [
        ([Edit(("rules", 1, "method"), "scram-sha-256")], b"255.0.0.0   md5  #", b"255.0.0.0   scram-sha-256  #"),
        (
            [Edit(("rules", 1, "netmask"), remove=True), Edit(("rules", 1, "address"), "10.0.0.0/8")],
            b"10.0.0.0    255.0.0.0   md5",
            b"10.0.0.0/8   md5",
        ),
        ([Edit(("rules", 1, "user", 0), "ops team")], b"+staff,@people", b'"ops team",@people'),
        ([Edit(("rules", 1, "database"), ["app"])], b'app,"My DB"', b"app"),
        ([Edit(("rules", 2, "options", "map"), remove=True)], b' map="my map"', b""),
        ([Edit(("rules", 2, "options", "map"), "x")], b'map="my map"', b"map=x"),
        ([Edit(("rules", 0, "options", "map"), "os")], b"peer\n", b"peer map=os\n"),
        ([Edit(("rules", 2, "type"), "host")], b"hostssl ", b"host "),
        ([Edit(("includes", 0, "file"), "other file.conf")], b"local.conf", b'"other file.conf"'),
        ([Edit(("includes", 0), remove=True)], b"include_if_exists       local.conf\n", b""),
    ],
)
def test_an_edit_touches_one_place(edits: list[Edit], old: bytes, new: bytes) -> None:
    assert lenses.put("pg_hba", SAMPLE, edits) == SAMPLE.replace(old, new, 1)


def test_a_rule_goes_with_all_its_lines() -> None:
    after = lenses.put("pg_hba", SAMPLE, [Edit(("rules", 3), remove=True)])
    assert after == SAMPLE.replace(b"host    all             all             .example.com \\\n        scram-sha-256\n", b"")


def test_a_new_rule_keeps_the_columns_and_stands_last() -> None:
    rule = {
        "type": "host",
        "database": ["app"],
        "user": ["app"],
        "address": "10.1.0.0/16",
        "method": "scram-sha-256",
        "options": {},
    }
    source = b"# x\nlocal   all  all                  peer\nhost    all  all   127.0.0.1/32  scram-sha-256\n# end\n"
    after = lenses.put("pg_hba", source, [Edit(("rules", 2), rule)])
    assert after == source.replace(b"# end\n", b"host    app  app   10.1.0.0/16   scram-sha-256\n# end\n")


def test_a_rule_can_be_put_before_the_others() -> None:
    rule = {"type": "host", "database": ["all"], "user": ["eve"], "address": "all", "method": "reject", "options": {}}
    whole = [rule, *pg_hba.get(SAMPLE)["rules"]]
    after = lenses.put("pg_hba", SAMPLE, [Edit(("rules",), whole)])
    assert after == SAMPLE.replace(b"local ", b"host    all             eve             all                     reject\nlocal ", 1)
    assert pg_hba.get(after)["rules"] == whole


def test_an_empty_file_takes_a_rule() -> None:
    rule = {"type": "local", "database": ["all"], "user": ["all"], "method": "peer", "options": {}}
    assert lenses.put("pg_hba", None, [Edit(("rules", 0), rule)]) == b"local all all peer\n"


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("telnet all all 1.2.3.4/32 trust", "telnet"),
        ("host all all 1.2.3.4/32", "method"),
        ("local all", "user"),
        ("host,local all all all trust", "several"),
        ("host all all all trust oops", "name=value"),
        ('host "all all all trust', "not closed"),
        ("include", "one file"),
        ("host all all all tr\0ust", "NUL"),
    ],
)
def test_what_the_server_would_refuse_is_refused_with_its_line(line: str, why: str) -> None:
    with pytest.raises(LensError, match=f"line 2.*{why}"):
        pg_hba.get(f"# one\n{line}\n".encode())


@pytest.mark.parametrize(
    "edit",
    [
        Edit(("rules", 0, "address"), "1.2.3.4/32"),
        Edit(("rules", 1, "method"), remove=True),
        Edit(("rules", 1, "colour"), "red"),
        Edit(("rules", 1, "user"), []),
        Edit(("rules", 1, "method"), "a\nlocal all all trust"),
        Edit(("rules", 1, "method"), 7),
        Edit(("rules", 1, "options", "a b"), "x"),
        Edit(("rules", 9), {"type": "host"}),
        Edit(("rules", 4), {"type": "host"}),
        Edit(("settings",), "x"),
    ],
)
def test_an_edit_with_no_place_to_go_is_refused(edit: Edit) -> None:
    with pytest.raises(LensError):
        lenses.put("pg_hba", SAMPLE, [edit])


@settings(max_examples=150, deadline=None)
@given(FILES, st.data())
def test_a_put_shows_in_get_and_moves_nothing_else(source: bytes, data: st.DataObject) -> None:
    try:
        tree = pg_hba.get(source)
    except LensError:
        return
    assert pg_hba.put(source, []) == source
    if not tree["rules"]:
        return
    i = data.draw(st.integers(0, len(tree["rules"]) - 1))
    edit = data.draw(
        st.one_of(
            st.just(Edit(("rules", i), remove=True)),
            st.builds(Edit, st.just(("rules", i, "method")), st.sampled_from(["reject", "scram-sha-256"])),
            st.builds(Edit, st.sampled_from([("rules", i, "user", 0), ("rules", i, "database", 0)]), NAMES),
            st.builds(Edit, st.just(("rules", i, "user")), st.lists(NAMES, min_size=1, max_size=3)),
            st.builds(Edit, st.just(("rules", i, "options", "map")), st.text("ab c\",#'", max_size=5)),
            st.just(Edit(("rules", len(tree["rules"])), tree["rules"][i])),
            st.just(Edit(("rules",), [*tree["rules"][i:], *tree["rules"][:i]])),
        )
    )
    try:
        after = pg_hba.put(source, [edit])
    except LensError:
        return
    assert same(pg_hba.get(after), edited(tree, [edit]))
    assert pg_hba.put(after, [edit]) == after or edit.remove or edit.path == ("rules", len(tree["rules"]))
    comments = [line for line in source.split(b"\n") if line.lstrip().startswith(b"#") and not line.rstrip().endswith(b"\\")]
    assert all(line.rstrip(b"\r") in after for line in comments)


@settings(max_examples=examples(300), deadline=None)
@given(st.one_of(st.binary(max_size=80), FILES.flatmap(lambda f: st.binary(max_size=5).map(lambda b: f + b))))
def test_hostile_bytes_raise_nothing_but_lens_errors(source: bytes) -> None:
    try:
        tree = pg_hba.get(source)
        assert pg_hba.put(source, []) == source
        for i in range(len(tree["rules"])):
            start, end = pg_hba.span(source, ("rules", i, "method"))
            assert source[start:end]
    except LensError:
        return


@pytest.mark.skipif(not lab.available(), reason="needs the PostgreSQL server's binaries")
def test_the_server_reads_what_the_lens_reads() -> None:
    with lab.server() as server, psycopg.connect(server.url, autocommit=True) as link:
        compared = 0

        @settings(max_examples=150, deadline=None, database=None)
        @given(FILES)
        def agree(source: bytes) -> None:
            nonlocal compared
            server.hba.write_bytes(source)
            rows = link.execute(
                "SELECT type, database, user_name, address, netmask, auth_method, options, error"
                " FROM pg_hba_file_rules ORDER BY line_number"
            ).fetchall()
            wrong = [row[-1] for row in rows if row[-1] and row[0] is None]
            try:
                ours = pg_hba.get(source)["rules"]
            except LensError as error:
                assert wrong or "not closed" in str(error), (source, str(error))
                return
            if not wrong:
                compared += len(rows)
                assert [seen(r) for r in ours] == [(row[0], row[1], row[2], row[5]) for row in rows], source
                for rule, row in zip(ours, rows, strict=True):  # the server adds options that follow from others
                    assert set(options(rule["options"])) <= set(row[6] or []), source

        agree()
        assert compared > 50


def seen(rule: dict[str, Any]) -> tuple[Any, ...]:
    return rule["type"], bare(rule["database"]), bare(rule["user"]), rule["method"]


def bare(names: list[str]) -> list[str]:
    return [name[1:-1].replace('""', '"') if name.startswith('"') else name for name in names]


def options(found: dict[str, str]) -> list[str]:
    return [f"{name}={value}" for name, value in found.items()]

"""Files of nft: odd ones, the laws, and what nft itself makes of them."""

import json
import os
import random
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from setright import lenses
from setright.lenses import LensError, nftables
from setright.model import Edit, Plain, Tree, Unknown
from tests.sampling import ALL, examples

from .laws import comments, hold

FILE = b"""#!/usr/sbin/nft -f

flush ruleset
define lan = { 10.0.0.0/8, 192.168.0.0/16 } # home
include "/etc/nftables.d/*.nft"

table inet filter { # main
    set known {
        type ipv4_addr; flags interval
        elements = { 192.0.2.1, 198.51.100.0/24,
                     203.0.113.7 }
    }
    chain input {
        type filter hook input priority filter; policy accept;
        ct state { established, related } accept # answers
        iif lo accept; tcp dport {22,80} accept
        ip saddr @known tcp dport {
            5432, # base
            6379
        } accept comment "a; b # c }"
    }
    chain forward { type filter hook forward priority -1; }
    chain empty { }
}
add rule inet filter input tcp dport 25 \\
    drop
"""
INPUT = ("tables", 0, "chains", 0)


def chain(name: str = "x", **more: Plain) -> Tree:
    return {"name": name, "rules": ["accept"], "others": []} | more


def test_tables_chains_sets_and_all_else_are_told() -> None:
    tree = nftables.get(FILE)
    assert tree["commands"] == ["flush ruleset", "add rule inet filter input tcp dport 25 drop"]
    assert tree["defines"] == [{"name": "lan", "value": "{ 10.0.0.0/8, 192.168.0.0/16 }"}]
    assert tree["includes"] == ["/etc/nftables.d/*.nft"]
    (table,) = tree["tables"]
    assert table["sets"] == [
        {
            "sort": "set",
            "name": "known",
            "elements": ["192.0.2.1", "198.51.100.0/24", "203.0.113.7"],
            "others": ["type ipv4_addr", "flags interval"],
        }
    ]
    hook = {"name": "input", "type": "filter", "hook": "input", "priority": "filter", "policy": "accept", "others": []}
    assert table["chains"][0] == hook | {
        "rules": [
            "ct state { established, related } accept",
            "iif lo accept",
            "tcp dport { 22,80 } accept",
            'ip saddr @known tcp dport { 5432, 6379 } accept comment "a; b # c }"',
        ]
    }
    assert [(each["name"], each.get("priority"), each["rules"]) for each in table["chains"][1:]] == [
        ("forward", "-1", []),
        ("empty", None, []),
    ]


@pytest.mark.parametrize(
    ("edit", "old", "new"),
    [
        (Edit((*INPUT, "policy"), "drop"), "policy accept;", "policy drop;"),
        (Edit((*INPUT, "rules", 4), "drop"), 'c }"\n', 'c }"\n        drop\n'),
        (Edit((*INPUT, "rules", 0), remove=True), "        ct state { established, related } accept # answers\n", ""),
        (Edit((*INPUT, "rules", 1), remove=True), "iif lo accept; tcp", "tcp"),
        (Edit((*INPUT, "rules", 2), remove=True), " tcp dport {22,80} accept", ""),
        (Edit((*INPUT, "rules", 2), "tcp dport 22 accept"), "tcp dport {22,80} accept", "tcp dport 22 accept"),
        (Edit((*INPUT, "priority"), "0"), "priority filter", "priority 0"),
        (Edit(("tables", 0, "chains", 1, "policy"), "drop"), "priority -1;", "priority -1; policy drop;"),
        (Edit(("tables", 0, "chains", 1, "rules", 0), "drop"), "priority -1;", "priority -1; drop;"),
        (Edit(("tables", 0, "chains", 2, "rules", 0), "drop"), "empty { }", "empty {\n        drop\n    }"),
        (Edit(("tables", 0, "chains", 3), chain()), "{ }\n", "{ }\n    chain x {\n        accept\n    }\n"),
        (Edit(("tables", 0, "sets", 0, "elements", 1), remove=True), ", 198.51.100.0/24", ""),
        (Edit(("tables", 0, "sets", 0, "elements", 3), "192.0.2.9"), "203.0.113.7 }", "203.0.113.7, 192.0.2.9 }"),
        (Edit(("defines", 0, "value"), "{ ::1 }"), "{ 10.0.0.0/8, 192.168.0.0/16 }", "{ ::1 }"),
        (Edit(("includes", 1), "/a.nft"), '/*.nft"\n', '/*.nft"\ninclude "/a.nft"\n'),
        (Edit(("commands", 0), remove=True), "flush ruleset\n", ""),
    ],
)
def test_one_place_changes(edit: Edit, old: str, new: str) -> None:
    assert FILE.decode().count(old) == 1
    assert lenses.put("nftables", FILE, [edit]).decode() == FILE.decode().replace(old, new)


def test_a_file_that_is_made_begins_with_an_empty_set_of_rules() -> None:
    hooked = chain("input", type="filter", hook="input", priority="filter", policy="drop")
    table = {"family": "inet", "name": "filter", "chains": [hooked], "sets": [], "others": []}
    assert lenses.put("nftables", None, [Edit(("tables", 0), table)]).decode() == (
        "#!/usr/sbin/nft -f\n\nflush ruleset\n"
        "table inet filter {\n\tchain input {\n\t\ttype filter hook input priority filter; policy drop;\n\t\taccept\n\t}\n}\n"
    )


@pytest.mark.parametrize(
    "edit",
    [
        Edit((*INPUT, "rules", 0), "a; b"),
        Edit((*INPUT, "rules", 0), "a }"),
        Edit((*INPUT, "rules", 0), "a  b"),
        Edit((*INPUT, "rules", 0), 'a "b'),
        Edit((*INPUT, "rules", 0), "policy drop"),
        Edit((*INPUT, "policy"), "drop; accept"),
        Edit(("tables", 0, "chains", 2, "policy"), "drop"),
        Edit(("tables", 0, "chains", 1, "rules"), None),
        Edit(("tables", 0, "sets", 0, "elements"), []),
        Edit(("tables", 0, "name"), "other"),
        Edit(("more",), []),
    ],
)
def test_what_no_statement_can_say_is_refused(edit: Edit) -> None:
    with pytest.raises(LensError):
        lenses.put("nftables", FILE, [edit])


@pytest.mark.parametrize(("source", "said"), [(b"a {\n", "line 1: a {"), (b"\n}\n", "line 2: a }"), (b'a "b\n', "line 1: a quote")])
def test_halves_are_named_with_their_line(source: bytes, said: str) -> None:
    with pytest.raises(LensError, match=said):
        nftables.get(source)


def test_a_policy_by_a_variable_cannot_be_told() -> None:
    tree = nftables.get(b"table x {\nchain y {\ntype filter hook input priority 0; policy $p\n}\n}\n")
    assert tree["tables"][0]["chains"][0]["policy"] == Unknown("$p")


def test_many_braces_take_no_longer_than_their_number() -> None:
    assert nftables.get(b"a " + b"{ " * 20_000 + b"}" * 20_000 + b"\n")["commands"]
    assert nftables.get(b"table x { set y { elements = { a" + b" " * 30_000 + b"b, c } } }\n")["tables"]


RULES = [
    "accept",
    "drop",
    "iif lo accept",
    "tcp dport { 22, 80 } accept",
    'udp dport 53 counter accept comment "x; y"',
    "meta l4proto { icmp, ipv6-icmp } accept",
    "ct state vmap { established : accept, invalid : drop }",
    'ip saddr 192.0.2.0/24 log prefix "a " drop',
    "tcp dport {\n 1,\n 2-9 # z\n } accept",
]


def written(rng: random.Random) -> str:
    """A valid file of nft, in one of many styles."""
    unit, end, loose = rng.choice(["\t", "    ", ""]), rng.choice(["", ";"]), rng.random() < 0.8
    said = [rng.choice(["#!/usr/sbin/nft -f", "# mine", ""]), rng.choice(["flush ruleset", "flush ruleset;", ""])]
    if rng.random() < 0.3:
        said.append("define port = 22 # ssh")
    for number in range(rng.randint(0, 3)):
        said += table(f"t{number}", rng, unit, end) if loose else [" ".join(table(f"t{number}", rng, "", ";")).replace("{;", "{")]
    text = "\n".join(line for line in said if "\n" not in line or loose)
    return text + rng.choice(["\n", "\n\n", "" if text.endswith("}") else "\n"])  # nft wants a comment to have its line end


def table(name: str, rng: random.Random, unit: str, end: str) -> list[str]:
    inner: list[str] = []
    if rng.random() < 0.4:
        inner += ["set s {", f"{unit}type ipv4_addr{end}", f"{unit}elements = {{ 192.0.2.1, 192.0.2.2 }}{end}", f"}}{end}"]
    for hook in rng.sample(["input", "forward", "output", ""], rng.randint(0, 3)):
        policy = rng.choice(["", " policy drop;", " policy accept;"])
        inner += [f"chain {hook or 'free'} {{"] + (
            [f"{unit}type filter hook {hook} priority {rng.choice(['0', 'filter + 5'])};{policy}"] if hook else []
        )
        if unit:
            inner.append(rng.choice(["", f"{unit}# why", f"{unit}   "]))
        rules = [rule for rule in rng.choices(RULES, k=rng.randint(0, 4)) if unit or "\n" not in rule]
        inner += [f"{unit}{rule}{end}" for rule in rules] + [f"}}{end}"]
    return [f"table {rng.choice(['inet', 'ip', 'inet'])} {name} {{", *(unit + line for line in inner), f"}}{end}"]


def random_edit(tree: Tree, rng: random.Random) -> Edit | None:
    chains = [("tables", i, "chains", j) for i, t in enumerate(tree["tables"]) for j, _ in enumerate(t["chains"])]
    tables = [("tables", i) for i, _ in enumerate(tree["tables"])]
    choices: list[Edit] = [Edit(("commands", len(tree["commands"])), "add table inet extra")]
    for path in chains:
        found = tree["tables"][path[1]]["chains"][path[3]]
        count = len(found["rules"])
        choices += [
            Edit((*path, "rules", count), "tcp dport 8080 drop"),
            Edit((*path, "rules"), ["iif lo accept", *found["rules"]]),
        ]
        choices += [Edit((*path, "rules", rng.randrange(count)), rng.choice(["drop", "iif lo accept"]))] if count else []
        choices += [Edit((*path, "rules", rng.randrange(count)), remove=True)] if count else []
        choices += [Edit((*path, "policy"), rng.choice(["drop", "accept"]))] if "hook" in found else []
    for place in tables:
        new = {
            "name": "fresh",
            "type": "filter",
            "hook": "input",
            "priority": "7",
            "policy": "drop",
            "rules": ["accept"],
            "others": [],
        }
        choices += [Edit((*place, "chains", len(tree["tables"][place[1]]["chains"])), new), Edit(place, remove=True)]
    return rng.choice(choices)


@given(st.integers(0, 10**9), st.booleans())
@settings(max_examples=examples(400), deadline=None)
def test_the_laws_hold(seed: int, returns: bool) -> None:
    rng = random.Random(seed)
    source = written(rng).replace("\n", "\r\n" if returns else "\n").encode()
    edit = random_edit(nftables.get(source), rng)
    if edit is None or (edit.remove and isinstance(edit.path[-1], int)):
        return
    if hold("nftables", source, edit) and "rules" not in edit.path:
        assert comments(lenses.put("nftables", source, [edit])) == comments(source)


SHREDS = ["table ", "x ", "{", "}", ";", "\n", '"', "#", "\\", "chain a ", "set b ", "elements = ", "policy drop", "é", "\0", "a,"]


@given(st.lists(st.sampled_from(SHREDS), max_size=25), st.integers(0, 99))
@settings(max_examples=examples(400), deadline=None)
def test_nothing_but_a_lens_error_comes_out_of_hostile_bytes(parts: list[str], seed: int) -> None:
    source = "".join(parts).encode()
    try:
        edit = random_edit(nftables.get(source), random.Random(seed))
    except LensError:
        return
    if edit and not edit.remove:
        hold("nftables", source, edit)


MANY = 1000 if ALL else 20
LOADED = """ip link set lo up 2>/dev/null; cd "$1" && for f in *; do
  if said=$(nft -f "$f" 2>&1) && said=$(nft -j list ruleset); then :; else said="! $said"; fi
  printf '%s\\t%s\\n' "$f" "$said" | head -n 1
  nft flush ruleset; done"""


@pytest.mark.root
@pytest.mark.skipif(not shutil.which("nft") or os.geteuid() != 0, reason="needs nft and root")
def test_nft_loads_what_is_read_and_what_was_edited_as_it_is_told(tmp_path: Path) -> None:
    rng = random.Random(11)
    want = {}
    for number in range(MANY):
        source = written(rng).encode()
        want[f"{number:05}a"] = source
        edit = random_edit(nftables.get(source), rng)
        try:
            want[f"{number:05}b"] = lenses.put("nftables", source, [edit] if edit else [])
        except LensError:
            continue
    assert len(want) > MANY * 1.9, "edits are hardly ever refused"
    for name, source in want.items():
        (tmp_path / name).write_bytes(source)
    run = subprocess.run(["unshare", "--net", "sh", "-c", LOADED, "sh", str(tmp_path)], capture_output=True, text=True, timeout=400)
    rows = [line.partition("\t") for line in run.stdout.splitlines()]
    assert len(rows) == len(want), run.stderr
    for name, _, said in rows:
        assert said.startswith("{"), (said, want[name].decode())
        assert loaded(json.loads(said)["nftables"]) == expected(nftables.get(want[name])), want[name].decode()


def loaded(objects: list[Tree]) -> dict[str, Plain]:
    """Chains as nft tells them: their hook, their policy, and how many rules."""
    chains = [each["chain"] for each in objects if "chain" in each]
    keys = [(each["rule"]["family"], each["rule"]["table"], each["rule"]["chain"]) for each in objects if "rule" in each]
    return {
        str(key): [each.get("hook"), each.get("policy"), keys.count(key)]
        for each in chains
        if (key := (each["family"], each["table"], each["name"]))
    }


def expected(tree: Tree) -> dict[str, Plain]:
    return {
        str((table["family"], table["name"], each["name"])): [
            each.get("hook"),
            each.get("policy", "accept") if "hook" in each else None,
            len(each["rules"]),
        ]
        for table in tree["tables"]
        for each in table["chains"]
    }

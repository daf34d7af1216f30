"""sshd_config: the odd files that sshd accepts, the laws, and sshd itself as the judge."""

import random
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from setright import lenses
from setright.lenses import LensError, edited, sshd
from setright.model import Edit, Unknown
from setright.trees import same
from tests.sampling import examples

ROOT = Edit(("PermitRootLogin",), "no")
SSHD = shutil.which("sshd") or "/usr/sbin/sshd"
needs_sshd = pytest.mark.skipif(not Path(SSHD).exists(), reason="needs openssh-server")

VARIANTS = {  # files that sshd accepts -> the same file with root logins off
    "plain": ("PermitRootLogin yes\n", "PermitRootLogin no\n"),
    "lower case": ("permitrootlogin yes\n", "permitrootlogin no\n"),
    "equals": ("PermitRootLogin=yes\n", "PermitRootLogin=no\n"),
    "spaced equals": ("PermitRootLogin = yes\n", "PermitRootLogin = no\n"),
    "quoted": ('PermitRootLogin "yes"\n', 'PermitRootLogin "no"\n'),
    "quoted keyword": ('"PermitRootLogin" yes\n', '"PermitRootLogin" no\n'),
    "indented": ("Port 22\n\t PermitRootLogin yes\n", "Port 22\n\t PermitRootLogin no\n"),
    "trailing comment": ("PermitRootLogin yes  # until May\n", "PermitRootLogin no  # until May\n"),
    "trailing blanks": ("PermitRootLogin\tyes \t\n", "PermitRootLogin\tno \t\n"),
    "CRLF": ("Port 22\r\nPermitRootLogin yes\r\nUseDNS no\r\n", "Port 22\r\nPermitRootLogin no\r\nUseDNS no\r\n"),
    "no newline at the end": ("Port 22\nPermitRootLogin yes", "Port 22\nPermitRootLogin no"),
    "twice": ("PermitRootLogin yes\nPermitRootLogin no\n", "PermitRootLogin no\nPermitRootLogin no\n"),
    "set inside Match only": (
        "Port 22\n\nMatch User git\n\tPermitRootLogin yes\n",
        "Port 22\nPermitRootLogin no\n\nMatch User git\n\tPermitRootLogin yes\n",
    ),
    "absent before an empty Match": ("Port 22\nMatch all\n", "Port 22\nPermitRootLogin no\nMatch all\n"),
    "commented out": (
        "Include /etc/ssh/x/*.conf\n#Port 22\n#PermitRootLogin prohibit-password\n#UseDNS no\n",
        "Include /etc/ssh/x/*.conf\n#Port 22\n#PermitRootLogin prohibit-password\nPermitRootLogin no\n#UseDNS no\n",
    ),
    "nothing but a comment for a Match": ("# git\nMatch User git\n  X11Forwarding no\n", None),
    "without-password": ("PermitRootLogin without-password\n", "PermitRootLogin no\n"),
    "absent, no newline at the end": ("Port 22", "Port 22\nPermitRootLogin no"),
    "absent, CRLF": ("Port 22\r\n", "Port 22\r\nPermitRootLogin no\r\n"),
    "absent, equals style": ("Port = 22\n", "Port = 22\nPermitRootLogin = no\n"),
    "empty": ("", "PermitRootLogin no\n"),
}


@pytest.mark.parametrize("name", VARIANTS)
def test_one_setting_changes_in_odd_but_valid_files(name: str) -> None:
    before, after = VARIANTS[name]
    got = lenses.put("sshd", before.encode(), [ROOT])
    assert got == (after or "PermitRootLogin no\n" + before).encode()
    assert lenses.put("sshd", got, [ROOT]) == got


def test_keys_are_spelled_as_in_the_manual_and_values_are_plain() -> None:
    text = """
permitrootlogin WITHOUT-PASSWORD
LOGINGRACETIME 1m30s
clientaliveinterval 5M
ciphers a@b.c,d
MACs -umac-64*
ChallengeResponseAuthentication no
loglevel verbose
StreamLocalBindMask 0177
MaxStartups 10
MaxAuthTries 6
AllowTcpForwarding all
Banner "/etc/issue net" # x
Xyzzy  a   b # c
ForceCommand internal-sftp -f AUTH # not a comment
"""
    assert sshd.get(text.encode()) == {
        "PermitRootLogin": "prohibit-password",
        "LoginGraceTime": 90,
        "ClientAliveInterval": 300,
        "Ciphers": ["a@b.c", "d"],
        "MACs": Unknown("-umac-64*"),
        "KbdInteractiveAuthentication": "no",
        "LogLevel": "VERBOSE",
        "StreamLocalBindMask": "0177",
        "MaxStartups": "10",
        "MaxAuthTries": 6,
        "AllowTcpForwarding": "yes",
        "Banner": "/etc/issue net",
        "Xyzzy": "a   b",
        "ForceCommand": "internal-sftp -f AUTH # not a comment",
    }


def test_a_keyword_whose_last_line_may_count_is_known_only_where_all_lines_say_the_same() -> None:
    text = b"MaxStartups 10:30:60\nUseDNS no\nmaxstartups 100 # all\n"
    assert sshd.get(text)["MaxStartups"] == Unknown("set more than once: 10:30:60, 100")
    assert sshd.get(text.replace(b" 100 ", b" 10:30:60 "))["MaxStartups"] == "10:30:60"
    assert lenses.put("sshd", text, [Edit(("MaxStartups",), "5:50:20")]) == b"MaxStartups 5:50:20\nUseDNS no\n"


def test_the_order_of_keys_tells_what_stands_above_an_include() -> None:
    text = b"Port 22\nInclude a/*.conf b\nUsePAM yes\nInclude c\nUseDNS no\nPort 23\nMatch User git\nInclude d\n"
    tree = sshd.get(text)
    assert list(tree) == ["Port", "Include", "UsePAM", "Include 2", "UseDNS", "Match"]
    assert (tree["Include"], tree["Include 2"]) == (["a/*.conf", "b"], ["c"])
    assert tree["Match"] == [{"criteria": "User git", "Include": ["d"]}]


def test_a_new_keyword_never_goes_above_an_include() -> None:
    text = b"#PermitRootLogin yes\nInclude a\nPort 22\n"
    assert sshd.put(text, [ROOT]) == text + b"PermitRootLogin no\n"


def test_the_commented_example_of_a_match_block_is_no_place_for_a_keyword() -> None:
    """Nor is what stands below it: once somebody turns it on, that would be the block's own."""
    example = b"\n# Example\n#Match User anoncvs\n#\tPermitTTY no\n#   PermitTTY no\n"
    assert sshd.put(b"Port 22\n" + example, [Edit(("PermitTTY",), "no")]) == b"Port 22\nPermitTTY no\n" + example
    assert sshd.put(example + b"Port 22\n", [Edit(("PermitTTY",), "no")]) == example + b"Port 22\nPermitTTY no\n"


MATCH = b"Port 22\n\nMatch User git # box\n    X11Forwarding yes\n    AllowUsers a b\n\n# sftp\nMatch Group sftp\n"


def test_a_keyword_inside_a_match_block_is_edited_there() -> None:
    got = lenses.put("sshd", MATCH, [Edit(("Match", 0, "X11Forwarding"), "no")])
    assert got == MATCH.replace(b"X11Forwarding yes", b"X11Forwarding no")


def test_a_new_keyword_of_a_match_block_stays_in_it_and_is_indented_like_it() -> None:
    got = lenses.put("sshd", MATCH, [Edit(("Match", 0, "PermitTTY"), "no"), Edit(("Match", 1, "PermitTTY"), "no")])
    wanted = MATCH.replace(b"a b\n", b"a b\n    PermitTTY no\n").replace(b"sftp\n", b"sftp\n    PermitTTY no\n")
    assert got == wanted.replace(b"# sftp\n    PermitTTY no\n", b"# sftp\n")
    assert sshd.get(MATCH)["Match"][0]["criteria"] == "User git"
    assert lenses.put("sshd", MATCH, [Edit(("Match", 0, "criteria"), "User cvs")]) == MATCH.replace(b"User git", b"User cvs")


LISTS = [
    (b"AllowUsers a  b # x\nPort 1\nAllowUsers c\n", "AllowUsers", ["a", "c"], b"AllowUsers a # x\nPort 1\nAllowUsers c\n"),
    (b"AllowUsers a  b # x\nPort 1\nAllowUsers c\n", "AllowUsers", ["a", "b"], b"AllowUsers a  b # x\nPort 1\n"),
    (b"AllowUsers a b # x\n", "AllowUsers", ["a", "b", "c d"], b'AllowUsers a b "c d" # x\n'),
    (b"AllowUsers a\nAllowUsers b\n", "AllowUsers", ["z"], b"AllowUsers z\n"),
    (b"port 22\nUseDNS no\nport 23\n", "Port", [22, 24, 25], b"port 22\nport 24\nport 25\nUseDNS no\n"),
    (b"HostKey /a\nHostKey /b", "HostKey", ["/a", "/b", "/c"], b"HostKey /a\nHostKey /b\nHostKey /c"),
    (b"Ciphers +a\n", "Ciphers", ["a", "b"], b"Ciphers a,b\n"),
    (b"Ciphers 'a,b'\n", "Ciphers", ["a"], b"Ciphers 'a'\n"),
    (
        b"AuthorizedKeysFile a b\nAuthorizedKeysFile c\n",
        "AuthorizedKeysFile",
        ["a"],
        b"AuthorizedKeysFile a\nAuthorizedKeysFile c\n",
    ),
]


@pytest.mark.parametrize(("before", "key", "want", "after"), LISTS)
def test_lists_change_by_the_smallest_splice(before: bytes, key: str, want: list[str | int], after: bytes) -> None:
    assert lenses.put("sshd", before, [Edit((key,), want)]) == after


def test_list_items_can_be_edited_alone() -> None:
    text = b"AllowUsers a b\nAllowUsers c\n"
    assert lenses.put("sshd", text, [Edit(("AllowUsers", 1), remove=True)]) == b"AllowUsers a\nAllowUsers c\n"
    assert lenses.put("sshd", text, [Edit(("AllowUsers", 3), "d")]) == b"AllowUsers a b\nAllowUsers c d\n"
    assert lenses.put("sshd", b"MACs a,b\n", [Edit(("MACs", 0), remove=True)]) == b"MACs b\n"


def test_removing_a_keyword_removes_all_lines_that_set_it() -> None:
    text = b"PermitRootLogin yes\nPort 22\n  permitrootlogin no # x\nMatch User a\nPermitRootLogin yes\n"
    assert lenses.put("sshd", text, [Edit(("PermitRootLogin",), remove=True)]) == b"Port 22\nMatch User a\nPermitRootLogin yes\n"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Port 22\nPermitRootLogin\n", 2),
        ('Banner "x\n', 1),
        ("Port 22\n\n= no\n", 3),
        ("a\0b", 1),
        ("ForceCommand \f", 1),
        ('Po"rt" 22', 1),
    ],
)
def test_lines_that_sshd_would_not_read_are_refused_by_number(text: str, line: int) -> None:
    with pytest.raises(LensError, match=f"line {line}"):
        sshd.get(text.encode())


@pytest.mark.parametrize(
    "edit",
    [
        Edit(("PermitRootLogin",), "no\nPort 1"),
        Edit(("PermitRootLogin",), True),
        Edit(("AllowUsers",), "git"),
        Edit(("AllowUsers",), []),
        Edit(("Match", 0), remove=True),
        Edit(("Match", 7, "PermitTTY"), "no"),
        Edit(("Match",), []),
        Edit(("permitrootlogin",), "no"),
        Edit(("Bad Key",), "no"),
    ],
)
def test_what_no_line_can_say_is_refused(edit: Edit) -> None:
    with pytest.raises(LensError):
        lenses.put("sshd", MATCH, [edit])


def test_spans_point_at_the_value() -> None:
    text = "# é\nAllowUsers a b\nAllowUsers c\nMatch User é\n  PermitTTY 'no' # x\n".encode()
    there = {("AllowUsers", 2): b"c", ("AllowUsers", 1): b"b", ("AllowUsers",): b"a b", ("Match", 0, "PermitTTY"): b"'no'"}
    for path, value in (there | {("Match", 0): "User é".encode()}).items():
        start, end = sshd.span(text, path)
        assert text[start:end] == value
    assert lenses.span("sshd", text, ("UsePAM",)) == (0, 0)


# --- laws ---------------------------------------------------------------------------------------------------------

KEYS = [
    "PermitRootLogin",
    "Banner",
    "LoginGraceTime",
    "MACs",
    "AllowUsers",
    "Port",
    "ForceCommand",
    "Xyzzy",
    "Include",
    "ListenAddress",
]
SPELLED = st.sampled_from([*KEYS, "permitrootlogin", '"Port"', "ALLOWUSERS", "Match", "match", "#Banner", "Include"])
GAP = st.sampled_from([" ", "=", " = ", "\t", "  "])
ARGUMENTS = st.sampled_from(
    ["yes", "no", "22", "5m", "a b", '"a b" c', "a,b", "-a,b", "'it s'", "a\\ b", "all", "User git", "a #c", "é", "x\\", "#"]
)
LINE = st.one_of(
    st.builds(
        lambda i, k, g, a, t: i + k + g + a + t,
        st.sampled_from(["", "  ", "\t"]),
        SPELLED,
        GAP,
        ARGUMENTS,
        st.sampled_from(["", " ", " # c"]),
    ),
    st.sampled_from(["", "# note", "   ", "Match all"]),
)
FILES = st.builds(
    lambda ls, nl, end: (nl.join(ls) + (nl if end else "")).encode(),
    st.lists(LINE, max_size=8),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
VALUES = st.one_of(
    st.sampled_from(["yes", "no", "a b", "#x", 'q"q', "\\", "/x"]),
    st.integers(0, 99),
    st.lists(st.sampled_from(["a", "b", "c d", "#"]), min_size=1, max_size=3),
)
EDITS = st.builds(
    lambda scope, key, value, remove: Edit((*scope, key), None if remove else value, remove),
    st.sampled_from([(), (), ("Match", 0), ("Match", 1)]),
    st.sampled_from(KEYS),
    VALUES,
    st.booleans(),
)


@given(FILES, EDITS)
@settings(max_examples=examples(1500), deadline=None)
def test_the_laws_hold_or_the_lens_refuses(source: bytes, edit: Edit) -> None:
    try:
        tree = sshd.get(source)
    except LensError:
        return
    assert sshd.put(source, []) == source
    try:
        after = lenses.put("sshd", source, [edit])
    except LensError:
        return
    assert same(sshd.get(after), edited(tree, [edit]))
    assert sshd.put(after, [edit]) == after
    comments = [line.strip() for line in source.split(b"\n") if line.strip().startswith(b"#")]
    assert [line.strip() for line in after.split(b"\n") if line.strip().startswith(b"#")] == comments


@given(st.binary(max_size=80) | st.text(max_size=60).map(lambda t: t.encode("utf-8", "replace")), EDITS)
@settings(max_examples=examples(600), deadline=None)
def test_nothing_but_a_lens_error_comes_out_of_hostile_bytes(source: bytes, edit: Edit) -> None:
    try:
        sshd.get(source)
        sshd.put(source, [edit])
    except LensError:
        pass


# --- sshd itself --------------------------------------------------------------------------------------------------

CHOICES = {
    "PermitRootLogin": ["yes", "no", "without-password", "forced-commands-only"],
    "PasswordAuthentication": ["yes", "no", "NO"],
    "KbdInteractiveAuthentication": ["yes", "no"],
    "ChallengeResponseAuthentication": ["yes", "no"],
    "LoginGraceTime": ["60", "2m", "1m30s", "0"],
    "ClientAliveInterval": ["300", "5m", "1h"],
    "MaxAuthTries": ["3", "6"],
    "X11Forwarding": ["yes", "no"],
    "AllowTcpForwarding": ["yes", "all", "local"],
    "LogLevel": ["info", "VERBOSE"],
    "MaxStartups": ["10:30:60"],
    "Ciphers": ["aes256-ctr,aes128-ctr", "aes256-gcm@openssh.com"],
    "MACs": ["hmac-sha2-256,hmac-sha2-512"],
    "AllowUsers": ["ops git", "root", '"ops" git@10.0.0.1'],
    "AcceptEnv": ["LANG LC_*", "FOO"],
    "AuthorizedKeysFile": [".ssh/authorized_keys .ssh/more", "/etc/keys/%u"],
    "Banner": ["/etc/issue.net", '"/etc/issue.net"', "none"],
    "UseDNS": ["yes", "no"],
    "Subsystem": ["sftp internal-sftp -f AUTH"],
    "SetEnv": ["A=1"],
    "TCPKeepAlive": ["yes", "no"],
}
IN_MATCH = [
    "PermitRootLogin",
    "PasswordAuthentication",
    "MaxAuthTries",
    "X11Forwarding",
    "AllowTcpForwarding",
    "AllowUsers",
    "Banner",
]
TARGETS = [
    ROOT,
    Edit(("LoginGraceTime",), 45),
    Edit(("AllowUsers",), ["ops", "root", "new"]),
    Edit(("MACs",), ["hmac-sha2-512"]),
    Edit(("Banner",), "/etc/is sue"),
    Edit(("LogLevel",), "ERROR"),
    Edit(("KbdInteractiveAuthentication",), "no"),
    Edit(("ClientAliveInterval",), remove=True),
]


def _line(rng: random.Random, key: str) -> str:
    spelled = rng.choice([key, key.lower(), key.upper(), f'"{key}"'])
    gap = rng.choice([" ", "\t"] if spelled[0] == '"' else [" ", "=", " = ", "\t"])  # after quotes "=" is part of the value
    return rng.choice(["", "  ", "\t"]) + spelled + gap + rng.choice(CHOICES[key]) + rng.choice(["", " ", "  # note"])


def _file(rng: random.Random, key_file: Path) -> bytes:
    out = [
        f"HostKey {key_file}",
        *(_line(rng, k) for k in rng.choices(list(CHOICES), k=rng.randrange(9)) if k != "Subsystem" or rng.random() < 0.5),
    ]
    seen_subsystem = False
    body = []
    for line in out:
        if "subsystem" in line.lower() and seen_subsystem:
            continue
        seen_subsystem |= "subsystem" in line.lower()
        body.append(line)
    for user in rng.sample(["git", "ops", "cvs"], rng.randrange(3)):
        body += ["", f"match user {user}", *(_line(rng, k) for k in rng.choices(IN_MATCH, k=rng.randrange(3)))]
    ends = rng.choice(["\n", "\n", "\r\n"])
    return (ends.join(body) + rng.choice([ends, ""])).encode()


def _daemon(file: Path, user: str = "nobody") -> dict[str, object]:
    run = subprocess.run(
        [SSHD, "-T", "-f", str(file), "-C", f"user={user},host=h,addr=10.9.9.9"], capture_output=True, timeout=20, check=True
    )
    return sshd.get(run.stdout)


@pytest.fixture(scope="module")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    Path("/run/sshd").mkdir(exist_ok=True)
    file = tmp_path_factory.mktemp("sshd") / "host_key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(file)], check=True, timeout=30)
    return file


@needs_sshd
@pytest.mark.parametrize("seed", range(6))
def test_sshd_reads_the_same_as_the_lens_and_sees_just_the_edit(seed: int, key_file: Path, tmp_path: Path) -> None:
    rng = random.Random(seed)
    file = tmp_path / "sshd_config"
    for _ in range(40):
        source = _file(rng, key_file)
        file.write_bytes(source)
        before, tree = _daemon(file), sshd.get(source)
        assert {k: before[k] for k in tree if k != "Match"} == {k: v for k, v in tree.items() if k != "Match"}, source
        edit = rng.choice(TARGETS)
        after_bytes = lenses.put("sshd", source, [edit])
        file.write_bytes(after_bytes)
        after = _daemon(file)
        key = edit.path[0]
        assert edit.remove or after[key] == edit.value, (source, after_bytes)
        assert {k: v for k, v in after.items() if k != key} == {k: v for k, v in before.items() if k != key}, (source, after_bytes)


@needs_sshd
def test_sshd_sees_an_edit_inside_a_match_block_for_that_user_only(key_file: Path, tmp_path: Path) -> None:
    rng = random.Random(7)
    file = tmp_path / "sshd_config"
    tried = 0
    while tried < 40:
        source = _file(rng, key_file)
        tree = sshd.get(source)
        if not tree.get("Match"):
            continue
        tried += 1
        user = tree["Match"][0]["criteria"].split()[1]
        file.write_bytes(source)
        before = _daemon(file)
        file.write_bytes(lenses.put("sshd", source, [Edit(("Match", 0, "MaxAuthTries"), 2)]))
        assert _daemon(file) == before
        assert _daemon(file, user)["MaxAuthTries"] == 2, source

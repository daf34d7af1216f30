"""Configuration files of one program: which value counts, and where an edit makes it count."""

import os
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from setright import lenses
from setright.bindings import precedence
from setright.bindings.error import BindingError
from setright.bindings.layouts import settings
from setright.bindings.load import load_one
from setright.bindings.source import Source
from setright.model import Edit, Resource, Unknown

ROOT = Path(__file__).parents[2] / "bindings"


def layout(kind: str) -> dict:
    return dict(load_one(ROOT / f"{kind}.yaml", ROOT).layouts["linux"])


SSHD, SYSCTL, MODULE = layout("linux/sshd"), layout("linux/sysctl"), layout("linux/kernel-module")
MAIN = "/etc/ssh/sshd_config"


def sources(given: dict[str, str | bytes | None], lens: str) -> dict[str, Source]:
    def tree(name: str, text: str | bytes | None) -> Source:
        data = text.encode() if isinstance(text, str) else text
        which = "json" if name.startswith("running:") else lens
        return Source(name, which, lenses.get(which, data), data is not None)

    return {name: tree(name, text) for name, text in given.items()}


def seen(kind: str, given: dict[str, str | bytes | None], lens: str) -> list[Resource]:
    return settings.view(kind, layout(kind), sources(given, lens))


def put(kind: str, given: dict, lens: str, edits: list[Edit], live: list[Edit] | None = None, at: int = 0) -> dict:
    """The documents after edits on the resource number `at`."""
    entry, parsed = layout(kind), sources(given, lens)
    resource = settings.view(kind, entry, parsed)[at]
    after = dict(given)
    for locator, edit in settings.edit(entry, resource, edits, live or [], parsed):
        data = after.get(locator)
        data = data.encode() if isinstance(data, str) else data
        after[locator] = lenses.put("json" if locator.startswith("running:") else lens, data, [edit]).decode()
    return after


# --- sshd ---------------------------------------------------------------------------------------------------------

DROP = "/etc/ssh/sshd_config.d/50-cloud.conf"
BOTH = {MAIN: "Include /etc/ssh/sshd_config.d/*.conf\nPermitRootLogin no\nMaxAuthTries 3\n", DROP: "PermitRootLogin yes\n"}
NO_ROOT = Edit(("PermitRootLogin",), "no")


def test_a_drop_in_above_the_main_file_s_own_value_counts_and_is_what_gets_edited() -> None:
    [sshd] = seen("linux/sshd", BOTH, "sshd")
    assert (sshd.name, sshd.tree["PermitRootLogin"], sshd.tree["MaxAuthTries"]) == ("sshd", "yes", 3)
    assert put("linux/sshd", BOTH, "sshd", [NO_ROOT]) == BOTH | {DROP: "PermitRootLogin no\n"}


def test_an_include_below_a_key_does_not_beat_it() -> None:
    given = {MAIN: "PermitRootLogin no\nInclude sshd_config.d/*.conf\n", DROP: "PermitRootLogin yes\n"}
    assert seen("linux/sshd", given, "sshd")[0].tree["PermitRootLogin"] == "no"


def test_a_drop_in_that_nothing_includes_is_not_read() -> None:
    given = {MAIN: "Port 22\n", DROP: "PermitRootLogin yes\n"}
    assert "PermitRootLogin" not in seen("linux/sshd", given, "sshd")[0].tree
    assert put("linux/sshd", given, "sshd", [NO_ROOT])[MAIN] == "Port 22\nPermitRootLogin no\n"


def test_without_the_main_file_there_is_no_sshd() -> None:
    assert seen("linux/sshd", {MAIN: None}, "sshd") == seen("linux/sshd", {}, "sshd") == []


def test_lists_add_up_over_documents_and_shrink_where_their_items_stand() -> None:
    given = {MAIN: "AllowUsers a\nInclude sshd_config.d/*.conf\n", DROP: "AllowUsers b c\n"}
    assert seen("linux/sshd", given, "sshd")[0].tree["AllowUsers"] == ["a", "b", "c"]
    less = put("linux/sshd", given, "sshd", [Edit(("AllowUsers",), ["a", "c"])])
    assert less == given | {DROP: "AllowUsers c\n"}
    assert put("linux/sshd", given, "sshd", [Edit(("AllowUsers", 1), remove=True)]) == less
    assert put("linux/sshd", given, "sshd", [Edit(("AllowUsers",), ["c"])])[MAIN] == "Include sshd_config.d/*.conf\n"


def test_removing_a_key_removes_it_everywhere_so_that_no_other_value_takes_over() -> None:
    after = put("linux/sshd", BOTH, "sshd", [Edit(("PermitRootLogin",), remove=True)])
    assert after == {MAIN: "Include /etc/ssh/sshd_config.d/*.conf\nMaxAuthTries 3\n", DROP: ""}


BLOCKS = {
    MAIN: "Include sshd_config.d/*\nX11Forwarding no\nMatch User git\n  X11Forwarding yes\nMatch User git\n  PermitTTY no\n",
    DROP: "MaxAuthTries 3\nMatch Group ops\n  MaxAuthTries 9\n",
}


def test_each_match_block_is_a_resource_over_the_global_section_and_answers_for_its_own_keys() -> None:
    whole, ops, git, again = seen("linux/sshd", BLOCKS, "sshd")
    assert whole.tree == {"MaxAuthTries": 3, "X11Forwarding": "no"} and whole.only is None
    assert (ops.name, ops.tree, ops.home) == (
        "sshd Match Group ops",
        {"MaxAuthTries": 9, "X11Forwarding": "no"},
        (DROP, ("Match", 0)),
    )
    assert (git.name, git.tree["X11Forwarding"], git.only) == ("sshd Match User git", "yes", ("X11Forwarding",))
    assert again.name == "sshd Match User git (2)"
    assert "Match User git" in git.deliberate and not whole.deliberate


def test_an_edit_on_a_match_block_goes_into_it_and_what_it_inherits_is_edited_where_it_stands() -> None:
    after = put("linux/sshd", BLOCKS, "sshd", [Edit(("X11Forwarding",), "no"), Edit(("MaxAuthTries",), 2)], at=2)
    assert after == {
        MAIN: BLOCKS[MAIN].replace("X11Forwarding yes", "X11Forwarding no"),
        DROP: BLOCKS[DROP].replace("MaxAuthTries 3", "MaxAuthTries 2"),
    }


def test_values_are_located_where_they_count() -> None:
    parsed = sources(BLOCKS, "sshd")
    whole, ops, *_ = settings.view("linux/sshd", SSHD, parsed)
    assert settings.locate(SSHD, whole, ("MaxAuthTries",), parsed) == (DROP, ("MaxAuthTries",))
    assert settings.locate(SSHD, ops, ("MaxAuthTries",), parsed) == (DROP, ("Match", 0, "MaxAuthTries"))
    assert settings.locate(SSHD, whole, ("UsePAM",), parsed) == (MAIN, ("UsePAM",))


def test_the_daemon_s_own_answer_is_what_is_effective_and_tells_what_a_removal_list_comes_to() -> None:
    given = {MAIN: "Ciphers -aes128-*\nUsePAM yes\n", "effective:sshd": "ciphers aes256-ctr\nusepam no\n"}
    [sshd] = seen("linux/sshd", given, "sshd")
    assert sshd.tree == {"Ciphers": ["aes256-ctr"], "UsePAM": "yes"}
    assert sshd.effective == {"Ciphers": ["aes256-ctr"], "UsePAM": "no"}
    assert put("linux/sshd", given, "sshd", [], [Edit(("UsePAM",), "yes")]) == given


def test_includes_in_a_circle_are_refused() -> None:
    with pytest.raises(BindingError, match="Includes"):
        seen("linux/sshd", {MAIN: f"Include {MAIN}\n"}, "sshd")


# --- sysctl -------------------------------------------------------------------------------------------------------

NEW = "/etc/sysctl.d/99-setright.conf"
FORWARD = Edit(("net.ipv4.ip_forward",), 0)


def test_of_all_sysctl_files_the_last_by_name_wins() -> None:
    given = {
        "/etc/sysctl.conf": "net.ipv4.ip_forward=1\n",
        "/etc/sysctl.d/90-a.conf": "net.ipv4.ip_forward=2\n",
        "/usr/lib/sysctl.d/99-z.conf": "net.ipv4.ip_forward=3\n",
    }
    assert seen("linux/sysctl", given, "sysctl")[0].tree == {"net.ipv4.ip_forward": 3}
    with pytest.raises(BindingError, match="99-z.conf sets it"):
        put("linux/sysctl", given, "sysctl", [FORWARD])
    del given["/usr/lib/sysctl.d/99-z.conf"]
    assert put("linux/sysctl", given, "sysctl", [FORWARD])["/etc/sysctl.conf"] == "net.ipv4.ip_forward=0\n"


def test_a_file_of_the_same_name_in_an_earlier_folder_hides_the_later_one() -> None:
    given = {
        "/etc/sysctl.d/50-a.conf": "a.b=1\n",
        "/run/sysctl.d/50-a.conf": "a.b=2\nc.d=2\n",
        "/usr/lib/sysctl.d/50-a.conf": "e.f=3\n",
    }
    assert seen("linux/sysctl", given, "sysctl")[0].tree == {"a.b": 1}


def test_a_key_that_nothing_sets_goes_into_our_own_drop_in() -> None:
    assert put("linux/sysctl", {"/etc/sysctl.conf": "a.b=1\n"}, "sysctl", [FORWARD])[NEW] == "net.ipv4.ip_forward = 0\n"


def test_a_vendor_s_value_is_overridden_in_a_file_that_is_read_later() -> None:
    early = {"/usr/lib/sysctl.d/50-a.conf": "net.ipv4.ip_forward=1\n"}
    assert put("linux/sysctl", early, "sysctl", [FORWARD]) == early | {NEW: "net.ipv4.ip_forward = 0\n"}
    late = {"/usr/lib/sysctl.d/99-sw.conf": "net.ipv4.ip_forward=1\n", "/etc/sysctl.conf": ""}
    assert put("linux/sysctl", late, "sysctl", [FORWARD]) == late | {"/etc/sysctl.conf": "net.ipv4.ip_forward = 0\n"}


def test_a_vendor_s_value_cannot_be_removed() -> None:
    given = {"/usr/lib/sysctl.d/50-a.conf": "a.b=1\n"}
    with pytest.raises(BindingError, match="vendor"):
        put("linux/sysctl", given, "sysctl", [Edit(("a.b",), remove=True)])


RUNNING = '{\n  "net.ipv4.ip_forward": "1"\n}\n'


def test_what_runs_is_seen_beside_the_files_and_written_live_as_the_kernel_has_it() -> None:
    given = {"/etc/sysctl.conf": "net.ipv4.ip_forward=0\n", "running:sysctl": RUNNING}
    [sysctl] = seen("linux/sysctl", given, "sysctl")
    assert (sysctl.tree, sysctl.effective) == ({"net.ipv4.ip_forward": 0}, {"net.ipv4.ip_forward": "1"})
    assert put("linux/sysctl", given, "sysctl", [], [FORWARD])["running:sysctl"] == RUNNING.replace('"1"', '"0"')


def test_a_running_value_that_no_file_sets_is_written_down_too() -> None:
    after = put("linux/sysctl", {"/etc/sysctl.conf": "", "running:sysctl": RUNNING}, "sysctl", [], [FORWARD])
    assert after[NEW] == "net.ipv4.ip_forward = 0\n" and '"0"' in after["running:sysctl"]


def test_a_pattern_sets_what_nothing_names_and_nothing_spares() -> None:
    names = ("all", "default", "eth0")
    running = "{" + ",".join(f'"net.ipv4.conf.{n}.rp_filter": "0"' for n in names) + "}"
    vendor = "net.ipv4.conf.*.rp_filter = 2\n-net.ipv4.conf.all.rp_filter\nnet.ipv4.conf.default.rp_filter = 1\n"
    tree = seen("linux/sysctl", {"/usr/lib/sysctl.d/50.conf": vendor, "running:sysctl": running}, "sysctl")[0].tree
    assert [tree.get(f"net.ipv4.conf.{n}.rp_filter") for n in names] == [None, 1, 2]


def test_the_host_answers_only_for_keys_that_its_kernel_has() -> None:
    [sysctl] = seen("linux/sysctl", {"/etc/sysctl.conf": "a.b=1\n", "running:sysctl": RUNNING}, "sysctl")
    assert set(sysctl.only or ()) == {"a.b", "net.ipv4.ip_forward"}
    assert seen("linux/sysctl", {"/etc/sysctl.conf": "a.b=1\n"}, "sysctl")[0].only is None


# --- kernel modules -----------------------------------------------------------------------------------------------


def test_of_all_modprobe_files_the_first_by_name_wins_and_their_commands_merge() -> None:
    given = {
        "/etc/modprobe.d/b.conf": "install cramfs /bin/b\nblacklist udf\n",
        "/lib/modprobe.d/a.conf": "install cramfs /bin/a\nblacklist hfs\n",
        "running:modules": '{"loaded": {"udf": true}}',
    }
    [modules] = seen("linux/kernel-module", given, "modprobe")
    assert modules.tree["install"] == {"cramfs": "/bin/a"}
    assert modules.tree["blacklist"] == {"hfs": True, "udf": True}
    assert modules.effective == {"loaded": {"udf": True}}
    after = put("linux/kernel-module", given, "modprobe", [Edit(("install", "cramfs"), "/bin/false")])
    assert after == given | {"/etc/modprobe.d/60-setright.conf": "install cramfs /bin/false\n"}
    assert seen("linux/kernel-module", after, "modprobe")[0].tree["install"] == {"cramfs": "/bin/false"}


def test_a_host_without_any_file_still_has_its_one_resource() -> None:
    assert [r.name for r in seen("linux/kernel-module", {}, "modprobe")] == ["kernel-module"]


# --- the programs as judges ---------------------------------------------------------------------------------------


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd-analyze")
@pytest.mark.parametrize("seed", range(8))
def test_systemd_reads_the_same_files_in_the_same_order(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    folders = ["/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d"]
    names = rng.sample([f"{folder}/{n}.conf" for folder in folders for n in ("10-a", "50-B", "50-b", "99-x", "zz")], 9)
    for name in names:
        (tmp_path / name[1:]).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name[1:]).write_text("a.b = 1\n")
    run = ["systemd-analyze", f"--root={tmp_path}", "cat-config", "sysctl.d"]
    told = subprocess.run(run, capture_output=True, text=True, timeout=20, check=True).stdout.splitlines()
    order = ["/" + line[2:].removeprefix(str(tmp_path)).lstrip("/") for line in told if line.startswith("# /")]
    read = precedence.segments(SYSCTL, sources(dict.fromkeys(names, "a.b = 1\n"), "sysctl"))
    assert [part.locator for part in read] == order


LINES = [
    "PermitRootLogin yes",
    "PermitRootLogin no",
    "MaxAuthTries 5",
    "MaxAuthTries 4",
    "AllowUsers a b",
    "AllowUsers c",
    "UseDNS yes",
    "LoginGraceTime 1m",
]
BLOCK = ["Match User git", "Match User ops"]
WANTED = [
    NO_ROOT,
    Edit(("MaxAuthTries",), 2),
    Edit(("AllowUsers",), ["a", "z"]),
    Edit(("UseDNS",), "no"),
    Edit(("LoginGraceTime",), 30),
]


def made_up(rng: random.Random, folder: Path, key: Path) -> dict[str, str]:
    def text(includes: list[str], known: int = len(LINES)) -> str:
        lines = rng.choices(LINES[:known], k=rng.randrange(4)) + [f"Include {i}" for i in includes]
        rng.shuffle(lines)
        if rng.random() < 0.5:
            lines += [rng.choice(BLOCK), *rng.choices(LINES[:6], k=rng.randrange(3))]
            if includes and rng.random() < 0.3:
                lines += ["Include other.d/*.conf"]
        return "\n".join(lines) + "\n"

    main = text(rng.choice([["conf.d/*.conf"], ["conf.d/*.conf", "other.d/*"], ["conf.d/2*.conf conf.d/1*.conf"]]))
    given = {f"{folder}/sshd_config": f"HostKey {key}\n" + main}
    for name in ("conf.d/10-a.conf", "conf.d/20-b.conf", "other.d/x.conf", "conf.d/.hidden.conf"):
        given[f"{folder}/{name}"] = text([], 6 if name.startswith("other") else len(LINES))  # six may stand in a Match
    return given


def unordered(tree: dict) -> dict:
    """Lists in one order, since theirs decides nothing: sshd gathers them otherwise where Includes stand in blocks."""
    return {key: sorted(value) if isinstance(value, list) else value for key, value in tree.items()}


@pytest.mark.skipif(not Path("/usr/sbin/sshd").exists(), reason="needs openssh-server")
@pytest.mark.parametrize("seed", range(25 if os.environ.get("SETRIGHT_ALL") else 4))
def test_sshd_agrees_on_which_value_counts_and_sees_every_edit(seed: int, tmp_path: Path) -> None:
    """Over main files with Includes at any place, inside Match blocks too; `git` tells what a block comes to."""
    Path("/run/sshd").mkdir(exist_ok=True)
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True, timeout=30)
    main = f"{tmp_path}/sshd_config"
    entry = SSHD | {"main": main, "documents": [main, f"{tmp_path}/*.conf"], "directory": str(tmp_path)}
    rng = random.Random(seed)

    def daemon(given: dict[str, str]) -> dict:
        for name, text in given.items():
            Path(name).parent.mkdir(exist_ok=True)
            Path(name).write_text(
                text.replace("conf.d/", f"{tmp_path}/conf.d/").replace("Include other", f"Include {tmp_path}/other")
            )
        run = ["/usr/sbin/sshd", "-T", "-f", main, "-C", "user=nobody,host=h,addr=10.9.9.9"]
        return lenses.get("sshd", subprocess.run(run, capture_output=True, timeout=20, check=True).stdout)

    for _ in range(40):
        given = made_up(rng, tmp_path, key)
        parsed = sources(given, "sshd")
        whole = settings.view("linux/sshd", entry, parsed)[0]
        told = daemon(given)
        assert unordered(whole.tree) == {k: v for k, v in unordered(told).items() if k in whole.tree}, given
        edit = rng.choice(WANTED)
        for locator, each in settings.edit(entry, whole, [edit], [], parsed):
            given[locator] = lenses.put("sshd", given[locator].encode(), [each]).decode()
        after = daemon(given)
        have, want = after[edit.path[0]], edit.value
        assert (sorted(have) if isinstance(have, list) else have) == want, given
        left, held = ({k: v for k, v in unordered(each).items() if k != edit.path[0]} for each in (after, told))
        assert left == held


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("sourcedir /etc/chrony/sources.d\nsourcedir /run/chrony-dhcp\n", None),
        ("sourcedir /srv/chrony\n", Unknown("in /srv/chrony, which was not read")),
        ("include /etc/chrony/site\n", Unknown("in /etc/chrony/site, which was not read")),
        ("include /etc/chrony/site\nserver time.example.org\n", ["time.example.org"]),
    ],
)
def test_servers_that_may_stand_where_nobody_looked_are_not_told(text: str, server: object) -> None:
    layout = dict(load_one(ROOT / "linux/chrony.yaml", ROOT).layouts["linux"])
    [chrony] = settings.view("linux/chrony", layout, sources({"/etc/chrony/chrony.conf": text}, "chrony"))
    assert chrony.tree.get("server") == server

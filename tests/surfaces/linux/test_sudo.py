"""Promises about sudo that asks for a password, kept by a real sshd and a real sudo with a real PAM stack."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from lab.hosts import Lab

from setright.model import Change, Steps
from setright.surfaces.base import SurfaceError
from setright.surfaces.linux.sudo import Password, SudoRefused
from setright.surfaces.linux.surface import Linux, open_ssh
from tests.surfaces.linux.conftest import files

WORD = "correct horse 'battery\" $taple"
ASKS = "sed -i s/NOPASSWD:// /etc/sudoers.d/ops; echo \"$WORD\" | sed 's/^/ops:/' | chpasswd -c SHA512"
FAILLOCK = (
    "printf 'deny = 3\\nunlock_time = 900\\n' >/etc/security/faillock.conf;"
    "sed -i '0,/^auth/s//auth requisite pam_faillock.so preauth\\nauth/; s/success=1/success=2/; s/^auth.*pam_deny.so/"
    "auth [default=die] pam_faillock.so authfail\\n&/' /etc/pam.d/common-auth"
)
STEPS = Steps(validate=("visudo-c",), arm=True)


def quoted(script: str, word: str = WORD) -> str:
    escaped = word.replace("'", "'\\''")
    return f"WORD='{escaped}'; {script}"


@pytest.fixture
def asks(host: Lab) -> Lab:
    """Host h1, whose sudo asks ops for a password."""
    done = host.command(1, quoted(ASKS))
    assert not done.returncode, done.stderr
    return host


def opened(word: str = WORD) -> Linux:
    return open_ssh("ssh://h1", 8.0, Password(lambda: word))


@pytest.fixture
def web(asks: Lab) -> Iterator[Linux]:
    surface = opened()
    yield surface
    surface.close()


@pytest.mark.root
def test_what_only_root_may_see_and_write_is_seen_and_written(web: Linux, asks: Lab) -> None:
    read = web.read([files("/etc/shadow", "/etc/sudoers.d/*")])
    assert {d.locator for d in read.documents} == {"/etc/shadow", "/etc/sudoers.d/README", "/etc/sudoers.d/ops"}
    assert read.problems == ()
    data = bytes(range(256)) * 4000
    web.write(Change("/etc/big", "bytes", None, data))
    assert (asks.root(1) / "etc/big").read_bytes() == data == web.again(["/etc/big"])["/etc/big"].data


@pytest.mark.root
def test_a_script_ends_as_it_would_without_sudo_between(web: Linux) -> None:
    ran = web._transport.run("printf 'a\\0b\\n\\n'; echo err >&2; id -u >&2; exit 3")
    assert (ran.status, ran.out, ran.err.split()) == (3, b"a\0b\n\n", ["err", "0"])
    assert web._transport.run("if syntax error").status == 2
    assert web._transport.run("cat; echo after").out == b"after\n"


@pytest.mark.root
@pytest.mark.parametrize("default", ["requiretty", "requiretty,use_pty", "timestamp_timeout=0", "lecture=always", "!use_pty"])
def test_it_works_however_sudo_is_set_up(asks: Lab, default: str) -> None:
    asks.command(1, f"echo 'Defaults {default}' >/etc/sudoers.d/z")
    surface = opened()
    data = bytes(range(256)) * 1000
    surface.write(Change("/etc/big", "bytes", None, data))
    assert surface.again(["/etc/big", "/etc/shadow"])["/etc/big"].data == data
    surface.reconnect()
    surface.close()


@pytest.mark.root
def test_a_terminal_is_had_where_sudo_wants_nothing_else(host: Lab) -> None:
    host.command(1, "echo 'Defaults requiretty' >/etc/sudoers.d/z")
    surface = open_ssh("ssh://h1", 8.0)
    assert surface.again(["/etc/shadow"])["/etc/shadow"].data
    surface.reconnect()
    surface.close()


@pytest.mark.root
def test_sudo_that_does_not_ask_is_given_no_password(host: Lab) -> None:
    def never() -> str:
        raise AssertionError("asked")

    surface = open_ssh("ssh://h1", 8.0, Password(never))
    assert surface.again(["/etc/shadow"])["/etc/shadow"].data
    surface.close()


@pytest.mark.root
def test_a_wrong_password_is_said_once_and_locks_nobody_out(asks: Lab) -> None:
    asks.command(1, FAILLOCK)
    password = Password(lambda: "wrong")
    for _ in range(4):
        surface = open_ssh("ssh://h1", 8.0, password)
        with pytest.raises(SurfaceError, match="ssh://h1: sudo refused the password; it was tried once"):
            surface.again(["/etc/shadow"])
        surface.close()
    failures = asks.command(1, "faillock --user ops").stdout
    assert failures.count("sudo") == 2, "the try, and that sudo asks for another one, which is not given"
    right = opened()
    assert right.again(["/etc/shadow"])["/etc/shadow"].data
    right.close()


@pytest.mark.root
def test_the_password_shows_in_no_process_list_log_or_error(web: Linux, asks: Lab) -> None:
    seen: list[str] = []
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            seen.append(asks.command(1, "cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ | tr '\\0' ' '").stdout)

    watch = threading.Thread(target=look)
    watch.start()
    for _ in range(3):
        web._transport.reconnect()
    web._transport.run("sleep 0.3")
    done.set()
    watch.join()
    assert any("sudo -S -k" in each for each in seen)
    everything = "".join(seen) + (asks.folder / "1/log").read_text() + repr(vars(web._transport))
    everything += asks.command(1, "grep -r horse /var/log /run /tmp /home /root 2>/dev/null; true").stdout
    assert "horse" not in everything


@pytest.mark.root
@pytest.mark.parametrize(
    "breaks",
    [
        "sed -i 's/^ops.*/ops ALL=(ALL) \\/bin\\/ls/' /etc/sudoers.d/ops",
        "rm /etc/sudoers.d/ops",
        "usermod -L ops",
        "sed -i '1i auth required pam_deny.so' /etc/pam.d/sudo",
        "chmod u-s /usr/bin/sudo",
    ],
)
def test_a_change_after_which_this_sudo_no_longer_works_is_not_confirmed(web: Linux, asks: Lab, breaks: str) -> None:
    web.again(["/etc/shadow"])
    web._transport.reconnect()
    assert not asks.command(1, breaks).returncode
    with pytest.raises(SurfaceError, match="takes our rights away"):
        web.reconnect()
    assert web._transport.run("id -u").out == b"0\n", "the shell that is open puts it back"


@pytest.mark.root
def test_more_than_a_password_is_not_answered(asks: Lab) -> None:
    asks.command(1, "sed -i '1i auth requisite pam_exec.so quiet /bin/sleep 30' /etc/pam.d/sudo")
    surface = open_ssh("ssh://h1", 2.0, Password(lambda: WORD))
    with pytest.raises(SurfaceError, match="asks for more than a password"):
        surface.again(["/etc/shadow"])
    surface.close()


def test_a_password_that_the_first_host_refuses_is_tried_on_no_other() -> None:
    tried: list[str] = []
    password = Password(lambda: "wrong")

    def refuse(word: str) -> None:
        tried.append(word)
        raise SudoRefused("h: no")

    told = []
    for target in ("ssh://a", "ssh://b", "ssh://a", "ssh://c"):
        with pytest.raises(SudoRefused) as caught:
            password.try_on(target, refuse)
        told.append(str(caught.value))
    assert tried == ["wrong"]
    assert told[1] == "ssh://b: sudo's password was not tried here, since ssh://a refused it"


def test_one_host_that_refuses_what_others_took_is_one_host_s_matter() -> None:
    password = Password(lambda: "right")

    def refuse(_: str) -> str:
        raise SudoRefused("h: no")

    assert password.try_on("ssh://a", lambda word: word) == "right"
    for _ in range(2):
        with pytest.raises(SudoRefused, match="h: no"):
            password.try_on("ssh://b", refuse)
    assert password.try_on("ssh://c", lambda word: word) == "right"

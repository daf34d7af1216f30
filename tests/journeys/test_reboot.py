"""A host that was put right boots again: on a real systemd, shut down and started on the same disk, and once more when undone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from lab.booted import Booted

from setright.model import Change, Steps
from setright.surfaces.base import Rejected
from setright.surfaces.linux.surface import open_ssh
from tests.evidence import check_proof
from tests.hosts import IN_USE, Program, environment, files, hosts, logs_in
from tests.journeys.loop import differences

pytestmark = [pytest.mark.root, pytest.mark.slow]

DISK = "mkdir -p /srv/data; printf 'tmpfs /srv/data tmpfs size=4m 0 0\\n' >>/etc/fstab; mount /srv/data"
UNIT = "printf '[Service]\\nExecStart=/bin/sleep 1000\\n[Install]\\nWantedBy=multi-user.target\\n' >/etc/systemd/system/app.service"
SAYS = (
    "systemctl is-system-running --wait; systemctl --failed --no-legend --plain; findmnt --verify >/dev/null && echo mounts right"
)
RIGHT = ["running", "mounts right"]
GROWS = ("var/lib/systemd/", "var/lib/private", "etc/machine-id", "root/.", "etc/hostname", "etc/resolv.conf", "etc/hosts")


class Told(NamedTuple):
    lab: Booted
    fixed: tuple[int, Any, str]
    left: tuple[int, Any, str]
    back: tuple[int, Any, str]
    states: list[list[str]]  # what systemd says: first, after the fix and a restart, after the way back and a restart
    logins: list[bool]
    written: tuple[dict[str, Any], dict[str, Any]]
    flags: str


@pytest.fixture(scope="module")
def lab() -> Iterator[Booted]:
    with hosts(1, Booted) as lab:
        yield lab


@pytest.fixture(scope="module")
def told(lab: Booted, tmp_path_factory: pytest.TempPathFactory) -> Told:
    program = Program(lab, tmp_path_factory.mktemp("reboot"))
    lab.command(1, f"{DISK}; {UNIT}; systemctl enable -q --now app")
    states, logins, before = [says(lab)], [], persistent(lab)
    fixed = program("fix", "ssh://h1", "--baseline", "cis-debian-12-l2", "--all", "--yes")
    lab.reboot(1)
    states.append(says(lab))
    logins.append(logs_in(lab, 1))
    flags = lab.command(1, "findmnt -no OPTIONS /srv/data; findmnt -no OPTIONS /dev/shm").stdout
    left = program("plan", "ssh://h1", "--baseline", "cis-debian-12-l2")
    back = program("rollback", fixed[1]["run"])
    lab.reboot(1)
    states.append(says(lab))
    logins.append(logs_in(lab, 1))
    check_proof(program.state)
    return Told(lab, fixed, left, back, states, logins, (before, persistent(lab)), flags)


def says(lab: Booted) -> list[str]:
    return lab.command(1, SAYS).stdout.splitlines()


def persistent(lab: Booted) -> dict[str, Any]:
    return {path: entry for path, entry in files(lab, 1).items() if not path.startswith(GROWS)}


def test_everything_is_put_right_on_a_booted_host_but_what_evidence_says_would_break(told: Told) -> None:
    ended = {(plan["document"], plan["outcome"], plan["why"]) for plan in told.fixed[1]["plans"]}
    left = [each for each in ended if each[1] not in ("verified", "hand")]
    assert [(document, outcome) for document, outcome, _ in left] == [(IN_USE, "refused")] and "would break" in left[0][2]
    assert len([each for each in ended if each[1] == "verified"]) > 20


def test_it_boots_with_every_mount_and_no_service_that_failed(told: Told) -> None:
    assert told.states[0] == RIGHT, "as it was made"
    assert told.states[1] == RIGHT
    assert told.logins == [True, True]


def test_what_was_put_right_holds_after_the_restart(told: Told) -> None:
    left = [plan for plan in told.left[1]["plans"] if plan["lane"] != "hand"]
    assert [(plan["document"], plan["controls"]) for plan in left] == [(IN_USE, ["linux/kernel-module/overlay"])], left
    assert "noexec" in told.flags.splitlines()[1]


def test_the_way_back_works_after_a_restart_and_it_boots_once_more(told: Told) -> None:
    """What the restart mounted by the fixed table stays mounted until the next restart, and that is said."""
    assert {plan["document"] for plan in told.back[1]["plans"] if plan["outcome"] != "reverted"} <= {"/etc/fstab", "state:mounts"}
    assert told.states[2] == RIGHT
    assert differences(*told.written) == {}


FSTAB, DROP_IN = "/etc/fstab", "/etc/systemd/system/app.service.d/60-x.conf"


@pytest.mark.parametrize(
    ("step", "locator", "after", "said"),
    [
        ("fstab-verify", FSTAB, b"UUID=00000000-0000-0000-0000-000000000000 /data ext4 defaults 0 2\n", "unreachable"),
        ("fstab-verify", FSTAB, b"/dev/sda9 /data ext4\n", "/data"),
        ("unit-verify", DROP_IN, b"[Service]\nProtectSistem=strict\n", "ProtectSistem"),
        ("unit-verify", DROP_IN, b"[Service]\nExecStart=\nExecStart=/no/such/program\n", "no/such/program"),
        ("unit-verify", "/etc/systemd/system/tmp.mount", b"[Mount]\nWhat=tmpfs\nWhere=/other\nType=tmpfs\n", "tmp.mount"),
    ],
)
def test_what_would_not_boot_is_refused_before_it_is_written(
    lab: Booted, told: Told, tmp_path: Any, monkeypatch: pytest.MonkeyPatch, step: str, locator: str, after: bytes, said: str
) -> None:
    for name, value in environment(lab, tmp_path).items():
        monkeypatch.setenv(name, value)
    with lab.inside():
        surface = open_ssh("ssh://h1")
        try:
            before = surface.again([locator])[locator].data
            with pytest.raises(Rejected, match=said):
                surface.validate([Change(locator, "text", before, (before or b"") + after)], Steps(validate=(step,)))
            good = b"# nothing\n" if step == "fstab-verify" else b"[Service]\nNoNewPrivileges=yes\n"
            harmless = FSTAB if step == "fstab-verify" else DROP_IN
            old = surface.again([harmless])[harmless].data
            surface.validate([Change(harmless, "text", old, (old or b"") + good)], Steps(validate=(step,)))
        finally:
            surface.close()


def test_a_drive_that_is_not_plugged_in_does_not_keep_us_from_the_rest(
    lab: Booted, told: Told, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment(lab, tmp_path).items():
        monkeypatch.setenv(name, value)
    with lab.inside():
        lab.command(1, "printf 'LABEL=backup /backup ext4 noauto 0 2\\n' >>/etc/fstab")
        surface = open_ssh("ssh://h1")
        try:
            before = surface.again([FSTAB])[FSTAB].data or b""
            better = Change(FSTAB, "fstab", before, before.replace(b"tmpfs size=4m", b"tmpfs size=4m,nodev"))
            assert better.after != before
            surface.validate([better], Steps(validate=("fstab-verify",)))
            with pytest.raises(Rejected):
                surface.validate(
                    [Change(FSTAB, "fstab", before, before + b"/dev/nothing /x ext4 defaults 0 2\n")], Steps(("fstab-verify",))
                )
        finally:
            surface.close()


def test_another_name_of_a_unit_does_not_keep_us_from_the_rest(
    lab: Booted, told: Told, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many a service on the bus is linked to under its name there; two that own one name are an error to systemd."""
    for name, value in environment(lab, tmp_path).items():
        monkeypatch.setenv(name, value)
    alias = "/etc/systemd/system/dbus-org.freedesktop.login1.service"
    with lab.inside():
        assert lab.command(1, f"ln -s /lib/systemd/system/systemd-logind.service {alias}").returncode == 0
        surface = open_ssh("ssh://h1")
        try:
            old = surface.again([DROP_IN])[DROP_IN].data
            surface.validate([Change(DROP_IN, "text", old, b"[Service]\nNoNewPrivileges=yes\n")], Steps(validate=("unit-verify",)))
        finally:
            surface.close()
            lab.command(1, f"rm {alias}")


FALLS = """cd /etc/systemd/system; printf '[Socket]\\nListenStream=/run/falls.sock\\n' >falls.socket
printf '[Service]\\nExecStart=/bin/sh -c "trap %s TERM; while :; do sleep 0.1; done"\\n' "'exit 3'" >falls.service
systemctl daemon-reload; systemctl start falls.socket falls.service"""


def test_what_is_stopped_has_not_failed_and_a_socket_comes_back_while_its_service_runs(
    lab: Booted, told: Told, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment(lab, tmp_path).items():
        monkeypatch.setenv(name, value)
    with lab.inside():
        assert lab.command(1, FALLS).returncode == 0
        surface = open_ssh("ssh://h1")
        try:
            for unit in ("unit:falls.service", "unit:falls.socket"):
                lab.command(1, "systemctl start falls.service")
                runs = surface.again([unit])[unit].data or b""
                rests = runs.replace(b'"active"', b'"inactive"', 2).replace(b'"inactive":', b'"active":')
                surface.write(Change(unit, "json", runs, rests))
                assert lab.command(1, f"systemctl is-active {unit.removeprefix('unit:')}").stdout == "inactive\n"
            lab.command(1, "systemctl start falls.service")
            surface.write(Change("unit:falls.socket", "json", rests, runs))
            assert lab.command(1, "systemctl is-active falls.socket falls.service").stdout == "active\nactive\n"
        finally:
            surface.close()

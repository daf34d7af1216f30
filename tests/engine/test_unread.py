"""What could not be read is never a reason to pass: of what rests on it only what is wrong for sure is told."""

from __future__ import annotations

import pytest

from setright.app import App, ScanOptions
from setright.engine.configuration import Configuration
from setright.engine.scan import Scan
from setright.surfaces.linux import files
from tests.content import warm

FILES = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/bash\n",
    "etc/group": "root:x:0:\n",
    "etc/shadow": "root:*:19000:0:99999:7:::\n",
    "etc/ssh/sshd_config": "Include /etc/ssh/sshd_config.d/*.conf\nX11Forwarding yes\nPermitRootLogin no\n",
    "etc/ssh/sshd_config.d/10-a.conf": "PermitEmptyPasswords no\n",
    "etc/sysctl.d/50-a.conf": "kernel.kptr_restrict = 2\n",
    "etc/sudoers": "Defaults use_pty\n@includedir /etc/sudoers.d\n",
    "etc/sudoers.d/a": "Defaults logfile=/var/log/sudo.log\n",
    "etc/crontab": "1 * * * * root true\n",
    "etc/cron.d/a": "1 * * * * root true\n",
    "etc/pam.d/common-auth": "auth required pam_unix.so\n",
    "etc/fstab": "tmpfs /tmp tmpfs nodev,nosuid,noexec 0 0\n",
    "etc/audit/rules.d/a.rules": "-w /etc/sudoers -p wa -k scope\n",
    "etc/systemd/journald.conf.d/a.conf": "[Journal]\nStorage=persistent\n",
    "etc/systemd/journald.conf": "[Journal]\n",
    "etc/hosts.allow": "sshd: 192.0.2.1\n",
    "etc/apt/apt.conf.d/01a": 'APT::Sandbox::Seccomp "1";\n',
    "var/lib/dpkg/status": "Package: sudo\nStatus: install ok installed\n",
}
KINDS = {
    "etc/passwd": "accounts", "etc/group": "accounts", "etc/shadow": "accounts", "etc/ssh/sshd_config": "sshd",
    "etc/ssh/sshd_config.d/10-a.conf": "sshd", "etc/sysctl.d/50-a.conf": "sysctl", "etc/sudoers": "sudoers",
    "etc/sudoers.d/a": "sudoers", "etc/pam.d/common-auth": "pam", "etc/fstab": "mount", "etc/audit/rules.d/a.rules": "audit-rules",
    "etc/systemd/journald.conf.d/a.conf": "journald", "etc/systemd/journald.conf": "journald", "etc/hosts.allow": "host-access",
    "etc/apt/apt.conf.d/01a": "apt", "var/lib/dpkg/status": "package",
}  # fmt: skip


@pytest.fixture
def scan(tmp_path, monkeypatch):
    """Scans the tree, one of its files withheld."""
    for name, text in FILES.items():
        (place := tmp_path / "root" / name).parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    app, read = App(Configuration(state=str(warm(tmp_path / "state")))), files.Files._bytes

    def scanned(withheld: str = "") -> Scan:
        def withholding(self, real):
            if withheld and real == tmp_path / "root" / withheld:
                raise PermissionError(13, "Permission denied")
            return read(self, real)

        monkeypatch.setattr(files.Files, "_bytes", withholding)
        (told,) = app.scan([f"root:{tmp_path / 'root'}"], ScanOptions(controls=("linux/*",)))
        assert told.scan is not None, told.error
        return told.scan

    return scanned


@pytest.mark.parametrize(("path", "kind"), KINDS.items())
def test_no_control_passes_by_a_file_that_could_not_be_read(scan, path, kind):
    told = scan(path)
    assert [name for name in told.passes if name.startswith(f"linux/{kind}/")] == []
    mine = {f.finding.verdict.value for f in told.found if f.finding.kind == f"linux/{kind}"}
    assert "unknown" in mine, mine
    why = [f.finding.why_unknown for f in told.found if f.finding.kind == f"linux/{kind}" and f.finding.verdict.value == "unknown"]
    assert any("may not be read" in each for each in why), why


def test_of_many_documents_of_their_own_only_the_unread_one_is_unknown(scan):
    told = scan("etc/cron.d/a")
    unknown = {(f.finding.kind, f.finding.resource) for f in told.found if f.finding.verdict.value == "unknown"}
    assert ("linux/cron", "/etc/cron.d/a") in unknown and ("linux/cron", "/etc/crontab") not in unknown
    assert "linux/cron/search-path" in told.passes


def test_what_stands_there_and_is_wrong_stays_wrong_and_is_left_to_people(scan):
    told = scan("etc/ssh/sshd_config.d/10-a.conf")
    (found,) = [each for each in told.found if each.finding.control == "linux/sshd/x11-forwarding"]
    assert found.finding.verdict.value == "fail" and "10-a.conf" in found.resource.unread
    (root,) = [each for each in told.found if each.finding.control == "linux/sshd/root-login"]
    assert root.finding.verdict.value == "unknown"


@pytest.mark.parametrize(
    ("folder", "unknown"), [("etc/ssh/sshd_config.d/old.conf", False), ("etc/pam.d/old", False), ("etc/fstab", True)]
)
def test_a_folder_among_drop_ins_says_nothing_and_one_in_place_of_a_file_hides_it(scan, tmp_path, folder, unknown):
    place = tmp_path / "root" / folder
    place.unlink(missing_ok=True)
    place.mkdir()
    told = scan()
    assert any(problem.why == "is a folder" for problem in told.problems)
    assert any(f.finding.verdict.value == "unknown" and "is a folder" in f.finding.why_unknown for f in told.found) is unknown

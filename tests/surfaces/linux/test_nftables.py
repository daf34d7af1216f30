"""A host whose file of rules is open while what runs is shut: found, put right where nobody is shut out, and given back."""

from __future__ import annotations

from pathlib import Path

import pytest
from lab.hosts import Lab

from tests.surfaces.linux.states import Loop

pytestmark = pytest.mark.root

MAIN = "/etc/nftables.conf"
WANTS = "/etc/systemd/system/sysinit.target.wants"
CHAINS = """table inet filter {
	chain input {
		type filter hook input priority filter; policy accept;
		ct state established,related accept
		tcp dport 22 accept # us
	}
	chain forward {
		type filter hook forward priority filter;
	}
}
"""
RUNS = f"""mkdir -p {WANTS}; ln -sf /lib/systemd/system/nftables.service {WANTS}/nftables.service
cat >{MAIN} <<'END'
#!/usr/sbin/nft -f
flush ruleset
{CHAINS}END
sed 's/policy accept/policy drop/; s/accept # us/accept; iif lo accept/' {MAIN} | nft -f -"""


def test_a_file_that_would_open_the_host_at_its_next_start_is_closed_and_given_back(host: Lab, tmp_path: Path) -> None:
    loop = Loop(host, tmp_path, "linux/nftables/*")
    assert not loop.wrong(), "nothing loads the file of Debian as it is shipped"
    loop.sh(RUNS)
    before = loop.sh(f"cat {MAIN}")
    assert loop.wrong() == {("nftables/input", MAIN)}
    run = loop.fix()
    assert loop.outcomes(run) == [f"{MAIN}: verified"]
    shut = before.replace("policy accept;", 'policy drop;\n\t\tiif "lo" accept')
    assert loop.sh(f"nft -c -f {MAIN} && cat {MAIN}") == shut, "what comes to light behind it goes with it"
    assert not loop.wrong()
    loop.rollback(run)
    assert loop.sh(f"cat {MAIN}") == before

"""Does something else write this host's configuration, and would undo or forget what is put right here?"""

from __future__ import annotations

from collections.abc import Sequence

from setright.model import Answer
from setright.surfaces.linux.evidence import Evidence
from setright.surfaces.linux.transport import Ask

TRACES = {
    "Puppet": ("/etc/puppetlabs/puppet/puppet.conf", "/etc/puppet/puppet.conf", "/opt/puppetlabs/bin/puppet"),
    "Chef": ("/etc/chef/client.rb", "/etc/cinc/client.rb", "/var/chef/cache"),
    "Salt": ("/etc/salt/minion",),
    "cloud-init": ("/var/lib/cloud/instance", "/etc/cloud/cloud.cfg"),
    "Ansible": ("/root/.ansible", "/home/*/.ansible"),
    "NixOS": ("/etc/NIXOS",),
    "an image that is built elsewhere": ("/run/ostree-booted", "/etc/image-id", "/etc/cloud/build.info"),
}
MARKS = {  # what they write above what they wrote
    "Puppet": ("anaged by Puppet", "anaged by puppet"),
    "Chef": ("enerated by Chef", "anaged by Chef"),
    "Salt": ("anaged by Salt", "anaged by salt"),
    "Terraform": ("anaged by Terraform", "anaged by terraform"),
    "Ansible": ("nsible managed", "ANSIBLE MANAGED", "anaged by Ansible", "anaged by ansible"),
    "Packer": ("anaged by Packer", "uilt by Packer"),
}
FILES = ("/etc/ssh/sshd_config", "/etc/ssh/sshd_config.d/*.conf", "/etc/sudoers", "/etc/sudoers.d/*", "/etc/sysctl.d/*.conf")
HEADERS = {tool: tuple(Ask("grep", file, word) for file in FILES for word in words) for tool, words in MARKS.items()}


def asks(argument: str) -> Sequence[Ask]:
    return (
        *(Ask("list", path) for paths in TRACES.values() for path in paths),
        *(ask for found in HEADERS.values() for ask in found),
    )


def answer(argument: str, evidence: Evidence) -> Answer:
    """`argument` narrows it to one of them: ``ansible``."""
    found = {tool: evidence.names(*(Ask("list", path) for path in paths)) for tool, paths in TRACES.items()}
    for tool, marks in HEADERS.items():
        notes = [f"a note in {each.name}" for ask in marks for each in evidence.all(ask) if each.data]
        found[tool] = [*found.get(tool, []), *dict.fromkeys(notes)]
    seen = {tool: names for tool, names in found.items() if names and argument.lower() in ("", tool.lower())}
    if seen:
        text = "; ".join(f"{tool} ({names[0]})" for tool, names in seen.items())
        return Answer(
            True,
            f"traces of {text}: put it right there too, or it may be undone",
            ", ".join(n for ns in seen.values() for n in ns[:1]),
        )
    return Answer(False, f"no trace of {argument or ', '.join(TRACES)}", "/etc, /var/lib, home folders")

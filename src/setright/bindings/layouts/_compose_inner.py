"""Services that run more than a program: containers or systemd of their own, or people who work in them as on a host.

docs.docker.com, Docker in Docker (docker image, `dind`); systemd.io, Container Interface; containers.dev, Dev Container metadata.
"""

from __future__ import annotations

from setright.bindings.layouts._compose_build import Made, filled
from setright.bindings.layouts._compose_needs import words_of
from setright.bindings.layouts._dockerfile_image import image_of, program
from setright.bindings.layouts._dockerfile_purpose import FOR_WORK
from setright.bindings.layouts._shell_words import base
from setright.model import Edit, Plain, Tree
from setright.patterns import late

OF_CONTAINERS = late(
    r".*\bdind\b.*|(?:.*/)?(?:rancher/k3s|rancher/rancher|kindest/node|moby/buildkit|k0sproject/k0s|jrei/systemd-\S*|geerlingguy/docker-\S*)"
    r"(?:[:@].*)?"
)
WATCHES = late(
    r"(?:.*/)?(?:node[-_]?exporter|process-exporter|netdata|(?:datadog/)?agent|falco|tetragon|sysdig|cadvisor|glances|newrelic-infra\S*"
    r"|dynatrace-oneagent|elastic-agent|wazuh-agent|beyla|alloy|parca-agent|pyroscope|pixie\S*)(?:[:@].*)?"
)
ROOTLESS = late(r"(?<![a-z])rootless(?![a-z])")
STARTS_THEM = frozenset(
    {"buildkitd", "containerd", "dockerd", "dockerd-entrypoint.sh", "init", "k3s", "kubelet", "podman", "systemd"}
)
WAITS = late(r"sleep (?:infinity|inf)|while sleep \d+; do :; done|tail -f /dev/null")
WORKPLACE = late(r"(?:.*/)?\.devcontainer/.*")
NAME_OF = late(r"(?P<name>[^@]*?)(?::[^/:@]*)?(?:@.*)?")
TAKEN_FROM = {("cap_drop",), ("read_only",), ("security_opt",)}
LIMITED = {("deploy", "resources", "limits", "pids"), ("deploy", "resources", "limits", "memory")}


def kept_by(file: str, service: Tree, wanted: Edit, made: Made) -> str:
    """Why an edit would surely break what runs within; empty for nothing."""
    if wanted.path in (("pid",), ("privileged",)) and WATCHES.fullmatch(filled(service.get("image", ""))):
        return "it watches the host's processes and mounts, which it sees by that alone"
    if wanted.remove or not (wanted.path in TAKEN_FROM | LIMITED or wanted.path == ("privileged",)):
        return ""
    if held := _nested(service, made):
        return (
            f"{held} runs others within, which need the rights of the host's root and share its limits; let it run nothing but that"
        )
    if wanted.path != ("privileged",) and _is_workplace(file, service):
        return "people work in it, who install programs, become root and build; that is its use"
    return ""


def _nested(service: Tree, made: Made) -> str:
    """What in it runs containers, or systemd."""
    image = "" if service.get("build") else filled(service.get("image", ""))
    if OF_CONTAINERS.fullmatch(image) and not ROOTLESS.search(image):
        return image
    words = words_of(service) or program(image_of(made or (), {}).whole)
    name = base(str(words[0])) if words else ""
    return name if name in STARTS_THEM and service.get("privileged") else ""


def _is_workplace(file: str, service: Tree) -> bool:
    """Whether it is made to be worked in: by its image, or as what waits beside the configuration of an editor."""
    found = NAME_OF.fullmatch(filled(service.get("image", "")))
    if found is not None and FOR_WORK.fullmatch(found["name"]):
        return True
    words: Plain = " ".join(words_of(service))
    return WORKPLACE.fullmatch(file) is not None and bool(service.get("build") or WAITS.search(str(words)))

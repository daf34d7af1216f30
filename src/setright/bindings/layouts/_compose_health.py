"""How a service of a well-known image is asked whether it works: by the command that its makers name for that.

Docker starts nothing again because of a check; Swarm does, so that there only its owner can say how long a recovery may take.
compose-spec.io, 05-services.md, healthcheck; docs.docker.com, Manage swarm service networks and deploy services to a swarm.
"""

from __future__ import annotations

import re

from setright.bindings.error import BindingError
from setright.bindings.layouts._compose_build import Made
from setright.bindings.layouts._compose_needs import known, mounted, names_of, words_of
from setright.bindings.layouts._image_needs import Images, covers
from setright.model import Edit, Plain, Tree
from setright.patterns import late

PLACE = ("healthcheck", "test")
AUTO = "auto"
BESIDES = {"interval": "30s", "timeout": "5s", "start_period": "60s", "retries": 3}
NO_START = frozenset({"2.1", "2.2", "3", "3.0", "3.1", "3.2", "3.3"})
ELSEWHERE = late(r"port|listen|bind|socket|tls|ssl|skip[-_]networking|sentinel|(?:^|\s)-[ph]\b|\.conf|\.cnf|config_file", re.I)
VARIABLE = late(r"(?:^|(?:^|\s)[^\s-]\S*\s+)\$\{?\w+\}?(?=\s|$)")  # a word that may be any option, and no option's value
SWARM = ("endpoint_mode", "labels", "mode", "placement", "replicas", "restart_policy", "rollback_config", "update_config")


def health_command(service: Tree, images: Images, made: Made = None) -> str:
    """The command that asks it, for a shell in the container; empty where none is known, or where it may answer elsewhere."""
    needs = known(service, images, made)
    said = " ".join([*words_of(service), *names_of(service.get("environment"))])
    is_configured = any(covers(own, path) or covers(path, own) for own in needs.get("reads", ()) for path in mounted(service))
    is_elsewhere = is_configured or ELSEWHERE.search(said) or VARIABLE.search(said)
    return "" if is_elsewhere or is_of_swarm(service) else str(needs.get("asks", ""))


def is_of_swarm(service: Tree) -> bool:
    """Whether it says what only Swarm heeds, which ends what does not answer."""
    deploy = service.get("deploy")
    return isinstance(deploy, dict) and any(key in deploy for key in SWARM)


def health_edits(name: str, service: Tree, wanted: Edit, images: Images, made: Made, version: str) -> list[Edit]:
    """The edits for a check; ``auto`` is the one that is known. Raises BindingError where none is.

    `version` is what the file says of its format, which the first Compose heeds: checks since 2.1, their start since 2.3 and 3.4.
    """
    if wanted.path != PLACE or wanted.remove or wanted.value != AUTO:
        return [wanted]
    command = health_command(service, images, made)
    if not command:
        raise BindingError(
            f"{name}: no command is known that asks its image for its health; add healthcheck with one that is in the image"
            " and asks the program itself, or leave it where the image brings its own"
        )
    if version in ("1", "2", "2.0"):
        raise BindingError(f"{name}: a file of version {version} has no healthcheck; write 2.1 or later first, or no version")
    test: Plain = command.replace("$", "$$")
    besides = {key: value for key, value in BESIDES.items() if key != "start_period" or version not in NO_START}
    return [Edit(PLACE, test)] if isinstance(service.get("healthcheck"), dict) else [Edit(PLACE[:1], {"test": test, **besides})]

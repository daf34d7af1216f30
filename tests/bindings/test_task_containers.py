"""What the containers of a task of Amazon ECS are known to write where nothing is mounted."""

from __future__ import annotations

import pytest

from setright.bindings.layouts._task_containers import NOWHERE, writes
from setright.model import Plain, Unknown

IMAGES = {"nginx": {"writes": ["/run", "/tmp"]}, "shop/web": {}}


@pytest.mark.parametrize(
    ("container", "told"),
    [
        ({"Image": "nginx"}, "nginx writes /run, /tmp"),
        ({"Image": "nginx:${var.tag}"}, "nginx writes /run, /tmp"),
        ({"Image": "nginx:1.27", "MountPoints": [{"ContainerPath": "/run"}]}, "nginx:1.27 writes /tmp"),
        ({"Image": "nginx", "LinuxParameters": {"Tmpfs": [{"ContainerPath": "/run"}, {"ContainerPath": "/tmp"}]}}, NOWHERE),
        ({"Image": "shop/web"}, NOWHERE),
        ({"Image": "shop/else"}, NOWHERE),
        ({"Image": Unknown('"nginx:${var.tag}"')}, "nginx writes /run, /tmp"),
        ({"Image": Unknown("Ref: Image")}, NOWHERE),
        ({}, NOWHERE),
        ("odd", NOWHERE),
    ],
)
def test_the_first_container_that_writes_elsewhere_is_told(container: Plain, told: str) -> None:
    assert writes([{"Image": "shop/web"}, container], IMAGES) == told
    assert writes(container, IMAGES) in (told, NOWHERE)
    assert writes(Unknown("var.containers"), IMAGES) == NOWHERE

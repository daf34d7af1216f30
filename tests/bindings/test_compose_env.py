"""What files of the tree set in a service's environment counts as if it stood there."""

from __future__ import annotations

import pytest
from tests.bindings.test_compose_needs import LAYOUT

from setright.bindings.layouts import compose
from setright.bindings.source import Source
from setright.lenses import get


def needs(service: str, **files: str) -> dict[str, object]:
    text = f"services: {{web: {{{service}}}}}\n"
    told = {"app/compose.yaml": Source("app/compose.yaml", "yaml", get("yaml", text.encode()))}
    told |= {f"app/{name}.env": Source(f"app/{name}.env", "dotenv", get("dotenv", each.encode())) for name, each in files.items()}
    (resource,) = compose.view("compose/service", LAYOUT, told)
    return resource.tree["image-needs"]


@pytest.mark.parametrize(
    ("service", "files", "is_told"),
    [
        ("image: adminer, env_file: a.env", {"a": "TZ=UTC\n"}, True),
        ("image: adminer, env_file: [./a.env, b.env], environment: [X=1]", {"a": "A=1\n", "b": "B=2\n"}, True),
        ("image: adminer, env_file: a.env", {}, False),
        ("image: adminer, env_file: a.env", {"a": "TZ=$ZONE\n"}, False),
        ("image: adminer, env_file: [{path: a.env}]", {"a": "TZ=UTC\n"}, False),
        ("image: adminer, env_file: '${A}.env'", {"a": "TZ=UTC\n"}, False),
        ("image: adminer, env_file: a.env", {"a": "ADMINER_DESIGN=nette\n"}, False),  # which it writes its own files for
    ],
)
def test_an_image_is_known_with_what_files_give_it(service: str, files: dict[str, str], is_told: bool) -> None:
    assert ("writes" in needs(service, **files)) is is_told

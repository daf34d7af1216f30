"""How services of well-known images are asked for their health."""

from __future__ import annotations

import pytest
from tests.bindings.test_compose_needs import LAYOUT, fixed, seen

from setright.bindings.error import BindingError
from setright.bindings.layouts._compose_health import health_edits
from setright.model import Edit

ASKED = Edit(("healthcheck", "test"), "auto")


@pytest.mark.parametrize(
    ("body", "test"),
    [
        ("image: 'redis:7-alpine', command: '--requirepass $PASSWORD --save 60 1'", "redis-cli ping"),
        ("image: 'valkey/valkey:8', env_file: .env", "valkey-cli ping"),
        ("image: 'mysql:8.4', environment: {MYSQL_ROOT_HOST: '%'}", "mysqladmin ping -h 127.0.0.1"),
    ],
)
def test_a_well_known_image_is_asked_as_its_makers_say(body: str, test: str) -> None:
    assert seen(body)["image-needs"]["asks"] == "told"
    assert fixed(body, ASKED)["healthcheck"] == {
        "test": test,
        "interval": "30s",
        "timeout": "5s",
        "start_period": "60s",
        "retries": 3,
    }


def test_a_shell_in_the_container_reads_the_variables() -> None:
    test = fixed("image: 'pgvector/pgvector:pg17'", ASKED)["healthcheck"]["test"]
    assert test.startswith('pg_isready -h 127.0.0.1 -U "$${POSTGRES_USER:-postgres}" -d ')
    assert seen(f"image: postgres, healthcheck: {{test: '{test}'}}")["healthcheck"] == {"test": test}  # which no variable hides


def test_what_is_said_of_a_check_stays() -> None:
    assert fixed("image: redis, healthcheck: {interval: 5s}", ASKED)["healthcheck"] == {"interval": "5s", "test": "redis-cli ping"}


@pytest.mark.parametrize(
    "body",
    [
        "image: acme/a",
        "image: redis, command: --port 7000",
        "image: redis, command: $OPTIONS",
        "image: redis, command: redis-server $OPTIONS",
        "image: redis, entrypoint: /start.sh",
        "image: postgres, command: -c listen_addresses=10.0.0.1",
        "image: postgres, environment: [PGPORT=5433]",
        "image: mysql, volumes: ['./my.cnf:/etc/my.cnf']",
        "image: redis, deploy: {replicas: 2}",  # Swarm ends what does not answer
    ],
)
def test_what_may_answer_elsewhere_is_not_asked(body: str) -> None:
    assert "asks" not in seen(body)["image-needs"]
    with pytest.raises(BindingError, match="no command is known"):
        fixed(body, ASKED)


@pytest.mark.parametrize(("version", "keys"), [("3", 4), ("3.4", 5), ("2.1", 4), ("2.4", 5)])
def test_an_older_format_gets_what_it_knows(version: str, keys: int) -> None:
    assert len(health_edits("a", {"image": "redis"}, ASKED, LAYOUT["images"], None, version)[0].value) == keys


def test_a_format_without_checks_gets_none() -> None:
    with pytest.raises(BindingError, match="has no healthcheck"):
        health_edits("a", {"image": "redis"}, ASKED, LAYOUT["images"], None, "2")

"""Passwords of Compose files move to `.env` beside them, where nothing speaks against that."""

from __future__ import annotations

import pytest

from setright.bindings.error import BindingError
from setright.bindings.layouts import compose
from setright.bindings.source import Source
from setright.lenses import get, put
from setright.model import Edit

DB = "services: {db: {image: a, environment: {A_PASSWORD: s3cret}}}\n"
LENSES = {".env": "dotenv", ".gitignore": "names"}


def sources(files: dict[str, str | None]) -> dict[str, Source]:
    told = {name: LENSES.get(name.rpartition("/")[2], "yaml") for name in files}
    return {
        name: Source(name, told[name], get(told[name], text.encode()) if text is not None else {}, text is not None)
        for name, text in files.items()
    }


def moved(files: dict[str, str | None], service: str = "db", at: int = 0) -> dict[str, str]:
    """The files after the value of a service's variable was asked to be kept apart; without those that stay as they are."""
    there = {"compose.yaml": None, ".env": None, ".gitignore": None} | files
    seen = sources({name: text for name, text in there.items() if text is not None or name != "compose.yaml"})
    [resource] = [each for each in compose.view("compose/service", {}, seen) if each.name == service]
    wanted = Edit(("environment", at, "value"), "kept-apart")
    edits: dict[str, list[Edit]] = {}
    for locator, edit in compose.edit({}, resource, [wanted], [], seen):
        edits.setdefault(locator, []).append(edit)
    texts = {name: there[name] for name in edits}
    return {n: put(seen[n].lens, None if t is None else t.encode(), edits[n]).decode() for n, t in texts.items()}


def test_the_value_moves_to_a_file_that_git_leaves_alone() -> None:
    assert moved({"compose.yaml": DB}) == {
        "compose.yaml": DB.replace("s3cret", '"${A_PASSWORD:?}"'),
        ".env": "A_PASSWORD=s3cret\n",
        ".gitignore": ".env\n",
    }


def test_a_file_of_an_old_version_gets_the_form_that_it_knows() -> None:
    assert "${A_PASSWORD}" in moved({"compose.yaml": f"version: '2'\n{DB}"})["compose.yaml"]


@pytest.mark.parametrize(
    "body", ["A_PASSWORD: s3cret", "environment: {A_PASSWORD: s3cret, B: c}", "environment: ['A_PASSWORD=s3cret']"]
)
def test_what_services_take_in_by_an_alias_is_moved_where_it_stands(body: str) -> None:
    text = f"x-all: &all {{{body}}}\nservices: {{db: {{image: a, environment: {{A_PASSWORD: s3cret}}}}}}\n"
    with pytest.raises(BindingError, match="stands in x-all, too"):
        moved({"compose.yaml": text})
    assert moved({"compose.yaml": text.replace("s3cret", "other", 1)})


@pytest.mark.parametrize("line", [".env", "*.env", ".env*", "/app/.env", "**/.env", "app/.env"])
def test_git_is_told_once(line: str) -> None:
    files = {"app/compose.yaml": DB, "app/.env": None, ".gitignore": f"*.log\n{line}\n"}
    assert set(moved(files)) == {"app/compose.yaml", "app/.env"}


def test_the_nearest_file_that_tells_git_is_told() -> None:
    files = {"app/compose.yaml": DB, "app/.env": None, "app/.gitignore": None, ".gitignore": "*.log"}
    assert moved(files)[".gitignore"] == "*.log\n.env"


@pytest.mark.parametrize(
    ("variables", "env", "name"),
    [
        ("{A_PASSWORD: s3cret}", "A_PASSWORD=s3cret\n", "A_PASSWORD"),
        ("{A_PASSWORD: s3cret}", "A_PASSWORD=other\n", "DB_A_PASSWORD"),
        ("{A_PASSWORD: s3cret, B: '${A_PASSWORD}'}", "", "DB_A_PASSWORD"),
        ("{AWS_SECRET_ACCESS_KEY: s3cret}", "", "DB_AWS_SECRET_ACCESS_KEY"),  # which a shell may have, and that one wins
        ("[A_PASSWORD=s3cret]", "", "A_PASSWORD"),
        ("{A_PASSWORD: 123456}", "", "A_PASSWORD"),
    ],
)
def test_a_name_that_means_something_else_is_not_taken(variables: str, env: str, name: str) -> None:
    files = {"compose.yaml": f"services: {{db: {{image: a, environment: {variables}}}}}\n", ".env": env, ".gitignore": ".env"}
    made = moved(files)
    assert f"${{{name}:?}}" in made["compose.yaml"]
    assert get("dotenv", made.get(".env", env).encode())[name] in ("s3cret", "123456")


@pytest.mark.parametrize("env", ["", "PW=other\n"])
def test_the_default_of_a_variable_is_what_stands_in_env_from_then_on(env: str) -> None:
    file = "services: {db: {image: a, environment: {A_PASSWORD: '${PW:-s3cret}', B_PASSWORD: '${PW-s3cret}'}}}\n"
    made = moved({"compose.yaml": file, ".env": env, ".gitignore": ".env"})
    assert "A_PASSWORD: '${PW:?}'" in made["compose.yaml"]
    assert made.get(".env", env) == (env or "PW=s3cret\n")


@pytest.mark.parametrize("more", ["B: '${PW}'", "B: $PW", "B: '${PW:-other}'", "PW: "])
def test_a_default_stays_where_the_variable_means_more(more: str) -> None:
    file = f"services: {{db: {{image: a, environment: {{A_PASSWORD: '${{PW:-s3cret}}', {more}}}}}}}\n"
    with pytest.raises(BindingError, match="without that default"):
        moved({"compose.yaml": file, ".gitignore": ".env"})


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({"compose.yaml": DB.replace("s3cret", "pa$$word")}, "signs in it"),
        ({"compose.yaml": DB.replace("s3cret", '"it\'s"')}, "signs in it"),
        ({"compose.yaml": DB.replace("s3cret", "true")}, "is no text"),
        ({"compose.yaml": DB, ".env": "TAG=1\n"}, "take it out of the repository"),
        ({"compose.yaml": DB, ".gitignore": "*\n!.env\n"}, "keeps .env in the repository"),
        ({"compose.yaml": DB.replace("image: a", "image: a, deploy: {replicas: 2}")}, "Swarm"),
        ({"compose.yaml": DB, "compose.dev.yaml": "services: {app: {image: b, env_file: ./.env}}\n"}, "takes all of .env"),
        ({"compose.yaml": DB, "e2e/compose.yaml": "services: {x: {extends: {file: ../compose.yaml, service: db}}}\n"}, "extends"),
        ({"compose.yaml": DB, ".github/workflows/ci.yml": "jobs: {t: {steps: [{run: docker compose up}]}}\n"}, "from a checkout"),
    ],
)
def test_what_speaks_against_it_leaves_it_to_a_person(files: dict[str, str | None], why: str) -> None:
    with pytest.raises(BindingError, match=why):
        moved(files)


@pytest.mark.parametrize(
    "steps",
    [
        "[{run: docker compose up}]",
        '[{run: "docker-compose \\\\\\n -f app/compose.yaml up"}]',
        '[{run: "docker compose -f $FILE up"}]',
        '[{run: "docker compose -f dev.yaml up", env: {COMPOSE_FILE: app/compose.yaml}}]',
        "[{uses: hoverkraft-tech/compose-action@v2}]",
        "[{uses: hoverkraft-tech/compose-action@v2, with: {compose-file: ./app/compose.yaml}}]",
    ],
)
def test_a_pipeline_that_starts_the_file_needs_the_password_first(steps: str) -> None:
    with pytest.raises(BindingError, match="from a checkout"):
        moved({"app/compose.yaml": DB, "app/.env": None, ".github/workflows/ci.yml": f"jobs: {{t: {{steps: {steps}}}}}\n"})


@pytest.mark.parametrize(
    ("workflow", "steps"),
    [
        ("other/.github/workflows/ci.yml", "[{run: docker compose up}]"),  # of another checkout
        (".github/workflows/ci.yml", "[{run: docker compose -f tests/stack.yaml up}]"),
        (
            ".github/workflows/ci.yml",
            "[{uses: docker/setup-compose-action@v1}, {run: docker compose version}, {run: apt-get install docker-compose}]",
        ),
        (".github/workflows/ci.yml", "[{uses: a/b@v1, with: {paths: [docker-compose.yml, app/compose.yaml]}}]"),
        (".github/workflows/ci.yml", "[{uses: hoverkraft-tech/compose-action@v2, with: {compose-file: tests/stack.yaml}}]"),
    ],
)
def test_a_pipeline_that_starts_another_file_does_not_speak_against_it(workflow: str, steps: str) -> None:
    files = {"app/compose.yaml": DB, "app/.env": None, ".gitignore": ".env", workflow: f"jobs: {{t: {{steps: {steps}}}}}\n"}
    assert "app/.env" in moved(files)


def test_a_file_that_another_takes_in_is_started_with_it() -> None:
    files = {"stack.yaml": DB, "compose.yaml": "include: [stack.yaml]\nservices: {a: {image: b}}\n"}
    with pytest.raises(BindingError, match="from a checkout"):
        moved({**files, ".github/workflows/ci.yml": "jobs: {t: {steps: [{run: docker compose up}]}}\n"})

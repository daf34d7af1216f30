"""`setright lock`, against a real registry and real git repositories; and what `fix` makes of the locks."""

import shutil
import subprocess

import pytest
from lab.registry import push, registry

WORKFLOW = "on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - uses: acme/deploy/sub@v2\n"
COMPOSE = 'services:\n  web:\n    image: "{}/shop/web:1.4"   # the shop\n  other:\n    image: {}/shop/web:${{TAG:-1}}\n'


pytestmark = pytest.mark.skipif(not shutil.which("docker-registry"), reason="needs docker-registry")


@pytest.fixture(scope="module")
def images():
    with registry() as where:
        yield where


@pytest.fixture
def github(tmp_path):
    """A forge with acme/deploy, whose v2 is an annotated tag; and the commit behind it."""
    place = tmp_path / "github/acme/deploy"
    git(tmp_path, "init", "-q", str(place))
    git(place, "commit", "-q", "--allow-empty", "-m", "first")
    git(place, "tag", "-a", "v2", "-m", "two")
    return f"file://{tmp_path}/github", git(place, "rev-parse", "HEAD")


@pytest.fixture
def locked(setright, images, github):
    """A tree with a service and a step, and the words that lock it."""
    (setright.tree / "compose.yaml").write_text(COMPOSE.format(images, images))
    (setright.tree / ".github/workflows").mkdir(parents=True)
    (setright.tree / ".github/workflows/ci.yml").write_text(WORKFLOW)
    return "lock", "--github", github[0]


def git(folder, *words):
    ours = ["git", "-c", "user.name=lab", "-c", "user.email=lab@example.com", *words]
    return subprocess.run(ours, cwd=folder, check=True, capture_output=True, text=True, timeout=30).stdout.strip()


def test_what_tags_stand_for_is_written_down_and_fix_writes_it_into_the_files(setright, locked, images, github):
    digest = push(images, "shop/web", "1.4", "as locked")
    ran = setright(*locked)
    assert (ran.code, ran.err) == (0, "")
    assert "images.lock.yml: 1 locked, 1 of them new" in ran.out
    fixed = setright("fix", "--all", "--yes", "--control", "*/image-digest", "--control", "actions/step/pinned")
    assert fixed.code == 0
    whole = COMPOSE.format(images, images)
    assert (setright.tree / "compose.yaml").read_text() == whole.replace('web:1.4"', f'web:1.4@{digest}"')
    assert (setright.tree / ".github/workflows/ci.yml").read_text() == WORKFLOW.replace("@v2", f"@{github[1]} # v2")


@pytest.mark.parametrize(
    ("begins", "ends"),
    [
        ("FROM --platform=linux/amd64 {}:1.4 AS web", "FROM --platform=linux/amd64 {}:1.4@{} AS web"),
        ("ARG TAG=1.4\nFROM {}:$TAG", "ARG TAG=1.4\nFROM {}:$TAG"),  # where that is set stays for a person
    ],
)
def test_bases_of_images_are_held_where_the_dockerfile_names_them(setright, images, begins, ends):
    digest = push(images, "shop/web", "1.4", "as locked")
    file = setright.tree / "Dockerfile"
    file.write_text(begins.format(f"{images}/shop/web") + "\nCOPY app /app\n")
    assert setright("lock").code == 0
    setright("fix", "--all", "--yes", "--control", "docker/image/base-digest")
    assert file.read_text() == ends.format(f"{images}/shop/web", digest) + "\nCOPY app /app\n"


def test_a_lock_keeps_what_it_says_until_it_is_asked_to_update(setright, locked, images):
    first = push(images, "shop/web", "1.4", "one")
    lock = setright.tree / "images.lock.yml"
    lock.write_text("# reviewed by ops\nother:1: sha256:00   # old\n")
    assert setright(*locked).code == 0
    kept = lock.read_text()
    assert kept.startswith("# reviewed by ops\nother:1: sha256:00   # old\n") and first in kept
    second = push(images, "shop/web", "1.4", "two")
    assert setright(*locked).code == 0 and lock.read_text() == kept
    assert setright(*locked, "--update").code == 0
    assert lock.read_text() == kept.replace(first, second)


def test_what_cannot_be_asked_is_named_and_the_rest_is_written(setright, locked, images):
    file = setright.tree / "compose.yaml"
    file.write_text(file.read_text() + f"  gone:\n    image: {images}/shop/web:9.9\n")
    ran = setright(*locked, "--format", "json")
    told, actions = ran.json["locks"]
    assert ran.code == 3 and "has no tag 9.9 of shop/web" in ran.err
    assert (told["locked"], list(told["failed"])) == (1, [f"{images}/shop/web:9.9"])
    assert (actions["locked"], actions["failed"]) == (1, {})


def test_a_version_that_a_forge_does_not_have_is_named(setright, locked):
    file = setright.tree / ".github/workflows/ci.yml"
    file.write_text(file.read_text().replace("@v2", "@v9"))
    ran = setright(*locked)
    assert ran.code == 3 and "acme/deploy: has no tag or branch v9" in ran.err


@pytest.mark.parametrize("text", ["- a list\n", "a: [\n", "text\n"])
def test_a_lock_that_cannot_be_read_is_left_alone(setright, locked, text):
    lock = setright.tree / "images.lock.yml"
    lock.write_text(text)
    ran = setright(*locked)
    assert ran.code == 2 and "images.lock.yml" in ran.err
    assert lock.read_text() == text


def test_without_a_lock_the_way_to_one_is_told(setright, locked):
    assert "1 by hand" in setright("scan", "--control", "compose/service/image-digest").out
    planned = setright("plan", "--control", "compose/service/image-digest")
    assert "`setright lock` asks the registry for it" in " ".join(planned.out.split())


def test_one_reason_is_told_once_with_what_it_is_true_of(setright, locked):
    services = "".join(f"  s{n}:\n    image: 127.0.0.1:1/shop/s{n}:1\n" for n in range(5))
    (setright.tree / "compose.yaml").write_text(f"services:\n{services}")
    ran = setright(*locked)
    assert ran.code == 3
    told = [line for line in ran.err.splitlines() if "cannot be reached" in line]
    assert len(told) == 1 and told[0].endswith(" and 2 more)")

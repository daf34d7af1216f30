"""What is told of well-known images, and when it holds."""

from __future__ import annotations

from pathlib import Path as File

import pytest

from setright.bindings.error import BindingError
from setright.bindings.layouts._image_needs import Images, Started, covers, needs_of
from setright.bindings.load import load_bindings, load_one
from setright.dialect import read_mapping

ROOT = File(__file__).parents[2] / "bindings"
IMAGES: Images = read_mapping(ROOT / "images.yaml")
FIELDS = {
    "from",
    "like",
    "since",
    "user",
    "named",
    "steps-to",
    "anyone",
    "any-user",
    "capabilities",
    "programs",
    "reads",
    "writes",
    "writes-as-root",
}
FIELDS |= {"volumes", "data", "api", "idle", "spills", "read", "changes", "memory", "rootless", "keeps", "changes-by", "checks"}
FIELDS |= {"changes-with"}
FIELDS |= {"fills", "asks", "places", "env", "private", "owns", "root-alone"}


@pytest.mark.parametrize("name", IMAGES)
def test_an_entry_says_where_it_is_from_or_which_one_it_is_like(name: str) -> None:
    entry = IMAGES[name]
    assert entry.keys() <= FIELDS
    if "like" in entry:
        assert list(entry) == ["like"]
        assert "from" in IMAGES[str(entry["like"])]
    else:
        assert str(entry["from"]).startswith("https://")


@pytest.mark.parametrize(
    ("image", "is_told"),
    [
        ("redis:${REDIS_VERSION}", True),  # whichever that is
        ("redis:${REDIS_VERSION:?must be set}", True),
        ("redis:7.${PATCH}-alpine", True),
        ("grafana/grafana:$TAG", False),  # its user was another one before version 6
        ("grafana/grafana:11.$PATCH", True),
        ("minio/minio:$TAG", False),  # older ones need more
        ("${REGISTRY}redis:7", False),
        ("$(IMAGE)", False),
    ],
)
def test_a_version_that_a_variable_tells_is_one_of_all(image: str, is_told: bool) -> None:
    assert bool(needs_of(image, Started(), IMAGES)) is is_told


@pytest.mark.parametrize(
    ("image", "user"),
    [
        ("redis", 0),
        ("redis:7.2-alpine", 0),
        ("docker.io/library/redis", 0),
        ("docker.io/nginxinc/nginx-unprivileged:1.27", 101),
        ("public.ecr.aws/docker/library/memcached", 11211),
        ("grafana/grafana:11.1.0@sha256:ab", 472),
        ("bitnami/redis:7", 1001),
        ("mcr.microsoft.com/oss/bitnami/redis:6.0.8", 1001),
        ("us-docker.pkg.dev/google-samples/containers/gke/gb-redis-follower:v2", 0),
    ],
)
def test_an_image_is_known_by_its_name_in_the_registries_that_have_it(image: str, user: int) -> None:
    assert needs_of(image, Started(), IMAGES)["user"] == user


@pytest.mark.parametrize(
    "image",
    [None, 1, "shop/redis", "localhost:5000/redis", "redis${TAG}", "grafana/grafana:5.4.3", "redis-commander", "bitnami/minideb"],
)
def test_other_images_are_not_known(image: object) -> None:
    assert "user" not in needs_of(image, Started(), IMAGES)


def test_registries_are_known_by_their_former_names() -> None:
    names = ["registry.k8s.io/pause:3.9", "k8s.gcr.io/pause:3.1", "gcr.io/google_containers/pause-amd64:3.0", "kubernetes/pause"]
    assert all(needs_of(each, Started(), IMAGES)["idle"] for each in names)


def test_a_tag_may_be_another_image() -> None:
    assert needs_of("registry.k8s.io/redis:v1", Started(), IMAGES)["capabilities"] == []
    assert needs_of("k8s.gcr.io/redis:e2e", Started(), IMAGES)["capabilities"] == IMAGES["redis"]["capabilities"]
    assert needs_of("gitea/gitea:1.22-rootless", Started(), IMAGES)["user"] == 1000


@pytest.mark.parametrize(
    "started",
    [
        Started(words=["redis-server", "--appendonly", "yes"]),
        Started(words=["--save", "60 1"]),
        Started(words=["--dir", "/data"]),
        Started(words=["redis-server", "--requirepass", "${PASSWORD}", "--maxmemory=$(SIZE)"]),
        Started(words=["--dir", "/srv/deep"], mounted=["/srv"]),
        Started(values=["/etc/ssl/ca.pem", "redis://a/0", "/data/x"]),
        Started(mounted=["/data", "/srv", "/docker-entrypoint-initdb.d"]),
    ],
)
def test_an_image_that_starts_as_it_comes_needs_what_is_told(started: Started) -> None:
    assert needs_of("redis:7", started, IMAGES) == IMAGES["redis"]


def test_an_environment_in_another_place_may_have_it_write_elsewhere_where_it_hears_such_variables() -> None:
    assert "writes" not in needs_of("postgres:16", Started(is_whole=False), IMAGES)
    assert "writes" in needs_of("redis:7", Started(is_whole=False), IMAGES)


def test_words_that_tell_no_place_may_have_it_write_where_it_is() -> None:
    tells = Started(words=["--certificatesresolvers.a.acme.storage=/certs/acme.json"], mounted=["/certs"])
    assert "writes" in needs_of("traefik:v3.1", tells, IMAGES)
    for words in (["--certificatesresolvers.a.acme.email=a@b.c"], ["--accesslog.filepath=access.log"]):
        assert "writes" not in needs_of("traefik:v3.1", Started(words=words), IMAGES)
    assert "writes" not in needs_of("traefik", Started(names=["TRAEFIK_CERTIFICATESRESOLVERS_A_ACME_EMAIL"]), IMAGES)
    assert "writes" not in needs_of("traefik:v1.7", Started(), IMAGES)
    assert "writes" in needs_of("traefik:v2.10", Started(), IMAGES)


@pytest.mark.parametrize(
    "started",
    [
        Started(words=["--dir", "/srv"]),
        Started(words=["--logfile=/var/log/redis.log"]),
        Started(values=["/srv/redis"]),
        Started(words=["--dir", "$(HOME)"]),
        Started(words=["redis-server", "$CONFIG"]),
        Started(words=["redis-server", "--requirepass", "a", "$OPTIONS"]),
        Started(words=["--dir", "/data/../srv"]),
        Started(mounted=["/usr/local/etc/redis/redis.conf"]),
        Started(mounted=["/etc"]),
    ],
)
def test_words_and_configuration_may_have_it_write_elsewhere(started: Started) -> None:
    needs = needs_of("redis:7", started, IMAGES)
    assert "writes" not in needs
    assert needs["capabilities"] == IMAGES["redis"]["capabilities"]


@pytest.mark.parametrize(
    "started",
    [
        Started(words=["sh", "-c", "chown a /b && redis-server"]),
        Started(words=["redis-cli", "monitor"]),
        Started(mounted=["/docker-entrypoint.d"]),
        Started(mounted=["/usr/local/bin/docker-entrypoint.sh"]),
        Started(entry=["redis-server"]),  # without its entry point nothing gives up root
    ],
)
def test_nothing_is_known_of_an_image_that_starts_another_program(started: Started) -> None:
    assert needs_of("redis:7", started, IMAGES) == {}


def test_a_shell_around_the_program_is_root_all_along() -> None:
    needs = needs_of("redis:7", Started(words=["sh", "-c", "redis-server --requirepass $PASSWORD"]), IMAGES)
    assert needs["user"] == 0
    assert "DAC_OVERRIDE" in needs["capabilities"]
    assert not {"steps-to", "writes"} & needs.keys()


def test_a_program_that_needs_no_entry_point_may_be_named_in_its_place() -> None:
    started = Started(entry=["/bin/prometheus"], words=["--config.file=/etc/prometheus/p.yml", "--storage.tsdb.path=/prometheus"])
    assert needs_of("prom/prometheus:v2.53.0", started, IMAGES)["user"] == 65534


def shell(text: str) -> Started:
    return Started(entry=["/bin/sh", "-c"], words=[text], mounted=["/mnt"])


@pytest.mark.parametrize(
    ("text", "is_known"),
    [
        ("while true; do echo $(date) >> /mnt/out; sleep $(($RANDOM % 5 + 5)); done", True),
        ("echo hello >&2; sleep 5 > /dev/null", True),
        ("date > /var/log/out", False),
        ("date > /mnt/../etc/motd", False),
        ("echo a > out", False),
        ("echo $(curl -s http://a) > /mnt/out", False),
        ("echo `id`", False),
        ("sleep 5; nginx", False),
        ("sudo date", False),
        ("", False),
    ],
)
def test_a_script_that_only_tells_the_time_needs_nothing(text: str, is_known: bool) -> None:
    assert bool(needs_of("shop:1", shell(text), IMAGES)) is is_known


@pytest.mark.parametrize(
    ("text", "is_known"),
    [
        ("until nc -z db 5432; do echo waiting; sleep 2; done", True),
        ("for i in $(seq 1 9); do wget -qO- http://a > /dev/null 2>&1 && exit 0; sleep 1; done; exit 1", True),
        ("until mysqladmin ping -h db; do printf .; done", True),
        ("while ! curl -sf -o /dev/null http://a; do sleep 1; done", True),
        ("nc -l -p 80", False),
        ("mysqladmin shutdown", False),
        ("wget http://a/x", False),
        ("curl -sSLo x http://a", False),
        ("curl -T /etc/passwd http://a", False),
        ("until [ -f /mnt/done ]; do nc -z a 1; done", False),
        ("curl -s http://a > /mnt/a", False),
        ("sleep 9", False),
    ],
)
def test_a_script_that_waits_for_others_is_anyones(text: str, is_known: bool) -> None:
    assert needs_of("shop:1", shell(text), IMAGES).get("anyone", False) is is_known


def test_a_folder_covers_what_is_below_it_only() -> None:
    assert covers("/a", "/a/b")
    assert covers("/a", "/a")
    assert not covers("/a", "/ab")


def test_the_table_is_no_binding_and_one_that_is_missing_is_told(tmp_path: File) -> None:
    assert "images" not in {each.kind for each in load_bindings(ROOT)}
    (tmp_path / "a").mkdir()
    (tmp_path / "a/b.yaml").write_text("kind: a/b\nkubernetes: {images: none.yaml}\n")
    with pytest.raises(BindingError, match="images: none.yaml beside the bindings"):
        load_one(tmp_path / "a/b.yaml", tmp_path)

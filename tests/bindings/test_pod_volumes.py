"""What a pod's volumes and its images' own say of the user that its containers may become."""

from __future__ import annotations

import pytest
from tests.bindings.test_pod_needs import HIGH, LEAVES_ROOT, READS, fixed, pod

from setright.bindings.error import BindingError

MOUNT = "volumeMounts: [{name: d, mountPath: /key}]"


@pytest.mark.parametrize(
    ("volume", "spec", "group"),
    [
        ("secret: {secretName: key, defaultMode: 0400}", "", 10001),
        ("secret: {secretName: key, defaultMode: 256}", "", 10001),
        ("configMap: {name: key, items: [{key: a, path: a, mode: 0750}]}", "", 10001),
        ("secret: {secretName: key, defaultMode: 0444}", "", None),
        ("secret: {secretName: key}", "", None),
        ("secret: {secretName: key, defaultMode: 0400}", "securityContext: {fsGroup: 7}", 7),
        ("secret: {secretName: key, defaultMode: 0400}", "securityContext: {runAsUser: 7}", None),
    ],
)
def test_who_leaves_root_reads_files_that_were_for_root_alone_by_a_group(volume: str, spec: str, group: int | None) -> None:
    text = pod(f"image: 'app:1', {MOUNT}", spec=f"volumes: [{{name: d, {volume}}}], {spec}")
    context = fixed(text, LEAVES_ROOT)["securityContext"]
    assert context["runAsNonRoot"] is True
    assert context.get("fsGroup") == group


@pytest.mark.parametrize(
    ("image", "volume"),
    [
        ("app:1", "configMap: {name: key, defaultMode: 0700}"),  # a group may read it, not run it
        ("mongo:7", "secret: {secretName: key, defaultMode: 0400}"),  # which refuses a key that a group may read
    ],
)
def test_who_needs_files_for_root_alone_stays_root(image: str, volume: str) -> None:
    text = pod(f"image: '{image}', {MOUNT}", spec=f"volumes: [{{name: d, {volume}}}]")
    for way in (LEAVES_ROOT, HIGH):
        with pytest.raises(BindingError, match="opens to root alone"):
            fixed(text, way)


ASKED = "livenessProbe: {exec: {command: [/ask]}}"


def test_an_image_that_gives_root_up_starts_as_its_own_user_whatever_runs_beside_it() -> None:
    assert fixed(pod(f"image: 'mongo:7', {ASKED}"), LEAVES_ROOT)["securityContext"]["runAsUser"] == 999
    assert fixed(pod("image: 'mongo:7', livenessProbe: {exec: {command: [mongosh, --eval, ping]}}"), READS)["volumes"]


@pytest.mark.parametrize(
    ("container", "is_refused"),
    [
        ("", True),
        ("volumeMounts: [{name: d, mountPath: /var/lib/postgresql/data}]", True),
        ("volumeMounts: [{name: d, mountPath: /d}], env: [{name: PGDATA, value: /d}]", True),
        ("volumeMounts: [{name: d, mountPath: /d}], env: [{name: PGDATA, value: /d/own}]", False),
    ],
)
def test_who_must_own_its_folder_leaves_root_where_it_makes_one(container: str, is_refused: bool) -> None:
    text = pod(f"image: 'postgres:16', {container}", spec="volumes: [{name: d, emptyDir: {}}]")
    if is_refused:
        with pytest.raises(BindingError, match="belongs to it"):
            fixed(text, LEAVES_ROOT)
    else:
        assert fixed(text, LEAVES_ROOT)["securityContext"]["runAsNonRoot"] is True


BROKER = "image: 'rabbitmq:3-management%s', volumeMounts: [{name: d, mountPath: /var/lib/rabbitmq}]"


@pytest.mark.parametrize(("tag", "user"), [("", 999), ("-alpine", 100)])
def test_who_keeps_a_file_that_is_for_itself_alone_gets_no_group_for_its_disk(tag: str, user: int) -> None:
    with pytest.raises(BindingError, match="starts as root"):
        fixed(pod(BROKER % tag, spec="volumes: [{name: d, persistentVolumeClaim: {claimName: d}}]"), LEAVES_ROOT)
    spec = fixed(pod(BROKER % tag, spec="volumes: [{name: d, emptyDir: {}}]"), LEAVES_ROOT)
    assert spec["securityContext"] == {"runAsNonRoot": True, "runAsUser": user}


def test_an_image_that_keeps_data_may_go_on_to_write_it_below_a_read_only_root() -> None:
    [container] = fixed(pod(f"image: 'mongo:7', {ASKED}"), READS)["containers"]
    assert [each["mountPath"] for each in container["volumeMounts"]] == ["/tmp", "/data/configdb", "/data/db"]

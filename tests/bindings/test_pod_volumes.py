"""What a pod's volumes and its images' own say of the user that its containers may become."""

from __future__ import annotations

import pytest
from tests.bindings.test_pod_needs import HIGH, LEAVES_ROOT, READS, fixed, pod

from setright.bindings.error import BindingError

MOUNT = "volumeMounts: [{name: d, mountPath: /key}]"


@pytest.mark.parametrize(
    ("volume", "spec", "is_refused"),
    [
        ("secret: {secretName: key, defaultMode: 0400}", "", True),
        ("secret: {secretName: key, defaultMode: 256}", "", True),
        ("configMap: {name: key, items: [{key: a, path: a, mode: 0440}]}", "", True),
        ("secret: {secretName: key, defaultMode: 0444}", "", False),
        ("secret: {secretName: key}", "", False),
        ("secret: {secretName: key, defaultMode: 0400}", "securityContext: {fsGroup: 7}", False),
        ("secret: {secretName: key, defaultMode: 0400}", "securityContext: {runAsUser: 7}", False),
    ],
)
def test_who_reads_files_for_root_alone_stays_root(volume: str, spec: str, is_refused: bool) -> None:
    text = pod(f"image: 'app:1', {MOUNT}", spec=f"volumes: [{{name: d, {volume}}}], {spec}")
    if is_refused:
        with pytest.raises(BindingError, match="opens to root alone"):
            fixed(text, LEAVES_ROOT)
        with pytest.raises(BindingError, match="opens to root alone"):
            fixed(text, HIGH)
    else:
        assert fixed(text, LEAVES_ROOT)["securityContext"]["runAsNonRoot"] is True


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

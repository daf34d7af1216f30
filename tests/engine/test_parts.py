"""Containers of one pod: what is sure of one is put right, what is not stays a finding of its own, with its reason."""

from __future__ import annotations

import pytest

from setright.controls.derive import resolve
from setright.engine.plan import PlanOptions, plan
from setright.engine.scan import Scan, scan
from setright.model import Document, Plan
from setright.surfaces.memory import Memory
from tests.content import shipped

SHIPPED = shipped()
KNOWN = "image: hashicorp/http-echo:1.0, ports: [{containerPort: 5678}]"
UNKNOWN = "image: acme/own:1"
MANAGER = "image: acme/node:1, securityContext: {privileged: true}"
NO_PORT = "image: acme/other:1"
WRITES = "k8s/workload/read-only-root"
USER = "k8s/workload/user-id"
GROUP = "k8s/workload/group-id"
GAINS = "k8s/workload/privilege-escalation"


def memory(*containers: str, init: str = "", volumes: str = "") -> Memory:
    listed = ", ".join(f"{{name: c{n}, {each}}}" for n, each in enumerate(containers))
    first = f", initContainers: [{{name: first, {init}}}]" if init else ""
    disks = f", volumes: [{volumes}]" if volumes else ""
    template = f"{{metadata: {{labels: {{app: web}}}}, spec: {{containers: [{listed}]{first}{disks}}}}}"
    text = f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec: {{template: {template}}}\n"
    return Memory({"app.yaml": Document("app.yaml", text.encode(), "yaml")}, ("kubernetes",))


def looked(surface: Memory, *controls: str) -> Scan:
    return scan(surface, SHIPPED, [resolve(SHIPPED.control(each), {}) for each in controls])


def plans(surface: Memory, *controls: str) -> tuple[Plan, ...]:
    return plan(looked(surface, *controls), surface).plans


def places(each: Plan) -> set[tuple[object, ...]]:
    return {edit.path[4:7] for change in each.changes for edits in change.edits for edit in edits}


@pytest.mark.parametrize("control", [WRITES, USER, GROUP])
def test_a_container_that_is_sure_is_put_right_and_the_other_waits(control):
    first, second = plans(memory(KNOWN, UNKNOWN), control)
    assert (first.lane, places(first)) == ("auto", {("spec", "containers", 0)})
    assert second.lane == "ask" and second.changes
    assert second.breaks_if[0][2].holds is None, "its reason"


def test_a_privileged_container_keeps_no_fix_from_its_neighbours():
    auto, *left = plans(memory(KNOWN, init=MANAGER), GAINS)
    assert (auto.lane, places(auto)) == ("auto", {("spec", "containers", 0)})
    assert [each.lane for each in left] == ["ask"]
    assert "it is not privileged and has no added capabilities in spec/containers/0" in {
        answer.text for _, _, answer in auto.breaks_if
    }


def test_nothing_is_set_for_the_whole_pod_while_one_container_waits():
    auto, left = plans(memory(KNOWN, init=MANAGER), "k8s/workload/run-as-non-root")
    assert (auto.lane, places(auto)) == ("auto", {("spec", "containers", 0)})
    assert left.lane == "ask"


def test_files_that_containers_share_hold_them_together():
    mounts, volume = "volumeMounts: [{name: data, mountPath: /data}]", "{name: data, emptyDir: {}}"
    [together] = plans(memory(f"{KNOWN}, {mounts}", f"{UNKNOWN}, {mounts}", volumes=volume), USER)
    assert together.lane == "ask"
    apart = plans(memory(f"{KNOWN}, {mounts}", UNKNOWN, volumes=volume), USER)
    assert [each.lane for each in apart] == ["auto", "ask"]


def test_a_container_for_which_an_edit_has_no_place_keeps_none_from_its_neighbours():
    own_port = "image: acme/web:1, ports: [{containerPort: 8080}]"
    asked, by_hand = plans(memory(own_port, NO_PORT), "k8s/workload/readiness-probe")
    assert (asked.lane, places(asked)) == ("ask", {("spec", "containers", 0)})
    assert (by_hand.lane, by_hand.changes) == ("hand", ())


def test_each_image_of_a_pod_gets_the_digest_that_is_known_for_it():
    kept, ended = "image: registry.k8s.io/pause:3.10", "image: nginx:1.14.2"
    auto, asked, by_hand = plans(memory(kept, ended, UNKNOWN), "k8s/workload/image-digest")
    assert (auto.lane, places(auto)) == ("auto", {("spec", "containers", 0)})
    assert (asked.lane, places(asked)) == ("ask", {("spec", "containers", 1)})
    assert (by_hand.lane, by_hand.changes) == ("hand", ())


def test_an_image_that_nodes_never_ask_for_waits():
    [asked] = plans(memory("image: registry.k8s.io/pause:3.10, imagePullPolicy: Never"), "k8s/workload/image-digest")
    assert asked.lane == "ask"


def test_what_waits_keeps_the_name_that_it_has_when_it_is_alone():
    surface = memory(KNOWN, UNKNOWN)
    before = looked(surface, WRITES).found
    alone = looked(memory(f"{KNOWN}, securityContext: {{readOnlyRootFilesystem: true}}", UNKNOWN), WRITES).found
    assert len({each.finding.id for each in before}) == 2
    assert [each.finding.id for each in alone] == [each.finding.id for each in before if not each.items]


def test_containers_that_are_alike_are_one_finding():
    for pod in (memory(KNOWN, KNOWN), memory(UNKNOWN, UNKNOWN)):
        assert len(looked(pod, WRITES).found) == 1


def test_what_a_control_asks_for_goes_before_what_a_fix_brings_besides():
    surface = memory("image: registry.k8s.io/pause:3.10", UNKNOWN)
    seen = looked(surface, "k8s/workload/cpu-limit", "k8s/workload/cpu-request")
    [whole] = plan(seen, surface, PlanOptions(together=True)).plans
    asked = [edit for each in whole.changes[0].edits for edit in each if edit.path[-2:] == ("requests", "cpu")]
    assert [edit.value for edit in asked] == ["50m", "50m"]

"""Kubernetes workloads that stand in Terraform source."""

from collections.abc import Mapping
from pathlib import Path as File

import pytest

from setright import lenses
from setright.bindings.error import BindingError
from setright.bindings.layouts import terraform_workloads as workloads
from setright.bindings.load import load_one
from setright.bindings.source import Source
from setright.model import Edit, Plain, Resource, Unknown

ROOT = File(__file__).parents[2] / "bindings"
LAYOUT: Mapping[str, Plain] = load_one(ROOT / "k8s/workload.yaml", ROOT).layouts["terraform"]
DEPLOYMENT = """resource "kubernetes_deployment_v1" "web" {
  metadata {
    name = "web"
  }

  spec {
    template {
      metadata {
        labels = { app = "web" }
      }

      spec {
        host_pid = true

        container {
          name  = "web" # one
          image = var.image

          port {
            container_port = 80
          }
        }

        container {
          name  = "side"
          image = "side:1.2"
        }
      }
    }
  }
}
"""


def seen(text: str) -> tuple[list[Resource], dict[str, Source]]:
    sources = {"a/main.tf": Source("a/main.tf", "hcl", lenses.get("hcl", text.encode()))}
    return workloads.view("k8s/workload", LAYOUT, sources), sources


def put_right(text: str, *edits: Edit) -> str:
    resources, sources = seen(text)
    placed = workloads.edit(LAYOUT, resources[0], edits, [], sources)
    return lenses.put("hcl", text.encode(), [edit for _, edit in placed]).decode()


def test_blocks_are_the_fields_of_the_object() -> None:
    (found,), _ = seen(DEPLOYMENT + 'variable "image" {\n  default = "web:1"\n}\n')
    assert found.name == "a/kubernetes_deployment_v1.web"
    assert found.tree["kind"] == "Deployment" and found.tree["spec"]["hostPID"] is True
    assert [c["image"] for c in found.tree["spec"]["containers"]] == ["web:1", "side:1.2"]
    assert found.tree["spec"]["containers"][0]["ports"] == [{"containerPort": 80}]
    assert found.tree["metadata"]["labels"] == {"app": "web"}


def test_an_edit_becomes_blocks_and_an_argument() -> None:
    after = put_right(DEPLOYMENT, Edit(("spec", "containers", 1, "securityContext", "capabilities", "drop"), ["ALL"]))
    assert after == DEPLOYMENT.replace(
        '          image = "side:1.2"\n',
        '          image = "side:1.2"\n\n          security_context {\n            capabilities {\n              drop = ["ALL"]\n'
        "            }\n          }\n",
    )


def test_requests_are_a_map_and_probes_blocks() -> None:
    after = put_right(DEPLOYMENT, Edit(("spec", "containers", 0, "resources", "requests", "cpu"), "50m"))
    assert 'resources {\n            requests = {\n              cpu = "50m"\n' in after
    after = put_right(DEPLOYMENT, Edit(("spec", "containers", 0, "readinessProbe"), "tcp"))
    assert "readiness_probe {\n            tcp_socket {\n              port = 80\n" in after


def test_what_all_containers_shall_have_goes_to_the_pod() -> None:
    path = ("securityContext", "runAsNonRoot")
    after = put_right(DEPLOYMENT, *(Edit(("spec", "containers", n, *path), True) for n in (0, 1)))
    assert after.count("run_as_non_root = true") == 1


def test_a_value_of_a_block_is_changed_in_place() -> None:
    assert put_right(DEPLOYMENT, Edit(("spec", "hostPID"), False)) == DEPLOYMENT.replace("host_pid = true", "host_pid = false")


def test_containers_that_an_expression_makes_are_left_alone() -> None:
    pod = 'resource "kubernetes_pod" "web" {\n  spec {\n    dynamic "container" {\n      for_each = var.all\n    }\n  }\n}\n'
    (found,), sources = seen(pod)
    with pytest.raises(BindingError, match="dynamic"):
        workloads.edit(LAYOUT, found, [Edit(("spec", "containers", 0, "tty"), False)], [], sources)


def test_an_account_that_hands_out_no_token_is_found_beside() -> None:
    account = 'resource "kubernetes_service_account_v1" "s" {\n  metadata {\n    name      = "s"\n    namespace = "p"\n  }\n'
    account += "  automount_service_account_token = false\n}\n"
    pod = 'resource "kubernetes_pod" "w" {\n  metadata {\n    name      = "w"\n    namespace = "p"\n  }\n  spec {\n'
    pod += '    service_account_name = "s"\n    container {\n      name = "w"\n    }\n  }\n}\n'
    (found,), _ = seen(pod + account)
    assert found.tree["spec"]["automountServiceAccountToken"] is False


def test_only_what_is_kept_up_by_something_can_be_replaced() -> None:
    bare = 'resource "kubernetes_pod_v1" "w" {\n  spec {\n    container {\n      name = "w"\n    }\n  }\n}\n'
    claims = [resource.tree["workload"]["replaceable"] for text in (DEPLOYMENT, bare) for resource in seen(text)[0]]
    assert claims == [True, False]


def test_a_value_is_located_at_its_argument_or_the_block_around_it() -> None:
    (found,), sources = seen(DEPLOYMENT)
    base = ("resource", "kubernetes_deployment_v1", "web", 0, "spec", 0, "template", 0, "spec", 0)
    assert workloads.locate(LAYOUT, found, ("spec", "hostPID"), sources) == ("a/main.tf", (*base, "host_pid"))
    missing = ("spec", "containers", 1, "securityContext", "privileged")
    assert workloads.locate(LAYOUT, found, missing, sources) == ("a/main.tf", (*base, "container", 1))


def test_what_has_no_spec_has_a_container_that_says_nothing_and_that_nobody_writes() -> None:
    for kind in ("kubernetes_pod", "kubernetes_deployment"):
        bare = f'resource "{kind}" "web" {{\n  metadata {{\n    name = "web"\n  }}\n}}\n'
        sources = {"main.tf": Source("main.tf", "hcl", lenses.get("hcl", bare.encode()))}
        (found,) = workloads.view("k8s/workload", LAYOUT, sources)
        assert found.tree["spec"]["containers"] == [{"imagePullPolicy": "Always"}]
        for path in (("spec", "containers", 0, "resources", "limits", "cpu"), ("spec", "hostPID")):
            with pytest.raises(BindingError, match="says nothing of its pod"):
                workloads.edit(LAYOUT, found, [Edit(path, 1)], [], sources)
    made = 'resource "kubernetes_pod" "web" {\n  dynamic "spec" {\n    for_each = var.specs\n    content {}\n  }\n}\n'
    (found,) = workloads.view("k8s/workload", LAYOUT, {"m.tf": Source("m.tf", "hcl", lenses.get("hcl", made.encode()))})
    assert isinstance(found.tree["spec"], Unknown)


ROLES = """resource "kubernetes_cluster_role_v1" "ops" {
  metadata {
    name = "ops"
  }

  rule {
    api_groups = [""]
    resources  = ["pods"]
    verbs      = ["get"]
  }

  rule {
    api_groups = ["*"]
    resources  = ["deployments"]
    verbs      = ["get", "bind"] # of the installer
  }
}
"""


def test_an_object_that_is_no_workload_is_seen_whole() -> None:
    layout = load_one(ROOT / "k8s/role.yaml", ROOT).layouts["terraform"]
    sources = {"main.tf": Source("main.tf", "hcl", lenses.get("hcl", ROLES.encode()))}
    (role,) = workloads.view("k8s/role", layout, sources)
    assert role.tree["kind"] == "ClusterRole" and role.tree["metadata"] == {"name": "ops"}
    assert [rule["apiGroups"] for rule in role.tree["rules"]] == [[""], ["*"]]
    path = ("rules", 1, "verbs", 1)
    assert workloads.locate(layout, role, path, sources) == ("main.tf", (*role.home[1], "rule", 1, "verbs", 1))
    placed = workloads.edit(layout, role, [Edit(path, remove=True)], [], sources)
    after = lenses.put("hcl", ROLES.encode(), [edit for _, edit in placed]).decode()
    assert after == ROLES.replace('["get", "bind"]', '["get"]')


def test_the_default_account_needs_no_name() -> None:
    layout = load_one(ROOT / "k8s/service-account.yaml", ROOT).layouts["terraform"]
    text = 'resource "kubernetes_default_service_account" "a" {\n  metadata {\n    namespace = "shop"\n  }\n}\n'
    (account,) = workloads.view(
        "k8s/service-account", layout, {"main.tf": Source("main.tf", "hcl", lenses.get("hcl", text.encode()))}
    )
    assert account.tree["metadata"] == {"name": "default", "namespace": "shop"}


def test_a_block_that_is_written_as_a_value_is_read_too() -> None:
    text = """resource "kubernetes_pod" "a" {
  metadata { name = "a" }
  spec {
    container = [{ name = "a", image = "a:1", security_context = { allow_privilege_escalation = false } }]
  }
}
"""
    (found,), _ = seen(text)
    assert found.tree["spec"]["containers"][0]["securityContext"]["allowPrivilegeEscalation"] is False

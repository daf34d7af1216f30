"""Who in a tree talks to the Kubernetes API of a cluster."""

import pytest

from setright import lenses
from setright.bindings.layouts import terraform
from setright.bindings.source import Source
from setright.model import Plain

CLUSTER: dict[str, Plain] = {
    "type": "aws_eks_cluster",
    "evidence": {"deployers": "deployers"},
    "modules": {"terraform-aws-modules/eks/aws": {"Public": {"at": "cluster_endpoint_public_access"}}},
}
MADE = 'resource "aws_eks_cluster" "main" {\n  name = "main"\n}\n'
CALLED = 'module "eks" {\n  source = "terraform-aws-modules/eks/aws"\n  cluster_endpoint_public_access = true\n}\n'
RELEASE = 'resource "helm_release" "web" {\n  chart = "web"\n}\n'
LOCAL = 'resource "null_resource" "x" {\n  provisioner "local-exec" {\n    command = "%s"\n  }\n}\n'


@pytest.mark.parametrize("cluster", [MADE, CALLED])
@pytest.mark.parametrize(
    ("beside", "who"),
    [
        ("", "no"),
        ('resource "aws_iam_role" "r" {\n  name = "r"\n}\n', "no"),
        (LOCAL % "make", "no"),
        (RELEASE, "by helm_release.web"),
        ('resource "kubernetes_namespace_v1" "a" {\n  count = 2\n}\n', "by kubernetes_namespace_v1.a"),
        (LOCAL % "aws eks update-kubeconfig --name main", "by null_resource.x"),
    ],
)
def test_who_deploys_into_a_cluster_is_named_wherever_it_stands(cluster: str, beside: str, who: str) -> None:
    files = {"infra/main.tf": cluster, "apps/main.tf": beside}
    given = {at: Source(at, "hcl", lenses.get("hcl", text.encode())) for at, text in files.items()}
    (found,) = terraform.view("k", CLUSTER, given)
    assert found.tree["source"] == {"deployers": who}

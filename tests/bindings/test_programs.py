"""What well-known programs are known by."""

import pytest

from setright.bindings.layouts._programs import told_of_name, usual_port
from setright.model import Plain, Unknown


@pytest.mark.parametrize(
    ("container", "port"),
    [
        ({"image": "nginx:1.25"}, 80),
        ({"image": "nginx", "command": ["nginx", "-g", "daemon off;"]}, 80),
        ({"image": "registry.k8s.io/autoscaling/cluster-autoscaler:v1.26.2", "command": ["./cluster-autoscaler", "--v=4"]}, 8085),
        ({"image": "registry.k8s.io/external-dns/external-dns:v0.13.5", "args": ["--source=service"]}, 7979),
        ({"image": "redis", "args": ["redis-server", "--save", ""]}, 6379),
    ],
)
def test_a_program_that_starts_as_it_comes_listens_where_it_does_by_itself(container, port):
    assert usual_port(container) == port


@pytest.mark.parametrize(
    "container",
    [
        {"image": "nginx", "command": ["sh", "-c", "nginx"]},
        {"image": "nginx", "command": "nginx"},
        {"image": "nginx", "args": ["sleep", "9"]},
        {"image": "cluster-autoscaler", "command": ["./cluster-autoscaler", "--address=:9000"]},
        {"image": "external-dns", "args": ["--metrics-address=:9000"]},
        {"image": "external-dns", "env": [{"name": "EXTERNAL_DNS_METRICS_ADDRESS", "value": ":9000"}]},
        {"image": "redis", "command": ["redis-server"], "args": ["/data/redis.conf"]},
        {"image": "nginx", "volumeMounts": [{"name": "a", "mountPath": "/etc/nginx/conf.d"}]},
        {"image": "acme/shop"},
        {},
    ],
)
def test_one_that_is_told_something_else_may_listen_elsewhere(container):
    assert usual_port(container) is None


@pytest.mark.parametrize(
    ("image", "told"),
    [
        ("ghcr.io/example/shop:1.2", "ghcr.io/example/shop:1.2"),
        ("gcr.io/${PROJECT_ID}/shop:${IMAGE_TAG}", "shop"),
        ("${REGISTRY}/calico/node:$(VERSION)", "calico/node"),
        ("<account>.dkr.ecr.eu-west-1.amazonaws.com/shop:latest", "shop"),
        ("shop:$TAG", "shop"),
        (Unknown("{{ .Values.registry }}/example/shop:{{ .Values.tag }}"), "example/shop"),
        ("$IMAGE", ""),
        ("gcr.io/example/$APP:1", ""),
        ("gcr.io/example/shop-$COLOUR:1", ""),
        (Unknown("{{ .Values.image.repository }}:{{ .Values.image.tag }}"), ""),
        (None, ""),
    ],
)
def test_what_deployers_fill_in_hides_no_program(image: Plain, told: str) -> None:
    assert told_of_name(image) == told

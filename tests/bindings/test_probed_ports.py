"""Which port a probe may ask of a container that declares none."""

import pytest

from setright.bindings.layouts._services import probed, serves_alone


@pytest.mark.parametrize(
    ("option", "port"),
    [
        ("--health-port=29652", 29652),
        ("--health-probe-bind-address=:8081", 8081),
        ("--metrics-addr=0.0.0.0:9402", 9402),
        ("-web.listen-address=:9113", 9113),
        ("--listen-address=[::]:9090", 9090),
        ("--http-endpoint=:8080", 8080),
    ],
)
def test_an_option_of_its_own_tells_the_port_that_it_opens(option, port):
    container = {"image": "acme/controller:1", "args": ["--v=2", option]}
    assert probed(container, [], True) == port
    assert serves_alone(container, {"kind": "Deployment"}, [])


@pytest.mark.parametrize(
    "words",
    [
        ["--health-timeout=30"],
        ["--healthz-port=0"],
        ["--metrics-bind-address=127.0.0.1:8080"],
        ["--telemetry-host=127.0.0.1", "--telemetry-port=8082"],
        ["--metrics-server-address=other:9090"],
        ["--db-port=5432"],
        ["serve --health-port=8080"],
    ],
)
def test_what_is_no_port_of_its_own_for_others_is_not_asked(words):
    container = {"image": "acme/controller:1", "args": words}
    assert probed(container, [], True) is None
    assert not serves_alone(container, {"kind": "Deployment"}, [])


def test_a_port_that_is_declared_comes_first():
    container = {"image": "acme/web:1", "args": ["--metrics-bind-address=:9090"], "ports": [{"containerPort": 8080}]}
    assert probed(container, [], True) == 8080


def test_one_that_stands_by_until_it_leads_is_asked_only_after_somebody_said_so():
    container = {"image": "acme/controller:1", "args": ["--leader-elect", "--metrics-bind-address=:8080"]}
    assert probed(container, [], True) == 8080
    assert not serves_alone(container, {"kind": "Deployment"}, [])

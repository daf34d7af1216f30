"""GitLab pipelines and jobs."""

from __future__ import annotations

import pytest

from setright.bindings.error import BindingError
from setright.bindings.layouts import gitlab
from setright.bindings.source import Source
from setright.lenses import get
from setright.model import Edit, Resource, Unknown

CI = ".gitlab-ci.yml"


def sources(text: str, name: str = CI) -> dict[str, Source]:
    return {name: Source(name, "yaml", get("yaml", text.encode()))}


def jobs(text: str, name: str = CI) -> dict[str, Resource]:
    return {job.name: job for job in gitlab.view("gitlab/job", {}, sources(text, name))}


def test_keywords_are_no_jobs() -> None:
    assert list(jobs("stages: [a]\nvariables: {A: b}\ncache: {key: x}\ntest: {script: make}\n")) == ["test"]


def test_the_image_of_the_whole_file_is_that_of_its_default() -> None:
    found = jobs("image: node\nservices: [docker:dind]\ntest: {script: make}\n")
    assert list(found) == ["default", "test"]
    assert (found["default"].tree["image"], found["default"].home) == ({"name": "node"}, (CI, ("documents", 0)))
    assert "image" not in found["test"].tree


@pytest.mark.parametrize(
    ("text", "is_set_up"),
    [
        ("test: {services: [postgres:17], variables: {POSTGRES_PASSWORD: a}}", True),
        ("services: ['registry.a/mirror/mysql:8']\ntest: {script: make, variables: {MYSQL_ROOT_PASSWORD: a}}", True),
        ("default: {services: [{name: 'mariadb@sha256:0f'}]}\ntest: {variables: {MARIADB_ROOT_PASSWORD: a}}", True),
        ("test: {services: [redis], variables: {POSTGRES_PASSWORD: a}}", False),
        ("test: {services: [postgres:17], variables: {DEPLOY_PASSWORD: a}}", False),
        ("other: {services: [postgres:17]}\ntest: {variables: {POSTGRES_PASSWORD: a}}", False),
    ],
)
def test_what_sets_up_a_service_of_the_job_is_told(text: str, is_set_up: bool) -> None:
    (variable,) = jobs(text + "\n")["test"].tree["variables"]
    assert variable.get("of-service", False) is is_set_up


def test_variables_of_all_jobs_may_set_up_a_service_of_one() -> None:
    (found,) = gitlab.view("gitlab/pipeline", {}, sources("variables: {MYSQL_PASSWORD: a}\ntest: {services: [mysql:8]}\n"))
    assert found.tree["variables"] == [{"name": "MYSQL_PASSWORD", "value": "a", "of-service": True}]


def test_only_files_of_pipelines_are_looked_into() -> None:
    assert list(jobs("test: {script: make}\n", "ci/.gitlab/ci/test.yml")) == ["test"]
    assert jobs("test: {script: make}\n", "conf.yml") == {}


def test_a_header_is_no_pipeline() -> None:
    found = gitlab.view("gitlab/pipeline", {}, sources("spec: {inputs: {}}\n---\ntest: {script: make}\n"))
    assert [pipeline.home for pipeline in found] == [(CI, ("documents", 1))]


def test_a_job_is_seen_on_top_of_what_it_extends() -> None:
    found = jobs(".a: {timeout: 1h, variables: {A: b}}\ntest: {extends: .a, variables: {C: d}, script: make}\n")["test"]
    assert found.tree["timeout"] == "1h"
    assert [each["name"] for each in found.tree["variables"]] == ["A", "C"]
    assert "timeout" not in (found.only or ())


def test_extending_in_circles_ends() -> None:
    assert list(jobs("a: {extends: b}\nb: {extends: a}\n")) == ["a", "b"]


@pytest.mark.parametrize(
    ("image", "version"),
    [
        ("a", None),
        ("host:5000/a:1", "1"),
        ("{name: 'a@sha256:0f'}", "sha256:0f"),
        ("a:$TAG", Unknown("a:$TAG")),
        ("$IMAGE", Unknown("$IMAGE")),
        ("'$[[ inputs.image ]]'", Unknown("$[[ inputs.image ]]")),
    ],
)
def test_an_image_tells_its_version(image: str, version: object) -> None:
    assert jobs(f"test: {{image: {image}, script: make}}\n")["test"].tree["image"].get("version") == version


def test_the_last_variable_takes_the_block_along() -> None:
    text = "test:\n  variables: {A: b}\n  script: make\n"
    [(_, edit)] = gitlab.edit({}, jobs(text)["test"], [Edit(("variables", 0), remove=True)], [], sources(text))
    assert edit.path[-1] == "variables"


def test_what_is_only_told_is_refused() -> None:
    text = "test: {script: make}\n"
    with pytest.raises(BindingError, match="read off"):
        gitlab.edit({}, jobs(text)["test"], [Edit(("commands", 0), remove=True)], [], sources(text))


@pytest.mark.parametrize(
    ("component", "ref"),
    [("gitlab.com/a/b/c@master", "master"), ("gitlab.com/a/b/c", ""), ("$CI_SERVER_FQDN/a/b@1.0", "1.0")],
)
def test_a_component_tells_its_project_and_version(component: str, ref: str) -> None:
    text = f"include: [{{component: {component}}}]\ntest: {{script: make}}\n"
    [pipeline] = gitlab.view("gitlab/pipeline", {}, sources(text))
    assert pipeline.tree["include"][0]["ref"] == ref


def pipeline_of(**files: str) -> dict[str, Resource]:
    given = {name: Source(name, "yaml", get("yaml", text.encode())) for name, text in files.items()}
    return {f"{job.home[0]} {job.name}": job for job in gitlab.view("gitlab/job", {}, given)}


@pytest.mark.parametrize("include", ["ci/a.yml", "/ci/a.yml", "{local: 'ci/*.yml'}", "[{local: /ci/a.yml, rules: []}]"])
def test_what_a_pipeline_includes_of_the_tree_is_part_of_it(include: str) -> None:
    main = f"include: {include}\ndefault: {{timeout: 1h}}\ntest: {{extends: .base, script: make}}\n"
    found = pipeline_of(**{CI: main, "ci/a.yml": ".base: {image: 'a:1'}\nb: {script: make}\n", "ci.yml": "c: {script: make}\n"})
    assert list(found) == [f"{CI} default", f"{CI} test", "ci/a.yml .base", "ci/a.yml b"]
    assert found[f"{CI} test"].tree["image"] == {"name": "a:1", "version": "1"}
    assert found["ci/a.yml b"].tree["timeout"] == "1h"


def test_what_a_job_starts_of_the_tree_is_seen() -> None:
    found = pipeline_of(**{CI: "t: {trigger: {include: ci/child.yml}}\n", "ci/child.yml": "c: {script: make}\n"})
    assert list(found) == [f"{CI} t", "ci/child.yml c"]


def test_files_that_include_each_other_are_seen_once() -> None:
    found = pipeline_of(**{CI: "include: sub/.gitlab-ci.yml\na: {}\n", "sub/.gitlab-ci.yml": "include: .gitlab-ci.yml\nb: {}\n"})
    assert sorted(found) == [f"{CI} a", "sub/.gitlab-ci.yml b"]


def test_what_is_included_of_elsewhere_is_not_looked_for_here() -> None:
    found = pipeline_of(
        **{CI: "include: ['https://a/ci/b.yml', {project: g/p, file: ci/b.yml}]\n", "ci/b.yml": "b: {script: make}\n"}
    )
    assert found == {}


@pytest.mark.parametrize(
    ("line", "does"),
    [
        ("curl -fsSLk https://a/b", ["skips-tls"]),
        ("curl --insecure https://localhost:8443", None),
        ("curl -o k https://a/b", None),
        ("wget -q --no-check-certificate https://a/b", ["skips-tls"]),
        ("git -c http.sslVerify=false clone https://a/b", ["skips-tls"]),
        ("git config --global http.sslVerify false", ["skips-tls"]),
        ("npm config set strict-ssl false", ["skips-tls"]),
        ("kubectl --insecure-skip-tls-verify=true apply -f a", ["skips-tls"]),
        ("ssh -o StrictHostKeyChecking=no a@b make", ["trusts-any-host"]),
        ("printf 'Host *\\n StrictHostKeyChecking no' >> ~/.ssh/config", ["trusts-any-host"]),
        ("ssh -o StrictHostKeyChecking=yes a@b make", None),
        ("docker login -u $U -p $P $R", ["shows-password"]),
        ("docker login --password=$P $R", ["shows-password"]),
        ("docker login -u $U --password-stdin $R", None),
        ("helm registry login $R --username u --password $P", ["shows-password"]),
        ("docker run -p 80:80 login", None),
        ("sshpass -p $P ssh a@b", ["shows-password"]),
        ("sshpass -e ssh a@b", None),
    ],
)
def test_what_a_command_gives_up_is_told(line: str, does: list[str] | None) -> None:
    [command] = jobs(f"test:\n  script:\n    - {line}\n")["test"].tree["commands"]
    assert command.get("does") == does

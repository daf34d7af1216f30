"""The templates for CI and hooks are what their readers take, and their shell does what it says with the real program."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from setright.cli import main

ROOT = Path(__file__).parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
GITLAB = yaml.safe_load((ROOT / "ci" / "gitlab" / "setright.gitlab-ci.yml").read_text())
HOOKS = {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
STEPS = {step.get("name", step.get("uses", "").partition("@")[0]): step for step in ACTION["runs"]["steps"]}
SCHEMAS = {"action.yml": "vendor.github-actions", "ci/gitlab/setright.gitlab-ci.yml": "vendor.gitlab-ci"}
WRONG = 'resource "aws_db_instance" "shop" {\n  backup_retention_period = 1\n}\n'
AUTO = "aws/rds/backups"
INPUT = re.compile(r"\$\{\{ inputs\.([\w-]+) \}\}")


@pytest.fixture
def place(tmp_path):
    """A repository with one finding, the program on PATH, and a directory of CI's own."""
    tree = tmp_path / "tree"
    (tmp_path / "bin").mkdir()
    tree.mkdir()
    program = tmp_path / "bin" / "setright"
    program.write_text(f"#!{sys.executable}\nfrom setright.cli import main\nmain(prog_name='setright')\n")
    program.chmod(0o755)
    (tree / "main.tf").write_text(WRONG)
    for words in (("init", "-q", "-b", "main"), ("add", "-A"), ("commit", "-qm", "first")):
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *words], cwd=tree, check=True)
    return tmp_path


def bash(place, script, **env):
    path = f"{place / 'bin'}:{os.environ['PATH']}"
    home = {"HOME": str(place), "PATH": path, "SETRIGHT_STATE": str(place / "state"), "RUNNER_TEMP": str(place)}
    return subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", script],
        cwd=place / "tree",
        env=home | env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=240,
    )


def act(place, **inputs):
    """The Action's scan step, as the runner would start it, with these inputs over the defaults."""
    told = {name: given["default"] for name, given in ACTION["inputs"].items()} | {
        name.replace("_", "-"): value for name, value in inputs.items()
    }
    env = {name: INPUT.sub(lambda m: told[m[1]], value) for name, value in STEPS["Scan"]["env"].items()}
    for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"):
        (place / name).write_text("")
        env[name] = str(place / name)
    return bash(place, STEPS["Scan"]["run"], **env)


@pytest.mark.parametrize(("file", "schema"), SCHEMAS.items())
def test_a_template_keeps_to_its_reader_s_schema(file, schema):
    checker = os.environ.get("CHECK_JSONSCHEMA") or shutil.which("check-jsonschema")
    if not checker:
        pytest.skip("check-jsonschema is not installed; name it in CHECK_JSONSCHEMA")
    ran = subprocess.run([checker, "--builtin-schema", schema, ROOT / file], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout


def test_every_input_is_described_has_a_default_and_is_used_and_none_reaches_a_script_but_by_its_environment():
    text = (ROOT / "action.yml").read_text()
    for name, given in ACTION["inputs"].items():
        assert given["description"] and isinstance(given["default"], str)
        assert f"inputs.{name} " in text
    assert set(re.findall(r"inputs\.([\w-]+)", text)) == set(ACTION["inputs"])
    assert not any("${{" in step.get("run", "") for step in ACTION["runs"]["steps"])


def test_other_people_s_actions_are_pinned():
    uses = [step["uses"] for step in ACTION["runs"]["steps"] if "uses" in step]
    assert uses and all(re.fullmatch(r"[\w.-]+(/[\w.-]+)+@[0-9a-f]{40}", each) for each in uses)


def test_the_action_says_before_all_else_that_it_does_not_run_on_windows(place):
    first = ACTION["runs"]["steps"][0]
    assert first["if"] == "${{ runner.os == 'Windows' }}"
    ran = bash(place, first["run"])
    assert (ran.returncode, ran.stderr) == (2, "")
    assert ran.stdout.startswith("::error title=setright::setright does not run on Windows; ")


@pytest.mark.parametrize(("version", "what"), [("", "/the/checkout"), ("1.2.3", "setright==1.2.3")])
def test_the_action_installs_its_checkout_or_the_version_asked_for(place, version, what):
    venv = place / "setright-venv" / "bin"
    venv.mkdir(parents=True)
    for file, text in ((place / "bin" / "python", "true"), (venv / "python", f'printf "%s\\n" "$@" > {place}/asked')):
        file.write_text(f"#!/bin/sh\n{text}\n")
        file.chmod(0o755)
    ran = bash(place, STEPS["Install setright"]["run"], VERSION=version, CHECKOUT="/the/checkout", GITHUB_PATH=str(place / "path"))
    assert ran.returncode == 0, ran.stderr
    assert (place / "asked").read_text().split("\n")[:3] == ["-m", "pip", "install"]
    assert (place / "asked").read_text().rstrip().rpartition("\n")[2] == what
    assert (place / "path").read_text().strip() == str(venv)


def test_the_action_fails_for_findings_and_says_which(place):
    ran = act(place, arguments=f"--control\n{AUTO}", sarif="out.sarif")
    assert (ran.returncode, ran.stderr) == (1, "")
    assert (place / "GITHUB_OUTPUT").read_text().split() == ["sarif=out.sarif", "exit-code=1"]
    assert AUTO in (place / "GITHUB_STEP_SUMMARY").read_text() and AUTO in ran.stdout
    results = json.loads((place / "tree" / "out.sarif").read_text())["runs"][0]["results"]
    assert [r["ruleId"] for r in results] == [AUTO]


def test_the_action_says_why_there_is_no_sarif_and_fails(place):
    ran = act(place, arguments=f"--control\n{AUTO}", fail_on="never", sarif="no such folder/out.sarif")
    assert (ran.returncode, (place / "GITHUB_OUTPUT").read_text()) == (2, "exit-code=2\n")
    assert ran.stderr == "setright: no such folder/out.sarif: No such file or directory; nothing was written there\n"


@pytest.mark.parametrize(
    ("inputs", "code", "outputs"),
    [
        ({"fail_on": "high"}, 0, "exit-code=0\n"),
        ({"diff_base": "main", "summary": "false"}, 0, "exit-code=0\n"),
        ({"targets": ".\n/nowhere"}, 3, "exit-code=3\n"),
        ({"fail_on": "severe", "sarif": "out.sarif"}, 2, "exit-code=2\n"),
        ({"targets": "$(touch hacked)\n--help"}, 3, "exit-code=3\n"),
    ],
)
def test_the_action_ends_as_its_inputs_say(place, inputs, code, outputs):
    ran = act(place, arguments=f"--control\n{AUTO}", **inputs)
    assert (ran.returncode, (place / "GITHUB_OUTPUT").read_text()) == (code, outputs)
    assert bool((place / "GITHUB_STEP_SUMMARY").read_text()) is (code in (0, 3) and "summary" not in inputs)
    assert not (place / "tree" / "hacked").exists()


@pytest.mark.parametrize(("base", "whole", "code"), [("", "false", 1), ("main", "false", 0), ("main", "true", 1)])
def test_the_gitlab_job_counts_what_the_merge_request_changed(place, base, whole, code):
    script = "\n".join(GITLAB["setright"]["script"])
    env = GITLAB["variables"] | {"SETRIGHT_ARGUMENTS": f"--control {AUTO}", "SETRIGHT_WHOLE": whole}
    ran = bash(place, script, **env, CI_MERGE_REQUEST_DIFF_BASE_SHA=base)
    assert (ran.returncode, ran.stderr) == (code, "")
    assert ("failure" in (place / "tree" / "setright.xml").read_text().partition("<testcase")[2]) is bool(code)
    assert GITLAB["setright"]["artifacts"]["reports"]["junit"] == "setright.xml"


def test_hooks_take_only_options_that_there_are():
    for hook in HOOKS.values():
        assert {"id", "name", "entry", "language", "files"} <= hook.keys() and hook["language"] == "python"
        program, command, *words = hook["entry"].split() + hook["args"]
        main.get_command(None, command).make_context(command, [*words])
        assert program == "setright"
        assert all(re.search(hook["files"], name) for name in ("a.tf", "x/Dockerfile", "k/pod.yaml", "api.Dockerfile"))
        assert not re.search(hook["files"], "README.md")


def test_the_hooks_stop_and_put_right_what_is_about_to_be_committed(place):
    file = place / "tree" / "main.tf"
    scan, fix = ((hook["entry"].split() + hook["args"]) for hook in (HOOKS["setright-scan"], HOOKS["setright-fix"]))
    only = f" --control {AUTO}"
    assert bash(place, " ".join(scan) + only).returncode == 0
    file.write_text(WRONG + "\n" + WRONG.replace("shop", "new"))
    ran = bash(place, " ".join(scan) + only)
    assert ran.returncode == 1 and "aws_db_instance.new" in ran.stdout and "aws_db_instance.shop" not in ran.stdout
    ran = bash(place, " ".join(fix) + only)
    assert ran.returncode == 0, ran.stderr
    assert file.read_text().startswith(WRONG)

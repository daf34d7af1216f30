"""What an image is for, where the tree tells that nobody will ask it whether it works: what others run or work in ends by itself.

A health check is for what goes on until somebody stops it. docs.github.com, Dockerfile support for GitHub Actions; AWS Lambda
Developer Guide, container images; docs.docker.com/reference/dockerfile, HEALTHCHECK.
"""

from __future__ import annotations

from collections.abc import Container

from setright.bindings.layouts._compose_build import BARE
from setright.bindings.layouts._dockerfile_health import only_tells
from setright.bindings.layouts._dockerfile_image import IMAGE, SHELLS, Image, from_of, packages, plain_name, program, says_what_runs
from setright.bindings.layouts._shell_words import base
from setright.patterns import late

SERVES = ("EXPOSE", "HEALTHCHECK")
TOOLS = frozenset(  # programs that do one thing and end, where they are given no words
    {
        *(
            "ansible",
            "ansible-lint",
            "ansible-playbook",
            "aws",
            "az",
            "black",
            "curl",
            "eslint",
            "ffmpeg",
            "flake8",
            "gcloud",
            "git",
        ),
        *("hadolint", "helm", "helmfile", "jq", "kubectl", "kustomize", "mypy", "packer", "pandoc", "prettier", "pytest", "restic"),
        *("ruff", "shellcheck", "shfmt", "terraform", "terragrunt", "tflint", "tofu", "trivy", "yamllint", "yq", "zstd"),
    }
)
AT_HOME = frozenset({"-i", "-l", "-il", "-li", "--login"})
WORKPLACE = late(  # where images stand in which jobs and developers work
    r"(?i)(?:.*/)?(?:\.?ci|builder|\.circleci|\.buildkite|\.devcontainer|\.gitpod|\.github|\.gitlab)/.*"
    r"|(?:.*/)?(?:\.gitpod\.dockerfile|dockerfile[._-](?:ci|build(?:er)?|devcontainer|gitpod)|(?:ci|build(?:er)?|devcontainer)\.dockerfile)"
)
FOR_WORK = late(  # images that are made to be worked in
    r"rustembedded/cross|ghcr\.io/cross-rs/.+|cimg/.+|circleci/.+|gitpod/workspace-.+|mcr\.microsoft\.com/(?:vscode/)?devcontainers/.+"
)


SYSTEMS = late(
    r"(?:.*/)?(?:debian|ubuntu|alpine|fedora|centos|rockylinux|almalinux|amazonlinux|oraclelinux|archlinux|ubi\d*|leap)(?:-\w+)?"
)
BUILDS = frozenset(  # packages for those who build programs
    {
        "abuild",
        "alpine-sdk",
        "autoconf",
        "automake",
        "build-base",
        "build-essential",
        "clang",
        "cmake",
        "debhelper",
        "devscripts",
        "g++",
    }
    | {"gcc", "gcc-c++", "make", "meson", "ninja-build", "rpm-build"}
)


def purpose_of(locator: str, image: Image, actions: Container[str], services: Container[str]) -> str:
    """``action``, ``function``, ``files``, ``tool``, ``jobs`` or ``shell``; empty where it may be a service, which most are.

    `actions` and `services` are the Dockerfiles that GitHub and Compose files of the tree build images by.
    """
    if locator in actions:
        return "action"
    if image.facts.get("starts") == "own":
        return "function"
    if any(each["keyword"] in SERVES for each in image.whole) or locator in services:
        return ""
    if image.whole and from_of(image.whole[0])["image"].lower() == "scratch" and not says_what_runs(image.whole):
        return "files"
    words = program(image.whole)
    if only_tells(image) or (len(words) == 1 and base(words[0]) in TOOLS):
        return "tool"
    return _work(locator, image)


def _has_program(image: Image) -> bool:
    """Whether files of the tree or of another stage are in it, which may be a program that others start."""
    return any(each["keyword"] in ("ADD", "COPY") for each in image.whole)


def _work(locator: str, image: Image) -> str:
    """``jobs`` where it stands with what jobs and developers work in, is made for that, or only has what builds programs.

    ``shell`` where it starts a bare one.
    """
    words = program(image.whole)
    found = IMAGE.fullmatch(plain_name(from_of(image.whole[0])["image"])) if image.whole else None
    name = found["name"] if found else ""
    is_shell = bool(words) and base(words[0]) in SHELLS and all(word in AT_HOME for word in words[1:])
    if says_what_runs(image.whole) and not is_shell:
        return ""
    if FOR_WORK.fullmatch(name) or (BARE.fullmatch(name) and WORKPLACE.fullmatch(locator)):
        return "jobs"
    if SYSTEMS.fullmatch(name) and not is_shell and not _has_program(image) and BUILDS & set(packages(image.whole)):
        return "jobs"
    return "shell" if is_shell else ""

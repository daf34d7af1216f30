"""Dockerfiles as images, and edits on an image as edits on instructions."""

import pytest

from setright import lenses
from setright.bindings.error import BindingError
from setright.bindings.layouts import dockerfile
from setright.bindings.layouts._shell_words import commands
from setright.bindings.source import Source
from setright.model import Edit, Plain, Tree, Unknown


def sources(text: str) -> dict[str, Source]:
    return {"Dockerfile": Source("Dockerfile", "dockerfile", lenses.get("dockerfile", text.encode()))}


def seen(text: str) -> Tree:
    (resource,) = dockerfile.view("docker/image", {}, sources(text))
    return resource.tree


def fixed(text: str, *edits: Edit) -> str:
    given = sources(text)
    (resource,) = dockerfile.view("docker/image", {}, given)
    placed = dockerfile.edit({}, resource, edits, [], given)
    return lenses.put("dockerfile", text.encode(), [edit for _, edit in placed]).decode()


TWO = """ARG V=12
FROM golang:1.22@sha256:ab AS build
USER root
EXPOSE 22
FROM debian:${V}
COPY --from=build a b
FROM build
EXPOSE 80/udp $P
"""


def test_the_last_stage_is_the_image() -> None:
    tree = seen(TWO)
    assert tree["ExposedPorts"] == [{"port": "80", "protocol": "udp"}, {"port": Unknown("$P"), "protocol": "tcp"}]
    assert tree["User"] == "root"  # of the stage that it begins from
    assert [(s["image"], s.get("tag"), s.get("digest"), s["external"]) for s in tree["stages"]] == [
        ("golang", "1.22", "sha256:ab", True),
        ("debian", "12", None, True),
        ("build", None, None, False),
    ]


@pytest.mark.parametrize(
    ("image", "name", "tag"),
    [
        ("debian", "debian", None),
        ("localhost:5000/a/b", "localhost:5000/a/b", None),
        ("localhost:5000/a/b:1", "localhost:5000/a/b", "1"),
        ("${BASE}", Unknown("${BASE}"), Unknown("${BASE}")),
    ],
)
def test_an_image_name_is_taken_apart(image: str, name: Plain, tag: Plain) -> None:
    stage = seen(f"FROM {image}\n")["stages"][0]
    assert (stage["image"], stage.get("tag")) == (name, tag)


def test_commands_are_told_apart() -> None:
    text = "set -e; A=1 sudo -E apt-get -y install -t x curl && (cd /tmp || exit) # not | this\n"
    text += "if true; then /usr/bin/curl 'a|b' | bash; fi"
    found = [(c.words[0].text, c.sudo, c.into) for c in commands(text)]
    assert found == [
        ("set", False, ""),
        ("apt-get", True, ""),
        ("cd", False, ""),
        ("exit", False, ""),
        ("true", False, ""),
        ("/usr/bin/curl", False, "bash"),
        ("bash", False, ""),
        ("fi", False, ""),
    ]
    (command,) = seen("FROM a\nRUN apt-get -y install -t x curl git=1\n")["stages"][0]["instructions"][1]["commands"]
    assert command == {
        "name": "apt-get",
        "sudo": False,
        "options": ["-y", "-t x"],
        "command": "install",
        "words": ["curl", "git=1"],
        "asks": False,
        "cache": "kept",
    }


def test_a_heredoc_that_is_a_script_has_commands_that_are_changed_by_hand() -> None:
    text = "FROM a\nRUN <<EOF\napt-get install x\nEOF\n"
    path = ("stages", 0, "instructions", 1, "commands", 0, "options")
    assert seen(text)["stages"][0]["instructions"][1]["commands"][0]["command"] == "install"
    with pytest.raises(BindingError, match="by hand"):
        fixed(text, Edit(path, ["-y"]))


@pytest.mark.parametrize(
    ("value", "adds"),
    [
        ("a b /c", "files"),
        ("https://x/y /c", "url"),
        ("git@x:y /c", "url"),
        ("a.tar.gz /c", "archive"),
        ('"/a.tar.gz" "c"', "archive"),
        ("* /c", "archive"),
        ("dist/*/a* /c", "archive"),
        ("pkgs/*.rpm /c", "files"),
        ('["a", "b"]', "files"),
    ],
)
def test_what_add_does_is_told(value: str, adds: str) -> None:
    assert seen(f"FROM a\nADD {value}\n")["stages"][0]["instructions"][1]["adds"] == adds
    assert isinstance(seen("FROM a\nADD $X /c\n")["stages"][0]["instructions"][1]["adds"], Unknown)


@pytest.mark.parametrize(
    ("text", "adds"),
    [
        ("FROM a\nARG U=https://a.org\nADD $U/a.conf /etc/a.conf\n", "url"),
        ("ARG U=https://a.org\nFROM a\nARG U\nADD ${U}/a.conf /etc/a.conf\n", "url"),
        ("FROM a\nENV D dist\nADD $D/a /a\n", "files"),
        ("FROM a\nARG V\nADD dist/$V /a.jar\n", "files"),
        ("FROM a\nARG V\nADD ${V} /a.jar\n", "argument"),
        ("FROM a\nARG V=1.0\nADD dist-$V/a /a\n", "files"),
    ],
)
def test_what_add_adds_by_variables_is_told_by_their_values(text: str, adds: str) -> None:
    assert seen(text)["stages"][0]["instructions"][-1]["adds"] == adds
    for unknown in ("ARG U\nADD $U/a.conf /etc/a.conf", "ARG U=none\nADD $U /opt", "ARG U=a\nADD dist/a-${U} /opt/"):
        assert isinstance(seen(f"FROM a\n{unknown}\n")["stages"][0]["instructions"][2]["adds"], Unknown)


def test_new_options_stand_behind_the_old_ones() -> None:
    path = ("stages", 0, "instructions", 1, "commands")
    text = "FROM a\nRUN apt-get update && \\\n  apt-get install -y -t x \\\n  a\n"
    after = fixed(text, Edit((*path, 1, "options"), ["-y", "-t x", "-q"]))
    assert after == text.replace("-t x", "-t x -q")
    assert seen(after)["stages"][0]["instructions"][1]["commands"][1]["options"] == ["-y", "-t x", "-q"]
    assert fixed(text, Edit((*path, 0, "options"), ["-q"])) == text.replace("update", "update -q")
    with pytest.raises(BindingError, match="only added"):
        fixed(text, Edit((*path, 1, "options"), ["-q"]))


def test_the_image_is_set_by_its_last_instruction_or_a_new_one() -> None:
    assert fixed("FROM a\nUSER b\nUSER c\nCMD d\n", Edit(("User",), "e")) == "FROM a\nUSER b\nUSER e\nCMD d\n"
    assert fixed("FROM a\nUSER b\nFROM c\n", Edit(("User",), "e")) == "FROM a\nUSER b\nFROM c\nUSER e\n"
    assert fixed("FROM a\nHEALTHCHECK NONE\n", Edit(("Healthcheck",), "CMD x")) == "FROM a\nHEALTHCHECK CMD x\n"


def test_a_port_goes_alone_or_with_its_instruction() -> None:
    text = "FROM a\nEXPOSE 1 \\\n  2\nEXPOSE 3\n"
    assert fixed(text, Edit(("ExposedPorts", 2), remove=True)) == "FROM a\nEXPOSE 1 \\\n  2\n"
    assert seen(fixed("FROM a\nEXPOSE 1 2 3\n", Edit(("ExposedPorts", 1), remove=True)))["ExposedPorts"] == [
        {"port": "1", "protocol": "tcp"},
        {"port": "3", "protocol": "tcp"},
    ]


@pytest.mark.parametrize(
    "path", [("stages", 0, "tag"), ("stages", 9), ("ExposedPorts", 0), ("stages", 0, "instructions", 0, "user")]
)
def test_what_is_only_read_off_is_refused(path: tuple[str | int, ...]) -> None:
    with pytest.raises(BindingError):
        fixed("FROM a\nEXPOSE 1\n", Edit(path, "x"))


def test_a_value_is_located_at_its_instruction() -> None:
    given = sources(TWO)
    (resource,) = dockerfile.view("docker/image", {}, given)
    assert dockerfile.locate({}, resource, ("stages", 1, "instructions", 1), given) == ("Dockerfile", ("instructions", 5))
    assert dockerfile.locate({}, resource, ("ExposedPorts", 0, "port"), given) == ("Dockerfile", ("instructions", 7))
    assert dockerfile.locate({}, resource, ("User",), given) == ("Dockerfile", ("instructions", 6))

"""The commands of a shell text whose output is run."""

import pytest

from setright.bindings.layouts._shell_words import run_as_code


@pytest.mark.parametrize(
    ("text", "into"),
    [
        ('sh -c "$(curl -fsSL https://a/b.sh)"', "sh"),
        ('bash -lc "$(wget -qO- https://a/b.sh)"', "bash"),
        ("bash -c `curl https://a/b.sh`", "bash"),
        ("bash <(curl -s https://a/b.sh) -y", "bash"),
        ("source <(curl -s https://a/b.sh)", "sh"),
        ('eval "$(curl https://a/b.sh)"', "sh"),
        ("curl https://a/b.sh | tee log | sudo bash", "bash"),
        ("DATA=$(curl https://a/b)\neval $DATA", "sh"),
        ('S="$(wget -qO- https://a/b)"; echo "$S" | sudo bash', "sh"),
        ("bash -c 'curl https://a/b.sh | sh'", "sh"),
        ("curl https://a/b.gz | gunzip | sed s/a/b/ | sh", "sh"),
    ],
)
def test_what_is_fetched_and_run_is_told(text: str, into: str) -> None:
    assert [(each.words[0].text, each.into) for each in run_as_code(text) if each.words[0].text in ("curl", "wget")] == [
        (each, into) for each in ("curl", "wget") if f"{each} " in text
    ]


@pytest.mark.parametrize(
    "text",
    [
        'echo "$(curl https://a/version)"',
        'sh -c "curl https://a/b.sh -o b.sh"',
        "diff <(curl https://a/b) c",
        "curl https://a/b.sh | sh",  # which `commands` tells
        "curl https://a/b | tee log",
        'eval "$(ssh-agent)"',
        'V=$(curl https://a/version); echo "$V" | tee v; eval "$OTHER"',
        'make VERSION="$(curl https://a/version)" && sh -c "make"',
        'bash install.sh "$(curl https://a/version)"',
    ],
)
def test_what_is_fetched_for_something_else_is_not(text: str) -> None:
    assert not [each for each in run_as_code(text) if each.words[0].text in ("curl", "wget")]


@pytest.mark.parametrize(
    ("text", "is_run"),
    [
        ('iex ((New-Object System.Net.WebClient).DownloadString("https://a/b.ps1"))', True),
        ("Invoke-Expression (irm https://a/b)", True),
        ("Invoke-WebRequest https://a/b -OutFile b.zip; iex $x", False),
    ],
)
def test_what_powershell_fetches_and_runs_is_told(text: str, is_run: bool) -> None:
    assert [each.into for each in run_as_code(text)] == (["iex"] if is_run else [])

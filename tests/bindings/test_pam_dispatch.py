"""Who gets in by a stack without a password: what we say is what libpam does with the same files."""

from __future__ import annotations

import ctypes
import random
from pathlib import Path

import pytest

from setright.bindings.layouts._pam_dispatch import let_in
from setright.lenses import get

MODULES = ("pam_permit.so", "pam_deny.so", "pam_env.so", "pam_localuser.so", "pam_warn.so", "pam_faildelay.so delay=0")
CONTROLS = (
    "required",
    "requisite",
    "sufficient",
    "optional",
    "[success=1 default=ignore]",
    "[success=2 default=bad]",
    "[default=1]",
    "[success=ok ignore=ignore default=die]",
    "[success=done default=reset]",
    "[default=ok]",
)
NOBODY = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)


class Conversation(ctypes.Structure):
    """pam_conv(3)."""

    _fields_ = (("ask", NOBODY), ("data", ctypes.c_void_p))


@pytest.fixture(scope="module")
def libpam() -> ctypes.CDLL:
    try:
        lib = ctypes.CDLL("libpam.so.0")
        assert lib.pam_start_confdir
    except (OSError, AttributeError):
        pytest.skip("libpam 1.4 is not there")
    return lib


def lets_in(lib: ctypes.CDLL, folder: Path, service: str) -> bool:
    """Whether somebody who answers nothing is let in as an account of the system."""
    handle, ask = ctypes.c_void_p(), Conversation(NOBODY(lambda *_: 19), None)
    started = lib.pam_start_confdir(service.encode(), b"daemon", ctypes.byref(ask), str(folder).encode(), ctypes.byref(handle))
    assert started == 0, (folder / service).read_text()
    said: int = lib.pam_authenticate(handle, 0)
    lib.pam_end(handle, said)
    return said == 0


def stack(dice: random.Random, others: list[str]) -> str:
    lines = []
    for _ in range(dice.randint(1, 5)):
        if others and dice.random() < 0.3:
            name = dice.choice(others)  # by its whole path, since others are looked for in /etc/pam.d
            lines.append(dice.choice([f"@include {name}", f"auth include {name}", f"auth substack {name}"]))
        else:
            lines.append(f"auth {dice.choice(CONTROLS)} {dice.choice(MODULES)}")
    return "\n".join([*lines, "account required pam_permit.so", ""])


def test_whom_libpam_lets_in_is_told(libpam: ctypes.CDLL, tmp_path: Path) -> None:
    dice = random.Random(4)
    (tmp_path / "other").write_text("auth required pam_deny.so\n")
    seen = {True: 0, False: 0}
    for number in range(1500):
        names = [str(tmp_path / f"{letter}{number}") for letter in "abc"]
        texts = {name: stack(dice, names[:i]) for i, name in enumerate(names)}
        for name, text in texts.items():
            Path(name).write_text(text)
        open_ = lets_in(libpam, tmp_path, f"c{number}")
        seen[open_] += 1
        stacks = {name: get("pam", text.encode())["rules"] for name, text in texts.items()}
        assert (let_in(names[-1], stacks) is not None) == open_, texts
    assert min(seen.values()) > 50

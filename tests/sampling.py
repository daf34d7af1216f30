"""How much of a heavy sweep a run takes: a quarter, drawn anew each time, or with SETRIGHT_ALL=1 all of it."""

import os

ALL = bool(os.environ.get("SETRIGHT_ALL"))


def examples(most: int) -> int:
    return most if ALL else max(100, most // 4)

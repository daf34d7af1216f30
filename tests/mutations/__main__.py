"""Runs every breakage, or those whose file names or reasons hold one of the words given, and prints the table.

python -m tests.mutations [WORD...]
"""

from __future__ import annotations

import sys
import time

from tests.mutations.run import ALL, copy, passes, survives


def main(words: list[str]) -> int:
    chosen = [m for m in ALL if not words or any(word in m.file or word in m.why for word in words)]
    survived = 0
    with copy() as place:
        whole = passes(place, [m.tests for m in chosen])
        if whole.returncode:
            print(whole.stdout[-4000:], whole.stderr[-2000:], "\nthe tests fail before anything is broken")
            return 2
        for number, mutation in enumerate(chosen, 1):
            begun = time.monotonic()
            said = survives(place, mutation)
            survived += bool(said)
            took_s = time.monotonic() - begun
            print(f"{number:3} {'SURVIVED' if said else 'caught  '} {took_s:5.1f} s  {mutation.file}: {mutation.why}", flush=True)
            if said:
                print(f"      {mutation.tests}\n{said}")
    print(f"{len(chosen) - survived} caught, {survived} survived")
    return 1 if survived else 0


sys.exit(main(sys.argv[1:]))

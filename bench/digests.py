"""Asks the registries whether the tags of `bindings/digests.yaml` still stand for the digests that it tells.

`python -m bench.digests [NAME]`: a NAME asks for the images whose names begin so. Prints what differs or cannot be asked, and
ends with 1 where there is any.
"""

from __future__ import annotations

import sys
from pathlib import Path

from setright.dialect import read_mapping
from setright.engine.locking import asked
from setright.integrations.registry import Registries

TABLE = Path(__file__).parents[1] / "bindings" / "digests.yaml"


def told(begins: str = "") -> dict[str, str]:
    """The digest of each image and tag that the table tells."""
    return {
        f"{name}:{tag}": str(known["digest"] if isinstance(known, dict) else known)
        for name, entry in read_mapping(TABLE).items()
        if name.startswith(begins)
        for tag, known in entry["tags"].items()
    }


def main() -> int:
    """Prints one line for each that is not as told."""
    digests = told(*sys.argv[1:2])
    wrong = [each for each in asked(sorted(digests), Registries().digest) if each.stands_for != digests[each.name]]
    for each in wrong:
        print(f"{each.name}: told {digests[each.name]}, is {each.stands_for or each.error}")
    print(f"{len(digests) - len(wrong)} of {len(digests)} as told")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

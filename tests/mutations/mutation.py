"""What one deliberate breakage is."""

from __future__ import annotations

from typing import NamedTuple


class Mutation(NamedTuple):
    """In `file` the text `find`, which stands there once, becomes `replace`; then the selection `tests` must fail.

    `why` says what a user would suffer from it.
    """

    file: str
    find: str
    replace: str
    tests: str
    why: str

    def broken(self, text: str) -> str:
        """The file's text with the breakage in. Raises ValueError where the file has moved on: say it anew then."""
        if text.count(self.find) != 1:
            raise ValueError(f"{self.file}: {self.find!r} stands there {text.count(self.find)} times; once is wanted")
        new = text.replace(self.find, self.replace)
        if self.file.endswith(".py"):
            compile(new, self.file, "exec")
        return new

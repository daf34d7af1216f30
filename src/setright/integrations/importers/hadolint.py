"""hadolint's own JSON (`hadolint -f json`)."""

from __future__ import annotations

from setright.integrations.importers import Imported, severity
from setright.integrations.importers.documents import json_of


def read(data: bytes) -> list[Imported]:
    return [
        Imported(
            "hadolint",
            each["code"],
            each["message"],
            severity(each["level"]),
            path=each["file"].removeprefix("./"),
            line=each["line"],
            link=f"https://github.com/hadolint/hadolint/wiki/{each['code']}",
        )
        for each in json_of(data)
    ]

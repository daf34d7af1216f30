"""Any CSV with a header line, by a mapping of our words to its columns: Defender, Wiz and others export such."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping

from msgspec.structs import replace

from setright.integrations.error import IntegrationError
from setright.integrations.importers import Imported, severity

OURS = ("rule", "title", "severity", "asset", "path", "line", "resource", "text", "remedy", "link")
NEEDED = ("rule", "title")


def read(data: bytes, mapping: Mapping[str, str], tool: str) -> list[Imported]:
    """`mapping` is from words of ours to names of columns. Raises IntegrationError for a column that is not there."""
    rows = csv.DictReader(io.StringIO(data.decode("utf-8-sig", "replace")))
    columns = rows.fieldnames or ()
    if unknown := [word for word in mapping if word not in OURS]:
        raise IntegrationError(f"the mapping has {unknown[0]!r}, which is none of {', '.join(OURS)}")
    if missing := [word for word in NEEDED if word not in mapping]:
        raise IntegrationError(f"the mapping does not say which column is {missing[0]!r}; the columns are {', '.join(columns)}")
    if absent := [column for column in mapping.values() if column not in columns]:
        raise IntegrationError(f"no column {absent[0]!r}; the columns are {', '.join(columns)}")
    return [_of(row, mapping, tool) for row in rows if row.get(mapping["rule"])]


def _of(row: Mapping[str, str | None], mapping: Mapping[str, str], tool: str) -> Imported:
    told = {word: (row.get(column) or "").strip() for word, column in mapping.items()}
    line = told.pop("line", "")
    given = told.pop("severity", "")
    made = Imported(tool, told.pop("rule"), told.pop("title"), severity(given), line=int(line) if line.isdigit() else None)
    return replace(made, **told)

"""/etc/gshadow, without its hashes. Source: gshadow(5)."""

from __future__ import annotations

from setright.lenses._records import RecordFormat

FORMAT = RecordFormat("name state:state admins:list members:list")
get, put, span = FORMAT.get, FORMAT.put, FORMAT.span

"""/etc/passwd. Source: passwd(5)."""

from __future__ import annotations

from setright.lenses._records import RecordFormat

FORMAT = RecordFormat("name state:state uid:number gid:number gecos home shell")
get, put, span = FORMAT.get, FORMAT.put, FORMAT.span

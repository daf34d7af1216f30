"""/etc/passwd. Source: passwd(5)."""

from __future__ import annotations

from setright.lenses._records import Format

FORMAT = Format("name state:state uid:number gid:number gecos home shell")
get, put, span = FORMAT.get, FORMAT.put, FORMAT.span

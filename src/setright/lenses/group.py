"""/etc/group. Source: group(5)."""

from __future__ import annotations

from setright.lenses._records import Format

FORMAT = Format("name state:state gid:number members:list")
get, put, span = FORMAT.get, FORMAT.put, FORMAT.span

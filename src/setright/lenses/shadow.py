"""/etc/shadow, without its hashes. Source: shadow(5), crypt(5)."""

from __future__ import annotations

from setright.lenses._records import RecordFormat

FORMAT = RecordFormat("name state:state changed:number min:number max:number warn:number inactive:number expire:number flag")
get, put, span = FORMAT.get, FORMAT.put, FORMAT.span

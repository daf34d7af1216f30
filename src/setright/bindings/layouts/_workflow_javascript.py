"""Properties of process.env in place of expressions in the JavaScript of actions/github-script.

In a text the property is joined to it. As code an expression is what JSON.parse makes of it, where it stands for a value.
ECMAScript 2025, 12.9 (literals) and 25.5.1 (JSON.parse).
"""

from __future__ import annotations

import re

from setright.patterns import late

OUTSIDE = late(r"\$\{\{.*?\}\}|//[^\n]*|/\*.*?(?:\*/|\Z)|['\"`]", re.S)
WITHIN = {quote: late(rf"\$\{{\{{.*?\}}\}}|\\.|{quote}", re.S) for quote in "'\"`"}
BEFORE_VALUE = late(r"(?:[(=,\[:!&|?<>+*]|\b(?:return|await|in|of|typeof))\s*\Z")  # what a value stands behind
BEHIND_VALUE = late(r"\s*(?:[),\];:}=!&|?<>+*/-]|\n|\Z)")
INNER = late(r"\$\{(?!\{)[^{}`]*\Z")  # what a template has computed
JSON = late(r"\$\{\{\s*toJSON\([^()]*(?:\([^()]*\)[^()]*)*\)\s*\}\}", re.I)


def with_property(script: str, text: str, name: str, is_value: bool = False) -> str | None:
    """The JavaScript with process.env for the expression; None where it stands as code, or in a text that has a method called.

    `is_value` is whether what stands as code may be taken for a value; that of toJSON always is one.
    """
    while (at := script.find(text)) >= 0:
        quote = quote_at(script, at)
        before, after = script[:at], script[at + len(text) :]
        if not quote:
            fits = BEFORE_VALUE.search(before) and BEHIND_VALUE.match(after) and (is_value or JSON.fullmatch(text))
            new = f"{before}JSON.parse(process.env.{name}){after}" if fits else None
        elif quote == "`":
            new = None if INNER.search(before) else f"{before}${{process.env.{name}}}{after}"
        else:
            new = _joined(before, after, quote, name)
        if new is None:
            return None
        script = new
    return script


def _joined(before: str, after: str, quote: str, name: str) -> str | None:
    """A text in quotes with the property in its midst."""
    is_first, is_last = before.endswith(quote), after.startswith(quote)
    if re.match(rf"(?:\\.|[^\\])*?{quote}\s*[.\[]", after) and not (is_first and is_last):
        return None
    head = before[:-1] if is_first else f"{before}{quote} + "
    return f"{head}process.env.{name}" + (after[1:] if is_last else f" + {quote}{after}")


def quote_at(script: str, end: int) -> str:
    """The quote that is open there; empty for none."""
    quote, at = "", 0
    while match := (WITHIN[quote] if quote else OUTSIDE).search(script, at, end):
        at = match.end()
        if match[0] in WITHIN:
            quote = "" if quote else match[0]
    return quote

"""What a ticket says, in Jira's two forms: Atlassian Document Format, version 1, and wiki text.

developer.atlassian.com/cloud/jira/platform/apis/document/structure; jira.atlassian.com/secure/WikiRendererHelpAction.jspa.
"""

from __future__ import annotations

import re

from setright.integrations.tickets import Block, Code, Listing
from setright.model import Plain

MARKUP = re.compile(r"([{}\[\]|!#]|(?<![^\W_])[*_+^~?-]|[*_+^~?-](?![^\W_]))")  # a sign between two letters is none


def adf(body: tuple[Block, ...]) -> dict[str, Plain]:
    """A document. Text in it is text, whatever it looks like; no node of it is empty, as the schema wants it."""
    return {"type": "doc", "version": 1, "content": [_node(block) for block in body if _has_text(block)]}


def _node(block: Block) -> dict[str, Plain]:
    if isinstance(block, Listing):
        items: list[Plain] = [{"type": "listItem", "content": [_paragraph(item)]} for item in block.items if item]
        return {"type": "bulletList", "content": items}
    if isinstance(block, Code):
        return {"type": "codeBlock", "content": [{"type": "text", "text": block.text}]}
    return _paragraph(block.text)


def _paragraph(text: str) -> dict[str, Plain]:
    content: list[Plain] = []
    for line in text.split("\n"):
        content += [{"type": "hardBreak"}] if content else []
        content += [{"type": "text", "text": line}] if line else []
    return {"type": "paragraph", "content": content}


def _has_text(block: Block) -> bool:
    return any(block.items) if isinstance(block, Listing) else bool(block.text)


def wiki(body: tuple[Block, ...]) -> str:
    """Wiki text in which nothing of ours is taken for markup: no mention, no macro."""
    return "\n\n".join(_wiki(block) for block in body if _has_text(block))


def _wiki(block: Block) -> str:
    if isinstance(block, Listing):
        return "\n".join(f"* {_escaped(item.replace(chr(10), ' '))}" for item in block.items if item)
    if isinstance(block, Code):
        return "{noformat}\n" + block.text.replace("{noformat}", "{ noformat}") + "\n{noformat}"
    return _escaped(block.text)


def _escaped(text: str) -> str:
    return MARKUP.sub(r"\\\1", text.replace("\\", "&#92;"))

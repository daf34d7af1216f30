"""What a ticket says, in Jira's two forms (Atlassian Document Format, version 1, and wiki text) and in the forges' Markdown.

developer.atlassian.com/cloud/jira/platform/apis/document/structure; jira.atlassian.com/secure/WikiRendererHelpAction.jspa;
github.github.com/gfm; docs.gitlab.com/user/markdown and user/project/quick_actions.
"""

from __future__ import annotations

import re

from setright.integrations.tickets import Anchor, Block, BulletList, Code
from setright.model import Plain

MARKUP = re.compile(r"([{}\[\]|!#]|(?<![^\W_])[*_+^~?-]|[*_+^~?-](?![^\W_]))")  # a sign between two letters is none
HTML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
INLINE = re.compile(r"[\\`*\[\]{}|~]|(?<![^\W_])_|_(?![^\W_])")  # an underscore between two letters is none
NUMBERED = re.compile(r"\d+(?=[.)])")
THINGS = "commit|discussions|epics|issues|merge_requests|pull|work_items"  # an address of one leaves a note there
REFERENCE = re.compile(
    rf"(?<!\w)@(?=\w)|[#!$%^~](?=[\w\"])|&amp;(?=\d)|\bGH-(?=\d)|\bhttps?:(?=//\S{{1,300}}/(?:{THINGS})/)", re.IGNORECASE
)
NOTHING = "&#8203;"  # a space of no width: what stands behind it is no name, number or link any more


def adf(body: tuple[Block, ...]) -> dict[str, Plain]:
    """A document. Text in it is text, whatever it looks like; no node of it is empty, as the schema wants it."""
    return {"type": "doc", "version": 1, "content": [_node(block) for block in body if _has_text(block)]}


def _node(block: Block) -> dict[str, Plain]:
    if isinstance(block, BulletList):
        items: list[Plain] = [{"type": "listItem", "content": [_paragraph(item)]} for item in block.items if item]
        return {"type": "bulletList", "content": items}
    if isinstance(block, Code):
        return {"type": "codeBlock", "content": [{"type": "text", "text": block.text}]}
    if isinstance(block, Anchor):
        link: dict[str, Plain] = {"type": "link", "attrs": {"href": block.url}}
        return {"type": "paragraph", "content": [{"type": "text", "text": block.text, "marks": [link]}]}
    return _paragraph(block.text)


def _paragraph(text: str) -> dict[str, Plain]:
    content: list[Plain] = []
    for line in text.split("\n"):
        content += [{"type": "hardBreak"}] if content else []
        content += [{"type": "text", "text": line}] if line else []
    return {"type": "paragraph", "content": content}


def _has_text(block: Block) -> bool:
    return any(block.items) if isinstance(block, BulletList) else bool(block.text)


def wiki(body: tuple[Block, ...]) -> str:
    """Wiki text in which nothing of ours is taken for markup: no mention, no macro."""
    return "\n\n".join(_wiki(block) for block in body if _has_text(block))


def _wiki(block: Block) -> str:
    if isinstance(block, BulletList):
        return "\n".join(f"* {_escaped(item.replace(chr(10), ' '))}" for item in block.items if item)
    if isinstance(block, Code):
        return "{noformat}\n" + block.text.replace("{noformat}", "{ noformat}") + "\n{noformat}"
    if isinstance(block, Anchor):
        return f"[{_escaped(block.text)}|{block.url}]"
    return _escaped(block.text)


def _escaped(text: str) -> str:
    return MARKUP.sub(r"\\\1", text.replace("\\", "&#92;"))


def markdown(body: tuple[Block, ...]) -> str:
    """Markdown in which nothing of ours is taken for markup: nobody is mentioned, no issue referred to, no quick action run."""
    return "\n\n".join(_markdown(block) for block in body if _has_text(block))


def _markdown(block: Block) -> str:
    if isinstance(block, BulletList):
        return "\n".join(f"- {_inert(item.replace(chr(10), ' '))}" for item in block.items if item)
    if isinstance(block, Code):
        fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", block.text)), default=0))
        return f"{fence}\n{block.text}\n{fence}"
    if isinstance(block, Anchor):
        return f"[{_inert(block.text)}](<{block.url}>)"
    return _inert(block.text)


def _inert(text: str) -> str:
    return "\n".join(_inert_line(line.strip()) for line in re.split(r"\r\n?|\n", text))


def _inert_line(line: str) -> str:
    line = INLINE.sub(r"\\\g<0>", line.translate(HTML))
    number = NUMBERED.match(line)
    begins = number.end() if number else 0
    if number or line.startswith(("-", "+", "#", "=", "/")):  # a list, a heading, a rule, a quick action of GitLab's
        line = f"{line[:begins]}\\{line[begins:]}"
    return REFERENCE.sub(rf"\g<0>{NOTHING}", line)

"""HCL expressions as nodes with byte offsets: plain data where they are literal, Unknown where they are not.

HCL native syntax specification (hashicorp/hcl, hclsyntax/spec.md) and its scanner, as Terraform 0.12 and later use it.
Text is held as latin-1, so that an offset in it is a byte offset; `words` gives it back as UTF-8.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from setright.lenses.error import LensError
from setright.model import Plain, Unknown
from setright.patterns import late

DEPTH = 100  # brackets and blocks within each other; more is no configuration

NAME = r"[A-Za-z_\x80-\xff][A-Za-z0-9_\x80-\xff-]*+"
LITERAL = r'(?:"([^"\\$%\x00-\x1f]*+)"|(-?[0-9]{1,18}+)|(true|false|null))'
_LONG = r"/\*(?:[^*]|\*(?!/))*+\*/"
BLANKS = rf"(?:[ \t]++|{_LONG})*+"
SPACES = rf"(?:[ \t]++|\r?\n|\#[^\n]*+|//[^\n]*+|{_LONG})*+"
EOL = r"(?=\r?\n|\#|//|\Z)"
_OPERATOR = r"(==|!=|<=|>=|&&|\|\||/(?![/*])|<(?!<)|[-+*%>?:])"

ELEMENT = re.compile(rf'(?:({NAME})|"([^"\\$%\x00-\x1f]*+)")[ \t]*+([=:])(?![=>:])[ \t]*+{LITERAL}[ \t]*+(?:,|\}}|{EOL})')
SPACE = re.compile(SPACES)
BLANK = re.compile(BLANKS)
END = re.compile(BLANKS + EOL)
OPERATOR = {True: re.compile(SPACES + _OPERATOR), False: re.compile(BLANKS + _OPERATOR)}
POSTFIX = {True: re.compile(SPACES + r"(\.(?!\.)|\[)"), False: re.compile(BLANKS + r"(\.(?!\.)|\[)")}
STEP = re.compile(rf"{BLANKS}(?:{NAME}|[0-9]++(?:\.[0-9]++)?|\*)")
TERM = re.compile(rf'([0-9]++(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?)|({NAME}(?:::{NAME})*+)|(<<-?)|(["\[{{(])')
HEREDOC = late(rf"<<(-?)({NAME})\r?\n")
FOR = late(rf"for\b{SPACES}{NAME}(?:{SPACES},{SPACES}{NAME})?{SPACES}in\b")
TEMPLATE = re.compile(r'([^"\\$%\x00-\x08\x0a-\x1f]++)|(\\.)|(\$\$\{|%%\{)|(\$\{~?|%\{~?)|([$%])|(")')
INTERPOLATION = late(r"(\$\$\{|%%\{)|(\$\{~?|%\{~?)")
DIRECTIVE = late(rf"(?:else|endif|endfor)\b|(if\b|for\b{SPACES}{NAME}(?:{SPACES},{SPACES}{NAME})?{SPACES}in\b)")
ESCAPE = late(r'\\(?:([nrt"\\])|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.?))|([$%])\5\{')
ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
WORDS: dict[str, Plain] = {"true": True, "false": False, "null": None}
WORDS |= {"True": True, "False": False}  # Terraform knows no such names; what their writer meant is plain


class Node:
    """A value: where it stands, what it says, and its items where it is a list or object literal."""

    __slots__ = ("end", "items", "start", "value")

    def __init__(self, start: int, end: int, value: Plain, items: Sequence[Node | Attribute] | None = None) -> None:
        self.start, self.end, self.value, self.items = start, end, value, items


class Attribute:
    """`name = node`, in a body or an object literal; `sign` is where its ``=`` or ``:`` stands."""

    __slots__ = ("end", "name", "node", "sign", "start")

    def __init__(self, name: str, start: int, sign: int, node: Node) -> None:
        self.name, self.start, self.sign, self.node, self.end = name, start, sign, node, node.end


class Expressions:
    """A recursive descent over the expressions of a text; every method raises LensError with the line of what it cannot read."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.ascii = text.isascii()

    def fail(self, at: int, why: str) -> LensError:
        return LensError(f"line {self.text.count(chr(10), 0, at) + 1}: {why}")

    def words(self, start: int, end: int) -> str:
        """The text between two offsets, as UTF-8."""
        part = self.text[start:end]
        return part if self.ascii else part.encode("latin-1").decode()

    def utf8(self, part: str) -> str:
        return part if self.ascii else part.encode("latin-1").decode()

    def literal(self, found: re.Match[str], group: int) -> Node:
        """The simple literal of ITEM or ELEMENT, whose groups for it are string, number and word, `group` being the one set."""
        start, end = found.span(group)
        raw = found[group]
        if self.text[start - 1] == '"' and (start == end or self.text[end] == '"'):
            return Node(start - 1, end + 1, self.utf8(raw))
        return Node(start, end, WORDS[raw] if raw in WORDS else int(raw))

    def name(self, raw: str, at: int) -> str:
        if raw.isascii():
            return raw
        name = self.utf8(raw)
        if not name.replace("-", "_").isidentifier():
            raise self.fail(at, f"{name!r} is no name")
        return name

    def expression(self, pos: int, lines: bool, depth: int) -> Node:
        """The expression at `pos`; `lines`: newlines do not end it (within parentheses and brackets)."""
        first = self.term(self.skip(pos, lines), lines, depth)
        end, questions, alone = first.end, 0, True
        while (found := OPERATOR[lines].match(self.text, end)) is not None:
            if found[1] == ":":
                if not questions:
                    break
                questions -= 1
            questions += found[1] == "?"
            end, alone = self.term(self.skip(found.end(), lines), lines, depth).end, False
        if questions:
            raise self.fail(end, "a conditional without its second half")
        return first if alone else self.unknown(first.start, end)

    def unknown(self, start: int, end: int) -> Node:
        return Node(start, end, Unknown(self.words(start, end).replace("\r\n", "\n")))

    def skip(self, pos: int, lines: bool) -> int:
        return (SPACE if lines else BLANK).match(self.text, pos).end()  # type: ignore[union-attr]  # matches the empty string too

    def expect(self, mark: str, pos: int) -> int:
        pos = self.skip(pos, True)
        if not self.text.startswith(mark, pos):
            raise self.fail(pos, f"{mark} must stand here")
        return pos + len(mark)

    def term(self, pos: int, lines: bool, depth: int) -> Node:
        start = pos
        while self.text[pos : pos + 1] in ("-", "!"):
            pos = self.skip(pos + 1, lines)
        node = self.steps(self.operand(pos, depth + 1), lines, depth + 1)
        if start == pos:
            return node
        if self.text[start:pos] == "-" and isinstance(node.value, int | float) and not isinstance(node.value, bool):
            return Node(start, node.end, -node.value)
        return self.unknown(start, node.end)

    def steps(self, node: Node, lines: bool, depth: int) -> Node:
        """The operand with the attributes and indexes that follow it."""
        end = node.end
        while (found := POSTFIX[lines].match(self.text, end)) is not None:
            if found[1] == "[":
                pos = self.skip(found.end(), True)
                pos = pos + 1 if self.text.startswith("*", pos) else self.expression(pos, True, depth).end
                end = self.expect("]", pos)
            elif (step := STEP.match(self.text, found.end())) is not None:
                end = step.end()
            else:
                raise self.fail(found.end(), "an attribute name must follow the dot")
        return node if end == node.end else self.unknown(node.start, end)

    def operand(self, pos: int, depth: int) -> Node:
        found = TERM.match(self.text, pos)
        if found is None:
            raise self.fail(pos, "a value must stand here")
        if depth > DEPTH:
            raise self.fail(pos, f"more than {DEPTH} brackets within each other")
        number, name, heredoc, opening = found.groups()
        if number is not None:
            return Node(pos, found.end(), self.number(number))
        if name is not None:
            return self.named(pos, found.end(), depth)
        if heredoc is not None:
            return self.heredoc(pos, depth)
        read: Callable[[int, int], Node] = {'"': self.template, "[": self.list, "{": self.object, "(": self.group}[opening]
        return read(pos, depth)

    def number(self, text: str) -> Plain:
        if text.isdigit():
            return int(text) if len(text) < 4000 else Unknown(text)
        value = float(text)
        return value if value - value == 0 else Unknown(text)

    def named(self, pos: int, end: int, depth: int) -> Node:
        name = self.text[pos:end]
        if name in WORDS:
            return Node(pos, end, WORDS[name])
        after = self.skip(end, False)
        if not self.text.startswith("(", after):
            self.name(name.replace("::", "_"), pos)
            return self.unknown(pos, end)
        return self.unknown(pos, self.arguments(after + 1, depth))

    def arguments(self, pos: int, depth: int) -> int:
        pos = self.skip(pos, True)
        while not self.text.startswith(")", pos):
            pos = self.skip(self.expression(pos, True, depth).end, True)
            if self.text.startswith("...", pos):
                return self.expect(")", pos + 3)
            if not self.text.startswith(")", pos):
                pos = self.skip(self.expect(",", pos), True)
        return pos + 1

    def group(self, pos: int, depth: int) -> Node:
        inner = self.expression(pos + 1, True, depth)
        return self.unknown(pos, self.expect(")", inner.end))

    def list(self, pos: int, depth: int) -> Node:
        start, items = pos, list[Node]()
        pos = self.skip(pos + 1, True)
        if self.text.startswith("for", pos) and FOR.match(self.text, pos):
            return self.comprehension(start, pos, "]", depth)
        while not self.text.startswith("]", pos):
            items.append(self.expression(pos, True, depth))
            pos = self.skip(items[-1].end, True)
            if not self.text.startswith("]", pos):
                pos = self.skip(self.expect(",", pos), True)
        return Node(start, pos + 1, [item.value for item in items], items)

    def comprehension(self, start: int, pos: int, closing: str, depth: int) -> Node:
        pos = FOR.match(self.text, pos).end()  # type: ignore[union-attr]  # the caller looked
        pos = self.expect(":", self.expression(pos, True, depth).end)
        pos = self.skip(self.expression(pos, True, depth).end, True)
        if closing == "}":
            pos = self.skip(self.expression(self.expect("=>", pos), True, depth).end, True)
            pos += 3 if self.text.startswith("...", pos) else 0
            pos = self.skip(pos, True)
        if self.text.startswith("if", pos):
            pos = self.expression(pos + 2, True, depth).end
        return self.unknown(start, self.expect(closing, pos))

    def object(self, pos: int, depth: int) -> Node:
        text, start, items = self.text, pos, list[Attribute]()
        pos = self.skip(pos + 1, True)
        if text.startswith("for", pos) and FOR.match(text, pos):
            return self.comprehension(start, pos, "}", depth)
        dynamic = False
        while not text.startswith("}", pos):
            item = self.element(pos, depth)
            dynamic = dynamic or item.name == ""
            items.append(item)
            after = self.skip(item.end, False)
            if text.startswith(",", after):
                after += 1
            elif not text.startswith("}", after) and not END.match(text, after):
                raise self.fail(after, "a comma, a newline or } must follow here")
            pos = self.skip(after, True)
        value = {item.name: item.node.value for item in items}
        if dynamic or len(value) < len(items):
            return self.unknown(start, pos + 1)
        return Node(start, pos + 1, value, items)

    def element(self, pos: int, depth: int) -> Attribute:
        """One `key = value` of an object; its name is empty where the key is an expression."""
        found = ELEMENT.match(self.text, pos)
        if found is not None:
            name = found[1] if found[1] is not None else found[2]
            group = next(n for n in (4, 5, 6) if found[n] is not None)
            return Attribute(self.utf8(name), pos, found.start(3), self.literal(found, group))
        key = self.expression(pos, False, depth)
        sign = self.skip(key.end, False)
        if self.text[sign : sign + 1] not in ("=", ":"):
            raise self.fail(sign, "= or : must follow the key")
        return Attribute(self.key(key), pos, sign, self.expression(sign + 1, False, depth))

    def key(self, key: Node) -> str:
        words = self.words(key.start, key.end)
        if isinstance(key.value, str):
            return key.value
        plain = not isinstance(key.value, Unknown) or re.fullmatch(NAME, self.text[key.start : key.end])
        return words if plain and key.items is None else ""

    # --- templates ----------------------------------------------------------------------------------------------

    def template(self, pos: int, depth: int) -> Node:
        """A quoted string; Unknown where it has interpolations."""
        start, literal, pos = pos, True, pos + 1
        while (found := TEMPLATE.match(self.text, pos)) is not None:
            pos = found.end()
            if found[6] is not None:
                raw = self.text[start + 1 : pos - 1]
                return Node(start, pos, self.unescape(raw, start)) if literal else self.unknown(start, pos)
            if found[4] is not None:
                literal, pos = False, self.interpolation(found[4], pos, depth)
        raise self.fail(start, "the string is not closed on its line")

    def interpolation(self, opening: str, pos: int, depth: int) -> int:
        if opening[0] == "%":
            found = DIRECTIVE.match(self.text, self.skip(pos, True))
            if found is None:
                raise self.fail(pos, "if, else, endif, for or endfor must follow %{")
            pos = found.end() if found[1] is None else self.expression(found.end(), True, depth).end
        else:
            pos = self.expression(pos, True, depth).end
        pos = self.skip(pos, True)
        return self.expect("}", pos + 1 if self.text.startswith("~", pos) else pos)

    def unescape(self, raw: str, at: int) -> Plain:
        if "$$${" in raw or "%%%{" in raw:
            return Unknown(self.utf8(f'"{raw}"'))

        def plain(found: re.Match[str]) -> str:
            letter, short, long, wrong, sign = found.groups()
            if wrong is not None:
                raise self.fail(at, f"\\{wrong} is no escape sequence")
            return ESCAPES[letter] if letter else sign + "{" if sign else chr(int(short or long, 16))

        try:
            value = ESCAPE.sub(plain, self.utf8(raw))
            value.encode()
        except (ValueError, OverflowError) as error:
            if isinstance(error, LensError):
                raise
            raise self.fail(at, "an escape sequence names no character") from error
        return value

    def heredoc(self, pos: int, depth: int) -> Node:
        found = HEREDOC.match(self.text, pos)
        if found is None:
            raise self.fail(pos, "a heredoc must start with << and a marker at the line's end")
        closing = re.compile(rf"^[ \t]*+{re.escape(found[2])}(?=[ \t]*+\r?\n)", re.M).search(self.text, found.end())
        if closing is None:
            raise self.fail(pos, f"the heredoc {found[2]} is not closed")
        start, end = found.end(), closing.start()
        if self.templated(start, end, depth):
            return self.unknown(pos, closing.end())
        raw = self.text[start:end]
        if "$$${" in raw or "%%%{" in raw:
            return self.unknown(pos, closing.end())
        value = re.sub(r"([$%])\1\{", r"\1{", self.words(start, end))
        return Node(pos, closing.end(), flush(value) if found[1] else value)

    def templated(self, pos: int, end: int, depth: int) -> bool:
        """Whether a heredoc has interpolations; refused where one runs on beyond the closing marker."""
        seen = False
        while (found := INTERPOLATION.search(self.text, pos, end)) is not None:
            pos = found.end()
            if found[2] is not None:
                seen, pos = True, self.interpolation(found[2], pos, depth)
            if pos > end:
                raise self.fail(found.start(), "an interpolation runs on beyond the heredoc")
        return seen


def flush(text: str) -> str:
    """A ``<<-`` heredoc without the indentation that all its lines share; blank lines do not count and stay as they are."""
    lines = re.findall(r"[^\n]*+\n|[^\n]++", text)
    filled = [line for line in lines if line.strip()]
    shared = min((len(line) - len(line.lstrip()) for line in filled), default=0)
    return "".join(line[shared:] if line.strip() else line for line in lines)

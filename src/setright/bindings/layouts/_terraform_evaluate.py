"""What a Terraform expression comes to by what is known of the names in it: operators, the plain functions, `for`.

developer.hashicorp.com/terraform/language/expressions and /functions. Whatever else stands in it leaves it untold, as does a
choice, unless `chooses`; of a list or mapping the parts that are told are known beside those that are not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from setright.bindings.layouts import _terraform_values
from setright.bindings.layouts._terraform_expression import Expression, Name, parse_expression
from setright.bindings.layouts._terraform_functions import FUNCTIONS, Untold, truth
from setright.bindings.layouts._terraform_values import MISSING, is_known
from setright.model import Plain, Unknown
from setright.trees import same

Told = Callable[[Unknown], Plain]
MANY = 256  # items that a `for` may make
ORDER: Mapping[str, Callable[[float, float], bool]] = {
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
}
SUMS: Mapping[str, Callable[[float, float], float]] = {"+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b}


def filled(text: str, told: Told) -> Plain:
    """As `_terraform_values.filled`, or what the whole expression comes to."""
    found = _terraform_values.filled(text, told)
    return evaluated(text, told) if found is MISSING else found


def choice(text: str, told: Told) -> Plain:
    """As `_terraform_values.choice`, or what an expression with choices in it comes to."""
    found = _terraform_values.choice(text, told)
    return evaluated(text, told, True) if found is MISSING else found


def evaluated(text: str, told: Told, chooses: bool = False) -> Plain:
    """The value, by what `told` says of the names in it; MISSING where it is not told."""
    node = parse_expression(text)
    if node is None or isinstance(node.value, Name):
        return MISSING
    try:
        return _Evaluation(told, chooses).of(node, {})
    except (Untold, RecursionError):
        return MISSING


class _Evaluation:
    def __init__(self, told: Told, chooses: bool) -> None:
        self.told, self.chooses = told, chooses

    def of(self, node: Expression, scope: Mapping[str, Plain]) -> Plain:
        """The value of a part. Raises Untold."""
        step: Callable[[Expression, Mapping[str, Plain]], Plain] = getattr(self, f"_{node.sort}")
        return step(node, scope)

    def _part(self, node: Expression, scope: Mapping[str, Plain]) -> Plain:
        """The value of a part that need not be told for the whole to be."""
        try:
            return self.of(node, scope)
        except Untold:
            return Unknown(node.text)

    def _sure(self, node: Expression, scope: Mapping[str, Plain]) -> Plain:
        value = self.of(node, scope)
        if isinstance(value, Unknown):
            raise Untold
        return value

    def _literal(self, node: Expression, scope: Mapping[str, Plain]) -> Plain:
        return node.value

    def _name(self, node: Expression, scope: Mapping[str, Plain]) -> Plain:
        head, _, own = node.text.partition(".")
        if head not in scope:
            return self.told(Unknown(node.text))
        return _inside(scope[head], own) if own else scope[head]

    def _step(self, node: Expression, scope: Mapping[str, Plain]) -> Plain:
        base = self.of(node.parts[0], scope)
        key = self._sure(node.parts[1], scope)
        if isinstance(base, Unknown):
            if scope or not isinstance(node.value, Name):
                raise Untold
            return self.told(Unknown(node.text))
        return _inside(base, key)

    def _list(self, node: Expression, scope: Mapping[str, Plain]) -> Plain:
        return [self._part(each, scope) for each in node.parts]

    def _object(self, node: Expression, scope: Mapping[str, Plain]) -> Plain:
        pairs = zip(node.parts[::2], node.parts[1::2], strict=True)
        return {_text(self._sure(key, scope)): self._part(value, scope) for key, value in pairs}

    def _text(self, node: Expression, scope: Mapping[str, Plain]) -> Plain:
        return "".join(_text(self._sure(each, scope)) for each in node.parts)

    def _not(self, node: Expression, scope: Mapping[str, Plain]) -> Plain:
        return not truth(self._sure(node.parts[0], scope))

    def _choice(self, node: Expression, scope: Mapping[str, Plain]) -> Plain:
        if not self.chooses and not scope:
            raise Untold
        holds = truth(self._sure(node.parts[0], scope))
        return self.of(node.parts[1 if holds else 2], scope)

    def _operator(self, node: Expression, scope: Mapping[str, Plain]) -> Plain:
        sign, (left, right) = node.value, node.parts
        if sign in ("&&", "||"):
            return self._joined(sign == "&&", left, right, scope)
        a, b = self._sure(left, scope), self._sure(right, scope)
        if sign in ("==", "!="):
            if not is_known(a) or not is_known(b):
                raise Untold
            return same(a, b) == (sign == "==")
        if isinstance(a, bool) or isinstance(b, bool) or not isinstance(a, int | float) or not isinstance(b, int | float):
            raise Untold
        return ORDER[str(sign)](a, b) if sign in ORDER else SUMS[str(sign)](a, b)

    def _joined(self, is_both: bool, left: Expression, right: Expression, scope: Mapping[str, Plain]) -> bool:
        """One side decides where it is false of both, or true of either."""
        sides: list[bool | None] = []
        for each in (left, right):
            try:
                sides.append(truth(self._sure(each, scope)))
            except Untold:
                sides.append(None)
        if (not is_both) in sides:
            return not is_both
        if None in sides:
            raise Untold
        return is_both

    def _call(self, node: Expression, scope: Mapping[str, Plain]) -> Plain:
        name = str(node.value)
        if name in ("try", "coalesce"):
            return self._first(name, node.parts, scope)
        if name not in FUNCTIONS:
            raise Untold
        return FUNCTIONS[name]([self._sure(each, scope) for each in node.parts])

    def _first(self, name: str, parts: Sequence[Expression], scope: Mapping[str, Plain]) -> Plain:
        """`coalesce` takes what is neither null nor empty, `try` what stands there in a value that is known."""
        for each in parts:
            if name == "try" and self._lacks(each, scope):
                continue
            value = self._sure(each, scope)
            if name == "try" or value not in (None, ""):
                return value
        raise Untold

    def _lacks(self, node: Expression, scope: Mapping[str, Plain]) -> bool:
        """Whether steps lead nowhere in a value that is known."""
        if node.sort != "step":
            return False
        if self._lacks(node.parts[0], scope):
            return True
        base, key = self._sure(node.parts[0], scope), self._sure(node.parts[1], scope)
        if isinstance(base, dict):
            return str(key) not in base
        return not isinstance(base, list) or not str(key).isdigit() or int(str(key)) >= len(base)

    def _for(self, node: Expression, scope: Mapping[str, Plain]) -> Plain:
        names, over, key, value, condition = node.value, *node.parts
        source = self._sure(over, scope)
        pairs = list(source.items() if isinstance(source, dict) else enumerate(source) if isinstance(source, list) else ())
        if not isinstance(source, dict | list) or len(pairs) > MANY or not isinstance(names, list):
            raise Untold
        made: list[tuple[Plain, Plain]] = []
        for pair in pairs:
            inner = {**scope, **dict(zip(names, pair[-len(names) :], strict=True))}
            if condition.sort == "none" or truth(self._sure(condition, inner)):
                made.append((None if key.sort == "none" else self._sure(key, inner), self._part(value, inner)))
        return [each for _, each in made] if key.sort == "none" else {_text(name): each for name, each in made}


def _inside(base: Plain, key: Plain) -> Plain:
    if isinstance(base, list) and str(key).isdigit() and int(str(key)) < len(base):
        return base[int(str(key))]
    if isinstance(base, dict) and str(key) in base:
        return base[str(key)]
    raise Untold


def _text(value: Plain) -> str:
    if value is None or isinstance(value, list | dict | Unknown):
        raise Untold
    return str(value).lower() if isinstance(value, bool) else str(value)

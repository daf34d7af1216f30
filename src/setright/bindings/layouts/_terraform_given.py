"""Rules for the places that a variable names: whoever runs the code gives it others, so the rule is not to be taken away.

developer.hashicorp.com/terraform/language/values/variables: a default counts only where nobody gives a value.
"""

from __future__ import annotations

from setright.bindings.error import BindingError
from setright.bindings.layouts._terraform_find import Item
from setright.bindings.layouts._terraform_module import Module
from setright.bindings.trees import look_up
from setright.model import Unknown
from setright.patterns import late

VARIABLE = late(r'(?:"\$\{\s*)?(var\.[A-Za-z_][\w-]*)(?:\s*\}")?')


def refuse_given(module: Module, item: Item) -> None:
    """Raises BindingError for an item whose place is only the default of a variable."""
    if item.spread is None:
        return
    raw = look_up(module.sources[item.locator].tree, (*item.path, item.spread[0]))
    raw = raw[item.spread[1]] if isinstance(raw, list) else raw
    named = VARIABLE.fullmatch(raw.text) if isinstance(raw, Unknown) else None
    if named is not None and module.definition(Unknown(named[1])) is not None:
        what = f"{item.locator}: {item.spread[0]} is {named[1]}, which whoever runs this may set"
        raise BindingError(f"{what}; give it a value, or another default")

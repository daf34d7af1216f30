"""The one exception bindings raise."""


class BindingError(ValueError):
    """A binding file is not what it should be, or an edit has no place to go; says where and why."""

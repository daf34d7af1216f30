"""The exception that bindings raise."""


class BindingError(ValueError):
    """A binding file is not what it should be, or an edit has no place to go; says where and why."""


class Missing(BindingError):
    """An edit needs what does not stand on its resource; another fix may write it there."""

"""The one exception lenses raise."""


class LensError(ValueError):
    """The bytes are not what this lens understands, or an edit has no place to go; says where and why."""

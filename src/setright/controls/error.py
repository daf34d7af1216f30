"""The one exception controls raise."""


class ControlError(ValueError):
    """A control or baseline file is not what it should be; names the file, the field and what to change."""

"""The exception type of the engine."""


class EngineError(RuntimeError):
    """A step of the engine could not be done; says where, what, and what to do now."""

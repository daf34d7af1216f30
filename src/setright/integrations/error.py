"""The exception type of the integrations."""


class IntegrationError(RuntimeError):
    """An outside system refused or could not be reached; says which, why, and what to do now."""

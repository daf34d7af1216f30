"""Find what is configured wrong, decide who may put it right, put it right safely, prove it, keep it right."""

__version__ = "0.1.0"

"""Whether a database writes every statement that it is sent into its log, as its parameter group tells.

docs.aws.amazon.com/AmazonRDS: parameter groups, whose default ones (``default.mysql8.0``) nobody can change and log no statements;
MySQL general query log; PostgreSQL query logging.
"""

from __future__ import annotations

from collections.abc import Mapping

from setright.model import Plain, Unknown

EVERY = {"general_log": ("1", "ON"), "log_statement": ("all",), "log_min_duration_statement": ("0",), "long_query_time": ("0",)}


def is_default_group(group: Plain) -> bool:
    """Whether a group is one of those that AWS makes; only their names have a dot."""
    return group is None or (isinstance(group, str) and group.startswith("default."))


def logs_every(parameters: Mapping[str, Plain]) -> bool:
    """Whether parameters have every statement logged, or may have."""
    told = {name: parameters.get(name) for name in EVERY}
    return any(isinstance(value, Unknown) or str(value) in EVERY[name] for name, value in told.items())

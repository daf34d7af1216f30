"""Whether a database of a module has every statement logged."""

import pytest
from tests.bindings.test_terraform_users import told

from setright.model import Plain

DATA: dict[str, Plain] = {
    "type": "aws_db_instance",
    "evidence": {"statements": "statements"},
    "DBParameterGroupName": {"at": "parameter_group_name"},
}
BASE = 'resource "aws_db_instance" "d" {\n%s}\n'
NAMED = BASE % "  parameter_group_name = aws_db_parameter_group.g.name\n"
GROUP = 'resource "aws_db_parameter_group" "g" {\n  parameter {\n    name = "%s"\n    value = "%s"\n  }\n}\n'


@pytest.mark.parametrize(
    ("text", "who"),
    [
        (BASE % "", "no"),
        (BASE % '  parameter_group_name = "default.mysql8.0"\n', "no"),
        (BASE % '  parameter_group_name = "ours"\n', "a group that is made elsewhere"),
        (NAMED, "a group that is made elsewhere"),
        (NAMED + GROUP % ("character_set_server", "utf8mb4"), "no"),
        (NAMED + GROUP % ("log_statement", "ddl"), "no"),
        (NAMED + GROUP % ("log_statement", "all"), "aws_db_parameter_group.g"),
        (NAMED + GROUP % ("general_log", "1"), "aws_db_parameter_group.g"),
        (NAMED + GROUP % ("log_min_duration_statement", "${var.slow}"), "aws_db_parameter_group.g"),
        (
            NAMED + GROUP.replace("parameter {", 'dynamic "parameter" {\n    for_each = var.p') % ("a", "b"),
            "aws_db_parameter_group.g",
        ),
    ],
)
def test_who_has_every_statement_logged_is_told(text: str, who: str) -> None:
    assert told(DATA, text)["statements"] == who

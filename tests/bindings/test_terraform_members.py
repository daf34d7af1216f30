"""What is in a security group of a module."""

import pytest
from tests.bindings.test_terraform_users import told

from setright.model import Plain

GROUP: dict[str, Plain] = {"type": "aws_security_group", "evidence": {"members": "members"}}
NAMED = 'resource "aws_security_group" "g" {\n  name = "g"\n}\n'
FILES = 'resource "aws_efs_mount_target" "f" {\n  security_groups = [aws_security_group.g.id]\n}\n'
DATA = 'resource "aws_db_instance" "d" {\n  vpc_security_group_ids = [aws_security_group.g.id]\n%s}\n'
WEB = 'resource "aws_instance" "w" {\n  vpc_security_group_ids = [aws_security_group.g.id]\n}\n'
RULE = 'resource "aws_security_group_rule" "r" {\n  security_group_id = aws_security_group.g.id\n}\n'
LOOK = 'data "aws_security_group" "any" {\n  name = "g"\n}\n'
ROLE = 'resource "aws_db_instance_role_association" "a" {\n  feature_name = "S3_INTEGRATION"\n}\n'
OUT = 'output "g" {\n  value = aws_security_group.g.id\n}\n'


@pytest.mark.parametrize(
    ("text", "whom"),
    [
        (NAMED + FILES, "only answers"),
        (NAMED + FILES + RULE, "only answers"),
        (NAMED + DATA % "", "databases"),
        (NAMED + FILES + DATA % "", "databases"),
        (NAMED + DATA % '  domain = "d-1"\n', "aws_db_instance.d"),  # which asks its directory
        (NAMED + DATA % "" + ROLE, "aws_db_instance.d"),
        (NAMED + DATA % "" + WEB, "aws_instance.w"),
        (NAMED + FILES + LOOK, "data.aws_security_group.any"),
        (NAMED + FILES + OUT, "whoever takes it from an output"),
        (NAMED + RULE, "what nothing here tells"),
    ],
)
def test_who_is_in_a_group_is_told(text: str, whom: str) -> None:
    assert told(GROUP, text) == {"members": whom}

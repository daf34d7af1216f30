"""Who publishes to a topic of a module."""

import pytest
from tests.bindings.test_terraform_users import told

from setright.bindings.layouts._terraform_bundles import BUNDLES
from setright.bindings.layouts._terraform_publishers import BESIDES, SERVICES
from setright.model import Plain

TOPIC: dict[str, Plain] = {"type": "aws_sns_topic", "evidence": {"publishers": "publishers"}}
ALARMS = 'resource "aws_sns_topic" "alarms" {\n  name = "alarms"\n}\n'
ALARM = 'resource "aws_cloudwatch_metric_alarm" "errors" {\n  alarm_actions = [aws_sns_topic.alarms.arn]\n}\n'
MAIL = 'resource "aws_sns_topic_subscription" "mail" {\n  topic_arn = aws_sns_topic.alarms.arn\n}\n'
ROLE = 'resource "aws_iam_role_policy" "app" {\n  policy = jsonencode({ Resource = aws_sns_topic.alarms.arn })\n}\n'
OUTPUT = 'output "topic" {\n  value = aws_sns_topic.alarms.arn\n}\n'
DATA = """
data "aws_iam_policy_document" "publish" {{
  statement {{
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.alarms.arn]
    principals {{
      type        = "{kind}"
      identifiers = ["{who}"]
    }}
  }}
}}

resource "aws_sns_topic_policy" "publish" {{
  arn    = aws_sns_topic.{topic}.arn
  policy = data.aws_iam_policy_document.publish.json
}}
"""


@pytest.mark.parametrize(
    ("beside", "who"),
    [
        (ALARM, "services"),
        (ALARM + MAIL, "services"),
        (DATA.format(kind="Service", who="events.amazonaws.com", topic="alarms"), "services"),
        ("", "others, as nothing here does"),
        (MAIL, "others, as nothing here does"),
        (ROLE, "aws_iam_role_policy.app"),
        (ALARM + ROLE, f"{BESIDES}: aws_iam_role_policy.app"),
        (OUTPUT, "whoever takes it from an output"),
        (ALARM + OUTPUT, "services; perhaps whoever takes it from an output"),
        (DATA.format(kind="AWS", who="arn:aws:iam::1:root", topic="alarms"), "whom a policy lets in"),
        (
            ALARM + DATA.format(kind="AWS", who="arn:aws:iam::1:root", topic="alarms"),
            f"{BESIDES}: whom a policy lets in",
        ),
        (DATA.format(kind="Service", who="lambda.amazonaws.com", topic="alarms"), f"{BESIDES}: whom a policy lets in"),
        (ALARM + DATA.format(kind="Service", who="ses.amazonaws.com", topic="other"), "services"),
        (
            ALARM + 'resource "aws_sns_topic_policy" "p" {\n  arn = var.arn\n  policy = var.policy\n}\n',
            f"{BESIDES}: whom a policy lets in",
        ),
    ],
)
def test_who_publishes_to_a_topic_is_named(beside: str, who: str) -> None:
    assert told(TOPIC, ALARMS + beside) == {"publishers": who}


def test_the_key_that_is_offered_lets_all_services_in_that_are_taken_for_publishers() -> None:
    key = BUNDLES["topic-key"]["resource/aws_kms_key/topics"]
    assert isinstance(key, dict)
    assert set(key["policy"]["json"]["Statement"][1]["Principal"]["Service"]) == SERVICES


@pytest.mark.parametrize(
    ("beside", "who"),
    [
        ("", "no"),
        (ALARM + ROLE + OUTPUT, "no"),
        (DATA.format(kind="Service", who="ses.amazonaws.com", topic="alarms"), "no"),
        (DATA.format(kind="Service", who="lambda.amazonaws.com", topic="alarms"), "whom a policy lets in"),
        (DATA.format(kind="AWS", who="arn:aws:iam::1:root", topic="alarms"), "whom a policy lets in"),
        (DATA.format(kind="AWS", who="arn:aws:iam::1:root", topic="other"), "no"),
        ('resource "aws_glacier_vault" "v" {\n  sns_topic = aws_sns_topic.alarms.arn\n}\n', "aws_glacier_vault.v"),
    ],
)
def test_whom_a_policy_lets_in_besides_services_is_a_stranger(beside: str, who: str) -> None:
    assert told(TOPIC | {"evidence": {"strangers": "strangers"}}, ALARMS + beside) == {"strangers": who}

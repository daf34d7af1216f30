"""What several offers make in a template, by name."""

import pytest

from setright.bindings.error import BindingError
from setright.bindings.layouts._cloudformation_bundles import BALANCER, DATA_KEY, LOG_BUCKET, LOG_POLICY, is_alike, made
from setright.model import Plain, Tree

EMPTY: Tree = {"Resources": {}}


def test_a_named_resource_is_written_out_beside_one_that_is_told() -> None:
    found = made({"makes": {"DataKey": "data-key", "Logs": {"Type": "AWS::Logs::LogGroup"}}}, EMPTY)
    assert [body["Type"] for body in found.values()] == ["AWS::KMS::Key", "AWS::Logs::LogGroup"]


def test_only_the_accounts_own_logs_may_use_the_key() -> None:
    [_, logs] = made({"makes": {"DataKey": "data-key"}}, EMPTY)["DataKey"]["Properties"]["KeyPolicy"]["Statement"]
    assert logs["Condition"]["ArnLike"]["kms:EncryptionContext:aws:logs:arn"]["Fn::Sub"].endswith(":${AWS::AccountId}:*")


def test_the_key_outlives_its_stack_as_what_it_locks_may() -> None:
    key = made({"makes": {"DataKey": "data-key"}}, EMPTY)["DataKey"]
    assert {key["DeletionPolicy"], key["UpdateReplacePolicy"]} == {"Retain"}


def test_a_name_of_which_nothing_is_known_is_refused() -> None:
    with pytest.raises(BindingError, match="of which nothing is known"):
        made({"makes": {"Key": "no-such-key"}}, EMPTY)


@pytest.mark.parametrize(
    ("have", "alike"),
    [
        (DATA_KEY, True),
        ({"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {"Statement": [{"Sid": "Account"}, {"Sid": "Logs"}]}}}, True),
        ({"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {"Statement": [{"Sid": "Mine"}]}}}, False),
        ({"Type": "AWS::KMS::Key"}, False),
        ({"Type": "AWS::S3::Bucket"}, False),
    ],
)
def test_a_key_of_that_name_that_lets_others_in_does_not_stand_for_it(have: object, alike: bool) -> None:
    assert is_alike(have, DATA_KEY) is alike


@pytest.mark.parametrize("want", [LOG_BUCKET, LOG_POLICY])
def test_somebodys_bucket_of_that_name_is_not_taken_for_the_one_for_logs(want: Plain) -> None:
    assert is_alike(want, want)
    assert not is_alike({"Type": want["Type"], "Properties": {}}, want)


@pytest.mark.parametrize(("kinds", "writers"), [({}, ["logging.s3.amazonaws.com"]), ({"Web": {"Type": BALANCER}}, 2)])
def test_the_bucket_for_logs_lets_in_load_balancers_where_there_are_some(kinds: Tree, writers: object) -> None:
    policy = made({"makes": {"P": "log-bucket-policy"}}, {"Resources": kinds})["P"]["Properties"]["PolicyDocument"]
    let_in = [each["Principal"]["Service"][0] for each in policy["Statement"] if each["Effect"] == "Allow"]
    assert writers in (let_in, len(let_in))

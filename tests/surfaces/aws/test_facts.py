"""Questions that a fix asks before it may act, answered from the account's own APIs."""

import json

import pytest
from lab.aws import seed

BUCKET = "aws/s3/bucket"


@pytest.fixture
def asked(cloud, surface, want):
    seed(cloud)
    surface.read([want(BUCKET, ("BucketName",)), want("aws/ec2/security-group")])
    return lambda fact: surface.ask([fact])[fact]


@pytest.mark.parametrize(
    ("fact", "holds", "text"),
    [
        ("aws/s3/is-website:shop-website", True, "index.html"),
        ("aws/s3/is-website:data-0000", False, "no website"),
        ("aws/s3/public-by-policy-on-purpose:shop-website", True, "serves a website"),
        ("aws/s3/public-by-policy-on-purpose:data-0000", False, "nothing public"),
        ("aws/s3/public-by-policy-on-purpose:leaky-policy", None, "only access logs tell"),
        ("aws/s3/public-acl-in-use:leaky-acl", True, "READ to everyone"),
        ("aws/s3/public-acl-in-use:data-0000", False, "0 objects"),
        ("aws/s3/clients-without-tls:data-0000", None, "no access logs are kept"),
        ("aws/account/public-buckets", True, "leaky-acl, leaky-policy, shop-website"),
        ("aws/nothing/known", None, "no such fact"),
    ],
)
def test_an_answer_comes_with_its_evidence(asked, fact, holds, text):
    answer = asked(fact)
    assert answer.holds is holds
    assert text in answer.text


def test_a_tag_shows_that_public_is_meant(cloud, asked):
    cloud.client("s3").put_bucket_tagging(Bucket="leaky-policy", Tagging={"TagSet": [{"Key": "public", "Value": "yes"}]})
    answer = asked("aws/s3/public-by-policy-on-purpose:leaky-policy")
    assert (answer.holds, answer.text) == (True, "tagged public: yes")


def test_a_public_object_shows_that_its_access_list_is_in_use(cloud, asked):
    cloud.client("s3").put_object(Bucket="data-0000", Key="logo.png", Body=b"x", ACL="public-read")
    assert "logo.png" in asked("aws/s3/public-acl-in-use:data-0000").text


def test_a_group_without_interfaces_can_break_nothing(cloud, asked):
    ec2 = cloud.client("ec2")
    group = next(g for g in ec2.describe_security_groups()["SecurityGroups"] if g["GroupName"] == "web")
    assert asked(f"aws/ec2/rule-in-use:{group['GroupId']}").holds is False
    subnet = ec2.create_subnet(VpcId=group["VpcId"], CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    interface = ec2.create_network_interface(SubnetId=subnet, Groups=[group["GroupId"]])["NetworkInterface"]["NetworkInterfaceId"]
    answer = asked(f"aws/ec2/rule-in-use:{group['GroupId']}")
    assert answer.holds is True
    assert interface in answer.text


def test_evidence_that_may_not_be_read_leaves_the_question_open(cloud, asked):
    cloud.gate.denied.add("s3 GET website")
    answer = asked("aws/s3/is-website:shop-website")
    assert answer.holds is None
    assert "allow s3:GetBucketWebsite" in answer.text


def test_enforced_ownership_makes_access_lists_of_no_use(cloud, asked):
    rules = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    cloud.client("s3").put_bucket_ownership_controls(Bucket="leaky-acl", OwnershipControls=rules)
    assert asked("aws/s3/public-acl-in-use:leaky-acl").holds is False


def test_the_seed_policy_is_public(cloud, asked):
    policy = json.loads(cloud.client("s3").get_bucket_policy(Bucket="shop-website")["Policy"])
    assert policy["Statement"][0]["Principal"] == "*"

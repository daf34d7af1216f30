"""What is read of an account, with how many calls, and what becomes of that which may not be read."""

import json

import pytest
from lab.aws import REGIONS, public_policy, seed

from setright.surfaces.aws.surface import open_aws
from setright.surfaces.base import SurfaceError

BUCKET = "aws/s3/bucket"
GROUP = "aws/ec2/security-group"


def trees(reading):
    return {d.locator: json.loads(d.data) for d in reading.documents}


def bucket(surface, want, name, *keys):
    return trees(surface.read([want(BUCKET, keys)]))[f"aws:s3:bucket/{name}"]


def test_a_bucket_has_the_attributes_of_the_cloudformation_schema(cloud, surface, want):
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="data")
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}, "BucketKeyEnabled": True}
    s3.put_bucket_encryption(Bucket="data", ServerSideEncryptionConfiguration={"Rules": [rule]})
    s3.put_bucket_versioning(Bucket="data", VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_policy(Bucket="data", Policy=json.dumps(public_policy("data")))
    tree = bucket(surface, want, "data")
    assert tree["BucketName"] == "data"
    assert tree["BucketEncryption"]["ServerSideEncryptionConfiguration"] == [
        {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}, "BucketKeyEnabled": True}
    ]
    assert tree["VersioningConfiguration"] == {"Status": "Enabled"}
    assert tree["Policy"]["Statement"][0]["Principal"] == "*"
    assert "PublicAccessBlockConfiguration" not in tree


def test_a_policy_that_is_not_there_is_told_from_one_that_may_not_be_read(cloud, surface, want):
    seed(cloud)
    assert bucket(surface, want, "data-0000", "Policy")["Policy"] == {"Statement": []}
    cloud.gate.denied.add("s3 GET policy")
    assert "AccessDenied" in bucket(surface, want, "data-0000", "Policy")["Policy"]["$unknown"]


def test_only_the_calls_that_the_controls_need_are_made_once_a_bucket(cloud, surface, want):
    seed(cloud)
    cloud.gate.reset()
    surface.read([want(BUCKET, ("PublicAccessBlockConfiguration", "VersioningConfiguration"))])
    assert cloud.gate.calls == {"s3 GET max-buckets": 1, "s3 GET publicAccessBlock": 9, "s3 GET versioning": 9}


def test_security_groups_cost_one_call_a_region(cloud, surface, want):
    seed(cloud)
    cloud.gate.reset()
    found = trees(surface.read([want(GROUP)]))
    assert cloud.gate.calls == {"ec2 DescribeSecurityGroups": 1}
    web = next(tree for tree in found.values() if tree["GroupName"] == "web")
    assert {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": "10.0.0.0/8", "Description": "internal LB"} in web[
        "SecurityGroupIngress"
    ]
    assert {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIpv6": "::/0"} in web["SecurityGroupIngress"]


def test_attributes_that_one_call_tells_cost_one_call(cloud, surface, want):
    key = cloud.client("kms").create_key()["KeyMetadata"]["KeyId"]
    cloud.gate.reset()
    tree = trees(surface.read([want("aws/kms/key")]))[f"aws:kms:key/us-east-1/{key}"]
    assert (tree["KeyManager"], tree["KeySpec"], tree["EnableKeyRotation"]) == ("CUSTOMER", "SYMMETRIC_DEFAULT", False)
    assert cloud.gate.calls["kms DescribeKey"] == 1


def test_every_page_of_a_listing_is_read(cloud, surface, want):
    s3 = cloud.client("s3")
    for number in range(25):
        s3.create_bucket(Bucket=f"page-{number:02}")
    small = {"call": "s3:ListBuckets", "at": "Buckets", "id": "Name", "arguments": {"MaxBuckets": 10}}
    assert len(surface.read([want(BUCKET, ("BucketName",), list=small)]).documents) == 25
    assert cloud.gate.calls["s3 GET max-buckets"] == 3


def test_more_than_a_thousand_buckets_are_listed(cloud, surface, want):
    cloud.fill(1005)
    assert len(surface.read([want(BUCKET, ("BucketName",))]).documents) == 1005


def test_resources_asked_for_by_name_are_read_alone(cloud, surface, want):
    seed(cloud)
    reading = surface.read([want(BUCKET, ("VersioningConfiguration",), names=("data-000[01]", "shop-website"))])
    assert sorted(trees(reading)) == [f"aws:s3:bucket/{name}" for name in ("data-0000", "data-0001", "shop-website")]
    assert cloud.gate.calls["s3 GET versioning"] == 3


def test_near_documents_are_read_without_listing_the_account(cloud, surface, want):
    seed(cloud)
    cloud.gate.reset()
    reading = surface.read(
        [want(BUCKET, ("VersioningConfiguration",), near=("aws:s3:bucket/data-0001", "aws:ec2:security-group/x/y"))]
    )
    assert list(trees(reading)) == ["aws:s3:bucket/data-0001"]
    assert cloud.gate.calls["s3 GET max-buckets"] == 0
    assert cloud.gate.calls["s3 GET versioning"] == 1


def test_a_bucket_is_asked_in_its_own_region(cloud, want):
    s3 = cloud.client("s3", "eu-west-1")
    s3.create_bucket(Bucket="far", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    cloud.client("s3").create_bucket(Bucket="near-by")
    cloud.gate.regions.clear()
    surface = open_aws(f"aws://?region=us-east-1,eu-west-1&endpoint={cloud.url}")
    surface.read([want(BUCKET, ("VersioningConfiguration",))])
    surface.close()
    assert cloud.gate.regions == {"us-east-1", "eu-west-1"}


def test_buckets_of_regions_not_asked_for_are_left_out(cloud, surface, want):
    s3 = cloud.client("s3", "eu-west-1")
    s3.create_bucket(Bucket="far", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    assert surface.read([want(BUCKET, ("VersioningConfiguration",))]).documents == ()


def test_without_regions_asked_for_all_enabled_ones_are_read(cloud, want):
    surface = open_aws(f"aws://?endpoint={cloud.url}")
    found = trees(surface.read([want("aws/ec2/ebs-encryption")]))
    surface.close()
    assert list(found) == [f"aws:ec2:ebs-encryption/{region}" for region in REGIONS]


def test_throttled_calls_are_made_again_until_they_are_answered(cloud, surface, want):
    seed(cloud)
    cloud.gate.reset()
    cloud.gate.throttle("*", 12)
    reading = surface.read([want(BUCKET, ("PublicAccessBlockConfiguration",)), want(GROUP)])
    assert len(reading.documents) == 12
    assert reading.problems == ()
    assert not any("$unknown" in d.data.decode() for d in reading.documents)
    assert sum(cloud.gate.calls.values()) == 1 + 1 + 9 + 12


def test_an_attribute_that_may_not_be_read_is_unknown_and_the_rest_is_told(cloud, surface, want):
    seed(cloud)
    cloud.gate.denied.add("s3 GET encryption")
    tree = bucket(surface, want, "data-0000", "BucketEncryption", "Acl")
    why = tree["BucketEncryption"]["ServerSideEncryptionConfiguration"]["$unknown"]
    assert "AccessDenied" in why
    assert "allow s3:GetBucketEncryption" in why
    assert tree["Acl"]["Grants"]


def test_a_kind_that_may_not_be_listed_is_a_problem_and_the_others_are_read(cloud, surface, want):
    seed(cloud)
    cloud.gate.denied.add("ec2 DescribeSecurityGroups")
    reading = surface.read([want(GROUP), want(BUCKET, ("Acl",))])
    assert len(reading.documents) == 9
    assert [p.locator for p in reading.problems] == ["aws:ec2:security-group/us-east-1/*"]
    assert "allow ec2:DescribeSecurityGroups" in reading.problems[0].why


def test_no_credentials_say_what_to_do(cloud, want, monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    surface = open_aws(f"aws://?region=us-east-1&endpoint={cloud.url}")
    with pytest.raises(SurfaceError, match="no AWS credentials.*aws sso login"):
        surface.read([want(BUCKET)])
    surface.close()


def test_a_profile_that_is_not_there_says_so(cloud, want):
    with pytest.raises(SurfaceError, match="no-such-profile"):
        open_aws("aws://no-such-profile").read([want(BUCKET)])


def test_an_endpoint_that_does_not_answer_says_so(cloud, want):
    surface = open_aws("aws://?region=us-east-1&endpoint=http://127.0.0.1:9")
    with pytest.raises(SurfaceError, match="check the network"):
        surface.read([want("aws/iam/password-policy")])
    surface.close()


def test_the_sdk_variable_for_an_endpoint_is_honoured(cloud, want, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", cloud.url)
    surface = open_aws("aws://?region=us-east-1")
    found = trees(surface.read([want("aws/s3/account-public-access-block")]))
    surface.close()
    assert list(found) == ["aws:s3control:account/123456789012"]


@pytest.mark.parametrize("url", ["s3://x", "aws://p/path", "aws://?zone=a"])
def test_a_target_that_is_none_says_how_to_write_one(url):
    with pytest.raises(SurfaceError, match=r"aws://\[PROFILE\]"):
        open_aws(url)


def test_an_entry_with_a_word_nobody_knows_names_its_file(cloud, surface, want):
    with pytest.raises(SurfaceError, match=r"bindings/aws/s3/bucket.yaml.*scop"):
        surface.read([want(BUCKET, scop="region")])

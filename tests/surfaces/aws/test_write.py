"""Changes to resources: only what differs, only where nobody came between, and back again."""

import json

import pytest
from lab.aws import opened, public_policy, seed

from setright.model import Change, Steps
from setright.surfaces.base import Moved, Rejected, SurfaceError

BUCKET = "aws/s3/bucket"
GROUP = "aws/ec2/security-group"
SHUT = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True}
DRY_RUN = Steps(validate=("ec2-dry-run",))


def change_of(surface, locator, alter):
    """The document as it is, and as `alter` leaves it."""
    before = surface.again([locator])[locator]
    tree = json.loads(before.data)
    alter(tree)
    return Change(locator, "json", before.data, json.dumps(tree).encode())


def read_bucket(surface, want, name):
    surface.read([want(BUCKET, names=(name,))])
    return f"aws:s3:bucket/{name}"


def read_group(surface, want, name):
    for document in surface.read([want(GROUP)]).documents:
        if json.loads(document.data)["GroupName"] == name:
            return document.locator
    raise AssertionError(name)


def tree_of(surface, locator):
    return json.loads(surface.again([locator])[locator].data)


def shut(tree):
    tree["PublicAccessBlockConfiguration"] = SHUT


def shut_ssh(tree):
    tree["SecurityGroupIngress"] = [
        rule
        for rule in tree["SecurityGroupIngress"]
        if rule["FromPort"] != 22 or (rule.get("CidrIp") != "0.0.0.0/0" and rule.get("CidrIpv6") != "::/0")
    ]


def test_a_change_is_seen_by_another_client_and_taken_back_to_absent(cloud, surface, want):
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="data")
    locator = read_bucket(surface, want, "data")

    def alter(tree):
        shut(tree)
        tree["OwnershipControls"] = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
        tree["BucketEncryption"] = {
            "ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]
        }
        tree["Policy"] = public_policy("data")

    change = change_of(surface, locator, alter)
    surface.write(change)
    assert s3.get_public_access_block(Bucket="data")["PublicAccessBlockConfiguration"] == SHUT
    assert json.loads(s3.get_bucket_policy(Bucket="data")["Policy"]) == public_policy("data")
    surface.write(change.inverse())
    assert surface.again([locator])[locator].data == change.before
    for gone in ("get_public_access_block", "get_bucket_policy", "get_bucket_encryption", "get_bucket_ownership_controls"):
        with pytest.raises(s3.exceptions.ClientError, match=r"NoSuch|NotFound"):
            getattr(s3, gone)(Bucket="data")


def test_only_what_differs_is_written(cloud, surface, want):
    seed(cloud)
    locator = read_bucket(surface, want, "shop-website")
    change = change_of(surface, locator, shut)
    cloud.gate.reset()
    surface.write(change)
    assert {call for call in cloud.gate.calls if " GET " not in call} == {"s3 PUT publicAccessBlock"}
    after = tree_of(surface, locator)
    assert after.pop("PublicAccessBlockConfiguration") == SHUT
    assert after == json.loads(change.before)


def test_writing_what_is_there_already_is_a_no_op(cloud, surface, want):
    seed(cloud)
    change = change_of(surface, read_bucket(surface, want, "data-0000"), shut)
    surface.write(change)
    cloud.gate.reset()
    surface.write(change)
    assert all(" GET " in call for call in cloud.gate.calls)


def test_a_document_that_moved_is_left_alone(cloud, surface, want):
    seed(cloud)
    change = change_of(surface, read_bucket(surface, want, "data-0000"), shut)
    theirs = {**SHUT, "BlockPublicAcls": False}
    s3 = cloud.client("s3")
    s3.put_public_access_block(Bucket="data-0000", PublicAccessBlockConfiguration=theirs)
    with pytest.raises(Moved):
        surface.write(change)
    assert s3.get_public_access_block(Bucket="data-0000")["PublicAccessBlockConfiguration"] == theirs


def test_a_bucket_deleted_meanwhile_is_gone_and_not_written(cloud, surface, want):
    seed(cloud)
    locator = read_bucket(surface, want, "data-0000")
    change = change_of(surface, locator, shut)
    cloud.client("s3").delete_bucket(Bucket="data-0000")
    assert surface.again([locator])[locator].data is None
    with pytest.raises(Moved):
        surface.write(change)


def test_what_was_written_before_a_refusal_is_put_back(cloud, surface, want):
    seed(cloud)
    locator = read_bucket(surface, want, "data-0000")

    def alter(tree):
        shut(tree)
        tree["VersioningConfiguration"] = {"Status": "Enabled"}

    change = change_of(surface, locator, alter)
    cloud.gate.denied.add("s3 PUT versioning")
    with pytest.raises(SurfaceError, match="VersioningConfiguration.*AccessDenied.*PublicAccessBlockConfiguration was put back"):
        surface.write(change)
    assert surface.again([locator])[locator].data == change.before


def test_a_refusal_comes_before_what_has_no_way_back(cloud, surface, want):
    seed(cloud)
    locator = read_bucket(surface, want, "data-0000")

    def alter(tree):
        tree["VersioningConfiguration"] = {"Status": "Enabled"}
        tree["LoggingConfiguration"] = {"DestinationBucketName": "data-0001", "LogFilePrefix": "s3/"}

    change = change_of(surface, locator, alter)
    with pytest.raises(SurfaceError, match=r"InvalidTargetBucketForLogging.*VersioningConfiguration: not tried"):
        surface.write(change)
    assert surface.again([locator])[locator].data == change.before


def test_versioning_cannot_go_back_to_never_and_the_surface_says_what_it_is_now(cloud, surface, want):
    seed(cloud)
    locator = read_bucket(surface, want, "data-0000")

    def alter(tree):
        shut(tree)
        tree["VersioningConfiguration"] = {"Status": "Enabled"}

    change = change_of(surface, locator, alter)
    surface.write(change)
    for _ in range(2):
        with pytest.raises(SurfaceError, match="VersioningConfiguration cannot be absent again; it now is.*Suspended"):
            surface.write(change.inverse())
    assert tree_of(surface, locator) == {**json.loads(change.before), "VersioningConfiguration": {"Status": "Suspended"}}


def test_a_group_that_moved_since_does_not_keep_another_from_its_prior_state(cloud, surface, want):
    seed(cloud)
    locator = read_bucket(surface, want, "data-0000")
    first = change_of(surface, locator, shut)
    surface.write(first)
    second = change_of(surface, locator, lambda tree: tree.update(VersioningConfiguration={"Status": "Enabled"}))
    surface.write(second)
    with pytest.raises(SurfaceError, match="cannot be absent again"):
        surface.write(second.inverse({}))
    with pytest.raises(Moved):
        surface.write(first.inverse())
    surface.write(first.inverse({}))
    assert tree_of(surface, locator) == {**json.loads(first.before), "VersioningConfiguration": {"Status": "Suspended"}}


def test_going_back_leaves_alone_a_group_that_somebody_changed_since(cloud, surface, want):
    seed(cloud)
    change = change_of(surface, read_bucket(surface, want, "data-0000"), shut)
    surface.write(change)
    s3 = cloud.client("s3")
    s3.put_public_access_block(Bucket="data-0000", PublicAccessBlockConfiguration=SHUT | {"BlockPublicAcls": False})
    with pytest.raises(Moved):
        surface.write(change.inverse({}))


def test_an_attribute_that_can_only_be_read_is_refused_before_anything_is_written(cloud, surface, want):
    seed(cloud)
    locator = read_bucket(surface, want, "shop-website")

    def alter(tree):
        shut(tree)
        del tree["WebsiteConfiguration"]

    change = change_of(surface, locator, alter)
    with pytest.raises(SurfaceError, match="WebsiteConfiguration can be read and not written"):
        surface.write(change)
    assert surface.again([locator])[locator].data == change.before


def test_a_public_grant_goes_and_comes_back_with_the_owners_kept(cloud, surface, want):
    seed(cloud)
    locator = read_bucket(surface, want, "leaky-acl")
    change = change_of(surface, locator, lambda tree: tree["Acl"]["Grants"].pop())
    surface.write(change)
    assert [g["Permission"] for g in cloud.client("s3").get_bucket_acl(Bucket="leaky-acl")["Grants"]] == ["FULL_CONTROL"]
    surface.write(change.inverse())
    assert surface.again([locator])[locator].data == change.before


def test_access_logs_are_turned_on_and_off_again(cloud, surface, want):
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="logs", ACL="log-delivery-write")
    s3.create_bucket(Bucket="data")
    locator = read_bucket(surface, want, "data")
    change = change_of(surface, locator, lambda tree: tree.update(LoggingConfiguration={"DestinationBucketName": "logs"}))
    surface.write(change)
    assert s3.get_bucket_logging(Bucket="data")["LoggingEnabled"]["TargetBucket"] == "logs"
    assert tree_of(surface, locator)["LoggingConfiguration"] == {"DestinationBucketName": "logs"}
    surface.write(change.inverse())
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket="data")


def test_the_internal_source_beside_the_world_survives(cloud, surface, want):
    seed(cloud)
    locator = read_group(surface, want, "web")
    change = change_of(surface, locator, shut_ssh)
    surface.validate([change], DRY_RUN)
    surface.write(change)
    ec2 = cloud.client("ec2")
    permissions = ec2.describe_security_groups(GroupIds=[locator.rpartition("/")[2]])["SecurityGroups"][0]["IpPermissions"]
    by_port = {p["FromPort"]: p for p in permissions}
    assert by_port[22]["IpRanges"] == [{"CidrIp": "10.0.0.0/8", "Description": "internal LB"}]
    assert by_port[22]["Ipv6Ranges"] == []
    assert len(by_port[8080]["IpRanges"]) == 2


def test_a_revoked_rule_comes_back_with_its_description_and_tags(cloud, surface, want):
    seed(cloud)
    ec2 = cloud.client("ec2")
    locator = read_group(surface, want, "web")
    group = locator.rpartition("/")[2]
    tags = [{"Key": "ticket", "Value": "OPS-7"}]
    rdp = {
        "IpProtocol": "tcp",
        "FromPort": 3389,
        "ToPort": 3389,
        "IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "remote hands"}],
    }
    named = [{"ResourceType": "security-group-rule", "Tags": tags}]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rdp], TagSpecifications=named)

    def alter(tree):
        tree["SecurityGroupIngress"] = [rule for rule in tree["SecurityGroupIngress"] if rule["FromPort"] != 3389]

    kept = surface.keep([locator])[0]
    change = change_of(surface, locator, alter)
    surface.write(change)
    surface.write(change.inverse(kept.meta))
    assert surface.again([locator])[locator].data == kept.data
    rules = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])["SecurityGroupRules"]
    assert [(r["Description"], r["Tags"]) for r in rules if r["FromPort"] == 3389] == [("remote hands", tags)]


def test_a_narrower_rule_comes_before_the_wider_goes(cloud, surface, want):
    seed(cloud)
    locator = read_group(surface, want, "web")

    def narrow(tree):
        for rule in tree["SecurityGroupIngress"]:
            if rule["FromPort"] == 443:
                rule["CidrIp"] = "192.0.2.0/24"

    change = change_of(surface, locator, narrow)
    order = []
    serve = cloud.gate._app
    cloud.gate._app = lambda env, start: order.append(dict(cloud.gate.calls)) or serve(env, start)
    try:
        surface.write(change)
    finally:
        cloud.gate._app = serve
    first = next(calls for calls in order if "ec2 RevokeSecurityGroupIngress" in calls)
    assert first["ec2 AuthorizeSecurityGroupIngress"] == 2  # the seed's and ours
    assert [r["CidrIp"] for r in tree_of(surface, locator)["SecurityGroupIngress"] if r["FromPort"] == 443] == ["192.0.2.0/24"]


def test_a_rule_that_names_a_group_goes_and_comes_back(cloud, surface, want):
    seed(cloud)
    locator = read_group(surface, want, "web")
    group = locator.rpartition("/")[2]
    pair = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "UserIdGroupPairs": [{"GroupId": group, "Description": "peers"}]}
    cloud.client("ec2").authorize_security_group_ingress(GroupId=group, IpPermissions=[pair])
    rules = tree_of(surface, locator)["SecurityGroupIngress"]
    assert {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "SourceSecurityGroupId": group, "Description": "peers"} in rules
    change = change_of(
        surface, locator, lambda t: t.update(SecurityGroupIngress=[r for r in t["SecurityGroupIngress"] if r["FromPort"] != 5432])
    )
    surface.write(change)
    surface.write(change.inverse())
    assert surface.again([locator])[locator].data == change.before


def test_the_open_egress_of_a_group_goes_and_comes_back(cloud, surface, want):
    seed(cloud)
    locator = read_group(surface, want, "web")
    change = change_of(surface, locator, lambda tree: tree.update(SecurityGroupEgress=[]))
    surface.write(change)
    assert tree_of(surface, locator)["SecurityGroupEgress"] == []
    surface.write(change.inverse())
    assert surface.again([locator])[locator].data == change.before


def test_a_dry_run_that_is_refused_rejects_the_change(cloud, surface, want):
    seed(cloud)
    change = change_of(surface, read_group(surface, want, "web"), shut_ssh)
    cloud.gate.denied.add("ec2 RevokeSecurityGroupIngress")
    with pytest.raises(Rejected, match="UnauthorizedOperation"):
        surface.validate([change], DRY_RUN)


def test_a_dry_run_changes_nothing(cloud, surface, want):
    seed(cloud)
    locator = read_group(surface, want, "web")
    change = change_of(surface, locator, shut_ssh)
    surface.validate([change], DRY_RUN)
    assert surface.again([locator])[locator].data == change.before


@pytest.mark.parametrize(
    ("kind", "locator", "key", "value"),
    [
        ("aws/s3/account-public-access-block", "aws:s3control:account/123456789012", "PublicAccessBlockConfiguration", SHUT),
        ("aws/ec2/ebs-encryption", "aws:ec2:ebs-encryption/us-east-1", "EbsEncryptionByDefault", True),
        ("aws/iam/password-policy", "aws:iam:password-policy/123456789012", "PasswordPolicy", {"MinimumPasswordLength": 14}),
    ],
)
def test_an_account_setting_is_set_and_taken_back(cloud, surface, want, kind, locator, key, value):
    surface.read([want(kind)])
    change = change_of(surface, locator, lambda tree: tree.update({key: value}))
    surface.write(change)
    assert tree_of(surface, locator)[key] == value
    surface.write(change.inverse())
    assert surface.again([locator])[locator].data == change.before


def test_key_rotation_is_turned_on_and_off(cloud, surface, want):
    kms = cloud.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    surface.read([want("aws/kms/key")])
    locator = f"aws:kms:key/us-east-1/{key}"
    change = change_of(surface, locator, lambda tree: tree.update(EnableKeyRotation=True))
    surface.write(change)
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"]
    surface.write(change.inverse())
    assert not kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"]


def test_all_fixes_of_one_password_policy_are_one_write_and_keep_the_rest(cloud, surface, want):
    iam = cloud.client("iam")
    iam.update_account_password_policy(MinimumPasswordLength=8, AllowUsersToChangePassword=True, MaxPasswordAge=90)
    surface.read([want("aws/iam/password-policy")])
    locator = "aws:iam:password-policy/123456789012"

    def alter(tree):
        tree["PasswordPolicy"] |= {"MinimumPasswordLength": 14, "PasswordReusePrevention": 24, "RequireSymbols": True}

    change = change_of(surface, locator, alter)
    cloud.gate.reset()
    surface.write(change)
    assert cloud.gate.calls["iam UpdateAccountPasswordPolicy"] == 1
    policy = iam.get_account_password_policy()["PasswordPolicy"]
    assert (policy["MaxPasswordAge"], policy["AllowUsersToChangePassword"], policy["PasswordReusePrevention"]) == (90, True, 24)


def test_a_document_never_read_over_this_connection_is_refused(surface):
    with pytest.raises(SurfaceError, match="read it first"):
        surface.again(["aws:s3:bucket/unseen"])


def test_health_is_who_aws_says_we_are_over_old_and_new_connections(cloud, surface):
    steps = Steps(probe=("identity",))
    before = surface.probe(steps)
    surface.reconnect()
    assert before == surface.probe(steps) == {"identity": "arn:aws:sts::123456789012:user/moto"}


def test_a_step_nobody_knows_is_refused(surface):
    for attempt in (surface.reload, surface.probe):
        with pytest.raises(SurfaceError, match="no step nginx"):
            attempt(Steps(reload=("nginx",), probe=("nginx",)))


def test_a_permission_keeps_only_the_rest_of_its_sources(cloud, surface, want):
    ec2 = cloud.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    group = ec2.create_security_group(GroupName="db", Description="d", VpcId=vpc)["GroupId"]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[opened(22)])
    locator = read_group(surface, want, "db")
    surface.write(change_of(surface, locator, shut_ssh))
    assert tree_of(surface, locator)["SecurityGroupIngress"] == [
        {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": "10.0.0.0/8", "Description": "internal LB"}
    ]

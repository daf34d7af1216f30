"""The whole way on an account: scan, plan, apply in a new connection, verify, roll back."""

import json

import pytest
from lab.aws import seed

from setright.app import App, ScanOptions
from setright.engine.configuration import Configuration
from tests.content import warm

GROUPS = ("aws/ec2/no-world-ssh",)


@pytest.fixture
def app(cloud, tmp_path):
    seed(cloud)
    return App(Configuration(state=str(warm(tmp_path / "state"))))


def target(cloud):
    return f"aws://?region=us-east-1&endpoint={cloud.url}"


def planned(app, cloud, *controls):
    [told] = app.plan([target(cloud)], ScanOptions(controls=controls), together=True)
    assert not told.error
    return told.plans


def applied(app, plans):
    return app.apply(plans, lambda plan: True, lambda plan, outcome: None)


def outcomes(run):
    return {(plan.document, outcome.outcome, outcome.why) for plan, outcome in run.plans}


def web(cloud):
    groups = cloud.client("ec2").describe_security_groups()["SecurityGroups"]
    return next(g for g in groups if g["GroupName"] == "web")


def test_world_ssh_is_closed_verified_and_opened_again(app, cloud):
    before = web(cloud)
    run = applied(app, planned(app, cloud, *GROUPS))
    assert {outcome for _, outcome, _ in outcomes(run)} == {"verified"}, outcomes(run)
    ssh = next(p for p in web(cloud)["IpPermissions"] if p["FromPort"] == 22)
    assert ssh["IpRanges"] == [{"CidrIp": "10.0.0.0/8", "Description": "internal LB"}]
    back = app.rollback(run.id, lambda plan, outcome: None)
    assert {outcome for _, outcome, _ in outcomes(back)} == {"reverted"}, outcomes(back)
    assert by_source(web(cloud)) == by_source(before)


def test_every_fix_of_the_catalogue_on_buckets_leaves_the_website_alone(app, cloud):
    plans = [p for p in planned(app, cloud, "aws/s3/*", "aws/iam/*", "aws/ec2/ebs-encryption") if p.document != website()]
    assert plans
    run = applied(app, plans)
    told = {outcome for _, outcome, _ in outcomes(run)}
    assert told <= {"verified", "hand"}, outcomes(run)
    assert "verified" in told
    policy = json.loads(cloud.client("s3").get_bucket_policy(Bucket="shop-website")["Policy"])
    assert policy["Statement"][0]["Principal"] == "*"


def test_the_website_asks_before_it_is_shut(app, cloud):
    [plan] = [p for p in planned(app, cloud, "aws/s3/public-access-block") if p.document == website()]
    assert plan.lane == "ask"
    assert any(answer.holds and "website" in answer.text for _, _, answer in plan.breaks_if)


def test_a_plan_lapses_where_somebody_changed_the_group_meanwhile(app, cloud):
    plans = planned(app, cloud, *GROUPS)
    group = web(cloud)["GroupId"]
    extra = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "192.0.2.0/24"}]}
    cloud.client("ec2").authorize_security_group_ingress(GroupId=group, IpPermissions=[extra])
    [(_, outcome, why)] = outcomes(applied(app, plans))
    assert (outcome, "somebody changed it" in why) == ("refused", True)


def website():
    return "aws:s3:bucket/shop-website"


def by_source(group):
    return {
        (p["FromPort"], kind, json.dumps(source, sort_keys=True))
        for p in group["IpPermissions"]
        for kind in ("IpRanges", "Ipv6Ranges")
        for source in p[kind]
    }

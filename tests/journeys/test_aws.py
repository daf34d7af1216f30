"""The loop on an account full of what people leave behind, and beside it what must survive: emulated by moto."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from examples.acme.scenario import PROGRAM
from lab.aws import ACCOUNT, Cloud, account, public_policy, seed

from tests.journeys.loop import Journey, Look, Promises, Told, differences

INTERNAL = {"CidrIp": "10.0.0.0/8", "Description": "internal LB"}
SUSPENDED = "VersioningConfiguration"  # what was enabled once can only be suspended


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    with pytest.MonkeyPatch.context() as patch, account() as cloud:
        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_REGION"):
            patch.delenv(name, raising=False)
        for name, value in cloud.environment.items():
            patch.setenv(name, value)
        seed(cloud, buckets=1)
        journey = Journey(tmp_path_factory.mktemp("aws"), f"aws://?region=us-east-1&endpoint={cloud.url}")
        yield journey.walk(lambda: look(cloud))


def look(cloud: Cloud) -> Look:
    """The account by the plain SDK: every setting of ours and of others, absent ones as None."""
    s3, ec2, iam = cloud.client("s3"), cloud.client("ec2"), cloud.client("iam")
    seen: dict[str, object] = {}
    for bucket in (b["Name"] for b in s3.list_buckets()["Buckets"]):
        for ask in (s3.get_public_access_block, s3.get_bucket_policy, s3.get_bucket_acl, s3.get_bucket_versioning):
            seen[f"{bucket} {ask.__name__}"] = answer(ask, Bucket=bucket)
        for ask in (s3.get_bucket_encryption, s3.get_bucket_ownership_controls, s3.get_bucket_website, s3.get_bucket_tagging):
            seen[f"{bucket} {ask.__name__}"] = answer(ask, Bucket=bucket)
        seen[f"{bucket} logging"] = answer(s3.get_bucket_logging, Bucket=bucket)
    for group in ec2.describe_security_groups()["SecurityGroups"]:
        seen[f"group {group['GroupName']} {group['GroupId']}"] = (
            rules(group["IpPermissions"]),
            rules(group["IpPermissionsEgress"]),
        )
    seen["account"] = answer(cloud.client("s3control").get_public_access_block, AccountId=ACCOUNT)
    seen["passwords"] = answer(iam.get_account_password_policy)
    seen["disks"] = answer(ec2.get_ebs_encryption_by_default)
    return seen


def answer(ask: Callable[..., Any], **arguments: str) -> object:
    try:
        return {key: value for key, value in ask(**arguments).items() if key != "ResponseMetadata"}
    except ClientError as error:
        if not error.response["Error"]["Code"].startswith("NoSuch") and "NotFound" not in error.response["Error"]["Code"]:
            raise
        return None


def rules(permissions: list[dict[str, Any]]) -> list[str]:
    """One text a source, in an order of its own: AWS gives them in any."""
    bare = [{k: v for k, v in p.items() if not isinstance(v, list)} for p in permissions]
    sources = [[s for v in p.values() if isinstance(v, list) for s in v] for p in permissions]
    return sorted(json.dumps(b | s, sort_keys=True) for b, each in zip(bare, sources, strict=True) for s in each)


def group(seen: Look, name: str) -> list[str]:
    (found,) = [value[0] for key, value in seen.items() if key.startswith(f"group {name} ")]  # type: ignore[index]
    return found  # type: ignore[no-any-return]


class TestAws(Promises):
    def test_going_back_is_verified(self, told: Told) -> None:
        """But for versioning, which the plans say has no exact way back: they end as unverified, and name nothing else."""
        ended = [(plan, outcome) for run in told.back for plan, outcome in run.plans]
        assert {outcome.outcome for _, outcome in ended} == {"reverted", "unverified"}
        for plan, outcome in ended:
            if outcome.outcome == "unverified":
                assert plan.document.startswith("aws:s3:bucket/")
                assert outcome.why.count("aws:s3:bucket/") == 1 and SUSPENDED in outcome.why, outcome.why
        assert all(plan.effect.undo == "none" for plan, _ in told.everything.plans if "aws/s3/versioning" in plan.controls)

    def test_going_back_restores_the_target_exactly(self, told: Told) -> None:
        left = differences(told.looks[0], told.looks[3])
        assert {name.rpartition(" ")[2] for name in left} == {"get_bucket_versioning"}
        assert {str(now) for _, now in left.values()} == {"{'Status': 'Suspended'}"}

    def test_the_website_and_its_policy_survive_what_runs_by_itself(self, told: Told) -> None:
        before, after = told.looks[0], told.looks[1]
        assert json.loads(after["shop-website get_bucket_policy"]["Policy"]) == public_policy("shop-website")  # type: ignore[index]
        website = [name for name in before if name.startswith("shop-website ")]
        assert {name: after[name] for name in website} == {name: before[name] for name in website}

    def test_the_internal_source_beside_the_world_survives_every_fix(self, told: Told) -> None:
        for seen in told.looks:
            ours = [json.loads(rule) for rule in group(seen, "web")]
            assert [r for r in ours if r.get("CidrIp") == "10.0.0.0/8"] == [
                {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **INTERNAL} for port in (22, 8080)
            ]
        assert not any("0.0.0.0/0" in rule and ": 22" in rule for rule in group(told.looks[1], "web"))
        assert any("0.0.0.0/0" in rule and ": 443" in rule for rule in group(told.looks[2], "web"))


def test_an_account_goes_back_also_when_the_catalogue_cannot_be_read(tmp_path: Path) -> None:
    own = tmp_path / "own/controls/acme"
    own.mkdir(parents=True)
    (tmp_path / "setright.toml").write_text('content = ["own"]\n')
    words = ("--control", "aws/iam/password-*", "--control", "aws/ec2/ebs-encryption*", "--all", "--yes")
    with account() as cloud:
        seed(cloud, buckets=1)
        before, target = look(cloud), f"aws://?region=us-east-1&endpoint={cloud.url}"
        env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "SETRIGHT_STATE": str(tmp_path / "state"), **cloud.environment}

        def told(*words: str) -> Any:
            program = [*PROGRAM, *words, "--format", "json"]
            return json.loads(subprocess.run(program, env=env, cwd=tmp_path, capture_output=True, text=True, timeout=120).stdout)

        done = told("fix", target, *words)
        assert {plan["outcome"] for plan in done["plans"]} == {"verified"} and look(cloud) != before
        (own / "broken.yaml").write_text("id: [")
        back = told("rollback", done["run"])
        assert {plan["outcome"] for plan in back["plans"]} == {"reverted"}, [p["why"] for p in back["plans"]]
        assert look(cloud) == before

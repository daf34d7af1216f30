"""Whose something is and who reaches it is told by what stands in it, and by nothing that does not."""

from datetime import UTC, datetime, timedelta

import pytest

from setright.engine import exposure
from setright.engine.configuration import Configuration, Target, load_configuration
from setright.engine.error import EngineError
from setright.engine.organisation import OutsideKnowledge, about, subject_of
from setright.engine.scan import scan
from setright.model import Resource
from setright.policy.estate import Asset, Organisation
from setright.policy.owners import Owner, Returned, Returns, Witness, believed, ranked
from setright.surfaces.memory import Memory
from tests.content import content, item

SAFE = {"t/item/a": {"require": {"a": 1}}}
TARGET = Target("memory", "memory")
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def told(tmp_path, configuration, known=OutsideKnowledge(), **fields):  # noqa: B008
    catalogue = content(tmp_path / "content", SAFE)
    (found,) = scan(Memory(item("x", a=0, **fields), ("mem",)), catalogue, [catalogue.control("t/item/a")]).found
    made = about(configuration, TARGET, None, known)
    return made.owner(found), made.subject(found)


@pytest.mark.parametrize(
    ("fields", "owner", "signal"),
    [
        ({"tags": {"team": "web"}}, "web", "tag"),
        ({"metadata": {"labels": {"team": "web"}}}, "web", "label"),
        ({"workload": {"labels": {"app.kubernetes.io/part-of": "shop"}}}, "web", "label"),
        ({"arn": "arn:aws:rds:eu-west-1:123456789012:db:x"}, "data", "account"),
        ({"metadata": {"namespace": "pay"}}, "data", "account"),
        ({"labels": {"app": "unknown"}}, "platform", "fallback"),
        ({}, "platform", "fallback"),
    ],
)
def test_every_witness_is_heard(tmp_path, fields, owner, signal):
    owners = (Owner("web", handles=("shop",)), Owner("data", accounts=("123456789012", "pay")), Owner("platform"))
    found, _ = told(tmp_path, Configuration(owners=owners, fallback="platform"), **fields)
    assert found.owner == owner and found.evidence[0].signal == signal


def test_a_legal_name_means_who_answers_for_the_organisation(tmp_path):
    asset = Asset("item:x", ("x",), owner="ACME Holding AG", signal="certificate")
    acme = Organisation("acme", fallback="platform", names=("ACME Holding AG",))
    found, _ = told(tmp_path, Configuration(organisations=(acme,), assets=(asset,)))
    assert found.owner == "platform" and found.evidence[0].signal == "certificate"


def test_the_fallback_of_the_organisation_above_is_asked():
    organisations = (Organisation("acme", fallback="hq"), Organisation("shop", "acme"))
    configuration = Configuration(organisations=organisations, targets=(Target("a", "a", organisation="shop"),))
    assert subject_of(configuration, configuration.targets[0]).organisations == ("shop", "acme")


def test_tags_say_what_hangs_on_it_and_an_asset_goes_first(tmp_path):
    tags = {"tags": {"env": "prd", "criticality": "Tier-0", "exposure": "private"}}
    _, subject = told(tmp_path, Configuration(), **tags)
    assert (subject.environment, subject.importance, subject.exposure) == ("production", "critical", "internal")
    _, subject = told(tmp_path / "b", Configuration(assets=(Asset("item:x", ("x",), importance="low"),)), **tags)
    assert subject.importance == "low" and subject.environment == "production"


@pytest.mark.parametrize(
    ("tree", "why"),
    [
        ({"PubliclyAccessible": True}, "PubliclyAccessible is true"),
        ({"IpPermissions": [{"IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]}, "CidrIp is 0.0.0.0/0"),
        ({"ingress": [{"cidr_blocks": ["10.0.0.0/8", "::/0"]}]}, "cidr_blocks is ::/0"),
        ({"Scheme": "internet-facing"}, "Scheme is internet-facing"),
        ({"egress": [{"cidr_blocks": ["0.0.0.0/0"]}]}, ""),
        ({"IpPermissionsEgress": [{"IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]}, ""),
        ({"PubliclyAccessible": False, "command": "0.0.0.0/0"}, ""),
    ],
)
def test_only_what_opens_a_way_in_is_reached_from_the_internet(tree, why):
    assert exposure.of_resource(Resource("k", "n", tree, ("f", ()))) == why


def test_what_is_declared_goes_before_what_is_inferred(tmp_path):
    reached = OutsideKnowledge(reached=lambda: "listens on 1.2.3.4")
    _, subject = told(tmp_path, Configuration(), reached)
    assert subject.exposure == "internet" and subject.exposure_why == "listens on 1.2.3.4"
    declared = subject_of(Configuration(), Target("a", "a", exposure="isolated"))
    assert declared.exposure == "isolated"


def test_a_witness_that_was_wrong_is_believed_less_until_time_has_passed():
    tag, owners = Witness("web", "tag", "team = web"), (Owner("web"), Owner("ops"))
    other = Witness("ops", "account", "account 1")
    left = believed([Returned(tag, NOW)], NOW)
    assert left[tag] == pytest.approx(0.1)
    assert ranked([tag, other], owners, (), left)[0].owner == "ops"
    later = believed([Returned(tag, NOW)], NOW + timedelta(days=360))
    assert later[tag] > 0.9 and ranked([tag, other], owners, (), later)[0].owner == "web"
    often = believed([Returned(tag, NOW)] * 9, NOW)
    assert often[tag] == 0.05  # never nothing


def test_who_sent_it_back_comes_last_whatever_names_them(tmp_path):
    configuration = Configuration(owners=(Owner("web"), Owner("platform")), fallback="platform")
    catalogue = content(tmp_path / "c", SAFE)
    (found,) = scan(Memory(item("x", a=0, tags={"team": "web"}), ("mem",)), catalogue, [catalogue.control("t/item/a")]).found
    returns = Returns(refused={found.finding.id: frozenset({"web"})})
    assert about(configuration, TARGET, None, OutsideKnowledge(returns)).owner(found).owner == "platform"


def test_an_estate_of_many_files_is_one_and_its_mistakes_are_told_with_their_place(tmp_path):
    (tmp_path / "estate").mkdir()
    (tmp_path / "setright.toml").write_text('state = "s"\n[[targets]]\nname = "a"\nurl = "."\norganisation = "acme"\n')
    (tmp_path / "estate" / "a.toml").write_text('[[organisations]]\nname = "acme"\n')
    (tmp_path / "estate" / "b.json").write_text('{"assets": [{"name": "x", "organisation": "acme"}]}')
    whole = load_configuration(tmp_path / "setright.toml", {})
    assert [each.name for each in whole.assets] == ["x"] and whole.organisations[0].name == "acme"
    (tmp_path / "estate" / "c.toml").write_text('[[owners]]\nname = "w"\n\n[[owners]]\nname = "v"\norganisation = "acmee"\n')
    with pytest.raises(EngineError, match=r"c.toml:6: owners\[1\].organisation: .*did you mean 'acme'"):
        load_configuration(tmp_path / "setright.toml", {})
    (tmp_path / "estate" / "c.toml").write_text("[policy]\n")
    with pytest.raises(EngineError, match=r"c.toml:1: policy: no such key"):
        load_configuration(tmp_path / "setright.toml", {})

"""Whoever a tree, a tag or the configuration names is found, and where it stands is told."""

from pathlib import Path

import pytest

from setright.engine.configuration import Configuration, Target
from setright.engine.decision import NOBODY, weigh
from setright.engine.organisation import about
from setright.engine.ownership import Claims
from setright.engine.scan import scan
from setright.policy.estate import Organisation
from setright.policy.owners import Owner, declared_witnesses
from setright.policy.rules import Policy, Rule
from setright.surfaces.memory import Memory
from tests.content import content, item

OWNERS = (Owner("web", handles=("@acme/web",), organisation="shop"), Owner("data", targets=("item:*",)))
SAFE = {"t/item/a": {"require": {"a": 1}}}


def found(tmp_path, **fields):
    catalogue = content(tmp_path / "content", SAFE)
    (only,) = scan(Memory(item("x", a=0, **fields), ("mem",)), catalogue, [catalogue.control("t/item/a")]).found
    return only


@pytest.mark.parametrize(
    "tags",
    [
        {"Tags": [{"Key": "Team", "Value": "@acme/web"}]},
        {"tags": {"owner": "web"}},
        {"metadata": {"labels": {"team": "web"}}},
        {"metadata": {"annotations": {"app.kubernetes.io/owner": "web"}}},
        {"workload": {"labels": {"team": "web"}}},
    ],
)
def test_a_tag_or_label_names_its_owner(tmp_path, tags):
    told = Claims([], OWNERS, None).of(found(tmp_path, **tags))
    assert told.owner == "web" and told.evidence[0].signal in ("tag", "label") and "=" in told.why


@pytest.mark.parametrize("odd", [{"Tags": "x"}, {"tags": {"owner": ""}}, {"labels": [1, {"Key": 3}]}, {"tags": {"name": "web"}}])
def test_what_names_nobody_is_no_evidence(tmp_path, odd):
    assert Claims([], OWNERS, None).of(found(tmp_path, **odd)).owner == ""


def test_the_last_line_of_codeowners_that_matches_counts(tmp_path):
    root = repository(tmp_path, {"CODEOWNERS": "# who\n* @acme/all\n/item:x @acme/web @acme/other # the shop\n[Section]\n"})
    told = Claims([], OWNERS, root).of(found(tmp_path))
    assert told.owner == "web" and told.why == "codeowners: CODEOWNERS line 3: /item:x @acme/web"


def test_a_tree_below_the_repository_reads_its_list(tmp_path):
    root = repository(tmp_path, {".github/CODEOWNERS": "/infra/ @acme/web\n"}) / "infra"
    root.mkdir()
    assert Claims([], OWNERS, root).of(found(tmp_path)).owner == "web"


def test_a_catalogue_entry_names_the_owner_of_its_folder(tmp_path):
    root = repository(tmp_path, {"catalog-info.yaml": "kind: Component\nspec:\n  owner: group:default/web\n"})
    told = Claims([], OWNERS, root).of(found(tmp_path))
    assert told.owner == "web" and told.evidence[0].signal == "catalogue"


@pytest.mark.parametrize("text", ["owner: [", "- owner", "spec: {owner: 3}", ""])
def test_a_broken_catalogue_entry_names_nobody(tmp_path, text):
    assert Claims([], OWNERS, repository(tmp_path, {"catalog-info.yaml": text})).of(found(tmp_path)).owner == ""


def test_a_finding_is_weighed_by_what_the_organisation_says(tmp_path):
    """The owner's tag decides the organisation, the organisation the rule."""
    rule = Rule(lane="hand", organisations=("acme",))
    organisations = (Organisation("acme"), Organisation("shop", "acme"))
    configuration = Configuration(organisations=organisations, owners=OWNERS, policy=Policy((rule,)))
    target = Target("memory", "memory", importance="critical", exposure="internet")
    one = found(tmp_path, tags={"team": "web"})
    surface = Memory(item("x", a=0, tags={"team": "web"}), ("mem",))
    catalogue = content(tmp_path / "again", SAFE)
    whole = scan(surface, catalogue, [catalogue.control("t/item/a")])
    (told,) = weigh(whole, surface, about(configuration, target, None)).values()
    assert told.lane == "hand" and told.owner.owner == "web"
    assert told.leaving.score == 40 and "importance critical" in told.leaving.why
    (plain,) = weigh(whole, surface, NOBODY).values()
    assert plain.lane == "auto" and plain.leaving.score == 24 and plain.owner.owner == ""
    assert Claims(declared_witnesses(["item:x"], [], "", OWNERS), OWNERS, None).of(one).owner == "web"  # a tag goes before a rule


def repository(tmp_path: Path, files: dict[str, str]) -> Path:
    root = tmp_path / "repository"
    (root / ".git").mkdir(parents=True)
    for name, text in files.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text)
    return root

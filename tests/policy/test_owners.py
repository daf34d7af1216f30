"""Somebody answers for everything that something names an owner of; what names them is told."""

from setright.policy.owners import Owner, Ownership, Witness, declared_witnesses, ranked

WEB = Owner("web", "web@example.com", targets=("ssh://*web-*",), tags=("shop*",), handles=("@acme/web",))
REST = Owner("platform", targets=("*",))
LIST = Witness("@acme/web", "codeowners", "CODEOWNERS line 3: /shop/ @acme/web")
TAG = Witness("platform", "tag", "Tags: team = platform")


def surest(*evidence, sent_back=()):
    return ranked(evidence, [WEB, REST], sent_back)[0]


def test_a_declared_owner_goes_before_the_first_rule_that_speaks():
    assert ranked(declared_witnesses(["web-1", "ssh://web-1"], [], "platform", [WEB, REST]), [WEB, REST])[0].owner == "platform"
    assert ranked(declared_witnesses(["web-1", "ssh://web-1"], [], "ann", [WEB]), [WEB])[0].owner == "ann"


def test_else_the_first_rule_that_speaks_of_its_name_url_or_tag():
    assert surest(*declared_witnesses(["front", "ssh://ops@web-1"], [], "", [WEB, REST])).owner == "web"
    assert surest(*declared_witnesses(["db-1"], ["shop-eu"], "", [WEB, REST])).owner == "web"
    assert surest(*declared_witnesses(["db-1"], [], "", [WEB, REST])).owner == "platform"


def test_nobody_is_said_to_be_nobody():
    assert declared_witnesses(["db-1", "ssh://db-1"], ["x"], "", [WEB]) == []
    assert ranked([], [WEB]) == []
    assert Ownership().why == "nothing names an owner"


def test_other_names_of_an_owner_mean_the_same_one():
    both = surest(LIST, Witness("WEB@example.com", "last-change", "git"))
    assert both.owner == "web" and len(both.evidence) == 2


def test_witnesses_who_agree_are_surer_than_each_alone():
    alone, both = surest(LIST), surest(LIST, Witness("web", "catalogue", "catalog-info.yaml"))
    assert alone.confidence == 0.8 and both.confidence == 0.95
    assert "CODEOWNERS line 3" in both.why and "catalog-info.yaml" in both.why


def test_one_witness_told_twice_is_one_witness():
    assert surest(LIST, LIST).confidence == 0.8
    assert surest(LIST, LIST._replace(where="elsewhere")).confidence == 0.8  # the same signal


def test_what_was_sent_back_asks_the_next_one():
    assert surest(LIST, TAG).owner == "platform"
    assert surest(LIST, TAG, sent_back=["platform"]).owner == "web"
    assert surest(TAG, sent_back=["platform"]).owner == "platform"  # still better than nobody

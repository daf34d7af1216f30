"""Somebody answers for a target: who was declared, else who the first rule names."""

from setright.policy.owners import Owner, owner_of

WEB = Owner("web team", "web@example.com", targets=("ssh://*web-*",), tags=("shop*",))
REST = Owner("platform", targets=("*",))


def test_a_declared_owner_comes_first_with_the_contact_we_know():
    assert owner_of(["web-1", "ssh://web-1"], [], "platform", [WEB, REST]) is REST
    assert owner_of(["web-1"], [], "ann", [WEB]) == Owner("ann")


def test_else_the_first_rule_that_speaks_of_its_name_url_or_tag():
    assert owner_of(["front", "ssh://ops@web-1"], [], "", [WEB, REST]) is WEB
    assert owner_of(["db-1"], ["shop-eu"], "", [WEB, REST]) is WEB
    assert owner_of(["db-1"], [], "", [WEB, REST]) is REST


def test_nobody_is_said_to_be_nobody():
    assert owner_of(["db-1", "ssh://db-1"], ["x"], "", [WEB]) is None

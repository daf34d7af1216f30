"""A list of assets says what it says; what it means by that is told where nobody can know."""

from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import NameOID

from setright.engine.configuration import Configuration
from setright.engine.error import EngineError
from setright.engine.importing import Columns, read_inventory
from setright.policy.estate import Asset, Organisation
from setright.policy.owners import Owner

PEM = "-----BEGIN CERTIFICATE-----\nxx\n-----END CERTIFICATE-----"
KNOWN = Configuration(organisations=(Organisation("acme", names=("ACME Holding AG",)),), owners=(Owner("web"),))


def assets(text, **columns):
    return read_inventory(text, "list", Columns(columns), KNOWN)


def test_usual_heads_and_spellings_are_known():
    told = assets(
        "\ufeffHostname,IP Address,Env,Business Criticality,Company,Team,Tags\nweb-1,10.0.0.1,PRD,Tier-1,ACME Holding AG,web,a|b\n"
    )
    assert told.estate.assets == (
        Asset("web-1", ("10.0.0.1",), (), "production", "acme", "web", "high", tags=("a", "b"), source="list"),
    )
    assert told.strange == told.columns == told.left_out == ()


def test_what_nobody_can_know_is_told_and_left_empty():
    told = assets("name;environment;owner;company;rack\na;mars;ops;Umbrella;7\n;;;;\n")
    assert told.estate.assets[0].environment == "" and told.estate.assets[0].organisation == ""
    assert told.columns == ("rack",) and told.left_out == ("row 2 has no name",)
    assert [each.partition(":")[0] for each in told.strange] == ["environment", "organisation", "owner"]


def test_columns_are_named_and_targets_made():
    told = read_inventory("Asset No,Box\n7,db-1\n", "list", Columns({"name": "Box"}, "ssh://ops@{Box}"), KNOWN)
    assert [(t.name, t.url) for t in told.estate.targets] == [("db-1", "ssh://ops@db-1")]
    with pytest.raises(EngineError, match="there is no such column; there are Asset No, Box"):
        assets("Asset No,Box\n7,db-1\n", name="Bix")


@pytest.mark.parametrize("text", ['[{"name": "a", "tags": {"k": "v"}}]', '{"result": [{"name": "a", "tags": {"k": "v"}}], "n": 1}'])
def test_json_is_a_list_of_mappings_wherever_it_stands(text):
    (asset,) = assets(text).estate.assets
    assert asset.name == "a" and asset.tags == ("k=v",)


@pytest.mark.parametrize("text", ["", "hello", "[", "[1, 2]", "{}", "a,b\n1,2\n", PEM])
def test_what_is_no_list_is_refused_with_a_reason(text):
    with pytest.raises(EngineError, match="list"):
        assets(text)


def test_a_certificate_names_its_hosts_and_its_organisation():
    key = Ed25519PrivateKey.generate()
    names = ((NameOID.COMMON_NAME, "shop.example.com"), (NameOID.ORGANIZATION_NAME, "ACME Holding AG"))
    subject = x509.Name([x509.NameAttribute(oid, name) for oid, name in names])
    alternatives = x509.SubjectAlternativeName([x509.DNSName("shop.example.com"), x509.DNSName("www.example.com")])
    day = datetime(2026, 1, 1, tzinfo=UTC)
    built = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key()).serial_number(1)
    made = built.not_valid_before(day).not_valid_after(day.replace(year=2027)).add_extension(alternatives, False).sign(key, None)
    (asset,) = assets(made.public_bytes(serialization.Encoding.PEM).decode()).estate.assets
    assert (asset.name, asset.aliases) == ("shop.example.com", ("www.example.com",))
    assert (asset.owner, asset.signal) == ("ACME Holding AG", "certificate")


def test_whois_names_a_domain_and_who_registered_it():
    (asset,) = assets("% comment\nDomain Name: EXAMPLE.COM\nRegistrant Organization: ACME Holding AG\n").estate.assets
    assert (asset.name, asset.aliases, asset.owner, asset.signal) == ("example.com", ("*.example.com",), "ACME Holding AG", "whois")

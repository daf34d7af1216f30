"""What something is, is told by its names; what is nearer to it counts first."""

from setright.policy.assets import Assets, Traits, names_of_url, traits_of
from setright.policy.estate import Asset
from setright.policy.exploit import Exploits, cves_in

SHOP = Asset("shop-db.example.com", ("10.0.0.5",), importance="critical", owner="web", source="cmdb.csv")
ALL = Asset("*.example.com", environment="production", importance="low", exposure="internet")
ONLY = Asset("logs", targets=("aws://prod*",), owner="ops")


def test_an_asset_goes_by_any_of_its_names_whatever_their_case():
    assets = Assets([ALL, SHOP, ONLY])
    assert assets.called(["SHOP-DB.example.com"], ()) == [SHOP, ALL]  # the exact name goes first
    assert assets.called(["10.0.0.5", "10.0.0.5"], ()) == [SHOP]
    assert assets.called(["db"], ()) == [] and assets.called([""], ()) == []


def test_a_name_may_mean_one_target_only():
    assets = Assets([ONLY])
    assert assets.called(["logs"], ("aws://prod-1",)) == [ONLY]
    assert assets.called(["logs"], ("aws://test",)) == []


def test_the_first_asset_that_says_something_counts():
    told = traits_of([SHOP, ALL])
    assert told[:4] == ("production", "", "critical", "internet") and told.why == "asset *.example.com"
    assert Traits(exposure="isolated", why="a").over(Traits(exposure="internet", why="b"))[3:] == ("isolated", (), "a")


def test_a_url_names_its_host():
    assert names_of_url("ssh://ops@web-1.example.com:2222") == ("web-1.example.com", "web-1")
    assert names_of_url("ssh://ops@10.0.0.5") == ("10.0.0.5",)
    assert names_of_url("host:local") == () and names_of_url("http://[broken") == ()


def test_what_is_attacked_raises_the_risk_and_says_why():
    lists = Exploits(frozenset({"CVE-2024-3094"}), {"CVE-2023-1000": 0.42, "CVE-2022-0001": 0.01})
    assert lists.of(["cve-2024-3094", "CVE-2023-1000"]) == (
        "exploited",
        "CVE-2024-3094 in the catalogue of known exploited vulnerabilities",
    )
    assert lists.of(["CVE-2023-1000"]) == ("likely", "CVE-2023-1000 has an EPSS of 42%")
    assert lists.of(["CVE-2022-0001"]) == ("", "") == lists.of([])
    assert cves_in("fix for cve-2024-3094, xCVE-2024-1, CVE-2024-12345678") == {"CVE-2024-3094"}

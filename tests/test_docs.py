"""The documentation site has a page for everything there is, and no link that leads nowhere."""

import importlib
import re
import tomllib

import msgspec
import pytest
import yaml
from docs import build

from setright.cli import COMMANDS
from setright.engine.channels import MODULES, ROUTE_KEYS, TICKETS, routes, ticket_routes
from tests.content import shipped

CATALOGUE = shipped()
CITED = sorted({name for control_id in CATALOGUE.ids() for name in CATALOGUE.control(control_id).frameworks})


@pytest.fixture(scope="module")
def pages():
    return dict(build.gathered())


def named(entry):
    """The files and folders that a navigation names."""
    if isinstance(entry, str):
        return {entry}
    held = entry.values() if isinstance(entry, dict) else entry
    return {name for each in held for name in named(each)}


def test_every_control_kind_and_baseline_has_its_page(pages):
    assert {f"controls/{name}.md" for name in CATALOGUE.ids()} <= pages.keys()
    assert {f"kinds/{name}.md" for name in CATALOGUE.bindings} <= pages.keys()
    assert {f"baselines/{name}.md" for name in CATALOGUE.baselines} <= pages.keys()


@pytest.mark.parametrize("name", CITED)
def test_every_framework_that_a_control_cites_is_named_and_lists_it(name, pages):
    cites = {i for i in CATALOGUE.ids() if name in CATALOGUE.control(i).frameworks}
    listed = set(re.findall(r"\(\.\./controls/(\S+)\.md\)", pages[f"frameworks/{name}.md"]))
    assert listed == cites


def test_no_part_of_a_page_is_longer_than_a_search_index_holds(pages):
    parts = [(len(re.findall(r"\w+", part)), name) for name, text in pages.items() for part in re.split(r"(?m)^## ", text)]
    assert max(parts) < (30_000, ""), max(parts)


def test_a_page_shows_the_diff_that_the_fix_is_tested_to_make(pages):
    assert (
        "-permitrootlogin = yes   # until the migration is done\n+permitrootlogin = no"
        in pages["controls/linux/sshd/root-login.md"]
    )


def test_every_command_is_in_the_reference_as_it_says_itself(pages):
    told = pages["commands.md"]
    for section in COMMANDS.values():
        for name, line in section.items():
            assert f"### setright {name}\n" in told
            assert line in told


def test_the_reference_of_the_configuration_names_every_key(pages):
    told = pages["configuration.md"]
    for key in ("state", "url", "contact", "error_budget", "lane", "zone"):
        assert f"| `{key}` |" in told


@pytest.mark.parametrize("sort", MODULES | TICKETS)
def test_every_integration_has_a_page_that_says_what_it_needs_sends_and_does_when_it_fails(sort, pages):
    page = pages[f"integrations/{sort}.md"]
    headings = re.findall(r"^## (.+)$", page, re.M)
    assert headings == ["Keys", "Rights it needs", "What arrives", "When something fails", "How it was tested"]
    arrives = page.partition("## What arrives")[2].partition("\n## ")[0]
    assert "```" in arrives or "![" in arrives


@pytest.mark.parametrize("sort", MODULES | TICKETS)
def test_the_table_that_a_page_shows_is_one_that_works(sort, pages):
    """Its keys are the type's own; its secrets are places of secrets."""
    module = importlib.import_module((MODULES | TICKETS)[sort])
    page = pages[f"integrations/{sort}.md"]
    (shown,) = tomllib.loads(re.search(r"```toml\n(.*?)```", page, re.S)[1])["integrations"].values()
    assert shown["type"] == sort and routes({"x": shown}) | ticket_routes({"x": shown})
    own = {key: value for key, value in shown.items() if key not in ROUTE_KEYS}
    msgspec.convert(own, module.Options)
    assert all(own[key].split(":")[0] in ("env", "file", "keyring") for key in module.SECRETS if key in own)
    assert all(f"| `{key}` |" in page for key in module.Options.__struct_fields__)


def test_every_page_can_be_reached(pages):
    nav = named(yaml.safe_load((build.ROOT / "docs" / "mkdocs.yml").read_text())["nav"])
    folders = tuple(name for name in nav if name.endswith("/"))
    assert {name for name in pages if not name.startswith(folders)} == nav - set(folders)


def test_a_link_that_leads_nowhere_fails_the_build_and_keeps_the_site_that_was_there(tmp_path, monkeypatch):
    site = tmp_path / "site"
    site.mkdir()
    (site / "search.json").write_text("as it was")
    monkeypatch.setattr(build, "gathered", lambda: iter([("index.md", "# a\n\n[b](gone.md)\n")]))
    monkeypatch.setattr(build, "settings", lambda pages: "site_name: a\ntheme: {font: false}\n")
    assert build.main(site) != 0
    assert (site / "search.json").read_text() == "as it was"
    monkeypatch.setattr(build, "gathered", lambda: iter([("index.md", "# a\n\n[b](b.md#c)\n"), ("b.md", "# b\n\n## c\n")]))
    assert build.main(site) == 0
    assert (site / "b" / "index.html").exists()


def test_a_folder_that_is_no_site_of_ours_is_not_replaced(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(SystemExit, match="no site made here"):
        build.main(tmp_path)
    assert (tmp_path / "thesis.txt").exists()


def test_an_option_is_not_taken_for_a_folder(tmp_path):
    with pytest.raises(SystemExit, match="there are no options"):
        build.main(tmp_path / "--help")

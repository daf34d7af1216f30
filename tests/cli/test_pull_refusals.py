"""What `fix --pr` says when a remote or a forge refuses: what happened, what stands already, and the way out."""

import pytest

from tests.integrations.forge_server import Refusal

from .conftest import FIXED_AUTO, MAIN_TF, Shop, as_user


def pushed(shop: Shop, branch: str) -> str:
    """The remote's branch, set to what is committed here."""
    as_user(shop.program.tree, "push", "-q", "origin", f"HEAD:refs/heads/{branch}")
    return shop.git("rev-parse", "HEAD")


def merged(shop: Shop, text: str) -> None:
    shop.program.file.write_text(text)
    as_user(shop.program.tree, "commit", "-qam", "More")
    pushed(shop, "main")


@pytest.mark.parametrize("base", ["main", "dev"])
def test_what_people_merge_into_is_never_pushed_to(shop: Shop, base: str):
    pushed(shop, "dev")
    before = shop.branches()
    ran = shop.pr("--base", base, "--branch", "main")
    assert (ran.code, "is what people merge into" in ran.err) == (2, True)
    assert (shop.branches(), shop.forge.pulls) == (before, [])


def test_a_branch_that_stands_at_an_older_commit_of_the_base_is_not_moved(shop: Shop):
    pushed(shop, "production")
    merged(shop, MAIN_TF + "# more\n")
    before = shop.branches()
    ran = shop.pr("--branch", "production")
    assert (ran.code, "its last commit is not ours" in ran.err) == (2, True)
    assert shop.branches() == before


def test_a_branch_of_ours_that_was_merged_and_kept_serves_again(shop: Shop):
    shop.pr()
    as_user(shop.program.tree, "pull", "-q", "--ff-only", "origin", shop.branch)
    shop.forge.pulls[0]["state"] = "closed" if shop.sort == "github" else "merged"
    shop.forge.pulls[0]["merged_at"] = "2026-01-01T00:00:00Z"
    merged(shop, MAIN_TF)
    ran = shop.pr()
    assert ("Opened" in ran.out, len(shop.forge.pulls)) == (True, 2), ran.err
    assert shop.there("show", f"{shop.branch}:main.tf") + "\n" == FIXED_AUTO


@pytest.mark.parametrize("branch", ["a b", "-x", "a..b"])
def test_what_is_no_name_for_a_branch_is_told_before_anything_is_done(shop: Shop, branch: str):
    ran = shop.pr(f"--branch={branch}")
    assert (ran.code, "is no name for a branch" in ran.err, shop.forge.seen) == (3, True, [])


def test_a_branch_in_the_way_is_named(shop: Shop):
    pushed(shop, "setright")
    ran = shop.pr()
    assert (ran.code, "branch setright stands in the way" in ran.err, "--branch" in ran.err) == (3, True, True)


@pytest.mark.parametrize("hook", ["pre-receive", "update"])
def test_what_a_hook_says_is_told_without_gits_own_noise(shop: Shop, hook: str):
    file = shop.remote / "hooks" / hook
    file.write_text("#!/bin/sh\necho 'Policy: a commit names its ticket' >&2\nexit 1\n")
    file.chmod(0o755)
    ran = shop.pr()
    assert (ran.code, "Policy: a commit names its ticket" in ran.err, "nothing was pushed" in ran.err) == (3, True, True)
    assert "failed to push some refs" not in ran.err
    assert str(shop.remote) not in ran.err


@pytest.mark.parametrize("status", [401, 403, 404, 422, 500, 503])
def test_a_branch_whose_pull_request_could_not_be_opened_is_named_with_the_way_out(shop: Shop, status: int):
    shop.forge.queued = [Refusal(200, []), Refusal(status, {"message": "no"})]
    ran = shop.pr()
    assert ran.code == 3
    assert f"{shop.branch} is pushed" in ran.err
    assert f"`git push origin --delete {shop.branch}`" in ran.err


def test_a_rate_limit_after_the_push_tells_of_the_branch_too(shop: Shop):
    shop.forge.queued = [Refusal(200, []), Refusal(429, {"message": "slow down"}, {"retry-after": "600"})]
    ran = shop.pr()
    assert (ran.code, "600 s more" in ran.err, f"{shop.branch} is pushed" in ran.err) == (3, True, True)


def test_a_refusal_before_the_push_speaks_of_no_branch(shop: Shop):
    shop.forge.queued = [Refusal(503, None)]
    ran = shop.pr()
    assert (ran.code, "branch" in ran.err, list(shop.branches())) == (3, False, ["main"])


def test_one_that_could_not_be_updated_is_named_with_what_it_shows_now(shop: Shop):
    shop.pr()
    merged(shop, MAIN_TF.replace("# until the migration is done", "# for now"))
    shop.forge.page_size = 100
    listed = shop.forge.listed("", {}, list(shop.forge.pulls))[1]
    shop.forge.queued = [Refusal(200, listed), Refusal(500, {"message": "no"})]
    ran = shop.pr()
    url = shop.forge.pulls[0].get("html_url") or shop.forge.pulls[0]["web_url"]
    assert (ran.code, f"{url} shows it under its old description" in ran.err) == (3, True), ran.err


@pytest.mark.parametrize("sort", ["github"])
def test_one_that_got_no_labels_is_named(shop: Shop):
    pull = {"number": 7, "html_url": "https://github.example/7", "state": "open", "head": {"ref": "x"}, "base": {"ref": "main"}}
    shop.forge.queued = [Refusal(200, []), Refusal(201, pull), Refusal(403, {"message": "no"})]
    ran = shop.pr("--label", "security")
    assert (ran.code, "https://github.example/7 is open, without its labels (security)" in ran.err) == (3, True)


def test_no_remote_at_all_is_told(shop: Shop):
    as_user(shop.program.tree, "remote", "remove", "origin")
    assert "`git remote add` makes one" in shop.pr().err


def test_nothing_to_put_right_says_where_and_what_is_left_for_others(shop: Shop):
    ran = shop.pr(selection=("--control", "aws/rds/storage-encryption"))
    assert (ran.code, "on main" in ran.out, "wait for a decision: 1 (--all takes them in)" in ran.out) == (0, True, True)

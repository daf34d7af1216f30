"""What `fix --pr` promises, with a real bare repository as remote and a server that enforces the forge's contract."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.integrations.forge_server import TOKEN, Refusal

from .conftest import ASK, AUTO, BOTH, FIXED_AUTO, MAIN_TF, Shop, as_user


def test_the_fix_is_on_a_branch_and_nothing_here_has_changed(shop: Shop):
    shop.program.file.write_text(MAIN_TF + "# not committed yet\n")
    before = (
        shop.git("rev-parse", "HEAD"),
        shop.git("status", "--porcelain"),
        shop.git("for-each-ref", "refs/heads"),
        shop.git("config", "-l"),
    )
    ran = shop.pr("--label", "security")
    assert ran.code == 0, ran.err
    assert "Opened https://" in ran.out
    assert shop.there("show", f"{shop.branch}:main.tf") + "\n" == FIXED_AUTO
    assert before == (
        shop.git("rev-parse", "HEAD"),
        shop.git("status", "--porcelain"),
        shop.git("for-each-ref", "refs/heads"),
        shop.git("config", "-l"),
    )
    assert shop.program.file.read_text() == MAIN_TF + "# not committed yet\n"
    assert shop.git("worktree", "list").count("\n") == 0
    assert shop.forge.labels[7] == {"security"}


def test_only_what_needs_no_word_is_in_it_unless_all_is_asked_for(shop: Shop):
    shop.pr(selection=BOTH)
    assert shop.there("show", f"{shop.branch}:main.tf") + "\n" == FIXED_AUTO
    body = shop.forge.pulls[0].get("body") or shop.forge.pulls[0]["description"]
    assert "waits for a decision (1)" in body
    assert f"- [ ] `{ASK}`" in body
    assert "**Owner:** `kim@example.com` (`last-change: last change of main.tf in git`)." in body


def test_each_control_is_a_commit_of_its_own_that_names_its_plan(shop: Shop):
    ran = shop.pr("--all", "--signoff", "--format", "json", selection=BOTH)
    told = json.loads(ran.out)
    assert told["pull_request"]["commits"] == 2
    log = shop.there("log", "--format=%an <%ae>%n%B", f"main..{shop.branch}")
    assert log.count("Robin <robin@example.com>") == 4  # author and sign-off of both
    assert {line.partition(": ")[2] for line in log.splitlines() if line.startswith("Setright-Control")} == {AUTO, ASK}
    assert {line.partition(": ")[2] for line in log.splitlines() if line.startswith("Setright-Plan")} == {
        p["hash"] for p in told["plans"]
    }


@pytest.mark.parametrize("per", ["file", "all"])
def test_the_commits_can_be_one_a_file_or_one_in_all(shop: Shop, per: str):
    shop.pr("--all", "--commit-per", per, selection=BOTH)
    assert shop.there("rev-list", "--count", f"main..{shop.branch}") == "1"


def test_the_result_is_what_fix_writes(shop: Shop):
    shop.pr("--all", selection=BOTH)
    shop.program("fix", ".", *BOTH, "--all", "--yes")
    assert shop.there("show", f"{shop.branch}:main.tf") + "\n" == shop.program.file.read_text()


def test_run_again_with_nothing_new_it_says_so_and_does_nothing(shop: Shop):
    shop.pr()
    before = shop.branches()
    ran = shop.pr()
    assert (ran.code, "Nothing new" in ran.out, len(shop.forge.pulls)) == (0, True, 1)
    assert shop.branches() == before


def test_an_open_one_is_updated_when_its_change_is_another(shop: Shop):
    shop.pr()
    first = shop.branches()[shop.branch]
    shop.program.file.write_text(MAIN_TF.replace("# until the migration is done", "# for now"))
    as_user(shop.program.tree, "commit", "-qam", "Another comment")
    as_user(shop.program.tree, "push", "-q", "origin", "main")
    ran = shop.pr()
    assert ("Updated" in ran.out, len(shop.forge.pulls)) == (True, 1)
    assert shop.branches()[shop.branch] != first
    assert "# for now" in shop.there("show", f"{shop.branch}:main.tf")


def test_a_base_that_moved_elsewhere_is_nothing_new(shop: Shop):
    shop.pr()
    (shop.program.tree / "README").write_text("the shop\n")
    as_user(shop.program.tree, "add", "README")
    as_user(shop.program.tree, "commit", "-qm", "Say what it is")
    as_user(shop.program.tree, "push", "-q", "origin", "main")
    assert "Nothing new" in shop.pr().out


def test_nothing_to_put_right_opens_nothing(shop: Shop):
    shop.program.file.write_text(FIXED_AUTO)
    as_user(shop.program.tree, "commit", "-qam", "By hand")
    as_user(shop.program.tree, "push", "-q", "origin", "main")
    ran = shop.pr()
    assert (ran.code, shop.forge.pulls, list(shop.branches())) == (0, [], ["main"])
    assert "no pull request was opened" in ran.out


def test_one_that_people_closed_stays_closed(shop: Shop):
    shop.pr()
    shop.forge.pulls[0]["state"] = "closed"
    shop.there("branch", "-D", shop.branch)
    ran = shop.pr()
    assert ("was closed without merging" in ran.out, len(shop.forge.pulls), list(shop.branches())) == (True, 1, ["main"])


def test_the_work_of_people_on_the_branch_is_not_written_over(shop: Shop):
    shop.pr()
    branch = shop.branch
    as_user(shop.program.tree, "fetch", "-q", "origin", branch)
    as_user(shop.program.tree, "switch", "-qc", "mine", "FETCH_HEAD")
    shop.program.file.write_text(FIXED_AUTO + "# reviewed\n")
    as_user(shop.program.tree, "commit", "-qam", "Reviewed")
    as_user(shop.program.tree, "push", "-q", "origin", f"HEAD:{branch}")
    before = shop.branches()
    ran = shop.pr()
    assert (ran.code, "not ours" in ran.err) == (2, True)
    assert shop.branches() == before


def test_a_push_that_worked_is_not_repeated_when_opening_failed(shop: Shop):
    shop.forge.hide_once = False
    shop.forge.branches = set()
    if shop.sort == "gitlab":
        shop.forge.queued = [Refusal(200, []), Refusal(500, {"message": "broken"})]
    assert shop.pr().code == 3
    pushed = shop.branches()
    shop.forge.branches, shop.forge.queued = None, []
    assert "Opened" in shop.pr().out
    assert shop.branches() == pushed


def test_one_that_somebody_opened_in_between_is_updated(shop: Shop):
    shop.pr()
    shop.there("branch", "-D", shop.branch)
    shop.forge.hide_once = True
    ran = shop.pr()
    assert (ran.code, len(shop.forge.pulls)) == (0, 1)


def test_a_protected_branch_is_told(shop: Shop):
    hook = shop.remote / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho 'GH006: Protected branch update failed' >&2\nexit 1\n")
    hook.chmod(0o755)
    ran = shop.pr()
    assert (ran.code, "--branch" in ran.err, shop.forge.pulls) == (3, True, [])


def test_no_token_is_told_before_anything_is_pushed(shop: Shop):
    ran = shop.pr(token="")
    assert (ran.code, "--token-file" in ran.err, list(shop.branches())) == (2, True, ["main"])


def test_a_bad_token_is_told_without_it_and_before_anything_is_pushed(shop: Shop):
    ran = shop.pr(token="wrong-token-77aa")
    assert (ran.code, "not accepted" in ran.err, list(shop.branches())) == (3, True, ["main"])
    assert "wrong-token-77aa" not in ran.out + ran.err


def test_a_token_can_be_in_a_file(shop: Shop, tmp_path: Path):
    (tmp_path / "token").write_text(TOKEN + "\n")
    assert "Opened" in shop.pr("--token-file", str(tmp_path / "token"), token="").out


def test_no_remote_is_told(shop: Shop):
    ran = shop.pr("--remote", "upstream")
    assert (ran.code, "there are: origin" in ran.err) == (3, True)


def test_no_repository_is_told(shop: Shop, tmp_path: Path):
    (tmp_path / "loose").mkdir()
    ran = shop.pr(str(tmp_path / "loose"))
    assert (ran.code, "no git repository" in ran.err) == (3, True)


def test_a_login_in_the_remote_is_not_shown(shop: Shop):
    as_user(shop.program.tree, "remote", "set-url", "origin", "http://robin:hunter2-secret@127.0.0.1:9/acme/shop.git")
    ran = shop.pr()
    assert ran.code == 3
    assert "hunter2-secret" not in ran.out + ran.err


def test_secrets_of_the_sources_are_not_in_the_description(shop: Shop):
    shop.pr("--all", selection=BOTH)
    assert "correct-horse-battery" not in json.dumps(shop.forge.pulls)
    assert "main.tf:" in json.dumps(shop.forge.pulls)


def test_of_several_files_each_fear_says_which_it_is_about(shop: Shop):
    (shop.program.tree / "live").mkdir()
    (shop.program.tree / "live" / "main.tf").write_text(MAIN_TF)
    as_user(shop.program.tree, "add", ".")
    as_user(shop.program.tree, "commit", "-qm", "Go live")
    as_user(shop.program.tree, "push", "-q", "origin", "main")
    (fear,) = [each for each in shop.pr("--dry-run", "--all", selection=("--control", ASK)).out.splitlines() if "- [ ]" in each]
    assert fear.endswith("; in `main.tf`, `live/main.tf`")


def test_a_dry_run_shows_it_and_needs_no_token(shop: Shop):
    ran = shop.pr("--dry-run", token="")
    assert (ran.code, list(shop.branches()), shop.forge.seen) == (0, ["main"], [])
    assert "| right after this |" in ran.out


def test_what_is_put_right_in_many_places_is_one_row_that_names_the_first(shop: Shop):
    for name in "abcd":
        (shop.program.tree / f"{name}.tf").write_text(MAIN_TF.replace('"shop" {', f'"{name}" {{'))
    as_user(shop.program.tree, "add", ".")
    as_user(shop.program.tree, "commit", "-qm", "More")
    as_user(shop.program.tree, "push", "-q", "origin", "main")
    out = shop.pr("--dry-run", token="").out
    (row,) = [line for line in out.splitlines() if line.startswith("| [")]
    assert "5 settings" in out and row.count("<br>") == 3 and row.endswith("<br>and 2 more |")
    assert "`aws_db_instance.a` in `a.tf:7`<br>" in row


def test_a_tree_below_the_root_keeps_its_path(shop: Shop):
    infra = shop.program.tree / "infra"
    infra.mkdir()
    as_user(shop.program.tree, "mv", "main.tf", "infra/main.tf")
    as_user(shop.program.tree, "commit", "-qm", "Move")
    as_user(shop.program.tree, "push", "-q", "origin", "main")
    assert shop.pr("infra").code == 0
    assert shop.there("show", f"{shop.branch}:infra/main.tf") + "\n" == FIXED_AUTO
    assert "infra/main.tf:" in json.dumps(shop.forge.pulls)


def test_it_works_in_a_shallow_clone(shop: Shop, tmp_path: Path):
    shop.pr()
    for n in range(2):
        (shop.program.tree / "README").write_text(f"{n}\n")
        as_user(shop.program.tree, "add", "README")
        as_user(shop.program.tree, "commit", "-qm", f"Number {n}")
    as_user(shop.program.tree, "push", "-q", "origin", "main")
    subprocess.run(["git", "clone", "-q", "--depth=1", f"file://{shop.remote}", str(tmp_path / "shallow")], check=True)
    shop.program.tree = tmp_path / "shallow"
    assert "Nothing new" in shop.pr().out


def test_the_pull_request_is_in_the_ledger(shop: Shop):
    shop.pr()
    records = (Path(shop.program.env["SETRIGHT_STATE"]) / "ledger.jsonl").read_text()
    assert "pull request opened" in records


PODS = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: "/merge @all"
spec:
  template:
    spec:
      hostNetwork: true
      containers:
        - name: web
          image: shop:1.2
          securityContext:
            privileged: true
"""


def committed(shop: Shop, name: str, text: str) -> None:
    (shop.program.tree / name).write_text(text)
    as_user(shop.program.tree, "add", name)
    as_user(shop.program.tree, "commit", "-qm", f"Add {name}")
    as_user(shop.program.tree, "push", "-q", "origin", "main")


def test_names_in_the_sources_are_no_commands_to_the_forge(shop: Shop):
    committed(shop, "pods.yaml", PODS)
    ran = shop.pr("--dry-run", "--all", selection=("--control", "k8s/workload/*"))
    assert ran.code == 0, ran.err
    assert "/merge" in ran.out
    assert not re.search(r"^\s*/", ran.out, re.M)
    assert not re.search(r"@all", re.sub(r"`[^`]*`", "", ran.out))


def test_what_only_the_result_lets_ask_is_told_and_stops_nothing(shop: Shop):
    committed(shop, "pods.yaml", PODS.replace("privileged: true", "privileged: false"))
    selection = ("--control", "k8s/workload/host-network", "--control", "k8s/workload/network-policy")
    ran = shop.pr("--dry-run", "--all", selection=selection)
    assert (ran.code, "Can be asked only after this (1)" in ran.out) == (0, True), ran.err

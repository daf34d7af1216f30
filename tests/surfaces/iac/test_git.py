"""What a branch changed, by the real git."""

import os
import subprocess

import pytest

from setright.surfaces.base import SurfaceError
from setright.surfaces.iac.git import EVERY_LINE, Lines, touched

ME = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"}
TEN = "".join(f"{n}\n" for n in range(1, 11))


@pytest.fixture
def git(tmp_path):
    def run(*words):
        env = os.environ | ME | {"GIT_CONFIG_GLOBAL": "/dev/null"}
        subprocess.run(["git", *words], cwd=tmp_path, env=env, check=True, capture_output=True)

    run("init", "-q", "-b", "main")
    (tmp_path / "a.tf").write_text(TEN)
    (tmp_path / "gone.tf").write_text(TEN)
    run("add", "-A")
    run("commit", "-qm", "first")
    run("checkout", "-qb", "branch")
    return run


def test_lines_committed_staged_and_not_yet_are_all_told_as_they_stand_now(tmp_path, git):
    file = tmp_path / "a.tf"
    file.write_text(TEN.replace("2\n", "two\n", 1))
    git("commit", "-qam", "second")
    file.write_text("0\n" + file.read_text().replace("5\n", "five\nfive\n"))
    git("add", "-A")
    file.write_text(file.read_text().replace("9\n", ""))
    (tmp_path / "gone.tf").unlink()
    assert touched(tmp_path, "main") == {"a.tf": [Lines(1, 1), Lines(3, 3), Lines(6, 7), Lines(10, 11, gone=True)]}


def test_a_file_that_git_does_not_know_has_changed_whole_and_an_ignored_one_not_at_all(tmp_path, git):
    (tmp_path / "new.tf").write_text(TEN)
    (tmp_path / "ignored.tf").write_text(TEN)
    (tmp_path / ".gitignore").write_text("ignored.tf\n.gitignore\n")
    assert touched(tmp_path, "main") == {"new.tf": [EVERY_LINE]}


def test_before_the_first_commit_everything_is_new(tmp_path, git):
    git("checkout", "-q", "--orphan", "first")
    git("rm", "-qf", "gone.tf")
    (tmp_path / "new.tf").write_text(TEN)
    assert touched(tmp_path, "HEAD") == {"a.tf": [Lines(1, 10)], "new.tf": [EVERY_LINE]}


def test_what_the_other_branch_did_since_is_not_told(tmp_path, git):
    (tmp_path / "b.tf").write_text("b\n")
    git("add", "-A")
    git("commit", "-qm", "ours")
    git("checkout", "-q", "main")
    (tmp_path / "a.tf").write_text("theirs\n")
    git("commit", "-qam", "theirs")
    git("checkout", "-q", "branch")
    assert touched(tmp_path, "main") == {"b.tf": [Lines(1, 1)]}


def test_paths_are_those_of_the_folder_that_is_scanned(tmp_path, git):
    inner = tmp_path / "infra"
    inner.mkdir()
    (inner / "main.tf").write_text("a\n")
    git("add", "-A")
    (tmp_path / "a.tf").write_text("b\n")
    assert touched(inner, "main") == {"main.tf": [Lines(1, 1)]}


@pytest.mark.parametrize("name", ["a b.tf", 'q"uote.tf', "täb\t.tf", "b/+++ b.tf", "-.tf"])
def test_any_name_of_a_file_is_told_as_it_is(tmp_path, git, name):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("a\n")
    git("add", "-A")
    assert touched(tmp_path, "main") == {name: [Lines(1, 1)]}


def test_content_that_looks_like_a_diff_names_no_file(tmp_path, git):
    (tmp_path / "a.tf").write_text("-- a/x\n++ b/x\n@@ -1 +1 @@\ndiff --git a/y b/y\nno line end")
    (tmp_path / "gone.tf").write_text("-- a\n++ b\n")
    assert touched(tmp_path, "main") == {"a.tf": [Lines(1, 5)], "gone.tf": [Lines(1, 2)]}


def test_the_user_s_own_settings_of_git_change_nothing(tmp_path, git):
    for key in ("diff.noprefix", "diff.mnemonicPrefix", "core.quotePath"):
        git("config", key, "true")
    git("config", "color.ui", "always")
    git("config", "diff.external", "/bin/false")
    git("config", "diff.context", "7")
    git("config", "diff.interHunkContext", "7")
    (tmp_path / "a.tf").write_text(TEN.replace("2\n", "zwö\n", 1).replace("6\n", "sechs\n"))
    (tmp_path / "gone.tf").write_text(TEN.replace("2\n", "zwö\n", 1))
    assert touched(tmp_path, "main") == {"a.tf": [Lines(2, 2), Lines(6, 6)], "gone.tf": [Lines(2, 2)]}


@pytest.mark.parametrize("name", ["a.tf", "ünd so.tf", "a b/c.tf", "gone.tf"])
def test_a_file_whose_lines_git_does_not_show_has_changed_whole(tmp_path, git, name):
    (tmp_path / ".gitattributes").write_text("*.tf -diff\n")
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("x\n")
    git("add", "-A")
    assert touched(tmp_path, "main") == {".gitattributes": [Lines(1, 1)], name: [EVERY_LINE]}


@pytest.mark.parametrize(("folder", "above"), [(".", "in/sub/"), ("in", "sub/")])
def test_what_a_submodule_has_other_than_at_the_base_counts(tmp_path, tmp_path_factory, git, folder, above):
    other = tmp_path_factory.mktemp("other")
    here = ("-C", str(other))
    git(*here, "init", "-q", "-b", "main")
    (other / "main.tf").write_text(TEN)
    git(*here, "add", "-A")
    git(*here, "commit", "-qm", "first")
    git("-c", "protocol.file.allow=always", "submodule", "add", str(other), "in/sub")
    git("commit", "-qm", "a submodule")
    git("branch", "-f", "main")
    assert touched(tmp_path / folder, "main") == {}
    module = tmp_path / "in" / "sub"
    (module / "main.tf").write_text(TEN.replace("2\n", "zwö\n", 1))
    git("-C", str(module), "commit", "-qam", "second")
    git("commit", "-qam", "moves on")
    assert touched(tmp_path / folder, "main") == {f"{above}main.tf": [Lines(2, 2)]}
    (module / "new.tf").write_text(TEN)
    assert touched(tmp_path / folder, "main") == {f"{above}main.tf": [Lines(2, 2)], f"{above}new.tf": [EVERY_LINE]}
    git("update-index", "--cacheinfo", f"160000,{'1' * 40},in/sub")  # a commit that was never fetched
    git("commit", "-qm", "moves on")
    git("branch", "-f", "main")
    assert touched(tmp_path / folder, "main") == {f"{above}main.tf": [EVERY_LINE], f"{above}new.tf": [EVERY_LINE]}


def test_it_works_inside_a_hook_of_another_repository(tmp_path, git, monkeypatch):
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    assert touched(tmp_path, "main") == {}


@pytest.mark.parametrize("base", ["nonesuch", "--help", "", "main..branch", "HEAD:a.tf"])
def test_what_names_no_commit_is_refused(tmp_path, git, base):
    with pytest.raises(SurfaceError, match="names no commit here"):
        touched(tmp_path, base)


def test_no_repository_and_no_shared_history_are_refused(tmp_path, git):
    bare = tmp_path.parent / f"{tmp_path.name}-bare"
    bare.mkdir()
    with pytest.raises(SurfaceError, match="needs a git repository"):
        touched(bare, "main")
    git("checkout", "-q", "--orphan", "other")
    git("commit", "-qm", "other")
    with pytest.raises(SurfaceError, match="shares no history"):
        touched(tmp_path, "main")


@pytest.mark.parametrize(
    ("lines", "block", "does"),
    [
        (Lines(5, 5), (5, 9), True),
        (Lines(4, 4), (5, 9), False),
        (Lines(9, 12), (5, 9), True),
        (Lines(1, 20), (5, 9), True),
        (Lines(4, 5, gone=True), (5, 9), False),
        (Lines(5, 6, gone=True), (5, 9), True),
        (Lines(9, 10, gone=True), (5, 9), False),
    ],
)
def test_a_block_is_touched_by_lines_in_it_and_by_lines_that_went_from_inside_it(lines, block, does):
    assert lines.touch(*block) is does

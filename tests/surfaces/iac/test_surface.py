"""A tree of source files is written whole or not at all, only where nothing moved, and never outside."""

import contextlib
import ctypes
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from setright.model import Change, Want
from setright.surfaces.base import Moved, SurfaceError
from setright.surfaces.iac.surface import MAX_SIZE_BYTES, SourceTree

BUCKET = b'resource "aws_s3_bucket" "logs" {}\n'
ALL = [Want("aws/s3/bucket", {})]


@pytest.fixture
def tree(tmp_path):
    (tmp_path / "live" / "eu").mkdir(parents=True)
    (tmp_path / "live" / "eu" / "main.tf").write_bytes(BUCKET)
    return SourceTree(tmp_path / "live")


def change(before=BUCKET, after=b"# new\n", locator="eu/main.tf"):
    return Change(locator, "hcl", before, after)


def file(tree, locator="eu/main.tf"):
    return tree.root / locator


def test_a_file_that_moved_is_left_alone(tree):
    file(tree).write_bytes(b"# theirs\n")
    with pytest.raises(Moved, match="eu/main.tf: changed since it was read"):
        tree.write(change())
    assert file(tree).read_bytes() == b"# theirs\n"


def test_a_file_that_came_or_went_has_moved(tree):
    with pytest.raises(Moved):
        tree.write(change(before=None))
    file(tree).unlink()
    with pytest.raises(Moved):
        tree.write(change())


def test_writing_what_is_there_already_touches_nothing(tree):
    tree.write(change())
    before = file(tree).stat()
    tree.write(change())
    assert (file(tree).stat().st_ino, file(tree).stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_mode_stays_and_nothing_else_is_left_in_the_directory(tree):
    file(tree).chmod(0o640)
    tree.write(change())
    assert file(tree).read_bytes() == b"# new\n"
    assert stat.S_IMODE(file(tree).stat().st_mode) == 0o640
    assert [entry.name for entry in (tree.root / "eu").iterdir()] == ["main.tf"]


def test_what_a_killed_process_left_half_written_goes_with_the_next_write(tree):
    file(tree, "eu/.main.tf.setright").write_text("# ne")
    file(tree, "eu/.main.tf.setright").chmod(0o640)
    tree.write(change())
    assert file(tree).read_bytes() == b"# new\n"
    assert stat.S_IMODE(file(tree).stat().st_mode) == 0o644
    assert [entry.name for entry in (tree.root / "eu").iterdir()] == ["main.tf"]


def test_writers_by_several_roots_write_it_whole_and_leave_nothing(tree):
    texts = [f"# {number}\n".encode() * 20_000 for number in range(2)]
    file(tree).write_bytes(texts[0])

    def to_and_fro(surface, locator):
        for number in range(60):
            with contextlib.suppress(Moved):
                surface.write(change(texts[number % 2], texts[1 - number % 2], locator))
            assert file(tree).read_bytes() in texts

    with ThreadPoolExecutor(2) as pool:
        both = [(tree, "eu/main.tf"), (SourceTree(tree.root / "eu"), "main.tf")]
        for each in [pool.submit(to_and_fro, *one) for one in both]:
            each.result()
    assert [entry.name for entry in (tree.root / "eu").iterdir()] == ["main.tf"]


def test_a_new_file_goes_away_again_with_its_way_back(tree):
    new = change(before=None, locator="eu/new.tf")
    tree.write(new)
    assert file(tree, "eu/new.tf").read_bytes() == b"# new\n"
    tree.write(new.inverse())
    assert not file(tree, "eu/new.tf").exists()


@pytest.mark.parametrize("locator", ["../outside.tf", "eu/../../outside.tf", "/etc/passwd", "link.tf", "folder/x.tf"])
def test_no_locator_leads_out_of_the_tree(tree, tmp_path, locator):
    (tmp_path / "outside.tf").write_bytes(BUCKET)
    (tmp_path / "elsewhere").mkdir()
    (tree.root / "link.tf").symlink_to(tmp_path / "outside.tf")
    (tree.root / "folder").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SurfaceError, match="leads out of|is a link"):
        tree.write(change(locator=locator))
    with pytest.raises(SurfaceError, match="leads out of|is a link"):
        tree.again([locator])
    assert (tmp_path / "outside.tf").read_bytes() == BUCKET


def test_a_file_that_is_too_large_is_a_problem_and_the_rest_is_read(tree):
    (tree.root / "huge.tf").write_bytes(b"#" * (MAX_SIZE_BYTES + 1))
    reading = tree.read(ALL)
    assert [d.locator for d in reading.documents] == ["eu/main.tf"]
    assert [p.locator for p in reading.problems] == ["huge.tf"]


def test_one_file_may_be_a_target(tree):
    only = SourceTree(file(tree))
    assert [d.locator for d in only.read(ALL).documents] == ["main.tf"]


def test_a_place_that_is_not_there_is_said(tmp_path):
    with pytest.raises(SurfaceError, match="no such file or directory"):
        SourceTree(tmp_path / "nowhere")


def test_only_what_lies_near_is_read_again(tree):
    (tree.root / "us").mkdir()
    (tree.root / "us" / "main.tf").write_bytes(BUCKET)
    near = tree.read([Want("aws/s3/bucket", {}, near=("eu/main.tf",))])
    assert [d.locator for d in near.documents] == ["eu/main.tf"]
    assert len(tree.read(ALL).documents) == 2


@pytest.mark.parametrize(("name", "said"), [(b"latin\xe9.tf", "latin\\xe9.tf"), (b"two\nlines.tf", "two\\nlines.tf")])
def test_a_name_that_no_report_could_tell_is_a_problem_and_the_rest_is_read(tree, name, said):
    Path(os.fsdecode(os.fsencode(tree.root) + b"/" + name)).write_bytes(BUCKET)
    reading = tree.read(ALL)
    assert [d.locator for d in reading.documents] == ["eu/main.tf"]
    assert [(p.locator, "rename it" in p.why) for p in reading.problems] == [(said, True)]


def test_what_the_repository_leaves_out_above_the_folder_is_left_out(tree, tmp_path):
    inner = tmp_path / "repository" / "deploy" / "tree"
    (inner / "eu").mkdir(parents=True)
    (tmp_path / ".gitignore").write_text("*\n")  # above the repository
    (tmp_path / "repository" / ".git").mkdir()
    for name in ("main", "cache", "kept"):
        (inner / "eu" / f"{name}.tf").write_bytes(BUCKET)
    (tmp_path / "repository" / ".gitignore").write_text("/deploy/*/eu/cache.tf\nkept.tf\n")
    (inner.parent / ".gitignore").write_text("!kept.tf\n")
    assert [d.locator for d in SourceTree(inner).read(ALL).documents] == ["eu/kept.tf", "eu/main.tf"]
    (tmp_path / "repository" / ".gitignore").write_text("deploy/\n")  # who names a folder that is left out means it
    assert len(SourceTree(inner).read(ALL).documents) == 3


@pytest.mark.parametrize("unread", ["us", "us/.gitignore"])
def test_what_may_not_be_read_is_a_problem_and_the_rest_is_read(tree, unread):
    (tree.root / "us").mkdir()
    (tree.root / "us" / ".gitignore").touch()
    (tree.root / unread).chmod(0)
    with no_root():
        reading = tree.read(ALL)
    (tree.root / unread).chmod(0o700)
    assert [d.locator for d in reading.documents] == ["eu/main.tf"]
    assert [(p.locator.rstrip("/"), p.why) for p in reading.problems] == [(unread, "cannot be read: Permission denied")]


@contextlib.contextmanager
def no_root():
    """Takes from this thread what lets root read everything (capabilities(7): CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH)."""
    libc, header = ctypes.CDLL(None, use_errno=True), (ctypes.c_uint32 * 2)(0x20080522, 0)
    had = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable; twice
    assert libc.capget(header, had) == 0
    less = (ctypes.c_uint32 * 6)(had[0] & ~0b110, *had[1:])
    assert libc.capset(header, less) == 0
    try:
        yield
    finally:
        assert libc.capset(header, had) == 0


def test_what_is_no_file_of_its_own_is_not_waited_for(tree):
    os.mkfifo(tree.root / "eu" / "pipe.tf")
    (tree.root / "eu" / "link.tf").symlink_to(tree.root / "eu" / "main.tf")
    near = [Want("aws/s3/bucket", {}, near=("eu/main.tf",))]
    for wants in (ALL, near):
        assert [each.locator for each in tree.read(wants).documents] == ["eu/main.tf"]
    with pytest.raises(SurfaceError, match="neither a file nor a directory"):
        SourceTree(tree.root / "eu" / "pipe.tf")


def test_what_a_compose_file_keeps_its_secrets_in_is_read_though_git_leaves_it_alone(tmp_path):
    (tmp_path / "app").mkdir()
    (tmp_path / "app/compose.yaml").write_text("services: {}\n")
    (tmp_path / "app/.env").write_text("A_PASSWORD=s3cret\n")
    (tmp_path / ".gitignore").write_text(".env\n")
    read = {each.locator: (each.lens, each.data) for each in SourceTree(tmp_path).read(ALL).documents}
    assert read["app/.env"] == ("dotenv", b"A_PASSWORD=s3cret\n")
    assert read[".gitignore"] == ("names", b".env\n")
    assert read["app/.gitignore"] == ("names", None)
    assert SourceTree(tmp_path).again(["app/.env"])["app/.env"].lens == "dotenv"


def test_a_link_in_the_place_of_a_file_of_secrets_is_left_out(tmp_path):
    (tmp_path / "compose.yaml").write_text("services: {}\n")
    (tmp_path / ".env").symlink_to("/etc/hostname")
    assert ".env" not in {each.locator for each in SourceTree(tmp_path).read(ALL).documents}


def test_a_new_file_of_secrets_is_its_owners_and_people_see_its_names_alone(tmp_path):
    surface = SourceTree(tmp_path)
    surface.write(Change(".env", "dotenv", None, b"A_SALT=s3cret\n"))
    assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600
    said = surface.in_words(".env", b"# s3cret\nexport B=s3cret\n", b"A_SALT=s3cret\n  s3cret")
    assert said == (b"...\nexport B=...\n", b"A_SALT=...\n...")
    assert surface.in_words("main.tf", b"a", b"b") is None


def test_files_that_compose_may_give_to_containers_are_read(tmp_path):
    for name in ("compose.yaml", "db.env", "env/.env-non-dev", "env/deep/a.env", "app/readme.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("services: {}\n" if name == "compose.yaml" else "A=b\n")
    (tmp_path / "bad.env").write_bytes(b"A=\xff\n")
    read = {each.locator for each in SourceTree(tmp_path).read(ALL).documents if each.data is not None}
    assert read == {"compose.yaml", "db.env", "env/.env-non-dev"}

"""Adopted findings are known again, wherever the lines and the tree go; what is new or right is told."""

import pytest

from setright.engine.adopted import NAME, ListPlace, adopted, adopted_apart, find, load_adopted, righted, text_of
from setright.engine.error import EngineError
from setright.engine.scan import scan
from setright.surfaces.iac.surface import SourceTree
from tests.content import shipped

SHIPPED = shipped()
KEY = 'resource "aws_kms_key" "{}" {{\n  enable_key_rotation = false\n}}\n'


def seen(place, control="aws/kms/rotation"):
    surface = SourceTree(place)
    return scan(surface, SHIPPED, [SHIPPED.control(control)]), surface.root


def adopt(root, where=None):
    file = (where or root) / NAME
    found, tree = seen(root)
    file.write_text(text_of(adopted(f, ListPlace(file, tree, {}), "2026-01-02") for f in found.found))
    return file


def left(place, file):
    found, root = seen(place)
    return adopted_apart(found, ListPlace(file, root, load_adopted(file)))


@pytest.fixture
def tree(tmp_path):
    root = tmp_path / "tree"
    (root / "infra").mkdir(parents=True)
    (root / "infra" / "main.tf").write_text(KEY.format("a") + KEY.format("b"))
    return root


def test_lines_and_values_move_and_the_finding_stays_adopted(tree):
    file = adopt(tree)
    (tree / "infra" / "main.tf").write_text("# moved\n\n" + KEY.format("b") + "\n" + KEY.format("a"))
    after = left(tree, file)
    assert after.found == () and after.notices == ()
    assert {(e.finding.resource, e.kind) for e in after.excepted} == {
        ("infra/aws_kms_key.a", "adopted"),
        ("infra/aws_kms_key.b", "adopted"),
    }


def test_the_tree_moves_and_part_of_it_is_scanned_and_the_finding_stays_adopted(tree, tmp_path):
    adopt(tree)
    moved = tree.rename(tmp_path / "elsewhere")
    for place in (moved, moved / "infra", moved / "infra" / "main.tf"):
        after = left(place, moved / NAME)
        assert (len(after.excepted), after.found, after.notices) == (2, (), ())


def test_a_new_finding_and_the_same_name_in_another_file_count(tree):
    file = adopt(tree)
    (tree / "main.tf").write_text(KEY.format("a"))
    (tree / "infra" / "main.tf").write_text("".join(KEY.format(name) for name in "abc"))
    assert [f.resource.name for f in left(tree, file).found] == ["aws_kms_key.a", "infra/aws_kms_key.c"]


def test_what_is_right_or_gone_is_told_so_that_the_list_can_shrink(tree):
    file = adopt(tree)
    (tree / "infra" / "main.tf").write_text(KEY.format("a").replace("false", "true") + KEY.format("b"))
    (notice,) = left(tree, file).notices
    assert "aws/kms/rotation on aws_kms_key.a: right now" in notice.why and "--prune" in notice.why
    (tree / "infra" / "main.tf").unlink()
    (notice,) = left(tree, file).notices
    assert "aws_kms_key.a" in notice.why and "aws_kms_key.b" in notice.why
    assert "the file is gone" in notice.why and "right now" not in notice.why


def test_of_what_was_not_looked_at_or_could_not_be_read_nothing_is_said(tree):
    file = adopt(tree)
    (tree / "other").mkdir()
    (tree / "other" / "main.tf").write_text("")
    assert left(tree / "other", file).notices == ()
    (tree / "infra" / "main.tf").write_text("resource {{{")
    assert left(tree, file).notices == ()
    (tree / "infra" / "main.tf").write_text("")
    found, root = seen(tree, "aws/s3/versioning")
    assert righted(found, ListPlace(file, root, load_adopted(file))) == []


def test_the_list_is_looked_for_up_to_the_repository_s_root_and_no_further(tree, tmp_path):
    adopt(tree, tmp_path)
    assert find(tree / "infra") is None
    (tmp_path / ".git").mkdir()
    assert find(tree / "infra") == tmp_path / NAME
    (tree / ".git").write_text("gitdir: elsewhere\n")
    assert find(tree / "infra") is None
    adopt(tree)
    assert find(tree / "infra") == tree / NAME


def test_the_list_is_the_same_whenever_it_is_written(tree):
    file = adopt(tree)
    assert text_of(reversed(load_adopted(file).values())) == file.read_text()


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"schema": "setright/2", "adopted": []}', '{"schema": "setright/1", "adopted": [{}]}']
)
def test_what_is_no_list_is_refused_with_its_name(tmp_path, text):
    (tmp_path / NAME).write_text(text)
    with pytest.raises(EngineError, match=NAME):
        load_adopted(tmp_path / NAME)
    with pytest.raises(EngineError, match="No such file"):
        load_adopted(tmp_path / "none")

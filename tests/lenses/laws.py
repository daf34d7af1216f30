"""The lens laws, for tests that make up files and edits."""

from setright import lenses
from setright.lenses import LensError, edited
from setright.model import Edit
from setright.trees import same


def hold(name: str, source: bytes, edit: Edit) -> bool:
    """Asserts the laws on one file and one edit; False where the lens refuses either."""
    lens = lenses.lens(name)
    try:
        tree = lens.get(source)
        assert lens.put(source, []) == source
        after = lenses.put(name, source, [edit])
    except LensError:
        return False
    assert same(lens.get(after), edited(tree, [edit]))
    assert lens.put(after, [edit]) == after
    return True


def comments(source: bytes, marks: bytes = b"#") -> list[bytes]:
    return [line.strip() for line in source.split(b"\n") if line.strip()[:1] and line.strip()[:1] in marks]

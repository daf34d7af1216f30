"""Comments are found where the format has them, and nowhere else."""

import contextlib
import time

import pytest

from setright.lenses import LensError, get
from setright.lenses.comments import comments

HCL = """\
# one
a = "# no" # two
b = "${lookup(x, "// no")}" // three
c = <<-EOT
  # no
  EOT
d = "http://no" /* four
five */
e = [ # six
  1,
]
f = "\\"# no"
"""
YAML = """\
\ufeff# one
a: "# no" # two
b: no#no
c: |  # three
  # no
  text
# four
d: >
  # no

  # no
e: 'it''s
  # no'
f: plain  # five
"""
DOCKERFILE = """\
# syntax=docker/dockerfile:1
FROM a
RUN x # no
RUN a \\
  # two
  b
RUN <<EOF
# no
EOF
  # three
USER a
"""


@pytest.mark.parametrize(
    ("lens", "text", "told"),
    [
        ("hcl", HCL, ["one", "two", "three", "four\nfive", "six"]),
        ("yaml", YAML, ["one", "two", "three", "four", "five"]),
        ("dockerfile", DOCKERFILE, ["syntax=docker/dockerfile:1", "two", "three"]),
        ("json", '{"a": "# no"}', []),
    ],
)
def test_what_stands_in_a_string_is_no_comment(lens, text, told):
    get(lens, text.encode())
    found = comments(lens, text.encode())
    assert [c.text for c in found] == told
    lines = text.split("\n")
    for each in found:
        assert each.text.split("\n")[0] in lines[each.first - 1]
        assert each.text.split("\n")[-1] in lines[each.last - 1]
        assert each.alone == lines[each.first - 1].lstrip("\ufeff \t").startswith(("#", "//", "/*"))


def test_line_ends_of_windows_change_nothing():
    for lens, text in (("hcl", HCL), ("yaml", YAML)):
        unix, windows = (comments(lens, t.encode()) for t in (text, text.replace("\n", "\r\n")))
        assert [(c.first, c.last, c.alone) for c in unix] == [(c.first, c.last, c.alone) for c in windows]


@pytest.mark.parametrize("lens", ["hcl", "yaml", "dockerfile"])
@pytest.mark.parametrize("data", [b"\xff", b'"${' * 20000, b"/*" * 20000, b"<<A\n" * 20000, b"# \n" * 20000, b"- |\n" * 5000])
def test_hostile_bytes_take_no_time(lens, data):
    started = time.process_time()
    with contextlib.suppress(LensError):
        comments(lens, data)
    assert time.process_time() - started < 20  # a quadratic lens takes minutes

"""A comment leaves open the finding that it stands beside, and no other."""

from datetime import date

import pytest

from setright.engine.plan import plan
from setright.engine.scan import scan
from setright.engine.suppress import heed
from setright.surfaces.iac.surface import SourceTree
from tests.content import shipped

SHIPPED = shipped()
TODAY = date(2026, 6, 1)
ROTATION, VERSIONING, ESCALATION = "aws/kms/rotation", "aws/s3/versioning", "k8s/workload/privilege-escalation"
KEY = 'resource "aws_kms_key" "{name}" {{\n  enable_key_rotation = false{end}\n}}\n'
POD = """\
apiVersion: v1
kind: Pod
metadata: {{name: {name}}}
spec:
  containers:
    - name: one
      image: x
"""


def heeded(tmp_path, text, control=ROTATION, name="main.tf", today=TODAY):
    (tmp_path / name).write_text(text)
    surface = SourceTree(tmp_path)
    seen = heed(scan(surface, SHIPPED, [SHIPPED.control(control)]), SHIPPED.ids(), today)
    assert seen.problems == ()
    return seen


def key(name, end=""):
    return KEY.format(name=name, end=end)


SAID = f"setright:ignore {ROTATION} until 2026-06-01: test keys"
BESIDE = [
    f"# {SAID}\n{key('a')}",
    f"// {SAID}\n{key('a')}",
    f"/* {SAID} */\n{key('a')}",
    f"/*\n  {SAID}\n*/\n{key('a')}",
    f"/**\n * {SAID}\n */\n{key('a')}",
    f"# {SAID}\n# the key of the shop\n{key('a')}",
    key("a", f"  # {SAID}"),
    key("a").replace("{\n", f"{{\n  # {SAID}\n"),
    key("a").replace("{\n", f"{{ # {SAID}\n"),
]


@pytest.mark.parametrize("text", BESIDE)
def test_a_comment_above_in_or_at_the_end_of_a_line_of_the_block_is_honoured(tmp_path, text):
    seen = heeded(tmp_path, f"{key('before')}\n{text}\n{key('after')}")
    assert [(e.finding.resource, e.kind, e.reason, e.until) for e in seen.excepted] == [
        ("aws_kms_key.a", "comment", "test keys", "2026-06-01")
    ]
    assert [f.finding.resource for f in seen.found] == ["aws_kms_key.after", "aws_kms_key.before"]
    assert seen.notices == ()


def test_what_a_comment_leaves_open_is_never_planned(tmp_path):
    seen = heeded(tmp_path, BESIDE[0])
    assert plan(seen, SourceTree(tmp_path)).plans == ()


@pytest.mark.parametrize(
    "text",
    [
        f"# {SAID}\n\n{key('a')}",
        f"{key('a')}# {SAID}\n",
        key("a", f'\n  description = "# {SAID}"'),
        key("a", f"\n  policy = <<EOT\n# {SAID}\nEOT"),
        f"# setright:ignore {VERSIONING}: another control\n{key('a')}",
        f"# checkov:skip={ROTATION}: another tool\n{key('a')}",
        f"# {SAID.replace('2026-06-01', '2026-05-31')}\n{key('a')}",
        f"# setright:ignore {ROTATION}\n{key('a')}",
        f"# setright:ignore aws/kms/*: no globs\n{key('a')}",
    ],
)
def test_nothing_else_is_honoured(tmp_path, text):
    seen = heeded(tmp_path, text)
    assert [f.finding.resource for f in seen.found] == ["aws_kms_key.a"]
    assert seen.excepted == ()


@pytest.mark.parametrize(
    ("comment", "why"),
    [
        (f"setright:ignore {ROTATION}", "gives no reason"),
        (f"setright:ignore {ROTATION} until 2020-01-01: old", "ended on 2020-01-01"),
        ("setright:ignore aws/kms/rotatoin: typo", "names no control there is: aws/kms/rotatoin"),
        (f"Setright:Ignore {ROTATION}: another case", "begins with 'Setright:Ignore'; write"),
    ],
)
def test_a_comment_that_is_not_honoured_is_told_with_its_line(tmp_path, comment, why):
    notices = heeded(tmp_path, f"# shop\n# {comment}\n{key('a')}").notices
    assert [n.locator for n in notices] == ["main.tf:2"]
    assert why in notices[0].why


def test_a_comment_where_the_value_stands_is_honoured_though_the_resource_is_elsewhere(tmp_path):
    bucket = 'resource "aws_s3_bucket" "a" {\n  bucket = "a"\n}\n\n'
    versioning = 'resource "aws_s3_bucket_versioning" "a" {\n  bucket = aws_s3_bucket.a.id\n  versioning_configuration {\n'
    versioning += f'    status = "Suspended" # setright:ignore {VERSIONING}: replicated\n  }}\n}}\n'
    assert [e.reason for e in heeded(tmp_path, bucket + versioning, VERSIONING).excepted] == ["replicated"]


@pytest.mark.parametrize("top", ["# {}\n", "# {}\n\n# of the shop\n", "---\n# {}\n"])
def test_a_comment_at_the_top_of_a_manifest_covers_that_document_alone(tmp_path, top):
    said = f"setright:ignore {ESCALATION}: setuid helper"
    text = top.format(said) + POD.format(name="a") + "---\n" + POD.format(name="b")
    seen = heeded(tmp_path, text, ESCALATION, "pods.yaml")
    assert [e.finding.resource for e in seen.excepted] == ["Pod/a"]
    assert [f.finding.resource for f in seen.found] == ["Pod/b"]
    second = POD.format(name="a") + "---\n" + top.format(said).removeprefix("---\n") + POD.format(name="b")
    assert [e.finding.resource for e in heeded(tmp_path, second, ESCALATION, "pods.yaml").excepted] == ["Pod/b"]


def test_a_comment_above_the_key_of_a_yaml_block_or_in_it_covers_the_block(tmp_path):
    above = f"Resources:\n  # setright:ignore {VERSIONING}: why\n  A:\n    Type: AWS::S3::Bucket\n  B:\n    Type: AWS::S3::Bucket\n"
    inside = above.replace(f"  # setright:ignore {VERSIONING}: why\n", "").replace(
        "A:\n", f"A:\n    # setright:ignore {VERSIONING}: why\n"
    )
    for text in (above, inside):
        seen = heeded(tmp_path, text, VERSIONING, "template.yaml")
        assert ([e.finding.resource for e in seen.excepted], [f.finding.resource for f in seen.found]) == (["A"], ["B"])


def test_a_dockerfile_s_comments_are_whole_lines(tmp_path):
    text = "FROM alpine:3.20\n# setright:ignore docker/image/user: a base image\nRUN true\n"
    assert len(heeded(tmp_path, text, "docker/image/user", "Dockerfile").excepted) == 1
    text = "FROM alpine:3.20\nRUN true # setright:ignore docker/image/user: a base image\n"
    assert heeded(tmp_path, text, "docker/image/user", "Dockerfile").excepted == ()


def test_of_two_resources_of_one_name_only_the_one_beside_the_comment_is_left_open(tmp_path):
    text = f"# setright:ignore {ESCALATION}: setuid helper\n{POD.format(name='a')}---\n{POD.format(name='a')}"
    seen = heeded(tmp_path, text, ESCALATION, "pods.yaml")
    assert (len(seen.excepted), len(seen.found)) == (1, 1)


def test_a_comment_apart_from_what_it_means_is_told_while_that_is_found(tmp_path):
    seen = heeded(tmp_path, f"# {SAID}\n\n{key('a')}\n# {SAID}\n{key('b')}")
    assert [f.finding.resource for f in seen.found] == ["aws_kms_key.a"]
    assert [(n.locator, "directly above the resource" in n.why) for n in seen.notices] == [("main.tf:1", True)]
    right = key("a").replace("false", "true")
    assert heeded(tmp_path, f"# {SAID}\n\n{right}").notices == ()


def test_a_comment_in_capitals_is_told(tmp_path):
    (notice,) = heeded(tmp_path, f"# {SAID.upper()}\n{key('a')}").notices
    assert "begins with 'SETRIGHT:IGNORE'" in notice.why

"""Memory and time over the size of a tree, all files in one directory: python -m bench.flat [--fix] [FILES...]

A third each of Terraform, Kubernetes and CloudFormation. Growth is linear where the figures a file stay what they are.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from pathlib import Path

from bench.measure import SETRIGHT, Spent, run

BUCKET = """resource "aws_s3_bucket" "b{0}" {{
  bucket = "data-{0}"
}}

resource "aws_db_instance" "d{0}" {{
  engine              = "postgres"
  publicly_accessible = true
}}
"""
POD = """apiVersion: v1
kind: Pod
metadata:
  name: p{0}
  namespace: shop
spec:
  containers:
    - name: web
      image: nginx
      securityContext:
        privileged: true
"""
TEMPLATE = """Resources:
  Queue{0}:
    Type: AWS::SQS::Queue
  Key{0}:
    Type: AWS::KMS::Key
    Properties:
      KeyPolicy: {{}}
"""
KINDS = (("tf", BUCKET), ("yaml", POD), ("template", TEMPLATE))


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--fix", action="store_true", help="`fix --all` instead of `scan`")
    words.add_argument("files", nargs="*", type=int, default=[100, 1000, 10_000])
    given = words.parse_args()
    print(f"{'files':>7} {'wall s':>8} {'CPU s':>8} {'MB':>6} {'findings':>9} {'ms a file':>10} {'kB a file':>10}")
    with tempfile.TemporaryDirectory() as empty:
        base_mb = run([SETRIGHT, "scan", empty], os.environ | {"SETRIGHT_STATE": f"{empty}/.state"}).peak_mb
    for count in given.files:
        spent, findings = measured(count, given.fix)
        kb = (spent.peak_mb - base_mb) * 1024 / count
        each = f"{spent.cpu_s / count * 1000:10.2f} {kb:10.1f}"
        print(f"{count:7} {spent.wall_s:8.2f} {spent.cpu_s:8.2f} {spent.peak_mb:6.0f} {findings:9} {each}", flush=True)


def measured(count: int, fix: bool) -> tuple[Spent, int]:
    """What it costs over a new tree of so many files, and how many findings there are."""
    with tempfile.TemporaryDirectory() as place:
        tree = Path(place) / "tree"
        grow(tree, count)
        env = os.environ | {"SETRIGHT_STATE": f"{place}/state"}
        words = ["fix", str(tree), "--all", "--yes"] if fix else ["scan", str(tree), "--fail-on", "never"]
        spent = run([SETRIGHT, *words, "--format", "json"], env)
        told = json.loads(spent.out)
    return spent, (told["summary"]["scan"] if fix else told["summary"])["failed"]


def grow(tree: Path, count: int) -> None:
    tree.mkdir(parents=True)
    for number in range(count):
        suffix, text = KINDS[number % len(KINDS)]
        (tree / f"f{number:05}.{suffix}").write_text(text.format(number))


if __name__ == "__main__":
    main()

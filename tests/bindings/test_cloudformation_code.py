"""Whether code that stands in a template surely runs on a newer language."""

import pytest

from setright.bindings.layouts._cloudformation_code import code
from setright.model import Plain, Unknown


def told(runtime: str, text: Plain, **more: Plain) -> str:
    return code({}, "F", {"Runtime": runtime, "Code": {"ZipFile": text}, **more})


@pytest.mark.parametrize(
    "text",
    [
        "import json, boto3\nfrom urllib.request import urlopen\ndef handler(event, context):\n    return json.dumps(event)\n",
        "import cfnresponse\nPLACE = '${AWS::Region}'\n",
        Unknown("!Sub |\n  import os\n  TABLE = '${Table}'\n  def handler(e, c):\n      pass\n"),
    ],
)
def test_python_that_uses_little_runs_on_a_newer_one(text: Plain) -> None:
    assert told("python3.7", text) == "python"


@pytest.mark.parametrize(
    "text",
    [
        "import requests\n",
        "from botocore.vendored import requests\n",
        "import collections\nX = collections.Mapping\n",
        "import json\njson.loads('{}', encoding='utf-8')\n",
        "from . import helper\n",
        "print 'old'\n",
        "exec('import imp')\n",
        "x = " + "(" * 5000,
        Unknown("!Ref Source"),
        None,
    ],
)
def test_anything_else_in_python_is_not_told(text: Plain) -> None:
    assert told("python3.7", text).startswith("elsewhere")


def test_what_layers_bring_is_not_seen() -> None:
    assert told("python3.7", "import json\n", Layers=["arn"]).startswith("elsewhere")


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("var response = require('cfn-response'); exports.handler = (e, c) => response.send(e, c, response.SUCCESS);", "node"),
        ("const https = require('node:https');", "node"),
        ("const AWS = require('aws-sdk');", "elsewhere, or not surely fine"),
        ("const x = require(name);", "elsewhere, or not surely fine"),
        ("import fs from 'fs';", "elsewhere, or not surely fine"),
    ],
)
def test_node_that_uses_little_runs_on_a_newer_one(text: str, runs: str) -> None:
    assert told("nodejs12.x", text) == runs

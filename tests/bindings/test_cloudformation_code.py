"""Whether code that stands in a template surely runs on a newer language."""

import pytest

from setright.bindings.layouts._cloudformation_code import code
from setright.model import Plain, Tree, Unknown


def told(runtime: str, text: Plain, **more: Plain) -> str:
    return code({"Resources": {}}, "F", {"Runtime": runtime, "Code": {"ZipFile": text}, **more})


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


@pytest.mark.parametrize(
    "text",
    [
        "from botocore.vendored import requests\n",
        "import json\nimport imp\n",
        Unknown('Fn::Join: ["\\n", ["import json", "import imp", {"Ref": "X"}]]'),
        Unknown("!Join\n- ''\n- - |\n    import imp\n"),
    ],
)
def test_python_that_takes_what_went_away_is_told(text: Plain) -> None:
    assert told("python3.7", text) == "python, which takes what went away"


def test_what_layers_bring_is_not_seen() -> None:
    assert told("python3.7", "import json\n", Layers=["arn"]).startswith("elsewhere")


@pytest.mark.parametrize(("runtimes", "ready"), [(["python3.7"], False), (["python3.7", "python3.12"], True), (None, True)])
def test_a_layer_for_one_version_keeps_its_functions_there(runtimes: Plain, ready: bool) -> None:
    layer = {"Type": "AWS::Serverless::LayerVersion", "Properties": {"CompatibleRuntimes": runtimes}}
    tree: Tree = {"Runtime": "python3.7", "Layers": [Unknown("!Ref Utils")]}
    assert code({"Resources": {"Utils": layer}}, "F", tree).startswith("elsewhere" if ready else "python, with a layer")


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("var response = require('cfn-response'); exports.handler = (e, c) => response.send(e, c, response.SUCCESS);", "node"),
        ("const https = require('node:https');", "node"),
        ("const AWS = require('aws-sdk');", "node, which takes what went away"),
        ("const AWS = require('@aws-sdk/client-s3');", "elsewhere, or not surely fine"),
        ("const x = require(name);", "elsewhere, or not surely fine"),
        ("import fs from 'fs';", "elsewhere, or not surely fine"),
    ],
)
def test_node_that_uses_little_runs_on_a_newer_one(text: str, runs: str) -> None:
    assert told("nodejs12.x", text) == runs

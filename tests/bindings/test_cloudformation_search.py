"""What a search domain of a template gets for its logs."""

import json
from pathlib import Path

import pytest

from setright.bindings.error import BindingError
from setright.bindings.layouts import cloudformation
from setright.bindings.load import load_one
from setright.bindings.source import Source
from setright.lenses import get, put
from setright.model import Edit, Tree

ROOT = Path(__file__).parents[2] / "bindings"
LAYOUT = load_one(ROOT / "aws/opensearch/domain.yaml", ROOT).layouts["cloudformation"]
ENABLED = {"CloudWatchLogsLogGroupArn": {"Fn::GetAtt": ["SearchLogs", "Arn"]}, "Enabled": True}


def logged(lens: str, text: str) -> Tree:
    given = {"t": Source("t", lens, get(lens, text.encode()))}
    [domain] = cloudformation.view("k", LAYOUT, given)
    placed = cloudformation.edit(LAYOUT, domain, [Edit(("template", "search-logs"), "offered")], [], given)
    after = get(lens, put(lens, text.encode(), [edit for _, edit in placed]))
    whole: Tree = after["documents"][0] if lens == "yaml" else after
    resources: Tree = whole["Resources"]
    return resources


OLDER = {"Type": "AWS::Elasticsearch::Domain"}


@pytest.mark.parametrize(
    "domain", [{"Type": "AWS::OpenSearchService::Domain"}, OLDER | {"Properties": {"ElasticsearchVersion": "7.10"}}]
)
def test_a_domain_writes_to_a_log_group_that_waits_for_nothing_but_a_right(domain: Tree) -> None:
    there = logged("json", json.dumps({"Resources": {"Shop": {"Properties": {}} | domain}}, indent=2))
    assert there["Shop"]["Properties"]["LogPublishingOptions"] == {"ES_APPLICATION_LOGS": ENABLED}
    assert there["Shop"]["DependsOn"] == "SearchLogsPolicy"
    document = json.loads(there["SearchLogsPolicy"]["Properties"]["PolicyDocument"]["Fn::Sub"])
    assert document["Statement"][0]["Principal"] == {"Service": "es.amazonaws.com"}


def test_a_policy_that_is_text_is_quoted_in_yaml() -> None:
    there = logged("yaml", "Resources:\n  Shop:\n    Type: AWS::OpenSearchService::Domain\n")
    said = str(there["SearchLogsPolicy"]["Properties"]["PolicyDocument"])
    assert '{"Version": "2012-10-17"' in said and "'" in said


@pytest.mark.parametrize("given", [{}, {"ElasticsearchVersion": "2.3"}, {"ElasticsearchVersion": 1.5}])
def test_what_is_too_old_for_an_error_log_gets_none(given: Tree) -> None:
    with pytest.raises(BindingError, match="put that right first"):
        logged("json", json.dumps({"Resources": {"Shop": OLDER | {"Properties": given}}}, indent=2))

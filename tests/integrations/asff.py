"""A Security Hub that holds callers to what is published of BatchImportFindings, where moto takes nearly everything.

Source: botocore's model of securityhub (types, required, enumerations, patterns, and the lengths that its texts lay down).
"""

from __future__ import annotations

import json
import re
from typing import Any

import botocore.session

from .contracts import Contract, Reply

MODEL = botocore.session.get_session().get_service_model("securityhub").operation_model("BatchImportFindings")
FINDING = MODEL.input_shape.members["Findings"].member
ACCOUNT = "123456789012"
CUSTOMERS = {"Workflow", "WorkflowState", "Note", "UserDefinedFields", "VerificationState"}
PROVIDERS = {"Severity", "Types", "Confidence", "Criticality", "RelatedFindings"}  # these go into FindingProviderFields
LONGEST = {"Id": 512, "GeneratorId": 512, "Title": 256, "Description": 1024, "ProductArn": 2048}
NAMESPACES = "Software and Configuration Checks|TTPs|Effects|Unusual Behaviors|Sensitive Data Identifications"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:?\d\d)")
RESOURCE_TYPES = {*FINDING.members["Resources"].member.members["Details"].members, "Other", "AwsAccount"}


def wrong(finding: dict[str, Any], region: str = "eu-central-1") -> list[str]:
    """What Security Hub would refuse of one finding."""
    told = list(_shape(finding, FINDING, "")) + [f"{name} is the customer's" for name in CUSTOMERS & finding.keys()]
    told += [f"{name} belongs into FindingProviderFields" for name in PROVIDERS & finding.keys()]
    told += [f"{name} is too long" for name, longest in LONGEST.items() if len(finding.get(name, "")) > longest]
    told += [f"{name} is no time" for name in finding if name.endswith("At") and not TIME.fullmatch(finding[name])]
    fields = finding.get("ProductFields", {})
    if len(fields) > 50 or any(len(k) > 128 or len(v) > 2048 for k, v in fields.items()):
        told.append("ProductFields are too long")
    resources = finding.get("Resources", [])
    told += [] if 1 <= len(resources) <= 32 else ["Resources: 1 to 32"]
    told += [f"{each['Type']} is no type" for each in resources if each["Type"] not in RESOURCE_TYPES]
    provided = finding.get("FindingProviderFields", {})
    told += [] if provided.get("Severity", {}).get("Label") else ["no severity"]
    told += [f"{t} is no type" for t in provided.get("Types", [""]) if not re.fullmatch(rf"({NAMESPACES})(/[^/]+){{0,2}}", t)]
    told += [] if len(finding.get("Compliance", {}).get("RelatedRequirements", [])) <= 32 else ["RelatedRequirements: 32 at most"]
    remedy = finding.get("Remediation", {}).get("Recommendation", {})
    told += [] if len(remedy.get("Text", "")) <= 512 else ["Text is too long"]
    told += [] if re.match("https?://", remedy.get("Url", "https://")) else ["Url is none"]
    if not re.fullmatch(
        rf"arn:aws(-cn|-us-gov)?:securityhub:{region}:(\d{{12}})?:product/[^/]+/[^/]+", finding.get("ProductArn", "")
    ):
        told.append("ProductArn is none")
    told += [] if len(json.dumps(finding, ensure_ascii=False).encode()) <= 240 * 1024 else ["larger than 240 KB"]
    return told


def _shape(value: Any, shape: Any, place: str) -> Any:
    """Everything that the service's model says against a value: unknown names, missing ones, enumerations, patterns, types."""
    if shape.type_name == "structure":
        yield from (f"{place}.{name}: unknown" for name in value.keys() - shape.members.keys())
        yield from (f"{place}.{name}: missing" for name in set(shape.required_members) - value.keys())
        for name in value.keys() & shape.members.keys():
            yield from _shape(value[name], shape.members[name], f"{place}.{name}")
    elif shape.type_name == "list":
        for each in value:
            yield from _shape(each, shape.member, place)
    elif shape.type_name == "map":
        for each in [*value.keys(), *value.values()]:
            yield from _shape(each, shape.value, place)
    elif shape.type_name == "string":
        if not isinstance(value, str) or (shape.enum and value not in shape.enum):
            yield f"{place}: {value!r} is none of {shape.enum}"
        elif "pattern" in shape.metadata and not re.search(shape.metadata["pattern"], value):
            yield f"{place}: {value!r} is blank"
    elif shape.type_name == "boolean" and not isinstance(value, bool):
        yield f"{place}: {value!r} is no boolean"


class SecurityHubServer(Contract):
    """`findings` by id, as the last import that was newer left them; `fails` ids answer so."""

    def __init__(self) -> None:
        super().__init__()
        self.findings: dict[str, dict[str, Any]] = {}
        self.wrong: list[str] = []
        self.fails: dict[str, str] = {}
        self.enabled = True

    def post(self, path: str, headers: Any, body: bytes) -> Reply:
        if path != "/findings/import" or "AWS4-HMAC-SHA256" not in headers.get("Authorization", ""):
            return Reply(403, {"Code": "AccessDeniedException", "Message": "not authorized", "__type": "AccessDeniedException"})
        if not self.enabled:
            text = f"Account {ACCOUNT} is not subscribed to AWS Security Hub"
            return Reply(401, {"Code": "InvalidAccessException", "Message": text, "__type": "InvalidAccessException"})
        findings = json.loads(body)["Findings"]
        if not 1 <= len(findings) <= 100 or len({f["Id"] for f in findings}) != len(findings):
            return Reply(400, {"Message": "Findings: 1 to 100", "__type": "InvalidInputException"})
        failed = [each for finding in findings if (each := self._imported(finding))]
        return Reply(200, {"FailedCount": len(failed), "SuccessCount": len(findings) - len(failed), "FailedFindings": failed})

    def _imported(self, finding: dict[str, Any]) -> dict[str, str] | None:
        said = wrong(finding)
        if finding["AwsAccountId"] != ACCOUNT:
            said.append("not the account that calls")
        self.wrong += said
        code = "InvalidInput" if said else self.fails.get(finding["Id"])
        if code:
            return {"Id": finding["Id"], "ErrorCode": code, "ErrorMessage": "; ".join(said) or "it failed"}
        before = self.findings.get(finding["Id"])
        if before is None or before["UpdatedAt"] < finding["UpdatedAt"]:
            self.findings[finding["Id"]] = finding
        return None

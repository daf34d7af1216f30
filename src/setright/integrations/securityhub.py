"""Findings to AWS Security Hub, in its finding format (ASFF 2018-10-08), by BatchImportFindings.

Source: docs.aws.amazon.com/securityhub, API_BatchImportFindings and API_AwsSecurityFinding (lengths, and what a provider may set).
Severity and types go into FindingProviderFields; Workflow, Note and the like are the customer's, and are never sent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import msgspec

from setright.integrations.aws import Caller, invoke
from setright.integrations.error import IntegrationError
from setright.integrations.message import Message, Refused
from setright.model import Plain

SEVERITIES = {"critical": "CRITICAL", "high": "HIGH", "medium": "MEDIUM", "low": "LOW"}
VERDICTS = {"fail": "FAILED", "pass": "PASSED"}
TYPE = "Software and Configuration Checks/Industry and Regulatory Standards/setright"
RESOURCES = {  # kind -> ASFF's name, where setright reads the thing itself
    "aws/ec2/security-group": "AwsEc2SecurityGroup",
    "aws/ec2/ebs-encryption": "AwsAccount",
    "aws/iam/password-policy": "AwsAccount",
    "aws/kms/key": "AwsKmsKey",
    "aws/s3/account-public-access-block": "AwsS3AccountPublicAccessBlock",
    "aws/s3/bucket": "AwsS3Bucket",
}
LOCATOR = re.compile(r"aws:(?P<service>[\w-]+):(?P<sort>[\w-]+)/(?:(?P<region>[a-z]{2}(?:-[a-z]+)+-\d)/)?(?P<id>[^/]+)")
ID_CHARACTERS, TITLE_CHARACTERS, TEXT_CHARACTERS, REMEDY_CHARACTERS = 512, 256, 1024, 512
FIELD_CHARACTERS, URL_CHARACTERS, REQUIREMENTS = 2048, 512, 32
LATER = ("InternalException", "InternalError", "LimitExceededException", "Throttling", "ThrottlingException")


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`account` and `region` are whose Security Hub it is; credentials as the AWS SDK finds them, or by a `profile` of it.

    `product` is the ARN of the product that findings come from; empty: the account's own, ``product/ACCOUNT/default``.
    `endpoint` is for what speaks the API elsewhere.
    """

    account: str
    region: str
    product: str = ""
    profile: str = ""
    endpoint: str = ""


SECRETS = ()


class SecurityHub:
    """One account's Security Hub in one region. Of events it takes findings alone."""

    at_once = 100

    def __init__(self, options: Options) -> None:
        if not re.fullmatch(r"\d{12}", options.account):
            raise IntegrationError(f"account: {options.account!r} is no AWS account; write its twelve digits")
        self._options = options
        self._account = Caller(options.region, options.profile, options.endpoint)

    def send(self, messages: Sequence[Message]) -> None:
        """The last word on each finding; those of one call have no order."""
        findings = {message.item: finding(message, self._options) for message in messages if is_told(message)}
        if not findings:
            return
        client = self._account.client("securityhub")
        told = invoke("Security Hub", client.batch_import_findings, Findings=list(findings.values()))
        failed = told.get("FailedFindings") or []
        if not failed:
            return
        why = "; ".join(f"{each.get('Id')}: {each.get('ErrorCode')}: {each.get('ErrorMessage')}" for each in failed[:3])
        said = f"Security Hub did not take {len(failed)} of {len(findings)}: {why}"
        if any(each.get("ErrorCode") in LATER for each in failed):
            raise IntegrationError(f"{said}; it is tried again later")
        raise Refused(said)


def is_told(message: Message) -> bool:
    return message.event.startswith("finding.") or message.event == "message.test"


def finding(message: Message, options: Options) -> dict[str, Plain]:
    """One finding; a test message is one that is archived from the start, and marked as a sample."""
    body: Mapping[str, Plain] = message.body if isinstance(message.body, dict) else {}
    is_test = message.event == "message.test"
    is_over = is_test or message.event == "finding.resolved"
    title = _words(body.get("title") or body.get("text"), TITLE_CHARACTERS, message.event)
    severity = {"Label": SEVERITIES.get(str(body.get("severity")), "INFORMATIONAL")}
    return {
        "SchemaVersion": "2018-10-08",
        "Id": f"setright/{message.item}"[:ID_CHARACTERS],
        "ProductArn": options.product or _default_product(options),
        "GeneratorId": _words(body.get("control"), ID_CHARACTERS, "setright"),
        "AwsAccountId": options.account,
        "CreatedAt": str(body.get("first_seen_at") or message.at),
        "FirstObservedAt": str(body.get("first_seen_at") or message.at),
        "LastObservedAt": message.at,
        "UpdatedAt": message.at,
        "FindingProviderFields": {"Severity": severity, "Types": [TYPE]},
        "Title": title,
        "Description": _words(body.get("reason"), TEXT_CHARACTERS, title),
        "Remediation": {"Recommendation": _remedy(body)},
        "ProductFields": _fields(message, body),
        "Resources": [_resource(body, options)],
        "Compliance": _compliance(body, is_over),
        "RecordState": "ARCHIVED" if is_over else "ACTIVE",
        "Sample": is_test,
    }


def _default_product(options: Options) -> str:
    return f"arn:{_partition(options.region)}:securityhub:{options.region}:{options.account}:product/{options.account}/default"


def _partition(region: str) -> str:
    return "aws-cn" if region.startswith("cn-") else "aws-us-gov" if region.startswith("us-gov-") else "aws"


def _words(value: Plain, characters: int, otherwise: str) -> str:
    """No text of theirs may be blank."""
    return str(value or "").strip()[:characters] or otherwise


def _remedy(body: Mapping[str, Plain]) -> dict[str, Plain]:
    words = (
        f"setright fix {body.get('target')} --control {body.get('control')}" if body.get("control") else "Nothing is to be done."
    )
    url = str(body.get("source") or "")
    is_url = url.startswith(("https://", "http://")) and len(url) <= URL_CHARACTERS
    return {"Text": words[:REMEDY_CHARACTERS]} | ({"Url": url} if is_url else {})


def _fields(message: Message, body: Mapping[str, Plain]) -> dict[str, Plain]:
    told = {f"setright/{name}": body.get(name) for name in ("finding", "owner", "lane", "risk", "verdict", "kind")}
    told |= {"setright/message": message.id, "setright/event": message.event}
    return _filled(told)


def _filled(told: Mapping[str, Plain]) -> dict[str, Plain]:
    words = {name: _words(value, FIELD_CHARACTERS, "") for name, value in told.items()}
    return {name: text for name, text in words.items() if text}


def _compliance(body: Mapping[str, Plain], is_over: bool) -> dict[str, Plain]:
    frameworks: Plain = body.get("frameworks") or {}
    cited: list[Plain] = [f"{name} {section}" for name, sections in frameworks.items() for section in sections if section]
    status = "PASSED" if is_over else VERDICTS.get(str(body.get("verdict")), "WARNING")
    return {"Status": status} | ({"RelatedRequirements": cited[:REQUIREMENTS]} if cited else {})


def _resource(body: Mapping[str, Plain], options: Options) -> dict[str, Plain]:
    """By its ARN and type where it is a thing of AWS's; else as Other, by target and name."""
    location: Plain = body.get("location")
    place = location if isinstance(location, dict) else {}
    path, name = str(place.get("path") or ""), _words(body.get("resource"), ID_CHARACTERS, "setright")
    live = LOCATOR.fullmatch(path)
    sort = RESOURCES.get(str(body.get("kind"))) if live else None
    told = {"Target": body.get("target"), "Resource": name, "Document": path, "Line": place.get("line"), "Kind": body.get("kind")}
    other = _filled(told)
    resource: dict[str, Plain] = {"Type": sort or "Other", "Id": f"{body.get('target') or 'setright'}#{name}"[:ID_CHARACTERS]}
    if live and sort:
        region = live["region"] or (live["id"] if sort == "AwsAccount" and live["service"] == "ec2" else options.region)
        resource |= {"Id": _arn(live, sort, region, options), "Partition": _partition(options.region), "Region": region}
    return resource | ({"Details": {"Other": other}} if other else {})


def _arn(live: re.Match[str], sort: str, region: str, options: Options) -> str:
    partition, name = _partition(options.region), live["id"]
    if sort == "AwsS3Bucket":
        return f"arn:{partition}:s3:::{name}"
    if sort in ("AwsAccount", "AwsS3AccountPublicAccessBlock"):
        return f"AWS::::Account:{name if name.isdigit() else options.account}"
    return f"arn:{partition}:{live['service']}:{region}:{options.account}:{live['sort']}/{name}"


def open_channel(options: Options) -> SecurityHub:
    return SecurityHub(options)

"""What may ask the metadata service of an instance that a template starts, and what says already how it is to be asked.

Amazon EC2 User Guide, instance metadata options and launch templates.
"""

from __future__ import annotations

import re

from setright.bindings.layouts._cloudformation_index import typed, users
from setright.bindings.layouts._cloudformation_values import properties, referred, resource_type
from setright.bindings.layouts._documents import ASKS_METADATA, unpacked
from setright.bindings.trees import look_up
from setright.model import Tree, Unknown

TOLD = "told by its launch template"
RECENT_IMAGE = re.compile(
    r"/aws/service/ami-amazon-linux-latest/(?:al20\d\d|amzn2)-ami[\w.-]*|/aws/service/canonical/ubuntu/server/2\d\.04/\S+"
)
CONTAINERS = re.compile(r"docker|podman|containerd|kube|\becs\b|/etc/eks", re.IGNORECASE)
RUNS_CONTAINERS = ("AWS::EKS::", "AWS::ECS::", "AWS::Batch::")
TOKENS_ALREADY = re.compile(r"/aws/service/\S*\bal20(?:2[3-9]|[3-9]\d)-\S*")  # Amazon Linux, whose images ask for tokens since 2023


def metadata(template: Tree, name: str, tree: Tree) -> str:
    """What may ask the instance's metadata service: ``no`` where its image has it ask for tokens, or where nothing on it asks.

    TOLD where the launch template that it takes its settings from says how.
    """
    if _launched_from(template, name):
        return TOLD
    body, image, own = tree.get("LaunchTemplateData", tree), _image(template, name), template["Resources"][name]
    if not isinstance(body, dict):
        return "its role"
    script = unpacked(str(body.get("UserData")))
    if any(ASKS_METADATA.search(text) for text in (str(look_up(own, ("Properties",))), str(own.get("Metadata")), script)):
        return "its first script"
    if TOKENS_ALREADY.fullmatch(image) and not {"MetadataOptions", "LaunchTemplate"} & body.keys():
        return "no"
    if "IamInstanceProfile" in body:
        return "its role"
    return "no" if RECENT_IMAGE.fullmatch(image) else "an image of unknown age"


def containers(template: Tree, name: str, tree: Tree) -> str:
    """What tells that containers run on what is started, one hop further from the metadata service: ``by`` it, or ``no``."""
    there = template["Resources"]
    for id_ in [name, *users(template, name)]:
        own = there[id_]
        script = unpacked(str(look_up(own, ("Properties", "UserData")) or look_up(own, ("Properties", "LaunchTemplateData"))))
        if resource_type(own).startswith(RUNS_CONTAINERS) or CONTAINERS.search(f"{own} {script}"):
            return f"by {id_}"
    return "no"


def _image(template: Tree, name: str) -> str:
    """The public parameter that the image comes from; empty for any other image."""
    own = properties(template, name)
    raw = look_up(own, ("ImageId",)) or look_up(own, ("LaunchTemplateData", "ImageId"))
    parameter = look_up(template, ("Parameters", referred(raw) or ""))
    told = parameter.get("Default", "") if isinstance(parameter, dict) else raw
    text = told.text if isinstance(told, Unknown) else str(told)
    return text.removeprefix("{{resolve:ssm:").removesuffix("}}")


def _launched_from(template: Tree, name: str) -> bool:
    """Whether an instance's launch template stands in the same template and has options for its metadata."""
    ways = (look_up(properties(template, name), ("LaunchTemplate", f"LaunchTemplate{by}")) for by in ("Id", "Name"))
    body = next((typed(template, "AWS::EC2::LaunchTemplate").get(referred(way) or "") for way in ways if way), None)
    return look_up(body, ("LaunchTemplateData", "MetadataOptions", "HttpTokens")) is not None

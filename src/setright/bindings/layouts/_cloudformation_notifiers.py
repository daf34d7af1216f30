"""Who sets a bucket's notifications besides its template: a custom resource, or somebody by hand for a function that S3 may call.

Amazon S3 API, PutBucketNotificationConfiguration: it replaces all that a bucket had. Update of a bucket by CloudFormation does so.
"""

from __future__ import annotations

from setright.bindings.layouts._cloudformation_index import index, typed
from setright.bindings.layouts._cloudformation_values import uses
from setright.bindings.trees import look_up
from setright.model import Plain, Tree
from setright.patterns import late

SETS = late(r"[pP]ut_?[bB]ucket_?[nN]otification")  # the action, or a call of an SDK
PERMISSION, BUCKET = "AWS::Lambda::Permission", "AWS::S3::Bucket"
SERVICE = "s3.amazonaws.com"


def notifiers(template: Tree, name: str, tree: Tree) -> str:
    """``by`` what sets notifications of the bucket from elsewhere, or tells that something does; or ``no``."""
    setting = index(template).kept("sets notifications", None, lambda: _setting(template))
    if setting:
        return f"by {setting[0]}"
    if any("NotificationConfiguration" in each for each in typed(template, BUCKET).values()):
        return "no"
    own = look_up(template, ("Resources", name, "Properties", "BucketName"))
    for id_, body in typed(template, PERMISSION).items():
        if body.get("Principal") == SERVICE and _may_be_of(body.get("SourceArn"), name, own):
            return f"by {id_}"
    return "no"


def _setting(template: Tree) -> list[str]:
    return [id_ for id_, body in template["Resources"].items() if SETS.search(str(body))]


def _may_be_of(arn: Plain, name: str, own: Plain) -> bool:
    """Whether S3 may call a function for this bucket: by its id, by its name, or for any."""
    return arn is None or uses(arn, name) > 0 or (isinstance(own, str) and own in str(arn))

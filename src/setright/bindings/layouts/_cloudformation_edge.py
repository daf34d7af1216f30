"""What CloudFront serves, runs and writes: buckets and web sites, functions at its edge, where Lambda has fewer features, and logs.

Amazon CloudFront Developer Guide, restrictions on Lambda@Edge; standard logging (legacy), the bucket and its access list.
"""

from __future__ import annotations

from setright.bindings.layouts._cloudformation_index import speakers, tied, typed, users
from setright.bindings.layouts._cloudformation_values import function, properties, referred, uses
from setright.bindings.layouts._documents import bucket_form
from setright.bindings.trees import look_up
from setright.model import Plain, Tree, Unknown

DISTRIBUTION = "AWS::CloudFront::Distribution"
TRUSTED = "edgelambda.amazonaws.com"


def edge(template: Tree, name: str, tree: Tree) -> str:
    """Whether CloudFront serves what is in a bucket, by a right that goes without one to a key: ``no``, or by what."""
    edges = typed(template, DISTRIBUTION)
    there = [(id_, look_up(edges[id_], ("DistributionConfig", "Origins"))) for id_ in speakers(template, name) if id_ in edges]
    return next((f"by {id_}" for id_, origins in there if uses(origins, name)), "no")


def built_site(template: Tree, name: str, tree: Tree) -> str:
    """Whether a build puts what it makes into a bucket that serves it to everybody: ``no``, or by what."""
    location = look_up(properties(template, name), ("Artifacts", "Location"))
    for id_, bucket in typed(template, "AWS::S3::Bucket").items():
        if location is not None and (referred(location) == id_ or bucket.get("BucketName") == location):
            return f"by {id_}" if "WebsiteConfiguration" in bucket else edge(template, id_, tree)
    return "no"


def edge_function(template: Tree, name: str, tree: Tree) -> str:
    """``by`` the distribution, or the role, that tells that CloudFront runs a function; ``no`` where nothing does."""
    versions = [id_ for id_, _ in tied(template, "AWS::Lambda::Version", "FunctionName").to.get(name, ())]
    edges = typed(template, DISTRIBUTION)
    named = (id_ for each in [name, *versions] for id_ in users(template, each))
    if by := next((id_ for id_ in named if id_ in edges), ""):
        return f"by {by}"
    role = referred(properties(template, name).get("Role")) or ""
    return f"by {role}" if TRUSTED in str(properties(template, role)) else "no"


def edge_logs(template: Tree, name: str, tree: Tree) -> str:
    """``by`` the distribution that writes its logs into a bucket, which it does by an access list; or ``no``."""
    edges = typed(template, DISTRIBUTION)
    there = ((id_, look_up(edges[id_], ("DistributionConfig", "Logging"))) for id_ in users(template, name) if id_ in edges)
    return next((f"by {id_}" for id_, logging in there if uses(logging, name)), "no")


def delivered_logs(template: Tree, name: str, tree: Tree) -> str:
    """``by`` the delivery by which CloudWatch takes a distribution's logs somewhere; or ``no``."""
    sources, deliveries = (typed(template, f"AWS::Logs::Delivery{kind}") for kind in ("Source", ""))
    there = (id_ for each in users(template, name) if each in sources for id_ in users(template, each) if id_ in deliveries)
    return next((f"by {id_}" for id_ in there), "no")


def log_place(template: Tree, name: str, tree: Tree) -> Plain:
    """How a distribution says which bucket its logs go to: by ``a domain name``, by ``another``, or by ``none``."""
    at = ("DistributionConfig", "Logging", "Bucket")
    raw, judged = look_up(properties(template, name), at), look_up(tree, at)
    if referred(raw) in typed(template, "AWS::S3::Bucket") and "DomainName" not in str(function(raw)):
        return "another"  # what a Ref gives is the name, and nothing else of a bucket's is this one
    return bucket_form(Unknown(function(raw) or "") if isinstance(judged, Unknown) else judged)

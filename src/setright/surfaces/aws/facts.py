"""Read-only questions to an account, answered from its own APIs: does what a fix may break hold here?

A question that evidence cannot settle is answered None and says what evidence would.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from setright.model import Answer, Plain
from setright.surfaces.aws.account import Account, ApiError
from setright.surfaces.aws.entry import ResourcePlace
from setright.surfaces.aws.loop import together

EVERYONE = ("http://acs.amazonaws.com/groups/global/AllUsers", "http://acs.amazonaws.com/groups/global/AuthenticatedUsers")
ON_PURPOSE = ("public", "website", "web-site", "public-website", "static-website", "cdn")
OBJECTS_LOOKED_AT = 25
Fact = Callable[[Account, ResourcePlace], Awaitable[Answer]]


async def answer(account: Account, places: Mapping[str, ResourcePlace], fact: str) -> Answer:
    """An unknown fact, or one whose evidence may not be read, is answered None."""
    name, _, resource = fact.partition(":")
    if name not in FACTS:
        return Answer(None, f"no such fact on AWS: {name}")
    try:
        return await FACTS[name](account, places.get(resource, ResourcePlace("", account.home, resource)))
    except ApiError as error:
        return Answer(None, str(error), error.op)


async def is_website(account: Account, bucket: ResourcePlace) -> Answer:
    op = "s3:GetBucketWebsite"
    found = await _unless(account, op, "NoSuchWebsiteConfiguration", bucket.region, Bucket=bucket.id)
    if found is None:
        return Answer(False, "no website is configured on the bucket", op)
    index = found.get("IndexDocument", {}).get("Suffix", "a redirect")
    return Answer(True, f"the bucket serves a website ({index})", op)


async def public_on_purpose(account: Account, bucket: ResourcePlace) -> Answer:
    """Evidence of purpose settles it; without any, somebody may still fetch objects, which only access logs tell."""
    status = await _unless(account, "s3:GetBucketPolicyStatus", "NoSuchBucketPolicy", bucket.region, Bucket=bucket.id)
    if not (status or {}).get("PolicyStatus", {}).get("IsPublic"):
        return Answer(False, "its policy makes nothing public", "s3:GetBucketPolicyStatus")
    website, tags, cdn = await asyncio.gather(is_website(account, bucket), _tags(account, bucket), _distributions(account, bucket))
    if website.holds:
        return website
    for key, value in tags.items():
        if value.lower() in ON_PURPOSE or (key.lower() == "public" and value.lower() in ("true", "yes")):
            return Answer(True, f"tagged {key}: {value}", "s3:GetBucketTagging")
    if cdn:
        return Answer(True, f"CloudFront serves it: {', '.join(cdn)}", "cloudfront:ListDistributions")
    return Answer(
        None, "public by policy, without website, tag or CloudFront; only access logs tell who fetches", "s3:GetBucketPolicy"
    )


async def clients_without_tls(account: Account, bucket: ResourcePlace) -> Answer:
    """Only access logs tell; S3 counts requests by protocol nowhere else."""
    op = "s3:GetBucketLogging"
    to = (await account.call(op, bucket.region, Bucket=bucket.id)).get("LoggingEnabled")
    if not to:
        return Answer(None, "no access logs are kept, so clients without TLS cannot be told; turn logging on and wait a week", op)
    place = f"s3://{to['TargetBucket']}/{to.get('TargetPrefix', '')}"
    return Answer(None, f"access logs are in {place}: requests whose TLS version is '-' came without TLS", op)


async def public_acl_in_use(account: Account, bucket: ResourcePlace) -> Answer:
    """The bucket's own grants, then those of its first objects; more objects than those leave it open."""
    owner = await _unless(
        account, "s3:GetBucketOwnershipControls", "OwnershipControlsNotFoundError", bucket.region, Bucket=bucket.id
    )
    if owner and any(r["ObjectOwnership"] == "BucketOwnerEnforced" for r in owner["OwnershipControls"]["Rules"]):
        return Answer(False, "access lists have no effect (BucketOwnerEnforced)", "s3:GetBucketOwnershipControls")
    if grants := _public(await account.call("s3:GetBucketAcl", bucket.region, Bucket=bucket.id)):
        return Answer(True, f"the bucket's access list grants {', '.join(grants)} to everyone", "s3:GetBucketAcl")
    listing = await account.call("s3:ListObjectsV2", bucket.region, Bucket=bucket.id, MaxKeys=OBJECTS_LOOKED_AT)
    keys = [each["Key"] for each in listing.get("Contents", ())]
    op = "s3:GetObjectAcl"
    lists = await together(account.call(op, bucket.region, Bucket=bucket.id, Key=key) for key in keys)
    if shown := [key for key, acl in zip(keys, lists, strict=True) if _public(acl)]:
        return Answer(True, f"objects are public by their own access list, {shown[0]} among them", op)
    if listing.get("IsTruncated"):
        return Answer(None, f"none of the first {len(keys)} objects is public by its access list; the rest were not looked at", op)
    return Answer(False, f"neither the bucket nor any of its {len(keys)} objects is public by access list", op)


async def rule_in_use(account: Account, group: ResourcePlace) -> Answer:
    """A rule can matter only where the group hangs on a network interface."""
    op = "ec2:DescribeNetworkInterfaces"
    pages = await account.pages(op, group.region, Filters=[{"Name": "group-id", "Values": [group.id]}])
    found = [each for page in pages for each in page["NetworkInterfaces"]]
    if not found:
        return Answer(False, "the group is attached to no network interface", op)
    on = [each.get("Attachment", {}).get("InstanceId") or each["NetworkInterfaceId"] for each in found]
    more = f" and {len(on) - 3} more" if len(on) > 3 else ""
    return Answer(True, f"attached to {', '.join(on[:3])}{more}; flow logs tell whether anybody comes in by this rule", op)


async def public_buckets(account: Account, _: ResourcePlace) -> Answer:
    """Every bucket of the account that its policy or its access list makes public."""
    pages = await account.pages("s3:ListBuckets", account.home, MaxBuckets=1000)
    buckets = [each for page in pages for each in page.get("Buckets", ())]
    told = await together(_is_public(account, each["Name"], each.get("BucketRegion", account.home)) for each in buckets)
    public = [each["Name"] for each, is_public in zip(buckets, told, strict=True) if is_public]
    if not public:
        return Answer(False, f"none of {len(buckets)} buckets is public", "s3:GetBucketPolicyStatus, s3:GetBucketAcl")
    more = f" and {len(public) - 5} more" if len(public) > 5 else ""
    return Answer(True, f"{len(public)} public: {', '.join(public[:5])}{more}", "s3:GetBucketPolicyStatus, s3:GetBucketAcl")


async def _is_public(account: Account, bucket: str, region: str) -> bool:
    status, acl = await asyncio.gather(
        _unless(account, "s3:GetBucketPolicyStatus", "NoSuchBucketPolicy", region, Bucket=bucket),
        account.call("s3:GetBucketAcl", region, Bucket=bucket),
    )
    return bool((status or {}).get("PolicyStatus", {}).get("IsPublic") or _public(acl))


async def _tags(account: Account, bucket: ResourcePlace) -> dict[str, str]:
    found = await _unless(account, "s3:GetBucketTagging", "NoSuchTagSet", bucket.region, Bucket=bucket.id)
    return {tag["Key"]: tag["Value"] for tag in (found or {}).get("TagSet", ())}


async def _distributions(account: Account, bucket: ResourcePlace) -> list[str]:
    """CloudFront distributions that fetch from the bucket as anybody would, without an identity of their own."""
    pages = await account.pages("cloudfront:ListDistributions", account.home)
    items = [item for page in pages for item in page.get("DistributionList", {}).get("Items", ())]
    return [item["DomainName"] for item in items if any(_fetches(origin, bucket.id) for origin in item["Origins"]["Items"])]


def _fetches(origin: Mapping[str, Plain], bucket: str) -> bool:
    identified = origin.get("S3OriginConfig", {}).get("OriginAccessIdentity") or origin.get("OriginAccessControlId")
    return not identified and str(origin["DomainName"]).startswith((f"{bucket}.s3.", f"{bucket}.s3-"))


async def _unless(account: Account, op: str, absent: str, region: str, **arguments: Plain) -> dict[str, Plain] | None:
    """The answer; None where the API says with this code that there is none."""
    try:
        return await account.call(op, region, **arguments)
    except ApiError as error:
        if error.code == absent:
            return None
        raise


def _public(acl: Mapping[str, Plain]) -> list[str]:
    return [grant["Permission"] for grant in acl.get("Grants", ()) if grant["Grantee"].get("URI") in EVERYONE]


FACTS: dict[str, Fact] = {
    "aws/s3/is-website": is_website,
    "aws/s3/public-by-policy-on-purpose": public_on_purpose,
    "aws/s3/clients-without-tls": clients_without_tls,
    "aws/s3/public-acl-in-use": public_acl_in_use,
    "aws/ec2/rule-in-use": rule_in_use,
    "aws/account/public-buckets": public_buckets,
}

"""By what a module may open a Google Cloud Storage bucket to everybody."""

import pytest

from setright import lenses
from setright.bindings.layouts import terraform
from setright.bindings.source import Source
from setright.model import Plain

BUCKET: dict[str, Plain] = {"type": "google_storage_bucket", "evidence": {"public": "public-google"}}
DATA = 'resource "google_storage_bucket" "data" {\n  name = "data"\n}\n'
WEB = 'resource "google_storage_bucket" "web" {\n  name = "web"\n}\n'


def told(files: dict[str, str]) -> Plain:
    given = {at: Source(at, "hcl", lenses.get("hcl", text.encode())) for at, text in files.items()}
    found = terraform.view("k", BUCKET, given)[0].tree["source"]
    return found["public"] if isinstance(found, dict) else None


def member(who: str, bucket: str = "google_storage_bucket.data.name") -> str:
    return f'resource "google_storage_bucket_iam_member" "m" {{\n  bucket = {bucket}\n  member = {who}\n}}\n'


def entry(kind: str, body: str) -> str:
    return f'resource "{kind}" "x" {{\n  bucket = google_storage_bucket.data.name\n  {body}\n}}\n'


@pytest.mark.parametrize(
    "beside",
    [
        "",
        member('"user:ann@example.com"'),
        member('"serviceAccount:${google_service_account.app.email}"'),
        member('"allUsers"', "google_storage_bucket.web.name") + WEB,
        entry("google_storage_bucket_acl", 'predefined_acl = "projectPrivate"'),
        entry("google_storage_bucket_object", 'name = "a"'),
    ],
)
def test_a_bucket_that_nothing_opens_is_not_public(beside: str) -> None:
    assert told({"main.tf": DATA + beside}) == "no"


@pytest.mark.parametrize(
    ("beside", "way"),
    [
        (member('"allUsers"'), "a grant"),
        (member('"allAuthenticatedUsers"', '"data"'), "a grant"),
        (member("var.readers"), "a grant"),
        (member('"allUsers"', "var.bucket"), "a grant"),
        (entry("google_storage_bucket_acl", 'predefined_acl = "publicRead"'), "an access list"),
        (entry("google_storage_default_object_access_control", 'entity = "allUsers"'), "an access list"),
        (entry("google_storage_bucket_iam_policy", "policy_data = data.google_iam_policy.p.policy_data"), "a policy"),
        ('resource "google_compute_backend_bucket" "b" {\n  bucket_name = google_storage_bucket.data.name\n}\n', "a load balancer"),
    ],
)
def test_what_opens_a_bucket_is_named(beside: str, way: str) -> None:
    assert told({"main.tf": DATA + beside}) == way


def test_a_web_site_is_open() -> None:
    site = DATA.replace('"data"\n}', '"data"\n  website {\n    main_page_suffix = "index.html"\n  }\n}')
    assert told({"main.tf": site}) == "a web site"


def test_a_directory_that_got_the_bucket_may_open_it() -> None:
    assert told({"main.tf": DATA, "site/main.tf": member('"allUsers"', "var.bucket")}) == "a grant"
    assert told({"main.tf": DATA, "site/main.tf": member('"allUsers"', '"data"')}) == "a grant"
    assert told({"main.tf": DATA, "site/main.tf": member('"allUsers"', '"other"')}) == "no"


def test_a_grant_that_another_directory_makes_later_is_seen() -> None:
    given = {at: Source(at, "hcl", lenses.get("hcl", text.encode())) for at, text in {"main.tf": DATA, "site/a.tf": WEB}.items()}
    assert terraform.view("k", BUCKET, given)[0].tree["source"] == {"public": "no"}
    later = given | {"site/a.tf": Source("site/a.tf", "hcl", lenses.get("hcl", member('"allUsers"', "var.bucket").encode()))}
    assert terraform.view("k", BUCKET, later)[0].tree["source"] == {"public": "a grant"}

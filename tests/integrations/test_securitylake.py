"""What the Security Lake channel promises: objects in moto's S3, read back by pyarrow."""

import re
import sys
from io import BytesIO

import botocore.session
import pyarrow.dataset
import pyarrow.parquet
import pytest
from msgspec.structs import replace

from setright.integrations import ocsf
from setright.integrations.error import IntegrationError
from setright.integrations.securitylake import COLUMNS, Options, SecurityLake, parquet

from .events import message
from .test_channels import EVENTS

REGION = "eu-central-1"
BUCKET = "aws-security-data-lake-eu-central-1-abc"
FINDINGS, CHANGES = (
    f"ext/{name}/region={REGION}/accountId=123456789012/eventDay=20260102" for name in ("setright-findings", "setright-remediation")
)


@pytest.fixture
def lake(aws):
    client = botocore.session.get_session().create_client("s3", region_name=REGION, endpoint_url=aws)
    client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    yield client
    for each in objects(client):
        client.delete_object(Bucket=BUCKET, Key=each)
    client.delete_bucket(Bucket=BUCKET)


def objects(client):
    return [each["Key"] for each in client.list_objects_v2(Bucket=BUCKET).get("Contents", [])]


def opened(lake, **more):
    endpoint = lake.meta.endpoint_url
    return SecurityLake(Options(**({"bucket": BUCKET, "region": REGION, "account": "123456789012", "endpoint": endpoint} | more)))


def read(client, key):
    return pyarrow.parquet.ParquetFile(BytesIO(client.get_object(Bucket=BUCKET, Key=key)["Body"].read()))


def test_each_class_has_its_source_and_a_batch_sent_twice_is_one_object(lake):
    told = [message(number=1), message("plan.verified", 2), message("exception.made", 3), message("switch.on", 4, {}, "setright")]
    for _ in range(2):
        opened(lake).send(told)
    finding, change = sorted(objects(lake))
    assert finding.rpartition("/")[0] == FINDINGS and change.rpartition("/")[0] == CHANGES
    assert {row["class_uid"] for row in read(lake, finding).read().to_pylist()} == {2003}
    assert [row["class_uid"] for row in read(lake, change).read().to_pylist()] == [7001]


def test_a_file_is_as_the_lake_asks(lake):
    late, early = message(number=1), message("finding.resolved", 2)
    early = replace(early, at="2026-01-02T01:00:00.000000Z")
    opened(lake).send([late, early])
    file = read(lake, objects(lake)[0])
    times = [row["time"] for row in file.read().to_pylist()]
    assert times == sorted(times) and len(times) == 2
    group = file.metadata.row_group(0)
    assert {group.column(n).compression for n in range(group.num_columns)} == {"ZSTD"} and file.metadata.num_row_groups == 1


@pytest.mark.parametrize("name", [name for name in EVENTS if name.split(".")[0] in ("finding", "exception", "plan")])
def test_nothing_of_an_event_is_lost_on_the_way(name):
    event = ocsf.event(message(name))
    (row,) = pyarrow.parquet.read_table(BytesIO(parquet(event["class_uid"], [event]))).to_pylist()
    unmapped = dict(row.pop("unmapped"))
    assert unmapped["event"] == name and unmapped.keys() == event["unmapped"].keys()
    assert row == {key: value for key, value in event.items() if key != "unmapped"}


def test_all_files_of_a_class_have_one_schema_and_are_one_table(tmp_path):
    bare = ocsf.event(message(body={}))
    for number, event in enumerate([ocsf.event(message()), bare, ocsf.event(message("finding.resolved"))]):
        place = tmp_path / f"region=a/accountId=external/eventDay=2026010{number}"
        place.mkdir(parents=True)
        (place / "x.zstd.parquet").write_bytes(parquet(2003, [event]))
    table = pyarrow.dataset.dataset(tmp_path, partitioning="hive").to_table()
    assert table.num_rows == 3 and COLUMNS[2003].keys() < set(table.column_names)
    assert table.column("severity").to_pylist() == ["High", "Unknown", "High"]


def test_a_day_and_a_version_are_partitions(lake):
    other = replace(message(number=2), at="2026-01-03T00:00:00Z")
    opened(lake, version="1.0", account="external").send([message(), other])
    days = [f"ext/setright-findings/1.0/region={REGION}/accountId=external/eventDay={day}" for day in (20260102, 20260103)]
    assert sorted(key.rpartition("/")[0] for key in objects(lake)) == days


def test_a_source_that_is_not_named_gets_nothing(lake):
    opened(lake, remediations="").send([message("plan.verified")])
    assert objects(lake) == []


def test_a_test_proves_the_right_to_write_and_adds_no_record(lake):
    opened(lake).send([message("message.test", body={"text": "x"})])
    (key,) = objects(lake)
    assert key == f"{FINDINGS}/test.zstd.parquet" and read(lake, key).read().num_rows == 0


def test_the_names_are_such_as_the_lake_takes(lake):
    taken = botocore.session.get_session().get_service_model("securitylake").shape_for("CustomLogSourceName").metadata["pattern"]
    for name in (Options("b", REGION).findings, Options("b", REGION).remediations):
        assert re.match(taken, name) and len(name) <= 20  # the role's name has no room for more
    for wrong in ({"findings": "a name"}, {"findings": "x" * 21}, {"version": "a/b"}, {"findings": "", "remediations": ""}):
        with pytest.raises(IntegrationError, match="findings|version"):
            opened(lake, **wrong)


def test_without_its_library_or_its_bucket_it_says_so(lake, monkeypatch):
    with pytest.raises(IntegrationError, match="NoSuchBucket"):
        opened(lake, bucket="nowhere").send([message()])
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(IntegrationError, match=r"setright\[lake\]"):
        opened(lake)

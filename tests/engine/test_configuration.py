"""A mistake in setright.toml is named with its line and what may have been meant; nobody needs the file."""

import tomllib
from pathlib import Path

import jsonschema
import msgspec
import pytest

from setright.engine.configuration import (
    Configuration,
    Target,
    find,
    json_schema,
    load_configuration,
    parse_configuration,
    read_configuration,
)
from setright.engine.error import EngineError
from setright.engine.toml_lines import toml_line

COMMITTED = Path(__file__).parents[2] / "schemas" / "setright.schema.json"
FULL = """\
state = "state"   # beside this file
baselines = ["recommended", "acme"]

[parameters]
log_bucket = "acme-logs"

[[targets]]
name = "web-1"
url = "ssh://ops@web-1"
environment = "production"
tags = ["shop"]

[[targets]]
name = "cloud"
url = "aws://prod"
owner = "platform"

[[owners]]
name = "web team"
targets = ["ssh://*web-*"]

[policy]
plan_life_h = 8

[[policy.rules]]
environments = ["production"]
lane = "hold"
window = "night"

[policy.windows.night]
days = ["sat", "sun"]
start = "22:00"
until = "04:00"

[integrations.slack]
url = "env:SLACK_URL"
"""


def test_a_full_file_is_read():
    configuration = parse_configuration(FULL)
    assert configuration.targets[0] == Target("web-1", "ssh://ops@web-1", "production", tags=("shop",))
    assert configuration.parameters == {"log_bucket": "acme-logs"} and configuration.baselines == ("recommended", "acme")
    assert configuration.policy.rules[0].lane == "hold" and configuration.policy.windows["night"].until == "04:00"
    assert configuration.integrations == {"slack": {"url": "env:SLACK_URL"}}


def test_no_file_and_an_empty_one_give_the_defaults():
    assert parse_configuration("") == Configuration()


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ('name = "cloud"', 'nmae = "cloud"', 14, "targets[1].nmae: no such key; did you mean 'name'?"),
        ('url = "aws://prod"', "url = 7", 15, "targets[1].url: Expected str, got int"),
        ('environment = "production"', 'environment = "prodution"', 10, "did you mean 'production'?"),
        ("[parameters]", "[paramters]", 4, "paramters: no such key; did you mean 'parameters'?"),
        ("[[owners]]", "[[owner]]", 18, "owner: no such key; did you mean 'owners'?"),
        ('url = "aws://prod"\n', "", 13, "targets[1]: the key 'url' is missing"),
        ('tags = ["shop"]', 'tags = ["shop", 1]', 11, "targets[0].tags[1]: Expected str, got int"),
        ('lane = "hold"', 'lane = "holt"', 27, "'holt' is none of ask, auto, hand, hold, shield, source; did you mean 'hold'?"),
        ('window = "night"', 'window = "nigth"', 28, "policy.rules[0].window: there is no window 'nigth'; did you mean 'night'?"),
        ("plan_life_h", "plan_life", 23, "policy.plan_life: no such key; did you mean 'plan_life_h'?"),
        ('name = "cloud"', 'name = "web-1"', 14, "'web-1' is also the name of target 1"),
        ('[parameters]', '[parameters', 4, "not TOML"),
        ('state = "state"', 'state = "a"\nstate = "b"', 2, "not TOML"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_line(old, new, line, said):
    assert old in FULL
    with pytest.raises(EngineError) as caught:
        parse_configuration(FULL.replace(old, new), "acme.toml")
    assert str(caught.value).startswith(f"acme.toml:{line}: ") and said in str(caught.value)


def test_a_mistake_in_an_inline_list_is_named_with_its_line():
    text = 'targets = [\n  { name = "a", url = "." },\n  { name = "b", ulr = "." },\n]\n'
    with pytest.raises(EngineError, match=r"^x:3: targets\[1\]\.ulr: no such key; did you mean 'url'\?$"):
        parse_configuration(text, "x")


def test_a_line_is_that_of_the_nearest_thing_there_is():
    assert [
        toml_line(FULL, path) for path in [("state",), ("policy", "windows", "night", "days"), ("targets", 0, "owner"), ("x",), ()]
    ] == [
        1,
        31,
        7,
        1,
        1,
    ]


def test_a_relative_state_directory_is_beside_the_file(tmp_path):
    (tmp_path / "setright.toml").write_text(FULL)
    assert load_configuration(tmp_path / "setright.toml", {}).state_directory == tmp_path / "state"


def test_a_file_that_cannot_be_read_says_so(tmp_path):
    (tmp_path / "latin").write_bytes(b"# caf\xe9")
    for name, said in (("nothing.toml", "No such file"), ("latin", "byte 5 is not UTF-8")):
        with pytest.raises(EngineError, match=said):
            read_configuration(tmp_path / name)


def test_a_file_that_anyone_may_write_does_not_tell_root_what_to_do(tmp_path, monkeypatch):
    file = tmp_path / "setright.toml"
    file.write_text("")
    file.chmod(0o666)
    monkeypatch.setattr("os.geteuid", lambda: 0)
    with pytest.raises(EngineError, match="chmod o-w"):
        read_configuration(file)
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert read_configuration(file) == Configuration()


def test_the_file_is_looked_for_by_name_then_here(tmp_path):
    assert find({"SETRIGHT_CONFIG": "/x/y.toml"}, tmp_path) == Path("/x/y.toml")
    (tmp_path / "setright.toml").write_text("")
    assert find({}, tmp_path) == tmp_path / "setright.toml"


@pytest.mark.parametrize(
    ("configured", "environ", "user", "where"),
    [
        ("/srv/x", {"SETRIGHT_STATE": "/tmp/s"}, 0, "/tmp/s"),
        ("/srv/x", {}, 0, "/srv/x"),
        ("", {}, 0, "/var/lib/setright"),
        ("", {"XDG_STATE_HOME": "/h/state"}, 1000, "/h/state/setright"),
        ("", {"HOME": "/home/ann"}, 1000, "/home/ann/.local/state/setright"),
    ],
)
def test_the_state_directory_is_found(configured, environ, user, where, tmp_path, monkeypatch):
    monkeypatch.setattr("os.geteuid", lambda: user)
    file = tmp_path / "setright.toml"
    file.write_text(f'state = "{configured}"')
    assert load_configuration(file, environ).state_directory == Path(where)


def test_store_and_journal_are_in_the_state_directory_unless_said_otherwise(tmp_path):
    file, state = tmp_path / "setright.toml", {"SETRIGHT_STATE": "/s"}
    file.write_text('store = "postgresql://db/x"\ncontent = ["ours"]')
    alone, shared = load_configuration(None, state), load_configuration(file, state)
    assert (alone.store_url, alone.runs_url) == ("sqlite:////s/setright.db", "sqlite:////s/runs.db")
    assert shared.store_url == shared.runs_url == "postgresql://db/x" and shared.content == (str(tmp_path / "ours"),)
    assert load_configuration(file, {**state, "SETRIGHT_STORE": "postgresql://u:p@db/x"}).store_url == "postgresql://u:p@db/x"


def test_the_committed_schema_is_the_one_of_the_code():
    assert COMMITTED.read_bytes() == json_schema()


def test_the_schema_takes_what_we_take_and_refuses_what_we_refuse():
    schema = msgspec.json.decode(json_schema())
    jsonschema.validate(tomllib.loads(FULL), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(tomllib.loads(FULL.replace("nmae", "name").replace("plan_life_h", "plan_life")), schema)

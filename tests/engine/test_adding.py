"""What `setright.toml` looks like with one more channel, and what is refused."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from setright.engine.adding import PLACE, added, channel_table, questions, save_settings, sorts, toml_table
from setright.engine.configuration import parse_configuration
from setright.engine.error import EngineError

MINE = """\
# our estate
fallback = "platform"   # whoever is on duty

[[targets]]
name = "web-1"
url = "ssh://ops@web-1"

[integrations.old] # the first
type = "webhook"
url = "https://example.com"
secret = "file:/run/secret"
"""
SECRET = "hunter2-Correct-Horse"


def answers(sort):
    """What each type needs, and nothing more."""
    needed = [each for each in questions(sort) if each.default is None]
    return {each.key: f"env:{each.key.upper()}" if each.is_secret else (each.choices or ("1",))[0] for each in needed}


@pytest.mark.parametrize("sort", sorts())
def test_every_type_can_be_added_to_any_file_and_is_read_back(sort):
    said = channel_table(sort, "new", answers(sort))
    for text in ("", MINE, MINE.rstrip("\n"), MINE.replace("\n", "\r\n")):
        new = added(text, "new", said)
        assert new.startswith(text)
        assert parse_configuration(new).integrations["new"] == said
        assert ("\r\n" in new) == ("\r\n" in text) and new.count("\r\n") in (0, new.count("\n"))


@pytest.mark.parametrize("sort", sorts())
def test_no_secret_of_any_type_is_written_or_repeated(sort):
    module_secrets = [each.key for each in questions(sort) if each.is_secret]
    for key in module_secrets:
        with pytest.raises(EngineError) as error:
            channel_table(sort, "new", answers(sort) | {key: SECRET})
        assert key in str(error.value) and "env:NAME" in str(error.value) and SECRET not in str(error.value)


@pytest.mark.parametrize("sort", sorts())
@pytest.mark.parametrize(("key", "text", "value"), [("severities", "high, critical", ["high", "critical"]), ("off", "yes", True)])
def test_what_every_channel_is_told_of_can_be_given(sort, key, text, value):
    assert channel_table(sort, "new", answers(sort) | {key: text})[key] == value


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"url": "https://ann:pass-word@example.com"}, "url: has a secret in it"),
        ({"url": "https://x.example.com/ghp_plantedPlantedPlanted0123456789abcd"}, "url: has a secret in it"),
        ({"urls": "x"}, "urls: webhook has no such setting; there are url, secret"),
        ({"type": "x"}, "type: webhook has no such setting"),
        ({"url": "https://x\udcff"}, "cannot be seen"),
        ({"off": "perhaps"}, "off: 'perhaps' is no yes or no"),
        ({"severities": "[1]"}, "Expected `str`"),
        ({}, "url, secret: missing"),
    ],
)
def test_what_is_not_right_says_which_setting(given, says):
    with pytest.raises(EngineError) as error:
        channel_table("webhook", "new", given and {"url": "https://example.com", "secret": "env:X"} | given)
    assert says in str(error.value) and "pass-word" not in str(error.value) and "ghp_" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "name", "says"),
    [
        (MINE, "old", "is there already"),
        (MINE, "a b", "is no name"),
        ("integrations = {}\n", "new", "write it by hand"),
        ("a = \n", "new", "not TOML"),
        ("[[integrations]]\n", "new", "by hand"),
    ],
)
def test_a_file_with_no_room_for_it_is_left_alone(text, name, says):
    with pytest.raises(EngineError, match=says):
        added(text, name, {"type": "webhook"})


inner = st.one_of(st.text(), st.integers(-9, 9), st.booleans())
values = st.one_of(inner, st.lists(st.text()), st.dictionaries(st.text(), inner, max_size=3))


@given(st.dictionaries(st.from_regex(r"[a-z_]{1,9}", fullmatch=True), values))
def test_what_is_written_is_what_is_read(said):
    assert tomllib.loads(toml_table("new", said)) == {"integrations": {"new": said}}


def test_the_file_before_is_kept_with_its_mode_and_a_link_stays_a_link(tmp_path):
    real, file = tmp_path / "real.toml", tmp_path / "setright.toml"
    real.write_text(MINE)
    real.chmod(0o640)
    file.symlink_to(real)
    done = save_settings(file, MINE.encode(), MINE + "# more\n")
    assert done.kept == tmp_path / "real.toml.before" and done.kept.read_text() == MINE
    assert file.is_symlink() and real.read_text() == MINE + "# more\n" and real.stat().st_mode & 0o777 == 0o640
    assert sorted(each.name for each in tmp_path.iterdir()) == ["real.toml", "real.toml.before", "setright.toml"]


def test_a_file_that_changed_meanwhile_is_left_alone(tmp_path):
    file = tmp_path / "setright.toml"
    file.write_text(MINE + "# somebody else\n")
    with pytest.raises(EngineError, match="changed meanwhile"):
        save_settings(file, MINE.encode(), "x")
    assert file.read_text() == MINE + "# somebody else\n"
    assert save_settings(tmp_path / "new.toml", None, "a = 1\n").kept is None and (tmp_path / "new.toml").read_text() == "a = 1\n"


def test_places_are_told_from_secrets():
    assert all(PLACE.fullmatch(each) for each in ("env:A", "file:/run/a", "keyring:setright/soc"))
    assert not any(PLACE.fullmatch(each) for each in ("env:", "hunter2", "ENV:A", "", "https://x"))

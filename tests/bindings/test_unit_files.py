"""Promises of services that are told from their unit files and drop-ins."""

from setright.bindings.layouts import unit_files
from setright.bindings.source import Source
from setright.lenses import systemd
from setright.model import Edit

LAYOUT = {"documents": ["*"], "new": "/etc/systemd/system/*.d/60-setright.conf", "lens": "systemd"}
VENDOR, SITE, DROP_IN = "/lib/systemd/system/", "/etc/systemd/system/", "/etc/systemd/system/a.service.d/"
RUN = "[Service]\nExecStart=/bin/a\n"


def sources(files: dict[str, str]) -> dict[str, Source]:
    return {name: Source(name, "systemd", systemd.get(text.encode())) for name, text in files.items()}


def seen(files: dict[str, str]) -> dict[str, object]:
    return {r.name: r.tree.get("Service") for r in unit_files.view("linux/sandbox", LAYOUT, sources(files))}


def test_drop_ins_change_what_the_file_says_and_a_file_in_etc_hides_the_packaged_one() -> None:
    files = {VENDOR + "a.service": RUN + "PrivateTmp=no\n", DROP_IN + "9.conf": "[Service]\nPrivateTmp=yes\n"}
    assert seen(files) == {"a.service": {"ExecStart": "/bin/a", "PrivateTmp": "yes"}}
    assert seen(files | {SITE + "a.service": RUN}) == {"a.service": {"ExecStart": "/bin/a", "PrivateTmp": "yes"}}


def test_what_is_no_service_of_its_own_is_left_out() -> None:
    assert (
        seen({SITE + "a@.service": RUN, SITE + "b.service": "[Service]\nType=oneshot\n", DROP_IN + "1.conf": "[Service]\nX=1\n"})
        == {}
    )
    assert seen({VENDOR + "a.service": RUN, SITE + "a.service": ""}) == {}, "a masked unit never runs"
    assert seen({SITE + "alias.service": RUN + "[Install]\nAlias=alias.service\n"}) == {}


def test_a_setting_goes_where_ours_stands_and_never_into_a_packaged_file() -> None:
    edit = Edit(("Service", "PrivateTmp"), "yes")
    places = {
        (VENDOR + "a.service",): DROP_IN + "60-setright.conf",
        (SITE + "a.service",): SITE + "a.service",
        (VENDOR + "a.service", DROP_IN + "9.conf"): DROP_IN + "9.conf",
    }
    for names, place in places.items():
        held = sources(dict.fromkeys(names, RUN + "PrivateTmp=no\n"))
        (resource,) = unit_files.view("linux/sandbox", LAYOUT, held)
        assert unit_files.edit(LAYOUT, resource, [edit], [], held) == [(place, edit)]

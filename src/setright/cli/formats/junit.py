"""JUnit XML, as CI systems show test results: a suite a target, a failed test a finding, an error what could not be read."""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from setright.cli.lines import from_here, location_text, pairs, unknown
from setright.engine.contract import Looked, Report
from setright.engine.redact import printable, redact_text
from setright.engine.scan import Found
from setright.model import Verdict


def render(report: Report) -> str:
    root = Element("testsuites", name="setright")
    for result in report.results:
        _suite(root, result, report.key)
    for name in ("tests", "failures", "errors", "skipped"):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in root)))
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _suite(root: Element, result: Looked, key: bytes) -> None:
    suite = SubElement(root, "testsuite", name=from_here(result.target))
    if result.scan is None:
        _case(suite, from_here(result.target), "target", "error", result.error, "")
        _count(suite, 1, errors=1)
        return
    found, problems, left_open = result.scan.found, result.scan.problems, result.scan.excepted
    for each in found:
        _finding(suite, each, key)
    for excepted in left_open:
        finding, until = excepted.finding, f" (until {excepted.until})" if excepted.until else ""
        why = f"left open, {excepted.kind}: {excepted.reason}{until}"
        _case(suite, finding.resource, finding.control, "skipped", why, _text(excepted.found, ()))
    for problem in problems:
        _case(suite, problem.locator, "problem", "error", problem.why, "")
    if result.scan.passed:
        SubElement(suite, "testcase", name=f"{result.scan.passed} passed", classname="setright.passed")
    untold = sum(f.finding.verdict is Verdict.UNKNOWN for f in found)
    tests = len(found) + len(problems) + len(left_open) + bool(result.scan.passed)
    _count(suite, tests, len(found) - untold, errors=len(problems), skipped=untold + len(left_open))


def _count(suite: Element, tests: int, failures: int = 0, errors: int = 0, skipped: int = 0) -> None:
    for name, count in (("tests", tests), ("failures", failures), ("errors", errors), ("skipped", skipped)):
        suite.set(name, str(count))


def _finding(suite: Element, found: Found, key: bytes) -> None:
    finding = found.finding
    why = unknown(found, key)
    message = f"cannot be told: {why}" if why else finding.title
    told = [f"{p.path}: {p.have} -> {p.want}" for p in pairs(found, key)]
    _case(suite, finding.resource, finding.control, "skipped" if why else "failure", message, _text(found, told))


def _text(found: Found, told: Iterable[str]) -> str:
    finding = found.finding
    return "\n".join([f"{finding.severity}: {finding.title}", location_text(finding.location), *told, found.control.why])


def _case(suite: Element, name: str, group: str, outcome: str, message: str, text: str) -> None:
    case = SubElement(suite, "testcase", name=printable(name), classname=group.replace("/", "."))
    SubElement(case, outcome, message=printable(redact_text(message))).text = printable(text)

"""Findings as JUnit XML, for GitLab's test summary and everything else that reads test reports.

A test suite is a project, a test case is a rule: GitLab compares test cases of a merge request
with those of the target branch by suite, class and name, takes the first of equal ones alone, and
calls a failure resolved where the same case has passed. So every rule that was applied is there,
with a name that no change of the project's files can alter, and one failure that lists all places.
See https://docs.gitlab.com/ci/testing/unit_test_reports/.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from xml.etree import ElementTree as ET

from lisa_scaffold import rules
from lisa_scaffold.model import Checked, Finding, Severity, Waived
from lisa_scaffold.report.check import wording
from lisa_scaffold.shown import brief, visible

OUTCOMES = "failure", "error", "skipped"
_MOST_PLACES = 200


def report(results: Sequence[Checked], fail_on: Severity = Severity.MUST) -> str:
    """All projects as one JUnit report.

    Parameters
    ----------
    results
        The projects.
    fail_on
        The severity from which a finding is a failure; one below it, or waived, is skipped.
    """
    root = ET.Element("testsuites", name="lisa-scaffold check")
    names = Counter(map(_name, results))
    for checked in results:
        name = _name(checked)
        named = name if names[name] == 1 else f"{name} ({checked.path})"
        root.append(_suite(checked, visible(named), fail_on))
    _count(root, root.iter("testcase"))
    del root.attrib["skipped"]  # the schemas that are about know it in suites alone
    ET.indent(root)
    # Not "unicode": that would declare the encoding of the locale, and the report is in UTF-8.
    said: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return f"{said.decode()}\n"


def _name(checked: Checked) -> str:
    """What tells a project from others, on whatever machine it is checked."""
    return checked.prefix.rstrip("/") or checked.name


def _suite(checked: Checked, name: str, fail_on: Severity) -> ET.Element:
    suite = ET.Element("testsuite", name=name)
    found = wording.by_code(checked.findings)
    waived: dict[str, list[Waived]] = {}
    for each in checked.waived:
        waived.setdefault(each.finding.code, []).append(each)
    for code in sorted({*checked.applied, *found, *waived}):
        said = f"{code} {wording.title(code)}"
        # A rule takes no time worth telling; some readers want one all the same.
        owner = visible(checked.name)
        case = ET.SubElement(suite, "testcase", classname=owner, name=said, time="0")
        if code in found:
            case.set("file", visible(wording.path(checked, found[code][0])))
            case.append(_failed(found[code], fail_on))
        elif code in waived:
            case.append(_outcome("skipped", "waived", map(_reason, waived[code])))
    _count(suite, suite)
    return suite


def _failed(findings: list[Finding], fail_on: Severity) -> ET.Element:
    severity = findings[0].severity
    said = wording.count(len(findings), "finding")
    lines = [*map(_line, findings[:_MOST_PLACES]), *_rest(findings), f"See {findings[0].url}"]
    if findings[0].code == rules.CRASH.code:
        return _outcome("error", said, lines)
    if severity == Severity.SHOULD and fail_on == Severity.MUST:
        return _outcome("skipped", f"{said}, which fail no pipeline", lines)
    return _outcome("failure", said, lines, type=severity.value)


def _rest(findings: list[Finding]) -> list[str]:
    more = len(findings) - _MOST_PLACES
    return [f"and {more} more"] if more > 0 else []


def _outcome(tag: str, message: str, lines: Iterable[str], **attributes: str) -> ET.Element:
    element = ET.Element(tag, {"message": message, **attributes})
    # GitLab shows the content alone.
    element.text = "\n".join(lines)
    return element


def _line(finding: Finding) -> str:
    return f"{visible(wording.place(finding))}: {brief(finding.message)}"


def _reason(waived: Waived) -> str:
    return f"{_line(waived.finding)} (waived: {brief(waived.reason)})"


def _count(element: ET.Element, cases: Iterable[ET.Element]) -> None:
    outcomes = [[child.tag for child in case] for case in cases]
    element.set("tests", str(len(outcomes)))
    for tag in OUTCOMES:
        # The attributes are in the plural, but for the one that has none.
        name = tag if tag == "skipped" else f"{tag}s"
        element.set(name, str(outcomes.count([tag])))

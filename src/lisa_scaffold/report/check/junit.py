"""Findings as JUnit XML, for GitLab's test summary and everything else that reads test reports.

A test suite is a project, a test case is a rule: GitLab compares the test cases of a merge request
with those of the target branch by suite, class and name, takes only the first of equal ones, and
calls a failure resolved where the same case has passed. So every applied rule has a case, with a
name that no change of the project's files can alter, and one failure that lists all places.
See https://docs.gitlab.com/ci/testing/unit_test_reports/.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from xml.etree import ElementTree as ET

from lisa_scaffold import rules
from lisa_scaffold.lines import count
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
    # The names are the same on whatever machine the projects are checked.
    names = [checked.prefix.rstrip("/") or checked.name for checked in results]
    counts = Counter(names)
    several = wording.are_several(results)
    for checked, name in zip(results, names, strict=True):
        unique = name if counts[name] == 1 else f"{name} ({checked.path})"
        root.append(_suite(checked, visible(unique), fail_on, several=several))
    _count(root, root.iter("testcase"))
    del root.attrib["skipped"]  # the schemas in use know it in suites only
    ET.indent(root)
    # Not "unicode": that would declare the encoding of the locale, and the report is in UTF-8.
    xml: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return f"{xml.decode()}\n"


def _suite(checked: Checked, name: str, fail_on: Severity, *, several: bool) -> ET.Element:
    suite = ET.Element("testsuite", name=name)
    found = wording.group_by_code(checked.findings)
    waived: dict[str, list[Waived]] = {}
    for each in checked.waived:
        waived.setdefault(each.finding.code, []).append(each)
    for code in sorted({*checked.applied, *found, *waived}):
        title = f"{code} {wording.title(code)}"
        # A rule takes no time worth mentioning; some readers want one all the same.
        owner = visible(checked.name)
        case = ET.SubElement(suite, "testcase", classname=owner, name=title, time="0")
        if code in found:
            case.set("file", visible(wording.name_path(checked, found[code][0], several=several)))
            case.append(_outcome(found[code], fail_on))
        elif code in waived:
            lines = [f"{_line(x.finding)} (waived: {brief(x.reason)})" for x in waived[code]]
            case.append(_element("skipped", "waived", lines))
    _count(suite, suite)
    if checked.notes:
        ET.SubElement(suite, "system-out").text = "\n".join(map(brief, checked.notes))
    return suite


def _outcome(findings: list[Finding], fail_on: Severity) -> ET.Element:
    lines = [_line(each) for each in findings[:_MOST_PLACES]]
    if len(findings) > _MOST_PLACES:
        lines.append(f"and {len(findings) - _MOST_PLACES} more")
    lines.append(f"See {findings[0].url}")
    message = count(len(findings), "finding")
    severity = findings[0].severity
    if findings[0].code == rules.CRASH.code:
        return _element("error", message, lines)
    if severity == Severity.SHOULD and fail_on == Severity.MUST:
        fail = "fail" if findings[1:] else "fails"
        return _element("skipped", f"{message}, which {fail} no pipeline", lines)
    return _element("failure", message, lines, type=severity.value)


def _element(tag: str, message: str, lines: list[str], **attributes: str) -> ET.Element:
    element = ET.Element(tag, {"message": message, **attributes})
    # GitLab shows nothing but the content.
    element.text = "\n".join(lines)
    return element


def _line(finding: Finding) -> str:
    return f"{visible(wording.place(finding))}: {brief(finding.message)}"


def _count(element: ET.Element, cases: Iterable[ET.Element]) -> None:
    outcomes = [[child.tag for child in case] for case in cases]
    element.set("tests", str(len(outcomes)))
    for tag in OUTCOMES:
        # The attributes are in the plural, except for the one that has none.
        name = tag if tag == "skipped" else f"{tag}s"
        element.set(name, str(outcomes.count([tag])))

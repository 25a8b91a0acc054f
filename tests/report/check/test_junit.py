"""JUnit reports: one test case for each rule, for any parser."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from lisa_scaffold.model import Checked, Severity
from lisa_scaffold.report.check import junit

from ...support.results import EVIL, checked, finding, sample

PAGES = "https://lisa.pages.in2p3.fr/lisa-scaffold/reference/rules"


def suites(*results: Checked, fail_on: Severity = Severity.MUST) -> list[TestSuite]:
    return list(JUnitXml.fromstring(junit.report(results, fail_on).encode("utf-8")))


def cases(*results: Checked, fail_on: Severity = Severity.MUST) -> list[TestCase]:
    return [case for suite in suites(*results, fail_on=fail_on) for case in suite]


def outcome(case: TestCase) -> tuple[str, str, str | None]:
    """The rule of a test case, what it came to, and what is said then."""
    code = str(case.name).split()[0]
    if case.is_passed:
        return code, "passed", None
    (result,) = case.result
    return code, type(result).__name__, result.text


def test_the_report_of_a_project() -> None:
    (suite,) = suites(sample())
    assert (suite.name, suite.tests, suite.failures, suite.errors, suite.skipped) == (
        *("lisa-noise", 6, 1, 0, 3),
    )
    assert [outcome(case) for case in suite] == [
        ("CHG001", "passed", None),
        ("CHG002", "Skipped", f"CHANGELOG.md:7: `[1.3]` is no version\nSee {PAGES}/CHG002.html"),
        ("CHG003", "Skipped", f"CHANGELOG.md:9: no date below line 9\nSee {PAGES}/CHG003.html"),
        (
            "SYN001",
            "Failure",
            f"pyproject.toml:12:9: no valid TOML: Invalid value\nSee {PAGES}/SYN001.html",
        ),
        ("SYN002", "passed", None),
        (
            "SYN006",
            "Skipped",
            ".gitlab-ci.yml:21: the key script stands twice"
            " (waived: kept until the runner is replaced)",
        ),
    ]


def test_attributes_that_gitlab_shows() -> None:
    case = cases(sample())[3]
    assert case.classname == "lisa-noise"
    assert case.name == "SYN001 TOML files are valid"
    assert case._elem.get("file") == "pyproject.toml"


def test_all_projects_together_are_counted() -> None:
    root = JUnitXml.fromstring(junit.report([sample(), sample()]).encode("utf-8"))
    assert dict(root._elem.attrib) == {
        "name": "lisa-scaffold check",
        "tests": "12",
        "failures": "2",
        "errors": "0",
    }


def test_what_fails_a_pipeline_is_a_failure() -> None:
    one = checked(finding("CHG002"), finding("SYN001"))
    assert [outcome(case)[:2] for case in cases(one)] == [
        ("CHG002", "Skipped"),
        ("SYN001", "Failure"),
    ]
    assert [outcome(case)[:2] for case in cases(one, fail_on=Severity.SHOULD)] == [
        ("CHG002", "Failure"),
        ("SYN001", "Failure"),
    ]


def test_it_is_said_that_findings_fail_no_pipeline() -> None:
    one, two = finding("CHG002"), finding("CHG002", line=7)
    said = [case.result[0].message for case in cases(checked(one), checked(one, two))]
    assert said == ["1 finding, which fails no pipeline", "2 findings, which fail no pipeline"]


def test_notes_are_what_a_suite_puts_out() -> None:
    (suite,) = suites(checked(notes=("one", f"two {EVIL}")))
    assert suite._elem.findtext("system-out", "").splitlines()[0] == "one"
    assert suite.tests == 0


def test_a_rule_that_crashed_is_an_error() -> None:
    (case,) = cases(checked(finding("INT001", ".", 1, "CHG001 crashed: KeyError('x')")))
    assert outcome(case)[:2] == ("INT001", "Error")


def test_all_places_of_a_rule_stand_in_one_failure() -> None:
    """GitLab takes the first of test cases with equal names, and one failure of a test case."""
    found = [finding("SYN001", f"{number}.toml", number) for number in range(1, 251)]
    (case,) = cases(checked(*found))
    (failure,) = case.result
    lines = failure.text.splitlines()
    assert failure.message == "250 findings"
    assert lines[0] == "1.toml:1: not as it should be"
    assert lines[199:] == [
        "200.toml:200: not as it should be",
        "and 50 more",
        f"See {PAGES}/SYN001.html",
    ]


def test_projects_are_told_apart_wherever_they_are_checked() -> None:
    inside = [checked(path=Path("/builds/1/one"), prefix="one/"), checked(name="lisa-orbits")]
    assert [suite.name for suite in suites(*inside)] == ["one", "lisa-orbits"]
    same = [checked(path=Path("a")), checked(path=Path("b"))]
    assert [suite.name for suite in suites(*same)] == ["lisa-noise (a)", "lisa-noise (b)"]


def test_foreign_text_is_shown_as_what_it_is() -> None:
    (case,) = cases(checked(finding("SYN001", EVIL, message=EVIL), name=EVIL))
    shown = "<script>alert('x')</script>\"&'`|\\u202e\\x1b[31m\\n@all "
    assert case.classname.startswith(shown)
    assert str(outcome(case)[2]).splitlines()[0].count(shown) == 2


@given(st.text(st.characters(codec=None), max_size=30))
def test_xml_takes_any_text(text: str) -> None:
    """XML 1.0 has no place for most control characters, not even as references."""
    one = checked(finding("SYN001", text, message=text), finding("CHG002", text), name=text)
    assert [outcome(case)[:2] for case in cases(one)] == [
        ("CHG002", "Skipped"),
        ("SYN001", "Failure"),
    ]


@pytest.mark.parametrize("kind", [Error, Failure, Skipped])
def test_every_outcome_has_content_which_is_what_gitlab_shows(kind: type) -> None:
    every = [sample(), checked(finding("INT001"))]
    found = [result for case in cases(*every) for result in case.result]
    texts = [result.text for result in found if isinstance(result, kind)]
    assert texts
    assert all(text.strip() for text in texts)

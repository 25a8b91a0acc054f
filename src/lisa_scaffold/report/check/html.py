"""Findings as one self-contained page, which is readable without its script."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from lisa_scaffold.model import Checked, Excerpt, Finding, Severity
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.report.check import wording
from lisa_scaffold.report.page import build_page, mark_prose, show_line
from lisa_scaffold.rules.rule import Rule, Text

_LINK = compile_lazily(r"\[([^]]+)\]\((https://[^)\s]+)\)")


@dataclass(frozen=True)
class Group:
    """The findings of one rule in one project."""

    rule: Rule
    findings: list[Finding]

    @property
    def family(self) -> str:
        """The letters of the family."""
        return self.rule.family

    @property
    def text(self) -> Text:
        """What the rule wants, and why."""
        return self.rule.text


@dataclass(frozen=True)
class Project:
    """One project on the page."""

    anchor: str
    checked: Checked
    groups: list[Group]

    def number(self, severity: str) -> int:
        """How many findings there are of a severity."""
        return len(wording.select_severity(Severity(severity), self.checked.findings))


@dataclass(frozen=True)
class Bar:
    """Findings of a family, as a line of the summary."""

    letters: str
    title: str
    must: int
    should: int
    anchor: str


def report(results: Sequence[Checked]) -> str:
    """All projects as one page."""
    # The projects with most to repair come first.
    worst = sorted(
        results, key=lambda x: [-len(wording.select_severity(s, x.findings)) for s in Severity]
    )
    projects = []
    for number, checked in enumerate(worst, 1):
        grouped = wording.group_by_code(checked.findings)
        groups = [Group(wording.rule(code), found) for code, found in grouped.items()]
        projects.append(Project(f"p{number}", checked, groups))
    findings = wording.list_all_findings(results)
    bars = list(_bars(projects))
    # The families that were applied and found nothing.
    clean = {wording.name_letters(code) for checked in results for code in checked.applied}
    clean -= {bar.letters for bar in bars}
    return build_page(
        "check",
        {"lines": _number_lines, "prose": _mark_prose},
        command="check",
        projects=projects,
        findings=findings,
        must=len(wording.select_severity(Severity.MUST, findings)),
        should=len(wording.select_severity(Severity.SHOULD, findings)),
        bars=bars,
        most=max((bar.must + bar.should for bar in bars), default=0),
        clean=[wording.name_family(each) for each in wording.list_families() if each in clean],
        place=wording.place,
    )


def _bars(projects: Sequence[Project]) -> Iterator[Bar]:
    """The families with findings, in the order of the rules."""
    for letters in wording.list_families():
        groups = [
            (project, group)
            for project in projects
            for group in project.groups
            if group.family == letters
        ]
        if groups:
            project, first = groups[0]
            found = [finding for _, group in groups for finding in group.findings]
            must = len(wording.select_severity(Severity.MUST, found))
            anchor = f"{project.anchor}-{first.rule.code}"
            yield Bar(letters, wording.name_family(letters), must, len(found) - must, anchor)


def _mark_prose(text: str) -> Markup:
    """A part of a rule's own text: paragraphs with code and links."""
    return mark_prose(text, _LINK)


def _number_lines(excerpt: Excerpt) -> list[tuple[int, str]]:
    """The lines of an excerpt, each with its number."""
    return [(number, show_line(line)) for number, line in enumerate(excerpt.lines, excerpt.first)]

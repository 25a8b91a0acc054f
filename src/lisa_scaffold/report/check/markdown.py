"""Findings as Markdown that fits a comment of a merge request.

GitLab takes one million characters, a reader far fewer: long lists are folded, and cut.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from lisa_scaffold.lines import count
from lisa_scaffold.model import Checked, Finding, Severity
from lisa_scaffold.report.check import wording
from lisa_scaffold.report.markdown import LONGEST, code, escaped
from lisa_scaffold.shown import brief

OPEN = 10
"""Findings of a project that are shown without a click."""
MOST = 100
"""Findings and waivers that are shown at all, over all projects; also lines of a table."""


def report(results: Sequence[Checked]) -> str:
    """All projects as one comment."""
    findings = wording.list_all_findings(results)
    if len(results) == 1:
        where, are = escaped(results[0].name), "is"
    else:
        where, are = count(len(results), "project"), "are"
    outcome = f"{where} {are} in order"
    if findings:
        outcome = wording.count_findings(findings, f" in {where}")
    parts = [f"### lisa-scaffold check: {outcome}"]
    if len(results) > 1:
        parts.append(_table(results))
    left = MOST
    for checked in results:
        parts += _project(checked, left, alone=len(results) == 1)
        left = max(0, left - len(checked.findings) - len(checked.waived))
    return "\n\n".join(parts) + "\n"


def _table(results: Sequence[Checked]) -> str:
    lines = ["| project | must | should | waived |", "| --- | ---: | ---: | ---: |"]
    worst = sorted(results, key=lambda each: -len(each.findings))
    for checked in worst[:MOST]:
        must = len(wording.select_severity(Severity.MUST, checked.findings))
        should = len(checked.findings) - must
        lines.append(f"| {escaped(checked.name)} | {must} | {should} | {len(checked.waived)} |")
    if len(worst) > MOST:
        lines.append(f"| and {len(worst) - MOST} more | | | |")
    return "\n".join(lines)


def _project(checked: Checked, left: int, *, alone: bool) -> Iterator[str]:
    """The findings, waivers and notes of one project, if there is room."""
    grouped = wording.group_by_code(checked.findings) if left else {}
    lines = [_line(finding) for group in grouped.values() for finding in group[: left + 1]][:left]
    waived = [_line(each.finding, each.reason) for each in checked.waived[: left - len(lines)]]
    if not alone and left and (lines or waived):
        yield f"#### {escaped(checked.name)}"
    if lines[:OPEN]:
        yield "\n".join(lines[:OPEN])
    if lines[OPEN:]:
        yield _folded(f"{len(lines) - OPEN} more", lines[OPEN:])
    cut = len(checked.findings) - len(lines)
    if cut and left:
        yield f"And {count(cut, 'finding')} more, which the other reports show."
    if waived:
        yield _folded(f"{len(checked.waived)} waived", waived)
    if alone and checked.notes:
        yield "\n".join(f"- {escaped(note)}" for note in checked.notes[:OPEN])


def _folded(summary: str, lines: list[str]) -> str:
    # Inside a block of HTML, Markdown is read only after an empty line.
    return "\n\n".join([f"<details><summary>{summary}</summary>", "\n".join(lines), "</details>"])


def _line(finding: Finding, reason: str = "") -> str:
    severity = "**must**" if finding.severity == Severity.MUST else "should"
    fix = f" (`{finding.repair}` repairs it)" if finding.fixable and not reason else ""
    because = f" (waived: {escaped(reason)})" if reason else ""
    # What stands between backticks in a message is code.
    parts = re.split("(`[^`]+`)", brief(finding.message, LONGEST))
    message = "".join(
        code(part[1:-1]) if number % 2 else escaped(part) for number, part in enumerate(parts)
    )
    return (
        f"- {severity} [{finding.code}]({finding.url}) {code(wording.place(finding))}: "
        f"{message}{because}{fix}"
    )

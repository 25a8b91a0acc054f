"""Findings as JSON for other programs: ``lisa-scaffold/check/1``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lisa_scaffold.model import Checked, Finding, Severity
from lisa_scaffold.report import machine
from lisa_scaffold.report.check import wording


def report(results: Sequence[Checked]) -> str:
    """All projects, one object."""
    findings = wording.list_all_findings(results)
    result = {
        "schema": "lisa-scaffold/check/1",
        "summary": {
            "projects": len(results),
            "must": len(wording.select_severity(Severity.MUST, findings)),
            "should": len(wording.select_severity(Severity.SHOULD, findings)),
            "waived": sum(len(each.waived) for each in results),
            "fixed": sum(len(each.fixed) for each in results),
        },
        "findings": [_finding(each, of) for of in results for each in of.findings],
        "projects": [_project(each) for each in results],
    }
    return machine.as_json(result)


def _project(checked: Checked) -> dict[str, Any]:
    return {
        "path": str(checked.path),
        "name": checked.name,
        "kind": checked.kind,
        "version": checked.version,
        "rules": len(checked.applied),
        "must": len(wording.select_severity(Severity.MUST, checked.findings)),
        "should": len(wording.select_severity(Severity.SHOULD, checked.findings)),
        "waived": [
            {**_finding(each.finding, checked), "reason": each.reason} for each in checked.waived
        ],
        "fixed": [_finding(each, checked) for each in checked.fixed],
        "ignored": list(checked.ignored),
        "diff": checked.diff,
        "notes": list(checked.notes),
    }


def _finding(finding: Finding, checked: Checked) -> dict[str, Any]:
    return {
        "project": str(checked.path),
        "code": finding.code,
        "severity": finding.severity.value,
        "path": finding.path,
        "line": finding.line,
        "column": finding.column,
        "message": finding.message,
        "fixable": finding.fixable,
        "unsafe": finding.unsafe,
        "url": finding.url,
    }

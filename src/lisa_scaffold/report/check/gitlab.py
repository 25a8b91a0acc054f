"""Findings for GitLab's Code Quality widget.

The form is described at https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format;
GitLab drops whatever follows an entry that is not of that form.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from lisa_scaffold.model import Checked, Finding, Severity
from lisa_scaffold.report import machine
from lisa_scaffold.report.check import wording
from lisa_scaffold.shown import brief

SEVERITIES = {Severity.MUST: "major", Severity.SHOULD: "minor"}
_LINES = re.compile(r"\blines? \d+(?:(?:, | and |-)\d+)*")


def report(results: Sequence[Checked]) -> str:
    """All findings as one Code Quality report."""
    return machine.as_json(list(_entries(results)))


def _entries(results: Sequence[Checked]) -> Iterator[dict[str, Any]]:
    seen: Counter[tuple[str, str, str]] = Counter()
    for checked in results:
        for finding in checked.findings:
            path = wording.path(checked, finding)
            # Lines move when others are added above, which makes no finding a new one.
            same = finding.code, path, _LINES.sub("line", finding.message)
            yield _entry(finding, path, _fingerprint(*same, str(seen[same])))
            seen[same] += 1


def _entry(finding: Finding, path: str, fingerprint: str) -> dict[str, Any]:
    return {
        # GitLab shows the name of the check nowhere: it has to be in the description.
        "description": f"{finding.code}: {brief(finding.message)}",
        "check_name": finding.code,
        "fingerprint": fingerprint,
        "severity": SEVERITIES[finding.severity],
        "location": {"path": _valid(path), "lines": {"begin": finding.line}},
    }


def _fingerprint(*parts: str) -> str:
    """The same for the same finding in every run; equal ones differ by their number."""
    said = "\0".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.sha256(said).hexdigest()[:32]


def _valid(path: str) -> str:
    """A path as GitLab's JSON parser takes it: bytes that are no UTF-8 are replaced."""
    return re.sub(r"[\ud800-\udfff]", "\N{REPLACEMENT CHARACTER}", path)

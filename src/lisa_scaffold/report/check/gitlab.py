"""Findings for GitLab's Code Quality widget.

The form is described at https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format;
GitLab drops everything after an entry that does not have that form.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Sequence

from lisa_scaffold.model import Checked, Severity
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.report import machine
from lisa_scaffold.report.check import wording
from lisa_scaffold.shown import brief

SEVERITIES = {Severity.MUST: "major", Severity.SHOULD: "minor"}
_LINES = compile_lazily(r"\blines? \d+(?:(?:, | and |-)\d+)*")


def report(results: Sequence[Checked]) -> str:
    """All findings as one Code Quality report."""
    entries = []
    several = wording.are_several(results)
    seen: Counter[tuple[str, str, str]] = Counter()
    for checked in results:
        for finding in checked.findings:
            path = wording.name_path(checked, finding, several=several)
            # The same finding has the same fingerprint in every run, equal ones differ by their
            # number. Lines that move because others come in above make no finding a new one.
            same = finding.code, path, _LINES.sub("line", finding.message)
            identity = "\0".join((*same, str(seen[same]))).encode("utf-8", "surrogatepass")
            seen[same] += 1
            entries.append(
                {
                    # GitLab shows the check's name nowhere: it has to be in the description.
                    "description": f"{finding.code}: {brief(finding.message)}",
                    "check_name": finding.code,
                    "fingerprint": hashlib.sha256(identity).hexdigest()[:32],
                    "severity": SEVERITIES[finding.severity],
                    "location": {
                        # GitLab's JSON parser takes no bytes that are not UTF-8.
                        "path": re.sub(r"[\ud800-\udfff]", "\N{REPLACEMENT CHARACTER}", path),
                        "lines": {"begin": finding.line},
                    },
                }
            )
    return machine.as_json(entries)

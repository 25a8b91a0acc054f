"""The lines around findings, for reports that show them."""

from __future__ import annotations

from collections.abc import Iterable

from lisa_scaffold.model import Excerpt, Finding
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.shown import redacted

AROUND = 2
"""Lines shown before and after a finding."""

LONGEST = 240
"""Characters of a line that are shown."""

SECRETS = "SEC"
"""Beginning of the codes of secrets: a report reaches more people than the repository."""


def read_excerpts(facts: Facts, findings: Iterable[Finding]) -> dict[Finding, Excerpt]:
    """The lines around each finding.

    There are none for a line that facts do not read, or in a file where a secret was found.
    """
    listed = list(findings)
    secret = {finding.path for finding in listed if finding.code.startswith(SECRETS)}
    found = {}
    for finding in listed:
        lines = [] if finding.path in secret else facts.lines(finding.path)
        if finding.line > len(lines):
            continue
        first = max(1, finding.line - AROUND)
        # A cut address would no longer be recognised, so redact first.
        shown = map(redacted, lines[first - 1 : finding.line + AROUND])
        cut = (line if len(line) <= LONGEST else f"{line[:LONGEST]} …" for line in shown)
        found[finding] = Excerpt(first, tuple(cut))
    return found

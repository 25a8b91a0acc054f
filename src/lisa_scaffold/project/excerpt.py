"""What stands around findings, for reports that show it."""

from __future__ import annotations

from collections.abc import Iterable

from lisa_scaffold.model import Excerpt, Finding
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.shown import redacted

AROUND = 2
"""Lines that are shown before a finding and after it."""

LONGEST = 240
"""Characters of a line that are shown."""

SECRETS = "SEC"
"""The codes of findings that may be secrets: a report goes to more people than a repository."""


def excerpts(facts: Facts, findings: Iterable[Finding]) -> dict[Finding, Excerpt]:
    """The lines around each finding.

    A finding has none where its line is in no text that facts read, or where a secret was found in
    its file.
    """
    listed = list(findings)
    secret = {finding.path for finding in listed if finding.code.startswith(SECRETS)}
    paths = {finding.path for finding in listed} - secret
    lines = {path: facts.lines(path) for path in paths}
    return {
        finding: _around(lines[finding.path], finding.line)
        for finding in listed
        if finding.path in lines and finding.line <= len(lines[finding.path])
    }


def _around(lines: list[str], line: int) -> Excerpt:
    first = max(1, line - AROUND)
    return Excerpt(first, tuple(map(_cut, lines[first - 1 : line + AROUND])))


def _cut(line: str) -> str:
    line = redacted(line)  # cut, an address would be none any more
    return line if len(line) <= LONGEST else f"{line[:LONGEST]} …"

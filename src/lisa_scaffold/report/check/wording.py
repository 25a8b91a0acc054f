"""What all forms of the report say in the same words: titles, places, counts."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

from lisa_scaffold import rules
from lisa_scaffold.lines import count
from lisa_scaffold.model import Checked, Finding, Severity
from lisa_scaffold.rules.rule import Rule

OWN_FAMILY = "lisa-scaffold itself"
"""Title for what belongs to no family: rules that crashed."""


@cache
def rule(code: str) -> Rule:
    """The rule of a code."""
    return rules.find_rule(code)


@cache
def title(code: str) -> str:
    """What holds where a rule passes, in one line of plain text."""
    return rule(code).text.title.replace("`", "")


def name_letters(code: str) -> str:
    """The letters of a rule's family."""
    return code.rstrip("0123456789")


def list_families() -> list[str]:
    """The letters of all families, in the order of the rules."""
    return [*rules.FAMILIES, rules.CRASH.family]


def name_family(code: str) -> str:
    """The title of a family, by its letters or by the code of a rule."""
    named = rules.FAMILIES.get(name_letters(code))
    return named[1] if named else OWN_FAMILY


def name_path(checked: Checked, finding: Finding, *, several: bool = False) -> str:
    """The file of a finding, relative to the root of the repository.

    Parameters
    ----------
    checked, finding
        The project, and what was found in it.
    several
        Whether there are several repositories: then the path begins where the command runs, as the
        same one may be in each of them.
    """
    prefix = checked.prefix
    if several:
        # As it was named: links on its way lead elsewhere on another machine.
        prefix = "".join(f"{part}/" for part in Path(os.path.relpath(checked.path)).parts)
    if finding.path == ".":
        return prefix.rstrip("/") or "."
    return f"{prefix}{finding.path}"


def are_several(results: Sequence[Checked]) -> bool:
    """Whether projects lie in more than one repository."""
    tops = set()
    for checked in results:
        place = checked.path.resolve()
        depth = checked.prefix.count("/")
        tops.add((place, *place.parents)[min(depth, len(place.parents))])
    return len(tops) > 1


def place(finding: Finding) -> str:
    """File and line (and column, where it is known) of a finding, as editors read them."""
    column = f":{finding.column}" if finding.column else ""
    return f"{finding.path}:{finding.line}{column}"


def count_findings(findings: Sequence[Finding], where: str = "") -> str:
    """The number of findings, and of each severity: ``3 findings (1 must, 2 should)``."""
    must = len(select_severity(Severity.MUST, findings))
    parts = [f"{must} must", f"{len(findings) - must} should"]
    split = ", ".join(part for part in parts if not part.startswith("0 "))
    return f"{count(len(findings), 'finding')}{where} ({split})"


def select_severity(severity: Severity, findings: Iterable[Finding]) -> list[Finding]:
    """The findings of one severity."""
    return [finding for finding in findings if finding.severity == severity]


def list_all_findings(results: Sequence[Checked]) -> list[Finding]:
    """The findings in all projects."""
    return [finding for checked in results for finding in checked.findings]


def group_by_code(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    """Findings by rule, violations of ``must`` first."""
    grouped: dict[str, list[Finding]] = {}
    for finding in sorted(findings, key=lambda each: (each.severity, each.code)):
        grouped.setdefault(finding.code, []).append(finding)
    return grouped

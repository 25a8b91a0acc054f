"""Findings for a terminal."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from lisa_scaffold.model import Checked, Finding, Severity
from lisa_scaffold.report.check import wording
from lisa_scaffold.shown import brief, visible


def report(results: Sequence[Checked]) -> str:
    """All projects: findings by family, then what to do about them."""
    parts = [part for checked in results for part in _project(checked, alone=len(results) == 1)]
    return "\n\n".join([*parts, _summary(results)]) + "\n"


def _project(checked: Checked, *, alone: bool) -> Iterator[str]:
    if not alone and not (checked.findings or checked.notes or checked.fixed):
        return
    yield visible(_heading(checked, alone=alone))
    grouped = wording.by_code(checked.findings)
    for letters in wording.families():
        found = [
            each for code in grouped if wording.letters(code) == letters for each in grouped[code]
        ]
        if found:
            yield "\n".join([wording.family(letters), *_aligned(found)])
    if checked.fixed:
        yield "\n".join(["Repaired", *_aligned(checked.fixed, repairs=False)])
    if checked.notes:
        yield "\n".join(["Notes", *(f"  {brief(note)}" for note in checked.notes)])


def _heading(checked: Checked, *, alone: bool) -> str:
    said = [checked.kind or "no kind known"]
    if checked.version:
        said.append(f"template {checked.version}")
    place = "" if alone else f" in {checked.path}"
    return f"{checked.name}{place} ({', '.join(said)})"


def _aligned(findings: Sequence[Finding], *, repairs: bool = True) -> Iterator[str]:
    places = [visible(wording.place(each)) for each in findings]
    width = min(32, max(map(len, places)))
    for place, finding in zip(places, findings, strict=True):
        start = f"  {finding.severity.value:<6}  {finding.code}  {place:<{width}}"
        end = " (--fix)" if finding.fixable and repairs else ""
        yield f"{start}  {brief(finding.message)}{end}"


def _summary(results: Sequence[Checked]) -> str:
    findings = wording.all_findings(results)
    waived = sum(len(each.waived) for each in results)
    said = [_counted(findings)]
    if waived:
        said.append(f"{waived} waived")
    applied = max((len(each.applied) for each in results), default=0)
    of_one = wording.count(applied, "rule")
    where = of_one if len(results) == 1 else f"{len(results)} projects"
    lines = [f"{', '.join(said)}; {where} checked."]
    clean = [each for each in results if not each.findings]
    if len(results) > 1 and clean:
        lines.append(f"In order: {len(clean)} of {len(results)} projects.")
    return "\n".join([*lines, *_next(findings, _where(results))])


def _counted(findings: Sequence[Finding]) -> str:
    if not findings:
        return "No findings"
    must = len(wording.of(Severity.MUST, findings))
    parts = [f"{must} must", f"{len(findings) - must} should"]
    split = ", ".join(part for part in parts if not part.startswith("0 "))
    return f"{wording.count(len(findings), 'finding')} ({split})"


def _where(results: Sequence[Checked]) -> str:
    """The folders as they are typed after a command."""
    paths = [str(each.path) for each in results if each.findings]
    if not paths or (paths == ["."] and len(results) == 1):
        return ""
    return f" {shlex.quote(visible(paths[0]))}" if len(paths) == 1 else " PATH…"


def _next(findings: Sequence[Finding], where: str) -> Iterator[str]:
    """The commands to go on with."""
    fixable = [each for each in findings if each.fixable]
    if fixable:
        yield f"  {f'Repair {len(fixable)} of them:':<22} lisa-scaffold check --fix{where}"
        yield f"  {'See that repair first:':<22} lisa-scaffold check --diff{where}"
    if findings:
        first = min(findings, key=lambda each: (each.severity, each.code))
        yield f"  {'What a rule wants:':<22} lisa-scaffold explain {first.code}"

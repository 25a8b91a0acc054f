"""Findings for a terminal."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from lisa_scaffold.lines import Paint, count, fit, join_names, strip_style, wrap_text
from lisa_scaffold.model import Checked, Finding
from lisa_scaffold.report.check import wording
from lisa_scaffold.shown import brief, visible
from lisa_scaffold.versions import shorten

_MOST_ALIKE = 3
"""Findings that say the same and are shown one by one."""

_MOST_PLACES = 20
"""Places of further ones that are listed; the other forms of the report have all."""


def report(results: Sequence[Checked], width: int = 0, paint: Paint = strip_style) -> str:
    """All projects: findings by family, then what to do about them.

    Parameters
    ----------
    width
        Columns of the terminal: longer lines go on below, at the same place; 0: they are left.
    paint
        Gives colour to words of the report, never to what a project says; without it there is none.
    """
    alone = len(results) == 1
    parts = [part for checked in results for part in _project(checked, width, paint, alone=alone)]
    unknown = [fit(each, width) for each in _say_unknown(results)]
    return "\n\n".join([*parts, "\n".join([_summary(results, paint), *unknown])]) + "\n"


def _project(checked: Checked, width: int, paint: Paint, *, alone: bool) -> Iterator[str]:
    if not alone and not (checked.findings or checked.notes or checked.fixed):
        return
    facts = [checked.kind or "no kind known"]
    if checked.version:
        facts.append(f"template {shorten(checked.version)}")
    place = "" if alone else f" in {checked.path}"
    yield visible(f"{checked.name}{place} ({', '.join(facts)})")
    grouped = wording.group_by_code(checked.findings)
    for letters in wording.list_families():
        found = [
            each
            for code in grouped
            if wording.name_letters(code) == letters
            for each in grouped[code]
        ]
        if found:
            title = paint("title", wording.name_family(letters))
            yield "\n".join([title, *_aligned(found, width, paint)])
    if checked.fixed:
        title = paint("title", "Repaired")
        yield "\n".join([title, *_aligned(checked.fixed, width, paint, repairs=False)])
    if checked.notes:
        notes = (wrap_text("  ", brief(note), width) for note in checked.notes)
        yield "\n".join([paint("title", "Notes"), *notes])


def _aligned(
    findings: Sequence[Finding], width: int, paint: Paint, *, repairs: bool = True
) -> Iterator[str]:
    by_stem: dict[tuple[str, str, str], list[Finding]] = {}
    for finding in findings:
        by_stem.setdefault(_stem(finding), []).append(finding)
    groups = by_stem.values()
    shown = [
        finding
        for group in groups
        for finding in (group[:1] if len(group) > _MOST_ALIKE else group)
    ]
    longest = min(32, max(len(visible(wording.place(each))) for each in shown))
    for group in groups:
        is_folded = len(group) > _MOST_ALIKE
        for finding in group[:1] if is_folded else group:
            place = visible(wording.place(finding))
            start = f"{_head(finding)}  {place:<{longest}}  "
            end = f" ({finding.repair})" if finding.fixable and repairs else ""
            lines = wrap_text(start, f"{brief(finding.message)}{end}", width)
            yield _painted(finding, lines, paint)
        if is_folded:
            rest = [visible(wording.place(each)) for each in group[1:]]
            more = f", and {len(rest) - _MOST_PLACES} more" if len(rest) > _MOST_PLACES else ""
            said = f"the same at {len(rest)} more places: {', '.join(rest[:_MOST_PLACES])}{more}"
            yield _painted(group[0], wrap_text(f"{_head(group[0])}  ", said, width), paint)


def _stem(finding: Finding) -> tuple[str, str, str]:
    """What findings have in common of which one stands for all."""
    return finding.code, finding.repair, finding.message.partition("; also in ")[0]


def _head(finding: Finding) -> str:
    return f"  {finding.severity.value:<6}  {finding.code}"


def _painted(finding: Finding, lines: str, paint: Paint) -> str:
    # It is as wide with colour: what is painted stands in front of all foreign text.
    style, severity = finding.severity.value, f"{finding.severity.value:<6}"
    painted = f"  {paint(style, severity)}  {paint('code', finding.code)}"
    return f"{painted}{lines.removeprefix(_head(finding))}"


def _summary(results: Sequence[Checked], paint: Paint) -> str:
    """The numbers, and the commands to go on with."""
    findings = wording.list_all_findings(results)
    counts = [wording.count_findings(findings) if findings else "No findings"]
    if waived := sum(len(each.waived) for each in results):
        counts.append(f"{waived} waived")
    applied = count(max((len(each.applied) for each in results), default=0), "rule")
    where = applied if len(results) == 1 else f"{len(results)} projects"
    lines = [paint("title", f"{', '.join(counts)}; {where} checked.")]
    clean = [each for each in results if not (each.findings or _is_unknown(each))]
    if len(results) > 1 and clean:
        lines.append(f"In order: {len(clean)} of {len(results)} projects.")
    # The folders as they are typed after a command.
    paths = [str(each.path) for each in results if each.findings]
    folders = " PATH…" if len(paths) > 1 else ""
    if len(paths) == 1 and (paths != ["."] or len(results) > 1):
        folders = f" {shlex.quote(visible(paths[0]))}"
    for option in ("--fix", "--fix=unsafe"):
        number = sum(each.repair == option for each in findings)
        if number:
            see = option.replace("fix", "diff")
            what = "of them" if option == "--fix" else "unsafely"
            lines += [
                f"  {f'Repair {number} {what}:':<22} lisa-scaffold check {option}{folders}",
                f"  {'See that repair first:':<22} lisa-scaffold check {see}{folders}",
            ]
    if findings:
        first = min(findings, key=lambda each: (each.severity, each.code))
        lines.append(f"  {'What a rule wants:':<22} lisa-scaffold explain {first.code}")
    return "\n".join(lines)


def _is_unknown(checked: Checked) -> bool:
    """Whether neither files nor a recorded template say what kind a project is of."""
    return not (checked.kind or checked.version)


def _say_unknown(results: Sequence[Checked]) -> Iterator[str]:
    """That hardly a rule judges what is no project of a known kind: few findings say little."""
    unknown = [*filter(_is_unknown, results)]
    remedy = "lisa-scaffold adopt tells what would make it one"
    if unknown and len(results) == 1:
        yield (
            "This is no project of a known kind: most rules do not apply, so nothing says that all "
            f"is well. {remedy}."
        )
    elif unknown:
        named = join_names(visible(str(each.path)) for each in unknown)
        yield f"No project of a known kind, so that most rules do not apply: {named}. {remedy}."

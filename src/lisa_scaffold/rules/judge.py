"""Which rules a project is judged by, what they find in it, and what the project waives."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from lisa_scaffold import rules
from lisa_scaffold.model import Finding, Waived
from lisa_scaffold.project.facts import Facts, cached_in_facts
from lisa_scaffold.rules import CRASH, Selection
from lisa_scaffold.rules.fix import Fix
from lisa_scaffold.rules.rule import UNSAFE, Hit, Rule

MOST_HITS = 1000
"""Hits of one rule in one file that are reported: nobody reads more, and reports stay bounded."""

_UNNEEDED_WAIVER = "CFG004"
_LONGEST_MESSAGE = 2000


class Found(NamedTuple):
    """A finding with the fix that its rule proposed; a report knows the finding only."""

    finding: Finding
    fix: Fix | None


def combine_selection(facts: Facts, asked: Selection) -> Selection:
    """Combine what the command line asks for with what the project sets.

    Unknown codes in the settings are findings of their own and are skipped here.
    """
    select, ignore = (
        tuple(code for code, _ in codes if rules.is_known(code))
        for codes in (facts.settings.select, facts.settings.ignore)
    )
    strict = asked.strict or facts.settings.strict or facts.is_of_template
    return Selection(asked.select or select, (*asked.ignore, *ignore), strict)


def list_applied(chosen: Sequence[Rule], facts: Facts) -> tuple[str, ...]:
    """The codes of the rules that apply to a project; a rule that crashes counts as applied."""
    codes = []
    for rule in chosen:
        try:
            applies = rule.applies(facts)
        except Exception:  # reported as a finding when the rule is run
            applies = True
        if applies:
            codes.append(rule.code)
    return tuple(codes)


def run(chosen: Sequence[Rule], facts: Facts) -> list[Found]:
    """Apply rules in order; one that crashes becomes a finding, and the others go on.

    Of the hits of one rule in one file, the first ``MOST_HITS`` count, plus one that says there
    are more; a rule that keeps producing hits is stopped.
    """
    found: list[Found] = []
    for rule in chosen:
        counts: dict[str, int] = {}
        try:
            for hit in rule.hits(facts):
                counts[hit.path] = number = counts.get(hit.path, 0) + 1
                if number <= MOST_HITS:
                    found.append(_found(rule, hit, facts))
                elif number == MOST_HITS + 1:
                    message = f"{hit.message}; any further ones in this file are not listed"
                    found.append(_found(rule, Hit(hit.path, hit.line, message), facts))
                elif number > 2 * MOST_HITS:
                    break
        except Exception as error:  # whatever it is, the other rules still count
            message = f"{rule.code} crashed and checked nothing, please report this bug: {error!r}"
            found.append(_found(CRASH, Hit(".", 1, message), facts))
    return found


def _found(rule: Rule, hit: Hit, facts: Facts) -> Found:
    message, fix = hit.message, hit.fix
    if fix is not None and rule.fixes == UNSAFE:
        fix = fix.as_unsafe()
    if len(message) > _LONGEST_MESSAGE:
        message = f"{message[:_LONGEST_MESSAGE]} …"
    finding = Finding(
        rule.code,
        rule.severity_in(facts),
        hit.path,
        max(1, hit.line),
        message,
        hit.column,
        fix is not None,
        rule.url,
        fix is not None and not fix.is_safe,
    )
    return Found(finding, fix)


def list_findings(chosen: Sequence[Rule], facts: Facts) -> list[Finding]:
    """Where the rules fail, by path and line, each place once."""
    return sorted({each.finding for each in run(chosen, facts)}, key=_order)


def _order(finding: Finding) -> tuple[str, int, str, int, str]:
    return finding.path, finding.line, finding.code, finding.column or 0, finding.message


def apply_waivers(
    found: Iterable[Found], chosen: Sequence[Rule], facts: Facts
) -> tuple[list[Finding], list[Waived]]:
    """Split what the rules found into what counts and what the project waives.

    Waivers that nothing needed are findings as well, where that rule was chosen.
    """
    counting: list[Finding] = []
    waived: list[Waived] = []
    used: set[int] = set()
    waivers = facts.settings.waivers
    for finding in sorted({each.finding for each in found}, key=_order):
        number = _find_waiver(finding, facts)
        if number is None:
            counting.append(finding)
        else:
            used.add(number)
            waived.append(Waived(finding, waivers[number].reason))
    unneeded = [rule for rule in chosen if rule.code == _UNNEEDED_WAIVER]
    if unneeded and (unused := _find_unused_waivers(facts, chosen, used)):
        counting += list_findings(unneeded, facts.with_given(unused=unused))
        counting.sort(key=_order)
    return counting, waived


def is_waived(finding: Finding, facts: Facts) -> bool:
    """Whether the project waives a finding."""
    return _find_waiver(finding, facts) is not None


def _find_waiver(finding: Finding, facts: Facts) -> int | None:
    """The number of the first waiver that covers a finding."""
    known = _waiver_memo(facts)
    place = finding.code, finding.path
    if place not in known:
        known[place] = None
        for number, waiver in enumerate(facts.settings.waivers):
            if waiver.has_expired(facts.given.today) or not rules.covers(waiver.code, finding.code):
                continue
            if not waiver.path or facts.describes(waiver.path, finding.path):
                known[place] = number
                break
    return known[place]


@cached_in_facts
def _waiver_memo(_facts: Facts) -> dict[tuple[str, str], int | None]:
    """The numbers of waivers that are already looked up, by code and path."""
    return {}


def _find_unused_waivers(facts: Facts, chosen: Iterable[Rule], used: set[int]) -> frozenset[int]:
    """Numbers of the waivers that covered nothing although all their rules were run."""
    chosen_codes = {rule.code for rule in chosen}
    unused = set()
    for number, waiver in enumerate(facts.settings.waivers):
        meant = {each.code for each in rules.every_rule() if rules.covers(waiver.code, each.code)}
        if number in used or waiver.has_expired(facts.given.today):
            continue
        if meant and meant <= chosen_codes:
            unused.add(number)
    return frozenset(unused)

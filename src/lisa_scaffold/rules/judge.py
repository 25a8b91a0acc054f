"""Find where projects depart from the practice, and repair what needs no human judgement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from lisa_scaffold import rules
from lisa_scaffold.model import Finding
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.project.settings import Waiver
from lisa_scaffold.rules import CRASH, Selection
from lisa_scaffold.rules.rule import Hit, Rule

UNNEEDED_WAIVER = "CFG004"


def selection(facts: Facts, asked: Selection) -> Selection:
    """What is asked for on the command line and what the project sets, together.

    Codes in the settings that mean nothing are findings of their own: here they are passed over.
    """
    select, ignore = (
        tuple(code for code, _ in codes if rules.is_known(code))
        for codes in (facts.settings.select, facts.settings.ignore)
    )
    return Selection(asked.select or select, (*asked.ignore, *ignore))


def is_waived(finding: Finding, facts: Facts) -> bool:
    """Whether the project excepts a finding."""
    return find_waiver(finding, facts.settings.waivers, facts) is not None


def find_waiver(finding: Finding, waivers: Sequence[Waiver], facts: Facts) -> int | None:
    """The number of the waiver that excepts a finding."""
    known = facts.cached(_no_waivers)
    place = finding.code, finding.path
    if place not in known:
        known[place] = _find_waiver(finding, waivers, facts)
    return known[place]


def _no_waivers(_facts: Facts) -> dict[tuple[str, str], int | None]:
    """Numbers of the waivers of codes in files, before any is looked for."""
    return {}


def _find_waiver(finding: Finding, waivers: Sequence[Waiver], facts: Facts) -> int | None:
    today = facts.given.today
    for number, waiver in enumerate(waivers):
        alive = not (today and waiver.expires and waiver.expires < today)
        meant = rules.means(waiver.code, finding.code)
        if alive and meant and (not waiver.path or facts.describes(waiver.path, finding.path)):
            return number
    return None


def find_unused_waivers(facts: Facts, chosen: Iterable[Rule], used: set[int]) -> frozenset[int]:
    """Numbers of the waivers whose rules were all run, and that excepted nothing."""
    run = {rule.code for rule in chosen}
    today = facts.given.today
    unused = set()
    for number, waiver in enumerate(facts.settings.waivers):
        expired = today and waiver.expires and waiver.expires < today
        meant = {each.code for each in rules.every_rule() if rules.means(waiver.code, each.code)}
        if number not in used and not expired and meant and meant <= run:
            unused.add(number)
    return frozenset(unused)


MOST_HITS = 1000
"""Places in one file that one rule tells of: nobody reads more, and a report stays of a size."""

_LONGEST = 2000


def run(rules: Sequence[Rule], facts: Facts) -> Iterator[tuple[Rule, Hit]]:
    """Apply rules; one that crashes becomes a hit of its own, and the others go on.

    Of the hits of one rule in one file the first ``MOST_HITS`` count, and one that tells of more;
    of a rule that goes on for long, no more are looked for.
    """
    for each in rules:
        try:
            yield from ((each, hit) for hit in _first(each.hits(facts)))
        except Exception as error:  # whatever it is, it is no reason to lose the other rules
            yield CRASH, Hit(".", 1, f"{each.code} crashed: {error!r}")


def _first(hits: Iterable[Hit]) -> Iterator[Hit]:
    counts: Counter[str] = Counter()
    for hit in hits:
        counts[hit.path] += 1
        if counts[hit.path] <= MOST_HITS:
            yield hit
        elif counts[hit.path] == MOST_HITS + 1:
            yield Hit(hit.path, hit.line, f"{hit.message}; from here on no more are listed")
        elif counts[hit.path] > 2 * MOST_HITS:
            return


def applied(rules: Sequence[Rule], facts: Facts) -> tuple[str, ...]:
    """The codes of the rules that are of interest for a project; one that crashes is."""
    return tuple(each.code for each in rules if _applies(each, facts))


def _applies(rule: Rule, facts: Facts) -> bool:
    try:
        return rule.applies(facts)
    except Exception:  # told as a finding where the rule is run
        return True


def finding(rule: Rule, hit: Hit) -> Finding:
    """What a rule has hit, as the verbs pass it on."""
    return Finding(
        rule.code,
        rule.severity,
        hit.path,
        max(1, hit.line),
        hit.message if len(hit.message) <= _LONGEST else f"{hit.message[:_LONGEST]} …",
        hit.column,
        hit.fix is not None,
        rule.url,
    )


def findings(chosen: Sequence[Rule], facts: Facts) -> list[Finding]:
    """Where the rules fail, by path and line, each place once."""
    found = {finding(rule, hit) for rule, hit in run(chosen, facts)}
    return sorted(found, key=order)


def order(found: Finding) -> tuple[str, int, str, int, str]:
    """Findings stand by path, line and code."""
    return found.path, found.line, found.code, found.column or 0, found.message

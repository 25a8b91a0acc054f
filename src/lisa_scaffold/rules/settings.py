"""Settings of lisa-scaffold: known codes, and waivers that are valid and needed."""

from __future__ import annotations

from collections.abc import Iterator

from lisa_scaffold import rules
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.rules.rule import MUST, SHOULD, Hit, rule


@rule("CFG001", MUST)
def can_be_followed(facts: Facts) -> Iterator[Hit]:
    """The settings of lisa-scaffold can be followed.

    Why: A misspelt key or an exception without a reason has no effect, and nobody notices.

    How: Keep to `select`, `ignore`, `strict`, `skip` and `waivers`; a waiver has a `code`, a
    `reason` and, where wanted, a `path` pattern and an `expires` date.

    Source: A waiver is a recorded exception: the next reader has to see why it is there.
    """
    for problem in facts.settings.problems:
        yield Hit(problem.path, problem.line, problem.message)


@rule("CFG002", MUST)
def codes_are_known(facts: Facts) -> Iterator[Hit]:
    """The codes in the settings mean rules.

    Why: A misspelt code selects, ignores or excepts nothing.

    How: `lisa-scaffold explain` lists the codes.

    Source: A check that ignored an unknown code without a word would pass by mistake.
    """
    settings = facts.settings
    waived = tuple((waiver.code, waiver.line) for waiver in settings.waivers)
    for code, line in (*settings.select, *settings.ignore, *waived):
        if not rules.is_known(code):
            close = rules.find_similar_codes(code)
            did_you = f"; did you mean {' or '.join(close)}?" if close else ""
            yield Hit(settings.path, line, f"no rule {code}{did_you}")


@rule("CFG003", MUST)
def not_expired(facts: Facts) -> Iterator[Hit]:
    """No waiver has expired.

    Why: An exception with an end was meant to be worked on; past its end it has no effect.

    How: Comply with the rule and remove the waiver, or give it another end and say why.

    Source: The expiry is what keeps an exception from staying for ever.
    """
    for waiver in facts.settings.waivers:
        if waiver.has_expired(facts.given.today):
            message = f"the waiver of {waiver.code} expired on {waiver.expires}"
            yield Hit(facts.settings.path, waiver.line, message)


@rule("CFG004", SHOULD, when=lambda facts: facts.given.unused)
def needed(facts: Facts) -> Iterator[Hit]:
    """Every waiver is needed.

    Why: An exception that nothing needs would hide the next finding of its rule.

    How: Remove it from the list of waivers.

    Source: As with the unused suppressions that linters report.
    """
    for number in sorted(facts.given.unused):
        waiver = facts.settings.waivers[number]
        where = f" in {waiver.path}" if waiver.path else ""
        message = f"the waiver of {waiver.code}{where} is not needed"
        yield Hit(facts.settings.path, waiver.line, message)

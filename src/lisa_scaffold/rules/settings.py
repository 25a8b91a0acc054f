"""Settings of lisa-scaffold: known codes, and waivers that are valid and needed."""

from __future__ import annotations

from collections.abc import Iterator

from lisa_scaffold import rules
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.rules.rule import MUST, SHOULD, Hit, rule


@rule("CFG001", MUST)
def can_be_followed(facts: Facts) -> Iterator[Hit]:
    """The settings of lisa-scaffold are valid.

    Why: A misspelt key, or a waiver without a reason, has no effect, and nobody notices.

    How: Use only `select`, `ignore`, `strict`, `skip`, `fleet`, `mirrors` and `waivers`. A
    waiver needs a `code` and a `reason`, and may have a `path` pattern and an `expires` date.

    Source: A waiver records an exception: the next reader has to see why it is there.
    """
    for problem in facts.settings.problems:
        yield Hit(problem.path, problem.line, problem.message)


@rule("CFG002", MUST)
def codes_are_known(facts: Facts) -> Iterator[Hit]:
    """The codes in the settings are those of rules.

    Why: A misspelt code selects, ignores or waives nothing.

    How: Correct the code; `lisa-scaffold explain` lists them all.

    Source: A check that silently skipped an unknown code would pass by mistake.
    """
    settings = facts.settings
    waived = tuple((waiver.code, waiver.line) for waiver in settings.waivers)
    for code, line in (*settings.select, *settings.ignore, *waived):
        if not rules.is_known(code):
            close = rules.find_similar_codes(code)
            hint = "`lisa-scaffold explain` lists all codes"
            if close:
                hint = f"did you mean {' or '.join(close)}?"
            message = f"there is no rule {code}, so this has no effect: {hint}"
            yield Hit(settings.path, line, message)


@rule("CFG003", MUST)
def not_expired(facts: Facts) -> Iterator[Hit]:
    """No waiver has expired.

    Why: A waiver with an end date was meant to be temporary; after that date it has no effect.

    How: Comply with the rule and delete the waiver, or give it a later date and say why.

    Source: The end date is what keeps an exception from staying for ever.
    """
    for waiver in facts.settings.waivers:
        if waiver.has_expired(facts.given.today):
            message = (
                f"the waiver for {waiver.code} expired on {waiver.expires}: comply with the rule "
                "or set a later date"
            )
            yield Hit(facts.settings.path, waiver.line, message)


@rule("CFG004", SHOULD, when=lambda facts: facts.given.unused)
def needed(facts: Facts) -> Iterator[Hit]:
    """Every waiver is needed.

    Why: A waiver that is no longer needed would hide the next finding of its rule.

    How: Delete it from the list of waivers.

    Source: Linters report unused suppressions for the same reason.
    """
    for number in sorted(facts.given.unused):
        waiver = facts.settings.waivers[number]
        where = f" in {waiver.path}" if waiver.path else ""
        message = f"the waiver for {waiver.code}{where} is no longer needed: delete it"
        yield Hit(facts.settings.path, waiver.line, message)

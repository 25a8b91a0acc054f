"""Repair what the rules find in an adopted project, waive it, or leave it to people."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from lisa_scaffold.formats.edit import append
from lisa_scaffold.formats.literal import quoted
from lisa_scaffold.model import Finding, Severity
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.rules import judge, repair
from lisa_scaffold.rules.rule import Rule

TOOLS = "QTY"
"""The family of rules about tools: the only one that waivers are written for."""

_REASONS = {
    "PKG008": "the types of the code are not complete yet",
    "QTY005": "the tests were written without it",
    "TPL009": "they are new here: what each finds is to be worked off",
}
_HEADER = compile_lazily(r"^\[\[?+([^\]\n]++)\]", re.MULTILINE)


@dataclass(frozen=True)
class Repaired:
    """What became of the findings.

    Attributes
    ----------
    before
        Violations of ``must`` rules before the adoption.
    fixed
        Those that were repaired, or are answered by the template's files.
    waived
        Findings that are waived now, each with the reason.
    left
        Violations of ``must`` rules that are left to people.
    changes
        The new content of each file that the repairs and waivers change.
    advised
        Violations of ``should`` rules that are left.
    advised_before, advised_fixed
        Those before the adoption, and those that the result has not any more.
    new
        What is left or waived, and was not found before: of what the adoption writes, or by rules
        that only projects of the template are asked.
    """

    before: tuple[Finding, ...] = ()
    fixed: tuple[Finding, ...] = ()
    waived: Mapping[Finding, str] = field(default_factory=dict)
    left: tuple[Finding, ...] = ()
    changes: Mapping[str, bytes | None] = field(default_factory=dict)
    advised: tuple[Finding, ...] = ()
    advised_before: tuple[Finding, ...] = ()
    advised_fixed: tuple[Finding, ...] = ()
    new: frozenset[Finding] = frozenset()


def repair_findings(
    chosen: Sequence[Rule],
    before: Facts,
    after: Facts,
    kept_tools: Iterable[str],
    written: Container[str] = (),
) -> Repaired:
    """Repair the violations of ``must`` rules that need no person.

    Findings in the project's own settings of tools are waived instead.

    Parameters
    ----------
    chosen
        The rules.
    before
        The project before it was adopted.
    after
        The project with the template's files.
    kept_tools
        Tables of ``pyproject.toml`` that stay as the project has them, such as ``[tool.mypy]``.
    written
        The paths that the adoption writes: what it asks of code that is older than it is waived.
    """
    waived = _find_waivable(chosen, after, tuple(kept_tools))
    must = [rule for rule in chosen if rule.severity == Severity.MUST]
    done = repair.apply_fixes(
        must, after, lambda found: found in waived or judge.is_waived(found, after)
    )
    changes, facts = dict(done.changes), done.facts
    if "pyproject.toml" in written:
        waived = {**_find_brought(chosen, before, facts, written), **waived}
    if waived:
        places = {(each.code, each.path): why for each, why in waived.items()}
        waivers = "".join(
            "\n[[tool.lisa-scaffold.waivers]]\n"
            f"code = {quoted(code)}\npath = {quoted(path)}\nreason = {quoted(why)}\n"
            for (code, path), why in sorted(places.items())
        )
        content = facts.content("pyproject.toml") or b""
        text = append(waivers)(content.decode("utf-8", "surrogateescape"))
        changes["pyproject.toml"] = text.encode("utf-8", "surrogateescape")
        facts = facts.changed({"pyproject.toml": changes["pyproject.toml"]})
    first, fixed, left, new = _compare(must, before, facts, waived)
    should = [rule for rule in chosen if rule.severity == Severity.SHOULD]
    advised_first, advised_fixed, advised, more = _compare(should, before, facts, waived)
    return Repaired(
        first,
        fixed,
        waived,
        left,
        changes,
        advised,
        advised_first,
        advised_fixed,
        frozenset((*new, *more)),
    )


Findings = tuple[Finding, ...]


def _compare(
    rules: Sequence[Rule], before: Facts, after: Facts, waived: Mapping[Finding, str]
) -> tuple[Findings, Findings, Findings, Findings]:
    """The findings of some rules before the adoption, those fixed, those left, and what is new."""
    # A rule that is not asked of what the project is now has not been complied with.
    asked = {*judge.list_applied(rules, after)}
    of_before = [rule for rule in rules if rule.code in asked and not rule.strict]
    first, last = (
        [each for each in judge.list_findings(some, state) if not judge.is_waived(each, state)]
        for some, state in ((of_before, before), (rules, after))
    )
    left = tuple(each for each in last if each not in waived)
    codes = {rule.code for rule in rules}
    remaining = (*(each for each in waived if each.code in codes), *left)
    return tuple(first), find_other(first, remaining), left, find_other(remaining, first)


def find_other(some: Sequence[Finding], others: Sequence[Finding]) -> Findings:
    """The findings that others are not, each of which is one finding at most.

    The place may have moved, and words of a message changed: of what is not the same, as many
    findings of a rule in a file are other ones as there are more of them here.
    """
    rest = _leave_matched(_words, some, others)
    return tuple(_leave_matched(_place, rest, _leave_matched(_words, others, some)))


def _leave_matched(
    key: Callable[[Finding], tuple[str, ...]], some: Sequence[Finding], others: Sequence[Finding]
) -> list[Finding]:
    """Those of some findings whose key no other one has that is not taken yet."""
    counts, rest = Counter(map(key, others)), []
    for each in some:
        if counts[key(each)] > 0:
            counts[key(each)] -= 1
        else:
            rest.append(each)
    return rest


def _place(finding: Finding) -> tuple[str, ...]:
    return finding.code, finding.path


def _words(finding: Finding) -> tuple[str, ...]:
    return *_place(finding), finding.message


def _find_brought(
    chosen: Sequence[Rule], before: Facts, after: Facts, written: Container[str]
) -> dict[Finding, str]:
    """Recommendations that nothing was said of before, in files that the adoption writes."""
    should = [rule for rule in chosen if rule.severity == Severity.SHOULD]
    asked = [rule for rule in should if not rule.strict]
    known = {(each.code, each.path) for each in judge.list_findings(asked, before)}
    return {
        each: _REASONS.get(each.code, "it is older than its template: to be worked off")
        for each in judge.list_findings(should, after)
        if each.path in written and (each.code, each.path) not in known
        if not judge.is_waived(each, after)
    }


def _find_waivable(
    chosen: Sequence[Rule], facts: Facts, kept_tools: tuple[str, ...]
) -> dict[Finding, str]:
    """Findings that stand in the project's own settings of tools, each with the reason."""
    waivable: dict[Finding, str] = {}
    for each in judge.list_findings([rule for rule in chosen if rule.family == TOOLS], facts):
        if not each.path.endswith(".toml"):
            continue
        above = "\n".join(facts.text(each.path).split("\n")[: each.line])
        headers = _HEADER.findall(above)
        table = headers[-1].strip().replace('"', "") if headers else ""
        for kept in kept_tools:
            if f"{table}.".startswith(f"{kept.strip('[]')}.") and not judge.is_waived(each, facts):
                why = f"{kept} was set up before the project was adopted: to be worked off"
                waivable.setdefault(each, why)
    return waivable

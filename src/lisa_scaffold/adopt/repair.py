"""Repair what the rules find in an adopted project, waive it, or leave it to people."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from lisa_scaffold.formats.edit import append
from lisa_scaffold.formats.literal import quoted
from lisa_scaffold.model import Finding, Severity
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.rules import judge, repair
from lisa_scaffold.rules.rule import Rule

TOOLS = "QTY"
"""The family of rules about tools: the only one that waivers are written for."""

_HEADER = re.compile(r"^\[\[?+([^\]\n]++)\]", re.MULTILINE)


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
    """

    before: tuple[Finding, ...] = ()
    fixed: tuple[Finding, ...] = ()
    waived: Mapping[Finding, str] = field(default_factory=dict)
    left: tuple[Finding, ...] = ()
    changes: Mapping[str, bytes | None] = field(default_factory=dict)


def repair_findings(
    chosen: Sequence[Rule], before: Facts, after: Facts, kept_tools: Iterable[str]
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
    """
    waived = _find_waivable(chosen, after, tuple(kept_tools))
    must = [rule for rule in chosen if rule.severity == Severity.MUST]
    done = repair.apply_fixes(
        must, after, lambda found: found in waived or judge.is_waived(found, after)
    )
    changes, facts = dict(done.changes), done.facts
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
    first, left = (
        [
            each
            for each in judge.findings(chosen, state)
            if each.severity == Severity.MUST and not judge.is_waived(each, state)
        ]
        for state in (before, facts)
    )
    # The template's files answer the others, such as a link to a file that was missing.
    known = {(each.code, each.path, each.message) for each in (*done.done, *waived, *left)}
    answered = [each for each in first if (each.code, each.path, each.message) not in known]
    return Repaired(tuple(first), (*answered, *done.done), waived, tuple(left), changes)


def _find_waivable(
    chosen: Sequence[Rule], facts: Facts, kept_tools: tuple[str, ...]
) -> dict[Finding, str]:
    """Findings that stand in the project's own settings of tools, each with the reason."""
    waivable: dict[Finding, str] = {}
    for each in judge.findings([rule for rule in chosen if rule.family == TOOLS], facts):
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

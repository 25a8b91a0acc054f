"""What the rules find in an adopted project: what is repaired, excepted, and left to people."""

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

_HEADER = re.compile(r"^\[\[?\s*([^\]]+?)\s*\]\]?", re.MULTILINE)


@dataclass(frozen=True)
class Mended:
    """What became of the findings.

    Attributes
    ----------
    before
        What must be, and was not, before.
    fixed
        What was repaired, or holds with the template's files.
    waived
        What is excepted now, each with the reason.
    left
        What must be, and is left to people.
    changes
        The new content of each file that the repairs and exceptions change.
    """

    before: tuple[Finding, ...] = ()
    fixed: tuple[Finding, ...] = ()
    waived: Mapping[Finding, str] = field(default_factory=dict)
    left: tuple[Finding, ...] = ()
    changes: Mapping[str, bytes | None] = field(default_factory=dict)


def musts(chosen: Sequence[Rule], facts: Facts) -> list[Finding]:
    """What must be, and is not."""
    found = judge.findings(chosen, facts)
    return [x for x in found if x.severity == Severity.MUST and not judge.is_waived(x, facts)]


def mend(chosen: Sequence[Rule], before: Facts, after: Facts, kept_tools: Iterable[str]) -> Mended:
    """Repair what must be and can be without a person; except what settings of tools stand against.

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
    must = [rule for rule in chosen if rule.severity == Severity.MUST]
    waived = _waived(judge.findings(_of_tools(chosen), after), after, tuple(kept_tools))
    done = repair.apply_fixes(
        must, after, lambda found: found in waived or judge.is_waived(found, after)
    )
    changes = dict(done.changes)
    facts = done.facts
    if waived:
        content = facts.content("pyproject.toml") or b""
        text = append(_waivers(waived))(content.decode("utf-8", "surrogateescape"))
        changes["pyproject.toml"] = text.encode("utf-8", "surrogateescape")
        facts = facts.changed({"pyproject.toml": changes["pyproject.toml"]})
    first, left = musts(chosen, before), musts(chosen, facts)
    fixed = [*_gone(first, (*done.done, *waived, *left)), *done.done]
    return Mended(tuple(first), tuple(fixed), waived, tuple(left), changes)


def _gone(first: Iterable[Finding], known: Iterable[Finding]) -> list[Finding]:
    """Findings that the template's files answer, such as a link to one that was missing."""
    names = {(each.code, each.path, each.message) for each in known}
    return [each for each in first if (each.code, each.path, each.message) not in names]


def _of_tools(chosen: Sequence[Rule]) -> list[Rule]:
    return [rule for rule in chosen if rule.family == TOOLS]


def _waived(
    found: Iterable[Finding], facts: Facts, kept_tools: tuple[str, ...]
) -> dict[Finding, str]:
    """Findings that stand in settings of the project's own, each with the reason."""
    waived = {}
    for each in found:
        table = _table_at(facts.text(each.path), each.line) if each.path.endswith(".toml") else ""
        own = next((kept for kept in kept_tools if _is_below(table, kept.strip("[]"))), None)
        if own and not judge.is_waived(each, facts):
            waived[each] = f"{own} was set up before the project was adopted: to be worked off"
    return waived


def _is_below(table: str, kept: str) -> bool:
    return table == kept or table.startswith(f"{kept}.")


def _table_at(text: str, line: int) -> str:
    """The header of the table that a line stands in."""
    above = "\n".join(text.split("\n")[:line])
    headers = [match[1] for match in _HEADER.finditer(above)]
    return headers[-1].replace('"', "") if headers else ""


def _waivers(waived: Mapping[Finding, str]) -> str:
    """The exceptions as TOML, one for each rule and file."""
    places = {(each.code, each.path): why for each, why in waived.items()}
    return "".join(
        "\n[[tool.lisa-scaffold.waivers]]\n"
        f"code = {quoted(code)}\npath = {quoted(path)}\nreason = {quoted(why)}\n"
        for (code, path), why in sorted(places.items())
    )

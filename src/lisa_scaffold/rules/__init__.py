"""The rules: one or more modules per family, imported when one of its rules is wanted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from importlib import import_module
from typing import NamedTuple

from lisa_scaffold.errors import LisaError
from lisa_scaffold.model import Severity
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.rules.rule import Hit, Rule
from lisa_scaffold.similar import find_similar

FAMILIES = {
    "SYN": (("syntax",), "Files that can be read"),
    "CFG": (("settings",), "Settings of lisa-scaffold"),
    "TPL": (("template", "template_jobs"), "Template"),
    "FIL": (("layout",), "Layout and files"),
    "LIC": (("licence",), "Licence"),
    "MET": (
        (
            *("metadata", "metadata_imports", "metadata_locks", "metadata_modules"),
            *("metadata_pythons", "metadata_requirements"),
        ),
        "Metadata",
    ),
    "PKG": (
        (
            *("packaging", "packaging_contents", "packaging_discovery", "packaging_manifest"),
            "packaging_paths",
        ),
        "Packaging",
    ),
    "CHG": (("changelog",), "Changelog"),
    "QTY": (
        ("quality", "quality_hooks", "quality_runs", "quality_sessions", "quality_settings"),
        "Quality tools",
    ),
    "CI": (
        ("pipeline", "pipeline_age", "pipeline_checks", "pipeline_jobs"),
        "GitLab pipeline",
    ),
    "CON": (("container", "container_copies"), "Container"),
    "CMP": (
        ("compose", "compose_health", "compose_proxy", "compose_risks", "compose_runs"),
        "Docker Compose",
    ),
    "HLM": (("chart",), "Helm chart"),
    "DJA": (("django", "django_migrations"), "Django"),
    "SON": (("sonar",), "SonarQube"),
    "DAG": (
        ("workflow", "workflow_modules", "workflow_relays", "workflow_runs", "workflow_secrets"),
        "Airflow",
    ),
    "DOC": (("docs",), "Documentation"),
    "CIT": (("citation",), "Citation"),
    "SEC": (("security",), "Security"),
}
"""The modules and the title of each family, by the letters of its codes."""


def _crash(_facts: Facts) -> Iterable[Hit]:
    """No rule crashes.

    Why: A rule that crashed has checked nothing, so the project may look better than it is.

    How: Report the message as a bug in lisa-scaffold. Until it is fixed, leave the rule out with
    ``ignore``, or waive ``INT001`` with that reason.

    Source: A bug in one rule must not hide what the other rules find.
    """
    return ()


CRASH = Rule("INT001", Severity.MUST, _crash)


class Selection(NamedTuple):
    """Which rules are wanted: by codes, their beginnings, or the letters of a family.

    Attributes
    ----------
    select
        The wanted ones; empty: all.
    ignore
        The exceptions among them.
    strict
        Whether strict rules are among all; who selects one asks for it.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    strict: bool = True

    def takes(self, code: str) -> bool:
        """Whether a rule is wanted."""
        wanted = not self.select or any(covers(each, code) for each in self.select)
        return wanted and not any(covers(each, code) for each in self.ignore)


def covers(named: str, code: str) -> bool:
    """Whether a name (a code, its beginning with a digit, or a family's letters) covers a code.

    The letters of one family may begin those of another: ``CI`` is not ``CIT``.
    """
    if named.isalpha():
        return code.rstrip("0123456789") == named
    return bool(named) and code.startswith(named)


@cache
def load_family(letters: str) -> tuple[Rule, ...]:
    """Load the rules of one family, sorted by code."""
    modules = (import_module(f"lisa_scaffold.rules.{name}") for name in FAMILIES[letters][0])
    found = (each for module in modules for each in vars(module).values() if isinstance(each, Rule))
    return tuple(sorted(found, key=lambda rule: rule.code))


def every_rule() -> Iterator[Rule]:
    """All rules, family by family."""
    for letters in FAMILIES:
        yield from load_family(letters)
    yield CRASH


@lru_cache(maxsize=64)
def select_rules(selection: Selection) -> tuple[Rule, ...]:
    """The rules that a selection takes."""
    named = {each.rstrip("0123456789") for each in selection.select} or FAMILIES.keys()
    wanted = [each for each in FAMILIES if each in named and each not in selection.ignore]
    found = (each for letters in wanted for each in load_family(letters))
    strict = selection.strict or bool(selection.select)
    return tuple(
        each for each in found if selection.takes(each.code) and (strict or not each.strict)
    )


def find_rule(code: str) -> Rule:
    """Find the rule with a code.

    Raises
    ------
    LisaError
        If there is none.
    """
    for each in every_rule():
        if each.code == code.upper():
            return each
    raise _unknown_code(code)


def is_known(code: str) -> bool:
    """Whether a code, its beginning, or the letters of a family cover any rule."""
    return any(covers(code, each.code) for each in every_rule())


def refuse_unknown(codes: Iterable[str]) -> None:
    """Raise LisaError for a code that covers no rule."""
    for code in codes:
        if not is_known(code):
            raise _unknown_code(code)


def find_similar_codes(code: str) -> list[str]:
    """Known codes that look like an unknown one."""
    known = [*FAMILIES, *(each.code for each in every_rule())]
    return find_similar(code.upper(), known, most=3)


def _unknown_code(code: str) -> LisaError:
    close = find_similar_codes(code)
    hint = (
        f"Did you mean {' or '.join(close)}?" if close else "lisa-scaffold explain lists them all."
    )
    return LisaError(f"{code}: no such rule", hint)

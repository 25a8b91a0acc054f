"""Whether a version that is newer than all that are known here is one, or a project's mistake."""

from __future__ import annotations

import os
from collections.abc import Sequence

from lisa_scaffold import template
from lisa_scaffold.errors import LisaError
from lisa_scaffold.shown import brief

_MEND = "write the version that it was last updated to into .copier-answers.yml"
_LONGEST = 60  # characters of a version


def explain_newer(recorded: Sequence[str], newer: Sequence[str]) -> dict[str, str]:
    """Why versions are no newer ones: then they are a project's matter, and not the fleet's.

    The template's repository is asked. Where it cannot be, or another one stands in for it, most of
    the projects decide: one that says what no other says tells nothing of the fleet.

    Parameters
    ----------
    recorded
        The version of each project.
    newer
        Those of them that are newer than all that this lisa-scaffold knows.

    Returns
    -------
    dict
        The reason, by the version; the others are newer ones.
    """
    if not newer:
        return {}
    named = os.environ.get(template.SOURCE_VARIABLE)
    tags = None if named else _ask()
    if tags is None and 2 * len(newer) > len(recorded):
        return {}
    source = template.find_default_source()
    wrong = {each for each in newer if source.spell(each) not in (tags or {})}
    return {
        each: _explain(brief(each, _LONGEST), named, is_known=tags is not None) for each in wrong
    }


def _ask() -> dict[str, str] | None:
    """The tags of the template's repository; None where it cannot be asked."""
    try:
        return template.Source(template.CANONICAL_URL).tags or None
    except LisaError:
        return None


def _explain(version: str, named: str | None, *, is_known: bool) -> str:
    if is_known:
        return f"{version}: there is no such version of the template: {_MEND}"
    if named:
        there = f"{version}: there is no such version of the template in {named}: {_MEND}"
        return f"{there}, or {template.advise_newer()}"
    newest = template.find_default_source().versions()[-1]
    return (
        f"whether there is {version} of the template cannot be told: {template.CANONICAL_URL} does "
        f"not answer, and this lisa-scaffold knows versions up to {newest}"
    )

"""What a build must ask of setuptools, for rules of several families."""

from __future__ import annotations

import re

from lisa_scaffold.formats.edit import Change, replace_item
from lisa_scaffold.formats.literal import quoted
from lisa_scaffold.project.facts import Facts

REQUIRES = ("build-system", "requires")

_WANTED = "setuptools>=77.0.3"
_FIRST = 77
"""The first major version of setuptools that takes a licence expression."""

_SETUPTOOLS = re.compile(r"setuptools\s*(\[[^]]*\])?\s*((?:[<>=!~]=?\s*[\d.*]+\s*,?\s*)*)")


def required(facts: Facts) -> list[str]:
    """The names of the build requirements, in their normalised form."""
    from packaging.utils import canonicalize_name

    said = facts.pyproject.items("build-system", "requires")
    names = (re.match(r"\s*([\w.-]+)", str(each)) for each in said)
    return [canonicalize_name(match[1]) for match in names if match]


def old_setuptools(facts: Facts) -> tuple[int, str] | None:
    """The build requirement that lets a setuptools in which takes no licence expression.

    Returns
    -------
    tuple
        Its number among the requirements, and its text; ``None`` where all is well.
    """
    for index, said in enumerate(facts.pyproject.items(*REQUIRES)):
        match = _SETUPTOOLS.fullmatch(str(said).strip())
        if match and not any(
            int(v) >= _FIRST for v in re.findall(r"(?:>=|==|~=)\s*(\d+)", match[2])
        ):
            return index, str(said)
    return None


def setuptools_for_expression(facts: Facts) -> list[Change]:
    """Ask for a setuptools that takes a licence expression, where that is a plain lower bound."""
    found = old_setuptools(facts)
    if found is None or not re.fullmatch(r"setuptools\s*(>=\s*[\d.]+)?", found[1].strip()):
        return []
    return [replace_item(REQUIRES, found[1], quoted(_WANTED))]

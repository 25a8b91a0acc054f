"""Build requirements, in particular setuptools, for rules of several families."""

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


def required_names(facts: Facts) -> list[str]:
    """The names of the build requirements, in their normalised form."""
    from packaging.utils import canonicalize_name

    listed = facts.pyproject.items("build-system", "requires")
    names = (re.match(r"\s*([\w.-]+)", str(each)) for each in listed)
    return [canonicalize_name(match[1]) for match in names if match]


def find_old_setuptools(facts: Facts) -> tuple[int, str] | None:
    """Find the build requirement that admits a setuptools without licence expressions.

    Returns
    -------
    tuple
        Its index among the requirements, and its text; ``None`` where there is none.
    """
    for index, text in enumerate(facts.pyproject.items(*REQUIRES)):
        match = _SETUPTOOLS.fullmatch(str(text).strip())
        if match and not any(
            int(version) >= _FIRST for version in re.findall(r"(?:>=|==|~=)\s*(\d+)", match[2])
        ):
            return index, str(text)
    return None


def require_newer_setuptools(facts: Facts) -> list[Change]:
    """Require a setuptools that takes licence expressions, in place of a plain lower bound."""
    found = find_old_setuptools(facts)
    if found is None or not re.fullmatch(r"setuptools\s*(>=\s*[\d.]+)?", found[1].strip()):
        return []
    return [replace_item(REQUIRES, found[1], quoted(_WANTED))]

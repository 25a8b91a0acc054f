"""Answers of people that the metadata of a project they wrote themselves do not state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lisa_scaffold.formats.edit import set_value
from lisa_scaffold.formats.literal import quoted
from lisa_scaffold.formats.tree import NotSure
from lisa_scaffold.project.facts import Facts

METADATA = "pyproject.toml"
_KEYS = {
    "description": ("project", "description"),
    "license": ("project", "license"),
    "code_url": ("project", "urls", "Source"),
}
_NOWHERE = ("", "other", "unknown")


def state_missing(text: str, given: Mapping[str, Any]) -> tuple[str, list[str]]:
    """Write answers into a ``pyproject.toml`` where it has nothing in their place.

    Parameters
    ----------
    text
        The file.
    given
        The answers that somebody gave.

    Returns
    -------
    tuple of str and list of str
        The file with them, and the keys that it has got.
    """
    added = []
    for name, keys in _KEYS.items():
        facts, value = Facts.of({METADATA: text}), str(given.get(name) or "")
        if value in _NOWHERE or facts.package.form != "project" or not _is_free(facts, keys[1]):
            continue
        try:
            text = set_value(keys, quoted(value))(text)
        except NotSure:
            continue
        added.append(".".join(keys[1:]))
    return text, added


def _is_free(facts: Facts, key: str) -> bool:
    package = facts.package
    if key in package.unknown or facts.pyproject.get("project", key) is not None:
        return False
    if key != "license":
        return True
    # Beside a classifier of one, or with a backend of old, a licence's identifier is an error.
    needed = facts.pyproject.items("build-system", "requires")
    named = facts.pyproject.items("project", "classifiers")
    return not any("<" in str(each) for each in needed) and not any(
        str(each).startswith("License ::") for each in named
    )

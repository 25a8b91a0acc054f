"""The style that code is written in: what says so stays, whatever else of a linter's comes in."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from lisa_scaffold.formats.edit import remove_key, set_value
from lisa_scaffold.formats.literal import Names
from lisa_scaffold.project.facts import Facts

_RUFF = ("tool", "ruff")
_TARGET = "target-version"
_OLDEST_TARGET = (3, 7)  # that ruff knows
_WIDTHS = ("line-length", "indent-width")
_TABLES = ("format", "isort", "flake8-quotes", "pydocstyle")
_MOST_KEYS = 200
"""Keys that are taken over: in all of these tables ruff has half of that."""
_IGNORES = ("ignore", "extend-ignore")
_PER_FILE = ("per-file-ignores", "extend-per-file-ignores")


def keep_style(facts: Facts, text: str) -> tuple[str, list[str]]:
    """Let ``[tool.ruff]`` say of the code what the project's own settings said.

    Code that ruff or black has formatted is in their form, and their findings were worked off: with
    another length of lines or other quotes, every file would be out of step.

    Parameters
    ----------
    facts
        The project.
    text
        Its ``pyproject.toml`` with the template's tables.

    Returns
    -------
    tuple
        The text, and what was adjusted.
    """
    own = facts.pyproject.table(*_RUFF)
    kept = []
    found = _find_style(own, facts.pyproject.table("tool", "black"))
    for keys, value in islice(found, _MOST_KEYS):
        kept.append(keys)
        text = set_value((*_RUFF, *keys), json.dumps(value, ensure_ascii=False))(text)
    for width in _WIDTHS:
        # What is not said is ruff's default, as it was.
        if own and width not in own:
            text = remove_key((*_RUFF, width))(text)
    named = dict.fromkeys(".".join(keys[:-1] if len(keys) > 2 else keys) for keys in kept)  # noqa: PLR2004
    return text, [f"{name} as before" for name in named]


def find_target(facts: Facts) -> tuple[str, str] | None:
    """The Python that ruff may write code for, and where that is said; ``None``: it knows.

    It reads ``requires-python`` of ``[project]`` and nothing else. Without that it would write what
    an older Python does not understand, which the metadata still promise.
    """
    own = facts.pyproject.get(*_RUFF, _TARGET)
    if isinstance(own, str):
        return own, f"pyproject.toml:{facts.pyproject.line(*_RUFF, _TARGET)}"
    if facts.pyproject.get("project", "requires-python") is not None:
        return None
    found, place = facts.package.oldest_python, facts.package.place("requires-python")
    if found is None:
        # Ruff knows no Python 2.
        named = (version for _, version in facts.package.classified_pythons if version >= (3, 0))
        found, place = min(named, default=None), facts.package.place("classifiers")
    if found is None:
        return None
    oldest = max(found, _OLDEST_TARGET)
    return f"py{oldest[0]}{oldest[1]}", f"{place.path}:{place.line}"


def is_other(text: str, theirs: str) -> bool:
    """Whether code in the form that the template's has is not in the form that is asked for."""
    one, other = (tomllib.loads(each)["tool"]["ruff"] for each in (text, theirs))
    sorting = [each.get("lint", {}).get("isort") for each in (one, other)]
    return sorting[0] != sorting[1] or any(
        one.get(key) != other.get(key) for key in (*_WIDTHS, "format")
    )


def _find_style(own: Mapping[str, Any], black: Mapping[str, Any]) -> Iterator[tuple[Names, Any]]:
    """Keys below ``[tool.ruff]`` that describe the code, and their values."""
    if black.get("skip-string-normalization") is True:
        yield ("format", "quote-style"), "preserve"
    if black.get("skip-magic-trailing-comma") is True:
        yield ("format", "skip-magic-trailing-comma"), True
    yield from (((width,), own[width]) for width in _WIDTHS if width in own)
    found = own.get("lint")
    lint = found if isinstance(found, dict) else {}
    for name in _TABLES:
        above = () if name == "format" else ("lint",)
        # Older versions of ruff have all of its tables at the top.
        table = own.get(name) if name == "format" else lint.get(name, own.get(name))
        if isinstance(table, dict):
            yield from _flatten((*above, name), table)


def _flatten(above: Names, table: Mapping[str, Any]) -> Iterator[tuple[Names, Any]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flatten((*above, key), value)
        else:
            yield (*above, key), value


def find_ignored(facts: Facts) -> tuple[list[str], dict[str, list[str]]]:
    """The codes that the project's ruff does not look for: anywhere, and in some files."""
    own = facts.pyproject.table(*_RUFF)
    found = own.get("lint")
    codes: list[str] = []
    per_file: dict[str, list[str]] = {}
    for table in (own, found if isinstance(found, dict) else {}):
        codes += _list(code for name in _IGNORES for code in _items(table.get(name)))
        for name in _PER_FILE:
            given = table.get(name)
            for pattern, listed in given.items() if isinstance(given, dict) else ():
                per_file.setdefault(pattern, []).extend(_items(listed))
    return _list(codes), {pattern: _list(each) for pattern, each in per_file.items()}


def _items(value: Any) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def _list(codes: Any) -> list[str]:
    return [*dict.fromkeys(codes)]

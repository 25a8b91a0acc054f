"""Values that no answer may have, wherever it was read, and the component that answers lead to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MOST = 65_536
"""Characters and values in one answer, aliases written out."""

DEEPEST = 50
"""Levels of lists and mappings in one answer."""

MOST_DIGITS = 4300
"""Digits of a number: Python does not write longer ones."""

_TOO_LARGE = 10**MOST_DIGITS
_COLLECTIONS = (list, tuple, set, frozenset)


def find_fault(answers: Mapping[Any, Any]) -> str:
    """The first answer that no template can take, as ``key: why``; empty where there is none."""
    for key, value in answers.items():
        if not isinstance(key, str):
            return f"{type(key).__name__}: a key that is no text"
        if why := find_problem(value):
            return f"{key}: {why}"
    return ""


def find_problem(value: Any) -> str:
    """Why a value cannot be an answer; empty where it can."""
    left = MOST
    # Level by level, so that neither depth nor a ring of aliases can be too much.
    level: list[Any] = [value]
    for _ in range(DEEPEST):
        for each in level:
            left -= len(each) + 1 if isinstance(each, (str, bytes)) else 1
            if left < 0:
                return f"more than {MOST} characters"
            if why := _find_flaw(each):
                return why
        # Counted before they are written out: a few aliases stand for any number of values.
        inner = [each for each in level if isinstance(each, (Mapping, *_COLLECTIONS))]
        if sum(len(each) * (2 if isinstance(each, Mapping) else 1) for each in inner) > left:
            return f"more than {MOST} values"
        level = []
        for each in inner:
            level += each
            level += each.values() if isinstance(each, Mapping) else ()
        if not level:
            return ""
    return f"nested deeper than {DEEPEST} levels"


def _find_flaw(value: Any) -> str:
    """What is wrong with a value, whatever is in it."""
    if isinstance(value, int) and abs(value) >= _TOO_LARGE:
        return f"a number of more than {MOST_DIGITS} digits"
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            return "characters that no file can hold"
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, (str, int, float, type(None))):
                return f"{type(key).__name__}: a key that is no text"
    return ""


def name_component(answers: Mapping[str, Any]) -> str:
    """The component that has the jobs of a project with these answers."""
    kind = str(answers.get("kind"))
    is_plain = answers.get("compiled", "none") == "none" or answers.get("adopted")
    return kind if kind != "package" or is_plain else "compiled"

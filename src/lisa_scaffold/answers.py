"""What no answer may be, wherever it was read: a template could only fail on it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

MOST = 65_536
"""Characters and values in one answer, aliases written out."""

DEEPEST = 50
"""Levels of lists and mappings in one answer."""

MOST_DIGITS = 4300
"""Digits of a number: Python writes no longer one down."""

_TOO_LARGE = 10**MOST_DIGITS


def fault(answers: Mapping[Any, Any]) -> str:
    """The first answer that no template can take, as ``key: why``; empty where all are fine."""
    for key, value in answers.items():
        if not isinstance(key, str):
            return f"{_odd_key(key)}: a key that is no text"
        if why := problem(value):
            return f"{key}: {why}"
    return ""


def problem(value: Any) -> str:
    """Why a value can be no answer; empty where it can be one."""
    left = MOST
    # Breadth by breadth, so that neither depth nor a ring of aliases can be too much.
    level: list[Any] = [value]
    for _ in range(DEEPEST):
        for each in level:
            left -= len(each) + 1 if isinstance(each, (str, bytes)) else 1
            if left < 0:
                return f"more than {MOST} characters"
            if why := _odd(each):
                return why
        # Counted before they are written out: a few aliases stand for any number of values.
        if sum(map(_count, level)) > left:
            return f"more than {MOST} values"
        level = [inner for each in level for inner in _inside(each)]
        if not level:
            return ""
    return f"nested deeper than {DEEPEST} levels"


def _count(value: Any) -> int:
    if isinstance(value, Mapping):
        return 2 * len(value)
    return len(value) if isinstance(value, (list, tuple, set, frozenset)) else 0


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, Mapping):
        return (*value.keys(), *value.values())
    return value if isinstance(value, (list, tuple, set, frozenset)) else ()


def _odd(value: Any) -> str:
    if isinstance(value, int) and abs(value) >= _TOO_LARGE:
        return f"a number of more than {MOST_DIGITS} digits"
    if isinstance(value, str) and not _is_unicode(value):
        return "characters that no file can hold"
    if isinstance(value, Mapping):
        odd = [key for key in value if not isinstance(key, (str, int, float, type(None)))]
        return f"{_odd_key(odd[0])}: a key that is no text" if odd else ""
    return ""


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _odd_key(key: Any) -> str:
    return type(key).__name__

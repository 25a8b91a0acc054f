"""Texts that a regular expression takes longest for: what it repeats, many times over."""

from __future__ import annotations

import re
from collections.abc import Iterator

# `re` has no public way to look into an expression.
from re import _parser  # type: ignore[attr-defined]
from typing import Any

_MANY = 50
_CATEGORIES = {
    "CATEGORY_DIGIT": "0",
    "CATEGORY_SPACE": " ",
    "CATEGORY_WORD": "a",
    "CATEGORY_NOT_DIGIT": "a",
    "CATEGORY_NOT_SPACE": "a",
    "CATEGORY_NOT_WORD": "-",
}
_REPEATS = ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT")
_COMMON = "a0 -_./:=,!\"'\n\xe9"


def texts(expression: str, flags: int, times: int) -> Iterator[str]:
    """Texts with each repeated part of an expression many times, and an end that does not fit."""
    pairs = list(_repeated(_parser.parse(expression, flags), ""))
    for before, body in pairs:
        for end in ("\0", "!", "\n", "a", ""):
            yield f"{before}{body * times}{end}"
    # Where the text begins that the part before takes, again and again: each may be a beginning.
    for begun in sorted({text for before, body in pairs for text in (before, before + body)}):
        if begun:
            for end in ("", "\n", "!"):
                yield f"{begun * (times * 4 // len(begun))}{end}"


def _repeated(parsed: Any, before: str) -> Iterator[tuple[str, str]]:
    """What stands before each repeated part, and a text that the part takes."""
    for operation, value in parsed:
        name = str(operation)
        if name in _REPEATS:
            if value[1] > _MANY:
                bodies = {_sample(value[2], rich) for rich in (0, 1, 2)}
                yield from ((before, body) for body in sorted(bodies) if body)
            yield from _repeated(value[2], before)
        elif name == "SUBPATTERN":
            yield from _repeated(value[3], before)
        elif name == "ATOMIC_GROUP":
            yield from _repeated(value, before)
        elif name == "BRANCH":
            for way in value[1]:
                yield from _repeated(way, before)
        before += _sample([(operation, value)], 0)


def _sample(parsed: Any, rich: int) -> str:
    """A text that an expression takes; 1: with what it may repeat, 2: and all it may leave out."""
    found = ""
    for operation, value in parsed:
        name = str(operation)
        if name == "LITERAL":
            found += chr(value)
        elif name == "NOT_LITERAL":
            found += "b" if value == ord("a") else "a"
        elif name == "ANY":
            found += "a"
        elif name == "IN":
            found += _choose(value)
        elif name in _REPEATS:
            found += _sample(value[2], rich) * max(value[0], int(rich > int(value[1] <= _MANY)))
        elif name == "SUBPATTERN":
            found += _sample(value[3], rich)
        elif name == "ATOMIC_GROUP":
            found += _sample(value, rich)
        elif name == "BRANCH":
            found += _sample(value[1][-1 if rich > 1 else 0], rich)
    return found


def _choose(members: Any) -> str:
    """A character of a set."""
    if str(members[0][0]) == "NEGATE":
        outside = re.compile(f"[{re.escape(''.join(_listed(members[1:])))}]")
        return next(each for each in _COMMON if not outside.match(each))
    return next(iter(_listed(members[:1])))


def _listed(members: Any) -> Iterator[str]:
    for operation, value in members:
        name = str(operation)
        if name == "LITERAL":
            yield chr(value)
        elif name == "RANGE":
            yield from map(chr, range(value[0], min(value[1], value[0] + 128) + 1))
        else:
            yield _CATEGORIES[str(value)]

"""Regular expressions: ours are compiled when they are first used, those of others may be dear.

To compile those of all our rules takes a sixth of the time of a check, and half of them read
nothing in it.
"""

from __future__ import annotations

import re
from functools import cached_property, lru_cache
from typing import Any, AnyStr, cast

_MOST_KEPT = 1024
_LONGEST_KEPT = 2_000


class LazyPattern:
    """What stands for a regular expression until it is used.

    Attributes
    ----------
    text
        The expression.
    flags
        Flags of ``re``.
    """

    def __init__(self, text: str | bytes, flags: int) -> None:
        self.text = text
        self.flags = flags

    def __getattr__(self, name: str) -> Any:
        """A method or an attribute of the compiled expression, kept for the next time."""
        found = getattr(re.compile(self.text, self.flags), name)
        setattr(self, name, found)
        return found

    def search(self, text: Any, *places: int) -> re.Match[Any] | None:
        """What ``re.Pattern.search`` finds; in short texts, which come again, it looks once.

        Projects of one template have the commands of their jobs in common, and several rules look
        at each.
        """
        if places or len(text) > _LONGEST_KEPT:
            found: re.Match[Any] | None = self._search(text, *places)
            return found
        return cast("re.Match[Any] | None", self._search_once(text))

    @cached_property
    def _search(self) -> Any:
        return re.compile(self.text, self.flags).search

    @cached_property
    def _search_once(self) -> Any:
        return lru_cache(_MOST_KEPT)(self._search)


def compile_lazily(text: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """What has the methods of a compiled expression, and compiles it when one is first called.

    It is for expressions that stand at the head of a module. One that is wrong fails at its first
    use alone: a test compiles them all.

    Raises
    ------
    re.error
        When it is first used, if the expression is wrong.
    """
    return cast("re.Pattern[AnyStr]", LazyPattern(text, flags))


_ESCAPED_OR_SET = compile_lazily(r"\\.|\[\^?\]?[^]]*\]", re.DOTALL)
_BEYOND_ASCII = compile_lazily(r"[^\x00-\x7f]|\\[0-9NUux]")


def count_ways(text: str) -> int:
    """How many ways lead through the alternatives of a foreign expression, repetitions aside.

    Python's engine tries one after the other: thirty groups of two may be a milliard trials.

    Parameters
    ----------
    text
        An expression that can be compiled.
    """
    # For each open group: the ways of the alternatives before, and of this one so far.
    groups = [[0, 1]]
    for sign in re.findall(r"[(|)]", _ESCAPED_OR_SET.sub("", text)):
        if sign == "(":
            groups.append([0, 1])
        elif sign == "|":
            before, ways = groups[-1]
            groups[-1] = [before + ways, 1]
        elif len(groups) > 1:
            inner = sum(groups.pop())
            groups[-1][1] *= inner
    ways = 1
    for group in groups:
        ways *= sum(group)
    return ways


def is_dear_to_compile(text: str) -> bool:
    """Whether a foreign expression may take long before it reads anything.

    Each set with a range beyond ASCII costs milliseconds, and a text has room for thousands.
    """
    return "[" in text and _BEYOND_ASCII.search(text) is not None

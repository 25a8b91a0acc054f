"""Regular expressions that are compiled when they are first used.

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

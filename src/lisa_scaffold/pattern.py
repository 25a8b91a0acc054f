"""Regular expressions that are compiled when they are first used.

To compile those of all our rules takes a sixth of the time of a check, and half of them read
nothing in it.
"""

from __future__ import annotations

import re
from typing import Any, AnyStr, cast


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

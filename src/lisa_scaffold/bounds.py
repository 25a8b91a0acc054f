"""How deep data may be, and how long a number: what all that walk, print or compare may rely on.

Python's recursion ends at a thousand calls, and some of its parsers go deeper or shallower by
version. What passes here is far from either, and far beyond what people write.
"""

from __future__ import annotations

from typing import Any

DEEPEST = 64
"""Levels of nesting; a pipeline has ten."""

MOST_DIGITS = 4300
"""Digits of a number: Python itself refuses to write longer ones."""

_MOST_BITS = 14_000  # what 4300 digits need, a little less
DEEP = "nested too deeply"
LONG = f"a number of more than {MOST_DIGITS} digits"


def excess(data: Any) -> str | None:
    """Why data is more than anybody wrote by hand; ``None`` where it is not.

    Parameters
    ----------
    data
        What a parser made, without a part that is in two places.
    """
    level = [data]
    for _ in range(DEEPEST + 1):
        below: list[Any] = []
        for each in level:
            if isinstance(each, dict):
                below += each.values()
            elif isinstance(each, list):
                below += each
            elif isinstance(each, int) and each.bit_length() > _MOST_BITS:
                return LONG
        if not below:
            return None
        level = below
    return DEEP

"""What is found in a text is kept for the next project that has the same one, within bounds."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import wraps
from typing import TypeVar, cast

LONGEST = 20_000
"""Length of a text, in characters or bytes, above which projects hardly have it in common."""

MOST = 1_000_000
"""Length of all that one function keeps results for: the longest unused goes first."""

ENTRY = 200
"""What keeping a result takes at least, in characters: that of an empty text takes it too."""

Function = TypeVar("Function", bound=Callable[..., object])


def shared(find: Function) -> Function:
    """Decorate a pure function of a text so that projects of one template have its results.

    Parameters
    ----------
    find
        A function whose last argument is the text, given by its place; nobody may change what it
        returns.
    """
    kept: OrderedDict[tuple[object, ...], object] = OrderedDict()
    size = 0

    @wraps(find)
    def look_up(*given: object) -> object:
        nonlocal size
        if len(cast(str, given[-1])) > LONGEST:
            return find(*given)
        if given in kept:
            kept.move_to_end(given)
            return kept[given]
        kept[given] = found = find(*given)
        size += _measure(given)
        while size > MOST:
            size -= _measure(kept.popitem(last=False)[0])
        return found

    return cast(Function, look_up)


def _measure(given: tuple[object, ...]) -> int:
    """What it takes to keep the result for these arguments."""
    return ENTRY + sum(len(each) for each in given if isinstance(each, (str, bytes)))

"""Limits on the size of a file that is merged by its parts, and on the work.

Work is counted in steps and not in seconds, so that the result is the same on every machine.
Beyond the limits, a file stays as git merged its lines.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from lisa_scaffold.bounds import has_long_number

MAX_TEXT = 250_000
"""Characters of each version."""

MAX_LINES = 5_000
"""Lines of each version."""

MAX_PARTS = 10_000
"""Keys and items of each version, estimated without parsing it."""

MAX_MEMBERS = 2_000
"""Members of one list, table or module: some merges compare every pair."""

_MOST_STEPS = 6_000_000  # of 100 ns or so
_left: ContextVar[list[int] | None] = ContextVar("steps left of this merge", default=None)


class TooMuchError(Exception):
    """A merge takes more work than any file that people write."""


def fits(*texts: str) -> bool:
    """Whether versions of a file are small enough to be merged by their parts."""
    return all(
        len(text) <= MAX_TEXT
        and text.count("\n") <= MAX_LINES
        and sum(map(text.count, ",:=[{")) <= MAX_PARTS
        and not has_long_number(text)
        for text in texts
    )


@contextmanager
def bounded() -> Iterator[None]:
    """Count the steps of one merge.

    Raises
    ------
    TooMuchError
        If they are too many.
    """
    token = _left.set([_MOST_STEPS])
    try:
        yield
    finally:
        _left.reset(token)


def spend(steps: int) -> None:
    """Count some steps of the current merge, if there is one."""
    left = _left.get()
    if left is not None:
        left[0] -= steps
        if left[0] < 0:
            raise TooMuchError


def refuse_many(*sizes: int) -> None:
    """Raise TooMuchError for more members of one list than can be compared with each other."""
    if max(sizes) > MAX_MEMBERS:
        raise TooMuchError

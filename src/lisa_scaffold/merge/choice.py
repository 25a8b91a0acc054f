"""Whose text stands where nobody can be sure, so that the rest of a file is merged all the same.

A merger runs once for each side: in doubt about a member it takes that side's, and merges all
else. Where the two results differ, the file is in conflict; where they do not, it is merged.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

from lisa_scaffold.formats.tree import NotSure
from lisa_scaffold.merge.effort import spend

NOBODY, OURS, THEIRS = 0, 1, 2
_DOUBTFUL = 3_000  # steps: a file with a thousand open members is better read as a whole

T = TypeVar("T")

_side: ContextVar[int] = ContextVar("side that is taken in doubt", default=NOBODY)
_silent: ContextVar[bool] = ContextVar("whether there is no report for notes", default=False)


@contextmanager
def favouring(side: int) -> Iterator[None]:
    """Take a side's text in doubt; `NOBODY`: a merger gives up."""
    token = _side.set(side)
    try:
        yield
    finally:
        _side.reset(token)


@contextmanager
def without_report() -> Iterator[None]:
    """Leave open what a note would have to tell, as nobody would read it."""
    token = _silent.set(True)
    try:
        yield
    finally:
        _silent.reset(token)


def is_reported() -> bool:
    """Whether somebody reads the notes on a merge."""
    return not _silent.get()


def count_doubtful() -> None:
    """Count the work on a member that both sides changed, where one is taken in doubt."""
    if find_side():
        spend(_DOUBTFUL)


def find_side() -> int:
    """The side that is taken in doubt, if any."""
    return _side.get()


def choose(ours: T, theirs: T, doubt: NotSure) -> T:
    """The text that is taken in doubt.

    Raises
    ------
    NotSure
        The doubt, where no side is favoured.
    """
    if not find_side():
        raise doubt
    return ours if find_side() == OURS else theirs

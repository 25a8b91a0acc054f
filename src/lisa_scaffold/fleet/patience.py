"""How long the projects of one server are asked for after it has gone silent.

Git gives a server two minutes to answer. One that hangs would take them for each of two hundred
projects, so after a few times its other projects are told at once that it does not answer.
"""

from __future__ import annotations

from multiprocessing.sharedctypes import RawValue

from lisa_scaffold.errors import LisaError
from lisa_scaffold.git import GitError
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.process import TimeError

TIMES = 3
"""Projects in a row of which the server says nothing in the time that it is given."""

_SLOW = compile_lazily(r"(?i)operation (?:too slow|timed out)|connection timed out|timed out after")


class Patience:
    """Counts the silences of a server, in all processes that are forked from this one."""

    def __init__(self) -> None:
        # Without a lock, which a process that is killed would keep: a count that is lost costs one
        # project more.
        self._silences = RawValue("i", 0)

    def refuse(self) -> None:
        """Raise LisaError where the server has been silent too often to be asked again."""
        if self._silences.value >= TIMES:
            raise LisaError(
                f"the server did not answer for {TIMES} projects in a row: it was not asked again",
                "Look whether the server is well, and run it again.",
            )

    def hear(self) -> None:
        """Take note of an answer, whatever it is."""
        if self._silences.value < TIMES:
            self._silences.value = 0

    def judge(self, error: Exception) -> None:
        """Take note of an error: whether the server was silent, or has answered."""
        slow = isinstance(error, GitError) and _SLOW.search(error.message)
        if isinstance(error, TimeError) or slow:
            self._silences.value += 1

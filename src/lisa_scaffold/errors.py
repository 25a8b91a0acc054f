"""Errors that a user can put right, and the exit codes of every command."""

from __future__ import annotations

import os
from enum import IntEnum
from typing import Any


class ExitCode(IntEnum):
    """Exit codes, the same for every command."""

    DONE = 0
    """Done and clean."""
    FINDINGS = 1
    """Findings, or conflicts left; or all is done, but its report could not be written whole."""
    REFUSED = 2
    """Bad usage or bad input; nothing was changed."""
    DEFECT = 3
    """A defect of lisa-scaffold."""
    INTERRUPTED = 130
    """Interrupted by the user (128 + SIGINT)."""


class LisaError(Exception):
    """Something that the user can put right.

    Parameters
    ----------
    message
        What is wrong, and where (path, and line where there is one).
    hint
        What to do next.
    """

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __reduce__(self) -> tuple[Any, ...]:
        """Rebuild the error in another process."""
        return type(self), (self.message, self.hint)


def of_machine(error: OSError) -> LisaError:
    """What the machine refuses, such as a full disk or a file that nobody may read: no defect."""
    place = error.filename2 or error.filename
    why = error.strerror or str(error)
    named = f"{os.fsdecode(place)}: {why}" if isinstance(place, str | bytes) else why
    return LisaError(named, "Check the path, its rights and space.")


class UnsuitableError(LisaError):
    """What was asked for is not for a project of this sort: there is nothing wrong with it."""


class RoomError(LisaError):
    """There is no room left on a disk: nothing is wrong with what was worked on."""


UNANSWERED = "the template has no default for it"
"""How the problem of an answer begins that nobody has given."""


class AnswersError(LisaError):
    """One or more answers are missing or wrong.

    Parameters
    ----------
    problems
        Key of each question concerned, with what is wrong about its answer.
    """

    def __init__(self, problems: dict[str, str]) -> None:
        lines = [f"{key}: {problem}" for key, problem in problems.items()]
        message = lines[0] if len(lines) == 1 else "\n  ".join(["several answers:", *lines])
        missing = [key for key, problem in problems.items() if problem.startswith(UNANSWERED)]
        hint = "Give another answer, as in --data KEY=VALUE."
        if missing:
            hint = " ".join(["Answer with", *(f"--data {key}=…" for key in missing)])
            hint += ", or with --data-file."
        super().__init__(message, hint)
        self.problems = problems

    def __reduce__(self) -> tuple[Any, ...]:
        """Rebuild the error in another process."""
        return type(self), (self.problems,)

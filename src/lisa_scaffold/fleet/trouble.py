"""What is said of a project where work on it has failed."""

from __future__ import annotations

from lisa_scaffold.errors import LisaError, of_machine


def say_error(error: Exception) -> str:
    """What went wrong and what to do, in one line; whatever nobody has foreseen is a defect."""
    if isinstance(error, OSError):
        error = of_machine(error)
    if isinstance(error, LisaError):
        return " ".join(f"{error.message}. {error.hint}".split())
    return f"a defect of lisa-scaffold: {type(error).__name__}: {error}"

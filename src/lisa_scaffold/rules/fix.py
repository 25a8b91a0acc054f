"""How findings are repaired: pure functions from text to text, and the files they are for."""

from __future__ import annotations

from typing import NamedTuple

from lisa_scaffold.formats.edit import Change


class Step(NamedTuple):
    """What happens to one file.

    Attributes
    ----------
    path
        The file.
    change
        Changes its text; ``None``: the file is replaced or deleted.
    content
        Replaces it where there is no ``change``; ``None``: the file is deleted.
    """

    path: str
    change: Change | None = None
    content: bytes | None = None


class Fix(NamedTuple):
    """One or more steps that repair one finding.

    Attributes
    ----------
    steps
        The steps.
    is_safe
        Whether nothing that anybody builds, tests or checks has another result afterwards; only a
        safe one is applied unasked.
    """

    steps: tuple[Step, ...]
    is_safe: bool = True

    def as_unsafe(self) -> Fix:
        """The same, to be applied only where somebody asks for it."""
        return self._replace(is_safe=False)

    @classmethod
    def edit(cls, path: str, *changes: Change) -> Fix:
        """Change an existing file."""
        return cls(tuple(Step(path, change) for change in changes))

    @classmethod
    def write(cls, path: str, content: str | bytes) -> Fix:
        """Create a file, or replace it as a whole."""
        return cls((Step(path, None, content.encode() if isinstance(content, str) else content),))

"""The report of the last change that was staged: it is kept below git's own folder."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import NamedTuple

from lisa_scaffold import files
from lisa_scaffold.errors import LisaError
from lisa_scaffold.git import Repository

FILE = "report.json"
"""Its name, in the folder of the journal."""


class KeptReport(NamedTuple):
    """What was told of a change.

    Attributes
    ----------
    text
        The report.
    left
        What is left to be done beside conflicts; empty where nothing is.
    head
        The commit that the change was staged on.
    conflicts
        The paths that it left in conflict, relative to the repository's top.
    """

    text: str
    left: str
    head: str
    conflicts: tuple[str, ...]

    def encode(self) -> bytes:
        """The report as it is kept."""
        return json.dumps(self._asdict()).encode()


def read(repository: Repository) -> KeptReport | None:
    """The report that is kept in a repository, which may have come with it; ``None`` for none.

    Raises
    ------
    LisaError
        If it cannot be read, or is no report.
    """
    folder = repository.git_dir / "lisa-scaffold"
    content = files.read(folder, FILE, files.LARGE, links=False)
    if content is None:
        return None
    try:
        match json.loads(content):
            case {
                "text": str(text),
                "left": str(left),
                "head": str(head),
                "conflicts": list(paths),
            } if all(isinstance(each, str) for each in paths):
                return KeptReport(text, left, head, tuple(paths))
    except (ValueError, RecursionError):
        pass
    raise LisaError(f"{folder / FILE}: no report that lisa-scaffold has kept", "Remove this file.")


def find_left(repository: Repository, paths: Collection[str]) -> str:
    """What is left to be done after a change whose conflicts these paths were; else empty.

    Another merge since then has conflicts of its own.
    """
    try:
        kept = read(repository)
    except LisaError:
        return ""
    is_same = kept and kept.head == repository.head and {*paths} <= {*kept.conflicts}
    return kept.left if kept and is_same else ""

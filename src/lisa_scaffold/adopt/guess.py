"""What a project says about an answer, and where it says so."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from lisa_scaffold import git
from lisa_scaffold.git import History
from lisa_scaffold.shown import redacted


@dataclass(frozen=True)
class Guess:
    """An answer inferred from the project.

    Attributes
    ----------
    value
        The answer.
    source
        Where it comes from, such as ``pyproject.toml:12`` or ``git remote``.
    sure
        Whether the project says so; otherwise a person should look at it.
    """

    value: Any
    source: str
    sure: bool = True


Guesses = Iterator[Guess]


@dataclass(frozen=True)
class RepositoryFacts:
    """What is known of a project beside its files.

    Attributes
    ----------
    history
        Who committed, and when.
    remote
        Address of the remote ``origin``; empty where there is none.
    branches
        Names of the branches, here and at the remote.
    """

    history: History = field(default_factory=History)
    remote: str = ""
    branches: tuple[str, ...] = ()


def read_repository(repository: git.Repository) -> RepositoryFacts:
    """What a repository tells beside its files: history, remote and branches."""
    # The address of a clone often holds a token, which nothing here needs.
    remote = redacted(git.read_remote(repository))
    return RepositoryFacts(git.read_history(repository), remote, git.list_branches(repository))


def one_line(text: str, longest: int) -> str:
    """A text as one printable line, as answers take it; empty where it is too long."""
    line = " ".join(re.sub(r"[^\S ]|[\x00-\x1f\x7f-\x9f\ufeff\ufffe\uffff]", " ", text).split())
    return line if len(line) <= longest else ""


def squeezed(name: str) -> str:
    """A name reduced to letters and digits, to compare different spellings."""
    return re.sub(r"[^a-z0-9]", "", name.lower())

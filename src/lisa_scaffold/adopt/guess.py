"""What a project says about an answer, and where it says so."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from lisa_scaffold import git
from lisa_scaffold.git import History
from lisa_scaffold.shown import redacted

# Letters that Unicode does not part into a letter and its accent.
_LETTERS = {"\u00f8": "o", "\u0142": "l", "\u00e6": "ae", "\u0153": "oe", "\u00df": "ss"}


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
    plain = "".join(map(_without_accents, name.lower()))
    return re.sub(r"[^a-z0-9]", "", plain)


def _without_accents(letter: str) -> str:
    """A letter as people write it who lack the accent: ``e`` for ``é``."""
    return _LETTERS.get(letter) or unicodedata.normalize("NFKD", letter)[0]

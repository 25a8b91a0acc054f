"""Link a project to the Copier template that it was made from, or is like, and never recorded."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lisa_scaffold import files, git, template, workplace
from lisa_scaffold.adopt import eligible, named
from lisa_scaffold.adopt.guess import RepositoryFacts
from lisa_scaffold.adopt.nearest import Nearest, Search
from lisa_scaffold.errors import LisaError
from lisa_scaffold.git import Blob
from lisa_scaffold.project import Project
from lisa_scaffold.project.facts import Facts, Given
from lisa_scaffold.shown import redacted, redacted_in
from lisa_scaffold.sync.outcome import Synced
from lisa_scaffold.template import Source


@dataclass(frozen=True)
class Linked:
    """A link that was worked out.

    Attributes
    ----------
    project
        The project.
    source
        The address of the template, as it is recorded.
    nearest
        The version and the answers.
    synced
        What changes: the answers file is added.
    """

    project: Project
    source: str
    nearest: Nearest
    synced: Synced

    @property
    def is_local(self) -> bool:
        """Whether the template is a folder of this machine, which no other clone would find."""
        return os.path.lexists(self.project.root / self.source)


@dataclass(frozen=True)
class Prepared:
    """A project that may be linked, and its template at hand."""

    project: Project
    source: Source
    search: Search

    def link(self, wanted: str | None, given: dict[str, Any]) -> Linked:
        """Find the nearest version (or take the wanted one), and what it records.

        Raises
        ------
        LisaError
            If the template cannot be read or rendered, a question has no answer, or the project
            has the answers file already.
        """
        nearest = self.search.find(self.source, wanted, given)
        path = nearest.answers_file
        if files.identify_state(self.project.root, path) is not None:
            raise LisaError(
                f"{path}: there already",
                "A project that records its template is updated: lisa-scaffold update.",
            )
        synced = Synced()
        synced.settle(path, "added", Blob("100644", nearest.record))
        return Linked(self.project, self.source.recorded, nearest, synced)


@contextmanager
def prepare(current: Project, address: str, *, trust: bool = False) -> Iterator[Prepared]:
    """Read a project, and find its template.

    Parameters
    ----------
    current
        The project.
    address
        Where the template is: whatever Copier takes.
    trust
        Whether the template's Jinja extensions may be loaded.

    Raises
    ------
    LisaError
        If the address is that of our own template.
    """
    source = template.find_recorded_source(address, current.root, trust=trust)
    if source.ours:
        raise LisaError(
            f"{redacted(address)}: lisa-scaffold's own template",
            "Leave --template out: adopt sets that one beside what is there.",
        )
    facts = Facts(eligible.Tracked(current.root), current.root, Given())
    repository = current.repository
    remote = redacted(git.read_remote(repository))
    around = RepositoryFacts(git.read_history(repository), remote, git.list_branches(repository))
    found = {
        key: replace(guess, value=redacted_in(guess.value))
        for key, guess in named.find_facts(facts, around).items()
    }
    with workplace.folder() as folder:
        yield Prepared(current, source, Search(current, facts, found, Path(folder), trust))

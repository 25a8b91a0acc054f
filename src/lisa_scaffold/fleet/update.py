"""Bring a newer version of the template into the projects of a fleet, one merge request each.

A run first looks where each project stands, in its branches and merge requests, then does what is
missing. It keeps no record of its own: whatever moment it was ended at, the next run finds what was
pushed by its branch, and what was said by its text. What is right already is not touched.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace

from lisa_scaffold import template
from lisa_scaffold.errors import LisaError
from lisa_scaffold.fleet import waves
from lisa_scaffold.fleet.clones import open_clones
from lisa_scaffold.fleet.find import Inventory
from lisa_scaffold.fleet.newer import explain_newer
from lisa_scaffold.fleet.outcomes import (
    Outcome,
    Place,
    Wanted,
    Words,
)
from lisa_scaffold.fleet.project_update import Updater
from lisa_scaffold.formats.ignored import match_patterns
from lisa_scaffold.template.shelf import keep_open
from lisa_scaffold.versions import parse_version
from lisa_scaffold.workers import spread

_FEW = 3  # versions that are named
_BEGUN = frozenset(["updated", "merged", "due"])
"""What becomes of a project that a run has begun with, or would without ``--dry-run``."""


def refuse_unknown(wanted: str) -> None:
    """Raise LisaError for a version that there is not: each project would fail by itself."""
    source = template.find_default_source()
    version = source.spell(wanted)
    known = source.versions()
    if version in known or (source.has(version) and not parse_version(version)):
        return  # whether there is a commit of a hash is seen when it is opened
    if parse_version(version) and not os.environ.get(template.SOURCE_VARIABLE):
        # Of a version that came after this lisa-scaffold, its repository knows.
        with suppress(LisaError):
            known = template.Source(template.CANONICAL_URL).versions()
    if version not in known:
        newest = ", ".join(reversed(known[-_FEW:]))
        what = f"{version}: there is no such version of the template"
        raise LisaError(what, f"The newest that there are: {newest}.")


def update_fleet(  # noqa: PLR0913 - each has its name where it is given
    inventory: Inventory,
    wanted: Wanted,
    words: Words,
    *,
    jobs: int = 1,
    late: Callable[[Outcome], None] = lambda _: None,
    looked: Callable[[str, int], None] = lambda *_: None,
) -> Generator[Outcome, None, None]:
    """Update the projects of a fleet.

    Parameters
    ----------
    inventory
        What belongs to it.
    wanted
        What the run is asked for.
    words
        What is said of updates.
    jobs
        How many projects are worked on at once.
    late
        Takes what became of the projects that were at work when the run was interrupted; they are
        told once the iterator is closed.
    looked
        Called with each project that was looked at, and how many were.

    Yields
    ------
    Outcome
        What became of each project, as soon as that is known.

    Raises
    ------
    LisaError
        If this installation has no template, or git does not know who commits.
    """
    with keep_open() as shelf, open_clones() as clones:
        updater = Updater(wanted, words, shelf, clones, inventory.forge)
        updater.late = late
        places = []
        for place in spread(updater.look, inventory.members, jobs, updater.lost):
            places.append(place)
            looked(place.member.name, len(places))
        places = _settle_newer(sorted(places, key=lambda place: place.member.name))
        begun, due = _part(places)
        updater.refuse_anonymous(due)
        named = {place.member.name: place for place in due}
        work = []
        for place in places:
            if place.outcome.action not in {"due", "touched"}:
                yield place.outcome
            elif place.member.name not in named:
                work.append(place)
        yield from _carry_out(updater, work, jobs)
        yield from _begin(updater, named, begun, jobs)


def _settle_newer(places: Sequence[Place]) -> list[Place]:
    """Tell versions that are newer from those that there are not, which are no project's record."""
    recorded = [place.outcome.version for place in places if place.outcome.version]
    newer = [place for place in places if place.outcome.action == "newer"]
    wrong = explain_newer(recorded, [place.outcome.version for place in newer])
    return [
        place.settle("failed", wrong[place.outcome.version])
        if place.outcome.action == "newer" and place.outcome.version in wrong
        else place
        for place in places
    ]


def _begin(
    updater: Updater, due: dict[str, Place], begun: Sequence[waves.Begun], jobs: int
) -> Iterator[Outcome]:
    """Begin with as many of the projects that are due as this run may, and let the others wait.

    One that fails, or turns out to need nothing, is none of these: else the same broken ones would
    be all that any run begins with.
    """
    wanted = updater.wanted
    updates = wanted.updates
    is_canary = match_patterns(updates.canaries)
    left = len(due) if wanted.limit is None else wanted.limit
    begins = True
    while begins:
        chosen = waves.choose([*due], begun, is_canary, updates.wave, updates.stop_at)
        queue = [*chosen.names, *chosen.spare]
        room = min(left, len(chosen.names))
        begins = False
        while room and queue:
            work, queue = [due.pop(name) for name in queue[:room]], queue[room:]
            begins = True
            for outcome in _carry_out(updater, work, jobs):
                room -= outcome.action in _BEGUN
                yield outcome
        # Nobody waits for canaries of which none could be begun with.
        begins = begins and room == min(left, len(chosen.names))
    waiting = [*due.values()]
    # Whoever only looks wants to see all of it, also what a run would not begin with.
    shows_all = wanted.dry_run and wanted.limit is None
    for each in _carry_out(updater, waiting, jobs) if shows_all else map(_get_outcome, waiting):
        why = "--limit is reached" if each.name in chosen.names else chosen.reason
        said = "; ".join(filter(None, (why, each.said)))
        waits = replace(each, action="waiting", said=said, stopped=chosen.stopped)
        yield waits if each.action == "due" else each


def _get_outcome(place: Place) -> Outcome:
    return place.outcome


def _carry_out(updater: Updater, work: Sequence[Place], jobs: int) -> Iterator[Outcome]:
    # Opened before the processes are started, so that each has them.
    with _warmed(updater, work):
        yield from spread(updater.carry_out, work, jobs, updater.lost_outcome, updater.late)


@contextmanager
def _warmed(updater: Updater, work: Sequence[Place]) -> Iterator[None]:
    """The versions that the projects have and get, opened once for all processes."""
    sources = [*updater.sources.values()]
    pairs = {(place.outcome.version, place.outcome.to) for place in work if place.outcome.version}
    for pair in sorted(pairs) if sources else ():
        try:
            for opened in updater.shelf.open_all(sources[0], *pair):
                opened.warm()
        except LisaError:
            continue  # told where it is needed
    yield


def _part(places: Sequence[Place]) -> tuple[list[waves.Begun], list[Place]]:
    """The projects that were begun with, and those that are still due."""
    begun, due = [], []
    for place in places:
        has_begun = (place.tip and not place.bare) or place.opened
        if place.outcome.action in {"touched", "declined"} or has_begun:
            pipeline = place.opened.pipeline if place.opened else "success"
            begun.append(waves.Begun(place.member.name, pipeline, place.opened is not None))
        elif place.outcome.action == "due":
            due.append(place)
    return begun, due

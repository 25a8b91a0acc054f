"""Which of the projects that are behind are begun with in this run.

A run waits for nothing: it begins with as many as it may, and the next one goes on. What was begun,
and how its pipelines ended, stands in the merge requests.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

RUNNING = frozenset(
    ["", "created", "waiting_for_resource", "preparing", "pending", "running", "scheduled"]
)
"""States of a pipeline that has not ended; none yet is one of them."""

FAILED = frozenset(["failed", "canceled"])


class Begun(NamedTuple):
    """A project that a run before has begun with.

    Attributes
    ----------
    name
        The project.
    pipeline
        How the pipeline of its merge request stands.
    is_open
        Whether that is still to be merged.
    """

    name: str
    pipeline: str
    is_open: bool


class Chosen(NamedTuple):
    """The projects to begin with.

    Attributes
    ----------
    names
        Their names, in their order.
    reason
        Why the others wait; empty where none does.
    stopped
        Whether too many pipelines have failed.
    spare
        Those that take the place of one that cannot be begun with, in their order.
    """

    names: tuple[str, ...]
    reason: str = ""
    stopped: bool = False
    spare: tuple[str, ...] = ()


def choose(
    due: Sequence[str],
    begun: Sequence[Begun],
    is_canary: Callable[[str], bool],
    share: float,
    stop_at: float,
) -> Chosen:
    """The projects to begin with.

    Parameters
    ----------
    due
        Those that are behind, and that nothing was begun with.
    begun
        The others, as far as they get this version.
    is_canary
        Whether a project comes first.
    share
        The share of all of them that one run begins with; 1: no waves.
    stop_at
        The share of failed pipelines above which none is begun with.
    """
    canaries = [name for name in due if is_canary(name)]
    others = [name for name in due if not is_canary(name)]
    if share >= 1 and not canaries:
        return Chosen((*others,))
    failed = [each for each in begun if each.is_open and each.pipeline in FAILED]
    if begun and len(failed) / len(begun) > stop_at:
        said = ", ".join(each.name for each in failed[:5])
        return Chosen((), f"{len(failed)} of {len(begun)} pipelines have failed: {said}", True)
    if canaries:
        return Chosen((*canaries,), "the canaries come first" if others else "")
    if any(each.is_open and each.pipeline in RUNNING for each in begun):
        return Chosen((), "pipelines of the wave before are still running" if others else "")
    size = max(1, math.ceil(share * (len(due) + len(begun))))
    left = len(others) - size
    why = "it is in a later wave" if left > 0 else ""
    return Chosen((*others[:size],), why, spare=(*others[size:],))

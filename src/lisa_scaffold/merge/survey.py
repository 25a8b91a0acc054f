"""Proof that a merge lost nothing: counted in words, whatever the merger."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from lisa_scaffold.merge.diff import hunks
from lisa_scaffold.merge.kept import Kept

_RUN = re.compile(r"[\w.@:/*-]+")
_MEANS = re.compile(r"\w")


def lost(base: str, ours: str, theirs: str, merged: str, notes: Iterable[str]) -> str | None:
    """A word that one side added and the merge has not, or that it has although one side took it.

    Words that a note names are accounted for.
    """
    before, after = count(base), count(merged)
    sides = [_changes(base, side) for side in (ours, theirs)]
    named = set(count("\n".join(_told(notes))))
    for word in {*before, *after, *sides[0][0], *sides[1][0]} - named:
        if re.split("[:@]", word)[-1] in named:
            continue
        added, removed = ([side[which][word] for side in sides] for which in (0, 1))
        least = before[word] - sum(removed) + max(added)
        most = before[word] + sum(added) - max(removed)
        if not least <= after[word] <= most:
            return word
    return None


def _told(notes: Iterable[str]) -> Iterator[str]:
    """Notes, and the texts that they carry."""
    for note in notes:
        yield note
        if isinstance(note, Kept):
            yield from (note.before, note.after, note.stays)


def _changes(base: str, side: str) -> tuple[Counter[str], Counter[str]]:
    """The words of the lines that a side added, and of those that it removed."""
    first, second = base.split("\n"), side.split("\n")
    added: Counter[str] = Counter()
    removed: Counter[str] = Counter()
    for hunk in hunks(first, second):
        removed += count("\n".join(first[hunk.start : hunk.end]))
        added += count("\n".join(second[hunk.other_start : hunk.other_end]))
    return added, removed


def count(text: str) -> Counter[str]:
    """The words of a text."""
    return Counter(word.strip(".:") for word in _RUN.findall(text) if _MEANS.search(word))

"""Lines that a merge joined or rewrote, quoted in its notes, so that none goes untold."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from lisa_scaffold.merge.effort import spend

_WORD = re.compile(r"[^\s,;()\[\]{}'\"`]+")
_MARGIN = "\n    "
_JOINED = "both sides changed what stands in these lines; they were:"


def quoted(
    sides: tuple[str, str, str], merged: str, notes: Sequence[str], patch: str
) -> tuple[str, ...]:
    """The notes on a merge, with every line of a side that is nowhere to be found.

    Parameters
    ----------
    sides
        Base, ours and theirs.
    merged
        What came of them.
    notes, patch
        What is told of the merge already.

    Returns
    -------
    tuple
        The notes: a line stands below the first note that tells what was new in it, or else below
        a last one. White space around a line and a comma at its end count for nothing.
    """
    base, ours, theirs = sides
    told = "\n".join([*notes, patch])
    found, joined = list(notes), ""
    known = _words(base)
    for side, text in (("project", ours), ("template", theirs)):
        for line in _missing(base, text, merged, told):
            quote = f"{_MARGIN}{side}: {line}"
            at = _teller(_words(line) - known, notes)
            if at is None:
                joined += quote
            else:
                found[at] += quote
    return (*found, _JOINED + joined) if joined else tuple(found)


def _missing(base: str, side: str, merged: str, told: str) -> Iterator[str]:
    """The lines that a side has of its own and the result has not, each once."""
    present = {*_lines(base), *_lines(merged)}
    for line in dict.fromkeys(_lines(side)):
        spend(len(told) // 50)
        if line not in present and line not in told:
            yield line


def _lines(text: str) -> list[str]:
    return [line.strip().removesuffix(",").rstrip() for line in text.splitlines()]


def _teller(news: set[str], notes: Sequence[str]) -> int | None:
    """The first note that names what is new in a line: the longest word says most."""
    longest = max(sorted(news), key=len, default="")
    spend(sum(map(len, notes)))
    return next((at for at, note in enumerate(notes) if longest and longest in _words(note)), None)


def _words(text: str) -> set[str]:
    # What a bound is put to varies: the note on a pin may name its number alone.
    return {word.strip(".:<>=~!") for word in _WORD.findall(text)}

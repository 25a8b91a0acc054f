"""Two results that differ only where nobody can be sure, as one text with conflict markers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from lisa_scaffold.formats.conflicts import find_marked
from lisa_scaffold.formats.diff import Hunk, find_hunks, split_lines, to_lines, to_text
from lisa_scaffold.pattern import compile_lazily

_MARKER = compile_lazily(r"(?:<{7}|\|{7}|={7}|>{7})(?: |$)")
_MEANS = compile_lazily(r"\w")
_NEAR = 3
_MOST_MIXED = 30


class Marked(NamedTuple):
    """A text with markers.

    Attributes
    ----------
    text
        The text.
    places
        The number of conflicts in it.
    disputed
        The lines between markers, of either side.
    """

    text: str
    places: int
    disputed: tuple[str, ...]


def mix(text: str) -> Iterator[tuple[int, str]]:
    """A text with markers as either side's lines make it in one place, and the other's elsewhere.

    Each with the number of the place, from 0; at last with one side's in all of them. Of many
    places the first are tried.
    """
    lines, places = split_lines(text), [*find_marked(text)]
    for one in range(min(len(places), _MOST_MIXED) + 1 if places else 0):
        for is_lower in (True, False):
            made, at = [], 0
            for number, place in enumerate(places):
                side = place.theirs if (number == one) is is_lower else place.ours
                made += [*lines[at : place.start], *side]
                at = place.end
            yield one, "".join([*made, *lines[at:]])


def mark(ours: str, theirs: str, *, by_line: bool, joined: slice | None = None) -> Marked | None:
    """Mark whole lines where two texts differ; ``None`` where a line looks like a marker.

    With the upper lines everywhere it is the one text, with the lower lines the other. Conflicts
    with nothing but punctuation between them are one; so are conflicts that are near each other
    where lines depend on those around them (`by_line`), as in git. Some may be `joined` besides.
    """
    above, below = to_lines(ours), to_lines(theirs)
    if any(_MARKER.match(line) for line in (*above, *below)):
        return None
    found: list[Hunk] = []
    for start, end, other_start, other_end in find_hunks(above, below):
        between = above[found[-1].end : start] if found else []
        is_near = by_line and len(between) <= _NEAR
        if found and (is_near or not any(map(_MEANS.search, between))):
            start, _, other_start, _ = found.pop()  # noqa: PLW2901 - grown upwards
        found.append(Hunk(start, end, other_start, other_end))
    if joined and (hunks := found[joined]):
        ends = hunks[-1].end, hunks[-1].other_end
        found[joined] = [Hunk(hunks[0].start, ends[0], hunks[0].other_start, ends[1])]
    lines: list[str] = []
    disputed: list[str] = []
    at = 0
    for hunk in found:
        one, other = above[hunk.start : hunk.end], below[hunk.other_start : hunk.other_end]
        lines += [*above[at : hunk.start], "<<<<<<< project", *one, "=======", *other]
        lines.append(">>>>>>> template")
        disputed += [*one, *other]
        at = hunk.end
    return Marked(to_text([*lines, *above[at:]]), len(found), tuple(disputed))

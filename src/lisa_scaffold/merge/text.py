"""Three-way merge of lines: as git does it, with a closer look at what git gives up."""

from __future__ import annotations

from typing import NamedTuple

from lisa_scaffold.merge.diff import Region, hunks, regions
from lisa_scaffold.merge.fine import resolve
from lisa_scaffold.merge.words import likeness_of_words

_REWRITTEN = 0.5
_CONTEXT = 3


class Prose(NamedTuple):
    """Merged prose; where the project had rewritten a passage, the template's change to it."""

    text: str
    patch: str
    notes: tuple[str, ...]


def merge(base: str, ours: str, theirs: str) -> tuple[str, tuple[str, ...]] | None:
    """Merge texts; ``None`` where one change has no sure place beside the other."""
    done = merge_lines(to_lines(base), to_lines(ours), to_lines(theirs))
    return None if done is None else (to_text(done[0]), done[1])


def to_lines(text: str) -> list[str]:
    """The lines of a text that ends in a line end, without their ends."""
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    return lines


def to_text(lines: list[str]) -> str:
    """Lines as a text."""
    return "".join(f"{line}\n" for line in lines)


def merge_lines(
    base: list[str], ours: list[str], theirs: list[str]
) -> tuple[list[str], tuple[str, ...]] | None:
    """Merge lists of lines."""
    merged: list[str] = []
    notes: list[str] = []
    for region in regions(base, ours, theirs):
        done = _region(region, base, ours, theirs)
        if done is None:
            return None
        merged += done[0]
        notes += done[1]
    return merged, tuple(notes)


def merge_prose(base: str, ours: str, theirs: str, path: str) -> Prose | None:
    """Merge prose; a passage that the project rewrote stays as the project has it.

    A passage is rewritten where the project's words and the base's have less than half in
    common, or where that holds for the whole file.
    """
    split = to_lines(base), to_lines(ours), to_lines(theirs)
    whole = _rewritten(split[0], split[1])
    merged: list[str] = []
    notes: list[str] = []
    declined: list[str] = []
    for region in regions(*split):
        done = _region(region, *split)
        before, mine, yours = split[0][region.base], split[1][region.ours], split[2][region.theirs]
        done = done or _reflowed(before, mine, yours)
        if done is None:
            if not whole and not (any(before) and _rewritten(before, mine)):
                return None
            done, before = (mine, []), yours
        merged += done[0]
        notes += done[1]
        declined += before
    return Prose(to_text(merged), patch(split[0], declined, path), tuple(notes))


def _reflowed(
    base: list[str], ours: list[str], theirs: list[str]
) -> tuple[list[str], list[str]] | None:
    """A passage in which one side, or both alike, only broke the lines in other places."""
    words = [" ".join(lines).split() for lines in (base, ours, theirs)]
    if words[1] == words[0] != words[2]:
        note = "the project only broke its lines in other places; the template's words are taken."
        return theirs, [f"{theirs[0] if theirs else base[0]}: {note}"]
    return (ours, []) if words[2] in words[:2] else None


def _rewritten(base: list[str], ours: list[str]) -> bool:
    return likeness_of_words(base, ours) < _REWRITTEN


def _region(
    region: Region, base: list[str], ours: list[str], theirs: list[str]
) -> tuple[list[str], list[str]] | None:
    mine, yours = ours[region.ours], theirs[region.theirs]
    if region.changed != "both":
        return yours if region.changed == "theirs" else mine, []
    return (mine, []) if mine == yours else resolve(base[region.base], mine, yours)


def patch(before: list[str], after: list[str], path: str) -> str:
    """A unified diff."""
    found = hunks(before, after)
    groups: list[list[int]] = []
    for index, hunk in enumerate(found):
        if groups and hunk.start - found[index - 1].end <= 2 * _CONTEXT:
            groups[-1].append(index)
        else:
            groups.append([index])
    lines = [f"--- a/{path}", f"+++ b/{path}"] if found else []
    for group in groups:
        lo = max(found[group[0]].start - _CONTEXT, 0)
        hi = min(found[group[-1]].end + _CONTEXT, len(before))
        body: list[str] = []
        at = lo
        for hunk in (found[index] for index in group):
            body += [f" {line}" for line in before[at : hunk.start]]
            body += [f"-{line}" for line in before[hunk.start : hunk.end]]
            body += [f"+{line}" for line in after[hunk.other_start : hunk.other_end]]
            at = hunk.end
        body += [f" {line}" for line in before[at:hi]]
        shift = found[group[0]].other_start - found[group[0]].start
        old, new = hi - lo, sum(not line.startswith("-") for line in body)
        lines += [f"@@ -{lo + 1},{old} +{lo + shift + 1},{new} @@", *body]
    return to_text(lines)

"""What holds for the merge of any three versions of a document."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from lisa_scaffold.formats.tree import NotSure, write
from lisa_scaffold.merge import keyed
from tests.merge import fuzz

Load = Callable[[str], Any]


def versions(parse: fuzz.Parse, load: Load, base: str, random: Random) -> list[str] | None:
    """A document as two people left it; nothing where the edits made it invalid."""
    try:
        sides = [base, fuzz.edited(parse, base, random), fuzz.edited(parse, base, random)]
        for side in sides:
            load(side)
            parse(side)
    except (NotSure, ValueError):
        return None
    return sides


def hold(parse: fuzz.Parse, merge: fuzz.Merge, load: Load, sides: list[str]) -> bool:
    """Assert all of them; whether there was a merge at all."""
    base, ours, theirs = sides
    for text in sides:
        assert write(parse(text)) == text
    assert merge(base, base, theirs) == (theirs, ())
    assert merge(base, ours, base) == (ours, ())
    assert merge(base, ours, ours) == (ours, ())
    trees = [parse(text) for text in sides]
    assert write(keyed.merge_branch(trees[0], trees[1], trees[0], (), [])) == ours
    assert write(keyed.merge_branch(trees[0], trees[0], trees[2], (), [])) == theirs
    merged = merge(base, ours, theirs)
    if merged is None:
        return False
    _right(load, sides, merged)
    for again in merge(base, merged[0], theirs), merge(base, ours, merged[0]):
        # Which of two new members comes first may change, nothing else.
        assert again is None or sorted(again[0].split("\n")) == sorted(merged[0].split("\n"))
    return True


def _right(load: Load, sides: list[str], merged: tuple[str, tuple[str, ...]]) -> None:
    text, notes = merged[0], " ".join(merged[1])
    data = [load(side) for side in sides]
    wrong = fuzz.check("", (data[0], data[1], data[2]), load(text), notes)
    assert wrong == [], "\n".join([*wrong, *sides, text])
    for side in sides[1:]:
        for comment in fuzz.new_comments(sides[0], side):
            assert comment in text + notes

"""Assignments that both sides changed in different words, to the same value."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lisa_scaffold.merge import merge_file
from lisa_scaffold.model import Merged

BASE = 'LOGO = "a.svg"\nICON = "a.ico"\n'
OURS = 'LOGO = "b.svg"\nICON = "b.svg"\n'
THEIRS = 'LOGO = "a.svg"\nICON = LOGO\n'
NOTE = "ICON: both sides give it the same value; the template's {} is left out."


def merge(base: str, ours: str, theirs: str) -> Merged | None:
    done = merge_file("conf.py", base.encode(), ours.encode(), theirs.encode())
    assert done is None or isinstance(done, Merged)
    return done


def test_the_same_value_by_another_name_is_no_conflict_and_stays_as_the_project_has_it() -> None:
    assert merge(BASE, OURS, THEIRS) == Merged(OURS.encode(), (NOTE.format("ICON = LOGO"),))
    assert merge(BASE, THEIRS, OURS) == Merged(
        b'LOGO = "b.svg"\nICON = LOGO\n', (NOTE.format('ICON = "b.svg"'),)
    )


def test_the_same_value_in_other_quotes_is_no_conflict() -> None:
    mine, yours = (BASE.replace('"a.ico"', quoted) for quoted in ('"b"', "'b'"))
    assert merge(BASE, mine, yours) == Merged(mine.encode(), (NOTE.format("ICON = 'b'"),))


@pytest.mark.parametrize(
    "more",
    [
        "if DARK:\n    LOGO = 'dark.svg'\n",
        "def change():\n    global LOGO\n    LOGO = None\n",
        "from theme import *\n",
        "import theme as LOGO\n",
    ],
    ids=["set twice", "set by a function", "perhaps imported", "imported"],
)
def test_a_name_that_may_stand_for_something_else_is_a_conflict(more: str) -> None:
    assert merge(BASE + more, OURS + more, THEIRS + more) is None


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (OURS.replace('ICON = "b', 'ICON = "c'), THEIRS),
        (OURS, 'LOGO = "c.svg"\nICON = LOGO\n'),
        ('LOGO = "a.svg"\nICON = True\n', 'LOGO = "a.svg"\nICON = 1\n'),
        ('LOGO = "a.svg"\nICON = []\n', 'LOGO = "a.svg"\nICON = list()\n'),
        (OURS, THEIRS.replace("ICON =", "# Not the same.\nICON =")),
    ],
    ids=["another value", "another value here", "equal, not the same", "no constant", "a comment"],
)
def test_anything_else_is_a_conflict(ours: str, theirs: str) -> None:
    assert merge(BASE, ours, theirs) is None


VALUES = st.sampled_from(['"a"', '"b"', '"c"', "1", "LOGO", "'b'"])


@given(values=st.lists(VALUES, min_size=6, max_size=6))
def test_a_merge_has_what_each_side_gave_a_name(values: list[str]) -> None:
    """Where a side alone changed a value, it holds; where both did, both must give it."""
    sides = [f"LOGO = {values[i]!s}\n\nICON = {values[i + 1]!s}\n" for i in (0, 2, 4)]
    sides = [side.replace("LOGO = LOGO", 'LOGO = "z"') for side in sides]
    done = merge(*sides)
    if done is not None:
        merged = run(done.content.decode())
        base, ours, theirs = map(written, sides)
        for name, value in merged.items():
            wanted = {side[name] for side in (ours, theirs) if side[name] != base[name]}
            meant = {
                merged["LOGO"] if said == "LOGO" else ast.literal_eval(said) for said in wanted
            }
            assert not meant or meant == {value}, (sides, done)


def run(source: str) -> dict[str, object]:
    names: dict[str, object] = {}
    for name, said in written(source).items():
        names[name] = names["LOGO"] if said == "LOGO" else ast.literal_eval(said)
    return names


def written(source: str) -> dict[str, str]:
    """What a source says of each name, whatever its quotes."""
    return dict(line.replace("'", '"').split(" = ") for line in source.split("\n") if line)

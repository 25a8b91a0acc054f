"""Python that one side only wrote in another way: quotes, white space, brackets, commas."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lisa_scaffold.merge import keyed, merge_file
from lisa_scaffold.merge.python import unify_formatting
from lisa_scaffold.model import Merged

# Each statement in two formattings, and changed in both.
STATEMENTS = [
    ("project = 'a'\n", 'project = "a"\n', "project = 'b'\n", 'project = "b"\n'),
    ("x = 1 # one\n", "x = 1  # one\n", "x = 2 # one\n", "x = 2  # one\n"),
    (
        "names = [\n    'a',\n    'b']\n",
        'names = ["a", "b"]\n',
        "names = [\n    'a',\n    'c']\n",
        'names = ["a", "c"]\n',
    ),
    ("f = f'{x!r}, it'\n", 'f = f"{x!r}, it"\n', "f = f'{x!s}'\n", 'f = f"{x!s}"\n'),
    ("call('a',1)\n", 'call("a", 1)\n', "call('a',2)\n", 'call("a", 2)\n'),
    (
        "# Why.\nlong = False  # no\n",
        "# Why.\nlong = (\n    False  # no\n)\n",
        "# Why.\nlong = True  # no\n",
        "# Why.\nlong = (\n    True  # no\n)\n",
    ),
    (
        "def f(a,b):\n    return a+b\n",
        "def f(a, b):\n    return a + b\n",
        "def f(a,b):\n    return a-b\n",
        "def f(a, b):\n    return a - b\n",
    ),
]


def merged(base: str, ours: str, theirs: str) -> str | None:
    result = merge_file("conf.py", *(text.encode() for text in (base, ours, theirs)))
    return result.content.decode() if isinstance(result, Merged) else None


@given(st.data())
def test_who_only_wrote_a_statement_in_another_way_has_not_changed_it(data: st.DataObject) -> None:
    """Any order; each statement may be reformatted by the project, and changed by either side."""
    chosen = data.draw(st.permutations(STATEMENTS))
    base = ours = theirs = wanted = ""
    for plain, reformatted, changed, both in chosen:
        match data.draw(st.sampled_from(["", "project", "template"])):
            case "project":
                mine, yours, result = both, plain, both
            case "template":
                mine, yours, result = reformatted, changed, changed
            case _:
                mine, yours, result = reformatted, plain, reformatted
        base, ours, theirs, wanted = base + plain, ours + mine, theirs + yours, wanted + result
    assert merged(base, ours, theirs) == wanted


@given(st.data())
def test_a_template_that_writes_in_another_way_is_followed_where_nothing_else_changed(
    data: st.DataObject,
) -> None:
    chosen = data.draw(st.permutations(STATEMENTS))
    changed = data.draw(st.lists(st.booleans(), min_size=len(chosen), max_size=len(chosen)))
    base, theirs = ("".join(each[at] for each in chosen) for at in (0, 1))
    ours = "".join(each[2 if own else 0] for each, own in zip(chosen, changed, strict=True))
    wanted = "".join(each[2 if own else 1] for each, own in zip(chosen, changed, strict=True))
    assert merged(base, ours, theirs) == wanted


@pytest.mark.parametrize("ours", ['a = "x"\n', ""])
def test_what_the_template_removed_goes_though_the_project_had_reformatted_it(ours: str) -> None:
    base, end = "a = 'x'\n", "b = 1\n"
    assert merged(base + end, ours + end.replace("1", "2"), end) == end.replace("1", "2")


def test_what_the_project_removed_stays_away_though_the_template_reformatted_it() -> None:
    base, theirs = "a = 'x'\nb = 'y'\n", 'a = "x"\nb = "y"\n'
    assert merged(base, "b = 'z'\n", theirs) == "b = 'z'\n"


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("a = 1  # one\n", "a = 1  # two\n"),
        ("# one\na = 1\n", "a = 1  # one\n"),
        ("a = 'b'\n", "a = b'b'\n"),
        ("a = (1,)\n", "a = (1)\n"),
        ("a = f'{b}'\n", "a = f'{c}'\n"),
    ],
)
def test_what_is_more_than_writing(one: str, two: str) -> None:
    assert unify_formatting(one, two, "a = 9\n") == (one, "a = 9\n")


def test_a_comment_that_moves_is_a_change() -> None:
    base = "import os\n\na = 1 # one\nb = 1 # two\n"
    ours = base.replace(" #", "  #")
    theirs = "import os\n\n# one\na = 1\n# two\nb = 1\n"
    assert merged(base, ours, theirs) == theirs


def test_comments_above_a_statement_are_merged_apart_from_it() -> None:
    base = "x = 1\n\n# -- Looks ----\n# See there.\ntheme = 'a'\ny = 1\n"
    ours, theirs = base.replace("'a'", "'b'"), "x = 1\n\ntheme = 'b'\ny = 1\n"
    assert merged(base, ours, theirs) == theirs


@pytest.mark.parametrize("base", ["", "names = []\n"])
def test_what_both_sides_wrote_in_their_own_way_stands_as_the_project_has_it(base: str) -> None:
    ours, theirs = 'names = ["a", "b"]\n', "names = [\n    'a',\n    'b',\n]\n"
    sides = [f"x = 1\n{names}y = 1\n" for names in (base, ours, theirs)]
    assert merged(sides[0], sides[1], sides[2]) == sides[1]


def test_a_last_comma_that_one_side_adds_or_removes_follows_it() -> None:
    without, with_one = 'v = [\n  "a"\n]\n', 'v = [\n  "a",\n]\n'
    ours, theirs = 'v = [\n  "a",\n  "o"\n]\n', 'v = [\n  "a",\n  "t",\n]\n'
    assert keyed.merge_toml(without, ours, theirs) == (
        'v = [\n  "a",\n  "o",\n  "t",\n]\n',
        (),
    )
    assert keyed.merge_toml(with_one, ours, theirs) == ('v = [\n  "a",\n  "o",\n  "t"\n]\n', ())

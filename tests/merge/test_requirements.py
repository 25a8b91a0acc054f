"""Lists of requirements: what tells them apart where a name stands twice."""

from __future__ import annotations

import tomllib
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lisa_scaffold.merge import check_clean, merge_file
from lisa_scaffold.model import Merged
from lisa_scaffold.versions import make_requirement_keys

NAMES = ["dask", "dask[distributed]", "mypy", "numpy", "ray ; python_version < '3.12'", "ray"]


def listed(requirements: list[str]) -> str:
    lines = "".join(f'    "{each}",\n' for each in requirements)
    return f"[project]\ndependencies = [\n{lines}]\n"


def merged(*sides: list[str]) -> list[str] | None:
    base, ours, theirs = (listed(side).encode() for side in sides)
    result = merge_file("pyproject.toml", base, ours, theirs)
    if not isinstance(result, Merged):
        return None
    assert check_clean("pyproject.toml", base, ours, theirs, result.content) is None
    return list(tomllib.loads(result.content.decode())["project"]["dependencies"])


def test_extras_tell_requirements_apart_only_where_a_name_repeats() -> None:
    sides = (["a", "b"], ["a", "a[x]", "b"], ["A", "b[y]"])
    assert make_requirement_keys(*sides) == [
        [("a", ""), ("b",)],
        [("a", ""), ("a", "[x]"), ("b",)],
        [("a", ""), ("b",)],
    ]


def test_a_requirement_beside_one_with_extras_is_merged() -> None:
    ours = ["dask<=2024.2", "dask[distributed]", "mypy", "pandas", "mypy"]
    assert merged(["mypy", "pandas"], ours, ["jupyter", "mypy", "pandas[excel]"]) == [
        *ours[:2],
        "jupyter",
        "mypy",
        "pandas[excel]",
        "mypy",
    ]


@pytest.mark.parametrize("ours", [["a", "a>=2", "b"], ["a>=1", "b", "a"]])
def test_bounds_alone_do_not_tell_requirements_apart(ours: list[str]) -> None:
    assert merged(["a", "b"], ours, ["a", "c"]) is None


@given(base=st.lists(st.sampled_from(NAMES), min_size=1), data=st.data())
def test_every_copy_counts(base: list[str], data: st.DataObject) -> None:
    """The project adds some, the template removes one with its copies: each does what it did."""
    ours = [*base, *data.draw(st.lists(st.sampled_from(NAMES), max_size=2))]
    gone = data.draw(st.sampled_from(base))
    result = merged(base, ours, [each for each in base if each != gone])
    if result is None:
        # Of which copies the project added, and the template removed, nobody is sure.
        assert ours.count(gone) > base.count(gone)
    else:
        assert Counter(result) == Counter(ours) - Counter({gone: base.count(gone)})


@pytest.mark.parametrize(
    ("ours", "theirs", "both"),
    [
        ("a>=2.1,<3", "a>=2.0,<3", "a>=2.1,<3"),
        ("a>=2.0,<3", "a>=2.1,<4", "a>=2.1,<4"),
        ("a>=1.4,<2", "a>=1.3,<2", "a>=1.4,<2"),
        # Neither side has moved both bounds the farthest.
        ("a>=2.1,<3", "a>=2.0,<4", None),
        # The project holds a bound back.
        ("a>=1.1,<2", "a>=1.3,<2", "a>=1.1,<2"),
        # The template has moved one down, or a side has other bounds.
        ("a>=1.3,<2", "a>=1.1,<2", None),
        ("a>=1.3", "a>=1.4,<2", None),
    ],
)
def test_of_several_bounds_the_side_that_moved_them_farther_up_wins(
    ours: str, theirs: str, both: str | None
) -> None:
    assert merged(["a>=1.2,<2", "b"], [ours, "b"], [theirs, "b"]) == (both and [both, "b"])

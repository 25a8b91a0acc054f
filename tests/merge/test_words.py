"""Words of one line."""

from __future__ import annotations

import pytest

from lisa_scaffold.merge import merge_file
from lisa_scaffold.merge.words import merge_remark, merge_words, merge_years
from lisa_scaffold.model import Merged


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "merged"),
    [
        ("run(a, b)", "run(a, b, c)", "walk(a, b)", "walk(a, b, c)"),
        ("x: [1, 2, 3]", "x: [2, 3]", "x: [1, 2, 3, 4]", "x: [2, 3, 4]"),
        ("x: [1, 2]", "x: [1]", "x: [1, 2, 3]", None),
        ("uses: a/b@v1", "uses: c/d@v1", "uses: a/b@v2", None),
        ("FROM a:1 AS x", "FROM b:1 AS x", "FROM a:2 AS x", None),
        ("n>=1", "n>=1,<2", "n>=2", None),
        ("if a and b:", "if a or b:", "if a and c:", None),
        ("RUN pip install .", "RUN touch x && pip install -U pip && pip install .",
         "RUN touch x && pip install .", "RUN touch x && pip install -U pip && pip install ."),
    ],
)  # fmt: skip
def test_words_of_one_line(base: str, ours: str, theirs: str, merged: str | None) -> None:
    assert merge_words(base, ours, theirs) == merged
    assert merge_words(base, theirs, ours) == merged


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "merged"),
    [
        ("2025", "2024-2025", "2026", "2024-2026"),
        ("2025", "2024\u20132025", "2026", "2024\u20132026"),
        ("2020-2024", "2019-2024", "2020-2026", "2019-2026"),
        ("2020", "2020-2025", "2024", "2020-2025"),
        ("2020", "2020 - 2024", "2025", "2020 - 2025"),
        # The project's work is younger, or somebody else's.
        ("2020", "2023", "2024", None),
        ("2020-2024", "2021-2024", "2020-2026", None),
        ("2024", "2020-2024", "2019", None),
    ],
)
def test_the_years_of_a_copyright_are_those_of_both_sides(
    base: str, ours: str, theirs: str, merged: str | None
) -> None:
    line = "# Copyright (c) {} A. Name, all rights reserved".format
    assert merge_years(*map(line, (base, ours, theirs))) == (merged and line(merged))
    assert merge_years(line(base), line(ours).replace("A.", "B."), line(theirs)) is None
    assert merge_years(base, ours, theirs) is None


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "merged"),
    [
        ("x = 1  # was 2", "x = 3  # was 2", "x = 1  # as before", "x = 3  # as before"),
        ("x = True  # the old way", "x = False  # the old way", "x = True  # as it was",
         "x = False  # as it was"),
        ("\trun --this # why", "\trun --that # why", "\trun --this # because",
         "\trun --that # because"),
        ("x = 1  # to do", "x = 3    # to do", "x = 1", "x = 3"),
        ("x = '#a'  # why", "x = '#b'  # why", "x = '#a'  # because", "x = '#b'  # because"),
        # What is said of a value that the other side has replaced is about that value.
        ("x = 1", "x = 3", "x = 1  # as before", None),
        ("x = 1  # why", "x = 3  # because", "x = 1  # as before", None),
        ("x = 1  # why", "x = 3  # why", "x = 2  # because", None),
        ("x = 1  # noqa: A1", "x = 3  # noqa: A1", "x = 1  # noqa: A1, B2", None),
        ("x = 1  # why", "x = 3  # why", "x = 1  # pragma: no cover", None),
        ("uses: a@1  # v1.0", "uses: a@2  # v1.0", "uses: a@1  # v1.1", None),
        ("x = 'a # why'", "x = 'b # why'", "x = 'a # because'", None),
        ("# why", "# because", "# as before", None),
    ],
)  # fmt: skip
def test_a_remark_of_one_side_stands_behind_the_value_of_the_other(
    base: str, ours: str, theirs: str, merged: str | None
) -> None:
    assert merge_remark(base, ours, theirs) == merged
    assert merge_remark(base, theirs, ours) == merged


@pytest.mark.parametrize("name", ["a.py", "a.sh", "a.ini", ".env", "justfile"])
def test_a_line_with_a_remark_is_merged_wherever_it_stands(name: str) -> None:
    head = "[a]\n" if name == "a.ini" else ""
    sides = ("x = one  # why", "x = two  # why", "x = one  # a reason, as all have")
    merged = merge_file(name, *(f"{head}{line}\n".encode() for line in sides))
    assert isinstance(merged, Merged)
    assert merged.content.decode() == f"{head}x = two  # a reason, as all have\n"
    assert "project: x = two  # why" in merged.notes[-1]

"""Words of one line."""

from __future__ import annotations

import pytest

from lisa_scaffold.merge.words import merge_words, merge_years


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

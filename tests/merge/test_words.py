"""Words of one line."""

from __future__ import annotations

import pytest

from lisa_scaffold.merge.words import merge_words


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

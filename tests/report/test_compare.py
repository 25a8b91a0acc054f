"""Side by side: every line once, in order, and marks only where the other side differs."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lisa_scaffold.formats.diff import to_lines
from lisa_scaffold.report.compare import Piece, compare_texts, mark_words

TEXTS = st.lists(st.sampled_from(["a = 1", "a = 2", "b: x y", "", "# é\t", "b: x z"])).map(
    lambda lines: "".join(f"{line}\n" for line in lines)
)


def test_a_change_has_its_words_marked() -> None:
    rows = compare_texts("x\nrequires = [numpy>=1, scipy]\n", "x\nrequires = [numpy>=2, scipy]\n")
    assert [row.changed for row in rows] == [False, True]
    before, after = rows[1].before, rows[1].after
    assert before
    assert after
    assert [piece.text for piece in before.pieces if piece.marked] == ["1"]
    assert [piece.text for piece in after.pieces if piece.marked] == ["2"]


def test_what_has_nothing_in_common_has_no_marks() -> None:
    left, right = mark_words(["alpha beta gamma"], ["one, two: three"])
    assert left == [(Piece("alpha beta gamma"),)]
    assert right == [(Piece("one, two: three"),)]


def test_equal_lines_far_away_are_counted() -> None:
    lines = [f"line {n}\n" for n in range(30)]
    rows = compare_texts("".join(lines), "".join([*lines[:15], "new\n", *lines[15:]]))
    assert [row.skipped for row in rows if row.skipped] == [12, 12]
    assert [row.after.text for row in rows if row.changed and row.after] == ["new"]
    assert compare_texts("".join(lines), "".join(lines))[0].skipped == 30


def test_a_line_that_is_spoken_of_is_shown() -> None:
    lines = [f"line {n}\n" for n in range(30)]
    rows = compare_texts("".join(lines), "".join(lines), shown=[20])
    assert [row.after.number for row in rows if row.after] == [*range(17, 24)]


def test_a_file_that_is_new_stands_on_one_side() -> None:
    rows = compare_texts("", "a\nb\n")
    assert [(row.before, row.after and row.after.text) for row in rows] == [
        (None, "a"),
        (None, "b"),
    ]


@given(TEXTS, TEXTS)
def test_each_side_is_whole_and_in_order(before: str, after: str) -> None:
    everything = range(1, len(to_lines(after)) + 1)
    rows = compare_texts(before, after, shown=everything)
    assert not any(row.skipped for row in rows if row.after)
    new = [row.after for row in rows if row.after]
    assert [line.number for line in new] == [*everything]
    assert [line.text for line in new] == to_lines(after)
    if not any(row.skipped for row in rows):
        old = [row.before for row in rows if row.before]
        assert [line.text for line in old] == to_lines(before)
    for row in rows:
        if not row.changed and row.before and row.after:
            assert row.before.text == row.after.text

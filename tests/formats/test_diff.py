"""Where two or three sequences differ."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lisa_scaffold.formats.diff import hunks, patch, regions

Lines = list[str]


@given(
    st.lists(st.sampled_from("abcd"), max_size=12),
    st.lists(st.sampled_from("abcd"), max_size=12),
    st.lists(st.sampled_from("abcd"), max_size=12),
)
def test_hunks_and_regions_cover_everything(first: Lines, second: Lines, third: Lines) -> None:
    at, made = 0, Lines()
    for hunk in hunks(first, second):
        made += first[at : hunk.start] + second[hunk.other_start : hunk.other_end]
        at = hunk.end
    assert made + first[at:] == second
    parts = list(regions(first, second, third))
    for index, side in enumerate((first, second, third)):
        assert [item for part in parts for item in side[part[index]]] == side  # type: ignore[index]


def test_a_patch_has_three_lines_around_each_change() -> None:
    before = [str(number) for number in range(20)]
    after = [*before[:4], "new", *before[5:9], *before[10:]]
    assert patch(before, after, "a/b") == (
        "--- a/a/b\n+++ b/a/b\n@@ -2,12 +2,11 @@\n 1\n 2\n 3\n-4\n+new\n 5\n 6\n 7\n 8\n"
        "-9\n 10\n 11\n 12\n"
    )
    assert patch(before, before, "a/b") == ""

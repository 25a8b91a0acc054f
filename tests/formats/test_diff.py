"""Where two or three sequences differ."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from lisa_scaffold import process
from lisa_scaffold.formats.diff import find_hunks, find_regions, fold, patch

from ..support.sweeps import examples

Lines = list[str]

PATHS = ["a", "a b.txt", 'say "no".md', "two\nlines", "tab\tétude", "back\\slash"]


@given(
    st.lists(st.sampled_from("abcd"), max_size=12),
    st.lists(st.sampled_from("abcd"), max_size=12),
    st.lists(st.sampled_from("abcd"), max_size=12),
)
def test_hunks_and_regions_cover_everything(first: Lines, second: Lines, third: Lines) -> None:
    at, made = 0, Lines()
    for hunk in find_hunks(first, second):
        made += first[at : hunk.start] + second[hunk.other_start : hunk.other_end]
        at = hunk.end
    assert made + first[at:] == second
    parts = list(find_regions(first, second, third))
    for index, side in enumerate((first, second, third)):
        assert [item for part in parts for item in side[part[index]]] == side  # type: ignore[index]


def test_a_patch_has_three_lines_around_each_change() -> None:
    before = [f"{number}\n" for number in range(20)]
    after = [*before[:4], "new\n", *before[5:9], *before[10:]]
    assert patch("".join(before), "".join(after), "a/b") == (
        "--- a/a/b\n+++ b/a/b\n@@ -2,12 +2,11 @@\n 1\n 2\n 3\n-4\n+new\n 5\n 6\n 7\n 8\n"
        "-9\n 10\n 11\n 12\n"
    )
    assert patch("a\n", "a\n", "a/b") == ""


def test_people_are_shown_the_beginning_of_a_long_line() -> None:
    made = patch(f"a\n{'x' * 1000}\n", "a\n", "a.ipynb")
    assert fold(made) == (
        f"--- a/a.ipynb\n+++ b/a.ipynb\n@@ -1,2 +1 @@\n a\n-{'x' * 299}… (701 more characters)\n"
    )
    short = patch("a\n", "b\n", "a")
    assert fold(short) == short


LINES = st.lists(st.sampled_from(["a\n", "b\n", "c\r\n", "\n", "\x0c\n"]), max_size=9)
TEXTS = st.builds(lambda lines, end: "".join(lines) + end, LINES, st.sampled_from(["", "end", "b"]))


@given(st.one_of(st.none(), TEXTS), st.one_of(st.none(), TEXTS), st.sampled_from(PATHS))
@settings(max_examples=examples(50))
def test_git_applies_every_patch(before: str | None, after: str | None, path: str) -> None:
    made = patch(before, after, path)
    if not made:
        # That a file without a line comes or goes cannot be said without git's own header.
        assert (before or "") == (after or "")
        return
    with TemporaryDirectory() as name:
        place = Path(name, path)
        if before is not None:
            place.write_bytes(before.encode())
        encoded = None if after is None else after.encode()
        command = ["git", "apply", "--whitespace=nowarn", "-"]
        process.run(command, cwd=Path(name), stdin=made.encode())
        assert (place.read_bytes() if place.exists() else None) == encoded

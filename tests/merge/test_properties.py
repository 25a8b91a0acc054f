"""What holds for every merger, whatever was edited."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lisa_scaffold.merge import check_clean, merge_file
from lisa_scaffold.model import Declined, Merged
from tests.merge.material import FILES, NEWS, Sides, edited, sides, unaccounted
from tests.support.sweeps import examples

WAYS: dict[str, Callable[[str], bytes]] = {
    "plain": lambda text: text.encode(),
    "crlf": lambda text: text.replace("\n", "\r\n").encode(),
    "mark": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "latin-1": lambda text: ("# é\n" + text).encode("latin-1"),
    "unknown": lambda text: b"# \x81\xff\n" + text.encode(),
    "no end": lambda text: text.removesuffix("\n").encode(),
    "mixed": lambda text: text.encode().replace(b"\n", b"\r\n", 2),
}


def merged(case: Sides) -> Merged | Declined | None:
    return merge_file(case.path, *(text.encode() for text in case[1:]))


@given(case=sides(), way=st.sampled_from(sorted(WAYS)), other=st.sampled_from(sorted(WAYS)))
def test_one_side_alone_is_taken_byte_for_byte(case: Sides, way: str, other: str) -> None:
    base, side = WAYS[way](case.base), WAYS[other](case.ours)
    assert merge_file(case.path, base, base, side) == Merged(side)
    assert merge_file(case.path, base, side, base) == Merged(side)
    assert merge_file(case.path, base, side, side) == Merged(side)
    assert merge_file(case.path, None, side, side) == Merged(side)


@settings(max_examples=examples(400))
@given(case=sides())
def test_nothing_is_lost_and_nothing_removed_returns(case: Sides) -> None:
    result = merged(case)
    if result is not None:
        assert unaccounted(case, result) == set(), result


@settings(max_examples=examples(400))
@given(case=sides())
def test_merging_twice_changes_nothing(case: Sides) -> None:
    result = merged(case)
    if isinstance(result, Merged):
        again = merge_file(case.path, case.base.encode(), result.content, case.theirs.encode())
        # git itself adds a blank line again where a line beside it has gone.
        assert again is None or again.content.split() == result.content.split()


@settings(max_examples=examples(200))
@given(case=sides())
def test_sides_can_change_places(case: Sides) -> None:
    """Whether a merge is sure does not depend on whose side is whose, where none is preferred."""
    one, other = merged(case), merged(Sides(case.path, case.base, case.theirs, case.ours))
    if not (one and one.patch) and not (other and other.patch):
        assert (one is None) == (other is None)


@settings(max_examples=examples(200))
@given(case=sides())
def test_a_merge_passes_its_own_check(case: Sides) -> None:
    result = merged(case)
    if isinstance(result, Merged):
        base, ours, theirs = (text.encode() for text in case[1:])
        assert check_clean(case.path, base, ours, theirs, result.content) is None


@settings(max_examples=examples(200))
@given(case=sides(), way=st.sampled_from(["crlf", "mark", "latin-1", "no end"]))
def test_how_a_project_writes_its_files_changes_no_merge(case: Sides, way: str) -> None:
    write = WAYS[way]
    # Blank lines at the end are nobody's.
    case = Sides(case.path, *(text.rstrip("\n") + "\n" for text in case[1:]))
    plain = [text.encode() for text in case[1:]]
    if way == "latin-1":
        plain = ["# é\n".encode() + text for text in plain]
    wanted = merge_file(case.path, *plain)
    everywhere = merge_file(case.path, *(write(text) for text in case[1:]))
    if wanted is None or everywhere is None:
        assert wanted == everywhere
    else:
        text = wanted.content.decode()
        expected = text.encode("latin-1") if way == "latin-1" else write(text)
        assert everywhere.content == expected


@pytest.mark.parametrize("path", sorted(FILES))
@given(data=st.data())
@settings(max_examples=examples(30))
def test_a_project_that_converted_its_line_ends_keeps_them(path: str, data: st.DataObject) -> None:
    theirs = data.draw(edited(FILES[path], NEWS[path]))
    base = FILES[path].encode()
    result = merge_file(path, base, base.replace(b"\n", b"\r\n"), theirs.encode())
    if theirs.strip():
        assert result == Merged(theirs.replace("\n", "\r\n").encode())

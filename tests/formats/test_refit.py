"""Changes that were made to one text, fitted to another."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lisa_scaffold.formats.diff import patch
from lisa_scaffold.formats.refit import refit

BASE = "".join(f"line {number}\n" for number in range(20))


def apply(content: str | None, change: str, folder: Path) -> str:
    """What git makes of a text with a patch."""
    if content is not None:
        (folder / "a.txt").write_bytes(content.encode())
    command = ["git", "apply", "--whitespace=nowarn", "-"]
    subprocess.run(command, cwd=folder, input=change.encode(), check=True, capture_output=True)
    return (folder / "a.txt").read_bytes().decode()


@pytest.mark.parametrize(
    ("there", "patched"),
    [
        (BASE, BASE.replace("line 9\n", "new 9\n")),
        (f"top\n\n{BASE}", f"top\n\n{BASE}".replace("line 9\n", "new 9\n")),
        # What stands around it is another by now.
        ("a\nline 9\nb\n", "a\nnew 9\nb\n"),
        ("a\r\nline 9\r\nb\r\n", "a\r\nnew 9\r\nb\r\n"),
        ("line 9", "new 9\n"),
    ],
)
def test_a_hunk_is_found_by_its_lines(there: str, patched: str, tmp_path: Path) -> None:
    change = patch(BASE, BASE.replace("line 9\n", "new 9\n"), "a.txt")
    found = refit(change, there, "a.txt")
    assert found.quotation == ""
    assert apply(there, found.patch, tmp_path) == patched


@pytest.mark.parametrize("there", ["other\n", "line 9\nother\nline 9\n", "", None])
def test_a_hunk_without_its_one_place_is_quoted(there: str | None) -> None:
    change = patch("line 9\n", "new 9\n", "a.txt")
    assert refit(change, there, "a.txt") == ("", "-line 9\n+new 9\n")


def test_what_fits_is_a_patch_and_the_rest_is_quoted_each_once(tmp_path: Path) -> None:
    after = BASE.replace("line 2\n", "new 2\n").replace("line 15\n", "new 15\n")
    there = BASE.replace("line 15\n", "mine\n")
    change = patch(BASE, after, "a.txt")
    found = refit(change + change, there, "a.txt")
    assert apply(there, found.patch, tmp_path) == there.replace("line 2\n", "new 2\n")
    assert [line for line in found.quotation.splitlines() if line[0] in "+-…"] == [
        "-line 15",
        "+new 15",
    ]


def test_lines_are_added_between_lines_that_still_stand_together(tmp_path: Path) -> None:
    change = patch(BASE, BASE.replace("line 9\n", "line 9\nmore\n"), "a.txt")
    there = "x\nline 9\nline 10\ny\n"
    found = refit(change, there, "a.txt")
    assert apply(there, found.patch, tmp_path) == "x\nline 9\nmore\nline 10\ny\n"
    assert refit(change, "line 9\nx\nline 10\n", "a.txt").patch == ""


def test_what_is_told_already_is_not_quoted() -> None:
    change = patch("", '"3.13"\n', "a.txt")
    assert refit(change, "x\n", "a.txt", known='the template adds "3.13"') == ("", "")


def test_a_new_file_is_a_patch(tmp_path: Path) -> None:
    change = patch(None, "new\n", "a.txt")
    assert refit(change, None, "a.txt") == (change, "")
    assert apply(None, change, tmp_path) == "new\n"


def test_only_another_end_of_the_last_line_is_nothing_to_tell() -> None:
    assert refit(patch("a", "a\n", "a.txt"), "other\n", "a.txt") == ("", "")


LINES = st.lists(st.sampled_from(["a", "b", "", "c d", "-- x", "++ y", " z"]), max_size=8)


def _text(lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


@given(LINES, LINES, LINES)
def test_every_line_of_a_change_is_in_the_patch_or_quoted(
    base: list[str], after: list[str], there: list[str]
) -> None:
    change = patch(_text(base), _text(after), "a.txt")
    found = refit(change, _text(there), "a.txt")
    added = {line[1:] for line in change.splitlines()[2:] if line.startswith("+")}
    told = {line[1:] for line in (found.patch + found.quotation).splitlines()}
    assert added <= told | {*there}

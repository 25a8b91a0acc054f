"""Comments that silence a check, which one side wrote otherwise and the other dropped."""

from __future__ import annotations

import pytest

from lisa_scaffold.merge import choice, merge_file
from lisa_scaffold.model import Merged

CODE = """\
# pylint: disable=invalid-name
# ruff: noqa: C901
import sys


def show(help=""):  # noqa: A002
    try:
        print(help)
    except OSError:  # noqa: TRY203
        raise
    return sys.argv
"""


def merge(ours: str, theirs: str, base: str = CODE) -> Merged | None:
    done = merge_file("a.py", base.encode(), ours.encode(), theirs.encode())
    return done if isinstance(done, Merged) else None


def merged(ours: str, theirs: str, base: str = CODE) -> str | None:
    done = merge(ours, theirs, base)
    return done.content.decode() if done else None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("# noqa: A002", "# ruff:ignore[builtin-argument-shadowing]"),
        ("# noqa: A002", "# ruff: ignore[A002]"),
        ("# noqa: A002, B006", "# ruff: ignore[shadowing, default]"),
        ("# type: ignore[a]", "# mypy: ignore[a]"),
        ("# pyright: ignore[a]  # noqa: A002", "# pyright: ignore[a]  # ruff: ignore[A002]"),
    ],
)
def test_what_one_side_writes_otherwise_and_the_other_drops_is_dropped(
    before: str, after: str
) -> None:
    base = CODE.replace("# noqa: A002", before)
    respelled, dropped = base.replace(before, after), base.replace(f"  {before}", "")
    assert merged(dropped, respelled, base) == merged(respelled, dropped, base) == dropped


def test_it_is_told() -> None:
    respelled = CODE.replace("# noqa: A002", "# ruff: ignore[shadowing]")
    dropped = CODE.replace("  # noqa: A002", "")
    line = 'def show(help=""):  # ruff: ignore[shadowing]'
    done = merge(dropped, respelled)
    assert done
    assert done.notes == (f"{line}: the project has dropped what that comment was for.",)
    done = merge(respelled, dropped)
    assert done
    assert done.notes == (f"{line}: the template has dropped what that comment was for.",)
    with choice.without_report():
        assert merge(respelled, dropped) is None


def test_a_comment_on_code_that_the_other_side_removed_goes_with_it() -> None:
    ours = CODE.replace("# noqa: TRY203", "# ruff: ignore[useless-try-except]")
    head = CODE.partition("    try:\n")[0]
    theirs = f"{head}    print(help)\n    return sys.argv\n"
    assert merged(ours, theirs) == merged(theirs, ours) == theirs


def test_a_comment_for_a_whole_file_is_one_of_its_kind() -> None:
    ours = CODE.replace("# ruff: noqa: C901\n", "")
    theirs = CODE.replace("# ruff: noqa: C901", "# ruff:file-ignore[complex-structure]")
    assert merged(ours, theirs) == ours


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("", "  # noqa: A002, B006"),
        ("", "  # ruff: ignore[a, b]"),
        ("", "  # pylint: disable=a"),
        ("  # ruff: ignore[a]", "  # pylint: disable=a"),
    ],
)
def test_what_silences_something_else_is_in_conflict(ours: str, theirs: str) -> None:
    sides = [CODE.replace("  # noqa: A002", each) for each in (ours, theirs)]
    assert merged(*sides) is merged(*sides[::-1]) is None


def test_a_comment_on_code_that_the_other_side_changed_is_in_conflict() -> None:
    ours = CODE.replace("# noqa: A002", "# ruff: ignore[A002]")
    theirs = CODE.replace('help=""):  # noqa: A002', 'help="", *others):')
    assert merged(ours, theirs) is merged(theirs, ours) is None


def test_words_in_a_text_are_no_comment() -> None:
    base = 'NAME = "a  # noqa: A002"\n'
    ours, theirs = base.replace("noqa", "ruff: noqa"), base.replace("  # noqa: A002", "")
    assert merged(ours, theirs, base) is None

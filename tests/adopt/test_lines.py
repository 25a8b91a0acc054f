"""Lines of the template come into ignore files and attributes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lisa_scaffold.adopt.lines import fresh_lines, merge_lines
from lisa_scaffold.project.facts import Facts

IGNORE = "# Python\n__pycache__/\n*.py[cod]\n\n# Data\n*.h5\n/public/\n"
NOTHING = Facts.of({})


def test_missing_lines_come_above_with_their_comments() -> None:
    done = merge_lines(".gitignore", "*.h5\n!small.h5\n__pycache__\n", IGNORE, NOTHING)
    assert done.text == (
        "# Python\n*.py[cod]\n\n# Data\n/public/\n\n*.h5\n!small.h5\n__pycache__\n"
    )
    assert done.added == 2


def test_a_line_that_would_hide_a_tracked_file_stays_away() -> None:
    facts = Facts.of({"tests/data/a.h5": b"\0", "public/index.html": ""})
    done = merge_lines(".gitignore", "", IGNORE, facts)
    assert done.left_out == {
        "*.h5": "git has tests/data/a.h5",
        "/public/": "git has public/index.html",
    }
    assert done.text.endswith("*.py[cod]\n")
    fresh = fresh_lines(".gitignore", IGNORE, facts)
    assert "*.h5" not in fresh.text


@pytest.mark.parametrize(("content", "comes"), [(b"a\n", True), (b"a\r\n", False)])
def test_attributes_that_would_change_line_ends_stay_away(content: bytes, comes: bool) -> None:
    line = "* text=auto eol=lf"
    done = merge_lines(".gitattributes", "", f"{line}\n", Facts.of({"a.bat": content}))
    assert (line in done.text) is comes


@given(st.lists(st.sampled_from([*IGNORE.splitlines(), "own", "!own", "  x ", "# own"])))
def test_a_projects_lines_stay_in_their_order_and_come_last(own: list[str]) -> None:
    ours = "".join(f"{line}\n" for line in own)
    done = merge_lines(".gitignore", ours, IGNORE, NOTHING)
    assert done.text.endswith(ours)
    patterns = {line for line in IGNORE.splitlines() if line and line[0] != "#"}
    assert patterns <= {*done.text.splitlines()}
    assert merge_lines(".gitignore", done.text, IGNORE, NOTHING).text == done.text


@pytest.mark.parametrize("ours", ["", "own\n"])
def test_no_comment_stays_above_a_line_that_is_left_out(ours: str) -> None:
    theirs = "# Ends of lines.\n* text=auto eol=lf\n\n# Data.\n*.h5 binary\n# More.\n*.gz binary\n"
    facts = Facts.of({"a.bat": b"a\r\n"})
    left = {"* text=auto eol=lf": "a.bat has line ends of Windows"}
    merged = merge_lines(".gitattributes", ours, theirs, facts)
    data = "# Data.\n*.h5 binary\n# More.\n*.gz binary\n"
    assert (merged.text, merged.left_out) == (f"{data}\n{ours}" if ours else data, left)
    fresh = fresh_lines(".gitattributes", theirs, facts)
    assert (fresh.text, fresh.left_out) == (data, left)
    whole = fresh_lines(".gitattributes", theirs, NOTHING)
    assert (whole.text, whole.left_out) == (theirs, {})


def test_the_last_line_of_the_project_ends() -> None:
    done = merge_lines(".gitignore", "own", "theirs\n", Facts.of({}))
    assert done.text == "theirs\n\nown\n"
    assert merge_lines(".gitignore", "own", "own\n", Facts.of({})).text == "own"


def test_data_beside_the_code_are_taken_back_above_the_projects_lines() -> None:
    theirs = "# Data\n*.h5\n*.npz\n# Small ones\n!/noise/**/*.h5\n!/noise/**/*.npz\n"
    done = merge_lines(".gitignore", "*.log\n*.npz\n", theirs, NOTHING)
    # What the project ignores itself, it goes on to: its lines come last.
    assert done.text == (
        "# Data\n*.h5\n# Small ones\n!/noise/**/*.h5\n!/noise/**/*.npz\n\n*.log\n*.npz\n"
    )

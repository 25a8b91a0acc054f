"""Line sets."""

from __future__ import annotations

import pytest

from lisa_scaffold.merge import merge_file
from lisa_scaffold.model import Declined, Merged

IGNORE = "# Python\n*.pyc\n\n# Tools\n.coverage\n.ruff_cache/\n"


def merge(path: str, base: str | None, ours: str, theirs: str) -> str | None:
    was = None if base is None else base.encode()
    result = merge_file(path, was, ours.encode(), theirs.encode())
    assert not isinstance(result, Declined)
    return None if result is None else result.content.decode()


def test_additions_of_both_sides_stand_together() -> None:
    ours, theirs = IGNORE + "/data/\n", IGNORE + "/reports/\n"
    assert merge(".gitignore", IGNORE, ours, theirs) == IGNORE + "/data/\n/reports/\n"


def test_an_addition_stays_in_its_block() -> None:
    ours = IGNORE + "\n# Ours\n/data/\n"
    theirs = IGNORE.replace("*.pyc\n", "*.pyc\n*.pyo\n") + ".uv/\n"
    assert merge(".gitignore", IGNORE, ours, theirs) == (
        "# Python\n*.pyc\n*.pyo\n\n# Tools\n.coverage\n.ruff_cache/\n.uv/\n\n# Ours\n/data/\n"
    )


def test_a_removed_line_stays_removed_beside_an_addition() -> None:
    ours, theirs = IGNORE.replace(".ruff_cache/\n", ""), IGNORE + "/reports/\n"
    assert merge(".gitignore", IGNORE, ours, theirs) == IGNORE.replace(".ruff_cache", "/reports")


def test_a_line_that_one_side_removed_and_the_other_replaced_is_a_conflict() -> None:
    ours, theirs = (
        IGNORE.replace(".ruff_cache/\n", ""),
        IGNORE.replace(".ruff_cache/", ".ruff_cache/*"),
    )
    assert merge(".gitignore", IGNORE, ours, theirs) is None


def test_the_projects_exceptions_have_the_last_word() -> None:
    merged = merge(".gitignore", IGNORE, IGNORE + "!keep\n", IGNORE + "/all/*\n")
    assert merged == IGNORE + "/all/*\n!keep\n"


def test_the_templates_exceptions_beside_lines_of_the_project_have_no_order() -> None:
    assert merge(".gitignore", IGNORE, IGNORE + "/all/*\n", IGNORE + "!keep\n") is None


def test_a_file_that_both_sides_added_has_the_lines_of_both() -> None:
    assert merge(".dockerignore", None, ".git\n.venv\n", ".git\ndist\n") == ".git\n.venv\ndist\n"


NEEDS = "# Needs\nnumpy>=1.20\nPyYAML\nrequests[socks]==2.31.0\n"


@pytest.mark.parametrize("path", ["requirements.txt", "requirements-dev.in", "requirements/a.txt"])
def test_requirements_are_known_by_name(path: str) -> None:
    ours = NEEDS.replace("PyYAML", "pyyaml>=6") + "scipy\n"
    theirs = NEEDS.replace("numpy>=1.20", "numpy>=1.26") + "rich\n"
    assert merge(path, NEEDS, ours, theirs) == (
        "# Needs\nnumpy>=1.26\npyyaml>=6\nrequests[socks]==2.31.0\nrich\nscipy\n"
    )


def test_of_two_raised_pins_the_newer_wins_with_a_note() -> None:
    ours, theirs = NEEDS.replace("2.31.0", "2.32.0"), NEEDS.replace("2.31.0", "2.32.3")
    result = merge_file("requirements.txt", NEEDS.encode(), ours.encode(), theirs.encode())
    assert isinstance(result, Merged)
    assert result.content.decode() == theirs
    assert result.notes == (
        "Both sides moved a version up (2.32.0 by the project, 2.32.3 by the template): "
        "“requests[socks]==2.32.3” has the newer one.\n    project: requests[socks]==2.32.0",
    )


def test_a_bound_on_either_side_is_a_conflict() -> None:
    ours, theirs = NEEDS.replace(">=1.20", ">=1.20,<2"), NEEDS.replace(">=1.20", ">=1.26")
    assert merge("requirements.txt", NEEDS, ours, theirs) is None


def test_a_manifest_keeps_the_order_of_verbs() -> None:
    base = "include LICENSE\n"
    both = base + "include docs\n", base + "graft src\n"
    assert merge("MANIFEST.in", base, *both) == base + "include docs\ngraft src\n"
    assert merge("MANIFEST.in", base, both[0], base + "prune src\n") is None


def test_attributes_and_owners_are_known_by_pattern() -> None:
    base = "* text=auto\n*.png binary\n"
    ours, theirs = base.replace("text=auto", "text=auto eol=lf"), base + "*.csv -diff\n"
    assert merge(".gitattributes", base, ours, theirs + "*.h5 binary\n") == (
        "* text=auto eol=lf\n*.png binary\n*.csv -diff\n*.h5 binary\n"
    )
    owners = "*.py @a\n"
    assert merge("CODEOWNERS", owners, "*.py @a @b\n", "*.py @c\n") is None

"""What a commit of a fleet says of itself, and what is left of that where people have been."""

from __future__ import annotations

import pytest

from lisa_scaffold.fleet.seal import Conflict, Mark, find_conflicts, make_trailer, read_mark
from lisa_scaffold.git import Commit

BASE, TREE = "b" * 40, "7" * 40
TORN = (
    Conflict("pyproject.toml", "a" * 40),
    Conflict("a b/ü\n%.txt", "-"),
    Conflict("half\udcff", "c" * 40),
)
MARK = Mark("v2.0.0", "conflict", BASE, TORN)
MESSAGE = "Update\n\nIt is so.\n"
SEALED = MESSAGE + make_trailer(MESSAGE, MARK, TREE)


def read(message: str, tree: str = TREE) -> Mark | None:
    return read_mark(Commit("c", tree, (BASE,), message))


def test_what_is_sealed_is_read_again() -> None:
    assert read(SEALED) == MARK
    plain = Mark("v2.0.0", "plain", BASE)
    assert read(MESSAGE + make_trailer(MESSAGE, plain, TREE)) == plain
    assert "Template-Conflict: - a%20b/%C3%BC%0A%25.txt\n" in SEALED


@pytest.mark.parametrize(
    "message",
    [
        SEALED.replace("It is so", "It was so"),
        SEALED.replace("a" * 40, "d" * 40),
        SEALED.replace("Template-Conflict: - a%20b/%C3%BC%0A%25.txt\n", ""),
        f"{SEALED}Signed-off-by: Ada\n",
    ],
)
def test_whatever_is_changed_in_it_is_peoples(message: str) -> None:
    assert read(message) is None


def test_in_another_tree_it_is_peoples() -> None:
    assert read(SEALED, "8" * 40) is None


def test_conflicts_are_found_in_the_newest_commit_that_tells_of_some() -> None:
    older = MESSAGE + make_trailer(MESSAGE, MARK._replace(conflicts=TORN[:1]), TREE)
    assert find_conflicts(["Mine\n", f"{SEALED}Signed-off-by: Ada\n", older]) == TORN
    assert find_conflicts(["Mine\n", " Template-Conflict: - a\n"]) == ()

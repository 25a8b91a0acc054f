"""What is too much for Python's own recursion, and what is not."""

from __future__ import annotations

import ast
from collections.abc import Callable

import pytest

from lisa_scaffold.bounds import is_deep_python
from lisa_scaffold.formats import python

NESTED: dict[str, Callable[[int], str]] = {
    "not": lambda depth: "not " * depth + "x",
    "attribute": lambda depth: "x" + ".a" * depth,
    "dictionary": lambda depth: "{1: " * depth + "x" + "}" * depth,
    "sum": lambda depth: "x" + " + x" * depth,
    "lambda": lambda depth: "lambda: " * depth + "x",
    "choice": lambda depth: "a if b else " * depth + "x",
    "pattern": lambda depth: f"match a:\n  case {'{1: ' * depth}x{'}' * depth}:\n    pass",
}


def go_down(steps: int, tree: ast.AST) -> str:
    """Write a tree as text, from far down."""
    return go_down(steps - 1, tree) if steps else ast.unparse(tree)


@pytest.mark.uncounted
@pytest.mark.parametrize("kind", NESTED)
def test_what_is_not_too_deep_can_be_written_again(kind: str) -> None:
    deepest = max(depth for depth in range(140) if python.parse(NESTED[kind](depth)))
    assert 110 < deepest < 130
    assert go_down(100, ast.parse(NESTED[kind](deepest)))
    assert is_deep_python(ast.parse(NESTED[kind](deepest + 1)))


def test_what_follows_as_elif_is_no_deeper() -> None:
    choices = "if a:\n    pass\n" + "elif b:\n    pass\n" * 900 + "else:\n    pass\n"
    assert not is_deep_python(ast.parse(choices))
    nested = "".join(f"{' ' * depth}if a:\n" for depth in range(90)) + " " * 90 + "not " * 30 + "x"
    assert is_deep_python(ast.parse(nested))

"""Each promise of SECURITY.md names the tests that would fail without it, and they exist."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from .conftest import ROOT

PAGE = ROOT / "SECURITY.md"
HEAD = ["promise", "tests"]


def rows() -> list[list[str]]:
    """The cells of every table below the heading of promises."""
    text = PAGE.read_text(encoding="utf-8").split("\n## What we promise\n")[1].split("\n## ")[0]
    lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row in cells if row not in (HEAD, ["---", "---"])]


@cache
def names_of_tests(path: Path) -> set[str]:
    body = ast.parse(path.read_text(encoding="utf-8")).body
    return {node.name for node in body if isinstance(node, ast.FunctionDef)}


def test_promises_are_found() -> None:
    assert len(rows()) > 20


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0][:40])
def test_a_promise_names_tests_that_exist(row: list[str]) -> None:
    promise, proof = row
    assert promise.endswith(".")
    named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", proof)
    assert proof == " ".join(f"`{path}::{name}`" for path, name in named)
    assert named
    assert len(set(named)) == len(named)
    for path, name in named:
        assert (ROOT / path).is_file(), path
        assert name in names_of_tests(ROOT / path), f"{path} has no {name}"

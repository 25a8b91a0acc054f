"""Projects inside a project."""

from __future__ import annotations

import pytest

from lisa_scaffold.project.facts import Facts
from lisa_scaffold.project.members import find_members

ONE = '[project]\nname = "one"\n'
TOP = '[project]\nname = "top"\n'


def workspace(lines: str) -> str:
    return f"{TOP}[tool.uv.workspace]\n{lines}\n"


@pytest.mark.parametrize(
    ("top", "found"),
    [
        (workspace('members = ["packages/*"]'), ["packages/a", "packages/b"]),
        (workspace('members = ["./packages/*"]\nexclude = ["packages/b"]'), ["packages/a"]),
        (workspace('members = ["libs"]'), []),
        (workspace("members = 1"), []),
        (TOP, []),
        ("[tool.ruff]\n", ["packages/a", "packages/b"]),
    ],
)
def test_members(top: str, found: list[str]) -> None:
    files = {
        "pyproject.toml": top,
        "packages/a/pyproject.toml": ONE,
        "packages/b/pyproject.toml": ONE,
        "packages/c/pyproject.toml": "[tool.ruff]\n" if "uv" not in top else "",
        "examples/d/pyproject.toml": ONE,
        "{{ name }}/pyproject.toml": ONE,
    }
    if "uv" in top:
        del files["packages/c/pyproject.toml"]
    assert find_members(Facts.of(files)) == found

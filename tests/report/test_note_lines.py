"""Notes stand below the line of the very member that they name, or at the head of the file."""

from __future__ import annotations

import pytest

from lisa_scaffold.report import note_lines

HOOKS = """\
repos:
  - repo: https://github.com/pre-commit/pre-commit-hooks
    rev: v6.0.0
    hooks:
      - id: check-yaml
  # The linter.
  - repo: https://github.com/astral-sh/ruff-pre-commit
    rev: v0.15.0
    hooks:
      - id: ruff-check
        args: [--fix]
"""
RUFF = "repos.https://github.com/astral-sh/ruff-pre-commit"
TOML = """\
x.y = 1

[tool.a]
x = 1
list = [
  "one",
  "two",
]
[tool.b]
x = 2
[[tool.c]]
name = "p"
x = 3
[[tool.c]]
name = "q"
x = 4
"""
JSON = '{\n  "a": {\n    "x": 1\n  },\n  "b": {"x": 2,\n    "y": 3}\n}'
INI = "[a]\nx = 1\n\n[b]\nx = 2\n  3\ny = 1\n"
DOCKER = "FROM a AS one\nENV X=1\nUSER app\nFROM b\nENV X=1\n"


@pytest.mark.parametrize(
    ("path", "text", "named", "line"),
    [
        ("a.yaml", HOOKS, f"{RUFF}.rev", 8),
        ("a.yaml", HOOKS, f"{RUFF}.hooks.ruff-check.args", 11),
        ("a.yaml", HOOKS, RUFF, 7),
        ("a.yaml", HOOKS, "repos.https://github.com/removed/one.rev", None),
        ("a.yaml", HOOKS, "rev", None),
        ("a.yaml", HOOKS, "args", 11),
        ("a.yaml", "a: [\n", "a", 1),
        ("a.toml", TOML, "tool.a.x", 4),
        ("a.toml", TOML, "tool.b.x", 10),
        ("a.toml", TOML, "tool.b", 9),
        ("a.toml", TOML, "tool.a.list.two", 7),
        ("a.toml", TOML, "tool.c.q.x", 16),
        ("a.toml", TOML, "x", None),
        ("a.toml", TOML, "x.y", 1),
        ("a.toml", TOML, "tool.d.x", None),
        ("a.json", JSON, "b.x", 5),
        ("a.json", JSON, "b.y", 6),
        ("setup.cfg", INI, "b.x", 5),
        ("setup.cfg", INI, "x", None),
        ("setup.cfg", INI, "y", 7),
        ("setup.cfg", INI, "[b]", 4),
        ("Dockerfile", DOCKER, "ENV X=1", None),
        ("Dockerfile", DOCKER, "FROM b", 4),
        ("Dockerfile", DOCKER, "app", 3),
        ("a.py", "import os\nimport os.path\nx = os\n", "x", 3),
        ("a.py", "import os\nimport os.path\nx = os\n", "os", None),
    ],
)
def test_a_note_stands_at_the_member_that_it_names(
    path: str, text: str, named: str, line: int | None
) -> None:
    note = f"{named}: both sides moved it up."
    expected = ({line: [note]}, []) if line else ({}, [note])
    assert note_lines.place([note], path, text, numbered=True) == expected


def test_several_notes_on_one_name_stand_below_each_other() -> None:
    notes = ["tool.b.x: one.", "tool.a.x: two.", "tool.b.x: three.", "It is so: tool.a.x."]
    at, others = note_lines.place(notes, "a.toml", TOML, numbered=True)
    assert at == {10: [notes[0], notes[2]], 4: [notes[1]]}
    assert others == [notes[3]]

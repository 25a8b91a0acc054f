"""The programs that a package installs, whichever file names them."""

from __future__ import annotations

import pytest

from lisa_scaffold.adopt.programs import find_programs
from lisa_scaffold.project.facts import Facts

SETUP = "from setuptools import setup\nsetup(\n    name='a-b',\n    {},\n)\n"


@pytest.mark.parametrize(
    ("argument", "programs"),
    [
        ("entry_points={'numba_extensions': ['init = a_b:init']}", {}),
        ("entry_points={'console_scripts': ['run=a_b:main']}", {"run": "setup.py:4"}),
        ("entry_points={'gui_scripts': 'show = a_b:main\\nlook = a_b:x'}", {"show", "look"}),
        ("entry_points='[x]\\na = b\\n[console_scripts]\\nrun = a_b:main'", {"run"}),
        ("entry_points=FOUND", {}),
        ("scripts=['bin/run']", {"run": "setup.py:4"}),
    ],
)
def test_what_setup_py_names(argument: str, programs: dict[str, str] | set[str]) -> None:
    found = find_programs(Facts.of({"setup.py": SETUP.format(argument)}))
    assert (found if isinstance(programs, dict) else set(found)) == programs


def test_what_other_files_name() -> None:
    cfg = "[metadata]\nname = a\n[options.entry_points]\nx = y=a\nconsole_scripts =\n  b = a:b\n"
    assert find_programs(Facts.of({"setup.cfg": cfg})) == {"b": "setup.cfg:5"}
    toml = '[project]\nname = "a"\n[project.gui-scripts]\nshow = "a:b"\n[project.entry-points.x]\n'
    assert find_programs(Facts.of({"pyproject.toml": toml})) == {"show": "pyproject.toml:4"}
    toml = '[tool.poetry]\nname = "a"\n[tool.poetry.scripts]\nrun = "a:b"\n'
    assert find_programs(Facts.of({"pyproject.toml": toml})) == {"run": "pyproject.toml:4"}

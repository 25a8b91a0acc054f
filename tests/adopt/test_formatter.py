from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from lisa_scaffold.adopt import tools
from lisa_scaffold.adopt.formatter import find_formatter, is_formatted_by_ruff
from lisa_scaffold.project.facts import Facts

from ..support.adopting import SETUPTOOLS, items, make, report, show

Capture = pytest.CaptureFixture[str]

POETRY = """\
[tool.poetry]
name = "lisa-noise"
version = "0.1.0"
description = "Noise"
authors = ["A <a@example.org>"]
packages = [{ include = "lisa_noise" }]

[tool.poetry.dependencies]
python = "^3.9"

[tool.poetry.dev-dependencies]
black = "^22.1.0"
pytest = "^7.1"

[build-system]
requires = ["poetry-core>=1.0.0"]
build-backend = "poetry.core.masonry.api"
"""


def job(command: str) -> dict[str, str]:
    return {".gitlab-ci.yml": f"lint:\n  script:\n    - {command}\n"}


def toml(text: str) -> dict[str, str]:
    return {"pyproject.toml": text}


@pytest.mark.parametrize(
    ("files", "name"),
    [
        (toml("[tool.black]\n"), "black"),
        (toml("[tool.yapf]\n"), "yapf"),
        ({"setup.cfg": "[yapf]\nbased_on_style = pep8\n"}, "yapf"),
        ({".style.yapf": "[style]\n"}, "yapf"),
        (toml("[tool.poetry.dev-dependencies]\nblack = '^22'\n"), "black"),
        (toml("[tool.poetry.group.lint.dependencies]\nyapf = {version = '*'}\n"), "yapf"),
        (toml("[project]\nname = 'a'\noptional-dependencies.a = ['black[b]>=22']\n"), "black"),
        (toml("[dependency-groups]\nfmt = ['autopep8']\n"), "autopep8"),
        (toml("[tool.pdm.dev-dependencies]\nlint = ['black']\n"), "black"),
        (toml("[tool.uv]\ndev-dependencies = ['black~=24.0']\n"), "black"),
        (toml("[tool.hatch.envs.a]\ndependencies = ['black;python_version > \"3\"']\n"), "black"),
        ({"setup.cfg": "[options.extras_require]\ndev =\n  black\n"}, "black"),
        ({"requirements-dev.txt": "pytest\nblack==22.1\n"}, "black"),
        ({"requirements/lint.txt": "black  # forms\n"}, "black"),
        ({"environment.yml": "dependencies:\n  - python\n  - black\n"}, "black"),
        ({"tox.ini": "[testenv:lint]\ndeps =\n  black\ncommands = true\n"}, "black"),
        ({"tox.ini": "[testenv:lint]\ncommands =\n  black --check src\n"}, "black"),
        ({"Makefile": "format:\n\tpoetry run black src\n"}, "black"),
        (job("python -m yapf -d src"), "yapf"),
        (job("pip install black && black --check ."), "black"),
        (job("pip install blackboard"), None),
        (job("ruff format --check . && black ."), None),
        (toml("[project]\nname = 'a'\ndependencies = ['black-hole', 'blackjax']\n"), None),
        (toml("[tool.poetry.dev-dependencies]\nflake8-black = '*'\n"), None),
        ({}, None),
    ],
)
def test_a_formatter_counts_wherever_it_stands(files: dict[str, str], name: str | None) -> None:
    found = find_formatter(Facts.of(files))
    assert (found.name if found else None) == name


@pytest.mark.parametrize(
    ("files", "formats"),
    [
        ({"ruff.toml": "[format]\n"}, True),
        (toml("[tool.ruff.format]\nquote-style = 'single'\n"), True),
        ({"Makefile": "format:\n\truff format .\n"}, True),
        (toml("[tool.ruff.lint]\nselect = ['E']\n"), False),
        ({"requirements-dev.txt": "black\n"}, False),
        ({}, False),
    ],
)
def test_what_ruff_formats(files: dict[str, str], formats: bool) -> None:
    assert is_formatted_by_ruff(Facts.of(files)) is formats


HOOKS = "repos:\n  - repo: https://example.org/a\n    rev: '6'\n    hooks:\n      - id: flake8\n"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (job("black -l 79 src"), (79, ".gitlab-ci.yml")),
        (job("black --line-length=110 src"), (110, ".gitlab-ci.yml")),
        ({**job("black src"), "setup.cfg": "[flake8]\nmax-line-length = 120\n"}, (88, "black")),
        ({"Makefile": "lint:\n\tblack --line-length 79 src\n"}, (79, "Makefile")),
        ({"Makefile": "LINE_LENGTH ?= 79\n", "requirements.txt": "black\n"}, (79, "Makefile")),
        (toml("[tool.yapf]\ncolumn_limit = 79\n"), (79, "pyproject.toml:2")),
        (toml("[tool.poetry.dev-dependencies]\nblack = '^22'\n"), (88, "black")),
        (job("flake8 --max-line-length=120 src"), (120, ".gitlab-ci.yml")),
        (job("isort -l 90 src"), (90, ".gitlab-ci.yml")),
        (
            {".pre-commit-config.yaml": f"{HOOKS}        args: [--max-line-length=110]\n"},
            (110, ".pre-commit-config.yaml"),
        ),
        (job("ls -l 100"), None),
    ],
)
def test_the_length_of_lines_of_commands(files: dict[str, str], expected: object) -> None:
    assert tools.find_line_length(Facts.of(files), "") == expected


def test_a_project_that_has_black_installed_is_not_formatted_otherwise(
    tmp_path: Path, capsys: Capture
) -> None:
    files = {
        "pyproject.toml": POETRY,
        "lisa_noise/__init__.py": '"""Noise."""\n',
        "README.md": "# Noise\n",
        "LICENSE": SETUPTOOLS.get("LICENSE", "MIT License\n"),
    }
    project = make(tmp_path / "lisa-noise", files)
    result = report(project, capsys)
    assert "id: ruff-check" in show(project, ".pre-commit-config.yaml")
    assert "ruff-format" not in show(project, ".pre-commit-config.yaml")
    assert '"format"' not in show(project, "noxfile.py")
    left = items(result, "left out")[".pre-commit-config.yaml"]
    assert left == "ruff-format: the project has black"
    assert not any("ruff-format" in each for each in result["notes"])
    ruff = tomllib.loads(show(project, "pyproject.toml"))["tool"]["ruff"]
    assert (ruff["line-length"], ruff["target-version"]) == (88, "py39")

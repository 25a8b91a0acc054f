"""The generated test of the tools' versions says when the two files part."""

from __future__ import annotations

import re
import runpy
import sys
from pathlib import Path
from typing import Any

import pytest

from ..conftest import ROOT
from ..support.answers import answers, template
from ..support.tools import run
from .test_tokens import LOCKS

TEST = "tests/test_pinned_tools.py"
PINS = "pyproject.toml"
HOOKS = ".pre-commit-config.yaml"


def tools_of(path: str, macro: str) -> set[str]:
    """Names of the tools whose version the template writes into a file."""
    text = (ROOT / "template" / f"{path}.jinja").read_text(encoding="utf-8")
    return set(re.findall(rf"\b{macro}\('([^']+)'\)", text))


TOOLS = sorted(tools_of(PINS, "pin") & tools_of(HOOKS, "rev"))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    template().render(answers(notebooks=True), tmp_path / "project")
    return tmp_path / "project"


def pytest_in(project: Path) -> Any:
    command = (sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist", TEST)
    return run(*command, cwd=project)


def change_version(path: Path, tool: str, repository: str) -> None:
    text = path.read_text(encoding="utf-8")
    after = rf"({re.escape(tool)}==|{re.escape(repository)}\n +rev: v?)[0-9.]+"
    changed = re.sub(after, r"\g<1>0.0.1", text)
    assert changed != text
    path.write_text(changed, encoding="utf-8")


def repositories(project: Path) -> dict[str, str]:
    return dict(runpy.run_path(str(project / TEST))["TOOLS"])


def test_it_knows_every_tool_that_stands_in_both_files(project: Path) -> None:
    assert sorted(repositories(project)) == TOOLS


def test_it_passes_as_generated_and_skips_nothing(project: Path) -> None:
    shown = pytest_in(project).stdout
    assert re.search(rf"= {len(TOOLS)} passed in ", shown), shown


def test_it_reads_the_tag_of_a_hook_that_is_frozen(project: Path) -> None:
    path = project / HOOKS
    text, count = re.subn(
        r"rev: (\S+)", rf"rev: {'0' * 40}  # frozen: \1", path.read_text(encoding="utf-8")
    )
    assert count > len(TOOLS)
    path.write_text(text, encoding="utf-8")
    assert re.search(rf"= {len(TOOLS)} passed in ", pytest_in(project).stdout)
    path.write_text(text.replace("# frozen: v0", "# frozen: v9"), encoding="utf-8")
    assert "ruff is" in pytest_in(project).stdout


@pytest.mark.parametrize("path", [PINS, HOOKS])
def test_it_names_the_tools_whose_versions_part(project: Path, path: str) -> None:
    *changed, unchanged = TOOLS
    for tool in changed:
        change_version(project / path, tool, repositories(project)[tool])
    done = pytest_in(project)
    assert done.returncode == 1
    assert re.search(rf"= {len(changed)} failed, 1 passed in ", done.stdout), done.stdout
    for tool in changed:
        assert re.search(
            rf"{tool} is .* in pyproject.toml .*\n?.* but .* in \.pre-comm", done.stdout
        )
    assert f"{unchanged} is " not in done.stdout
    assert "write the same version into both" in done.stdout


def test_every_tool_of_the_one_table_is_used() -> None:
    from jinja2 import Environment

    source = (ROOT / "includes" / "versions.jinja").read_text(encoding="utf-8")
    table: Any = Environment(autoescape=False).from_string(source).module  # noqa: S701 - no HTML
    files = [path for path in (ROOT / "template").rglob("*.jinja") if path.is_file()]
    text = "".join(path.read_text(encoding="utf-8") for path in files)
    written = set(re.findall(r"\b(?:pin|rev)\('([^']+)'\)", text))
    assert set(table.tools) == written | set(LOCKS.values())

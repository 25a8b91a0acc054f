"""Updates of a project that was there before its template."""

from __future__ import annotations

from pathlib import Path

import pytest

from lisa_scaffold import git
from lisa_scaffold.errors import ExitCode

from ..support.updates import QUESTIONS, Capture, Workshop, open_workshop, report, update

ADOPTED = f"{QUESTIONS}adopted:\n  type: bool\n  default: false\n"
SPELLS = '[tool.codespell]\nskip = "{}"\n'
SETTINGS = "[tool.ruff]\nline-length = {}\n\n[tool.mypy]\nstrict = {}\n\n"
METADATA = '[project]\nname = "a"\n\n'
OLD = f"{SETTINGS.format(100, 'true')}{SPELLS.format('*.ipynb')}"
NEW = f"{SETTINGS.format(90, 'false')}{SPELLS.format('*.ipynb,*.bib')}\n[tool.new]\na = 1\n"


def adopt(workshop: Workshop, before: str, after: str) -> None:
    """Let the project have its file first, and then the template's in the commit that adopts it."""
    answers = workshop.read(".copier-answers.yml")
    workshop.edit({".copier-answers.yml": None, "pyproject.toml": before})
    workshop.edit({".copier-answers.yml": answers, "pyproject.toml": after})


@pytest.mark.parametrize("is_shallow", [False, True])
def test_settings_that_the_adoption_left_to_the_project_stay(
    is_shallow: bool, tmp_path: Path, capsys: Capture
) -> None:
    files = {"copier.yml": ADOPTED, "template/pyproject.toml": OLD}
    workshop = open_workshop(tmp_path, files, adopted=True)
    own = f"{METADATA}{SPELLS.format('x')}"
    # One that is the project's, one that is the template's, one that was left out.
    adopt(workshop, own, own + "\n[tool.ruff]\nline-length = 100\n")
    workshop.edit({"own.txt": ""})
    workshop.release("v1.1.0", {"template/pyproject.toml": NEW})
    if is_shallow:
        commits = git.git(
            "rev-list", "-1", "HEAD", "--", ".copier-answers.yml", cwd=workshop.project
        )
        git.git("gc", "--quiet", cwd=workshop.project)
        (workshop.project / ".git" / "shallow").write_text(commits)
        assert update(workshop.project) == ExitCode.FINDINGS
        return
    result = report(workshop, capsys)
    said = "the project's own since before its adoption: what the template changes stays out."
    assert result["notes"] == [f"pyproject.toml: [tool.codespell]: {said}"]
    assert result["quotations"] == {}
    ruff = "\n[tool.ruff]\nline-length = 90\n\n[tool.new]\na = 1\n"
    assert workshop.read("pyproject.toml") == own + ruff


def test_settings_that_came_with_the_adoption_are_merged(tmp_path: Path, capsys: Capture) -> None:
    files = {"copier.yml": ADOPTED, "template/pyproject.toml": OLD}
    workshop = open_workshop(tmp_path, files, adopted=True)
    adopt(workshop, METADATA, METADATA + OLD)
    workshop.edit({"pyproject.toml": METADATA + OLD.replace("*.ipynb", "mine")})
    workshop.release("v1.1.0", {"template/pyproject.toml": NEW})
    assert update(workshop.project) == ExitCode.FINDINGS
    assert "pyproject.toml: 1 place" in capsys.readouterr().out

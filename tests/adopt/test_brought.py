"""What adoption brings passes the project's linter as it is, whoever set that up."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from lisa_scaffold import git

from ..support.adopting import (
    BRANCH,
    HATCHLING,
    MESON,
    OLD,
    POETRY,
    REMOTE,
    SCIKIT,
    SERVICE,
    SETUPTOOLS,
    WORKFLOW,
    make,
    report,
    show,
)
from ..support.tools import passes, program
from ..support.updates import Capture, Files

LONG = "long" * 16
STRICT = '[lint]\nselect = ["ALL"]\n[format]\nquote-style = "single"\n'
DOCS = ("--data", "docs=true")


def renamed(files: Files, old: str, new: str) -> Files:
    """A project under another name."""
    short = old.replace("_", "-")
    texts = {path: str(text).replace(old, new).replace(short, new) for path, text in files.items()}
    return {path.replace(old, new): text for path, text in texts.items()}


def with_table(files: Files, text: str) -> Files:
    return {**files, "pyproject.toml": f"{files['pyproject.toml']!s}\n{text}"}


UNFORMATTED = {path: text for path, text in SETUPTOOLS.items() if path != ".pre-commit-config.yaml"}
SHAPES: dict[str, tuple[Files, tuple[str, ...]]] = {
    "flat": (UNFORMATTED, ()),
    "flat, a long name": (renamed(UNFORMATTED, "lisa_noise", LONG), DOCS),
    "src, in a namespace": (HATCHLING, DOCS),
    "a name of a letter": (renamed(OLD, "glue", "g"), ()),
    "poetry": (POETRY, DOCS),
    "compiled": (SCIKIT, DOCS),
    "compiled on import": (MESON, DOCS),
    "service": (SERVICE, ()),
    "workflow": (WORKFLOW, ()),
}
OTHERS: dict[str, tuple[Files, str]] = {
    "black's lines": (SETUPTOOLS, "pyproject.toml"),
    "shorter lines": (
        with_table(HATCHLING, "[tool.ruff]\nline-length = 79\n"),
        "pyproject.toml",
    ),
    "files of its own left out": (
        with_table(HATCHLING, '[tool.ruff]\nline-length = 79\nextend-exclude = [\n  "old",\n]\n'),
        "pyproject.toml",
    ),
    "a file of its own": ({**HATCHLING, "ruff.toml": STRICT}, "ruff.toml"),
    "two files of its own": (
        {**HATCHLING, "ruff.toml": STRICT, ".ruff.toml": "line-length = 60\n"},
        ".ruff.toml",
    ),
    "a hidden file of its own": ({**POETRY, ".ruff.toml": "line-length = 60\n"}, ".ruff.toml"),
}


def check(project: Path) -> list[str]:
    """Let ruff judge the modules that have come, as a hook does; those that it looks at."""
    git.git("checkout", "--quiet", BRANCH, cwd=project)
    said = git.git("diff", "--name-only", "--diff-filter=A", "HEAD^", cwd=project)
    added = [path for path in said.split() if path.endswith(".py")]
    assert "noxfile.py" in added
    passes(program("ruff"), "check", "--no-cache", "--force-exclude", *added, cwd=project)
    passes(
        program("ruff"), "format", "--no-cache", "--check", "--force-exclude", *added, cwd=project
    )
    shown = passes(program("ruff"), "check", "--show-files", "--force-exclude", *added, cwd=project)
    return [path for path in added if str(project / path) in shown.splitlines()]


@pytest.mark.parametrize("shape", SHAPES)
def test_it_is_clean_to_the_templates_settings(shape: str, tmp_path: Path, capsys: Capture) -> None:
    files, options = SHAPES[shape]
    project = make(tmp_path / "project", files, REMOTE)
    report(project, capsys, *options)
    assert check(project) == [*(["docs/conf.py"] if options else []), "noxfile.py"]


@pytest.mark.parametrize("shape", OTHERS)
def test_settings_of_another_style_pass_it_over(
    shape: str, tmp_path: Path, capsys: Capture
) -> None:
    files, path = OTHERS[shape]
    project = make(tmp_path / "project", files, REMOTE)
    result = report(project, capsys, *DOCS)
    told = [each["text"] for each in result["items"] if each["path"] == path]
    assert any("extend-exclude" in text and "docs/conf.py noxfile.py" in text for text in told)
    assert check(project) == []
    after = tomllib.loads(show(project, path))
    ruff = after if path != "pyproject.toml" else after["tool"]["ruff"]
    before = ["old"] if '"old"' in json.dumps(ruff) else []
    assert ruff["extend-exclude"] == [*before, "docs/conf.py", "noxfile.py"]

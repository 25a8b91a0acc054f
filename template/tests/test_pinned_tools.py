"""The tools' versions stand in two files; this test says when they part."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
TOOLS = [
    ("detect-secrets", "https://github.com/Yelp/detect-secrets"),
    ("mypy", "https://github.com/pre-commit/mirrors-mypy"),
    ("ruff", "https://github.com/astral-sh/ruff-pre-commit"),
]


def hook_versions() -> dict[str, str]:
    text = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    # `pre-commit autoupdate --freeze` writes a commit, and the tag beside it.
    frozen = r"(?:[0-9a-f]{40}[\"']? *# *frozen: *)?"
    pattern = rf"^ *- repo: *(\S+)\s+rev: *[\"']?{frozen}v?([^\s\"']+)"
    return dict(re.findall(pattern, text, flags=re.MULTILINE))


def pinned_versions() -> dict[str, str]:
    pyproject: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups: dict[str, list[Any]] = pyproject["dependency-groups"]
    texts = [entry for group in groups.values() for entry in group if isinstance(entry, str)]
    return dict(text.split("==") for text in texts if "==" in text)


@pytest.mark.parametrize(("tool", "repository"), TOOLS)
def test_a_hook_has_the_version_of_its_dependency_group(tool: str, repository: str) -> None:
    hooks, pins = hook_versions(), pinned_versions()
    if repository not in hooks or tool not in pins:
        pytest.skip(f"{tool} stands in one of the two files only")
    assert hooks[repository] == pins[tool], (
        f"{tool} is {pins[tool]} in pyproject.toml [dependency-groups] "
        f"but {hooks[repository]} in .pre-commit-config.yaml: write the same version into both"
    )

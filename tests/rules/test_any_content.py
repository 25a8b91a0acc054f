"""Whatever the files say, in whatever type: no rule crashes, and none takes long."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lisa_scaffold import rules
from lisa_scaffold.project.facts import Facts

from ..support.checking import clean, text

FAMILIES = ("FIL", "LIC", "MET", "PKG", "DOC", "CIT", "SEC")

WORDS = st.sampled_from(
    ["", "a", "MIT", "1.0", ">=3.11", "<4", "README.md", "a.b:c", "https://a.org", "License :: X"]
)
SCALARS = WORDS | st.integers(-1, 3) | st.booleans() | st.floats(allow_nan=False)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(WORDS, inner, max_size=2),
    max_leaves=5,
)
PROJECT = [
    *("authors", "classifiers", "dependencies", "description", "dynamic", "license"),
    *("license-files", "maintainers", "name", "optional-dependencies", "readme"),
    *("requires-python", "scripts", "urls", "version"),
]
TABLES = [
    *("build-system.requires", "build-system.build-backend", "dependency-groups", "project"),
    *("tool.black.target-version", "tool.mypy.python_version", "tool.poetry.dependencies"),
    *("tool.poetry.packages", "tool.ruff.target-version", "tool.setuptools.package-dir"),
    *("tool.setuptools.packages", "tool.setuptools.package-data", "tool.setuptools_scm"),
    *("tool.setuptools.packages.find.where", "tool.hatch.build.targets.wheel.packages"),
    "tool.uv",
]
OTHERS = [
    *("CITATION.cff", "codemeta.json", "a.ipynb", ".readthedocs.yaml", ".gitlab-ci.yml"),
    *("ruff.toml", ".pre-commit-config.yaml", ".zenodo.json"),
]
KEYS = [
    *("authors", "build", "cells", "cff-version", "date-released", "doi", "include", "license"),
    *("python", "repos", "sphinx", "target-version", "title", "type", "version"),
]


def crashes(files: dict[str, Any]) -> list[str]:
    facts = Facts.of(files)
    own = [rule for letters in FAMILIES for rule in rules.family(letters)]
    return [f.message for f in rules.findings(own, facts) if f.code == "INT001"]


def toml(value: Any) -> str:
    """A value as TOML, tables inline."""
    match value:
        case dict():
            return "{" + ", ".join(f"{json.dumps(k)} = {toml(v)}" for k, v in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value) if not isinstance(value, float) else f"{value:f}"


@given(
    st.dictionaries(st.sampled_from(PROJECT), VALUES, max_size=6),
    st.dictionaries(st.sampled_from(TABLES), VALUES, max_size=4),
)
def test_any_pyproject(project: dict[str, Any], tables: dict[str, Any]) -> None:
    lines = [f"project.{key} = {toml(value)}" for key, value in project.items()]
    lines += [
        f"{key} = {toml(value)}" for key, value in tables.items() if not project or key != "project"
    ]
    modules = {"src/a/__init__.py": "", "LICENSE": clean()["LICENSE"], "MANIFEST.in": "graft a\n"}
    assert crashes({"pyproject.toml": "\n".join(lines), "setup.py": "", **modules}) == []


@given(st.sampled_from(OTHERS), st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=4))
def test_any_other_file(path: str, said: dict[str, Any]) -> None:
    content = "\n".join(f"{k} = {toml(v)}" for k, v in said.items())
    files = {**clean(), path: content if path.endswith(".toml") else json.dumps(said)}
    assert crashes(files) == []


@given(st.sampled_from(["MANIFEST.in", "README.md", "LICENSE", ".gitignore"]), st.text())
def test_any_text(path: str, content: str) -> None:
    assert crashes({**clean(), path: content}) == []


LONG = 900_000


@pytest.mark.parametrize(
    ("path", "piece"),
    [
        ("README.md", "["),
        ("README.md", "](a "),
        ("README.md", "`"),
        ("README.md", "license-"),
        ("README.md", "## License\n\nGNU General Public License "),
        ("LICENSE", "Permission is hereby granted, free of charge, "),
        ("LICENSE", "copyright "),
        ("a.txt", "glpat-"),
        ("a.txt", "zenodotoken"),
        ("a.txt", "-----BEGIN RSA PRIVATE KEY-----\n"),
        ("a.txt", "<<<<<<< a\n"),
        ("a.sh", "https://a:"),
        ("a.sh", "a."),
        ("MANIFEST.in", "include **/*\n"),
        (".netrc", "password "),
    ],
)
def test_long_texts_take_no_long_time(path: str, piece: str) -> None:
    files = {**clean(), path: (piece * (LONG // len(piece) + 1))[:LONG]}
    start = time.process_time()
    assert crashes(files) == []
    assert time.process_time() - start < 10


def test_a_name_of_any_form_matches_nothing_outside() -> None:
    toml_text = text(clean(), "pyproject.toml").replace('"README.md"', '"../../../etc/passwd"')
    assert crashes({**clean(), "pyproject.toml": toml_text}) == []

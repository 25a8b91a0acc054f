"""Documents as people write them, for edits at random."""

from __future__ import annotations

PYPROJECT = """\
# The project's metadata.

[build-system]
requires = ["setuptools>=64", "setuptools_scm[toml]>=8"]
build-backend = "setuptools.build_meta"

[project]
name = "mirror-control"
classifiers = [
    "Development Status :: 3 - Alpha",
    "Programming Language :: Python :: 3.11",
    "Programming Language :: Python :: 3.12",
]
description = "Steers mirrors."
dependencies = ["numpy>=1.26", "scipy"]  # keep this short
requires-python = ">=3.11"

[project.optional-dependencies]
# What developers need.
dev = [
    "pytest>=8",
    "pytest-cov",
    # Newer ones break the theme.
    "sphinx<8",
    "ruff==0.6.1",
]

[tool.ruff]
line-length = 88
src = ["src", "tests"]

[tool.ruff.lint]
select = [
    "B",    # likely bugs
    "E",    # pycodestyle
    "F",    # pyflakes
    "UP",   # current Python
]
per-file-ignores = { "tests/*" = ["S101"], "docs/*" = ["INP001", "D"] }

[[tool.mypy.overrides]]
module = "yaml.*"
ignore_missing_imports = true

[[tool.mypy.overrides]]
module = "numpy.*"
follow_imports = "skip"

[tool.pytest.ini_options]
addopts = \"\"\"
    --tb=short
    --strict-markers
    \"\"\"
testpaths = ["tests"]
"""

PRE_COMMIT = """\
# See https://pre-commit.com
default_install_hook_types: [pre-commit, commit-msg]

repos:
  - repo: https://github.com/pre-commit/pre-commit-hooks
    rev: v4.5.0
    hooks:
      - id: check-yaml
        args: [--unsafe]
      - id: end-of-file-fixer  # always

  # Python.
  - repo: https://github.com/astral-sh/ruff-pre-commit
    rev: v0.4.0
    hooks:
      - id: ruff
        types_or: [python, pyi]
      - id: ruff-format

  - repo: local
    hooks:
      - id: types
        name: types
        entry: mypy src
        language: system
        additional_dependencies:
          - types-PyYAML>=6.0
          - types-requests
"""

GITLAB_CI = """\
include:
  - project: lisa/ci
    ref: v1.4.0
    file: /python.yml

stages:
  - lint
  - test
  - build

variables:
  PIP_CACHE_DIR: "$CI_PROJECT_DIR/.cache"

.base:
  image: python:3.11-slim
  before_script:
    - python -m venv venv
    - . venv/bin/activate

# Style.
lint:
  extends: .base
  stage: lint
  script:
    - !reference [.base, before_script]
    - nox -s lint

test:
  stage: test
  script:
    - nox -s tests
    - |
      if [ -f coverage.xml ]; then
        echo "covered"
      fi
  parallel:
    matrix:
      - PYTHON: ["3.11", "3.12"]
        OS: linux
  artifacts:
    reports:
      junit: report.xml
    when: always
"""

WORKFLOW = """\
name: CI

on:
  push:
    branches: [main]
  pull_request:

jobs:
  lint:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - name: Set up Python
        uses: actions/setup-python@v5
        with:
          python-version: "3.12"
      - name: Lint
        run: nox -s lint

  test:
    needs: lint
    runs-on: ${{ matrix.os }}
    strategy:
      fail-fast: false
      matrix:
        os: [ubuntu-latest, macos-latest]
        python-version: ["3.11", "3.12"]
        include:
          - python-version: "3.13"
            os: ubuntu-latest
    steps:
      - name: Checkout
        uses: actions/checkout@v4
        with:
          fetch-depth: 0

      - name: Run tests
        run: |
          python -m pip install nox
          nox -s tests
        env:
          # Colour in the log.
          FORCE_COLOR: 1
"""

DEVCONTAINER = """\
// For format details, see https://containers.dev
{
    "name": "Python 3",
    "build": {
        "dockerfile": "../Dockerfile",
        "target": "developer"
    },
    "remoteEnv": {
        // Allow X11 apps to run inside the container
        "DISPLAY": "${localEnv:DISPLAY}"
    },
    "customizations": {
        "vscode": {
            /* Settings on creation. */
            "settings": {
                "python.defaultInterpreterPath": "/venv/bin/python",
                "editor.formatOnSave": true,
                "editor.rulers": [88],
            },
            "extensions": [
                "ms-python.python",
                "charliermarsh.ruff",
                "tamasfe.even-better-toml"
            ]
        }
    },
    "features": {},
    "runArgs": ["--net=host", "--security-opt=label=disable"],
    "mounts": [
        {
            "source": "cache",
            "target": "/root/.cache",
            "type": "volume"
        }
    ],
    "postCreateCommand": "pip install -e ." // editable
}
"""

PACKAGE_JSON = """\
{
  "name": "docs",
  "version": "1.0.0",
  "private": true,
  "scripts": {"build": "vitepress build", "dev": "vitepress dev"},
  "devDependencies": {
    "prettier": "^3.1.0",
    "vitepress": "^1.0.0"
  },
  "files": ["dist", "src"]
}
"""

TOML = {"pyproject": PYPROJECT}
YAML = {"pre-commit": PRE_COMMIT, "gitlab-ci": GITLAB_CI, "workflow": WORKFLOW}
JSON = {"devcontainer": DEVCONTAINER, "package": PACKAGE_JSON}

"""Packages that never had the template, small enough to see through."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from lisa_scaffold import cli, git
from lisa_scaffold.errors import ExitCode

from ..conftest import ROOT
from .updates import Capture, Files, commit, write

BRANCH = "lisa-scaffold/adopt"
REMOTE = "git@gitlab.in2p3.fr:lisa/noise.git"
BSD = (
    (ROOT / "includes/licenses/BSD-3-Clause.txt")
    .read_text()
    .replace("{{ copyright_year }}", "2021")
    .replace("{{ copyright_holder }}", "University of Example")
)

# Flat, metadata in setup.py, with a pipeline and hooks of its own.
SETUPTOOLS: Files = {
    "setup.py": (
        "from setuptools import setup, find_packages\n\n"
        "setup(\n"
        '    name="lisa-noise",\n'
        '    version="1.2.3",\n'
        '    description="Noise of the instrument.",\n'
        '    author="Ada Example",\n'
        '    author_email="ada@example.org",\n'
        '    packages=find_packages(exclude=["tests"]),\n'
        '    python_requires=">=3.9",\n'
        '    install_requires=["numpy>=1.20"],\n'
        ")\n"
    ),
    "lisa_noise/__init__.py": '"""Noise."""\n\nSECOND = 1\n',
    "tests/test_noise.py": (
        "import lisa_noise\n\n\ndef test_second():\n    assert lisa_noise.SECOND == 1\n"
    ),
    "README.md": "# LISA Noise\n\nSimulates noise.\n",
    "LICENSE": BSD,
    ".gitignore": "*.pyc\n!keep.pyc\n",
    ".gitlab-ci.yml": (
        "image: python:3.11\n\n"
        "unit:  # the tests\n"
        "  stage: test\n"
        "  script:\n"
        "    - pip install .\n"
        "    - pytest\n"
    ),
    ".pre-commit-config.yaml": (
        "repos:\n"
        "  - repo: https://github.com/pre-commit/pre-commit-hooks\n"
        "    rev: v4.0.0  # as of 2021\n"
        "    hooks:\n"
        "      - id: check-yaml\n"
        "        args: [--unsafe]\n"
        "  - repo: https://github.com/psf/black\n"
        "    rev: 23.1.0\n"
        "    hooks:\n"
        "      - id: black\n"
    ),
}

# Below src, in a namespace, with tools set up.
HATCHLING: Files = {
    "pyproject.toml": (
        "[build-system]\n"
        'requires = ["hatchling"]\n'
        'build-backend = "hatchling.build"\n\n'
        "[project]\n"
        'name = "lisa-waves"\n'
        'version = "0.4.0"\n'
        'description = "Waves for LISA."\n'
        'authors = [{ name = "Grace Example", email = "grace@example.org" }]\n'
        'requires-python = ">=3.11"\n'
        'license = "Apache-2.0"\n'
        'scripts = { waves = "lisa.waves:main" }\n\n'
        "[project.urls]\n"
        'Repository = "https://gitlab.esa.int/lisa-sgs/tools/waves"\n\n'
        "[tool.hatch.build.targets.wheel]\n"
        'packages = ["src/lisa"]\n\n'
        "[tool.mypy]\n"
        "strict = false  # not yet\n"
    ),
    "src/lisa/waves/__init__.py": "def main() -> None:\n    print('waves')\n",
    "README.md": "# Waves\n",
}

POETRY: Files = {
    "pyproject.toml": (
        "[tool.poetry]\n"
        'name = "lisa-tides"\n'
        'version = "2.0.1"\n'
        'description = "Tides."\n'
        'authors = ["Ada Example <ada@example.org>"]\n'
        'license = "MIT"\n\n'
        "[tool.poetry.dependencies]\n"
        'python = "^3.11"\n'
        'numpy = "^1.26"\n\n'
        "[tool.poetry.group.test.dependencies]\n"
        'pytest = "^8.0"\n'
        'hypothesis = ">=6"\n\n'
        "[build-system]\n"
        'requires = ["poetry-core"]\n'
        'build-backend = "poetry.core.masonry.api"\n'
    ),
    "lisa_tides/__init__.py": "",
    "tests/test_tides.py": "def test_tides():\n    pass\n",
    "README.md": "# Tides\n",
}

_FOUND = '[build-system]\nrequires = ["setuptools>=61"]\nbuild-backend = "setuptools.build_meta"\n'
_FOUND_PROJECT = '\n[project]\nname = "lisa-ripple"\nversion = "1.0"\ndescription = "Ripples."\n'
_FOUND_CFG = "[metadata]\nname = lisa-ripple\nversion = 1.0\ndescription = Ripples.\n"
_RIPPLE: Files = {
    "tests/test_ripple.py": (
        "import lisa_ripple\n\n\ndef test_ripple():\n    assert lisa_ripple.HEIGHT == 1\n"
    ),
    "README.md": "# Ripple\n",
}
_RIPPLES: Files = {
    "lisa_ripple/__init__.py": "HEIGHT = 1\n",
    "lisa_ripple/waves/plain.py": "LENGTH = 2\n",  # a folder without __init__.py
    "lisa_ripple/table.csv": "1,2\n",
    **_RIPPLE,
}

# What setuptools packages it finds by itself, as nothing names it.
AUTOMATIC: dict[str, Files] = {
    "pyproject": {"pyproject.toml": f"{_FOUND}{_FOUND_PROJECT}", **_RIPPLES},
    "cfg": {"pyproject.toml": _FOUND, "setup.cfg": _FOUND_CFG, **_RIPPLES},
    "module": {
        "pyproject.toml": f"{_FOUND}{_FOUND_PROJECT}",
        "lisa_ripple.py": "HEIGHT = 1\n",
        **_RIPPLE,
    },
}

# A site that Compose runs: no package, its own images and places.
SERVICE: Files = {
    "docker-compose.yml": (
        "services:\n"
        "  web:\n"
        "    build: .\n"
        "    command: gunicorn tides.wsgi\n"
        "    restart: always\n"
        "    depends_on: [db]\n"
        "  db:\n"
        "    image: postgres:17.6\n"
    ),
    "Dockerfile": "FROM python:3.13\nCOPY . /site\nRUN pip install -r /site/requirements.txt\n",
    "requirements.txt": "django==5.2.8\n",
    "manage.py": "import django\n",
    "tides/__init__.py": "",
    "tides/settings.py": "DEBUG = False\nINSTALLED_APPS = []\n",
    "tides/tests/test_tides.py": "def test_tides():\n    pass\n",
    "README.md": "# LISA-Tides\n\nTides in the browser.\n",
    "LICENSE": "Copyright (c) 2024 University of Example\n",
}

# Compiled, with a build that says more than the template's would.
SCIKIT: Files = {
    "pyproject.toml": (
        "[build-system]\n"
        'requires = ["scikit-build-core>=0.11", "pybind11>=2.13"]\n'
        'build-backend = "scikit_build_core.build"\n\n'
        "[project]\n"
        'name = "lisa-wells"\n'
        'version = "1.0.0"\n'
        'description = "Wells."\n'
        'license = "MIT"\n'
        'requires-python = ">=3.11"\n\n'
        "[tool.scikit-build]\n"
        'wheel.packages = ["src/lisa_wells"]\n'
        'cmake.build-type = "RelWithDebInfo"\n'
        'sdist.include = ["extern"]\n\n'
        "[tool.cibuildwheel]\n"
        'skip = ["pp*"]\n'
    ),
    "CMakeLists.txt": "project(wells LANGUAGES CXX)\nfind_package(GSL REQUIRED)\n",
    "CMakePresets.json": '{"version": 6}\n',
    ".clang-format": "BasedOnStyle: LLVM\n",
    ".clang-tidy": "Checks: -*\n",
    "src/lisa_wells/__init__.py": "from lisa_wells._core import depth\n",
    "src/lisa_wells/_core.cpp": "// bound by hand\n",
    "README.md": "# Wells\n",
}

# Compiled by meson-python, at home on GitHub, with a changelog among its pages.
MESON: Files = {
    "pyproject.toml": (
        "[build-system]\n"
        'requires = ["meson-python>=0.18", "pybind11>=2.13"]\n'
        'build-backend = "mesonpy"\n\n'
        "[project]\n"
        'name = "lisa-twice"\n'
        'version = "1.0.0"\n'
        'description = "Doubles numbers."\n'
        'requires-python = ">=3.11"\n'
        'license = { file = "LICENSE" }\n'
        'classifiers = [\n  "License :: OSI Approved :: BSD License",\n]\n'
        "[project.optional-dependencies]\n"
        'test = ["lisa-twice[more]", "pytest-xdist"]\nmore = ["attrs"]\n\n'
        "[project.urls]\n"
        'Repository = "https://github.com/lisa/twice"\n\n'
        "[tool.mypy]\n"
        "strict = false\n"
    ),
    "meson.build": (
        "project('lisa-twice', 'cpp', version: '1.0.0')\n"
        "python = import('python').find_installation(pure: false)\n"
        "python.install_sources('src/lisa_twice/__init__.py', subdir: 'lisa_twice')\n"
        "python.extension_module('_core', 'src/_core.cpp', install: true, subdir: 'lisa_twice',\n"
        "  dependencies: dependency('pybind11'))\n"
    ),
    "src/_core.cpp": (
        "#include <pybind11/pybind11.h>\n"
        'PYBIND11_MODULE(_core, m) { m.def("twice", [](int x) { return 2 * x; }); }\n'
    ),
    "src/lisa_twice/__init__.py": "from lisa_twice._core import twice as twice\n",
    "tests/test_twice.py": (
        "import lisa_twice\n\n\ndef test_twice():\n    assert lisa_twice.twice(2) == 4\n"
    ),
    "docs/changelog.rst": "Changelog\n=========\n",
    "README.md": "# LISA Twice\n",
    "LICENSE": BSD,
}

# As many were in 2017: no address, no oldest Python, tests that tox and Travis prepare.
OLD: Files = {
    "setup.py": (
        "from setuptools import setup\n\n"
        "setup(\n"
        '    name="Glue",\n'
        '    version="0.9.dev0",\n'
        '    description="Holds things together.",\n'
        '    author="Ada Example",\n'
        '    packages=["glue"],\n'
        '    classifiers=["Programming Language :: Python :: 2.7",\n'
        '                 "Programming Language :: Python :: 3.5"],\n'
        ")\n"
    ),
    "glue/__init__.py": "import pkg_resources\n",
    "tests/test_glue.py": "import glue\n\n\ndef test_glue():\n    assert glue.pkg_resources\n",
    "tox.ini": (
        "[tox]\nenvlist = py27,py35\n"
        "[testenv]\ndeps =\n  py27: mock\n  numpy==1.11.2\n  coverage\n"
        "commands = coverage run setup.py test\n"
        "[testenv:lint]\ndeps = pyflakes\ncommands = pyflakes glue\n"
    ),
    ".travis.yml": (
        "language: python\ninstall:\n  - pip install babel==2.3\n  - conda install --yes hdf5\n"
        "script:\n  - python setup.py test\n"
    ),
    "CHANGES": "0.9\n",
    "LICENSE": "Copyright (c) 2012 by Ada Example and contributors.  See AUTHORS for more.\n",
}


# DAGs of Airflow and what runs them; a pyproject.toml that builds nothing.
WORKFLOW: Files = {
    "dags/tides.py": (
        '"""Tides, day by day."""\n\n'
        "from datetime import UTC, datetime, timedelta\n\n"
        "from airflow.sdk import dag, task\n\n\n"
        "@dag(\n"
        '    schedule="@daily",\n'
        "    start_date=datetime(2026, 1, 1, tzinfo=UTC),\n"
        "    catchup=False,\n"
        '    default_args={"retries": 1, "execution_timeout": timedelta(hours=1)},\n'
        ")\n"
        "def tides() -> None:\n"
        '    """Look at the sea."""\n\n'
        "    @task\n"
        "    def look() -> str:\n"
        '        return "wet"\n\n'
        "    look()\n\n\n"
        "tides()\n"
    ),
    "docker-compose.yaml": (
        "services:\n"
        "  airflow:\n"
        "    image: docker.io/apache/airflow:3.3.2\n"
        "    command: standalone\n"
    ),
    "helm/values.yaml": "executor: KubernetesExecutor\n",
    "Dockerfile": "FROM docker.io/apache/airflow:3.3.2\nUSER airflow\n",
    "pyproject.toml": (
        '[project]\nname = "lisa-tide-dags"\nversion = "0"\n'
        'requires-python = ">=3.11"\n'
        'dependencies = ["apache-airflow>=3.3"]\n'
    ),
    "requirements.txt": "apache-airflow==3.3.2\n",
    "README.md": "# LISA tide DAGs\n",
    "LICENSE": BSD,
}


def make(folder: Path, files: Files, remote: str = "") -> Path:
    """A repository with some files in its one commit."""
    folder.mkdir(parents=True)
    write(folder, files)
    git.git("init", "--quiet", cwd=folder)
    commit(folder, "Start")
    if remote:
        git.git("remote", "add", "origin", remote, cwd=folder)
    return folder


def adopt(project: Path, *options: str) -> int:
    return cli.main(["adopt", str(project), "--defaults", *options])


def report(project: Path, capsys: Capture, *options: str) -> dict[str, Any]:
    """Adopt, and return the machine form."""
    capsys.readouterr()
    assert adopt(project, "--format", "json", *options) == ExitCode.DONE
    result: dict[str, Any] = json.loads(capsys.readouterr().out)
    return result


def answers(result: dict[str, Any]) -> dict[str, Any]:
    return {each["key"]: each["value"] for each in result["answers"]}


def sources(result: dict[str, Any]) -> dict[str, str]:
    """Where each answer comes from."""
    return {each["key"]: each["source"] for each in result["answers"]}


def items(result: dict[str, Any], status: str) -> dict[str, str]:
    """What was done in one way: the path, and what is said of it."""
    return {each["path"]: each["text"] for each in result["items"] if each["status"] == status}


def show(project: Path, path: str, commit: str = BRANCH) -> str:
    """A file as a commit has it."""
    return git.git("show", f"{commit}:{path}", cwd=project)


def paths(project: Path, commit: str = BRANCH) -> set[str]:
    return set(git.git("ls-tree", "-r", "--name-only", commit, cwd=project).split())

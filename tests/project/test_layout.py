"""Packages are found where the settings of the build say that they lie."""

from __future__ import annotations

import pytest

from lisa_scaffold.project.facts import Facts

PROJECT = '[project]\nname = "demo"\n'
CASES = {
    "src": ({"src/demo/__init__.py": ""}, ("src", {"demo": "src/demo"})),
    "flat": ({"demo/__init__.py": "", "docs/x.py": ""}, ("flat", {"demo": "demo"})),
    "a lone module": ({"demo.py": ""}, ("flat", {"demo": "demo.py"})),
    "find.where": (
        {
            "pyproject.toml": f'{PROJECT}[tool.setuptools.packages.find]\nwhere = ["./py/"]\n',
            "py/demo/__init__.py": "",
            "other/__init__.py": "",
        },
        ("src", {"demo": "py/demo"}),
    ),
    "package-dir": (
        {
            "pyproject.toml": f'{PROJECT}[tool.setuptools.package-dir]\n"" = "lib"\n',
            "lib/demo/__init__.py": "",
        },
        ("src", {"demo": "lib/demo"}),
    ),
    "package-dir by name": (
        {
            "pyproject.toml": f'{PROJECT}[tool.setuptools]\npackage-dir = {{ demo = "code" }}\n',
            "code/__init__.py": "",
        },
        ("flat", {"demo": "code"}),
    ),
    "a project inside": (
        {
            "pyproject.toml": PROJECT,
            "demo/__init__.py": "",
            "db/cli/pyproject.toml": PROJECT,
            "db/cli/src/inner/__init__.py": "",
            "more/setup.py": "",
            "more/other/__init__.py": "",
        },
        ("flat", {"demo": "demo"}),
    ),
    "a package with a part of the build": (
        {
            "pyproject.toml": PROJECT,
            "demo/__init__.py": "",
            "demo/core/__init__.py": "",
            "demo/setup.py": "",
        },
        ("flat", {"demo": "demo"}),
    ),
    "projects inside alone": (
        {
            "pyproject.toml": PROJECT,
            "py/setup.py": "",
            "py/demo/__init__.py": "",
        },
        ("flat", {"py.demo": "py/demo"}),
    ),
    "projects without one above": (
        {
            "pyproject.toml": "",
            "a/setup.py": "",
            "a/demo/__init__.py": "",
            "other/__init__.py": "",
        },
        ("flat", {"a.demo": "a/demo", "other": "other"}),
    ),
    "setup.cfg": (
        {
            "setup.cfg": "[metadata]\nname = demo\n[options]\npackage_dir =\n  = py\n",
            "py/demo/__init__.py": "",
        },
        ("src", {"demo": "py/demo"}),
    ),
    "setup.cfg, find": (
        {
            "setup.cfg": "[metadata]\nname = demo\n[options.packages.find]\nwhere = py\n",
            "py/demo/__init__.py": "",
        },
        ("src", {"demo": "py/demo"}),
    ),
    "poetry": (
        {
            "pyproject.toml": '[tool.poetry]\nname = "demo"\n'
            'packages = [{ include = "demo", from = "lib" }]\n',
            "lib/demo/__init__.py": "",
        },
        ("src", {"demo": "lib/demo"}),
    ),
    "pyproject.toml, some of what is found": (
        {
            "pyproject.toml": f'{PROJECT}[tool.setuptools.packages.find]\ninclude = ["demo*"]\n',
            "demo/__init__.py": "",
            "trial/a/__init__.py": "",
        },
        ("flat", {"demo": "demo"}),
    ),
    "setup.cfg, some of what is found": (
        {
            "pyproject.toml": "",
            "setup.cfg": "[metadata]\nname = demo\n[options.packages.find]\nexclude =\n  trial*\n",
            "demo/__init__.py": "",
            "trial/a/__init__.py": "",
        },
        ("flat", {"demo": "demo"}),
    ),
    "nothing that is to be found": (
        {
            "pyproject.toml": f'{PROJECT}[tool.setuptools.packages.find]\ninclude = ["x"]\n',
            "demo/__init__.py": "",
        },
        ("flat", {"demo": "demo"}),
    ),
    "setup.py, a list": (
        {
            "pyproject.toml": "",
            "setup.py": "from setuptools import setup\nsetup(name='demo', packages=['demo'])\n",
            "demo/__init__.py": "",
            "web/__init__.py": "",
        },
        ("flat", {"demo": "demo"}),
    ),
    "setup.py, the project's own folder": (
        {
            "pyproject.toml": "",
            "setup.py": "from setuptools import setup\n"
            "setup(name='demo', packages=['demo'], package_dir={'demo': '.'})\n",
            "__init__.py": "",
            "web/__init__.py": "",
        },
        ("", {}),
    ),
    "nonsense": (
        {
            "pyproject.toml": f"{PROJECT}[tool.setuptools]\npackages = 3\npackage-dir = [1]\n",
            "demo/__init__.py": "",
        },
        ("flat", {"demo": "demo"}),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_packages_are_found_where_they_are_said_to_lie(name: str) -> None:
    files, expected = CASES[name]
    layout = Facts.of({"pyproject.toml": PROJECT, **files}).layout
    assert (layout.style, layout.folders) == expected

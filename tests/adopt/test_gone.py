"""Modules that code imports and that are not there any more."""

from __future__ import annotations

import pytest

from lisa_scaffold.adopt import gone
from lisa_scaffold.project.facts import Facts


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("import os\nimport pkg_resources\n", ("pkg_resources", 2, "", "setuptools<82")),
        ("from distutils.version import X\n", ("distutils", 1, "3.12", "setuptools")),
        ("import os, imp\n", ("imp", 1, "3.12", "")),
        ("class A:\n    from asynchat import x\n", ("asynchat", 2, "3.12", "")),
        ("import telnetlib as t\n", ("telnetlib", 1, "3.13", "")),
        ("import urllib2\n", ("urllib2", 1, "3", "")),
        ("import setuptools.command\n", ("setuptools", 1, "", "setuptools")),
    ],
)
def test_what_fails_on_import(source: str, wanted: tuple[str, int, str, str]) -> None:
    (found,) = gone.find_gone(Facts.of({"a/__init__.py": source, "a/b.py": source}))
    assert (found.module, found.line, found.since, found.requirement) == wanted
    assert found.path == "a/__init__.py"


@pytest.mark.parametrize(
    "source",
    [
        "try:\n    import imp\nexcept ImportError:\n    pass\n",
        "import sys\nif sys.version_info < (3, 12):\n    import imp\n",
        "def f():\n    import imp\n",
        "from . import imp\nfrom .imp import x\n",
        "import implicit, important\n",
        "'''\nimport imp\n'''\n",
        "import imp (\n",
    ],
)
def test_what_does_not(source: str) -> None:
    assert gone.find_gone(Facts.of({"a/__init__.py": source})) == []


@pytest.mark.parametrize("path", ["setup.py", "docs/conf.py", "a.txt", "versioneer.py"])
def test_what_builds_has_an_environment_of_its_own(path: str) -> None:
    assert gone.find_gone(Facts.of({path: "import distutils\n"})) == []

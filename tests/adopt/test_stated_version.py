"""The steps of a release name the file that states the version."""

from __future__ import annotations

import pytest

from lisa_scaffold.adopt.stated_version import name_in_steps
from lisa_scaffold.project.facts import Facts

from ..conftest import ROOT

STEPS = (ROOT / "template/CONTRIBUTING.md.jinja").read_bytes()
COMPUTED = "from setuptools import setup\nsetup(name='a', version=read(), packages=['a'])\n"
STATED = {"a/__init__.py": "", "a/core.py": '__version__ = "1.2.0"\n'}


def named(files: dict[str, str]) -> list[str]:
    """The lines of the steps that name a file."""
    facts = Facts.of({path: text.encode() for path, text in files.items()})
    changed = name_in_steps(facts, {"CONTRIBUTING.md": STEPS}).get("CONTRIBUTING.md", STEPS)
    return [each for each in changed.decode().splitlines() if "Raise the version in" in each]


@pytest.mark.parametrize(
    ("files", "path"),
    [
        ({"setup.py": COMPUTED, **STATED}, "a/core.py"),
        (
            {"pyproject.toml": '[project]\nname = "a"\nversion = "1.0"\n', **STATED},
            "pyproject.toml",
        ),
        ({"setup.py": COMPUTED.replace("read()", "'1.0'"), "a/__init__.py": ""}, "setup.py"),
    ],
)
def test_the_file_is_named_in_both_forms_of_the_steps(files: dict[str, str], path: str) -> None:
    line = f"   Raise the version in `{path}`, and wherever else a file names it."
    assert named(files) == [line, line]


@pytest.mark.parametrize(
    "files",
    [
        {"setup.py": f"import versioneer\n{COMPUTED}", **STATED},
        {"setup.py": COMPUTED, "a/__init__.py": "from b import __version__\n"},
        {"setup.py": COMPUTED, **STATED, "a/other.py": '__version__ = "1.3.0"\n'},
        {"setup.py": COMPUTED, **STATED, "CONTRIBUTING.md": "# Ours\n"},
    ],
)
def test_where_it_is_not_known_none_is(files: dict[str, str]) -> None:
    assert named(files) == []

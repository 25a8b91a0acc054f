"""Tools that read the version from git's history, which the build of an image does not have."""

from __future__ import annotations

import pytest

from lisa_scaffold.adopt.versioned import find_untold
from lisa_scaffold.project.facts import Facts

VERSIONEER = "[versioneer]\nVCS = git\nparentdir_prefix = {}\n"


@pytest.mark.parametrize(
    ("files", "paths"),
    [
        ({"versioneer.py": "", "setup.cfg": VERSIONEER.format("a-b-")}, []),
        ({"versioneer.py": "", "setup.cfg": VERSIONEER.format("A-")}, ["setup.cfg"]),
        ({"versioneer.py": ""}, ["setup.cfg"]),
        ({"pyproject.toml": "[tool.versioneer]\nparentdir_prefix = 'a-b-'\n"}, []),
        ({"pyproject.toml": "[tool.versioneer]\nVCS = 'git'\n"}, ["pyproject.toml"]),
        ({"setup.py": "setup(setup_requires=['setuptools_git_versioning'])\n"}, ["setup.py"]),
        ({"pyproject.toml": "[tool.versioningit.vcs]\n"}, ["pyproject.toml"]),
        ({"pyproject.toml": "requires = ['setuptools-scm', 'pbr', 'hatch-vcs']\n"}, []),
    ],
)
def test_what_nobody_tells_the_version(files: dict[str, str | bytes], paths: list[str]) -> None:
    found = [*find_untold(Facts.of(files), "a-b")]
    assert [each.path for each in found] == paths
    assert all(each.to_decide for each in found)

"""What would not take vX.Y.Z for a version is named; what would is not."""

from __future__ import annotations

import pytest

from lisa_scaffold.adopt.tagged import find_other
from lisa_scaffold.project.facts import Facts


@pytest.mark.parametrize(
    ("path", "text", "named"),
    [
        ("setup.cfg", "[versioneer]\ntag_prefix = v\n", ""),
        ("setup.cfg", "[versioneer]\ntag_prefix =\n", "tag_prefix"),
        ("setup.cfg", "[versioneer]\nVCS = git\n", ""),
        ("setup.py", "import versioneer\nversioneer.tag_prefix = ''\n", "tag_prefix"),
        ("setup.py", "import versioneer\nversioneer.tag_prefix = 'v'\n", ""),
        ("setup.cfg", "[bumpversion]\ntag_name = {new_version}\n", "tag_name"),
        (".bumpversion.cfg", "[bumpversion]\ntag_name = v{new_version}\n", ""),
        ("pyproject.toml", "[tool.versioneer]\ntag_prefix = ''\n", "tag_prefix"),
        ("pyproject.toml", "[tool.setuptools_scm]\ntag_regex = '^v(.*)$'\n", ""),
        ("pyproject.toml", "[tool.setuptools_scm]\ntag_regex = '^(\\d.*)$'\n", "tag_regex"),
        ("pyproject.toml", "[tool.setuptools_scm]\ntag_regex = '('\n", ""),
        ("pyproject.toml", "[tool.hatch.version.raw-options]\ntag_regex = 'r-'\n", "tag_regex"),
        ("pyproject.toml", "[tool.hatch.version]\ntag-pattern = 'r-(.*)'\n", "tag-pattern"),
        ("pyproject.toml", "[tool.commitizen]\ntag_format = '$version'\n", "tag_format"),
        ("pyproject.toml", "[tool.commitizen]\ntag_format = 'v$version'\n", ""),
        ("pyproject.toml", "[tool.pbr]\n", ""),
    ],
)
def test_settings_of_another_form(path: str, text: str, named: str) -> None:
    assert [*find_other(Facts.of({path: text}))] == ([(path, named)] if named else [])

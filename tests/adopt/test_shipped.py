"""What an adoption adds to source distributions is told with the lines that leave it out."""

from __future__ import annotations

from pathlib import Path

import pytest

from lisa_scaffold.adopt.shipped import find_shipped
from lisa_scaffold.project.facts import Facts

from ..support.adopting import SETUPTOOLS, make, report
from ..support.updates import Capture

BROUGHT = (
    *(".copier-answers.yml", ".gitlab/ci/tests.yml", ".gitlab/ci/build.yml", "noxfile.py"),
    *("CONTRIBUTING.md", "CITATION.cff", "LICENSE", "pyproject.toml", "a/py.typed", "a.cfg"),
)
OF_GIT = (
    "git decides what a source distribution holds ({}), which grows by what comes in. "
    "To leave that out: "
)
LINES = "`exclude .copier-answers.yml noxfile.py` and `prune .gitlab`"
PBR = "import setuptools\nsetuptools.setup(setup_requires=['pbr'], pbr=True)\n"
SYSTEM = '[build-system]\nrequires = ["{}"]\nbuild-backend = "{}"\n[project]\nname = "a"\n{}'


def told(files: dict[str, str]) -> list[tuple[str, str]]:
    found = [*find_shipped(Facts.of({"a.cfg": "", **files}), BROUGHT)]
    assert all(each.to_decide for each in found)
    return [(each.path, each.text) for each in found]


def built(requires: str, backend: str, more: str = "") -> dict[str, str]:
    return {"pyproject.toml": SYSTEM.format(requires, backend, more)}


@pytest.mark.parametrize(
    ("files", "who"),
    [
        ({"setup.py": PBR, "setup.cfg": "[metadata]\nname = a\n"}, "pbr"),
        (built("pbr>=6.1.1", "pbr.build"), "pbr"),
        (built("setuptools-scm[toml]>=8", "setuptools.build_meta"), "setuptools-scm"),
    ],
)
def test_what_git_adds_is_told_with_the_lines_that_leave_it_out(
    files: dict[str, str], who: str
) -> None:
    assert told(files) == [("MANIFEST.in", f"{OF_GIT.format(who)}{LINES}")]
    # What the project leaves out itself, and a folder that it has already.
    more = {"MANIFEST.in": "prune .gitlab\nexclude noxfile.py\n"}
    few = "`exclude .copier-answers.yml`"
    assert told({**files, **more}) == [("MANIFEST.in", f"{OF_GIT.format(who)}{few}")]
    ((_, text),) = told({**files, ".gitlab/CODEOWNERS": ""})
    assert ".gitlab/ci/build.yml .gitlab/ci/tests.yml noxfile.py`" in text


def test_hatchling_has_a_setting_for_it() -> None:
    table = "tool.hatch.build.targets.sdist"
    files = built("hatchling", "hatchling.build")
    lines = f'`exclude = ["/.copier-answers.yml", "/noxfile.py", "/.gitlab"]` under [{table}]'
    assert told(files) == [("pyproject.toml", f"{OF_GIT.format('hatchling')}{lines}")]
    assert told(built("hatchling", "hatchling.build", f"[{table}]\ninclude = ['a']\n")) == []


@pytest.mark.parametrize(
    "files",
    [
        built("setuptools", "setuptools.build_meta"),
        built("flit_core", "flit_core.buildapi"),
        {"setup.py": "import setuptools\nsetuptools.setup(name='a')\n"},
        {"docker-compose.yml": "services: {}\n"},
    ],
)
def test_others_ship_what_they_are_told(files: dict[str, str]) -> None:
    assert told(files) == []


def test_an_adoption_says_it(tmp_path: Path, capsys: Capture) -> None:
    files = {**SETUPTOOLS, "setup.py": f"{SETUPTOOLS['setup.py']!s}# use_scm_version\n"}
    result = report(make(tmp_path / "project", files), capsys, "--dry-run")
    (asked,) = [each for each in result["to_decide"] if each.startswith("MANIFEST.in: git decides")]
    assert " noxfile.py " in asked
    assert asked.endswith("`prune .gitlab`")

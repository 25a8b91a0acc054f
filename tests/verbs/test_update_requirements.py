"""Requirements that a template changes, and a project depends on."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..support.updates import Capture, open_workshop, report

GROUPS = """\
[project]
name = "a"

[dependency-groups]
build = [
  "build>=1",
  "Check_Manifest>=0.50",
  "twine>=6",
]
test = [
  "hypothesis>=6",
  "pytest>=8",
]
"""
DROPPED = GROUPS.replace('  "Check_Manifest>=0.50",\n', "").replace('  "hypothesis>=6",\n', "")
BUILD = """\
import nox


@nox.session
def build(session):
    session.run("check-manifest", "--no-build-isolation")
    session.run("python", "-m", "build")
"""
LATER = BUILD.replace('    session.run("check-manifest", "--no-build-isolation")\n', "")
OWN = BUILD.replace("isolation", 'isolation", "--ignore=data')
HELD = "check-manifest stays in `build`, though the template drops it: {} it."


@pytest.mark.parametrize(
    ("files", "place"),
    [
        # The session as a whole is the project's, where it is in conflict.
        ({"noxfile.py": OWN}, "noxfile.py:6 runs"),
        ({"noxfile.py": BUILD.replace('"build")', '"build", "-w")')}, ""),
        ({"own.txt": ""}, ""),
        ({"Makefile": "check:\n\tcheck-manifest -v\n"}, "Makefile:2 runs"),
        (
            {".gitlab-ci.yml": "a:\n  script:\n    - python -m check_manifest\n"},
            ".gitlab-ci.yml:3 runs",
        ),
        # Said, and not run.
        ({"Makefile": "check:\n\t# check-manifest\n\techo check-manifest\n"}, ""),
    ],
)
def test_a_tool_stays_that_lines_of_the_project_run(
    files: dict[str, str], place: str, tmp_path: Path, capsys: Capture
) -> None:
    base = {"template/pyproject.toml": GROUPS, "template/noxfile.py": BUILD}
    workshop = open_workshop(tmp_path, base)
    workshop.edit(files)
    workshop.release("v1.1.0", {"template/pyproject.toml": DROPPED, "template/noxfile.py": LATER})
    notes = report(workshop, capsys)["notes"]
    told = [each for each in notes if "stays in" in each]
    assert told == ([f"pyproject.toml: {HELD.format(place)}"] if place else [])
    kept = DROPPED.replace('  "twine', '  "Check_Manifest>=0.50",\n  "twine') if place else DROPPED
    assert workshop.read("pyproject.toml") == kept


def test_a_tool_that_goes_to_another_group_is_not_dropped(tmp_path: Path, capsys: Capture) -> None:
    base = {"template/pyproject.toml": GROUPS, "template/noxfile.py": BUILD}
    workshop = open_workshop(tmp_path, base)
    workshop.edit({"noxfile.py": OWN})
    new = f'{DROPPED}more = [\n  "check-manifest>=0.50",\n]\n'
    workshop.release("v1.1.0", {"template/pyproject.toml": new})
    assert report(workshop, capsys)["notes"] == []
    assert workshop.read("pyproject.toml") == new


@pytest.mark.parametrize(
    ("mine", "held"),
    [({"tests/test_own.py": "import hypothesis\n"}, True), ({"own.txt": ""}, False)],
)
def test_what_tests_of_the_project_import_stays_in_its_group(
    mine: dict[str, str], held: bool, tmp_path: Path, capsys: Capture
) -> None:
    tests = "template/tests/test_it.py"
    workshop = open_workshop(
        tmp_path, {"template/pyproject.toml": GROUPS, tests: "import hypothesis\n"}
    )
    workshop.edit(mine)
    workshop.release("v1.1.0", {"template/pyproject.toml": DROPPED, tests: "import pytest\n"})
    where = "tests/test_own.py:1 imports it."
    text = f"hypothesis stays in `test`, though the template drops it: {where}"
    assert report(workshop, capsys)["notes"] == ([f"pyproject.toml: {text}"] if held else [])
    assert ("hypothesis" in workshop.read("pyproject.toml")) is held

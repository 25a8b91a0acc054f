"""Requirements that a template changes, and a project depends on."""

from __future__ import annotations

from pathlib import Path

import pytest

from lisa_scaffold import git, project
from lisa_scaffold.fleet.outcomes import judge_result
from lisa_scaffold.verbs import update, update_target

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


NEEDS = """\
[project]
name = "a"
requires-python = ">=3.11"
dependencies = [
  "numpy>=1.26",
  "scipy>=1,<2",
]
optional-dependencies.plot = [
  "matplotlib>=3.8",
]

[dependency-groups]
test = [
  "pytest>=8",
]
"""
WRITE = "Where it does with what they had, write that again."


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('"numpy>=1.26"', '"numpy>=2.1"', "`numpy>=1.26` becomes `numpy>=2.1`"),
        ('"numpy>=1.26"', '"numpy>=1.26,<2"', "`numpy>=1.26` becomes `numpy>=1.26,<2`"),
        ('"numpy>=1.26"', '"numpy==1.26"', "`numpy>=1.26` becomes `numpy==1.26`"),
        ('"numpy>=1.26"', '"numpy>=1.26.0"', ""),
        ('"numpy>=1.26"', '"numpy>=1.25"', ""),
        ('"scipy>=1,<2"', '"scipy>=1"', ""),
        ('"scipy>=1,<2"', '"scipy>=1,<2",\n  "sympy"', "`sympy` is new"),
        ('">=3.11"', '">=3.12"', "`python>=3.11` becomes `python>=3.12`"),
        ("matplotlib>=3.8", "matplotlib>=3.9", "`matplotlib>=3.8` becomes `matplotlib>=3.9`"),
        # What developers need is in no release.
        ("pytest>=8", "pytest>=9", ""),
    ],
)
def test_what_users_need_more_is_told(
    old: str, new: str, told: str, tmp_path: Path, capsys: Capture
) -> None:
    workshop = open_workshop(tmp_path, {"template/pyproject.toml": NEEDS})
    workshop.release("v1.1.0", {"template/pyproject.toml": NEEDS.replace(old, new)})
    said = f"pyproject.toml: users of the package need more: {told}. {WRITE}"
    assert report(workshop, capsys)["notes"] == ([said] if told else [])


def test_what_the_project_has_raised_itself_is_not_told(tmp_path: Path, capsys: Capture) -> None:
    workshop = open_workshop(tmp_path, {"template/pyproject.toml": NEEDS})
    workshop.edit({"pyproject.toml": NEEDS.replace("numpy>=1.26", "numpy>=2.2")})
    new = NEEDS.replace("pytest>=8", "pytest>=9")
    workshop.release("v1.1.0", {"template/pyproject.toml": new})
    assert report(workshop, capsys)["notes"] == []


@pytest.mark.parametrize("is_released", [False, True])
def test_what_users_of_a_release_need_more_is_to_be_looked_at(
    is_released: bool, tmp_path: Path
) -> None:
    workshop = open_workshop(tmp_path, {"template/pyproject.toml": NEEDS})
    workshop.release("v1.1.0", {"template/pyproject.toml": NEEDS.replace("1.26", "2")})
    if is_released:
        git.git("tag", "v0.1", cwd=workshop.project)
    target = update_target.choose_target(project.read(workshop.project), None)
    with update.prepare(target) as prepared:
        assert judge_result(prepared.update({})) == ("tasks" if is_released else "plain")

"""Locked files that people edited: the template's lines win wherever both sides changed them."""

from __future__ import annotations

from pathlib import Path

import pytest

from lisa_scaffold.sync.outcome import LOCKED

from ..support.updates import QUESTIONS, Capture, Workshop, open_workshop, report

OWNED = f"{QUESTIONS}_lisa_ownership:\n  locked: [/locked/**]\n"
MATRIX = """tests:
  image: a
  parallel:
    matrix:
      - PYTHON:
          - "3.11"
          - "3.12"
          - "3.13"
  script:
    - nox
"""
WITHOUT = "tests:\n  extends: .pythons\n  image: a\n  script:\n    - nox\n"
TABLE = '[a]\nkeep = 1\n\n[a.gone]\nx = 1\ny = [\n  "p",\n  "q",\n]\n'
OBJECT = '{\n  "keep": 1,\n  "gone": {\n    "x": [1, 2],\n    "y": 2\n  }\n}\n'
CODE = '"""A."""\n\n\ndef keep():\n    return 1\n\n\ndef gone():\n    a = 1\n    return a\n'
DOCKER = "FROM a:1\nRUN apt-get update && \\\n    apt-get install -y b c\nCOPY . .\n"
PIP = "a==1.0\nb==1.0\nc==1.0\n"
PROSE = "# A\n\nOne says this here.\n\nAnd more below it.\n"
MAKE = "all: a\n\nb:\n\ttouch b\n\techo b\n"

BOTH = {
    "removed here, changed there": ("a.yml", MATRIX, MATRIX.replace('  - "3.12"\n', ""), WITHOUT),
    "a table": (
        "a.toml",
        TABLE,
        TABLE.replace('  "p",\n', ""),
        "[a]\nkeep = 2\n",
    ),
    "an object": ("a.json", OBJECT, OBJECT.replace("[1, 2]", "[1, 3]"), '{\n  "keep": 1\n}\n'),
    "a function": (
        "a.py",
        CODE,
        CODE.replace("a = 1", "a = 2"),
        CODE.partition("\n\n\ndef gone")[0] + "\n",
    ),
    "an instruction": (
        "Dockerfile",
        DOCKER,
        DOCKER.replace("b c", "b d"),
        "FROM a:2\nCOPY . .\n",
    ),
    "a pin that both moved": (
        "requirements.txt",
        PIP,
        PIP.replace("b==1.0", "b==1.2"),
        PIP.replace("b==1.0", "b==1.1"),
    ),
    "an item that both added": (
        "b.yml",
        "a:\n  - x: 1\n",
        "a:\n  - x: 1\n  - x: 2\n",
        "a:\n  - x: 1\n  - x: 3\n",
    ),
    "a key that both added": (
        "b.toml",
        "[a]\nx = 1\n",
        "[a]\nx = 1\ny = 2\n",
        "[a]\nx = 1\ny = 3\n",
    ),
    "a passage": (
        "a.md",
        PROSE,
        PROSE.replace("this here", "something of its own here, at length"),
        PROSE.replace("this here", "that here"),
    ),
    "a recipe": (
        "Makefile",
        MAKE,
        MAKE.replace("echo b", "echo c"),
        "all: a\n",
    ),
}


def locked(folder: Path, path: str, base: str) -> Workshop:
    return open_workshop(folder, {"copier.yml": OWNED, f"template/locked/{path}": base})


@pytest.mark.parametrize("case", BOTH.values(), ids=[*BOTH])
def test_the_templates_lines_win(
    tmp_path: Path, capsys: Capture, case: tuple[str, str, str, str]
) -> None:
    path, base, ours, theirs = case
    workshop, path = locked(tmp_path, path, base), f"locked/{path}"
    workshop.edit({path: ours})
    workshop.release("v1.1.0", {f"template/{path}": theirs})
    result = report(workshop, capsys)
    assert workshop.read(path) == theirs
    assert [each for each in result["notes"] if each.startswith(path)] == [f"{path}: {LOCKED}"]
    assert {path} == {*result["patches"], *result["quotations"]}


def test_a_way_to_keep_what_a_job_had_is_told(tmp_path: Path, capsys: Capture) -> None:
    jobs, path = "tests:\n  timeout: 30m\n", ".gitlab/ci/tests.yml"
    owned = OWNED.replace("locked/", ".gitlab/")
    files = {"copier.yml": owned, f"template/{path}": jobs}
    workshop = open_workshop(tmp_path, files)
    workshop.edit({path: jobs.replace("30m", "45m")})
    workshop.release("v1.1.0", {f"template/{path}": jobs.replace("30m", "40m")})
    result = report(workshop, capsys)
    kept = "To have them all the same, write in .gitlab-ci.yml: `tests: {timeout: 45m}`."
    assert [each for each in result["notes"] if LOCKED in each] == [f"{path}: {LOCKED} {kept}"]


def test_what_only_the_project_changed_stays(tmp_path: Path, capsys: Capture) -> None:
    workshop = locked(tmp_path, "a.yml", MATRIX)
    workshop.edit({"locked/a.yml": MATRIX.replace("- nox", "- nox -v")})
    workshop.release("v1.1.0", {"template/locked/a.yml": MATRIX.replace("image: a", "image: b")})
    result = report(workshop, capsys)
    both = MATRIX.replace("- nox", "- nox -v").replace("image: a", "image: b")
    assert workshop.read("locked/a.yml") == both
    assert [each for each in result["notes"] if each.startswith("locked/")] == []


def test_the_same_file_that_is_shared_is_for_people(tmp_path: Path, capsys: Capture) -> None:
    workshop = open_workshop(tmp_path, {"copier.yml": OWNED, "template/a.yml": MATRIX})
    workshop.edit({"a.yml": MATRIX.replace('  - "3.12"\n', "")})
    workshop.release("v1.1.0", {"template/a.yml": WITHOUT})
    assert report(workshop, capsys)["conflicts"] == ["a.yml"]

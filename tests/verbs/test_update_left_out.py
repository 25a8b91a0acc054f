"""What goes together: a file and its content, a test and what it tests."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lisa_scaffold.errors import ExitCode

from ..support.sweeps import sampled
from ..support.updates import QUESTIONS, Capture, open_workshop, report, statuses, update

EXAMPLE = "".join(f"def function_{number}():\n    return {number}\n\n\n" for number in range(6))
OLD, NEW, TEST = "src/pkg/workflow/__init__.py", "src/pkg/example.py", "tests/test_example.py"


@sampled("content", ["", "from pkg.workflow.own import run\n\n__all__ = ['run']\n" * 8], 2)
def test_a_file_whose_content_is_gone_stays_where_it_is(
    tmp_path: Path, capsys: Capture, content: str
) -> None:
    """COPIER deletes it, and the project's package is none any more."""
    workshop = open_workshop(tmp_path, {f"template/{OLD}": EXAMPLE})
    workshop.edit({OLD: content, "src/pkg/workflow/own.py": "def run():\n    pass\n"})
    moved = EXAMPLE.replace("return 3", "return 4")
    workshop.release("v1.1.0", {f"template/{OLD}": None, f"template/{NEW}": moved})
    result = report(workshop, capsys)
    assert statuses(result) == {OLD: "kept", NEW: "added"}
    assert (workshop.read(OLD), workshop.read(NEW)) == (content, moved)
    assert result["notes"] == [
        f"{OLD}: the template no longer has it; the project has replaced it."
    ]


def test_a_line_that_the_project_edited_follows_its_file(tmp_path: Path, capsys: Capture) -> None:
    workshop = open_workshop(tmp_path, {"template/VERSION": "1.0\n"})
    workshop.edit({"VERSION": "1.1\n"})
    workshop.release("v1.1.0", {"template/VERSION": None, "template/src/VERSION": "1.0\n"})
    assert statuses(report(workshop, capsys)) == {"src/VERSION": "renamed"}
    assert workshop.read("src/VERSION") == "1.1\n"


def test_a_test_of_a_module_that_is_left_out_is_left_out(tmp_path: Path, capsys: Capture) -> None:
    """COPIER brings a test that fails."""
    package = "src/pkg/__init__.py"
    workshop = open_workshop(tmp_path, {f"template/{NEW}": EXAMPLE, f"template/{package}": ""})
    workshop.edit({NEW: None})
    test = "from pkg.example import function_3\n\n\ndef test_it():\n    assert function_3()\n"
    files = {NEW: EXAMPLE.replace("return 3", "return 4"), TEST: test}
    workshop.release("v1.1.0", {f"template/{path}": text for path, text in files.items()})
    result = report(workshop, capsys)
    assert statuses(result) == {NEW: "left out", TEST: "left out"}
    assert not (workshop.project / TEST).exists()
    assert f"{TEST}: the template's needs {NEW}, which the project has not." in result["notes"]
    assert "+def test_it():\n" in result["patches"][TEST]


def test_a_test_is_not_united_with_one_of_what_is_left_out(tmp_path: Path, capsys: Capture) -> None:
    """COPIER unites them, and the project's tests cannot be imported any more."""
    own = '"""Tests."""\n\n\ndef test_own():\n    assert True\n'
    files = {NEW: EXAMPLE, "src/pkg/__init__.py": "", TEST: own}
    workshop = open_workshop(tmp_path, {f"template/{path}": text for path, text in files.items()})
    edited = own + "\n\ndef test_more():\n    assert True\n"
    workshop.edit({NEW: None, TEST: edited})
    new = own.replace('"""\n', '"""\n\nfrom pkg.example import function_3\n')
    new = new.replace("assert True", "assert function_3()")
    workshop.release("v1.1.0", {f"template/{TEST}": new})
    result = report(workshop, capsys)
    assert statuses(result) == {TEST: "kept"}
    assert workshop.read(TEST) == edited
    assert "+from pkg.example import function_3\n" in result["patches"][TEST]


@pytest.mark.sweep
def test_a_file_that_only_white_space_was_changed_in_goes_with_the_templates(
    tmp_path: Path, capsys: Capture
) -> None:
    """COPIER deletes it without a word, and edits of words too."""
    workshop = open_workshop(tmp_path, {"template/a.dat": "a b\nc\n"})
    workshop.edit({"a.dat": "a b\n\nc\n"})
    workshop.release("v1.1.0", {"template/a.dat": None})
    result = report(workshop, capsys)
    assert statuses(result) == {"a.dat": "removed"}
    assert result["notes"] == [
        "a.dat: the template no longer has it; the project changed only white space in it."
    ]


def test_a_matrix_that_goes_beyond_what_the_project_keeps(tmp_path: Path, capsys: Capture) -> None:
    """COPIER brings a pipeline that fails."""
    ci = '.pythons:\n  parallel:\n    matrix:\n      - VERSION: ["3.11", "3.12"]\n'
    job = "tests:\n  extends: .pythons\n  script: ['nox -s \"tests-$VERSION\"']\n"
    nox = 'import nox\n\nPYTHONS = ["3.11", "3.12"]\n\n\n@nox.session(python=PYTHONS)\n'
    nox += "def tests(session):\n    session.run('pytest')\n"
    files = {"noxfile.py": nox, ".gitlab-ci.yml": f"{ci}\n\n{job}"}
    workshop = open_workshop(tmp_path, {f"template/{path}": text for path, text in files.items()})
    workshop.edit({"noxfile.py": nox.replace('"3.11", "3.12"', '"3.12"')})
    wider = files[".gitlab-ci.yml"].replace('"3.12"]', '"3.12", "3.13"]')
    workshop.release("v1.1.0", {"template/.gitlab-ci.yml": wider})
    capsys.readouterr()
    code = update(workshop.project, "--format", "json")
    result = json.loads(capsys.readouterr().out)
    assert (code, statuses(result)) == (ExitCode.FINDINGS, {".gitlab-ci.yml": "updated"})
    assert result["tasks"] == [
        ".gitlab-ci.yml: line 3: noxfile.py has no sessions tests-3.11 and tests-3.13, so the job "
        "tests fails: name the same versions here and there."
    ]


FORMATTED = {
    "a.yml": ("on: ['a', 'b']  # c\n", 'on:\n  - "a"\n  - b # c\n'),
    "a.py": ("x = f('a', b)\n", 'x = f(\n    "a",\n    b,\n)\n'),
    "a.toml": ("x = ['a']\n", 'x = [\n  "a",\n]\n'),
}
EDITED = {
    "a.yml": ("on: [a]  # c\n", "on: [a]\n"),
    "b.yml": ("on: [a]\n", "on: [a, b]\n"),
    "a.py": ("x = 1  # a\n", "x = 1\n"),
    "a.md": ("It's\n", 'It"s\n'),
}


@sampled(("files", "status"), [(FORMATTED, "removed"), (EDITED, "kept")], 2)
def test_a_file_that_was_only_formatted_goes_with_the_templates(
    files: dict[str, tuple[str, str]], status: str, tmp_path: Path, capsys: Capture
) -> None:
    workshop = open_workshop(
        tmp_path, {f"template/{path}": old for path, (old, _) in files.items()}
    )
    workshop.edit({path: new for path, (_, new) in files.items()})
    workshop.release("v1.1.0", dict.fromkeys((f"template/{path}" for path in files), None))
    result = report(workshop, capsys)
    assert statuses(result) == dict.fromkeys(files, status)
    told = str(result["notes"]).count("the project only formatted it otherwise.")
    assert told == (len(files) if status == "removed" else 0)


def test_what_only_a_deleted_file_would_use_does_not_come_in(
    tmp_path: Path, capsys: Capture
) -> None:
    ownership = f"{QUESTIONS}_lisa_ownership:\n  locked: [ci/]\n"
    files = {"ci/sonar.yml": "run: scan\n", "ci/tests.yml": "run: tests\n", "main.yml": "a\n"}
    template = {f"template/{path}": text for path, text in files.items()}
    workshop = open_workshop(tmp_path, {"copier.yml": ownership, **template})
    workshop.edit({"ci/sonar.yml": None})
    new = {
        "ci/sonar.yml": "lock: ci/sonar.txt\nother: ci/both.txt\n",
        "ci/sonar.txt": "scanner==1\n",
        "ci/both.txt": "tool==1\n",
        "ci/tests.yml": "lock: ci/both.txt\n",
        "ci/alone.txt": "nobody names it\n",
        "own.txt": "not locked\n",
    }
    workshop.release("v1.1.0", {f"template/{path}": text for path, text in new.items()})
    told = report(workshop, capsys)
    assert statuses(told) == {
        "ci/alone.txt": "added",
        "ci/both.txt": "added",
        "ci/sonar.txt": "left out",
        "ci/sonar.yml": "left out",
        "ci/tests.yml": "updated",
        "own.txt": "added",
    }
    said = "only ci/sonar.yml would use it, which the project has not."
    assert f"ci/sonar.txt: {said}" in told["notes"]
    assert not (workshop.project / "ci/sonar.txt").exists()

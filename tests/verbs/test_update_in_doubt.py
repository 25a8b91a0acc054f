"""One open key of a file is one conflict: all else in the file is merged, as a user sees it."""

from __future__ import annotations

from pathlib import Path

import pytest

from lisa_scaffold import git
from lisa_scaffold.errors import ExitCode

from ..support.updates import Capture, Workshop, open_workshop, report, update

NAME = "pyproject.toml"
BASE = """\
[project]
name = "x"
dependencies = ["numpy"]

[tool.log]
level = "INFO"

[tool.old]
a = 1
"""
OURS = BASE.replace('["numpy"]', '["numpy", "scipy"]').replace("INFO", "WARNING")
THEIRS = BASE.replace("INFO", "DEBUG").replace("\n[tool.old]\na = 1\n", "")
MERGED = THEIRS.replace('["numpy"]', '["numpy", "scipy"]')


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    opened = open_workshop(tmp_path, {f"template/{NAME}": BASE, "template/a.dat": "a\n"})
    opened.edit({NAME: OURS, "a.dat": "ours\n" * 9})
    opened.release("v1.1.0", {f"template/{NAME}": THEIRS})
    return opened


def test_markers_stand_around_the_open_key_alone(workshop: Workshop, capsys: Capture) -> None:
    """COPIER puts everything below the dependencies between markers."""
    result = report(workshop, capsys)
    assert (result["conflicts"], result["places"]) == ([NAME], {NAME: 1})
    assert workshop.read(NAME) == MERGED.replace(
        'level = "DEBUG"\n',
        '<<<<<<< project\nlevel = "WARNING"\n=======\nlevel = "DEBUG"\n>>>>>>> template\n',
    )
    stages = [git.git("show", f":{n}:{NAME}", cwd=workshop.project) for n in (1, 2, 3)]
    assert stages == [BASE, OURS, THEIRS]


def test_the_places_are_counted_in_the_report(workshop: Workshop, capsys: Capture) -> None:
    assert update(workshop.project) == ExitCode.FINDINGS
    said = capsys.readouterr().out
    assert f"In conflict\n  {NAME}: 1 place\n" in said
    assert "The update is staged, but for 1 conflict in 1 file, with markers there; nothing" in said


def test_git_mergetool_shows_the_merge(workshop: Workshop, capsys: Capture) -> None:
    report(workshop, capsys)
    marked = workshop.read(NAME)
    tool = "cat $BASE $LOCAL $REMOTE > sides; cp $MERGED seen; sed -i '/^[<=>]/d; /DEBUG/d' $MERGED"
    options = ["-c", f"mergetool.t.cmd={tool}", "-c", "mergetool.t.trustExitCode=true"]
    options += ["-c", "mergetool.keepBackup=false"]
    git.git(*options, "mergetool", "--no-prompt", "--tool=t", cwd=workshop.project)
    assert workshop.read("sides") == BASE + OURS + THEIRS
    assert workshop.read("seen") == marked
    assert workshop.read(NAME) == MERGED.replace("DEBUG", "WARNING")
    assert f"M  {NAME}" in workshop.status()


def test_a_branch_has_the_merge_with_the_projects_lines(
    workshop: Workshop, capsys: Capture
) -> None:
    assert update(workshop.project, "--branch", "update") == ExitCode.FINDINGS
    said = capsys.readouterr().out
    assert said.endswith(
        "there the project's lines stand; the commit message holds the template's.\n"
    )
    merged = git.git("show", f"update:{NAME}", cwd=workshop.project)
    assert merged == MERGED.replace("DEBUG", "WARNING")
    message = git.git("log", "-1", "--format=%B", "update", cwd=workshop.project)
    assert f"{NAME} has the project's lines where both sides differ; the template's" in message
    assert '-level = "WARNING"\n+level = "DEBUG"\n' in message


def test_a_merge_of_gits_that_is_wrong_becomes_a_conflict_of_what_is_open(
    tmp_path: Path, capsys: Capture
) -> None:
    """Git joins two additions of one key, far enough apart, without a conflict."""
    base = "[a]\nx = 1\n\n[b]\ny = 1\nz = 1\n"
    workshop = open_workshop(tmp_path, {"template/m.toml": base})
    workshop.edit({"m.toml": f"top = 1\n\n{base}"})
    workshop.release("v1.1.0", {"template/m.toml": f"{base}\n[top]\nq = 2\n"})
    result = report(workshop, capsys)
    assert result["conflicts"] == ["m.toml"]
    assert "[a]\nx = 1\n\n[b]\ny = 1\nz = 1\n" in workshop.read("m.toml")

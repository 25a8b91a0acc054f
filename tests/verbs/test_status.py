"""How far a project is behind its template, and where it departs from what it records."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lisa_scaffold import cli, git
from lisa_scaffold.errors import ExitCode

from ..support.adopting import BRANCH, REMOTE, SETUPTOOLS, adopt, make
from ..support.updates import (
    QUESTIONS,
    TEN,
    Capture,
    Workshop,
    commit,
    open_workshop,
    update,
    write,
)

OWNERSHIP = QUESTIONS + "_lisa_ownership:\n  locked: [lock.dat]\n  seeded: [seed.dat]\n"
PATHS = ("lock.dat", "seed.dat", "a.dat", "gone.dat", "old/far.dat", "own.dat", "same.dat")


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    files = {f"template/{path}": f"{path}\n{TEN}" for path in PATHS}
    return open_workshop(tmp_path, {"copier.yml": OWNERSHIP, **files})


def ask(workshop: Workshop, capsys: Capture, *options: str) -> tuple[int, dict[str, Any]]:
    capsys.readouterr()
    code = cli.main(["status", str(workshop.project), "--format", "json", *options])
    return code, json.loads(capsys.readouterr().out)


def test_a_project_as_it_was_made_is_up_to_date(workshop: Workshop, capsys: Capture) -> None:
    code, told = ask(workshop, capsys)
    assert code == ExitCode.DONE
    assert told == {
        "schema": "lisa-scaffold/status/1",
        "template": str(workshop.template),
        "version": "v1.0.0",
        "newest": "v1.0.0",
        "behind": [],
        "commits": None,
        "files": len(PATHS) + 1,
        "departures": [],
        "drift": [],
        "diff": "",
    }
    assert cli.main(["status", str(workshop.project)]) == ExitCode.DONE
    assert capsys.readouterr().out == (
        f"v1.0.0 of {workshop.template}\n\nUp to date: the newest version of the template\n\n"
        "8 of 8 files are committed just as the template renders them\n"
    )


def test_being_behind_is_no_fault_and_drift_is(workshop: Workshop, capsys: Capture) -> None:
    for version in ("v1.1.0", "v2.0.0rc1", "v1.10.0", "v1.9.0"):
        workshop.release(version, {"template/a.dat": version})
    code, told = ask(workshop, capsys)
    assert (code, told["newest"]) == (ExitCode.DONE, "v1.10.0")
    assert told["behind"] == ["v1.1.0", "v1.9.0", "v1.10.0"]
    workshop.edit({"lock.dat": "mine\n"})
    code, told = ask(workshop, capsys)
    assert (code, told["drift"]) == (ExitCode.FINDINGS, ["lock.dat"])


def test_many_versions_are_folded(workshop: Workshop, capsys: Capture) -> None:
    for minor in range(1, 15):
        git.git("tag", f"v1.{minor}.0", cwd=workshop.template)
    assert cli.main(["status", str(workshop.project)]) == ExitCode.DONE
    between = ", ".join(f"v1.{minor}.0" for minor in range(1, 11))
    heading = "\n14 versions behind v1.14.0: lisa-scaffold update\n"
    said = capsys.readouterr().out
    assert f"{heading}  in between: {between} and 3 more\n\n" in said


def test_commits_without_a_version_are_counted(workshop: Workshop, capsys: Capture) -> None:
    git.git("tag", "--delete", "v1.0.0", cwd=workshop.template)
    first = git.git("rev-parse", "HEAD", cwd=workshop.template).strip()
    record = workshop.read(".copier-answers.yml").replace("v1.0.0", first)
    workshop.edit({".copier-answers.yml": record})
    for number in range(3):
        write(workshop.template, {"template/a.dat": f"{number}\n"})
        commit(workshop.template)
    newest = git.git("rev-parse", "HEAD", cwd=workshop.template).strip()
    code, told = ask(workshop, capsys)
    assert (code, told["behind"], told["commits"]) == (ExitCode.DONE, [newest], 3)
    cli.main(["status", str(workshop.project)])
    said = capsys.readouterr().out
    assert said.startswith(f"{first[:10]} of ")
    assert f"\n3 commits behind {newest[:10]}: lisa-scaffold update\n" in said
    assert first not in said
    # A version in the history of the commit is none that it is behind.
    git.git("tag", "v0.9.0", first, cwd=workshop.template)
    code, told = ask(workshop, capsys)
    assert (told["newest"], told["behind"], told["commits"]) == ("v0.9.0", [], 0)


def test_every_departure_is_told_by_file(workshop: Workshop, capsys: Capture) -> None:
    far = f"old/far.dat\n{TEN}"
    workshop.edit(
        {
            "a.dat": workshop.read("a.dat").replace("line 5", "mine") + "more\n",
            "seed.dat": "mine\n",
            "gone.dat": None,
            "old/far.dat": None,
            "new/far.dat": far.replace("line 3\n", ""),
            "own.dat": "mine\n",
            "more.dat": "no file of the template\n",
            "pyproject.toml": '[tool.lisa-scaffold]\nskip = ["own.dat"]\n',
        }
    )
    code, told = ask(workshop, capsys, "--diff")
    assert code == ExitCode.DONE
    rows = [tuple(each.values()) for each in told["departures"]]
    assert rows == [
        ("a.dat", "changed", "shared", "a.dat", 2, 1),
        ("gone.dat", "deleted", "shared", "", 0, 11),
        ("old/far.dat", "moved", "shared", "new/far.dat", 0, 1),
        ("own.dat", "changed", "skipped", "own.dat", 1, 11),
        ("seed.dat", "changed", "seeded", "seed.dat", 1, 11),
    ]
    assert "+mine\n" in told["diff"]
    assert "own.dat" not in told["diff"]
    assert cli.main(["status", str(workshop.project)]) == ExitCode.DONE
    assert capsys.readouterr().out == (
        f"v1.0.0 of {workshop.template}\n\nUp to date: the newest version of the template\n\n"
        "Changed by the project\n  a.dat: +2 -1\n  gone.dat: deleted\n"
        "  old/far.dat -> new/far.dat: moved, -1\n\n"
        "Written once, the project's since then\n  seed.dat: +1 -11\n\n"
        "Kept by the project for itself (skip)\n  own.dat: +1 -11\n\n"
        "3 of 8 files are committed just as the template renders them\n"
    )
    assert workshop.status() == []


def test_what_an_adoption_merged_is_not_called_the_project_s(
    tmp_path: Path, capsys: Capture
) -> None:
    folder = make(tmp_path / "lisa-noise", SETUPTOOLS, REMOTE)
    assert adopt(folder) == ExitCode.DONE
    git.git("checkout", "--quiet", BRANCH, cwd=folder)
    capsys.readouterr()
    assert cli.main(["status", str(folder)]) == ExitCode.DONE
    told = capsys.readouterr().out
    assert "\n\nMerged with the project's own when it was adopted, or changed since\n" in told
    assert "Changed by the project" not in told


def test_a_folder_without_a_template_is_refused(tmp_path: Path, capsys: Capture) -> None:
    assert cli.main(["status", str(tmp_path)]) == ExitCode.REFUSED
    assert ".copier-answers.yml" in capsys.readouterr().err


def test_of_several_templates_the_one_that_is_named(workshop: Workshop, capsys: Capture) -> None:
    record = workshop.read(".copier-answers.yml")
    workshop.edit({".copier-answers.yml": None, ".one.yml": record, ".two.yml": record})
    assert cli.main(["status", str(workshop.project)]) == ExitCode.REFUSED
    assert "made from several templates: .one.yml, .two.yml" in capsys.readouterr().err
    code, told = ask(workshop, capsys, "--answers-file", ".two.yml")
    assert (code, told["version"]) == (ExitCode.DONE, "v1.0.0")


def test_in_the_middle_of_an_update_nothing_is_told(workshop: Workshop, capsys: Capture) -> None:
    """The new version is recorded already, and the committed files are of the old one."""
    workshop.release("v1.1.0", {"template/lock.dat": "new\n"})
    assert update(workshop.project) == ExitCode.DONE
    assert cli.main(["status", str(workshop.project)]) == ExitCode.REFUSED
    assert "not as it is committed, as in the middle of an update" in capsys.readouterr().err

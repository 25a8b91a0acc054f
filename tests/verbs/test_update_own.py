"""Files that a project keeps for itself, and files that it wants as the template has them."""

from __future__ import annotations

from pathlib import Path

import pytest

from lisa_scaffold.errors import ExitCode

from ..support.updates import (
    QUESTIONS,
    TEN,
    Capture,
    Workshop,
    open_workshop,
    report,
    statuses,
    update,
)

SKIP = '[tool.lisa-scaffold]\nskip = ["own/", "*.log"]\n'


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    files = {"own/a.dat": TEN, "b.dat": TEN, "gone.log": TEN}
    return open_workshop(tmp_path, {f"template/{path}": text for path, text in files.items()})


@pytest.mark.parametrize(
    ("place", "text"),
    [("pyproject.toml", SKIP), ("lisa-scaffold.toml", SKIP.replace("[tool.lisa-scaffold]\n", ""))],
)
def test_no_update_touches_what_the_project_keeps_for_itself(
    workshop: Workshop, capsys: Capture, place: str, text: str
) -> None:
    """COPIER's `_skip_if_exists` is the template's to say, and brings back what was deleted."""
    workshop.edit({"own/a.dat": TEN.replace("line 5", "mine"), "gone.log": None, place: text})
    new = TEN.replace("line 5", "theirs")
    paths = ("own/a.dat", "own/new.dat", "b.dat", "gone.log")
    workshop.release("v1.1.0", {f"template/{path}": new for path in paths})
    result = report(workshop, capsys)
    assert (statuses(result), result["conflicts"]) == ({"b.dat": "updated"}, [])
    said = "Skipped, as the project's settings ask for: gone.log, own/a.dat, own/new.dat."
    assert result["notes"] == [said]
    assert (result["patches"], result["quotations"]) == ({}, {})
    assert workshop.read("own/a.dat") == TEN.replace("line 5", "mine")


def test_what_the_template_leaves_alone_is_not_told(workshop: Workshop, capsys: Capture) -> None:
    workshop.edit({"own/a.dat": "mine\n", "pyproject.toml": SKIP})
    workshop.release("v1.1.0", {"template/b.dat": "new\n"})
    assert report(workshop, capsys)["notes"] == []


def test_a_file_that_the_template_drops_stays_where_it_is_kept(
    workshop: Workshop, capsys: Capture
) -> None:
    workshop.edit({"pyproject.toml": SKIP})
    workshop.release("v1.1.0", {"template/own/a.dat": None})
    assert statuses(report(workshop, capsys)) == {}
    assert workshop.read("own/a.dat") == TEN


def test_recopy_renders_the_template_anew_over_the_project(
    workshop: Workshop, capsys: Capture
) -> None:
    edited = {"b.dat": "mine\n", "gone.log": None, "mine.dat": "mine\n", "own/a.dat": "mine\n"}
    workshop.edit({**edited, "pyproject.toml": SKIP.replace(', "*.log"', "")})
    assert update(workshop.project, "--recopy", "--dry-run") == ExitCode.DONE
    said = capsys.readouterr()
    heading = "Rendered anew (what people wrote there is in git's history)"
    assert f"{heading}\n  b.dat\n" in said.err
    assert "-mine\n+line 1\n" in said.out
    assert workshop.status() == []
    result = report(workshop, capsys, "--recopy")
    assert statuses(result) == {"b.dat": "updated", "gone.log": "added"}
    assert workshop.read("b.dat") == workshop.read("gone.log") == TEN
    assert workshop.read("mine.dat") == workshop.read("own/a.dat") == "mine\n"
    assert sorted(workshop.status()) == ["A  gone.log", "M  b.dat"]


def test_recopy_keeps_the_answers_and_takes_a_newer_version(
    tmp_path: Path, capsys: Capture
) -> None:
    files = {"template/name.dat.jinja": "{{ name }}\n", "template/s.dat": "seed\n"}
    seeded = QUESTIONS + "_skip_if_exists: [s.dat]\n"
    workshop = open_workshop(tmp_path, {"copier.yml": seeded, **files}, name="other")
    workshop.edit({"name.dat": "mine\n", "s.dat": "mine\n"})
    workshop.release("v1.1.0", {"template/name.dat.jinja": "It is {{ name }}\n"})
    assert statuses(report(workshop, capsys, "--recopy")) == {"name.dat": "updated"}
    assert workshop.read("name.dat") == "It is other\n"
    assert workshop.read("s.dat") == "mine\n"
    assert "_commit: v1.1.0\n" in workshop.read(".copier-answers.yml")


def test_recopy_touches_nothing_that_is_not_committed(workshop: Workshop, capsys: Capture) -> None:
    (workshop.project / "b.dat").write_text("not committed\n")
    (workshop.project / "gone.log").unlink()
    workshop.edit({"own/a.dat": "mine\n"})
    (workshop.project / "b.dat").write_text("nor this\n")
    assert update(workshop.project, "--recopy") == ExitCode.REFUSED
    assert "b.dat: changes that are not committed" in capsys.readouterr().err
    assert workshop.read("b.dat") == "nor this\n"

"""Files that move, change their kind, or stand in each other's way."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from lisa_scaffold import git
from lisa_scaffold.errors import ExitCode

from .support.updates import (
    QUESTIONS,
    TEN,
    Capture,
    Workshop,
    open_workshop,
    report,
    statuses,
    update,
    write,
)

MINE = TEN.replace("line 2\n", "mine\n")
THEIRS = TEN.replace("line 9\n", "theirs\n")
BOTH = MINE.replace("line 9\n", "theirs\n")


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    questions = QUESTIONS + "_preserve_symlinks: true\n"
    files = {"copier.yml": questions, "template/a.dat": TEN, "template/b.dat": "b\n"}
    return open_workshop(tmp_path, files)


def files(workshop: Workshop) -> set[str]:
    """The files of the project, less its answers."""
    found = git.git("ls-files", "--cached", "--others", cwd=workshop.project).splitlines()
    return {*found} - {".copier-answers.yml"}


def test_a_file_that_both_renamed_has_the_projects_name_and_both_edits(
    workshop: Workshop, capsys: Capture
) -> None:
    workshop.edit({"a.dat": None, "mine.dat": MINE})
    workshop.release("v1.1.0", {"template/a.dat": None, "template/theirs.dat": THEIRS})
    result = report(workshop, capsys)
    assert statuses(result) == {"mine.dat": "merged"}
    assert result["notes"] == [
        "mine.dat: the template moves a.dat to theirs.dat, the project has moved it here."
    ]
    assert files(workshop) == {"mine.dat", "b.dat"}
    assert workshop.read("mine.dat") == BOTH


def test_a_file_that_both_only_renamed_stays_where_the_project_has_it(
    workshop: Workshop, capsys: Capture
) -> None:
    workshop.edit({"a.dat": None, "mine.dat": TEN})
    workshop.release("v1.1.0", {"template/a.dat": None, "template/theirs.dat": TEN})
    assert statuses(report(workshop, capsys)) == {"mine.dat": "kept"}
    assert files(workshop) == {"mine.dat", "b.dat"}


def test_a_file_that_only_the_template_edited_beside_two_renamings_is_updated(
    workshop: Workshop, capsys: Capture
) -> None:
    workshop.edit({"a.dat": None, "mine.dat": TEN})
    workshop.release("v1.1.0", {"template/a.dat": None, "template/theirs.dat": THEIRS})
    assert statuses(report(workshop, capsys)) == {"mine.dat": "updated"}
    assert workshop.read("mine.dat") == THEIRS
    assert files(workshop) == {"mine.dat", "b.dat"}


def test_a_conflict_in_a_file_that_both_renamed_is_one_conflict(
    workshop: Workshop, capsys: Capture
) -> None:
    workshop.edit({"a.dat": None, "mine.dat": TEN.replace("line 5\n", "mine\n")})
    theirs = TEN.replace("line 5\n", "theirs\n")
    workshop.release("v1.1.0", {"template/a.dat": None, "template/theirs.dat": theirs})
    assert report(workshop, capsys)["conflicts"] == ["mine.dat"]
    assert "mine\n=======\ntheirs\n" in workshop.read("mine.dat")
    stages = [git.git("show", f":{n}:mine.dat", cwd=workshop.project) for n in (1, 3)]
    assert stages == [TEN, theirs]
    assert files(workshop) == {"mine.dat", "b.dat"}
    git.git("reset", "--merge", cwd=workshop.project)
    assert workshop.status() == []


def test_a_moved_file_that_both_edited_is_told_as_merged(
    workshop: Workshop, capsys: Capture
) -> None:
    workshop.edit({"a.dat": MINE})
    workshop.release("v1.1.0", {"template/a.dat": None, "template/c.dat": THEIRS})
    assert update(workshop.project) == ExitCode.DONE
    said = capsys.readouterr().out
    assert "Merged (both had changed them)\n  a.dat -> c.dat\n" in said
    assert "Renamed" not in said
    assert workshop.read("c.dat") == BOTH


def test_a_moved_file_that_one_side_edited_is_told_as_renamed(
    workshop: Workshop, capsys: Capture
) -> None:
    workshop.edit({"a.dat": MINE})
    workshop.release(
        "v1.1.0",
        {
            "template/a.dat": None,
            "template/c.dat": TEN,
            "template/b.dat": None,
            "template/d.dat": "b\n",
        },
    )
    changes = report(workshop, capsys)["changes"]
    assert [(each["path"], each["status"], each.get("was")) for each in changes[1:]] == [
        ("c.dat", "renamed", "a.dat"),
        ("d.dat", "renamed", "b.dat"),
    ]
    assert workshop.read("c.dat") == MINE


def test_a_moved_file_in_conflict_tells_its_old_name(workshop: Workshop, capsys: Capture) -> None:
    workshop.edit({"a.dat": TEN.replace("line 5\n", "mine\n")})
    moved = TEN.replace("line 5\n", "theirs\n")
    workshop.release("v1.1.0", {"template/a.dat": None, "template/c.dat": moved})
    changes = report(workshop, capsys)["changes"]
    assert {"path": "c.dat", "status": "conflict", "was": "a.dat"} in changes


def test_a_file_that_the_project_moved_unchanged_is_updated_there(
    workshop: Workshop, capsys: Capture
) -> None:
    workshop.edit({"a.dat": None, "mine.dat": TEN})
    workshop.release("v1.1.0", {"template/a.dat": THEIRS})
    assert statuses(report(workshop, capsys)) == {"mine.dat": "updated"}
    assert workshop.read("mine.dat") == THEIRS


def test_a_merge_in_a_file_that_the_project_moved_is_read_again(
    tmp_path: Path, capsys: Capture
) -> None:
    """Git joins two additions of the same key, far enough apart, without a conflict."""
    middle = "".join(f"key{number} = {number}\n" for number in range(12))
    toml = f"[a]\nx = 1\n{middle}[z]\ny = 1\n"
    workshop = open_workshop(tmp_path, {"template/c.toml": toml})
    workshop.edit({"c.toml": None, "m.toml": toml.replace("x = 1\n", "x = 1\nnew = 1\n")})
    workshop.release("v1.1.0", {"template/c.toml": toml.replace("[z]", "new = 2\n[z]")})
    assert report(workshop, capsys)["conflicts"] == ["m.toml"]


def link(folder: Path, name: str, target: str) -> None:
    (folder / name).unlink(missing_ok=True)
    (folder / name).symlink_to(target)


def test_a_file_against_a_link_is_one_conflict_at_its_path(
    workshop: Workshop, capsys: Capture
) -> None:
    workshop.edit({"a.dat": MINE})
    link(workshop.template / "template", "a.dat", "b.dat")
    workshop.release("v1.1.0", {})
    result = report(workshop, capsys)
    assert (result["conflicts"], statuses(result)) == (["a.dat"], {"a.dat": "conflict"})
    assert files(workshop) == {"a.dat", "b.dat"}
    assert workshop.read("a.dat") == MINE
    stages = git.git("ls-files", "--unmerged", cwd=workshop.project).splitlines()
    assert [line.split(" ")[0] for line in stages] == ["100644", "100644", "120000"]
    git.git("reset", "--merge", cwd=workshop.project)
    assert workshop.status() == []


def test_a_link_against_a_file_is_one_conflict_at_its_path(
    workshop: Workshop, capsys: Capture
) -> None:
    link(workshop.project, "a.dat", "b.dat")
    workshop.edit({})
    workshop.release("v1.1.0", {"template/a.dat": THEIRS})
    assert report(workshop, capsys)["conflicts"] == ["a.dat"]
    assert (workshop.project / "a.dat").readlink() == Path("b.dat")
    assert files(workshop) == {"a.dat", "b.dat"}


def test_a_new_file_has_no_place_where_the_project_has_a_folder(
    workshop: Workshop, capsys: Capture
) -> None:
    workshop.edit({"c.dat/mine.txt": "mine\n"})
    workshop.release("v1.1.0", {"template/c.dat": "theirs\n"})
    result = report(workshop, capsys)
    assert statuses(result) == {"c.dat": "kept"}
    note = "c.dat: the project has a folder where the template has a file: left out."
    assert result["notes"] == [note]
    assert "+theirs\n" in result["patches"]["c.dat"]
    assert files(workshop) == {"a.dat", "b.dat", "c.dat/mine.txt"}


def test_a_new_folder_has_no_place_where_the_project_has_a_file(
    workshop: Workshop, capsys: Capture
) -> None:
    workshop.edit({"c": "mine\n"})
    workshop.release("v1.1.0", {"template/c/one.dat": "1\n", "template/c/two.dat": "2\n"})
    result = report(workshop, capsys)
    assert statuses(result) == {"c": "kept", "c/one.dat": "kept", "c/two.dat": "kept"}
    assert "+2\n" in result["patches"]["c/two.dat"]
    assert files(workshop) == {"a.dat", "b.dat", "c"}
    assert workshop.read("c") == "mine\n"


def test_a_file_that_the_project_edited_is_not_replaced_by_a_folder(
    workshop: Workshop, capsys: Capture
) -> None:
    workshop.edit({"a.dat": MINE})
    (workshop.template / "template/a.dat").unlink()
    workshop.release("v1.1.0", {"template/a.dat/inner.dat": "inner\n"})
    result = report(workshop, capsys)
    assert statuses(result) == {"a.dat": "kept", "a.dat/inner.dat": "kept"}
    assert workshop.read("a.dat") == MINE


def test_a_folder_in_a_files_place_stays_where_the_template_edits_the_file(
    workshop: Workshop, capsys: Capture
) -> None:
    (workshop.project / "a.dat").unlink()
    workshop.edit({"a.dat/mine.txt": "mine\n"})
    workshop.release("v1.1.0", {"template/a.dat": THEIRS})
    result = report(workshop, capsys)
    assert statuses(result) == {"a.dat": "kept"}
    assert "+theirs\n" in result["patches"]["a.dat"]
    assert files(workshop) == {"a.dat/mine.txt", "b.dat"}


SKIPPING = QUESTIONS + "_skip_if_exists: [s.dat, t.dat]\n"


def test_a_seeded_file_that_the_template_drops_stays(tmp_path: Path, capsys: Capture) -> None:
    """COPIER deletes it. The next version does not even name it any more."""
    workshop = open_workshop(tmp_path, {"copier.yml": SKIPPING, "template/s.dat": TEN})
    workshop.release("v1.1.0", {"copier.yml": QUESTIONS, "template/s.dat": None})
    result = report(workshop, capsys)
    assert statuses(result) == {"s.dat": "kept"}
    assert result["notes"] == ["s.dat: the template no longer has it; it is the project's: kept."]
    assert workshop.read("s.dat") == TEN


def test_a_seeded_file_that_both_dropped_is_no_news(tmp_path: Path, capsys: Capture) -> None:
    workshop = open_workshop(tmp_path, {"copier.yml": SKIPPING, "template/s.dat": TEN})
    workshop.edit({"s.dat": None})
    workshop.release("v1.1.0", {"template/s.dat": None})
    assert statuses(report(workshop, capsys)) == {}
    assert files(workshop) == set()


def test_a_seeded_file_that_moves_goes_along_with_what_people_wrote(
    tmp_path: Path, capsys: Capture
) -> None:
    workshop = open_workshop(tmp_path, {"copier.yml": SKIPPING, "template/s.dat": TEN})
    workshop.edit({"s.dat": MINE})
    workshop.release("v1.1.0", {"template/s.dat": None, "template/t.dat": TEN})
    assert statuses(report(workshop, capsys)) == {"t.dat": "renamed"}
    assert workshop.read("t.dat") == MINE


def test_a_seeded_file_gives_way_to_a_folder(tmp_path: Path, capsys: Capture) -> None:
    workshop = open_workshop(tmp_path, {"copier.yml": SKIPPING, "template/s.dat": TEN})
    shutil.rmtree(workshop.template / "template")
    write(
        workshop.template, {"template/.copier-answers.yml.jinja": "{{ _copier_answers|to_yaml }}"}
    )
    workshop.release("v1.1.0", {"template/s.dat/inner.dat": "inner\n"})
    report(workshop, capsys)
    assert files(workshop) == {"s.dat/inner.dat"}


def test_a_file_of_the_project_moves_with_its_folder(workshop: Workshop, capsys: Capture) -> None:
    names = [f"old/{number}.dat" for number in range(4)]
    workshop.release("v1.1.0", {f"template/{name}": f"{name}\n{TEN}" for name in names})
    assert update(workshop.project) == ExitCode.DONE
    workshop.edit({"old/mine.dat": "mine\n"})
    (workshop.template / "template/old").rename(workshop.template / "template/new")
    workshop.release("v1.2.0", {})
    assert statuses(report(workshop, capsys))["new/mine.dat"] == "renamed"
    assert workshop.read("new/mine.dat") == "mine\n"


def test_a_name_that_changes_its_case_alone(workshop: Workshop, capsys: Capture) -> None:
    workshop.edit({"a.dat": MINE})
    workshop.release("v1.1.0", {"template/a.dat": None, "template/A.dat": THEIRS})
    assert statuses(report(workshop, capsys)) == {"A.dat": "merged"}
    assert files(workshop) == {"A.dat", "b.dat"}
    assert workshop.read("A.dat") == BOTH

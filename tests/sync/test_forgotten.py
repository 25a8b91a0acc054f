"""Conflicts that were committed with their markers: they hold no update up, and lose nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from lisa_scaffold import git
from lisa_scaffold.errors import ExitCode

from ..support.sweeps import sampled
from ..support.updates import (
    TEN,
    Capture,
    Workshop,
    open_workshop,
    report,
    statuses,
    update,
    write,
)

OLD = "<<<<<<< before updating\nmine\n=======\ntheirs\n>>>>>>> after updating\n"
FORGOTTEN = TEN.replace("line 5\n", OLD)
SAID = (
    "1 conflict of an earlier merge, committed with its markers (line 5): choose a side there, and "
    "delete the markers."
)
NOT_TAKEN = "the template's change is not taken, as a conflict is in the way."


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    return open_workshop(tmp_path, {"template/a.dat": TEN, "template/b.dat": TEN})


def test_a_file_that_the_update_does_not_touch_is_told(workshop: Workshop, capsys: Capture) -> None:
    """COPIER goes on as well, and says nothing."""
    workshop.edit({"a.dat": FORGOTTEN})
    workshop.release("v1.1.0", {"template/c.dat": "c\n"})
    result = report(workshop, capsys)
    assert statuses(result) == {"c.dat": "added"}
    assert result["notes"] == [f"a.dat: {SAID}"]
    assert workshop.read("a.dat") == FORGOTTEN


def test_a_change_elsewhere_in_the_file_is_merged(workshop: Workshop, capsys: Capture) -> None:
    workshop.edit({"a.dat": FORGOTTEN})
    workshop.release("v1.1.0", {"template/a.dat": TEN.replace("line 9\n", "nine\n")})
    result = report(workshop, capsys)
    assert statuses(result) == {"a.dat": "merged"}
    assert result["notes"] == [f"a.dat: {SAID}"]
    assert workshop.read("a.dat") == FORGOTTEN.replace("line 9\n", "nine\n")


def test_a_change_beside_the_markers_is_told_and_not_nested(
    tmp_path: Path, capsys: Capture
) -> None:
    """COPIER puts new markers around the old ones."""
    lines = "".join(f"line {number}\n" for number in range(1, 31))
    workshop = open_workshop(tmp_path, {"template/a.dat": lines})
    workshop.edit({"a.dat": lines.replace("line 5\n", OLD)})
    changed = lines.replace("line 5\n", "five\n").replace("line 25\n", "more\n")
    workshop.release("v1.1.0", {"template/a.dat": changed})
    result = report(workshop, capsys)
    assert statuses(result) == {"a.dat": "kept"}
    assert result["notes"] == [f"a.dat: {NOT_TAKEN}", f"a.dat: {SAID}"]
    assert workshop.read("a.dat") == lines.replace("line 5\n", OLD)
    # What belongs somewhere in the file applies there; the rest is quoted.
    assert "-line 25\n+more\n" in result["patches"]["a.dat"]
    assert "-line 5\n+five\n" in result["quotations"]["a.dat"]
    assert "line 25" not in result["quotations"]["a.dat"]


def test_a_change_inside_of_one_side_is_not_merged_into_it(
    workshop: Workshop, capsys: Capture
) -> None:
    """Whoever decides for the other side would lose it."""
    marked = f"<<<<<<< a\n{TEN}=======\nmine\n>>>>>>> b\n"
    workshop.edit({"a.dat": marked})
    workshop.release("v1.1.0", {"template/a.dat": TEN.replace("line 5\n", "five\n")})
    result = report(workshop, capsys)
    assert statuses(result) == {"a.dat": "kept"}
    assert workshop.read("a.dat") == marked
    assert "+five\n" in result["patches"]["a.dat"]


@sampled("name", ["pyproject.toml", "a.py", ".pre-commit-config.yaml", "README.md"], 4)
def test_no_merger_of_a_type_takes_such_a_file(tmp_path: Path, capsys: Capture, name: str) -> None:
    base = "a = 1\nb = [\n  1,\n]\n"
    workshop = open_workshop(tmp_path, {f"template/{name}": base})
    marked = f"<<<<<<< a\na = 2\n=======\na = 3\n>>>>>>> b\n{base.partition(chr(10))[2]}"
    workshop.edit({name: marked})
    workshop.release("v1.1.0", {f"template/{name}": base.replace("a = 1", "a = 4")})
    result = report(workshop, capsys)
    assert statuses(result) == {name: "kept"}
    assert workshop.read(name) == marked
    assert "a = 4" in result["patches"].get(name, "") + result["quotations"].get(name, "")


def test_all_files_are_told_at_once_with_all_lines(workshop: Workshop, capsys: Capture) -> None:
    many = "".join(f"{number}\n{OLD}" for number in range(12))
    workshop.edit({"a.dat": f"{OLD}{TEN}{OLD}", "b.dat": many})
    workshop.release("v1.1.0", {"template/c.dat": "c\n"})
    assert report(workshop, capsys)["notes"] == [
        "a.dat: 2 conflicts of an earlier merge, committed with its markers (lines 1 and 16): "
        "choose a side there, and delete the markers.",
        "b.dat: 12 conflicts of an earlier merge, committed with its markers (lines 2, 8, 14, 20, "
        "26, 32, 38, 44, 50, 56 and 2 more): choose a side there, and delete the markers.",
    ]


def test_markers_move_with_their_file(tmp_path: Path, capsys: Capture) -> None:
    workshop = open_workshop(tmp_path, {"template/a.dat": TEN * 3})
    marked = TEN.replace("line 5\n", OLD) + TEN * 2
    workshop.edit({"a.dat": marked})
    workshop.release("v1.1.0", {"template/a.dat": None, "template/in/a.dat": TEN * 3})
    result = report(workshop, capsys)
    assert statuses(result) == {"in/a.dat": "renamed"}
    assert result["notes"] == [f"in/a.dat: {SAID}"]
    assert workshop.read("in/a.dat") == marked
    git.git("reset", "--quiet", "--hard", cwd=workshop.project)
    changed = TEN.replace("line 5\n", "five\n") + TEN * 2
    workshop.release("v1.2.0", {"template/in/a.dat": changed})
    result = report(workshop, capsys)
    assert statuses(result) == {"in/a.dat": "renamed"}
    assert result["notes"] == [f"in/a.dat: {NOT_TAKEN}", f"in/a.dat: {SAID}"]
    assert workshop.read("in/a.dat") == marked
    assert not (workshop.project / "a.dat").exists()


@pytest.mark.sweep
def test_a_file_that_the_project_has_moved(tmp_path: Path, capsys: Capture) -> None:
    workshop = open_workshop(tmp_path, {"template/a.dat": TEN * 3})
    marked = TEN.replace("line 5\n", OLD) + TEN * 2
    workshop.edit({"a.dat": None, "own.dat": marked})
    changed = TEN.replace("line 5\n", "five\n") + TEN * 2
    workshop.release("v1.1.0", {"template/a.dat": changed})
    assert statuses(report(workshop, capsys)) == {"own.dat": "kept"}
    assert workshop.read("own.dat") == marked


def test_a_locked_file_is_the_template_s(tmp_path: Path, capsys: Capture) -> None:
    questions = "_subdirectory: template\n_lisa_ownership:\n  locked: [a.dat]\n"
    workshop = open_workshop(tmp_path, {"copier.yml": questions, "template/a.dat": TEN})
    workshop.edit({"a.dat": FORGOTTEN})
    changed = TEN.replace("line 5\n", "five\n")
    workshop.release("v1.1.0", {"template/a.dat": changed})
    result = report(workshop, capsys)
    assert statuses(result) == {"a.dat": "updated"}
    assert result["notes"] == ["a.dat: locked: the template's lines win, yours are not taken."]
    assert workshop.read("a.dat") == changed


@sampled(
    ("name", "text"),
    [
        ("README.md", f"# Merging\n\n```\n{OLD}```\n"),
        ("a.py", f'TEXT = """\n{OLD}"""\n'),
        ("a.dat", "<<<<<<< begin\nTitle\n=======\n"),
        ("a.dat", "Title\n=======\n>>>>>>> end\n<<<<<<< begin\n"),
    ],
    4,
)
def test_what_documents_markers_is_merged_like_any_file(
    tmp_path: Path, capsys: Capture, name: str, text: str
) -> None:
    """The merge has its usual conflicts, and nothing is told of those that are none."""
    lines = "".join(f"# {each}" for each in TEN.splitlines(keepends=True))
    workshop = open_workshop(tmp_path, {f"template/{name}": lines})
    workshop.edit({name: lines + text})
    workshop.release("v1.1.0", {f"template/{name}": lines.replace("line 2\n", "two\n")})
    result = report(workshop, capsys)
    assert (statuses(result), result["notes"]) == ({name: "merged"}, [])
    assert workshop.read(name) == lines.replace("line 2\n", "two\n") + text


@pytest.mark.sweep
def test_an_example_that_is_the_template_s_own_is_none(tmp_path: Path, capsys: Capture) -> None:
    workshop = open_workshop(tmp_path, {"template/a.dat": TEN + OLD})
    workshop.edit({"a.dat": f"mine\n{TEN}{OLD}"})
    workshop.release("v1.1.0", {"template/a.dat": TEN.replace("line 5\n", "five\n") + OLD})
    result = report(workshop, capsys)
    assert (statuses(result), result["notes"]) == ({"a.dat": "merged"}, [])


@pytest.mark.sweep
def test_a_branch_is_made_from_what_is_committed(workshop: Workshop, capsys: Capture) -> None:
    workshop.edit({"a.dat": FORGOTTEN})
    workshop.release("v1.1.0", {"template/a.dat": TEN.replace("line 5\n", "five\n")})
    write(workshop.project, {"a.dat": TEN})  # resolved, and not committed yet
    assert update(workshop.project, "--branch", "newer") == ExitCode.DONE
    assert SAID in capsys.readouterr().out
    assert git.git("show", "newer:a.dat", cwd=workshop.project) == FORGOTTEN
    assert "+five" in git.git("log", "-1", "--format=%B", "newer", cwd=workshop.project)


def test_recopying_writes_over_them(workshop: Workshop, capsys: Capture) -> None:
    workshop.edit({"a.dat": FORGOTTEN})
    assert report(workshop, capsys, "--recopy")["notes"] == []
    assert workshop.read("a.dat") == TEN


@sampled("state", ["committed", "ignored", "untracked"], 3)
def test_what_an_update_could_not_apply_is_told(
    workshop: Workshop, capsys: Capture, state: str
) -> None:
    """COPIER goes on without a word, but for a file that git does not know."""
    if state == "ignored":
        workshop.edit({".gitignore": "*.rej\n"})
    write(workshop.project, {"a.dat.rej": "x\n"})
    if state == "committed":
        workshop.edit({})
    workshop.release("v1.1.0", {"template/a.dat": TEN.replace("line 5\n", "five\n")})
    result = report(workshop, capsys)
    assert statuses(result) == {"a.dat": "updated"}
    assert result["notes"] == [
        "a.dat: a file beside it (.rej) has what an earlier update could not apply: work it in, "
        "then remove that file."
    ]
    assert workshop.read("a.dat.rej") == "x\n"


@sampled("options", [(), ("--dry-run",), ("--branch", "newer")], 3)
def test_an_update_under_way_is_refused_with_all_its_places(
    workshop: Workshop, capsys: Capture, options: tuple[str, ...]
) -> None:
    mine = TEN.replace("line 5\n", "mine\n")
    workshop.edit({"a.dat": mine, "b.dat": mine.replace("line 10\n", "end\n")})
    theirs = TEN.replace("line 5\n", "theirs\n")
    workshop.release(
        "v1.1.0",
        {"template/a.dat": theirs, "template/b.dat": theirs.replace("line 10\n", "ten\n")},
    )
    assert update(workshop.project) == ExitCode.FINDINGS
    workshop.release("v1.2.0", {"template/c.dat": "c\n"})
    capsys.readouterr()
    assert update(workshop.project, *options) == ExitCode.REFUSED
    assert capsys.readouterr().err == (
        "lisa-scaffold: 2 files with conflicts that are not resolved:\n"
        "  a.dat:5\n"
        "  b.dat (lines 5 and 14)\n"
        "  Resolve them: lisa-scaffold resolve; git reset --merge undoes the update.\n"
    )


@sampled("options", [(), ("--dry-run",), ("--branch", "newer")], 3)
def test_an_update_that_is_not_committed_is_no_base_for_the_next(
    workshop: Workshop, capsys: Capture, options: tuple[str, ...]
) -> None:
    """The last commit lacks what it brought: it would be taken for what the project removed."""
    workshop.release("v1.1.0", {"template/c.dat": "c\n"})
    assert update(workshop.project) == ExitCode.DONE
    workshop.release("v1.2.0", {"template/d.dat": "d\n"})
    capsys.readouterr()
    assert update(workshop.project, *options) == ExitCode.REFUSED
    assert "not as it is committed, as in the middle of an update" in capsys.readouterr().err

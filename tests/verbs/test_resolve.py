"""Conflicts are resolved one by one, each at once, and nothing is lost by whoever stops."""

from __future__ import annotations

import os
import re
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lisa_scaffold import cli, git
from lisa_scaffold.errors import ExitCode, LisaError
from lisa_scaffold.formats.conflicts import find_marked, replace_marked
from lisa_scaffold.report import resolve as report
from lisa_scaffold.sync import kept_report
from lisa_scaffold.verbs.resolve import (
    Decision,
    Session,
    advise_next,
    find_open,
    join_sides,
    read_open,
)

from ..support.sweeps import sampled
from ..support.updates import Capture, Workshop, commit, open_workshop, update, write

MAIN = "import sys; from lisa_scaffold.cli import main; sys.exit(main())"
DOWN, ENTER, CTRL_C, ESCAPE = "\x1b[B", "\r", "\x03", "\x1b"
LEFT = "Left for you to correct: make.sh"
TOML = "[a]\nx = 1\n\n[b]\nq = 1\n\n[c]\nz = 1\n"


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    """A project with conflicts in two files after an update, and something else to correct."""
    files = {"template/a.toml": TOML, "template/b.dat": "one\ntwo\nthree\n"}
    opened = open_workshop(tmp_path, {**files, "template/docs/c.dat": "c\n"})
    opened.edit({"a.toml": TOML.replace("= 1", "= 2"), "b.dat": "one\n2\nthree\n"})
    opened.edit({"docs/c.dat": None, "doc/c.dat": "c\n"})
    newer = {"template/a.toml": TOML.replace("= 1", "= 3"), "template/b.dat": "one\nII\nthree\n"}
    newer["template/make.sh"] = "make docs/html\n"
    opened.release("v1.1.0", newer)
    assert update(opened.project) == ExitCode.FINDINGS
    return opened


def session(workshop: Workshop) -> Session:
    repository = git.find_repository(workshop.project)
    return Session(repository, find_open(repository))


def test_each_conflict_has_its_lines_and_the_names_of_its_sides(workshop: Workshop) -> None:
    first, second = find_open(git.find_repository(workshop.project))
    assert (first.path, second.path) == ("a.toml", "b.dat")
    assert [(place.ours, place.theirs) for place in first.places] == [
        (("x = 2\n",), ("x = 3\n",)),
        (("q = 2\n",), ("q = 3\n",)),
        (("z = 2\n",), ("z = 3\n",)),
    ]
    assert {place.names for place in first.places} == {("project", "template")}


def test_decisions_are_written_at_once_and_staged_at_the_end(workshop: Workshop) -> None:
    going = session(workshop)
    for decision in ("ours", "theirs", "theirs"):
        found = going.find_next()
        assert found is not None
        going.decide(found, decision)
    assert workshop.read("a.toml") == "[a]\nx = 2\n\n[b]\nq = 3\n\n[c]\nz = 3\n"
    found = going.find_next()
    assert found is not None
    assert found.path == "b.dat"
    going.decide(found, "later")
    assert going.find_next() is None
    done, left = going.finish()
    assert done == ["a.toml"]
    assert [each.path for each in left] == ["b.dat"]
    assert [*git.list_unmerged_stages(going.repository)] == ["b.dat"]


@pytest.mark.parametrize(
    ("path", "ours", "theirs", "is_offered"),
    [
        ("a.toml", "x = 1\n", "x = 2\n", False),
        ("a.toml", "x = 1\n", "y = 2\n", True),
        ("a.toml", "[a]\nx = 1\n", "[a]\ny = 1\n", False),
        ("a.toml", '  "numpy",\n', '  "scipy",\n', True),
        ("b.dat", "x = 1\n", "x = 2\n", True),
        ("a.py", "x = [1]\n", "x = [2]\n", False),
        ("a.py", "    x: int = 1\n", "    x = y = 2\n", False),
        ("a.py", "def f():\n    x = 1\n", "def g():\n    x = 1\n", True),
        ("a.py", "class f: pass\n", "async def f(): pass\n", False),
        ("a.py", "x.a = 1\n", "x.a = 2\n", True),
        ("a.py", '    "a": 1,\n', '    "a": 2,\n', True),
    ],
)
def test_both_sides_are_offered_where_they_can_stand_together(
    path: str, ours: str, theirs: str, is_offered: bool, workshop: Workshop
) -> None:
    text = f"<<<<<<< a\n{ours}=======\n{theirs}>>>>>>> b\n"
    write(workshop.project, {"b.dat": text})
    going = session(workshop)
    assert going.may_take_both(going.read("b.dat")._replace(path=path)) is is_offered


@pytest.mark.sweep
def test_a_line_is_no_longer_than_the_terminal(workshop: Workshop) -> None:
    text = workshop.read("b.dat").replace("three", "three " * 40)
    write(workshop.project, {"b.dat": text})
    found = session(workshop).read("b.dat")
    shown = report.place(found, 0, "(1 of 1)", 40).splitlines()
    assert max(map(len, shown)) == 40
    assert shown[-1].endswith("…")
    assert any(len(line) > 40 for line in report.place(found, 0, "").splitlines())


def test_a_decision_is_taken_back(workshop: Workshop) -> None:
    before = workshop.read("a.toml"), workshop.read("b.dat")
    going = session(workshop)
    assert not going.go_back()
    for decision in ("ours", "later", "theirs", "both"):
        found = going.find_next()
        assert found is not None
        going.decide(found, decision)
    for _ in range(4):
        assert going.go_back()
    assert (workshop.read("a.toml"), workshop.read("b.dat")) == before
    assert (going.at, going.number) == (0, 0)
    done, left = going.finish()
    assert (done, len(left)) == ([], 2)


@pytest.mark.parametrize("decision", ["ours", "theirs", "both", "as it stands"])
@pytest.mark.parametrize("path", ["a.toml", "b.dat"])
def test_what_is_edited_while_a_question_waits_is_kept(
    path: str, decision: Decision, workshop: Workshop
) -> None:
    going = session(workshop)
    going.at = going.paths.index(path)
    found = going.find_next()
    assert found is not None
    edited = f"{workshop.read(path)}# an hour of work\n"
    write(workshop.project, {path: edited})
    with pytest.raises(LisaError, match=f"{path}: changed since it was shown"):
        going.decide(found, decision)
    assert workshop.read(path) == edited
    again = going.find_next()
    assert again is not None
    assert again.path == path
    going.decide(again, "theirs")
    assert workshop.read(path).endswith("# an hour of work\n")


def test_a_whole_file_that_is_edited_while_a_question_waits_is_kept(merging: Path) -> None:
    repository = git.find_repository(merging)
    going = Session(repository, find_open(repository))
    (found,) = (each for each in find_open(repository) if each.path == "gone.txt")
    going.at = going.paths.index("gone.txt")
    (merging / "gone.txt").write_text("an hour of work\n")
    with pytest.raises(LisaError, match="changed since it was shown"):
        going.decide(found, "ours" if not found.sides[0] else "theirs")
    assert (merging / "gone.txt").read_text() == "an hour of work\n"


def test_what_is_edited_after_a_decision_is_not_taken_back(workshop: Workshop) -> None:
    going = session(workshop)
    found = going.find_next()
    assert found is not None
    going.decide(found, "ours")
    edited = f"{workshop.read('a.toml')}# an hour of work\n"
    write(workshop.project, {"a.toml": edited})
    with pytest.raises(LisaError, match=r"a\.toml: edited since that was decided"):
        going.go_back()
    assert workshop.read("a.toml") == edited
    again = going.find_next()
    assert again is not None
    going.decide(again, "later")
    write(workshop.project, {"a.toml": f"{edited}# more\n"})
    assert going.go_back()
    assert workshop.read("a.toml") == f"{edited}# more\n"


@pytest.mark.parametrize(
    ("path", "ours", "theirs", "between"),
    [
        ("README.md", "Ours.\n", "Theirs\nand more.\n", "\n"),
        ("docs/a.rst", "Ours.\r\n", "`theirs`\r\n", "\r\n"),
        ("README.md", "Ours.\n\n", "Theirs.\n", ""),
        ("README.md", "- Ours.\n", "- Theirs.\n", ""),
        ("README.md", "| ours |\n", "| theirs |\n", ""),
        ("README.md", "    ours\n", "    theirs\n", ""),
        ("README.md", "", "Theirs.\n", ""),
        ("requirements.txt", "numpy\n", "scipy\n", ""),
        ("a.py", "ours = 1\n", "theirs = 1\n", ""),
    ],
)
def test_paragraphs_of_both_sides_stay_two(path: str, ours: str, theirs: str, between: str) -> None:
    text = f"<<<<<<< ours\n{ours}=======\n{theirs}>>>>>>> theirs\n"
    (place,) = find_marked(text)
    assert replace_marked(text, place, join_sides(path, place)) == f"{ours}{between}{theirs}"


def test_what_is_left_for_later_is_passed_over(workshop: Workshop) -> None:
    going = session(workshop)
    found = going.find_next()
    assert found is not None
    going.decide(found, "later")
    found = going.find_next()
    assert found is not None
    going.decide(found, "theirs")
    assert "<<<<<<< project\nx = 2\n=======\nx = 3\n" in workshop.read("a.toml")
    assert "\nq = 3\n" in workshop.read("a.toml")


@pytest.fixture
def merging(tmp_path: Path) -> Path:
    """A plain merge: a file that one side removed, one that is binary, one with odd names."""
    root = tmp_path / "plain"
    root.mkdir()
    git.git("init", "--quiet", "--initial-branch=main", cwd=root)
    write(
        root,
        {"gone.txt": "a\n", "data.bin": b"\0a", ":(top)odd": "a\r\nb\xe9\r\n".encode("latin-1")},
    )
    commit(root)
    git.git("switch", "--quiet", "--create", "other", cwd=root)
    write(root, {"gone.txt": None, "data.bin": b"\0b", ":(top)odd": b"a2\r\nb\xe9\r\n"})
    commit(root)
    git.git("switch", "--quiet", "main", cwd=root)
    write(root, {"gone.txt": "b\n", "data.bin": b"\0c", ":(top)odd": b"a3\r\nb\xe9\r\n"})
    commit(root)
    with pytest.raises(git.GitError):
        git.git("merge", "--quiet", "other", cwd=root)
    return root


def test_files_as_a_whole(merging: Path) -> None:
    repository = git.find_repository(merging)
    going = Session(repository, find_open(repository))
    assert going.paths == [":(top)odd", "data.bin", "gone.txt"]
    for decision in ("theirs", "theirs", "theirs"):
        found = going.find_next()
        assert found is not None
        going.decide(found, decision)
    assert (merging / ":(top)odd").read_bytes() == b"a2\r\nb\xe9\r\n"
    assert (merging / "data.bin").read_bytes() == b"\0b"
    assert not (merging / "gone.txt").exists()
    assert going.go_back()
    assert (merging / "gone.txt").read_text() == "b\n"
    found = going.find_next()
    assert found is not None
    going.decide(found, "as it stands")
    assert going.finish() == ([":(top)odd", "data.bin", "gone.txt"], [])
    assert git.git("status", "--porcelain", cwd=merging).splitlines() == [
        "M  :(top)odd",
        "M  data.bin",
    ]
    assert advise_next(repository) == "git commit"


def test_no_folder_goes_for_a_file(merging: Path) -> None:
    (merging / "data.bin").unlink()
    write(merging, {"data.bin/only.txt": "nowhere else\n"})
    repository = git.find_repository(merging)
    going = Session(repository, find_open(repository))
    (found,) = (each for each in find_open(repository) if each.path == "data.bin")
    for decision in ("ours", "theirs"):
        with pytest.raises(LisaError, match="a folder is there now"):
            going.decide(found, decision)
    assert (merging / "data.bin/only.txt").read_text() == "nowhere else\n"


def test_a_submodule_that_one_side_removed(tmp_path: Path) -> None:
    inner, root = tmp_path / "inner", tmp_path / "root"
    for folder in (inner, root):
        folder.mkdir()
        git.git("init", "--quiet", "--initial-branch=main", cwd=folder)
    for text in ("1\n", "2\n"):
        write(inner, {"a": text})
        commit(inner)
    link = ("update-index", "--add", "--cacheinfo")
    message = ("commit", "--quiet", "--allow-empty", "--message=x")
    git.git(*link, f"160000,{head(inner, 'HEAD~1')},sub", cwd=root)
    git.git(*message, cwd=root)
    git.git("switch", "--quiet", "--create", "other", cwd=root)
    git.git("rm", "--quiet", "--cached", "sub", cwd=root)
    git.git(*message, cwd=root)
    git.git("switch", "--quiet", "main", cwd=root)
    git.git(*link, f"160000,{head(inner, 'HEAD')},sub", cwd=root)
    git.git(*message, cwd=root)
    shutil.copytree(inner, root / "sub", dirs_exist_ok=True)
    with pytest.raises(git.GitError):
        git.git("merge", "--quiet", "other", cwd=root)
    repository = git.find_repository(root)
    going = Session(repository, find_open(repository))
    found = going.find_next()
    assert found is not None
    with pytest.raises(LisaError, match="a submodule"):
        going.decide(found, "ours")
    going.decide(found, "theirs")
    assert going.finish() == (["sub"], [])
    assert git.git("ls-files", "--stage", cwd=root) == ""
    assert (root / "sub/a").read_text() == "2\n"


def head(folder: Path, name: str) -> str:
    return git.git("rev-parse", name, cwd=folder).strip()


def test_how_to_go_on_with_a_rebase(merging: Path) -> None:
    git.git("merge", "--abort", cwd=merging)
    with pytest.raises(git.GitError):
        git.git("rebase", "--quiet", "other", cwd=merging)
    assert advise_next(git.find_repository(merging)) == "git rebase --continue"


def test_what_could_not_be_read_is_not_written(workshop: Workshop) -> None:
    before = workshop.read("a.toml")
    going = session(workshop)
    for decision in ("ours", "theirs", "ours"):
        found = going.find_next()
        assert found is not None
        with pytest.raises(LisaError, match=r"it could not be read, and is left as it is: a.toml"):
            going.decide(found, "both")
        assert not going.may_take_both(found)
        going.decide(found, decision)
    assert workshop.read("a.toml") == "[a]\nx = 2\n\n[b]\nq = 3\n\n[c]\nz = 2\n"
    for _ in range(3):
        assert going.go_back()
    assert workshop.read("a.toml") == before


@pytest.mark.parametrize(
    ("path", "above", "ours", "theirs", "below"),
    [
        ("a.yaml", "- id: a\n", "  args: [b]\n", "  args: [c]\n", "  pass: true\n"),
        ("a.json", "{\n", '"x": 1\n', '"x": 2\n', "}\n"),
    ],
)
def test_both_sides_are_offered_only_where_the_file_can_be_read(  # noqa: PLR0913, PLR0917
    path: str, above: str, ours: str, theirs: str, below: str, merging: Path
) -> None:
    marked = f"{above}<<<<<<< a\n{ours}=======\n{theirs}>>>>>>> b\n{below}"
    (merging / path).write_text(marked)
    repository = git.find_repository(merging)
    found = read_open(repository, path, {2: "100644", 3: "100644"})
    going = Session(repository, [found])
    assert not going.may_take_both(found)
    with pytest.raises(LisaError, match="could not be read"):
        going.decide(found, "both")
    assert (merging / path).read_text() == marked


def test_what_cannot_be_read_either_way_is_asked_about_again_and_not_staged(
    workshop: Workshop,
) -> None:
    text = workshop.read("a.toml")
    write(workshop.project, {"a.toml": f"{text}[c]\n"})
    going = session(workshop)
    for _ in range(3):
        found = going.find_next()
        assert found is not None
        going.decide(found, "ours")
    found = going.find_next()
    assert found is not None
    assert (found.path, found.places) == ("a.toml", ())
    said = "As it stands, it cannot be read: a.toml:9: "
    assert said in report.tell_whole(found, "", may_go_back=True)
    assert report.tell_whole(found, "").endswith(". Edit it, or take one side's file.")
    done, left = going.finish()
    assert (done, [each.path for each in left]) == ([], ["a.toml", "b.dat"])
    # Whoever begins anew cannot go back, and still has both sides.
    going = session(workshop)
    found = going.find_next()
    assert found is not None
    assert not going.go_back()
    assert going.decide(found, "theirs")
    assert workshop.read("a.toml") == TOML.replace("= 1", "= 3")
    assert going.finish()[0] == ["a.toml"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = (\n", "1: no valid Python"),
        (f"x = {'not ' * 3000}y\n", "1: nested too deeply"),
        (f"x = {'-' * 100_000}1\n", "1: nested too deeply"),
    ],
    ids=["syntax", "depth", "memory"],
)
def test_python_that_cannot_be_read(text: str, said: str, merging: Path) -> None:
    repository = git.find_repository(merging)
    (merging / "s.py").write_text(text)
    found = read_open(repository, "s.py", {2: "100644", 3: "100644"})
    assert (found.places, found.problem) == ((), f"s.py:{said}")


@sampled(
    ("path", "text", "line"),
    [
        ("a.toml", "x = 1\n=======\nx = 2\n", 2),
        ("a.toml", "x = 1\n>>>>>>> template\n", 2),
        ("a.toml", "<<<<<<< project\nx = 1\n", 1),
        ("a.toml", "x = 1\n", None),
        ("a.md", "Heading\n=======\n", None),
        ("a.md", "Heading\n||||||| base\n", 2),
    ],
    6,
)
def test_a_part_of_a_marker_is_noticed(
    workshop: Workshop, path: str, text: str, line: int | None
) -> None:
    write(workshop.project, {path: text})
    found = read_open(git.find_repository(workshop.project), path, {2: "100644", 3: "100644"})
    assert found.leftover == line
    if line:
        assert f"A part of a marker is left in line {line}" in report.tell_whole(found, "")


@pytest.mark.sweep
def test_an_edit_is_taken_back_too(workshop: Workshop) -> None:
    before = workshop.read("a.toml")
    going = session(workshop)
    found = going.find_next()
    assert found is not None
    going.edit(found, lambda: None)
    assert not going.go_back()
    going.edit(found, lambda: write(workshop.project, {"a.toml": "x = 1\n=======\n"}))
    again = going.find_next()
    assert again is not None
    assert (again.path, again.leftover) == ("a.toml", 2)
    assert going.go_back()
    assert workshop.read("a.toml") == before


# --- Conflicts in a text --------------------------------------------------------------------------

LINES = st.lists(st.sampled_from(["a\n", "b\r\n", "=======\n", "", "é"]), max_size=4).map("".join)


def test_markers_with_a_base_and_markers_that_are_none() -> None:
    text = "<<<<<<< a\n1\n||||||| b\n0\n=======\n2\n>>>>>>> c\n<<<<<<< lost\nx\n"
    (found,) = find_marked(text)
    assert (found.ours, found.base, found.theirs) == (("1\n",), ("0\n",), ("2\n",))
    assert found.names == ("a", "c")
    assert replace_marked(text, found, found.theirs) == "2\n<<<<<<< lost\nx\n"
    assert list(find_marked("=======\n>>>>>>> x\n||||||| y\n")) == []


@given(st.text(alphabet="<|=> ab\n\r", max_size=200))
def test_any_text_is_put_together_again(text: str) -> None:
    for place in find_marked(text):
        assert 0 <= place.start < place.end
        assert len(replace_marked(text, place, ())) < len(text)


# --- At a terminal --------------------------------------------------------------------------------


def start(workshop: Workshop) -> pexpect.spawn[str]:
    """The command at a terminal of its own."""
    child = pexpect.spawn(
        sys.executable,
        ["-c", MAIN, "resolve"],
        cwd=workshop.project,
        encoding="utf-8",
        timeout=60,
        dimensions=(60, 100),
    )
    child.delaybeforesend = None
    return child


@pytest.fixture
def terminal(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> Iterator[pexpect.spawn[str]]:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("PROMPT_TOOLKIT_NO_CPR", "1")
    for name in ("GIT_EDITOR", "VISUAL"):
        monkeypatch.delenv(name, raising=False)
    editor = workshop.project.parent / "editor"
    editor.write_text('#!/bin/sh\nprintf "edited\\n" > "$1"\n')
    editor.chmod(0o755)
    monkeypatch.setenv("EDITOR", str(editor))
    child = start(workshop)
    yield child
    child.close(force=True)


def decide(terminal: pexpect.spawn[str], shown: str, keys: str) -> None:
    terminal.expect_exact(shown)
    terminal.expect_exact("Decide later")
    terminal.send(keys)


def test_the_dialogue(terminal: pexpect.spawn[str], workshop: Workshop) -> None:
    terminal.expect_exact("(file 1 of 2, conflict 1 of 3)")
    decide(terminal, "-- the project's", ENTER)
    decide(terminal, "(file 1 of 2, conflict 2 of 3)", DOWN + ENTER)
    # Back, and the other way round.
    decide(terminal, "(file 1 of 2, conflict 3 of 3)", ESCAPE)
    decide(terminal, "(file 1 of 2, conflict 2 of 3)", ENTER)
    # One key twice could not be read: there is nothing between one side and the editor.
    decide(terminal, "(file 1 of 2, conflict 3 of 3)", DOWN + ENTER)
    decide(terminal, "(file 2 of 2, conflict 1 of 1)", DOWN * 3 + ENTER)
    terminal.expect_exact(
        f"2 files resolved and staged. No conflict is left: go on with: git commit\r\n{LEFT}\r\n"
        "The update's report says why: lisa-scaffold update --report\r\n"
    )
    terminal.expect(pexpect.EOF)
    terminal.wait()
    assert terminal.exitstatus == ExitCode.DONE
    assert workshop.read("a.toml") == "[a]\nx = 2\n\n[b]\nq = 2\n\n[c]\nz = 3\n"
    assert workshop.read("b.dat") == "edited\n"
    assert git.list_unmerged_stages(git.find_repository(workshop.project)) == {}


def test_what_is_left_beside_conflicts_is_told_of_that_update_alone(workshop: Workshop) -> None:
    repository = git.find_repository(workshop.project)
    assert kept_report.find_left(repository, ["a.toml", "b.dat"]) == LEFT
    assert kept_report.find_left(repository, ["a.toml"]) == LEFT
    assert kept_report.find_left(repository, ["a.toml", "of another merge"]) == ""
    write(workshop.project, {"a.toml": TOML, "b.dat": "one\n"})
    commit(workshop.project)
    assert kept_report.find_left(git.find_repository(workshop.project), ["a.toml"]) == ""
    write(workshop.project, {".git/lisa-scaffold/report.json": "{}"})
    assert kept_report.find_left(repository, ["a.toml"]) == ""


@pytest.fixture
def resolved(workshop: Workshop) -> Workshop:
    """Resolved in an editor, without `git add`; or in `resolve`, which was killed."""
    write(workshop.project, {"a.toml": "[mine]\n", "b.dat": "mine\n"})
    return workshop


def test_what_was_resolved_in_an_editor_stays(
    resolved: Workshop, terminal: pexpect.spawn[str]
) -> None:
    decide(terminal, "No conflict is marked in it any more.", ENTER)
    decide(terminal, "No conflict is marked in it any more.", DOWN + ENTER)
    terminal.expect(r"What stood there is kept for now: git cat-file -p ([0-9a-f]{40})")
    assert isinstance(terminal.match, re.Match)
    kept = terminal.match[1]
    terminal.expect(pexpect.EOF)
    assert (resolved.read("a.toml"), resolved.read("b.dat")) == ("[mine]\n", "one\n2\nthree\n")
    assert git.git("cat-file", "-p", kept, cwd=resolved.project) == "mine\n"


def test_what_a_side_has_is_not_kept_again(merging: Path) -> None:
    repository = git.find_repository(merging)
    going = Session(repository, find_open(repository))
    kept = {path: going.decide(going.read(path), "theirs") for path in ("data.bin", "gone.txt")}
    assert kept == {"data.bin": "", "gone.txt": ""}


def test_whoever_stops_goes_on_the_next_time(
    terminal: pexpect.spawn[str], workshop: Workshop
) -> None:
    decide(terminal, "(file 1 of 2, conflict 1 of 3)", DOWN + ENTER)
    decide(terminal, "(file 1 of 2, conflict 2 of 3)", CTRL_C)
    terminal.expect_exact("Stop here?")
    terminal.send(ENTER)
    terminal.expect_exact("0 files resolved and staged. Left for later:")
    terminal.expect_exact("Go on with: lisa-scaffold resolve")
    terminal.expect_exact("This is done, and stays: what was decided stands in its files.")
    terminal.expect(pexpect.EOF)
    terminal.wait()
    assert terminal.exitstatus == ExitCode.INTERRUPTED
    assert workshop.read("a.toml").startswith("[a]\nx = 3\n\n[b]\n<<<<<<< project\n")
    assert [len(each.places) for each in find_open(git.find_repository(workshop.project))] == [2, 1]


def test_whoever_was_killed_has_both_sides_of_what_cannot_be_read(
    terminal: pexpect.spawn[str], workshop: Workshop
) -> None:
    write(workshop.project, {"a.toml": "[a]\nx = 2\nx = 3\n"})
    terminal.expect_exact("Edit it, or take one side's file.")
    decide(terminal, "Edit the file", "")
    terminal.kill(signal.SIGKILL)
    terminal.expect(pexpect.EOF)
    again = start(workshop)
    decide(again, "Edit it, or take one side's file.", DOWN * 2 + ENTER)
    again.expect_exact("What stood there is kept for now: git cat-file -p ")
    decide(again, "(file 2 of 2, conflict 1 of 1)", CTRL_C)
    again.expect_exact("Stop here?")
    again.send(ENTER)
    again.expect_exact("1 file resolved and staged. Left for later:")
    again.expect(pexpect.EOF)
    assert workshop.read("a.toml") == TOML.replace("= 1", "= 3")


def test_the_list_and_no_terminal(
    workshop: Workshop, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    capsys.readouterr()
    assert cli.main(["resolve", str(workshop.project), "--list"]) == ExitCode.FINDINGS
    assert capsys.readouterr().out == "a.toml:2\na.toml:9\na.toml:16\nb.dat:2\n"
    assert cli.main(["resolve", str(workshop.project)]) == ExitCode.REFUSED
    assert "no terminal to ask at" in capsys.readouterr().err
    git.git("reset", "--quiet", "--merge", cwd=workshop.project)
    monkeypatch.chdir(workshop.project)
    assert cli.main(["resolve"]) == ExitCode.DONE
    assert capsys.readouterr().err == "There is no conflict here.\n"


@pytest.mark.sweep
def test_going_back_brings_a_link_and_permissions_back(workshop: Workshop) -> None:
    """A file of the template takes the place of a link that the project has."""
    place = workshop.project / "b.dat"
    place.unlink()
    place.symlink_to("nowhere")
    going = session(workshop)
    going.at = 1
    for decision in ("theirs", "ours"):
        going.decide(going.read("b.dat"), decision)
        assert not place.is_symlink()
        assert going.go_back()
        assert place.readlink() == Path("nowhere")
        going.at, going.number = 1, 0
    place.unlink()
    place.write_text("mine\n")
    place.chmod(0o750)
    going.decide(going.read("b.dat"), "theirs")
    assert place.read_text() != "mine\n"
    assert going.go_back()
    assert (place.read_text(), place.stat().st_mode & 0o777) == ("mine\n", 0o750)


def test_a_link_goes_where_the_chosen_side_has_no_file(merging: Path) -> None:
    (merging / "gone.txt").unlink()
    (merging / "gone.txt").symlink_to("nowhere")
    repository = git.find_repository(merging)
    going = Session(repository, find_open(repository))
    (found,) = (each for each in find_open(repository) if each.path == "gone.txt")
    going.at = going.paths.index("gone.txt")
    going.decide(found, "ours" if not found.sides[0] else "theirs")
    assert not os.path.lexists(merging / "gone.txt")
    assert going.go_back()
    assert (merging / "gone.txt").readlink() == Path("nowhere")


def test_no_link_is_written_through(workshop: Workshop, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("<<<<<<< project\n1\n=======\n2\n>>>>>>> template\n")
    (workshop.project / "b.dat").unlink()
    (workshop.project / "b.dat").symlink_to(secret)
    going = session(workshop)
    (found,) = (going.read(path) for path in going.paths if path == "b.dat")
    assert found.text is None
    going.at, going.number = 1, 0
    going.decide(found, "theirs")
    assert (workshop.project / "b.dat").read_text() == "one\nII\nthree\n"
    assert secret.read_text().startswith("<<<<<<< ")

"""Updates of real repositories; what plain Copier loses or leaves is told at each test."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from lisa_scaffold import git, template
from lisa_scaffold.errors import ExitCode
from lisa_scaffold.verbs.update import Prepared, Updated

from ..support.sweeps import sampled
from ..support.tools import passes
from ..support.updates import (
    QUESTIONS,
    TEN,
    Capture,
    Workshop,
    commit,
    make_project,
    open_workshop,
    report,
    statuses,
    update,
    write,
)


def copier_update(project: Path) -> subprocess.CompletedProcess[str]:
    """What plain Copier does with the same project."""
    program = Path(sys.executable).parent / "copier"
    return subprocess.run(
        [program, "update", "--defaults", "--quiet"],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    return open_workshop(tmp_path, {"template/a.dat": TEN, "template/b.dat": "b\n"})


def test_both_sides_changes_come_together(workshop: Workshop, capsys: Capture) -> None:
    workshop.edit({"a.dat": TEN.replace("line 2\n", "mine\n")})
    workshop.release("v1.1.0", {"template/a.dat": TEN.replace("line 9\n", "theirs\n")})
    result = report(workshop, capsys)
    assert (result["schema"], result["from"], result["to"]) == (
        "lisa-scaffold/update/1",
        "v1.0.0",
        "v1.1.0",
    )
    assert statuses(result) == {"a.dat": "merged"}
    expected = TEN.replace("line 2\n", "mine\n").replace("line 9\n", "theirs\n")
    assert workshop.read("a.dat") == expected
    assert workshop.status() == ["M  .copier-answers.yml", "M  a.dat"]
    assert "_commit: v1.1.0\n" in workshop.read(".copier-answers.yml")


def test_the_whole_update_can_be_undone(workshop: Workshop) -> None:
    workshop.release("v1.1.0", {"template/a.dat": "new\n", "template/c.dat": "c\n"})
    assert update(workshop.project) == ExitCode.DONE
    git.git("reset", "--merge", cwd=workshop.project)
    assert workshop.status() == []
    assert workshop.read("a.dat") == TEN
    assert not (workshop.project / "c.dat").exists()


@pytest.mark.uncounted
def test_files_come_and_go_and_folders_with_them(workshop: Workshop, capsys: Capture) -> None:
    workshop.release("v1.1.0", {"template/b.dat": None, "template/new/c.dat": "c\n"})
    assert statuses(report(workshop, capsys)) == {"b.dat": "removed", "new/c.dat": "added"}
    commit(workshop.project)
    workshop.release("v1.2.0", {"template/new/c.dat": None})
    assert statuses(report(workshop, capsys)) == {"new/c.dat": "removed"}
    assert not (workshop.project / "new").exists()


def test_nothing_to_do_is_said_without_copier(workshop: Workshop) -> None:
    show = (
        "import sys; from lisa_scaffold import cli\n"
        f"code = cli.main(['update', {str(workshop.project)!r}])\n"
        "print(code, sorted({'copier', 'questionary', 'jinja2'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", show], capture_output=True, text=True, check=True)
    assert done.stdout == "Nothing to do: the project has v1.0.0.\n0 []\n"


@pytest.mark.sweep
def test_a_file_that_is_too_large_is_merged_by_git_and_told(
    workshop: Workshop, capsys: Capture
) -> None:
    rows = "".join(f"- {number}\n" for number in range(6_000))
    workshop.release("v1.1.0", {"template/large.yml": f"a: theirs\nb:\n{rows}"})
    workshop.edit({"large.yml": f"a: ours\nb:\n{rows}"})
    result = report(workshop, capsys)
    assert result["conflicts"] == ["large.yml"]
    large = "It is too large to be merged by its parts: git has merged its lines."
    assert f"large.yml: {large}" in result["notes"]


@pytest.mark.sweep
def test_a_file_that_no_memory_holds_is_refused(
    workshop: Workshop, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lisa_scaffold.git.objects.LARGE", 1_000_000)
    workshop.edit({"a.txt": "a\n" * 1_000_000})
    workshop.release("v2.0.0", {"template/a.txt": f"{TEN}more\n"})
    assert update(workshop.project) == ExitCode.REFUSED
    assert "a.txt: too large to be merged (2 MB in the last commit)" in capsys.readouterr().err


def test_a_template_of_countless_files_is_refused(
    workshop: Workshop, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_module("lisa_scaffold.git.checkout"), "MOST_FILES", 20)
    workshop.release("v2.0.0", {f"folder/{number}": "" for number in range(20)})
    assert update(workshop.project) == ExitCode.REFUSED
    said = capsys.readouterr().err
    assert "version v2.0.0 of the template has more than 20 files and folders" in said


def test_a_conflict_has_markers_and_index_stages(workshop: Workshop, capsys: Capture) -> None:
    """COPIER exits 0 and lists nothing."""
    workshop.edit({"a.dat": TEN.replace("line 5\n", "mine\n")})
    workshop.release("v1.1.0", {"template/a.dat": TEN.replace("line 5\n", "theirs\n")})
    result = report(workshop, capsys)
    assert result["conflicts"] == ["a.dat"]
    assert "<<<<<<< project\nmine\n=======\ntheirs\n>>>>>>> template\n" in workshop.read("a.dat")
    assert "UU a.dat" in workshop.status()
    stages = [
        git.git("show", f":{number}:a.dat", cwd=workshop.project).split("\n")[4]
        for number in (1, 2, 3)
    ]
    assert stages == ["line 5", "mine", "theirs"]
    git.git("reset", "--merge", cwd=workshop.project)
    assert workshop.status() == []


def test_an_edit_follows_a_file_that_the_template_moves(
    workshop: Workshop, capsys: Capture
) -> None:
    """COPIER deletes the edit silently."""
    edited = TEN.replace("line 2\n", "mine\n")
    workshop.edit({"a.dat": edited})
    moved = TEN.replace("line 9\n", "theirs\n")
    workshop.release("v1.1.0", {"template/a.dat": None, "template/sub/a.dat": moved})
    result = report(workshop, capsys)
    assert statuses(result)["sub/a.dat"] == "merged"
    assert workshop.read("sub/a.dat") == edited.replace("line 9\n", "theirs\n")
    assert not (workshop.project / "a.dat").exists()


def test_a_change_follows_a_file_that_the_project_moved(
    workshop: Workshop, capsys: Capture
) -> None:
    """COPIER loses the template's change silently."""
    workshop.edit({"a.dat": None, "moved.dat": TEN})
    workshop.release("v1.1.0", {"template/a.dat": TEN.replace("line 9\n", "theirs\n")})
    report(workshop, capsys)
    assert "theirs\n" in workshop.read("moved.dat")
    assert not (workshop.project / "a.dat").exists()


def test_bytes_that_are_no_utf_8_are_kept(workshop: Workshop, capsys: Capture) -> None:
    """COPIER drops the byte silently, even where the template did not touch it."""
    latin = TEN.replace("line 2\n", "Universit\u00e9\n").encode("latin-1")
    workshop.edit({"a.dat": latin})
    workshop.release("v1.1.0", {"template/a.dat": TEN.replace("line 9\n", "theirs\n")})
    report(workshop, capsys)
    expected = latin.replace(b"line 9\n", b"theirs\n")
    assert (workshop.project / "a.dat").read_bytes() == expected


def test_a_project_that_uses_crlf_keeps_it(workshop: Workshop, capsys: Capture) -> None:
    """COPIER conflicts."""
    workshop.edit({"a.dat": TEN.replace("\n", "\r\n")})
    workshop.release("v1.1.0", {"template/a.dat": TEN.replace("line 9\n", "theirs\n")})
    result = report(workshop, capsys)
    assert result["conflicts"] == []
    expected = TEN.replace("line 9\n", "theirs\n").replace("\n", "\r\n")
    assert (workshop.project / "a.dat").read_bytes() == expected.encode()


def test_a_pin_that_both_moved_up_is_no_conflict(tmp_path: Path, capsys: Capture) -> None:
    """COPIER conflicts whenever the template bumps a hook that the project bumped."""
    config = (
        "repos:\n  - repo: https://example.org/hooks\n    rev: v{}\n    hooks:\n      - id: x\n"
    )
    name = ".pre-commit-config.yaml"
    workshop = open_workshop(tmp_path, {f"template/{name}": config.format("1.0.0")})
    workshop.edit({name: config.format("1.2.0")})
    workshop.release("v1.1.0", {f"template/{name}": config.format("1.3.0")})
    result = report(workshop, capsys)
    assert result["conflicts"] == []
    assert workshop.read(name) == config.format("1.3.0")
    assert any("1.2.0" in note for note in result["notes"])


def test_a_deleted_file_stays_deleted(workshop: Workshop, capsys: Capture) -> None:
    workshop.edit({"a.dat": None})
    workshop.release("v1.1.0", {"template/a.dat": TEN + "more\n"})
    result = report(workshop, capsys)
    assert statuses(result) == {"a.dat": "left out"}
    assert result["notes"] == ["a.dat: the project deleted it, the template changed it."]
    assert "+more\n" in result["quotations"]["a.dat"]
    assert not (workshop.project / "a.dat").exists()


SKIPPING = QUESTIONS + "_skip_if_exists: [s.dat]\n"


@pytest.mark.uncounted
def test_a_seeded_file_is_the_projects(tmp_path: Path, capsys: Capture) -> None:
    """COPIER brings it back where the project deleted it."""
    workshop = open_workshop(tmp_path, {"copier.yml": SKIPPING, "template/s.dat": "seed\n"})
    workshop.release("v1.1.0", {"template/s.dat": "better seed\n"})
    report(workshop, capsys)
    assert workshop.read("s.dat") == "seed\n"
    workshop.edit({"s.dat": None})
    workshop.release("v1.2.0", {"template/s.dat": "best seed\n"})
    result = report(workshop, capsys)
    assert statuses(result) == {"s.dat": "left out"}
    assert (result["notes"], result["patches"], result["quotations"]) == ([], {}, {})
    assert not (workshop.project / "s.dat").exists()
    workshop.edit({"mine.dat": "mine\n"})
    workshop.release("v1.3.0", {"template/other.dat": "other\n"})
    assert statuses(report(workshop, capsys)) == {"other.dat": "added"}


def test_a_seeded_file_that_is_new_is_written_once(tmp_path: Path, capsys: Capture) -> None:
    workshop = open_workshop(tmp_path, {"copier.yml": SKIPPING})
    workshop.release("v1.1.0", {"template/s.dat": "seed\n"})
    assert statuses(report(workshop, capsys)) == {"s.dat": "added"}


def test_a_seeded_file_does_not_replace_one_of_the_projects(
    tmp_path: Path, capsys: Capture
) -> None:
    workshop = open_workshop(tmp_path, {"copier.yml": SKIPPING})
    workshop.edit({"s.dat": "mine\n"})
    workshop.release("v1.1.0", {"template/s.dat": "seed\n"})
    assert statuses(report(workshop, capsys)) == {}
    assert workshop.read("s.dat") == "mine\n"


@pytest.mark.sweep
def test_a_file_of_a_feature_that_went_is_kept_where_it_was_edited(
    tmp_path: Path, capsys: Capture
) -> None:
    """COPIER deletes it together with the edits."""
    questions = QUESTIONS + (
        "extra:\n  type: bool\n  help: Extra\n  default: true\n"
        "_exclude: ['{% if not extra %}/*.dat{% endif %}']\n"
    )
    files = {"copier.yml": questions, "template/one.dat": TEN, "template/two.dat": "2\n"}
    workshop = open_workshop(tmp_path, files)
    workshop.edit({"one.dat": TEN + "mine\n"})
    result = report(workshop, capsys, "--data", "extra=no")
    assert statuses(result) == {"one.dat": "kept", "two.dat": "removed"}
    assert workshop.read("one.dat") == TEN + "mine\n"


def test_what_gitignore_names_is_not_added(workshop: Workshop, capsys: Capture) -> None:
    workshop.edit({".gitignore": "*.log\n"})
    workshop.release("v1.1.0", {"template/x.log": "x\n"})
    assert statuses(report(workshop, capsys)) == {"x.log": "left out"}
    assert not (workshop.project / "x.log").exists()


@pytest.mark.parametrize("ours", ["*.txt\n", "*.txt\n/mine\n"])
def test_a_locked_file_comes_whatever_gitignore_names(
    workshop: Workshop, capsys: Capture, ours: str
) -> None:
    workshop.edit({".gitignore": ours})
    owned = f"{QUESTIONS}_lisa_ownership:\n  locked: [/ci/*]\n"
    files = {"copier.yml": owned, "template/ci/x.txt": "x\n", "template/y.txt": "y\n"}
    workshop.release("v1.1.0", files)
    result = report(workshop, capsys)
    expected = {"ci/x.txt": "added", ".gitignore": "merged", "y.txt": "left out"}
    assert statuses(result) == expected
    assert workshop.read(".gitignore") == (
        f"{ours}\n# The template's jobs read these, whatever is ignored above\n!/ci/x.txt\n"
    )
    assert (
        ".gitignore: it named ci/x.txt, which the jobs need: its last lines take that back."
        in result["notes"]
    )
    git.git("commit", "--quiet", "--message=Update", cwd=workshop.project)
    git.git("rm", "--quiet", "--cached", "ci/x.txt", cwd=workshop.project)
    git.git("add", "ci/x.txt", cwd=workshop.project)


def test_without_a_gitignore_of_its_own_a_locked_file_is_told(
    workshop: Workshop, capsys: Capture
) -> None:
    (workshop.project / ".git/info/exclude").write_text("*.txt\n")
    owned = f"{QUESTIONS}_lisa_ownership:\n  locked: [/ci/*]\n"
    workshop.release("v1.1.0", {"copier.yml": owned, "template/ci/x.txt": "x\n"})
    result = report(workshop, capsys)
    assert statuses(result) == {"ci/x.txt": "added"}
    told = "ci/x.txt: git is told to ignore it, and the jobs need it: it is added anyway."
    assert told in result["notes"]


def test_a_new_question_takes_its_default_and_is_reported(
    workshop: Workshop, capsys: Capture
) -> None:
    more = QUESTIONS + "size:\n  type: int\n  help: Size\n  default: 3\n"
    workshop.release("v1.1.0", {"copier.yml": more, "template/size.dat.jinja": "{{ size }}\n"})
    result = report(workshop, capsys)
    assert workshop.read("size.dat") == "3\n"
    assert any(note.startswith("New question size: answered 3") for note in result["notes"])


@pytest.mark.sweep
@sampled(
    ("ask", "told"),
    [
        ("\"{{ name == 'elsewhere' }}\"", False),
        ('"{{ advanced and false }}"', False),
        ('"{{ advanced }}"', True),
        ("\"{{ advanced and name != 'elsewhere' }}\"", True),
        ("true", True),
    ],
    3,
)
def test_a_new_question_of_other_projects_is_not_told(
    ask: str, told: bool, workshop: Workshop, capsys: Capture
) -> None:
    more = f"{QUESTIONS}size:\n  type: int\n  help: Size\n  default: 3\n  ask: {ask}\n"
    workshop.release("v1.1.0", {"copier.yml": more})
    notes = report(workshop, capsys)["notes"]
    assert any(note.startswith("New question size") for note in notes) is told


@pytest.mark.sweep
def test_a_new_question_that_nobody_is_asked_is_not_told(
    workshop: Workshop, capsys: Capture
) -> None:
    more = QUESTIONS + "own:\n  type: bool\n  help: Own\n  default: false\n  ask: false\n"
    workshop.release("v1.1.0", {"copier.yml": more, "template/own.dat.jinja": "{{ own }}\n"})
    result = report(workshop, capsys)
    assert workshop.read("own.dat") == "False\n"
    assert not any("own" in note for note in result["notes"])


def test_a_new_question_without_a_default_is_named(workshop: Workshop, capsys: Capture) -> None:
    """COPIER crashes with --defaults on every older project."""
    more = QUESTIONS + "size:\n  type: int\n  help: Size\n"
    workshop.release("v1.1.0", {"copier.yml": more})
    assert update(workshop.project) == ExitCode.REFUSED
    assert "size" in capsys.readouterr().err
    assert workshop.status() == []
    assert update(workshop.project, "--data", "size=4") == ExitCode.DONE


def test_an_answer_that_is_not_taken_any_more_falls_back_with_a_word(
    tmp_path: Path, capsys: Capture
) -> None:
    choice = "color:\n  type: str\n  help: Color\n  choices: {}\n  default: {}\n"
    first = QUESTIONS + choice.format("[red, green]", "red")
    workshop = open_workshop(tmp_path, {"copier.yml": first}, color="green")
    second = QUESTIONS + choice.format("[red, blue]", "blue")
    workshop.release("v1.1.0", {"copier.yml": second})
    result = report(workshop, capsys)
    assert "color: blue\n" in workshop.read(".copier-answers.yml")
    assert any("color='green' is not taken any more" in note for note in result["notes"])


SIZES = """\
deep:
  type: bool
  help: Deep
  default: false
size:
  type: int
  help: Size
  default: 3
  when: "{{ deep }}"
unit:
  type: str
  help: Unit
  default: m
  when: "{{ size == 3 }}"
"""


@pytest.mark.sweep
def test_an_answer_to_a_question_that_is_not_asked_is_left_out_with_a_note(
    tmp_path: Path, capsys: Capture
) -> None:
    files = {
        "copier.yml": QUESTIONS + SIZES,
        "template/size.dat.jinja": "{{ size }} {{ unit }}\n",
        "template/a.dat": "1\n",
    }
    workshop = open_workshop(tmp_path, files, unit="km")
    workshop.release("v1.1.0", {"template/a.dat": "2\n"})
    said = (
        "The question size is not asked, because of the other answers: size='4' was not used and "
        "is not recorded."
    )
    assert update(workshop.project, "--dry-run", "--data", "size=4") == ExitCode.DONE
    assert f"  {said}\n" in capsys.readouterr().err
    assert report(workshop, capsys, "--data", "size=4")["notes"] == [said]
    assert workshop.read("a.dat") == "2\n"
    # The answer that depends on the one that was left out stays as it is recorded.
    assert workshop.read("size.dat") == "3 km\n"
    assert "size" not in workshop.read(".copier-answers.yml")
    assert "unit: km\n" in workshop.read(".copier-answers.yml")


@pytest.mark.sweep
def test_an_answer_that_is_asked_for_with_another_one_is_used(
    tmp_path: Path, capsys: Capture
) -> None:
    files = {"copier.yml": QUESTIONS + SIZES, "template/size.dat.jinja": "{{ size }} {{ unit }}\n"}
    workshop = open_workshop(tmp_path, files)
    assert report(workshop, capsys, "--data", "size=4", "--data", "deep=yes")["notes"] == [
        "The answer deep changes from False to True.",
        "The question unit is not asked now: its answer is dropped.",
    ]
    assert workshop.read("size.dat") == "4 m\n"


def test_an_answer_to_no_question_is_refused(workshop: Workshop, capsys: Capture) -> None:
    workshop.release("v1.1.0", {"template/a.dat": "2\n"})
    assert update(workshop.project, "--data", "sise=4") == ExitCode.REFUSED
    assert "sise: no such question" in capsys.readouterr().err
    assert workshop.status() == []


def test_a_wrong_answer_is_refused(workshop: Workshop, capsys: Capture) -> None:
    more = QUESTIONS + "size:\n  type: int\n  help: Size\n  default: 3\n"
    workshop.release("v1.1.0", {"copier.yml": more})
    assert update(workshop.project, "--data", "size=many") == ExitCode.REFUSED
    assert "size: 'many' is not int" in capsys.readouterr().err


def test_tasks_and_migrations_never_run_and_are_listed(workshop: Workshop, capsys: Capture) -> None:
    tasks = QUESTIONS + "_tasks: ['touch ran']\n_migrations: ['touch migrated']\n"
    workshop.release("v1.1.0", {"copier.yml": tasks})
    notes = report(workshop, capsys)["notes"]
    assert "A new command of the template was not run: touch ran" in notes
    assert "A new command of the template was not run: touch migrated" in notes
    assert not list(workshop.project.glob("ran")) + list(workshop.project.glob("migrated"))


@pytest.mark.sweep
def test_notes_about_a_template_are_short_and_few(workshop: Workshop, capsys: Capture) -> None:
    tasks = "".join(f"  - '{number} {'x' * 3000}'\n" for number in range(1000))
    question = "much:\n  type: str\n  default: \"{{ 'a' * 60000 }}\"\n"
    workshop.release("v1.1.0", {"copier.yml": f"{QUESTIONS}{question}_tasks:\n{tasks}"})
    notes = report(workshop, capsys)["notes"]
    assert "950 more commands of the template were not run." in notes
    assert max(map(len, notes)) < 1000
    assert len(notes) < 60


def test_extensions_are_refused_without_trust(workshop: Workshop, capsys: Capture) -> None:
    extended = QUESTIONS + "_jinja_extensions: [jinja2.ext.do]\n"
    workshop.release("v1.1.0", {"copier.yml": extended})
    assert update(workshop.project) == ExitCode.REFUSED
    err = capsys.readouterr().err
    assert str(workshop.template) in err
    assert "--trust" in err
    assert update(workshop.project, "--trust") == ExitCode.DONE


@sampled("elsewhere", ["{}/secret.yml", "../secret.yml", "{{{{ name }}}}/../../secret.yml"], 3)
def test_files_outside_the_project_are_read_with_trust_alone(
    workshop: Workshop, tmp_path: Path, capsys: Capture, elsewhere: str
) -> None:
    write(tmp_path, {"secret.yml": "word: sesame\n"})
    path = elsewhere.format(tmp_path)
    reading = f"{QUESTIONS}_external_data:\n  other: '{path}'\n"
    workshop.release(
        "v1.1.0", {"copier.yml": reading, "template/got.jinja": "{{ _external_data.other.word }}"}
    )
    assert update(workshop.project) == ExitCode.REFUSED
    assert capsys.readouterr().err == (
        f"lisa-scaffold: {workshop.template}: version v1.1.0 of this template reads a file outside "
        f"the project: {path}\n  If you trust that source, run the command again with --trust.\n"
    )
    assert workshop.status() == []
    assert update(workshop.project, "--trust") == ExitCode.DONE
    assert workshop.read("got") == "sesame"


def test_executable_bits_and_links_are_kept(tmp_path: Path, capsys: Capture) -> None:
    questions = QUESTIONS + "_preserve_symlinks: true\n"
    workshop = open_workshop(tmp_path, {"copier.yml": questions, "template/run.sh": TEN})
    workshop.edit({"run.sh": TEN.replace("line 2\n", "mine\n")})
    (workshop.template / "template/run.sh").chmod(0o755)
    (workshop.template / "template/link").symlink_to("run.sh")
    workshop.release("v1.1.0", {})
    report(workshop, capsys)
    assert (workshop.project / "run.sh").stat().st_mode & 0o111
    assert (workshop.project / "link").readlink() == Path("run.sh")
    assert "mine\n" in workshop.read("run.sh")


@pytest.mark.sweep
def test_git_merged_text_that_is_no_toml_is_not_taken(tmp_path: Path, capsys: Capture) -> None:
    """Git joins two additions of the same table, far enough apart, without a conflict."""
    middle = "".join(f"key{number} = {number}\n" for number in range(12))
    toml = f"[a]\nx = 1\n{middle}[z]\ny = 1\n"
    workshop = open_workshop(tmp_path, {"template/c.toml": toml})
    workshop.edit({"c.toml": toml.replace("x = 1\n", "x = 1\nnew = 1\n")})
    workshop.release("v1.1.0", {"template/c.toml": toml.replace("[z]", "new = 1\n[z]")})
    report(workshop, capsys)
    import tomllib

    text = workshop.read("c.toml")
    if "<<<<<<<" not in text:
        assert tomllib.loads(text)["a"]["new"] == 1


def test_a_project_in_a_folder_of_a_repository(workshop: Workshop, capsys: Capture) -> None:
    top = workshop.project.with_name("mono")
    shutil.copytree(workshop.project, top / "one", ignore=shutil.ignore_patterns(".git"))
    shutil.copytree(workshop.project, top / "two", ignore=shutil.ignore_patterns(".git"))
    git.git("init", "--quiet", cwd=top)
    commit(top)
    workshop.release("v1.1.0", {"template/a.dat": "new\n", "template/sub/c.dat": "c\n"})
    assert update(top / "one") == ExitCode.DONE
    capsys.readouterr()
    assert sorted(git.git("status", "--porcelain", cwd=top).splitlines()) == [
        "A  one/sub/c.dat",
        "M  one/.copier-answers.yml",
        "M  one/a.dat",
    ]
    assert (top / "two/a.dat").read_text() == TEN


@pytest.mark.sweep
def test_a_linked_worktree_and_a_detached_head(workshop: Workshop) -> None:
    linked = workshop.project.with_name("linked")
    git.git("worktree", "add", "--quiet", "--detach", linked, cwd=workshop.project)
    workshop.release("v1.1.0", {"template/a.dat": "new\n"})
    assert update(linked) == ExitCode.DONE
    assert (linked / "a.dat").read_text() == "new\n"
    assert workshop.status() == []


@pytest.mark.sweep
def test_a_submodule_in_the_way_is_left_alone(workshop: Workshop, capsys: Capture) -> None:
    passes(
        *("git", "-c", "protocol.file.allow=always", "submodule", "--quiet", "add"),
        *(workshop.template, "vendored"),
        cwd=workshop.project,
    )
    commit(workshop.project)
    workshop.release("v1.1.0", {"template/a.dat": "new\n"})
    assert statuses(report(workshop, capsys)) == {"a.dat": "updated"}


def test_other_uncommitted_work_is_no_obstacle(workshop: Workshop) -> None:
    workshop.release("v1.1.0", {"template/a.dat": "new\n"})
    write(workshop.project, {"b.dat": "uncommitted\n", "notes.md": "untracked\n"})
    assert update(workshop.project) == ExitCode.DONE
    assert (workshop.read("a.dat"), workshop.read("b.dat")) == ("new\n", "uncommitted\n")
    git.git("reset", "--merge", cwd=workshop.project)
    assert workshop.read("b.dat") == "uncommitted\n"


def test_a_dry_run_prints_the_diff_and_touches_nothing(workshop: Workshop, capsys: Capture) -> None:
    """COPIER's --pretend shows nothing of use."""
    workshop.release("v1.1.0", {"template/a.dat": TEN + "more\n"})
    write(workshop.project, {"a.dat": "uncommitted\n"})
    before = workshop.status()
    assert update(workshop.project, "--dry-run") == ExitCode.DONE
    out, err = capsys.readouterr()
    assert err.endswith("A dry run: nothing was changed. Without --dry-run, 2 files would be.\n")
    assert out.startswith("diff --git a/.copier-answers.yml b/.copier-answers.yml\n")
    assert "+more\n" in out
    assert workshop.status() == before


def test_a_branch_takes_the_update_and_nothing_else_changes(
    workshop: Workshop, capsys: Capture
) -> None:
    workshop.edit({"b.dat": "mine\n"})
    workshop.release("v1.1.0", {"template/a.dat": "new\n", "template/b.dat": "theirs\n"})
    write(workshop.project, {"b.dat": "uncommitted\n"})
    head = git.git("rev-parse", "HEAD", cwd=workshop.project)
    assert update(workshop.project, "--branch", "update") == ExitCode.FINDINGS
    capsys.readouterr()
    assert workshop.status() == [" M b.dat"]
    assert git.git("rev-parse", "HEAD", "update^", cwd=workshop.project) == head * 2
    assert git.git("show", "update:a.dat", cwd=workshop.project) == "new\n"
    assert git.git("show", "update:b.dat", cwd=workshop.project) == "mine\n"
    message = git.git("log", "-1", "--format=%B", "update", cwd=workshop.project)
    assert message.startswith("Update the template from v1.0.0 to v1.1.0\n")
    assert "the template's side of the conflict:\n\n--- a/b.dat\n" in message
    assert "\n-mine\n+theirs\n" in message


@pytest.mark.sweep
@pytest.mark.parametrize(
    ("mine", "theirs", "told"),
    [
        (b"mine\n", b"theirs\n", "… 343 more lines: lisa-scaffold update --to v1.1.0 puts"),
        (b"\0mine", b"\0theirs", "b.dat is as the project has it: lisa-scaffold update --to"),
    ],
)
def test_the_message_of_a_branch_holds_no_whole_file(
    workshop: Workshop, mine: bytes, theirs: bytes, told: str
) -> None:
    workshop.edit({"b.dat": mine * 200})
    workshop.release("v1.1.0", {"template/b.dat": theirs * 200})
    assert update(workshop.project, "--branch", "update") == ExitCode.FINDINGS
    message = git.git("log", "-1", "--format=%B", "update", cwd=workshop.project)
    assert told in message
    assert len(message.splitlines()) < 80


@pytest.mark.uncounted
def test_the_result_equals_copiers_where_nothing_conflicts(workshop: Workshop) -> None:
    workshop.edit({"a.dat": TEN.replace("line 2\n", "mine\n"), "mine/x.dat": "x\n"})
    workshop.release(
        "v1.1.0",
        {
            "template/a.dat": TEN.replace("line 9\n", "theirs\n"),
            "template/b.dat": None,
            "template/new/{{ name }}.dat.jinja": "{{ name }}\n",
        },
    )
    twin = workshop.project.with_name("twin")
    shutil.copytree(workshop.project, twin)
    assert update(workshop.project) == ExitCode.DONE
    assert copier_update(twin).returncode == 0

    def files(folder: Path) -> dict[str, bytes]:
        found = [path for path in folder.rglob("*") if path.is_file() and ".git" not in path.parts]
        return {str(path.relative_to(folder)): path.read_bytes() for path in found}

    assert files(workshop.project) == files(twin)


def stage(workshop: Workshop, name: str) -> None:
    write(workshop.project, {name: "staged\n"})
    git.git("add", name, cwd=workshop.project)


REFUSALS: dict[str, tuple[Any, str]] = {
    "no folder": (lambda w: shutil.rmtree(w.project), "project: no such folder"),
    "no repository": (lambda w: shutil.rmtree(w.project / ".git"), "no git repository"),
    "no answers": (lambda w: w.edit({".copier-answers.yml": None}), "No such file"),
    "broken answers": (
        lambda w: w.edit({".copier-answers.yml": "_commit: v1\n_src_path: [\n"}),
        ".copier-answers.yml:3: no YAML that can be read",
    ),
    "a conflict in the answers": (
        lambda w: w.edit(
            {
                ".copier-answers.yml": "# Written\n<<<<<<< a\n_commit: v1\n=======\n"
                "_commit: v2\n>>>>>>> b\n_src_path: x\n"
            }
        ),
        ".copier-answers.yml:2: a merge conflict\n  Choose one side there",
    ),
    "a list": (lambda w: w.edit({".copier-answers.yml": "- a\n"}), "no answers in it"),
    "no version": (
        lambda w: w.edit({".copier-answers.yml": "_src_path: x\n"}),
        "_src_path or _commit is missing",
    ),
    "unknown recorded version": (
        lambda w: w.edit({".copier-answers.yml": f"_commit: v0.0.7\n_src_path: {w.template}\n"}),
        "v0.0.7: no such version of the template",
    ),
    "no address": (
        lambda w: w.edit({".copier-answers.yml": '_commit: v1.0.0\n_src_path: "~a\\0/x"\n'}),
        ".copier-answers.yml: _src_path is no address",
    ),
    "a version with a zero": (
        lambda w: w.edit({".copier-answers.yml": f'_commit: "v1\\0"\n_src_path: {w.template}\n'}),
        "_commit: v1\\x00: no version of the",
    ),
    "an endless recorded version": (
        lambda w: w.edit(
            {".copier-answers.yml": f"_commit: v{'9' * 5000}\n_src_path: {w.template}\n"}
        ),
        "999: no version of the",
    ),
    "template gone": (lambda w: shutil.rmtree(w.template), "no template can be read there"),
    "staged": (
        lambda w: stage(w, "b.dat"),
        "b.dat: changes are staged",
    ),
    "uncommitted": (
        lambda w: write(w.project, {"a.dat": "uncommitted\n"}),
        "a.dat: changes that are not committed",
    ),
    "several uncommitted": (
        lambda w: write(w.project, {"a.dat": "uncommitted\n", "b.dat": "neither\n"}),
        "a.dat and b.dat: changes that are not committed",
    ),
    "untracked in the way": (
        lambda w: write(w.project, {"c.dat": "mine\n"}),
        "c.dat: the template adds it, and an untracked file stands there",
    ),
    "unfinished merge": (
        lambda w: (w.project / ".git/MERGE_HEAD").write_text("0" * 40 + "\n"),
        "an unfinished merge",
    ),
    "unfinished rebase": (
        lambda w: (w.project / ".git/rebase-merge").mkdir(),
        "an unfinished rebase",
    ),
    "a folder in the way": (
        lambda w: (w.project / "c.dat").mkdir(),
        "c.dat: a folder where a file belongs",
    ),
}


@pytest.mark.parametrize(("spoil", "message"), REFUSALS.values(), ids=REFUSALS)
def test_bad_input_is_one_message_and_changes_nothing(
    workshop: Workshop, capsys: Capture, spoil: Any, message: str
) -> None:
    files = {name: f"{name}\n" for name in ("a.dat", "b.dat", "c.dat")}
    workshop.release("v1.1.0", {f"template/{name}": text for name, text in files.items()})
    spoil(workshop)
    before = _everything(workshop.project)
    assert update(workshop.project) == ExitCode.REFUSED
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert "Traceback" not in err
    assert _everything(workshop.project) == before


def test_what_is_committed_meanwhile_is_not_staged_to_be_taken_back(
    workshop: Workshop, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An update may wait for answers for as long as somebody thinks, and works elsewhere."""
    workshop.release("v1.1.0", {"template/a.dat": TEN.replace("line 1\n", "first\n")})
    mine = TEN.replace("line 10\n", "an hour of work\n")
    work_out = Prepared.update

    def work_out_meanwhile(*arguments: Any, **options: Any) -> Updated:
        worked_out = work_out(*arguments, **options)
        workshop.edit({"a.dat": mine})
        return worked_out

    with monkeypatch.context() as patch:
        patch.setattr(Prepared, "update", work_out_meanwhile)
        assert update(workshop.project) == ExitCode.REFUSED
    assert "another commit is checked out than when this began\n" in capsys.readouterr().err
    assert (workshop.read("a.dat"), workshop.status()) == (mine, [])
    assert update(workshop.project) == ExitCode.DONE
    assert workshop.read("a.dat") == mine.replace("line 1\n", "first\n")


def _everything(folder: Path) -> dict[str, bytes | None]:
    """All files below a folder, git's own included, less the journal's lock."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
        if "lisa-scaffold" not in path.parts and path.name != "index"
    }


def test_an_older_target_is_refused(workshop: Workshop, capsys: Capture) -> None:
    workshop.release("v1.1.0", {"template/a.dat": "new\n"})
    assert update(workshop.project) == ExitCode.DONE
    commit(workshop.project)
    assert update(workshop.project, "--to", "v1.0.0") == ExitCode.REFUSED
    assert "v1.0.0: older than v1.1.0" in capsys.readouterr().err


def test_a_repository_without_a_commit_is_refused(tmp_path: Path, capsys: Capture) -> None:
    workshop = open_workshop(tmp_path, {})
    workshop.release("v1.1.0", {"template/a.dat": "a\n"})
    shutil.rmtree(workshop.project / ".git")
    git.git("init", "--quiet", cwd=workshop.project)
    assert update(workshop.project) == ExitCode.REFUSED
    assert "no commit yet" in capsys.readouterr().err


def test_a_branch_that_exists_is_refused(workshop: Workshop, capsys: Capture) -> None:
    workshop.release("v1.1.0", {"template/a.dat": "new\n"})
    git.git("branch", "taken", cwd=workshop.project)
    for name, said in {"taken": "exists already", "a..b": "no name for a branch"}.items():
        assert update(workshop.project, "--branch", name) == ExitCode.REFUSED
        assert f"{name}: " in capsys.readouterr().err
        assert said


def test_a_second_project_is_made_alike(workshop: Workshop, tmp_path: Path) -> None:
    make_project(workshop.template, tmp_path / "second")
    assert (tmp_path / "second/a.dat").read_text() == TEN


@pytest.mark.sweep
def test_line_ends_that_attributes_ask_for_stand_in_the_work_tree(
    tmp_path: Path, capsys: Capture
) -> None:
    attributes = "*.dat text eol=crlf\n"
    files = {
        "template/.gitattributes.jinja": attributes,
        "template/a.dat": TEN,
        "template/b.dat": TEN,
    }
    workshop = open_workshop(tmp_path, files)
    workshop.edit({"a.dat": TEN.replace("line 2\n", "mine\n"), "b.dat": TEN + "mine\n"})
    changed = TEN.replace("line 9\n", "theirs\n")
    workshop.release("v1.1.0", {"template/a.dat": changed, "template/b.dat": TEN + "theirs\n"})
    assert report(workshop, capsys)["conflicts"] == ["b.dat"]
    expected = changed.replace("line 2\n", "mine\n").replace("\n", "\r\n")
    assert (workshop.project / "a.dat").read_bytes() == expected.encode()
    assert b"=======\r\ntheirs\r\n" in (workshop.project / "b.dat").read_bytes()
    assert workshop.status() == ["M  .copier-answers.yml", "M  a.dat", "UU b.dat"]


def test_a_file_may_become_a_folder_and_a_folder_a_file(workshop: Workshop) -> None:
    workshop.release("v1.1.0", {"template/b.dat": None})
    write(workshop.template, {"template/b.dat/c.dat": "c\n"})
    workshop.release("v1.2.0", {})
    assert update(workshop.project) == ExitCode.DONE
    assert workshop.read("b.dat/c.dat") == "c\n"
    commit(workshop.project)
    shutil.rmtree(workshop.template / "template/b.dat")
    workshop.release("v1.3.0", {"template/b.dat": "b again\n"})
    assert update(workshop.project) == ExitCode.DONE
    assert workshop.read("b.dat") == "b again\n"


def test_names_of_every_kind(tmp_path: Path, capsys: Capture) -> None:
    names = ["a b.dat", 'é "q".dat', "-dash.dat", "back\\slash.dat", "star*.dat"]
    workshop = open_workshop(tmp_path, {f"template/{name}": TEN for name in names})
    workshop.edit({name: TEN.replace("line 2\n", "mine\n") for name in names})
    changed = TEN.replace("line 9\n", "theirs\n")
    workshop.release("v1.1.0", {f"template/{name}": changed for name in names})
    assert statuses(report(workshop, capsys)) == dict.fromkeys(names, "merged")
    assert {workshop.read(name) for name in names} == {changed.replace("line 2\n", "mine\n")}


@pytest.mark.sweep
def test_a_repository_of_sha256(workshop: Workshop) -> None:
    shutil.rmtree(workshop.project / ".git")
    git.git("init", "--quiet", "--object-format=sha256", cwd=workshop.project)
    commit(workshop.project)
    workshop.release("v1.1.0", {"template/a.dat": "new\n"})
    assert update(workshop.project) == ExitCode.DONE
    assert workshop.status() == ["M  .copier-answers.yml", "M  a.dat"]


def test_an_untracked_file_is_never_overwritten(workshop: Workshop, capsys: Capture) -> None:
    """Neither where the template moves a file that both sides changed, nor behind a dead link."""
    workshop.edit({"a.dat": TEN.replace("line 5\n", "mine\n")})
    moved = TEN.replace("line 5\n", "theirs\n")
    workshop.release("v1.1.0", {"template/a.dat": None, "template/moved.dat": moved})
    write(workshop.project, {"moved.dat": "untracked\n"})
    assert update(workshop.project) == ExitCode.REFUSED
    assert "moved.dat: the template adds it, and an untracked file" in capsys.readouterr().err
    assert workshop.read("moved.dat") == "untracked\n"
    (workshop.project / "moved.dat").unlink()
    (workshop.project / "moved.dat").symlink_to("nowhere")
    assert update(workshop.project) == ExitCode.REFUSED
    assert (workshop.project / "moved.dat").is_symlink()


def test_an_untracked_file_in_the_way_of_a_branch_is_told(
    workshop: Workshop, capsys: Capture
) -> None:
    workshop.release("v1.1.0", {"template/new.dat": "theirs\n", "template/same.dat": "same\n"})
    write(workshop.project, {"new.dat": "mine\n", "same.dat": "same\n"})
    capsys.readouterr()
    assert update(workshop.project, "--branch", "newer") == ExitCode.DONE
    assert capsys.readouterr().err == (
        "new.dat: an untracked file stands where newer adds another, and git will not merge over "
        "it. Commit it, or move it away.\n"
    )
    assert workshop.read("new.dat") == "mine\n"


@sampled("flag", ["--assume-unchanged", "--skip-worktree"], 2)
def test_edits_that_git_was_told_not_to_see_are_never_overwritten(
    workshop: Workshop, capsys: Capture, flag: str
) -> None:
    git.git("update-index", flag, "a.dat", cwd=workshop.project)
    write(workshop.project, {"a.dat": "hidden\n"})
    workshop.release("v1.1.0", {"template/a.dat": "new\n"})
    assert update(workshop.project) == ExitCode.REFUSED
    assert "a.dat: git is told not to look at this file" in capsys.readouterr().err
    assert workshop.read("a.dat") == "hidden\n"


def test_a_moved_file_in_conflict_leaves_no_copy_behind(
    workshop: Workshop, capsys: Capture
) -> None:
    workshop.edit({"a.dat": TEN.replace("line 5\n", "mine\n")})
    moved = TEN.replace("line 5\n", "theirs\n")
    workshop.release("v1.1.0", {"template/a.dat": None, "template/moved.dat": moved})
    assert report(workshop, capsys)["conflicts"] == ["moved.dat"]
    assert not (workshop.project / "a.dat").exists()
    assert "mine\n=======\ntheirs\n" in workshop.read("moved.dat")


@pytest.mark.sweep
def test_a_branch_too_lets_a_file_become_a_folder(workshop: Workshop) -> None:
    workshop.release("v1.1.0", {"template/a.dat": None})
    write(workshop.template, {"template/a.dat/inner.dat": TEN})
    workshop.release("v1.2.0", {})
    assert update(workshop.project, "--branch", "update") == ExitCode.DONE
    assert git.git("show", "update:a.dat/inner.dat", cwd=workshop.project) == TEN


def test_an_open_conflict_is_not_nothing_to_do(workshop: Workshop, capsys: Capture) -> None:
    workshop.edit({"a.dat": TEN.replace("line 5\n", "mine\n")})
    workshop.release("v1.1.0", {"template/a.dat": TEN.replace("line 5\n", "theirs\n")})
    assert update(workshop.project) == ExitCode.FINDINGS
    capsys.readouterr()
    assert update(workshop.project) == ExitCode.REFUSED
    assert "a.dat:5: a conflict that is not resolved" in capsys.readouterr().err


@pytest.mark.sweep
def test_a_refusal_is_no_interruption(workshop: Workshop, capsys: Capture) -> None:
    workshop.release("v1.1.0", {"template/c.dat": "c\n"})
    (workshop.project / "c.dat").mkdir()
    assert update(workshop.project) == ExitCode.REFUSED
    (workshop.project / "c.dat").rmdir()
    capsys.readouterr()
    assert update(workshop.project) == ExitCode.DONE
    assert "interrupted" not in capsys.readouterr().err


def test_only_a_version_is_recorded(workshop: Workshop, capsys: Capture) -> None:
    workshop.release("v1.1.0", {"template/a.dat": "new\n"})
    assert update(workshop.project, "--to", "HEAD") == ExitCode.REFUSED
    assert "HEAD: no version of the template" in capsys.readouterr().err


def test_a_branch_with_the_name_of_a_version_is_none(workshop: Workshop, capsys: Capture) -> None:
    git.git("checkout", "--quiet", "-B", "1.5.0", cwd=workshop.template)
    workshop.release("v1.6.0", {"template/a.dat": "new\n"})
    answers = workshop.read(".copier-answers.yml")
    workshop.edit({".copier-answers.yml": answers.replace("v1.0.0", "1.5.0")})
    assert update(workshop.project) == ExitCode.REFUSED
    assert "1.5.0: no such version of the template" in capsys.readouterr().err
    assert workshop.status() == []


@pytest.mark.parametrize("branch", ["main", "v1.0.x"])
def test_a_recorded_branch_is_what_it_was_then(
    workshop: Workshop, capsys: Capture, branch: str
) -> None:
    git.git("checkout", "--quiet", "-B", branch, cwd=workshop.template)
    workshop.release("v1.6.0", {"template/a.dat": "new\n"})
    answers = workshop.read(".copier-answers.yml")
    workshop.edit({".copier-answers.yml": answers.replace("v1.0.0", f"'{branch}'")})
    assert update(workshop.project) == ExitCode.DONE
    assert capsys.readouterr().out == f"Nothing to do: the project has {branch}.\n"
    git.git("checkout", "--quiet", "--detach", cwd=workshop.template)
    git.git("branch", "--quiet", "--delete", "--force", branch, cwd=workshop.template)
    assert update(workshop.project) == ExitCode.REFUSED
    assert f"{branch}: no" in capsys.readouterr().err
    assert workshop.status() == []


@pytest.mark.sweep
@sampled("odd", ["release-2026", "nightly"], 2)
def test_a_tag_of_any_name_is_a_version(workshop: Workshop, odd: str) -> None:
    workshop.release(odd, {"template/a.dat": "new\n"})
    assert update(workshop.project, "--to", odd) == ExitCode.DONE
    assert f"_commit: {odd}\n" in workshop.read(".copier-answers.yml")
    commit(workshop.project)
    workshop.release("v2.0.0", {"template/a.dat": "newer\n"})
    assert update(workshop.project) == ExitCode.DONE
    assert workshop.read("a.dat") == "newer\n"


@pytest.mark.sweep
def test_what_git_describe_says_is_a_version(workshop: Workshop) -> None:
    write(workshop.template, {"template/a.dat": "between\n"})
    commit(workshop.template)
    described = git.git("describe", "--tags", cwd=workshop.template).strip()
    assert update(workshop.project, "--to", described) == ExitCode.DONE
    commit(workshop.project)
    workshop.release("v1.1.0", {"template/a.dat": "new\n"})
    assert update(workshop.project) == ExitCode.DONE
    assert workshop.read("a.dat") == "new\n"


@pytest.mark.parametrize("request_ref", ["merge-requests/7", "pull/7"])
def test_a_commit_of_a_merge_request_is_a_version(workshop: Workshop, request_ref: str) -> None:
    """Its branch is gone, and the main branch has one commit for all of it."""
    git.git("checkout", "--quiet", "-b", "proposed", cwd=workshop.template)
    write(workshop.template, {"template/a.dat": TEN.replace("line 9\n", "between\n")})
    commit(workshop.template)
    described = git.git("describe", "--tags", cwd=workshop.template).strip()
    write(workshop.template, {"template/d.dat": "d\n"})
    commit(workshop.template)
    git.git("update-ref", f"refs/{request_ref}/head", "HEAD", cwd=workshop.template)
    git.git("checkout", "--quiet", "main", cwd=workshop.template)
    git.git("branch", "--quiet", "--delete", "--force", "proposed", cwd=workshop.template)
    assert update(workshop.project, "--to", described) == ExitCode.DONE
    assert workshop.read("a.dat") == TEN.replace("line 9\n", "between\n")
    commit(workshop.project)
    workshop.release("v1.1.0", {"template/a.dat": TEN.replace("line 9\n", "new\n")})
    assert update(workshop.project) == ExitCode.DONE
    assert workshop.read("a.dat") == TEN.replace("line 9\n", "new\n")


def test_a_recorded_path_is_found_from_the_project(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    answers = workshop.read(".copier-answers.yml")
    relative = answers.replace(str(workshop.template), "../template")
    workshop.edit({".copier-answers.yml": relative})
    workshop.release("v1.1.0", {"template/a.dat": "new\n"})
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert update(workshop.project) == ExitCode.DONE
    assert "_src_path: ../template\n" in workshop.read(".copier-answers.yml")


def test_a_project_newer_than_the_installation_is_told_to_install(
    workshop: Workshop, capsys: Capture
) -> None:
    ours = f"_commit: v99.0.0\n_src_path: {template.CANONICAL_URL}\n"
    workshop.edit({".copier-answers.yml": ours})
    assert update(workshop.project) == ExitCode.REFUSED
    err = capsys.readouterr().err
    assert "made from v99.0.0, newer than" in err
    # No package index has it: the name alone would fetch nothing, or a stranger's.
    assert f'pip install --upgrade "lisa-scaffold @ git+{template.CANONICAL_URL}"' in err


def test_a_project_newer_than_a_mirror_is_told_of_the_mirror(
    workshop: Workshop, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(template.SOURCE_VARIABLE, f"file://{workshop.template}")
    ours = f"_commit: v99.0.0\n_src_path: {template.CANONICAL_URL}\n"
    workshop.edit({".copier-answers.yml": ours})
    assert update(workshop.project) == ExitCode.REFUSED
    err = capsys.readouterr().err
    assert "bring what LISA_SCAFFOLD_TEMPLATE names up to date" in err
    assert template.CANONICAL_URL not in err


@sampled(("tag", "typed"), [("v1.1.0", "1.1.0"), ("v1.1.0", "v1.1.0"), ("1.1.0", "v1.1.0")], 3)
def test_a_version_is_known_with_and_without_its_v(
    workshop: Workshop, tag: str, typed: str
) -> None:
    workshop.release(tag, {"template/new.txt": "new\n"})
    assert update(workshop.project, "--to", typed) == ExitCode.DONE
    assert f"_commit: {tag}\n" in workshop.read(".copier-answers.yml")

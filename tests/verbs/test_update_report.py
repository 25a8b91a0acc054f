"""What is told of an update: one fact on one line, and patches that apply."""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from lisa_scaffold import cli, git
from lisa_scaffold.cli.ending import open_page
from lisa_scaffold.errors import ExitCode, LisaError
from lisa_scaffold.sync import kept_report

from ..support.pages import Page, check_structure
from ..support.updates import (
    QUESTIONS,
    TEN,
    Capture,
    Workshop,
    commit,
    open_workshop,
    report,
    statuses,
    update,
    write,
)

PROSE = "# Guide\n\nIn the beginning all was well.\n\n## Use\n\nCall it by its name.\n"
OWN = PROSE.replace("In the beginning all was well.", "Nobody knows what came first, or why.")
TOML = "[a]\nx = 1\n\n[tool.y]\nlong = 1\nkept = 2\n\n[z]\nq = 1\n"
NEW = PROSE.replace("all was well", "all was good").replace("its name", "its number")


@pytest.fixture
def declining(tmp_path: Path) -> Workshop:
    """A project that does otherwise than the template in several ways."""
    ownership = QUESTIONS + "_lisa_ownership:\n  locked: [lock.dat]\n"
    files = {"guide.md": PROSE, "c.toml": TOML, "lock.dat": TEN, "gone.dat": TEN}
    workshop = open_workshop(
        tmp_path,
        {"copier.yml": ownership, **{f"template/{path}": text for path, text in files.items()}},
    )
    mine = {"guide.md": OWN, "c.toml": TOML.replace("long = 1", "long = 5"), "gone.dat": None}
    workshop.edit({**mine, "lock.dat": TEN.replace("line 5", "mine"), "both.md": OWN})
    theirs = {
        "guide.md": NEW,
        "c.toml": TOML.replace("long = 1\n", "").replace("q = 1", "q = 2"),
        "lock.dat": TEN.replace("line 5", "theirs").replace("line 9", "line nine"),
        "gone.dat": TEN + "more\n",
        "both.md": NEW,
    }
    workshop.release("v1.1.0", {f"template/{path}": text for path, text in theirs.items()})
    return workshop


def test_the_report_of_what_is_staged_is_shown_again(declining: Workshop, capsys: Capture) -> None:
    project = declining.project
    none = "no update has been staged here that told anything"
    assert update(project, "--report") == ExitCode.REFUSED
    assert capsys.readouterr().err.startswith(f"lisa-scaffold: {project}: {none}\n")
    assert update(project, "--dry-run") == update(project, "--branch", "newer") == ExitCode.DONE
    assert update(project, "--report") == ExitCode.REFUSED
    capsys.readouterr()
    assert update(project) == ExitCode.DONE
    told, after = capsys.readouterr().out.split("\n\nThe update is staged; ")
    assert after.endswith("\nShow this report again with: lisa-scaffold update --report\n")
    before = git.git("status", "--porcelain", cwd=project)
    for _ in range(2):
        assert update(project, "--report") == ExitCode.DONE
        assert capsys.readouterr().out == f"{told}\n"
        assert git.git("status", "--porcelain", cwd=project) == before
    # It may have come with the project.
    kept = project / ".git/lisa-scaffold/report.json"
    kept.write_text(json.dumps({**json.loads(kept.read_text()), "text": "a\x1b[2Jb"}))
    assert update(project, "--report") == ExitCode.DONE
    assert capsys.readouterr().out == "a\\x1b[2Jb\n"
    kept.write_text("[" * 100_000)
    assert update(project, "--report") == ExitCode.REFUSED
    assert capsys.readouterr().err == (
        f"lisa-scaffold: {kept}: no report that lisa-scaffold has kept\n  Remove this file.\n"
    )


def test_every_patch_applies_and_what_cannot_is_quoted_once(
    declining: Workshop, capsys: Capture
) -> None:
    told = report(declining, capsys)
    assert {*told["patches"]} == {"c.toml", "both.md"}
    assert {*told["quotations"]} == {"guide.md", "gone.dat", "lock.dat"}
    for path, change in told["patches"].items():
        before = declining.read(path)
        command = ["git", "apply", "-"]
        subprocess.run(command, cwd=declining.project, input=change.encode(), check=True)
        assert declining.read(path) != before
    assert "long" not in declining.read("c.toml")
    assert "+In the beginning all was good." in told["quotations"]["guide.md"]
    assert told["quotations"]["lock.dat"].splitlines().count("+mine") == 1


@pytest.mark.sweep
def test_the_patches_apply_as_they_are_read_in_the_report(
    declining: Workshop, capsys: Capture
) -> None:
    assert update(declining.project) == ExitCode.DONE
    said = capsys.readouterr().out
    subprocess.run(["git", "apply", "-"], cwd=declining.project, input=said.encode(), check=True)
    assert "long" not in declining.read("c.toml")
    assert said.count("all was good") == 2  # of two files


def test_a_patch_of_a_project_in_a_folder_applies_there(tmp_path: Path, capsys: Capture) -> None:
    workshop = open_workshop(tmp_path, {"template/c.toml": TOML})
    inner = workshop.project / "inner"
    inner.mkdir()
    for path in (".copier-answers.yml", "c.toml"):
        git.git("mv", path, f"inner/{path}", cwd=workshop.project)
    workshop.edit({"inner/c.toml": TOML.replace("long = 1", "long = 5")})
    workshop.release("v1.1.0", {"template/c.toml": TOML.replace("long = 1\n", "")})
    assert update(inner) == ExitCode.DONE
    said = capsys.readouterr().out
    subprocess.run(["git", "apply", "-"], cwd=inner, input=said.encode(), check=True)
    assert "long" not in (inner / "c.toml").read_text()


@pytest.mark.sweep
def test_nobody_has_rewritten_what_both_sides_added(declining: Workshop, capsys: Capture) -> None:
    notes = report(declining, capsys)["notes"]
    assert [note for note in notes if note.startswith("both.md")] == [
        "both.md: Both sides added this file; where they differ it stays as the project has it."
    ]


def test_a_dry_run_tells_what_is_not_taken(declining: Workshop, capsys: Capture) -> None:
    assert update(declining.project, "--dry-run") == ExitCode.DONE
    assert "+In the beginning all was good." in capsys.readouterr().err


CHANGES = "# Changelog\n\n## [1.1.0]\n\n{}\n## [1.0.0]\n".format(
    "".join(f"- Change {number} of `x`.\n" for number in range(100))
)


def test_the_changelog_comes_last_and_folded(tmp_path: Path, capsys: Capture) -> None:
    workshop = open_workshop(tmp_path, {"template/a.dat": "1\n"})
    workshop.release("v1.1.0", {"template/a.dat": "2\n", "CHANGELOG.md": CHANGES})
    assert update(workshop.project, "--dry-run") == ExitCode.DONE
    said = capsys.readouterr().err
    assert said.index("  a.dat\n") < said.index("Changelog of the template\n  ## [1.1.0]\n")
    assert "  - Change 9 of `x`.\n  … 90 more lines\n\n" in said
    assert update(workshop.project, "--dry-run", "--format", "markdown") == ExitCode.DONE
    said = capsys.readouterr().out
    start = "\n\n<details><summary>Changelog of the template</summary>\n\n```markdown\n## [1.1.0]\n"
    assert start in said
    assert said.endswith("- Change 99 of `x`.\n```\n\n</details>\n")
    assert report(workshop, capsys)["changelog"].endswith("- Change 99 of `x`.")


def test_what_nothing_was_taken_in_is_not_merged_and_what_changed_is_not_kept(
    tmp_path: Path, capsys: Capture
) -> None:
    files = {"template/same.toml": "[a]\nx = 1\n", "template/guide.md": PROSE}
    workshop = open_workshop(tmp_path, files)
    # The project writes what the template brings, in other words; of prose it takes a part.
    workshop.edit({"same.toml": "[a]\nx = 1\ny = [1, 2]\n", "guide.md": OWN})
    workshop.release(
        "v1.1.0",
        {"template/same.toml": "[a]\nx = 1\ny = [\n  1,\n  2,\n]\n", "template/guide.md": NEW},
    )
    before = {path: workshop.read(path) for path in ("same.toml", "guide.md")}
    found = statuses(report(workshop, capsys))
    assert found == {"same.toml": "kept", "guide.md": "merged"}
    for path, status in found.items():
        assert (workshop.read(path) == before[path]) is (status == "kept")


@pytest.mark.sweep
def test_a_moved_file_names_its_new_place(tmp_path: Path, capsys: Capture) -> None:
    files = {"README.rst": TEN, "docs/use.txt": TEN * 2, "far.dat": TEN[:40]}
    workshop = open_workshop(tmp_path, {f"template/{path}": text for path, text in files.items()})
    workshop.edit({"README.rst": TEN + "mine\n", "far.dat": None, "docs/use.txt": TEN + "mine\n"})
    new = {"README.md": "Other words\n", "manual/use.txt": "Others\n", "near.dat": TEN[:40]}
    gone = dict.fromkeys((f"template/{path}" for path in files), None)
    workshop.release("v1.1.0", {**gone, **{f"template/{path}": text for path, text in new.items()}})
    assert report(workshop, capsys)["notes"] == [
        "README.rst: the template no longer has it, but README.md; the project edited it.",
        "docs/use.txt: the template no longer has it, but manual/use.txt; the project edited it.",
        "near.dat: the project deleted far.dat, which the template has moved here.",
    ]


def test_a_file_that_the_project_moved_and_the_template_dropped_has_both_names(
    tmp_path: Path, capsys: Capture
) -> None:
    workshop = open_workshop(tmp_path, {"template/a.dat": TEN})
    workshop.edit({"a.dat": None, "mine.dat": TEN})
    workshop.release("v1.1.0", {"template/a.dat": None})
    result = report(workshop, capsys)
    assert statuses(result) == {"mine.dat": "kept"}
    assert result["notes"] == [
        "mine.dat: the template no longer has it, which the project moved here from a.dat."
    ]


def test_an_example_that_the_project_deleted_is_told_once(tmp_path: Path, capsys: Capture) -> None:
    files = {"template/example.py": "a = 1\n", "template/a.dat": "1\n"}
    workshop = open_workshop(tmp_path, files)
    workshop.edit({"example.py": None})
    workshop.release("v1.1.0", {"template/example.py": "a = 2\n", "template/a.dat": "2\n"})
    result = report(workshop, capsys)
    assert result["notes"] == ["example.py: the project deleted it, the template changed it."]
    git.git("commit", "--quiet", "--message", "Update", cwd=workshop.project)
    workshop.release("v1.2.0", {"template/example.py": "a = 3\n", "template/a.dat": "3\n"})
    assert update(workshop.project, "--dry-run") == ExitCode.DONE
    said = capsys.readouterr()
    line = "  1 file of the template stays away, as before: example.py.\n"
    assert line in said.err
    assert "example.py" not in said.err.replace(line, "") + said.out
    result = report(workshop, capsys)
    assert statuses(result) == {"a.dat": "updated", "example.py": "left out"}
    assert (result["notes"], result["patches"], result["quotations"]) == ([], {}, {})


def test_one_fact_stands_on_one_line(declining: Workshop, capsys: Capture) -> None:
    assert update(declining.project, "--dry-run") == ExitCode.DONE
    rows = capsys.readouterr().err.splitlines()
    assert "  gone.dat: the project deleted it, the template changed it." in rows
    for path in ("c.toml", "gone.dat", "guide.md", "lock.dat"):
        # Once with what happened, and once with what was not taken.
        named = [row for row in rows if row.strip().startswith((path, f"--- a/{path}"))]
        assert len(named) == 2, path


MIGRATIONS = """\
_tasks:
- command: [git, "tag me"]
- command: touch never
  when: false
- command: touch wrong
  when: "{{ name == 'nobody' }}"
- command: touch {{ _copier_operation }}
  when: "{{ _copier_operation == 'update' }}"
_migrations:
- version: v1.0.0
  before: [touch past]
- version: v1.1.0
  before: [echo legacy]
  after: []
- version: v2.0.0
  command: touch future
- command: touch first
  when: "{{ _stage == 'before' }}"
- version: v1.1.0
  command: touch {{ _version_from }}
"""


def test_the_commands_that_copier_would_run_are_told_as_it_would_run_them(
    tmp_path: Path, capsys: Capture
) -> None:
    workshop = open_workshop(tmp_path, {"template/a.dat": "1\n"})
    workshop.release("v1.1.0", {"copier.yml": QUESTIONS + MIGRATIONS})
    said = "A new command of the template was not run: "
    assert report(workshop, capsys)["notes"] == [
        f"{said}git 'tag me'",
        f"{said}touch update",
        f"{said}echo legacy",
        f"{said}touch first",
        f"{said}touch v1.0.0",
    ]


@pytest.mark.sweep
def test_a_command_of_which_nothing_is_left_is_not_told(tmp_path: Path, capsys: Capture) -> None:
    """COPIER starts a shell for it, which does nothing."""
    empty = '"{% if name == 1 %}rm -r src{% endif %}"'
    commands = f"_tasks:\n  - {empty}\n  - [{empty}]\n  - command: {empty}\n  - echo ran\n"
    commands += f"_migrations:\n  - command: {empty}\n"
    workshop = open_workshop(tmp_path, {"template/a.dat": "1\n"})
    workshop.release("v1.1.0", {"copier.yml": QUESTIONS + commands})
    said = "A new command of the template was not run: echo ran"
    assert report(workshop, capsys)["notes"] == [said]


@pytest.mark.sweep
def test_of_many_files_that_stay_away_the_first_are_named(tmp_path: Path, capsys: Capture) -> None:
    names = [f"{number:02}.dat" for number in range(14)]
    workshop = open_workshop(tmp_path, {f"template/{name}": "1\n" for name in names})
    workshop.edit(dict.fromkeys(names))
    for version in ("v1.1.0", "v1.2.0"):
        workshop.release(version, {f"template/{name}": version for name in names})
        assert update(workshop.project) == ExitCode.DONE
        git.git("commit", "--quiet", "--message", "Update", cwd=workshop.project)
    assert (
        f"14 files of the template stay away, as before: {', '.join(names[:10])} and 4 more."
    ) in capsys.readouterr().out


@pytest.mark.sweep
def test_a_commit_is_told_by_the_beginning_of_its_hash(tmp_path: Path, capsys: Capture) -> None:
    workshop = open_workshop(tmp_path, {"template/a.dat": "1\n"})
    first = git.git("rev-parse", "HEAD", cwd=workshop.template).strip()
    record = workshop.read(".copier-answers.yml").replace("v1.0.0", first)
    workshop.edit({".copier-answers.yml": record})
    git.git("tag", "--delete", "v1.0.0", cwd=workshop.template)
    for number in range(25):
        write(workshop.template, {"template/a.dat": f"{number}\n"})
        commit(workshop.template)
    newest = git.git("rev-parse", "HEAD", cwd=workshop.template).strip()
    said = f"From {first[:10]} to {newest[:10]}, 25 commits ahead."
    assert update(workshop.project, "--branch", "newer") == ExitCode.DONE
    assert capsys.readouterr().out.startswith(f"{said}\n")
    message = git.git("log", "-1", "--format=%B", "newer", cwd=workshop.project)
    assert message.startswith(f"Update the template from {first[:10]} to {newest[:10]}\n\n{said}\n")
    # What is recorded, and what programs read, is the whole hash.
    result = report(workshop, capsys)
    assert (result["from"], result["to"]) == (first, newest)
    assert f"_commit: {newest}" in workshop.read(".copier-answers.yml")
    git.git("commit", "--quiet", "--message", "Update", cwd=workshop.project)
    assert update(workshop.project) == ExitCode.DONE
    assert capsys.readouterr().out == f"Nothing to do: the project has {newest[:10]}.\n"


@pytest.mark.sweep
def test_all_answers_that_are_missing_are_named_at_once(tmp_path: Path, capsys: Capture) -> None:
    required = "one:\n  type: str\ntwo:\n  type: str\n  choices: [a, b]\n"
    required += "three:\n  type: int\nfour:\n  type: str\n  when: false\n"
    workshop = open_workshop(tmp_path, {"template/a.dat": "1\n"})
    workshop.release("v1.1.0", {"copier.yml": QUESTIONS + required})
    assert update(workshop.project, "--data", "three=3") == ExitCode.REFUSED
    assert capsys.readouterr().err == (
        "lisa-scaffold: several answers:\n"
        "  one: the template has no default for it\n"
        "  two: the template has no default for it: a, b\n"
        "  Answer with --data one=… --data two=…, or with --data-file.\n"
    )
    given = [word for each in ("one=1", "two=a", "three=3") for word in ("--data", each)]
    assert update(workshop.project, *given) == ExitCode.DONE


@pytest.mark.sweep
def test_answers_that_were_never_recorded_are_named_with_the_new_ones(
    tmp_path: Path, capsys: Capture
) -> None:
    """The recorded version needs one already: its choice is nobody's guess."""
    old = QUESTIONS + "two:\n  type: str\n  choices: [a, b]\n"
    workshop = open_workshop(tmp_path, {"copier.yml": old, "template/a.dat": "1\n"}, two="a")
    workshop.release("v1.1.0", {"copier.yml": old + "three:\n  type: int\n"})
    record = workshop.read(".copier-answers.yml").replace("two: a\n", "")
    workshop.edit({".copier-answers.yml": record})
    assert update(workshop.project) == ExitCode.REFUSED
    said = capsys.readouterr().err
    assert "is broken" not in said
    assert "two: the template has no default for it: a, b\n" in said
    assert update(workshop.project, "--data", "two=a", "--data", "three=3") == ExitCode.DONE


@pytest.mark.sweep
def test_an_answer_that_the_recorded_version_alone_needs_is_taken(
    tmp_path: Path, capsys: Capture
) -> None:
    """COPIER takes it as well."""
    old = QUESTIONS + "two:\n  type: str\n  choices: [a, b]\n"
    files = {"copier.yml": old, "template/a.dat.jinja": "{{ two }}\n1\n"}
    workshop = open_workshop(tmp_path, files, two="a")
    workshop.release("v1.1.0", {"copier.yml": QUESTIONS, "template/a.dat.jinja": "c\n2\n"})
    record = workshop.read(".copier-answers.yml").replace("two: a\n", "")
    workshop.edit({".copier-answers.yml": record})
    assert update(workshop.project, "--data", "other=a") == ExitCode.REFUSED
    assert "other: no such question" in capsys.readouterr().err
    assert update(workshop.project) == ExitCode.REFUSED
    assert "two: the template has no default for it: a, b\n" in capsys.readouterr().err
    assert report(workshop, capsys, "--data", "two=a")["notes"] == [
        "The template asks no question two any more: two='a' tells what the project was made "
        "with, and is not recorded."
    ]
    assert workshop.read("a.dat") == "c\n2\n"
    assert "two" not in workshop.read(".copier-answers.yml")


@pytest.mark.sweep
def test_commands_that_the_version_before_had_are_counted(tmp_path: Path, capsys: Capture) -> None:
    tasks = "_tasks:\n  - git init\n"
    files = {"copier.yml": QUESTIONS + tasks, "template/a.dat": "1\n"}
    workshop = open_workshop(tmp_path, files)
    workshop.release("v1.1.0", {"template/a.dat": "2\n"})
    said = "of the template that the version before had as well: not run."
    assert report(workshop, capsys)["notes"] == [f"1 command {said}"]
    more = f"{QUESTIONS}{tasks}  - uv lock\n"
    workshop.release("v1.2.0", {"copier.yml": more})
    git.git("commit", "--quiet", "--message", "Update", cwd=workshop.project)
    assert report(workshop, capsys)["notes"] == [
        "A new command of the template was not run: uv lock",
        f"1 command {said}",
    ]


@pytest.mark.sweep
def test_an_answer_that_is_data_is_shown_as_it_is_given(tmp_path: Path, capsys: Capture) -> None:
    workshop = open_workshop(tmp_path, {"template/a.dat": "1\n"})
    more = "tree:\n  type: yaml\n  help: Tree\n  default: {a: [1, 2]}\n"
    more += "fast:\n  type: bool\n  help: Fast?\n  default: true\n"
    more += "many:\n  type: str\n  multiselect: true\n  choices: [a]\n  default: []\n"
    more += "word:\n  type: str\n  help: Word\n  default: ''\n"
    workshop.release("v1.1.0", {"copier.yml": QUESTIONS + more})
    assert report(workshop, capsys)["notes"] == [
        'New question tree: answered {"a": [1, 2]}; another answer: --data tree=…',
        "New question fast: answered yes; another answer: --data fast=…",
        "New question many: answered none; another answer: --data many=…",
        "New question word: answered (empty); another answer: --data word=…",
    ]


@pytest.mark.sweep
def test_a_note_of_a_guard_says_what_to_do(tmp_path: Path, capsys: Capture) -> None:
    """Git joins two additions of one key, far enough apart, without a conflict."""
    base = "[a]\nx = 1\n\n[b]\ny = 1\nz = 1\n"
    workshop = open_workshop(tmp_path, {"template/m.toml": base})
    workshop.edit({"m.toml": f"top = 1\n\n{base}"})
    workshop.release("v1.1.0", {"template/m.toml": f"{base}\n[top]\nq = 2\n"})
    (note,) = report(workshop, capsys)["notes"]
    assert note.startswith("m.toml: git's merge of its lines is wrong (")
    assert note.endswith("; put together by hand what stands between the markers.")


def test_markdown_shows_what_is_foreign_as_it_is(declining: Workshop, capsys: Capture) -> None:
    capsys.readouterr()
    assert update(declining.project, "--dry-run", "--format", "markdown") == ExitCode.DONE
    said = capsys.readouterr().out
    html = MarkdownIt().render(said)
    for heading in ("Merged (both had changed them)", "Left out (the project does without them)"):
        assert f"<h3>{heading}</h3>" in html
    assert "<code>gone.dat</code>: the project deleted it, the template changed it." in html
    assert '<code class="language-diff">--- a/both.md\n' in html


def test_a_page_has_every_file_side_by_side(declining: Workshop, capsys: Capture) -> None:
    capsys.readouterr()
    assert update(declining.project, "--dry-run", "--format", "html") == ExitCode.DONE
    said = capsys.readouterr()
    page = Page(said.out)
    check_structure(page)
    assert page.texts("h1") == ["project: from v1.0.0 to v1.1.0"]
    assert page.texts("h3") == [
        *("merged c.toml", "merged guide.md", "updated .copier-answers.yml", "updated lock.dat"),
        *("kept both.md", "left out gone.dat"),
    ]
    assert page.texts("tr", class_="changed") == [
        "9 q = 1 9 q = 2",
        "7 Call it by its name. 7 Call it by its number.",
        "1 _commit: v1.0.0 1 _commit: v1.1.0",
        "5 mine 5 theirs",
        "9 line 9 9 line nine",
    ]
    # The page is for a file: how to go on is told beside it.
    assert said.err == "A dry run: nothing was changed. Without --dry-run, 4 files would be.\n"
    assert declining.status() == []


def test_the_page_begins_with_what_is_left_to_correct(tmp_path: Path, capsys: Capture) -> None:
    base = '[project]\nname = "a"\ndependencies = [ "numpy", "scipy" ]\n'
    workshop = open_workshop(tmp_path, {"template/docs/c.dat": "c\n"})
    workshop.edit({"pyproject.toml": base, "docs/c.dat": None, "doc/c.dat": "c\n"})
    lock = "# written by nox -s lock\nnumpy==1.0 \\\n    --hash=sha256:00\n"
    new = {"template/make.sh": "make docs/html\n", "template/constraints.txt": lock}
    workshop.release("v1.1.0", new)
    capsys.readouterr()
    assert update(workshop.project, "--dry-run", "--format", "html") == ExitCode.FINDINGS
    page = Page(capsys.readouterr().out)
    check_structure(page)
    assert page.texts("h2") == ["Summary", "Left for you to correct"]
    assert page.texts("li") == [
        "make.sh: line 1: the template's docs is doc here: correct it.",
        "constraints.txt: Renew with: nox -s lock",
    ]
    looked_at = [each.attributes for each in page.all("article") if "data-needs" in each.attributes]
    assert [each["id"] for each in looked_at] == ["f3"]


def test_the_page_is_opened_beside_the_report(
    declining: Workshop, capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = tmp_path / "seen"
    browser = tmp_path / "browser"
    browser.write_text(f"#!/bin/sh\necho $1 > {seen}\n")
    browser.chmod(0o755)
    monkeypatch.setenv("BROWSER", f"{browser} %s")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    assert update(declining.project, "--dry-run", "--open", "--format", "json") == ExitCode.DONE
    said = capsys.readouterr()
    assert json.loads(said.out)["schema"] == "lisa-scaffold/update/1"
    place = Path(seen.read_text().strip().removeprefix("file://"))
    assert said.err == f"The page: {place}\n"
    assert place.stat().st_mode & 0o777 == 0o600
    check_structure(Page(place.read_text()))


@pytest.mark.sweep
def test_without_a_browser_the_page_is_named(
    declining: Workshop, capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr("webbrowser.open", lambda _: False)
    assert update(declining.project, "--dry-run", "--open") == ExitCode.DONE
    assert "No browser was found here. The page: " in capsys.readouterr().err


def test_a_place_that_cannot_be_written_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    with pytest.raises(LisaError, match="missing: No such file or directory"):
        open_page("x", "update")


def test_a_lock_that_does_not_know_the_projects_requirements_is_told(
    tmp_path: Path, capsys: Capture
) -> None:
    base = '[project]\nname = "a"\ndependencies = [\n  "numpy",\n]\n'
    workshop = open_workshop(tmp_path, {"template/pyproject.toml": base})
    workshop.edit({"pyproject.toml": base.replace('"numpy",', '"numpy",\n  "SciPy[all]>=1",')})
    lock = "# written by nox -s lock\nnumpy==1.0 \\\n    --hash=sha256:00\n"
    new = {"template/constraints.txt": lock, "template/pyproject.toml": base + "[tool.x]\n"}
    workshop.release("v1.1.0", new)
    capsys.readouterr()
    assert update(workshop.project) == ExitCode.DONE
    said = capsys.readouterr().out
    assert "  constraints.txt: does not lock SciPy yet. Renew it with: nox -s lock\n" in said
    assert said.endswith("\nRenew constraints.txt with: nox -s lock\n")


LOCK = """\
# written by nox -s lock
numpy==1.0 \\
    --hash=sha256:00
scipy==1.5 ; python_version < '3.12' \\
    --hash=sha256:00
scipy==1.6 ; python_version >= '3.12' \\
    --hash=sha256:00
tool @ https://example.org/tool.zip \\
    --hash=sha256:00
"""


def list_requirements(*requirements: str) -> str:
    listed = "".join(f"  {json.dumps(each)},\n" for each in requirements)
    return f'[project]\nname = "a"\ndependencies = [\n{listed}]\n'


@pytest.mark.parametrize(
    ("requirement", "said"),
    [
        ("numpy", ""),
        ("numpy>=1,<2", ""),
        ("numpy>=0.9rc1 ; python_version >= '3.11'", ""),
        ("numpy>=1.1", "pins numpy 1.0, which `numpy>=1.1` excludes"),
        ("numpy >=1.1; python_version >= '3'", "pins numpy 1.0, which `numpy >=1.1` excludes"),
        ("numpy >=1.1; python_version < '3'", ""),
        ("SciPy (<1.5)", "pins SciPy 1.5 and 1.6, which `SciPy (<1.5)` excludes"),
        ("scipy>=1.6", "pins scipy 1.5, which `scipy>=1.6` excludes"),
        # It may be meant for one of the two versions alone.
        ("scipy>=1.6 ; python_version >= '3.12'", ""),
        ("tool @ https://example.org/tool.zip", ""),
        ("numpy==none", ""),
    ],
)
def test_a_lock_of_versions_that_the_project_excludes_is_told(
    requirement: str, said: str, tmp_path: Path, capsys: Capture
) -> None:
    workshop = open_workshop(tmp_path, {"template/pyproject.toml": list_requirements()})
    workshop.edit({"pyproject.toml": list_requirements(requirement)})
    workshop.release("v1.1.0", {"template/constraints.txt": LOCK})
    notes = report(workshop, capsys)["notes"]
    told = [each for each in notes if each.startswith("constraints.txt")]
    assert told == ([f"constraints.txt: {said}. Renew it with: nox -s lock"] if said else [])


@pytest.mark.parametrize(("names", "said"), [(("numpy", "scipy"), ""), (("numpy",), "scipy")])
def test_a_lock_that_comes_for_more_than_the_project_asks_for_is_told(
    names: tuple[str, ...], said: str, tmp_path: Path, capsys: Capture
) -> None:
    base = list_requirements("numpy", "scipy")
    workshop = open_workshop(tmp_path, {"template/pyproject.toml": base})
    workshop.edit({"pyproject.toml": list_requirements(*names), "own.txt": ""})
    workshop.release("v1.1.0", {"template/constraints.txt": LOCK})
    assert update(workshop.project) == ExitCode.DONE
    why = "constraints.txt: was made for scipy too, which the project does not ask for. Renew it"
    assert (why in capsys.readouterr().out) is bool(said)


@pytest.mark.parametrize(
    ("mine", "theirs", "whose"),
    [
        ("numpy<1", "numpy>=0.9", "the project's lines stay"),
        ("numpy<2", "numpy>=1.1", "the template's lines come"),
        ("numpy<1", "numpy>=1.1", ""),
        ("numpy<2", "numpy>=0.9", None),
    ],
)
def test_a_lock_that_is_stale_with_one_sides_requirements_is_told_so(
    mine: str, theirs: str, whose: str | None, tmp_path: Path, capsys: Capture
) -> None:
    base = {"template/pyproject.toml": list_requirements("numpy>=0.8")}
    workshop = open_workshop(tmp_path, base)
    workshop.edit({"pyproject.toml": list_requirements(mine)})
    new = {"template/pyproject.toml": list_requirements(theirs), "template/constraints.txt": LOCK}
    workshop.release("v1.1.0", new)
    assert update(workshop.project) == ExitCode.FINDINGS
    last = capsys.readouterr().out.splitlines()[-1]
    where = f", if {whose} in the conflict of pyproject.toml," if whose else ""
    assert last.startswith("Renew") is (whose is not None)
    if whose is not None:
        assert last == f"Renew constraints.txt{where} with: nox -s lock"
        # What `resolve` says at its end.
        kept = kept_report.read(git.find_repository(workshop.project))
        assert kept
        assert kept.left == last


SESSIONS = "import nox\n\n\n@nox.session\ndef tests(session):\n    ...\n"


@pytest.mark.parametrize("stays", [False, True])
def test_a_lock_that_nothing_renews_any_more_is_told(
    stays: bool, tmp_path: Path, capsys: Capture
) -> None:
    sessions = f"{SESSIONS}\n\n@nox.session\ndef lock(session):\n    ...\n"
    base = {"template/noxfile.py": sessions, "template/pyproject.toml": list_requirements("numpy")}
    workshop = open_workshop(tmp_path, base)
    mine = {"pyproject.toml": list_requirements("numpy", "jax"), "constraints.txt": LOCK}
    kept = sessions.replace("def lock(session):\n    ...", "def lock(session):\n    print()")
    workshop.edit({**mine, **({"noxfile.py": kept} if stays else {})})
    workshop.release("v1.1.0", {"template/noxfile.py": SESSIONS})
    assert update(workshop.project) == (ExitCode.DONE if stays else ExitCode.FINDINGS)
    said = capsys.readouterr().out
    gone = "constraints.txt: the session `lock`, which renews it, is gone from noxfile.py: delete"
    assert (gone in said, "nox -s lock" in said) == (not stays, stays)


def test_a_lock_that_waits_to_be_committed_is_the_one_that_counts(
    tmp_path: Path, capsys: Capture
) -> None:
    base = '[project]\nname = "a"\ndependencies = [ "numpy", "scipy" ]\n'
    lock = "# written by nox -s lock\nnumpy==1.0 \\\n    --hash=sha256:00\n"
    files = {"template/pyproject.toml": base, "template/constraints.txt": lock, "template/a": "1\n"}
    workshop = open_workshop(tmp_path, files)
    workshop.release("v1.1.0", {"template/a": "2\n"})
    write(workshop.project, {"constraints.txt": f"{lock}scipy==1.0\n"})
    capsys.readouterr()
    assert update(workshop.project, "--dry-run") == ExitCode.DONE
    assert "does not lock" not in capsys.readouterr().out
    write(workshop.project, {"constraints.txt": lock})
    assert update(workshop.project) == ExitCode.DONE
    assert "constraints.txt: does not lock scipy yet." in capsys.readouterr().out


def test_a_lock_that_does_not_know_what_builds_the_project_is_told(
    tmp_path: Path, capsys: Capture
) -> None:
    base = '[build-system]\nrequires = [ "hatchling" ]\n\n[project]\nname = "a"\n'
    workshop = open_workshop(tmp_path, {"template/pyproject.toml": base})
    workshop.edit({"pyproject.toml": base.replace('"hatchling"', '"setuptools>=77"')})
    lock = "# written by nox -s lock\nhatchling==1.0 \\\n    --hash=sha256:00\n"
    new = {"template/build-constraints.txt": lock, "template/pyproject.toml": base + "[tool.x]\n"}
    workshop.release("v1.1.0", new)
    capsys.readouterr()
    assert update(workshop.project) == ExitCode.DONE
    said = capsys.readouterr().out
    told = "build-constraints.txt: does not lock setuptools yet. Renew it with: nox -s lock\n"
    assert f"  {told}" in said
    assert said.endswith("\nRenew build-constraints.txt with: nox -s lock\n")


@pytest.mark.parametrize("is_held", [False, True])
def test_locks_that_other_requirements_make_stale_are_told(
    is_held: bool, tmp_path: Path, capsys: Capture
) -> None:
    base = '[project]\nname = "a"\nrequires-python = ">=3.11"\n'
    head = "# This file was autogenerated\n#    nox -s lock\nnumpy==1.0 \\\n"
    workshop = open_workshop(
        tmp_path, {"template/pyproject.toml": base, "template/constraints.txt": head}
    )
    mine = base.replace("3.11", "3.10") if is_held else base
    workshop.edit({"pyproject.toml": mine, "uv.lock": "version = 1\n"})
    workshop.release("v1.1.0", {"template/pyproject.toml": base.replace("3.11", "3.12")})
    capsys.readouterr()
    assert update(workshop.project) == ExitCode.DONE
    said = capsys.readouterr().out
    stale = "was made for other requirements. Renew it with:"
    assert (f"  constraints.txt: {stale} nox -s lock\n" in said) is not is_held
    assert (f"  uv.lock: {stale} uv lock\n" in said) is not is_held


def test_an_update_that_asks_for_nothing_else_makes_no_lock_stale(
    tmp_path: Path, capsys: Capture
) -> None:
    base = '[project]\nname = "a"\ndependencies = [ "numpy" ]\n'
    head = "#    nox -s lock\nnumpy==1.0 \\\n"
    workshop = open_workshop(
        tmp_path, {"template/pyproject.toml": base, "template/constraints.txt": head}
    )
    workshop.edit({"uv.lock": "version = 1\n"})
    workshop.release("v1.1.0", {"template/pyproject.toml": base + "[tool.x]\n"})
    capsys.readouterr()
    assert update(workshop.project) == ExitCode.DONE
    assert "Renew" not in capsys.readouterr().out


@pytest.mark.sweep
def test_another_templates_constraints_are_its_own(tmp_path: Path, capsys: Capture) -> None:
    base = '[project]\nname = "a"\ndependencies = [ "numpy" ]\n'
    workshop = open_workshop(tmp_path, {"template/pyproject.toml": base})
    new = {"template/constraints.txt": "idna<4\n", "template/pyproject.toml": base + "[tool.x]\n"}
    workshop.release("v1.1.0", new)
    capsys.readouterr()
    assert update(workshop.project) == ExitCode.DONE
    assert "does not lock" not in capsys.readouterr().out


@pytest.mark.sweep
def test_a_program_reads_the_report_alone_where_there_are_other_templates(
    tmp_path: Path, capsys: Capture
) -> None:
    workshop = open_workshop(tmp_path, {"template/lock.dat": "old\n"})
    workshop.edit({".copier-answers.two.yml": workshop.read(".copier-answers.yml")})
    workshop.release("v1.1.0", {"template/lock.dat": "new\n"})
    capsys.readouterr()
    words = ["update", str(workshop.project), "--defaults", "--dry-run", "--format", "json"]
    assert cli.main(words) == ExitCode.DONE
    said = capsys.readouterr()
    assert json.loads(said.out)["to"] == "v1.1.0"
    assert "other templates, too: .copier-answers.two.yml. Name one" in said.err


def test_a_locked_file_that_the_project_had_changed_is_told_apart(
    tmp_path: Path, capsys: Capture
) -> None:
    questions = "_subdirectory: template\n_lisa_ownership:\n  locked: [a.dat, b.dat]\n"
    files = {"copier.yml": questions, "template/a.dat": "1\n", "template/b.dat": "1\n"}
    workshop = open_workshop(tmp_path, files)
    workshop.edit({"a.dat": "mine\n"})
    workshop.release("v1.1.0", {"template/a.dat": "2\n", "template/b.dat": "2\n"})
    assert update(workshop.project) == ExitCode.DONE
    said = capsys.readouterr().out
    assert (
        "As the template has them (locked; the project had changed them)\n"
        "  a.dat: locked: the template's lines win, yours are not taken.\n\n"
        "Updated (the project had not changed them)\n"
        "  .copier-answers.yml\n  b.dat\n"
    ) in said


@pytest.mark.parametrize(
    ("heading", "shown"), [("[Unreleased]", True), ("[1.1.0]\n\n- B.\n\n## [Unreleased]", False)]
)
def test_what_is_not_released_yet_is_what_the_version_will_be(
    tmp_path: Path, capsys: Capture, heading: str, shown: bool
) -> None:
    workshop = open_workshop(tmp_path, {"template/a.dat": "1\n"})
    changes = f"# Changelog\n\n## {heading}\n\n- A.\n\n## [1.0.0]\n\n- Old.\n"
    workshop.release("v1.1.0", {"CHANGELOG.md": changes, "template/a.dat": "2\n"})
    told = report(workshop, capsys)["changelog"]
    assert told == ("## [Unreleased]\n\n- A." if shown else "## [1.1.0]\n\n- B.")

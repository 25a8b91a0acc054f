"""Where plain Copier loses work or gives up: the same project, updated by Copier and by us.

Each test says what Copier does, sees it do that, and then what this update does instead. Where
neither has a conflict and none of these traps lies in the way, the trees are equal.
"""

from __future__ import annotations

import random
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lisa_scaffold import git
from lisa_scaffold.errors import ExitCode

from ..support.beside import copier, ours, twin_of
from ..support.files import contents
from ..support.updates import QUESTIONS, TEN, Capture, Workshop, commit, open_workshop, update
from ..support.updates import write as write_files

MINE = TEN.replace("line 2\n", "mine\n")
THEIRS = TEN.replace("line 9\n", "theirs\n")
BOTH = MINE.replace("line 9\n", "theirs\n")


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    return open_workshop(tmp_path, {"template/a.dat": TEN, "template/b.dat": "b\n"})


def test_a_conflict(workshop: Workshop) -> None:
    """Copier exits with 0 and names no file."""
    workshop.edit({"a.dat": TEN.replace("line 5\n", "mine\n")})
    workshop.release("v1.1.0", {"template/a.dat": TEN.replace("line 5\n", "theirs\n")})
    twin = twin_of(workshop)
    said = copier(twin)
    assert (said.returncode, "a.dat" in said.stdout) == (0, False)
    assert "<<<<<<< before updating" in (twin / "a.dat").read_text()
    done = ours(workshop.project)
    assert done.returncode == ExitCode.FINDINGS
    assert "In conflict\n  a.dat: 1 place\n" in done.stdout


def test_a_file_that_the_template_moves(workshop: Workshop) -> None:
    """Copier deletes the project's edit, and says nothing."""
    workshop.edit({"a.dat": MINE})
    workshop.release("v1.1.0", {"template/a.dat": None, "template/moved.dat": THEIRS})
    twin = twin_of(workshop)
    assert copier(twin).returncode == 0
    assert "mine" not in "".join(path.read_text() for path in twin.glob("*.dat*"))
    assert ours(workshop.project).returncode == ExitCode.DONE
    assert workshop.read("moved.dat") == BOTH


def test_a_file_that_the_project_moves(workshop: Workshop) -> None:
    """Copier loses the template's change, and says nothing."""
    workshop.edit({"a.dat": None, "moved.dat": MINE})
    workshop.release("v1.1.0", {"template/a.dat": THEIRS})
    twin = twin_of(workshop)
    assert copier(twin).returncode == 0
    assert "theirs" not in (twin / "moved.dat").read_text()
    assert ours(workshop.project).returncode == ExitCode.DONE
    assert workshop.read("moved.dat") == BOTH


def test_latin_1(workshop: Workshop) -> None:
    """Copier drops the byte that is no UTF-8, where the template touches another line."""
    latin = TEN.replace("line 2\n", "Universit\u00e9\n").encode("latin-1")
    workshop.edit({"a.dat": latin})
    workshop.release("v1.1.0", {"template/a.dat": THEIRS})
    twin = twin_of(workshop)
    assert copier(twin).returncode == 0
    assert b"Universit\n" in (twin / "a.dat").read_bytes()
    assert ours(workshop.project).returncode == ExitCode.DONE
    assert b"Universit\xe9\n" in (workshop.project / "a.dat").read_bytes()


def test_line_ends(workshop: Workshop) -> None:
    """Copier has a conflict where the project has turned a file to CRLF."""
    workshop.edit({"a.dat": TEN.replace("\n", "\r\n")})
    workshop.release("v1.1.0", {"template/a.dat": THEIRS})
    twin = twin_of(workshop)
    copier(twin)
    assert b"<<<<<<<" in (twin / "a.dat").read_bytes()
    assert ours(workshop.project).returncode == ExitCode.DONE
    merged = (workshop.project / "a.dat").read_bytes()
    assert merged == THEIRS.replace("\n", "\r\n").encode()


def test_markers_that_were_committed(workshop: Workshop) -> None:
    """Copier nests new markers in old ones and exits with 0."""
    old = TEN.replace("line 5\n", "<<<<<<< a\nx\n=======\ny\n>>>>>>> b\n")
    workshop.edit({"a.dat": old})
    workshop.release("v1.1.0", {"template/a.dat": TEN.replace("line 5\n", "theirs\n")})
    twin = twin_of(workshop)
    assert copier(twin).returncode == 0
    assert (twin / "a.dat").read_text().count("<<<<<<< ") == 2
    done = ours(workshop.project)
    assert done.returncode == ExitCode.DONE
    assert "committed with its markers (line 5)" in done.stdout
    assert "+theirs\n" in done.stdout
    assert workshop.read("a.dat") == old


def test_a_look_ahead(workshop: Workshop) -> None:
    """Copier's ``--pretend`` tells nothing of what would change."""
    workshop.release("v1.1.0", {"template/a.dat": THEIRS})
    assert "theirs" not in copier(twin_of(workshop), "--pretend").stdout
    done = ours(workshop.project, "--dry-run")
    assert "-line 9\n+theirs\n" in done.stdout
    assert workshop.status() == []


def break_version(workshop: Workshop) -> None:
    answers = workshop.read(".copier-answers.yml")
    workshop.edit({".copier-answers.yml": answers.replace("v1.0.0", "v0.0.7")})


def break_questions(workshop: Workshop) -> None:
    workshop.release("v1.2.0", {"copier.yml": "name: [\n"})


TRACEBACKS: dict[str, tuple[Callable[[Workshop], None], str]] = {
    "unknown version": (break_version, "v0.0.7: no such version of the template"),
    "no answers file": (
        lambda workshop: workshop.edit({".copier-answers.yml": None}),
        "No such file or directory",
    ),
    "template gone": (
        lambda workshop: shutil.rmtree(workshop.template),
        "no template can be read there",
    ),
    "broken questions": (break_questions, "version v1.2.0 of the template is broken"),
}


@pytest.mark.parametrize(("spoil", "message"), TRACEBACKS.values(), ids=TRACEBACKS)
def test_what_is_a_traceback(
    workshop: Workshop, spoil: Callable[[Workshop], None], message: str
) -> None:
    """Copier ends in a traceback, or in the words of its inner parts."""
    workshop.release("v1.1.0", {"template/a.dat": THEIRS})
    spoil(workshop)
    said = copier(twin_of(workshop))
    assert said.returncode != 0
    assert "Traceback" in said.stderr or message not in said.stderr
    done = ours(workshop.project)
    assert done.returncode == ExitCode.REFUSED
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 2
    assert workshop.status() == []


def test_a_new_question_without_a_default(workshop: Workshop) -> None:
    """Copier ends in a traceback; an answer on the command line is what helps, and is named."""
    workshop.release("v1.1.0", {"copier.yml": QUESTIONS + "size:\n  type: int\n"})
    assert "Traceback" in copier(twin_of(workshop)).stderr
    done = ours(workshop.project)
    assert done.returncode == ExitCode.REFUSED
    assert "size: " in done.stderr
    assert "--data size=" in done.stderr
    assert ours(workshop.project, "--data", "size=3").returncode == ExitCode.DONE


def test_an_answer_that_is_not_taken_any_more(tmp_path: Path) -> None:
    """Copier takes another one and says nothing."""
    colours = QUESTIONS + "colour:\n  type: str\n  choices: [{}]\n  default: blue\n"
    files = {"copier.yml": colours.format("red, blue"), "template/a.dat.jinja": "{{ colour }}\n"}
    workshop = open_workshop(tmp_path, files, colour="red")
    workshop.release("v1.1.0", {"copier.yml": colours.format("blue, green")})
    twin = twin_of(workshop)
    assert "colour" not in "".join([copier(twin).stdout, copier(twin).stderr])
    done = ours(workshop.project)
    assert done.returncode == ExitCode.DONE
    assert "The answer colour='red' is not taken any more: 'blue' holds now" in done.stdout


def test_the_working_directory(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    """Copier changes the directory of its whole process; nothing may depend on that here."""
    workshop.release("v1.1.0", {"template/a.dat": THEIRS})
    monkeypatch.chdir(workshop.project.parent)
    assert update(Path("project")) == ExitCode.DONE
    assert capsys.readouterr().err == ""
    assert Path.cwd() == workshop.project.parent


def test_many_at_once(workshop: Workshop) -> None:
    """Copier's processes share a copy of the template, and disturb each other in it."""
    answers = workshop.read(".copier-answers.yml")
    address = workshop.template.as_uri()
    workshop.edit({".copier-answers.yml": answers.replace(str(workshop.template), address)})
    workshop.release("v1.1.0", {"template/a.dat": THEIRS})
    twins = [twin_of(workshop, f"twin-{number}") for number in range(4)]
    program = Path(sys.executable).parent / "lisa-scaffold"
    started = [
        subprocess.Popen([program, "update", twin, "--defaults"], stdout=subprocess.DEVNULL)
        for twin in twins
    ]
    assert [each.wait() for each in started] == [ExitCode.DONE] * len(twins)
    assert {(twin / "a.dat").read_text() for twin in twins} == {THEIRS}


def test_a_feature_that_is_switched_off(tmp_path: Path) -> None:
    """Copier deletes its files, those too that the project has edited."""
    questions = QUESTIONS + (
        "extra:\n  type: bool\n  default: true\n_exclude: ['{% if not extra %}/*.dat{% endif %}']\n"
    )
    files = {"copier.yml": questions, "template/one.dat": TEN, "template/two.dat": "2\n"}
    workshop = open_workshop(tmp_path, files)
    workshop.edit({"one.dat": TEN + "mine\n"})
    twin = twin_of(workshop)
    assert copier(twin, "--data", "extra=false").returncode == 0
    assert not (twin / "one.dat").exists()
    done = ours(workshop.project, "--data", "extra=no")
    assert done.returncode == ExitCode.DONE
    assert workshop.read("one.dat") == TEN + "mine\n"
    assert "one.dat: the template no longer has it; the project edited it." in done.stdout


CLOCKS = ["{{ now() }}", "{{ '%s' | strftime }}", "{{ make_secret() }}"]


@pytest.mark.parametrize("clock", CLOCKS)
def test_a_template_that_renders_the_time(tmp_path: Path, clock: str) -> None:
    """Copier has a conflict at every update; a render here does not differ from itself."""
    before = f"top\n{clock}\n{TEN}"
    workshop = open_workshop(tmp_path, {"template/a.dat.jinja": before})
    workshop.edit({"a.dat": f"top\nour own line\n{TEN}"})
    workshop.release("v1.1.0", {"template/a.dat.jinja": before.replace("line 9\n", "theirs\n")})
    twin = twin_of(workshop)
    copier(twin)
    copiers = (twin / "a.dat").read_text()
    # In the same second, two renders of it may agree.
    assert "<<<<<<<" in copiers or "strftime" in clock
    assert ours(workshop.project).returncode == ExitCode.DONE
    assert workshop.read("a.dat") == f"top\nour own line\n{THEIRS}"


HOOKS = "repos:\n  - repo: https://example.org/hooks\n    rev: v{}\n    hooks:\n      - id: x\n"


def test_a_pin_that_both_move(tmp_path: Path) -> None:
    """Copier has a conflict whenever the template moves a version that the project moved."""
    name = ".pre-commit-config.yaml"
    workshop = open_workshop(tmp_path, {f"template/{name}": HOOKS.format("1.0.0")})
    workshop.edit({name: HOOKS.format("1.1.0")})
    workshop.release("v1.1.0", {f"template/{name}": HOOKS.format("1.2.0")})
    twin = twin_of(workshop)
    copier(twin)
    assert "<<<<<<<" in (twin / name).read_text()
    done = ours(workshop.project)
    assert done.returncode == ExitCode.DONE
    assert workshop.read(name) == HOOKS.format("1.2.0")
    assert "v1.1.0 of the project is not" in done.stdout


def test_a_file_that_is_written_once_and_deleted(tmp_path: Path) -> None:
    """Copier brings it back."""
    questions = QUESTIONS + "_skip_if_exists: [s.dat]\n"
    workshop = open_workshop(tmp_path, {"copier.yml": questions, "template/s.dat": "seed\n"})
    workshop.edit({"s.dat": None})
    workshop.release("v1.1.0", {"template/s.dat": "better seed\n"})
    twin = twin_of(workshop)
    copier(twin)
    assert (twin / "s.dat").exists()
    assert ours(workshop.project).returncode == ExitCode.DONE
    assert not (workshop.project / "s.dat").exists()


def test_an_answer_to_a_question_that_is_not_asked(tmp_path: Path) -> None:
    """Copier renders it and does not record it: the next update silently takes it back.

    Here it is not used, and a note tells; all else is updated.
    """
    questions = QUESTIONS + "size:\n  type: int\n  default: 1\n  when: false\n"
    files = {"copier.yml": questions, "template/a.dat.jinja": "{{ size }}\n"}
    workshop = open_workshop(tmp_path, files)
    workshop.release("v1.1.0", {"template/b.dat": TEN})
    twin = twin_of(workshop)
    copier(twin, "--data", "size=2")
    assert (twin / "a.dat").read_text() == "2\n"
    assert "size" not in (twin / ".copier-answers.yml").read_text()
    done = ours(workshop.project, "--data", "size=2")
    assert done.returncode == ExitCode.DONE
    assert "size=2 was not used and is not recorded" in done.stdout.replace("'", "")
    assert workshop.read("a.dat") == "1\n"
    assert workshop.read("b.dat") == TEN
    assert "size" not in workshop.read(".copier-answers.yml")


def test_folders_that_are_empty(tmp_path: Path) -> None:
    """Copier may leave them; here they go with their last file."""
    workshop = open_workshop(tmp_path, {"template/deep/er/a.dat": TEN, "template/b.dat": "b\n"})
    workshop.release("v1.1.0", {"template/deep/er/a.dat": None})
    assert ours(workshop.project).returncode == ExitCode.DONE
    assert not (workshop.project / "deep").exists()


def test_a_template_without_versions(workshop: Workshop) -> None:
    """Copier records the first characters of a hash; here the whole of it is recorded."""
    git.git("tag", "--delete", "v1.0.0", cwd=workshop.template)
    born = git.git("rev-parse", "HEAD", cwd=workshop.template).strip()
    answers = workshop.read(".copier-answers.yml")
    workshop.edit({".copier-answers.yml": answers.replace("v1.0.0", f"'{born[:7]}'")})
    assert ours(workshop.project).stdout == f"Nothing to do: the project has {born[:7]}.\n"
    write_files(workshop.template, {"template/a.dat": THEIRS})
    commit(workshop.template)
    newest = git.git("rev-parse", "HEAD", cwd=workshop.template).strip()
    twin = twin_of(workshop)
    assert copier(twin).returncode == 0
    recorded = re.search("_commit: (.*)", (twin / ".copier-answers.yml").read_text())
    assert recorded
    assert len(recorded[1].strip("'")) < len(newest)
    assert ours(workshop.project).returncode == ExitCode.DONE
    assert workshop.read("a.dat") == THEIRS
    assert newest in workshop.read(".copier-answers.yml")


def lines(chance: random.Random, name: str) -> list[str]:
    return [f"{name} {number}: {chance.randrange(10**6)}\n" for number in range(40)]


def edited(chance: random.Random, text: list[str], whose: str, half: int) -> str:
    """A text with a few lines changed, removed and added in one half of it."""
    changed = list(text)
    for number in chance.sample(range(half * 20 + 3, half * 20 + 17), 4):
        changed[number] = chance.choice(["", f"{whose} {number}\n", f"{text[number]}{whose}\n"])
    return "".join(changed)


@pytest.mark.parametrize("seed", range(4))
def test_where_neither_has_a_conflict_the_trees_are_equal(tmp_path: Path, seed: int) -> None:
    """Random edits of both sides that do not meet; files that come, go and stay."""
    chance = random.Random(seed)  # noqa: S311 - edits, not secrets
    texts = {
        f"{folder}{number}.dat": lines(chance, f"{number}")
        for folder in ("", "sub/")
        for number in range(4)
    }
    workshop = open_workshop(
        tmp_path, {f"template/{name}": "".join(text) for name, text in texts.items()}
    )
    names = sorted(texts)
    gone, *left = chance.sample(names, len(names))
    half = chance.randrange(2)
    workshop.edit(
        {name: edited(chance, texts[name], "mine", half) for name in left[:4]}
        | {"own/file.dat": "own\n"}
    )
    theirs: dict[str, str | None] = {
        f"template/{name}": edited(chance, texts[name], "theirs", 1 - half) for name in left[2:]
    }
    new = {"template/new/{{ name }}.dat.jinja": "{{ name }}\n", f"template/{gone}": None}
    workshop.release("v1.1.0", theirs | new)
    twin = twin_of(workshop)
    assert copier(twin).returncode == 0
    assert ours(workshop.project).returncode == ExitCode.DONE
    assert contents(workshop.project) == contents(twin)
    assert not [path for path in contents(twin) if path.endswith(".rej")]

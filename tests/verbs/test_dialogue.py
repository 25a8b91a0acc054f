"""The real dialogue, driven through a pseudo-terminal as a person would."""

from __future__ import annotations

import re
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pexpect
import pytest
import yaml

from lisa_scaffold import git, prompt
from lisa_scaffold.errors import ExitCode
from lisa_scaffold.model import Question
from lisa_scaffold.prompt import screen
from lisa_scaffold.prompt.screen import Option, _List

from ..support.adopting import BRANCH, make, paths, show
from ..support.sweeps import sampled
from ..support.updates import QUESTIONS, open_workshop

UP, DOWN, ENTER, CTRL_C, ESCAPE = "\x1b[A", "\x1b[B", "\r", "\x03", "\x1b"
NEW = "import sys; from lisa_scaffold.cli import new; sys.exit(new())"
CLEAR = "\x01\x0b"  # to the beginning of the line, then cut all of it

KIND = "What sort of project is it?"
ASKED = [
    *("Name of the project", "What the project does", "Author", "E-mail address"),
    *("Copyright holder", "Licence", "Where will the repository be hosted", "Group"),
    *("Oldest Python version", "Distribution name", "Import name", "advanced questions too"),
]


@pytest.fixture(autouse=True)
def unmeasured(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The coverage of these processes counts: questions are asked in no other."""
    if request.node.get_closest_marker("uncounted"):
        monkeypatch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)


@pytest.fixture(autouse=True)
def _kind_of_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    # This terminal answers no question about its cursor; waiting for it takes a second each.
    monkeypatch.setenv("PROMPT_TOOLKIT_NO_CPR", "1")


def spawn(*arguments: str, cwd: Path) -> pexpect.spawn[str]:
    """Python in a terminal."""
    child = pexpect.spawn(
        sys.executable, [*arguments], cwd=cwd, encoding="utf-8", timeout=60, dimensions=(60, 120)
    )
    # A question that is shown can be answered: nothing is typed ahead, so that nothing is lost.
    child.delaybeforesend = None
    return child


@pytest.fixture
def terminal(tmp_path: Path, no_hook_programs: None) -> Iterator[pexpect.spawn[str]]:
    """``lisa-new`` in a terminal, in an empty folder."""
    del no_hook_programs
    here = tmp_path / "here"
    here.mkdir()
    child = spawn("-c", NEW, cwd=here)
    yield child
    child.close(force=True)


def here(terminal: pexpect.spawn[str]) -> Path:
    return Path(str(terminal.cwd))


def answer(terminal: pexpect.spawn[str], question: str, keys: str = "") -> None:
    terminal.expect_exact(question)
    terminal.send(keys + ENTER)


def finish(terminal: pexpect.spawn[str]) -> int | None:
    terminal.expect(pexpect.EOF)
    terminal.close()
    return terminal.exitstatus


def recorded(project: Path) -> dict[str, object]:
    answers: dict[str, object] = yaml.safe_load((project / ".copier-answers.yml").read_text())
    return answers


@pytest.mark.sweep
@pytest.mark.uncounted
def test_enter_all_the_way_takes_the_defaults(terminal: pexpect.spawn[str]) -> None:
    for question in (KIND, *ASKED):
        answer(terminal, question)
    answer(terminal, "Create this project?")
    assert finish(terminal) == 0
    answers = recorded(here(terminal) / "lisa-example")
    assert (answers["author_name"], answers["license"]) == ("Ada Example", "BSD-3-Clause")


@pytest.mark.sweep
def test_what_is_typed_ahead_is_taken_in_turn(terminal: pexpect.spawn[str]) -> None:
    """Also what comes while the next question is worked out, when nobody reads the terminal."""
    terminal.expect_exact(KIND)
    keys = [ENTER, *(ENTER for _ in ASKED)]
    keys[1] = f"{CLEAR}LISA Ahead{ENTER}"
    keys[6] = f"{DOWN}{ENTER}"
    for each in keys:
        terminal.send(each)
        time.sleep(0.05)
    answer(terminal, "Create this project?")
    assert finish(terminal) == 0
    answers = recorded(here(terminal) / "lisa-ahead")
    assert (answers["project_name"], answers["license"]) == ("LISA Ahead", "MIT")


@pytest.mark.sweep
def test_what_is_typed_before_the_first_question_is_taken_too(
    terminal: pexpect.spawn[str],
) -> None:
    terminal.send(ENTER)
    time.sleep(0.1)
    terminal.send(f"LISA Early{ENTER}")
    terminal.expect_exact(ASKED[1])
    for question in ASKED[2:]:
        terminal.send(ENTER)
        terminal.expect_exact(question)
    terminal.send(ENTER)
    answer(terminal, "Create this project?")
    assert finish(terminal) == 0
    assert recorded(here(terminal) / "lisa-early")["kind"] == "package"


@pytest.mark.sweep
def test_whoever_stops_means_nothing_that_was_typed_ahead(terminal: pexpect.spawn[str]) -> None:
    terminal.expect_exact(KIND)
    terminal.send(f"{ENTER}{CLEAR}Any Name{ENTER}{CTRL_C}no, no, no")
    terminal.expect_exact("Stop here?")
    # What comes now is an answer again: the last one, which stops and keeps.
    terminal.expect_exact("Yes, and keep")
    terminal.send(UP + ENTER)
    terminal.expect_exact("nothing was changed")
    assert finish(terminal) == ExitCode.INTERRUPTED


@pytest.mark.sweep
def test_a_question_that_is_asked_again_stands_there_once(terminal: pexpect.spawn[str]) -> None:
    for question in (KIND, ASKED[0], ASKED[1]):
        answer(terminal, question)
    terminal.expect_exact(ASKED[2])
    terminal.expect_exact("Ctrl-C: stop")
    terminal.send(ESCAPE)
    # The cursor goes up by the two lines of the last question, and clears what is below.
    terminal.expect_exact("\x1b[2A\x1b[J")
    terminal.expect_exact(ASKED[1])


def test_answers_are_typed_chosen_and_mended(terminal: pexpect.spawn[str]) -> None:
    answer(terminal, KIND)
    answer(terminal, ASKED[0], CLEAR + "LISA Tides")
    answer(terminal, ASKED[1])
    answer(terminal, ASKED[2])
    answer(terminal, ASKED[3], CLEAR + "nowhere")
    terminal.expect_exact("Write one e-mail address such as jane.doe@example.org")
    terminal.send(CLEAR + "ada@tides.example.org" + ENTER)
    answer(terminal, ASKED[4])
    answer(terminal, ASKED[5], DOWN)
    for question in ASKED[6:9]:
        answer(terminal, question)
    terminal.expect_exact("lisa-tides")
    terminal.send(ENTER)
    terminal.expect_exact("lisa_tides")
    terminal.send(CLEAR + "lisa.tides" + ENTER)
    answer(terminal, ASKED[11])
    terminal.expect_exact("src/")
    answer(terminal, "Create this project?")
    assert finish(terminal) == 0
    answers = recorded(here(terminal) / "lisa-tides")
    assert (answers["license"], answers["author_email"]) == ("MIT", "ada@tides.example.org")
    assert (here(terminal) / "lisa-tides/src/lisa/tides/__init__.py").is_file()


@pytest.mark.sweep
@pytest.mark.uncounted
def test_an_image_repository_is_asked_for_its_debian_and_no_python(
    terminal: pexpect.spawn[str],
) -> None:
    answer(terminal, KIND, DOWN)
    answer(terminal, "Debian release", DOWN)
    for question in [*ASKED[:8], "Name of the repository", ASKED[11]]:
        answer(terminal, question)
    answer(terminal, "Create this project?")
    assert finish(terminal) == 0
    answers = recorded(here(terminal) / "lisa-cde")
    assert (answers["debian"], answers["python_min"]) == ("trixie", "3.13")


@pytest.mark.sweep
@pytest.mark.uncounted
def test_an_answer_is_changed_and_what_follows_from_it_follows(
    terminal: pexpect.spawn[str],
) -> None:
    for question in (KIND, *ASKED):
        answer(terminal, question)
    answer(terminal, "Create this project?", DOWN)
    terminal.expect_exact("Which answer?")
    terminal.send("project_n" + ENTER)
    answer(terminal, ASKED[0], CLEAR + "LISA Orbits")
    terminal.expect_exact("lisa_orbits")
    answer(terminal, "Create this project?")
    assert finish(terminal) == 0
    assert recorded(here(terminal) / "lisa-orbits")["import_name"] == "lisa_orbits"


@pytest.mark.sweep
def test_an_advanced_answer_that_was_given_alone_is_shown(terminal: pexpect.spawn[str]) -> None:
    for question in (KIND, *ASKED):
        answer(terminal, question)
    answer(terminal, "Create this project?", DOWN)
    assert "  compiled" not in str(terminal.before)
    terminal.expect_exact("Which answer?")
    terminal.send("[compiled" + ENTER)
    answer(terminal, "part of the code compiled", DOWN)
    terminal.expect_exact("Create this project?")
    shown = dict(re.findall(r"(?m)^  (\w+) +(\S.*?)\r*$", str(terminal.before)))
    assert (shown["advanced"], shown["compiled"]) == ("no", "nanobind")
    assert "sonar" not in shown


@pytest.mark.sweep
def test_advanced_questions_open_up_in_the_summary_too(terminal: pexpect.spawn[str]) -> None:
    for question in (KIND, *ASKED):
        answer(terminal, question)
    answer(terminal, "Create this project?", DOWN)
    terminal.expect_exact("Which answer?")
    terminal.send("adv" + ENTER)
    answer(terminal, "advanced questions too", "y")
    answer(terminal, "Year of first publication")
    answer(terminal, "part of the code compiled")
    answer(terminal, "Build backend", DOWN)
    answer(terminal, "command-line program", "yes")
    for question in ("documentation pages", "notebooks", "Dockerfile"):
        answer(terminal, question)
    answer(terminal, "CDE image")
    answer(terminal, "SonarQube")
    answer(terminal, "Where do the jobs of the pipeline stand?", DOWN)
    answer(terminal, "ORCID of the author", "0000-0002-1825-0097")
    answer(terminal, "Further authors", "Jo Roe")
    answer(terminal, "Keywords", "LISA, noise")
    answer(terminal, "DOI of the software")
    answer(terminal, "Further files", f" {DOWN}{DOWN} ")
    answer(terminal, "Create this project?")
    assert finish(terminal) == 0
    answers = recorded(here(terminal) / "lisa-example")
    assert (answers["backend"], answers["cli"]) == ("hatchling", True)
    assert (answers["other_authors"], answers["keywords"]) == ("Jo Roe", "LISA, noise")
    assert answers["extras"] == ["renovate", "benchmarks"]
    assert answers["ci_rules"] == "component"


@pytest.mark.sweep
def test_a_declined_preview_makes_nothing(terminal: pexpect.spawn[str]) -> None:
    for question in (KIND, *ASKED):
        answer(terminal, question)
    answer(terminal, "Create this project?", UP)
    terminal.expect_exact("Nothing was made. The answers are kept")
    assert finish(terminal) == 0
    assert list(here(terminal).iterdir()) == []
    # Whoever names another folder and makes another project leaves the answers where they are, and
    # fewer do not take their place unasked.
    other = spawn("-c", NEW, "other", cwd=here(terminal))
    answer(other, "that you kept the last time?", DOWN)
    answer(other, KIND)
    other.expect_exact(ASKED[0])
    other.send(CTRL_C)
    answer(other, "keep the answers for the next time")
    answer(other, "13 answers are kept already: keep these 1 in their place?")
    assert finish(other) == 130
    again = spawn("-c", NEW, cwd=here(terminal))
    answer(again, "that you kept the last time?")
    again.expect_exact("Create this project?")
    again.close(force=True)


@pytest.mark.uncounted
@sampled("asked", [6, 0, 1, 12, 13], 5)
def test_control_c_leaves_nothing(terminal: pexpect.spawn[str], asked: int) -> None:
    steps = [KIND, *ASKED, "Create this project?"]
    for question in steps[:asked]:
        answer(terminal, question)
    terminal.expect_exact(steps[asked])
    terminal.send(CTRL_C)
    terminal.expect_exact("Stop here?")
    terminal.send(CTRL_C)
    terminal.expect_exact("interrupted, nothing was changed")
    assert finish(terminal) == 130
    assert list(here(terminal).iterdir()) == []


@pytest.mark.sweep
@pytest.mark.uncounted
@sampled("stop", [signal.SIGTERM, signal.SIGHUP], 2)
def test_a_closed_terminal_or_a_kill_leaves_nothing(
    terminal: pexpect.spawn[str], stop: int
) -> None:
    for question in (KIND, *ASKED):
        answer(terminal, question)
    terminal.expect_exact("Create this project?")
    terminal.kill(stop)
    # Python loses what a signal raises while it calls back for a weak reference: it is sent again.
    if terminal.expect([pexpect.EOF, pexpect.TIMEOUT], timeout=60):
        terminal.kill(stop)
    finish(terminal)
    assert list(here(terminal).iterdir()) == []
    again = spawn("-c", NEW, cwd=here(terminal))
    again.expect_exact("Take up the 13 answers for LISA Example that you kept the last time?")
    again.close(force=True)


@pytest.mark.uncounted
@sampled("told", [signal.SIGTERM, signal.SIGHUP, None], 3)
def test_the_answers_so_far_are_kept_when_the_terminal_is_closed(
    terminal: pexpect.spawn[str], told: int | None, home: Path
) -> None:
    answer(terminal, KIND)
    answer(terminal, ASKED[0], "LISA Tides")
    answer(terminal, ASKED[1])
    terminal.expect_exact(ASKED[2])
    kept = home / ".local/state/lisa-scaffold/lisa-new.yml"
    if told is None:
        # As when the window is closed: the end of what is typed comes with the signal.
        terminal.close(force=False)
    else:
        terminal.kill(told)
        if terminal.expect([pexpect.EOF, pexpect.TIMEOUT], timeout=60):
            terminal.kill(told)
        said = str(terminal.before)
        assert "The answers are kept: lisa-new takes them up the next time." in said
        assert finish(terminal) == ExitCode.INTERRUPTED
    for _ in range(100):
        if kept.is_file():
            break
        time.sleep(0.1)
    assert yaml.safe_load(kept.read_text()) == {
        "kind": "package",
        "project_name": "LISA Tides",
        "description": "A Python package for the LISA mission.",
    }
    again = spawn("-c", NEW, cwd=here(terminal))
    again.expect_exact("Take up the 3 answers for LISA Tides that you kept the last time?")
    again.close(force=True)


@pytest.mark.uncounted
def test_a_name_whose_folder_is_taken_is_refused_where_it_is_asked(
    terminal: pexpect.spawn[str],
) -> None:
    taken = here(terminal) / "lisa-example"
    taken.mkdir()
    (taken / "mine.txt").write_text("mine\n")
    for question in (KIND, *ASKED[:10]):
        answer(terminal, question)
    terminal.expect_exact("lisa-example: the folder is not empty, where the project would be made")
    terminal.send(CLEAR + "lisa-other" + ENTER)
    for question in ASKED[10:]:
        answer(terminal, question)
    answer(terminal, "Create this project?")
    assert finish(terminal) == 0
    assert recorded(here(terminal) / "lisa-other")["distribution"] == "lisa-other"
    assert [each.name for each in taken.iterdir()] == ["mine.txt"]


@pytest.mark.uncounted
def test_another_repository_around_it_is_told_of_before_anything_is_made(
    terminal: pexpect.spawn[str],
) -> None:
    git.git("init", "--quiet", str(here(terminal)), cwd=here(terminal))
    for question in (KIND, *ASKED):
        answer(terminal, question)
    terminal.expect(r"is\s+a\s+git\s+repository,\s+and\s+the\s+project")
    answer(terminal, "Create this project?")
    assert finish(terminal) == 0
    assert (here(terminal) / "lisa-example" / ".git").is_dir()


@pytest.mark.uncounted
def test_an_update_asks_what_the_new_version_asks(tmp_path: Path) -> None:
    workshop = open_workshop(tmp_path, {})
    more = QUESTIONS + "size:\n  type: int\n  help: How large\n  default: 3\n"
    workshop.release("v1.1.0", {"copier.yml": more, "template/size.txt.jinja": "{{ size }}\n"})
    child = spawn("-m", "lisa_scaffold", "update", str(workshop.project), cwd=tmp_path)
    child.expect_exact("Updates project from v1.0.0 to v1.1.0")
    answer(child, "How large", CLEAR + "many")
    child.expect_exact("'many' is not int")
    child.send(CLEAR + "7" + ENTER)
    child.expect_exact("The update is staged;")
    assert finish(child) == 0
    assert workshop.read("size.txt") == "7\n"


PARTS = """
parts:
  type: str
  help: Which parts
  multiselect: true
  choices: {first: a, second: b, third: c}
  default: [b]
  validator: "{% if not parts %}at least one{% endif %}"
empty:
  type: yaml
  help: Any of these
  multiselect: true
  choices: [one]
whole:
  type: str
  help: Which whole
  choices: [x, y]
nothing:
  type: yaml
  help: Something or nothing
  choices: [[None at all, "null"], [Some, "1"]]
  default: 1
"""


@pytest.mark.sweep
def test_an_update_lets_choose_several_and_begins_with_the_first_without_a_default(
    tmp_path: Path,
) -> None:
    workshop = open_workshop(tmp_path, {})
    shown = "{{ [parts, empty, whole, nothing]|tojson }}\n"
    workshop.release("v1.1.0", {"copier.yml": QUESTIONS + PARTS, "template/parts.txt.jinja": shown})
    child = spawn("-m", "lisa_scaffold", "update", str(workshop.project), cwd=tmp_path)
    child.expect_exact("Which parts")
    # Without the only one that was chosen it is no answer.
    child.send(DOWN + " " + ENTER)
    child.expect_exact("at least one")
    child.send(" " + DOWN + " " + ENTER)
    answer(child, "Any of these")
    answer(child, "Which whole")
    answer(child, "Something or nothing", UP)
    child.expect_exact("The update is staged;")
    assert finish(child) == 0
    assert workshop.read("parts.txt") == '[["b", "c"], [], "x", null]\n'


@pytest.fixture
def adoption(tmp_path: Path) -> Iterator[pexpect.spawn[str]]:
    """``lisa-scaffold adopt`` in a terminal, in a project whose packages nothing names."""
    unnamed = {"setup.py": "import setuptools\nsetuptools.setup(name=open('n').read())\n"}
    packages = {"noise/__init__.py": "", "tides/__init__.py": ""}
    project = make(tmp_path / "project", {**unnamed, **packages})
    child = spawn("-m", "lisa_scaffold", "adopt", cwd=project)
    yield child
    child.close(force=True)


@pytest.mark.uncounted
def test_an_adoption_asks_for_what_it_cannot_infer_and_shows_where_the_rest_is_from(
    adoption: pexpect.spawn[str],
) -> None:
    adoption.expect_exact("the project's name is not known")
    answer(adoption, "distribution:", "lisa-sounds")
    answer(adoption, "import_name:", "noise")
    # Nothing settles it, and no default may.
    answer(adoption, "Licence", "m")
    adoption.expect_exact("Answers, and where each comes from")
    adoption.expect(r"forge +in2p3 +a\s+guess:\s+no\s+GitLab\s+address\s+found")
    adoption.expect(r"import_name +noise +given")
    answer(adoption, "Adopt the project so?", DOWN)
    answer(adoption, "Which answer?", "namespace")
    answer(adoption, "Group", CLEAR + "lisa/noise")
    adoption.expect(r"namespace +lisa/noise +given")
    answer(adoption, "Adopt the project so?")
    adoption.expect_exact("one commit on the branch lisa-scaffold/adopt")
    assert finish(adoption) == 0
    recorded = show(here(adoption), ".copier-answers.yml")
    assert "namespace: lisa/noise\n" in recorded
    assert "license: MIT\n" in recorded


@pytest.mark.sweep
@pytest.mark.uncounted
def test_an_adoption_that_is_declined_changes_nothing(adoption: pexpect.spawn[str]) -> None:
    answer(adoption, "distribution:", "lisa-sounds")
    answer(adoption, "import_name:", "noise")
    answer(adoption, "Licence")
    answer(adoption, "Adopt the project so?", UP)
    adoption.expect_exact("Nothing was changed.")
    assert finish(adoption) == 0
    assert paths(here(adoption), "HEAD") == {
        *("setup.py", "noise/__init__.py", "tides/__init__.py")
    }
    assert git.git("branch", "--list", BRANCH, cwd=here(adoption)) == ""


# --- Ways through the dialogue --------------------------------------------------------------------


def plain(text: object) -> str:
    """What a terminal shows, without colours and movements, in one line."""
    return " ".join(re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", str(text)).split())


@pytest.mark.sweep
def test_letters_replace_the_default_and_arrows_edit_it(terminal: pexpect.spawn[str]) -> None:
    answer(terminal, KIND)
    answer(terminal, ASKED[0], "LISA Tides")
    answer(terminal, ASKED[1], "\x1b[200~Tides, pasted.\x1b[201~")
    # Left, and a letter before the last one.
    answer(terminal, ASKED[2], "\x1b[Dx")
    answer(terminal, ASKED[3])
    for question in ASKED[4:]:
        answer(terminal, question)
    answer(terminal, "Create this project?")
    assert finish(terminal) == 0
    answers = recorded(here(terminal) / "lisa-tides")
    assert (answers["project_name"], answers["description"]) == ("LISA Tides", "Tides, pasted.")
    assert answers["author_name"] == "Ada Examplxe"


@pytest.mark.sweep
def test_the_answers_can_be_kept_at_the_end_too(terminal: pexpect.spawn[str], home: Path) -> None:
    answer(terminal, KIND)
    answer(terminal, ASKED[0], "LISA Tides")
    for question in ASKED[1:]:
        answer(terminal, question)
    terminal.expect_exact("Create this project?")
    terminal.send(CTRL_C)
    answer(terminal, "keep the answers for the next time")
    assert finish(terminal) == ExitCode.INTERRUPTED
    kept = (home / ".local/state/lisa-scaffold/lisa-new.yml").read_text()
    assert "project_name: LISA Tides\n" in kept
    again = spawn("-c", NEW, cwd=here(terminal))
    again.expect_exact("for LISA Tides that you kept the last time?")
    again.close(force=True)


def test_ctrl_c_between_two_questions_asks_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is worked out there takes a while, and many questions may have been answered."""
    name = Question("name", "str", "Name", "demo", (), "", asked=True)
    size = Question("size", "str", "Size", "1", (), "", asked=True)
    worked: list[int] = []

    def resolve(answers: Mapping[str, object]) -> list[Question]:
        worked.append(len(worked))
        if len(worked) == 3:
            raise KeyboardInterrupt
        return [each._replace(value=answers.get(each.key, each.value)) for each in (name, size)]

    told: list[str] = []

    def go_on(heading: str, options: Sequence[Option], **_: object) -> object:
        told.append(heading)
        return options[0].value

    monkeypatch.setattr(prompt, "ask_line", lambda *_, **__: "x")
    monkeypatch.setattr(prompt, "choose", go_on)
    found = prompt.ask_all(resolve, {}, set(), lambda answers: told.append(str(answers)))
    assert (found, told) == ({"name": "x", "size": "x"}, ["Stop here?"])


@pytest.mark.sweep
def test_enter_alone_confirms(terminal: pexpect.spawn[str]) -> None:
    """A `yes` that is typed whole answers one question, and none that comes after it."""
    for question in (KIND, *ASKED[:-1]):
        answer(terminal, question)
    answer(terminal, ASKED[-1], "yes")
    answer(terminal, "Year of first publication")
    answer(terminal, "part of the code compiled")
    answer(terminal, "Build backend")
    terminal.expect_exact("command-line program")
    terminal.send("yn" + ENTER)
    terminal.expect_exact("Nothing matches")
    terminal.send("\x7f" + ENTER)
    terminal.expect_exact("documentation pages")
    terminal.close(force=True)


def test_escape_goes_back_and_what_was_answered_stands_there(terminal: pexpect.spawn[str]) -> None:
    answer(terminal, KIND)
    answer(terminal, ASKED[0], CLEAR + "LISA Tides")
    terminal.expect_exact("(3 of 13)")
    terminal.send(ESCAPE)
    terminal.expect_exact("(2 of 13)")
    terminal.expect_exact("LISA Tides")
    terminal.send(ESCAPE)
    terminal.expect_exact(KIND)
    terminal.send(DOWN + ENTER)
    # An image is asked for its Debian besides, and for no Python nor import name.
    terminal.expect_exact("(2 of 12)")
    terminal.send(ESCAPE)
    terminal.expect_exact("(1 of 12)")
    terminal.send(UP + ENTER)
    for question in ASKED:
        answer(terminal, question)
    answer(terminal, "Create this project?")
    assert finish(terminal) == 0
    assert recorded(here(terminal) / "lisa-tides")["kind"] == "package"


@pytest.mark.sweep
def test_what_is_typed_and_left_stands_there_again(terminal: pexpect.spawn[str]) -> None:
    answer(terminal, KIND)
    terminal.expect_exact(ASKED[0])
    terminal.send(CLEAR + "LISA Ti" + ESCAPE)
    answer(terminal, KIND)
    terminal.expect_exact("LISA Ti")
    terminal.send("d" + CTRL_C)
    terminal.expect_exact("Stop here?")
    terminal.send(UP + UP + ENTER)  # no, go on
    terminal.expect_exact("LISA Tid")
    terminal.send("e" + CTRL_C)
    answer(terminal, "Stop here?")
    assert finish(terminal) == 130
    again = spawn("-c", NEW, cwd=here(terminal))
    answer(again, "Take up the answer that")
    again.expect_exact("LISA Tide")
    again.send("s" + ENTER)
    for question in ASKED[1:]:
        answer(again, question)
    answer(again, "Create this project?")
    assert finish(again) == 0
    assert (here(terminal) / "lisa-tides/.git").is_dir()


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("mit", "MIT"),
        ("bsd-3", "BSD 3-Clause (short)"),
        ("n", "No, go on"),  # and not another one that has the letter somewhere
        ("go o", "No, go on"),
        ("lesser", "GNU Lesser"),
        ("gnu", "GNU General"),
        ("gnu les", "GNU Lesser"),
        ("names", "Group [namespace]"),  # and not another one that speaks of it
        ("group_n", "Group [namespace]"),
        ("y", "Yes, and keep the answers for the next time"),  # which is pointed at
    ],
)
def test_what_letters_are_meant_for(typed: str, expected: str) -> None:
    titles = ["No, go on", "BSD 3-Clause (short)", "MIT", "GNU General", "GNU Lesser"]
    titles += [
        "Group [namespace]",
        "Import name (in a namespace)",
        "Yes, stop",
        "Yes, and keep the answers for the next time",
    ]
    listed = _List([Option(each, each) for each in titles], len(titles) - 1, chosen=None)
    for letter in typed:
        listed.type(letter)
    assert listed.value == expected
    assert listed.at in listed.shown


@pytest.mark.uncounted
def test_nothing_is_before_the_first_question(terminal: pexpect.spawn[str]) -> None:
    terminal.expect_exact(KIND)
    terminal.send(ESCAPE)
    terminal.expect_exact(KIND)
    terminal.send(ENTER)
    terminal.expect_exact(ASKED[0])
    terminal.close(force=True)


def test_control_c_asks_and_what_was_answered_is_kept(
    terminal: pexpect.spawn[str],
) -> None:
    state = Path.home() / ".local/state/lisa-scaffold/lisa-new.yml"
    answer(terminal, KIND)
    answer(terminal, ASKED[0], CLEAR + "LISA Tides")
    terminal.expect_exact(ASKED[1])
    terminal.send(CTRL_C)
    terminal.expect_exact("Stop here?")
    terminal.send(UP + UP + ENTER)  # no, go on
    terminal.expect_exact(ASKED[1])
    terminal.send(CTRL_C)
    answer(terminal, "Stop here?")
    terminal.expect_exact("the answers are kept in")
    terminal.expect_exact("goes on")
    assert finish(terminal) == 130
    assert list(here(terminal).iterdir()) == []
    assert yaml.safe_load(state.read_text()) == {"kind": "package", "project_name": "LISA Tides"}
    again = spawn("-c", NEW, cwd=here(terminal))
    answer(again, "Take up the 2 answers")
    again.expect_exact(ASKED[1])
    again.send(ESCAPE)
    again.expect_exact(ASKED[0])  # which is one of those that were kept
    again.expect_exact("LISA Tides")
    again.send(ENTER)
    for question in ASKED[1:]:
        answer(again, question)
    answer(again, "Create this project?")
    assert finish(again) == 0
    assert (here(terminal) / "lisa-tides/.git").is_dir()
    assert not state.exists()


@sampled("columns", [80, 60, 120], 3)
def test_questions_and_errors_are_wrapped_and_errors_stand_below_the_answer(
    columns: int, terminal: pexpect.spawn[str]
) -> None:
    terminal.setwinsize(24, columns)
    answer(terminal, KIND)
    for question in ASKED[:-2]:
        answer(terminal, question)
    terminal.expect_exact("Import name")
    terminal.expect_exact("Ctrl-C")
    said = plain(f"Import name{terminal.before}").replace("(12 of 13) ", "")
    assert said.startswith(
        'Import name (what people write after "import"; lisa.foo makes a namespace package)'
    )
    terminal.send(CLEAR + "A.b" + ENTER)
    terminal.expect_exact("Use lower-case")
    assert str(terminal.before).count("\n") < 4
    terminal.expect_exact("Ctrl-C")
    assert "such as lisa_noise or lisa.noise." in plain(terminal.before)
    terminal.close(force=True)


@pytest.mark.sweep
def test_which_answer_filters_names_and_values_and_says_that_nothing_matches(
    terminal: pexpect.spawn[str],
) -> None:
    for question in (KIND, *ASKED):
        answer(terminal, question)
    answer(terminal, "Create this project?", DOWN)
    terminal.expect_exact("Which answer?")
    terminal.expect_exact("Ctrl-C")
    offered = plain(terminal.before)
    # An answer that the kind does not ask for, or that nobody is asked, is not offered.
    assert "Name of the project, as people say it: LISA Example [project_name]" in offered
    assert "separated by commas: (empty) [keywords]" in offered
    for key in ("debian", "forge_host", "adopted", "code_path", "left_out", "example"):
        assert f"[{key}]" not in offered
    terminal.send("xyz" + ENTER)
    terminal.expect_exact("Nothing matches")
    terminal.send("\x7f\x7f\x7fbsd")
    terminal.expect_exact("Licence: BSD-3-Clause [license]")
    answer(terminal, "", "")
    answer(terminal, "the usual choice in LISA", "mit")
    terminal.expect_exact("MIT")
    answer(terminal, "Create this project?")
    assert finish(terminal) == 0
    assert recorded(here(terminal) / "lisa-example")["license"] == "MIT"


@pytest.mark.sweep
def test_what_will_happen_is_said_before(terminal: pexpect.spawn[str]) -> None:
    for question in (KIND, *ASKED):
        answer(terminal, question)
    terminal.expect_exact("Create this project?")
    said = plain(terminal.before)
    found = re.search(r"(\d+) files in lisa-example, from version v\d", said)
    assert found
    for part in ("src/", "tests/", ".gitlab/", "beside them", "pyproject.toml"):
        assert part in said
    assert "one commit on main; origin is https://gitlab.in2p3.fr/LISA/lisa-example.git" in said
    assert "hooks not installed: pre-commit is not there" in said
    assert "src/lisa_example" not in said
    terminal.send(DOWN + DOWN + ENTER)
    terminal.expect_exact(f"lisa-example/ ({found[1]} files)")
    terminal.expect_exact("__init__.py")
    answer(terminal, "Create this project?", UP)
    assert finish(terminal) == 0


@pytest.mark.sweep
@pytest.mark.uncounted
def test_an_adoption_says_what_happens_and_offers_no_answer_of_its_own(
    adoption: pexpect.spawn[str],
) -> None:
    answer(adoption, "distribution:", "lisa-sounds")
    answer(adoption, "import_name:", "noise")
    answer(adoption, "Licence")
    adoption.expect_exact("What happens")
    before = plain(adoption.before)
    for key in ("adopted", "code_path", "code_url", "test_path", "left_out", "example"):
        assert f" {key} " not in before
    adoption.expect_exact("Adopt the project so?")
    said = plain(adoption.before)
    assert re.search(r"Added \(\d+\): .*\.editorconfig, ", said)
    assert f"git: one commit on the new branch {BRANCH}" in said
    adoption.send(DOWN + ENTER)
    adoption.expect_exact("Which answer?")
    adoption.expect_exact("Ctrl-C")
    assert "[left_out]" not in plain(adoption.before)
    adoption.send("[kind" + ENTER)
    adoption.expect_exact("Container images (")
    adoption.send(DOWN + ENTER)
    adoption.expect_exact("this repository has a Python package")
    adoption.send(UP + ENTER)
    # What follows from another answer is asked, too.
    adoption.expect_exact("Adopt the project so?")
    adoption.send(DOWN + ENTER)
    adoption.expect_exact("Which answer?")
    adoption.send("[forge]" + ENTER)
    answer(adoption, "Where will the repository be hosted?", DOWN * 2)
    answer(adoption, "Host name of that GitLab server", CLEAR + "gitlab.example.org")
    adoption.expect_exact("gitlab.example.org")
    answer(adoption, "Adopt the project so?", DOWN + DOWN)
    adoption.expect_exact("Findings of `must`:")
    answer(adoption, "Adopt the project so?", UP)
    assert finish(adoption) == 0
    assert git.git("branch", "--list", BRANCH, cwd=here(adoption)) == ""


def test_a_number_without_a_default_is_offered_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """It stood there as the word "None", to be taken with Enter and refused."""
    offered = []

    def answer_line(*_: object, default: str, **__: object) -> str:
        offered.append(default)
        return "4"

    monkeypatch.setattr(prompt, "ask_line", answer_line)
    question = Question("size", "int", "Size", None, (), "", asked=True)
    assert prompt.ask(question, lambda _: [question], {}) == "4"
    assert offered == [""]


@pytest.mark.sweep
def test_an_answer_that_was_refused_is_mended_in_place(terminal: pexpect.spawn[str]) -> None:
    for question in (KIND, *ASKED[:3]):
        answer(terminal, question)
    terminal.expect_exact(ASKED[3])
    terminal.send(CLEAR + "nobody\x1b[D" + ENTER)
    terminal.expect_exact("(Enter: take it, Esc: back")
    # Letters go on at the end of it, wherever the cursor was.
    answer(terminal, "", "@example.org")
    for question in ASKED[4:]:
        answer(terminal, question)
    answer(terminal, "Create this project?")
    assert finish(terminal) == 0
    assert recorded(here(terminal) / "lisa-example")["author_email"] == "nobody@example.org"


@pytest.mark.parametrize(
    ("at", "steps", "pointed"),
    [
        (0, "m<", 0),
        (2, "mp<<", 2),
        (1, "mit^", 1),
        (0, "m", 1),
        (0, "m<m", 1),
        # Whoever moves by hand means that one.
        (0, "mv<", 3),
        (0, "<^", 0),
    ],
)
def test_without_letters_a_list_points_where_it_did_before(
    at: int, steps: str, pointed: int
) -> None:
    listed = _List(
        [Option(title, title) for title in ("BSD", "MIT", "GPL", "MPL")], at, chosen=None
    )
    for step in steps:
        if step == "<":
            listed.take_away(1)
        elif step == "^":
            listed.take_away(max(len(listed.typed), 1))
        elif step == "v":
            listed.move(1)
        else:
            listed.type(step)
    assert listed.at == pointed


@pytest.mark.sweep
def test_a_list_is_whole_again_without_its_letters(terminal: pexpect.spawn[str]) -> None:
    terminal.expect_exact(KIND)
    terminal.send("m\x7fima\x15" + ENTER)
    for question in ASKED:
        answer(terminal, question)
    answer(terminal, "Create this project?")
    assert finish(terminal) == 0
    assert recorded(here(terminal) / "lisa-example")["kind"] == "package"


def test_the_number_of_a_question_stands_behind_all_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(screen, "_columns", lambda: 40)
    asked = screen._Screen("What people write behind import, and nothing else", "(12 of 13)", "")
    told = "".join(fragment[1] for fragment in asked._head())
    assert told == "? What people write behind\n  import, and nothing else (12 of 13)"
    assert max(map(len, told.split("\n"))) <= 40


@pytest.mark.sweep
def test_the_distribution_is_called_as_the_folder_that_was_named(
    terminal: pexpect.spawn[str],
) -> None:
    named = spawn("-c", NEW, "glitch-fit", cwd=here(terminal))
    answer(named, KIND)
    answer(named, ASKED[0], CLEAR + "Fits of Glitches")
    for question in ASKED[1:]:
        answer(named, question)
    answer(named, "Create this project?")
    assert finish(named) == 0
    answers = recorded(here(terminal) / "glitch-fit")
    assert (answers["project_name"], answers["distribution"]) == ("Fits of Glitches", "glitch-fit")
    assert answers["import_name"] == "glitch_fit"

"""Help, usage, colours and width: what people see of the command line, at a real terminal."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from lisa_scaffold import cli
from lisa_scaffold.cli.arguments import DOCS
from lisa_scaffold.errors import ExitCode

from ..conftest import ROOT
from ..support.sweeps import sampled
from ..support.terminals import on_a_terminal
from ..support.updates import Workshop, open_workshop

COMMANDS = (
    *("new", "update", "resolve", "status", "adopt", "check", "explain"),
    *("completion", "merge-driver"),
    *("fleet status", "fleet update", "fleet pipeline", "fleet page"),
)
COLOUR = re.compile(r"\x1b\[[\d;]*m")


def complain(*words: str) -> str:
    """What a command that is refused says."""
    done = subprocess.run(
        [sys.executable, "-m", "lisa_scaffold", *words],
        capture_output=True,
        text=True,
        check=False,
        env={"COLUMNS": "80"},
    )
    assert (done.returncode, done.stdout) == (ExitCode.REFUSED, "")
    return done.stderr


def test_a_mistyped_command_is_recognised() -> None:
    assert complain("chek") == (
        "usage: lisa-scaffold [-h] [-V] COMMAND ...\n"
        "lisa-scaffold: no such command: chek\n"
        "  Did you mean check?\n"
        "  What there is: lisa-scaffold --help\n"
    )
    assert "Did you mean" not in complain("xyzzy")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_wrong_option_shows_the_usage_of_its_own_command(command: str) -> None:
    needed = {"completion": ["bash"], "merge-driver": ["install"], "fleet page": ["status.json"]}
    said = complain(*command.split(), *needed.get(command, []), "--verbos-e=x")
    assert said.startswith(f"usage: lisa-scaffold {command} [-h] ")
    assert said.endswith(
        f"lisa-scaffold {command}: no such option: --verbos-e\n  Did you mean --verbose?\n"
        f"  What there is: lisa-scaffold {command} --help\n"
    )


def test_one_word_too_many_is_named() -> None:
    assert "lisa-scaffold status: more than was expected: there\n" in complain(
        "status", ".", "there"
    )


@pytest.mark.parametrize(
    ("words", "argument"),
    [
        *((f"{name} ", "PATH") for name in ("update", "adopt", "check", "status", "resolve")),
        ("check . ", "PATH"),
        ("check --output=", "--output"),
        ("new ", "DEST"),
        ("new --data-file=", "--data-file"),
        *((f"fleet {name} ", "FLEET") for name in ("status", "update", "pipeline")),
        ("fleet page ", "STATUS"),
        ("fleet page x.json --badges=", "--badges"),
    ],
)
def test_an_empty_path_is_not_this_folder(words: str, argument: str) -> None:
    said = complain(*words.split(" "))
    assert f": argument {argument}: an empty path; this folder is written as .\n" in said


@pytest.mark.parametrize("words", [["-V"], ["--version"], ["check", "-V"]])
def test_the_version(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(words)
    assert caught.value.code == 0
    assert re.fullmatch(r"lisa-scaffold(?: check)? \d+\.\d+\.\d+\S*\n", capsys.readouterr().out)


@pytest.mark.parametrize("columns", [60, 120])
@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help(command: str, columns: int, tmp_path: Path) -> None:
    shown = on_a_terminal(*command.split(), "--help", cwd=tmp_path, columns=columns)
    assert shown.code == 0
    (page,) = re.findall(rf"^  {re.escape(DOCS)}/(\S*)$", shown.text, re.M)
    assert (ROOT / "docs" / (page or "index.html")).with_suffix(".md").is_file()
    codes = re.findall(r"^  (\d+) +\w", shown.text, re.M)
    assert codes == [str(code.value) for code in ExitCode]
    examples = re.findall(r"^  \$ (.+)$", shown.text, re.M)
    assert examples
    for line in examples:
        inner = re.search(r"\$\((.+)\)", line)
        example = inner[1] if inner else line.partition(" | ")[0]
        words = shlex.split(example.replace("lisa-new", "lisa-scaffold new"))
        cli.parser([words[1]]).parse_args(words[1:])
    too_long = [line for line in shown.text.split("\n") if len(line) > columns]
    # An address, a command to copy, and what argparse keeps together.
    kept = r" +(https:\S+$|\$|\[?--\w+ \{|\[--fix)"
    assert [line for line in too_long if not re.match(kept, line)] == []


# --- Colours and width ----------------------------------------------------------------------------


@pytest.fixture
def behind(tmp_path: Path) -> Workshop:
    """A project behind a template that changes what people have changed."""
    workshop = open_workshop(tmp_path, {"template/a.toml": "a = 1\n"})
    workshop.release("v1.1.0", {"template/a.toml": "a = 2\n"})
    workshop.edit({"a.toml": "a = 3\n"})
    return workshop


WORDS = [["check"], ["status"], ["update", "--defaults", "--dry-run"], ["update", "nowhere"]]


@sampled("words", WORDS, 4, ids=" ".join)
def test_colour_on_a_terminal_alone(words: list[str], behind: Workshop) -> None:
    def show(*more: str, **variables: str) -> str:
        place = behind.project
        return on_a_terminal(*words, *more, cwd=place, messages=True, variables=variables).left

    coloured = show()
    assert COLOUR.search(coloured)
    for more, variables in (
        ([], {"NO_COLOR": "1"}),
        ([], {"TERM": "dumb"}),
        (["--color=never"], {}),
    ):
        assert show(*more, **variables) == COLOUR.sub("", coloured)
    assert COLOUR.search(show("--color=always", TERM="dumb"))
    piped = subprocess.run(
        [sys.executable, "-m", "lisa_scaffold", *words],
        cwd=behind.project,
        capture_output=True,
        check=False,
    )
    assert b"\x1b" not in piped.stdout + piped.stderr


def test_a_conflict_stands_out(behind: Workshop) -> None:
    shown = on_a_terminal("update", "--defaults", cwd=behind.project).text
    assert "\x1b[1;31mIn conflict\x1b[0m\n  a.toml: 1 place\n" in shown


@pytest.mark.parametrize("columns", [40, 60, 120])
def test_messages_are_wrapped_between_words(columns: int, tmp_path: Path) -> None:
    long = "no-such-folder-" * 3
    words = ["check", long, "--color=never"]
    shown = on_a_terminal(*words, cwd=tmp_path, columns=columns, messages=True)
    assert shown.code == ExitCode.REFUSED
    whole = f"lisa-scaffold: {long}: no such folder Name the folder of a project."
    assert " ".join(shown.text.split()) == whole
    lines = shown.text.splitlines()
    assert [line for line in lines if len(line) > columns and len(line.split()) > 1] == []


def test_a_width_beyond_all_terminals_is_none(tmp_path: Path) -> None:
    variables = {"COLUMNS": "9" * 5000}
    shown = on_a_terminal("explain", "CHG001", cwd=tmp_path, variables=variables)
    assert shown == on_a_terminal("explain", "CHG001", cwd=tmp_path)


def test_a_report_is_wrapped_and_its_patch_is_not(tmp_path: Path) -> None:
    text = "".join(f"line {number}\n" for number in range(9))
    long = "word " * 30
    workshop = open_workshop(tmp_path, {"template/README.md": text})
    workshop.release("v1.1.0", {"template/README.md": text.replace("line 4", long)})
    workshop.edit({"README.md": text.replace("line 4", "my own words here").replace("8", "nine")})
    shown = on_a_terminal(
        *("update", "--defaults", "--dry-run"), cwd=workshop.project, columns=60, messages=True
    )
    lines = COLOUR.sub("", shown.text).splitlines()
    assert [line for line in lines if len(line) > 60 and not line.startswith(("+", "-", " "))] == []
    assert f"+{long}".strip() in [line.strip() for line in lines]


# --- Where the project is -------------------------------------------------------------------------


@sampled("words", [["status"], ["update", "--defaults"], ["check"], ["adopt"]], 2, ids=" ".join)
def test_a_command_finds_the_project_above(words: list[str], tmp_path: Path) -> None:
    files = {"template/pyproject.toml": '[project]\nname = "x"\n', "template/src/x.py": ""}
    workshop = open_workshop(tmp_path, files)
    there, here = (
        subprocess.run(
            [sys.executable, "-m", "lisa_scaffold", *words],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        for folder in (workshop.project, workshop.project / "src")
    )
    place = ".copier-answers.yml: made from another"
    assert here.stderr == "The project: ..\n" + there.stderr.replace(place, f"../{place}")
    # The commands to go on with name the folder.
    assert (here.returncode, here.stdout.replace(" ..\n", "\n")) == (there.returncode, there.stdout)


# --- What takes a while ---------------------------------------------------------------------------

SLOW = """
import sys, time
from lisa_scaffold import cli
from lisa_scaffold.verbs import check
quick = check.check
def slow(*words):
    for each in quick(*words):
        time.sleep(1.3)
        yield each
    time.sleep(2.2)
check.check = slow
sys.exit(cli.main(["check", "--select=CHG001", ".", *sys.argv[1:]]))
"""


@pytest.mark.sweep
def test_what_takes_a_while_is_told_on_a_terminal_and_goes_away(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "other"):
        folder.mkdir(exist_ok=True)
        (folder / "pyproject.toml").write_text('[project]\nname = "x"\n')
    shown = on_a_terminal("other", cwd=tmp_path, script=SLOW, messages=True)
    told = re.findall(r"\r\x1b\[K(Checking[^\r]*)", shown.text)
    assert told[0] == "Checking … 1 s"
    assert told[-1].startswith("Checking: 2 of 2 done … ")
    # Nothing of it is left where the report begins.
    assert "s\r\x1b[K" in shown.text
    report = shown.text.rpartition("\r\x1b[K")[2]
    assert "2 projects checked" in report
    dumb = on_a_terminal(
        "other", cwd=tmp_path, script=SLOW, messages=True, variables={"TERM": "dumb"}
    )
    assert COLOUR.sub("", report) == dumb.text


@pytest.mark.sweep
def test_a_pipe_is_told_nothing_of_it(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\n')
    done = subprocess.run(
        [sys.executable, "-c", SLOW], cwd=tmp_path, capture_output=True, check=False
    )
    assert done.stderr == b""
    assert b"Checking" not in done.stdout


def test_help_of_a_verb_of_the_fleet_says_what_its_exit_codes_mean(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lefts = {
        "status": "1    a project could not be read",
        "update": "1    a project failed or has conflicts, or waves are stopped",
        "pipeline": "1    never",
        "page": "1    never",
    }
    for verb, left in lefts.items():
        with pytest.raises(SystemExit):
            cli.main(["fleet", verb, "--help"])
        said = capsys.readouterr().out
        assert left in said
        if verb == "pipeline":
            assert "Write a child pipeline of GitLab's that shares" in " ".join(said.split())

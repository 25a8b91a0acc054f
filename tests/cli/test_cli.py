from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from lisa_scaffold import cli, template
from lisa_scaffold.errors import ExitCode
from lisa_scaffold.verbs import new as create

from ..conftest import Tree

Capture = pytest.CaptureFixture[str]
pytestmark = pytest.mark.usefixtures("no_hook_programs")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def recorded(project: Path) -> dict[str, object]:
    answers: dict[str, object] = yaml.safe_load((project / ".copier-answers.yml").read_text())
    return answers


def test_defaults_make_a_project_named_after_its_folder(here: Path, capsys: Capture) -> None:
    assert cli.new(["--defaults", "lisa-noise"]) == ExitCode.DONE
    answers = recorded(here / "lisa-noise")
    assert answers["project_name"] == "lisa-noise"
    assert answers["import_name"] == "lisa_noise"
    out, err = capsys.readouterr()
    assert out.startswith("Created lisa-noise in lisa-noise: ")
    assert err == ""


def test_lisa_scaffold_new_is_the_same_command(here: Path) -> None:
    assert cli.main(["new", "--defaults", "lisa-noise"]) == ExitCode.DONE
    assert (here / "lisa-noise/.git").is_dir()


def test_answers_come_from_options_and_file_and_options_win(here: Path, tree: Tree) -> None:
    tree(here, {"a.yml": "_commit: v0\nlicense: MIT\ncli: true\nproject_name: LISA Tides\n"})
    assert cli.new(["--data-file", "a.yml", "--data", "license=MPL-2.0"]) == ExitCode.DONE
    answers = recorded(here / "lisa-tides")
    assert (answers["license"], answers["cli"]) == ("MPL-2.0", True)


def test_an_equals_sign_belongs_to_the_value(here: Path) -> None:
    assert cli.new(["p", "--data", "description=a=b"]) == ExitCode.DONE
    assert recorded(here / "p")["description"] == "a=b"


def test_a_dry_run_shows_and_makes_nothing(here: Path, capsys: Capture) -> None:
    assert cli.new(["--dry-run", "lisa-noise"]) == ExitCode.DONE
    out = capsys.readouterr().out
    assert "  import_name       lisa_noise\n" in out
    assert "├── src/\n│   └── lisa_noise/\n" in out
    assert list(here.iterdir()) == []


REFUSED = {
    "no name": ([], "lisa-new: project_name: no answer\n  Name the folder"),
    "folder without a name": (["--defaults", "123"], "lisa-new: project_name: Use at least one"),
    "no pair": (["p", "--data", "license"], "lisa-new: --data license: no KEY=VALUE\n"),
    "no key": (["p", "--data", "=x"], "lisa-new: --data =x: no KEY=VALUE\n"),
    "no list": (
        ["p", "--data", "extras=renovate"],
        "lisa-new: extras: 'renovate' is no list, such as [a, b], of any of: renovate, ",
    ),
    "wrong answer": (["p", "--data", "license=GPL"], "lisa-new: license: 'GPL' is none of: BSD-3"),
    "unknown version": (["p", "--defaults", "--to", "v99.0.0"], "lisa-new: v99.0.0: no such"),
    "odd version": (["p", "--defaults", "--to=--upload-pack=x"], "lisa-new: --upload-pack=x: no"),
    "full folder": (["--defaults", "full"], "lisa-new: full: the folder is not empty\n"),
    "no file": (["p", "--data-file", "none.yml"], "lisa-new: none.yml: No such file"),
    "a folder": (["p", "--data-file", "full"], "lisa-new: full: Is a directory"),
    "broken file": (["p", "--data-file", "bad.yml"], "lisa-new: bad.yml:3: no YAML that can be"),
    "no text": (["p", "--data-file", "latin.yml"], "lisa-new: latin.yml: no YAML that can be"),
    "a list": (["p", "--data-file", "list.yml"], "lisa-new: list.yml: no answers in it\n"),
    "a nest": (["p", "--data-file", "nest.yml"], "lisa-new: nest.yml:1: no YAML that can be read"),
    "a bomb": (["p", "--data-file", "bomb.yml"], "lisa-new: bomb.yml: no YAML that can be read"),
    "digits": (["p", "--data-file", "long.yml"], "lisa-new: long.yml: no YAML that can be read"),
    "wrong in file": (["p", "--data-file", "wrong.yml"], "lisa-new: several answers:\n  licens: "),
    "a mapping": (["p", "--data-file", "map.yml"], "lisa-new: description: "),
    "nothing": (["p", "--data-file", "null.yml"], "lisa-new: description: None is not str"),
}


@pytest.mark.parametrize(("arguments", "message"), REFUSED.values(), ids=REFUSED)
def test_bad_input_is_one_message_and_changes_nothing(
    here: Path, tree: Tree, capsys: Capture, arguments: list[str], message: str
) -> None:
    tree(here, {"full/file": "", "bad.yml": "a: 1\nb: [\n", "list.yml": "- a\n"})
    tree(here, {"nest.yml": "[" * 5000, "wrong.yml": "licens: MIT\ncli: perhaps\n"})
    tree(here, {"map.yml": "description: {a: [b]}\n", "null.yml": "description:\n"})
    bomb = [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 30)]
    tree(here, {"bomb.yml": "".join(["a0: &a0 [x]\n", *bomb])})
    tree(here, {"long.yml": f"description: 0x{'f' * 500_000}\n"})
    (here / "latin.yml").write_bytes(b"license: \xe9\n")
    before = sorted(here.rglob("*"))
    assert cli.new(arguments) == ExitCode.REFUSED
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(message), err
    assert "Traceback" not in err
    assert sorted(here.rglob("*")) == before


def test_a_name_that_is_too_long_for_the_file_system_is_one_message(capsys: Capture) -> None:
    assert cli.new(["--defaults", "--data", "project_name=x", "y" * 300]) == ExitCode.REFUSED
    assert "File name too long" in capsys.readouterr().err


def test_a_missing_git_is_named(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert cli.new(["--defaults", "p"]) == ExitCode.REFUSED
    assert capsys.readouterr().err == (
        "lisa-new: git is not installed\n  Install git and try again.\n"
    )


def test_a_mirror_that_does_not_answer_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv(template.SOURCE_VARIABLE, "file:///nowhere/at/all")
    assert cli.new(["--defaults", "p"]) == ExitCode.REFUSED
    assert "file:///nowhere/at/all: no template can be read there" in capsys.readouterr().err


def test_a_defect_shows_its_traceback_and_where_to_report_it(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture, here: Path
) -> None:
    monkeypatch.setattr(create, "preview", lambda *_: 1 / 0)
    assert cli.new(["--defaults", "p"]) == ExitCode.DEFECT
    err = capsys.readouterr().err
    assert "ZeroDivisionError" in err
    assert "this is a defect of lisa-scaffold" in err
    assert list(here.iterdir()) == []


def test_an_interrupt_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture, here: Path
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(create, "preview", interrupted)
    assert cli.new(["--defaults", "p"]) == ExitCode.INTERRUPTED
    assert capsys.readouterr().err == "lisa-new: interrupted, nothing was changed\n"
    assert list(here.iterdir()) == []


def test_verbose_shows_the_commands(capsys: Capture) -> None:
    assert cli.new(["--defaults", "--verbose", "p"]) == ExitCode.DONE
    assert "$ git init --quiet --initial-branch=main\n" in capsys.readouterr().err


def test_the_version_is_printed_to_standard_output(capsys: Capture) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out.startswith("lisa-scaffold 0.")


def test_bad_usage_is_refused() -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["nonsense"])
    assert caught.value.code == ExitCode.REFUSED


def test_help_imports_neither_copier_nor_the_dialogue() -> None:
    show = (
        "import sys, contextlib; from lisa_scaffold import cli\n"
        "with contextlib.suppress(SystemExit): cli.new(['--help'])\n"
        "print(sorted({'copier', 'prompt_toolkit', 'yaml', 'jinja2'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", show], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("words", [["--help"], ["explain", "TPL002"]])
def test_a_reader_that_goes_away_is_no_defect(here: Path, words: list[str]) -> None:
    """Also where the output is short and waits in a buffer until the end."""
    reader, writer = os.pipe()
    os.close(reader)
    environment = {key: os.environ[key] for key in os.environ if key != "PYTHONUNBUFFERED"}
    done = subprocess.run(
        [sys.executable, "-m", "lisa_scaffold", *words],
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=here,
        check=False,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (2, "")


@pytest.mark.uncounted
def test_a_module_in_the_current_folder_is_not_imported(here: Path, tree: Tree) -> None:
    """Python itself puts the current folder first where a module is run."""
    names = ("argparse", "copier", "jinja2", "packaging", "pathspec", "tomllib", "yaml")
    tree(here, {f"{name}.py": f"open({str(here / 'ran')!r}, 'w')" for name in names})
    tree(here, {"project/.copier-answers.yml": "_commit: v0.1.0\n_src_path: .\n"})
    for words in (["check", "project"], ["new", "--defaults", "lisa-noise"]):
        done = subprocess.run(
            [sys.executable, "-m", "lisa_scaffold", *words], capture_output=True, check=False
        )
        assert done.returncode < ExitCode.REFUSED, done.stderr
    assert not (here / "ran").exists()

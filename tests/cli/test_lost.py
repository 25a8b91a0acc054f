"""Where the report is lost, or the user breaks off: what is said of the changes is true."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

from lisa_scaffold import cli, git
from lisa_scaffold.errors import ExitCode
from lisa_scaffold.report import update as update_report
from lisa_scaffold.sync import transaction
from lisa_scaffold.verbs import new as create
from lisa_scaffold.verbs import update_target

from ..support.adopting import BRANCH, REMOTE, SETUPTOOLS, make
from ..support.sweeps import sampled
from ..support.updates import Capture, open_workshop, write

pytestmark = pytest.mark.usefixtures("no_hook_programs")

MAIN = "import sys; from lisa_scaffold.cli import main; sys.exit(main())"
VERBS = {
    "new": (["new", "--defaults", "made"], "the project is made in made"),
    "update": (["update", "--defaults", "updated"], "the update is staged"),
    "update --format json": (
        ["update", "--defaults", "--format", "json", "updated"],
        "the update is staged",
    ),
    "update --branch": (
        ["update", "--defaults", "--branch", "newer", "updated"],
        "the update is committed on the branch newer",
    ),
    "adopt": (
        ["adopt", "--defaults", "adopted"],
        f"the adoption is committed on the branch {BRANCH}",
    ),
    "adopt --in-place": (
        ["adopt", "--defaults", "--in-place", "adopted"],
        "the adoption is staged",
    ),
    "check --fix": (["check", "--fix", "--select", "CHG002", "checked"], "checked is repaired"),
}
CHANGELOG = "# Changelog\n\n## [1.3.0] - 2026-11-02\n\n- Faster noise.\n"


@pytest.fixture
def here(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A folder with what the verb of the test is about."""
    folder = tmp_path / "here"
    folder.mkdir()
    parameters = getattr(request.node, "callspec", None)
    verb = parameters.params.get("verb", "update") if parameters else "update"
    if verb.startswith("update"):
        workshop = open_workshop(tmp_path, {"template/a.txt": "a\n"})
        workshop.release("v1.1.0", {"template/a.txt": "b\n"})
        workshop.project.rename(folder / "updated")
    elif verb.startswith("adopt"):
        make(folder / "adopted", SETUPTOOLS, REMOTE)
    elif verb.startswith("check"):
        pyproject = '[project]\nname = "lisa-noise"\n'
        make(folder / "checked", {"pyproject.toml": pyproject, "CHANGELOG.md": CHANGELOG})
    return folder


def is_changed(here: Path, verb: str) -> bool:
    """Whether what the verb does is done."""
    match verb.split(maxsplit=1)[0]:
        case "new":
            return (here / "made/.git").is_dir()
        case "check":
            return "Unreleased" in (here / "checked/CHANGELOG.md").read_text()
    project = here / ("updated" if verb.startswith("update") else "adopted")
    branches = git.git("branch", "--format=%(refname:short)", cwd=project).split()
    return len(branches) > 1 or bool(git.git("diff", "--staged", "--name-only", cwd=project))


LOST = ("full", "gone", "closed")


@pytest.fixture(params=LOST)
def lost(request: pytest.FixtureRequest) -> Iterator[tuple[list[str], int | None, str]]:
    """A standard output that takes nothing: how to start with it, it, and what is said of it."""
    start = [sys.executable, "-c", MAIN]
    if request.param == "full":
        with Path("/dev/full").open("wb") as full:
            yield start, full.fileno(), "No space left on device"
    elif request.param == "gone":
        reader, writer = os.pipe()
        os.close(reader)
        yield start, writer, "Broken pipe"
        os.close(writer)
    else:
        yield ["/bin/sh", "-c", 'exec "$@" >&-', "sh", *start], None, "it is closed"


@sampled(("verb", "lost"), product(VERBS, LOST), 9, indirect=["lost"])
def test_what_was_changed_is_said_where_the_report_is_lost(
    here: Path, verb: str, lost: tuple[list[str], int | None, str]
) -> None:
    start, stdout, why = lost
    words, what = VERBS[verb]
    done = subprocess.run(
        [*start, *words], stdout=stdout, stderr=subprocess.PIPE, text=True, cwd=here, check=False
    )
    assert done.stderr == (
        f"lisa-scaffold: standard output: {why}: the report is not complete\n"
        f"  This is done, and stays: {what}.\n"
    )
    assert done.returncode == ExitCode.FINDINGS
    assert is_changed(here, verb)


@pytest.mark.parametrize("verb", ["new", "update", "check --fix"])
@sampled("closed", ["<&- >&- 2>&-", ">/dev/full 2>/dev/full", ">&- 2>&-"], 3)
def test_nobody_left_to_tell_is_no_crash(here: Path, verb: str, closed: str) -> None:
    start = ["/bin/sh", "-c", f'exec "$@" {closed}', "sh", sys.executable, "-c", MAIN]
    done = subprocess.run([*start, *VERBS[verb][0]], capture_output=True, cwd=here, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (ExitCode.FINDINGS, b"", b"")
    assert is_changed(here, verb)


@sampled(
    ("words", "lost"),
    product(
        [
            ["update", "--defaults", "--dry-run", "updated"],
            ["check", "--select", "CHG001", "updated"],
            ["explain"],
            ["--version"],
        ],
        LOST,
    ),
    3,
    indirect=["lost"],
)
def test_where_nothing_was_changed_that_is_said(
    here: Path, words: list[str], lost: tuple[list[str], int | None, str]
) -> None:
    write(here, {"updated/pyproject.toml": '[project]\nname = "x"\n'})
    before = git.git("status", "--porcelain", cwd=here / "updated")
    start, stdout, why = lost
    done = subprocess.run(
        [*start, *words], stdout=stdout, stderr=subprocess.PIPE, text=True, cwd=here, check=False
    )
    said = f"lisa-scaffold: standard output: {why}: the report is not complete\n"
    said += "  Nothing was changed.\n"
    assert done.stderr.endswith("" if why == "Broken pipe" else said)
    assert "Traceback" not in done.stderr
    assert done.returncode == ExitCode.REFUSED
    assert git.git("status", "--porcelain", cwd=here / "updated") == before


@pytest.mark.parametrize("words", [["nonsense"], ["check", "nowhere"]])
def test_a_lost_message_changes_no_exit_code(words: list[str], tmp_path: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-c", MAIN, *words], stderr=full, cwd=tmp_path, check=False
        )
    assert done.returncode == ExitCode.REFUSED


@pytest.mark.parametrize("verb", ["check --fix"])
def test_a_report_that_has_no_place_does_not_hide_the_repair(
    here: Path, verb: str, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(here)
    words = [*VERBS[verb][0], "--format", "json", "--output", "checked/pyproject.toml/report.json"]
    assert cli.main(words) == ExitCode.FINDINGS
    assert is_changed(here, verb)
    err = capsys.readouterr().err
    assert err.startswith("lisa-scaffold: checked/pyproject.toml/report.json: ")
    assert err.endswith("  This is done, and stays: checked is repaired.\n")


def _interrupted(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def test_an_interrupt_after_the_change_does_not_deny_it(
    here: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(here)
    monkeypatch.setattr(update_report, "tell_applied", _interrupted)
    assert cli.main(VERBS["update"][0]) == ExitCode.INTERRUPTED
    assert capsys.readouterr().err == (
        "lisa-scaffold: interrupted\n  This is done, and stays: the update is staged.\n"
    )
    assert is_changed(here, "update")


def test_an_interrupt_before_the_change_says_so(
    here: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(here)
    monkeypatch.setattr(update_target, "choose_target", _interrupted)
    assert cli.main(VERBS["update"][0]) == ExitCode.INTERRUPTED
    assert capsys.readouterr().err == "lisa-scaffold: interrupted, nothing was changed\n"


def test_an_interrupt_amid_the_change_leaves_it_open(
    here: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(here)
    monkeypatch.setattr(create, "create", _interrupted)
    assert cli.main(VERBS["new"][0]) == ExitCode.INTERRUPTED
    assert capsys.readouterr().err == (
        "lisa-scaffold: interrupted while it was changing something\n"
        "  Look whether the project is made in made: it is so as a whole, or not at all.\n"
    )


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (transaction.Recovered("It was completed.", True), ExitCode.FINDINGS),
        (transaction.Recovered("It had not begun.", False), ExitCode.REFUSED),
    ],
)
def test_what_was_completed_first_is_not_denied(
    said: transaction.Recovered,
    code: ExitCode,
    here: Path,
    capsys: Capture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(here)
    monkeypatch.setattr(transaction, "recover", lambda _: said)
    assert cli.main(["update", "--to", "v0.0.1", "updated"]) == code
    done = "  This is done, and stays: a change that had been interrupted is completed.\n"
    assert capsys.readouterr().err.endswith(done) == (code == ExitCode.FINDINGS)


def test_a_defect_after_the_change_does_not_deny_it(
    here: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(here)
    monkeypatch.setattr(update_report, "tell_applied", lambda _: 1 / 0)
    assert cli.main(VERBS["update"][0]) == ExitCode.DEFECT
    assert capsys.readouterr().err.endswith("  This is done, and stays: the update is staged.\n")
    # What one command changed is not said of the next.
    assert cli.main(["update", "nowhere"]) == ExitCode.REFUSED
    assert "Changed" not in capsys.readouterr().err

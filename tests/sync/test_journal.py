"""A kill at any moment leaves a project as before or as after."""

from __future__ import annotations

import errno
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lisa_scaffold import cli, git
from lisa_scaffold.errors import ExitCode, LisaError
from lisa_scaffold.sync import journal

from ..support.updates import Workshop, open_workshop

FILES = {f"template/f{number}.dat": f"{number}\n" * 40 for number in range(4)}


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    """A project with an update that adds, changes, removes and conflicts."""
    workshop = open_workshop(tmp_path, FILES)
    workshop.edit({"f1.dat": "1\n" * 39 + "mine\n"})
    changed: dict[str, str | None] = {name: text + "more\n" for name, text in FILES.items()}
    changed |= {"template/f2.dat": None, "template/new/g.dat": "g\n"}
    changed["template/f1.dat"] = "1\n" * 39 + "theirs\n"
    workshop.release("v1.1.0", changed)
    return workshop


def command(project: Path) -> list[str]:
    code = "import sys; from lisa_scaffold.cli import main; sys.exit(main())"
    return [sys.executable, "-c", code, "update", str(project), "--defaults"]


def state(project: Path) -> tuple[dict[str, bytes], str]:
    """The files of the work tree, and what the index says of them."""
    files = {
        str(path.relative_to(project)): path.read_bytes()
        for path in project.rglob("*")
        if path.is_file() and ".git" not in path.parts
    }
    return files, git.git("ls-files", "--stage", cwd=project)


def strays(project: Path) -> list[str]:
    """What a killed command must not leave behind for good."""
    git_dir = project / ".git"
    found = [*git_dir.rglob("*.lock"), *git_dir.rglob("tmp_*"), *project.rglob(".*.lisa-scaffold")]
    found += [path for path in (git_dir / "lisa-scaffold").glob("*") if path.name != "lock"]
    return [str(path.relative_to(project)) for path in found]


def outcomes(workshop: Workshop) -> tuple[object, object]:
    """The state before an update, and the state after one that nobody disturbed."""
    twin = workshop.project.with_name("twin")
    shutil.copytree(workshop.project, twin)
    before = state(twin)
    subprocess.run(command(twin), check=False, capture_output=True)
    after = state(twin)
    assert before != after
    return before, after


def test_a_kill_at_any_moment_leaves_before_or_after(workshop: Workshop) -> None:
    before, after = outcomes(workshop)
    choose = random.Random(11)  # noqa: S311 - moments, not secrets
    started = time.monotonic()
    project = workshop.project.with_name("timed")
    shutil.copytree(workshop.project, project)
    subprocess.run(command(project), check=False, capture_output=True)
    length = time.monotonic() - started
    for attempt in range(6):
        shutil.rmtree(project)
        shutil.copytree(workshop.project, project)
        run = subprocess.Popen(
            command(project),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        time.sleep(length * choose.uniform(0.4, 1.0))
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
        journal.recover(git.repository(project))
        assert state(project) in (before, after), f"attempt {attempt}"
        assert strays(project) == [], f"attempt {attempt}"


class Killed(BaseException):
    """Stands for the end of the process at one call."""


CHANGING = [
    *((Path, name) for name in ("replace", "rename", "unlink", "rmdir", "mkdir", "chmod")),
    *((Path, "symlink_to"), (Path, "write_bytes"), (Path, "write_text")),
    *((os, "link"), (shutil, "copyfile")),
]


class Fatal:
    """Lets one call that concerns a project end in an error, which stands for a kill or a fault."""

    def __init__(self, project: Path, number: int, error: BaseException) -> None:
        self.project, self.number, self.error = project, number, error
        self.calls, self.reached = 0, False

    def method(self, real: Callable[..., Any]) -> Any:
        def counted(first: Any, *args: Any, **options: Any) -> Any:
            if str(first).startswith(str(self.project)):
                self.calls += 1
                if self.calls == self.number:
                    self.reached = True
                    raise self.error
            return real(first, *args, **options)

        return counted

    def run(self, *options: str) -> int | None:
        """Update; nothing where the process is killed."""
        with pytest.MonkeyPatch.context() as patch:
            for place, name in CHANGING:
                patch.setattr(place, name, self.method(getattr(place, name)))
            try:
                return cli.main(["update", str(self.project), "--defaults", *options])
            except Killed:
                return None


def attempts(workshop: Workshop, first: int, error: BaseException) -> Iterator[Fatal]:
    """A fresh project for every third call, until an update makes no more calls."""
    project = workshop.project.with_name("stepwise")
    number, reached = first, True
    while reached:
        shutil.rmtree(project, ignore_errors=True)
        shutil.copytree(workshop.project, project)
        fatal = Fatal(project, number, error)
        yield fatal
        number, reached = number + 3, fatal.reached
    assert number > 20


@pytest.mark.parametrize("first", range(1, 4))
def test_a_kill_at_every_third_call_leaves_before_or_after(workshop: Workshop, first: int) -> None:
    """Each call that changes the project is once, over the three runs, the last one made."""
    states = outcomes(workshop)
    for fatal in attempts(workshop, first, Killed()):
        fatal.run()
        journal.recover(git.repository(fatal.project))
        assert state(fatal.project) in states, f"call {fatal.number}"
        assert strays(fatal.project) == [], f"call {fatal.number}"


@pytest.mark.parametrize("first", range(1, 4))
def test_a_fault_at_every_third_call_leaves_all_as_before(
    workshop: Workshop, capsys: pytest.CaptureFixture[str], first: int
) -> None:
    """A full disk comes at any of them; a real one is at hand in no test."""
    before, after = outcomes(workshop)
    for fatal in attempts(workshop, first, OSError(errno.ENOSPC, "No space left on device")):
        code = fatal.run()
        said = f"call {fatal.number}: {capsys.readouterr().err}"
        assert state(fatal.project) == (before if code == ExitCode.REFUSED else after), said
        assert code in (ExitCode.FINDINGS, ExitCode.REFUSED), said
        assert (code == ExitCode.REFUSED) == ("No space left on device" in said), said
        assert strays(fatal.project) == [], said


def test_a_kill_while_a_branch_is_made_leaves_it_whole_or_not_there(workshop: Workshop) -> None:
    before = state(workshop.project)
    for fatal in attempts(workshop, 1, Killed()):
        fatal.run("--branch", "update")
        journal.recover(git.repository(fatal.project))
        assert state(fatal.project) == before
        assert strays(fatal.project) == [], f"call {fatal.number}"
        git.git("fsck", "--strict", cwd=fatal.project)
    assert git.git("log", "--format=%s", "update", cwd=fatal.project).startswith("Update the temp")


def test_a_kill_while_the_journal_is_cleared_leaves_after(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, after = outcomes(workshop)
    real = shutil.rmtree

    def killed(path: Path, *args: Any, **options: Any) -> None:
        if (Path(path) / "plan.json").exists():
            (Path(path) / "plan.json").unlink()
            raise Killed
        real(path, *args, **options)

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", killed)
        with pytest.raises(Killed):
            cli.main(["update", str(workshop.project), "--defaults"])
    assert strays(workshop.project) != []
    assert journal.recover(git.repository(workshop.project)) is None
    assert state(workshop.project) == after
    assert strays(workshop.project) == []


def test_edits_after_the_kill_are_never_overwritten(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(journal, "_carry_out", killed)
        with pytest.raises(Killed):
            cli.main(["update", str(workshop.project), "--defaults"])
    (workshop.project / "f3.dat").write_text("edited after the kill\n")
    with pytest.raises(LisaError, match=r"f3\.dat: edited since the update was interrupted"):
        journal.recover(git.repository(workshop.project))
    assert workshop.read("f3.dat") == "edited after the kill\n"
    assert workshop.read("f0.dat").endswith("more\n")


def test_two_at_once_do_not_mix(workshop: Workshop) -> None:
    repository = git.repository(workshop.project)
    with (
        journal.only_one(repository),
        pytest.raises(LisaError, match="another lisa-scaffold is at work there"),
        journal.only_one(repository),
    ):
        pass


def test_a_locked_index_is_refused_and_nothing_is_changed(workshop: Workshop) -> None:
    before, after = outcomes(workshop)
    lock = workshop.project / ".git/index.lock"
    lock.write_text("")
    done = subprocess.run(command(workshop.project), check=False, capture_output=True, text=True)
    assert done.returncode == 2
    assert "another git process is at work" in done.stderr
    lock.unlink()
    assert state(workshop.project) == before
    assert strays(workshop.project) == []
    subprocess.run(command(workshop.project), check=False, capture_output=True)
    assert state(workshop.project) == after


def test_a_disk_without_second_names(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as a memory stick's; no disk of that kind is at hand in a test."""
    before, after = outcomes(workshop)

    def refuse(first: Path, second: Path, **_: Any) -> None:
        raise OSError(errno.EPERM, "Operation not permitted", str(first), None, str(second))

    with monkeypatch.context() as patch:
        patch.setattr(os, "link", refuse)
        assert cli.main(["update", str(workshop.project), "--defaults"]) == ExitCode.FINDINGS
        assert state(workshop.project) == after
        assert strays(workshop.project) == []
        git.git("reset", "--merge", cwd=workshop.project)
        (workshop.project / ".git/index.lock").write_text("")
        assert cli.main(["update", str(workshop.project), "--defaults"]) == ExitCode.REFUSED
        (workshop.project / ".git/index.lock").unlink()
    assert state(workshop.project) == before
    assert strays(workshop.project) == []

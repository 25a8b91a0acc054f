"""A kill at any moment leaves a project as before or as after."""

from __future__ import annotations

import errno
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from lisa_scaffold import cli, git
from lisa_scaffold.errors import ExitCode, LisaError
from lisa_scaffold.sync import kept_report, transaction

from ..support.sweeps import every, sampled
from ..support.updates import Workshop, open_workshop, write

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
    stays = ("lock", kept_report.FILE)
    found += [path for path in (git_dir / "lisa-scaffold").glob("*") if path.name not in stays]
    return [str(path.relative_to(project)) for path in found]


def outcomes(workshop: Workshop) -> tuple[object, object]:
    """The state before an update, and the state after one that nobody disturbed."""
    twin = workshop.project.with_name("twin")
    shutil.copytree(workshop.project, twin)
    before = state(twin)
    cli.main(["update", str(twin), "--defaults"])
    after = state(twin)
    assert before != after
    return before, after


def wait_for_the_last_of(group: int) -> None:
    """A git that was just being started ends a moment after the process that started it."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.005)
    pytest.fail(f"the process group {group} is still there")


@pytest.mark.sweep
@pytest.mark.parametrize("seed", range(1, 4))
def test_a_kill_at_any_moment_leaves_before_or_after(workshop: Workshop, seed: int) -> None:
    before, after = outcomes(workshop)
    choose = random.Random(seed)  # noqa: S311 - moments, not secrets
    started = time.monotonic()
    project = workshop.project.with_name("timed")
    shutil.copytree(workshop.project, project)
    subprocess.run(command(project), check=False, capture_output=True)
    length = time.monotonic() - started
    for attempt in range(2):
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
        wait_for_the_last_of(run.pid)
        transaction.recover(git.find_repository(project))
        assert state(project) in (before, after), f"attempt {attempt}"
        assert strays(project) == [], f"attempt {attempt}"


class Killed(BaseException):
    """Stands for the end of the process at one call."""


CHANGING = [
    *((Path, name) for name in ("chmod", "write_bytes", "write_text")),
    *((os, name) for name in ("replace", "rename", "unlink", "rmdir", "mkdir", "link", "symlink")),
    *((os, name) for name in ("open", "fchmod", "fsync")),
]


def changes(arguments: tuple[Any, ...], options: dict[str, Any], project: Path) -> bool:
    """Whether a call is for a file or folder of the project; to open one to read is no change."""
    match arguments:
        case (_, int(flags), *_) if not flags & os.O_CREAT:
            return False
    opened = [value for name, value in options.items() if name.endswith("dir_fd")]
    opened += [each for each in arguments[:1] if isinstance(each, int)]
    places = [Path(f"/proc/self/fd/{each}").readlink() for each in opened if each is not None]
    return any(str(each).startswith(str(project)) for each in (*arguments[:2], *places))


class Fatal:
    """Lets one call that concerns a project end in an error, which stands for a kill or a fault."""

    def __init__(self, project: Path, number: int, error: BaseException) -> None:
        self.project, self.number, self.error = project, number, error
        self.calls, self.reached = 0, False

    def method(self, real: Callable[..., Any]) -> Any:
        def counted(*arguments: Any, **options: Any) -> Any:
            if changes(arguments, options, self.project):
                self.calls += 1
                # Who is dead cleans nothing up either.
                dead = self.calls > self.number and isinstance(self.error, Killed)
                if self.calls == self.number or dead:
                    self.reached = True
                    raise self.error
            return real(*arguments, **options)

        return counted

    def run(self, *options: str) -> int | None:
        """Update; nothing where the process is killed."""
        return self.call(lambda: cli.main(["update", str(self.project), "--defaults", *options]))

    def call(self, command: Callable[[], int]) -> int | None:
        """Run a command; nothing where the process is killed."""
        with pytest.MonkeyPatch.context() as patch:
            for owner, name in CHANGING:
                patch.setattr(owner, name, self.method(getattr(owner, name)))
            try:
                return command()
            except Killed:
                return None


# Well below the 40 calls during which files are changed, so that each walk comes by there: how many
# calls come before depends a little on the machine.
STEP = 25


def attempts(workshop: Workshop, first: int, error: BaseException) -> Iterator[Fatal]:
    """A fresh project every few calls, until an update makes no more of them."""
    project = workshop.project.with_name("stepwise")
    number, reached = first, True
    while reached:
        shutil.rmtree(project, ignore_errors=True)
        shutil.copytree(workshop.project, project)
        fatal = Fatal(project, number, error)
        yield fatal
        number, reached = number + STEP, fatal.reached
    assert number > STEP


@pytest.mark.uncounted
@every(STEP, "first")
def test_a_kill_at_every_call_leaves_before_or_after(workshop: Workshop, first: int) -> None:
    """Each call that changes the project is once, over all the walks, the last one made."""
    states = outcomes(workshop)
    for fatal in attempts(workshop, first, Killed()):
        fatal.run()
        transaction.recover(git.find_repository(fatal.project))
        assert state(fatal.project) in states, f"call {fatal.number}"
        assert strays(fatal.project) == [], f"call {fatal.number}"


@every(STEP, "first")
def test_a_fault_at_every_call_leaves_all_as_before(
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
        if code != ExitCode.REFUSED:
            assert transaction.recover(git.find_repository(fatal.project)) is None
        assert strays(fatal.project) == [], said


@every(STEP, "first")
def test_a_kill_while_a_branch_is_made_leaves_it_whole_or_not_there(
    workshop: Workshop, first: int
) -> None:
    before = state(workshop.project)
    for fatal in attempts(workshop, first, Killed()):
        fatal.run("--branch", "update")
        transaction.recover(git.find_repository(fatal.project))
        assert state(fatal.project) == before
        assert strays(fatal.project) == [], f"call {fatal.number}"
        git.git("fsck", "--strict", cwd=fatal.project)
    assert git.git("log", "--format=%s", "update", cwd=fatal.project).startswith("Update the temp")


@pytest.mark.sweep
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
    assert transaction.recover(git.find_repository(workshop.project)) is None
    assert state(workshop.project) == after
    assert strays(workshop.project) == []


def test_edits_after_the_kill_are_never_overwritten(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(transaction._Change, "carry_out", killed)
        with pytest.raises(Killed):
            cli.main(["update", str(workshop.project), "--defaults"])
    (workshop.project / "f3.dat").write_text("edited after the kill\n")
    with pytest.raises(LisaError, match=r"f3\.dat: edited since the update was interrupted"):
        transaction.recover(git.find_repository(workshop.project))
    assert workshop.read("f3.dat") == "edited after the kill\n"
    assert workshop.read("f0.dat").endswith("more\n")


@pytest.mark.uncounted
def test_what_was_staged_after_the_kill_stays_staged(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The index that had been prepared does not know of it: only the update's entries come."""
    _, after = outcomes(workshop)

    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(transaction._Change, "carry_out", killed)
        with pytest.raises(Killed):
            cli.main(["update", str(workshop.project), "--defaults"])
    # Who finds the lock of a git that is no more removes it, as git says, and works on.
    (workshop.project / ".git/index.lock").unlink()
    write(workshop.project, {"mine.dat": "mine\n"})
    git.git("add", "mine.dat", cwd=workshop.project)
    recovered = transaction.recover(git.find_repository(workshop.project))
    assert recovered == transaction.Recovered(
        "A change that had been interrupted was completed. What it did: lisa-scaffold update "
        "--report. Take it back, to start it again: git reset --merge.",
        True,
    )
    files, staged = state(workshop.project)
    mine = git.git("ls-files", "--stage", "mine.dat", cwd=workshop.project)
    assert files.pop("mine.dat") == b"mine\n"
    assert (files, staged.replace(mine, "")) == after
    assert mine.startswith("100644 ")
    assert strays(workshop.project) == []


@pytest.mark.sweep
@every(STEP, "first")
def test_what_is_reset_after_a_kill_is_not_missed(workshop: Workshop, first: int) -> None:
    """Who finds a half-written tree takes the lock away, and all changes back, and works on."""
    before, after = outcomes(workshop)
    seen = set()
    for fatal in attempts(workshop, first, Killed()):
        fatal.run()
        (fatal.project / ".git/index.lock").unlink(missing_ok=True)
        git.git("reset", "--quiet", "--hard", cwd=fatal.project)
        recovered = transaction.recover(git.find_repository(fatal.project))
        seen.add(recovered and recovered.message.partition(":")[0])
        assert state(fatal.project) in (before, after), f"call {fatal.number}"
        assert strays(fatal.project) == [], f"call {fatal.number}"
    assert "A change that had been interrupted was dropped" in seen


def test_two_at_once_do_not_mix(workshop: Workshop) -> None:
    at_work = transaction.find_place(git.find_repository(workshop.project))
    with (
        transaction.lock_project(at_work),
        pytest.raises(LisaError, match="another lisa-scaffold is at work there"),
        transaction.lock_project(at_work),
    ):
        pass


@pytest.mark.uncounted
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


# --- Repairs --------------------------------------------------------------------------------------

REPAIRS: dict[str, bytes | None] = {
    "a.txt": b"new\n",
    "deep/b.txt": b"new\n",
    "new/folder/c.txt": b"new\n",
    "gone.txt": None,
}


@pytest.fixture(params=["in a repository", "without git"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A project that a repair changes."""
    folder = tmp_path / "project"
    for name in ("a.txt", "deep/b.txt", "gone.txt"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("old\n")
    (folder / "a.txt").chmod(0o755)
    if request.param == "in a repository":
        git.git("init", "--quiet", cwd=folder)
    return folder


def everything(folder: Path) -> dict[str, tuple[int, bytes]]:
    """All files of a folder but git's and the empty folder of the journal's lock."""
    return {
        str(path.relative_to(folder)): (path.lstat().st_mode, path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file() and ".git" not in path.parts
    }


def write_files(folder: Path, contents: Mapping[str, bytes | None]) -> None:
    """Write files over what is there now."""
    there = [path for path in contents if (folder / path).exists()]
    stamps = {path: (folder / path).lstat().st_ctime_ns for path in there}
    transaction.write_files(folder, contents, stamps)


def repair(folder: Path) -> int:
    write_files(folder, REPAIRS)
    return 0


def repaired(folder: Path) -> tuple[object, object]:
    twin = folder.with_name("twin")
    shutil.copytree(folder, twin)
    before = everything(twin)
    repair(twin)
    after = everything(twin)
    assert before != after
    assert set(after) == {"a.txt", "deep/b.txt", "new/folder/c.txt"}
    assert after["a.txt"] == (0o100755, b"new\n")
    assert transaction.recover(twin) is None
    return before, after


@sampled("error", [Killed(), OSError(errno.ENOSPC, "No space left on device")], 2)
def test_a_repair_is_whole_or_not_there(folder: Path, error: BaseException) -> None:
    """At every call that changes something the process is killed, or the disk full."""
    before, after = repaired(folder)
    project = folder.with_name("stepwise")
    number, reached, seen = 0, True, set()
    while reached:
        number += 1
        shutil.copytree(folder, project)
        fatal = Fatal(project, number, error)
        try:
            fatal.call(lambda: repair(project))
        except OSError:
            assert everything(project) == before, f"call {number}"
        recovered = transaction.recover(project)
        said = recovered and recovered.message
        assert everything(project) in (before, after), f"call {number}"
        assert strays(project) == [], f"call {number}"
        assert not (project / ".lisa-scaffold").exists(), f"call {number}"
        seen.add((said, everything(project) == after))
        reached = fatal.reached
        shutil.rmtree(project)
    if isinstance(error, Killed):
        assert seen == {
            (None, False),
            ("A change had been interrupted before it was made: nothing of it is left.", False),
            ("A repair that had been interrupted was completed.", True),
            (None, True),
        }


def test_a_repair_through_a_link_is_refused_and_nothing_is_written(
    folder: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (folder / "new").symlink_to(outside)
    before = everything(folder)
    with pytest.raises(LisaError, match="new: not a folder, but new/folder"):
        repair(folder)
    assert everything(folder) == before
    assert list(outside.iterdir()) == []


def test_a_folder_that_becomes_a_link_meanwhile_leads_nowhere(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "b.txt").write_text("somebody's\n")
    before = everything(folder)
    real = transaction._Change.finish

    def swapped(*arguments: Any) -> None:
        (folder / "deep").rename(folder / "aside")
        (folder / "deep").symlink_to(outside)
        real(*arguments)

    monkeypatch.setattr(transaction._Change, "finish", swapped)
    with pytest.raises(LisaError, match=r"deep/b\.txt: edited since"):
        repair(folder)
    assert (outside / "b.txt").read_text() == "somebody's\n"
    assert [path.name for path in outside.iterdir()] == ["b.txt"]
    assert before["deep/b.txt"] == everything(folder)["aside/b.txt"]


def test_a_planted_journal_is_never_believed(tmp_path: Path) -> None:
    """An archive brings a folder without git that looks like what a killed repair leaves."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "a.txt").write_text("old\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transaction._Change, "finish", lambda *_: (_ for _ in ()).throw(Killed))
        with pytest.raises(Killed):
            write_files(folder, {"a.txt": b"new\n"})
    archive = folder.with_name("archive")
    shutil.copytree(folder, archive)
    recovered = transaction.Recovered("A repair that had been interrupted was completed.", True)
    assert transaction.recover(folder) == recovered
    before = everything(archive)
    for command in (transaction.recover, repair):
        with pytest.raises(LisaError, match="not from a command of yours"):
            command(archive)
    assert everything(archive) == before
    (archive / "pyproject.toml").write_text("")
    assert cli.main(["check", str(archive), "--fix"]) == ExitCode.REFUSED


@pytest.fixture
def laid_down(tmp_path: Path) -> Path:
    """A repository with a change that was decided for, and a folder outside."""
    folder = tmp_path / "project"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.txt").write_text("old\n")
    (folder / "deep/b.txt").write_text("old\n")
    git.git("init", "--quiet", cwd=folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transaction._Change, "finish", lambda *_: (_ for _ in ()).throw(Killed))
        with pytest.raises(Killed):
            write_files(folder, {"a.txt": b"new\n", "deep/b.txt": b"new\n"})
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/file").write_text("somebody's\n")
    return folder


def rewrite(pending: Path, old: str, new: str) -> None:
    place = pending / "plan.json"
    said = place.read_text()
    assert old in said
    place.write_text(said.replace(old, new))


def link_content(pending: Path) -> None:
    (pending / "content").rename(pending.parents[3] / "outside/content")
    (pending / "content").symlink_to(pending.parents[3] / "outside/content")


def link_all(pending: Path) -> None:
    pending.rename(pending.parents[3] / "outside/pending")
    pending.symlink_to(pending.parents[3] / "outside/pending")


def link_objects(pending: Path) -> None:
    (pending.parents[3] / "outside/ab").mkdir()
    (pending.parents[3] / "outside/ab/cd").write_text("somebody's\n")
    (pending / "objects").symlink_to(pending.parents[3] / "outside")


def link_plan(pending: Path) -> None:
    (pending / "plan.json").unlink()
    (pending / "plan.json").symlink_to("/dev/zero")


def pipe_as_index(pending: Path) -> None:
    os.mkfifo(pending / "index")


HOSTILE: dict[str, Callable[[Path], None]] = {
    "up": lambda pending: rewrite(pending, '"deep/b.txt"', '"../outside/file"'),
    "absolute": lambda pending: rewrite(pending, '"deep/b.txt"', '"/etc/b.txt"'),
    "git": lambda pending: rewrite(pending, '"deep/b.txt"', '".GIT/hooks/post-commit"'),
    "prefix": lambda pending: rewrite(pending, '{"steps"', '{"prefix": "../", "steps"'),
    "draft": lambda pending: rewrite(pending, '.lisa-scaffold"', '"'),
    "no steps": lambda pending: rewrite(pending, '"steps"', '"stairs"'),
    "no list": lambda pending: rewrite(pending, '{"steps": [', '[{"steps": ['),
    "nested": lambda pending: write(pending, {"plan.json": "[" * 100_000}),
    "other content": lambda pending: write(pending, {"content/0": "other\n"}),
    "half a character": lambda pending: rewrite(pending, "deep/b.txt", "deep/\\ud800"),
    "a zero": lambda pending: rewrite(pending, "deep/b.txt", "deep/\\u0000"),
    "a prefix of a half": lambda pending: rewrite(
        pending, '{"steps"', '{"prefix": "\\ud800/", "steps"'
    ),
    "a branch of a half": lambda pending: write(
        pending, {"plan.json": f'{{"branch": "x\\ud800", "commit": "{"1" * 40}"}}'}
    ),
    "a branch with a zero": lambda pending: write(
        pending, {"plan.json": f'{{"branch": "x\\u0000", "commit": "{"1" * 40}"}}'}
    ),
    "a commit": lambda pending: write(
        pending, {"plan.json": '{"branch": "x", "commit": "--stdin"}'}
    ),
    **{each.__name__: each for each in (link_content, link_all, link_objects, link_plan)},
    "pipe": pipe_as_index,
}


@pytest.mark.parametrize("change", HOSTILE.values(), ids=HOSTILE)
def test_a_laid_down_change_that_came_with_an_archive_stays_inside(
    laid_down: Path, change: Callable[[Path], None]
) -> None:
    change(laid_down / ".git/lisa-scaffold/pending")
    outside = laid_down.with_name("outside")
    before = everything(laid_down), everything(outside)
    with pytest.raises(LisaError, match="no change that lisa-scaffold has laid down"):
        transaction.recover(laid_down)
    assert (everything(laid_down), everything(outside)) == before


def test_what_is_no_object_is_not_taken_over(workshop: Workshop) -> None:
    """Somebody's folder would do for git's, were it named like one of objects."""
    pending = workshop.project / ".git/lisa-scaffold/pending"
    change: dict[str, Any] = {"prefix": "", "steps": [], "index": None}
    names = ("uv/uv.toml", "ab/" + "c" * 38, "ab/" + "c" * 37, "AB/" + "c" * 38)
    objects = {f"objects/{name}": "x\n" for name in names}
    write(pending, {"plan.json": json.dumps(change), "index-info": "", **objects})
    (pending / "content").mkdir()
    transaction.recover(git.find_repository(workshop.project))
    folder = workshop.project / ".git/objects"
    assert [name for name in names if (folder / name).exists()] == [names[1]]


@pytest.mark.parametrize("verb", ["update", "adopt"])
def test_a_dry_run_completes_nothing(
    workshop: Workshop, capsys: pytest.CaptureFixture[str], verb: str
) -> None:
    pending = workshop.project / ".git/lisa-scaffold/pending"
    write(pending, {"plan.json": "{}"})
    before = everything(workshop.project)
    arguments = [verb, str(workshop.project), "--defaults", "--dry-run"]
    assert cli.main(arguments) == ExitCode.REFUSED
    assert "a command was interrupted there" in capsys.readouterr().err
    assert everything(workshop.project) == before


def test_the_lock_is_not_written_through_a_link(laid_down: Path) -> None:
    lock = laid_down / ".git/lisa-scaffold/lock"
    lock.unlink()
    lock.symlink_to("../../../outside/file")
    with pytest.raises(OSError, match="lock"):
        transaction.recover(laid_down)
    assert (laid_down.with_name("outside") / "file").read_text() == "somebody's\n"


def test_what_is_laid_down_is_its_owners_alone(laid_down: Path) -> None:
    assert (laid_down / ".git/lisa-scaffold/pending").stat().st_mode & 0o777 == 0o700


@pytest.mark.sweep
def test_a_change_of_one_folder_is_completed_by_a_command_on_another(workshop: Workshop) -> None:
    """Its paths are of the folder that it was made for."""
    before, after = outcomes(workshop)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transaction._Change, "finish", lambda *_: (_ for _ in ()).throw(Killed))
        with pytest.raises(Killed):
            cli.main(["update", str(workshop.project), "--defaults"])
    inner = workshop.project / "inner"
    inner.mkdir()
    assert state(workshop.project) == before
    transaction.recover(git.find_repository(inner))
    assert state(workshop.project) == after
    assert list(inner.iterdir()) == []

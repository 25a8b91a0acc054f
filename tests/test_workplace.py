"""Temporary folders: one's own, gone with the process or cleared by a later one; nothing else."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from lisa_scaffold import cli, git, workplace
from lisa_scaffold.errors import ExitCode, LisaError

from .conftest import ROOT
from .support.sweeps import sampled
from .support.updates import open_workshop

HOLD = """
import sys
from pathlib import Path
from lisa_scaffold import workplace

with workplace.folder(*map(Path, sys.argv[1:])) as folder:
    (folder / "inner/deep").mkdir(parents=True)
    (folder / "inner/deep/file").write_text("left")
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for temporary files of this test's own; what was cleared is forgotten."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(workplace, "_cleared", set())
    return folder


@pytest.fixture
def held() -> Iterator[Callable[..., tuple[subprocess.Popen[str], Path]]]:
    """Starts processes that hold a temporary folder until they are ended."""
    started = []

    def start(*beside: Path) -> tuple[subprocess.Popen[str], Path]:
        process = subprocess.Popen(
            [sys.executable, "-c", HOLD, *beside],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout
        return process, Path(process.stdout.readline().strip())

    yield start
    for process in started:
        process.kill()
        process.communicate()


def killed(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()


def dead(folder: Path, name: str = "lisa-scaffold-0123456789abcdef") -> Path:
    """A folder as a killed process leaves it."""
    made = folder / name
    made.mkdir(mode=0o700)
    (made / ".owner").touch(mode=0o600)
    (made / "file").write_text("left")
    return made


def test_a_folder_is_nobody_elses_and_goes(temporary: Path) -> None:
    with workplace.folder() as folder:
        assert folder.parent == temporary
        assert folder.stat().st_mode & 0o777 == 0o700
        (folder / "inner").mkdir()
        (folder / "link").symlink_to(temporary)
    assert list(temporary.iterdir()) == []


def test_the_folder_of_a_killed_process_is_cleared_and_that_of_a_live_one_is_not(
    temporary: Path, held: Callable[..., tuple[subprocess.Popen[str], Path]]
) -> None:
    one, left = held()
    _, used = held()
    killed(one)
    assert (left / "inner/deep/file").exists()
    with workplace.folder() as folder:
        assert {*temporary.iterdir()} == {used, folder}
    assert (used / "inner/deep/file").read_text() == "left"


def test_what_is_left_beside_a_destination_is_cleared_there(
    tmp_path: Path, held: Callable[..., tuple[subprocess.Popen[str], Path]]
) -> None:
    place = tmp_path / "place"
    place.mkdir()
    process, left = held(place)
    assert left.name.startswith(".lisa-scaffold-")
    killed(process)
    with workplace.folder(place) as folder:
        assert list(place.iterdir()) == [folder]
    assert list(place.iterdir()) == []


def test_links_in_what_is_left_are_removed_and_not_followed(
    tmp_path: Path, temporary: Path
) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "file").write_text("kept")
    made = dead(temporary)
    (made / "link").symlink_to(kept)
    (made / "inner").mkdir()
    (made / "inner/link").symlink_to(kept)
    workplace.clear()
    assert not made.exists()
    assert (kept / "file").read_text() == "kept"


def plant_link(folder: Path, outside: Path) -> None:
    dead(outside)
    (folder / "lisa-scaffold-aaaaaaaaaaaaaaaa").symlink_to(dead(outside, "x"))


def plant_link_as_owner(folder: Path, outside: Path) -> None:
    made = dead(folder)
    (outside / "file").touch(mode=0o600)
    (made / ".owner").unlink()
    (made / ".owner").symlink_to(outside / "file")


def plant_pipe_as_owner(folder: Path, _: Path) -> None:
    made = dead(folder)
    (made / ".owner").unlink()
    os.mkfifo(made / ".owner", 0o600)


def plant_open_folder(folder: Path, _: Path) -> None:
    dead(folder).chmod(0o755)


def plant_open_owner(folder: Path, _: Path) -> None:
    (dead(folder) / ".owner").chmod(0o644)


def plant_without_owner(folder: Path, _: Path) -> None:
    (dead(folder) / ".owner").unlink()


def plant_other_name(folder: Path, _: Path) -> None:
    dead(folder, "lisa-scaffold-mine")
    dead(folder, "lisa-scaffold-0123456789abcdef.old")
    dead(folder, "my-lisa-scaffold-0123456789abcdef")


def plant_file(folder: Path, _: Path) -> None:
    (folder / "lisa-scaffold-0123456789abcdef").write_text("a file")


def plant_of_another_user(folder: Path, _: Path) -> None:
    if os.geteuid():
        pytest.skip("only root can give a folder away")
    os.chown(dead(folder), 65534, 65534)


PLANTED = [
    *(plant_link, plant_link_as_owner, plant_pipe_as_owner, plant_open_folder, plant_open_owner),
    *(plant_without_owner, plant_other_name, plant_file, plant_of_another_user),
]


@pytest.mark.parametrize("plant", PLANTED)
def test_what_only_looks_like_one_is_not_touched(
    tmp_path: Path, temporary: Path, plant: Callable[[Path, Path], None]
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    plant(temporary, outside)
    before = {str(path): path.lstat().st_mode for path in sorted(tmp_path.rglob("*"))}
    workplace.clear()
    assert {str(path): path.lstat().st_mode for path in sorted(tmp_path.rglob("*"))} == before


def test_an_empty_one_goes_once_no_command_can_be_at_it(temporary: Path) -> None:
    """A process was killed before it could lock it."""
    old, new = (temporary / f"lisa-scaffold-{letter * 16}" for letter in "ab")
    for folder in (old, new):
        folder.mkdir(mode=0o700)
    os.utime(old, (0, 0))
    workplace.clear()
    assert list(temporary.iterdir()) == [new]


@pytest.mark.usefixtures("temporary")
def test_every_verb_clears_what_is_left(temporary: Path, tmp_path: Path) -> None:
    made = dead(temporary)
    assert cli.main(["check", str(tmp_path / "nowhere")]) == ExitCode.REFUSED
    assert not made.exists()


def test_a_killed_command_leaves_nothing_for_good(tmp_path: Path, temporary: Path) -> None:
    """``lisa-new`` stops itself while it works; the kill comes then."""
    stop = (
        "import os, signal, sys; from lisa_scaffold import cli, git;"
        "git.start_repository = lambda *_: os.kill(os.getpid(), signal.SIGKILL);"
        "cli.new(sys.argv[1:])"
    )
    place = tmp_path / "place"
    destination = place / "lisa-noise"
    environment = {**os.environ, "LISA_SCAFFOLD_TEMPLATE": str(ROOT)}
    arguments = [str(destination), "--defaults"]
    done = subprocess.run(
        [sys.executable, "-c", stop, *arguments], env=environment, check=False, capture_output=True
    )
    assert done.returncode == -signal.SIGKILL
    assert [len([*folder.iterdir()]) for folder in (place, temporary)] == [1, 1]
    code = "import sys; from lisa_scaffold import cli; sys.exit(cli.new(sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], env=environment, check=False, capture_output=True
    )
    assert done.returncode == ExitCode.DONE, done.stderr
    assert list(place.iterdir()) == [destination]
    assert list(temporary.iterdir()) == []


def mounted(folder: Path, size: str) -> bool:
    """Whether a small disk could be mounted there."""
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(folder)]
    return bool(shutil.which("mount")) and not subprocess.run(command, check=False).returncode


@pytest.mark.parametrize("size", ["64k", "256k"])
def test_a_full_folder_for_temporary_files_is_told_as_such(
    tmp_path: Path, temporary: Path, capsys: pytest.CaptureFixture[str], size: str
) -> None:
    workshop = open_workshop(tmp_path, {f"template/{n}.dat": f"{n}\n" * 30_000 for n in "abcd"})
    workshop.release("v1.1.0", {"template/a.dat": "new\n"})
    before = workshop.status()
    if not mounted(temporary, size):
        pytest.skip("no disk may be mounted here; the next test limits files instead")
    try:
        code = cli.main(["update", str(workshop.project), "--defaults"])
        left = list(temporary.iterdir())
    finally:
        subprocess.run(["umount", temporary], check=True)
    said = capsys.readouterr().err
    assert code == ExitCode.REFUSED
    assert said == (
        f"lisa-scaffold: {temporary}: no room is left there\n"
        "  Free some room there, or name another folder for temporary files: TMPDIR=FOLDER.\n"
    )
    assert workshop.status() == before
    assert left == []


# Either the content has no room, or the object that git makes of it.
@sampled(("options", "left"), [((), 200_000), ((), 700_000), (("--branch", "newer"), 200_000)], 3)
def test_a_full_disk_of_the_project_is_named_and_not_that_of_temporary_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], left: int
) -> None:
    """What git was writing, it does not always say."""
    workshop = open_workshop(tmp_path, {"template/a.dat": "a\n"})
    # Nothing that compresses: it takes as much room as an object.
    large = "".join(f"{sha256(str(n).encode()).hexdigest()}\n" for n in range(8000))
    workshop.release("v1.1.0", {"template/large.dat": large})
    disk = tmp_path / "disk"
    disk.mkdir()
    if not mounted(disk, "2m"):
        pytest.skip("no disk may be mounted here")
    try:
        project = shutil.copytree(workshop.project, disk / "project")
        (disk / "filling").write_bytes(bytes(free(disk) - left))
        before = git.git("status", "--porcelain", cwd=project)
        code = cli.main(["update", str(project), "--defaults", *options])
        after = git.git("status", "--porcelain", cwd=project)
    finally:
        subprocess.run(["umount", disk], check=True)
    assert code == ExitCode.REFUSED
    said = capsys.readouterr().err
    first, second = said.splitlines()
    named = f"lisa-scaffold: {project}/.git/lisa-scaffold: "
    assert first in {f"{named}no room is left there", f"{named}No space left on device"}
    assert second in {
        "  Free some room on that disk, and try again.",
        "  Check the path, its rights and space.",
    }
    assert (before, after) == ("", "")


def free(folder: Path) -> int:
    room = os.statvfs(folder)
    return room.f_bavail * room.f_frsize


def test_a_full_disk_is_no_finding_of_a_project(
    tmp_path: Path, temporary: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = tmp_path / "lisa-noise"
    assert cli.new(["--defaults", str(project)]) == ExitCode.DONE
    if not mounted(temporary, "64k"):
        pytest.skip("no disk may be mounted here")
    capsys.readouterr()
    try:
        code = cli.main(["check", str(project)])
    finally:
        subprocess.run(["umount", temporary], check=True)
    said = capsys.readouterr()
    assert (code, said.out) == (ExitCode.REFUSED, "")
    assert said.err.startswith(f"lisa-scaffold: {temporary}: no room is left there\n")


def test_files_that_may_not_grow_are_told_as_such(tmp_path: Path, temporary: Path) -> None:
    workshop = open_workshop(tmp_path, {"template/a.dat.jinja": "{{ 'long' * 30_000 }}\n"})
    workshop.release("v1.1.0", {"template/b.dat": "new\n"})
    before = workshop.status()

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    done = subprocess.run(
        [sys.executable, "-m", "lisa_scaffold", "update", workshop.project, "--defaults"],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=limit,
    )
    assert (done.returncode, done.stdout) == (ExitCode.REFUSED, "")
    assert done.stderr.startswith(f"lisa-scaffold: {temporary}: no room is left there\n")
    assert workshop.status() == before
    assert list(temporary.iterdir()) == []


def test_the_current_folder_is_never_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python's own choice, where the others are full, is the current folder."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setenv("TMPDIR", str(tmp_path / "missing"))
    with workplace.folder() as folder:
        assert folder.parent == Path("/tmp")  # noqa: S108 - that is the point
    assert list(here.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_one_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", "/proc")
    with pytest.raises(LisaError, match="/proc: "), workplace.folder():
        pytest.fail("there is no room in /proc")
    (tmp_path / "file").touch()
    with (
        pytest.raises(LisaError, match="file: Not a directory"),
        workplace.folder(tmp_path / "file"),
    ):
        pytest.fail("a file is no folder")

"""Work in a process of its own."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

import pytest

from lisa_scaffold import apart
from lisa_scaffold.errors import AnswersError, LisaError


def test_a_result_comes_back() -> None:
    assert apart.run(lambda: {"a": os.getpid()})["a"] != os.getpid()


def fail(error: BaseException) -> None:
    raise error


def test_an_error_that_a_user_can_mend_comes_back_whole() -> None:
    with pytest.raises(LisaError) as caught:
        apart.run(lambda: fail(LisaError("what", "next")))
    assert (caught.value.message, caught.value.hint) == ("what", "next")
    with pytest.raises(AnswersError) as wrong:
        apart.run(lambda: fail(AnswersError({"a": "b"})))
    assert wrong.value.problems == {"a": "b"}


def test_a_defect_keeps_its_traceback() -> None:
    with pytest.raises(Exception, match="in fail\n") as caught:
        apart.run(lambda: fail(KeyError("a")))
    assert "KeyError: 'a'" in str(caught.value)
    with pytest.raises(Exception, match="pickle"):
        apart.run(lambda: lambda: None)


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGXCPU, signal.SIGALRM])
def test_an_end_by_the_kernel_is_told_as_too_long(end: signal.Signals) -> None:
    with pytest.raises(apart.ExhaustedError, match="more than 20 s"):
        apart.run(lambda: os.kill(os.getpid(), end))


def test_an_end_of_its_own_is_told() -> None:
    with pytest.raises(apart.ExhaustedError, match="it ends its process"):
        apart.run(lambda: os._exit(3))


def test_what_waits_is_ended_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "LONGEST", 1)
    with pytest.raises(apart.ExhaustedError, match="more than"):
        apart.run(signal.pause)


@pytest.mark.uncounted
def test_memory_has_bounds() -> None:
    with pytest.raises(apart.ExhaustedError, match="512 MB of memory"):
        apart.run(lambda: len(bytearray(2**30)))
    assert apart.run(lambda: len(bytearray(2**30)), bounded=False) == 2**30


def test_no_work_goes_on_after_an_interrupt(tmp_path: Path) -> None:
    """As Ctrl-C does, here to the waiting process alone."""
    parent, told = os.getpid(), tmp_path / "told"
    # A shell lets what it starts in the background ignore it.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)

    def work() -> None:
        told.write_text(str(os.getpid()))
        os.kill(parent, signal.SIGINT)
        signal.pause()

    try:
        with pytest.raises(KeyboardInterrupt):
            apart.run(work)
    finally:
        signal.signal(signal.SIGINT, before)
    with pytest.raises(ProcessLookupError):
        os.kill(int(told.read_text()), 0)


def move(folder: Path, out: Path) -> None:
    (folder / "a").write_text("")
    (folder / "a").rename(out)


def remove_all(_: Path, out: Path) -> None:
    shutil.rmtree(out.parent)


def copy_all(folder: Path, out: Path) -> None:
    shutil.copytree(folder, out)


def linked(folder: Path, out: Path) -> None:
    (folder / "link").symlink_to(out.parent)
    (folder / "link" / out.name).write_text("")


WRITING = {
    "text": lambda _, out: out.write_text(""),
    "added": lambda _, out: out.open("a").close(),
    "descriptor": lambda _, out: os.open(out, os.O_CREAT | os.O_WRONLY),
    "bytes": lambda _, out: os.open(os.fsencode(out), os.O_CREAT | os.O_WRONLY),
    "folder": lambda _, out: out.mkdir(),
    "link": lambda folder, out: out.symlink_to(folder),
    "hard link": lambda folder, out: out.hardlink_to(folder),
    "copy": lambda _, out: shutil.copy(__file__, out),
    "tree": copy_all,
    "moved": move,
    "removed": lambda _, out: (out.parent / "kept").unlink(),
    "tree removed": remove_all,
    "mode": lambda _, out: (out.parent / "kept").chmod(0),
    "cut": lambda _, out: os.truncate(out.parent / "kept", 0),
    "through a link": linked,
}


@pytest.mark.uncounted
@pytest.mark.parametrize("way", WRITING)
def test_nothing_is_written_elsewhere(way: str, tmp_path: Path) -> None:
    folder, out = tmp_path / "folder", tmp_path / "elsewhere" / "out"
    folder.mkdir()
    out.parent.mkdir()
    (out.parent / "kept").write_text("kept")
    mode = (out.parent / "kept").stat().st_mode

    def work() -> str:
        apart.write_below(folder)
        (folder / "inner").mkdir()
        (folder / "inner" / "file").write_text("")
        shutil.rmtree(folder / "inner")
        try:
            WRITING[way](folder, out)
        except apart.OutsideError as error:
            return str(error)
        return "written"

    assert apart.run(work).startswith(str(tmp_path))
    assert {path.name: path.read_text() for path in out.parent.iterdir()} == {"kept": "kept"}
    assert (out.parent / "kept").stat().st_mode == mode

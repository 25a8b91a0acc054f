"""Run one command."""

from __future__ import annotations

import os
import resource
import selectors
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from lisa_scaffold.errors import LisaError

PATIENCE = 10.0
"""Seconds after which it is checked what a command is waiting for, and again after as many."""

_STILL = 1.0
"""Seconds in which a command that works does something, however slow its disk is."""

_PIECE = 1 << 16

_echo: Callable[[str], None] | None = None

_limits = threading.Lock()


class TimeError(LisaError):
    """A command took longer than it may, and was ended."""


class TooMuchError(Exception):
    """A command printed more than was wanted, and was ended."""


def echo_commands(show: Callable[[str], None] | None) -> None:
    """Call a function with every command before it runs; None calls nothing any longer."""
    global _echo  # noqa: PLW0603 - one switch for the process, set by the command line alone
    _echo = show


def find(program: str) -> str | None:
    """Where a program is installed, if it is."""
    return shutil.which(program, path=_search_path())


def _search_path() -> str:
    """``PATH`` without folders that are relative to the current one.

    What lies in a repository that we work on is not a program of the user's.
    """
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    # An empty one would mean the current folder.
    return os.pathsep.join(filter(os.path.isabs, folders)) or os.defpath


def run(  # noqa: PLR0913 - what a command is given, and what bounds it
    command: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str | None] | None = None,
    stdin: bytes | None = None,
    hindered: Callable[[Callable[[], bool]], str] | None = None,
    most: int | None = None,
    memory: int | None = None,
    seconds: int | None = None,
    longest: float | None = None,
    written: int | None = None,
    waits_for_nobody: bool = False,
) -> subprocess.CompletedProcess[bytes]:
    """Run a command and capture its output; the caller judges a non-zero exit code.

    Parameters
    ----------
    command
        The program and its arguments; no shell reads them.
    cwd
        The folder to run it in.
    env
        Variables to set beside those of this process; None removes one.
    stdin
        Bytes for its standard input, which is empty otherwise.
    hindered
        Called when the command has been running for a while: tells what it is waiting for; if
        anything, the command is ended. It is given a function that tells whether the command has
        ended meanwhile, so that nobody wants to know any longer.
    most
        Bytes that it may print, its messages included; with more of them it is ended.
    memory
        Bytes that it, and each program that it starts, may allocate; files that it maps do not
        count. Only Linux keeps to that.
    seconds
        Seconds of processor time for it, and for each program that it starts. Only Linux keeps to
        that.
    longest
        Seconds after which it is ended in any case, with all that it has started.
    written
        Bytes of the largest file that it, or a program that it starts, may write. Only Linux keeps
        to that.
    waits_for_nobody
        Whether it has nothing to wait for, such as a network: it is ended where it does so.

    Raises
    ------
    LisaError
        If the program is not installed, waits for something that will not come, or takes longer
        than it may.
    TooMuchError
        If it prints more than it may.
    """
    words = [os.fspath(word) for word in command]
    variables = {**os.environ, "PATH": _search_path(), **(env or {})}
    if _echo:
        _echo(shlex.join(words))
    pipe = subprocess.PIPE
    given = {name: value for name, value in variables.items() if value is not None}
    try:
        with _bounded_memory(memory):
            started = subprocess.Popen(
                words, cwd=cwd, env=given, stdin=pipe, stdout=pipe, stderr=pipe
            )
        with started, _watched(started, words[0], hindered, longest, waits_for_nobody):
            _bound(started.pid, "RLIMIT_CPU", seconds, grace=1)
            _bound(started.pid, "RLIMIT_FSIZE", written)
            try:
                if most is None:
                    output, errors = started.communicate(stdin or b"")
                else:
                    output, errors = _read_bounded(started, most)
            except BaseException:
                _kill_all(started.pid)
                raise
            return subprocess.CompletedProcess(words, started.returncode, output, errors)
    except FileNotFoundError as error:
        if cwd is not None and not cwd.is_dir():
            raise LisaError(f"{cwd}: no such folder", "Check the path.") from error
        hint = f"Install {words[0]} and try again."
        raise LisaError(f"{words[0]} is not installed", hint) from error


def hand_terminal(command: Sequence[str | Path], cwd: Path) -> int:
    """Run a program of the user's that needs the terminal, such as an editor.

    Parameters
    ----------
    command
        The program and its arguments; no shell reads them.
    cwd
        The folder to run it in.

    Returns
    -------
    int
        Its exit code.

    Raises
    ------
    LisaError
        If it cannot be started.
    """
    words = [os.fspath(word) for word in command]
    if _echo:
        _echo(shlex.join(words))
    try:
        return subprocess.call(words, cwd=cwd, env={**os.environ, "PATH": _search_path()})
    except OSError as error:
        raise LisaError(
            f"{words[0]} cannot be started ({error.strerror})",
            "Name an editor that is installed in the variable EDITOR.",
        ) from error


def _bound(process: int, limit: str, most: int | None, grace: int = 0) -> None:
    """Limit the processor time, or another resource, of a command that has just been started.

    Our own limit, which it would have from its first moment on, counts what we have used already.
    """
    if most is None or sys.platform != "linux":
        return
    kind: int = getattr(resource, limit)
    soft, hard = resource.getrlimit(kind)
    # Nobody may raise a limit that was set for all of a user's processes.
    set_before = [each for each in (soft, hard) if each != resource.RLIM_INFINITY]
    with suppress(ProcessLookupError):
        wanted = (min([most, *set_before]), min([most + grace, *set_before]))
        resource.prlimit(process, kind, wanted)


@contextmanager
def _bounded_memory(most: int | None) -> Iterator[None]:
    """Limit what a command may allocate that is started now.

    It gets our own limit from its first moment on. After its start would be too late on a busy
    machine, and between fork and exec Python can do nothing without starting commands more slowly.
    """
    if most is None or sys.platform != "linux":
        yield
        return
    with _limits:
        soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
        lowest = min([most, *(each for each in (soft, hard) if each != resource.RLIM_INFINITY)])
        resource.setrlimit(resource.RLIMIT_DATA, (lowest, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def _read_bounded(started: subprocess.Popen[bytes], most: int) -> tuple[bytes, bytes]:
    """Read what a command prints that reads nothing, and its messages, unless it is too much."""
    if started.stdin:
        started.stdin.close()
    printed: dict[int, list[bytes]] = {}
    with selectors.DefaultSelector() as waiting:
        for pipe in filter(None, (started.stdout, started.stderr)):
            waiting.register(pipe, selectors.EVENT_READ)
            printed[pipe.fileno()] = []
        while waiting.get_map():
            for ready, _ in waiting.select():
                piece = os.read(ready.fd, _PIECE)
                printed[ready.fd].append(piece)
                most -= len(piece)
                if most < 0:
                    raise TooMuchError
                if not piece:
                    waiting.unregister(ready.fd)
    started.wait()
    output, errors = map(b"".join, printed.values())
    return output, errors


@contextmanager
def _watched(
    started: subprocess.Popen[bytes],
    name: str,
    hindered: Callable[[Callable[[], bool]], str] | None,
    longest: float | None,
    waits_for_nobody: bool,
) -> Iterator[None]:
    """End a command that waits in vain, or takes too long, and tell what for."""
    if hindered is None and longest is None and not waits_for_nobody:
        yield
        return
    found: list[LisaError] = []
    ended = threading.Event()
    end = time.monotonic() + longest if longest else float("inf")

    def look() -> None:
        while not found and not ended.wait(min(PATIENCE, longest or PATIENCE)):
            if why := hindered(ended.is_set) if hindered else "":
                found.append(LisaError(why, "Remove it."))
            elif time.monotonic() > end:
                found.append(_took_too_long(name, longest or 0))
            elif waits_for_nobody and _stands_still(started.pid, ended):
                found.append(
                    LisaError(
                        f"{name} waits for something that does not come, and was ended",
                        "Look at what .git/config includes or names: a pipe is no file.",
                    )
                )
        if found:
            _kill_all(started.pid)

    # Waiting with a timeout would be simpler, but take a millisecond longer for each command.
    threading.Thread(target=look, daemon=True).start()
    try:
        yield
    finally:
        ended.set()
    if found:
        raise found[0]


def _took_too_long(name: str, longest: float) -> TimeError:
    return TimeError(
        f"{name} is not done after {longest:g} s, and was ended",
        "Where it asks another machine, look whether that answers, and try again.",
    )


def _kill_all(process: int) -> None:
    """Kill a process, and all that it has started: they would hold its pipes open, and go on."""
    found = [process]
    for each in found:
        with suppress(OSError):  # Linux alone tells
            for task in Path(f"/proc/{each}/task").iterdir():
                found += map(int, (task / "children").read_text().split())
    for each in found:
        with suppress(ProcessLookupError):
            os.kill(each, signal.SIGKILL)


def _stands_still(pid: int, ended: threading.Event) -> bool:
    """Whether a process does nothing at all, and nobody works for it; False where none can tell."""
    before = _count_switches(pid)
    return before is not None and not ended.wait(_STILL) and _count_switches(pid) == before


def _count_switches(pid: int) -> list[str] | None:
    """How often each part of a process has stopped and gone on; None where it is not asleep.

    That says more than its processor time: what waits for a slow disk takes next to none.
    """
    switches = []
    try:
        for task in sorted(Path(f"/proc/{pid}/task").iterdir()):
            lines = (task / "status").read_text(encoding="utf-8", errors="replace").splitlines()
            values = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
            if not values["State"].startswith("S") or (task / "children").read_text():
                return None
            switches.append(f"{task.name} {values['voluntary_ctxt_switches']}")
    except (OSError, KeyError):  # Linux alone tells, and not every Linux
        return None
    return switches or None

"""Process untrusted input in a process of its own, which can be stopped whatever it does.

A Jinja expression may compute for ever, even in a single call of C code, which no signal handler
interrupts. Only the kernel's limits on a process help then. The process is forked, so that nothing
is imported again: that costs a few milliseconds.
"""

from __future__ import annotations

import os
import pickle
import resource
import signal
import sys
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn, TypeVar

from lisa_scaffold.errors import LisaError

SECONDS = 20
"""Seconds of processor time for one piece of work; a large template takes one or two."""

LONGEST = 300
"""Seconds after which it ends in any case: waiting takes no processor time."""

MEMORY = 512 * 1024 * 1024
"""Bytes that it may allocate beyond what the process has."""

MOST_WRITTEN = 256 * 1024 * 1024
"""Bytes that a template may render to; those who write them keep count."""

_OUT_OF_TIME = (signal.SIGXCPU, signal.SIGKILL, signal.SIGALRM)

_Result = TypeVar("_Result")


class ExhaustedError(Exception):
    """The work exceeded a limit; the message says which."""


class OutsideError(Exception):
    """The work was about to write outside its folder; the message is the path."""


class _ForeignDefectError(Exception):
    """A defect in the other process, with its traceback as text."""


def run(work: Callable[[], _Result], *, bounded: bool = True) -> _Result:
    """Do some work in a forked process, and return its result.

    Parameters
    ----------
    work
        The work; its result, or its ``LisaError``, can be pickled.
    bounded
        Whether its time and memory are limited.

    Raises
    ------
    LisaError
        If the work raises one.
    ExhaustedError
        If the work took too much time or memory.
    """
    reader, writer = os.pipe()
    with warnings.catch_warnings():
        # Newer Pythons warn where other threads run, as they do in a test's worker.
        warnings.simplefilter("ignore", DeprecationWarning)
        process = os.fork()
    if process == 0:
        os.close(reader)
        _work_and_end(work, writer, bounded=bounded)
    os.close(writer)
    try:
        with os.fdopen(reader, "rb") as pipe:
            outcome = pipe.read()
        status = os.waitpid(process, 0)[1]
    except BaseException:  # Ctrl-C: the work is not to go on alone
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        raise
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) in _OUT_OF_TIME:
        raise ExhaustedError(f"it takes more than {SECONDS} s")
    if status:
        raise ExhaustedError(f"it ends its process (status {status})")
    result: _Result | Exception = pickle.loads(outcome)  # noqa: S301 - our own process wrote it
    if isinstance(result, Exception):
        raise result
    return result


def _work_and_end(work: Callable[[], object], writer: int, *, bounded: bool) -> NoReturn:
    """What the forked process does: none of what our process registered for its end is run."""
    try:
        for stop in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM):
            signal.signal(stop, signal.SIG_DFL)
        if bounded:
            _limit()
        try:
            outcome = pickle.dumps(work())
        except (LisaError, ExhaustedError) as error:
            outcome = pickle.dumps(error)
        except MemoryError:
            why = f"it takes more than {MEMORY // 1024**2} MB of memory"
            outcome = pickle.dumps(ExhaustedError(why))
        except Exception:
            outcome = pickle.dumps(_ForeignDefectError(traceback.format_exc()))
        with os.fdopen(writer, "wb") as pipe:
            pipe.write(outcome)
        os._exit(0)
    finally:
        os._exit(1)


def _limit() -> None:
    """Limit time and memory of this process."""

    def lower(limit: int, wanted: int) -> None:
        _, most = resource.getrlimit(limit)
        lowest = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
        resource.setrlimit(limit, (lowest, lowest))

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    lower(resource.RLIMIT_CPU, SECONDS)
    signal.alarm(LONGEST)
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except OSError:
        return  # only Linux tells, and limits, the memory of a process
    lower(resource.RLIMIT_AS, pages * resource.getpagesize() + MEMORY)


# The events that Python raises before it changes something in the file system, each with the
# positions of its paths (https://docs.python.org/3/library/audit_events.html).
_CHANGES = {
    **dict.fromkeys(["os.mkdir", "os.truncate", "os.chmod", "os.chown", "os.utime"], (0,)),
    **dict.fromkeys(["os.remove", "os.rmdir", "shutil.rmtree"], (0,)),
    **dict.fromkeys(["os.rename", "shutil.move"], (0, 1)),
    **dict.fromkeys(["os.link", "os.symlink", "shutil.copytree"], (1,)),
}
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def write_below(*folders: Path) -> None:
    """Let this process write only below some folders, from now on and for good.

    That is no sandbox for hostile code, which could get around it. It stops honest code that was
    given a wrong path, whatever way that code writes.
    """
    sys.dont_write_bytecode = True
    allowed = [f"{os.path.realpath(folder)}{os.sep}" for folder in folders]

    def judge(event: str, arguments: tuple[object, ...]) -> None:
        if event == "open":
            flags = arguments[2]
            paths = arguments[:1] if isinstance(flags, int) and flags & _WRITING else ()
        elif event in ("os.remove", "os.rmdir") and arguments[-1] != -1:
            paths = ()  # a name in an open folder: shutil.rmtree goes there, and was judged
        else:
            paths = tuple(arguments[at] for at in _CHANGES.get(event, ()))
        for path in paths:
            if isinstance(path, (str, bytes, os.PathLike)):
                place = os.fsdecode(os.path.realpath(path))
                if not any(f"{place}{os.sep}".startswith(each) for each in allowed):
                    raise OutsideError(os.fsdecode(path))

    sys.addaudithook(judge)

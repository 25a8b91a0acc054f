"""Work on what nobody trusts, in a process of its own: it can be stopped whatever it does.

A Jinja expression may compute for ever, in a single call of C code even, which no signal handler
interrupts. Only the kernel's limits on a process hold then. The process is forked, so that nothing
is imported once more: that costs some milliseconds.
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
"""Processor time of one piece of work; a large template takes one or two."""

LONGEST = 300
"""Seconds until it ends in any case: what only waits takes no processor time."""

MEMORY = 512 * 1024 * 1024
"""Bytes that it may take beyond what the process has."""

MOST_WRITTEN = 256 * 1024 * 1024
"""Bytes that a template may render to; whoever writes them counts."""

_OUT_OF_TIME = (signal.SIGXCPU, signal.SIGKILL, signal.SIGALRM)

_Result = TypeVar("_Result")


class ExhaustedError(Exception):
    """The work took more than it may; the message says of what."""


class OutsideError(Exception):
    """The work was about to write outside of its folder; the message is the path."""


class _ForeignDefectError(Exception):
    """A defect in the other process, with its traceback as text."""


def run(work: Callable[[], _Result], *, bounded: bool = True) -> _Result:
    """Do some work in a forked process, and return what it returns.

    Parameters
    ----------
    work
        What to do; its result, or its ``LisaError``, can be pickled.
    bounded
        Whether its time and memory are limited.

    Raises
    ------
    LisaError
        As the work raises it.
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
    outcome, status = _awaited(process, reader)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) in _OUT_OF_TIME:
        raise ExhaustedError(f"it takes more than {SECONDS} s")
    if status:
        raise ExhaustedError(f"it ends its process (status {status})")
    result: _Result | Exception = pickle.loads(outcome)  # noqa: S301 - our own process wrote it
    if isinstance(result, Exception):
        raise result
    return result


def _awaited(process: int, reader: int) -> tuple[bytes, int]:
    """What the process says, and how it ends."""
    try:
        with open(reader, "rb") as said:
            outcome = said.read()
        return outcome, os.waitpid(process, 0)[1]
    except BaseException:  # Ctrl-C: the work is not to go on alone
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        raise


def _work_and_end(work: Callable[[], object], writer: int, *, bounded: bool) -> NoReturn:
    """What the forked process does: it runs nothing that is to run at the end of ours."""
    try:
        for stop in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM):
            signal.signal(stop, signal.SIG_DFL)
        if bounded:
            _limit()
        outcome = _outcome(work)
        with open(writer, "wb") as said:
            said.write(outcome)
        os._exit(0)
    finally:
        os._exit(1)


def _outcome(work: Callable[[], object]) -> bytes:
    try:
        return pickle.dumps(work())
    except (LisaError, ExhaustedError) as error:
        return pickle.dumps(error)
    except MemoryError:
        return pickle.dumps(ExhaustedError(f"it takes more than {MEMORY // 1024**2} MB of memory"))
    except Exception:
        return pickle.dumps(_ForeignDefectError(traceback.format_exc()))


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _lower(resource.RLIMIT_CPU, SECONDS)
    signal.alarm(LONGEST)
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except OSError:
        return  # Linux alone tells, and keeps to, the memory of a process
    _lower(resource.RLIMIT_AS, pages * resource.getpagesize() + MEMORY)


def _lower(kind: int, wanted: int) -> None:
    _, most = resource.getrlimit(kind)
    lowest = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
    resource.setrlimit(kind, (lowest, lowest))


# What Python tells of before it changes something in the file system: where the paths stand among
# what it tells (https://docs.python.org/3/library/audit_events.html).
_CHANGES = {
    **dict.fromkeys(["os.mkdir", "os.truncate", "os.chmod", "os.chown", "os.utime"], (0,)),
    **dict.fromkeys(["os.remove", "os.rmdir", "shutil.rmtree"], (0,)),
    **dict.fromkeys(["os.rename", "shutil.move"], (0, 1)),
    **dict.fromkeys(["os.link", "os.symlink", "shutil.copytree"], (1,)),
}
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def write_below(*folders: Path) -> None:
    """Let this process write below some folders alone, from now on and for good.

    That is no sandbox for code, which could get around it, but it holds for honest code that was
    told a wrong path, however that code goes about it.
    """
    sys.dont_write_bytecode = True
    allowed = [f"{os.path.realpath(folder)}{os.sep}" for folder in folders]

    def judge(event: str, told: tuple[object, ...]) -> None:
        if event == "open":
            flags = told[2]
            paths = told[:1] if isinstance(flags, int) and flags & _WRITING else ()
        elif event in ("os.remove", "os.rmdir") and told[-1] != -1:
            paths = ()  # a name in an open folder: shutil.rmtree goes there, and was judged
        else:
            paths = tuple(told[at] for at in _CHANGES.get(event, ()))
        for path in paths:
            if isinstance(path, (str, bytes, os.PathLike)):
                place = os.fsdecode(os.path.realpath(path))
                if not any(f"{place}{os.sep}".startswith(each) for each in allowed):
                    raise OutsideError(os.fsdecode(path))

    sys.addaudithook(judge)

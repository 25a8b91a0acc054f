"""The only place that prints: nothing leaves it that controls a terminal or is a credential."""

from __future__ import annotations

import os
import signal
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from typing import TextIO, TypeVar

from lisa_scaffold.lines import Paint, fit, strip_style
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.shown import harmless, visible

_Entered = TypeVar("_Entered")


class ReportLostError(Exception):
    """Standard output is closed, or full: the report did not arrive as a whole."""


def say(*lines: str) -> None:
    """Messages go to standard error: standard output belongs to results."""
    _write_message(_fit(harmless("\n".join(lines))))


def complain(program: str, message: str, *lines: str) -> None:
    """Say what is wrong: the name of the program stands out where there is colour."""
    shown = _fit(harmless("\n".join([f"{program}: {message}", *lines])))
    name = paint("must", program) if _is_coloured(sys.stderr) else program
    _write_message(f"{name}{shown.removeprefix(program)}")


_TO_COPY = "    "
"""How a line begins that people copy: a command, or a line of a file."""


def _fit(text: str) -> str:
    """A message in lines as wide as the terminal; a line that people copy is never folded."""
    columns = _count_columns(sys.stderr)
    lines = text.split("\n")
    return "\n".join(each if each.startswith(_TO_COPY) else fit(each, columns) for each in lines)


def say_as_is(text: str, *, coloured: bool = False) -> None:
    """Say something whose lines are not to be wrapped; for colours see :func:`tell`."""
    _write_message(_keep_paint(text) if coloured else harmless(text))


def echo(command: str) -> None:
    """Say in one line which command is run."""
    say_as_is(f"$ {visible(harmless(command))}")


def _write_message(shown: str) -> None:
    stream = sys.stderr
    if stream is None:
        return
    _wipe()
    try:
        stream.write(f"{shown}\n")
        stream.flush()
    except OSError:
        _silence(stream)  # nobody is left to tell


def _count_columns(stream: TextIO | None) -> int:
    """How wide the terminal is that a stream goes to; 0 where it goes elsewhere."""
    if stream is None or not stream.isatty():
        return 0
    columns = os.environ.get("COLUMNS", "")
    # Python refuses numbers of thousands of digits.
    if columns.isdecimal() and len(columns) < 6:  # noqa: PLR2004
        return int(columns)
    with suppress(OSError):
        return os.get_terminal_size(stream.fileno())[0]
    return 80


_STYLES = {"title": "1", "must": "1;31", "should": "33", "code": "36", "hint": "2"}
# What `paint` writes, and nothing else that controls a terminal.
_PAINTED = compile_lazily(rf"(\x1b\[(?:0|{'|'.join(_STYLES.values())})m)")
_wanted = ["auto"]


def choose_colour(wanted: str) -> None:
    """Decide whether people are shown colours.

    Parameters
    ----------
    wanted
        ``always``, ``never``, or ``auto``: on a terminal that can show it, where nobody has set
        `NO_COLOR <https://no-color.org/>`_.
    """
    _wanted[:] = [wanted]


def _is_coloured(stream: TextIO | None) -> bool:
    """Whether what goes to a stream is shown in colour; see :func:`choose_colour`."""
    if _wanted != ["auto"]:
        return _wanted == ["always"]
    is_terminal = stream is not None and stream.isatty()
    can_show = os.environ.get("TERM", "dumb") != "dumb"
    return is_terminal and can_show and not os.environ.get("NO_COLOR")


def look(*, messages: bool = False) -> tuple[int, Paint]:
    """How a report is to look: its width (0 where no terminal shows it), and what gives it colours.

    Parameters
    ----------
    messages
        Whether it goes to standard error, where messages go.
    """
    stream = sys.stderr if messages else sys.stdout
    return _count_columns(stream), paint if _is_coloured(stream) else strip_style


def paint(style: str, text: str) -> str:
    """A text in a style, for a result that is told in colour."""
    return f"\x1b[{_STYLES[style]}m{harmless(text)}\x1b[0m"


def is_watched() -> bool:
    """Whether messages go to a terminal that can take back what it shows."""
    stream = sys.stderr
    return stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb"


# What is being done that takes a while, and whether the terminal shows it now.
_doing = {"what": "", "shown": ""}


@contextmanager
def busy(what: str) -> Iterator[Callable[[str], None]]:
    """Tell somebody at a terminal what is being done, once it has taken a second.

    A timer of the process shows it, and no thread: work is done in forked processes, which a thread
    might leave with a lock that nobody opens.

    Parameters
    ----------
    what
        What is being done.

    Yields
    ------
    Callable
        Says something else from then on, such as how far it is.
    """
    stream = sys.stderr
    if stream is None or not is_watched() or _doing["what"]:
        yield lambda _: None
        return
    columns, began, place = _count_columns(stream), time.monotonic(), stream.fileno()

    def show(*_: object) -> None:
        seconds = int(time.monotonic() - began)
        said = visible(harmless(_doing["what"]))[: columns - 12]
        _doing["shown"] = "yes"
        # The stream itself may be in the middle of a message.
        with suppress(OSError):
            os.write(place, f"\r\x1b[K{said} … {seconds} s".encode())

    _doing["what"] = what
    before = signal.signal(signal.SIGALRM, show)
    signal.setitimer(signal.ITIMER_REAL, 1, 1)
    try:
        yield lambda said: _doing.update(what=said)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        _wipe()
        _doing["what"] = ""


@contextmanager
def busily(what: str, manager: AbstractContextManager[_Entered]) -> Iterator[_Entered]:
    """Enter something that takes a while, and is told by :func:`busy`; not what is done in it."""
    with ExitStack() as stack:
        with busy(what):
            entered = stack.enter_context(manager)
        yield entered


def _wipe() -> None:
    """Take away what :func:`busy` shows, before anything else is shown."""
    if _doing["shown"] and sys.stderr is not None:
        _doing["shown"] = ""
        with suppress(OSError):
            os.write(sys.stderr.fileno(), b"\r\x1b[K")


def _keep_paint(text: str) -> str:
    """A text made harmless but for what :func:`paint` has written into it."""
    parts = _PAINTED.split(text)
    return "".join(part if at % 2 else harmless(part) for at, part in enumerate(parts))


def tell(text: str, *, coloured: bool = False) -> None:
    """Give people a result, on standard output.

    Parameters
    ----------
    coloured
        Whether what :func:`paint` has written into it stays. Foreign text must have been made
        visible before.

    Raises
    ------
    ReportLostError
        If it is closed or full.
    """
    encoding = (sys.stdout and sys.stdout.encoding) or "utf-8"
    shown = _keep_paint(text) if coloured else harmless(text)
    # What a terminal with that encoding cannot show is escaped, too.
    _write(shown.encode(encoding, "backslashreplace"))


def hand_over(text: str) -> None:
    """Give programs a result, on standard output: unchanged, except on a terminal.

    Raises
    ------
    ReportLostError
        If it is closed or full.
    """
    if sys.stdout is not None and sys.stdout.isatty():
        tell(text)
    else:
        # Names and contents that are not UTF-8 keep their bytes.
        _write(text.encode("utf-8", "surrogateescape"))


def _write(content: bytes) -> None:
    if sys.stdout is None:
        raise ReportLostError("it is closed")
    _wipe()
    finish()
    try:
        sys.stdout.buffer.write(content)
    except OSError as error:
        _silence(sys.stdout)
        raise ReportLostError(error.strerror) from error


def finish() -> None:
    """Make sure that all results have arrived.

    Raises
    ------
    ReportLostError
        If standard output is closed or full.
    """
    # When the process ends, it is too late to notice.
    if sys.stdout is not None:
        try:
            sys.stdout.flush()
        except OSError as error:
            _silence(sys.stdout)
            raise ReportLostError(error.strerror) from error


def close() -> None:
    """Give up what cannot be written at the end of the process: Python would complain about it."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            try:
                stream.flush()
            except OSError:
                _silence(stream)


def take_over() -> None:
    """Keep libraries and files away from the standard streams, from the start of the process."""
    # Warnings of libraries quote what they are about.
    warnings.showwarning = lambda *what, **_: say(warnings.formatwarning(*what[:4]).rstrip())
    # No file that is opened may be taken for a stream that was closed from the start.
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free: this one


def _silence(stream: TextIO) -> None:
    """Discard what is written from now on, or waits in a buffer."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)

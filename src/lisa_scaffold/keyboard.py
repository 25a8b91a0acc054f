"""What is typed at the terminal while nobody reads it."""

from __future__ import annotations

import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class ClosedError(KeyboardInterrupt):
    """The terminal is closed, or the process is told to end: nobody is there to be asked."""


@contextmanager
def hold_typed() -> Iterator[None]:
    """Keep what is typed for the next question, and off the screen.

    Otherwise the terminal would take it for a line of its own, echo it, and change Enter on the
    way. Ctrl-C ends the process as ever.
    """
    if sys.stdin is None or not sys.stdin.isatty():
        yield
        return
    number = sys.stdin.fileno()
    before = termios.tcgetattr(number)
    held = [*before]
    held[0] &= ~termios.ICRNL
    held[3] &= ~(termios.ICANON | termios.ECHO)
    termios.tcsetattr(number, termios.TCSANOW, held)
    try:
        yield
    finally:
        with suppress(termios.error):  # it may be closed
            termios.tcsetattr(number, termios.TCSANOW, before)


def drop_typed() -> None:
    """Forget what was typed and not read."""
    if sys.stdin is not None and sys.stdin.isatty():
        termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)

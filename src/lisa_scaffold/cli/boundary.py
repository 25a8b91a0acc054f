"""The one error boundary, and where messages go."""

from __future__ import annotations

import argparse
import gc
import os
import signal
import sys
import traceback
from collections.abc import Callable, Sequence

from lisa_scaffold import workplace
from lisa_scaffold.errors import ExitCode, LisaError

DEFECT_URL = "https://gitlab.in2p3.fr/LISA/lisa-scaffold/-/issues"

Command = Callable[[argparse.Namespace], int]


def guarded(program: str, parser: argparse.ArgumentParser, argv: Sequence[str] | None) -> int:
    """The one error boundary: what a user can mend is one message, all else is a defect."""
    if argv is None:
        # Loading modules makes objects that stay: looking through them every 700 is lost time.
        gc.set_threshold(100_000)
        # A closed terminal or a polite kill cleans up as Ctrl-C does.
        for stop in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(stop, signal.default_int_handler)
    try:
        return _run(parser, argv)
    except LisaError as error:
        say(f"{program}: {error.message}", f"  {error.hint}")
        return ExitCode.REFUSED
    except KeyboardInterrupt:
        say(f"{program}: interrupted, nothing was changed")
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # The reader of our output went away (`| head`): nobody is left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.REFUSED
    except OSError as error:
        # A full disk, a folder that may not be written: the machine's trouble, not a defect.
        place = error.filename2 or error.filename
        where = f"{place}: " if place else ""
        say(
            f"{program}: {where}{error.strerror or error}",
            "  Check the path, its rights and space.",
        )
        return ExitCode.REFUSED
    except Exception:
        say(
            traceback.format_exc().rstrip(),
            f"{program}: this is a defect of lisa-scaffold, not of your project.",
            f"  Please report it with the lines above: {DEFECT_URL}",
        )
        return ExitCode.DEFECT
    finally:
        if argv is None:
            # The process ends: without this Python looks through every object once more, which
            # takes a tenth of a check's time.
            gc.freeze()


def _run(parser: argparse.ArgumentParser, argv: Sequence[str] | None) -> int:
    try:
        arguments = parser.parse_args(argv)
        command: Command = arguments.command
        workplace.clear()
        return command(arguments)
    finally:
        # When the process ends it is too late to notice that the reader went away.
        sys.stdout.flush()


def say(*lines: str) -> None:
    """Messages go to standard error: standard output belongs to results."""
    print(*lines, sep="\n", file=sys.stderr, flush=True)

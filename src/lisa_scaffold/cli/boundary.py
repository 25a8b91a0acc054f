"""The only error boundary, and what it knows about the changes that were made."""

from __future__ import annotations

import argparse
import gc
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lisa_scaffold import workplace
from lisa_scaffold.cli import terminal
from lisa_scaffold.cli.terminal import ReportLostError, complain, say, say_as_is
from lisa_scaffold.errors import ExitCode, LisaError, of_machine

if TYPE_CHECKING:
    from lisa_scaffold.sync.transaction import Recovered

DEFECT_URL = "https://gitlab.in2p3.fr/LISA/lisa-scaffold/-/issues"

Command = Callable[[argparse.Namespace], int]


class _Changes:
    """What the running command has changed, and is changing."""

    done: list[str]
    begun: str

    def list_done(self) -> list[str]:
        return [f"  This is done, and stays: {'; '.join(self.done)}."] if self.done else []


_changes = _Changes()


@contextmanager
def changing(what: str) -> Iterator[None]:
    """Change something, as a whole or not at all, and remember it.

    Parameters
    ----------
    what
        The state afterwards, as part of a sentence, to be told if the command fails later.
    """
    _changes.begun = what
    try:
        yield
    except Exception:
        _changes.begun = ""
        raise
    changed(what)


def changed(what: str) -> None:
    """Remember that something was changed."""
    _changes.done.append(what)
    _changes.begun = ""


def tell_recovered(recovered: Recovered | None, where: str = "") -> None:
    """Tell, and remember, what became of a change that a killed command left behind."""
    if recovered:
        say(f"{where}{recovered.message}")
        if recovered.completed:
            changed(f"{where}a change that had been interrupted is completed")


def run_guarded(program: str, parser: argparse.ArgumentParser, argv: Sequence[str] | None) -> int:
    """Run a command: what a user can put right ends in one message, anything else is a defect."""
    _changes.done, _changes.begun = [], ""
    terminal.choose_colour("auto")
    if argv is None:
        # Modules are objects that stay: collecting garbage every 700 of them is a waste of time.
        gc.set_threshold(100_000)
        # A closed terminal, or a polite kill, cleans up as Ctrl-C does.
        for stop in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(stop, signal.default_int_handler)
        terminal.take_over()
    try:
        return _run(parser, argv)
    except (LisaError, ReportLostError, OSError) as error:
        return _tell_error(program, error)
    except KeyboardInterrupt:
        if _changes.begun:
            say(
                f"{program}: interrupted while it was changing something",
                f"  Look whether {_changes.begun}: it is so as a whole, or not at all.",
                *_changes.list_done(),
            )
        elif _changes.done:
            say(f"{program}: interrupted", *_changes.list_done())
        else:
            say(f"{program}: interrupted, nothing was changed")
        return ExitCode.INTERRUPTED
    except Exception:
        import traceback

        say_as_is(traceback.format_exc().rstrip())
        say(
            f"{program}: this is a defect of lisa-scaffold, not of your project.",
            f"  Please report it with the lines above: {DEFECT_URL}",
            *_changes.list_done(),
        )
        return ExitCode.DEFECT
    finally:
        terminal.close()
        if argv is None:
            # Without this, Python looks through every object once more as the process ends, which
            # takes a tenth of a check's time.
            gc.freeze()


def _run(parser: argparse.ArgumentParser, argv: Sequence[str] | None) -> int:
    try:
        arguments = parser.parse_args(argv)
    except SystemExit:
        terminal.finish()
        raise
    terminal.choose_colour(arguments.color)
    if arguments.verbose:
        from lisa_scaffold import process

        process.echo_commands(terminal.echo)
    command: Command = arguments.command
    workplace.clear()
    code = command(arguments)
    terminal.finish()
    return code


def _tell_error(program: str, error: LisaError | ReportLostError | OSError) -> ExitCode:
    """Tell what is wrong, and what was changed before it went wrong."""
    if isinstance(error, LisaError):
        message, hint = error.message, error.hint
    elif isinstance(error, ReportLostError):
        if isinstance(error.__cause__, BrokenPipeError) and not _changes.done:
            return ExitCode.REFUSED  # the reader went away (`| head`): nobody is left to tell
        message = f"standard output: {error}: the report is not complete"
        hint = "" if _changes.done else "Nothing was changed."
    else:
        named = of_machine(error)
        message, hint = named.message, named.hint
    # A line break in foreign text must not start a line that looks like a message of ours.
    first, *more = message.split("\n")
    lines = [line if line.startswith("  ") else f"  {line}" for line in (*more, hint) if line]
    complain(program, first, *lines, *_changes.list_done())
    return ExitCode.FINDINGS if _changes.done else ExitCode.REFUSED

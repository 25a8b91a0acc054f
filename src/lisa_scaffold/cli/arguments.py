"""Arguments that several commands share, and what is read from them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from lisa_scaffold import answers as checks
from lisa_scaffold import files
from lisa_scaffold.cli.terminal import tell
from lisa_scaffold.errors import LisaError
from lisa_scaffold.shown import harmless, visible


def add_version(parser: argparse.ArgumentParser) -> None:
    """Add ``--version``, which may stand before and after a command's name."""
    parser.add_argument("--version", action=_Version, help="print the version and exit")


def add_common(parser: argparse.ArgumentParser) -> None:
    """Add ``--version`` and ``--verbose``, which every command takes."""
    add_version(parser)
    parser.add_argument(
        "--verbose", action="store_true", help="show every command that is run, as $ …"
    )


def add_answers(parser: argparse.ArgumentParser) -> None:
    """Add ``--data`` and ``--data-file``: answers that are given beforehand."""
    parser.add_argument(
        "--data",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help="an answer, asks nothing else; may be repeated",
    )
    parser.add_argument(
        "--data-file", metavar="FILE", type=Path, help="answers in a YAML file, asks nothing else"
    )


def add_merging(
    parser: argparse.ArgumentParser, trust: str, formats: Sequence[str] = ("text", "json")
) -> None:
    """Add the arguments of the commands that merge a render into a project.

    Parameters
    ----------
    parser
        The command's parser.
    trust
        The help of ``--trust``: what it allows.
    formats
        The forms that the report has; the first is the usual one.
    """
    parser.add_argument("--to", metavar="VERSION", help="version of the template, such as v1.2.3")
    parser.add_argument(
        "--defaults", action="store_true", help="ask nothing: take the default answers"
    )
    add_answers(parser)
    parser.add_argument(
        "--dry-run", action="store_true", help="print the changes as a diff, and touch nothing"
    )
    parser.add_argument("--trust", action="store_true", help=trust)
    parser.add_argument("--format", choices=formats, default=formats[0], help="form of the report")


class Parser(argparse.ArgumentParser):
    """A parser whose complaints repeat what was typed, or pasted, in a harmless form."""

    def error(self, message: str) -> NoReturn:
        """Complain of bad usage, and exit."""
        super().error(visible(harmless(message)))


class _Version(argparse.Action):
    """Look the version up only when it is asked for: that takes longer than everything else."""

    def __init__(self, option_strings: Sequence[str], **options: Any) -> None:
        super().__init__(option_strings, **{**options, "dest": argparse.SUPPRESS, "nargs": 0})

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        tell(f"{parser.prog} {version('lisa-scaffold')}\n")
        parser.exit()


def read_given(arguments: argparse.Namespace) -> dict[str, Any]:
    """The answers on the command line; they win over those in the file."""
    answers: dict[str, Any] = {"advanced": True} if getattr(arguments, "advanced", False) else {}
    if arguments.data_file:
        answers |= _read_answers(arguments.data_file)
    for pair in arguments.data:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise LisaError(f"--data {pair}: no KEY=VALUE", "Write it as in --data license=MIT.")
        answers[key] = value
    return answers


def _read_answers(path: Path) -> dict[str, Any]:
    import yaml

    from lisa_scaffold.formats import yaml_data as documents

    hint = "The file holds one answer a line, as in: license: MIT"
    try:
        answers = documents.plain(files.read_named(path))
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark else f"{path}"
        problem = getattr(error, "problem", None) or error
        raise LisaError(f"{where}: no YAML that can be read ({problem})", hint) from error
    if not isinstance(answers, dict):
        raise LisaError(f"{path}: no answers in it", hint)
    if fault := checks.find_fault(answers):
        raise LisaError(f"{path}: {fault}", hint)
    # Names that begin with _ are Copier's own records: a project's answers file serves as well.
    return {key: value for key, value in answers.items() if not key.startswith("_")}


def is_interactive(arguments: argparse.Namespace) -> bool:
    """Whether a person is there to answer, and did not ask for silence."""
    quiet = arguments.defaults or arguments.data or arguments.data_file
    # A stream that was closed from the start is None.
    streams = (sys.stdin, sys.stderr)
    return not quiet and all(stream is not None and stream.isatty() for stream in streams)

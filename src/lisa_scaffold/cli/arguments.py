"""Arguments that several commands share, and what is read from them."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from lisa_scaffold import answer_limits, files
from lisa_scaffold.cli.terminal import say, tell
from lisa_scaffold.errors import ExitCode, LisaError
from lisa_scaffold.lines import fit
from lisa_scaffold.shown import harmless, visible

DOCS = "https://lisa.pages.in2p3.fr/lisa-scaffold"

CODES = """\
Exit codes
  0    done, and nothing is left to you
  1    {}
  2    refused: nothing was changed
  3    a defect of lisa-scaffold
  130  interrupted"""

_MOST_JOBS = 64  # more requests at once a server would not thank for


class Parser(argparse.ArgumentParser):
    """A parser whose help has examples, and whose complaints say how to go on.

    Parameters
    ----------
    examples
        Commands, each with what it does.
    page
        The page of the documentation that the command is explained on, below :data:`DOCS`.
    commands
        The commands that may come first; empty where none has to.
    left
        What exit code 1 means.
    options
        What :class:`argparse.ArgumentParser` takes.
    """

    def __init__(
        self,
        *,
        examples: Sequence[tuple[str, str]] = (),
        page: str = "",
        commands: Sequence[str] = (),
        left: str = "findings, or conflicts left",
        **options: Any,
    ) -> None:
        self.commands, self.examples, self.page, self.left = commands, examples, page, left
        shown = "\n".join(f"  $ {command}\n      {meaning}" for command, meaning in examples)
        parts = [f"Examples\n{shown}"] if shown else []
        parts += [CODES.format(left), f"Documentation\n  {DOCS}/{page}"]
        super().__init__(formatter_class=_Help, epilog="\n\n".join(parts), **options)
        self.description = " ".join((self.description or "").split())

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Parse, and refuse here what is not known: the parser above would show its own usage."""
        words = list(sys.argv[1:] if args is None else args)
        if self.commands and words and words[0] not in self.commands and words[0][:1] != "-":
            self.refuse("command", words[0], self.commands)
        found, unknown = super().parse_known_args(words, namespace)
        if options := [word for word in unknown if word.startswith("-")]:
            known = [text for action in self._actions for text in action.option_strings]
            self.refuse("option", options[0].partition("=")[0], known)
        if unknown:
            self.error(f"more than was expected: {' '.join(unknown)}")
        return found, unknown

    def refuse(self, what: str, word: str, known: Sequence[str]) -> NoReturn:
        """Complain of a word that is not known, and exit.

        Parameters
        ----------
        what
            What it would have been.
        word
            The word.
        known
            All words that it could have been.
        """
        from lisa_scaffold.similar import find_similar

        close = find_similar(word, known)
        self.error(f"no such {what}: {word}", f"Did you mean {close[0]}?" if close else "")

    def error(self, message: str, hint: str = "") -> NoReturn:
        """Complain of bad usage, with the usage of this command, and exit.

        What was typed, or pasted, is repeated in a harmless form.
        """
        self.print_usage(sys.stderr)
        hints = [hint] if hint else []
        hints.append(f"What there is: {self.prog} --help")
        say(f"{self.prog}: {visible(harmless(message))}", *(f"  {each}" for each in hints))
        self.exit(ExitCode.REFUSED)


class _Help(argparse.HelpFormatter):
    """Texts wrapped to the terminal, never inside a word, their lines apart."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        del indent  # nothing of ours is indented as a whole
        return fit(text, width)

    def _split_lines(self, text: str, width: int) -> list[str]:
        import textwrap

        return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)


class _Version(argparse.Action):
    """Look the version up only when it is asked for: that takes longer than everything else."""

    def __init__(self, option_strings: Sequence[str], **options: Any) -> None:
        super().__init__(option_strings, **{**options, "dest": argparse.SUPPRESS, "nargs": 0})

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        tell(f"{parser.prog} {version('lisa-scaffold')}\n")
        parser.exit()


def add_version(parser: argparse.ArgumentParser) -> None:
    """Add ``--version``, which may stand before and after a command's name."""
    parser.add_argument("-V", "--version", action=_Version, help="print the version and exit")


def add_common(parser: argparse.ArgumentParser) -> None:
    """Add ``--color``, ``--verbose`` and ``--version``, which every command takes."""
    add_version(parser)
    parser.add_argument(
        "--color",
        choices=["auto", "always", "never"],
        default="auto",
        help="colours in what people read; by default on a terminal, unless NO_COLOR is set",
    )
    parser.add_argument(
        "--verbose", action="store_true", help="show every command that is run, as $ …"
    )


def complete_codes(action: argparse.Action) -> None:
    """Let shells complete the codes of rules, also behind a comma."""

    def complete(prefix: str, **_: object) -> list[str]:
        from lisa_scaffold import rules

        before, comma, last = prefix.rpartition(",")
        known = [*rules.FAMILIES, *(each.code for each in rules.every_rule())]
        return [f"{before}{comma}{code}" for code in known if code.startswith(last)]

    # Where argcomplete looks for it.
    action.completer = complete  # type: ignore[attr-defined]


def complete_answers(action: argparse.Action) -> None:
    """Let shells complete the names of our template's answers, and the values to choose from."""

    def complete(prefix: str, **_: object) -> list[str]:
        import yaml

        from lisa_scaffold.template import find_default_source, light

        with find_default_source().open() as template, light.quick_yaml():
            settings = yaml.safe_load((template.root / "copier.yml").read_text())
        name, equals, _value = prefix.partition("=")
        if not equals:
            return [f"{each}=" for each in settings if not each.startswith("_")]
        question = settings.get(name, {})
        known = question.get("choices", ())
        if question.get("type") == "bool":
            known = ("true", "false")
        # A mapping has what people read as its keys.
        values = known.values() if isinstance(known, dict) else known
        return [f"{name}={value}" for value in values]

    # As above.
    action.completer = complete  # type: ignore[attr-defined]


def read_path(text: str) -> Path:
    """A path on the command line.

    Raises
    ------
    argparse.ArgumentTypeError
        If it is empty, as an unset variable of a shell is: ``Path`` would take it for this folder.
    """
    if not text:
        raise argparse.ArgumentTypeError("an empty path; this folder is written as .")
    return Path(text)


def add_path(parser: argparse.ArgumentParser) -> None:
    """Add the project's folder."""
    parser.add_argument(
        "path",
        metavar="PATH",
        nargs="?",
        type=read_path,
        help="folder of the project; by default this one, or the one above that has the project",
    )


def find_project(named: Path | None, is_project: Callable[[Path], bool] | None = None) -> Path:
    """The folder of the project: the one that was named, or else the nearest from here upwards.

    Parameters
    ----------
    named
        The folder on the command line.
    is_project
        Whether a folder is what is looked for; by default, whether it has metadata.
    """
    if named is not None:
        return named
    from lisa_scaffold.project.above import find_above, has_metadata

    found = find_above(Path(), is_project or has_metadata)
    if found != Path():
        say(f"The project: {found}")
    return found


def add_answers(parser: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    """Add ``--defaults``, ``--data`` and ``--data-file``: answers that are given beforehand.

    Returns
    -------
    argparse._ArgumentGroup
        The group of options that they belong to.
    """
    group = parser.add_argument_group("answers")
    group.add_argument(
        "--defaults", action="store_true", help="ask nothing: take the default answers"
    )
    answers = group.add_argument(
        "--data",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help="an answer, such as license=MIT; nothing else is asked; may be repeated",
    )
    complete_answers(answers)
    group.add_argument(
        "--data-file",
        metavar="FILE",
        type=read_path,
        help="answers in a YAML file, one a line, as in license: MIT; nothing else is asked",
    )
    return group


def add_target(parser: argparse.ArgumentParser, trust: str = "") -> argparse._ArgumentGroup:
    """Add ``--to`` and ``--trust``: which template is taken, and what it may do.

    Parameters
    ----------
    parser
        The command's parser.
    trust
        What ``--trust`` allows; without it there is no such option.
    """
    group = parser.add_argument_group("template")
    group.add_argument(
        "--to", metavar="VERSION", help="version of the template, such as 1.2.3 or v1.2.3"
    )
    if trust:
        group.add_argument("--trust", action="store_true", help=trust)
    return group


def add_result(
    parser: argparse.ArgumentParser, formats: Sequence[str] = ("text", "json", "markdown", "html")
) -> argparse._ArgumentGroup:
    """Add the options for the result of the commands that change projects.

    Parameters
    ----------
    parser
        The command's parser.
    formats
        The forms of the report; with ``html`` among them, it can be opened in a browser.
    """
    group = parser.add_argument_group("result")
    group.add_argument(
        "--dry-run",
        action="store_true",
        help="print the changes as a diff, and touch nothing"
        if "html" in formats
        else "tell what would be done, and touch nothing",
    )
    page = "; html is a page with every file side by side" if "html" in formats else ""
    group.add_argument(
        "--format", choices=formats, default=formats[0], help=f"form of the report{page}"
    )
    if page:
        group.add_argument(
            "--open", action="store_true", help="show the report as a page in your browser"
        )
    return group


def wants_page(arguments: argparse.Namespace) -> bool:
    """Whether the report of a change is to be a page."""
    wanted: bool = arguments.open or arguments.format == "html"
    return wanted


def add_reports(group: argparse._ArgumentGroup, formats: Sequence[str]) -> None:
    """Add ``--format`` and ``--output``, of commands that write several reports at once."""
    group.add_argument(
        "--format",
        dest="formats",
        choices=formats,
        action="append",
        default=[],
        help="form of the report, text by default; may be repeated",
    )
    group.add_argument(
        "--output",
        dest="outputs",
        metavar="FILE",
        type=read_path,
        action="append",
        default=[],
        help="file for the report, the nth for the nth --format; otherwise standard output",
    )


def add_jobs(group: argparse._ArgumentGroup, text: str) -> None:
    """Add ``--jobs``, of commands that work on several projects at once."""
    group.add_argument(
        "--jobs", metavar="N", type=_read_jobs, default=_count_processors(), help=text
    )


def _read_jobs(text: str) -> int:
    if text.isdecimal() and 1 <= int(text) <= _MOST_JOBS:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text}: a number from 1 to {_MOST_JOBS} is expected")


def _count_processors() -> int:
    return min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2, 8)


# What a file of such a name may hold; whatever has another name may hold anything.
_SUFFIXES = {
    ".csv": ("csv",),
    ".html": ("html",),
    ".json": ("json", "gitlab"),
    ".md": ("markdown",),
    ".xml": ("junit",),
}


def pair_formats(arguments: argparse.Namespace) -> list[tuple[str, Path | None]]:
    """Each form of the report with its file; None stands for standard output."""
    formats, outputs = arguments.formats or ["text"], arguments.outputs
    if len(outputs) > len(formats):
        hint = "The nth --output belongs to the nth --format: name a format for each."
        raise LisaError(f"--output {outputs[len(formats)]}: no --format is left for it", hint)
    for form, output in zip(formats, outputs, strict=False):
        fitting = _SUFFIXES.get(output.suffix.lower(), (form,))
        if form not in fitting:
            raise LisaError(
                f"--output {output}: would get the report in the form {form}",
                "The nth --output belongs to the nth --format: give those without a file last.",
            )
    paired: list[Any] = [*outputs, *[None] * (len(formats) - len(outputs))]
    if paired.count(None) > 1:
        hint = "Give all but the last an --output FILE, in the same order."
        raise LisaError("several reports would go to standard output", hint)
    return list(zip(formats, paired, strict=True))


def write_report(output: Path, text: str, folders: Sequence[Path] = ()) -> None:
    """Write a report into the file that ``--output`` names.

    Parameters
    ----------
    folders
        Projects, into whose own files no report is written.

    Raises
    ------
    LisaError
        If it cannot be written.
    """
    try:
        files.write_named(output, text.encode(), folders)
    except (LisaError, OSError) as error:
        why = error.message if isinstance(error, LisaError) else error.strerror
        raise LisaError(f"{output}: {why}", "Name another file for --output.") from error


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
    if fault := answer_limits.find_fault(answers):
        raise LisaError(f"{path}: {fault}", hint)
    # Names that begin with _ are Copier's own records: a project's answers file serves as well.
    return {key: value for key, value in answers.items() if not key.startswith("_")}


def is_interactive(arguments: argparse.Namespace) -> bool:
    """Whether a person is there to answer, and did not ask for silence."""
    return has_terminal() and not (arguments.defaults or arguments.data or arguments.data_file)


def has_terminal() -> bool:
    """Whether a person can be asked."""
    # A stream that was closed from the start is None.
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))

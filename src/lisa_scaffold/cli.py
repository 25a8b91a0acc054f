"""The command line: arguments, dispatch, the one error boundary, and the only place that prints."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from lisa_scaffold.errors import ExitCode, LisaError

DEFECT_URL = "https://gitlab.in2p3.fr/LISA/lisa-scaffold/-/issues"

Command = Callable[[argparse.Namespace], int]


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``lisa-scaffold`` and return its exit code."""
    return _guarded("lisa-scaffold", _parser(), argv)


def new(argv: Sequence[str] | None = None) -> int:
    """Run ``lisa-new``, which is ``lisa-scaffold new``, and return its exit code."""
    parser = argparse.ArgumentParser(
        prog="lisa-new", description=_NEW, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    _add_new_arguments(parser)
    return _guarded("lisa-new", parser, argv)


_NEW = """\
Create a LISA Python project: asks, shows what it will make, and makes it."""

_UPDATE = """\
Bring a newer version of the template into a project: a three-way merge with what people wrote."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lisa-scaffold", description="Projects for the LISA mission that follow one practice."
    )
    _add_common_arguments(parser)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_new_arguments(commands.add_parser("new", help="create a project", description=_NEW))
    _add_update_arguments(
        commands.add_parser("update", help="bring in a newer template", description=_UPDATE)
    )
    return parser


def _add_common_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--version", action=_Version, help="print the version and exit")


def _add_new_arguments(parser: argparse.ArgumentParser) -> None:
    _add_common_arguments(parser)
    parser.add_argument(
        "destination",
        metavar="DEST",
        nargs="?",
        type=Path,
        help="folder of the new project; by default the project's distribution name",
    )
    parser.add_argument(
        "--defaults", action="store_true", help="ask nothing, take the default answers"
    )
    parser.add_argument("--advanced", action="store_true", help="ask the advanced questions too")
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
    parser.add_argument("--to", metavar="VERSION", help="version of the template, such as v1.2.3")
    parser.add_argument(
        "--dry-run", action="store_true", help="show what would be made, and make nothing"
    )
    parser.add_argument(
        "--verbose", action="store_true", help="show every command that is run, as $ …"
    )
    parser.set_defaults(command=_new)


def _add_update_arguments(parser: argparse.ArgumentParser) -> None:
    _add_common_arguments(parser)
    parser.add_argument(
        "path", metavar="PATH", nargs="?", type=Path, default=Path(), help="folder of the project"
    )
    parser.add_argument("--to", metavar="VERSION", help="version to update to, such as v1.2.3")
    parser.add_argument(
        "--defaults", action="store_true", help="ask nothing: new questions take their default"
    )
    parser.add_argument(
        "--data",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help="another answer, asks nothing else; may be repeated",
    )
    parser.add_argument(
        "--data-file", metavar="FILE", type=Path, help="answers in a YAML file, asks nothing else"
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="print the changes as a diff, and touch nothing"
    )
    parser.add_argument(
        "--branch", metavar="NAME", help="commit the update on a new branch, touch nothing else"
    )
    parser.add_argument(
        "--merge-prose",
        action="store_true",
        help="merge prose that the project has rewritten too, instead of keeping it",
    )
    parser.add_argument(
        "--trust", action="store_true", help="let the recorded template load its Jinja extensions"
    )
    parser.add_argument(
        "--format", choices=["text", "json"], default="text", help="form of the report"
    )
    parser.add_argument(
        "--verbose", action="store_true", help="show every command that is run, as $ …"
    )
    parser.set_defaults(command=_update)


class _Version(argparse.Action):
    """Look the version up only when it is asked for: that takes longer than all the rest."""

    def __init__(self, option_strings: Sequence[str], **options: Any) -> None:
        super().__init__(option_strings, **{**options, "dest": argparse.SUPPRESS, "nargs": 0})

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        sys.stdout.write(f"{parser.prog} {version('lisa-scaffold')}\n")
        parser.exit()


def _guarded(program: str, parser: argparse.ArgumentParser, argv: Sequence[str] | None) -> int:
    """The one error boundary: what a user can mend is one message, all else is a defect."""
    if argv is None:
        # A closed terminal or a polite kill cleans up as Ctrl-C does.
        for stop in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(stop, signal.default_int_handler)
    try:
        arguments = parser.parse_args(argv)
        command: Command = arguments.command
        return command(arguments)
    except LisaError as error:
        _say(f"{program}: {error.message}", f"  {error.hint}")
        return ExitCode.REFUSED
    except KeyboardInterrupt:
        _say(f"{program}: interrupted, nothing was changed")
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # The reader of our output went away (`| head`): nobody is left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.REFUSED
    except OSError as error:
        # A full disk, a folder that may not be written: the machine's trouble, not a defect.
        where = f"{error.filename}: " if error.filename else ""
        _say(
            f"{program}: {where}{error.strerror or error}",
            "  Check the path, its rights and space.",
        )
        return ExitCode.REFUSED
    except Exception:
        _say(
            traceback.format_exc().rstrip(),
            f"{program}: this is a defect of lisa-scaffold, not of your project.",
            f"  Please report it with the lines above: {DEFECT_URL}",
        )
        return ExitCode.DEFECT


def _say(*lines: str) -> None:
    """Messages go to standard error: standard output belongs to results."""
    print(*lines, sep="\n", file=sys.stderr, flush=True)


def _new(arguments: argparse.Namespace) -> int:
    from lisa_scaffold import create, process, template

    process.echo_commands(arguments.verbose)
    destination: Path | None = arguments.destination
    if destination:
        create.refuse_destination(destination)
    given = _given(arguments)
    with template.default_source().open(arguments.to) as version:
        suggested = create.suggestions(destination)
        if _asks(arguments):
            return _new_in_dialogue(version, given, suggested, destination)
        if destination:
            given.setdefault("project_name", suggested["project_name"])
        elif not {"project_name", "distribution"} & given.keys():
            hint = "Name the folder to make, or give --data project_name=…"
            raise LisaError("project_name: no answer", hint)
        return _new_at_once(version, given, suggested, arguments)


def _asks(arguments: argparse.Namespace) -> bool:
    """Whether there is somebody to ask, who did not say that nothing is to be asked."""
    quiet = arguments.defaults or arguments.data or arguments.data_file or arguments.dry_run
    return not quiet and sys.stdin.isatty() and sys.stderr.isatty()


def _given(arguments: argparse.Namespace) -> dict[str, Any]:
    """The answers on the command line; they win over those of the file."""
    given: dict[str, Any] = {"advanced": True} if getattr(arguments, "advanced", False) else {}
    if arguments.data_file:
        given |= _read_answers(arguments.data_file)
    for pair in arguments.data:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise LisaError(f"--data {pair}: no KEY=VALUE", "Write it as in --data license=MIT.")
        given[key] = value
    return given


def _read_answers(path: Path) -> dict[str, Any]:
    import yaml

    hint = "The file holds one answer a line, as in: license: MIT"
    try:
        answers = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise LisaError(f"{path}: {error.strerror}", "Check the path.") from error
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark else f"{path}"
        problem = getattr(error, "problem", None) or error
        raise LisaError(f"{where}: no YAML that can be read ({problem})", hint) from error
    if not isinstance(answers, dict):
        raise LisaError(f"{path}: no answers in it", hint)
    # Names that begin with _ are Copier's own records: an answers file of a project serves as well.
    return {str(key): value for key, value in answers.items() if not str(key).startswith("_")}


def _new_at_once(
    version: Any, given: dict[str, Any], suggested: dict[str, str], arguments: argparse.Namespace
) -> int:
    from lisa_scaffold import create
    from lisa_scaffold.report import create as report

    questions = version.questions(given, suggested)
    answers = {question.key: question.value for question in questions}
    destination = arguments.destination or Path(answers["distribution"])
    create.refuse_destination(destination)
    with create.prepared(version, answers, destination) as project:
        shown = create.preview(version, answers, project)
        if arguments.dry_run:
            sys.stdout.write(f"{report.answers(questions, everything=True)}\n\n")
            sys.stdout.write(f"{report.tree(shown, destination)}\n")
            return ExitCode.DONE
        sys.stdout.write(report.created(create.create(project, shown, destination)) + "\n")
    return ExitCode.DONE


def _new_in_dialogue(
    version: Any, given: dict[str, Any], suggested: dict[str, str], destination: Path | None
) -> int:
    from lisa_scaffold import create, prompt
    from lisa_scaffold.report import create as report

    def resolve(answers: Any) -> list[Any]:
        questions: list[Any] = version.questions(answers, suggested)
        return questions

    asked: set[str] = set()
    while True:
        given = prompt.ask_all(resolve, given, asked)
        questions = resolve(given)
        answers = {question.key: question.value for question in questions}
        place = destination or Path(answers["distribution"])
        create.refuse_destination(place)
        with create.prepared(version, answers, place) as project:
            shown = create.preview(version, answers, project)
            _say("", report.tree(shown, place), "", report.answers(questions, everything=False), "")
            decision = prompt.decide()
            if decision == "create":
                _say("")
                sys.stdout.write(report.created(create.create(project, shown, place)) + "\n")
                return ExitCode.DONE
        if decision == "cancel":
            _say("Nothing was made.")
            return ExitCode.DONE
        given = prompt.change_one(resolve, given, questions)


def _update(arguments: argparse.Namespace) -> int:
    from lisa_scaffold import process, project, update

    process.echo_commands(arguments.verbose)
    current = project.read(arguments.path)
    _recover(current)
    given = _given(arguments)
    target = update.target(current, arguments.to)
    if target.version == current.version and not given:
        project.refuse_unmerged(current)
        return _report_nothing_to_do(current.version, arguments)
    with update.prepared(current, target, trust=arguments.trust) as prepared:
        if not arguments.defaults and not given and sys.stdin.isatty() and sys.stderr.isatty():
            given = _ask_new_questions(prepared)
        updated = prepared.update(given, keep_prose=not arguments.merge_prose)
    return _finish_update(updated, arguments)


def _recover(current: Any) -> None:
    from lisa_scaffold.sync import journal

    said = journal.recover(current.repository)
    if said:
        _say(said)


def _report_nothing_to_do(version: str, arguments: argparse.Namespace) -> int:
    if arguments.format == "json":
        from lisa_scaffold.report import update as report

        sys.stdout.write(report.as_json(None, version))
    else:
        sys.stdout.write(f"Nothing to do: the project has {version}.\n")
    return ExitCode.DONE


def _ask_new_questions(prepared: Any) -> dict[str, Any]:
    """Ask what the new version asks and the project has not answered."""
    recorded = prepared.project.answers

    def resolve(answers: Any) -> list[Any]:
        questions: list[Any] = prepared.new.questions(answers, recorded)
        return questions

    if all(question.key in recorded for question in resolve({}) if question.asked):
        return {}
    from lisa_scaffold import prompt

    return prompt.ask_all(resolve, {}, set(recorded))


def _finish_update(updated: Any, arguments: argparse.Namespace) -> int:
    from lisa_scaffold import update
    from lisa_scaffold.report import update as report

    conflicts = ExitCode.FINDINGS if updated.synced.conflicts else ExitCode.DONE
    if arguments.dry_run:
        after = ""
    elif arguments.branch:
        update.commit_on_branch(updated, arguments.branch, report.commit_message(updated))
        after = report.committed(updated, arguments.branch)
    else:
        update.apply(updated)
        after = report.applied(updated)
    if arguments.format == "json":
        sys.stdout.write(report.as_json(updated, updated.version))
        return conflicts
    if arguments.dry_run:
        _say(report.text(updated))
        sys.stdout.write(updated.diff)
        return conflicts
    sys.stdout.write(f"{report.text(updated)}\n\n{after}\n")
    if updated.synced.patches:
        sys.stdout.write(f"\nNot taken, as patches:\n\n{report.patches(updated.synced)}")
    return conflicts

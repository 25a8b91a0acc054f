"""``lisa-new``: create a project."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lisa_scaffold.cli import arguments as common
from lisa_scaffold.cli.boundary import changing
from lisa_scaffold.cli.terminal import busily, busy, look, say, say_as_is, tell
from lisa_scaffold.errors import AnswersError, ExitCode, LisaError
from lisa_scaffold.keyboard import ClosedError, hold_typed

if TYPE_CHECKING:
    from lisa_scaffold.git import Variables
    from lisa_scaffold.model import Preview


DESCRIPTION = """\
Create a LISA Python project: asks, shows what it will make, and makes it."""
_RENDERING = "Writing the files"

HELP: dict[str, Any] = {
    "examples": (
        ("lisa-new lisa-noise", "ask, and make the folder lisa-noise"),
        ("lisa-new --defaults lisa-noise", "ask nothing"),
        ("lisa-new --data license=MIT --data cli=yes lisa-noise", "give some answers"),
        ("lisa-new --dry-run lisa-noise", "show what would be made"),
    ),
    "page": "tutorial.html",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``lisa-new``."""
    parser.add_argument(
        "destination",
        metavar="DEST",
        nargs="?",
        type=common.read_path,
        help="folder of the new project; by default the project's distribution name",
    )
    common.add_answers(parser).add_argument(
        "--advanced", action="store_true", help="ask the advanced questions too"
    )
    common.add_target(parser)
    parser.add_argument(
        "--dry-run", action="store_true", help="show what would be made, and make nothing"
    )
    common.add_common(parser)
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> int:
    """Create a project."""
    from lisa_scaffold import template
    from lisa_scaffold.verbs import new

    destination: Path | None = arguments.destination
    if destination:
        new.refuse_destination(destination)
    given = common.read_given(arguments)
    asks = common.is_interactive(arguments) and not arguments.dry_run
    # Whoever knows the questions types before the first one is there.
    with (
        hold_typed() if asks else nullcontext(),
        busily(
            "Reading the template", template.find_default_source().open(arguments.to)
        ) as version,
    ):
        suggested = new.suggest_answers(destination)
        if asks:
            with _keep_unasked() as noted:
                return _make_in_dialogue(version, given, suggested, destination, noted)
        if destination:
            given.setdefault("project_name", suggested["project_name"])
        elif not {"project_name", "distribution"} & given.keys():
            hint = "Name the folder to make, or give --data project_name=…"
            raise LisaError("project_name: no answer", hint)
        try:
            return _make_at_once(version, given, suggested, arguments)
        except AnswersError as error:
            if not arguments.to:
                raise
            raise new.name_newer(error, version, given, suggested) from error


def _make_at_once(
    version: Any,
    given: dict[str, Any],
    suggested: dict[str, str],
    arguments: argparse.Namespace,
) -> int:
    from lisa_scaffold.report import create as report
    from lisa_scaffold.verbs import new

    questions = version.questions(given, suggested)
    answers = {question.key: question.value for question in questions}
    destination = arguments.destination or Path(answers["distribution"])
    new.refuse_destination(destination)
    _warn_of_outer(destination)
    with busily(_RENDERING, new.prepare(version, answers, destination)) as project:
        shown = new.preview(version, answers, project)
        if arguments.dry_run:
            tell(f"{report.list_answers(questions, given, everything=True)}\n\n")
            tell(f"{report.draw_tree(shown, destination)}\n")
            return ExitCode.DONE
        _create(project, shown, destination, new.begin(project, destination))
    return ExitCode.DONE


class _Noted:
    """The answers of a dialogue so far."""

    def __init__(self) -> None:
        self.answers: Mapping[str, Any] = {}

    def note(self, answers: Mapping[str, Any]) -> None:
        self.answers = answers

    def keep(self) -> bool:
        """Keep them, but never in place of more; whether it was done."""
        from lisa_scaffold.verbs import kept_answers

        if self.answers and len(kept_answers.read()) <= len(self.answers):
            with suppress(LisaError, OSError):
                kept_answers.keep(self.answers)
                return True
        return False


@contextmanager
def _keep_unasked() -> Iterator[_Noted]:
    """Keep the answers so far where the terminal is closed, or the process is told to end."""
    noted = _Noted()
    is_kept = False

    def end(*_: object) -> None:
        nonlocal is_kept
        # At once: what is raised in a callback is lost.
        is_kept = noted.keep()
        raise ClosedError

    stops = (signal.SIGTERM, signal.SIGHUP)
    before = {each: signal.getsignal(each) for each in stops}
    taken = [each for each in stops if before[each] is signal.default_int_handler]
    for each in taken:
        signal.signal(each, end)
    try:
        yield noted
    except (ClosedError, EOFError, OSError) as error:
        if not isinstance(error, ClosedError):
            # Whoever reads or writes may notice it before the signal comes.
            if sys.stdin.isatty():
                raise
            is_kept = noted.keep()
        if is_kept:
            say("The answers are kept: lisa-new takes them up the next time.")
        raise ClosedError from None
    finally:
        for each in taken:
            signal.signal(each, before[each])


def _make_in_dialogue(
    version: Any,
    given: dict[str, Any],
    suggested: dict[str, str],
    destination: Path | None,
    noted: _Noted,
) -> int:
    from lisa_scaffold import prompt
    from lisa_scaffold.report import create as report
    from lisa_scaffold.verbs import kept_answers, new

    def resolve(answers: Any) -> list[Any]:
        if named := not destination and answers.get("distribution"):
            try:
                new.refuse_destination(Path(str(named)))
            except LisaError as error:
                problem = f"{error.message}, where the project would be made: choose another name"
                raise AnswersError({"distribution": problem}) from None
        questions: list[Any] = version.questions(answers, suggested)
        return questions

    if destination and (named := _name_after(resolve, given, destination)):
        suggested = {**suggested, "distribution": named}
    given, taken_up = _take_up(resolve, given, destination)
    is_of_another = bool(kept_answers.read()) and not taken_up
    drafts = kept_answers.read_drafts() if taken_up else {}
    asked: set[str] = set()
    while True:
        keep_all = partial(_keep, drafts=drafts)
        given = prompt.ask_all(
            resolve, given, asked, keep_all, taken_up, drafts=drafts, note=noted.note
        )
        taken_up = []
        questions = resolve(given)
        answers = {question.key: question.value for question in questions}
        place = destination or Path(answers["distribution"])
        new.refuse_destination(place)
        with busily(_RENDERING, new.prepare(version, answers, place)) as project:
            shown = new.preview(version, answers, project)
            width, _ = look(messages=True)
            say("", report.list_answers(questions, given, everything=False), "")
            say_as_is(report.summarize_files(shown, place, width))
            who = new.begin(project, place)
            _tell_effects(answers, place, is_signed=who is not None)
            answered = {each.key: each.value for each in questions if each.key in asked}
            noted.note(answered)
            keep = partial(_keep, answered)
            while (decision := prompt.decide(keep=keep)) == "show":
                say_as_is(report.draw_tree(shown, place) + "\n")
            if decision == "create":
                say("")
                _create(project, shown, place, who)
                if not is_of_another:
                    kept_answers.forget()
                return ExitCode.DONE
        if decision == "cancel":
            is_kept = _keep(answered)
            more = " The answers are kept: lisa-new takes them up the next time." if is_kept else ""
            say(f"Nothing was made.{more}")
            return ExitCode.DONE
        given = prompt.change_one(resolve, given, keep)


def _tell_effects(answers: dict[str, Any], destination: Path, *, is_signed: bool) -> None:
    from lisa_scaffold.report import create as report
    from lisa_scaffold.verbs import new

    width, _ = look(messages=True)
    what = new.name_origin(answers), new.find_hook_program(), width
    is_started = new.is_started(destination)
    said = report.tell_effects(*what, started=is_started, signed=is_signed)
    say_as_is(f"{said}\n")
    _warn_of_outer(destination)


def _warn_of_outer(destination: Path) -> None:
    from lisa_scaffold.report import create as report
    from lisa_scaffold.verbs import new

    if outer := new.find_outer(destination):
        say(report.warn_of_outer(outer, destination), "")


def _name_after(resolve: Any, given: dict[str, Any], destination: Path) -> str:
    """The distribution's name that a folder was given for; empty where it can be none."""
    from lisa_scaffold.verbs import kept_answers

    name = kept_answers.name_folder({"project_name": destination.resolve().name})
    try:
        resolve({**given, "distribution": name})
    except AnswersError as error:
        return "" if "distribution" in error.problems else name
    return name


def _take_up(
    resolve: Any, given: dict[str, Any], destination: Path | None
) -> tuple[dict[str, Any], list[str]]:
    """The answers of somebody who stopped the last time, if they are wanted, and which they are."""
    from lisa_scaffold import prompt
    from lisa_scaffold.verbs import kept_answers

    if before := kept_answers.read():
        number = "answer" if len(before) == 1 else f"{len(before)} answers"
        name = before.get("project_name") or before.get("distribution")
        whose = f" for {name}" if name else ""
        if prompt.confirm(f"Take up the {number}{whose} that you kept the last time?"):
            settled = prompt.settle(resolve, {**before, **given})
            mine = before.keys() - given.keys()
            return settled, [e.key for e in resolve(settled) if e.asked and e.key in mine]
        # Whoever names another folder makes another project, and may come back to this one.
        if destination is None or kept_answers.name_folder(before) in ("", destination.name):
            kept_answers.forget()
    return given, []


def _keep(answers: Any, drafts: dict[str, str] | None = None) -> bool:
    """Keep answers, and in place of more of them only where that is wanted; whether it was done."""
    from lisa_scaffold import prompt
    from lisa_scaffold.verbs import kept_answers

    if (number := len(kept_answers.read())) > len(answers):
        what = f"{number} answers are kept already: keep these {len(answers)} in their place?"
        if not prompt.confirm(what, likely=False):
            return False
    what = f"the answers are kept in {kept_answers.place()}"
    with changing(f"{what}, and lisa-new goes on with them when it is run again"):
        kept_answers.keep(answers, drafts or {})
    return True


def _create(project: Path, shown: Preview, destination: Path, who: Variables | None) -> None:
    from lisa_scaffold.report import create as report
    from lisa_scaffold.verbs import new

    with changing(f"the project is made in {destination}"), busy("Making the project"):
        created = new.create(project, shown, destination, who)
    tell(f"{report.tell_created(created)}\n")

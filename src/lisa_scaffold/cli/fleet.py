"""``lisa-scaffold fleet``: many projects, from the settings in ``fleet.toml``."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from lisa_scaffold import files
from lisa_scaffold.cli import arguments as common
from lisa_scaffold.cli.boundary import changed, changing
from lisa_scaffold.cli.terminal import busy, hand_over, is_watched, look, say, tell
from lisa_scaffold.errors import ExitCode, LisaError
from lisa_scaffold.lines import count
from lisa_scaffold.shown import brief, visible

if TYPE_CHECKING:
    from lisa_scaffold.fleet.outcomes import Outcome
    from lisa_scaffold.fleet.records import Status

DESCRIPTION = """\
Look at all projects of a fleet, which fleet.toml names, and bring newer versions of the template
into them."""

HELP: dict[str, Any] = {
    "examples": (
        ("lisa-scaffold fleet status", "tell how each project stands"),
        ("lisa-scaffold fleet update --dry-run", "show what an update would do"),
        ("lisa-scaffold fleet page s.json --output fleet.html", "make a page of it"),
    ),
    "page": "howto/fleet.html",
    "commands": ("status", "update", "pipeline", "page"),
}

FORMATS = ("text", "json", "csv", "markdown", "html")
_BAR = 20  # characters


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verbs of ``lisa-scaffold fleet``, each with its arguments."""
    verbs = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, (summary, help_, add) in _VERBS.items():
        add(
            verbs.add_parser(
                name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.", **help_
            )
        )


def _add_settings(parser: argparse.ArgumentParser) -> None:
    """Add the settings of the fleet."""
    parser.add_argument(
        "fleet",
        metavar="FLEET",
        nargs="?",
        type=common.read_path,
        default=Path(),
        help="the fleet.toml, or the folder that has it; by default this one",
    )


def _add_fleet(parser: argparse.ArgumentParser) -> None:
    """Add what every verb takes that looks at the projects."""
    _add_settings(parser)
    group = parser.add_argument_group("projects")
    common.add_jobs(
        group,
        "how many projects are worked on at once, which is also how many requests a server gets at "
        "once; by default as many as there are processors",
    )
    group.add_argument(
        "--shard",
        metavar="K/N",
        help="the Kth of N parts of the fleet alone, for machines that share the work",
    )


def _add_status(parser: argparse.ArgumentParser) -> None:
    _add_fleet(parser)
    common.add_reports(parser.add_argument_group("result"), FORMATS)
    common.add_common(parser)
    parser.set_defaults(command=run_status)


def _add_update(parser: argparse.ArgumentParser) -> None:
    _add_fleet(parser)
    group = parser.add_argument_group("update")
    group.add_argument(
        "--to", metavar="VERSION", help="version of the template, such as 1.2.3 or v1.2.3"
    )
    group.add_argument(
        "--adopt", action="store_true", help="bring the template into projects that never had it"
    )
    group.add_argument(
        "--fix",
        action="store_true",
        help="in projects of the template that are not behind, repair what needs no human "
        "judgement",
    )
    group.add_argument(
        "--fix-all",
        action="store_true",
        help="repair it in projects without the template too",
    )
    group.add_argument(
        "--limit",
        metavar="N",
        type=_read_some,
        help="begin with N projects at most in this run, of its part where there is a --shard",
    )
    group.add_argument(
        "--wave",
        metavar="SHARE",
        help="begin with a share of the fleet in this run, such as 5%%; canaries come first, and "
        "the next run goes on once the pipelines have ended",
    )
    group.add_argument(
        "--stop-at",
        metavar="SHARE",
        help="begin with none where more of the pipelines have failed, such as 20%%",
    )
    group.add_argument(
        "--merge-when-green",
        action="store_true",
        help="merge what is the template's own change alone, once a pipeline of that very commit "
        "has passed",
    )
    common.add_result(parser, ("text", "json", "markdown"))
    common.add_common(parser)
    parser.set_defaults(command=run_update)


def _read_limit(text: str) -> int:
    if text.isdecimal() and len(text) < 7:  # noqa: PLR2004
        return int(text)
    raise argparse.ArgumentTypeError(f"{text}: a number is expected")


def _read_some(text: str) -> int:
    if number := _read_limit(text):
        return number
    raise argparse.ArgumentTypeError(f"{text}: a run begins with one project at least")


def _add_pipeline(parser: argparse.ArgumentParser) -> None:
    _add_settings(parser)
    group = parser.add_argument_group("pipeline")
    group.add_argument(
        "--parts", metavar="N", type=_read_limit, default=4, help="jobs that share the fleet; 4"
    )
    group.add_argument("--image", metavar="IMAGE", help="image of the jobs; python:3.14")
    group.add_argument(
        "--install",
        metavar="COMMAND",
        help="what installs lisa-scaffold in a job: by default, this version; empty where the "
        "image has it",
    )
    group.add_argument(
        "--update",
        metavar="OPTIONS",
        nargs="?",
        const="",
        help="update the projects too, with options of fleet update in one word, such as "
        "'--limit 10'; with a limit, or waves, one job updates the whole fleet",
    )
    group.add_argument(
        "--history", metavar="FOLDER", help="folder of earlier status files, in the repository"
    )
    group.add_argument(
        "--history-branch",
        metavar="NAME",
        help="branch of the repository that earlier status files are kept in, which the last job "
        "pushes to",
    )
    group.add_argument(
        "--output", metavar="FILE", type=common.read_path, help="file for the pipeline"
    )
    common.add_common(parser)
    parser.set_defaults(command=run_pipeline)


def _add_page(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "status",
        metavar="STATUS",
        nargs="+",
        type=common.read_path,
        help="files that fleet status --format json has written: the newest is shown, the others "
        "are the time before",
    )
    group = parser.add_argument_group("result")
    group.add_argument(
        "--join",
        action="store_true",
        help="the files are the parts of one fleet, written with --shard, and no history",
    )
    group.add_argument(
        "--history",
        metavar="FOLDER",
        type=common.read_path,
        help="folder of earlier status files; the newest status is added to it",
    )
    group.add_argument("--output", metavar="FILE", type=common.read_path, help="file for the page")
    group.add_argument(
        "--badges",
        metavar="FOLDER",
        type=common.read_path,
        help="folder for a badge of each project, as SVG",
    )
    common.add_common(parser)
    parser.set_defaults(command=run_page)


@contextmanager
def _open_fleet(arguments: argparse.Namespace) -> Iterator[tuple[Any, Any]]:
    """The settings of the fleet, and what belongs to it."""
    from datetime import UTC, datetime

    from lisa_scaffold.fleet import find, settings
    from lisa_scaffold.fleet.forge import Forge, lend_token, warn_of_readers

    fleet = settings.read(arguments.fleet)
    shard = find.read_shard(arguments.shard) if arguments.shard else None
    with ExitStack() as stack:
        forge = None
        if fleet.server:
            forge = Forge(fleet.server, fleet.updates.labels[0])
            stack.enter_context(lend_token(fleet.server))
            if told := warn_of_readers(fleet.server):
                say(told)
        with busy("Asking for the projects"):
            inventory = find.find_members(fleet, forge, datetime.now(UTC).date(), shard)
        yield fleet, inventory


class _Progress(NamedTuple):
    """Tells how far the work on some projects is.

    Attributes
    ----------
    change
        Changes the line at the terminal; ``None`` where nobody watches one.
    whole
        How many projects there are.
    """

    change: Callable[[str], None] | None
    whole: int

    def tell(self, what: str, name: str, said: str, done: int) -> None:
        """Tell of one project: by a bar at a terminal, by a line elsewhere."""
        if self.change:
            full = _BAR * done // max(self.whole, 1)
            bar = "█" * full + "░" * (_BAR - full)
            self.change(f"{what} {bar} {done} of {self.whole}: {name}")
        elif said:
            # What follows a line break in a foreign name would look like a message of ours.
            say(f"{visible(name)}: {visible(said)}")

    def look(self, name: str, done: int) -> None:
        """Tell of one that was looked at, before anything is done."""
        if done == 1 and not self.change:
            say(f"Looking at {count(self.whole, 'project')} first")
        self.tell("Looking", name, "", done)
        if done == self.whole and self.change:
            self.change("Updating")


@contextmanager
def _show_progress(what: str, whole: int) -> Iterator[_Progress]:
    with busy(what) as change:
        yield _Progress(change if is_watched() else None, whole)


def run_status(arguments: argparse.Namespace) -> int:
    """Tell how each project of the fleet stands."""
    from datetime import UTC, datetime

    from lisa_scaffold.fleet.status import find_status
    from lisa_scaffold.report import fleet as report

    destinations = common.pair_formats(arguments)
    with (
        _open_fleet(arguments) as (_, inventory),
        _show_progress("Looking", len(inventory.members)) as progress,
    ):
        status = find_status(
            inventory,
            now=datetime.now(UTC),
            jobs=arguments.jobs,
            tell=lambda row, done: progress.tell(
                "Looking", row.name, row.problem or row.standing, done
            ),
            part=arguments.shard or "",
        )
    fleet = _name(arguments.fleet)
    for form, output in destinations:
        if output is None and form == "text":
            width, paint = look()
            tell(report.report(form, status, width=width, paint=paint, fleet=fleet), coloured=True)
        elif output is None:
            hand_over(report.report(form, status))
        else:
            common.write_report(output, report.report(form, status, fleet=fleet))
            changed(f"{output} is written")
    return ExitCode.FINDINGS if any(row.problem for row in status.rows) else ExitCode.DONE


def run_update(arguments: argparse.Namespace) -> int:
    """Bring a newer version of the template into the projects of the fleet."""
    from lisa_scaffold.fleet.outcomes import Wanted
    from lisa_scaffold.fleet.update import refuse_unknown, update_fleet
    from lisa_scaffold.report.fleet import update as report
    from lisa_scaffold.report.fleet import words

    if arguments.to:
        refuse_unknown(arguments.to)
    shares = _read_shares(arguments)
    with (
        _open_fleet(arguments) as (fleet, inventory),
        _show_progress("Updating", len(inventory.members)) as progress,
    ):
        for note in inventory.notes:
            say(note)
        updates = fleet.updates._replace(**shares)
        if arguments.shard and (updates.canaries or updates.wave < 1):
            hint = "Leave --shard out, or the waves: --wave 100% and no canaries."
            raise LisaError("--shard: waves are counted in the fleet as a whole", hint)
        wanted = Wanted(
            *(arguments.to, arguments.dry_run, arguments.limit, arguments.merge_when_green),
            updates,
            *(arguments.adopt, arguments.fix or arguments.fix_all, arguments.fix_all),
        )

        outcomes = []
        options = {"jobs": arguments.jobs, "late": _remember, "looked": progress.look}
        with closing(update_fleet(inventory, wanted, words, **options)) as found:
            for outcome in found:
                _remember(outcome)
                outcomes.append(outcome)
                said = f"{outcome.action}{': ' if outcome.said else ''}{outcome.said}"
                progress.tell("Updating", outcome.name, said, len(outcomes))
    outcomes.sort(key=lambda each: each.name)
    named = _name(arguments.fleet), _spell(arguments), arguments.dry_run
    run = report.Run(*named, inventory.left_out)
    if arguments.format == "json":
        hand_over(report.as_json(outcomes, run))
    elif arguments.format == "markdown":
        hand_over(report.write_markdown(outcomes, run))
    else:
        tell(f"{report.write_text(outcomes, *look(), run)}\n", coloured=True)
    left = {"failed", "open"}
    urgent = any(each.action in left or each.conflicts or each.stopped for each in outcomes)
    return ExitCode.FINDINGS if urgent else ExitCode.DONE


def _read_shares(arguments: argparse.Namespace) -> dict[str, float]:
    """The shares of an update that are given, by the settings that they stand in for."""
    from lisa_scaffold.fleet.settings import read_share, read_wave

    return {
        name: read(text)
        for name, read in (("wave", read_wave), ("stop_at", read_share))
        if (text := getattr(arguments, name)) is not None
    }


def _name(fleet: Path) -> Path:
    """The settings of a fleet, as a command names them that is pasted anywhere."""
    place = fleet.resolve()
    return place.parent if place.name == "fleet.toml" and place.is_file() else place


def _spell(arguments: argparse.Namespace) -> tuple[str, ...]:
    """The options of an update as they were given, for the next one."""
    words = []
    for name in ("to", "limit", "wave", "stop_at", "shard"):
        if (value := getattr(arguments, name)) is not None:
            words += [f"--{name.replace('_', '-')}", str(value)]
    for name in ("adopt", "fix", "fix_all", "merge_when_green"):
        if getattr(arguments, name):
            words.append(f"--{name.replace('_', '-')}")
    return tuple(words)


def _remember(outcome: Outcome) -> None:
    """Remember what was changed, to be told if the command ends before its report."""
    if outcome.action in {"updated", "merged"}:
        changed(f"{visible(outcome.name)} is {outcome.action}")


def run_pipeline(arguments: argparse.Namespace) -> int:
    """Write the child pipeline of a fleet."""
    from lisa_scaffold.fleet import pipeline, settings

    fleet = settings.read(arguments.fleet)
    options = None if arguments.update is None else _read_options(arguments.update)
    named = arguments.fleet.parent if arguments.fleet.is_file() else arguments.fleet
    usual = pipeline.Wanted()
    wanted = pipeline.Wanted(
        *(named.as_posix(), arguments.parts, arguments.image or usual.image),
        pipeline.make_install() if arguments.install is None else arguments.install,
        update=options and options.words,
        is_limited=bool(options and options.is_limited),
        history=arguments.history or "",
        branch=arguments.history_branch or "",
    )
    text = pipeline.make_pipeline(fleet, wanted)
    if fleet.server is None:
        say(
            "The fleet is local clones alone, in `folders`: the jobs see those that are on their "
            "machine, and no others. Name the GitLab server of the projects in [gitlab]."
        )
    if arguments.output:
        with changing(f"{arguments.output} is written"):
            common.write_report(arguments.output, text)
    else:
        hand_over(text)
    return ExitCode.DONE


class _Options(NamedTuple):
    """Options of an update, as words: a shell is to make nothing more of them.

    Attributes
    ----------
    words
        The words.
    is_limited
        Whether they set a limit, or waves.
    """

    words: tuple[str, ...]
    is_limited: bool


class _OptionsParser(common.Parser):
    """Reads options that are for later, by somebody else: what is wrong with them is told now."""

    def error(self, message: str, hint: str = "") -> NoReturn:
        """Complain of options that the update would refuse."""
        raise LisaError(message, hint or f"What there is: {self.prog} --help")

    def add_argument(self, *names: str, **options: Any) -> argparse.Action:
        """Add an argument, unless it prints something and updates nothing."""
        if "--version" in names:
            return argparse.Action(names, "version")
        return super().add_argument(*names, **options)


def _read_options(text: str) -> _Options:
    """The options of an update that runs at night, read as that will read them.

    Raises
    ------
    LisaError
        If it would refuse them.
    """
    import shlex

    from lisa_scaffold.fleet.update import refuse_unknown

    parser = _OptionsParser(prog="lisa-scaffold fleet update", add_help=False)
    _add_update(parser)
    try:
        words = shlex.split(text)
        found = parser.parse_args([".", *words])
        shares = _read_shares(found)
        if found.shard:
            raise LisaError("the pipeline shares the fleet by itself", "Leave --shard out.")
        if found.to:
            refuse_unknown(found.to)
    except ValueError as error:
        what = f"--update {brief(text, 80)}: no words that a shell would read ({error})"
        raise LisaError(what, "Close the quotation.") from error
    except LisaError as error:
        hint = f"{error.hint}\n  Write options of fleet update, such as --update='--limit 10'."
        raise LisaError(f"--update {brief(text, 80)}: {error.message}", hint) from error
    return _Options(tuple(words), found.limit is not None or "wave" in shares)


def run_page(arguments: argparse.Namespace) -> int:
    """Make a page of one or many files of the status."""
    from lisa_scaffold.fleet import records
    from lisa_scaffold.report.fleet import html

    history = [records.read_status(path) for path in arguments.status]
    if arguments.join:
        history = [records.join(history)]
    newest = max(history, key=lambda each: each.when)
    if newest.part:
        say(f"This is part {visible(newest.part)} of a fleet alone: all parts, with --join, are it")
    if arguments.history:
        history = _keep(arguments.history, newest)
    text = html.report(history)
    if arguments.badges:
        with changing(f"the badges are in {arguments.badges}"):
            for row in newest.rows:
                _write_badge(arguments.badges, row.name, html.badge(row))
    if arguments.output:
        with changing(f"{arguments.output} is written"):
            common.write_report(arguments.output, text)
    else:
        hand_over(text)
    return ExitCode.DONE


def _keep(folder: Path, newest: Status) -> list[Status]:
    """Add a status to the history, and read what is kept there.

    The earlier ones are counted only: their findings go, which are nearly all of a file.
    """
    from lisa_scaffold.fleet import records
    from lisa_scaffold.report.fleet import machine

    place = folder / records.name_in_history(newest)
    with changing(f"{place} is written"):
        folder.mkdir(parents=True, exist_ok=True)
        common.write_report(place, machine.as_json(newest))
    history = []
    for path in sorted(folder.glob("*.json")):
        status = records.read_status(path)
        if path != place and any(row.findings for row in status.rows):
            status = records.without_findings(status)
            common.write_report(path, machine.as_json(status))
        history.append(status)
    return history


def _write_badge(folder: Path, name: str, picture: str) -> None:
    """Write a badge, below a folder for each group; a name that leads elsewhere is refused."""
    place = folder / f"{name}.svg"
    parts = name.split("/")
    try:
        os.fsencode(name)
    except UnicodeEncodeError:
        parts = [""]  # half a character is in no name of a file
    if any(each in {"", ".", ".."} for each in parts):
        raise LisaError(f"{visible(name)}: no name of a project", "Make the status anew.")
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        files.write_named(place, picture.encode())
    except OSError as error:
        raise LisaError(
            f"{place}: {error.strerror}", "Name another folder for --badges."
        ) from error


_VERBS: dict[str, tuple[str, dict[str, Any], Callable[[argparse.ArgumentParser], None]]] = {
    "status": (
        "tell how each project stands",
        {
            "examples": (
                ("lisa-scaffold fleet status", "tell it at the terminal"),
                (
                    "lisa-scaffold fleet status --format html",
                    "write it as a page",
                ),
            ),
            "left": "a project could not be read",
            "page": "howto/fleet.html",
        },
        _add_status,
    ),
    "update": (
        "bring a newer version of the template into the projects",
        {
            "examples": (
                ("lisa-scaffold fleet update --dry-run", "show what would be done"),
                (
                    "lisa-scaffold fleet update --wave 5% --stop-at 20%",
                    "begin with a part, and go on with the next run",
                ),
            ),
            "left": "a project failed or has conflicts, or waves are stopped",
            "page": "howto/fleet.html",
        },
        _add_update,
    ),
    "pipeline": (
        "write a child pipeline of GitLab's that shares the work between several jobs",
        {
            "examples": (
                ("lisa-scaffold fleet pipeline --output child.yml", "a pipeline of four parts"),
                ("lisa-scaffold fleet pipeline --update --parts 8", "one that updates too"),
            ),
            "left": "never",
            "page": "howto/fleet.html",
        },
        _add_pipeline,
    ),
    "page": (
        "make a page of one or many files of the status",
        {
            "examples": (
                (
                    "lisa-scaffold fleet page s.json --output fleet.html",
                    "a page that needs nothing else",
                ),
                (
                    "lisa-scaffold fleet page s.json --history history",
                    "with its history over time",
                ),
            ),
            "left": "never",
            "page": "howto/fleet.html",
        },
        _add_page,
    ),
}

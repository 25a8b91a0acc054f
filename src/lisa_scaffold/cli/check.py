"""``lisa-scaffold check``: where projects depart from the practice."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lisa_scaffold.cli import arguments as common
from lisa_scaffold.cli.boundary import changing, tell_recovered
from lisa_scaffold.cli.terminal import (
    busy,
    hand_over,
    look,
    say,
    say_as_is,
    tell,
)
from lisa_scaffold.errors import ExitCode
from lisa_scaffold.formats.diff import fold

DESCRIPTION = """\
Tell where projects depart from the practice, with file and line, and repair what needs no human
judgement."""

HELP: dict[str, Any] = {
    "examples": (
        ("lisa-scaffold check", "check the project of this folder"),
        ("lisa-scaffold check --fix", "repair what needs no human judgement"),
        ("lisa-scaffold check --select LIC,CI001", "apply some rules alone"),
        ("lisa-scaffold check --format json ../*", "check many projects, for a program"),
    ),
    "page": "howto/check.html",
}

FORMATS = ("text", "json", "junit", "gitlab", "html", "markdown")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``lisa-scaffold check``."""
    parser.add_argument(
        "paths",
        metavar="PATH",
        nargs="*",
        type=common.read_path,
        help="folders of projects; by default this one, or the one above that has the project",
    )
    _add_rules(parser.add_argument_group("rules"))
    _add_repairs(parser.add_argument_group("repairs"))
    result = parser.add_argument_group("result")
    common.add_reports(result, FORMATS)
    result.add_argument(
        "--fail-on",
        choices=["must", "should"],
        default="must",
        help="severity from which findings end in exit code 1; must by default",
    )
    common.add_jobs(
        result,
        "how many of many projects are checked at once; by default as many as there are processors",
    )
    common.add_common(parser)
    parser.set_defaults(command=run)


def _add_rules(group: argparse._ArgumentGroup) -> None:
    for name, what in (("select", "apply these rules alone"), ("ignore", "leave these rules out")):
        codes = group.add_argument(
            f"--{name}",
            metavar="CODES",
            action="append",
            default=[],
            help=f"{what}: codes or the letters of families, separated by commas",
        )
        common.complete_codes(codes)
    group.add_argument(
        "--members",
        action="store_true",
        help="check the projects inside a repository too: the members of a workspace",
    )
    group.add_argument(
        "--strict",
        action="store_true",
        help="apply what is asked of projects of the template to any project",
    )


def _add_repairs(group: argparse._ArgumentGroup) -> None:
    repair = group.add_mutually_exclusive_group()
    repair.add_argument("--fix", action="store_true", help="repair what needs no human judgement")
    repair.add_argument(
        "--diff", action="store_true", help="print what --fix would change, and write nothing"
    )
    # Options of their own: one with a value would take the folder behind it.
    repair.add_argument(
        "--fix=unsafe",
        dest="fix_unsafe",
        action="store_true",
        help="repair besides what changes what is built, tested or checked",
    )
    repair.add_argument(
        "--diff=unsafe",
        dest="diff_unsafe",
        action="store_true",
        help="print what --fix=unsafe would change, and write nothing",
    )


def run(arguments: argparse.Namespace) -> int:
    """Check projects."""
    from datetime import date

    from lisa_scaffold.model import Severity
    from lisa_scaffold.report import check as report
    from lisa_scaffold.rules import Selection
    from lisa_scaffold.verbs import check

    arguments.paths = arguments.paths or [common.find_project(None)]
    arguments.fix |= arguments.fix_unsafe
    arguments.diff |= arguments.diff_unsafe
    destinations = common.pair_formats(arguments)
    is_read = any(form == "text" and output is None for form, output in destinations)
    wanted = check.Wanted(
        Selection(_split_codes(arguments.select), _split_codes(arguments.ignore), arguments.strict),
        date.today(),
        # Who reads the report of one project is promised no repair that would be withheld.
        fixes=arguments.fix or arguments.diff or (is_read and len(arguments.paths) == 1),
        unsafe=arguments.fix_unsafe or arguments.diff_unsafe,
        members=arguments.members,
        excerpts=any(form in report.SHOWS_LINES for form, _ in destinations),
    )
    for path in arguments.paths:
        if arguments.fix:
            tell_recovered(check.recover(path), f"{path}: ")
        elif check.is_half_changed(path):
            say(
                f"{path}: a command was interrupted there, and its change is not complete",
                "  Start it again, or lisa-scaffold update: that completes or drops the change.",
            )
    results = []
    with busy("Checking") as tell_progress:
        for each in check.check(arguments.paths, wanted, arguments.jobs):
            results.append(each)
            tell_progress(f"Checking: {len(results)} of {len(arguments.paths)} done")
    for each in results:
        if arguments.fix and each.changes:
            from lisa_scaffold.sync import transaction

            with changing(f"{each.checked.path} is repaired"):
                transaction.write_files(each.checked.path, each.changes, each.stamps)
    shown = [each.checked if arguments.fix else each.before for each in results]
    fail_on = Severity(arguments.fail_on)
    for form, output in destinations:
        is_shown = output is None and form == "text"
        how = look(messages=arguments.diff) if is_shown else (0, None)
        text = report.report(form, shown, fail_on, *how)
        _write(form, text, output, arguments)
    if arguments.diff:
        _show_changes("".join(each.checked.diff for each in results))
    found = {finding.severity for each in shown for finding in each.findings}
    failing = found if fail_on == Severity.SHOULD else found & {Severity.MUST}
    return ExitCode.FINDINGS if failing else ExitCode.DONE


def _split_codes(options: Sequence[str]) -> tuple[str, ...]:
    """Codes, however they are separated and written."""
    words = ",".join(options).replace(" ", ",").split(",")
    return tuple(word.upper() for word in words if word)


def _show_changes(changes: str) -> None:
    """Hand the changes over: whole to a program, and to a terminal without what nobody reads."""
    columns, _ = look()
    shown = fold(changes) if columns else changes
    hand_over(shown)
    if shown != changes:
        say("Long lines are cut here. Whole, as git apply takes them: … --diff > fixes.patch")


def _write(form: str, text: str, output: Path | None, arguments: argparse.Namespace) -> None:
    if output is None:
        if arguments.diff:
            say_as_is(text.rstrip("\n"), coloured=form == "text")
        elif form == "text":
            tell(text, coloured=True)
        else:
            hand_over(text)
        return
    common.write_report(output, text, arguments.paths)

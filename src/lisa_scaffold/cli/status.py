"""``lisa-scaffold status``: how far a project is behind, and where it departs from its render."""

from __future__ import annotations

import argparse
from typing import Any

from lisa_scaffold.cli import arguments as common
from lisa_scaffold.cli.terminal import busy, hand_over, look, tell
from lisa_scaffold.cli.update import choose_answers_file, recover
from lisa_scaffold.errors import ExitCode

DESCRIPTION = """\
Tell which version of its template a project records, how far that is behind the newest, and which
files, as they are committed, depart from what that version renders."""

HELP: dict[str, Any] = {
    "examples": (
        ("lisa-scaffold status", "tell how far the project is behind, and what it has changed"),
        ("lisa-scaffold status --diff", "show the changes too"),
    ),
    "page": "howto/status.html",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``lisa-scaffold status``."""
    common.add_path(parser)
    parser.add_argument(
        "--answers-file",
        metavar="FILE",
        help="which template, of a project that has several: the file with its answers",
    )
    parser.add_argument("--diff", action="store_true", help="show the departures as a diff")
    parser.add_argument(
        "--trust",
        action="store_true",
        help="let the template run its own code (Jinja extensions): only for one whose code you "
        "would run yourself",
    )
    parser.add_argument(
        "--format", choices=["text", "json", "markdown"], default="text", help="form of the report"
    )
    common.add_common(parser)
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> int:
    """Tell the status of a project: being behind is no fault, drift is."""
    from lisa_scaffold import project
    from lisa_scaffold.report import status as report
    from lisa_scaffold.verbs.status import find_status

    named = arguments.answers_file or ""
    is_project = (lambda each: (each / named).is_file()) if named else project.has_answers
    path = common.find_project(arguments.path, is_project)
    current = project.read(path, choose_answers_file(path, named)[0])
    recover(current.repository, dry_run=True)
    with busy("Comparing the project with its template"):
        status = find_status(current, trust=arguments.trust, diff=arguments.diff)
    if arguments.format == "text":
        tell(report.write_text(status, *look()), coloured=True)
    else:
        write = {"json": report.as_json, "markdown": report.write_markdown}[arguments.format]
        hand_over(write(status))
    return ExitCode.FINDINGS if status.drift else ExitCode.DONE

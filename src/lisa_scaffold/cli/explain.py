"""``lisa-scaffold explain``: what a rule wants, and why."""

from __future__ import annotations

import argparse
from typing import Any

from lisa_scaffold.cli import arguments as common
from lisa_scaffold.cli.terminal import tell
from lisa_scaffold.errors import ExitCode

DESCRIPTION = """\
Tell what a rule wants, why, how to comply and how to waive it; without a code, list all rules."""

HELP: dict[str, Any] = {
    "examples": (
        ("lisa-scaffold explain LIC001", "what the rule wants, why, and how to comply"),
        ("lisa-scaffold explain LIC", "the rules of a family"),
    ),
    "page": "reference/rules.html",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``lisa-scaffold explain``."""
    parser.add_argument(
        "code", metavar="CODE", nargs="?", default="", help="a rule, such as LIC001, or a family"
    )
    common.add_common(parser)
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> int:
    """Explain a rule."""
    from lisa_scaffold import rules
    from lisa_scaffold.report import explain as report

    code = arguments.code.upper()
    if not code or code in rules.FAMILIES:
        tell(report.listing(code))
    else:
        tell(report.rule(rules.find_rule(code)))
    return ExitCode.DONE

"""``lisa-scaffold explain``: what a rule wants, and why."""

from __future__ import annotations

import argparse
from typing import Any

from lisa_scaffold.cli import arguments as common
from lisa_scaffold.cli.terminal import look, tell
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
    codes = parser.add_argument(
        "codes", metavar="CODE", nargs="*", help="rules, such as LIC001, and families, such as LIC"
    )
    common.complete_codes(codes)
    common.add_common(parser)
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> int:
    """Explain rules."""
    from lisa_scaffold import rules
    from lisa_scaffold.report import explain as report

    codes = [code for word in arguments.codes for code in word.upper().split(",") if code]
    parts = [
        report.listing(code)
        if not code or code in rules.FAMILIES
        # Where one is not known, none is explained: nobody looks for a complaint below a page.
        else report.rule(rules.find_rule(code), *look())
        for code in codes or [""]
    ]
    tell("\n".join(parts), coloured=True)
    return ExitCode.DONE

"""The command line: arguments, dispatch, and the only place that prints; one module per verb."""

from __future__ import annotations

from collections.abc import Sequence

from lisa_scaffold.cli import adopt, check, explain, status, update
from lisa_scaffold.cli import new as new_verb
from lisa_scaffold.cli.arguments import Parser, add_version
from lisa_scaffold.cli.boundary import run_guarded


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``lisa-scaffold`` and return its exit code."""
    return run_guarded("lisa-scaffold", parser(), argv)


def new(argv: Sequence[str] | None = None) -> int:
    """Run ``lisa-new``, which is ``lisa-scaffold new``, and return its exit code."""
    alone = Parser(prog="lisa-new", description=new_verb.DESCRIPTION)
    new_verb.add_arguments(alone)
    return run_guarded("lisa-new", alone, argv)


def parser() -> Parser:
    """The parser of ``lisa-scaffold``: each verb with its arguments."""
    whole = Parser(
        prog="lisa-scaffold", description="Projects for the LISA mission that follow one practice."
    )
    add_version(whole)
    verbs = whole.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, module, summary in (
        ("new", new_verb, "create a project"),
        ("update", update, "bring in a newer template"),
        ("status", status, "tell how far a project is behind, and where it departs"),
        ("adopt", adopt, "bring the template into a project that never had it"),
        ("check", check, "tell where projects depart from the practice"),
        ("explain", explain, "tell what a rule wants, and why"),
    ):
        module.add_arguments(verbs.add_parser(name, help=summary, description=module.DESCRIPTION))
    return whole

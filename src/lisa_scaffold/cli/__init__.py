"""The command line: arguments, dispatch, and the only place that prints; one module per verb."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import Any

from lisa_scaffold.cli.arguments import Parser, add_version
from lisa_scaffold.cli.boundary import run_guarded
from lisa_scaffold.cli.completion import complete, is_asked

# Each has a module, which is imported where its command is called: a merge driver, which
# git starts for every file, has no time for the others.
_COMMANDS = {
    "new": "create a project",
    "update": "bring in a newer template",
    "resolve": "go through the conflicts that an update has left",
    "status": "tell how far a project is behind, and where it departs",
    "adopt": "bring the template into a project that never had it",
    "check": "tell where projects depart from the practice",
    "explain": "tell what a rule wants, and why",
    "fleet": "look at many projects, and update them",
    "merge-driver": "let plain git merge files by their parts",
    "completion": "make a shell complete these commands",
}
_EXAMPLES = (
    ("lisa-scaffold new lisa-noise", "make a project; lisa-new is the same"),
    ("lisa-scaffold check", "tell where the project of this folder departs from the practice"),
    ("lisa-scaffold update --dry-run", "show what a newer template would change"),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``lisa-scaffold`` and return its exit code."""
    if is_asked():
        complete(parser())
    words = sys.argv[1:] if argv is None else argv
    named = [word for word in words[:1] if word in _COMMANDS]
    return run_guarded("lisa-scaffold", parser(named or _COMMANDS), argv)


def new(argv: Sequence[str] | None = None) -> int:
    """Run ``lisa-new``, which is ``lisa-scaffold new``, and return its exit code."""
    alone = parser_of_new()
    if is_asked():
        complete(alone)
    return run_guarded("lisa-new", alone, argv)


def parser_of_new() -> Parser:
    """The parser of ``lisa-new``."""
    module = _load_command("new")
    alone = Parser(prog="lisa-new", description=module.DESCRIPTION, **module.HELP)
    module.add_arguments(alone)
    return alone


def parser(commands: Iterable[str] = _COMMANDS) -> Parser:
    """The parser of ``lisa-scaffold``: each verb with its arguments.

    Parameters
    ----------
    commands
        The verbs that are wanted. To make those that nobody called takes a tenth of a check.
    """
    whole = Parser(
        prog="lisa-scaffold",
        description="Projects for the LISA mission that follow one practice.",
        examples=_EXAMPLES,
        commands=tuple(_COMMANDS),
    )
    add_version(whole)
    verbs = whole.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name in commands:
        module = _load_command(name)
        one = verbs.add_parser(
            name, help=_COMMANDS[name], description=module.DESCRIPTION, **module.HELP
        )
        module.add_arguments(one)
    return whole


def _load_command(name: str) -> Any:
    # A module of the name of `new`, the function above, would take its place here.
    module = {"new": "create", "merge-driver": "merge_driver"}.get(name, name)
    return import_module(f"lisa_scaffold.cli.{module}")

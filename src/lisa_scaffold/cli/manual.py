"""The manual pages: what ``man lisa-scaffold`` shows, made from the parsers when a wheel is built.

It imports nothing but Python's own library and this package: a build has no other.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

from lisa_scaffold import cli
from lisa_scaffold.cli.arguments import CODES, DOCS, Parser


def write_pages(folder: Path, version: str) -> None:
    """Write every page into a folder.

    Parameters
    ----------
    folder
        Where they go.
    version
        The version that they are of.
    """
    for name, page in make_pages(version).items():
        (folder / f"{name}.1").write_text(page, encoding="utf-8")


def make_pages(version: str) -> dict[str, str]:
    """The page of each program and of each command, by its name.

    They are the same at any time and on any machine: they have no date, and no width of a terminal.
    """
    pages = {"lisa-new": _make_page(cli.parser_of_new(), "create a project", version)}
    left = [(cli.parser(), "projects for the LISA mission")]
    for parser, summary in left:
        pages[_name(parser)] = _make_page(parser, summary, version)
        left += _list_commands(parser).values()
    return pages


def _name(parser: Parser) -> str:
    return parser.prog.replace(" ", "-")


def _list_commands(whole: Parser) -> dict[str, tuple[Parser, str]]:
    found = {}
    for action in whole._actions:
        if isinstance(action, argparse._SubParsersAction):
            for each in action._choices_actions:
                found[each.dest] = action.choices[each.dest], each.help or ""
    return found


def _make_page(parser: Parser, summary: str, version: str) -> str:
    """A page in the language of man(7)."""
    name = _name(parser)
    commands = _list_commands(parser)
    places = [
        "COMMAND ..." if commands else f"[{action.metavar}]{' ...' if action.nargs == '*' else ''}"
        for action in parser._actions
        if not action.option_strings
    ]
    lines = [
        f'.TH "{_text(name.upper())}" 1 "" "lisa-scaffold {version}" "lisa-scaffold"',
        ".SH NAME",
        f"{_text(name)} \\- {_text(summary)}",
        ".SH SYNOPSIS",
        f"\\fB{_text(parser.prog)}\\fR [OPTIONS] {_text(' '.join(places))}",
        ".SH DESCRIPTION",
        _text(parser.description or ""),
    ]
    for group in parser._action_groups:
        lines += _list_options(group)
    if commands:
        lines.append(".SH COMMANDS")
        for command, (_, what) in commands.items():
            lines += [".TP", f"\\fB{_text(command)}\\fR", _text(f"{what}: see {name}-{command}(1)")]
    if parser.examples:
        lines.append(".SH EXAMPLES")
    for typed, meaning in parser.examples:
        lines += [".TP", f"\\fB{_text(typed)}\\fR", _text(meaning)]
    lines.append(".SH EXIT STATUS")
    for code, meaning in re.findall(r"^  (\d+) +(.+)$", CODES.format(parser.left), re.MULTILINE):
        lines += [".TP", code, _text(meaning)]
    return "\n".join([*lines, ".SH SEE ALSO", _text(f"{DOCS}/{parser.page}")]) + "\n"


def _list_options(group: argparse._ArgumentGroup) -> Iterator[str]:
    actions = [
        action
        for action in group._group_actions
        if not isinstance(action, argparse._SubParsersAction)
    ]
    if actions:
        yield f".SH {_text((group.title or '').upper())}"
    for action in actions:
        words = [f"\\fB{_text(option)}\\fR" for option in action.option_strings]
        values = ",".join(map(str, action.choices)) if action.choices else ""
        value = action.metavar or (f"{{{values}}}" if values else "")
        named = f"\\fI{_text(str(value))}\\fR" if value else ""
        yield ".TP"
        yield f"{', '.join(words)} {named}".strip()
        yield _text(action.help or "")


def _text(text: str) -> str:
    """Text in which nothing is a request or an escape of roff's, and a hyphen can be copied."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")
    return f"\\&{text}" if text.startswith(".") else text

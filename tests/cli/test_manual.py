"""The manual pages say all that the parsers say, in the language of man(7)."""

from __future__ import annotations

import argparse
import re

import pytest

from lisa_scaffold import cli
from lisa_scaffold.cli.manual import make_pages

PAGES = make_pages("1.2.3")
REQUESTS = {".TH", ".SH", ".TP"}


def parsers() -> dict[str, argparse.ArgumentParser]:
    """Every parser, those of commands of commands too, by the name of its page."""
    found: dict[str, argparse.ArgumentParser] = {}
    left: list[argparse.ArgumentParser] = [cli.parser_of_new(), cli.parser()]
    for each in left:
        found[each.prog.replace(" ", "-")] = each
        for action in each._actions:
            if isinstance(action, argparse._SubParsersAction):
                left += action.choices.values()
    return found


def test_each_program_and_command_has_a_page() -> None:
    assert PAGES.keys() == parsers().keys()
    pages = "\n".join(PAGES.values()).replace("\\-", "-")
    named = {*re.findall(r"see (\S+)\(1\)", pages)}
    assert named == parsers().keys() - {"lisa-scaffold", "lisa-new"}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_well_formed(name: str) -> None:
    lines = PAGES[name].split("\n")
    assert {line.split(" ")[0] for line in lines if line[:1] in (".", "'")} <= REQUESTS
    assert re.findall(r"\\(?![-&e]|f[BIR]|\(aq)", PAGES[name]) == []
    headings = [line[4:] for line in lines if line.startswith(".SH")]
    assert headings[:3] == ["NAME", "SYNOPSIS", "DESCRIPTION"]
    assert headings[-2:] == ["EXIT STATUS", "SEE ALSO"]


@pytest.mark.parametrize("name", sorted(parsers()))
def test_a_page_has_every_option(name: str) -> None:
    page = PAGES[name].replace("\\-", "-").replace("\\(aq", "'")
    for action in parsers()[name]._actions:
        if isinstance(action, argparse._SubParsersAction):
            continue
        assert str(action.help) in page
        assert [option for option in action.option_strings if f"\\fB{option}\\fR" not in page] == []

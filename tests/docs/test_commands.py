"""What the pages show of the command line exists."""

from __future__ import annotations

import argparse
import re
import shlex
from pathlib import Path

import pytest

from lisa_scaffold import cli

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted(path for path in (ROOT / "docs").rglob("*.md") if "_build" not in path.parts),
]
BLOCK = re.compile(r"^```(?:console|sh|text)\n(.*?)^```", flags=re.MULTILINE | re.DOTALL)
# At the beginning of a command, after variables and the path of an environment: elsewhere, the name
# of our command is the name of a folder.
USE = re.compile(r"(?:^\$ |&& |--net )(?:\w+=\S+ )*(?:\S*/)?(lisa-new|lisa-scaffold)( [^\n&|#]*)")


def find_parser(words: list[str]) -> argparse.ArgumentParser:
    """The parser of a command, or of a command of a command."""
    parser: argparse.ArgumentParser = cli.parser()
    for word in words:
        nested = [x for x in parser._actions if isinstance(x, argparse._SubParsersAction)]
        if not nested:
            break
        parser = nested[0].choices[word]
    return parser


def commands(page: Path) -> list[str]:
    """Every use of one of our commands in the blocks of a page."""
    blocks = "".join(BLOCK.findall(page.read_text("utf-8")))
    lines = blocks.replace("\\\n", " ").splitlines()
    typed = [line for line in lines if line.startswith("$ ") or " && " in line]
    return [f"{use[1]}{use[2]}".strip() for line in typed for use in USE.finditer(line)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_command_that_is_shown_exists(page: Path) -> None:
    for command in commands(page):
        program, *words = shlex.split(command)
        parser = find_parser(["new", *words] if program == "lisa-new" else words)
        known = {text for action in parser._actions for text in action.option_strings}
        assert {word for word in words if word.startswith("--")} <= known, command


def test_commands_are_found() -> None:
    assert "lisa-new --defaults ../lisa-trial" in commands(ROOT / "README.md")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_link_to_a_file_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+\.md|[A-Z]+[a-z.]*)\)", page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []

"""The formatter of a project, wherever it stands: ruff's stays away from its code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from lisa_scaffold.adopt import affected
from lisa_scaffold.adopt.hooks import OTHER_FORMATTERS
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.facts import Facts

_LINTERS = ("flake8", "pycodestyle", "isort")
_RUFF = compile_lazily(r"\bruff[- ]format\b")
_NAME = compile_lazily(r"\s*([A-Za-z0-9][\w.-]{0,60})(?:\[[^\]]{0,60}\])?\s*(?:[=<>!~;@^,#]|$)")
_LISTS = (
    ("project", "dependencies"),
    ("project", "optional-dependencies"),
    ("dependency-groups",),
    ("tool", "poetry", "dependencies"),
    ("tool", "poetry", "dev-dependencies"),
    ("tool", "poetry", "group"),
    ("tool", "pdm", "dev-dependencies"),
    ("tool", "uv", "dev-dependencies"),
    ("tool", "hatch", "envs"),
    ("tool", "pixi"),
)
_OF_POETRY = ("tool", "poetry")
_FILES = (
    *("**/*requirements*.txt", "**/*requirements*.in", "requirements/*.txt", "requirements/*.in"),
    *("**/environment*.yml", "**/environment*.yaml"),
)
_WIDTH = compile_lazily(
    r"\s(?:--(?:max-)?line[-_]length|--line[-_]width|-l)(?:[ =]|(?<=-l))['\"]?(\d{2,3})\b"
)
_VARIABLE = compile_lazily(
    r"^\w{0,30}LINE_LENGTH\w{0,30}[ \t]*+[:?]{0,2}=[ \t]*+(\d{2,3})\b", re.MULTILINE
)


class Formatter(NamedTuple):
    """A formatter, and where it stands."""

    name: str
    path: str


def is_formatted_by_ruff(facts: Facts) -> bool:
    """Whether ruff formats the code of a project already, as far as its files say it."""
    tables = [facts.pyproject.get("tool", "ruff", "format")]
    tables += (facts.toml(path).get("format") for path in ("ruff.toml", ".ruff.toml"))
    is_set_up = any(table is not None for table in tables)
    return is_set_up or _RUFF.search(facts.automation.text) is not None


def find_formatter(facts: Facts) -> Formatter | None:
    """The formatter of a project; ``None`` where none is seen, or ruff formats already."""
    if is_formatted_by_ruff(facts):
        return None
    found = [*_find_settings(facts), *_find_runs(facts), *_find_listed(facts)]
    # One that is set up or run counts before one that is only installed.
    return next((each for each in found if each.name in OTHER_FORMATTERS), None)


def _find_settings(facts: Facts) -> Iterator[Formatter]:
    for name in OTHER_FORMATTERS:
        if facts.pyproject.get("tool", name) is not None:
            yield Formatter(name, "pyproject.toml")
        if facts.ini("setup.cfg").get(name) is not None:
            yield Formatter(name, "setup.cfg")
    if facts.has(".style.yapf"):
        yield Formatter("yapf", ".style.yapf")


def _find_runs(facts: Facts) -> Iterator[Formatter]:
    for path, command in affected.list_commands(facts):
        yield Formatter(affected.name_program(command), path)


def _find_listed(facts: Facts) -> Iterator[Formatter]:
    pyproject = facts.pyproject
    for keys in _LISTS:
        is_named = keys[:2] == _OF_POETRY
        for name in _list_names(pyproject.get(*keys), is_named=is_named):
            yield Formatter(name, "pyproject.toml")
    for name in _list_names(facts.package.table("optional-dependencies"), is_named=False):
        yield Formatter(name, facts.package.place("optional-dependencies").path)
    for path in facts.paths(*_FILES, "tox.ini"):
        for line in facts.lines(path):
            if match := _NAME.match(line.lstrip(" \t-")):
                yield Formatter(match[1].lower(), path)


def _list_names(value: Any, *, is_named: bool, depth: int = 0) -> Iterator[str]:
    """The names of distributions in a table; Poetry's are keys."""
    if depth > 4:  # noqa: PLR2004 - no table of these is nested deeper
        return
    if isinstance(value, str):
        if match := _NAME.match(value):
            yield match[1].lower()
    elif isinstance(value, list):
        for each in value:
            yield from _list_names(each, is_named=is_named, depth=depth + 1)
    elif isinstance(value, dict):
        for key, each in value.items():
            if is_named:
                yield str(key).lower()
            yield from _list_names(each, is_named=is_named, depth=depth + 1)


def find_width(facts: Facts, formatter: Formatter | None) -> tuple[int, str] | None:
    """The longest line that the command of a formatter allows, or else that of a linter."""
    names = (formatter.name,) if formatter else _LINTERS
    for path, command in affected.list_commands(facts):
        is_one = affected.name_program(command) in names
        if is_one and (match := _WIDTH.search(command)):
            return int(match[1]), path
    match = _VARIABLE.search(facts.text("Makefile"))
    return (int(match[1]), "Makefile") if match else None

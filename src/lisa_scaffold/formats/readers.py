"""Files that say something by key, parsed once, with the line that each key stands on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lisa_scaffold.bounds import crowded_toml
from lisa_scaffold.formats.document import (
    _MOST_LINES,
    Document,
    Keys,
    Position,
    Problem,
    _bounded,
    _reason,
)


def toml(path: str, text: str) -> Document:
    """Read a TOML file."""
    import tomllib

    if beyond := crowded_toml(text):
        return Document(path, problem=Problem(path, *beyond, "TOML"))
    try:
        document = Document(path, tomllib.loads(text), locate=lambda: _toml_positions(text))
        return _bounded(document, "TOML")
    except tomllib.TOMLDecodeError as error:
        found = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)", str(error))
        line = int(found[1]) if found and found[1] else text.rstrip("\n").count("\n") + 1
        message = str(error)[: found.start()] if found else str(error)
        return Document(path, problem=Problem(path, line, message, "TOML"))
    except (RecursionError, ValueError) as error:
        return Document(path, problem=Problem(path, 1, _reason(error), "TOML"))


def _toml_positions(text: str) -> dict[Keys, Position]:
    from lisa_scaffold.formats import toml as lossless
    from lisa_scaffold.formats.tree import NotSure

    try:
        return _Positions(text).of(lossless.parse(text))
    except (NotSure, RecursionError):
        return {}


class _Positions:
    """Adds up the pieces of a lossless tree."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self._found: dict[Keys, Position] = {}
        self._at = 0

    def of(self, root: Any) -> dict[Keys, Position]:
        """The position of every key and item below a root."""
        self._branch(root, ())
        return self._found

    def _branch(self, branch: Any, above: Keys) -> None:
        self._at += len(branch.opening)
        counts: dict[Keys, int] = {}
        for index, entry in enumerate(branch.entries):
            self._at += len(entry.lead)
            keys = (*above, *(entry.key or (index,)))
            if entry.item:
                number = counts[keys] = counts.get(keys, -1) + 1
                keys = (*keys, number)
            self._record(keys, getattr(entry.node, "text", None))
            self._at += len(entry.head)
            if hasattr(entry.node, "entries"):
                self._branch(entry.node, keys)
            else:
                self._at += len(entry.node.text)
            self._at += len(entry.gap) + entry.comma + len(entry.tail)
        self._at += len(branch.closing)

    def _record(self, keys: Keys, raw: str | None) -> None:
        from bisect import bisect_right

        line = bisect_right(self._starts, self._at)
        position = Position(line, self._at - self._starts[line - 1] + 1, raw)
        for end in range(1, len(keys)):
            self._found.setdefault(keys[:end], position)
        self._found[keys] = position


def json(path: str, text: str) -> Document:
    """Read a JSON file."""
    from json import JSONDecodeError, loads

    def locate() -> Mapping[Keys, Position]:
        from lisa_scaffold.formats import yaml_data

        return yaml_data.load(path, text).positions

    try:
        return _bounded(Document(path, loads(text), locate=locate), "JSON")
    except JSONDecodeError as error:
        return Document(path, problem=Problem(path, error.lineno, error.msg, "JSON"))
    except (RecursionError, ValueError) as error:
        return Document(path, problem=Problem(path, 1, _reason(error), "JSON"))


def ini(path: str, text: str) -> Document:
    """Read a file of sections with keys, such as ``setup.cfg``: a table for each section."""
    from configparser import ConfigParser
    from configparser import Error as IniError

    if text.count("\n") > _MOST_LINES:
        message = f"more than {_MOST_LINES} lines"
        return Document(path, problem=Problem(path, 1, message, "INI"))
    if match := re.search(r"\S[^\S\n]{200}", text):
        line = text.count("\n", 0, match.start()) + 1
        return Document(path, problem=Problem(path, line, "200 spaces in a line", "INI"))
    parser = ConfigParser(interpolation=None, default_section="", empty_lines_in_values=True)
    try:
        parser.read_string(text)
    except IniError as error:
        lines = [number for number, _ in getattr(error, "errors", [])]
        line = lines[0] if lines else getattr(error, "lineno", None) or 1
        message = error.message.split("\n")[0].replace("<string>", path)
        return Document(path, problem=Problem(path, line, message, "INI"))
    data = {name: dict(parser[name]) for name in parser.sections()}
    return Document(path, data, locate=lambda: _ini_positions(text))


def _ini_positions(text: str) -> dict[Keys, Position]:
    found: dict[Keys, Position] = {}
    section = ""
    for number, line in enumerate(text.split("\n"), 1):
        if match := re.match(r"\[([^]]+)\]", line):
            section = match[1]
            found[section,] = Position(number, 1)
        elif match := re.match(r"([^\s#;=:\[][^=:]*)[=:]\s*(.*)", line):
            found[section, match[1].rstrip().lower()] = Position(number, 1, match[2])
    return found


def properties(path: str, text: str) -> Document:
    """Read a file of ``key=value`` lines, such as ``sonar-project.properties``."""
    data: dict[str, str] = {}
    found: dict[Keys, Position] = {}
    lines = iter(enumerate(text.split("\n"), 1))
    for number, line in lines:
        said = line.strip()
        if not said or said[0] in "#!":
            continue
        while said.endswith("\\"):
            said = said[:-1] + next(lines, (0, ""))[1].strip()
        key, _, value = said.partition("=" if "=" in said else ":")
        data[key.strip()] = value.strip()
        found[key.strip(),] = Position(number, 1, value.strip())
    return Document(path, data, locate=lambda: found)

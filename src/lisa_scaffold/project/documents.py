"""Files that say something by key, parsed once, with the line that each key stands on."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias

from lisa_scaffold.bounds import DEEP, LONG, crowded_toml, excess

# The library's time grows with the square of lines that it cannot read, and of spaces in one.
_MOST_LINES = 10_000

Key: TypeAlias = "str | int"
Keys: TypeAlias = tuple[Key, ...]


class Position(NamedTuple):
    """Where a key or an item stands, counted from 1, and its value as it is written."""

    line: int
    column: int
    raw: str | None = None


class Problem(NamedTuple):
    """Why a file cannot be read.

    Attributes
    ----------
    path
        The file.
    line
        Where the trouble is; 1 where nobody knows.
    message
        What is wrong, in a few words.
    format
        The format that it should have: ``TOML``, ``YAML``, …
    """

    path: str
    line: int
    message: str
    format: str


@dataclass(frozen=True)
class Document:
    """A file that was parsed. A missing or malformed one is empty, and false.

    Attributes
    ----------
    path
        The file.
    data
        What it says; ``{}`` where there is nothing.
    problem
        Why it could not be read.
    locate
        Finds the positions of its keys.
    duplicates
        Keys that stand twice in one mapping, with the line of the second.
    """

    path: str
    data: Any = field(default_factory=dict)
    problem: Problem | None = None
    locate: Callable[[], Mapping[Keys, Position]] = dict
    duplicates: tuple[tuple[str, int], ...] = ()

    def __bool__(self) -> bool:
        """Whether there is anything in it."""
        return bool(self.data)

    def get(self, *keys: Key, default: Any = None) -> Any:
        """The value below some keys (a number counts items), or the default."""
        found = self.data
        for key in keys:
            match found:
                case dict() if key in found:
                    found = found[key]
                case list() if isinstance(key, int) and -1 < key < len(found):
                    found = found[key]
                case _:
                    return default
        return found

    def table(self, *keys: Key) -> dict[str, Any]:
        """The mapping below some keys; empty where there is none."""
        found = self.get(*keys)
        return found if isinstance(found, dict) else {}

    def items(self, *keys: Key) -> list[Any]:
        """The list below some keys; empty where there is none."""
        found = self.get(*keys)
        return found if isinstance(found, list) else []

    @cached_property
    def positions(self) -> Mapping[Keys, Position]:
        """Where everything stands."""
        return self.locate()

    def at(self, *keys: Key) -> Position:
        """Where a key stands, or else the nearest key above it that is there."""
        while keys and keys not in self.positions:
            keys = keys[:-1]
        return self.positions.get(keys, Position(1, 1))

    def line(self, *keys: Key) -> int:
        """The line of a key, or else of the nearest key above it that is there."""
        return self.at(*keys).line

    def raw(self, *keys: Key) -> str | None:
        """A value as it is written, such as ``3.10`` where it reads as a number."""
        position = self.positions.get(keys)
        return position.raw if position else None


def decoded(content: bytes) -> str:
    """Bytes as text, lines ended by a newline; none for a binary file."""
    if b"\0" in content[:8000]:
        return ""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    return text.replace("\r\n", "\n")


def _bounded(document: Document, form: str) -> Document:
    """The document, or why it is more than anybody wrote."""
    beyond = excess(document.data)
    if beyond is None:
        return document
    return Document(document.path, problem=Problem(document.path, 1, beyond, form))


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


def _reason(error: Exception) -> str:
    """What is wrong with a file that a parser gave up, not for its grammar."""
    return DEEP if isinstance(error, RecursionError) else LONG


def _toml_positions(text: str) -> dict[Keys, Position]:
    from lisa_scaffold.merge import toml as lossless
    from lisa_scaffold.merge.nodes import NotSure

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
        from lisa_scaffold.project import yaml

        return yaml.load(path, text).positions

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

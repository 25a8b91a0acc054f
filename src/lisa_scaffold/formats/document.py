"""Files with keys and values, parsed once, with the line of each key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias

from lisa_scaffold.bounds import explain_excess

Key: TypeAlias = "str | int"
Keys: TypeAlias = tuple[Key, ...]


class Position(NamedTuple):
    """The place of a key or an item, counted from 1, and its value as it is written."""

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
        Where it is; 1 where nobody knows.
    message
        What is wrong, in a few words.
    format
        The format that it should have: ``TOML``, ``YAML``, …
    """

    path: str
    line: int
    message: str
    format: str


_MISSING = object()


class Document:
    """A file that was parsed. A missing or malformed one is empty, and false.

    Attributes
    ----------
    path
        The file.
    data
        Its content; ``{}`` where there is none.
    problem
        Why it could not be read.
    locate
        Finds the positions of its keys.
    duplicates
        Keys that are in one mapping twice, with the line of the second.
    """

    def __init__(
        self,
        path: str,
        data: Any = _MISSING,
        problem: Problem | None = None,
        locate: Callable[[], Mapping[Keys, Position]] = dict,
        duplicates: tuple[tuple[str, int], ...] = (),
    ) -> None:
        self.path = path
        self.data = {} if data is _MISSING else data
        self.problem = problem
        self.locate = locate
        self.duplicates = duplicates

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
        """The place of every key and item."""
        return self.locate()

    def at(self, *keys: Key) -> Position:
        """The place of a key, or else of the nearest key above it that is there."""
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


def bounded(document: Document, form: str) -> Document:
    """The document, or why it is more than anybody wrote."""
    beyond = explain_excess(document.data)
    if beyond is None:
        return document
    return Document(document.path, problem=Problem(document.path, 1, beyond, form))


def decoded(content: bytes) -> str:
    """Bytes as text, lines ended by a newline; none for a binary file."""
    if b"\0" in content[:8000]:
        return ""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    return text.replace("\r\n", "\n")

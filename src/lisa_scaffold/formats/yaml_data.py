"""YAML with the line of each key, bounded: what an alias bomb expands to is never built."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any, NamedTuple

import yaml

from lisa_scaffold.bounds import DEEP, DEEPEST, LONG, MOST_DIGITS
from lisa_scaffold.formats.document import Document, Keys, Position, Problem

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAG = "tag:yaml.org,2002:"
_MOST_VALUES = 200_000
# A value is one, a list or a mapping two. Each takes up to 15 µs and 700 bytes; in 1 MB that
# people wrote there are fewer.
_MOST_EVENTS = 100_000
_PARTS = ":,-?[{&*!\n"
_PLAIN = {"true": True, "false": False, "yes": True, "no": False, "on": True, "off": False}


class Reference(tuple[str, ...]):
    """GitLab's ``!reference [job, key]``."""

    __slots__ = ()


class _TooMuchError(ValueError):
    """More than anybody writes: in number, in depth, or in what aliases expand to."""


def load(path: str, text: str) -> Document:
    """Read a YAML file; of several documents the last one, as GitLab does.

    Dates stay text. Tags that are not YAML's own are dropped, but for ``!reference``.
    """
    try:
        nodes = _composed(text)
        builder = _Builder()
        data = builder.root(nodes[-1]) if nodes else {}
    except yaml.YAMLError as error:
        return Document(path, problem=_problem(path, text, error))
    except _TooMuchError as error:
        return Document(path, problem=Problem(path, 1, str(error), "YAML"))
    except RecursionError:
        return Document(path, problem=Problem(path, 1, DEEP, "YAML"))
    return Document(path, data, None, lambda: _positions(nodes), tuple(builder.duplicates))


def plain(content: bytes) -> Any:
    """What ``yaml.safe_load`` makes of a file, where that is soon done and of a size to handle.

    Raises
    ------
    yaml.YAMLError
        If it is no YAML, or holds several documents.
    ValueError
        If it is nested too deeply, holds too much, a value that nothing can be made of, or no text.
    """
    text = content.decode("utf-8-sig")
    builder = _Builder()
    for node in _composed(text):
        builder.root(node)
    if builder.long:
        raise _TooMuchError(LONG)
    try:
        return _LOADER(text).get_single_data()
    except (OverflowError, TypeError, KeyError, IndexError, AttributeError) as error:
        # PyYAML's constructors trust that what looks like a date or a number is one.
        raise ValueError(f"a value that cannot be read: {error}") from error


def _composed(text: str) -> list[yaml.Node]:
    """The nodes of all documents.

    Raises
    ------
    _TooMuchError
        If there are more than can soon be read.
    """
    # No part of a document stands without one of these: where they are few, nothing is counted.
    if 2 * sum(map(text.count, _PARTS)) > _MOST_EVENTS:
        events = yaml.parse(text, Loader=_LOADER)
        if next(islice(events, _MOST_EVENTS, None), None):
            raise _TooMuchError(f"more than {_MOST_EVENTS} keys and values")
    return list(yaml.compose_all(text, Loader=_LOADER))


def _problem(path: str, text: str, error: yaml.YAMLError) -> Problem:
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        message = error.problem or "no YAML"
        return Problem(path, mark.line + 1 if mark else 1, message, "YAML")
    at = getattr(error, "position", None) or 0
    reason = getattr(error, "reason", "no YAML")
    return Problem(path, text.count("\n", 0, at) + 1, str(reason), "YAML")


class _Made(NamedTuple):
    """The data of a node, how many values that would be, written out, and how many levels."""

    data: Any
    weight: int
    height: int


class _Builder:
    """Makes plain data of composed nodes, each node once."""

    def __init__(self) -> None:
        self.duplicates: list[tuple[str, int]] = []
        self.long = False
        self._known: dict[int, _Made | None] = {}

    def root(self, node: yaml.Node) -> Any:
        """The data of a document."""
        return self._value(node).data

    def _value(self, node: yaml.Node) -> _Made:
        """The data of a node."""
        if isinstance(node, yaml.ScalarNode):
            self.long = self.long or _is_long(node)
            return _Made(_scalar(node), 1, 0)
        known = self._known.get(id(node), ...)
        if known is None:
            raise _TooMuchError("an alias that refers to itself")
        if known is not ...:
            return known
        self._known[id(node)] = None
        made = self._branch(node)
        if made.weight > _MOST_VALUES:
            raise _TooMuchError(f"aliases expand to more than {_MOST_VALUES} values")
        if made.height > DEEPEST:
            raise _TooMuchError(DEEP)
        self._known[id(node)] = made
        return made

    def _branch(self, node: yaml.Node) -> _Made:
        return self._mapping(node) if isinstance(node, yaml.MappingNode) else self._sequence(node)

    def _sequence(self, node: yaml.Node) -> _Made:
        items, weight, height = [], 1, 0
        for item in node.value:
            made = self._value(item)
            items.append(made.data)
            weight += made.weight
            height = max(height, made.height)
        if node.tag == "!reference":
            return _Made(Reference(str(item) for item in items), weight, 0)
        return _Made(items, weight, height + 1)

    def _mapping(self, node: yaml.MappingNode) -> _Made:
        data: dict[Any, Any] = {}
        merged: list[Mapping[Any, Any]] = []
        weight, height = 1, 0
        for key_node, value_node in node.value:
            key = _key(key_node)
            if key in data:
                self.duplicates.append((key, key_node.start_mark.line + 1))
            value, size, below = self._value(value_node)
            weight += size
            height = max(height, below)
            if key_node.tag == f"{_TAG}merge":
                merged += [each for each in _listed(value) if isinstance(each, dict)]
            else:
                data[key] = value
        for each in merged:
            data = {**each, **data}
        return _Made(data, weight, height + 1)


def _is_long(node: yaml.ScalarNode) -> bool:
    """Whether a scalar is a number of more digits than are soon read."""
    return node.tag in (f"{_TAG}int", f"{_TAG}float") and len(node.value) > MOST_DIGITS


def _key(node: yaml.Node) -> str:
    return str(node.value if isinstance(node, yaml.ScalarNode) else node.tag)


def _positions(nodes: list[yaml.Node]) -> dict[Keys, Position]:
    """Where everything stands in the last document; what an alias repeats, where it is written."""
    found: dict[Keys, Position] = {}
    if nodes:
        _locate((), nodes[-1], nodes[-1], found, set())
    return found


def _locate(
    keys: Keys, node: yaml.Node, value: yaml.Node, found: dict[Keys, Position], seen: set[int]
) -> None:
    """Note where a key (or the item itself) stands, and all that is below it."""
    raw = str(value.value) if isinstance(value, yaml.ScalarNode) else None
    mark = node.start_mark
    found[keys] = Position(mark.line + 1, mark.column + 1, raw)
    if raw is not None or id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, yaml.MappingNode):
        for key, below in value.value:
            _locate((*keys, _key(key)), key, below, found, seen)
    else:
        for index, item in enumerate(value.value):
            _locate((*keys, index), item, item, found, seen)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _scalar(node: yaml.ScalarNode) -> Any:
    """What a scalar says; dates and unknown tags are text."""
    text = str(node.value)
    if node.tag == f"{_TAG}str" or _is_long(node):
        return text
    try:
        match node.tag.removeprefix(_TAG):
            case "null":
                return None
            case "bool":
                return _PLAIN[text.lower()]
            case "int":
                return int(text.replace("_", ""), 0) if text.lstrip("+-0") else 0
            case "float":
                return float(text.replace("_", ""))
    except (ValueError, KeyError):
        pass  # numbers that only YAML writes so (0o17, 1:30, .inf) stay text
    return text

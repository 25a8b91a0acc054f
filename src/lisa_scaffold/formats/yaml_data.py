"""YAML with the line of each key, bounded: what an alias bomb expands to is never built."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
        nodes = _compose(text)
        builder = _Builder()
        data = builder.build(nodes[-1]) if nodes else {}
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        message = error.problem or "no YAML"
        return Document(path, problem=Problem(path, mark.line + 1 if mark else 1, message, "YAML"))
    except yaml.YAMLError as error:
        line = text.count("\n", 0, getattr(error, "position", None) or 0) + 1
        message = str(getattr(error, "reason", "no YAML"))
        return Document(path, problem=Problem(path, line, message, "YAML"))
    except _TooMuchError as error:
        return Document(path, problem=Problem(path, 1, str(error), "YAML"))
    except RecursionError:
        return Document(path, problem=Problem(path, 1, DEEP, "YAML"))

    def locate() -> Mapping[Keys, Position]:
        return _Places(nodes[-1]) if nodes else {}

    return Document(path, data, None, locate, tuple(builder.duplicates))


def plain(content: bytes) -> Any:
    """The result of ``yaml.safe_load``, refused where it would take too long or grow too large.

    Raises
    ------
    yaml.YAMLError
        If it is no YAML, or holds several documents.
    ValueError
        If it is nested too deeply, holds too much, a value that nothing can be made of, or no text.
    """
    text = content.decode("utf-8-sig")
    builder = _Builder()
    for node in _compose(text):
        builder.build(node)
    if builder.has_long_number:
        raise _TooMuchError(LONG)
    try:
        return _LOADER(text).get_single_data()
    except (OverflowError, TypeError, KeyError, IndexError, AttributeError) as error:
        # PyYAML's constructors trust that what looks like a date or a number is one.
        raise ValueError(f"a value that cannot be read: {error}") from error


def _compose(text: str) -> list[yaml.Node]:
    """The nodes of all documents.

    Raises
    ------
    _TooMuchError
        If there are more than can soon be read.
    """
    # Every part of a document has one of these: where they are few, nothing is counted.
    if 2 * sum(map(text.count, _PARTS)) > _MOST_EVENTS:
        events = yaml.parse(text, Loader=_LOADER)
        if next(islice(events, _MOST_EVENTS, None), None):
            raise _TooMuchError(f"more than {_MOST_EVENTS} keys and values")
    return list(yaml.compose_all(text, Loader=_LOADER))


class _Built(NamedTuple):
    """The data of a node, how many values that would be, written out, and how many levels."""

    data: Any
    weight: int
    height: int


class _Builder:
    """Makes plain data of composed nodes, each node once."""

    def __init__(self) -> None:
        self.duplicates: list[tuple[str, int]] = []
        self.has_long_number = False
        self._known: dict[int, _Built | None] = {}

    def build(self, node: yaml.Node) -> Any:
        """The data of a document."""
        return self._build_node(node).data

    def _build_node(self, node: yaml.Node) -> _Built:
        if isinstance(node, yaml.ScalarNode):
            is_number = node.tag in (f"{_TAG}int", f"{_TAG}float")
            is_long = is_number and len(node.value) > MOST_DIGITS
            self.has_long_number = self.has_long_number or is_long
            return _Built(str(node.value) if is_long else _read_scalar(node), 1, 0)
        known = self._known.get(id(node), ...)
        if known is None:
            raise _TooMuchError("an alias that refers to itself")
        if known is not ...:
            return known
        self._known[id(node)] = None
        is_mapping = isinstance(node, yaml.MappingNode)
        built = self._build_mapping(node) if is_mapping else self._build_sequence(node)
        if built.weight > _MOST_VALUES:
            raise _TooMuchError(f"aliases expand to more than {_MOST_VALUES} values")
        if built.height > DEEPEST:
            raise _TooMuchError(DEEP)
        self._known[id(node)] = built
        return built

    def _build_sequence(self, node: yaml.Node) -> _Built:
        items = [self._build_node(item) for item in node.value]
        weight = 1 + sum(item.weight for item in items)
        if node.tag == "!reference":
            return _Built(Reference(str(item.data) for item in items), weight, 0)
        height = max((item.height for item in items), default=0)
        return _Built([item.data for item in items], weight, height + 1)

    def _build_mapping(self, node: yaml.Node) -> _Built:
        data: dict[Any, Any] = {}
        merged: list[Mapping[Any, Any]] = []
        weight, height = 1, 0
        for key_node, value_node in node.value:
            key = _read_key(key_node)
            if key in data:
                self.duplicates.append((key, key_node.start_mark.line + 1))
            value, size, below = self._build_node(value_node)
            weight += size
            height = max(height, below)
            if key_node.tag == f"{_TAG}merge":
                values = value if isinstance(value, list) else [value]
                merged += [each for each in values if isinstance(each, dict)]
            else:
                data[key] = value
        for each in merged:
            data = {**each, **data}
        return _Built(data, weight, height + 1)


def _read_key(node: yaml.Node) -> str:
    return str(node.value if isinstance(node, yaml.ScalarNode) else node.tag)


_Pair = tuple[yaml.Node, yaml.Node]


class _Places(Mapping[Keys, Position]):
    """The place of every key and item: where it is written, also if aliases or merges bring it.

    Each is looked for when it is asked for: aliases may repeat more than there is room for.
    """

    def __init__(self, top: yaml.Node) -> None:
        self._top = top
        self._below: dict[int, dict[str | int, _Pair]] = {}

    def __getitem__(self, keys: Keys) -> Position:
        node = value = self._top
        for key in keys:
            node, value = self._list_below(value)[key]
        raw = str(value.value) if isinstance(value, yaml.ScalarNode) else None
        return Position(node.start_mark.line + 1, node.start_mark.column + 1, raw)

    def __iter__(self) -> Iterator[Keys]:
        """All keys, but those of a repeated value once."""
        waiting: list[tuple[Keys, yaml.Node]] = [((), self._top)]
        seen = set()
        while waiting:
            keys, value = waiting.pop()
            yield keys
            if id(value) not in seen:
                seen.add(id(value))
                below = self._list_below(value).items()
                waiting += (((*keys, key), each) for key, (_, each) in below)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _list_below(self, node: yaml.Node) -> dict[str | int, _Pair]:
        """The nodes of keys and values, or of items, by key or number."""
        if id(node) not in self._below:
            found: dict[str | int, _Pair] = {}
            if isinstance(node, yaml.SequenceNode):
                found = {number: (item, item) for number, item in enumerate(node.value)}
            elif isinstance(node, yaml.MappingNode):
                found = self._list_keys(node)
            self._below[id(node)] = found
        return self._below[id(node)]

    def _list_keys(self, node: yaml.MappingNode) -> dict[str | int, _Pair]:
        own: dict[str | int, _Pair] = {_read_key(key): (key, value) for key, value in node.value}
        merged: dict[str | int, _Pair] = {}
        for key, value in node.value:
            if key.tag == f"{_TAG}merge":
                is_list = isinstance(value, yaml.SequenceNode)
                for each in value.value if is_list else [value]:
                    if isinstance(each, yaml.MappingNode):
                        merged = {**self._list_below(each), **merged}
        return {**merged, **own}


def _read_scalar(node: yaml.ScalarNode) -> Any:
    """A scalar's value; dates and unknown tags are text."""
    text = str(node.value)
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

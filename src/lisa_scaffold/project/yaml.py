"""YAML with the line of each key, bounded: what an alias bomb expands to is never built."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from lisa_scaffold.project.documents import Document, Keys, Position, Problem

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAG = "tag:yaml.org,2002:"
_MOST_VALUES = 200_000
_PLAIN = {"true": True, "false": False, "yes": True, "no": False, "on": True, "off": False}


class Reference(tuple[str, ...]):
    """GitLab's ``!reference [job, key]``."""

    __slots__ = ()


class _TooMuchError(ValueError):
    """Aliases that refer to themselves, or that expand to more than anybody writes."""


def load(path: str, text: str) -> Document:
    """Read a YAML file; of several documents the last one, as GitLab does.

    Dates stay text. Tags that are not YAML's own are dropped, but for ``!reference``.
    """
    try:
        nodes = list(yaml.compose_all(text, Loader=_LOADER))
        builder = _Builder()
        data = builder.root(nodes[-1]) if nodes else {}
    except yaml.YAMLError as error:
        return Document(path, problem=_problem(path, text, error))
    except _TooMuchError as error:
        return Document(path, problem=Problem(path, 1, str(error), "YAML"))
    except RecursionError:
        return Document(path, problem=Problem(path, 1, "nested too deeply", "YAML"))
    return Document(path, data, None, lambda: _positions(nodes), tuple(builder.duplicates))


def _problem(path: str, text: str, error: yaml.YAMLError) -> Problem:
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        message = error.problem or "no YAML"
        return Problem(path, mark.line + 1 if mark else 1, message, "YAML")
    at = getattr(error, "position", None) or 0
    reason = getattr(error, "reason", "no YAML")
    return Problem(path, text.count("\n", 0, at) + 1, str(reason), "YAML")


class _Builder:
    """Makes plain data of composed nodes, each node once."""

    def __init__(self) -> None:
        self.duplicates: list[tuple[str, int]] = []
        self._known: dict[int, tuple[Any, int] | None] = {}

    def root(self, node: yaml.Node) -> Any:
        """The data of a document."""
        return self._value(node)[0]

    def _value(self, node: yaml.Node) -> tuple[Any, int]:
        """The data of a node, and how many values it would be, written out."""
        if isinstance(node, yaml.ScalarNode):
            return _scalar(node), 1
        known = self._known.get(id(node), ...)
        if known is None:
            raise _TooMuchError("an alias that refers to itself")
        if known is not ...:
            return known
        self._known[id(node)] = None
        made = self._branch(node)
        if made[1] > _MOST_VALUES:
            raise _TooMuchError(f"aliases expand to more than {_MOST_VALUES} values")
        self._known[id(node)] = made
        return made

    def _branch(self, node: yaml.Node) -> tuple[Any, int]:
        return self._mapping(node) if isinstance(node, yaml.MappingNode) else self._sequence(node)

    def _sequence(self, node: yaml.Node) -> tuple[Any, int]:
        items, weight = [], 1
        for item in node.value:
            value, size = self._value(item)
            items.append(value)
            weight += size
        if node.tag == "!reference":
            return Reference(str(item) for item in items), weight
        return items, weight

    def _mapping(self, node: yaml.MappingNode) -> tuple[Any, int]:
        data: dict[Any, Any] = {}
        merged: list[Mapping[Any, Any]] = []
        weight = 1
        for key_node, value_node in node.value:
            key = _key(key_node)
            if key in data:
                self.duplicates.append((key, key_node.start_mark.line + 1))
            value, size = self._value(value_node)
            weight += size
            if key_node.tag == f"{_TAG}merge":
                merged += [each for each in _listed(value) if isinstance(each, dict)]
            else:
                data[key] = value
        for each in merged:
            data = {**each, **data}
        return data, weight


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
    if node.tag == f"{_TAG}str":
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

"""JSON as a tree that loses nothing, also with comments and trailing commas."""

from __future__ import annotations

import json

from lisa_scaffold.formats import brackets
from lisa_scaffold.formats.tree import Branch, Entry, Leaf, Node, NotSure, Value, read_value
from lisa_scaffold.pattern import compile_lazily

_STRING = r'"(?:\\.|[^"\\\n])*"'
_NUMBER = r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?"
_SPACE = r"(?:[ \t\n]++|//.*|/\*[\s\S]*?\*/)*+"


def parse(text: str) -> Branch:
    """The tree of a JSON document, as the only member of a branch.

    Raises
    ------
    NotSure
        If it is no JSON, with or without comments.
    """
    if not text.strip():
        return Branch("map", True, text, (), "")
    match = _SYNTAX.space.match(text)
    start = match.end() if match else 0
    node, end = brackets.read(text, start, _SYNTAX)
    match = _SYNTAX.space.match(text, end)
    if match is None or match.end() != len(text):
        raise NotSure("more than one value")
    entry = Entry(("",), "", "", node, "")
    return Branch("map", True, text[:start], (entry,), text[end:])


def _read_string(text: str) -> str:
    try:
        return str(json.loads(text))
    except ValueError as error:
        raise NotSure("no string that JSON knows") from error


_SYNTAX = brackets.Syntax(
    space=compile_lazily(_SPACE),
    tail=compile_lazily(r"[ \t]*(?://.*|/\*.*?\*/[ \t]*(?=\n))|"),
    scalar=compile_lazily(rf"{_STRING}|{_NUMBER}|true|false|null"),
    key=compile_lazily(rf"({_STRING}){_SPACE}:{_SPACE}"),
    read_scalar=lambda text: Leaf(text, _read_string(text) if text[0] == '"' else ("", text)),
    read_key=lambda text: (_read_string(text),),
)


def load(text: str) -> Value:
    """The value of a JSON document; comments and trailing commas are allowed.

    Raises
    ------
    NotSure
        If it is invalid, or has a key twice.
    """
    if not brackets.has_all_commas(parse(text)):
        raise NotSure("a comma is missing")
    return load_lenient(text)


def load_lenient(text: str) -> Value:
    """The value of a document that may lack commas at the ends of lines."""
    root = parse(text)
    value = read_value(root)
    if not _has_unique_keys(root):
        raise NotSure("a key stands twice")
    return value


def _has_unique_keys(node: Node) -> bool:
    if isinstance(node, Leaf):
        return True
    keys = [entry.key for entry in node.entries]
    if node.kind == "map" and len(set(keys)) != len(keys):
        return False
    return all(_has_unique_keys(entry.node) for entry in node.entries)

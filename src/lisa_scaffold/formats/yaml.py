"""YAML as a tree that loses nothing.

PyYAML says where things are; it reads no value, so that custom tags do not matter.
"""

from __future__ import annotations

import re
from itertools import islice, pairwise
from typing import Any, Literal, NamedTuple

import yaml

from lisa_scaffold.bounds import DEEP, DEEPEST
from lisa_scaffold.formats import brackets
from lisa_scaffold.formats.tree import Branch, Entry, Key, Leaf, Node, NotSure, Value
from lisa_scaffold.pattern import compile_lazily

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_RESOLVERS: dict[str, list[tuple[str, re.Pattern[str]]]] = yaml.SafeLoader.yaml_implicit_resolvers
_LEAD = compile_lazily(r"(?:[ \t]*+(?:#.*)?\n)*+")
_TAIL = compile_lazily(r"[ \t]*(?:(?<=\s)#.*)?\n|[ \t]*\Z")
_FILE_HEAD = compile_lazily(
    r"(?:---[ \t]*(?:#.*)?\n)?(?:[ \t]*+#.*\n)++(?:[ \t]*+\n)++|---[ \t]*(?:#.*)?\n"
)
_KEEP = compile_lazily(r"[|>][1-9]?\+")
_DASH = compile_lazily(r"(?:[ \t]*+(?:#.*)?\n)*+[ \t]*(?=-\s)")
_BEFORE_DASH = compile_lazily(r"(?:[&!]\S*\s+)*+(?:(?:#.*)?\s++)*+")
_OPENING = compile_lazily(r"(?:[&!]\S*[ \t]+)*[\[{]")
_SEQ: Literal["seq"] = "seq"
_MAP: Literal["map"] = "map"
_MOST_EVENTS = 50_000


def split_documents(text: str) -> list[str]:
    """The documents of a file, each with the line that begins it."""
    marks: list[Any] = [
        event.start_mark
        for event in _read_events(text)
        if isinstance(event, yaml.DocumentStartEvent)
    ]
    starts = [0, *(mark.index for mark in marks[1:]), len(text)]
    return [text[start:end] for start, end in pairwise(starts)]


def _read_events(text: str) -> list[Any]:
    """PyYAML's events, bounded in number and in depth: their readers recurse.

    Raises
    ------
    NotSure
        If it is no YAML, or more than that.
    """
    try:
        events = list(islice(yaml.parse(text, Loader=_LOADER), _MOST_EVENTS))
    except yaml.YAMLError as error:
        raise NotSure("no YAML") from error
    if len(events) == _MOST_EVENTS:
        raise NotSure("more than can soon be read")
    depth = 0
    for event in events:
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise NotSure(DEEP)
    return events


class _Raw(NamedTuple):
    """A node as PyYAML reports it."""

    start: int
    end: int
    kind: Literal["leaf", "map", "seq"]
    value: Value
    bracketed: bool = False
    pairs: tuple[tuple[_Raw | None, _Raw], ...] = ()


def parse(text: str) -> Branch:
    """The tree of a YAML file with one document.

    Raises
    ------
    NotSure
        If it is no YAML, or uses what this module does not know.
    """
    raw = _compose(text)
    head = _FILE_HEAD.match(text)
    opening = head[0] if head else ""
    if raw is None:
        return Branch("map", False, text, (), "")
    if raw.kind == "leaf" or raw.bracketed:
        raise NotSure("a document without entries of its own")
    reader = _Reader(text)
    reader.at = len(opening)
    root = reader.read_block(raw)
    return root._replace(opening=opening, closing=text[reader.at :])


def _compose(text: str) -> _Raw | None:
    events = _read_events(text)
    starts = [event for event in events if isinstance(event, yaml.DocumentStartEvent)]
    if len(starts) > 1 or any(event.version or event.tags for event in starts):
        raise NotSure("several documents, or directives")
    # An alias stands for an anchor above it: one side may have renamed or removed that.
    known: set[str] = set()
    for event in events:
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in known:
                raise NotSure(f"the alias *{event.anchor} stands for nothing")
        elif isinstance(event, yaml.NodeEvent) and event.anchor:
            known.add(event.anchor)
    body = iter(events[2:-2])
    return _compose_node(next(body), body, text) if starts else None


def _compose_node(event: Any, events: Any, text: str) -> _Raw:
    start, end = event.start_mark.index, event.end_mark.index
    if isinstance(event, yaml.AliasEvent):
        return _Raw(start, end, "leaf", ("*", str(event.anchor)))
    if isinstance(event, yaml.ScalarEvent):
        if event.style in ("|", ">") and not _KEEP.search(text[start:end].split("\n", 1)[0]):
            end = start + len(text[start:end].rstrip()) + 1
        return _Raw(start, end, "leaf", _read_scalar(event))
    pairs: list[tuple[_Raw | None, _Raw]] = []
    is_sequence = isinstance(event, yaml.SequenceStartEvent)
    while not isinstance(inner := next(events), yaml.CollectionEndEvent):
        node = _compose_node(inner, events, text)
        if is_sequence:
            pairs.append((None, node))
        else:
            pairs.append((node, _compose_node(next(events), events, text)))
    tag: Value = (event.tag or "", event.anchor or "")
    bracketed, kind = bool(event.flow_style), _SEQ if is_sequence else _MAP
    mark: Any = inner.end_mark
    return _Raw(start, mark.index, kind, tag, bracketed, tuple(pairs))


def _read_scalar(event: Any) -> Value:
    """A scalar: text, or a tag and the text."""
    text = str(event.value)
    if event.anchor:
        return (f"&{event.anchor} {event.tag or ''}", text)
    if event.tag and not event.implicit[0]:
        return (str(event.tag), text)
    if event.style is None:
        for tag, pattern in _RESOLVERS.get(text[:1], []) + _RESOLVERS.get("", []):
            if pattern.match(text):
                return ("" if tag else tag, text)
    return text


def _read_key(raw: _Raw | None) -> Key:
    if raw is None:
        return ()
    match raw.value:
        case (str() as text) | (("" | "*"), str() as text) if raw.kind == "leaf":
            return (text,)
    raise NotSure("a key that is no plain text")


class _Reader:
    """Deals out the text of a document to the entries of its tree."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def read_block(self, raw: _Raw) -> Branch:
        """A block mapping or sequence; the text before its first entry is read."""
        entries: list[Entry] = []
        column, compact = 0, False
        for index, (key, item) in enumerate(raw.pairs):
            start = self._find_start(key, item)
            line = self.text.rfind("\n", 0, start) + 1
            if index == 0:
                column, compact = start - line, self.at > line
            lead = ""
            if index or not compact:
                match = _LEAD.match(self.text, self.at, line)
                margin = self.text[line:start]
                if (match.end() if match else self.at) != line or margin != " " * column:
                    raise NotSure("an entry that begins in an unusual way")
                lead = self.text[self.at : line]
            entries.append(self._read_entry(_read_key(key), lead, start, item))
        kind = _SEQ if raw.kind == "seq" else _MAP
        return Branch(kind, False, "", tuple(entries), "", column, compact)

    def _find_start(self, key: _Raw | None, item: _Raw) -> int:
        """Where an entry begins: at its key, or at the dash before an item."""
        if key is not None:
            return key.start
        match = _DASH.match(self.text, self.at)
        if match is None or match.end() > item.start:
            raise NotSure("an item without a dash")
        return match.end()

    def _read_entry(self, key: Key, lead: str, start: int, item: _Raw) -> Entry:
        text = self.text
        if item.kind == "leaf" or item.bracketed:
            node, end = self._read_inline(item)
            tail = ""
            if item.bracketed or not text[item.start : end].endswith("\n"):
                match = _TAIL.match(text, end)
                if match is None:
                    raise NotSure("more than a value on a line")
                end, tail = match.end(), match[0]
            self.at = end
            return Entry(key, lead, text[start : item.start], node, tail)
        child = item.pairs[0][0]
        begin = child.start if child else item.start
        if item.kind == "seq":
            # The first dash stands behind the tag and the anchor of the sequence.
            match = _BEFORE_DASH.match(text, item.start)
            begin = match.end() if match else item.start
            if text[begin : begin + 1] != "-" or begin < start:
                raise NotSure("a list that begins in an unusual way")
        line = text.rfind("\n", 0, begin) + 1
        self.at = begin if line <= start else text.index("\n", start) + 1
        head = text[start : self.at]
        return Entry(key, lead, head, self.read_block(item), "")

    def _read_inline(self, raw: _Raw) -> tuple[Node, int]:
        """A scalar, or a flow mapping or sequence; an unusual one is a leaf."""
        text = self.text
        written = text[raw.start : raw.end]
        if raw.kind == "leaf":
            return Leaf(written, raw.value), raw.end
        opening = _OPENING.match(text, raw.start)
        whole = Leaf(written, ("flow", written))
        if opening is None or any(i.kind != "leaf" and not i.bracketed for _, i in raw.pairs):
            return whole, raw.end
        entries: list[Entry] = []
        at = opening.end()
        for key, item in raw.pairs:
            start = (key or item).start
            if key and item.start < key.end:
                return whole, raw.end
            node, end = self._read_inline(item)
            entry = Entry(_read_key(key), text[at:start], text[start : item.start], node, "")
            entry, at = brackets.finish(text, end, entry, _SYNTAX)
            entries.append(entry)
        kind = _SEQ if raw.kind == "seq" else _MAP
        return Branch(kind, True, opening[0], tuple(entries), text[at : raw.end]), raw.end


_NOTHING = compile_lazily(r"(?!)")
_SYNTAX = brackets.Syntax(
    space=compile_lazily(r"(?:[ \t\n]++|(?<=\s)#.*)*+"),
    tail=compile_lazily(r"[ \t]+#.*|"),
    scalar=_NOTHING,
    key=_NOTHING,
    read_scalar=lambda text: Leaf(text, text),
    read_key=lambda text: (text,),
)


def load(text: str) -> Value:
    """The value of a YAML document, with custom tags and aliases as they are written.

    Raises
    ------
    NotSure
        If it is invalid, has a key twice, or holds several documents.
    """
    raw = _compose(text)
    return {} if raw is None else _to_value(raw)


def _to_value(raw: _Raw) -> Value:
    if raw.kind == "leaf":
        return raw.value
    if raw.kind == "seq":
        return [_to_value(item) for _, item in raw.pairs]
    found = {_read_key(key): _to_value(item) for key, item in raw.pairs}
    if len(found) != len(raw.pairs):
        raise NotSure("a key stands twice")
    return found

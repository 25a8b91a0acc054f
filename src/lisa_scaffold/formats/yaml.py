"""Three-way merge of YAML by key: entries are moved as they are written.

PyYAML says where things are; it reads no value, so that custom tags do not matter.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import islice, pairwise
from typing import Any

import yaml

from lisa_scaffold.bounds import DEEP, DEEPEST
from lisa_scaffold.formats import brackets
from lisa_scaffold.formats.tree import Branch, Entry, Key, Leaf, Node, NotSure, Value

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_RESOLVERS: dict[str, list[tuple[str, re.Pattern[str]]]] = yaml.SafeLoader.yaml_implicit_resolvers
_LEAD = re.compile(r"(?:[ \t]*+(?:#.*)?\n)*+")
_TAIL = re.compile(r"[ \t]*(?:(?<=\s)#.*)?\n|[ \t]*\Z")
_FILE_HEAD = re.compile(
    r"(?:---[ \t]*(?:#.*)?\n)?(?:[ \t]*+#.*\n)++(?:[ \t]*+\n)++|---[ \t]*(?:#.*)?\n"
)
_KEEP = re.compile(r"[|>][1-9]?\+")
_MARGIN = 2
_MOST_EVENTS = 50_000


def split_documents(text: str) -> list[str]:
    """The documents of a file, each with the line that begins it."""
    starts = [0, *(mark.index for mark in _starts(text)[1:]), len(text)]
    return [text[start:end] for start, end in pairwise(starts)]


def _starts(text: str) -> list[Any]:
    return [e.start_mark for e in _events(text) if isinstance(e, yaml.DocumentStartEvent)]


def _events(text: str) -> list[Any]:
    """What PyYAML reads, bounded in number and in depth: what follows it goes from level to level.

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


@dataclass(frozen=True)
class _Raw:
    """What PyYAML tells about a node."""

    start: int
    end: int
    kind: str
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
    root = reader.block(raw)
    return replace(root, opening=opening, closing=text[reader.at :])


def _compose(text: str) -> _Raw | None:
    events = _events(text)
    starts = [event for event in events if isinstance(event, yaml.DocumentStartEvent)]
    if len(starts) > 1 or any(event.version or event.tags for event in starts):
        raise NotSure("several documents, or directives")
    _refuse_dangling_alias(events)
    body = iter(events[2:-2])
    return _node(next(body), body, text) if starts else None


def _refuse_dangling_alias(events: list[Any]) -> None:
    """An alias stands for an anchor above it: one side may have renamed or removed that."""
    known: set[str] = set()
    for event in events:
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in known:
                raise NotSure(f"the alias *{event.anchor} stands for nothing")
        elif isinstance(event, yaml.NodeEvent) and event.anchor:
            known.add(event.anchor)


def _node(event: Any, events: Any, text: str) -> _Raw:
    start, end = event.start_mark.index, event.end_mark.index
    if isinstance(event, yaml.AliasEvent):
        return _Raw(start, end, "leaf", ("*", str(event.anchor)))
    if isinstance(event, yaml.ScalarEvent):
        if event.style in ("|", ">") and not _KEEP.search(text[start:end].split("\n", 1)[0]):
            end = start + len(text[start:end].rstrip()) + 1
        return _Raw(start, end, "leaf", _scalar(event))
    pairs: list[tuple[_Raw | None, _Raw]] = []
    if isinstance(event, yaml.SequenceStartEvent):
        while not isinstance(inner := next(events), yaml.SequenceEndEvent):
            pairs.append((None, _node(inner, events, text)))
        kind = "seq"
    else:
        while not isinstance(inner := next(events), yaml.MappingEndEvent):
            key = _node(inner, events, text)
            pairs.append((key, _node(next(events), events, text)))
        kind = "map"
    tag: Value = (event.tag or "", event.anchor or "")
    return _Raw(start, inner.end_mark.index, kind, tag, bool(event.flow_style), tuple(pairs))


def _scalar(event: Any) -> Value:
    """What a scalar says: text, or a tag and the text."""
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


def _key(raw: _Raw | None) -> Key:
    if raw is None:
        return ()
    match raw.value:
        case str() as said if raw.kind == "leaf":
            return (said,)
        case (("" | "*"), str() as said) if raw.kind == "leaf":
            return (said,)
    raise NotSure("a key that is no plain text")


class _Reader:
    """Deals out the text of a document to the entries of its tree."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def block(self, raw: _Raw) -> Branch:
        """A block mapping or sequence; the text before its first entry is read."""
        entries: list[Entry] = []
        column, compact = 0, False
        for index, (key, item) in enumerate(raw.pairs):
            start = self._start(key, item)
            line = self.text.rfind("\n", 0, start) + 1
            if index == 0:
                column, compact = start - line, self.at > line
            lead = "" if compact and index == 0 else self._lead(line, start, column)
            entries.append(self._entry(_key(key), lead, start, item))
        kind = "seq" if raw.kind == "seq" else "map"
        branch = Branch("seq", False, "", tuple(entries), "", column, compact)
        return branch if kind == "seq" else replace(branch, kind="map")

    def _start(self, key: _Raw | None, item: _Raw) -> int:
        """Where an entry begins: at its key, or at the dash before an item."""
        if key is not None:
            return key.start
        match = re.compile(r"(?:[ \t]*+(?:#.*)?\n)*+[ \t]*(?=-\s)").match(self.text, self.at)
        if match is None or match.end() > item.start:
            raise NotSure("an item without a dash")
        return match.end()

    def _lead(self, line: int, start: int, column: int) -> str:
        match = _LEAD.match(self.text, self.at, line)
        margin = self.text[line:start]
        if (match.end() if match else self.at) != line or margin != " " * column:
            raise NotSure("an entry that begins in an unusual way")
        return self.text[self.at : line]

    def _entry(self, key: Key, lead: str, start: int, item: _Raw) -> Entry:
        text = self.text
        if item.kind == "leaf":
            return self._leaf(key, lead, start, item)
        if item.bracketed:
            node, end = self._flow(item)
            rest = self._rest(end)
            return Entry(key, lead, text[start : item.start], node, rest)
        child = item.pairs[0]
        begin = child[0].start if child[0] else item.start
        line = text.rfind("\n", 0, begin) + 1
        if item.kind == "seq":
            begin = self._first_dash(start, item)
            line = text.rfind("\n", 0, begin) + 1
        self.at = begin if line <= start else text.index("\n", start) + 1
        head = text[start : self.at]
        return Entry(key, lead, head, self.block(item), "")

    def _first_dash(self, start: int, item: _Raw) -> int:
        """Where the first dash of a block sequence stands: behind its tag and anchor."""
        match = re.compile(r"(?:[&!]\S*\s+)*+(?:(?:#.*)?\s++)*+").match(self.text, item.start)
        at = match.end() if match else item.start
        if self.text[at : at + 1] != "-" or at < start:
            raise NotSure("a list that begins in an unusual way")
        return at

    def _leaf(self, key: Key, lead: str, start: int, item: _Raw) -> Entry:
        text, end = self.text, item.end
        head, said = text[start : item.start], text[item.start : end]
        if said.endswith("\n"):
            self.at = end
            return Entry(key, lead, head, Leaf(said, item.value), "")
        return Entry(key, lead, head, Leaf(said, item.value), self._rest(end))

    def _rest(self, end: int) -> str:
        match = _TAIL.match(self.text, end)
        if match is None:
            raise NotSure("more than a value on a line")
        self.at = match.end()
        return match[0]

    def _flow(self, raw: _Raw) -> tuple[Node, int]:
        """A flow mapping or sequence; an unusual one is a leaf."""
        text = self.text
        opening = re.compile(r"(?:[&!]\S*[ \t]+)*[\[{]").match(text, raw.start)
        whole = Leaf(text[raw.start : raw.end], ("flow", text[raw.start : raw.end]))
        if opening is None or any(
            item.kind != "leaf" and not item.bracketed for _, item in raw.pairs
        ):
            return whole, raw.end
        entries: list[Entry] = []
        at = opening.end()
        for key, item in raw.pairs:
            start = (key or item).start
            if key and item.start < key.end:
                return whole, raw.end
            node, end = self._flow_node(item)
            entry = Entry(_key(key), text[at:start], text[start : item.start], node, "")
            entry, at = brackets.finish(text, end, entry, _SYNTAX)
            entries.append(entry)
        closing = text[at : raw.end]
        kind = "seq" if raw.kind == "seq" else "map"
        branch = Branch("seq", True, opening[0], tuple(entries), closing)
        return (branch if kind == "seq" else replace(branch, kind="map")), raw.end

    def _flow_node(self, item: _Raw) -> tuple[Node, int]:
        if item.kind == "leaf":
            return Leaf(self.text[item.start : item.end], item.value), item.end
        return self._flow(item)


_NOTHING = re.compile(r"(?!)")
_SYNTAX = brackets.Syntax(
    space=re.compile(r"(?:[ \t\n]++|(?<=\s)#.*)*+"),
    tail=re.compile(r"[ \t]+#.*|"),
    scalar=_NOTHING,
    key=_NOTHING,
    read_scalar=lambda text: Leaf(text, text),
    read_key=lambda text: (text,),
)


def load(text: str) -> Value:
    """What a YAML document says, with custom tags and aliases as they are written.

    Raises
    ------
    NotSure
        If it is invalid, has a key twice, or holds several documents.
    """
    raw = _compose(text)
    return {} if raw is None else _plain(raw)


def _plain(raw: _Raw) -> Value:
    if raw.kind == "leaf":
        return raw.value
    if raw.kind == "seq":
        return [_plain(item) for _, item in raw.pairs]
    found = {_key(key): _plain(item) for key, item in raw.pairs}
    if len(found) != len(raw.pairs):
        raise NotSure("a key stands twice")
    return found

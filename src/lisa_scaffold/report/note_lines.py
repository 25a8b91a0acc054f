"""Below which line of a file a note stands."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from re import escape, search

from lisa_scaffold.formats.readers import read_ini
from lisa_scaffold.formats.tree import Branch, Entry, NotSure, read_value
from lisa_scaffold.merge.identities import find_name
from lisa_scaffold.merge.kinds import find_file_type
from lisa_scaffold.pattern import compile_lazily

_TREES = ("toml", "yaml", "json")
_SPACE = compile_lazily(r"\s")
_AT_LINE = compile_lazily(r"lines? (\d{1,9})\b")


def place(
    notes: Sequence[str], path: str, text: str, *, numbered: bool
) -> tuple[dict[int, list[str]], list[str]]:
    """The notes that begin with a line or the name of a member, by the line; and the others.

    ``tool.ruff.line-length: …`` belongs to the key ``line-length`` of the table ``tool.ruff``. What
    names no member, or one that is there more than once, has no line. Numbers of lines count where
    they are those of this text (`numbered`).
    """
    at: dict[int, list[str]] = {}
    others = []
    lines = text.split("\n")
    members: Mapping[str, set[int]] | None = None
    for note in notes:
        named, colon, _ = note.split("\n", 1)[0].partition(": ")
        number = _AT_LINE.match(named)
        if number and numbered and 0 < int(number[1]) <= len(lines):
            found = {int(number[1])}
        elif not colon:
            found = set()
        else:
            members = _find_members(path, text) if members is None else members
            found = members[named] if named in members else _find_near(named, lines, members)
        if len(found) == 1:
            at.setdefault(min(found), []).append(note)
        else:
            others.append(note)
    return at, others


def _find_near(named: str, lines: Sequence[str], members: Mapping[str, set[int]]) -> set[int]:
    """The lines of what is named without what is above it, or by its text."""
    if members:
        ends = (at for name, at in members.items() if name.endswith(f".{named}"))
        return set().union(*ends)
    whole = {number for number, line in enumerate(lines, 1) if line.strip() == named.strip()}
    # A sentence that goes on behind a colon names no member.
    if whole or _SPACE.search(named):
        return whole
    word = rf"(?<![\w.-]){escape(named)}(?![\w-])"
    return {number for number, line in enumerate(lines, 1) if search(word, line)}


def _find_members(path: str, text: str) -> Mapping[str, set[int]]:
    """The lines of each member, by its name with those above it; nothing for what has none."""
    found: dict[str, set[int]] = {}
    form = find_file_type(path, text)
    if form == "ini":
        document = read_ini(path, text)
        for keys, position in document.positions.items():
            found.setdefault(".".join(map(str, keys)), set()).add(position.line)
            if len(keys) == 1:
                found.setdefault(f"[{keys[0]}]", set()).add(position.line)
    elif form in _TREES:
        try:
            # A file may lack its last newline.
            root = import_module(f"lisa_scaffold.formats.{form}").parse(f"{text.rstrip()}\n")
        except (NotSure, RecursionError):
            return {}
        for names, line in _locate(root, text):
            found.setdefault(".".join(filter(None, names)), set()).add(line)
    return found


def _locate(root: Branch, text: str) -> Iterator[tuple[tuple[str, ...], int]]:
    """Each member with the line that it begins in, as the mergers name it."""
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    at = 0

    def walk(branch: Branch, above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], int]]:
        nonlocal at
        at += len(branch.opening)
        for index, entry in enumerate(branch.entries):
            inline = branch.bracketed or (branch.compact and index == 0)
            at += len(entry.lead) + (0 if inline else branch.column)
            names = (*above, *_name(entry, branch))
            begins = at + len(entry.head) - len(entry.head.lstrip())
            yield names, bisect_right(starts, begins)
            at += len(entry.head)
            if isinstance(entry.node, Branch):
                yield from walk(entry.node, names)
            else:
                at += len(entry.node.text)
            at += len(entry.gap) + entry.comma + len(entry.tail)
        at += len(branch.closing)

    yield from walk(root, ())


def _name(entry: Entry, branch: Branch) -> tuple[str, ...]:
    """The names of a member: of an item, its identifying field or its text behind the list's."""
    if branch.kind == "map" and not entry.item:
        return entry.key
    return (*entry.key, find_name(read_value(entry.node)))

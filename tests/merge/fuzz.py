"""Random edits of real-looking documents, and what their merge may say."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random
from typing import Any

from lisa_scaffold.formats.tree import Branch, Entry, Leaf, Node, write

Parse = Callable[[str], Branch]
Merge = Callable[[str, str, str], "tuple[str, tuple[str, ...]] | None"]
_MISSING = object()
_IDS = ("repo", "id", "name", "module", "project", "source", "uses", "python-version", "PYTHON")


def edited(parse: Parse, text: str, random: Random) -> str:
    """The document after one to four edits by somebody who knows its format."""
    for _ in range(random.randint(1, 4)):
        text = write(_edit(parse(text), random, random.randint(1, 4)))
    return text


def _edit(node: Node, random: Random, depth: int) -> Node:
    if isinstance(node, Leaf):
        return _other(node, random)
    if not node.entries:
        return node
    index = random.randrange(len(node.entries))
    entry = node.entries[index]
    deeper = isinstance(entry.node, Branch) and entry.node.entries
    if depth and deeper:
        inner = entry._replace(node=_edit(entry.node, random, depth - 1))
        return node._replace(entries=_with(node, index, [inner]))
    return _edit_here(node, index, random)


def _edit_here(node: Branch, index: int, random: Random) -> Branch:
    entry = node.entries[index]
    match random.choice(["change", "change", "remove", "add", "comment", "swap"]):
        case "remove" if len(node.entries) > 1 and not (node.compact and index == 0):
            entries = _with(node, index, [])
        case "add":
            entries = _with(node, index, [entry, _added(node, entry, random)])
        case "comment" if not node.bracketed and entry.lead:
            margin = " " * node.column
            line = f"{margin}# remark {random.randint(1, 9)}\n"
            entries = _with(node, index, [entry._replace(lead=entry.lead + line)])
        case "swap" if index and not node.bracketed and not node.compact and not entry.item:
            pair = [entry, node.entries[index - 1]]
            entries = (*node.entries[: index - 1], *pair, *node.entries[index + 1 :])
        case _:
            entries = _with(node, index, [entry._replace(node=_other(entry.node, random))])
    return node._replace(entries=_commas(node, entries))


def _with(node: Branch, index: int, entries: list[Entry]) -> tuple[Entry, ...]:
    return (*node.entries[:index], *entries, *node.entries[index + 1 :])


def _commas(node: Branch, entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    if not node.bracketed or not node.opening:
        return entries
    last = node.entries[-1].comma
    return tuple(
        e._replace(comma=last if i == len(entries) - 1 else True) for i, e in enumerate(entries)
    )


def _added(node: Branch, like: Entry, random: Random) -> Entry:
    """Another entry like one that is there."""
    number = random.randint(1, 5)
    added = like._replace(node=_other(like.node, random))
    if node.kind == "seq":
        return added
    head = re.sub(
        r"\w(?=\W*$)|\w(?=\"?\s*[:=]\s*)|\w(?=\]+)", rf"\g<0>{number}", like.head, count=1
    )
    return added._replace(head=head)


def _other(node: Node, random: Random) -> Node:
    """Another value of the same form."""
    if isinstance(node, Branch):
        if not node.entries:
            return node
        index = random.randrange(len(node.entries))
        entry = node.entries[index]
        inner = entry._replace(node=_other(entry.node, random))
        return node._replace(entries=_with(node, index, [inner]))
    number = str(random.randint(1, 30))
    if re.search(r"\d", node.text):
        places = list(re.finditer(r"\d+", node.text))
        place = random.choice(places)
        return Leaf(node.text[: place.start()] + number + node.text[place.end() :], "")
    words = list(re.finditer(r"[a-z]{2,}", node.text))
    if not words or node.text in ("true", "false") or node.text.startswith(("*", "!")):
        return node
    word = random.choice(words)
    return Leaf(node.text[: word.end()] + number + node.text[word.end() :], "")


def check(path: str, sides: tuple[Any, Any, Any], merged: Any, notes: str) -> list[str]:
    """What is wrong with merged data by the plain three-way rule; a note excuses a scalar."""
    base, ours, theirs = sides
    if theirs in (ours, base):
        return [] if merged == ours else [f"{path}: {merged!r} is not {_show(ours)}"]
    if ours == base:
        return [] if merged == theirs else [f"{path}: {merged!r} is not {_show(theirs)}"]
    kept = [side for side in (base, ours, theirs, merged) if side is not _MISSING]
    if len(kept) >= 3 and all(isinstance(side, dict) for side in kept) and merged is not _MISSING:
        keys = {key for side in kept for key in side}
        return [
            wrong
            for key in keys
            for wrong in check(
                f"{path}.{key}",
                (_get(base, key), _get(ours, key), _get(theirs, key)),
                _get(merged, key),
                notes,
            )
        ]
    if len(kept) == 4 and all(isinstance(side, list) for side in kept):
        return _check_list(path, [base, ours, theirs, merged], notes)
    lost = [side for side in (ours, theirs) if side not in (merged, _MISSING)]
    named = all(str(text) in notes for side in lost for text in _changed(base, side))
    if named or _by_part(base, ours, theirs, merged):
        return []
    return [f"{path}: {_show(base)} → {_show(ours)} | {_show(theirs)} gave {_show(merged)}"]


def _show(side: Any) -> str:
    return "nothing" if side is _MISSING else repr(side)


def _get(side: Any, key: str) -> Any:
    return _MISSING if side is _MISSING else side.get(key, _MISSING)


def _changed(base: Any, side: Any) -> list[Any]:
    """The scalars of a side that base has not in the same place."""
    if isinstance(side, dict) and isinstance(base, dict):
        return [x for key, part in side.items() for x in _changed(base.get(key), part)]
    if isinstance(side, list) and isinstance(base, list) and len(side) == len(base):
        return [x for old, new in zip(base, side, strict=True) for x in _changed(old, new)]
    if isinstance(side, list) and isinstance(base, list):
        return [part for part in side if part not in base]
    if side != base and isinstance(side, str):
        return [re.sub(r"^[\w-]+(?:\[.*\])?(?=[<>=~!])", "", side)]
    return [side] if side != base else []


def _by_part(base: Any, ours: Any, theirs: Any, merged: Any) -> bool:
    """Whether texts were merged by line, or requirements by part: all that is new is there."""
    if not all(isinstance(side, str) for side in (base, ours, theirs, merged)):
        return False
    pattern = r".+\n?" if "\n" in base else r"[\w.-]+|\[|[<>=!~]+"
    words = [re.findall(pattern, side) for side in (base, ours, theirs, merged)]
    new = {word for side in words[1:3] for word in side if word not in words[0]}
    return new <= set(words[3])


def _check_list(path: str, sides: list[list[Any]], notes: str) -> list[str]:
    """Records by what identifies them, other items by themselves."""
    keyed = [{_identity(item): item for item in side} for side in sides]
    if any(isinstance(item, dict) and not set(item) & set(_IDS) for side in sides for item in side):
        return []  # nothing identifies these
    if any(len(k) != len(side) for k, side in zip(keyed, sides, strict=True)):
        counts = [[side.count(item) for side in sides] for side in sides for item in side]
        wrong = [c for c in counts if not min(c[:3]) <= c[3] <= max(c[:3])]
        return [f"{path}: copies {wrong}"] if wrong else []
    if any(set(k) - set(keyed[0]) and set(keyed[0]) - set(k) for k in keyed[1:3]):
        # One side may have renamed an item: nothing new may be lost, nothing come from nowhere.
        names = [set(k) for k in keyed]
        gone = (names[1] ^ names[2]) - names[0] - names[3]
        strange = names[3] - names[1] - names[2]
        return [f"{path}: lost {gone}, strange {strange}"] if gone or strange else []
    return check(path, (keyed[0], keyed[1], keyed[2]), keyed[3], notes)


def _identity(item: Any) -> str:
    if isinstance(item, dict):
        return next((f"{i}={str(item[i]).split('@')[0]}" for i in _IDS if i in item), repr(item))
    if isinstance(item, str) and (name := re.match(r"[\w-]+(?=\s*[\[<>=~!])", item)):
        return name[0]
    return repr(item)


def new_comments(base: str, side: str) -> list[str]:
    """The comments that a side added."""
    before = re.findall(r"#.*|//.*", base)
    return [comment for comment in re.findall(r"#.*|//.*", side) if comment not in before]

"""A last look at a merged file, git's clean merges included."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import TypeAlias

from lisa_scaffold.formats.diff import hunks
from lisa_scaffold.formats.tree import Indistinct, NotSure, Path, Value
from lisa_scaffold.merge import match, moves, values
from lisa_scaffold.merge.declined import Kept

_COMMENT_LINE = re.compile(r"^[ \t]*((?:#|//).*?)[ \t]*$", re.MULTILINE)
Maybe: TypeAlias = "Value | None"


def disagreement(
    base: Value, ours: Value, theirs: Value, merged: Value, *, by_git: bool = False
) -> str | None:
    """Where a merged file says what it should not, as a sentence; ``None``: nowhere.

    What nothing tells apart cannot be compared: that is held against a merger, which must be sure,
    and not against git (`by_git`), which looked at the lines around it. There, what is said must
    still be said as often as the two sides say it.
    """
    try:
        return _check((), _followed(base, ours, theirs), merged)
    except Indistinct as unsure:
        return _miscounted(base, ours, theirs, merged) if by_git else _unsaid(unsure)
    except NotSure as unsure:
        return _unsaid(unsure)


def _followed(base: Value, ours: Value, theirs: Value) -> tuple[Value, Value, Value]:
    """Three versions with what one side moved where it put it."""
    mine, other = moves.moved(base, theirs, ours), moves.moved(base, ours, theirs)
    base = moves.follow(moves.follow(base, other), mine)
    return base, moves.follow(ours, other), moves.follow(theirs, mine)


def _unsaid(unsure: NotSure) -> str:
    return f"nothing can be said about the merge: {unsure}."


def _miscounted(*versions: Value) -> str | None:
    """The first thing that is said more often, or less, than what two sides did can explain."""
    base, ours, theirs, merged = map(match.leaves, versions)
    for leaf in sorted({*base, *ours, *theirs, *merged}, key=repr):
        before, mine, other = base[leaf], ours[leaf], theirs[leaf]
        may = (mine, other, mine + other - before)
        if not min(may) <= merged[leaf] <= max(may):
            path = tuple(".".join(part) for part in leaf[:-1] if isinstance(part, tuple))
            return f"{values.where(path)}: neither side accounts for what stands there."
    return None


def sound(
    load: Callable[[str], Value],
    sides: tuple[str, str, str],
    merged: tuple[str, tuple[str, ...]] | None,
) -> tuple[str, tuple[str, ...]] | None:
    """A merged text with its notes, unless it is invalid or says what it should not."""
    if merged is None or merged[0] in sides[1:]:
        return merged
    try:
        said = [load(text) for text in (*sides, merged[0])]
    except (NotSure, RecursionError):
        return None
    if disagreement(said[0], said[1], said[2], said[3]) or lost_comment(*sides, *merged):
        return None
    return merged


def lost_comment(
    base: str, ours: str, theirs: str, merged: str, notes: Iterable[str] = ()
) -> str | None:
    """The first comment that a side added, and neither the merged text has nor a note names."""
    before, after = (set(_COMMENT_LINE.findall(text)) for text in (base, merged))
    for side, text in ("project", ours), ("template", theirs):
        for comment in _COMMENT_LINE.findall(text):
            if comment in before or comment in after:
                continue
            told = any(comment in note for note in notes)
            if not told:
                return f"a comment of the {side} is lost: {comment}"
    return None


def _check(path: Path, sides: Sequence[Maybe], merged: Maybe) -> str | None:
    """Compare one value; ``None`` among the values: it is not there."""
    base, ours, theirs = sides
    if theirs in (ours, base):
        return _expect(path, ours, merged)
    if ours == base:
        return _expect(path, theirs, merged)
    return _both(path, sides, merged)


def _both(path: Path, sides: Sequence[Maybe], merged: Maybe) -> str | None:
    """Compare a value that both sides changed, each in another way."""
    base, ours, theirs = sides
    match base, ours, theirs, merged:
        case ((dict() | None), dict(), dict(), dict()):
            return _mapping(path, base or {}, ours, theirs, merged)
        case ((str() | tuple() as one), list(), list(), list()) if one in ours and one in theirs:
            return _sequence(path, [one], ours, theirs, merged)
        case list(), list(), list(), list():
            return _sequence(path, base, ours, theirs, merged)
        case None, list(), list(), list():
            return _both_added(path, ours, theirs, merged)
    return _scalar(path, sides, merged)


def _removed(path: Path, base: Maybe, ours: Maybe, theirs: Maybe, merged: Maybe) -> str | None:
    if values.only_pins(path, base, theirs if ours is None else ours):
        return _expect(path, None, merged)
    # The project's decision stands, with a note.
    own = None if base is None or ours is None else values.own_part(path, base, ours)
    return _expect(path, own or ours, merged)


def _scalar(path: Path, sides: Sequence[Maybe], merged: Maybe) -> str | None:
    base, ours, theirs = sides
    if ours is None or theirs is None:
        return _removed(path, base, ours, theirs, merged)
    decision = values.scalar(path, base, ours, theirs)
    if decision is None:
        if merged in (ours, theirs) and (_hash(ours) or _hash(theirs)):
            return None
        return f"{values.where(path)}: both sides changed it differently."
    if values.text_of(merged) != decision.text:
        return f"{values.where(path)}: neither what one side made of it nor a safe choice."
    return None


def _hash(value: Value) -> bool:
    """Whether a comment behind the value says which version it is: the merger has read it."""
    return bool(re.search(r"(?:^|@)[0-9a-f]{40}$", values.text_of(value) or ""))


def _expect(path: Path, expected: Maybe, merged: Maybe) -> str | None:
    if merged == expected:
        return None
    return f"{values.where(path)}: not what the only side that changed it made of it."


def _mapping(
    path: Path,
    base: dict[tuple[str, ...], Value],
    ours: dict[tuple[str, ...], Value],
    theirs: dict[tuple[str, ...], Value],
    merged: dict[tuple[str, ...], Value],
) -> str | None:
    items: list[list[match.Item]] = [list(side.items()) for side in (base, ours, theirs)]
    slots = match.by_likeness(items[0], items[1], items[2], keyed=True)
    left = dict(merged)
    for versions in _versions(slots, items):
        key = _key([version and version[0] for version in versions])
        if not isinstance(key, tuple):
            continue
        said = [version and version[1] for version in versions]
        wrong = _check((*path, *key), said, left.pop(key, None))
        if wrong:
            return wrong
    if left:
        return f"{values.where((*path, *next(iter(left))))}: neither side has it."
    return None


def _versions(
    slots: match.Slots, items: Sequence[Sequence[match.Item]]
) -> list[list[match.Item | None]]:
    """The three versions of each member."""
    numbers = (slots.base, slots.ours, slots.theirs)
    sides = [dict(zip(n, side, strict=True)) for n, side in zip(numbers, items, strict=True)]
    every = dict.fromkeys([*slots.ours, *slots.theirs, *slots.base])
    return [[side.get(slot) for side in sides] for slot in every]


def _key(keys: Sequence[Hashable | None]) -> Hashable:
    """The key that a member has in the result, where one side may have renamed it."""
    base, ours, theirs = keys
    if ours is None or theirs is None:
        return ours or theirs or base
    return theirs if ours == base else ours


def _sequence(
    path: Path, base: list[Value], ours: list[Value], theirs: list[Value], merged: list[Value]
) -> str | None:
    sides = [base, ours, theirs, merged]
    counts = [Counter(repr(item) for item in side) for side in sides]
    # A member merged from both sides is new; a copy of it is not.
    most = {item: max(1, *(side[item] for side in counts[:3])) for item in counts[3]}
    if any(count > most[item] for item, count in counts[3].items()):
        return f"{values.where(path)}: an item stands there more often than on either side."
    kind = values.list_kind(path, base, ours, theirs)
    if kind == "set":
        out = values.crowded_out(base, ours, theirs)
        sides[2] = [item for index, item in enumerate(theirs) if index not in out]
    if kind == "ordered":
        texts = [[repr(item) for item in side] for side in sides]
        picks = match.diff3(*texts[:3])
        if picks is None or [texts[side][index] for side, index in picks] != texts[3]:
            return f"{values.where(path)}: both sides changed a list whose order counts."
        return None
    keys = match.identities(*sides) if kind == "records" else values.item_keys(kind, *sides)
    items: list[list[match.Item]] = [
        list(zip(k, side, strict=True)) for k, side in zip(keys, sides, strict=True)
    ]
    slots = match.by_likeness(items[0], items[1], items[2], keyed=kind != "records")
    return _members(path, _versions(slots, items[:3]), items[3])


def _both_added(
    path: Path, ours: list[Value], theirs: list[Value], merged: list[Value]
) -> str | None:
    """A list that both sides added: it has the items of both, in an order that is fine."""
    if values.is_last_wins(path):
        fresh = [item for item in theirs if item not in ours]
        return _expect(path, [*fresh, *ours] if fresh else ours, merged)
    return _sequence(path, [], ours, theirs, merged)


def _members(
    path: Path, members: list[list[match.Item | None]], merged: list[match.Item]
) -> str | None:
    """Find for every member its place in the merged list, and leave nothing there."""
    left = list(merged)
    for versions in members:
        key = _key([version and version[0] for version in versions])
        said = [version and version[1] for version in versions]
        inner = (*path, _shown(key))
        found = [item for item in left if item[0] == key]
        wrong: str | None = None
        for item in found:
            wrong = _check(inner, said, item[1])
            if wrong is None:
                left.remove(item)
                break
        else:
            absent = _check(inner, said, None)
            if absent:
                return wrong or absent
    repeated = Counter(repr(key) for key, _ in left)
    return (
        f"{values.where(path)}: more than both sides have: {next(iter(repeated))}."
        if left
        else None
    )


def _shown(key: Hashable) -> str:
    return str(key[1]) if isinstance(key, tuple) and isinstance(key[0], tuple) else ""


Load = Callable[[str], Value]
_TOML = (".toml", "Pipfile")
_YAML = (".yaml", ".yml", ".cff", ".clang-format", ".clang-tidy")
_JSON = (".json", ".jsonc", ".json5", ".code-workspace", ".geojson", ".ipynb")


def problem(  # noqa: PLR0913, PLR0917 - three versions and what came of them
    path: str,
    base: str,
    ours: str,
    theirs: str,
    merged: str,
    notes: Sequence[str] = (),
    *,
    by_git: bool = False,
) -> str | None:
    """What is wrong with a merged file, as a sentence; ``None``: nothing, or no keyed format.

    A side that was invalid before cannot be compared; the result must then be valid only if
    both sides are. Where git merged it (`by_git`), a merge of lines that nothing tells apart stands
    as long as nothing is wrong with it.
    """
    load = _loader(path)
    if load is None or merged in (ours, theirs):
        return None
    sides = [_loaded(load, text) for text in (base, ours, theirs)]
    result = _loaded(load, merged)
    if sides[1] is None or sides[2] is None:
        return None
    if result is None:
        return "the merged file is invalid, though both sides are valid."
    if sides[0] is None:
        return None
    said = disagreement(sides[0], sides[1], sides[2], result, by_git=by_git)
    return said or lost_comment(base, ours, theirs, merged, notes)


def _loader(path: str) -> Load | None:
    """What reads a file of this name."""
    if path.endswith(_TOML):
        from lisa_scaffold.formats import toml

        return toml.load
    if path.endswith(_YAML):
        from lisa_scaffold.formats import yaml

        return yaml.load
    if path.endswith(_JSON):
        from lisa_scaffold.formats import json

        return json.load
    return None


def _loaded(load: Load, text: str) -> Value | None:
    try:
        return load(text)
    except (NotSure, RecursionError):
        return None


_RUN = re.compile(r"[\w.@:/*-]+")
_MEANS = re.compile(r"\w")


def lost(base: str, ours: str, theirs: str, merged: str, notes: Iterable[str]) -> str | None:
    """A word that one side added and the merge has not, or that it has although one side took it.

    Words that a note names are accounted for.
    """
    before, after = count(base), count(merged)
    sides = [_changes(base, side) for side in (ours, theirs)]
    named = set(count("\n".join(_told(notes))))
    for word in {*before, *after, *sides[0][0], *sides[1][0]} - named:
        if re.split("[:@]", word)[-1] in named:
            continue
        added, removed = ([side[which][word] for side in sides] for which in (0, 1))
        least = before[word] - sum(removed) + max(added)
        most = before[word] + sum(added) - max(removed)
        if not least <= after[word] <= most:
            return word
    return None


def _told(notes: Iterable[str]) -> Iterator[str]:
    """Notes, and the texts that they carry."""
    for note in notes:
        yield note
        if isinstance(note, Kept):
            yield from (note.before, note.after, note.stays)


def _changes(base: str, side: str) -> tuple[Counter[str], Counter[str]]:
    """The words of the lines that a side added, and of those that it removed."""
    first, second = base.split("\n"), side.split("\n")
    added: Counter[str] = Counter()
    removed: Counter[str] = Counter()
    for hunk in hunks(first, second):
        removed += count("\n".join(first[hunk.start : hunk.end]))
        added += count("\n".join(second[hunk.other_start : hunk.other_end]))
    return added, removed


def count(text: str) -> Counter[str]:
    """The words of a text."""
    return Counter(word.strip(".:") for word in _RUN.findall(text) if _MEANS.search(word))

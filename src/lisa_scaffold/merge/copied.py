"""Dockerfiles: instructions that depend on one another by the paths that COPY and ADD make."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from lisa_scaffold.formats.dockerfile import Instruction, parse
from lisa_scaffold.formats.stretches import Unit, Units
from lisa_scaffold.pattern import compile_lazily

_PARTS = compile_lazily(r"[\s\"'=;&|()<>\[\],]+")
_EVERYTHING = ("", ".", "/")
_MOST_PATHS = 50
_LONGEST = 4096  # characters that Linux takes for a path


class _Paths(NamedTuple):
    """The paths that a Dockerfile makes by COPY and ADD, and the words that may be such paths."""

    made: set[str]
    words: set[str]

    @classmethod
    def of(cls, text: str) -> _Paths:
        found = parse("", text).instructions
        made = {path for each in found if (path := _find_destination(each))}
        return cls(made, {word for each in found for word in _list_words(each)})

    def missing(self, paths: set[str]) -> set[str]:
        """Paths that are used here, and that nothing makes."""
        used = {path for word in self.words for path in _list_folders(word) if path in paths}
        made = _Folders(self.made)
        return {path for path in used if not made.find_near(path)}

    def idle(self) -> set[str]:
        """Paths that are made here, and that nothing uses."""
        return self.made.difference(*map(_Folders(self.made).find_near, self.words))


class _Folders:
    """Some paths, each found by the folders above it."""

    def __init__(self, paths: Iterable[str]) -> None:
        self.inside: dict[str, set[str]] = defaultdict(set)
        self.paths = set(paths)
        for path in self.paths:
            for folder in _list_folders(path):
                self.inside[folder].add(path)

    def find_near(self, word: str) -> set[str]:
        """The paths that are a word, lie below it, or above it."""
        return self.paths.intersection(_list_folders(word)) | self.inside.get(word, set())


def find_torn(ours: str, theirs: str, merged: str) -> set[str]:
    """Paths that a merge uses and does not make, or makes in vain, unlike both of its sides."""
    sides = [_Paths.of(text) for text in (ours, theirs)]
    paths = sides[0].made | sides[1].made
    if sides[0].made == sides[1].made or len(paths) > _MOST_PATHS:
        return set()
    both = _Paths.of(merged)
    missing = both.missing(paths).difference(*(side.missing(paths) for side in sides))
    idle = both.idle().difference(*(side.idle() for side in sides))
    return missing | idle


def take_back(base: Units, side: Units, torn: set[str]) -> list[Unit]:
    """The instructions of a side, those that have to do with some paths as they were before.

    What hangs together with those by another path is as it was before too.
    """
    again = _find_dependent(base, side, torn)
    kept = [unit for unit in side if unit.key not in again]
    above: list[Unit] = []
    for unit in base:
        if unit.key in again:
            places = {each.key: at for at, each in enumerate(kept)}
            at = max((places[each.key] + 1 for each in above if each.key in places), default=0)
            kept.insert(at, unit)
        above.append(unit)
    return kept


class Replaced:
    """The paths that a side no longer makes, and those that it makes of something else instead."""

    def __init__(self, base: Units, *sides: Units) -> None:
        before, *after = map(_map_copies, (base, *sides))
        self._gone = _Folders(path for each in after for path in _list_lost(before, each))
        self._new = _Folders(path for each in after for path in _list_lost(each, before))
        self._known: dict[Sequence[str], tuple[bool, bool]] = {}

    def parts(self, old: Unit, new: Unit) -> bool:
        """Whether an instruction is about what is gone, and another about what came instead."""
        return self._read(old)[0] and self._read(new)[1]

    def _read(self, unit: Unit) -> tuple[bool, bool]:
        """Whether an instruction is about what is gone, and about what came instead."""
        if unit.lines not in self._known:
            paths = _Paths.of("\n".join(unit.lines))
            words = paths.made | paths.words
            gone, new = (any(map(each.find_near, words)) for each in (self._gone, self._new))
            self._known[unit.lines] = gone, new
        return self._known[unit.lines]


def are_independent(ours: Units, theirs: Units) -> bool:
    """Whether steps that both sides add copy something, and use nothing else that is copied."""
    sides = [[_Paths.of("\n".join(unit.lines)) for unit in side] for side in (ours, theirs)]
    made = [set().union(*(paths.made for paths in side)) for side in sides]
    folders = [_Folders(paths) for paths in made]
    if any(folders[0].find_near(path) for path in made[1]):
        return False
    return all(
        paths.made or any(own.paths & _list_folders(word) for word in paths.words)
        for side, own in zip(sides, folders, strict=True)
        for paths in side
    )


def _list_lost(before: Mapping[str, set[str]], after: Mapping[str, set[str]]) -> set[str]:
    """The paths that are made no more, nor is anything else of what they were made of."""
    left = set().union(*after.values())
    return {path for path, sources in before.items() if path not in after and not sources & left}


def _map_copies(units: Units) -> dict[str, set[str]]:
    """What each path is copied from."""
    found: dict[str, set[str]] = {}
    for unit in units:
        for each in parse("", "\n".join(unit.lines)).instructions:
            if path := _find_destination(each):
                words = map(_plain, filter(None, _PARTS.split(each.value)[:-1]))
                found.setdefault(path, set()).update(words)
    return found


def _find_dependent(base: Units, side: Units, torn: set[str]) -> set[Hashable]:
    """The keys of instructions that make or use some paths, or others that these hang on."""
    read = [(unit.key, _Paths.of("\n".join(unit.lines))) for unit in (*base, *side)]
    known = torn.union(*(paths.made for _, paths in read))
    if len(known) > _MOST_PATHS:
        return {key for key, _ in read}
    folders = _Folders(known)
    near: dict[Hashable, set[str]] = defaultdict(set)
    for key, paths in read:
        near[key].update(*map(folders.find_near, paths.made | paths.words))
    users = {path: {key for key, paths in near.items() if path in paths} for path in known}
    keys: set[Hashable] = set()
    reached, waiting = set(torn), list(torn)
    while waiting:
        new = users[waiting.pop()] - keys
        more = set().union(*(near[key] for key in new)) - reached
        keys |= new
        reached |= more
        waiting += more
    return keys


def _find_destination(instruction: Instruction) -> str:
    """Where a COPY or ADD puts something; empty where that is everything, or it is none."""
    if instruction.verb not in ("COPY", "ADD"):
        return ""
    words = [word for word in _PARTS.split(instruction.value) if word]
    path = _plain(words[-1]) if words else ""
    return "" if path in _EVERYTHING or len(path) > _LONGEST else path


def _list_words(instruction: Instruction) -> Iterator[str]:
    """The words of an instruction that may name a path in the image."""
    if instruction.verb in ("RUN", "WORKDIR", "CMD", "ENTRYPOINT", "ENV"):
        words = _PARTS.split(instruction.value)
    elif instruction.verb in ("COPY", "ADD") and "--from=" in instruction.value:
        words = _PARTS.split(instruction.value)[:-1]
    else:
        words = []
    yield from (path for word in words if len(word) <= _LONGEST and (path := _plain(word)))


def _plain(word: str) -> str:
    return re.sub(r"^(?:\./)+", "", word.rstrip("/")) or word[:1]


def _list_folders(path: str) -> set[str]:
    """A path, and the folders above it."""
    return {path, *(path[:at] for at, letter in enumerate(path) if letter == "/")}

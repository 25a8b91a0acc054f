"""Dockerfiles: instructions that depend on one another by the paths that COPY and ADD make."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator
from typing import NamedTuple

from lisa_scaffold.formats.dockerfile import Instruction, parse
from lisa_scaffold.formats.stretches import Unit, Units
from lisa_scaffold.pattern import compile_lazily

_PARTS = compile_lazily(r"[\s\"'=;&|()<>\[\],]+")
_EVERYTHING = ("", ".", "/")
_MOST_PATHS = 50


class _Paths(NamedTuple):
    """The paths that a Dockerfile makes by COPY and ADD, and the words that may be such paths."""

    made: set[str]
    words: set[str]

    @classmethod
    def of(cls, text: str) -> _Paths:
        found = parse("", text).instructions
        made = {path for each in found if (path := _find_destination(each))}
        return cls(made, {word for each in found for word in _list_words(each)})

    def touches(self, paths: set[str]) -> bool:
        """Whether it makes or uses one of some paths."""
        return any(_is_near(word, path) for word in self.made | self.words for path in paths)

    def missing(self, paths: set[str]) -> set[str]:
        """Paths that are used here, and that nothing makes."""
        used = {path for path in paths if any(_is_below(word, path) for word in self.words)}
        return {path for path in used if not any(_is_near(path, made) for made in self.made)}

    def idle(self) -> set[str]:
        """Paths that are made here, and that nothing uses."""
        return {path for path in self.made if not any(_is_near(word, path) for word in self.words)}


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


def _find_dependent(base: Units, side: Units, torn: set[str]) -> set[Hashable]:
    """The keys of instructions that make or use some paths, or others that these hang on."""
    read = [(unit.key, _Paths.of("\n".join(unit.lines))) for unit in (*base, *side)]
    known = {path for _, paths in read for path in paths.made}
    while True:
        keys = {key for key, paths in read if paths.touches(torn)}
        reached = [paths for key, paths in read if key in keys]
        more = {path for path in known - torn if any(each.touches({path}) for each in reached)}
        if not more:
            return keys
        torn = torn | more


def _find_destination(instruction: Instruction) -> str:
    """Where a COPY or ADD puts something; empty where that is everything, or it is none."""
    if instruction.verb not in ("COPY", "ADD"):
        return ""
    words = [word for word in _PARTS.split(instruction.value) if word]
    path = _plain(words[-1]) if words else ""
    return "" if path in _EVERYTHING else path


def _list_words(instruction: Instruction) -> Iterator[str]:
    """The words of an instruction that may name a path in the image."""
    if instruction.verb in ("RUN", "WORKDIR", "CMD", "ENTRYPOINT", "ENV"):
        yield from (path for word in _PARTS.split(instruction.value) if (path := _plain(word)))
    elif instruction.verb in ("COPY", "ADD") and "--from=" in instruction.value:
        yield from map(_plain, _PARTS.split(instruction.value)[:-1])


def _plain(word: str) -> str:
    return re.sub(r"^(?:\./)+", "", word.rstrip("/")) or word[:1]


def _is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")


def _is_near(one: str, other: str) -> bool:
    return _is_below(one, other) or _is_below(other, one)

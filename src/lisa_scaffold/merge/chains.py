"""Three-way merge of the commands that one RUN of a Dockerfile joins with ``&&``.

The commands run one after the other, so each keeps its place between its neighbours. Whatever is
more than a plain chain in the shell's language is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from lisa_scaffold.merge.units import Unit, alike, key_of, merge_units, one_sided

_HEAD = re.compile(r"[ \t]*RUN(?:[ \t]|\\\n)+", re.IGNORECASE)
_AND = re.compile(r"((?<![ \t])[ \t]*(?:\\\n[ \t]*)?&&[ \t]*(?:\\\n[ \t]*)?)")
_FLAG_OR_LIST = re.compile(r"--|\[")
_MORE = re.compile(r"[;|&()<#`!\n]|(?<!\$)\{|\\(?!\n)")
_KEYWORD = re.compile(r"(?:if|then|else|fi|for|while|until|do|done|case|esac|function|time)\b")
# What such a command does holds for all that follow it.
_LASTING = re.compile(
    r"(?:\.|source|cd|pushd|popd|export|unset|set|shopt|alias|umask|ulimit|trap|eval|exec|exit"
    r"|return|readonly|declare|hash|(?:\w+=\S*\s*)+$)(?:\s|$)"
)
_HEIR = 0.5


class _Chain(NamedTuple):
    """The comments above a RUN, the commands in plain form, and how they are written."""

    above: tuple[str, ...]
    head: str
    commands: list[str]
    written: list[str]
    joints: set[str]


def merge(
    base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]
) -> tuple[list[str], tuple[str, ...]] | None:
    """Merge one RUN, with the comments above it; ``None`` where that is not sure."""
    before, mine, yours = (_parse(lines) for lines in (base, ours, theirs))
    if before is None or mine is None or yours is None:
        return None
    above = one_sided(before.above, mine.above, yours.above)
    joints = mine.joints or yours.joints
    done = _merge(before.commands, mine.commands, yours.commands)
    if above is None or done is None or len(joints) != 1:
        return None
    written = dict(zip(yours.commands, yours.written, strict=True))
    written |= dict(zip(mine.commands, mine.written, strict=True))
    text = mine.head + next(iter(joints)).join(written[command] for command in done[0])
    return [*above, *text.split("\n")], done[1]


def _parse(lines: Sequence[str]) -> _Chain | None:
    at = next((i for i, line in enumerate(lines) if not line.lstrip().startswith("#")), len(lines))
    text = "\n".join(lines[at:])
    head = _HEAD.match(text)
    if head is None or _FLAG_OR_LIST.match(text, head.end()):
        return None
    parts = _AND.split(text[head.end() :].rstrip())
    written, joints = parts[::2], set(parts[1::2])
    if not all(map(_is_plain, written)):
        return None
    return _Chain(tuple(lines[:at]), head[0], [*map(_plain, written)], written, joints)


def _is_plain(written: str) -> bool:
    """Whether a command is one, and nothing of the shell's language beside it."""
    if any(written.count(quote) % 2 for quote in "\"'"):
        return False
    command = _plain(written)
    found = _MORE.search(written.replace("\\\n", " ")) or _KEYWORD.match(command)
    return bool(command) and found is None


def _plain(written: str) -> str:
    return " ".join(written.replace("\\\n", " ").split())


def _merge(
    base: list[str], ours: list[str], theirs: list[str]
) -> tuple[list[str], tuple[str, ...]] | None:
    mine, yours = _heirs(base, ours), _heirs(base, theirs)
    if mine is None or yours is None or not _may_grow(base, ours, theirs):
        return None
    kept = [{unit.key for unit in side} for side in (mine, yours)]
    if any((text in kept[0]) != (text in kept[1]) for text in base):
        return None  # what one side removed, the other's additions may rely on
    met: list[Unit] = []

    def together(_before: Unit | None, more: list[Unit], news: list[Unit]) -> list[Unit]:
        met.extend(more)
        return news + more

    done = merge_units(_units(base, {}), mine, yours, lambda _, __, ___: None, together)
    if done is None or not all(_in_turn(side, done[0]) for side in (mine, yours)):
        return None
    merged = [unit.lines[0] for unit in done[0]]
    if len(set(merged)) < len(merged):
        return None  # what one side added, the other made of another command
    note = f"{merged[0]} && …: both sides added commands at one place; the template's come first."
    return merged, (note,) if met else ()


def _may_grow(*sides: list[str]) -> bool:
    """Whether each command is there once, and those that hold for others are the same ones."""
    lasting = [[text for text in side if _LASTING.match(text)] for side in sides]
    once = all(len(set(side)) == len(side) for side in sides)
    return once and lasting[0] == lasting[1] == lasting[2]


def _units(side: list[str], names: Mapping[str, str]) -> list[Unit]:
    return [Unit(names.get(text, text), 0, (text,)) for text in side]


def _heirs(base: list[str], side: list[str]) -> list[Unit] | None:
    """The commands of a side, an edited one under the old name; ``None`` where nobody can tell."""
    names: dict[str, str] = {}
    news = _units([text for text in side if text not in base], {})
    for old in _units([text for text in base if text not in side], {}):
        heirs = [new.lines[0] for new in news if alike(old, new) >= _HEIR]
        if len(heirs) > 1 or names.keys() & heirs:
            return None
        names |= dict.fromkeys(heirs, old.lines[0])
    return _units(side, names)


def _in_turn(side: list[Unit], merged: list[Unit]) -> bool:
    """Whether the commands of a side follow each other in the merge as they did."""
    own = [unit.key for unit in side]
    return [key_of(unit) for unit in merged if key_of(unit) in own] == own

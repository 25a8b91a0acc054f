"""Three-way merge of makefiles and justfiles: by recipe and by variable.

A recipe is its head, the lines below it that are indented, and the comments and attributes right
above it. Where lines stand under a condition, a file is merged by its lines alone.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from lisa_scaffold.formats.diff import to_lines, to_text
from lisa_scaffold.formats.stretches import Unit, join_units, strip_number
from lisa_scaffold.merge import choice, continued
from lisa_scaffold.merge import text as plain
from lisa_scaffold.merge.declined import MergedText
from lisa_scaffold.merge.units import (
    MergedUnit,
    adopt_keys,
    decline_carried_over,
    let_project_decide,
    merge_units,
    place_in_turn,
)
from lisa_scaffold.merge.verify import find_lost_word
from lisa_scaffold.merge.words import merge_words, pick_farther, split_words
from lisa_scaffold.pattern import compile_lazily

_ASSIGNMENT = compile_lazily(
    r"(?:(?:export|override|private|set|alias)\s+)*([\w.-]+)\s*(?:::?:?|[?+!])?=(?!=)"
)
_HEAD = compile_lazily(r"@?([^\s:=#][^:=#]*)::?(?![=:])\s*(.*)")
_WITH_DEFAULTS = compile_lazily(
    r"""@?([\w-]+(?:\s+[*+$]*[\w-]+(?:=(?:"[^"]*"|'[^']*'|[\w.-]+))?)+)\s*:(?!=)\s*(.*)"""
)
_DIVIDED = compile_lazily(
    r"(?:\s*-?(?:ifeq|ifneq|ifdef|ifndef|else|endif|define|endef)\b|<<<<<<<|>>>>>>>)"
)
_INCLUDED = compile_lazily(r"[-s]?(?:include|import|mod)\??\s+(\S.*)")
_DIRECTIVE = compile_lazily(r"(?:export|unexport|undefine|vpath|set)(?:\s+[\w.%-][^:=#]*)?(?:#.*)?")
_WORDS = compile_lazily(r"[\w.%/ -]*")
_LISTED = compile_lazily(r"\s+\w[\w.%/-]*\s*\\?")
_PHONY = ".PHONY"
_SEVERAL = 2
_RECIPE, _NAMELESS = "recipe", "comment"


class _Head(NamedTuple):
    """The first line of a recipe: its targets, or its name and parameters, and what it needs."""

    targets: str
    needs: list[str]


def merge(base: str, ours: str, theirs: str) -> MergedText | None:
    """Merge recipes and variables; ``None`` where the two sides contradict each other."""
    sides = [_split(text) for text in (base, ours, theirs)]
    before, mine, offered = sides
    if before is None or mine is None or offered is None:
        return None
    if not before and any(map(_is_nameless, (*mine, *offered))):
        return None  # nothing tells where a line without a name belongs
    if _are_confused(before, mine, offered):
        return None
    mine, offered = (adopt_keys(before, side, is_nameless=_is_nameless) for side in (mine, offered))
    done = merge_units(before, mine, offered, _merge_both, _place, removed=_decide_removed)
    if done is None:
        return None
    text = (
        to_text(join_units(_part_comments(done[0]))).rstrip("\n") + ours[len(ours.rstrip("\n")) :]
    )
    if find_lost_word(base, ours, theirs, text, done[1]) or find_problem(base, ours, theirs, text):
        return None
    return text, done[1]


def _part_comments(units: Sequence[Unit]) -> list[Unit]:
    """Units with a blank line below each comment that is none of the recipe's below it."""
    parted: list[Unit] = []
    for unit in units:
        last = parted[-1] if parted else None
        is_below = last and _is_nameless(last) and last.lines[-1].startswith("#")
        parted.append(unit._replace(gap=max(unit.gap, 1)) if is_below else unit)
    return parted


def _are_confused(*sides: Sequence[Unit]) -> bool:
    """Whether a name stands twice on one side, and nobody knows which is which on another."""
    for key in {unit.key for side in sides for unit in side}:
        before, mine, offered = ([unit.lines for unit in side if unit.key == key] for side in sides)
        counts = {len(before), len(mine), len(offered)}
        both = before not in (mine, offered) and mine != offered
        if max(counts) > 1 and (both or len(counts) > 1):
            return True
    return False


def find_problem(_base: str, ours: str, theirs: str, merged: str) -> str | None:
    """Describe what is wrong with merged recipes that are right on both sides."""
    sides = [_read_recipes(text) for text in (ours, theirs, merged)]
    mine, offered, after = sides
    if mine is None or offered is None or after is None:
        return None
    names = [Counter(name for name, _ in side) for side in (mine, offered, after)]
    for name, times in names[2].items():
        if times > max(1, names[0][name], names[1][name]):
            return f"it has the recipe {name} twice"
    needed = {word for _, needs in after for word in needs}
    lacking = {*names[0], *names[1]} - {*names[2]}
    if missing := sorted(needed & lacking):
        return f"a recipe needs {missing[0]}, which one side has removed"
    return None


def _read_recipes(text: str) -> list[tuple[str, list[str]]] | None:
    """The name of each recipe that does something, and what it needs."""
    units = _split(text)
    if units is None:
        return None
    found = []
    for unit in units:
        if strip_number(unit)[0] != _RECIPE:
            continue
        at = _find_head(unit.lines)
        head = _read_head(unit.lines[at])
        if head and head.targets != _PHONY:
            found.append((str(strip_number(unit)[1]), head.needs))
    return found


def _split(text: str) -> list[Unit] | None:
    """The recipes, variables and comments of a file; ``None`` where there is anything else."""
    lines = to_lines(text)
    if any(_DIVIDED.match(line) for line in lines):
        return None
    units: list[Unit] = []
    at = 0
    while at < len(lines):
        start = at
        while at < len(lines) and not lines[at].strip():
            at += 1
        gap, begin = at - start, at
        while at < len(lines) and lines[at][:1] in ("#", "["):
            at += 1
        if at == len(lines) or not lines[at].strip():
            if begin < at:
                units.append(
                    Unit((_NAMELESS, "\n".join(lines[begin:at])), gap, (*lines[begin:at],))
                )
            continue
        if lines[at][0].isspace():
            return None
        end = _find_end(lines, at)
        key = _make_key(lines[at:end])
        if key is None:
            return None
        units.append(Unit(key, gap, tuple(lines[begin:end])))
        at = end
    return _join_phony(units)


def _find_end(lines: Sequence[str], at: int) -> int:
    """Where a line, with those that continue it and the recipe below it, ends."""
    end = at + 1
    while end < len(lines):
        # A blank line may stand in a recipe.
        following = next((i for i in range(end, len(lines)) if lines[i].strip()), len(lines))
        if following == len(lines):
            return end
        goes_on = following == end and lines[end - 1].endswith("\\")
        if not goes_on and not lines[following][0].isspace():
            return end
        end = following + 1
    return end


def _make_key(lines: Sequence[str]) -> tuple[str, str] | None:
    if match := _ASSIGNMENT.match(lines[0]):
        return "=", match[1]
    if match := _INCLUDED.match(lines[0]):
        return "include", match[1]
    if _DIRECTIVE.fullmatch(lines[0]):
        return "directive", lines[0].partition("#")[0].rstrip()
    head = _read_head(lines[0])
    if head is None:
        return None  # nothing says which line of another version this is
    return _RECIPE, head.targets.split()[0] if head.targets else ""


def _read_head(line: str) -> _Head | None:
    match = _HEAD.match(line) or _WITH_DEFAULTS.match(line)
    return match and _Head(match[1].rstrip(), match[2].partition("#")[0].split())


def _join_phony(units: Sequence[Unit]) -> list[Unit]:
    """Make of a recipe and the line right above it that declares it phony one unit."""
    joined: list[Unit] = []
    for unit in units:
        last = joined[-1] if joined else None
        if last and not unit.gap and last.key == (_RECIPE, _PHONY):
            declared = _read_head(last.lines[-1])
            if declared and [(_RECIPE, name) for name in declared.needs] == [unit.key]:
                joined[-1] = unit._replace(gap=last.gap, lines=(*last.lines, *unit.lines))
                continue
        joined.append(unit)
    declarations = [unit for unit in joined if unit.key == (_RECIPE, _PHONY)]
    if len(declarations) < _SEVERAL:
        return joined
    return [
        unit._replace(key=(_RECIPE, unit.lines[-1])) if unit in declarations else unit
        for unit in joined
    ]


def _find_head(lines: Sequence[str]) -> int:
    """The line of a unit that says what it is: the last one that is not indented."""
    plain_lines = [i for i, line in enumerate(lines) if line.strip() and not line[0].isspace()]
    return next((i for i in reversed(plain_lines) if not lines[i].startswith(("#", "["))), 0)


def _merge_both(base: Unit | None, ours: Unit, theirs: Unit) -> MergedUnit | None:
    """Merge a recipe or a variable that both sides changed, or that both added."""
    if base is None:
        words = [split_words("\n".join(unit.lines)) for unit in (ours, theirs)]
        more = pick_farther((), *words)
        if more is None:
            return decline_carried_over(_describe(ours), ours, theirs)
        return (ours if more == words[0] else theirs).lines, ()
    sides = [list(unit.lines) for unit in (base, ours, theirs)]
    with choice.favouring(choice.NOBODY):
        done: MergedUnit | None = plain.merge_lines(*sides) or _merge_head(*sides)
        done = done or _merge_command(*sides)
        if done is None and _lists_words(*sides):
            done = continued.merge_words(base, ours, theirs)
    return done or (
        plain.merge_lines(*sides, in_doubt=choice.find_side()) if choice.find_side() else None
    )


def _lists_words(*sides: Sequence[str]) -> bool:
    """Whether a variable is a list of words, one on each line; flags have an order."""
    lines = [line for side in sides for line in side[1:]]
    return bool(_ASSIGNMENT.match(sides[0][0])) and all(map(_LISTED.fullmatch, lines))


def _merge_head(base: list[str], ours: list[str], theirs: list[str]) -> MergedUnit | None:
    """Merge a recipe where both sides changed what it needs."""
    sides = base, ours, theirs
    spans = [slice(at := _find_head(lines), _find_last(lines, at) + 1) for lines in sides]
    wholes = [lines[span] for lines, span in zip(sides, spans, strict=True)]
    heads = [_read_head(_join(lines)) for lines in wholes]
    before, mine, offered = heads
    if before is None or mine is None or offered is None:
        return None
    if len({head.targets for head in (before, mine, offered)}) > 1:
        return None
    if not all(_WORDS.fullmatch(" ".join(head.needs)) for head in (before, mine, offered)):
        return None
    merged = _write_needs(wholes[1], before, mine, offered)
    if merged is None:
        return None
    for lines, span in zip(sides, spans, strict=True):
        lines[span] = merged
    return plain.merge_lines(base, ours, theirs)


def _write_needs(
    lines: Sequence[str], base: _Head, ours: _Head, theirs: _Head
) -> Sequence[str] | None:
    """The project's head of a recipe with what the template needs besides, and no longer.

    Only what is declared phony is a mere set: of other recipes, what stands beside something that
    is gone may have to do with it.
    """
    fresh = [word for word in theirs.needs if word not in (*base.needs, *ours.needs)]
    gone = {word for word in base.needs if word in ours.needs and word not in theirs.needs}
    kept = [[word for word in side.needs if word in base.needs] for side in (ours, theirs)]
    if base.targets != _PHONY and (kept != [base.needs] * 2 or ours.needs == base.needs):
        return None
    written = list(lines)
    for word in gone:
        at = next(i for i, line in enumerate(written) if word in line.split("#")[0].split())
        written[at] = re.sub(rf"\s+{re.escape(word)}(?!\S)", "", written[at], count=1)
        if not written[at].strip(" \t\\"):
            del written[at]
    if not lines[-1].endswith("\\"):
        written[-1] = written[-1].removesuffix("\\").rstrip()
    code, sign, remark = written[-1].partition("#")
    margin = code[len(code.rstrip()) :]
    if fresh:
        written[-1] = f"{' '.join([code.rstrip(), *fresh])}{margin}{sign}{remark}"
    return written


def _find_last(lines: Sequence[str], at: int) -> int:
    """The last of the lines that a line continues on."""
    while lines[at].endswith("\\") and at + 1 < len(lines):
        at += 1
    return at


def _join(lines: Sequence[str]) -> str:
    """A line with those that continue it."""
    return " ".join([*(line.removesuffix("\\") for line in lines[:-1]), lines[-1]])


def _merge_command(base: list[str], ours: list[str], theirs: list[str]) -> MergedUnit | None:
    """Merge a recipe of one command, which is the same one however little is left of its words."""
    parts = [_part_command(lines) for lines in (base, ours, theirs)]
    before, mine, offered = parts
    if before is None or mine is None or offered is None:
        return None
    above = plain.merge_lines(before[0], mine[0], offered[0])
    command = merge_words(before[1], mine[1], offered[1])
    return None if above is None or command is None else ([*above[0], command], above[1])


def _part_command(lines: list[str]) -> tuple[list[str], str] | None:
    """What is above the only command of a recipe, and that command."""
    at = _find_head(lines)
    is_one = at + 2 == len(lines) and not lines[at].endswith("\\")
    return (lines[:-1], lines[-1]) if is_one else None


def _place(before: Unit | None, ours: list[Unit], theirs: list[Unit]) -> list[Unit] | None:
    """Place what both sides add at one place: recipes work in either order, comments do not."""
    if all(any(map(_is_nameless, side)) for side in (ours, theirs)):
        return None
    return place_in_turn(before, *map(_part, (ours, theirs)))


def _part(units: Iterable[Unit]) -> list[Unit]:
    """Units with a blank line above each recipe."""
    return [u._replace(gap=max(u.gap, 1)) if strip_number(u)[0] == _RECIPE else u for u in units]


def _is_nameless(unit: Unit) -> bool:
    return bool(strip_number(unit)[0] == _NAMELESS)


def _describe(unit: Unit) -> str:
    return str(strip_number(unit)[1])


_decide_removed = let_project_decide(_describe)

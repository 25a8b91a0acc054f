"""Three-way merge of what pip reads: requirements and constraints, one a line.

The rules are those of a list of requirements in any other file: a package is known by its
normalised name, and the order says nothing.
Source: https://pip.pypa.io/en/stable/reference/requirements-file-format/
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from lisa_scaffold import versions
from lisa_scaffold.formats import diff
from lisa_scaffold.formats.diff import to_lines, to_text
from lisa_scaffold.formats.stretches import Unit, key_of, lines_of
from lisa_scaffold.formats.stretches import lines_of as joined
from lisa_scaffold.formats.tree import NotSure
from lisa_scaffold.merge import declined, removed, values
from lisa_scaffold.merge import text as plain
from lisa_scaffold.merge.layout import pick
from lisa_scaffold.merge.text import merge_words
from lisa_scaffold.merge.units import Both, Gone, in_blocks, in_turn, merge_units, project_decides
from lisa_scaffold.merge.verify import lost
from lisa_scaffold.versions import newest, normalised, requirement_keys, split_requirement

_PATTERN_AND_MORE = re.compile(r"(\S+)\s+\S")
# In a manifest the last word wins: between additions that take in and additions that leave out,
# the order decides.
_VERBS = {
    **dict.fromkeys(("include", "recursive-include", "global-include", "graft"), "in"),
    **dict.fromkeys(("exclude", "recursive-exclude", "global-exclude", "prune"), "out"),
}


class Rules(NamedTuple):
    """How the lines of one sort of file are merged.

    Attributes
    ----------
    both, gone
        What becomes of a line that both sides changed, or that one changed and the other removed.
    heirs
        Whether a line may have been renamed into another that is much like it.
    free
        Whether the order of the lines means nothing.
    """

    both: Both
    gone: Gone
    heirs: bool = True
    free: bool = False


def merge(base: str, ours: str, theirs: str) -> tuple[str, tuple[str, ...]] | None:
    """Merge line sets; ``None`` where the two sides contradict each other."""
    sides = [read(text) for text in (base, ours, theirs)]
    gone = project_decides(lambda unit: unit.lines[0].strip())
    return merge_read((base, ours, theirs), sides, Rules(_both, gone))


def merge_read(
    texts: tuple[str, str, str], sides: Sequence[tuple[list[Unit], int]], rules: Rules
) -> tuple[str, tuple[str, ...]] | None:
    """Merge three texts that were read as units, and the numbers of blank lines below them."""
    (before, was), (mine, tail), (yours, end) = sides
    both, gone, heirs, free = rules
    done = merge_units(before, mine, yours, both, _together, gone=gone, heirs=heirs, free=free)
    if done is None:
        return None
    blank = [""] * (end if tail == was else tail)
    text = to_text([*joined(done[0]), *blank])
    return None if lost(*texts, text, done[1]) else (text, done[1])


def read(text: str) -> tuple[list[Unit], int]:
    """The lines of a file as units, and the number of blank lines below them."""
    units: list[Unit] = []
    gap = 0
    for line in to_lines(text):
        if line.strip():
            units.append(Unit(_key(line), gap, (line,)))
            gap = 0
        else:
            gap += 1
    return units, gap


def _key(line: str) -> str:
    stripped = line.strip()
    word = stripped.split(maxsplit=1)[0]
    if stripped.startswith(("#", "-")) or word in _VERBS:
        return stripped
    if _PATTERN_AND_MORE.match(stripped) and not re.match(r"\S+\s*[<>=!~;@#]", stripped):
        return f"{word} …"
    return stripped


def _both(
    base: Unit | None, ours: Unit, theirs: Unit
) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """One line that both sides changed."""
    if base is None:
        return None
    before, mine, yours = base.lines[0], ours.lines[0], theirs.lines[0]
    pin = newest(before, mine, yours)
    if pin:
        return (pin.text,), (pin.note,)
    words = merge_words(before, mine, yours)
    return None if words is None else ((words,), ())


def _together(before: Unit | None, mine: list[Unit], yours: list[Unit]) -> list[Unit] | None:
    """Additions of both sides at one place: each stays in its block, sorted if the block is."""
    if not _commute(mine, yours):
        # The last word wins: the project's, unless the template makes exceptions of its own.
        return None if "out" in _directions(yours) else [*yours, *mine]
    return in_blocks(before, mine, yours, _rank, heads)


def _rank(unit: Unit) -> str:
    return unit.lines[0].casefold()


def heads(unit: Unit) -> bool:
    """Whether a line is a comment, which heads the lines below it."""
    return unit.lines[0].lstrip().startswith("#")


def _commute(mine: list[Unit], yours: list[Unit]) -> bool:
    """Whether additions mean the same in either order."""
    directions = [_directions(side) for side in (mine, yours)]
    return not directions[0] or not directions[1] or len(directions[0] | directions[1]) == 1


def _directions(units: list[Unit]) -> set[str]:
    return {_direction(unit) for unit in units} - {""}


def _direction(unit: Unit) -> str:
    line = unit.lines[0].strip()
    if line.startswith("#"):
        return ""
    return _VERBS.get(line.split()[0], "out" if line.startswith("!") else "in")


Merge = tuple[str, tuple[str, ...]]

_SECTION = re.compile(r"\[(.+?)\]")
_KEY = re.compile(r"([^\s=:#;][^=:]*)[=:]")
_INI_COMMENT = ("#", ";", "!")
_GONE = project_decides(lambda unit: str(key_of(unit)))


def merge_ini(base: str, ours: str, theirs: str) -> Merge | None:
    """Merge by section and key; ``None`` where the two sides contradict each other."""
    sides = [_sections(diff.to_lines(text)) for text in (base, ours, theirs)]
    done = merge_units(sides[0], sides[1], sides[2], _section, in_turn, gone=_GONE)
    if done is None:
        return None
    text = diff.to_text(lines_of(done[0]))
    if lost(base, ours, theirs, text, done[1]) or problem(base, ours, theirs, text):
        return None
    return text, done[1]


def problem(base: str, ours: str, theirs: str, merged: str) -> str | None:
    """What is wrong with a merged file where both sides were right."""
    before, mine, yours, after = (Counter(_names(text)) for text in (base, ours, theirs, merged))
    for name, times in after.items():
        if times > max(1, mine[name], yours[name]):
            return f"it sets {name} twice"
        if name not in mine and name not in yours:
            return f"{name} stands in another section than before"
    # A line keeps its place in the file, and comes to stand below another section's head.
    strayed = ((mine - before) | (yours - before)).keys() - after.keys()
    return f"{min(strayed)} got lost" if strayed else None


def _names(text: str) -> list[str]:
    """Every key with its section, and the sections."""
    return [
        f"{section.key} {key.key}"
        for section in _sections(diff.to_lines(text))
        for key in (*_keys(section.lines), Unit("", 0, ()))
    ]


def _section(
    base: Unit | None, ours: Unit, theirs: Unit
) -> tuple[Sequence[str], Sequence[str]] | None:
    """A section that both sides changed or added."""
    before = _keys(base.lines) if base else []
    done = merge_units(before, _keys(ours.lines), _keys(theirs.lines), _value, in_turn, gone=_GONE)
    return None if done is None else (lines_of(done[0]), done[1])


def _value(
    base: Unit | None, ours: Unit, theirs: Unit
) -> tuple[Sequence[str], Sequence[str]] | None:
    """A key that both sides changed."""
    if base is None:
        return None
    if len(base.lines) == len(ours.lines) == len(theirs.lines) == 1:
        pin = newest(base.lines[0], ours.lines[0], theirs.lines[0])
        if pin:
            return [pin.text], [pin.note]
    texts = [diff.to_text(list(side.lines)) for side in (base, ours, theirs)]
    if all(len(side.lines) > 1 for side in (base, ours, theirs)):
        done = merge(texts[0], texts[1], texts[2])
    else:
        done = plain.merge(texts[0], texts[1], texts[2])
    return None if done is None else (diff.to_lines(done[0]), done[1])


def _sections(lines: Sequence[str]) -> list[Unit]:
    """Sections with the comments above them; what stands above the first has no name."""
    starts = [i for i, line in enumerate(lines) if _SECTION.match(line)]
    heads = [_head(lines, i, 0) for i in starts]
    found: list[Unit] = []
    for key, start, end in zip(
        ["", *(_name(lines[i]) for i in starts)], [0, *heads], [*heads, len(lines)], strict=True
    ):
        own = list(lines[start:end])
        gap = next((i for i, line in enumerate(own) if line.strip()), len(own))
        if own[gap:] or found or gap:
            found.append(Unit(f"[{key}]", gap, tuple(own[gap:])))
    return found


def _name(line: str) -> str:
    match = _SECTION.match(line)
    return match[1].strip() if match else ""


def _head(lines: Sequence[str], at: int, floor: int) -> int:
    """Where the comments and blank lines above a line begin."""
    start = at
    while start > floor and (
        not lines[start - 1].strip() or lines[start - 1].lstrip().startswith(_INI_COMMENT)
    ):
        start -= 1
    # Comments that follow a value without a blank line may speak of what stands above them.
    return start


def _keys(lines: Sequence[str]) -> list[Unit]:
    """A section's head, and its keys with the lines that go on with their values."""
    starts = [
        i for i, line in enumerate(lines) if line[:1].strip() and not line.startswith(_INI_COMMENT)
    ]
    if not starts:
        return [Unit("", 0, tuple(lines))] if lines else []
    units: list[Unit] = []
    at = 0
    for start, following in zip(starts, [*starts[1:], len(lines)], strict=True):
        end = _head(lines, following, start + 1) if following < len(lines) else len(lines)
        gap = next(i for i in range(at, end) if lines[i].strip()) - at
        match = _KEY.match(lines[start])
        key = match[1].rstrip() if match else lines[start].strip()
        units.append(Unit(key, gap, tuple(lines[at + gap : end])))
        at = end
    return units


_COMMENT = re.compile(r"(?:^|(?<!\s)\s+)#.*")


def merge_requirements(base: str, ours: str, theirs: str) -> tuple[str, tuple[str, ...]] | None:
    """Merge lists of requirements; ``None`` where the two sides contradict each other."""
    sides = [_read(text) for text in (base, ours, theirs)]
    keys = requirement_keys(*([str(unit.key) for unit in units] for units, _ in sides))
    if any(len(set(side)) < len(side) for side in keys):
        return None
    named = [
        ([unit._replace(key=key) for unit, key in zip(units, own, strict=True)], tail)
        for (units, tail), own in zip(sides, keys, strict=True)
    ]
    plain = not any(heads(unit) for units, _ in sides for unit in units)
    rules = Rules(_merge_requirement, _gone, heirs=False, free=plain)
    return merge_read((base, ours, theirs), named, rules)


def _read(text: str) -> tuple[list[Unit], int]:
    """Requirements and comments, each with what a backslash continues, and blank lines below."""
    units: list[Unit] = []
    gap = 0
    open_ = False
    for line in to_lines(text):
        if open_:
            units[-1] = units[-1]._replace(lines=(*units[-1].lines, line))
        elif line.strip():
            units.append(Unit("", gap, (line,)))
            gap = 0
        else:
            gap += 1
        open_ = line.endswith("\\")
    return [unit._replace(key=_said(unit)) for unit in units], gap


def _said(unit: Unit) -> str:
    """A requirement without its comment and its hashes; of a comment all."""
    line = unit.lines[0].removesuffix("\\").strip()
    return line if heads(unit) else _COMMENT.sub("", line)


def _merge_requirement(
    base: Unit | None, ours: Unit, theirs: Unit
) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """A requirement that both sides changed, or added differently; hashes go with their version."""
    if max(len(unit.lines) for unit in (base, ours, theirs) if unit) > 1:
        return None
    written = [unit.lines[0] if unit else "" for unit in (base, ours, theirs)]
    pin = versions.newest(*written) if base else None
    if pin:
        return (pin.text,), (pin.note,)
    said = [_said(unit) if unit else None for unit in (base, ours, theirs)]
    remarks = [line[len(_COMMENT.sub("", line)) :] for line in written]
    decided = _decided(*said)
    try:
        remark = pick(remarks[0], remarks[1], remarks[2])
    except NotSure:
        return None
    if decided is None:
        return None
    return (decided.text + remark,), (decided.note,) if decided.note else ()


def _decided(base: str | None, ours: str | None, theirs: str | None) -> values.Decision | None:
    if ours is None or theirs is None:
        return None
    if theirs in (ours, base):
        return values.Decision(ours)
    if ours == base:
        return values.Decision(theirs)
    named = split_requirement(ours)
    return values.scalar((named["name"],), base, ours, theirs) if named else None


def _gone(base: Unit, ours: Unit | None, theirs: Unit | None) -> tuple[Unit | None, str]:
    """A requirement that one side removed goes where the other only moved its version."""
    left = ours or theirs
    before, after = _said(base), _said(left or base)
    named = split_requirement(before)
    what = normalised(named["name"]) if named else before
    texts = ["\n".join(unit.lines) if unit else "" for unit in (base, ours, theirs)]
    if before != after and values.only_pins((what,), before, after):
        return None, removed.only_moved(what, f"{before} → {after}", by_ours=ours is not None)
    if ours is None:
        return None, declined.removed(what, texts[0], texts[2])
    return ours, declined.changed(what, texts[0], texts[1])

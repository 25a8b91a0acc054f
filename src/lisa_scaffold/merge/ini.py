"""Three-way merge of INI-like files: sections and keys as units, values of lines as sets."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from lisa_scaffold.merge import lines as sets
from lisa_scaffold.merge import text as plain
from lisa_scaffold.merge.pins import newest
from lisa_scaffold.merge.survey import lost
from lisa_scaffold.merge.units import Unit, in_turn, key_of, merge_units, project_decides, to_lines

Merge = tuple[str, tuple[str, ...]]

_SECTION = re.compile(r"\[(.+?)\]")
_KEY = re.compile(r"([^\s=:#;][^=:]*)[=:]")
_COMMENT = ("#", ";", "!")
_GONE = project_decides(lambda unit: str(key_of(unit)))


def merge(base: str, ours: str, theirs: str) -> Merge | None:
    """Merge by section and key; ``None`` where the two sides contradict each other."""
    sides = [_sections(plain.to_lines(text)) for text in (base, ours, theirs)]
    done = merge_units(sides[0], sides[1], sides[2], _section, in_turn, gone=_GONE)
    if done is None:
        return None
    text = plain.to_text(to_lines(done[0]))
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
        for section in _sections(plain.to_lines(text))
        for key in (*_keys(section.lines), Unit("", 0, ()))
    ]


def _section(
    base: Unit | None, ours: Unit, theirs: Unit
) -> tuple[Sequence[str], Sequence[str]] | None:
    """A section that both sides changed or added."""
    before = _keys(base.lines) if base else []
    done = merge_units(before, _keys(ours.lines), _keys(theirs.lines), _value, in_turn, gone=_GONE)
    return None if done is None else (to_lines(done[0]), done[1])


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
    texts = [plain.to_text(list(side.lines)) for side in (base, ours, theirs)]
    if all(len(side.lines) > 1 for side in (base, ours, theirs)):
        done = sets.merge(texts[0], texts[1], texts[2])
    else:
        done = plain.merge(texts[0], texts[1], texts[2])
    return None if done is None else (plain.to_lines(done[0]), done[1])


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
        not lines[start - 1].strip() or lines[start - 1].lstrip().startswith(_COMMENT)
    ):
        start -= 1
    # Comments that follow a value without a blank line may speak of what stands above them.
    return start


def _keys(lines: Sequence[str]) -> list[Unit]:
    """A section's head, and its keys with the lines that go on with their values."""
    starts = [
        i for i, line in enumerate(lines) if line[:1].strip() and not line.startswith(_COMMENT)
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

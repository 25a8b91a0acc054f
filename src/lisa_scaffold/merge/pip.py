"""Three-way merge of what pip reads: requirements and constraints, one a line.

The rules are those of a list of requirements in any other file: a package is known by its
normalised name, and the order says nothing.
Source: https://pip.pypa.io/en/stable/reference/requirements-file-format/
"""

from __future__ import annotations

import re

from lisa_scaffold.merge import gone, kept, lines, pins, values
from lisa_scaffold.merge.layout import pick
from lisa_scaffold.merge.nodes import NotSure
from lisa_scaffold.merge.requirements import (
    normalised,
    requirement_keys,
    split_requirement,
)
from lisa_scaffold.merge.text import to_lines
from lisa_scaffold.merge.units import Unit

_COMMENT = re.compile(r"(?:^|(?<!\s)\s+)#.*")


def merge(base: str, ours: str, theirs: str) -> tuple[str, tuple[str, ...]] | None:
    """Merge lists of requirements; ``None`` where the two sides contradict each other."""
    sides = [_read(text) for text in (base, ours, theirs)]
    keys = requirement_keys(*([str(unit.key) for unit in units] for units, _ in sides))
    if any(len(set(side)) < len(side) for side in keys):
        return None
    named = [
        ([unit._replace(key=key) for unit, key in zip(units, own, strict=True)], tail)
        for (units, tail), own in zip(sides, keys, strict=True)
    ]
    plain = not any(lines.heads(unit) for units, _ in sides for unit in units)
    rules = lines.Rules(_both, _gone, heirs=False, free=plain)
    return lines.merge_read((base, ours, theirs), named, rules)


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
    return line if lines.heads(unit) else _COMMENT.sub("", line)


def _both(
    base: Unit | None, ours: Unit, theirs: Unit
) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """A requirement that both sides changed, or added differently; hashes go with their version."""
    if max(len(unit.lines) for unit in (base, ours, theirs) if unit) > 1:
        return None
    written = [unit.lines[0] if unit else "" for unit in (base, ours, theirs)]
    pin = pins.newest(*written) if base else None
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
        return None, gone.only_moved(what, f"{before} → {after}", by_ours=ours is not None)
    if ours is None:
        return None, kept.removed(what, texts[0], texts[2])
    return ours, kept.changed(what, texts[0], texts[1])

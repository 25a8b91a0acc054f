"""Three-way merge of a block of imports: per module, as a set of names."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from functools import partial
from itertools import pairwise
from typing import NamedTuple

from lisa_scaffold.formats.python import parse
from lisa_scaffold.formats.stretches import Unit, Units, join_units, number_units, strip_number
from lisa_scaffold.merge.units import MergedUnit, merge_comments, merge_units, place_in_blocks

WIDTH = 88
_PLACE = partial(
    place_in_blocks,
    is_head=lambda unit: unit.lines[0].startswith("#"),
    rank=lambda unit: (strip_number(unit)[0], strip_number(unit)[1].casefold()),
)

Names = dict[str, str]
"""Imports (``name`` or ``name as other``) by the name that each binds."""


class _Import(NamedTuple):
    """One import statement.

    Attributes
    ----------
    head
        ``from module import``; empty for a plain import.
    names
        What it imports.
    lead
        The comments above it.
    remarks
        The comment behind each name that has a line of its own; `None` where comments stand
        elsewhere.
    """

    head: str
    names: Names
    lead: tuple[str, ...]
    remarks: Names | None


def merge_imports(
    base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]
) -> MergedUnit | None:
    """The lines of both blocks."""
    before, our_units, their_units = (_split_block(lines) for lines in (base, ours, theirs))
    if before is None or our_units is None or their_units is None:
        return None
    done = merge_units(
        *(before, our_units, their_units, _merge_statement, _PLACE),
        removed=_decide_removed,
        heirs=False,
    )
    return done and (join_units(_keep_gaps(done[0], our_units, their_units)), done[1])


def _keep_gaps(merged: Sequence[Unit], ours: Units, theirs: Units) -> list[Unit]:
    """The statements, with a blank line above one only where what is above it has one below.

    A statement that became the first of its group on the template's side is that nowhere else.
    """
    present = {unit.key for unit in merged}
    above = []
    for side in (ours, theirs):
        kept = [unit for unit in number_units(side) if unit.key in present]
        above.append({unit.key: before.key for before, unit in pairwise(kept)})
    gaps = {unit.key: unit.gap for unit in number_units(ours)}
    found = [*merged[:1]]
    for before, unit in pairwise(merged):
        is_own = above[0].get(unit.key) == before.key != above[1].get(unit.key)
        found.append(unit._replace(gap=gaps[unit.key]) if is_own else unit)
    return found


def drop_names(lines: Sequence[str], dropped: AbstractSet[str]) -> tuple[str, ...]:
    """The lines of a block without the imports of some names."""
    block = _split_block(lines) if dropped else None
    if block is None:
        return tuple(lines)
    units: list[Unit] = []
    for unit in block:
        head, names, lead, remarks = _read_import(unit)
        left = {
            bound: name for bound, name in names.items() if bound.partition(".")[0] not in dropped
        }
        if left == names:
            units.append(unit)
        elif left:
            lines = _write_import(head, left, remarks or {}, exploded=False)
            units.append(unit._replace(lines=(*lead, *lines)))
    return tuple(join_units(units))


def _split_block(lines: Sequence[str]) -> list[Unit] | None:
    """The statements of a block, each with the comments above it."""
    tree = parse("\n".join(lines))
    if tree is None:
        return None
    units: list[Unit] = []
    at = 0
    for node in tree.body:
        end = node.end_lineno
        if not isinstance(node, ast.Import | ast.ImportFrom) or end is None or node.lineno <= at:
            return None
        gap = next(i for i in range(at, end) if lines[i].strip()) - at
        units.append(Unit(_make_key(node), gap, tuple(lines[at + gap : end])))
        at = end
    return None if any(line.strip() for line in lines[at:]) else units


def _make_key(node: ast.Import | ast.ImportFrom) -> tuple[bool, str]:
    if isinstance(node, ast.ImportFrom):
        return True, "." * node.level + (node.module or "")
    return False, ", ".join(map(ast.unparse, node.names))


def _read_import(unit: Unit) -> _Import:
    tree = parse("\n".join(unit.lines))
    node = tree.body[0] if tree else None
    if not isinstance(node, ast.Import | ast.ImportFrom):
        raise TypeError(unit.lines)
    is_from, module = _make_key(node)
    names = {alias.asname or alias.name: ast.unparse(alias) for alias in node.names}
    lead = unit.lines[: node.lineno - 1]
    head = f"from {module} import" if is_from else ""
    return _Import(head, names, lead, _find_remarks(node, unit.lines))


def _find_remarks(node: ast.Import | ast.ImportFrom, lines: Sequence[str]) -> Names | None:
    """The comment behind each name; `None` where one stands elsewhere, or behind several."""
    bound: dict[int, list[str]] = {}
    for alias in node.names:
        bound.setdefault(alias.lineno, []).append(alias.asname or alias.name)
    remarks: Names = {}
    for number, line in enumerate(lines, 1):
        code = line.partition("#")[0]
        if number < node.lineno or code == line:
            continue
        if len(bound.get(number, ())) != 1 or number == node.lineno:
            return None
        remarks[bound[number][0]] = line[len(code.rstrip()) :].rstrip()
    return remarks


def _write_import(head: str, names: Names, remarks: Names, *, exploded: bool) -> tuple[str, ...]:
    line = f"{head or 'import'} {', '.join(names.values())}"
    if not exploded and not remarks.keys() & names.keys() and (len(line) <= WIDTH or not head):
        return (line,)
    items = (f"    {name},{remarks.get(bound, '')}" for bound, name in names.items())
    return (f"{head} (", *items, ")")


def _merge_statement(base: Unit | None, ours: Unit, theirs: Unit) -> MergedUnit | None:
    """Merge one module's names, changed by both sides."""
    before = _read_import(base) if base else _Import("", {}, (), {})
    mine, offered = _read_import(ours), _read_import(theirs)
    names = _merge_names(before.names, mine.names, offered.names) if mine.head else mine.names
    if names is None:
        return None
    if mine.names == names and (mine[2:] == offered[2:] or not base):
        return ours.lines, ()
    what = mine.head or ", ".join(names)
    above = merge_comments(what, before.lead, mine.lead, offered.lead)
    remarks = _merge_remarks(before, mine, offered)
    if above is None or remarks is None:
        return None
    lead, notes = tuple(above[0]), above[1]
    for side, unit in (mine, ours), (offered, theirs):
        if (names, lead, remarks) == (side.names, side.lead, side.remarks):
            return unit.lines, notes
    exploded = len(ours.lines) > len(mine.lead) + 1 or len(theirs.lines) > len(offered.lead) + 1
    return (*lead, *_write_import(mine.head, names, remarks, exploded=exploded)), notes


def _merge_remarks(base: _Import, ours: _Import, theirs: _Import) -> Names | None:
    """The comment behind each name that has one."""
    if base.remarks is None or ours.remarks is None or theirs.remarks is None:
        return None
    merged: Names = {}
    for name in {**ours.remarks, **theirs.remarks, **base.remarks}:
        texts = [
            side.remarks.get(name, "") for side in (base, ours, theirs) if side.remarks is not None
        ]
        # Where a side has not the name, it has no say on the comment.
        known = [side for side in (ours, theirs) if name in side.names]
        if len(known) == 1:
            remark: str | None = texts[1 if known[0] is ours else 2]
        else:
            remark = texts[2] if texts[1] == texts[0] else texts[1]
            if texts[2] not in (remark, texts[0]):
                return None
        if remark:
            merged[name] = remark
    return merged


def _decide_removed(
    base: Unit, ours: Unit | None, theirs: Unit | None
) -> tuple[Unit | None, str] | None:
    """Keep of a statement that one side removed the names that the other added to it."""
    left = ours or theirs
    if left is None or _has_comment(base) or _has_comment(left):
        return None
    head, names, *_ = _read_import(left)
    before = _read_import(base).names
    added = {bound: name for bound, name in names.items() if bound not in before}
    if not head or any(names.get(bound, name) != name for bound, name in before.items()):
        return None
    lines = _write_import(head, added, {}, exploded=len(left.lines) > 1)
    return (left._replace(lines=lines) if added else None), ""


def _merge_names(base: Names, ours: Names, theirs: Names) -> Names | None:
    """The names of both sides, sorted as both sort theirs."""
    merged: Names = {}
    for name in {**ours, **theirs}:
        before, in_ours, in_theirs = base.get(name), ours.get(name), theirs.get(name)
        won = in_theirs if in_ours == before else in_ours
        if in_theirs not in (won, before):
            return None
        if won is not None:
            merged[name] = won
    orders: tuple[Callable[[str], tuple[int, str]], ...] = (_natural_key, lambda name: (0, name))
    for key in orders:
        if all(list(side) == sorted(side, key=key) for side in (ours, theirs)):
            return {name: merged[name] for name in sorted(merged, key=key)}
    return merged


def _natural_key(name: str) -> tuple[int, str]:
    """The order that import sorters use: constants, classes, the rest."""
    group = 0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2
    return group, name.casefold()


def _has_comment(unit: Unit) -> bool:
    return any("#" in line for line in unit.lines)

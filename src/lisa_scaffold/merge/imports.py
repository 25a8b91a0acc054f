"""Three-way merge of a block of imports: per module, as a set of names."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from functools import partial
from typing import NamedTuple

from lisa_scaffold.formats.python import parse
from lisa_scaffold.formats.stretches import Unit, join_units, key_of
from lisa_scaffold.merge.units import MergedUnit, merge_units, place_in_blocks

WIDTH = 88
_PLACE = partial(
    place_in_blocks,
    is_head=lambda unit: unit.lines[0].startswith("#"),
    rank=lambda unit: (key_of(unit)[0], key_of(unit)[1].casefold()),
)

Names = dict[str, str]
"""Imports (``name`` or ``name as other``) by the name that each binds."""


class _Import(NamedTuple):
    """One import statement."""

    head: str
    """``from module import``; empty for a plain import."""
    names: Names


def merge_imports(
    base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]
) -> list[str] | None:
    """The lines of both blocks."""
    before, our_units, their_units = (_split_block(lines) for lines in (base, ours, theirs))
    if before is None or our_units is None or their_units is None:
        return None
    done = merge_units(
        *(before, our_units, their_units, _merge_statement, _PLACE),
        removed=_decide_removed,
        heirs=False,
    )
    return None if done is None else join_units(done[0])


def drop_names(lines: Sequence[str], dropped: AbstractSet[str]) -> tuple[str, ...]:
    """The lines of a block without the imports of some names."""
    block = _split_block(lines) if dropped else None
    if block is None:
        return tuple(lines)
    units: list[Unit] = []
    for unit in block:
        head, names = _read_import(unit)
        left = {
            bound: name for bound, name in names.items() if bound.partition(".")[0] not in dropped
        }
        if left == names:
            units.append(unit)
        elif left:
            units.append(unit._replace(lines=_write_import(head, left, exploded=False)))
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
    return _Import(f"from {module} import" if is_from else "", names)


def _write_import(head: str, names: Names, *, exploded: bool) -> tuple[str, ...]:
    line = f"{head or 'import'} {', '.join(names.values())}"
    if not exploded and (len(line) <= WIDTH or not head):
        return (line,)
    return (f"{head} (", *(f"    {name}," for name in names.values()), ")")


def _merge_statement(base: Unit | None, ours: Unit, theirs: Unit) -> MergedUnit | None:
    """Merge one module's names, changed by both sides."""
    before = _read_import(base).names if base else {}
    head, our_names = _read_import(ours)
    their_names = _read_import(theirs).names
    names = _merge_names(before, our_names, their_names) if head else None
    if names is None:
        return None
    if our_names == names:
        return ours.lines, ()
    if _has_comment(ours):
        return None
    if their_names == names:
        return theirs.lines, ()
    if _has_comment(theirs):
        return None
    exploded = len(ours.lines) > 1 or len(theirs.lines) > 1
    return _write_import(head, names, exploded=exploded), ()


def _decide_removed(
    base: Unit, ours: Unit | None, theirs: Unit | None
) -> tuple[Unit | None, str] | None:
    """Keep of a statement that one side removed the names that the other added to it."""
    left = ours or theirs
    if left is None or _has_comment(base) or _has_comment(left):
        return None
    head, names = _read_import(left)
    before = _read_import(base).names
    added = {bound: name for bound, name in names.items() if bound not in before}
    if not head or any(names.get(bound, name) != name for bound, name in before.items()):
        return None
    lines = _write_import(head, added, exploded=len(left.lines) > 1)
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

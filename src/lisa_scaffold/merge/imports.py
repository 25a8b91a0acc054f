"""Three-way merge of a block of imports: per module, as a set of names."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from lisa_scaffold.formats.python import parse
from lisa_scaffold.formats.stretches import Unit, key_of, lines_of
from lisa_scaffold.merge.units import in_blocks, merge_units

WIDTH = 88

Names = dict[str, str]
"""What a name is bound to: ``name`` or ``name as other`` by what it binds."""


class _Import(NamedTuple):
    """One import statement."""

    head: str
    """``from module import``; empty for a plain import."""
    names: Names


def merge_imports(
    base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]
) -> list[str] | None:
    """The lines of both blocks."""
    blocks = [read(lines) for lines in (base, ours, theirs)]
    if any(block is None for block in blocks):
        return None
    before, mine, yours = (block or [] for block in blocks)
    done = merge_units(before, mine, yours, _both, _together, gone=_gone, heirs=False)
    return None if done is None else lines_of(done[0])


def without(lines: Sequence[str], idle: AbstractSet[str]) -> tuple[str, ...]:
    """The lines of a block that imports some names no longer."""
    block = read(lines) if idle else None
    if block is None:
        return tuple(lines)
    return tuple(lines_of([unit for old in block for unit in _without(old, idle)]))


def read(lines: Sequence[str]) -> list[Unit] | None:
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
        units.append(Unit(_key(node), gap, tuple(lines[at + gap : end])))
        at = end
    return None if any(line.strip() for line in lines[at:]) else units


def _key(node: ast.Import | ast.ImportFrom) -> tuple[bool, str]:
    if isinstance(node, ast.ImportFrom):
        return True, "." * node.level + (node.module or "")
    return False, ", ".join(_spelled(alias) for alias in node.names)


def _spelled(alias: ast.alias) -> str:
    return f"{alias.name} as {alias.asname}" if alias.asname else alias.name


def _parsed(lines: Sequence[str]) -> _Import:
    tree = parse("\n".join(lines))
    node = tree.body[0] if tree else None
    if not isinstance(node, ast.Import | ast.ImportFrom):
        raise TypeError(lines)
    is_from, module = _key(node)
    names = {alias.asname or alias.name: _spelled(alias) for alias in node.names}
    return _Import(f"from {module} import" if is_from else "", names)


def _without(unit: Unit, keep: AbstractSet[str]) -> list[Unit]:
    """A statement without the names to keep: none where it has no others."""
    head, names = _parsed(unit.lines)
    left = {
        bound: spelled for bound, spelled in names.items() if bound.partition(".")[0] not in keep
    }
    if left == names:
        return [unit]
    return [unit._replace(lines=tuple(_written(head, left, exploded=False)))] if left else []


def _both(base: Unit | None, ours: Unit, theirs: Unit) -> tuple[list[str], tuple[str, ...]] | None:
    """One module's names, changed by both sides."""
    before = _parsed(base.lines).names if base else {}
    head, mine = _parsed(ours.lines)
    yours = _parsed(theirs.lines).names
    if not head:
        return None
    names = _set(before, mine, yours)
    if names is None:
        return None
    for unit, own in ((ours, mine), (theirs, yours)):
        if own == names and (unit is ours or not _comment(ours)):
            return list(unit.lines), ()
    if _comment(ours) or _comment(theirs):
        return None
    exploded = len(ours.lines) > 1 or len(theirs.lines) > 1
    return _written(head, names, exploded=exploded), ()


def _gone(base: Unit, ours: Unit | None, theirs: Unit | None) -> tuple[Unit | None, str] | None:
    """Of a statement that one side removed, the names that the other has added to it."""
    left = ours or theirs
    if left is None or _comment(base) or _comment(left):
        return None
    head, names = _parsed(left.lines)
    before = _parsed(base.lines).names
    added = {bound: spelled for bound, spelled in names.items() if bound not in before}
    if not head or any(names.get(bound, spelled) != spelled for bound, spelled in before.items()):
        return None
    lines = tuple(_written(head, added, exploded=len(left.lines) > 1))
    return (left._replace(lines=lines) if added else None), ""


def _set(base: Names, ours: Names, theirs: Names) -> Names | None:
    found: Names = {}
    for name in {**ours, **theirs}:
        was, mine, yours = base.get(name), ours.get(name), theirs.get(name)
        won = yours if mine == was else mine
        if yours not in (won, was):
            return None
        if won is not None:
            found[name] = won
    ordered = sorted(ours, key=_natural), sorted(theirs, key=_natural)
    if list(ours) == ordered[0] and list(theirs) == ordered[1]:
        return {name: found[name] for name in sorted(found, key=_natural)}
    cased = sorted(ours), sorted(theirs)
    if list(ours) == cased[0] and list(theirs) == cased[1]:
        return {name: found[name] for name in sorted(found)}
    return found


def _natural(name: str) -> tuple[int, str]:
    """The order that import sorters use: constants, classes, the rest."""
    sort = 0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2
    return sort, name.casefold()


def _written(head: str, names: Names, *, exploded: bool) -> list[str]:
    line = f"{head or 'import'} {', '.join(names.values())}"
    if not exploded and (len(line) <= WIDTH or not head):
        return [line]
    return [f"{head} (", *(f"    {spelled}," for spelled in names.values()), ")"]


def _comment(unit: Unit) -> bool:
    return any("#" in line for line in unit.lines)


def _together(before: Unit | None, mine: list[Unit], yours: list[Unit]) -> list[Unit]:
    return in_blocks(before, mine, yours, _rank, lambda unit: unit.lines[0].startswith("#"))


def _rank(unit: Unit) -> tuple[bool, str]:
    is_from, module = key_of(unit)
    return is_from, module.casefold()

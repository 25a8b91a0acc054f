"""Three-way merge of Python source: imports as sets, definitions as units.

Syntax trees tell positions only; what is moved are lines of source, with the comments above them.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from functools import partial
from types import MappingProxyType
from typing import NamedTuple

from lisa_scaffold.merge import kept
from lisa_scaffold.merge import text as plain
from lisa_scaffold.merge.constants import Constants, same_value, settled
from lisa_scaffold.merge.imports import WIDTH, merge_imports, without
from lisa_scaffold.merge.kept import Kept
from lisa_scaffold.merge.names import bindings, missing, parse, problem, uses
from lisa_scaffold.merge.spelling import respelled, same
from lisa_scaffold.merge.statements import NAMELESS, kind, members, module
from lisa_scaffold.merge.survey import lost
from lisa_scaffold.merge.units import (
    Unit,
    adopted,
    carried_over,
    key_of,
    merge_units,
    one_sided,
    project_decides,
    to_lines,
)
from lisa_scaffold.merge.words import likeness_of_words

__all__ = ["merge", "problem"]

_ALIKE_ORDER = ("imports", "def", "=", "doc")
_REWRITTEN = 0.5
_NAMED = ("def", "=", "doc", "main")

Merge = tuple[str, tuple[str, ...]]


class _Names(NamedTuple):
    """Names to import although one side removed them, and names that nobody needs.

    And what the names of the merged module stand for, so far as that is certain.
    """

    keep: AbstractSet[str] = frozenset()
    idle: AbstractSet[str] = frozenset()
    known: Constants = MappingProxyType({})


def merge(base: str, ours: str, theirs: str) -> Merge | None:
    """Merge modules; ``None`` where the two sides contradict each other, or lines would do."""
    done = _line_by_line(base, ours, theirs)
    if done:
        return done
    spelled, yours = respelled(base, ours, theirs)
    if (spelled, yours) == (base, theirs):
        return _by_statement(base, ours, theirs)
    return _line_by_line(spelled, ours, yours) or _by_statement(spelled, ours, yours)


def _line_by_line(base: str, ours: str, theirs: str) -> Merge | None:
    done = plain.merge(base, ours, theirs)
    return done if done and not problem(base, ours, theirs, done[0]) else None


def _by_statement(base: str, ours: str, theirs: str) -> Merge | None:
    trees = [parse(text) for text in (base, ours, theirs)]
    if trees[1] is None or trees[2] is None:
        return None
    names = _Names()
    done = _merge(base, ours, theirs, names)
    tree = parse(done[0]) if done else None
    if done is None or tree is None:
        return None
    # One side removed an import, and the other still uses it or has come to use it.
    keep = missing(trees[1], trees[2], tree)
    idle = _idle(trees[0], trees[2], tree) if any(isinstance(n, Kept) for n in done[1]) else set()
    if keep or idle:
        done = _merge(base, ours, theirs, _Names(keep, idle))
    if done is None:
        return None
    unused = _idle(trees[0], trees[1], tree)
    done = done[0], (*done[1], *_left_out(idle, theirs), *_no_longer_used(unused, ours))
    # An import that was kept, or left out, comes and goes with the words of its statement.
    kept_lines = _importing(keep, done[0])
    named = (*done[1], *keep, "import from", *kept_lines) if keep or idle else done[1]
    if lost(base, ours, theirs, done[0], named):
        return None
    unsure = problem(base, ours, theirs, done[0]) or _for_nothing(ours, theirs, done[0], unused)
    return None if unsure else done


def _left_out(idle: AbstractSet[str], theirs: str) -> tuple[str, ...]:
    """A note on the imports of the template that nothing needs."""
    if not idle:
        return ()
    return (kept.left_out(", ".join(sorted(idle)), "\n".join(_importing(idle, theirs))),)


def _no_longer_used(unused: AbstractSet[str], ours: str) -> list[str]:
    """A note on each import of the project whose only use went with the template's change."""
    return [
        f"{line.strip()}: the template removed what used it; it stays, though nothing uses it."
        for line in _importing(unused, ours)
    ]


def _importing(names: AbstractSet[str], text: str) -> list[str]:
    """The lines that import some of the names."""
    lines = [line for line in text.splitlines() if re.match(r"\s*(from|import)\b", line)]
    return [line for line in lines if names & set(re.findall(r"\w+", line))]


def _idle(base: ast.Module | None, side: ast.Module, merged: ast.Module) -> set[str]:
    """What a side imports anew, for something that the merge has not."""
    statements = [node for node in side.body if isinstance(node, ast.Import | ast.ImportFrom)]
    known = {ast.dump(node) for node in base.body} if base else set()
    new: list[ast.stmt] = [node for node in statements if ast.dump(node) not in known]
    return (bindings(merged) - uses(merged)) & bindings(ast.Module(new, [])) & uses(side)


def _for_nothing(ours: str, theirs: str, merged: str, told: AbstractSet[str]) -> bool:
    """Whether what every side used that had it has lost its use in the merge, and no note tells."""
    after = parse(merged)
    if after is None:
        return True
    unused = bindings(after) - uses(after)
    bound: set[str] = set()
    idle: set[str] = set()
    for tree in filter(None, map(parse, (ours, theirs))):
        bound |= bindings(tree)
        idle |= bindings(tree) - uses(tree)
    return bool(unused & bound - idle - told)


def _merge(base: str, ours: str, theirs: str, names: _Names) -> Merge | None:
    sides = [module(text) for text in (base, ours, theirs)]
    if any(side is None for side in sides):
        return None
    before, mine, yours = (_with_imports(side or []) for side in sides)
    # What the base never had was added by the side that has it: so it stays.
    before, yours = _relieved(before, names.keep), _relieved(yours, names.idle)
    done = _merge_units(before, mine, yours, names._replace(known=settled(base, ours, theirs)))
    return None if done is None else (plain.to_text(done[0]), done[1])


def _relieved(units: list[Unit], idle: AbstractSet[str]) -> list[Unit]:
    """A module without the imports of some names."""
    return [
        unit._replace(lines=without(unit.lines, idle)) if kind(unit) == "imports" else unit
        for unit in units
    ]


def _with_imports(units: list[Unit]) -> list[Unit]:
    """A module without imports has an empty block of them, where imports would stand."""
    if any(kind(unit) == "imports" for unit in units):
        return units
    at = 1 if units and kind(units[0]) == "doc" else 0
    return [*units[:at], Unit(("imports", ""), at, ()), *units[at:]]


def _merge_units(
    base: list[Unit], ours: list[Unit], theirs: list[Unit], names: _Names
) -> tuple[list[str], tuple[str, ...]] | None:
    mine, yours = (adopted(base, side, nameless=_nameless) for side in (ours, theirs))
    both = partial(_both, names=names)
    done = merge_units(base, mine, yours, both, _together, gone=_gone)
    return None if done is None else (to_lines(done[0]), done[1])


def _both(
    base: Unit | None, ours: Unit, theirs: Unit, *, names: _Names
) -> tuple[Sequence[str], tuple[str, ...]] | None:
    """One unit that both sides changed, or that both added."""
    before = base.lines if base else ()
    if kind(ours) == "imports":
        lines = merge_imports(before, ours.lines, theirs.lines)
        return None if lines is None else (lines, ())
    if same(ours, theirs):
        return _equal(ours, theirs, names.known) or (ours.lines, ())
    if base is None:
        exported = _exports(ours._replace(lines=("__all__ = []",)), ours, theirs)
        return exported or carried_over(_what(ours), ours, theirs)
    by_lines = plain.merge_lines(list(before), list(ours.lines), list(theirs.lines))
    if by_lines is not None:
        return by_lines
    apart = _apart(base, ours, theirs)
    if apart is not None:
        return apart
    sides = [members(lines) for lines in (before, ours.lines, theirs.lines)]
    done = None
    if not any(side is None for side in sides):
        inside = names._replace(known={})
        done = _merge_units(sides[0] or [], sides[1] or [], sides[2] or [], inside)
    done = done or _exports(base, ours, theirs)
    return done or _equal(ours, theirs, names.known) or _rewritten(base, ours, theirs)


def _apart(base: Unit, ours: Unit, theirs: Unit) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """A statement and the comments above it, neither of which both sides changed differently."""
    above, below = zip(*(_split(unit.lines) for unit in (base, ours, theirs)), strict=True)
    lead, code = one_sided(*above), one_sided(*below)
    return None if lead is None or code is None else ((*lead, *code), ())


def _split(lines: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    code = (i for i, line in enumerate(lines) if line.strip() and not line.lstrip().startswith("#"))
    at = next(code, len(lines))
    return lines[:at], lines[at:]


def _equal(
    ours: Unit, theirs: Unit, known: Constants
) -> tuple[Sequence[str], tuple[str, ...]] | None:
    """An assignment that both sides changed in different words, to the same value."""
    if not same_value(ours.lines, theirs.lines, known):
        return None
    said = f"both sides give it the same value; the template's {theirs.lines[0]} is left out."
    return ours.lines, (f"{_what(ours)}: {said}",)


def _exports(base: Unit, ours: Unit, theirs: Unit) -> tuple[list[str], tuple[str, ...]] | None:
    """``__all__``, which is a set of names, however it is laid out."""
    lists = [_exported(unit) for unit in (base, ours, theirs)]
    if key_of(base) != ("=", "__all__") or None in lists:
        return None
    before, mine, yours = (names or [] for names in lists)
    names = [name for name in mine if name in yours or name not in before]
    names += [name for name in yours if name not in before and name not in mine]
    if mine == sorted(mine) and yours == sorted(yours):
        names.sort()
    head = "\n".join(ours.lines).partition("=")[0].rstrip()
    line = f"{head} = [{', '.join(names)}]"
    if len(ours.lines) == 1 and len(line) <= WIDTH:
        return [line], ()
    return [f"{head} = [", *(f"    {name}," for name in names), "]"], ()


def _exported(unit: Unit) -> list[str] | None:
    """The names in a list of texts, quoted; ``None`` for anything else."""
    tree = parse("\n".join(unit.lines))
    match tree and tree.body:
        case [ast.Assign(value=ast.List(elts=items)) | ast.AnnAssign(value=ast.List(elts=items))]:
            said = [item.value for item in items if isinstance(item, ast.Constant)]
            texts = [text for text in said if isinstance(text, str)]
            named = len(set(texts)) == len(items) and "#" not in "".join(unit.lines)
            return [f'"{text}"' for text in texts] if named else None
    return None


def _rewritten(
    base: Unit, ours: Unit, theirs: Unit
) -> tuple[Sequence[str], tuple[str, ...]] | None:
    """A definition of which the project has kept less than half stays the project's."""
    if kind(base) != "def" or likeness_of_words(base.lines, ours.lines) >= _REWRITTEN:
        return None
    sides = ["\n".join(unit.lines) for unit in (base, theirs, ours)]
    return ours.lines, (kept.rewritten(_what(base), *sides),)


def _gone(base: Unit, ours: Unit | None, theirs: Unit | None) -> tuple[Unit | None, str] | None:
    """Definitions that one side removed and the other changed are the project's to decide."""
    return _project_decides(base, ours, theirs) if kind(base) in _NAMED else None


def _what(unit: Unit) -> str:
    kind, name = key_of(unit)
    return str(name or {"doc": "the docstring", "main": "the main block"}.get(kind, kind))


_project_decides = project_decides(_what)


def _together(_before: Unit | None, mine: list[Unit], yours: list[Unit]) -> list[Unit] | None:
    """Definitions stand in either order; two statements may not, and the main block is last."""
    if any(map(_ordered, mine)) and any(map(_ordered, yours)):
        return None
    if any(map(_ordered, mine)):
        return yours + mine
    return mine + yours


def _nameless(unit: Unit) -> bool:
    return kind(unit) == NAMELESS


def _ordered(unit: Unit) -> bool:
    return kind(unit) not in _ALIKE_ORDER

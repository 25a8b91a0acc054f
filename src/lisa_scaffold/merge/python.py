"""Python statements that differ in their writing alone: quotes, white space, brackets, commas."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import partial
from textwrap import dedent
from types import MappingProxyType
from typing import NamedTuple

from lisa_scaffold.formats import diff
from lisa_scaffold.formats.python import (
    NAMELESS,
    bindings,
    kind,
    members,
    missing,
    module,
    parse,
    problem,
    uses,
)
from lisa_scaffold.formats.stretches import Unit, key_of, lines_of, numbered
from lisa_scaffold.merge import declined
from lisa_scaffold.merge import text as plain
from lisa_scaffold.merge.declined import Kept
from lisa_scaffold.merge.imports import WIDTH, merge_imports, without
from lisa_scaffold.merge.text import likeness_of_words
from lisa_scaffold.merge.units import adopted, carried_over, merge_units, one_sided, project_decides
from lisa_scaffold.merge.verify import lost

# The checker of this kind, beside its merger.
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
    return (declined.left_out(", ".join(sorted(idle)), "\n".join(_importing(idle, theirs))),)


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
    return None if done is None else (diff.to_text(done[0]), done[1])


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
    return None if done is None else (lines_of(done[0]), done[1])


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
    return ours.lines, (declined.rewritten(_what(base), *sides),)


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


Constants = Mapping[str, str]
"""What each name stands for, in Python's own spelling."""


def settled(base: str, ours: str, theirs: str) -> Constants:
    """The constants of a module once both sides' changes are in it.

    Only of names that every version binds once, and that not both sides changed: what they stand
    for after the merge is beyond doubt.
    """
    before, mine, yours = map(_constants, (base, ours, theirs))
    found = {}
    for name in before.keys() & mine.keys() & yours.keys():
        if yours[name] in (before[name], mine[name]):
            found[name] = mine[name]
        elif mine[name] == before[name]:
            found[name] = yours[name]
    return found


def same_value(ours: Sequence[str], theirs: Sequence[str], known: Constants) -> bool:
    """Whether two lines assign one name the same constant, as such or by another name for it."""
    said = [_assigned("\n".join(lines), known) for lines in (ours, theirs)]
    return len(ours) == len(theirs) == 1 and said[0] is not None and said[0] == said[1]


def _constants(text: str) -> Constants:
    tree = parse(text)
    if tree is None or "*" in bindings(tree):
        return {}
    found = {}
    times = Counter(name for node in tree.body for name in bindings(node))
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=value)):
                if times[name] == 1:
                    found[name] = repr(value)
    return found


def _assigned(line: str, known: Constants) -> tuple[str, str] | None:
    """The name that a line assigns to, and the constant that it gets."""
    tree = parse(line)
    match tree and tree.body:
        case [ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=value))]:
            return name, repr(value)
        case [ast.Assign(targets=[ast.Name(id=name)], value=ast.Name(id=other))] if other in known:
            return name, known[other]
    return None


_LAYOUT = {tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
_BRACKETS = {"(", ")", ",", ";"}


def respelled(base: str, ours: str, theirs: str) -> tuple[str, str]:
    """Base and theirs, in which nothing differs from ours by its writing alone.

    A side that only wrote a statement in another way has not changed it: where the project did,
    base and template have it in the project's words; where the template did, it stands in the
    template as it stands in base if the project changed or removed it.
    """
    sides = [module(text) for text in (base, ours, theirs)]
    if None in sides:
        return base, theirs
    before, mine, yours = ({unit.key: unit for unit in numbered(side or [])} for side in sides)
    was, now = dict(before), dict(yours)
    for key in {**before, **yours}:
        found = _respelled(before.get(key), mine.get(key), yours.get(key))
        for side, unit in zip((was, now), found, strict=True):
            if unit is not None:
                side[key] = unit
    return _text(base, before, was), _text(theirs, yours, now)


def _text(text: str, units: dict[object, Unit], news: dict[object, Unit]) -> str:
    return text if units == news else diff.to_text(lines_of([*news.values()]))


def _respelled(
    base: Unit | None, ours: Unit | None, theirs: Unit | None
) -> tuple[Unit | None, Unit | None]:
    """One statement of base and of theirs."""
    if ours and base and _only_written_anew(base, ours):
        unchanged = theirs and (theirs.lines == base.lines or same(theirs, ours))
        return _as(base, ours), _as(theirs, ours) if unchanged else theirs
    if theirs and base and (not ours or ours.lines != base.lines) and same(theirs, base):
        return base, _as(theirs, base)
    return base, theirs


def _as(unit: Unit | None, spelled: Unit) -> Unit | None:
    return unit and unit._replace(lines=spelled.lines)


def _only_written_anew(one: Unit, two: Unit) -> bool:
    return one.lines != two.lines and same(one, two)


def same(one: Unit, two: Unit) -> bool:
    """Whether two statements say the same, comments included, in the same order."""
    if one.lines == two.lines:
        return True
    if kind(one) == "imports":
        return False
    texts = [dedent("\n".join(unit.lines)) for unit in (one, two)]
    trees = [parse(text) for text in texts]
    if trees[0] is None or trees[1] is None or ast.dump(trees[0]) != ast.dump(trees[1]):
        return False
    return [*_words(texts[0])] == [*_words(texts[1])]


def _words(text: str) -> Iterator[str]:
    """The words of some source, without its layout: of strings, that there is one."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield f"# {token.string.lstrip('#').strip()}"
        elif "STRING" in tokenize.tok_name[token.type]:
            yield "''"
        elif token.type not in _LAYOUT and token.string not in _BRACKETS:
            yield token.string

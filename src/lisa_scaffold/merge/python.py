"""Three-way merge of Python by statement.

Statements that differ only in their formatting (quotes, white space, brackets, commas) are equal.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from functools import partial
from textwrap import dedent
from types import MappingProxyType
from typing import NamedTuple

from lisa_scaffold.formats import diff
from lisa_scaffold.formats.python import (
    NAMELESS,
    find_bindings,
    find_missing,
    find_problem,
    find_rivals,
    find_uses,
    parse,
    split_members,
    split_module,
    statement_type,
)
from lisa_scaffold.formats.stretches import Unit, join_units, number_units, strip_number
from lisa_scaffold.merge import choice, declined, silenced
from lisa_scaffold.merge import text as plain
from lisa_scaffold.merge.declined import Declined, MergedText, Note
from lisa_scaffold.merge.imports import WIDTH, drop_names, merge_imports
from lisa_scaffold.merge.units import (
    MergedUnit,
    adopt_keys,
    decline_carried_over,
    let_project_decide,
    merge_comments,
    merge_units,
    pick_changed,
)
from lisa_scaffold.merge.verify import find_lost_word
from lisa_scaffold.merge.words import measure_likeness_of_words, pick_farther

# The checker of this file type, beside its merger.
__all__ = ["find_problem", "merge"]

_UNORDERED = ("imports", "def", "=", "doc")
_NAMED = ("def", "=", "doc", "main")
_REWRITTEN = 0.5
_FORMS = ("{}", "({})", "{{{}}}")  # a member of a literal or a call is no statement

Constants = Mapping[str, str]
"""The value of each name, as Python writes it."""


class _Names(NamedTuple):
    """Names to treat specially.

    Attributes
    ----------
    keep
        Imported although one side removed the import.
    idle
        Imported by the template for nothing, or from elsewhere than by the project.
    replaced
        Imported by the project from elsewhere than by the template, which is taken in doubt.
    known
        What names of the merged module stand for, as far as that is certain.
    """

    keep: AbstractSet[str] = frozenset()
    idle: AbstractSet[str] = frozenset()
    known: Constants = MappingProxyType({})
    replaced: AbstractSet[str] = frozenset()


def merge(base: str, ours: str, theirs: str) -> MergedText | None:
    """Merge modules; ``None`` where the two sides contradict each other, or lines would do."""
    done = _merge_by_line(base, ours, theirs)
    if done:
        return done
    if choice.is_reported():
        settled, told = silenced.settle(base, ours, theirs)
        if told:
            done = merge(settled, ours, theirs)
            return done and (done[0], (*told, *done[1]))
    formatted = unify_formatting(base, ours, theirs)
    if formatted != (base, theirs):
        base, theirs = formatted
        done = _merge_by_line(base, ours, theirs)
    return done or _merge_by_statement(base, ours, theirs)


def _merge_by_line(base: str, ours: str, theirs: str) -> MergedText | None:
    done = plain.merge(base, ours, theirs)
    return done if done and not find_problem(base, ours, theirs, done[0]) else None


def _merge_by_statement(base: str, ours: str, theirs: str) -> MergedText | None:
    before, our_tree, their_tree = (parse(text) for text in (base, ours, theirs))
    if our_tree is None or their_tree is None:
        return None
    done = _merge_modules(base, ours, theirs, _Names())
    tree = parse(done[0]) if done else None
    if done is None or tree is None:
        return None
    # One side removed an import, and the other still uses it or has come to use it.
    keep = find_missing(our_tree, their_tree, tree)
    unused = _find_idle_imports(before, our_tree, tree)
    idle = _find_idle_imports(before, their_tree, tree)
    if not any(isinstance(note, Declined) for note in done[1]) and (
        choice.find_side() or not _loses_use(our_tree, their_tree, done[0], unused)
    ):
        idle = set()  # what is in doubt may be the only use
    rivals = find_rivals(our_tree, their_tree, tree)
    outdone = idle | rivals if choice.find_side() == choice.OURS else idle
    replaced = rivals if choice.find_side() == choice.THEIRS else set[str]()
    if keep or outdone or replaced:
        done = _merge_modules(base, ours, theirs, _Names(keep, outdone, replaced=replaced))
    if done is None:
        return None
    text, notes = done
    if idle:
        imports = "\n".join(_find_import_lines(idle, theirs))
        notes += (declined.note_unused(", ".join(sorted(idle)), imports),)
    notes += tuple(
        f"{line.strip()}: the template removed what used it; it stays, though nothing uses it."
        for line in _find_import_lines(unused, ours)
    )
    # An import that stays, or is left out, comes and goes with the words of its statement.
    accounted = notes
    if keep or idle:
        accounted = (*notes, *keep, "import from", *_find_import_lines(keep, text))
    is_idle = not choice.find_side() and _loses_use(our_tree, their_tree, text, unused)
    is_lost = find_lost_word(base, ours, theirs, text, accounted)
    return None if is_idle or is_lost or find_problem(base, ours, theirs, text) else (text, notes)


def _find_import_lines(names: AbstractSet[str], text: str) -> list[str]:
    """The lines that import some of the names."""
    lines = [line for line in text.splitlines() if re.match(r"\s*(from|import)\b", line)]
    return [line for line in lines if names & set(re.findall(r"\w+", line))]


def _find_idle_imports(base: ast.Module | None, side: ast.Module, merged: ast.Module) -> set[str]:
    """New imports of a side whose only use the merge lacks."""
    statements = [node for node in side.body if isinstance(node, ast.Import | ast.ImportFrom)]
    known = {ast.dump(node) for node in base.body} if base else set()
    new: list[ast.stmt] = [node for node in statements if ast.dump(node) not in known]
    unused = find_bindings(merged) - find_uses(merged)
    return unused & find_bindings(ast.Module(new, [])) & find_uses(side)


def _loses_use(ours: ast.Module, theirs: ast.Module, merged: str, noted: AbstractSet[str]) -> bool:
    """Whether a name that every side with it uses is unused in the merge, and no note says so."""
    after = parse(merged)
    if after is None:
        return True
    unused = find_bindings(after) - find_uses(after)
    bound: set[str] = set()
    idle: set[str] = set()
    for tree in (ours, theirs):
        bound |= find_bindings(tree)
        idle |= find_bindings(tree) - find_uses(tree)
    return bool(unused & bound - idle - noted)


def _merge_modules(base: str, ours: str, theirs: str, names: _Names) -> MergedText | None:
    sides = [split_module(text) for text in (base, ours, theirs)]
    # What the base never had was added by the side that has it: so it stays.
    dropped = (names.keep, names.replaced, names.idle)
    prepared: list[list[Unit]] = []
    for units, without in zip(sides, dropped, strict=True):
        if units is None:
            return None
        if not any(statement_type(unit) == "imports" for unit in units):
            # An empty block of imports, where imports would be.
            at = 1 if units and statement_type(units[0]) == "doc" else 0
            units.insert(at, Unit(("imports", ""), at, ()))
        prepared.append(
            [
                u._replace(lines=drop_names(u.lines, without))
                if statement_type(u) == "imports"
                else u
                for u in units
            ]
        )
    known = _find_settled(base, ours, theirs)
    done = _merge_statements(names._replace(known=known), *prepared)
    if done is None:
        return None
    while done[0] and not done[0][-1] and diff.to_lines(ours)[-1:] != [""]:
        done[0].pop()  # of an empty block of imports nothing but the line above it is left
    return diff.to_text(done[0]), done[1]


def _merge_statements(
    names: _Names, base: list[Unit], ours: list[Unit], theirs: list[Unit]
) -> tuple[list[str], tuple[Note, ...]] | None:
    ours, theirs = (
        adopt_keys(base, side, is_nameless=lambda unit: statement_type(unit) == NAMELESS)
        for side in (ours, theirs)
    )
    both = partial(_merge_both, names=names)
    done = merge_units(base, ours, theirs, both, _place_statements, removed=_decide_removed)
    return None if done is None else (join_units(done[0]), done[1])


def _merge_both(base: Unit | None, ours: Unit, theirs: Unit, *, names: _Names) -> MergedUnit | None:
    """Merge one statement that both sides changed, or that both added."""
    if statement_type(ours) == "imports":
        return merge_imports(base.lines if base else (), ours.lines, theirs.lines)
    if _is_same_statement(ours, theirs):
        return _merge_equal(ours, theirs, names.known) or (ours.lines, ())
    if base and _is_same_statement(base, theirs):
        return ours.lines, ()
    if base and _is_same_statement(base, ours):
        return theirs.lines, ()
    if base is None:
        done = _merge_exports(ours._replace(lines=("__all__ = []",)), ours, theirs)
        done = done or _take_fuller(ours, theirs) or _keep_filled(ours, theirs)
        done = done or decline_carried_over(_describe(ours), ours, theirs)
        if done is None and (statement_type(ours) == "doc" or _differ_in_docstrings(ours, theirs)):
            texts = ["\n".join(unit.lines) for unit in (ours, theirs)]
            done = ours.lines, (declined.note_own_words(_describe(ours), *texts),)
        return done
    units = (base, ours, theirs)
    with choice.favouring(choice.NOBODY):
        done = _merge_known(base, ours, theirs, names)
    if done is None and choice.find_side():
        before, mine, offered = (list(unit.lines) for unit in units)
        done = _merge_members(*units, names) or plain.merge_lines(
            *(before, mine, offered), in_doubt=choice.find_side()
        )
    return done


def _take_fuller(ours: Unit, theirs: Unit) -> MergedUnit | None:
    """The form of a function that both added that says more: in a docstring, or a list in it."""
    if statement_type(ours) != "def":
        return None
    more = pick_farther((), ours.lines, theirs.lines)
    if more is None:
        return None
    fresh = Counter(more) - (Counter(ours.lines) & Counter(theirs.lines))
    is_listed = all(line.rstrip().endswith(",") for line in fresh)
    return (more, ()) if is_listed or _differ_in_docstrings(ours, theirs) else None


def _keep_filled(ours: Unit, theirs: Unit) -> MergedUnit | None:
    """The project's list of something, where the template has an empty one to be filled in."""
    sizes: list[int] = []
    for unit in (ours, theirs):
        tree = parse("\n".join(unit.lines))
        match tree and tree.body:
            case [ast.Assign(value=ast.Tuple(elts=items) | ast.List(elts=items))]:
                sizes.append(len(items))
            case [ast.Assign(value=ast.Dict(values=items))]:
                sizes.append(len(items))
    if len(sizes) == 2 and sizes[0] and not sizes[1]:  # noqa: PLR2004 - both sides
        texts = ["\n".join(unit.lines) for unit in (ours, theirs)]
        return ours.lines, (declined.note_filled(_describe(ours), *texts),)
    return None


def _merge_known(base: Unit, ours: Unit, theirs: Unit, names: _Names) -> MergedUnit | None:
    """Merge a statement that both sides changed."""
    units = (base, ours, theirs)
    done: MergedUnit | None = plain.merge_lines(*(list(unit.lines) for unit in units))
    if done is not None and not _defines_twice(done[0], ours, theirs):
        return done
    # A statement and the comments above it may be merged apart.
    above, below = [], []
    for unit in units:
        is_code = (bool(line.strip()) and line.lstrip()[0] != "#" for line in unit.lines)
        at = next((index for index, found in enumerate(is_code) if found), len(unit.lines))
        above.append(unit.lines[:at])
        below.append(unit.lines[at:])
    lead, code = merge_comments(_describe(base), *above), pick_changed(*below)
    if lead is not None and code is not None:
        return (*lead[0], *code), lead[1]
    done = _merge_members(*units, names) or _merge_exports(base, ours, theirs)
    done = done or _merge_signature(*units) or _merge_equal(ours, theirs, names.known)
    is_rewritten = measure_likeness_of_words(base.lines, ours.lines) < _REWRITTEN
    if done is None and is_rewritten and statement_type(base) in ("def", "doc"):
        texts = ["\n".join(unit.lines) for unit in (base, theirs, ours)]
        done = ours.lines, (declined.note_rewritten(_describe(base), *texts),)
    return done


def _defines_twice(merged: Iterable[str], *sides: Unit) -> bool:
    """Whether a merged class has two methods of one name, which both sides added."""
    texts = [dedent("\n".join(lines)) for lines in (merged, *(unit.lines for unit in sides))]
    return find_problem("", texts[1], texts[2], texts[0]) is not None


def _merge_members(base: Unit, ours: Unit, theirs: Unit, names: _Names) -> MergedUnit | None:
    """Merge a class, or a literal or call with one element a line.

    The lines of a function depend on each other, so that one has no parts.
    """
    sides = [split_members(unit.lines) for unit in (base, ours, theirs)]
    if any(side is None for side in sides):
        return None
    return _merge_statements(names._replace(known={}), *(side or [] for side in sides))


def _merge_signature(*units: Unit) -> MergedUnit | None:
    """Merge a function whose arguments, returned type and body are merged apart."""
    sides = [_split_signature(unit) for unit in units]
    if any(side is None for side in sides):
        return None
    base, ours, theirs = (side or () for side in sides)
    merged = ""
    for before, mine, offered in zip(base, ours, theirs, strict=True):
        if mine == before or offered in (before, mine):
            merged += offered if mine == before else mine
        elif (done := plain.merge(before, mine, offered)) is not None and not done[1]:
            merged += done[0]
        else:
            return None
    return merged.split("\n"), ()


def _split_signature(unit: Unit) -> tuple[str, str, str] | None:
    """A function up to what it returns, the type of that, and the rest."""
    text = "\n".join(unit.lines)
    tree = parse(dedent(text)) if text.isascii() else None  # of others the columns are bytes
    match tree and tree.body:
        case [ast.FunctionDef(returns=ast.expr() as node)]:
            pass
        case [ast.AsyncFunctionDef(returns=ast.expr() as node)]:
            pass
        case _:
            return None
    indent = len(text) - len(text.lstrip()) if dedent(text) != text else 0
    lines = text.splitlines(keepends=True)
    start = sum(map(len, lines[: node.lineno - 1])) + node.col_offset + indent
    last = (node.end_lineno or node.lineno) - 1
    end = sum(map(len, lines[:last])) + (node.end_col_offset or 0) + indent
    return text[:start], text[start:end], text[end:]


def _merge_equal(ours: Unit, theirs: Unit, known: Constants) -> MergedUnit | None:
    """Merge assignments of one line that both sides changed, differently, to the same value."""
    if len(ours.lines) != 1 or len(theirs.lines) != 1:
        return None
    units, assigned = (ours, theirs), list[tuple[str, str]]()
    for unit in units:
        tree = parse(unit.lines[0])
        match tree and tree.body:
            case [ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=value))]:
                assigned.append((name, repr(value)))
            case [ast.Assign(targets=[ast.Name(id=name)], value=ast.Name(id=other))]:
                if other in known:
                    assigned.append((name, known[other]))
    if len(assigned) < len(units) or assigned[0] != assigned[1]:
        return None
    note = f"both sides give it the same value; the template's {theirs.lines[0]} is left out."
    return ours.lines, (f"{_describe(ours)}: {note}",)


def _merge_exports(base: Unit, ours: Unit, theirs: Unit) -> MergedUnit | None:
    """Merge ``__all__``, which is a set of names, however it is laid out."""
    units, lists = (base, ours, theirs), list[list[str]]()
    for unit in units:
        tree = parse("\n".join(unit.lines))
        match tree and tree.body:
            case [ast.Assign(value=ast.List() as found) | ast.AnnAssign(value=ast.List() as found)]:
                constants = [item.value for item in found.elts if isinstance(item, ast.Constant)]
                texts = [text for text in constants if isinstance(text, str)]
                if len(set(texts)) == len(found.elts) and "#" not in "".join(unit.lines):
                    lists.append([f'"{text}"' for text in texts])
    if strip_number(base) != ("=", "__all__") or len(lists) < len(units):
        return None
    before, our_names, their_names = lists
    names = [name for name in our_names if name in their_names or name not in before]
    names += [name for name in their_names if name not in before and name not in our_names]
    if our_names == sorted(our_names) and their_names == sorted(their_names):
        names.sort()
    head = "\n".join(ours.lines).partition("=")[0].rstrip()
    line = f"{head} = [{', '.join(names)}]"
    if len(ours.lines) == 1 and len(line) <= WIDTH:
        return [line], ()
    return [f"{head} = [", *(f"    {name}," for name in names), "]"], ()


def _describe(unit: Unit) -> str:
    form, name = strip_number(unit)
    return str(name or {"doc": "the docstring", "main": "the main block"}.get(form, form))


_let_project_decide = let_project_decide(_describe)


def _decide_removed(
    base: Unit, ours: Unit | None, theirs: Unit | None
) -> tuple[Unit | None, Note] | None:
    return _let_project_decide(base, ours, theirs) if statement_type(base) in _NAMED else None


def _place_statements(
    before: Unit | None, ours: list[Unit], theirs: list[Unit]
) -> list[Unit] | None:
    """Definitions work in either order; two statements may not, and the main block is last.

    Statements right below the imports stay there: what is defined may count on them.
    """
    ordered = [
        any(statement_type(unit) not in _UNORDERED for unit in side) for side in (ours, theirs)
    ]
    if all(ordered):
        return None
    if before and statement_type(before) == "imports":
        for side, other in (ours, theirs), (theirs, ours):
            kinds = [statement_type(unit) for unit in side]
            others = {*kinds, *map(statement_type, other)}
            if kinds[0] not in _NAMED and not others & {"imports", "main"}:
                return side + other
    return theirs + ours if ordered[0] else ours + theirs


def _find_settled(base: str, ours: str, theirs: str) -> Constants:
    """The constants of a module once both sides' changes are in it.

    They are those that every version binds once, and that not both sides changed: what they stand
    for after the merge is beyond doubt.
    """
    constants: list[Constants] = []
    for tree in map(parse, (base, ours, theirs)):
        if tree is None or "*" in find_bindings(tree):
            return {}
        found = {}
        times = Counter(name for node in tree.body for name in find_bindings(node))
        for node in tree.body:
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=value)):
                    if times[name] == 1:
                        found[name] = repr(value)
        constants.append(found)
    before, in_ours, in_theirs = constants
    settled = {}
    for name in before.keys() & in_ours.keys() & in_theirs.keys():
        if in_theirs[name] in (before[name], in_ours[name]):
            settled[name] = in_ours[name]
        elif in_ours[name] == before[name]:
            settled[name] = in_theirs[name]
    return settled


_LAYOUT = {tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
_BRACKETS = {"(", ")", ",", ";"}


def unify_formatting(base: str, ours: str, theirs: str) -> tuple[str, str]:
    """Base and theirs, in which nothing differs from ours only in its formatting.

    A side that only reformatted a statement has not changed it: where the project did, base and
    template get it as the project has it; where the template did, the template gets it as it is
    in base if the project changed or removed it.
    """
    sides = [split_module(text) for text in (base, ours, theirs)]
    if None in sides:
        return base, theirs
    before, in_ours, in_theirs = (
        {unit.key: unit for unit in number_units(side or [])} for side in sides
    )
    new_base, new_theirs = dict(before), dict(in_theirs)
    for key in {**before, **in_theirs}:
        old, our_unit, their_unit = before.get(key), in_ours.get(key), in_theirs.get(key)
        if our_unit and old and our_unit.lines != old.lines and _is_same_statement(old, our_unit):
            new_base[key] = old._replace(lines=our_unit.lines)
            if their_unit and (
                their_unit.lines == old.lines or _is_same_statement(their_unit, our_unit)
            ):
                new_theirs[key] = their_unit._replace(lines=our_unit.lines)
        elif (
            their_unit
            and old
            and (not our_unit or our_unit.lines != old.lines)
            and _is_same_statement(their_unit, old)
        ):
            new_theirs[key] = their_unit._replace(lines=old.lines)
    changed = new_base != before, new_theirs != in_theirs
    return (
        diff.to_text(join_units([*new_base.values()])) if changed[0] else base,
        diff.to_text(join_units([*new_theirs.values()])) if changed[1] else theirs,
    )


def has_only_reformatted(base: str, ours: str) -> bool:
    """Whether two modules say the same, comments included."""
    before, after = parse(base), parse(ours)
    if before is None or after is None or ast.dump(before) != ast.dump(after):
        return False
    return [*_find_words(base)] == [*_find_words(ours)]


def _is_same_statement(one: Unit, two: Unit) -> bool:
    """Whether two statements say the same, comments included, in the same order."""
    if one.lines == two.lines:
        return True
    if statement_type(one) == "imports":
        return False
    texts = [dedent("\n".join(unit.lines)) for unit in (one, two)]
    pairs = ([parse(form.format(text)) for text in texts] for form in _FORMS)
    trees = next((pair for pair in pairs if None not in pair), [None, None])
    if trees[0] is None or trees[1] is None or ast.dump(trees[0]) != ast.dump(trees[1]):
        return False
    return [*_find_words(texts[0])] == [*_find_words(texts[1])]


def _differ_in_docstrings(one: Unit, two: Unit) -> bool:
    """Whether two definitions are the same, comments included, but for their docstrings."""
    codes: list[object] = []
    for unit in (one, two):
        tree = parse(dedent("\n".join(unit.lines)))
        for node in ast.walk(tree) if tree else ():
            match node:
                case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                    if ast.get_docstring(node, clean=False) is not None:
                        node.body = node.body[1:] or [ast.Pass()]
        comments = [line.strip() for line in unit.lines if line.lstrip().startswith("#")]
        codes.append(tree and (ast.dump(tree), comments))
    return codes[0] is not None and codes[0] == codes[1]


def _find_words(text: str) -> Iterator[str]:
    """The words of some source, without its layout: of strings, that there is one."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield f"# {token.string.lstrip('#').strip()}"
        elif "STRING" in tokenize.tok_name[token.type]:
            yield "''"
        elif token.type not in _LAYOUT and token.string not in _BRACKETS:
            yield token.string

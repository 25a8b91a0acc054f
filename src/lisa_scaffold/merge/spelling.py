"""Python statements that differ in their writing alone: quotes, white space, brackets, commas."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator
from textwrap import dedent

from lisa_scaffold.merge import text as plain
from lisa_scaffold.merge.names import parse
from lisa_scaffold.merge.statements import kind, module
from lisa_scaffold.merge.units import Unit, numbered, to_lines

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
    return text if units == news else plain.to_text(to_lines([*news.values()]))


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

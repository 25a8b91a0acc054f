"""Python names that stand for one constant, and assignments that mean the same by them."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Mapping, Sequence

from lisa_scaffold.merge.names import bindings, parse

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

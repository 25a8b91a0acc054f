"""Names in Python source: what a module binds, what it uses, what it defines twice."""

from __future__ import annotations

import ast
import re
import warnings
from collections import Counter

from lisa_scaffold.bounds import crowded_python

_IDENTIFIER = re.compile(r"[A-Za-z_]\w*")
_LONGEST_ANNOTATION = 200


def parse(source: str) -> ast.Module | None:
    """The syntax tree, or ``None`` for source that is not valid Python, or too much of it."""
    if crowded_python(source):
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


def problem(_base: str, ours: str, theirs: str, merged: str) -> str | None:
    """What is wrong with a merged module where both sides were right; ``None`` for nothing."""
    mine, yours = parse(ours), parse(theirs)
    if mine is None or yours is None:
        return None
    after = parse(merged)
    if after is None:
        return "it is no valid Python any more"
    lost = missing(mine, yours, after)
    if lost:
        return f"it uses {', '.join(sorted(lost))} without defining or importing it"
    twice = _defined(after)
    sides = [_defined(tree) for tree in (mine, yours)]
    for name, times in twice.items():
        if times > max(1, *(side[name] for side in sides)):
            return f"it defines {name} twice"
    return None


def missing(ours: ast.Module, theirs: ast.Module, merged: ast.Module) -> set[str]:
    """Names that the merged module uses and nobody binds any more, although a side did."""
    bound = bindings(merged)
    if "*" in bound:
        return set()
    unbound = uses(merged) - bound
    sides = [(bindings(tree), uses(tree)) for tree in (ours, theirs)]
    known = {name for names, _ in sides for name in names}
    always = {name for names, used in sides for name in used - names}
    return (unbound & known) - always


def uses(tree: ast.AST) -> set[str]:
    """Names that are read, those in quoted annotations and ``__all__`` included."""
    found: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Load() | ast.Del()):
                found.add(name)
            case ast.Assign(targets=[ast.Name(id="__all__")], value=value):
                found |= {text for text in _strings(value) if text.isidentifier()}
            case ast.arg(annotation=ast.expr() as value) | ast.AnnAssign(annotation=value):
                found |= _quoted(value)
            case ast.FunctionDef(returns=ast.expr() as value):
                found |= _quoted(value)
            case ast.AsyncFunctionDef(returns=ast.expr() as value):
                found |= _quoted(value)
    return found


def bindings(tree: ast.AST) -> set[str]:
    """Names that are bound anywhere: by import, definition, assignment, as arguments and so on."""
    found: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                found |= {alias.asname or alias.name.partition(".")[0] for alias in names}
            case ast.Name(id=name, ctx=ast.Store()):
                found.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                found.add(name)
            case ast.ClassDef(name=name) | ast.arg(arg=name):
                found.add(name)
            case ast.ExceptHandler(name=str() as name) | ast.MatchAs(name=str() as name):
                found.add(name)
            case ast.MatchStar(name=str() as name) | ast.MatchMapping(rest=str() as name):
                found.add(name)
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                found |= set(names)
    return found


def _quoted(annotation: ast.expr) -> set[str]:
    texts = (text for text in _strings(annotation) if len(text) <= _LONGEST_ANNOTATION)
    return {name for text in texts for name in _IDENTIFIER.findall(text)}


def _strings(tree: ast.AST) -> set[str]:
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def _defined(tree: ast.Module) -> Counter[str]:
    """How often each function and class is defined, at the top level and inside classes."""
    found: Counter[str] = Counter()
    todo: list[tuple[str, list[ast.stmt]]] = [("", tree.body)]
    while todo:
        prefix, body = todo.pop()
        for node in body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                found[prefix + node.name] += 1
            if isinstance(node, ast.ClassDef):
                todo.append((f"{prefix}{node.name}.", node.body))
    return found

"""Start dates of Airflow's DAGs that are computed anew with each parse, however written."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.rules.dags import Module, find_argument, is_timed

_MOVING = compile_lazily(
    r"(?:\w+\.)*(?:datetime|date|DateTime)\.(?:now|utcnow|today)"
    r"|pendulum\.(?:now|today|yesterday|tomorrow)|arrow\.(?:now|utcnow)|time\.time"
    r"|airflow\.(?:\w+\.)*(?:dates\.days_ago|timezone\.(?:utcnow|now))"
)
_KEY = "start_date"


def find_moving(module: Module) -> list[int]:
    """The lines of a file in which a DAG that runs by the clock is given a date that moves."""
    untimed = [call for call in module.dags if not is_timed(module, call)]
    # A date outside of the DAGs is for all of them.
    if len(untimed) == len(module.dags):
        return []
    lines: set[int] = set()
    for _, call in module.calls:
        if call not in untimed:
            for given in _find_dates(module, call):
                lines |= {
                    each.lineno
                    for each in _walk(module, given)
                    if isinstance(each, ast.Call) and _MOVING.fullmatch(module.full(each.func))
                }
    return sorted(lines)


def _find_dates(module: Module, call: ast.Call) -> Iterator[ast.expr]:
    """The start dates that a call is given, among its default arguments too."""
    if (date := find_argument(call, _KEY)) is not None:
        yield date
    if (defaults := find_argument(call, "default_args")) is not None:
        yield from _find_in_mapping(module, defaults)


def _find_in_mapping(module: Module, mapping: ast.expr) -> Iterator[ast.expr]:
    """The values that a mapping has, or is given later, for the key."""
    waiting, seen = [mapping], set[str]()
    while waiting:
        node = waiting.pop()
        match node:
            case ast.Name(id=name) if name not in seen:
                # Each name once, however often they repeat each other.
                seen.add(name)
                waiting += [module.values[name]] if name in module.values else []
                yield from _find_additions(module, name)
            case ast.Dict(keys=keys, values=values):
                for key, value in zip(keys, values, strict=True):
                    if key is None:
                        waiting.append(value)
                    elif _is_key(key):
                        yield value
            case ast.BinOp(left=left, op=ast.BitOr(), right=right):
                waiting += [left, right]
            case ast.Call(func=ast.Attribute(value=copied, attr="copy"), args=[]):
                waiting.append(copied)
            case ast.Call(args=args, keywords=keywords):
                waiting += [*args, *(each.value for each in keywords if each.arg is None)]
                yield from (each.value for each in keywords if each.arg == _KEY)


def _find_additions(module: Module, name: str) -> Iterator[ast.expr]:
    """What a mapping of that name is given for the key after it was made."""
    for node in module.nodes:
        match node:
            case ast.Assign(targets=[ast.Subscript(value=ast.Name(id=given), slice=key)]):
                if given == name and _is_key(key):
                    yield node.value
            case ast.Call(func=ast.Attribute(value=ast.Name(id=given), attr="update")):
                if given == name:
                    yield from _find_in_mapping(module, node)
            case ast.Call(func=ast.Attribute(attr="setdefault"), args=[key, value]):
                if module.full(node.func) == f"{name}.setdefault" and _is_key(key):
                    yield value


def _is_key(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value == _KEY


def _walk(module: Module, node: ast.expr) -> Iterator[ast.AST]:
    """An expression, and what its names stand for: values, and what functions return."""
    waiting: list[ast.AST] = [node]
    seen: set[str] = set()
    while waiting:
        for inner in ast.walk(waiting.pop()):
            yield inner
            if isinstance(inner, ast.Name) and inner.id not in seen:
                seen.add(inner.id)
                waiting += [module.values[inner.id]] if inner.id in module.values else []
                waiting += _find_returned(module, inner.id)


def _find_returned(module: Module, name: str) -> list[ast.expr]:
    return [
        node.value
        for function in module.tree.body
        if isinstance(function, ast.FunctionDef) and function.name == name
        for node in ast.walk(function)
        if isinstance(node, ast.Return) and node.value
    ]

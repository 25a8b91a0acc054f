"""What ``setup.py`` tells setuptools, as far as that can be known without running it.

A name counts as known where the module gives it one value, at its top, and nothing else touches it:
what a loop, a ``try`` or another file makes of it only a run can tell.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, lru_cache, partial
from types import MappingProxyType
from typing import Any, NamedTuple

_SETUP_MODULES = ("setuptools", "distutils.core", "numpy.distutils.core", "skbuild")
_ALL_NAMES = ("globals", "locals", "vars")
_ANY = "*"
_MOST_NAMES = 4
"""Names that may stand for one another in a row."""
_MOST_CALLS = 100
"""Calls of ``setup`` in one module; people write one, or two."""
_READING = frozenset(["values", "items", "keys", "get", "copy"])
_HARMLESS = frozenset(
    ["print", "len", "str", "list", "tuple", "sorted", "set", "dict", "find_packages"]
)


LookUp = Callable[[ast.expr], ast.expr]


class Argument(NamedTuple):
    """An argument of ``setup``: its line, and its value where that is known.

    Of a dictionary that is not known as a whole the value has what is known of it.
    """

    line: int
    value: Any
    is_known: bool


class SetupCall(NamedTuple):
    """What is handed to ``setup``.

    Attributes
    ----------
    arguments
        The arguments, by name.
    is_whole
        Whether there are no others: nothing is unpacked, and no other call may be the one.
    """

    arguments: Mapping[str, Argument]
    is_whole: bool


def read_call(module: ast.Module, metadata: Mapping[str, str] = MappingProxyType({})) -> SetupCall:
    """Read the call of ``setup`` in a module.

    Of several calls, what they do not agree on is not known; without any, nothing is: another
    module may make it.

    Parameters
    ----------
    module
        The module.
    metadata
        The section of that name in ``setup.cfg``, which some read themselves.
    """
    calls = [*_find_calls(module)]
    if not calls or len(calls) > _MOST_CALLS:
        return SetupCall({}, is_whole=False)
    look_up = partial(_look_up, sections={*_find_sections(module)}, metadata=metadata)
    names = _find_constants(module, calls, look_up)
    tables = dict(_find_tables(module))
    # Many arguments may stand for one value, which is long.
    evaluate = cache(_evaluate)
    read = [_read_arguments(call, names, tables, look_up, evaluate) for call in calls]
    is_whole = all(name is not None for call in calls for name, _ in _list_keywords(call, names))
    is_whole = is_whole and not any(call.args for call in calls)
    if len(read) == 1:
        return SetupCall(read[0], is_whole)
    merged = {}
    for name in dict.fromkeys(name for each in read for name in each):
        given = [each.get(name) for each in read]
        first = next(each for each in given if each)
        agree = all(each and each.is_known and each.value == first.value for each in given)
        merged[name] = first._replace(is_known=agree)
    return SetupCall(merged, is_whole)


@lru_cache(maxsize=1)
def _walk(module: ast.Module) -> tuple[ast.AST, ...]:
    """Every node of a module, which is walked once for all that is asked of it."""
    return tuple(ast.walk(module))


def _find_calls(module: ast.Module) -> Iterator[ast.Call]:
    """The calls of a function that some module has as ``setup``."""
    functions: set[str] = set()
    modules: dict[str, str] = {}
    for node in _walk(module):
        match node:
            case ast.ImportFrom(level=0, names=names):
                functions |= {each.asname or each.name for each in names if each.name == "setup"}
                imported = {
                    each.asname or each.name: f"{node.module}.{each.name}" for each in names
                }
                modules |= {own: full for own, full in imported.items() if full in _SETUP_MODULES}
            case ast.Import(names=names):
                # `import distutils.core` binds the first part alone.
                modules |= {
                    each.asname or each.name: each.name
                    for each in names
                    if each.name in _SETUP_MODULES
                }
    for node in _walk(module):
        match node:
            case ast.Call(func=ast.Name(id=name)) if name in functions:
                yield node
            case ast.Call(func=ast.Attribute(value=value, attr="setup")):
                if ast.unparse(value) in modules:
                    yield node


def _read_arguments(
    call: ast.Call,
    names: Mapping[str, ast.expr],
    tables: Mapping[str, ast.Dict],
    look_up: LookUp,
    evaluate: Callable[[ast.expr], tuple[Any, bool]],
) -> dict[str, Argument]:
    arguments = {}
    for keyword, given in _list_keywords(call, names):
        if keyword is None:
            continue
        value = names.get(given.id, given) if isinstance(given, ast.Name) else look_up(given)
        found, is_known = evaluate(value)
        if not is_known:
            value = tables.get(value.id, value) if isinstance(value, ast.Name) else value
            found = _read_part(value) if isinstance(value, ast.Dict) else None
        arguments[keyword] = Argument(given.lineno, found, is_known)
    return arguments


def _evaluate(value: ast.expr) -> tuple[Any, bool]:
    """A literal, and whether it is one."""
    try:
        return ast.literal_eval(value), True
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None, False


def _read_part(table: ast.Dict) -> dict[str, Any] | None:
    """The entries of a dictionary that are literals; ``None`` where none is."""
    found = {}
    for key, value in zip(table.keys, table.values, strict=True):
        read, is_known = _evaluate(value)
        match key:
            case ast.Constant(value=str(name)) if is_known:
                found[name] = read
            case None:
                found.clear()  # what is unpacked may have any of those before it
    return found or None


def _find_tables(module: ast.Module) -> Iterator[tuple[str, ast.Dict]]:
    """Dictionaries of which single entries are changed, without these.

    So begins ``extras["dev"] += extras["test"]``.
    """
    changed_keys = _find_changed_keys(module)
    for node in module.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Dict() as table):
                changed = changed_keys.get(name)
                if changed is not None:
                    pairs = zip(table.keys, table.values, strict=True)
                    kept = [
                        (key, value)
                        for key, value in pairs
                        if not (isinstance(key, ast.Constant) and key.value in changed)
                    ]
                    yield name, ast.Dict([key for key, _ in kept], [value for _, value in kept])


def _find_changed_keys(module: ast.Module) -> dict[str, set[object]]:
    """The keys under which each dictionary may be changed; without those where that may be any."""
    keys: dict[str, list[ast.expr]] = {}
    harmless: set[ast.AST] = set()
    for name, own, key in _list_uses(module):
        harmless.add(own)
        keys.setdefault(name, []).extend([key] if key else [])
    bound = Counter(_find_bound(module))
    used = (node for node in _walk(module) if isinstance(node, ast.Name))
    unknown = {node.id for node in used if node not in harmless}
    return {
        name: {key.value for key in each if isinstance(key, ast.Constant)}
        for name, each in keys.items()
        if bound[name] == 1 and name not in unknown
        if all(isinstance(key, ast.Constant) for key in each)
    }


def _list_uses(module: ast.Module) -> Iterator[tuple[str, ast.Name, ast.expr | None]]:
    """Where dictionaries get their names, are read or changed, with the key that may be changed."""
    for assigned in module.body:
        match assigned:
            case ast.Assign(targets=[ast.Name(id=name) as own, *_]):
                yield name, own, None
    for node in _walk(module):
        match node:
            case ast.Subscript(value=ast.Name(id=name) as own, slice=key, ctx=context):
                yield name, own, None if isinstance(context, ast.Load) else key
            case (
                ast.Assign(value=ast.Subscript(value=ast.Name(id=name) as own, slice=key))
                | ast.Attribute(value=ast.Subscript(value=ast.Name(id=name) as own, slice=key))
            ):
                yield name, own, key  # another name for the entry, or a method of it
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name) as own, attr=attr)):
                if attr in _READING:
                    yield name, own, None
            case ast.keyword(value=ast.Name(id=name) as own):
                yield name, own, None


def _list_keywords(
    call: ast.Call, names: Mapping[str, ast.expr]
) -> Iterator[tuple[str | None, ast.expr]]:
    """The keywords of a call, those of an unpacked constant too; without a name what has none."""
    for keyword in call.keywords:
        value = keyword.value
        if keyword.arg is None and isinstance(value, ast.Name):
            value = names.get(value.id, value)
        match value if keyword.arg is None else None:
            case ast.Call(func=ast.Name(id="dict"), args=[], keywords=inner):
                yield from ((each.arg, each.value) for each in inner)
            case ast.Dict(keys=keys, values=values):
                for key, each in zip(keys, values, strict=True):
                    name = key.value if isinstance(key, ast.Constant) else None
                    yield (name if isinstance(name, str) else None, each)
            case _:
                yield keyword.arg, value


def _find_constants(
    module: ast.Module, calls: Sequence[ast.Call], look_up: LookUp
) -> dict[str, ast.expr]:
    """The values of names that get one at the top of the module, and are never touched again."""
    touched = Counter([*_find_bound(module), *_find_changed(module)])
    if touched[_ANY]:
        return {}
    found: dict[str, ast.expr] = {}
    for node in module.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                found[name] = value
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                found[name] = value
    found = {name: look_up(value) for name, value in found.items()}
    handed = {*_find_handed(module, calls)}
    return {
        name: value
        for name, value in found.items()
        if touched[name] == 1 and (name not in handed or not _can_change(value))
    }


def find_texts(module: ast.Module) -> dict[str, tuple[str, int]]:
    """The names at the top of a module that stand for one text, whatever happens, with its line."""
    values = _find_constants(module, [], lambda value: value)
    found = {}
    for name, given in values.items():
        value = given
        # One name may stand for another, which is the one with the text.
        for _ in range(_MOST_NAMES):
            value = values.get(value.id, value) if isinstance(value, ast.Name) else value
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            found[name] = value.value, value.lineno
    return found


def binds(module: ast.Module, name: str) -> bool:
    """Whether a module gives a value to a name anywhere, but for what it runs."""
    return name in _find_bound(module)


def _find_sections(module: ast.Module) -> Iterator[str]:
    """Names of what is ``[metadata]`` of ``setup.cfg`` as a dictionary, and is read alone.

    Astropy's helpers began so: ``metadata = dict(conf.items("metadata"))``.
    """
    read = any(isinstance(n, ast.Constant) and n.value == "setup.cfg" for n in _walk(module))
    if not read:
        return
    bound, written = Counter(_find_bound(module)), _find_written(module)
    for node in module.body:
        match node:
            case ast.Assign(
                targets=[ast.Name(id=name)],
                value=ast.Call(
                    func=ast.Name(id="dict"),
                    args=[
                        ast.Call(
                            func=ast.Attribute(attr="items"), args=[ast.Constant(value="metadata")]
                        )
                    ],
                    keywords=[],
                ),
            ) if bound[name] == 1 and name not in written:
                yield name


def _find_written(module: ast.Module) -> set[str]:
    """The names with which something but reading a key of a dictionary is done."""
    keys = set()
    for node in _walk(module):
        match node:
            case (
                ast.Subscript(value=ast.Name() as used, ctx=ast.Load())
                | ast.Attribute(value=ast.Name() as used, attr="get")
            ):
                keys.add(used)
    loads = (n for n in _walk(module) if isinstance(n, ast.Name) and n not in keys)
    return {n.id for n in loads if isinstance(n.ctx, ast.Load)}


def _look_up(value: ast.expr, *, sections: set[str], metadata: Mapping[str, str]) -> ast.expr:
    """What stands in ``setup.cfg`` in place of ``metadata.get("author", "")``; else the value."""
    match value:
        case (
            ast.Call(
                func=ast.Attribute(value=ast.Name(id=name), attr="get"),
                args=[ast.Constant(value=str(key)), *_],
            )
            | ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=str(key)))
        ) if name in sections:
            default = value.args[1:] if isinstance(value, ast.Call) else []
            stated = metadata.get(key.lower())
            # A per cent sign stands for another value.
            if stated is not None and "%" not in stated:
                return ast.copy_location(ast.Constant(stated), value)
            return default[0] if stated is None and default else value
    return value


def _find_bound(module: ast.Module) -> Iterator[str]:
    """Every name that is bound or deleted anywhere in a module, each time.

    A function's own names count as well: its call of ``setup`` may mean those.
    """
    for node in _walk(module):
        match node:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()) | ast.arg(arg=name):
                yield name
            case ast.alias(name=name, asname=own):
                yield own or name.partition(".")[0]
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
            case ast.ClassDef(name=name) | ast.ExceptHandler(name=str(name)):
                yield name
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                yield name
            case ast.MatchMapping(rest=str(name)):
                yield name


def _find_changed(module: ast.Module) -> Iterator[str]:
    """Every name whose value may be changed in place, each time."""
    for node in _walk(module):
        match node:
            case ast.Attribute(ctx=ast.Store() | ast.Del()):
                yield _find_root(node)
            case ast.Subscript(ctx=ast.Store() | ast.Del()):
                yield _find_root(node)
            case ast.Call(func=ast.Attribute(value=value)):
                # A method may do it: `requires.append(…)`.
                yield _find_root(value)
            case ast.Call(func=ast.Name(id="exec"), args=[_, ast.Name(id=name), *_]):
                yield name
            case ast.Call(func=ast.Name(id="exec")):
                yield _ANY


def _find_root(node: ast.AST) -> str:
    """The name at the beginning of ``name.attribute[0]``; empty where there is none."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    match node:
        case ast.Name(id=name):
            return name
        case ast.Call(func=ast.Name(id=name)) if name in _ALL_NAMES:
            return _ANY
    return ""


def _find_handed(module: ast.Module, calls: Sequence[ast.Call]) -> Iterator[str]:
    """The names that are handed to functions, which may change what those stand for."""
    for node in _walk(module):
        if isinstance(node, ast.Call) and node not in calls:
            if isinstance(node.func, ast.Name) and node.func.id in _HARMLESS:
                continue
            for each in (*node.args, *(keyword.value for keyword in node.keywords)):
                if isinstance(each, ast.Name):
                    yield each.id


def _can_change(value: ast.expr) -> bool:
    return isinstance(value, ast.List | ast.Dict | ast.Set | ast.Call)

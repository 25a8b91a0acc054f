"""What ``setup.py`` takes from a module of the project: read there, and never run."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from lisa_scaffold.project.facts import Facts
from lisa_scaffold.project.setup_call import binds, find_texts

_ABOUT = ("_version.py", "__about__.py", "_about.py", "_meta.py", "__init__.py", "version.py")


def find_computed(facts: Facts, key: str) -> tuple[str, str] | None:
    """An argument of ``setup`` that a module of the project has, and its place.

    It is looked up there (``about["__title__"]``), imported from there, or what an ``exec`` of the
    module leaves behind.
    """
    setup = facts.python("setup.py")
    if not isinstance(setup, ast.Module):
        return None
    for value in _find_values(setup, key):
        match value:
            case ast.Subscript(slice=ast.Constant(value=str(name))):
                return _look_up(facts, name)
            case ast.Name(id=name):
                return _trace(facts, setup, name)
    return None


def _find_values(setup: ast.Module, key: str) -> Iterator[ast.expr]:
    """What stands for an argument, in the call or in a dictionary for it."""
    for node in ast.walk(setup):
        match node:
            case ast.keyword(arg=arg, value=value) if arg == key:
                yield value
            case ast.Dict(keys=keys, values=values):
                for name, value in zip(keys, values, strict=True):
                    if isinstance(name, ast.Constant) and name.value == key:
                        yield value


def _look_up(facts: Facts, name: str) -> tuple[str, str] | None:
    """A text that one of the modules has by a name which are called as such modules are."""
    modules = [path for path in facts.files if path.rpartition("/")[2] in _ABOUT]
    for path in sorted(modules, key=lambda each: (each.count("/"), each)):
        module = facts.python(path)
        for node in module.body if isinstance(module, ast.Module) else ():
            match node:
                case ast.Assign(
                    targets=[ast.Name(id=wanted)],
                    value=ast.Constant(value=str(text), lineno=line),
                ) if name == wanted:
                    return text, f"{path}:{line}"
    return None


def _trace(facts: Facts, setup: ast.Module, name: str) -> tuple[str, str] | None:
    """A text that a name stands for which ``setup.py`` does not give itself."""
    imported = [
        node.module.replace(".", "/")
        for node in ast.walk(setup)
        if isinstance(node, ast.ImportFrom) and node.module and not node.level
        if any(each.name == name and not each.asname for each in node.names)
    ]
    paths = [f"{each}{end}" for each in imported for end in (".py", "/__init__.py")]
    if not imported and not binds(setup, name) and _executes(setup):
        paths = [*_list_paths(setup)]
    found = [
        (texts[name][0], f"{path}:{texts[name][1]}")
        for path in dict.fromkeys(paths)
        if path != "setup.py" and isinstance(module := facts.python(path), ast.Module)
        if name in (texts := find_texts(module))
    ]
    return found[0] if len(found) == 1 else None


def _executes(setup: ast.Module) -> bool:
    """Whether a file is run at the top of a module, so that its names are the module's own."""
    waiting: list[ast.AST] = [*setup.body]
    while waiting:
        node = waiting.pop()
        match node:
            case ast.Call(func=ast.Name(id="exec"), args=[_]):
                return True
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() | ast.Lambda():
                continue
        waiting += ast.iter_child_nodes(node)
    return False


def _list_paths(setup: ast.Module) -> Iterator[str]:
    """The paths of modules that a module names, as a whole or by their parts."""
    for node in ast.walk(setup):
        texts: list[object] = []
        match node:
            case ast.Constant(value=str(text)):
                texts = [text]
            case ast.Call(args=args):
                texts = [each.value for each in args if isinstance(each, ast.Constant)]
        path = "/".join(each for each in texts if isinstance(each, str))
        if path.endswith(".py"):
            yield path.removeprefix("./")

"""Python modules that the template brings, and that need one which the project has not.

Such a module, most often a test, would only fail: what depends on something left out is left out
with it.
"""

from __future__ import annotations

import ast
from collections.abc import Container, Iterable, Iterator, Mapping

from lisa_scaffold.formats import python

_LAYOUT = "src/"


def find_broken(
    brought: Mapping[str, tuple[bytes, bytes]], theirs: Iterable[str], known: Container[str]
) -> dict[str, str]:
    """Of the modules that the template brings, those that need one that is not there.

    Parameters
    ----------
    brought
        The modules that it adds or changes: path → content before (empty: it is new), and after.
    theirs
        The paths of the template.
    known
        The paths that the project has once they are brought.

    Returns
    -------
    dict
        Path → path of a module that it has come to import and that is left out.
    """
    modules = {_name(path): path for path in theirs if path.endswith(".py")}
    left_out = {
        name: path
        for name, path in modules.items()
        if not any(place in known for place in find_places(path))
    }
    broken: dict[str, str] = {}
    needs = {
        path: {*_imports(path, after)} - {*_imports(path, before)}
        for path, (before, after) in brought.items()
    }
    while found := {
        path: left_out[min(missing)]
        for path, names in needs.items()
        if path not in broken and (missing := names & left_out.keys())
    }:
        broken |= found
        # What is new goes, and what needs that goes with it; of the others the old one stays.
        left_out |= {_name(path): path for path in found if not brought[path][0]}
    return broken


def _name(path: str) -> str:
    """The dotted name of a module by its path."""
    inner = path.removeprefix(_LAYOUT).removesuffix(".py").removesuffix("/__init__")
    return inner.replace("/", ".")


def find_places(path: str) -> list[str]:
    """The paths at which a project may have a module of the template."""
    inner = _name(path).replace(".", "/")
    forms = [f"{inner}.py", f"{inner}/__init__.py", f"{inner}.pyi", f"{inner}.pyx"]
    return [path, *forms, *(f"{_LAYOUT}{form}" for form in forms)]


def _imports(path: str, content: bytes) -> Iterator[str]:
    """The dotted names that a module imports, with each name that it takes from one."""
    tree = python.parse(content.decode("utf-8", "replace"))
    package = _name(path).split(".")
    if not path.endswith("/__init__.py"):
        package.pop()
    for node in ast.walk(tree) if tree else ():
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=module, names=names, level=level):
                above = package[: len(package) + 1 - level] if level else []
                origin = ".".join([*above, *([module] if module else [])])
                yield origin
                yield from (f"{origin}.{alias.name}" for alias in names)

"""What a ``setup.py`` needs to run: an isolated build has only what ``requires`` names."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from typing import NamedTuple

from lisa_scaffold.lines import join_names
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.project.imported import find_distributions
from lisa_scaffold.versions import normalize_name

# Modules that a setup.py imports, and the distributions of other names that bring them.
_BRINGING = {
    "Cython": "cython",
    "extension_helpers": "extension-helpers",
    "mypyc": "mypy",
    "pkg_resources": "setuptools<82",
    "setuptools_rust": "setuptools-rust",
    "setuptools_scm": "setuptools-scm",
    "skbuild": "scikit-build",
}
_SAME = frozenset(
    [
        *("cffi", "cppy", "jinja2", "nanobind", "packaging", "pbr", "pkgconfig", "pybind11"),
        *("pythran", "six", "toml", "tomli", "versioneer", "versioningit", "wheel"),
    ]
)
# What is built against them runs with that very version alone, which `requires` cannot tell.
_OF_ONE_VERSION = frozenset(("cupy", "jax", "mpi4py", "tensorflow", "torch"))
_GIVEN = sys.stdlib_module_names | {"setuptools", "distutils", "imp"}
_MOST = 50
"""Modules of the project that are looked at."""

_NAMES_CYTHON = compile_lazily(r"(?i)cython|\.pyx\b")
_NUMPY = compile_lazily(r"\b(?:import|from)\s+numpy\b(?!\.distutils)")


class BuildNeeds(NamedTuple):
    """What a ``setup.py`` needs.

    Attributes
    ----------
    requires
        What ``requires`` names, setuptools included.
    reasons
        Why it names more than that.
    unknown
        Modules that it, or what it imports of the project, imports and that come from nobody knows
        where: with the file.
    """

    requires: tuple[str, ...] = ("setuptools",)
    reasons: tuple[str, ...] = ()
    unknown: tuple[tuple[str, str], ...] = ()


def find_build_needs(facts: Facts) -> BuildNeeds:
    """What the ``setup.py`` of a project imports, whatever happens, and what compiles its sources.

    What stands in a condition or a ``try`` may be done without.
    """
    needed: dict[str, str] = {}
    unknown: dict[str, str] = {}
    for name, path in _find_foreign(facts):
        top = name.partition(".")[0]
        options = find_distributions(top) or ((top,) if top in _SAME else ())
        is_open = top in _OF_ONE_VERSION or name.startswith("numpy.distutils")
        found = _BRINGING.get(top) or next(iter(options), "")
        if found and not is_open:
            needed.setdefault(found, f"{path} imports {top}")
        else:
            unknown.setdefault(name if is_open else top, path)
    for name in _find_imported_by_name(facts):
        unknown.setdefault(name, "setup.py")
    # setuptools asks for these by itself once the file runs.
    asked = {*map(_name, _list_setup_requires(facts))}
    for found, why in _find_conditional(facts):
        if found not in asked:
            needed.setdefault(found, why)
    bounds = [each for each in needed if _name(each) == "setuptools"]
    others = sorted(needed.keys() - bounds)
    reasons = tuple(dict.fromkeys(needed.values()))
    return BuildNeeds((*(bounds or ("setuptools",)), *others), reasons, tuple(unknown.items()))


def explain_needs(needs: BuildNeeds) -> str:
    """Why a build needs more than setuptools, and what of that is not known."""
    told = []
    if needs.reasons:
        told.append(join_names(needs.reasons))
    if needs.unknown:
        paths = dict.fromkeys(path for _, path in needs.unknown)
        parts = [
            f"{path} imports {join_names([name for name, where in needs.unknown if where == path])}"
            for path in paths
        ]
        told.append(f"{join_names(parts)}: name what brings that")
    return "; ".join(told)


def _name(requirement: str) -> str:
    return normalize_name(requirement.partition(";")[0].split("<")[0].split(">")[0].split("=")[0])


def _list_setup_requires(facts: Facts) -> list[str]:
    text = str(facts.ini("setup.cfg").get("options", "setup_requires", default=""))
    return [*facts.package.texts("setup-requires"), *text.split()]


def _find_conditional(facts: Facts) -> Iterator[tuple[str, str]]:
    """What compiles sources, of which a build without it makes a package without extensions."""
    setup = facts.text("setup.py")
    sources = [each for each in facts.tracked if each.endswith(".pyx")]
    made = [f"{each.removesuffix('.pyx')}{suffix}" for each in sources for suffix in (".c", ".cpp")]
    if sources and not facts.has(*made) and _NAMES_CYTHON.search(setup):
        yield "cython", f"Cython compiles {sources[0]}"
    if "get_include" in setup and _NUMPY.search(setup):
        yield "numpy", "setup.py imports numpy"


def _find_foreign(facts: Facts) -> Iterator[tuple[str, str]]:
    """What ``setup.py``, and what it imports of the project, import of others: name and file."""
    waiting, seen = ["setup.py"], {"setup.py"}
    while waiting and len(seen) < _MOST:
        path = waiting.pop(0)
        for name in _list_imports(facts.python(path), path):
            place, top = name.replace(".", "/"), name.partition(".")[0]
            places = [f"{top}/__init__.py", f"{place}.py", f"{place}/__init__.py"]
            own = [each for each in places if facts.has(each)]
            waiting += [each for each in dict.fromkeys(own) if each not in seen]
            seen |= {*own}
            if not own and top not in _GIVEN and not _is_elsewhere(facts, top):
                yield name, path


def _find_imported_by_name(facts: Facts) -> Iterator[str]:
    """What ``setup.py`` imports by ``__import__`` and the like, where that is of others."""
    module = facts.python("setup.py")
    for node in ast.walk(module) if isinstance(module, ast.Module) else ():
        match node:
            case ast.Call(
                func=ast.Name(id="__import__" | "import_module")
                | ast.Attribute(attr="import_module"),
                args=[given, *_],
            ):
                if not isinstance(given, ast.Constant):
                    yield "modules by name"
                elif (top := str(given.value).partition(".")[0]) not in {*_GIVEN, "pkg_resources"}:
                    yield from () if _is_elsewhere(facts, top) else (top,)


def _is_elsewhere(facts: Facts, top: str) -> bool:
    """Whether the project has a module of a name where only ``sys.path`` leads, or may have it."""
    names = f"{top}.py", f"{top}/__init__.py"
    found = facts.paths(*(f"**/{each}" for each in names)) or facts.has(*names)
    return bool(found) or facts.in_submodule(f"{top}/__init__.py")


def _list_imports(module: object, path: str) -> Iterator[str]:
    """The modules that a module imports whatever happens, by their whole names."""
    above = path.split("/")[:-1]
    for node in module.body if isinstance(module, ast.Module) else ():
        match node:
            case ast.Import(names=names):
                yield from (each.name for each in names)
            case ast.ImportFrom(module=name, names=names, level=level):
                start = above[: len(above) - level + 1] if level else []
                base = ".".join([*start, *([name] if name else [])])
                yield from [base] if base else []
                # What is imported from a package may be a module of it.
                yield from (f"{base}.{each.name}" for each in names if level and base)

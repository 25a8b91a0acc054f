"""Scripts that are no package yet: which ones, and the steps that make one of them."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from typing import NamedTuple

from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.shown import visible
from lisa_scaffold.versions import normalize_name

PAGE = "https://lisa.pages.in2p3.fr/lisa-scaffold/howto/adopt.html#from-loose-scripts"
# Programs run these where they are; they are no part of a package.
_TOOLS = frozenset(("setup", "noxfile", "conftest", "tasks", "fabfile", "dodo", "wscript"))
_SCRIPT = compile_lazily(r"(?!test_|__)([A-Za-z_][A-Za-z0-9_-]*)\.py")
_REQUIREMENT = compile_lazily(
    r"([A-Za-z0-9][A-Za-z0-9._-]*(?:\[[A-Za-z0-9,._ -]*\])?)\s*([<>=!~][^;#\"\\]*)?\s*(?:#.*)?"
)


class Import(NamedTuple):
    """A module of a package that is imported as if it were a script beside it."""

    path: str
    line: int
    name: str
    package: str


def find_scripts(facts: Facts) -> list[str]:
    """The scripts at the root of a project."""
    found = ((path, _SCRIPT.fullmatch(path)) for path in facts.tracked)
    return sorted(path for path, match in found if match and match[1] not in _TOOLS)


def explain_steps(facts: Facts, name: str) -> list[str]:
    """The commands and lines that make a package of the scripts of a project.

    Parameters
    ----------
    facts
        The project.
    name
        The distribution's name, as far as one is known.
    """
    scripts = find_scripts(facts)
    distribution = normalize_name(re.sub(r"[^A-Za-z0-9]+", "-", name)).strip("-") or "lisa-example"
    folder = f"src/{distribution.replace('-', '_')}"
    steps = [f"mkdir -p {folder}", f"touch {folder}/__init__.py"]
    if scripts:
        steps.append(f"git mv {shlex.join(scripts)} {folder}/")
    if not facts.package.form:
        needed = ", ".join(f'"{each}"' for each in find_bounds(facts))
        steps += [
            "and in pyproject.toml:",
            "  [project]",
            f'  name = "{distribution}"',
            '  version = "0.1.0"',
            '  requires-python = ">=3.11"',
            f"  dependencies = [{needed}]",
        ]
    return [f"    {visible(step)}" for step in steps]


def find_bounds(facts: Facts, path: str = "requirements.txt") -> list[str]:
    """What a list of requirements asks for, as a package does: exact pins as lower bounds."""
    found = []
    for line in facts.lines(path):
        if match := _REQUIREMENT.fullmatch(line.strip()):
            bound = re.sub(r"^={2,3}\s*", ">=", (match[2] or "").strip())
            found.append(f"{match[1].replace(' ', '')}{bound}")
    return found


def find_sibling_imports(facts: Facts) -> Iterator[Import]:
    """Imports of a module beside the file, which were right as long as both were scripts."""
    for package, folder in facts.layout.folders.items():
        if folder.endswith(".py"):
            continue
        known = {name.split(".")[0] for name in facts.layout.names}
        # At the root, beside pytest.ini or in src itself, they would still be found.
        for path in facts.paths(f"{folder}/**/*.py"):
            beside = path.rpartition("/")[0]
            module = facts.python(path)
            for node in ast.walk(module) if isinstance(module, ast.Module) else ():
                for name in _absolute_names(node):
                    is_beside = facts.has(f"{beside}/{name}.py")
                    if is_beside and name not in known and not facts.has(f"{name}.py"):
                        inner = beside[len(folder) :].replace("/", ".")
                        yield Import(path, getattr(node, "lineno", 1), name, f"{package}{inner}")


def _absolute_names(node: ast.AST) -> list[str]:
    """The first part of each name that a statement imports."""
    match node:
        case ast.Import(names=names):
            return [each.name.split(".")[0] for each in names]
        case ast.ImportFrom(module=str(name), level=0):
            return [name.split(".")[0]]
    return []

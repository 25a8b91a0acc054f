"""Scripts that are no package yet: which ones, and the steps that make one of them."""

from __future__ import annotations

import ast
import json
import re
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from lisa_scaffold.adopt import reads
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project import imported
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.shown import visible
from lisa_scaffold.versions import normalize_name

_LISTS = (
    *("requirements.txt", "binder/requirements.txt", ".binder/requirements.txt"),
    *("environment.yml", "environment.yaml", "binder/environment.yml", ".binder/environment.yml"),
)
# What else a list for notebooks, or of conda, has.
_NO_REQUIREMENTS = frozenset(
    ("python", "pip", "setuptools", "wheel", "jupyter", "jupyterlab", "notebook", "ipykernel")
)
PAGE = "https://lisa.pages.in2p3.fr/lisa-scaffold/howto/adopt.html#from-loose-scripts"
# Programs run these where they are; they are no part of a package.
_TOOLS = frozenset(("setup", "noxfile", "conftest", "tasks", "fabfile", "dodo", "wscript"))
_SCRIPT = compile_lazily(r"(?!test_|__)([A-Za-z_][A-Za-z0-9_-]*)\.py")
_REQUIREMENT = compile_lazily(
    r"([A-Za-z0-9][A-Za-z0-9._-]*(?:\[[A-Za-z0-9,._ -]*\])?)\s*([<>=!~][^;#\"\\]*)?\s*(?:#.*)?"
)
_LONGEST_REQUIREMENT = 2000
"""Characters; nobody has read a longer one."""

_MAGIC = compile_lazily(r"^\s*(?:%|!|\?|#).*$", re.MULTILINE)
_IMPORTED = compile_lazily(
    r"^[ \t]*(?:from[ \t]+([A-Za-z_]\w*)(?:\.\w+)*[ \t]+import\b"
    r"|import[ \t]+([A-Za-z_][\w., \t]*))",
    re.MULTILINE,
)
_LONGEST = 100_000
"""Characters of a notebook's cell that are looked at."""


class Import(NamedTuple):
    """A module of a package that is imported as if it were a script beside it.

    Attributes
    ----------
    path
        The file.
    line
        The line; of a notebook, that of the cell.
    name
        What is imported.
    package
        The package that it is in.
    cell
        The number of a notebook's cell, counted from 1; 0 in any other file.
    """

    path: str
    line: int
    name: str
    package: str
    cell: int = 0


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
    scripts, distribution = find_scripts(facts), _name_distribution(name)
    package = distribution.replace("-", "_")
    folder = f"src/{package}"
    steps = [f"mkdir -p {folder}", f"touch {folder}/__init__.py"]
    if scripts:
        steps.append(f"git mv {shlex.join(scripts)} {folder}/")
    found = [*reads.find_reads(facts, scripts)]
    data = sorted({each.target for each in found if each.beside and each.target})
    for target in data:
        above = f"{folder}/{target}".rpartition("/")[0]
        steps += [f"mkdir -p {shlex.quote(above)}"] if above != folder else []
        steps.append(f"git mv {shlex.quote(target)} {shlex.quote(above)}/")
    if not facts.package.form:
        steps += _state_metadata(facts, distribution, scripts)
    elif data:
        steps.append("and in pyproject.toml:")
    if data:
        globs = [f"{each}/**" if not facts.has(each) else each for each in data]
        steps += ["  [tool.setuptools.package-data]", f"  {package} = {json.dumps(globs)}"]
    steps += _name_places(found, [*reads.find_runs(facts, scripts)], package)
    return [f"    {visible(step)}" for step in steps]


def _name_places(found: list[reads.Read], runs: list[reads.Run], package: str) -> list[str]:
    """What is found by its place, and is a person's to correct."""
    told = [
        f"  {each.path}:{each.line} looks beside itself: move what it reads there as well"
        for each in found
        if each.beside and not each.target
    ]
    told += [
        f"  {each.path}:{each.line} reads {each.target} wherever it is started: let it be given, "
        "or move it beside the module"
        for each in found
        if not each.beside
    ]
    told += [
        f"  {each.path}, cell {each.cell}, runs {each.script}.py: {package}.{each.script} from now "
        f"on, as in %run -m {package}.{each.script}"
        for each in runs
    ]
    return ["and what is found by its place:", *told] if told else []


def explain_metadata(facts: Facts, name: str, folder: str) -> list[str]:
    """The commands and lines that make a folder of modules installable.

    Parameters
    ----------
    facts
        The project.
    name
        The distribution's name, as far as one is known.
    folder
        The folder of the package.
    """
    moves = (
        [] if folder.startswith("src/") else ["mkdir -p src", f"git mv {shlex.quote(folder)} src/"]
    )
    modules = facts.paths(f"{folder}/**/*.py")
    steps = [*moves, *_state_metadata(facts, _name_distribution(name), modules)]
    return [f"    {visible(step)}" for step in steps]


def _name_distribution(name: str) -> str:
    return normalize_name(re.sub(r"[^A-Za-z0-9]+", "-", name)).strip("-") or "lisa-example"


def _state_metadata(facts: Facts, distribution: str, modules: list[str]) -> list[str]:
    """The lines of metadata for some modules."""
    needed = next(filter(None, map(_read_list(facts), _LISTS)), [])
    if not needed:
        own = {path.removesuffix(".py").split("/")[-1] for path in facts.paths("**/*.py")}
        own |= {path.split("/")[0] for path in facts.paths("*/**/*.py")}
        needed = imported.guess_requirements(facts, modules, own | set(facts.layout.names))
    known = ", ".join(f'"{each}"' for each in needed if not each.endswith("?"))
    unknown = [each.removesuffix("?") for each in needed if each.endswith("?")]
    asked = f"  # which distributions bring {', '.join(unknown)}?" if unknown else ""
    return [
        "and in pyproject.toml:",
        "  [project]",
        f'  name = "{distribution}"',
        '  version = "0.1.0"',
        '  requires-python = ">=3.11"',
        f"  dependencies = [{known}]{asked}",
        "  [build-system]",
        '  requires = ["setuptools>=77.0.3"]',
        '  build-backend = "setuptools.build_meta"',
    ]


def _read_list(facts: Facts) -> Callable[[str], list[str]]:
    """What reads a list of requirements of a project."""

    def read(path: str) -> list[str]:
        if path.endswith((".yml", ".yaml")):
            return _bound(imported.read_conda(facts, path))
        return find_bounds(facts, path)

    return read


def find_bounds(facts: Facts, path: str = "requirements.txt") -> list[str]:
    """What a list of requirements asks for, as a package does: exact pins as lower bounds."""
    return _bound(facts.lines(path))


def _bound(lines: Iterable[str]) -> list[str]:
    found = []
    for line in lines:
        match = _REQUIREMENT.fullmatch(line.strip()) if len(line) <= _LONGEST_REQUIREMENT else None
        if match and match[1].lower() not in _NO_REQUIREMENTS:
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


def find_notebook_imports(facts: Facts) -> Iterator[Import]:
    """Imports of a module of the package in notebooks, which were right beside the scripts."""
    inside = _find_modules(facts)
    known = {name.split(".")[0] for name in facts.layout.names} | sys.stdlib_module_names
    needed = {normalize_name(each) for each in re.findall(r"[A-Za-z][\w.-]*", _told(facts))}
    for path in facts.paths("**/*.ipynb"):
        beside = path.rpartition("/")[0]
        cells = [*_read_cells(facts, path)]
        if any(re.search(r"\bsys\.path\b|^\s*%cd\b|\bchdir\b", code, re.M) for _, code in cells):
            continue  # it finds them, or nobody can tell
        for number, code in cells:
            for line, name in _imports_of(code):
                place = f"{beside}/{name}".lstrip("/")
                is_near = facts.has(f"{place}.py", f"{place}/__init__.py")
                is_other = is_near or name in known or normalize_name(name) in needed
                if name in inside and not is_other:
                    yield Import(path, line, name, inside[name], number)


def _find_modules(facts: Facts) -> dict[str, str]:
    """The modules of the packages, each with the package that it is in, where there is one."""
    found: dict[str, set[str]] = {}
    for package, folder in facts.layout.folders.items():
        for path in facts.paths(f"{folder}/**/*.py") if not folder.endswith(".py") else ():
            above, _, name = path.rpartition("/")
            inner = above[len(folder) :].replace("/", ".")
            found.setdefault(name.removesuffix(".py"), set()).add(f"{package}{inner}")
    return {name: min(packages) for name, packages in found.items() if len(packages) == 1}


def _told(facts: Facts) -> str:
    """All that says what the project needs, as one text."""
    package, groups = facts.package, facts.pyproject.table("dependency-groups")
    stated = [package.get("dependencies"), package.get("optional-dependencies"), groups]
    lists = facts.paths("**/*requirements*.txt", "**/environment*.y*ml")
    return "\n".join([*map(str, stated), *map(facts.text, lists)])


def _read_cells(facts: Facts, path: str) -> Iterator[tuple[int, str]]:
    """The code of a notebook, by the numbers of its cells."""
    for number, cell in enumerate(facts.json(path).items("cells"), 1):
        if isinstance(cell, dict) and cell.get("cell_type") == "code":
            source = cell.get("source")
            parts = source if isinstance(source, list) else [source]
            text = "".join(part for part in parts if isinstance(part, str))
            yield number, _MAGIC.sub("", text[:_LONGEST])


def _imports_of(code: str) -> Iterator[tuple[int, str]]:
    """The line and the first part of each name that a cell imports."""
    for match in _IMPORTED.finditer(code):
        line = code.count("\n", 0, match.end()) + 1
        names = [match[1]] if match[1] else match[2].split(",")
        yield from ((line, re.split(r"[.\s]", name.strip(), maxsplit=1)[0]) for name in names)


def _absolute_names(node: ast.AST) -> list[str]:
    """The first part of each name that a statement imports."""
    match node:
        case ast.Import(names=names):
            return [each.name.split(".")[0] for each in names]
        case ast.ImportFrom(module=str(name), level=0):
            return [name.split(".")[0]]
    return []

"""Scripts that are no package yet: which ones, and the steps that make one of them."""

from __future__ import annotations

import ast
import json
import posixpath
import re
import shlex
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from lisa_scaffold.adopt import left_behind, reads
from lisa_scaffold.adopt.environment import Needed, find_needed
from lisa_scaffold.formats import notebook
from lisa_scaffold.lines import join_names
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.project.imported import find_distributions
from lisa_scaffold.shown import visible
from lisa_scaffold.versions import normalize_name

PAGE = "https://lisa.pages.in2p3.fr/lisa-scaffold/howto/adopt.html#from-loose-scripts"
# Programs run these where they are; they are no part of a package.
_TOOLS = frozenset(("setup", "noxfile", "conftest", "tasks", "fabfile", "dodo", "wscript"))
_SCRIPT = compile_lazily(r"(?!test_|__)([A-Za-z_][A-Za-z0-9_-]*)\.py")
# Folders of what is no part of a package, and of what programs write.
_ASIDE = frozenset(("build", "dist", "doc", "docs", "test", "testing", "tests"))
_DEFINES = compile_lazily(r"(?m)^(?:async[ \t]+)?(?:def|class)[ \t]")
_MOST_CELLS = 6
_WIDEST = 72
"""Columns of a command that stands in one line."""


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
    return sorted(path for path in facts.tracked if "/" not in path and _is_script(path))


def _is_script(name: str) -> bool:
    match = _SCRIPT.fullmatch(name)
    return match is not None and match[1] not in _TOOLS


def find_loose(paths: Iterable[str]) -> list[str]:
    """The scripts of what is no package: those at its root, or else those in its folders."""
    found = [path for path in paths if _is_script(path.rpartition("/")[2]) and not _is_aside(path)]
    return sorted([path for path in found if "/" not in path] or found)


def find_notebooks(paths: Iterable[str]) -> list[str]:
    """The notebooks of a project."""
    return sorted(path for path in paths if path.endswith(".ipynb") and not _is_aside(path))


def _is_aside(path: str) -> bool:
    folders = path.split("/")[:-1]
    return any(name in _ASIDE or name.startswith(".") for name in folders)


def name_place(scripts: list[str]) -> str:
    """Where some scripts are, such as ``at the root`` or ``in code/``."""
    if "/" not in scripts[0]:
        return "at the root"
    if base := _find_base(scripts):
        return f"in {base}/"
    return f"in {join_names(dict.fromkeys(path.partition('/')[0] + '/' for path in scripts))}"


def _find_base(scripts: Iterable[str]) -> str:
    """The folder that has all scripts in it; empty for the root."""
    folders = {posixpath.dirname(path) for path in scripts}
    return "" if "" in folders else posixpath.commonpath(folders)


def _place_scripts(scripts: list[str], package: str) -> dict[str, str]:
    """Where each script goes in the package: folders stay, with names that Python imports."""
    base = _find_base(scripts) if scripts else ""
    placed = {}
    for path in scripts:
        *folders, name = posixpath.relpath(path, base or ".").split("/")
        inner = [re.sub(r"\W", "_", each) for each in folders]
        placed[path] = "/".join(["src", package, *inner, name])
    return placed


def explain_steps(facts: Facts, name: str) -> list[str]:
    """The commands and lines that make a package of the scripts of a project.

    Where it has notebooks alone, they make an empty one beside them.

    Parameters
    ----------
    facts
        The project.
    name
        The distribution's name, as far as one is known.
    """
    scripts, distribution = find_loose(facts.tracked), _name_distribution(name)
    notebooks = [] if scripts else find_notebooks(facts.tracked)
    package = distribution.replace("-", "_")
    placed = _place_scripts(scripts, package)
    found = [*reads.find_reads(facts, scripts)]
    data = _place_data(facts, found, placed)
    steps = [*_move(placed, data, f"src/{package}")]
    needed = Needed((), (), ())
    if not facts.package.form:
        needed = find_needed(facts, scripts, notebooks)
        steps += _state_metadata(distribution, needed)
    elif data:
        steps.append("  and in pyproject.toml:")
    others = {each.split("/")[1] for each in _stay_in_src(facts, placed, data)} - {package}
    if others and not facts.package.form:
        steps += [
            "    [tool.setuptools.packages.find]",
            '    where = ["src"]',
            f"    include = {json.dumps([package, f'{package}.*'])}",
        ]
    if data:
        places = [(old, posixpath.relpath(new, f"src/{package}")) for old, new in data.items()]
        globs = [f"{inner}/**" if not facts.has(old) else inner for old, inner in places]
        steps += ["    [tool.setuptools.package-data]", f"    {package} = {json.dumps(globs)}"]
    steps += _tell_needed(needed)
    modules = {
        old.removesuffix(".py"): new.removeprefix("src/").removesuffix(".py").replace("/", ".")
        for old, new in placed.items()
    }
    steps += _name_places(found, [*reads.find_runs(facts, scripts)], modules)
    left = left_behind.find_left(facts, modules, _find_needed(facts))
    what = f"and what finds a script where it was, and the package once {left_behind.INSTALL} ran:"
    steps += _list_points(what, [f"{each.path}:{each.line} {each.explain()}" for each in left])
    steps += _name_cells(facts, notebooks, f"src/{package}")
    unread = [f"{path}: {why}" for path, why in left_behind.find_unread(facts)]
    steps += _list_points("and what was not looked at, where the same is to be changed:", unread)
    return [*map(visible, steps)]


def _stay_in_src(facts: Facts, placed: Mapping[str, str], data: Mapping[str, str]) -> Iterator[str]:
    """The files in folders below src that stay there: setuptools takes each for a package."""
    for path in facts.files:
        goes = path in placed or any(f"{path}/".startswith(f"{each}/") for each in data)
        if not goes and re.match(r"src/[A-Za-z_]\w*/", path):
            yield path


def _place_data(
    facts: Facts, found: Iterable[reads.Read], placed: Mapping[str, str]
) -> dict[str, str]:
    """What scripts read beside themselves, each with where it goes."""
    data = {}
    for each in found:
        if each.beside and each.target:
            own = posixpath.join(posixpath.dirname(each.path), each.target)
            is_own = facts.has(own) or own in facts.folders
            new = posixpath.join(posixpath.dirname(placed[each.path]), each.target)
            data[own if is_own else each.target] = new
    return dict(sorted(data.items()))


def _move(placed: Mapping[str, str], data: Mapping[str, str], top: str) -> Iterator[str]:
    """The commands that make the folders of a package, and move what belongs there."""
    moves: dict[tuple[str, str], list[str]] = {}
    for old, new in placed.items():
        moves.setdefault((posixpath.dirname(old), posixpath.dirname(new)), []).append(old)
    folders = dict.fromkeys([top, *(new for _, new in moves)])
    for folder in [*folders]:
        # A folder between two others is a package, too.
        parts = folder[len(top) :].split("/")
        folders |= dict.fromkeys(top + "/".join(parts[:end]) for end in range(1, len(parts) + 1))
    yield from _write_command("mkdir", "-p", *sorted(folders))
    yield from _write_command("touch", *(f"{folder}/__init__.py" for folder in sorted(folders)))
    for (_, folder), paths in moves.items():
        yield from _write_command("git", "mv", *paths, f"{folder}/")
    for old, new in data.items():
        above = posixpath.dirname(new)
        if above not in folders:
            yield from _write_command("mkdir", "-p", above)
        yield from _write_command("git", "mv", old, f"{above}/")


def _write_command(*words: str) -> Iterator[str]:
    """The lines of a command, which can be pasted: each but the last one ends in a backslash."""
    line = ""
    for word in map(shlex.quote, words):
        if line and len(line) + len(word) > _WIDEST:
            yield f"    {line} \\"
            line = f"  {word}"
        else:
            line = f"{line} {word}" if line else word
    yield f"    {line}"


def _name_cells(facts: Facts, notebooks: Iterable[str], folder: str) -> list[str]:
    """The cells of notebooks that define what a module could have."""
    told = []
    for path in notebooks:
        cells = facts.notebook(path).cells
        numbers = [str(each.number) for each in cells if _DEFINES.search(each.code)]
        if numbers:
            word = "cells" if numbers[1:] else "cell"
            told.append(f"{path}: {word} {join_names(numbers, most=_MOST_CELLS)}")
    what = f"and what the notebooks define goes into modules in {folder}, to be imported:"
    return _list_points(what, told)


def _name_places(
    found: list[reads.Read], runs: list[reads.Run], modules: Mapping[str, str]
) -> list[str]:
    """What is found by its place, and is a person's to correct."""
    told = [
        f"{each.path}:{each.line} looks beside itself: move what it reads there as well"
        for each in found
        if each.beside and not each.target
    ]
    told += [_explain_read(each) for each in found if not each.beside and each.is_there]
    told += [
        f"{each.path}, cell {each.cell}, runs {each.script}.py: {modules[each.script]} from now "
        f"on, as in %run -m {modules[each.script]}"
        for each in runs
    ]
    return _list_points("and what is found by its place:", told)


def _explain_read(found: reads.Read) -> str:
    """A file that is found where a script is started, or above it."""
    where = f"{found.path}:{found.line} reads {found.explain()}"
    remedy = "let it be given, or move it beside the module"
    if found.is_own:
        return f"{where} by the folders above itself, which are others then: {remedy}"
    if found.above:
        return f"{where} if it is started in the right folder: {remedy}"
    return f"{where} wherever it is started: {remedy}"


def explain_metadata(facts: Facts, name: str, folder: str) -> list[str]:
    """The lines that make a folder of modules installable where it is.

    Parameters
    ----------
    facts
        The project.
    name
        The distribution's name, as far as one is known.
    folder
        The folder of the package.
    """
    needed = find_needed(facts, facts.paths(f"{folder}/**/*.py"))
    _, *metadata = _state_metadata(_name_distribution(name), needed)
    lines = ["  in pyproject.toml:", *metadata, *_name_package(facts, folder)]
    return [*map(visible, [*lines, *_tell_needed(needed)])]


def _name_package(facts: Facts, folder: str) -> list[str]:
    """The lines that have setuptools take a package where it is: what imports it still does."""
    above, _, name = folder.rpartition("/")
    if above == "src":
        return []
    used = re.compile(rf"(?m)^[ \t]*(?:from|import)[ \t]+{re.escape(folder.replace('/', '.'))}\b")
    is_whole = above and any(used.search(facts.text(path)) for path in facts.paths("**/*.py"))
    where = [f"    where = {json.dumps([above])}"] if above and not is_whole else []
    name = folder.replace("/", ".") if is_whole else name
    include = f"    include = {json.dumps([name, f'{name}.*'])}"
    return ["    [tool.setuptools.packages.find]", *where, include]


def _name_distribution(name: str) -> str:
    return normalize_name(re.sub(r"[^A-Za-z0-9]+", "-", name)).strip("-") or "lisa-example"


def _state_metadata(distribution: str, needed: Needed) -> list[str]:
    """The lines of metadata for what some modules need."""
    known = ", ".join(f'"{each}"' for each in needed.dependencies)
    asked = f"  # which distributions bring {', '.join(needed.unknown)}?" if needed.unknown else ""
    return [
        "  and in pyproject.toml:",
        "    [project]",
        f'    name = "{distribution}"',
        '    version = "0.1.0"',
        '    requires-python = ">=3.11"',
        f"    dependencies = [{known}]{asked}",
        "    [build-system]",
        '    requires = ["setuptools>=77.0.3"]',
        '    build-backend = "setuptools.build_meta"',
    ]


def _tell_needed(needed: Needed) -> list[str]:
    """What else a list has that is to be installed."""
    return _list_points("and of what is listed to be installed:", needed.told)


def _list_points(what: str, told: Iterable[str]) -> list[str]:
    """Sentences below a heading; no lines for none."""
    points = [f"  - {each}" for each in told]
    return [f"  {what}", *points] if points else []


def find_sibling_imports(facts: Facts) -> Iterator[Import]:
    """Imports of a module beside the file, which were right as long as both were scripts.

    A name that is that of a distribution as well (``import emcee`` in a package that has its own
    ``samplers/emcee.py``) means the distribution: what is required, what is known, and what a
    module of that very name imports, which cannot be itself.
    """
    own = {name.split(".")[0] for name in facts.layout.names}
    needed, found = _find_needed(facts), []
    named_itself: set[str] = set()
    for package, folder in facts.layout.folders.items():
        # At the root, beside pytest.ini or in src itself, they would still be found.
        for path in facts.paths(f"{folder}/**/*.py") if not folder.endswith(".py") else ():
            beside, _, file = path.rpartition("/")
            inner = beside[len(folder) :].replace("/", ".")
            module = facts.python(path)
            for node in ast.walk(module) if isinstance(module, ast.Module) else ():
                for name in _absolute_names(node):
                    if f"{name}.py" == file:
                        named_itself.add(name)
                    if facts.has(f"{beside}/{name}.py") and not facts.has(f"{name}.py"):
                        line = getattr(node, "lineno", 1)
                        found.append(Import(path, line, name, f"{package}{inner}"))
    others = own | named_itself | sys.stdlib_module_names
    for each in found:
        is_known = find_distributions(each.name) or normalize_name(each.name) in needed
        if each.name not in others and not is_known:
            yield each


def find_lost(facts: Facts) -> Iterator[left_behind.Left]:
    """What imports or starts modules of the packages as the scripts that they were."""
    yield from left_behind.find_lost(facts, _find_modules(facts), _find_needed(facts))


def find_notebook_imports(facts: Facts) -> Iterator[Import]:
    """Imports of a module of the package in notebooks, which were right beside the scripts."""
    inside = _find_modules(facts)
    known = {name.split(".")[0] for name in facts.layout.names} | sys.stdlib_module_names
    needed = _find_needed(facts)
    for path in facts.paths("**/*.ipynb"):
        beside = path.rpartition("/")[0]
        cells = facts.notebook(path).cells
        folders = {beside, *(each for cell in cells for each in _find_ways(cell.source, beside))}
        if None in folders:
            continue  # nobody can tell where it looks
        for cell in cells:
            for line, name in notebook.find_imports(cell.code):
                places = [f"{folder}/{name}".lstrip("/") for folder in folders]
                is_near = any(facts.has(f"{place}.py", f"{place}/__init__.py") for place in places)
                is_needed = normalize_name(name) in needed or find_distributions(name)
                is_other = is_near or name in known or is_needed
                if name in inside and not is_other:
                    yield Import(path, line, name, inside[name], cell.number)


# What lets a cell find modules elsewhere.
_WAY = compile_lazily(r"^(?:[ \t]*%cd\b[ \t]*(.*)|[^#\n]*(?:\bsys\.path\b|\bchdir\b)(.*))", re.M)
_TEXT = compile_lazily(r"""(["'])(.*?)\1""")


def _find_ways(source: str, beside: str) -> Iterator[str | None]:
    """The folders that a cell adds to where its notebook looks; ``None`` for one that is not told.

    A path from the root of a machine leads to no folder of the project, on whoever's machine that
    is. From where other paths begin is a matter of the program that shows the notebook.
    """
    for match in _WAY.finditer(source):
        if match[1] is not None:
            texts = [match[1].strip().strip("\"'")]
        else:
            texts = [text for _, text in _TEXT.findall(match[2])]
            if not texts and "(" in match[2]:
                yield None
        for text in texts:
            if not text.startswith(("/", "~")) and "$" not in text:
                for start in (beside, ""):
                    place = posixpath.normpath(posixpath.join(start, text))
                    yield "" if place == "." else place


def _find_modules(facts: Facts) -> dict[str, str]:
    """The modules of the packages, each with the package that it is in, where there is one."""
    found: dict[str, set[str]] = {}
    for package, folder in facts.layout.folders.items():
        for path in facts.paths(f"{folder}/**/*.py") if not folder.endswith(".py") else ():
            above, _, name = path.rpartition("/")
            inner = above[len(folder) :].replace("/", ".")
            found.setdefault(name.removesuffix(".py"), set()).add(f"{package}{inner}")
    return {name: min(packages) for name, packages in found.items() if len(packages) == 1}


def _find_needed(facts: Facts) -> set[str]:
    """The words, normalized, in all that says what the project needs."""
    package, groups = facts.package, facts.pyproject.table("dependency-groups")
    stated = [package.get("dependencies"), package.get("optional-dependencies"), groups]
    lists = facts.paths("**/*requirements*.txt", "**/environment*.y*ml")
    text = "\n".join([*map(str, stated), *map(facts.text, lists)])
    return {normalize_name(each) for each in re.findall(r"[A-Za-z][\w.-]*", text)}


def _absolute_names(node: ast.AST) -> list[str]:
    """The first part of each name that a statement imports."""
    match node:
        case ast.Import(names=names):
            return [each.name.split(".")[0] for each in names]
        case ast.ImportFrom(module=str(name), level=0):
            return [name.split(".")[0]]
    return []

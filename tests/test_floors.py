"""The floors of the package: a module imports only from floors below its own, never in a circle."""

from __future__ import annotations

import ast
import re
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import lisa_scaffold

from .conftest import ROOT

PACKAGE = Path(lisa_scaffold.__file__).parent
FLOORS = {
    "errors": 0,
    "lines": 0,
    "sharing": 0,
    "shown": 0,
    "similar": 0,
    "keyboard": 0,
    "pattern": 0,
    "answer_limits": 1,
    "apart": 1,
    "bounds": 1,
    "files": 1,
    "model": 1,
    "process": 1,
    "versions": 1,
    "workers": 1,
    "workplace": 1,
    "formats": 2,
    "git": 3,
    "merge": 3,
    "template": 4,
    "project": 4,
    "legacy": 5,
    "rules": 5,
    "sync": 5,
    "adopt": 6,
    "aftercare": 6,
    "verbs": 7,
    "fleet": 8,
    "report": 9,
    "prompt": 9,
    "cli": 10,
    "__main__": 11,
}
ONLY_IMPORTER = {
    "cookiecutter": "legacy.py",
    "copier": "template/copier_api.py",
    "gitlab": "fleet/forge.py",
    "prompt_toolkit": "prompt/screen.py",
}
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path.name != "__init__.py")


def room(path: Path) -> str:
    """The module, or the folder of modules, that a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@cache
def imported(path: Path) -> set[str]:
    """Full names of what a module imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_from_floors_below_its_own(path: Path) -> None:
    own = room(path)
    names = {name.split(".")[1] for name in imported(path) if name.startswith("lisa_scaffold.")}
    # The modules of one folder share a floor, and one another.
    below = names - {own} if path.parent != PACKAGE else names
    assert {name: FLOORS[name] for name in below if FLOORS[name] >= FLOORS[own]} == {}


def test_no_modules_import_each_other_in_a_circle() -> None:
    """Inside a folder too, and counting what is imported in functions or for types alone."""
    paths = {
        ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(
            ".__init__"
        ): path
        for path in PACKAGE.rglob("*.py")
    }
    graph = {
        module: {name if name in paths else name.rpartition(".")[0] for name in imported(path)}
        & (paths.keys() - {module})
        for module, path in paths.items()
    }
    TopologicalSorter(graph).prepare()  # raises CycleError with the modules of a circle


@pytest.mark.parametrize(("package", "importer"), ONLY_IMPORTER.items())
def test_one_module_alone_imports_a_package(package: str, importer: str) -> None:
    found = {
        str(path.relative_to(PACKAGE))
        for path in MODULES
        if any(name.split(".")[0] == package for name in imported(path))
    }
    assert found == {importer}


def test_contributing_names_each_part_on_its_floor() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| (`.+?) \|", text, flags=re.MULTILINE)
    told = {
        name.strip("/"): int(floor)
        for floor, names in rows
        for name in re.findall(r"`([^`]+)`", names)
    }
    assert told == FLOORS


def test_only_git_and_process_run_git() -> None:
    assert {
        room(path)
        for path in MODULES
        if '["git"' in path.read_text(encoding="utf-8") or "subprocess" in path.read_text()
    } == {"git", "process"}


def test_one_module_alone_prints() -> None:
    found = re.compile(r"(?<![\w.])print\(|sys\.(stdout|stderr)\b(?!\.isatty|\))")
    printing = [path for path in MODULES if found.search(path.read_text(encoding="utf-8"))]
    assert printing == [PACKAGE / "cli/terminal.py"]

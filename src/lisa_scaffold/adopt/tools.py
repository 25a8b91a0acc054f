"""Tools that a project has set up in its own way, and what only the project can tell of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from lisa_scaffold.project import poetry
from lisa_scaffold.project.facts import Facts

# Files, and sections of files, that set a tool up.
_FILES = {
    "codespell": (".codespellrc",),
    "coverage": (".coveragerc",),
    "mypy": ("mypy.ini", ".mypy.ini"),
    "pytest": ("pytest.ini", ".pytest.ini", "pytest.toml"),
    "ruff": ("ruff.toml", ".ruff.toml"),
    "rumdl": (".rumdl.toml", "rumdl.toml"),
}
_SECTIONS = {
    "codespell": ("codespell",),
    "coverage": ("coverage:run", "coverage:report"),
    "mypy": ("mypy",),
    "pytest": ("tool:pytest", "pytest"),
}
_MYPY_FILES = ("files", "packages", "modules")
_BLACK = 88
_TESTS = ("test", "tests", "testing")


def elsewhere(facts: Facts, test_path: str) -> dict[str, str]:
    """Tools that must not be set up in ``pyproject.toml``, each with the reason."""
    found: dict[str, str] = {}
    for tool, files in _FILES.items():
        if path := facts.first(*files):
            found[tool] = f"{path} sets it up{_wants(tool, path, facts)}"
    for tool, sections in _SECTIONS.items():
        for path in ("setup.cfg", "tox.ini"):
            if any(facts.ini(path).get(section) for section in sections):
                found.setdefault(tool, f"{path} sets it up{_wants(tool, path, facts)}")
    if test_path:
        found.setdefault("pytest", f"{test_path} holds tests that were written without it")
    return found


def _wants(tool: str, path: str, facts: Facts) -> str:
    """What a set-up elsewhere lacks for the template's sessions."""
    if tool != "mypy" or any(facts.ini(path).get("mypy", key) for key in _MYPY_FILES):
        return ""
    return "; it names no files, and nox -s types needs them: files = …"


def names_files(facts: Facts) -> bool:
    """Whether mypy's table says what is checked: it stops where nobody says that."""
    return any(facts.pyproject.get("tool", "mypy", key) for key in _MYPY_FILES)


def line_length(facts: Facts, hooks: str) -> tuple[int, str] | None:
    """The longest line that a project's formatter or linter allows, and who says so."""
    pyproject = facts.pyproject
    for keys in (
        ("tool", "black", "line-length"),
        ("tool", "black", "line_length"),
        ("tool", "isort", "line_length"),
    ):
        if isinstance(said := pyproject.get(*keys), int):
            return said, f"pyproject.toml:{pyproject.line(*keys)}"
    if pyproject.get("tool", "black") is not None or re.search(r"id:\s*black\b", hooks):
        return _BLACK, "black"
    for path in (".flake8", "setup.cfg", "tox.ini"):
        for section in ("flake8", "pycodestyle"):
            said = facts.ini(path).get(section, "max-line-length")
            if isinstance(said, str) and said.isdigit():
                return int(said), f"{path}:{facts.ini(path).line(section, 'max-line-length')}"
    return None


def for_tests(facts: Facts) -> tuple[list[str], str]:
    """Requirements of the tests that stand where a dependency group does not see them."""
    for found, source in _test_requirements(facts):
        texts = [each for each in found if isinstance(each, str)]
        if texts:
            return list(dict.fromkeys(texts)), source
    return [], ""


def _test_requirements(facts: Facts) -> Iterator[tuple[list[Any], str]]:
    package = facts.package
    extras = package.get("optional-dependencies")
    for name in _TESTS:
        if isinstance(extras, dict) and isinstance(found := extras.get(name), list):
            yield found, f"the extra {name}"
        keys = ("tool", "poetry", "group", name, "dependencies")
        table = facts.pyproject.table(*keys)
        if table:
            yield (
                [poetry.convert_requirement(key, spec) for key, spec in table.items()],
                f"Poetry's group {name}",
            )
        said = facts.ini("setup.cfg").get("options.extras_require", name)
        if isinstance(said, str):
            yield [line for line in said.split("\n") if line.strip()], f"the extra {name}"
    if isinstance(found := package.get("tests-require"), list):
        yield found, "tests_require"

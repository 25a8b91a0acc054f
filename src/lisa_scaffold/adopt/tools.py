"""Tools that a project has set up its own way, and what only the project knows about them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from lisa_scaffold.adopt import formatter
from lisa_scaffold.formats.document import Keys
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.rules.tools import read_hooks

# Where there are both, the first one holds.
RUFF = (".ruff.toml", "ruff.toml")

# Files, and sections of files, that set a tool up.
_FILES = {
    "codespell": (".codespellrc",),
    "coverage": (".coveragerc",),
    "mypy": ("mypy.ini", ".mypy.ini"),
    "pytest": ("pytest.ini", ".pytest.ini", "pytest.toml"),
    "ruff": RUFF,
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
_WIDTHS_OF_FORMATTERS: tuple[Keys, ...] = (
    ("tool", "black", "line-length"),
    ("tool", "black", "line_length"),
    ("tool", "yapf", "column_limit"),
    ("tool", "autopep8", "max_line_length"),
)


def find_elsewhere(facts: Facts, test_path: str) -> dict[str, str]:
    """Tools that must not be set up in ``pyproject.toml``, each with the reason."""
    places = {tool: path for tool, names in _FILES.items() if (path := facts.first(*names))}
    for tool, sections in _SECTIONS.items():
        for path in ("setup.cfg", "tox.ini"):
            if any(facts.ini(path).get(section) for section in sections):
                places.setdefault(tool, path)
    found = {tool: f"{path} sets it up" for tool, path in places.items()}
    mypy = places.get("mypy")
    if mypy and not any(facts.ini(mypy).get("mypy", key) for key in _MYPY_FILES):
        found["mypy"] += "; it names no files, and nox -s types needs them: files = …"
    if test_path:
        found.setdefault("pytest", f"{test_path} holds tests that were written without it")
    return found


def has_mypy_files(facts: Facts) -> bool:
    """Whether mypy's table names the files to check: without them, mypy refuses to run."""
    return any(facts.pyproject.get("tool", "mypy", key) for key in _MYPY_FILES)


def find_line_length(facts: Facts, hooks: str) -> tuple[int, str] | None:
    """The longest line that a project's formatter or linter allows, and where that is set.

    Of a formatter that looks at some folders alone, that is what the linter of all allows.
    """
    pyproject = facts.pyproject
    own = formatter.find_formatter(facts)
    if found := _find_stated(facts, _WIDTHS_OF_FORMATTERS):
        return found
    if own and (found := formatter.find_width(facts, own)):
        return found
    if found := _find_stated(facts, [("tool", "isort", "line_length")]):
        return found
    linted = next(_find_linted_length(facts), None) or formatter.find_width(facts, None)
    is_black = own is not None and own.name.startswith("black")
    if is_black or pyproject.get("tool", "black") is not None or re.search(r"id:\s*black\b", hooks):
        return linted if linted and _is_black_partial(facts) else (_BLACK, "black")
    return linted


def _find_stated(facts: Facts, places: Iterable[Keys]) -> tuple[int, str] | None:
    for keys in places:
        length = facts.pyproject.get(*keys)
        if isinstance(length, int):
            return length, f"pyproject.toml:{facts.pyproject.line(*keys)}"
    return None


def _find_linted_length(facts: Facts) -> Iterator[tuple[int, str]]:
    for path in (".flake8", "setup.cfg", "tox.ini"):
        for section in ("flake8", "pycodestyle"):
            length = facts.ini(path).get(section, "max-line-length")
            if isinstance(length, str) and length.isdigit():
                line = facts.ini(path).line(section, "max-line-length")
                yield int(length), f"{path}:{line}"


def _is_black_partial(facts: Facts) -> bool:
    """Whether every hook of black is told which files are its own."""
    hooks = [each for each in read_hooks(facts) if each.name in ("black", "black-jupyter")]
    return bool(hooks) and all(facts.hooks.get(*each.keys, "files") for each in hooks)


def find_build_requirements(facts: Facts) -> list[str]:
    """What a build without an environment of its own needs, but for ninja.

    A backend asks for CMake by itself, where that is missing, in an environment of its own alone.
    """
    wanted = [str(each).strip() for each in facts.pyproject.items("build-system", "requires")]
    names = {re.split(r"[^\w.-]", each)[0].lower() for each in wanted}
    if facts.package.backend == "scikit-build-core" and "cmake" not in names:
        wanted.append("cmake>=3.15")
    return [each for each in wanted if re.split(r"[^\w.-]", each)[0].lower() != "ninja"]

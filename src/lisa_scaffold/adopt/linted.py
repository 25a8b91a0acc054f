"""What a project keeps its linters away from, for ruff, which takes their place."""

from __future__ import annotations

import ast
import re
from collections.abc import Container, Iterator
from itertools import groupby
from typing import Any

from lisa_scaffold.adopt.customs import Custom
from lisa_scaffold.formats.ignored import match_patterns
from lisa_scaffold.lines import join_names
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.facts import Facts

_FLAKE8 = ((".flake8", "flake8"), ("setup.cfg", "flake8"), ("tox.ini", "flake8"))
_ISORT = (
    *((".isort.cfg", "settings"), ("setup.cfg", "isort"), ("setup.cfg", "tool:isort")),
    ("tox.ini", "isort"),
)
_SKIPS = ("skip", "extend_skip", "skip_glob", "extend_skip_glob")
_PATTERN = compile_lazily(r"[\w./*?-]+")
_IGNORES = compile_lazily(r"(?<![^\s:,])([^\s:,]++)[ \t]*+:\s*+((?:[A-Z]+\d*+(?:[,\s]++|$))+)")
_SORTING = "I001"
_LONGEST = 20_000  # characters of one setting
_MOST = 100
"""Patterns of one setting, and of all ignores; nobody has written more of them by hand."""

# Where tools write the version into the code; versioneer is itself a file of the project.
_WRITTEN = (
    ("tool", "versioneer", "versionfile_source"),
    ("tool", "setuptools_scm", "write_to"),
    ("tool", "setuptools_scm", "version_file"),
    ("tool", "hatch", "build", "hooks", "vcs", "version-file"),
)
_TESTS = compile_lazily(r"(?:[^/]++/)*?tests?/")
SPHINX = "docs/conf.py"
"""Where the template has the settings of Sphinx."""
_VENDORED = frozenset(["_vendor", "_vendored", "extern", "third_party", "thirdparty", "vendor"])

# Rules that ruff has as well, outside of its preview: it stops where it is told of any other.
_KNOWN = {
    "B": "002-035 039 904 905 911 912",
    "C": "400-406 408-411 413-420 901",
    "D": "100-107 200-215 300 301 400-419",
    "E": "101 401 402 501 701-703 711-714 721 722 731 741-743 902",
    "F": "401-407 501-509 521-525 541 601 602 621 622 631-634 701 702 704 706 707 722 811 821-823"
    " 841 842 901",
    "N": "801-807 811-818 999",
    "W": "191 291-293 505 605",
}


def find_excluded(facts: Facts) -> dict[str, str]:
    """What ruff leaves alone: each path or pattern, and who says so.

    That is what flake8 leaves alone, as far as there is such a file, what a tool has written, and
    what others have. Notebooks that stay as they are the caller adds.
    """
    found: dict[str, str] = {}
    if facts.has("versioneer.py"):
        found["versioneer.py"] = "versioneer"
    # Their files are those of other repositories, which jobs may not even have.
    others = filter(_PATTERN.fullmatch, sorted(facts.submodules)[:_MOST])
    found |= dict.fromkeys(others, ".gitmodules")
    found |= dict.fromkeys(find_written(facts), "what writes it")
    for path in facts.files:
        parts = path.split("/") if path.endswith(".py") else []
        if at := next((at for at, part in enumerate(parts[:-1], 1) if part in _VENDORED), 0):
            found.setdefault("/".join(parts[:at]), "its name")
    for path, section in _FLAKE8:
        for option in ("exclude", "extend-exclude"):
            for each in _list_patterns(facts, facts.ini(path).get(section, option)):
                found.setdefault(each, path)
    return found


def find_written(facts: Facts) -> list[str]:
    """The modules of a project that a tool writes the version into."""
    written = [str(facts.pyproject.get(*keys) or "") for keys in _WRITTEN]
    written.append(str(facts.ini("setup.cfg").get("versioneer", "versionfile_source") or ""))
    return [path for path in dict.fromkeys(written) if facts.has(path)]


def find_places(facts: Facts, present: Container[str], test_path: str) -> Iterator[tuple[str, str]]:
    """Patterns whose rules hold for another place as well, each with that.

    Tests may lie in several folders of a package, and the settings of Sphinx beside their pages.
    """
    tests = test_path if test_path.endswith(".py") else f"{test_path}/**"
    if test_path and tests in present:
        folders = (
            _TESTS.match(path)
            for path in facts.paths("**/test/**/test_*.py", "**/tests/**/test_*.py")
        )
        for folder in sorted({found[0] for found in folders if found}):
            if not f"{test_path}/".startswith(folder):
                yield tests, f"{folder}**"
    if SPHINX in present and not facts.has(SPHINX):
        yield from ((SPHINX, path) for path in facts.paths("doc*/**/conf.py"))


def _list_patterns(facts: Facts, setting: Any) -> Iterator[str]:
    """The patterns in a list that match a file of the project, as ruff takes them."""
    listed_ = setting if isinstance(setting, list) else re.split(r"[,\s]+", str(setting or ""))
    for each in map(str, listed_[:_MOST]):
        pattern = each.strip().removeprefix("./").rstrip("/")
        if not _PATTERN.fullmatch(pattern) or pattern == ".":
            continue
        # Git's patterns begin at the top wherever they have a slash, as flake8's do.
        if any(map(match_patterns([pattern]), facts.tracked)):
            yield pattern


def find_ignores(facts: Facts) -> dict[str, tuple[list[str], str]]:
    """The rules that do not hold for some files, and who says so, by the pattern of the files."""
    found: dict[str, tuple[list[str], str]] = {}

    def add(pattern: str, codes: list[str], path: str) -> None:
        pattern = pattern.removeprefix("./")
        if pattern in found or len(found) < _MOST:
            known = found.setdefault(pattern, ([], path))[0]
            known += [each for each in codes if each not in known]

    for path, section in _FLAKE8:
        text = str(facts.ini(path).get(section, "per-file-ignores") or "")[:_LONGEST]
        for pattern, codes in _IGNORES.findall(re.sub(r"#.*", "", text)):
            if taken := list(filter(is_known, re.split(r"[,\s]+", codes))):
                add(pattern, taken, path)
    skips = [(facts.ini(path).get(section), path) for path, section in _ISORT]
    skips.append((facts.pyproject.get("tool", "isort"), "pyproject.toml"))
    for settings, path in skips:
        for option in _SKIPS if isinstance(settings, dict) else ():
            for pattern in _list_patterns(facts, settings.get(option)):
                add(pattern, [_SORTING], path)
    return found


def find_ignored(facts: Facts) -> dict[str, str]:
    """The rules of ruff that flake8 did not look for, and who says so."""
    found: dict[str, str] = {}
    for path, section in _FLAKE8:
        for option in ("ignore", "extend-ignore"):
            text = str(facts.ini(path).get(section, option) or "")[:_LONGEST]
            for code in re.split(r"[,\s]+", re.sub(r"#.*", "", text)):
                if is_known(code):
                    found.setdefault(code, path)
    return found


def is_known(code: str) -> bool:
    """Whether ruff has a rule of this code, or some that begin so."""
    letter, digits = code[:1], code[1:]
    for part in _KNOWN.get(letter, "").split():
        first, _, last = part.partition("-")
        numbers = range(int(first), int(last or first) + 1)
        if any(f"{number:03}".startswith(digits) for number in numbers):
            return True
    return False


def find_unsorted(facts: Facts, excluded: dict[str, str]) -> Iterator[Custom]:
    """Packages whose imports of own modules stand in another order than the sorted one.

    In an ``__init__.py``, a module may need what the one above it has made.
    """
    is_left = match_patterns([*excluded])
    own = {name.partition(".")[0] for name in facts.layout.names}
    found = [
        path
        for path in facts.tracked
        if path.rpartition("/")[2] == "__init__.py" and not is_left(path)
        if "isort:" not in facts.text(path) and not _is_sorted(facts.python(path), own)
    ]
    if found:
        more = f" (also in {join_names(found[1:])})" if found[1:] else ""
        text = (
            "ruff sorts imports, and here the order of the project's own modules may matter, where "
            f"one imports another: put `# isort: off` above them before it does{more}"
        )
        yield Custom(found[0], text, to_decide=True)


def _is_sorted(module: Any, own: set[str]) -> bool:
    """Whether own modules are imported in alphabetical order, in each row of imports."""
    body = module.body if isinstance(module, ast.Module) else []
    for _, row in groupby(body, lambda node: isinstance(node, ast.ImportFrom)):
        # Those of other packages come first, then relative ones, the farthest first.
        names = [
            (bool(node.level), -node.level, (node.module or "").lower())
            for node in row
            if isinstance(node, ast.ImportFrom)
            if node.level or str(node.module).partition(".")[0] in own
        ]
        if names != sorted(names):
            return False
    return True

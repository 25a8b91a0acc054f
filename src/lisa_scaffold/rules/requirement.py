"""Build requirements, in particular setuptools, for rules of several families."""

from __future__ import annotations

import ast
import re
from posixpath import normpath

from lisa_scaffold.formats.edit import Change, replace_item
from lisa_scaffold.formats.literal import quoted
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.project.files import is_there
from lisa_scaffold.sharing import shared
from lisa_scaffold.versions import normalize_name, split_requirement

REQUIRES = ("build-system", "requires")

_WANTED = "setuptools>=77.0.3"
_OLDEST_OF_WANTED = (3, 9)
_OLDEST_OF_FIRST = (3, 7)
"""The oldest Python of setuptools 61, the first version that reads ``[project]``."""

_FIRST = 77
"""The first major version of setuptools that takes a licence expression."""

_SETUPTOOLS = compile_lazily(
    r"setuptools\s*+(\[[^]]*\]\s*+)?((?:[<>=!~]=?\s*+[\d.*]++\s*+,?\s*+)*+)"
)


def find_beside(facts: Facts) -> str:
    """The first module beside ``setup.py`` that it imports; empty where there is none.

    Whoever changes ``sys.path`` there finds it anyway.
    """
    module = facts.python("setup.py")
    if not isinstance(module, ast.Module) or "sys.path" in facts.text("setup.py"):
        return ""
    for node in ast.walk(module):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [each.name for each in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module or ""]
        for name in (each.partition(".")[0] for each in names):
            if name and facts.has(f"{name}.py", f"{name}/__init__.py"):
                return name
    return ""


def list_required_names(facts: Facts) -> list[str]:
    """The names of the build requirements, in their normalised form."""
    listed = facts.pyproject.items("build-system", "requires")
    names = (re.match(r"\s*([\w.-]+)", str(each)) for each in listed)
    return [normalize_name(match[1]) for match in names if match]


def find_old_setuptools(facts: Facts) -> tuple[int, str] | None:
    """Find the build requirement that admits a setuptools without licence expressions.

    Returns
    -------
    tuple
        Its index among the requirements, and its text; ``None`` where there is none.
    """
    for index, text in enumerate(facts.pyproject.items(*REQUIRES)):
        match = _SETUPTOOLS.fullmatch(str(text).strip())
        if match and not any(
            int(version) >= _FIRST for version in re.findall(r"(?:>=|==|~=)\s*(\d+)", match[2])
        ):
            return index, str(text)
    return None


def require_newer_setuptools(facts: Facts) -> list[Change]:
    """Require a setuptools that takes licence expressions, in place of a plain lower bound."""
    found = find_old_setuptools(facts)
    if found is None or not re.fullmatch(r"setuptools\s*(>=\s*[\d.]+)?", found[1].strip()):
        return []
    return [replace_item(REQUIRES, found[1], quoted(_WANTED))]


def find_setuptools(facts: Facts) -> str:
    """The setuptools to require in a project that names none; empty where none would build it."""
    oldest = facts.package.oldest_python or _OLDEST_OF_WANTED
    if oldest >= _OLDEST_OF_WANTED:
        return _WANTED
    stops = isinstance(facts.pyproject.get("project", "license"), str)
    return "" if stops or oldest < _OLDEST_OF_FIRST else "setuptools>=61"


_BUILD_FILES = (
    *("setup.py", "setup.cfg", "hatch_build.py", "build.py", "_build.py", "Makefile", "makefile"),
    *("CMakeLists.txt", "meson.build", "configure.ac", "noxfile.py", "tox.ini", "versioneer.py"),
)
_SOURCES = (".in", ".tmpl", ".template", ".j2", ".jinja", ".dist", ".ac")
_COMPILED = {".c": (".pyx", ".py", ".y", ".l"), ".cpp": (".pyx", ".py"), ".h": (".pyx", ".y")}


def may_be_built(facts: Facts, path: str) -> bool:
    """Whether a build may write a file: from a source beside it, or by a script that names it."""
    name = path.rpartition("/")[2]
    stem, dot, suffix = path.rpartition(".")
    sources = [f"{path}{each}" for each in _SOURCES]
    sources += [f"{stem}{each}" for each in (*_COMPILED.get(dot + suffix, ()), *_SOURCES) if dot]
    if facts.has(*sources):
        return True
    return name in facts.cached(_find_words_of_build)


def _find_words_of_build(facts: Facts) -> frozenset[str]:
    """All that may be a file's name in the files that a build runs."""
    texts = (facts.text(each) for each in facts.paths(*_BUILD_FILES))
    return frozenset().union(*map(_find_words, texts))


@shared
def _find_words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[\w.-]+", text))


def find_missing(facts: Facts, path: str) -> str:
    """A path that settings of a build name and that is not there, as the backend reads it.

    Returns
    -------
    str
        The path in its plain form; empty where it is there, or may be.
    """
    if path.startswith("/"):
        # For hatchling alone a leading slash stands for the project.
        if facts.package.backend != "hatchling":
            return ""
        path = path.lstrip("/")
    wanted = normpath(path or ".")
    # What lies above is somebody else's, such as a workspace's; other things a build may make.
    is_sure = not wanted.startswith("..") and not is_there(facts, wanted)
    return wanted if is_sure and not may_be_built(facts, wanted) else ""


# The first version of each backend that takes a licence expression (PEP 639), by its own history,
# and the oldest Python that this version runs on, by its metadata; later ones need no older.
_FLOORS = {
    # https://flit.pypa.io/en/stable/history.html: 3.11 takes one identifier, 3.12 AND and OR too
    "flit": ("flit-core", "3.11", (3, 6)),
    # https://hatch.pypa.io/latest/history/hatchling/; 1.26.0 was withdrawn
    "hatchling": ("hatchling", "1.26.1", (3, 8)),
    # https://www.maturin.rs/changelog.html: 1.9.0 wrote it into the wrong field until 1.9.2
    "maturin": ("maturin", "1.9.2", (3, 7)),
    # https://mesonbuild.com/meson-python/changelog.html
    "meson-python": ("meson-python", "0.18", (3, 8)),
    # https://github.com/pdm-project/pdm-backend/releases/tag/2.4.0
    "pdm": ("pdm-backend", "2.4", (3, 8)),
    # https://github.com/python-poetry/poetry-core/blob/main/CHANGELOG.md
    "poetry": ("poetry-core", "2.2", (3, 9)),
    # https://scikit-build-core.readthedocs.io/en/latest/about/changelog.html
    "scikit-build-core": ("scikit-build-core", "0.11", (3, 8)),
    # https://setuptools.pypa.io/en/latest/history.html#v77-0-3; 77.0.0 to 77.0.2 refused much
    "setuptools": ("setuptools", "77.0.3", (3, 9)),
    # https://github.com/astral-sh/uv/pull/9965: before its first release it took both forms
    "uv": ("uv-build", "0", (3, 8)),
}
_FLOOR_OF_OPERATORS = {"flit": "3.12"}


def reaches_expressions(facts: Facts) -> bool:
    """Whether the oldest Python of a project runs a version of its backend that takes expressions.

    On an older one pip finds the last version that runs there, and that stops at an expression.
    What is stated elsewhere than under ``[project]`` is any text.
    """
    package = facts.package
    oldest = package.oldest_promised_python if package.form == "project" else None
    _, _, needed = _FLOORS.get(package.backend, ("", "", (0, 0)))
    return oldest is None or oldest >= needed


def takes_expression(facts: Facts, expression: str = "") -> bool:
    """Whether the project's Pythons, and its own bound of its backend, take an expression.

    Parameters
    ----------
    expression
        The expression that is meant; some versions take a single identifier alone.
    """
    backend = facts.package.backend
    if not reaches_expressions(facts):
        return False
    name, floor, _ = _FLOORS.get(backend, ("", "", ()))
    if " " in expression:
        floor = _FLOOR_OF_OPERATORS.get(backend, floor)
    for text in facts.pyproject.items(*REQUIRES):
        parts = split_requirement(str(text).strip())
        if parts and normalize_name(parts["name"]) == name:
            bound = parts["spec"].strip().removeprefix("(").removesuffix(")")
            if not bound or (allowed := allows(bound, floor)) is True:
                return True
            if allowed is False:
                return False
    return True


_BOUND = compile_lazily(r"([<>=!~]=?)\s*([\d.]++)")


def find_old_backend(facts: Facts, expression: str = "") -> tuple[str, str] | None:
    """Find the requirement whose lower bound allows a backend that refuses licence expressions.

    Returns
    -------
    tuple
        Its text, and the text that allows none; ``None`` where there is no such bound.
    """
    backend = facts.package.backend
    name, floor, _ = _FLOORS.get(backend, ("", "", ()))
    if " " in expression:
        floor = _FLOOR_OF_OPERATORS.get(backend, floor)
    wanted = [*map(int, floor.split("."))]
    for text in map(str, facts.pyproject.items(*REQUIRES)):
        parts = split_requirement(text.strip())
        bounds = _BOUND.findall(parts["spec"]) if parts else []
        lower = [each for sign, each in bounds if sign == ">="]
        if not parts or normalize_name(parts["name"]) != name or len(lower) != 1:
            continue
        numbers = [int(each) for each in lower[0].split(".") if each]
        if numbers < wanted:
            return text, re.sub(r"(>=\s*)[\d.]+", rf"\g<1>{floor}", text, count=1)
    return None


def allows(bound: str, floor: str) -> bool | None:
    """Whether a bound allows a version from a floor on; ``None`` where it is no bound."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet
    from packaging.version import InvalidVersion, Version

    try:
        allowed = SpecifierSet(bound)
        named = [Version(each.version.removesuffix(".*")) for each in allowed]
    except (InvalidSpecifier, InvalidVersion):
        return None
    first = Version(floor)
    newer = [first, Version(f"{first.major}.{first.minor + 50}"), *named]
    newer.append(Version(f"{first.major + 50}.0"))
    return any(allowed.contains(each) for each in newer if each >= first)

"""Build requirements, in particular setuptools, for rules of several families."""

from __future__ import annotations

import re

from lisa_scaffold.formats.edit import Change, replace_item
from lisa_scaffold.formats.literal import quoted
from lisa_scaffold.project.facts import Facts

REQUIRES = ("build-system", "requires")

_WANTED = "setuptools>=77.0.3"
_FIRST = 77
"""The first major version of setuptools that takes a licence expression."""

_SETUPTOOLS = re.compile(r"setuptools\s*(\[[^]]*\])?\s*((?:[<>=!~]=?\s*[\d.*]+\s*,?\s*)*)")


def required_names(facts: Facts) -> list[str]:
    """The names of the build requirements, in their normalised form."""
    from packaging.utils import canonicalize_name

    listed = facts.pyproject.items("build-system", "requires")
    names = (re.match(r"\s*([\w.-]+)", str(each)) for each in listed)
    return [canonicalize_name(match[1]) for match in names if match]


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
    return frozenset(word for text in texts for word in re.findall(r"[\w.-]+", text))


# The first version of each backend that takes a licence expression (PEP 639).
_FLOORS = {
    "flit": ("flit-core", "3.11"),
    "hatchling": ("hatchling", "1.26.3"),
    "maturin": ("maturin", "1.9.2"),
    "meson-python": ("meson-python", "0.18"),
    "pdm": ("pdm-backend", "2.4"),
    "poetry": ("poetry-core", "2.2"),
    "scikit-build-core": ("scikit-build-core", "0.12"),
    "setuptools": ("setuptools", "77.0.3"),
}


def takes_expression(facts: Facts) -> bool:
    """Whether the project's own bound of its backend lets a version in that takes an expression."""
    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.utils import canonicalize_name

    name, floor = _FLOORS.get(facts.package.backend, ("", ""))
    for text in facts.pyproject.items(*REQUIRES):
        try:
            requirement = Requirement(str(text))
        except InvalidRequirement:
            continue
        if canonicalize_name(requirement.name) == name:
            major, _, rest = floor.partition(".")
            newer = (floor, f"{major}.{int(rest.split('.')[0]) + 50}", f"{int(major) + 50}.0")
            return any(requirement.specifier.contains(each) for each in newer)
    return True

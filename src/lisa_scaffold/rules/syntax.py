"""Files that can be read, one rule for each format.

Only files that matter to the project are read: test data may be malformed on purpose. A file with
a problem is empty for every other rule.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from lisa_scaffold.bounds import LONG
from lisa_scaffold.formats.document import Problem
from lisa_scaffold.formats.toml import is_newer as is_newer_toml
from lisa_scaffold.lines import join_names
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.project.marks import CONFLICT
from lisa_scaffold.rules.rule import MUST, Hit, count_more, rule

TOML = ("*.toml", "Pipfile", "docs/*.toml")
YAML = (
    *("*.yml", "*.yaml", "*.cff", ".gitlab/**.yml", ".github/workflows/*.yml"),
    *(".github/workflows/*.yaml", "docs/.readthedocs.yaml"),
)
INI = ("setup.cfg", "tox.ini", "pytest.ini", "mypy.ini", ".mypy.ini", ".flake8", ".coveragerc")
JSON = ("codemeta.json", ".zenodo.json", "**/*.ipynb")
_READ_BY_PYTHON = ("pyproject.toml", "Pipfile", "poetry.toml", "pdm.toml", "hatch.toml", "tox.toml")
PYTHON = ("setup.py", "noxfile.py", "docs/conf.py", "doc/conf.py", "docs/source/conf.py")
_TAB = compile_lazily(r" *\t\s*\S")

_POINTS_ELSEWHERE = "version https://git-lfs"
"""How the pointer begins that git keeps in place of a large file."""

# Recipes of conda, which choose lines by comments, and what Jinja fills in first: not YAML yet.
_IS_TEMPLATE = compile_lazily(r"meta\.ya?ml|.*\.devenv\.ya?ml")
_STATEMENT = compile_lazily(r"^[ \t]*\{%", re.MULTILINE)


# What sets a tool, whose file is never large; others may be data, such as the form of an interface.
_SETS = compile_lazily(r"\..*|pyproject\.toml|CITATION\.cff|(?:docker-)?compose[\w.-]*\.ya?ml")


def _list_read(facts: Facts, paths: Iterable[str]) -> Iterator[str]:
    """The files of a format, but for data too large to be read, of which nothing is known."""
    for path in paths:
        is_read = _SETS.fullmatch(path) or facts.explain_excess(path) in ("", LONG)
        if is_read and not facts.text(path).startswith(_POINTS_ELSEWHERE):
            yield path


def _list_yaml(facts: Facts) -> Iterator[str]:
    """The files that are YAML as they are, not only after a template is filled in."""
    for path in facts.paths(*YAML):
        is_template = "/" not in path and (
            _IS_TEMPLATE.fullmatch(path) or _STATEMENT.search(facts.text(path))
        )
        if not is_template:
            yield path


def _hit(facts: Facts, problem: Problem | None) -> Iterator[Hit]:
    if problem is None:
        return
    marks = facts.marks.get(problem.path, ())
    line = next((mark.line for mark in marks if mark.text.startswith(CONFLICT)), 0)
    message = f"cannot be read as {problem.format}: {problem.message}"
    if line:
        message = f"cannot be read as {problem.format} for a merge conflict: choose a side of it"
    yield Hit(problem.path, line or problem.line, message)


@rule("SYN001", MUST)
def toml(facts: Facts) -> Iterator[Hit]:
    """TOML files are valid.

    Why: Tools that read the file stop, or silently fall back to their defaults.

    How: Correct the line; an editor with TOML support highlights the mistake. What TOML 1.1 brought
    is a mistake in `pyproject.toml` alone: Python reads TOML 1.0, other tools may read both.

    Source: [TOML](https://toml.io/en/v1.0.0).
    """
    for path in _list_read(facts, facts.paths(*TOML)):
        problem = facts.toml(path).problem
        is_newer = path not in _READ_BY_PYTHON and problem and is_newer_toml(facts.text(path))
        if not is_newer:
            yield from _hit(facts, problem)


@rule("SYN002", MUST)
def yaml(facts: Facts) -> Iterator[Hit]:
    """YAML files are valid.

    Why: A pipeline or hook that cannot be read does not run, and a citation is not shown.

    How: Correct the line. The usual causes are tabs, a colon in unquoted text and wrong
    indentation. An alias must not expand without limit.

    Source: [YAML](https://yaml.org/spec/1.2.2/).
    """
    for path in _list_read(facts, _list_yaml(facts)):
        problem = facts.yaml(path).problem
        tabs = _find_tabs(facts.text(path)) if problem else []
        if problem and problem.line in tabs and len(tabs) > 1:
            also = join_names(str(line) for line in tabs if line != problem.line)
            problem = problem._replace(message=f"{problem.message} (tabs indent also: {also})")
        yield from _hit(facts, problem)


def _find_tabs(text: str) -> list[int]:
    """The lines that a tab indents, which YAML allows nowhere."""
    return [at for at, line in enumerate(text.split("\n"), 1) if _TAB.match(line)]


@rule("SYN003", MUST)
def ini(facts: Facts) -> Iterator[Hit]:
    """INI files are valid.

    Why: A tool that cannot read its configuration stops, or silently falls back to its defaults.

    How: Correct the line: every key belongs below a `[section]`, and appears there only once.

    Source: [configparser](https://docs.python.org/3/library/configparser.html).
    """
    for path in facts.paths(*INI):
        yield from _hit(facts, facts.ini(path).problem)


@rule("SYN004", MUST)
def json(facts: Facts) -> Iterator[Hit]:
    """JSON files and notebooks are valid.

    Why: A notebook that is cut short, or contains conflict markers, cannot be opened.

    How: Correct the line, or restore the file from git.

    Source: [RFC 8259](https://www.rfc-editor.org/rfc/rfc8259).
    """
    # A notebook full of pictures is large; it is not read, and so nothing is known of it.
    for path in _list_read(facts, facts.paths(*JSON)):
        yield from _hit(facts, facts.json(path).problem)


# Forms of Python 2 that later ones cannot read.
_PYTHON_2 = compile_lazily(
    r"(?:^|[:;])\s*(?:print|exec)\s*[\"'\w%`-]|\bexcept\b[^:#]{1,200},\s*\w+\s*:"
    r"|\braise\s+[\w.]+\s*,|\b[uU][rR][\"']|<>|`[^`]+`|\b0\d+[lL]?\b|\b\d+[lL]\b|\blambda\s*\("
)


# What a README says of the Python that is meant; numbers may follow each other: "2.7 and 3.5".
_SAYS_2 = compile_lazily(
    r"\bpython[\W_]{0,3}(?:version )?2(?:\.[4-7x](?:\.\d+)?)?(?!\.?\d|\+)", re.IGNORECASE
)
_SAYS_3 = compile_lazily(
    r"\bpython[\W_]{0,4}(?:version )?3|\b2(?:\.\w)?\s*(?:,|/|\||and|or|&)\s*3(?:\.\w)?\b"
    r"|\b3\.\d{1,2}\b(?=[^\n]{0,40}\bpython)",
    re.IGNORECASE,
)


def _is_for_python_2(facts: Facts) -> bool:
    """Whether the README tells of Python 2, and of no later one."""
    path = facts.first("README.md", "README.rst", "README.txt", "README", "readme.md")
    text = facts.text(path) if path else ""
    return bool(_SAYS_2.search(text)) and not _SAYS_3.search(text)


def may_be_python_2(facts: Facts, problem: Problem) -> bool:
    """Whether a file may be for Python 2, by the line where it cannot be read and what is said."""
    oldest = facts.package.oldest_python
    if oldest and oldest >= (3,):
        return False
    if _is_for_python_2(facts):
        return True
    lines = facts.lines(problem.path)
    line = lines[problem.line - 1] if 0 < problem.line <= len(lines) else ""
    return _PYTHON_2.search(line) is not None or "tabs and spaces" in problem.message


@rule("SYN005", MUST)
def python(facts: Facts) -> Iterator[Hit]:
    """Python files that configure the project are valid.

    Why: If they cannot be run, nothing is built, tested or documented.

    How: Correct the line. What is written for Python 2 is right where the project may be run by it,
    and nothing is told of a project whose README names Python 2 alone.

    Source: [Python's grammar](https://docs.python.org/3/reference/grammar.html).
    """
    for path in facts.paths(*PYTHON):
        found = facts.python(path)
        if isinstance(found, Problem) and not may_be_python_2(facts, found):
            yield from _hit(facts, found)


@rule("SYN006", MUST)
def keys_once(facts: Facts) -> Iterator[Hit]:
    """No key appears twice in a YAML mapping.

    Why: The last one silently wins: a job with two `script` keys runs only the second.

    How: Merge the two, or delete one.

    Source: [YAML](https://yaml.org/spec/1.2.2/#nodes): the keys of a mapping are unique.
    """
    for path in _list_yaml(facts):
        if twice := facts.yaml(path).duplicates:
            more = count_more([line for _, line in twice])
            message = (
                f"`{twice[0][0]}` appears twice, so only the last one counts: merge them{more}"
            )
            yield Hit(path, twice[0][1], message)

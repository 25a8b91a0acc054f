"""No regular expression takes more time than the square of what it reads; some take less."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import signal
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

import lisa_scaffold
from lisa_scaffold import cli, merge
from lisa_scaffold.errors import ExitCode
from lisa_scaffold.merge import headings
from lisa_scaffold.pattern import LazyPattern

from .support import pumped
from .support.sweeps import sampled
from .support.updates import write

ROOT = Path(lisa_scaffold.__file__).parent
TIMES = 1400
"""Repetitions: the square of them takes milliseconds, the cube a second, and 2 to them for ever."""
CUBE = r"a\s*b?\s*c?\s*d"
RUFF = "https://github.com/astral-sh/ruff-pre-commit"
SOURCES = {path: path.read_text() for path in sorted(ROOT.rglob("*.py"))}
WAYS = {
    **dict.fromkeys(["findall", "finditer", "split", "sub", "subn"], "findall"),
    **{way: way for way in ("search", "match", "fullmatch")},
}
"""How an expression is used, and how it is tried: what finds one place takes less than all."""


# What may take the square of what it reads, as that is never long; all else reads a line of a
# megabyte, or a whole file, sooner or later.
SHORT = {
    # Paths, which the system bounds.
    *(f"rules.compose.{name}" for name in ("_NO_COMPOSE", "_THROWN_AWAY")),
    *(f"rules.dags.{name}" for name in ("_NO_DAG", "_SET_ASIDE")),
    *(f"rules.django.{name}" for name in ("_NO_PROJECT", "_PRODUCTION")),
    *(
        f"rules.layout.{name}"
        for name in ("_FIXTURE", "_OF_TESTS", "_RECORDED", "_REWRITTEN", "_TEST")
    ),
    *("project.members._NO_MEMBER", "rules.chart._NO_CHART", "rules.container._OF_PIPELINE"),
    *("rules.images._NO_DOCKERFILE", "rules.tools._TEST", "rules.workflow_relays._BESIDE"),
    *("rules.compose_runs._OF_REHEARSAL", "rules.security._NO_SECRET"),
    # What is longer is not read: requirements, versions, patterns of others, names of jobs.
    *("adopt.environment._REQUIREMENT", "versions._REQUIREMENT", "project/poetry.py"),
    *(f"merge.values.{name}" for name in ("_AT", "_TAGGED", "_VERSIONED")),
    *("formats.gitlab_expression._SLOW", "pattern._ESCAPED_OR_SET", "project.globs._WILD_OR_SET"),
    *("merge.in_line._FOR_COMMANDS", "rules/pipeline.py", "rules/quality_hooks.py"),
    "rules.quality_settings._BEFORE_SETTINGS",
    # What is cut before, and texts of our own.
    *("template.blame._TEMPORARY", "report.check.html._LINK", "report.explain._LINK"),
    "rules/rule.py",
}


class TooSlowError(Exception):
    """An expression took too much processor time."""


class Expression(NamedTuple):
    """A regular expression of the package: where it is, and how it is used."""

    text: str
    flags: int
    place: str
    ways: tuple[str, ...]


def find_constants() -> Iterator[Expression]:
    """Expressions that are compiled when a module is imported."""
    everything = "\n".join(SOURCES.values())
    for found in pkgutil.walk_packages(lisa_scaffold.__path__, "lisa_scaffold."):
        if found.name.endswith("__main__"):
            continue
        module = importlib.import_module(found.name)
        for name, value in vars(module).items():
            if isinstance(value, LazyPattern | re.Pattern) and isinstance(value.pattern, str):
                # What begins with _ is used in its own module alone.
                uses = SOURCES[Path(module.__file__ or "")] if name[0] == "_" else everything
                ways = {tried for way, tried in WAYS.items() if f"{name}.{way}" in uses}
                place = f"{found.name}.{name}"
                yield Expression(value.pattern, value.flags, place, (*(ways or {*WAYS.values()}),))


def find_written() -> Iterator[Expression]:
    """Expressions that stand where they are used."""
    for path, source in SOURCES.items():
        for node in ast.walk(ast.parse(source)):
            match node:
                case ast.Call(
                    func=ast.Attribute(value=ast.Name("re"), attr=used),
                    args=[ast.Constant(str(text)), *_],
                ) if used != "compile":
                    place = f"{path.relative_to(ROOT)}:{node.lineno}"
                    yield Expression(text, 0, place, (WAYS.get(used, "fullmatch"),))


@cache
def measure_limit() -> float:
    """Seconds that an expression may take: half of what the cube takes this machine."""
    before = time.process_time()
    assert not re.fullmatch(CUBE, "a" + " " * TIMES)
    return (time.process_time() - before) / 2


def find_slow(expression: Expression, times: int = TIMES) -> str:
    """A text that an expression takes too long for; empty where none was found."""

    def stop(*_: object) -> None:
        raise TooSlowError

    compiled, limit = re.compile(expression.text, expression.flags), measure_limit()
    before = signal.signal(signal.SIGVTALRM, stop)
    try:
        for text in pumped.texts(expression.text, expression.flags, times):
            for way in expression.ways:
                try:
                    signal.setitimer(signal.ITIMER_VIRTUAL, limit)
                    getattr(compiled, way)(text)
                except TooSlowError:
                    return f"{way}: {text[:60]!r}"
                finally:
                    signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    finally:
        signal.signal(signal.SIGVTALRM, before)
    return ""


@sampled("expression", [CUBE, r"(a+ ?)*b", r"(?:[<>]=?\s*\d+\s*,?\s*)*x"], 3)
def test_a_slow_one_is_found(expression: str) -> None:
    assert find_slow(Expression(expression, 0, "", ("fullmatch",)))


@pytest.mark.sweep
def test_none_takes_more_than_the_square() -> None:
    expressions = {(*each[:2], each.ways): each for each in (*find_constants(), *find_written())}
    assert len(expressions) > 100
    slow = {each.place: find_slow(each) for each in expressions.values()}
    assert {place: found for place, found in slow.items() if found} == {}


@sampled("expression", [r"rm\s[^;]*/x", r"#S\s+(?:.*\s)?x", r"(?:a|.*<.*)"], 3)
def test_the_square_is_found_too(expression: str) -> None:
    assert find_slow(Expression(expression, 0, "", ("search", "fullmatch")), 20 * TIMES)


@pytest.mark.sweep
def test_what_may_read_a_long_line_takes_no_square() -> None:
    """One line may be as long as the largest file that is read."""
    tried = {(*each[:2], each.ways): each for each in (*find_constants(), *find_written())}
    slow = {each.place: find_slow(each, 20 * TIMES) for each in tried.values()}
    found = {
        place.removeprefix("lisa_scaffold.").partition(":")[0]: text
        for place, text in slow.items()
        if text
    }
    assert {place: text for place, text in found.items() if place not in SHORT} == {}
    assert {*found} == SHORT  # what is read in one pass by now is held to it


def test_a_line_of_spaces_costs_little(tmp_path: Path) -> None:
    """Where the square is too much: one line may be as long as the largest file that is read."""
    wide = " " * 100_000
    files = {
        "pyproject.toml": f"""\
[build-system]
requires = ["setuptools{wide}x", "setuptools{">=1 " * 50}x"]
[project]
name = "x"
requires-python = ">=3{wide}x"
dependencies = ["a{wide}!", "b =={wide}!", "c[d]{wide}(!", "e =={wide}1{wide}!"]
scripts = {{ y = "z:z{wide}!" }}
""",
        ".netrc": f"machine x login y password{wide}#\n",
    }
    write(tmp_path, files)
    start = time.process_time()
    assert cli.main(["check", str(tmp_path)]) == ExitCode.FINDINGS
    assert time.process_time() - start < 10


@pytest.mark.parametrize(
    "contents",
    [
        {
            "pyproject.toml": "",
            "README.md": f"# A\n{'`' * 300_000} `\n",
            "CHANGELOG.md": f"# A\n{'`' * 300_000} `\n",
        },
        {
            "pyproject.toml": "[tool.ruff]\n",
            "ruff.toml": "a = 1\n",
            ".gitlab-ci.yml": f"a:\n  script: echo {'-' * 300_000}! ruff.toml\n",
        },
        {
            ".pre-commit-config.yaml": (
                f"repos:\n- repo: {RUFF}\n  rev: v0.14.0\n  hooks:\n  - id: ruff\n"
            ),
            ".gitlab-ci.yml": f"a:\n  script: echo {'pre-commit run ' * 20_000}\n",
        },
    ],
    ids=["fences", "options", "runs"],
)
def test_one_long_line_costs_little(contents: dict[str, str], tmp_path: Path) -> None:
    write(tmp_path, contents)
    start = time.process_time()
    assert cli.main(["check", str(tmp_path), "--select=DOC,CHG,QTY"]) <= ExitCode.FINDINGS
    assert time.process_time() - start < 10


_DEV, _WIDE = "0-dev" * 40_000, " " * 200_000


@pytest.mark.parametrize(
    ("path", "base", "ours", "theirs"),
    [
        (".gitlab-ci.yml", "image: a:1", f"image: a:{_DEV}1!", f"image: a:{_DEV}2!"),
        (".gitlab-ci.yml", "image: a:1!", f"image: a:{_DEV}1!", "image: a:2!"),
        (".gitlab-ci.yml", "a: ['1']", f"a: ['1', '{_DEV}']", f"a: ['1', '2{_DEV}']"),
        (
            "package.json",
            '{\n  "version": "1"\n}',
            f'{{\n  "version": "2"{_WIDE}x\n}}',
            '{\n "a": 1}',
        ),
    ],
)
def test_a_merge_of_long_lines_costs_little(path: str, base: str, ours: str, theirs: str) -> None:
    start = time.process_time()
    merge.merge_file(path, *(f"{each}\n".encode() for each in (base, ours, theirs)))
    assert time.process_time() - start < 5


@pytest.mark.parametrize("piece", [":", "](", "{"])
def test_long_headings_cost_little(piece: str) -> None:
    title = piece * 100_000
    sides = [["A", "=" * 9, "", f"{each}{title}", "=" * 300_000] for each in "ABC"]
    start = time.process_time()
    headings.find_doubled(["A"], sides[0], sides[1], sides[2], "README.rst")
    assert time.process_time() - start < 5

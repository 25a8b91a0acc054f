"""No regular expression takes more time than the square of what it reads; some take less."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import signal
import time
from collections.abc import Iterator
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
TIMES = 1000
"""Repetitions: the square of them takes milliseconds, the cube a second, and 2 to them for ever."""
SECONDS = 0.4
SOURCES = {path: path.read_text() for path in sorted(ROOT.rglob("*.py"))}
SEARCHING = ("search", "sub", "subn", "split", "findall", "finditer")


# What reads a line of any length, or a whole file.
LONG = (
    *((f"rules.workflow.{name}", "fullmatch") for name in ("_PLACEHOLDER", "_CONTAINER")),
    ("rules.workflow._LIMIT", "match"),
    ("rules.compose_runs._BACKUP", "search"),
    *((f"rules.container.{name}", "findall") for name in ("_PIP", "_APT", "_UPDATE")),
    *((f"rules.container.{name}", "findall") for name in ("_LISTS", "_NO_PIP_CACHE")),
    ("rules.container._STARTS_AS_ROOT", "search"),
    ("rules.security._RUN_UNSEEN", "findall"),
    ("rules.pipeline_jobs._FETCHES_MORE", "search"),
    ("rules.pipeline_checks._RUNS", "search"),
    ("rules.licence._UNFILLED", "search"),
    ("rules.changelog._RELEASES_PAGE", "search"),
    ("rules.changelog._VERSION", "search"),
    ("rules.dags._COMPARED", "findall"),
    ("adopt.customs._EXACT", "findall"),
    ("project.listed._NAMED", "fullmatch"),
    ("project.listed._OPTION", "match"),
    ("merge.verify._COMMENT_LINE", "findall"),
    ("merge.dockerfile._STAGE", "match"),
    ("formats.tree.COMMENT", "findall"),
    ("merge.own_version._IN_JSON", "fullmatch"),
    ("merge.needs._ASSIGNED", "findall"),
    ("rules.compose._SAID_OF_SECRET", "match"),
)


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
                searching = any(f"{name}.{way}(" in uses for way in SEARCHING)
                ways = ("fullmatch", "search") if searching else ("fullmatch",)
                yield Expression(value.pattern, value.flags, f"{found.name}.{name}", ways)


def find_written() -> Iterator[Expression]:
    """Expressions that stand where they are used."""
    for path, source in SOURCES.items():
        for node in ast.walk(ast.parse(source)):
            match node:
                case ast.Call(
                    func=ast.Attribute(value=ast.Name("re"), attr=used),
                    args=[ast.Constant(str(text)), *_],
                ) if used != "compile":
                    way = "search" if used in SEARCHING else "fullmatch"
                    yield Expression(text, 0, f"{path.relative_to(ROOT)}:{node.lineno}", (way,))


def find_slow(expression: Expression, times: int = TIMES) -> str:
    """A text that an expression takes too long for; empty where none was found."""

    def stop(*_: object) -> None:
        raise TooSlowError

    compiled = re.compile(expression.text, expression.flags)
    before = signal.signal(signal.SIGVTALRM, stop)
    try:
        for text in pumped.texts(expression.text, expression.flags, times):
            for way in expression.ways:
                try:
                    signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
                    getattr(compiled, way)(text)
                except TooSlowError:
                    return f"{way}: {text[:60]!r}"
                finally:
                    signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    finally:
        signal.signal(signal.SIGVTALRM, before)
    return ""


@sampled("expression", [r"a\s*b?\s*c?\s*d", r"(a+ ?)*b", r"(?:[<>]=?\s*\d+\s*,?\s*)*x"], 3)
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
def test_what_reads_lines_of_any_length_takes_no_square() -> None:
    """One line may be as long as the largest file that is read."""
    known = {each.place.removeprefix("lisa_scaffold."): each for each in find_constants()}
    slow = {name: find_slow(known[name]._replace(ways=(way,)), 20 * TIMES) for name, way in LONG}
    assert {name: found for name, found in slow.items() if found} == {}


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

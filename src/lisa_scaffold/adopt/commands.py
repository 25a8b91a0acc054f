"""What the jobs of a project run, whichever service they are for, and what they install by it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.project.gitlab import flatten_script

RUNS_TESTS = compile_lazily(
    r"\b(py\.?test|nosetests?|trial|unittest|testr|stestr)\b|\bsetup\.py\s+(-q\s+)?(test|nosetests)\b"
    r"|\bmanage\.py\s+test\b",
    re.IGNORECASE,  # `$PYTEST` runs them too
)
_INSTALLS = compile_lazily(r"\b(?:(?P<conda>conda|mamba)|pip[\d.]*)\s+install\s+(?P<what>.*)")
_TRAVIS = ("before_install", "install", "before_script", "script")
_SCRIPTS = ("run", "script", "bash", "command", "test_script", "install", "before_build")
SERVICES = {
    ".circleci/config.yml": "CircleCI",
    "appveyor.yml": "AppVeyor",
    ".appveyor.yml": "AppVeyor",
    "azure-pipelines.yml": "Azure",
    ".azure-pipelines.yml": "Azure",
    ".cirrus.yml": "Cirrus",
    "bitbucket-pipelines.yml": "Bitbucket",
    "Jenkinsfile": "Jenkins",
}
"""The files by which other services run a project's jobs."""

# Options that have their value as a word of its own.
_WITH_VALUE = frozenset(
    [
        *("-c", "--constraint", "-i", "--index-url", "--extra-index-url", "-f", "--find-links"),
        *("-t", "--target", "--prefix", "--python", "-p", "-n", "--name", "--channel", "--timeout"),
        *("--trusted-host", "--progress-bar", "--no-binary", "--only-binary", "--root", "--src"),
    ]
)
_MOST_DEPTH = 12


class Installed(NamedTuple):
    """What one command installs.

    Attributes
    ----------
    words
        Requirements and paths.
    files
        Files of requirements.
    groups
        Dependency groups.
    is_conda
        Whether conda does it, whose packages have names of their own.
    """

    words: tuple[str, ...]
    files: tuple[str, ...]
    groups: tuple[str, ...]
    is_conda: bool


def find_test_jobs(facts: Facts) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The jobs that run tests: the file of each, and its commands."""
    for path, commands in list_jobs(facts):
        if any(RUNS_TESTS.search(command) for command in commands):
            yield path, commands


def list_jobs(facts: Facts) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The jobs of a project: the file of each, and its commands."""
    travis = facts.yaml(".travis.yml").data
    if isinstance(travis, dict):
        inner = [*_tables(travis.get("jobs")), *_tables(travis.get("matrix"))]
        scripts = (each.get(key) for each in (travis, *inner) for key in _TRAVIS)
        yield ".travis.yml", tuple(line for script in scripts for line in flatten_script(script))
    for path in facts.paths(".github/workflows/*.yml", ".github/workflows/*.yaml"):
        for job in facts.yaml(path).table("jobs").values():
            yield path, tuple(_find_scripts(job))
    for job in facts.pipeline.jobs.values():
        yield job.place.path, tuple(job.commands)
    for path in filter(facts.has, SERVICES):
        yield path, tuple(_find_scripts(facts.yaml(path).data))


def _tables(value: Any) -> list[Mapping[str, Any]]:
    """The mappings of ``jobs: {include: […]}``."""
    included = value.get("include") if isinstance(value, dict) else value
    listed = included if isinstance(included, list) else []
    return [each for each in listed if isinstance(each, dict)]


def _find_scripts(value: Any, depth: int = 0) -> Iterator[str]:
    """Every text below a key that is a script for one of the services."""
    if depth > _MOST_DEPTH:
        return
    if isinstance(value, list):
        for each in value:
            yield from _find_scripts(each, depth + 1)
    elif isinstance(value, dict):
        for key, each in value.items():
            if key in _SCRIPTS:
                yield from flatten_script(each)
            yield from _find_scripts(each, depth + 1)


def find_installed(command: str) -> Iterator[Installed]:
    """What the lines of a command install by pip, uv or conda."""
    joined = re.sub(r"\$\{\{[^{}\n]{0,300}\}\}", "$x", command.replace("\\\n", " "))
    for line in re.split(r"\n|;|&&|\|\|?", joined):
        if found := _INSTALLS.search(line.partition(" #")[0]):
            yield _read_words(found["what"], is_conda=bool(found["conda"]))


def _read_words(text: str, *, is_conda: bool) -> Installed:
    try:
        given = iter(shlex.split(text))
    except ValueError:
        given = iter(text.split())
    words, files, groups = [], [], []
    for word in given:
        if word in ("-r", "--requirement"):
            files.append(next(given, ""))
        elif word.startswith("-r"):
            files.append(word[2:])
        elif word.startswith("--requirement="):
            files.append(word.partition("=")[2])
        elif word == "--group":
            groups.append(next(given, ""))
        elif word in ("-e", "--editable"):
            words.append(next(given, ""))
        elif word in _WITH_VALUE or (is_conda and word == "-c"):
            next(given, "")
        elif not word.startswith("-"):
            words.append(word)
    return Installed(tuple(words), tuple(files), tuple(groups), is_conda)

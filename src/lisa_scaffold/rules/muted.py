"""What lets a check pass whatever it looks at: variables and settings of the tools themselves."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.project.gitlab import Job, to_text
from lisa_scaffold.project.package import Place
from lisa_scaffold.rules.quality_sessions import names_in_sessions
from lisa_scaffold.rules.quality_settings import find_pytest_options
from lisa_scaffold.rules.tools import list_tests, read_hooks

# With these pytest shows something, and runs no test.
_SHOWING = frozenset(
    [
        *("--collect-only", "--collectonly", "--co", "--fixtures", "--funcargs"),
        *("--fixtures-per-test", "--help", "-h", "--markers", "--setup-only", "--setup-plan"),
        *("--version", "-V", "-VV"),
    ]
)
_YES = frozenset(("1", "y", "yes", "on", "true"))
_IGNORE = "--ignore"
_LONGEST = 2_000  # characters
_MOST_SHOWN = 40

_ASSIGNED = compile_lazily(
    r"(?<![\w$.-])(HADOLINT_NOFAIL|PYTEST_ADDOPTS|SKIP)="
    r"(\"[^\"\n]{0,500}\"|'[^'\n]{0,500}'|[^\s;&|]{0,500})"
)


def list_told(facts: Facts, job: Job) -> Iterator[tuple[str, str, Callable[[], Place]]]:
    """Each variable that a job gets from files, with its value and what finds its place."""
    pipeline = facts.pipeline
    own = dict(read_variables(job.data))
    for name, value in pipeline.variables.items():
        if name not in own:
            yield name, value, partial(pipeline.place, "variables", name)
    for number, each in enumerate(pipeline.rules):
        for name, value in read_variables(each):
            keys = ("workflow", "rules", number, "variables", name)
            yield name, value, partial(pipeline.place, *keys)
    for name, value in own.items():
        yield name, value, partial(pipeline.place_of, job, "variables", name)
    for number, each in enumerate(job.rules):
        for name, value in read_variables(each):
            below = ("rules", number, "variables", name)
            yield name, value, partial(pipeline.place_of, job, *below)


def read_variables(table: Any) -> list[tuple[str, str]]:
    """The variables of a job, or of one of its rules."""
    found = table.get("variables")
    return [(str(k), to_text(v)) for k, v in found.items()] if isinstance(found, dict) else []


def find_assigned(command: str) -> dict[str, str]:
    """The variables of tools that a command of a shell sets, for itself or for all after it."""
    found = _ASSIGNED.findall(command[:_LONGEST])
    return {name: value.strip("\"'") for name, value in found}


def find_muting(
    facts: Facts, job: Job, told: Mapping[str, str], commands: Sequence[str] = ()
) -> tuple[str, str]:
    """The variable by which what a job runs passes whatever it finds, and what of it; or empty.

    Parameters
    ----------
    job
        The job.
    told
        The variables.
    commands
        Those of its commands that are meant; all where there are none.
    """
    meant = commands or job.commands
    for name, find in _MUTING.items():
        value = facts.pipeline.expand(told.get(name, ""), job)
        what = find(facts, value) if value and "$" not in value else ""
        if what and is_read_in(facts, meant, name):
            return name, what
    return "", ""


def find_muting_settings(facts: Facts) -> tuple[Place, str] | None:
    """The place where settings have pytest run no test, and by what."""
    if (found := find_pytest_options(facts)) is None:
        return None
    document, keys, options = found
    what = _find_no_tests(facts, options)
    return (Place(document.path, document.line(*keys)), what) if what else None


def is_read_in(facts: Facts, commands: Sequence[str], name: str) -> bool:
    """Whether commands run the tool that reads a variable, by itself or in nox."""
    tool = _READ_BY[name]
    named = re.compile(rf"(?<![\w.-]){tool}(?![\w.-])")
    return any(map(named.search, commands)) or names_in_sessions(facts, commands, tool)


def _find_no_tests(facts: Facts, options: str) -> str:
    """The option by which pytest runs no test; empty where there is none."""
    try:
        words = shlex.split(options[:_LONGEST])
    except ValueError:
        return ""
    for word in words:
        if word in _SHOWING:
            return word
    each_with_next = zip(words, [*words[1:], ""], strict=True)
    ignored = [
        after if word == _IGNORE else word.removeprefix(f"{_IGNORE}=")
        for word, after in each_with_next
        if word.partition("=")[0] == _IGNORE
    ]
    folders = tuple(f"{each.removeprefix('./').rstrip('/')}/" for each in ignored if each)
    tests = list_tests(facts) if folders else []
    is_all = bool(tests) and all(path.startswith(folders) for path in tests)
    return f"{_IGNORE}={ignored[0]}" if is_all else ""


def _find_yes(_facts: Facts, value: str) -> str:
    return value if value.lower() in _YES else ""


def _find_no_hooks(facts: Facts, value: str) -> str:
    """What leaves every hook of pre-commit out."""
    hooks = [{each.name, str(each.data.get("alias", each.name))} for each in read_hooks(facts)]
    left = {each.strip() for each in value.split(",")}
    is_all = bool(hooks) and all(each & left for each in hooks)
    return (value if len(value) <= _MOST_SHOWN else f"{value[:_MOST_SHOWN]}…") if is_all else ""


_READ_BY = {
    "HADOLINT_NOFAIL": "hadolint",
    "PYTEST_ADDOPTS": "pytest",
    "SKIP": "pre-commit",
}
_MUTING: Mapping[str, Callable[[Facts, str], str]] = {
    "HADOLINT_NOFAIL": _find_yes,
    "PYTEST_ADDOPTS": _find_no_tests,
    "SKIP": _find_no_hooks,
}

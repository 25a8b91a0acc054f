"""What the jobs of a project run, whichever service they are for, and what they install by it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.project.gitlab import flatten_script

_RUNNERS = compile_lazily(
    r"\b(py\.?test|nosetests?|trial|unittest|testr|stestr)\b|\bsetup\.py\s+(-q\s+)?(test|nosetests)\b"
    r"|\bmanage\.py\s+test\b",
    re.IGNORECASE,  # `$PYTEST` runs them too
)
# Before a runner's name: it is installed, or asked for, and does not run.
_NAMES_ONLY = compile_lazily(
    r"\b(?:install|add|sync|update|upgrade|download|create|which)\b|--with[= ]\S*$"
)
_INSTALLS = compile_lazily(
    r"(?:\b|-m)(?:(?P<conda>conda|mamba)|pip[\d.]*)\s+install\s+(?P<what>.*)"
)
# What holds wherever the template's jobs run is no condition for them.
_ALWAYS = compile_lazily(r"(?i)\b(?:success|always|cancelled)\b|linux|ubuntu")
TRAVIS = ".travis.yml"
_VARIABLE = compile_lazily(r"\$(?:\{(\w+)\}|(\w+))")
_WHOLE_VARIABLE = compile_lazily(r"\$(?:\{\w+\}|\w+)")
# What installs the project itself with extras, in the ways of Poetry, uv and PDM.
_SYNCS = compile_lazily(
    r"\b(?:poetry\s+(?:install|sync)|uv\s+(?:sync|run)|pdm\s+(?:install|sync))\b(?P<what>.*)"
)
_EXTRAS = compile_lazily(
    r"\s(?:--extras?|-E|-G)[ =]+"
    r"(?:\"(?P<many>[^\"]{0,300})\"|'(?P<others>[^']{0,300})'|(?P<one>[\w.,-]++))"
)
_NAMED_TEST = compile_lazily(r"(?i)(?<![a-z])(?:py)?tests?(?![a-z])")
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
    is_conditional
        Whether it is done under a condition, as in some of the jobs alone.
    """

    words: tuple[str, ...]
    files: tuple[str, ...]
    groups: tuple[str, ...]
    is_conda: bool
    is_conditional: bool = False


def find_test_jobs(facts: Facts) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The jobs that run tests: the file of each, and its commands."""
    for path, commands in list_jobs(facts):
        if any(map(runs_tests, commands)):
            yield path, commands
    # What such a job runs is another project's; what it installs before may stand here.
    for job in facts.pipeline.jobs.values() if facts.pipeline.elsewhere else ():
        if "script" not in job.data and _NAMED_TEST.search(job.name):
            yield job.place.path, tuple(job.commands)


def runs_tests(command: str) -> bool:
    """Whether a command runs tests, and does not only install or name what would."""
    return any(
        not _NAMES_ONLY.search(part[: found.start()])
        for part in _split(command)
        for found in _RUNNERS.finditer(part)
    )


def _split(command: str) -> list[str]:
    """The commands of a text that may have several, without comments."""
    joined = re.sub(r"\$\{\{[^{}\n]{0,300}\}\}", "$x", command.replace("\\\n", " "))
    parts = re.split(r"\n|;|&&|\|\|?", re.sub(r"(?m)(?:^|\s)#.*$", "", joined))
    return [part.strip() for part in parts]


def list_jobs(facts: Facts) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The jobs of a project: the file of each, and its commands."""
    travis = facts.yaml(TRAVIS).data
    if isinstance(travis, dict):
        inner = [*_tables(travis.get("jobs")), *_tables(travis.get("matrix"))]
        scripts = (each.get(key) for each in (travis, *inner) for key in _TRAVIS)
        known = _find_constants([travis.get("env"), *(each.get("env") for each in inner)])
        lines = (line for script in scripts for line in flatten_script(script))
        yield TRAVIS, tuple(_fill_in(line, known) for line in lines)
    for path in facts.paths(".github/workflows/*.yml", ".github/workflows/*.yaml"):
        for job in facts.yaml(path).table("jobs").values():
            yield path, tuple(_find_scripts(job))
    for job in facts.pipeline.jobs.values():
        yield job.place.path, tuple(job.commands)
    for path in filter(facts.has, SERVICES):
        yield path, tuple(_find_scripts(facts.yaml(path).data))


def find_unread(facts: Facts) -> list[str]:
    """The variables that tell what the tests' jobs on Travis install, and differ between them."""
    found = [
        word
        for path, lines in find_test_jobs(facts)
        for line in lines
        for what in (find_installed(line) if path == TRAVIS else ())
        for word in what.words
        if _WHOLE_VARIABLE.fullmatch(word)
    ]
    return [*dict.fromkeys(found)]


def _find_constants(tables: Iterable[Any]) -> dict[str, str]:
    """The variables of Travis that have one value in all of its jobs that have them."""
    values: dict[str, set[str]] = {}
    for table in tables:
        for name, value in _read_env(table):
            values.setdefault(name, set()).add(value)
    single = ((name, next(iter(found))) for name, found in values.items() if len(found) == 1)
    return {name: value for name, value in single if "$" not in value}


def _read_env(env: Any, depth: int = 0) -> Iterator[tuple[str, str]]:
    """Each variable of an ``env`` with a value; what is encrypted has none."""
    match env:
        case str():
            yield from _read_assigned(env)
        case list() if depth < _MOST_DEPTH:
            for each in env:
                yield from _read_env(each, depth + 1)
        case dict() if depth < _MOST_DEPTH:
            for key, value in env.items():
                if key in ("global", "matrix", "jobs"):
                    yield from _read_env(value, depth + 1)
                elif isinstance(value, str | int | float) and key != "secure":
                    yield str(key), str(value)


def _read_assigned(text: str) -> Iterator[tuple[str, str]]:
    """The variables that a text such as ``A=1 B="x y"`` sets."""
    try:
        words = shlex.split(text)
    except ValueError:
        return
    for word in words:
        name, is_set, value = word.partition("=")
        if is_set and name.isidentifier():
            yield name, value


def _fill_in(command: str, known: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda found: known.get(found[1] or found[2], found[0]), command)


def _tables(value: Any) -> list[Mapping[str, Any]]:
    """The mappings of ``jobs: {include: […]}``."""
    included = value.get("include") if isinstance(value, dict) else value
    listed = included if isinstance(included, list) else []
    return [each for each in listed if isinstance(each, dict)]


def _find_scripts(value: Any, depth: int = 0) -> Iterator[str]:
    """Every text below a key that is a script for one of the services.

    A step under a condition is written as a shell has that.
    """
    if depth > _MOST_DEPTH:
        return
    if isinstance(value, list):
        for each in value:
            yield from _find_scripts(each, depth + 1)
    elif isinstance(value, dict):
        condition = str(value.get("if") or "") if "run" in value else ""
        for key, each in value.items():
            if key in _SCRIPTS:
                scripts = flatten_script(each)
                hidden = condition and not _ALWAYS.search(condition)
                yield from (f"if\n{script}\nfi" if hidden else script for script in scripts)
            yield from _find_scripts(each, depth + 1)


_OPENS = compile_lazily(r"(?:if|case)\b")
_GOES_ON = compile_lazily(r"(?:else|elif)\b")
_CLOSES = compile_lazily(r"(?:fi|esac)\b")
_TESTS = compile_lazily(r"\[|test\s")


def find_installed(command: str) -> Iterator[Installed]:
    """What the lines of a command install by pip, uv or conda."""
    conditions: list[bool] = []  # of each `if` around a line, whether that may not hold
    is_tested = False
    for part in _split(command):
        is_open = not _ALWAYS.search(part)
        if _OPENS.match(part):
            conditions.append(is_open)
        elif conditions and _GOES_ON.match(part):
            conditions[-1] = True
        elif conditions and _CLOSES.match(part):
            conditions.pop()
        if found := _INSTALLS.search(part):
            installed = _read_words(found["what"], is_conda=bool(found["conda"]))
            yield installed._replace(is_conditional=is_tested or any(conditions))
        elif synced := _SYNCS.search(part):
            words = tuple(_read_extras(synced["what"]))
            is_conditional = is_tested or any(conditions)
            yield Installed(words, (), (), is_conda=False, is_conditional=is_conditional)
        is_tested = is_open and _TESTS.match(part) is not None


def _read_extras(text: str) -> Iterator[str]:
    """The project itself with the extras of one command, as pip would be told."""
    for found in _EXTRAS.finditer(text):
        names = re.split(
            r"[\s,]+", (found["many"] or found["others"] or found["one"] or "").strip()
        )
        if any(names):
            yield f".[{','.join(filter(None, names))}]"


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

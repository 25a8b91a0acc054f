"""The Pythons that a package supports: stated once, and respected by whatever names one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import NamedTuple

from lisa_scaffold.formats.dockerfile import Dockerfile
from lisa_scaffold.formats.document import Document, Keys, Problem
from lisa_scaffold.formats.edit import replace_in_line, replace_item, set_value
from lisa_scaffold.formats.literal import quoted
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.project.package import Place
from lisa_scaffold.rules.applications import is_application
from lisa_scaffold.rules.fix import Fix
from lisa_scaffold.rules.images import find_dockerfiles, find_system_python
from lisa_scaffold.rules.rule import MUST, PACKAGE, SHOULD, UNSAFE, Hit, join_same, join_words, rule
from lisa_scaffold.rules.syntax import may_be_python_2

Version = tuple[int, int]

_LIMIT = compile_lazily(r"(?<!\s)\s*+(?:,\s*+)?(<=?)\s*+(\d+(?:\.\d+)*)\s*+")
_EXCLUDES = compile_lazily(r"[<=~!]=|<")
_IMAGE = compile_lazily(r"(?:^|/)python:(\d+)\.(\d+)")
_CLASSIFIERS = ("project", "classifiers")
_OLDEST_OF_PIP = (2, 7)
"""No pip that reads the bound runs on an older Python."""

_KEYS = {"setuptools": "python_requires", "poetry": "python"}
_MOST_READ = 100
_FINAL = 4
"""The first major version of Python that does not exist."""


@rule(
    "MET011",
    SHOULD,
    kinds=PACKAGE,
    when=lambda facts: facts.package.form and facts.is_built and not is_application(facts),
)
def has_requires_python(facts: Facts) -> Iterator[Hit]:
    """The metadata states the oldest supported Python.

    Why: Without it, `pip` installs the newest version into a Python that cannot run it, instead of
    an older version that would work.

    How: Write the oldest version that is tested, such as `requires-python = ">=3.11"` under
    `[project]`; where the metadata stands in `setup.py` or in `setup.cfg`, write
    `python_requires` there.

    Source: [pyproject.toml specification](https://packaging.python.org/en/latest/specifications/pyproject-toml/#requires-python).
    """
    package = facts.package
    # `*` is how Poetry says that nothing is known.
    if package.text("requires-python") in ("", "*") and "requires-python" not in package.unknown:
        path, _ = package.place("requires-python")
        key = _KEYS.get(package.form, "requires-python")
        oldest = min((version for _, version in facts.package.classified_pythons), default=None)
        tested = None if oldest else min(_find_tested(facts), default=None)
        if (first := oldest or tested) and first <= _OLDEST_OF_PIP:
            return
        wanted = "one such as `>=3.11`"
        if old := "" if first else _find_python_2(facts):
            wanted = f"what runs it, as {old} is written for Python 2"
        elif first:
            why = "in the classifiers" if oldest else "that is tested"
            wanted = f"`>={_format_version(first)}`, the oldest {why}"
        message = f"no `{key}`, so pip installs this into Pythons that cannot run it: add {wanted}"
        yield Hit(path, package.place().line, message)


def _find_python_2(facts: Facts) -> str:
    """The first module of the package that Python 2 alone can read; empty where there is none."""
    folders = (f"{folder}/*.py" for folder in facts.layout.packages)
    for path in islice(facts.paths("setup.py", *folders), _MOST_READ):
        found = facts.python(path)
        if isinstance(found, Problem) and may_be_python_2(facts, found):
            return path
    return ""


_AUTOMATION = (
    *(".gitlab-ci.yml", ".gitlab/**.yml", ".github/workflows/*.yml", ".github/workflows/*.yaml"),
    *(".travis.yml", ".circleci/config.yml", "azure-pipelines.yml", "appveyor.yml", "tox.ini"),
)
_CHOICE = compile_lazily(
    r"(?i)\bpython(?:[-_ ]?versions?)?[\"']?[ \t]{0,9}[:=][ \t]{0,9}(?:\n(?P<list>(?:[ \t]{0,40}-"
    r"[ \t]{1,9}[\"']?[\w.-]{1,20}[\"']?[ \t]{0,9}\n){1,30})|(?P<line>[^\n\]#]{0,300}))"
)
_COMMENT = compile_lazily(r"(?m)(?:^|[ \t])#.*$")
_VERSION = compile_lazily(r"(?<![\w.])([23])\.(\d{1,2})(?!\d)")
_ENVIRONMENT = compile_lazily(r"(?<![\w.])py([23])\.?(\d{1,2})(?!\d)")


def _find_tested(facts: Facts) -> Iterator[Version]:
    """The Pythons that jobs and tox choose, as far as they are written out."""
    for path in facts.paths(*_AUTOMATION):
        text = _COMMENT.sub("", facts.text(path))
        chosen = [match["list"] or match["line"] or "" for match in _CHOICE.finditer(text)]
        found = [match for each in chosen for match in _VERSION.finditer(each)]
        if path == "tox.ini":
            found += _ENVIRONMENT.finditer(text)
        yield from ((int(match[1]), int(match[2])) for match in found)


@rule(
    "MET012",
    MUST,
    kinds=PACKAGE,
    when=lambda facts: facts.package.form in ("project", "setuptools"),
)
def valid_requires_python(facts: Facts) -> Iterator[Hit]:
    """The supported Pythons are stated in a form that `pip` understands.

    Why: Otherwise the build stops, or nobody can install the package.

    How: Write one or more comparisons with commas between them, such as `>=3.11`.

    Source: [version specifiers](https://packaging.python.org/en/latest/specifications/version-specifiers/).
    """
    text = facts.package.text("requires-python")
    # What Poetry reads in its own table may be more.
    if _is_poetrys(facts) or not text or re.fullmatch(r">=\d+(\.\d+)+", text):
        return
    if facts.package.pythons is None:
        message = (
            f"pip does not understand `{text}`, so this cannot be installed: write it like `>=3.11`"
        )
        yield Hit(*facts.package.place("requires-python"), message)


@rule(
    "MET013",
    SHOULD,
    kinds=PACKAGE,
    when=lambda facts: "<" in facts.package.text("requires-python"),
    fixes=UNSAFE,
    strict=True,
)
def no_upper_limit(facts: Facts) -> Iterator[Hit]:
    """The supported Pythons have no upper limit.

    Why: With a limit, nobody can try the next Python until it is raised, and `pip` falls back to an
    old version without the limit. Once published, a limit cannot be taken back.

    How: State only the oldest version, and test with the newest ones. Poetry's `^3.11` is a limit
    too; write `>=3.11` instead.

    Source: [on upper bounds](https://iscinumpy.dev/post/bound-version-constraints/),
    [Poetry: caret requirements](https://python-poetry.org/docs/dependency-specification/#caret-requirements).
    """
    package = facts.package
    if _is_poetrys(facts):
        yield from _find_caret(facts)
        return
    text = package.text("requires-python")
    match = _LIMIT.search(text)
    if match is None:
        return
    path, line = package.place("requires-python")
    fix = None
    # Only a limit above all existing Pythons is removed; Poetry needs it to find dependencies.
    if int(match[2].split(".")[0]) >= _FINAL and match[1] != "<=" and package.backend != "poetry":
        rest = f"{text[: match.start()]},{text[match.end() :]}".strip(" ,").replace(",,", ",")
        if rest and text in facts.lines(path)[line - 1]:
            fix = Fix.edit(path, replace_in_line(line, text, rest))
    limit = f"{match[1]}{match[2]}"
    message = f"`{limit}` locks out newer Pythons, even those that work: remove this limit"
    yield Hit(path, line, message, fix=fix)


def _is_poetrys(facts: Facts) -> bool:
    """Whether Poetry is told the Pythons, in its own table."""
    is_beside = facts.package.backend == "poetry" and not facts.pyproject.get(
        "project", "requires-python"
    )
    return facts.package.form == "poetry" or is_beside


def _find_caret(facts: Facts) -> Iterator[Hit]:
    """Where Poetry is told the Pythons by a caret, which nobody reads as a limit."""
    text = str(facts.pyproject.get("tool", "poetry", "dependencies", "python"))
    match = re.fullmatch(r"\^\s*(\d+(?:\.\d+)*)", text.strip())
    if match:
        path, line = facts.package.place("requires-python")
        right = f">={match[1]}"
        fix = Fix.edit(path, replace_in_line(line, quoted(text), quoted(right)))
        message = f"`{text}` locks out newer Pythons, even those that work: write `{right}`"
        yield Hit(path, line, message, fix=fix)


def _format_version(version: Version) -> str:
    return f"{version[0]}.{version[1]}"


@rule(
    "MET014",
    SHOULD,
    kinds=PACKAGE,
    when=lambda facts: facts.package.classified_pythons and facts.package.oldest_python,
    fixes=True,
)
def classifiers_agree(facts: Facts) -> Iterator[Hit]:
    """The classifiers list the supported Pythons.

    Why: Package indexes and users look at the classifiers, `pip` at `requires-python`.

    How: List every version from the oldest supported to the newest tested.

    Source: [pyproject.toml guide](https://packaging.python.org/en/latest/guides/writing-pyproject-toml/#classifiers).
    """
    package, oldest = facts.package, facts.package.oldest_python
    supported = package.text("requires-python")
    classified = facts.package.classified_pythons
    if gone := [each for each in classified if oldest and each[1] < oldest]:
        listed = join_words([_format_version(version) for _, version in gone])
        them = "them" if gone[1:] else "it"
        message = f"this promises Python {listed}, but `{supported}` excludes {them}: delete {them}"
        fix = None
        if package.form == "project":
            texts = [package.texts("classifiers")[index] for index, _ in gone]
            changes = [replace_item(_CLASSIFIERS, text, None) for text in texts]
            fix = Fix.edit("pyproject.toml", *changes)
        yield Hit(*package.place("classifiers", gone[0][0]), message, fix=fix)
    versions = [version for _, version in classified]
    knows_all = "classifiers" not in package.unknown
    if knows_all and oldest and oldest not in versions and any(v > oldest for v in versions):
        shown = _format_version(oldest)
        message = (
            f"{shown} is supported but not listed: add `Programming Language :: Python :: {shown}`"
            f", or raise `{_KEYS.get(package.form, 'requires-python')}`"
        )
        yield Hit(*package.place("classifiers", classified[0][0]), message)


class _Target(NamedTuple):
    """A setting that tells a tool for which Python it works."""

    tool: str
    document: Document
    keys: Keys
    version: Version
    rewrites: bool
    """Whether the tool changes code, so that too new a version does harm too."""


def _find_targets(facts: Facts) -> Iterator[_Target]:
    pyproject = facts.pyproject
    path = next((each for each in (".ruff.toml", "ruff.toml") if facts.has(each)), "pyproject.toml")
    above = ("tool", "ruff") if path == "pyproject.toml" else ()
    yield from _read_target("ruff", facts.toml(path), (*above, "target-version"), rewrites=True)
    black = ("tool", "black", "target-version")
    for index, _ in enumerate(pyproject.items(*black)):
        yield from _read_target("black", pyproject, (*black, index))
    yield from _read_target("mypy", pyproject, ("tool", "mypy", "python_version"))
    for path in ("mypy.ini", ".mypy.ini", "setup.cfg"):
        if facts.has(path):
            yield from _read_target("mypy", facts.ini(path), ("mypy", "python_version"))
    yield from _read_target("pyright", pyproject, ("tool", "pyright", "pythonVersion"))
    if facts.has("pyrightconfig.json"):
        yield from _read_target("pyright", facts.json("pyrightconfig.json"), ("pythonVersion",))
    yield from _read_target("pylint", pyproject, ("tool", "pylint", "main", "py-version"))
    # The hook of pyupgrade has its version as an argument.
    for number, repo in enumerate(facts.hooks.items("repos")):
        hooks = repo.get("hooks") if isinstance(repo, dict) else None
        for index, hook in enumerate(hooks if isinstance(hooks, list) else []):
            if isinstance(hook, dict) and hook.get("id") == "pyupgrade":
                args = ("repos", number, "hooks", index, "args")
                for at, _ in enumerate(facts.hooks.items(*args)):
                    yield from _read_target("pyupgrade", facts.hooks, (*args, at), rewrites=True)


def _read_target(
    tool: str, document: Document, keys: Keys, *, rewrites: bool = False
) -> Iterator[_Target]:
    value = document.get(*keys)
    if isinstance(value, float):  # 3.1 and 3.10 are the same number
        value = document.raw(*keys)
    if version := _read_version(value):
        yield _Target(tool, document, keys, version, rewrites)


def _read_version(value: object) -> Version | None:
    match = re.fullmatch(r"(?:py|--py)?(\d)\.?(\d+)(?:-plus)?", str(value))
    return (int(match[1]), int(match[2])) if match else None


@rule("MET015", SHOULD, kinds=PACKAGE, when=lambda facts: facts.package.oldest_python, fixes=UNSAFE)
def tools_agree(facts: Facts) -> Iterator[Hit]:
    """Tools are set to the oldest supported Python.

    Why: A type checker that is set to an older Python rejects valid code; a tool that rewrites code
    for a newer one breaks the package for users of the oldest.

    How: Set each tool to the version in `requires-python`; delete the setting if the tool reads
    that by itself.

    Source: [ruff](https://docs.astral.sh/ruff/settings/#target-version),
    [mypy](https://mypy.readthedocs.io/en/stable/config_file.html#confval-python_version); a LISA
    package that needs Python 3.10 has tools that are set to 3.8.
    """
    oldest = facts.package.oldest_python
    if oldest is None:
        return
    wrong: dict[tuple[str, str, Keys], list[_Target]] = {}
    for target in _find_targets(facts):
        if target.version < oldest or (target.rewrites and target.version > oldest):
            # black has a list of versions.
            keys = target.keys[:-1] if target.tool == "black" else target.keys
            wrong.setdefault((target.tool, target.document.path, keys), []).append(target)
    for (tool, path, _), targets in wrong.items():
        named = join_words([_format_version(each.version) for each in targets])
        message = (
            f"{tool} assumes Python {named}, "
            f"but the oldest supported is {_format_version(oldest)}: write that version"
        )
        fixes = [_retarget(each, oldest) for each in targets]
        steps = tuple(step for each in fixes if each for step in each.steps)
        fix = Fix(steps) if all(fixes) else None
        yield Hit(path, targets[0].document.line(*targets[0].keys), message, fix=fix)


def _retarget(target: _Target, oldest: Version) -> Fix | None:
    """Give the tool the oldest version, in the notation that is in use there."""
    value = target.document.get(*target.keys)
    if not isinstance(value, str):
        return None
    right = value.replace(_format_version(target.version), _format_version(oldest)).replace(
        f"{target.version[0]}{target.version[1]}", f"{oldest[0]}{oldest[1]}"
    )
    path, keys = target.document.path, tuple(str(key) for key in target.keys)
    if target.tool == "black":
        listed = enumerate(target.document.items(*target.keys[:-1]))
        versions = {at: python for at, each in listed if (python := _read_version(each))}
        is_needed = max(versions.values()) < oldest and target.keys[-1] == min(versions)
        literal = quoted(right) if is_needed else None
        return Fix.edit(path, replace_item(keys[:-1], value, literal))
    if path.endswith(".toml"):
        return Fix.edit(path, set_value(keys, quoted(right)))
    return Fix.edit(path, replace_in_line(target.document.line(*target.keys), value, right))


@rule("MET016", SHOULD, kinds=PACKAGE, when=lambda facts: facts.package.oldest_python)
def images_agree(facts: Facts) -> Iterator[Hit]:
    """Images and services have a supported Python.

    Why: Otherwise the package cannot be installed there: the job fails, or silently installs an old
    version from a package index.

    How: Choose a version that `requires-python` allows. A job that neither installs the package nor
    runs its tests may have any.

    Source: [requires-python](https://packaging.python.org/en/latest/specifications/pyproject-toml/#requires-python):
    `pip` refuses any other Python.
    """
    yield from join_same(_find_other_images(facts))
    yield from join_same(_find_other_systems(facts))


def _find_other_images(facts: Facts) -> Iterator[Hit]:
    """Every place that names a Python in which the package is installed, and cannot be."""
    oldest = facts.package.oldest_python
    for match, find in _find_images(facts):
        python = (int(match[1]), int(match[2])) if match else None
        if oldest and python and (python < oldest or not _allows_any(facts, python)):
            right = f"{_format_version(oldest)} or newer"
            if python > oldest:
                right = f"one that {facts.package.text('requires-python')!r} allows"
            message = f"the package cannot be installed with Python {_format_version(python)}"
            yield Hit(*find(), f"{message}: use {right}")


# A Python that is not the system's, or a script that may bring one.
_OTHER_PYTHON = compile_lazily(
    r"conda|mamba|pyenv|deadsnakes|pixi|\bnix\b|\buv\b|pypy|\bppa\b|backports|sources\.list|\basdf\b"
    r"|[Pp]ython-?\d\.\d|\.sh\b|\bmise\b|\brye\b|\bbrew\b|spack|--from=|--ignore-requires-python"
)
_SYSTEM_PYTHON = compile_lazily(
    r"\bapt(?:-get)?\b(?: -\S+){0,20} install\b[^;&|\n]{0,1000}\bpython3(?:-(?:pip|dev|venv|full"
    r"|setuptools))?(?![\w.-])"
)
_INSTALLS_HERE = compile_lazily(
    r"\bpip3? install\b[^\n;&|]{0,300}[ \"'](?:-e ?)?\.(?:[\[/ \"'\n]|$)"
    r"|\bpython3? setup\.py (?:install|develop)\b"
)


def _find_other_systems(facts: Facts) -> Iterator[Hit]:
    """The images whose system has a Python in which the package is installed, and cannot be."""
    oldest = facts.package.oldest_python
    for docker in find_dockerfiles(facts):
        if not docker.stages[1:] and ("/" not in docker.path or _has_package(facts, docker)):
            text = "\n".join(each.value for each in docker.instructions)
            system = find_system_python(docker.stages[0].resolved)
            is_sure = _SYSTEM_PYTHON.search(text) and not _OTHER_PYTHON.search(text)
            if not oldest or not system or not is_sure or not _INSTALLS_HERE.search(text):
                continue
            name, python = system
            if python < oldest or not _allows_any(facts, python):
                supported = facts.package.text("requires-python")
                message = (
                    f"{name} has Python {_format_version(python)}, which `{supported}` excludes: "
                    "use a system, or an image, with a Python that it allows"
                )
                yield Hit(docker.path, docker.stages[0].instructions[0].line, message)


def _find_images(facts: Facts) -> Iterator[tuple[re.Match[str] | None, Callable[[], Place]]]:
    """The Pythons of jobs, images and services in which the package is installed, and where."""
    for job in facts.pipeline.jobs.values():
        match = _IMAGE.search(facts.pipeline.expand(job.image, job))
        if match and _RUNS_PACKAGE.search("\n".join(job.commands)):
            yield match, partial(facts.pipeline.place_of, job, "image")
    for docker in find_dockerfiles(facts):
        # Below the top there may be others, which never see the package.
        if "/" in docker.path and not _has_package(facts, docker):
            continue
        for stage in docker.stages:
            line = stage.instructions[0].line
            yield _IMAGE.search(stage.resolved), partial(Place, docker.path, line)
    for path in facts.paths(".readthedocs.yaml", ".readthedocs.yml"):
        version = facts.yaml(path).get("build", "tools", "python")
        match = re.fullmatch(r"(\d)\.(\d+)", version) if isinstance(version, str) else None
        if match and _installs_project(facts, path):
            line = facts.yaml(path).line("build", "tools", "python")
            yield match, partial(Place, path, line)
    match = re.match(r"(\d)\.(\d+)", facts.text(".python-version"))
    yield match, partial(Place, ".python-version", 1)


def _allows_any(facts: Facts, python: Version) -> bool:
    """Whether a package may be installed with a Python, whichever patch of it that is."""
    allowed = facts.package.pythons
    if allowed is None or not _EXCLUDES.search(str(allowed)):
        return True
    return any(f"{_format_version(python)}.{patch}" in allowed for patch in range(100))


_INSTALLS = compile_lazily(
    r"\b(?:uv sync|(?:poetry|pdm|flit|hatch|pixi) (?:install|run|env)"
    r"|pip3? install[^\n;&]{0,300}[ \"'](?:-e ?)?(?:file:)?\.(?:[\[/ \"'\n]|$))"
    # In a file of requirements.
    r"|(?:^|\n)[ \t]*(?:-e ?|--editable[ =])?(?:file:)?\.{1,2}(?:/\.\.){0,9}(?:[\[/\s]|$)"
)


def _has_package(facts: Facts, docker: Dockerfile) -> bool:
    """Whether a Dockerfile installs the package, or copies it by the name of it or of a folder."""
    text = "\n".join(each.value for each in docker.instructions)
    names = {facts.package.name, *facts.layout.names, "pyproject.toml", "setup.py", "src"} - {""}
    words = set(re.findall(r"[\w.-]+", text))
    copies = any(
        each.verb in ("COPY", "ADD") and ". " in each.value for each in docker.instructions
    )
    return bool(_RUNS_PACKAGE.search(text) or words & names) or copies


# A script or a make of the project's own may do anything.
_RUNS_PACKAGE = compile_lazily(
    _INSTALLS.pattern
    + r"|\b(?:pytest|tox|nox|setup\.py|unittest|make|invoke|uv run|hatch)\b|\.sh\b"
    r"|(?:^|\n)[ \t]*\./"
)


def _installs_project(facts: Facts, path: str) -> bool:
    """Whether Read the Docs installs the package, and not only what builds its pages."""
    entries = facts.yaml(path).items("python", "install")
    if any(isinstance(each, dict) and "path" in each for each in entries):
        return True
    files = (each.get("requirements") for each in entries if isinstance(each, dict))
    texts = [facts.text(path), *(facts.text(str(each)) for each in files if each)]
    return any(_INSTALLS.search(text) for text in texts)

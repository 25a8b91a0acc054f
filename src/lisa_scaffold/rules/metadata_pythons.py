"""The Pythons that a package supports: stated once, and kept to by everything that names one.

MET011 stated · MET012 valid · MET013 no upper limit · MET014 classifiers · MET015 tools ·
MET016 images
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

from lisa_scaffold.formats.document import Document, Keys
from lisa_scaffold.formats.edit import replace_in_line, replace_item, set_value
from lisa_scaffold.formats.literal import quoted
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.project.package import Place
from lisa_scaffold.rules.fix import Fix
from lisa_scaffold.rules.rule import MUST, PACKAGE, SHOULD, Hit, rule

Version = tuple[int, int]

_LIMIT = re.compile(r"\s*,?\s*(<=?)\s*(\d+(?:\.\d+)*)\s*")
_CLASSIFIER = re.compile(r"Programming Language :: Python :: (\d+)\.(\d+)")
_IMAGE = re.compile(r"(?:^|/)python:(\d+)\.(\d+)")
_FINAL = 4


@rule("MET011", SHOULD, kinds=PACKAGE, when=lambda facts: facts.package.form)
def has_requires_python(facts: Facts) -> Iterator[Hit]:
    """The metadata states the oldest Python that is supported.

    Why: Without it `pip` installs the newest version into a Python that cannot run it, in place of
    an older version that would.

    How: Write `requires-python = ">=3.11"` under `[project]`.

    Source: [pyproject.toml specification](https://packaging.python.org/en/latest/specifications/pyproject-toml/#requires-python).
    """
    package = facts.package
    # `*` is how Poetry says that nothing is known.
    if package.text("requires-python") in ("", "*") and "requires-python" not in package.unknown:
        path, _ = package.place("requires-python")
        yield Hit(path, package.place().line, "the metadata does not state the supported Pythons")


@rule(
    "MET012",
    MUST,
    kinds=PACKAGE,
    when=lambda facts: facts.package.form in ("project", "setuptools"),
)
def valid_requires_python(facts: Facts) -> Iterator[Hit]:
    """The supported Pythons are stated in a form that `pip` reads.

    Why: A build stops, or nobody can install the package.

    How: Write comparisons with commas between them, such as `>=3.11`.

    Source: [version specifiers](https://packaging.python.org/en/latest/specifications/version-specifiers/).
    """
    said = facts.package.text("requires-python")
    if said and not re.fullmatch(r">=\d+(\.\d+)+", said) and facts.package.pythons is None:
        yield Hit(*facts.package.place("requires-python"), f"`{said}` is no version specifier")


@rule(
    "MET013",
    SHOULD,
    kinds=PACKAGE,
    when=lambda facts: (
        "<" in facts.package.text("requires-python")
        and facts.package.form in ("project", "setuptools")
    ),
    fixes=True,
)
def no_upper_limit(facts: Facts) -> Iterator[Hit]:
    """The supported Pythons have no upper limit.

    Why: With a limit nobody can try the next Python before it is raised, and `pip` falls back to
    an old version without the limit. It cannot be taken back from what was published.

    How: State the oldest version alone, and test with the newest ones.

    Source: [on upper bounds](https://iscinumpy.dev/post/bound-version-constraints/).
    """
    said = facts.package.text("requires-python")
    match = _LIMIT.search(said)
    if match:
        path, line = facts.package.place("requires-python")
        message = f"`{match[1]}{match[2]}` keeps newer Pythons out"
        yield Hit(path, line, message, fix=_unlimited(facts, said, match))


def _unlimited(facts: Facts, said: str, match: re.Match[str]) -> Fix | None:
    """Without a limit that names no Python that exists; Poetry needs it to find dependencies."""
    package = facts.package
    if int(match[2].split(".")[0]) < _FINAL or match[1] == "<=" or package.backend == "poetry":
        return None
    rest = (said[: match.start()] + "," + said[match.end() :]).strip(" ,").replace(",,", ",")
    path, line = package.place("requires-python")
    if not rest or said not in facts.lines(path)[line - 1]:
        return None
    return Fix.edit(path, replace_in_line(line, said, rest))


def _listed(facts: Facts) -> list[tuple[int, Version]]:
    """The Pythons that classifiers name, each with the number of its classifier."""
    found = enumerate(facts.package.texts("classifiers"))
    return [
        (index, (int(match[1]), int(match[2])))
        for index, text in found
        if (match := _CLASSIFIER.fullmatch(text))
    ]


def _spelled(version: Version) -> str:
    return f"{version[0]}.{version[1]}"


@rule(
    "MET014",
    SHOULD,
    kinds=PACKAGE,
    when=lambda facts: _listed(facts) and facts.package.oldest_python,
    fixes=True,
)
def classifiers_agree(facts: Facts) -> Iterator[Hit]:
    """The classifiers name the Pythons that are supported.

    Why: Indexes and users look at the classifiers, `pip` at `requires-python`.

    How: List every version from the oldest that is supported to the newest that is tested.

    Source: [pyproject.toml guide](https://packaging.python.org/en/latest/guides/writing-pyproject-toml/#classifiers).
    """
    package, oldest = facts.package, facts.package.oldest_python
    said = package.text("requires-python")
    listed = _listed(facts)
    for index, version in listed:
        if oldest and version < oldest:
            text = package.texts("classifiers")[index]
            message = f"Python {_spelled(version)} has a classifier, but `{said}` keeps it out"
            fix = None
            if package.form == "project":
                fix = Fix.edit("pyproject.toml", replace_item(_CLASSIFIERS, text, None))
            yield Hit(*package.place("classifiers", index), message, fix=fix)
    versions = [version for _, version in listed]
    listed_all = "classifiers" not in package.unknown
    if listed_all and oldest and oldest not in versions and any(v > oldest for v in versions):
        message = f"Python {_spelled(oldest)} is supported, but has no classifier"
        yield Hit(*package.place("classifiers", listed[0][0]), message)


_CLASSIFIERS = ("project", "classifiers")


class _Target(NamedTuple):
    """A tool that is told for which Python it works."""

    tool: str
    document: Document
    keys: Keys
    version: Version
    rewrites: bool
    """Whether it changes code, so that a version newer than the oldest does harm too."""


def _targets(facts: Facts) -> Iterator[_Target]:
    pyproject = facts.pyproject
    for path, above in (
        ("pyproject.toml", ("tool", "ruff")),
        ("ruff.toml", ()),
        (".ruff.toml", ()),
    ):
        yield from _target("ruff", facts.toml(path), (*above, "target-version"), rewrites=True)
    black = ("tool", "black", "target-version")
    for index, _ in enumerate(pyproject.items(*black)):
        yield from _target("black", pyproject, (*black, index))
    yield from _target("mypy", pyproject, ("tool", "mypy", "python_version"))
    for path in ("mypy.ini", ".mypy.ini", "setup.cfg"):
        if facts.has(path):
            yield from _target("mypy", facts.ini(path), ("mypy", "python_version"))
    yield from _target("pyright", pyproject, ("tool", "pyright", "pythonVersion"))
    if facts.has("pyrightconfig.json"):
        yield from _target("pyright", facts.json("pyrightconfig.json"), ("pythonVersion",))
    yield from _target("pylint", pyproject, ("tool", "pylint", "main", "py-version"))
    yield from _hook_targets(facts)


def _hook_targets(facts: Facts) -> Iterator[_Target]:
    """The versions that the hook of pyupgrade is told, each as an argument."""
    for number, repo in enumerate(facts.hooks.items("repos")):
        hooks = repo.get("hooks") if isinstance(repo, dict) else None
        for index, hook in enumerate(hooks if isinstance(hooks, list) else []):
            if isinstance(hook, dict) and hook.get("id") == "pyupgrade":
                keys = ("repos", number, "hooks", index, "args")
                for at, _ in enumerate(facts.hooks.items(*keys)):
                    yield from _target("pyupgrade", facts.hooks, (*keys, at), rewrites=True)


def _target(
    tool: str, document: Document, keys: Keys, *, rewrites: bool = False
) -> Iterator[_Target]:
    said = document.get(*keys)
    if isinstance(said, float):  # 3.1 and 3.10 are the same number
        said = document.raw(*keys)
    match = re.fullmatch(r"(?:py|--py)?(\d)\.?(\d+)(?:-plus)?", str(said))
    if match:
        yield _Target(tool, document, keys, (int(match[1]), int(match[2])), rewrites)


@rule("MET015", SHOULD, kinds=PACKAGE, when=lambda facts: facts.package.oldest_python, fixes=True)
def tools_agree(facts: Facts) -> Iterator[Hit]:
    """Tools work for the oldest Python that is supported.

    Why: A type checker that is told an older Python refuses what is allowed; a tool that rewrites
    code for a newer one breaks the package for who has the oldest.

    How: Give each tool the version of `requires-python`, or none where it reads that by itself.

    Source: [ruff](https://docs.astral.sh/ruff/settings/#target-version),
    [mypy](https://mypy.readthedocs.io/en/stable/config_file.html#confval-python_version); a LISA
    package that needs Python 3.10 has tools that work for 3.8.
    """
    oldest = facts.package.oldest_python
    for target in _targets(facts):
        older = oldest and target.version < oldest
        newer = oldest and target.rewrites and target.version > oldest
        if oldest and (older or newer):
            message = (
                f"{target.tool} works for Python {_spelled(target.version)}, "
                f"but the oldest that is supported is {_spelled(oldest)}"
            )
            line = target.document.line(*target.keys)
            fix = _retarget(target, oldest)
            yield Hit(target.document.path, line, message, fix=fix)


def _retarget(target: _Target, oldest: Version) -> Fix | None:
    """Give the tool the oldest version, in the spelling that stands there."""
    said = target.document.get(*target.keys)
    if not isinstance(said, str):
        return None
    short = f"{target.version[0]}{target.version[1]}"
    right = said.replace(_spelled(target.version), _spelled(oldest)).replace(
        short, f"{oldest[0]}{oldest[1]}"
    )
    path, keys = target.document.path, tuple(str(key) for key in target.keys)
    if target.tool == "black":
        listed = target.document.items(*target.keys[:-1])
        there = right in listed or listed.index(said) != target.keys[-1]
        literal = None if there or _kept(listed, oldest) else quoted(right)
        return Fix.edit(path, replace_item(keys[:-1], said, literal))
    if path.endswith(".toml"):
        return Fix.edit(path, set_value(keys, quoted(right)))
    return Fix.edit(path, replace_in_line(target.document.line(*target.keys), said, right))


def _kept(listed: list[Any], oldest: Version) -> bool:
    """Whether an item that is no older stands in a list."""
    found = (re.fullmatch(r"py(\d)(\d+)", str(each)) for each in listed)
    return any(match and (int(match[1]), int(match[2])) >= oldest for match in found)


def _named(facts: Facts) -> Iterator[tuple[Version, Callable[[], Place]]]:
    """The Pythons that images and services bring, each with what finds its place."""
    for job in facts.pipeline.jobs.values():
        if match := _IMAGE.search(facts.pipeline.expand(job.image, job)):
            yield _version(match), partial(facts.pipeline.place_of, job, "image")
    for path in facts.paths("Dockerfile", "Containerfile", "docker/Dockerfile*"):
        for stage in facts.dockerfile(path).stages:
            if match := _IMAGE.search(stage.resolved):
                yield _version(match), partial(Place, path, stage.instructions[0].line)
    for path in facts.paths(".readthedocs.yaml", ".readthedocs.yml"):
        said = facts.yaml(path).get("build", "tools", "python")
        if isinstance(said, str) and (match := re.fullmatch(r"(\d)\.(\d+)", said)):
            line = facts.yaml(path).line("build", "tools", "python")
            yield _version(match), partial(Place, path, line)
    if match := re.match(r"(\d)\.(\d+)", facts.text(".python-version")):
        yield _version(match), partial(Place, ".python-version", 1)


def _version(match: re.Match[str]) -> Version:
    return int(match[1]), int(match[2])


@rule("MET016", SHOULD, kinds=PACKAGE, when=lambda facts: facts.package.oldest_python)
def images_agree(facts: Facts) -> Iterator[Hit]:
    """Images and services bring a Python that is supported.

    Why: The package cannot be installed there; the job fails, or installs an old version from an
    index without a word.

    How: Name a version that `requires-python` allows.

    Source: [requires-python](https://packaging.python.org/en/latest/specifications/pyproject-toml/#requires-python):
    `pip` refuses any other Python.
    """
    oldest = facts.package.oldest_python
    for version, find in _named(facts):
        if oldest and version < oldest:
            message = f"Python {_spelled(version)} here, but {_spelled(oldest)} is needed"
            yield Hit(*find(), message)

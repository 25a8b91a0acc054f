"""What the tests of a project need beside the project itself, wherever it says so."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from posixpath import dirname, join, normpath
from typing import Any, NamedTuple

from lisa_scaffold.adopt import commands, factors
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project import listed, poetry
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.project.package import Place
from lisa_scaffold.versions import normalize_name, split_requirement

_TESTS = ("test", "tests", "testing")
_FILES = compile_lazily(
    r"(?:[\w-]+/)?(?:requirements?[-_.]?(?:tests?|testing)|(?:tests?|testing)[-_.]?requirements?"
    r"|requirements/(?:tests?|testing)|tests?/requirements?)\.(?:txt|in|pip)"
)
_DEV_FILES = compile_lazily(
    r"(?:[\w-]+/)?(?:requirements?[-_.]?dev(?:elop(?:ment)?)?|dev(?:elop(?:ment)?)?[-_.]requirements?"
    r"|requirements/dev(?:elop(?:ment)?)?)\.(?:txt|in|pip)"
)
_FACTOR = compile_lazily(r"\A([!\w.{},-]++):\s++")
_REFERENCE = compile_lazily(r"\{\[([^\][]+)\](\w+)\}")
# A path with extras; without a dot, a slash or a variable at its beginning it is a distribution.
_ITSELF = compile_lazily(r"(?:file://|[./{$])[./{}\w$-]*\[([\w., -]+)\]")
_VARIABLE = compile_lazily(r"[=<>!~]{1,3}\s*[\"']?\$.*|(?<!\s)\s*+\$\{?\w.*")
_EXACT = compile_lazily(r"={2,3}|~=")
_CONDA_PIN = compile_lazily(r"(?<![=<>!~])=(?!=)")
# Tools that look at code or run tests, and what has become part of Python.
_NOT_NEEDED = frozenset(
    [
        *("bandit", "black", "build", "check-manifest", "codecov", "codespell", "coverage"),
        *("coveralls", "flake8", "flit", "hatch", "isort", "mypy", "nose", "nox", "pip", "poetry"),
        *("pre-commit", "pylint", "pytest", "pytest-cov", "python", "ruff", "setuptools", "sphinx"),
        *("tox", "tox-gh-actions", "tox-travis", "tox-uv", "twine", "uv", "virtualenv", "wheel"),
        *("argparse", "dataclasses", "enum34", "functools32", "futures", "ordereddict", "pathlib"),
        *("typing", "unittest2"),
    ]
)
_TOOLS = compile_lazily(r"(?:flake8|sphinx|types)-")
_OLD_PYTHON = compile_lazily(
    r";[\s(]*python_version\s*(<=?|={2,3})\s*[\"'](\d+)(?:\.(\d+))?[\"'][\s)]*$"
)
_OLDEST = (3, 11)
_MOST_NESTED = 4


class Need(NamedTuple):
    """A requirement of the tests.

    Attributes
    ----------
    requirement
        As it goes into a dependency group.
    source
        Who says so.
    is_stated
        Whether the project states it as such; otherwise tox or a job installs it.
    is_of_job
        Whether a job installs it.
    is_left
        Whether it is told, and not taken: conda installs it, whose names are not always those of
        the index; the project states what its tests need, and a job installs more; a job installs
        it under a condition; or it is for another environment of tox than the one that runs first.
    """

    requirement: str
    source: str
    is_stated: bool = False
    is_of_job: bool = False
    is_left: bool = False

    @property
    def name(self) -> str:
        """The normalised name of the distribution."""
        return _name(self.requirement) or self.requirement

    @property
    def key(self) -> str:
        """The name with the extras, which are requirements of their own."""
        return _key(self.requirement) or self.requirement


def find_needs(facts: Facts) -> list[Need]:
    """What the tests need, each requirement once, and nothing that the project brings itself.

    What is stated stays as it is written. What tox and jobs install comes as a lower bound: pins of
    the past are built from source for hours, or not at all.
    """
    own = facts.package.name
    stated = [*_expand(facts, _find_stated(facts))]
    installed = [*_expand(facts, _find_in_tox(facts)), *_expand(facts, _find_in_jobs(facts))]
    listed_in_files = [each.text for each in listed.read(facts)]
    given = (*facts.package.texts("dependencies"), *listed_in_files, *_list_build(facts))
    brought = {own, "setuptools", *map(_name, given), *map(_key, given)}
    found: dict[str, Need] = {}
    for need in (*stated, *(each for each in installed if each.key not in brought)):
        is_tool = need.name in _NOT_NEEDED or _TOOLS.match(need.name)
        if not need.name or need.name == own or is_tool or _is_past(need.requirement):
            continue
        if stated and need.is_of_job:
            need = need._replace(is_left=True)  # noqa: PLW2901
        if need.key not in found or (found[need.key].is_left and not need.is_left):
            found[need.key] = need
    return [*found.values()]


def find_unread(facts: Facts) -> Place | None:
    """Where extras are stated of which none for the tests can be read; ``None`` where all can."""
    is_read = any(_list_extra(facts, name) for name in _TESTS)
    is_told = "extras_require" in facts.text("setup.py")
    if is_read or not is_told or "optional-dependencies" not in facts.package.unknown:
        return None
    return facts.package.place("optional-dependencies")


def _is_past(requirement: str) -> bool:
    """Whether a requirement is for Pythons alone on which no session runs."""
    marker = _OLD_PYTHON.search(requirement)
    if marker is None:
        return False
    version = int(marker[2]), int(marker[3] or 0)
    return version < _OLDEST or (marker[1] == "<" and version == _OLDEST)


def _list_build(facts: Facts) -> list[str]:
    return ["cmake", "ninja", *map(str, facts.pyproject.items("build-system", "requires"))]


def _name(requirement: str) -> str:
    parts = split_requirement(requirement.strip())
    return normalize_name(parts["name"]) if parts else ""


def _key(requirement: str) -> str:
    parts = split_requirement(requirement.strip())
    extras = re.split(r"[\s,]+", parts["extras"].strip(" []")) if parts else []
    named = ",".join(sorted(normalize_name(each) for each in extras if each))
    return f"{_name(requirement)}[{named}]" if named else _name(requirement)


def _expand(facts: Facts, needs: Iterable[Need], depth: int = 0) -> Iterator[Need]:
    """The needs, with the project's own extras replaced by what these need."""
    for need in needs:
        parts = split_requirement(need.requirement)
        if not parts or normalize_name(parts["name"]) != facts.package.name:
            yield need
        elif depth < _MOST_NESTED:
            inner = (
                need._replace(requirement=each)
                for extra in re.split(r"[\s,]+", parts["extras"].strip(" []"))
                for each in _list_extra(facts, extra)
            )
            yield from _expand(facts, inner, depth + 1)


def _list_extra(facts: Facts, name: str) -> list[str]:
    extras = facts.package.table("optional-dependencies")
    by_name = {normalize_name(str(key)): value for key, value in extras.items()}
    listed = by_name.get(normalize_name(name)) if name else None
    texts = listed if isinstance(listed, list) else _list_poetry_extra(facts, name)
    if not texts and name:
        text = facts.ini("setup.cfg").get("options.extras_require", name)
        texts = text.split("\n") if isinstance(text, str) else []
    return [each.strip() for each in texts if isinstance(each, str) and each.strip()]


def _list_poetry_extra(facts: Facts, name: str) -> list[str]:
    """The requirements of an extra of Poetry's, which names dependencies that are optional."""
    wanted = normalize_name(name)
    extras = facts.pyproject.table("tool", "poetry", "extras")
    table = facts.pyproject.table("tool", "poetry", "dependencies")
    known = {normalize_name(str(key)): (str(key), spec) for key, spec in table.items()}
    names = [
        normalize_name(each)
        for key, listed in extras.items()
        if normalize_name(str(key)) == wanted and isinstance(listed, list)
        for each in listed
        if isinstance(each, str)
    ]
    return [poetry.convert_requirement(*known[each]) for each in names if each in known]


def _find_stated(facts: Facts) -> Iterator[Need]:
    """What the project itself names as requirements of its tests."""
    pyproject = facts.pyproject
    lists: list[tuple[Any, str]] = []
    for name in _TESTS:
        lists.append((_list_extra(facts, name), f"the extra {name}"))
        table = pyproject.table("tool", "poetry", "group", name, "dependencies")
        converted = [poetry.convert_requirement(key, spec) for key, spec in table.items()]
        lists.append((converted, f"Poetry's group {name}"))
        lists.append((pyproject.get("tool", "pdm", "dev-dependencies", name), f"PDM's {name}"))
        hatch = pyproject.table("tool", "hatch", "envs", name)
        lists += ((hatch.get(key), f"Hatch's {name}") for key in _HATCH)
        if name != "test":
            lists.append((_list_group(facts, name), f"the group {name}"))
    hatch = pyproject.table("tool", "hatch", "envs", "hatch-test")
    lists += ((hatch.get(key), "Hatch's hatch-test") for key in _HATCH)
    lists.append((facts.package.get("tests-require"), "tests_require"))
    found = [
        Need(each.strip(), source, is_stated=True)
        for texts, source in lists
        for each in (texts if isinstance(texts, list) else [])
        if isinstance(each, str) and each.strip()
    ]
    for path in facts.files:
        if _FILES.fullmatch(path):
            lines = _read_lines(facts, facts.lines(path), path, path)
            found += [each._replace(is_stated=True) for each in lines]
    yield from found or _find_in_dev(facts)


_TOX = ("tool", "tox")
_HATCH = ("dependencies", "extra-dependencies")


def _find_in_dev(facts: Facts) -> Iterator[Need]:
    """What a list for developers has beside pytest, where there is none for the tests alone."""
    dev = facts.pyproject.table("tool", "poetry", "dev-dependencies")
    dev = dev or facts.pyproject.table("tool", "poetry", "group", "dev", "dependencies")
    lists = [
        (_list_group(facts, "dev"), "the group dev"),
        (_list_extra(facts, "dev"), "the extra dev"),
        (
            [poetry.convert_requirement(key, spec) for key, spec in dev.items()],
            "Poetry's group dev",
        ),
        (facts.pyproject.items("tool", "uv", "dev-dependencies"), "uv's dev-dependencies"),
    ]
    for texts, source in lists:
        if "pytest" in map(_name, map(str, texts)):
            yield from (Need(str(each).strip(), source) for each in texts)
    for path in filter(_DEV_FILES.fullmatch, facts.files):
        found = [*_read_lines(facts, facts.lines(path), path, path)]
        if any(each.name == "pytest" for each in found):
            yield from found


def _list_group(facts: Facts, name: str, depth: int = 0) -> list[str]:
    """The requirements of a dependency group, with those that it includes."""
    found = []
    for each in facts.pyproject.items("dependency-groups", name):
        if isinstance(each, str):
            found.append(each)
        elif isinstance(each, dict) and depth < _MOST_NESTED:
            found += _list_group(facts, str(each.get("include-group")), depth + 1)
    return found


def _find_in_jobs(facts: Facts) -> Iterator[Need]:
    """What the jobs that run tests install."""
    for path, lines in commands.find_test_jobs(facts):
        for line in lines:
            for what in commands.find_installed(line):
                source = f"{path}, under a condition" if what.is_conditional else path
                source = f"{path}, by conda" if what.is_conda else source
                is_left = what.is_conda or what.is_conditional
                for need in _read_words(facts, what, source):
                    yield need._replace(is_of_job=True, is_left=is_left)


def _read_words(facts: Facts, what: commands.Installed, source: str) -> Iterator[Need]:
    for word in what.words:
        yield from _read_word(facts, word, source, is_conda=what.is_conda)
    for path in what.files:
        yield from _read_file(facts, path, "", source)
    for group in what.groups:
        for each in _list_group(facts, group):
            yield from _read_word(facts, each, source)


def _find_in_tox(facts: Facts) -> Iterator[Need]:
    """What tox installs for the environments that run tests."""
    for path in ("tox.ini", "setup.cfg"):
        document = facts.ini(path)
        own = "tox" if path == "tox.ini" else "tox:tox"
        listed = (document.get(own, each, default="") for each in ("env_list", "envlist"))
        default = factors.find_default("\n".join(map(str, listed)))
        base = str(document.get("testenv", "commands", default=""))
        for section in document.data if isinstance(document.data, dict) else ():
            if re.fullmatch(r"testenv(:.*)?", section) and commands.runs_tests(
                str(document.get(section, "commands", default=base))
            ):
                for line, condition in _resolve(document.get, section):
                    is_left = bool(condition) and not factors.holds(condition, default)
                    found = _read_lines(facts, [line], path, path)
                    yield from (each._replace(is_left=is_left) for each in found)
                if extras := str(document.get(section, "extras", default="")).split():
                    yield Need(f"{facts.package.name}[{','.join(extras)}]", path)
    places: list[tuple[str, tuple[str, ...]]] = [("tox.toml", ()), ("pyproject.toml", _TOX)]
    for path, above in places:
        document = facts.toml(path)
        run = document.table(*above, "env_run_base")
        base = str(run.get("commands", ""))
        for table in (run, *document.table(*above, "env").values()):
            deps = table.get("deps") if isinstance(table, dict) else None
            lines = re.sub(r"\]\s*,\s*\[", "\n", str(table.get("commands", base)))
            if isinstance(deps, list) and commands.runs_tests(re.sub(r"[\[\]'\",]+", " ", lines)):
                yield from _read_lines(facts, map(str, deps), path, path)


def _resolve(
    get: Callable[..., Any], section: str, key: str = "deps", depth: int = 0
) -> list[tuple[str, str]]:
    """The lines of ``deps``, each with its condition, and those that it takes from elsewhere."""
    found = []
    for line in str(get(section, key, default="")).split("\n"):
        if (other := _REFERENCE.search(line)) and depth < _MOST_NESTED:
            found += _resolve(get, other[1], other[2], depth + 1)
        else:
            text = line.strip()
            factor = _FACTOR.match(text)
            found.append((text[factor.end() :], factor[1]) if factor else (text, ""))
    return found


def _read_lines(
    facts: Facts, lines: Iterable[str], path: str, source: str, depth: int = 0
) -> Iterator[Need]:
    """The requirements in lines as pip takes them, with files that they name."""
    for line in lines:
        text = re.split(r"(?:^|\s)#", line)[0].strip()
        if named := re.match(r"(?:-r|--requirement)[\s=]*(\S+)", text):
            yield from _read_file(facts, named[1], dirname(path), source, depth + 1)
        elif editable := re.match(r"(?:-e|--editable)[\s=]*(\S+)", text):
            yield from _read_word(facts, editable[1], source)
        elif text and not text.startswith("-"):
            yield from _read_word(facts, text.split(" --")[0].rstrip("\\ "), source)


def _read_file(facts: Facts, name: str, folder: str, source: str, depth: int = 0) -> Iterator[Need]:
    """The requirements of a file of the project; paths of tox begin with ``{toxinidir}``."""
    path = re.sub(r"^\{\w+\}/?|^\$\{?\w+\}?/", "", name)
    path = normpath(path if path != name else join(folder, path))
    if depth < _MOST_NESTED and facts.has(path):
        yield from _read_lines(facts, facts.lines(path), path, source, depth)


def _read_word(facts: Facts, word: str, source: str, *, is_conda: bool = False) -> Iterator[Need]:
    """The requirement that a word is: without what only a variable tells, as a lower bound."""
    if itself := _ITSELF.fullmatch(word):
        yield Need(f"{facts.package.name}[{itself[1].replace(' ', '')}]", source)
        return
    text = _VARIABLE.sub("", word)
    text = _CONDA_PIN.sub("==", text) if is_conda else text
    parts = split_requirement(text.strip())
    if parts and not parts["url"] and not re.search(r"[/\\]|^\.", text):
        bounds = "".join(_EXACT.sub(">=", parts["spec"]).split()).strip("()").replace(".*", "")
        wanted = f"{parts['name']}{parts['extras'].strip()}{bounds}{parts['marker'].strip()}"
        yield Need(wanted, source)

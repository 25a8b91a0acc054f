"""What modules without metadata need: their imports, bounded by the lists of an environment."""

from __future__ import annotations

import posixpath
import re
import sys
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from lisa_scaffold.formats import notebook
from lisa_scaffold.lines import join_names
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project import imported
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.shown import redacted
from lisa_scaffold.versions import find_direct_name, normalize_name

_LISTS = (
    *("requirements.txt", "binder/requirements.txt", ".binder/requirements.txt"),
    *("environment.yml", "environment.yaml", "binder/environment.yml", ".binder/environment.yml"),
)
# What else a list for notebooks, or of conda, has.
_NO_REQUIREMENTS = frozenset(
    ("python", "pip", "setuptools", "wheel", "jupyter", "jupyterlab", "notebook", "ipykernel")
)
# Conda has some distributions under other names than the index.
_OF_CONDA = {
    "matplotlib-base": "matplotlib",
    "opencv": "opencv-python",
    "py-opencv": "opencv-python",
    "pytables": "tables",
    "python-lal": "lalsuite",
    "pytorch": "torch",
}
_REQUIREMENT = compile_lazily(
    r"([A-Za-z0-9][A-Za-z0-9._-]*(?:\[[A-Za-z0-9,._ -]*\])?)\s*([<>=!~][^;#\"\\]*)?\s*(?:#.*)?"
)
_LONGEST = 2000
"""Characters of a line; nobody has read a longer requirement."""
_FROZEN = 20
"""So many pins, and nothing else, are what an environment happens to hold (``pip freeze``)."""

_MOST_NAMED = 6


class Entry(NamedTuple):
    """A requirement, as a package has it.

    Attributes
    ----------
    name
        Normalized.
    text
        With its bound: an exact pin is a lower one.
    """

    name: str
    text: str


class Listed(NamedTuple):
    """A list of what is to be installed.

    Attributes
    ----------
    path
        The file; empty where there is none.
    entries
        What the package index has.
    fetched
        What git or another address has: by its name the line.
    is_whole
        Whether it is all that an environment holds, and not what somebody asks for.
    """

    path: str = ""
    entries: tuple[Entry, ...] = ()
    fetched: tuple[tuple[str, str], ...] = ()
    is_whole: bool = False


class Needed(NamedTuple):
    """What modules need.

    Attributes
    ----------
    dependencies
        Requirements for ``dependencies``.
    unknown
        Modules that come from nobody knows where.
    told
        Lines on what the list has besides.
    """

    dependencies: tuple[str, ...]
    unknown: tuple[str, ...]
    told: tuple[str, ...]


def find_needed(facts: Facts, modules: Iterable[str], notebooks: Iterable[str] = ()) -> Needed:
    """What some modules and notebooks of a project need, without what the project has itself."""
    known = next(filter(_says_something, (_read_list(facts, path) for path in _LISTS)), Listed())
    places: dict[str, imported.Imported] = {}
    for path in modules:
        for each in imported.find_imports(facts, path):
            places.setdefault(each.name, each)
    for each in _find_imports(facts, notebooks):
        places.setdefault(each.name, each)
    for name in _find_own(facts):
        places.pop(name, None)
    texts = {each.name: each.text for each in known.entries}
    addresses = dict(known.fetched)
    stated = {} if known.is_whole else texts
    needed: dict[str, str] = {}
    unknown, fetched = [], {}
    for name in sorted(places):
        options = imported.find_distributions(name)
        own = normalize_name(name)
        if own in addresses and own not in texts:
            fetched[own] = places[name]
        elif found := next((each for each in (*options, own) if each in texts), None):
            needed[found] = texts[found]
        elif options:
            needed[options[0]] = options[0]
        else:
            unknown.append(name)
    told = (*_tell_fetched(addresses, fetched), *_tell_rest(known, {**stated, **needed}))
    added = [needed[name] for name in sorted(needed.keys() - stated.keys())]
    return Needed((*stated.values(), *added), tuple(unknown), told)


def _find_imports(facts: Facts, notebooks: Iterable[str]) -> Iterator[imported.Imported]:
    """What the cells of notebooks import, standard modules aside; the lines are those of cells."""
    for path in notebooks:
        for cell in facts.notebook(path).cells:
            for line, name in notebook.find_imports(cell.code):
                if name.isidentifier() and name not in sys.stdlib_module_names:
                    yield imported.Imported(name, path, line)


def find_bounds(facts: Facts, path: str = "requirements.txt") -> list[str]:
    """What a list of requirements asks for, as a package does: exact pins as lower bounds."""
    return [each.text for each in _read_entries(facts.lines(path))]


def _says_something(found: Listed) -> bool:
    return bool(found.entries or found.fetched)


def _find_own(facts: Facts) -> set[str]:
    """The names of what the project has itself."""
    own = {path.removesuffix(".py").split("/")[-1] for path in facts.paths("**/*.py")}
    return own | {path.split("/")[0] for path in facts.paths("*/**/*.py")} | {*facts.layout.names}


def _read_list(facts: Facts, path: str) -> Listed:
    if path.endswith((".yml", ".yaml")):
        conda, pip = imported.read_conda(facts, path)
        named = [_of_conda(each) for each in _read_entries(conda)]
        return Listed(path, (*named, *_read_entries(pip)), _read_fetched(pip), is_whole=True)
    lines = facts.lines(path)
    stated = [line for line in map(str.strip, lines) if line and not line.startswith("#")]
    is_frozen = len(stated) >= _FROZEN and all("==" in line or "://" in line for line in stated)
    return Listed(path, _read_entries(lines), _read_fetched(lines), is_frozen)


def _of_conda(entry: Entry) -> Entry:
    name = _OF_CONDA.get(entry.name, entry.name)
    return Entry(name, name + entry.text[len(entry.name) :]) if name != entry.name else entry


def _read_entries(lines: Iterable[str]) -> tuple[Entry, ...]:
    found = []
    for line in lines:
        match = _REQUIREMENT.fullmatch(line.strip()) if len(line) <= _LONGEST else None
        if match and match[1].lower() not in _NO_REQUIREMENTS:
            bound = re.sub(r"^={2,3}\s*", ">=", (match[2] or "").strip())
            name = normalize_name(match[1].partition("[")[0].strip())
            found.append(Entry(name, f"{match[1].replace(' ', '')}{bound}"))
    return tuple(found)


def _read_fetched(lines: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """What comes from an address; where that does not say the name, the repository's is one."""
    found = []
    for line in (each.strip() for each in lines if len(each) <= _LONGEST):
        name, at, _ = line.partition("@")
        if at and "://" in line and re.fullmatch(r"[\w.-]+(?:\[[^\]]*\])?\s*", name):
            found.append((normalize_name(name.partition("[")[0].strip()), line))
        elif told := find_direct_name(line):
            repository = posixpath.basename(told.rstrip("/")).removesuffix(".git")
            if re.fullmatch(r"[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?", repository):
                found.append((normalize_name(repository), line))
    return tuple(found)


def _tell_fetched(addresses: dict[str, str], used: dict[str, imported.Imported]) -> Iterator[str]:
    for name, line in addresses.items():
        if place := used.get(name):
            released = "".join(f" ({each})" for each in imported.find_distributions(place.name)[:1])
            yield (
                f"{redacted(line)} brings {place.name}, which {place.path}:{place.line} imports: "
                f"name the distribution of its releases{released} in dependencies. Where there are "
                f'none, "{name} @ git+https://…" is installed too, but no package index takes it'
            )
        else:
            yield f"{redacted(line)}: none of the modules imports {name}: it stays in that list"


def _tell_rest(known: Listed, needed: Iterable[str]) -> Iterator[str]:
    rest = sorted({each.name for each in known.entries} - {*needed})
    if rest:
        yield (
            f"{join_names(rest, most=_MOST_NAMED)}: none of the modules imports "
            f"{'it' if len(rest) == 1 else 'them'}: what is needed all the same goes into "
            "dependencies by the name that the package index has, the rest stays in that list"
        )

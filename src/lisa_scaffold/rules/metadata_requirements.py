"""Requirements: every installer can read them, and other packages can live with them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from lisa_scaffold.formats.document import Keys
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project import listed
from lisa_scaffold.project.facts import Facts, cached_in_facts
from lisa_scaffold.project.package import Place
from lisa_scaffold.rules.applications import is_application
from lisa_scaffold.rules.rule import MUST, PACKAGE, SHOULD, Hit, count_more, join_alike, rule
from lisa_scaffold.versions import normalize_name

# What may be repeated is possessive: a requirement of anybody's is read in one pass.
_NUMBER = r"\d++(?:\.\d++)*+(?:(?:a|b|rc|\.post|\.dev)\d++)?"
_CLAUSE = rf"(?:(?:<=|>=|<|>)\s*+{_NUMBER}|(?:==|!=)\s*+{_NUMBER}(?:\.\*)?)"
# A marker of the kind that nearly all of them are; the grammar of all is packaging's.
_MARKER = (
    r"(?:python_(?:full_)?version|os_name|sys_platform|implementation_name"
    r"|platform_(?:system|machine|python_implementation))"
    r"\s*+(?:==|!=|<=|>=|<|>)\s*+(?:\"[\w.]++\"|'[\w.]++')"
)
# To import that takes as long as all rules about a small project, so the common forms come first.
_PLAIN = compile_lazily(
    r"[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?\s*+"
    r"(?:\[\s*+[\w.-]++(?:\s*+,\s*+[\w.-]++)*+\s*+\]\s*+)?"
    rf"(?:{_CLAUSE}(?:\s*+,\s*+{_CLAUSE})*+)?"
    rf"(?:\s*+;\s*+{_MARKER}(?:\s++(?:and|or)\s++{_MARKER})*+)?"
)
_COMPARED = compile_lazily(
    r"[A-Za-z0-9][\w.-]*+\s*+(?:\[[^]]*+\]\s*+)?(?:[<>!~]|==)(?![^;]*[*/$%{])"
)
_EXTRAS = "options.extras_require"
_PIN = compile_lazily(
    r"([\w.-]++)\s*+(?:\[[^]]*\]\s*+)?(?:\(\s*+)?===?\s*+([\w.+!-]++)\s*+(?:\)\s*+)?(?:;.*)?"
)


def _find_requirements(facts: Facts) -> Iterator[tuple[Callable[[], Place], str]]:
    """Every requirement: what finds its place, and its text."""
    package, pyproject = facts.package, facts.pyproject
    tables: list[Keys] = [("build-system", "requires")]
    if package.form == "project":
        tables.append(("project", "dependencies"))
    elif package.form == "setuptools":
        yield from _find_in_setup(facts)
    yield from _find_in_files(facts)
    extras = pyproject.table("project", "optional-dependencies")
    tables += [("project", "optional-dependencies", name) for name in extras]
    tables += [("dependency-groups", name) for name in pyproject.table("dependency-groups")]

    def find(keys: Keys) -> Place:
        return Place("pyproject.toml", pyproject.line(*keys))

    for keys in tables:
        for index, text in enumerate(pyproject.items(*keys)):
            if isinstance(text, str):
                yield partial(find, (*keys, index)), text


def _find_in_setup(facts: Facts) -> Iterator[tuple[Callable[[], Place], str]]:
    """What ``setup.cfg`` and ``setup.py`` require, for whatever it is."""
    package = facts.package
    for index, text in enumerate(package.texts("dependencies")):
        # In setup.cfg a line may be a comment, or end in one.
        if not text.lstrip().startswith("#"):
            told = text.partition(" #")[0].strip()
            yield partial(package.place, "dependencies", index), told
    extras = package.table("optional-dependencies")
    more = {key: package.get(key) for key in ("setup-requires", "tests-require")}
    for key, lists in (
        *(("optional-dependencies", value) for value in extras.values()),
        *more.items(),
    ):
        items = lists.split("\n") if isinstance(lists, str) else lists
        for text in items if isinstance(items, list | tuple) else ():
            told = str(text).partition(" #")[0].strip()
            if isinstance(text, str) and told and not told.startswith(("#", "file:")):
                yield partial(_find_below, facts, key, told), told


def _find_below(facts: Facts, key: str, text: str) -> Place:
    """The first line below a key of ``setup.py`` or ``setup.cfg`` that holds a text."""
    place = facts.package.place(key)
    path, first = place.path, place.line
    if key == "optional-dependencies" and facts.ini("setup.cfg").table(_EXTRAS):
        path, first = "setup.cfg", facts.ini("setup.cfg").line(_EXTRAS)
    below = enumerate(facts.lines(path)[first - 1 :], first)
    return Place(path, next((number for number, line in below if text in line), first))


def _find_in_files(facts: Facts) -> Iterator[tuple[Callable[[], Place], str]]:
    """Requirements in files for pip, where they can be nothing else."""
    built = listed.read(facts)
    for each in built:
        yield partial(Place, each.path, each.line), each.text
    known = {each.path for each in built}
    for path in facts.paths("requirements*.txt", "requirements/*.txt"):
        for each in listed.read_file(facts, path) if path not in known else ():
            # conda reads such files as well, and means `=` by it.
            if _COMPARED.match(each.text):
                yield partial(Place, each.path, each.line), each.text


@rule("MET017", MUST)
def valid_requirements(facts: Facts) -> Iterator[Hit]:
    """Requirements are written in a form that `pip` understands.

    Why: Otherwise the build or the installation stops.

    How: Write the name, any extras in brackets, comparisons, and a condition after a semicolon,
    such as `numpy>=1.26; python_version < "3.13"`.

    Source: [dependency specifiers](https://packaging.python.org/en/latest/specifications/dependency-specifiers/).
    """
    for find, text in _find_requirements(facts):
        if _PLAIN.fullmatch(text.strip()):
            continue
        from packaging.requirements import InvalidRequirement, Requirement

        try:
            Requirement(text)
        except InvalidRequirement as error:
            if why := str(error).split("\n")[0]:
                message = f"pip does not understand `{text}`: write it like `numpy>=1.26` ({why})"
                yield Hit(*find(), message)


@rule("MET018", MUST, when=lambda facts: facts.pyproject.table("dependency-groups"))
def groups(facts: Facts) -> Iterator[Hit]:
    """Dependency groups include only groups that exist, and not themselves.

    Why: Otherwise `pip install --group` stops.

    How: Each entry is a requirement, or `{ include-group = "name" }` with the name of another
    group.

    Source: [PEP 735](https://peps.python.org/pep-0735/).
    """
    table = facts.pyproject.table("dependency-groups")
    includes = {
        normalize_name(name): [
            normalize_name(str(item["include-group"]))
            for item in (items if isinstance(items, list) else [])
            if isinstance(item, dict) and "include-group" in item
        ]
        for name, items in table.items()
    }
    for name, items in table.items():
        for index, item in enumerate(items if isinstance(items, list) else []):
            if message := _check_group_item(normalize_name(name), item, includes):
                line = facts.pyproject.line("dependency-groups", name, index)
                yield Hit("pyproject.toml", line, message)


def _check_group_item(name: str, item: Any, includes: dict[str, list[str]]) -> str:
    """What is wrong with an item of a group; empty where nothing is."""
    match item:
        case str():
            return ""
        case {"include-group": str(included), **rest} if not rest:
            if normalize_name(included) not in includes:
                return (
                    f"there is no group {included}, so this cannot be installed: correct the name"
                )
        case _:
            return 'pip cannot read this: write "numpy>=1.26" or { include-group = "test" }'
    seen: set[str] = set()
    ahead = [normalize_name(included)]
    while ahead:
        group = ahead.pop()
        if group == name:
            return f"{included} includes {name} in turn, so neither can be installed: remove one"
        if group not in seen:
            seen.add(group)
            ahead += includes.get(group, [])
    return ""


@cached_in_facts
def _find_needed(facts: Facts) -> tuple[tuple[Callable[[], Place], str], ...]:
    """What the package needs, wherever that is stated: what finds its place, and its text.

    What is not built is nobody's requirement, and may ask for whatever it likes; so is what is run
    from its own repository alone.
    """
    if not facts.is_built or is_application(facts):
        return ()
    stated = enumerate(facts.package.texts("dependencies"))
    found = [(partial(facts.package.place, "dependencies", index), text) for index, text in stated]
    listed_in_files = [
        (partial(Place, each.path, each.line), each.text) for each in listed.read(facts)
    ]
    return (*found, *listed_in_files)


@rule("MET019", SHOULD, kinds=PACKAGE, when=_find_needed)
def no_addresses(facts: Facts) -> Iterator[Hit]:
    """Dependencies are given by name, not by address.

    Why: Package indexes refuse such a package, and its users cannot choose another version of the
    dependency.

    How: Publish the dependency in a package registry, and give its name and version there; use
    addresses only in dependency groups and lock files. An index may have a package of the same name
    that is another one.

    Source: [dependency specifiers](https://packaging.python.org/en/latest/specifications/version-specifiers/#direct-references):
    public index servers should not allow them.
    """
    yield from join_alike(_find_addresses(facts))


def _find_addresses(facts: Facts) -> Iterator[Hit]:
    """The dependencies that are given by address."""
    for find, text in _find_needed(facts):
        if re.match(r"[\w.-]+\s*+(\[[^]]*\])?\s*+@\s", f"{text} "):
            name = re.split(r"[@[]", text)[0].strip()
            # An index may have another package of that name.
            message = (
                f"package indexes refuse a dependency with an address: publish {name}, and write "
                "the name and version that it has there"
            )
            yield Hit(*find(), message)


@rule("MET020", SHOULD, kinds=PACKAGE, when=_find_needed)
def no_exact_pins(facts: Facts) -> Iterator[Hit]:
    """Dependencies are not pinned to one version.

    Why: Two packages that pin the same dependency to different versions cannot be installed
    together.

    How: State the oldest version that works; pin versions only in a lock file or in the image. A
    file that `setup.py` reads, or that `install_requires` or `dynamic` names, counts as well. A pin
    whose comment gives a reason is not meant.

    Source: [install_requires vs requirements files](https://packaging.python.org/en/latest/discussions/install-requires-vs-requirements/).
    """
    own = facts.package.text("version")
    pins: list[tuple[Place, str]] = []
    for find, text in _find_needed(facts):
        match = _PIN.fullmatch(text)
        # Parts of one project that are released together pin each other.
        is_own = match and normalize_name(match[1]).startswith(f"{facts.package.name}-")
        if match and "*" not in match[2] and match[2] != own and not is_own:
            if _says_why(facts, find(), text):
                continue
            message = f"`{match[1]}` pinned to {match[2]} clashes with packages that need another"
            pins.append((find(), f"{message}: write `>={match[2]}`"))
    for path in dict.fromkeys(place.path for place, _ in pins):
        here = [(place.line, message) for place, message in pins if place.path == path]
        message = f"{here[0][1]}{count_more([line for line, _ in here])}"
        if path.endswith((".txt", ".in")):
            message += "; the build makes this file a requirement of every user"
        yield Hit(path, here[0][0], message)


_BESIDE = compile_lazily(r"[\"'\d,)]\s*#")
_REASON = 3
"""Words of a comment that may be a reason: one is a label."""


def _says_why(facts: Facts, place: Place, text: str) -> bool:
    """Whether a comment beside a requirement gives a reason; a variable may hold the text."""
    lines = facts.lines(place.path)
    own = lines[place.line - 1 : place.line]
    if not any(text in line for line in own):
        own = [line for line in lines if text in line] or own
    beside = filter(None, map(_BESIDE.search, own))
    return any(len(each.string[each.end() :].split(None, _REASON)) >= _REASON for each in beside)

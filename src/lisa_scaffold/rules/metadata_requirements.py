"""What a package requires: written so that every installer reads it, and others can live with it.

MET017 valid · MET018 groups · MET019 no addresses · MET020 no exact versions
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from lisa_scaffold.formats.document import Key, Keys
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.project.package import Place
from lisa_scaffold.rules.rule import MUST, PACKAGE, SHOULD, Hit, rule

_CLAUSE = r"(?:~=|===|==|!=|<=|>=|<|>)\s*[\w.*+!-]+"
_PLAIN = re.compile(
    r"[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?\s*(?:\[\s*[\w.-]+(?:\s*,\s*[\w.-]+)*\s*\])?"
    rf"\s*(?:{_CLAUSE}(?:\s*,\s*{_CLAUSE})*)?"
)
_PIN = re.compile(r"([\w.-]+)\s*(?:\[[^]]*\])?\s*\(?\s*===?\s*([\w.+!-]+)\s*\)?\s*(?:;.*)?")


def _requirements(facts: Facts) -> Iterator[tuple[Callable[[], Place], str]]:
    """Every requirement: what finds its place, and its text."""
    package, pyproject = facts.package, facts.pyproject
    if package.form in ("project", "setuptools"):
        for index, text in enumerate(package.texts("dependencies")):
            yield partial(package.place, "dependencies", index), text
    tables: list[Keys] = [("build-system", "requires")]
    extras = pyproject.table("project", "optional-dependencies")
    tables += [("project", "optional-dependencies", name) for name in extras]
    tables += [("dependency-groups", name) for name in pyproject.table("dependency-groups")]
    for keys in tables:
        for index, said in enumerate(pyproject.items(*keys)):
            if isinstance(said, str):
                yield partial(_place, facts, *keys, index), said


def _place(facts: Facts, *keys: Key) -> Place:
    return Place("pyproject.toml", facts.pyproject.line(*keys))


@rule("MET017", MUST)
def valid_requirements(facts: Facts) -> Iterator[Hit]:
    """Requirements are written in the form that installers read.

    Why: A build or an installation stops there.

    How: Write a name, extras in brackets, comparisons, and a marker behind a semicolon, such as
    `numpy>=1.26; python_version < "3.13"`.

    Source: [dependency specifiers](https://packaging.python.org/en/latest/specifications/dependency-specifiers/).
    """
    for find, text in _requirements(facts):
        if _PLAIN.fullmatch(text.strip()):
            continue
        path, line = find()
        # In setup.cfg a line may be a comment, or the end of an indented list.
        said = text.partition(" #")[0].strip() if path == "setup.cfg" else text.strip()
        if not said.startswith("#") and (why := _problem(said)):
            yield Hit(path, line, f"`{text}` is no requirement: {why}")


def _problem(text: str) -> str:
    """What is wrong with a requirement; empty where nothing is."""
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        Requirement(text)
    except InvalidRequirement as error:
        return str(error).split("\n")[0].rstrip(".")
    return ""


def _groups(facts: Facts) -> dict[str, Any]:
    return facts.pyproject.table("dependency-groups")


@rule("MET018", MUST, when=_groups)
def groups(facts: Facts) -> Iterator[Hit]:
    """Dependency groups include groups that exist, and not themselves.

    Why: `pip install --group` stops at a group that it cannot resolve.

    How: An item is a requirement, or `{ include-group = "name" }` with the name of another group.

    Source: [PEP 735](https://peps.python.org/pep-0735/).
    """
    known = {_normal(name): _included(items) for name, items in _groups(facts).items()}
    for name, items in _groups(facts).items():
        for index, item in enumerate(items if isinstance(items, list) else []):
            if message := _group_problem(_normal(name), item, known):
                line = facts.pyproject.line("dependency-groups", name, index)
                yield Hit("pyproject.toml", line, message)


def _normal(name: str) -> str:
    from packaging.utils import canonicalize_name

    return canonicalize_name(name)


def _included(items: Any) -> list[str]:
    """The groups that a group includes."""
    listed = items if isinstance(items, list) else []
    return [
        _normal(str(item["include-group"]))
        for item in listed
        if isinstance(item, dict) and "include-group" in item
    ]


def _group_problem(name: str, item: Any, known: dict[str, list[str]]) -> str:
    match item:
        case str():
            return ""
        case {"include-group": str(included), **rest} if not rest:
            if _normal(included) not in known:
                return f"there is no group {included}"
            return f"{included} includes {name} again" if _leads(included, name, known) else ""
    return "neither a requirement nor an included group"


def _leads(start: str, name: str, known: dict[str, list[str]]) -> bool:
    """Whether a group includes another, at whatever depth."""
    seen: set[str] = set()
    ahead = [_normal(start)]
    while ahead:
        group = ahead.pop()
        if group == name:
            return True
        if group not in seen:
            seen.add(group)
            ahead += known.get(group, [])
    return False


def _dependencies(facts: Facts) -> list[str]:
    return facts.package.texts("dependencies")


@rule("MET019", SHOULD, kinds=PACKAGE, when=_dependencies)
def no_addresses(facts: Facts) -> Iterator[Hit]:
    """What the package needs is named, not fetched from an address.

    Why: Indexes refuse such a package, and who installs it cannot choose another version.

    How: Publish what is needed in a package registry and name it with a version; leave addresses
    to dependency groups and lock files.

    Source: [dependency specifiers](https://packaging.python.org/en/latest/specifications/version-specifiers/#direct-references):
    public index servers should not allow them.
    """
    for index, text in enumerate(_dependencies(facts)):
        if re.match(r"[\w.-]+\s*+(\[[^]]*\])?\s*+@\s", f"{text} "):
            place = facts.package.place("dependencies", index)
            yield Hit(*place, f"`{text.partition('@')[0].strip()}` is fetched from an address")


@rule("MET020", SHOULD, kinds=PACKAGE, when=_dependencies)
def no_exact_pins(facts: Facts) -> Iterator[Hit]:
    """What the package needs is not pinned to one version.

    Why: Two packages that pin the same dependency to different versions cannot be installed
    together.

    How: State the oldest version that works, and pin in a lock file or in the image.

    Source: [install_requires vs requirements files](https://packaging.python.org/en/latest/discussions/install-requires-vs-requirements/).
    """
    own = facts.package.text("version")
    for index, text in enumerate(_dependencies(facts)):
        match = _PIN.fullmatch(text)
        # Parts of one project that are released together pin each other.
        if match and "*" not in match[2] and match[2] != own:
            place = facts.package.place("dependencies", index)
            yield Hit(*place, f"`{match[1]}` is pinned to {match[2]}")

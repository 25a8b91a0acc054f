"""Metadata of a package: correct, and in the form that the standards require."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from lisa_scaffold.formats.edit import replace_in_line, replace_item
from lisa_scaffold.formats.literal import quoted
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.rules.fix import Fix
from lisa_scaffold.rules.requirement import find_missing
from lisa_scaffold.rules.rule import MOST_UNKNOWN, MUST, PACKAGE, SHOULD, Hit, rule
from lisa_scaffold.similar import find_similar

_TEXT, _LIST, _TABLE = str, list, dict
_KEYS: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(["name", "version", "description", "requires-python"], (_TEXT,)),
    **dict.fromkeys(["readme", "license"], (_TEXT, _TABLE)),
    **dict.fromkeys(["license-files"], (_LIST, _TABLE)),
    **dict.fromkeys(["authors", "maintainers", "keywords", "classifiers"], (_LIST,)),
    **dict.fromkeys(["dependencies", "dynamic", "import-names", "import-namespaces"], (_LIST,)),
    **dict.fromkeys(["urls", "scripts", "gui-scripts", "entry-points"], (_TABLE,)),
    "optional-dependencies": (_TABLE,),
}
_TYPE_NAMES: dict[type, str] = {_TEXT: "text", _LIST: "a list", _TABLE: "a table"}
_OTHER_NAMES = {
    "author": "authors",
    "bug-tracker": "urls",
    "documentation": "urls",
    "homepage": "urls",
    "install_requires": "dependencies",
    "extras": "optional-dependencies",
    "licence": "license",
    "repository": "urls",
    "url": "urls",
}
_NAME = compile_lazily(r"[A-Z0-9]|[A-Z0-9][A-Z0-9._-]*[A-Z0-9]", re.IGNORECASE)
_PLAIN_VERSION = compile_lazily(r"\d+(\.\d+)*((a|b|rc)\d+)?(\.post\d+)?(\.dev\d+)?")
_ADDRESS = compile_lazily(r"(?=.{1,320}\Z)[^@\s<>(),;:\"]+@[^@\s<>(),;:\"]+\.[^@\s<>(),;:\"]+")
# Two names at least: an organisation may have a comma in its one, as in `Example, Inc.`.
_SEVERAL = compile_lazily(r"\s*[^\s,]+[ ][^,]*(?:,\s*(?:and )?[^\s,]+[ ][^,]+)+")
_LONGEST = 512
_LONGEST_LABEL = 32


@rule("MET001", MUST, kinds=PACKAGE, when=lambda facts: facts.package.form == "project")
def project_table(facts: Facts) -> Iterator[Hit]:
    """The table `[project]` has the keys and forms that the standard gives.

    Why: A build stops at a key of another form, or leaves out what it does not know.

    How: `name` and `version` are required, the version may be listed under `dynamic` instead;
    nothing is both. `authors` are tables with `name` and `email`, `dependencies` a list.

    Source: [pyproject.toml specification](https://packaging.python.org/en/latest/specifications/pyproject-toml/).
    """
    pyproject = facts.pyproject
    table = pyproject.table("project")
    dynamic = {str(each) for each in pyproject.items("project", "dynamic")}
    problems = [
        (key, message)
        for key, value in islice(table.items(), MOST_UNKNOWN)
        if (message := _check_key(key, value, dynamic))
    ]
    for key in ("authors", "maintainers"):
        if any(not isinstance(each, dict) for each in pyproject.items("project", key)):
            problems.append((key, f'`{key}` are tables: {{ name = "…", email = "…" }}'))
    if "name" not in table:
        problems.append(("", "no `name`"))
    if "version" not in table and "version" not in dynamic:
        problems.append(("", "no `version`, and it is not dynamic"))
    for key, message in problems:
        keys = (key,) if key and table.get(key) is not None else ()
        yield Hit("pyproject.toml", pyproject.line("project", *keys), message)


def _check_key(key: str, value: object, dynamic: set[str]) -> str:
    """What is wrong with a key of the table; empty where nothing is."""
    if key not in _KEYS:
        close = find_similar(key.replace("_", "-"), _KEYS, cutoff=0.75)
        right = _OTHER_NAMES.get(key) or next(iter(close), "")
        return f"no key `{key}`" + (f": {right}?" if right else ", and the table is closed")
    if not isinstance(value, _KEYS[key]):
        return f"`{key}` should be {' or '.join(_TYPE_NAMES[each] for each in _KEYS[key])}"
    return f"`{key}` is set here, and dynamic too" if key in dynamic else ""


@rule("MET002", MUST, kinds=PACKAGE)
def name_and_version(facts: Facts) -> Iterator[Hit]:
    """Name and version are valid.

    Why: Package indexes refuse any other, and `pip` cannot order the versions.

    How: A name has letters, digits and single `-`, `_` or `.` between them; a version is like
    `1.2.0`, `1.2.0rc1` or `1.2.0.dev3`.

    Source: [names](https://packaging.python.org/en/latest/specifications/name-normalization/),
    [versions](https://packaging.python.org/en/latest/specifications/version-specifiers/).
    """
    package = facts.package
    if (name := package.text("name")) and not _NAME.fullmatch(name):
        yield Hit(*package.place("name"), f"`{name}` is no valid name")
    version = package.text("version")
    if not version or _PLAIN_VERSION.fullmatch(version):
        return
    from packaging.version import InvalidVersion, Version

    try:
        Version(version)
    except InvalidVersion:
        yield Hit(*package.place("version"), f"`{version}` is no valid version")


@rule("MET003", SHOULD, kinds=PACKAGE, when=lambda facts: facts.package.form)
def described(facts: Facts) -> Iterator[Hit]:
    """The metadata says in one line what the package does.

    Why: It is what a search for packages shows; an index refuses more than one line.

    How: Write one sentence under `description`.

    Source: [core metadata](https://packaging.python.org/en/latest/specifications/core-metadata/#summary).
    """
    package = facts.package
    description = package.text("description")
    if not description.strip() and "description" not in package.unknown:
        yield Hit(package.place("description").path, package.place().line, "no description")
    elif "\n" in description.strip() or len(description) > _LONGEST:
        yield Hit(*package.place("description"), "the description is more than one line")


def _named_readmes(facts: Facts) -> list[str]:
    if facts.package.form not in ("project", "poetry", "flit"):
        return []
    match facts.package.get("readme"):
        case str(path) | {"file": str(path)}:
            return [path]
        case list(paths):
            return [str(path) for path in paths]
    return []


@rule("MET004", MUST, kinds=PACKAGE, when=_named_readmes)
def readme_exists(facts: Facts) -> Iterator[Hit]:
    """The README that the metadata names is there.

    Why: A build stops where it is missing.

    How: Correct the name, or add the file.

    Source: [pyproject.toml specification](https://packaging.python.org/en/latest/specifications/pyproject-toml/#readme).
    """
    for path in _named_readmes(facts):
        if find_missing(facts, path):
            yield Hit(*facts.package.place("readme"), f"{path} is not there, and the build stops")


@rule("MET005", MUST, kinds=PACKAGE, fixes=True)
def people(facts: Facts) -> Iterator[Hit]:
    """Authors and maintainers have valid names and e-mail addresses.

    Why: An index refuses an address that is none, or nobody is reached by it.

    How: Write the address alone under `email`, one person in each table, no comma in a name.

    Source: [pyproject.toml specification](https://packaging.python.org/en/latest/specifications/pyproject-toml/#authors-maintainers);
    a LISA package was published with a stray `>` behind the address.
    """
    for key in ("authors", "maintainers"):
        listed = facts.package.get(key)
        for index, person in enumerate(listed if isinstance(listed, list) else []):
            if isinstance(person, dict):
                yield from _check_person(facts, (key, index), person)


def _check_person(facts: Facts, keys: tuple[str, int], person: dict[str, Any]) -> Iterator[Hit]:
    name, email = person.get("name"), person.get("email")
    several = facts.package.form == "setuptools"
    if isinstance(name, str) and _SEVERAL.fullmatch(name) and not several:
        yield Hit(*facts.package.place(*keys), f"a comma in the name `{name}`: one table a person")
    if not isinstance(email, str) or not email:
        return
    for address in [each.strip() for each in email.split(",")] if several else [email]:
        # setup.py has one text for all, which may hold names too.
        bare = re.sub(r"^[^<>]*<([^<>]*)>$", r"\1", address) if several else address
        if _ADDRESS.fullmatch(bare):
            continue
        place = facts.package.place(*(("author_email",) if several else (*keys, "email")))
        path, line = facts.package.place(*keys, "email")
        lines = facts.lines(path)
        right = address.strip(" <>,;\t")
        fix = None
        if _ADDRESS.fullmatch(right) and line <= len(lines) and lines[line - 1].count(address) == 1:
            fix = Fix.edit(path, replace_in_line(line, address, right))
        yield Hit(*place, f"`{address}` is no e-mail address", fix=fix)


@rule("MET006", MUST, kinds=PACKAGE, when=lambda facts: facts.package.table("urls"))
def addresses(facts: Facts) -> Iterator[Hit]:
    """The addresses of the project are addresses.

    Why: An index refuses an address without `https://`, and a label of more than 32 characters.

    How: Write the whole address, such as `https://gitlab.in2p3.fr/group/project`.

    Source: [well-known project URLs](https://packaging.python.org/en/latest/specifications/well-known-project-urls/).
    """
    for label, address in facts.package.table("urls").items():
        if not isinstance(address, str) or not re.fullmatch(
            r"[a-z][a-z0-9+.-]*+://[^\s/<>]\S*", address
        ):
            yield Hit(*facts.package.place("urls", label), f"`{address}` is no address")
        elif len(label) > _LONGEST_LABEL:
            yield Hit(*facts.package.place("urls", label), f"the label `{label}` is too long")


@rule("MET007", SHOULD, kinds=PACKAGE, when=lambda facts: facts.package.form)
def says_where(facts: Facts) -> Iterator[Hit]:
    """The metadata says where the project lives.

    Why: Who has the package installed finds neither its source nor a place to report a problem.

    How: Give at least the repository under `[project.urls]`.

    Source: [well-known project URLs](https://packaging.python.org/en/latest/specifications/well-known-project-urls/).
    """
    if not facts.package.table("urls") and "urls" not in facts.package.unknown:
        place = facts.package.place()
        message = "the metadata does not say where the project lives: give its address under `urls`"
        yield Hit(*place, message)


_PYTHON = compile_lazily(r"Programming Language :: Python( :: (\d+(\.\d+)?|3 :: Only))?")
_USUAL = frozenset(
    [
        "Development Status :: 3 - Alpha",
        "Development Status :: 4 - Beta",
        "Development Status :: 5 - Production/Stable",
        "Environment :: Console",
        "Intended Audience :: Developers",
        "Intended Audience :: Science/Research",
        "License :: OSI Approved :: BSD License",
        "License :: OSI Approved :: MIT License",
        "Operating System :: OS Independent",
        "Operating System :: POSIX",
        "Topic :: Scientific/Engineering",
        "Topic :: Scientific/Engineering :: Astronomy",
        "Topic :: Scientific/Engineering :: Physics",
        "Topic :: Software Development :: Libraries :: Python Modules",
        "Typing :: Typed",
    ]
)
"""Classifiers that are known to be valid without loading the whole list."""


@rule(
    "MET008", MUST, kinds=PACKAGE, when=lambda facts: facts.package.texts("classifiers"), fixes=True
)
def classifiers(facts: Facts) -> Iterator[Hit]:
    """Classifiers are spelt as the list has them.

    Why: An index refuses a package with a classifier that is not on its list.

    How: Copy them from the list. A classifier that begins with `Private ::` keeps a package from
    being uploaded by mistake.

    Source: [classifiers](https://packaging.python.org/en/latest/specifications/core-metadata/#classifier-multiple-use).
    """
    unusual = [
        (index, text)
        for index, text in enumerate(facts.package.texts("classifiers"))
        if not (text in _USUAL or _PYTHON.fullmatch(text) or text.startswith("Private ::"))
    ]
    for index, text in unusual[:MOST_UNKNOWN]:
        right = _near_classifier(text)
        if right:
            path, line = facts.package.place("classifiers", index)
            message = f"`{text}` is not on the list of classifiers: `{right}`?"
            fix = None
            differs_in_case = " ".join(text.lower().split()) == " ".join(right.lower().split())
            if differs_in_case and facts.package.form == "project":
                change = replace_item(("project", "classifiers"), text, quoted(right))
                fix = Fix.edit("pyproject.toml", change)
            yield Hit(path, line, message, fix=fix)


def _near_classifier(text: str) -> str:
    """The classifier that is meant; empty where the text is right, or newer than our list."""
    from trove_classifiers import classifiers as known

    numberless = re.sub(r"\d+", "0", text)
    if text in known or any(numberless == re.sub(r"\d+", "0", each) for each in known):
        return ""
    normalized = {" ".join(each.lower().split()): each for each in known}
    if same := normalized.get(" ".join(text.lower().split())):
        return same
    return next(iter(find_similar(text, known, cutoff=0.9)), "")

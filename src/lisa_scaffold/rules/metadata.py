"""Metadata of a package: correct, and in the form that the standards require."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from itertools import islice
from typing import Any

from lisa_scaffold.formats.edit import replace_in_line, replace_item
from lisa_scaffold.formats.literal import quoted
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.rules.applications import is_application
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
_OF_GROUP = compile_lazily(
    r"\b(?:working|groups?|teams?|consortium|collaboration|developers|contributors|authors|project"
    r"|institutes?|institut|university|universit\w{1,4}|department|laborator(?:y|ies)|labs?|centers?"
    r"|centres?|foundation|corporation|inc|llc|ltd|gmbh|e\.?v|b\.?v|s\.?a|s\.?r\.?l)\b",
    re.IGNORECASE,
)
_LONGEST = 512
_LONGEST_LABEL = 32


@rule("MET001", MUST, kinds=PACKAGE, when=lambda facts: facts.package.form == "project")
def project_table(facts: Facts) -> Iterator[Hit]:
    """The table `[project]` has only standard keys, with values of the right type.

    Why: A build stops at anything else, or silently leaves it out.

    How: `name` and `version` are required; the version may be listed under `dynamic` instead, but
    no key may be both. `authors` is a list of tables with `name` and `email`, `dependencies` a
    list.

    Source: [pyproject.toml specification](https://packaging.python.org/en/latest/specifications/pyproject-toml/).
    """
    pyproject = facts.pyproject
    table = pyproject.table("project")
    dynamic = {str(each) for each in pyproject.items("project", "dynamic")}
    problems = [
        (key, message)
        for key, value in islice(table.items(), MOST_UNKNOWN)
        if (message := _check_key(key, value, dynamic, facts.package.backend))
    ]
    for key in ("authors", "maintainers"):
        if any(not isinstance(each, dict) for each in pyproject.items("project", key)):
            problems.append(
                (key, f'`{key}` must be a list of tables: write {{ name = "…", email = "…" }}')
            )
    stated = {*facts.package.data, *facts.package.unknown}
    if "name" not in stated and not facts.tells_tools_alone:
        problems.append(("", "no `name`, so nothing can be built: add one"))
    if "version" not in stated and not facts.tells_tools_alone:
        remedy = 'write `version = "0.1.0"`, or list it under `dynamic`'
        problems.append(("", f"no `version`, so nothing can be built: {remedy}"))
    for key, message in problems:
        keys = (key,) if key and table.get(key) is not None else ()
        yield Hit("pyproject.toml", pyproject.line("project", *keys), message)


@rule(
    "MET026",
    MUST,
    kinds=PACKAGE,
    when=lambda facts: facts.is_of_template,
)
def metadata_are_there(facts: Facts) -> Iterator[Hit]:
    """A package has metadata.

    Why: Without them nothing can be built or installed, and no other rule on metadata, dependencies
    or tests finds anything to judge.

    How: Bring `pyproject.toml` back from git: its table `[project]` is what makes a package.

    Source: [pyproject.toml specification](https://packaging.python.org/en/latest/specifications/pyproject-toml/).
    """
    if not facts.package.form and not facts.pyproject.problem:
        message = (
            "no metadata, so nothing can be built or installed: add `[project]`, as git has it"
        )
        yield Hit("pyproject.toml", 1, message)


_OF_POETRY = ("include", "exclude", "packages", "source", "group")


def _check_key(key: str, value: object, dynamic: set[str], backend: str) -> str:
    """What is wrong with a key of the table; empty where nothing is."""
    if key not in _KEYS:
        close = find_similar(key.replace("_", "-"), _KEYS, cutoff=0.75)
        right = _OTHER_NAMES.get(key) or next(iter(close), "")
        remedy = f"did you mean `{right}`?" if right else "delete it"
        if key in _OF_POETRY:
            remedy = "move it to [tool.poetry], or delete it"
        # Poetry builds all the same.
        harm = "it gets lost" if backend == "poetry" else "the build may stop"
        return f"`{key}` is not a key of [project], so {harm}: {remedy}"
    if not isinstance(value, _KEYS[key]):
        wanted = " or ".join(_TYPE_NAMES[each] for each in _KEYS[key])
        return f"`{key}` must be {wanted}, or the build stops"
    message = f"`{key}` is set and also listed under `dynamic`, so the build stops: remove one"
    return message if key in dynamic else ""


@rule("MET002", MUST, kinds=PACKAGE)
def name_and_version(facts: Facts) -> Iterator[Hit]:
    """Name and version are valid.

    Why: Package indexes refuse any others, and `pip` cannot tell which version is newer.

    How: A name has letters and digits, with `-`, `_` or `.` between them. A version looks like
    `1.2.0`, `1.2.0rc1` or `1.2.0.dev3`.

    Source: [names](https://packaging.python.org/en/latest/specifications/name-normalization/),
    [versions](https://packaging.python.org/en/latest/specifications/version-specifiers/).
    """
    package = facts.package
    if (name := package.text("name")) and not _NAME.fullmatch(name):
        message = (
            f"`{name}` is not a valid name: use letters and digits, with `-`, `_` or `.` between"
        )
        yield Hit(*package.place("name"), message)
    version = package.text("version")
    if not version or _PLAIN_VERSION.fullmatch(version):
        return
    from packaging.version import InvalidVersion, Version

    try:
        Version(version)
    except InvalidVersion:
        message = (
            f"pip does not understand the version `{version}`: write it like `1.2.0` or `1.2.0rc1`"
        )
        yield Hit(*package.place("version"), message)


def _states_metadata(facts: Facts) -> bool:
    """Whether there is metadata that anybody will see: of what is not built nobody does.

    A Django site is run from its own checkout; one that says of itself what indexes show is passed
    on as a package too. So is any other application.
    """
    shown = ("readme", "classifiers", "license", "urls")
    is_site = facts.has("manage.py") and not any(facts.package.get(each) for each in shown)
    return bool(facts.is_built and facts.package.form and not is_site and not is_application(facts))


@rule("MET003", SHOULD, kinds=PACKAGE, when=_states_metadata)
def described(facts: Facts) -> Iterator[Hit]:
    """The metadata says in one line what the package does.

    Why: Searches for packages show this line. Package indexes refuse more than one; setuptools
    keeps the first alone.

    How: Write one sentence under `description`.

    Source: [core metadata](https://packaging.python.org/en/latest/specifications/core-metadata/#summary).
    """
    package = facts.package
    description = package.text("description")
    if not description.strip() and "description" not in package.unknown:
        message = "no `description`, so searches show nothing about this: add one sentence"
        yield Hit(package.place("description").path, package.place().line, message)
    elif package.form == "setuptools" and "\n" in description.strip():
        message = "searches show the first line of this alone: shorten it to one line"
        yield Hit(*package.place("description"), message)
    elif "\n" in description.strip() or len(description) > _LONGEST:
        message = (
            f"package indexes refuse this: shorten it to one line of at most {_LONGEST} characters"
        )
        yield Hit(*package.place("description"), message)


def _named_readmes(facts: Facts) -> list[str]:
    if facts.package.form not in ("project", "poetry", "flit"):
        return []
    match facts.package.get("readme"):
        case str(path) | {"file": str(path)}:
            return [path]
        case list(paths):
            return [str(path) for path in paths]
    return []


@rule("MET004", MUST, kinds=PACKAGE, when=lambda facts: facts.is_built and _named_readmes(facts))
def readme_exists(facts: Facts) -> Iterator[Hit]:
    """The README that the metadata names exists.

    Why: The build stops if it is missing.

    How: Correct the name, or add the file.

    Source: [pyproject.toml specification](https://packaging.python.org/en/latest/specifications/pyproject-toml/#readme).
    """
    for path in _named_readmes(facts):
        if find_missing(facts, path):
            message = f"{path} does not exist, so the build stops: correct the name or add the file"
            yield Hit(*facts.package.place("readme"), message)


@rule("MET005", MUST, kinds=PACKAGE, when=lambda facts: facts.is_built, fixes=True)
def people(facts: Facts) -> Iterator[Hit]:
    """Authors and maintainers have valid names and e-mail addresses.

    Why: Nobody can be reached by what is no address, and some builds stop at it.

    How: Write only the address under `email`, one table per person, and no comma in a name.

    Source: [pyproject.toml specification](https://packaging.python.org/en/latest/specifications/pyproject-toml/#authors-maintainers);
    a LISA package was published with a stray `>` after the address.
    """
    for key in ("authors", "maintainers"):
        listed = facts.package.get(key)
        for index, person in enumerate(listed if isinstance(listed, list) else []):
            if isinstance(person, dict):
                yield from _check_person(facts, (key, index), person)


def _check_person(facts: Facts, keys: tuple[str, int], person: dict[str, Any]) -> Iterator[Hit]:
    name, email = person.get("name"), person.get("email")
    several = facts.package.form == "setuptools"
    is_several = isinstance(name, str) and _SEVERAL.fullmatch(name) and not _OF_GROUP.search(name)
    if is_several and not several:
        message = (
            f"`{name}` looks like several people, but indexes show one: write one table for each"
        )
        yield Hit(*facts.package.place(*keys), message)
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
        remedy = (
            f"write `{right}`" if _ADDRESS.fullmatch(right) else "write one like `name@example.org`"
        )
        message = f"`{address}` is no e-mail address, which the standard wants here: {remedy}"
        yield Hit(*place, message, fix=fix)


@rule(
    "MET006",
    MUST,
    kinds=PACKAGE,
    when=lambda facts: facts.is_built and facts.package.table("urls"),
)
def addresses(facts: Facts) -> Iterator[Hit]:
    """The addresses of the project are complete.

    Why: Package indexes refuse an address without `https://`, or a label longer than 32 characters.

    How: Write the whole address, such as `https://gitlab.in2p3.fr/group/project`.

    Source: [well-known project URLs](https://packaging.python.org/en/latest/specifications/well-known-project-urls/).
    """
    for label, address in facts.package.table("urls").items():
        # Spaces around it nobody sees.
        if not isinstance(address, str) or not re.fullmatch(
            r"[a-z][a-z0-9+.-]*+://[^\s/<>]\S*", address.strip()
        ):
            message = (
                f"package indexes refuse `{address}`: write the whole address, with `https://`"
            )
            yield Hit(*facts.package.place("urls", label), message)
        elif len(label) > _LONGEST_LABEL:
            message = f"package indexes refuse `{label}`: shorten it to {_LONGEST_LABEL} characters"
            yield Hit(*facts.package.place("urls", label), message)


_ADDRESS_KEYS = {"setuptools": "url", "poetry": "repository", "flit": "home-page"}


@rule("MET007", SHOULD, kinds=PACKAGE, when=_states_metadata)
def says_where(facts: Facts) -> Iterator[Hit]:
    """The metadata says where the project lives.

    Why: Otherwise users find neither the source nor a place to report a problem.

    How: Give at least the address of the repository under `[project.urls]`; where the metadata
    stands in `setup.py` or in `setup.cfg`, under `url` or `project_urls` there.

    Source: [well-known project URLs](https://packaging.python.org/en/latest/specifications/well-known-project-urls/).
    """
    # A key that would stand there is told of where it stands.
    misplaced = _OTHER_NAMES.items() & {(key, "urls") for key in facts.pyproject.table("project")}
    if not facts.package.table("urls") and "urls" not in facts.package.unknown and not misplaced:
        place = facts.package.place()
        key = _ADDRESS_KEYS.get(facts.package.form, "urls")
        message = (
            f"no `{key}`, so users cannot find the source of this package: "
            "add the project's address"
        )
        # setuptools passes over arguments that it does not know.
        taken = next((each for each in facts.package.data if each.lower() == key != each), "")
        if taken:
            place = facts.package.place(taken)
            message = (
                f"setuptools ignores `{taken}`, so users do not find the source: write `{key}`"
            )
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
    "MET008",
    MUST,
    kinds=PACKAGE,
    when=lambda facts: facts.is_built and facts.package.texts("classifiers"),
    fixes=True,
)
def classifiers(facts: Facts) -> Iterator[Hit]:
    """Classifiers are spelt as in the official list.

    Why: Package indexes refuse a package with a classifier that is not in the list.

    How: Copy them from the official list. A classifier that begins with `Private ::` keeps a
    package from being uploaded by mistake.

    Source: [classifiers](https://packaging.python.org/en/latest/specifications/core-metadata/#classifier-multiple-use).
    """
    unusual = [
        (index, text)
        for index, text in enumerate(facts.package.texts("classifiers"))
        if not (text in _USUAL or _PYTHON.fullmatch(text) or text.startswith("Private ::"))
    ]
    for index, text in unusual[:MOST_UNKNOWN]:
        right = _near_classifier(text)
        if right is not None:
            path, line = facts.package.place("classifiers", index)
            remedy = f"did you mean `{right}`?" if right else "choose one of the official list"
            message = f"package indexes do not know `{text}`, and refuse it: {remedy}"
            fix = None
            differs_in_case = " ".join(text.lower().split()) == " ".join(right.lower().split())
            if differs_in_case and facts.package.form == "project":
                change = replace_item(("project", "classifiers"), text, quoted(right))
                fix = Fix.edit("pyproject.toml", change)
            yield Hit(path, line, message, fix=fix)


# What these classify does not change, so a list of last year has all. Of others there are new ones.
_CLOSED = ("Development Status", "Intended Audience", "Natural Language", "Topic", "Typing")


def _near_classifier(text: str) -> str | None:
    """The classifier that is meant, empty where that is open.

    ``None`` where the text is right, or may be newer than our list.
    """
    from trove_classifiers import classifiers as known
    from trove_classifiers import deprecated_classifiers as deprecated

    if text in deprecated:
        return next(iter(deprecated[text]), "")
    family = text.partition(" :: ")[0]
    if text in known or (family not in _CLOSED and _is_newer(text, known)):
        return None
    normalized = {" ".join(each.lower().split()): each for each in known}
    if same := normalized.get(" ".join(text.lower().split())):
        return same
    close = next(iter(find_similar(text, known, cutoff=0.9)), "")
    if close or family in _CLOSED:
        return close or _find_longer(text, known)
    return None


def _is_newer(text: str, known: Collection[str]) -> bool:
    """Whether a classifier differs from a known one in its numbers alone."""
    numberless = re.sub(r"\d+", "0", text)
    return any(numberless == re.sub(r"\d+", "0", each) for each in known)


def _find_longer(text: str, known: Collection[str]) -> str:
    """The only classifier of the family whose last part has all words of another's last part."""
    words = {*re.findall(r"\w+", text.rpartition(" :: ")[2].lower())}
    family = text.partition(" :: ")[0]
    alike = [
        each
        for each in known
        if each.startswith(f"{family} :: ")
        and words <= {*re.findall(r"\w+", each.rpartition(" :: ")[2].lower())}
    ]
    return alike[0] if len(alike) == 1 else ""

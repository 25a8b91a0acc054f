"""Licence: stated once, by its SPDX identifier, and the same everywhere."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import combinations

from lisa_scaffold.formats.document import Document
from lisa_scaffold.formats.edit import Change, replace_in_line, replace_item, set_value
from lisa_scaffold.formats.literal import quoted
from lisa_scaffold.formats.markdown import find_prose
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project import licences
from lisa_scaffold.project.facts import Facts, cached_in_facts
from lisa_scaffold.project.package import Place
from lisa_scaffold.rules.applications import is_application
from lisa_scaffold.rules.fix import Fix
from lisa_scaffold.rules.requirement import (
    REQUIRES,
    find_missing,
    find_old_backend,
    find_old_setuptools,
    list_required_names,
    reaches_expressions,
    require_newer_setuptools,
    takes_expression,
)
from lisa_scaffold.rules.rule import MUST, PACKAGE, SHOULD, Hit, is_made, rule

_CLASSIFIER = "License :: "
_ITEMS = ("project", "classifiers")
# Backends whose newest versions take an expression (PEP 639); others are not known to.
_EXPRESSIONS = frozenset(
    [
        *("setuptools", "hatchling", "flit", "pdm", "poetry", "uv", "maturin"),
        *("meson-python", "scikit-build-core"),
    ]
)
# Backends that refuse to build with both an expression and a licence classifier, each as tried.
# hatchling, poetry-core, uv and maturin build all the same.
_REFUSING = frozenset(["setuptools", "flit", "pdm", "meson-python", "scikit-build-core"])
_UNFILLED = compile_lazily(
    r"copyright.{0,500}(\[year\]|<year>|\[yyyy\]|\[fullname\]|<owner>|<copyright holders?>|\{\{)",
    re.IGNORECASE,
)
_MAY_BE_UNFILLED = compile_lazily(
    r"[\[<{](?:year|yyyy|fullname|owner|copyright holder|\{)", re.IGNORECASE
)
"""A cheap test whether `_UNFILLED` can match at all."""
_SECTION = compile_lazily(r"(?i)\W*(licen[sc]e|licensing|copyright)")
_BADGE = compile_lazily(
    r"img\.shields\.io/(?:badge|static/v1)[^)\s]{0,80}?licen[sc]e-([\w.%+-]{1,80}?)-\w+"
)
_ELSEWHERE = compile_lazily(
    r"(?:licen[sc]es?|legal|docs?)/(?:[^/]+/)?(?:licen[sc]es?|copying)(?:\.(?:md|rst|txt))?"
    r"|(?:licen[sc]es?|legal)/[\w.-]*?(?:licen[sc]es?|copying|gpl|bsd|mit|apache|mpl)[\w.-]*"
    # The name of a licence is not one that builds look for.
    r"|(?:gnu[-_]?)?(?:[al]?gpl|bsd|mit|apache|mpl|isc|cecill|eupl)(?:[-_ .v]*\d[\d.]*)?"
    r"(?:[-_ ]clause)?(?:[-_ ]?(?:licen[sc]e|copying))?(?:\.(?:md|rst|txt))?",
    re.IGNORECASE,
)
_CHOOSE = "write its identifier, which is in spdx.org/licenses"
_LONGEST_NAME = 100  # characters of a name, with words such as "or later"; a text has more
_READMES = ("README.md", "README.rst", "README.txt", "README", "readme.md", "Readme.md")


# A file with a few words in place of a text, and what says that they are not all.
_GRANTED = compile_lazily(r"\b(?:under|licen[sc]ed|licen[sc]e:|terms)(?!\w)", re.IGNORECASE)
_NOT_ALL = compile_lazily(
    r"\b(?:unless|except|portions?|parts?|third|others?|some|dual|compatible|style|like|not|based"
    r"|derived|and|or(?! (?:\W?at your option|any later|later|newer|above)))\b",
    re.IGNORECASE,
)
_MOST_WORDS = 400  # characters
_MOST_NOTICE = 3000  # characters: a notice of the GPL has less, and each of its texts more


@cached_in_facts
def _find_held(facts: Facts) -> dict[str, tuple[str, ...]]:
    """The licences of each licence file: those whose texts it holds, or the one that it names."""
    return {
        path: found or _find_named_alone(facts.text(path)) for path, found in facts.licences.items()
    }


def _find_named_alone(text: str) -> tuple[str, ...]:
    """The licence that a few words name, and no other; none where there may be more to it."""
    if len(text) > _MOST_WORDS or not _GRANTED.search(text) or _NOT_ALL.search(text):
        return ()
    named = {licences.strip_suffix(name) for name, _ in licences.find_named(text)}
    # A name may stand there again, without its version.
    names = {one for one in named if not any(each.startswith(f"{one}-") for each in named)}
    return tuple(names) if len(names) == 1 and not names & {"GPL", "LGPL", "BSD"} else ()


def _held_licences(facts: Facts) -> set[str]:
    """The licences whose texts the project holds, or which a file names in place of a text."""
    return {each for found in _find_held(facts).values() for each in found}


def _holds_text_of(facts: Facts, names: set[str]) -> bool:
    """Whether a licence file surely holds the text of one of some licences; a cheap test."""
    return any(
        licences.holds(facts.text(path), names) for path in licences.list_licence_files(facts)
    )


def _stated_expression(facts: Facts) -> str:
    """The expression that the metadata states, in its canonical form; empty where none is valid."""
    return licences.make_canonical(facts.package.text("license")) or ""


def _named_in_key(facts: Facts) -> set[str]:
    """The licences that the text under `license` names; none where it is long, as a licence is."""
    text = _stated_expression(facts)
    if facts.package.form != "project":  # where any text may stand
        text = facts.package.text("license")
    return licences.find_claimed(text) if len(text) <= _LONGEST_NAME else set()


def _stated_licences(facts: Facts) -> set[str]:
    """The licences that the metadata states: under its key, or else by classifiers."""
    if named := _named_in_key(facts):
        return named
    texts = (text for _, text in _licence_classifiers(facts))
    return {name for text in texts for name in licences.find_claimed(text)}


def _licence_classifiers(facts: Facts) -> list[tuple[int, str]]:
    texts = facts.package.texts("classifiers")
    return [(index, text) for index, text in enumerate(texts) if text.startswith(_CLASSIFIER)]


def _name_all(names: Iterable[str]) -> str:
    return " and ".join(sorted(map(licences.strip_suffix, names)))


def _describe_held(facts: Facts) -> str:
    held = {path: found for path, found in _find_held(facts).items() if found}
    names = " and ".join(sorted(_held_licences(facts)))
    verb = "contains the text of"
    # Of the GNU licences alone there is a notice too, which is recognised like the text.
    if not any(facts.licences[path] for path in held):
        verb = "names"
    elif "GPL" in names and all(len(facts.text(path)) < _MOST_NOTICE for path in held):
        verb = "contains the notice of"
    return f"{' and '.join(held)} {verb} {names}"


_CODE = compile_lazily(
    r".*\.(?:py|pyx|ipynb|c|cc|cpp|cxx|cu|h|hh|hpp|f|f03|f90|jl|m|r|rs|go|java|js|ts|sh)$",
    re.IGNORECASE,
)


def _is_unlicensed_code(facts: Facts) -> bool:
    """Whether this is a repository of code of whatever kind, and no part of it has a licence."""
    has_code = facts.is_repository and any(map(_CODE.match, facts.files))
    return has_code and all(map(_is_of_a_part, facts.files))


@rule("LIC001", SHOULD, when=lambda facts: facts.kind or _is_unlicensed_code(facts))
def text_is_there(facts: Facts) -> Iterator[Hit]:
    """The project contains the text of its licence.

    Why: Without a licence nobody may use, change or pass on the software, whatever was meant. Most
    licences require every copy to contain their text.

    How: Put the text, with year and copyright holder, into a file `LICENSE` at the top. Which
    licence it is, those choose who hold the copyright: of what others wrote, ask them. It is asked
    of each project, and of each git repository with code in it that has no licence in any folder.

    Source: [Choose a licence](https://choosealicense.com/no-permission/);
    [packaging guide](https://packaging.python.org/en/latest/guides/licensing-examples-and-user-scenarios/).
    """
    if licences.list_licence_files(facts) or _WRITING & {*list_required_names(facts)}:
        return
    elsewhere = find_elsewhere(facts)
    named = facts.package.texts("license-files")
    inner = [path for path in facts.files if _is_in_package(facts, path) and facts.text(path)]
    if not elsewhere and inner:
        message = "no licence text at the top, where people and tools look for it: move this there"
        if not any(facts.describes(pattern, path) for pattern in named for path in inner):
            yield Hit(inner[0], 1, message)
    elif not elsewhere:
        message = (
            "no licence text, so nobody may use or change this: add that of the licence which the "
            "copyright holders choose, as LICENSE"
        )
        if named_in := _find_statement(facts):
            message = (
                f"no licence text, though {named_in} names a licence, and most want their text in "
                "every copy: add it as LICENSE"
            )
        yield Hit("LICENSE", 1, message)
    elif not any(facts.describes(pattern, path) for pattern in named for path in elsewhere):
        key = "license_files" if facts.package.form == "setuptools" else "license-files"
        message = f"builds leave this licence out: list the file under `{key}`"
        yield Hit(min(elsewhere, key=_is_of_a_part), 1, message)


def _is_in_package(facts: Facts, path: str) -> bool:
    """Whether a licence text lies beside the modules of a package."""
    folder, _, name = path.rpartition("/")
    return folder in facts.layout.packages and _PLAIN.match(name) is not None


def find_elsewhere(facts: Facts) -> list[str]:
    """The texts of licences where, or by names by which, builds look for none."""
    return [path for path in facts.files if _ELSEWHERE.fullmatch(path) and facts.text(path)]


# Build requirements that write the text of the stated licence into what is published.
_WRITING = frozenset(["coherent-build", "coherent-licensed"])


def _is_of_a_part(path: str) -> bool:
    """Whether the name of a licence says more than that, such as for which part it is."""
    return not _PLAIN.match(path.rpartition("/")[2])


_PLAIN = compile_lazily(r"(?:licen[sc]e|copying)(?:\.\w+)?$", re.IGNORECASE)


_GRANTS = compile_lazily(
    r"\b(?:licen[sc]ed|released|distributed|available|published|shared)\b[^.]{0,60}\bunder\b"
    r"[^.]{0,120}\b(?:licen[sc]e|creativecommons\.org|creative commons|[al]?gpl|bsd|mit|apache)\b"
    r"|\bfree software: ",
    re.IGNORECASE,
)


def _find_statement(facts: Facts) -> str:
    """What names a licence: a file with metadata, or the README; empty where nothing does."""
    if facts.package.text("license"):
        return facts.package.place("license").path
    if _licence_classifiers(facts):
        return facts.package.place("classifiers").path
    path = facts.first(*_READMES)
    if not path:
        return ""
    lines = facts.lines(path)
    is_named = _GRANTS.search(facts.text(path)) or _named_in_readme(
        path, lines, enumerate(lines, 1)
    )
    return path if is_named else ""


def _states_text(facts: Facts) -> bool:
    return facts.package.form == "project" and isinstance(
        facts.pyproject.get("project", "license"), str
    )


@rule(
    "LIC002",
    MUST,
    kinds=PACKAGE,
    when=lambda facts: facts.is_built and _states_text(facts),
    fixes=True,
)
def valid_expression(facts: Facts) -> Iterator[Hit]:
    """`license` is a standard licence identifier.

    Why: A build refuses any other text, or publishes the package as proprietary.

    How: Write an identifier of the [SPDX list](https://spdx.org/licenses/), such as
    `license = "BSD-3-Clause"`; join several with `AND` or `OR`. For a licence that is not on the
    list, write `LicenseRef-` and a name.

    Source: [PEP 639](https://peps.python.org/pep-0639/); a LISA package with `BSD 3-Clause` was
    published as `Other/Proprietary`.
    """
    text = facts.package.text("license")
    right = licences.make_canonical(text)
    if right is None:
        path, line = facts.package.place("license")
        meant = _guess_identifier(facts, text)
        remedy = f"write `{meant}`" if meant else _CHOOSE
        fix = Fix.edit(path, set_value(("project", "license"), quoted(meant))) if meant else None
        message = f"`{text}` is not a licence identifier, so the build may fail: {remedy}"
        yield Hit(path, line, message, fix=fix)


def _guess_identifier(facts: Facts, text: str) -> str:
    """The only identifier that a text can mean; empty where there are several."""
    claimed, held = licences.find_claimed(text), _held_licences(facts)
    if len(claimed) != 1:
        return ""
    agrees = len(held) == 1 and not licences.contradict(claimed, held)
    meant = licences.strip_suffix(next(iter(held if agrees else claimed)))
    # Whether later versions of the GPL are meant cannot be guessed where nothing tells.
    if next(iter(claimed)).endswith("+") and f"{meant}-or-later" in licences.COMMON:
        return f"{meant}-or-later"
    return meant if meant in licences.COMMON else ""


def _settle(facts: Facts, text: str) -> str:
    """The identifier that a text is, or can only mean; empty where there are several.

    One of the GNU licences' that the list has given up says nothing of later versions: then the
    classifiers have to.
    """
    named = licences.read_deprecated(text)
    if not named:
        return licences.make_canonical(text) or _guess_identifier(facts, text)
    if text.strip().endswith("+"):
        return f"{named}-or-later"
    claimed = {
        name for _, each in _licence_classifiers(facts) for name in licences.find_claimed(each)
    }
    ends = {"-or-later" if name.endswith("+") else "-only" for name in claimed}
    is_told = {licences.strip_suffix(name) for name in claimed} == {named} and len(ends) == 1
    return f"{named}{ends.pop()}" if is_told else ""


@rule(
    "LIC003",
    SHOULD,
    kinds=PACKAGE,
    when=lambda facts: (
        facts.is_built
        and facts.package.form
        and facts.package.backend in _EXPRESSIONS
        and not is_application(facts)
    ),
    fixes=True,
)
def stated(facts: Facts) -> Iterator[Hit]:
    """The metadata states the licence by its standard identifier.

    Why: Programs that list the licences of an environment read this key; older tables and free text
    mean something different to each of them.

    How: Write an identifier of the [SPDX list](https://spdx.org/licenses/), such as
    `license = "BSD-3-Clause"`, under `[project]`, or under `license` in the settings of Poetry, in
    `setup.cfg` or `setup.py`. Under `[project]`, delete the classifiers that begin with
    `License ::` in the same step: most backends refuse to build with both. Where a table names a
    file, list that under `license-files`. A table with a file is for people to replace, and so is
    free text that may mean several licences. Where a supported Python runs no version of the
    backend that takes an identifier, as Python 3.8 none of setuptools, the table is right.

    Source: [PEP 639](https://peps.python.org/pep-0639/#deprecate-license-key-table-subkeys).
    """
    package = facts.package
    if "license" in package.unknown or _states_text(facts):
        return
    if not takes_expression(facts) and reaches_expressions(facts):
        return
    text, value = package.text("license"), package.get("license")
    if package.form == "project":
        value = facts.pyproject.get("project", "license")
    path, line = package.place("license")
    if not text and not isinstance(value, dict):
        yield from _find_unstated(facts)
        return
    if not reaches_expressions(facts):
        return
    right = _settle(facts, text)
    # Where the text is of another licence, which of the two is meant has to be known first.
    if _contradicts_text(facts, text):
        return
    if isinstance(value, dict):
        remedy = _describe_replacement(facts, value, right)
        message = f"`license` as a table is outdated, and tools misread it: {remedy}"
        yield Hit(path, line, message, fix=_turn_table_into_text(facts, right))
    elif not licences.make_canonical(text):
        remedy = f"write `{right}`" if right else _CHOOSE
        fix = None
        if right and text in (facts.lines(path) or [""])[line - 1]:
            fix = Fix.edit(path, replace_in_line(line, text, right))
        message = f"`{text}` is not a licence identifier that tools understand: {remedy}"
        yield Hit(path, line, message, fix=fix)


def _find_unstated(facts: Facts) -> Iterator[Hit]:
    """The metadata that names no licence in any way."""
    package = facts.package
    if not _licence_classifiers(facts) and "classifiers" not in package.unknown:
        remedy = _name_held(_held_licences(facts), in_table=not reaches_expressions(facts))
        message = f"no `license`, so tools report this as unlicensed: state {remedy}"
        yield Hit(package.place("license").path, package.place().line, message)


def _name_held(held: set[str], *, in_table: bool) -> str:
    """What to write for a licence whose text is there, as it is or in a table."""
    form = '`{{ text = "{}" }}`' if in_table else "`{}`"
    if len(held) != 1:
        return f"the one that the copyright holders chose, such as {form.format('BSD-3-Clause')}"
    (name,) = held
    # The text is the same whether later versions are meant or not.
    if "GPL-" in name:
        return " or ".join(form.format(f"{name}-{each}") for each in ("or-later", "only"))
    return form.format(name)


def _describe_replacement(facts: Facts, table: dict[str, object], right: str) -> str:
    """What to write in place of a table, so that the package still builds and holds its licence."""
    held = _held_licences(facts)
    if not right and "text" not in table and len(held) == 1:
        only = licences.strip_suffix(next(iter(held)))
        # Whether later versions of the GPL are meant, no text of it says.
        right = only if only in licences.COMMON else ""
    steps = [f'write `license = "{right}"`' if right else _CHOOSE]
    if not right and (named := licences.read_deprecated(str(table.get("text", "")))):
        each = (f'`license = "{named}-{end}"`' for end in ("or-later", "only"))
        steps = [f"write {' or '.join(each)}, whichever is meant"]
    if isinstance(file := table.get("file"), str):
        steps.append(f'list it under `license-files = ["{file}"]`')
    if newer := _describe_floor(facts):
        steps.append(newer)
    if _licence_classifiers(facts):
        steps.append(f"delete the classifiers `{_CLASSIFIER.strip()}`")
    # The clause on where identifiers are ends with a comma.
    joint = ", and " if steps[0] == _CHOOSE or ", " in steps[0] else " and "
    return joint.join([", ".join(steps[:-1]), steps[-1]] if len(steps) > 1 else steps)


def _describe_floor(facts: Facts) -> str:
    """The backend to require, where a bound allows one that refuses an identifier."""
    if facts.package.backend == "setuptools" or not (found := find_old_backend(facts)):
        return ""
    return f"require `{found[1]}`"


def _turn_table_into_text(facts: Facts, right: str) -> Fix | None:
    """Turn the table into text, and remove the classifiers that say the same."""
    table = facts.pyproject.get("project", "license")
    if not right or not isinstance(table, dict) or set(table) != {"text"}:
        return None
    line = facts.lines("pyproject.toml")[facts.package.place("license").line - 1]
    if not re.match(r"\s*license\s*=\s*\{[^{}]*\}\s*(#.*)?$", line):
        return None
    classifiers = [text for _, text in _licence_classifiers(facts)]
    is_disputed = any(
        licences.contradict(licences.find_claimed(text), {licences.strip_suffix(right)})
        for text in classifiers
    )
    newer = _require_newer(facts, right)
    if is_disputed or newer is None or not takes_expression(facts, right):
        return None
    changes = [set_value(("project", "license"), quoted(right)), *newer]
    changes += [replace_item(_ITEMS, text, None) for text in classifiers]
    return Fix.edit("pyproject.toml", *changes)


def _require_newer(facts: Facts, expression: str) -> list[Change] | None:
    """What lets no backend in that refuses an expression; ``None`` where that is for people."""
    if facts.package.backend == "setuptools":
        return require_newer_setuptools(facts) or (None if find_old_setuptools(facts) else [])
    found = find_old_backend(facts, expression)
    if not found:
        return []
    # What scikit-build-core does by default may hang on the same bound.
    is_used = "build-system.requires" in facts.text("pyproject.toml")
    return None if is_used else [replace_item(REQUIRES, found[0], quoted(found[1]))]


def _contradicts_text(facts: Facts, stated: str) -> bool:
    """Whether a licence that is stated is certainly not that of the text."""
    names = licences.find_claimed(stated)
    if _holds_text_of(facts, names):
        return False
    return licences.contradict(names, _held_licences(facts))


def _find_twins(facts: Facts) -> list[str]:
    """The licence files of one name, such as ``LICENSE`` and ``LICENSE.rst``; none for one alone.

    Beside each other, files of other names may be those of what the project has from others.
    """
    twins = defaultdict[str, list[str]](list)
    for path in licences.list_licence_files(facts):
        stem, _, suffix = path.lower().replace("licence", "license").partition(".")
        if "/" not in path and suffix in ("", "md", "rst", "txt"):
            twins[stem].append(path)
    return max(twins.values(), key=len, default=[])


def _has_a_text(facts: Facts, stated: str) -> bool:
    return bool(_held_licences(facts)) or _holds_text_of(facts, licences.find_claimed(stated))


@rule(
    "LIC004",
    MUST,
    kinds=PACKAGE,
    when=lambda facts: facts.package.text("license") or _find_twins(facts)[1:],
)
def agrees_with_text(facts: Facts) -> Iterator[Hit]:
    """The metadata and the licence text name the same licence.

    Why: If the two contradict each other, users cannot rely on either. So it is with two texts,
    such as `LICENSE` and `LICENSE.rst`.

    How: Ask the copyright holder which of the two is meant, and correct the other. In a project
    that the template made, `LICENSE` has the text of the licence that was chosen, whole.

    Source: [PEP 639](https://peps.python.org/pep-0639/); some published LISA packages contradict
    themselves.
    """
    text = facts.package.text("license")
    # What the template wrote was the text.
    is_chosen = is_made(facts, PACKAGE) and text == facts.answers.get("license")
    if is_chosen and facts.has("LICENSE") and not _has_a_text(facts, text):
        message = (
            f"this is not the text of `{text}`, which the metadata name: correct the wrong one"
        )
        yield Hit("LICENSE", 1, message)
    if _contradicts_text(facts, text):
        message = f"`{text}` here, but {_describe_held(facts)}: correct the wrong one"
        yield Hit(*facts.package.place("license"), message)
        return
    stated, twins = _stated_licences(facts), _find_twins(facts)
    for path, other in combinations(twins, 2):
        one, two = (facts.licences[each] for each in (path, other))
        # Metadata that name both say that each holds for a part, or by choice.
        is_by_choice = stated and all(map(partial(_is_named, stated), (*one, *two)))
        if len(one) == len(two) == 1 and licences.contradict(one, two) and not is_by_choice:
            is_meant = _is_named(stated, one[0]) and not _is_named(stated, two[0])
            wrong, right = (other, path) if is_meant else (path, other)
            message = (
                f"the text of {facts.licences[wrong][0]}, but {right} contains that of "
                f"{facts.licences[right][0]}: delete the wrong one"
            )
            yield Hit(wrong, 1, message)


def _is_named(stated: Iterable[str], licence: str) -> bool:
    """Whether a licence is one of those that are stated."""
    return any(not licences.contradict([each], [licence]) for each in stated)


@rule(
    "LIC005",
    MUST,
    kinds=PACKAGE,
    when=lambda facts: (
        _licence_classifiers(facts)
        and not (facts.package.backend in _REFUSING and _states_text(facts))
    ),
)
def classifiers_agree(facts: Facts) -> Iterator[Hit]:
    """Licence classifiers agree with the licence text, or with `license`.

    Why: Package indexes show the classifier while the package contains the text, so users cannot
    tell which of the two applies.

    How: Ask the copyright holder which of the two is meant; then delete the classifiers and state
    the licence under `license`.

    Source: [PEP 639](https://peps.python.org/pep-0639/#deprecate-license-classifiers); a LISA
    package with the text of the GPL had the classifier of the MIT licence.
    """
    held = _held_licences(facts)
    stated = set() if held else _named_in_key(facts)
    classifiers = _licence_classifiers(facts)
    together = {name for _, text in classifiers for name in licences.find_claimed(text)}
    if licences.contradict(together, held or stated):
        told = f"`license` says {_name_all(stated)}"
        if held:
            told = _describe_held(facts)
        for index, text in classifiers:
            place = facts.package.place("classifiers", index)
            yield Hit(*place, f"`{text}` here, but {told}: correct the wrong one")


@rule(
    "LIC006",
    MUST,
    kinds=PACKAGE,
    when=lambda facts: (
        facts.is_built and facts.package.backend in _REFUSING and _states_text(facts)
    ),
    fixes=True,
)
def no_classifiers(facts: Facts) -> Iterator[Hit]:
    """There is no licence classifier if `license` is an identifier.

    Why: setuptools, flit, pdm, meson-python and scikit-build-core refuse to build a project with
    both. hatchling, poetry-core, uv and maturin do build it, and are not asked.

    How: Delete the classifiers that begin with `License ::`.

    Source: [PEP 639](https://peps.python.org/pep-0639/#deprecate-license-classifiers),
    [setuptools](https://setuptools.pypa.io/en/latest/userguide/pyproject_config.html); a project
    of each backend was built with both.
    """
    for index, text in _licence_classifiers(facts):
        path, line = facts.package.place("classifiers", index)
        fix = Fix.edit(path, replace_item(_ITEMS, text, None))
        backend = facts.package.backend
        message = f"delete `{text}`: {backend} refuses to build if `license` is set too"
        yield Hit(path, line, message, fix=fix)


@rule("LIC007", MUST)
def readme_agrees(facts: Facts) -> Iterator[Hit]:
    """The README names the licence of the text, or of the metadata.

    Why: People read the README, and take a licence that it mentions for the real one.

    How: Name the licence by its identifier, and link to the file `LICENSE`.

    Source: The READMEs of two published LISA packages name a licence other than the one that they
    ship.
    """
    path = facts.first(*_READMES)
    if not path:
        return
    named = _named_in_readme(path, facts.lines(path), enumerate(facts.lines(path), 1))
    names = {name for name, _ in named}
    if not named or _holds_text_of(facts, names):
        return
    held = _held_licences(facts)
    stated = set() if held else _stated_licences(facts)
    if licences.contradict(names, held or stated) and path.endswith(".md"):
        # Only now does it matter what is code.
        named = _named_in_readme(path, facts.lines(path), find_prose(facts.text(path)))
        names = {name for name, _ in named}
    if licences.contradict(names, held or stated):
        name, line = named[0]
        told = f"the metadata says {_name_all(stated)}"
        if held:
            told = _describe_held(facts)
        message = f"the README names {licences.strip_suffix(name)}, but {told}"
        yield Hit(path, line, f"{message}: correct the wrong one")


def _named_in_readme(
    path: str, lines: list[str], read: Iterable[tuple[int, str]]
) -> list[tuple[str, int]]:
    """The licences that a README names in its section about the licence, or in a badge."""
    found: list[tuple[str, int]] = []
    is_inside = False
    for number, line in read:
        below = lines[number] if number < len(lines) else ""
        is_heading = line.startswith("#") and path.endswith(".md")
        if is_heading or re.match(r"[=~^\"*-]{3,}\s*$", below):
            is_inside = bool(_SECTION.match(line))
        elif is_inside:
            without_links = re.sub(r"\]\([^()]*\)|<https?:[^<>]*>|https?:\S+", "]", line)
            found += ((name, number) for name, _ in licences.find_named(without_links))
        if badge := _BADGE.search(line):
            text = badge[1].replace("--", "-").replace("%20", " ").replace("_", " ")
            found += ((name, number) for name, _ in licences.find_named(text))
    return found


def _cited_licences(facts: Facts) -> Iterator[tuple[Document, set[str]]]:
    """Files for citation, each with the licences that it states."""
    citation = facts.yaml("CITATION.cff") if facts.has("CITATION.cff") else Document("CITATION.cff")
    match citation.get("license"):
        case str(text):
            yield citation, licences.find_claimed(text)
        case list(several):
            yield citation, {name for each in several for name in licences.find_claimed(str(each))}
    for path in ("codemeta.json", ".zenodo.json"):
        stated = facts.json(path).get("license") if facts.has(path) else None
        if isinstance(stated, str):
            name = stated.removeprefix("https://spdx.org/licenses/").removesuffix(".html")
            yield facts.json(path), licences.find_claimed(name)


@rule("LIC008", MUST, fixes=True)
def citation_agrees(facts: Facts) -> Iterator[Hit]:
    """Citation files name the same licence as the metadata.

    Why: An archive such as Zenodo publishes the software under the licence in these files.

    How: Write the same identifier as under `license` in the metadata.

    Source: [CITATION.cff](https://github.com/citation-file-format/citation-file-format/blob/main/schema-guide.md).
    """
    expression = _stated_expression(facts)
    claimed = licences.find_claimed(expression)
    for document, names in _cited_licences(facts):
        if not licences.contradict(names, claimed or _held_licences(facts)):
            continue
        path, line, cited = document.path, document.line("license"), document.get("license")
        told = f"the metadata says {expression}" if expression else _describe_held(facts)
        message = f"{_name_all(names)} here, but {told}: correct the wrong one"
        fix = None
        if path == "CITATION.cff" and isinstance(cited, str) and expression in licences.COMMON:
            held = _held_licences(facts)
            # The stated licence is certain only where text and metadata agree on it.
            if held and not licences.contradict(held, claimed):
                fix = Fix.edit(path, replace_in_line(line, cited, expression))
        yield Hit(path, line, message, fix=fix)


_OLDER_FILES = ("tool", "setuptools", "license-files")


@rule(
    "LIC009",
    MUST,
    kinds=PACKAGE,
    when=lambda facts: (
        facts.is_built and facts.package.form == "project" and facts.package.texts("license-files")
    ),
)
def files_exist(facts: Facts) -> Iterator[Hit]:
    """The licence files that the metadata names exist.

    Why: The build stops, or ships the package without the text of its licence.

    How: Correct the name, or add the file. Patterns are relative to `pyproject.toml`.

    Source: [PEP 639](https://peps.python.org/pep-0639/#add-license-files-key): each pattern must
    match at least one file.
    """
    table = isinstance(facts.pyproject.get("project", "license-files"), list)
    for index, pattern in enumerate(facts.package.texts("license-files")):
        keys = ("license-files", index) if table else ("license",)
        if "[" not in pattern and not _may_match(facts, pattern.removeprefix("./")):
            path, line = facts.package.place(*keys)
            if not table and facts.pyproject.get(*_OLDER_FILES, index) == pattern:
                line = facts.pyproject.line(*_OLDER_FILES, index)
            message = (
                f"no file matches `{pattern}`, so the build may stop: correct it or add the file"
            )
            yield Hit(path, line, message)


def _may_match(facts: Facts, pattern: str) -> bool:
    """Whether a pattern matches a file, or may match one that is not here."""
    if facts.paths(pattern) or facts.ignores(pattern) or pattern.startswith(("/", "..")):
        return True
    if not re.search(r"[*?]", pattern):
        return not find_missing(facts, pattern)
    fixed = re.split(r"[*?]", pattern)[0].rpartition("/")[0]
    return any(
        f"{folder}/".startswith(f"{fixed}/" if fixed else "") or facts.in_submodule(fixed)
        for folder in facts.submodules
    )


@rule("LIC010", SHOULD)
def filled_in(facts: Facts) -> Iterator[Hit]:
    """The licence text names the copyright holder and the year.

    Why: A text with placeholders does not say who grants the licence.

    How: Replace them with the year of the first publication and the copyright holder. The texts in
    `LICENSES/` are to stay as they are, and are not meant.

    Source: [Choose a licence](https://choosealicense.com/licenses/bsd-3-clause/): how to apply it;
    [REUSE](https://reuse.software/spec-3.3/#license-files).
    """
    if not any(
        _MAY_BE_UNFILLED.search(facts.text(path)) for path in licences.list_licence_files(facts)
    ):
        return
    for path, found in facts.licences.items():
        # REUSE wants the text word for word there: who holds the rights stands in each file.
        if path.startswith("LICENSES/"):
            continue
        # The long licences carry such a line as an example.
        if found and all(each.startswith(("MIT", "BSD", "ISC")) for each in found):
            for number, line in enumerate(facts.lines(path), 1):
                if _UNFILLED.search(line):
                    message = (
                        "no year or copyright holder, so nobody grants this licence: fill them in"
                    )
                    yield Hit(path, number, message)


@rule(
    "LIC011",
    SHOULD,
    kinds=PACKAGE,
    when=lambda facts: facts.is_built and facts.package.get("license-files") == [],
)
def is_shipped(facts: Facts) -> Iterator[Hit]:
    """The licence text is part of the package.

    Why: Most licences require every copy to contain their text, and each installed package is a
    copy.

    How: Delete `license-files`, so that the build looks for the usual names, or list the file.

    Source: [PEP 639](https://peps.python.org/pep-0639/#add-license-files-key).
    """
    if files := licences.list_licence_files(facts):
        place = facts.package.place("license-files")
        if facts.pyproject.get(*_OLDER_FILES) == []:
            place = Place("pyproject.toml", facts.pyproject.line(*_OLDER_FILES))
        message = f"most licences forbid leaving {files[0]} out of the package: delete this line"
        yield Hit(*place, message)

"""Who wrote a project, who holds its copyright, and under which licence it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from lisa_scaffold.adopt.guess import Guess, Guesses, RepositoryFacts, one_line
from lisa_scaffold.project import licences
from lisa_scaffold.project.facts import Facts

_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&*+/=?^_{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_COPYRIGHT = re.compile(
    r"^[^\w\n]*copyright\b(?:\s*(?:\(c\)|©|,))*\s*(?P<rest>\S.*)$", re.IGNORECASE | re.MULTILINE
)
_YEARS = re.compile(r"\b((?:19|20)\d\d)(?:\s*(?:-|\u2013|to)\s*((?:19|20)\d\d|present|now))?\b")
# Lines of the licences themselves that begin in the same way.
_NO_HOLDER = re.compile(
    r"free software foundation|the regents|notice|license|holder|owner|copyright|<|\[|\byear\b"
)
_STATED = re.compile(r"\(c\)|\u00a9|\b(19|20)\d\d\b", re.IGNORECASE)
_LONGEST = 120

# Setuptools' way to say it, before there were expressions.
_CLASSIFIERS = {
    "Apache Software License": "Apache-2.0",
    "MIT License": "MIT",
    "GNU General Public License v3 or later (GPLv3+)": "GPL-3.0-or-later",
    "GNU Lesser General Public License v3 or later (LGPLv3+)": "LGPL-3.0-or-later",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
OFFERED = (
    *("BSD-3-Clause", "MIT", "Apache-2.0", "GPL-3.0-or-later", "LGPL-3.0-or-later", "MPL-2.0"),
)
OTHER = "other"


def authors(facts: Facts, repository_facts: RepositoryFacts) -> Iterator[tuple[Guess, Guess]]:
    """Name and address of who wrote the project, the best source first."""
    package = facts.package
    for key in ("authors", "maintainers"):
        said = package.get(key)
        for index, person in enumerate(said if isinstance(said, list) else []):
            if isinstance(person, Mapping) and (name := one_person(str(person.get("name") or ""))):
                path, line = package.place(key, index)
                yield _named(name, str(person.get("email") or ""), f"{path}:{line}")
    citation = facts.yaml("CITATION.cff")
    for person in citation.items("authors"):
        if isinstance(person, Mapping):
            parts = (person.get("given-names"), person.get("family-names"), person.get("name"))
            if name := one_person(" ".join(str(part) for part in parts if part)):
                line = citation.line("authors")
                yield _named(name, str(person.get("email") or ""), f"CITATION.cff:{line}")
    for name, email in repository_facts.history.authors:
        if said_name := one_person(name):
            yield _named(said_name, email, "git log")


def one_person(name: str) -> str:
    """A name as metadata takes it: of several people in one text, the first."""
    return one_line(re.split(r",|;|\band\b|&", name)[0], _LONGEST)


def _named(name: str, email: str, source: str) -> tuple[Guess, Guess]:
    found = _EMAIL.search(email)
    return Guess(name, source), Guess(found[0] if found else "", source)


def copyrights(facts: Facts) -> Iterator[tuple[str, str, str]]:
    """Years (or nothing), holder and place of each statement of copyright in the licence files."""
    for path in licence_files(facts):
        text = facts.text(path)
        for match in _COPYRIGHT.finditer(text):
            found = _YEARS.search(match["rest"])
            years = f"{found[1]}-{found[2]}" if found and found[2] else found[1] if found else ""
            holder = _holder(_whole(match, text))
            if holder and _STATED.search(match[0]):
                line = text.count("\n", 0, match.start("rest")) + 1
                numbers = re.fullmatch(r"\d{4}(-\d{4})?", years)
                yield years if numbers else years[:4], holder, f"{path}:{line}"


def _whole(match: re.Match[str], text: str) -> str:
    """A statement with the line that it goes on in."""
    rest = match["rest"]
    goes_on = re.search(r"(\band|,|&)\s*$", rest)
    return f"{rest} {text[match.end() :].lstrip().partition(chr(10))[0]}" if goes_on else rest


def _holder(rest: str) -> str:
    """The holder in what follows the word copyright."""
    without = _YEARS.sub("", rest)
    name = re.sub(r"\ball rights reserved\b.*", "", without, flags=re.IGNORECASE)
    name = one_line(name.strip(" \t,.;:-\u2013\u00a9"), _LONGEST)
    name = name.removeprefix("by ").strip()
    return "" if _NO_HOLDER.search(name.lower()) or not re.search("[A-Za-z]", name) else name


def licence_files(facts: Facts) -> list[str]:
    """The files that hold the project's licence."""
    return licences.licence_files(facts)


def licence(facts: Facts) -> Guesses:
    """The licence, as far as the template knows it, the best source first.

    What the text of the licence is decides; where it leaves open what holds for later versions of
    a licence, or there is none, the metadata does.
    """
    files = licence_files(facts)
    texts = {name for path in files for name in facts.licences.get(path, ())}
    for said, source in _claims(facts):
        if said in OFFERED and (not texts or licences.base(said) in texts):
            yield Guess(said, source)
    for path in files:
        for name in facts.licences.get(path, ()):
            if name in OFFERED and len(texts) == 1:
                yield Guess(name, path)
    if files:
        yield Guess(OTHER, files[0])
    for _, source in _claims(facts):
        yield Guess(OTHER, source)
    yield Guess(OTHER, "nothing says it", sure=False)


def _claims(facts: Facts) -> Iterator[tuple[str, str]]:
    """What the metadata says, as identifiers of SPDX."""
    package = facts.package
    said = package.text("license").strip()
    if said and "\n" not in said:
        path, line = package.place("license")
        yield licences.canonical(said) or _spelt(said), f"{path}:{line}"
    for index, each in enumerate(package.texts("classifiers")):
        if each.startswith("License :: "):
            path, line = package.place("classifiers", index)
            yield _CLASSIFIERS.get(each.rpartition(" :: ")[2], ""), f"{path}:{line}"


def _spelt(said: str) -> str:
    """The identifier that free text means, where it can mean no other."""
    names = licences.find_claimed(said)
    known = [each for each in OFFERED if each in names]
    return known[0] if len(names) == len(known) == 1 else ""

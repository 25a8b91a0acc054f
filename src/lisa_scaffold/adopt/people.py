"""Who wrote a project, who holds its copyright, and its licence."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from lisa_scaffold.adopt.cited import EMAIL, Person, find_people
from lisa_scaffold.adopt.guess import Guess, Guesses, RepositoryFacts, one_line
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project import licences
from lisa_scaffold.project.facts import Facts

_COPYRIGHT = compile_lazily(
    r"^[^\w\n]*copyright\b(?:\s*(?:\(c\)|©|,))*\s*(?P<rest>\S.*)$", re.IGNORECASE | re.MULTILINE
)
_YEARS = compile_lazily(
    r"\b((?:19|20)\d\d)(?:\s*(?:-|\u2013|/|to)\s*((?:19|20)?\d\d|present|now))?\b", re.IGNORECASE
)
# Lines of the licences themselves that begin in the same way.
_NO_HOLDER = compile_lazily(
    r"free software foundation|the regents|notice|license|holder|owner|copyright|<|\[|\byear\b"
)
# What follows a holder in the same line: where more is said, or under which terms.
_NO_PART = compile_lazily(
    r"\ball rights reserved\b.*"
    r"|[.,;:(-]\s*(?:(?:please )?see|for (?:details|more)"
    r"|(?:licen[sc]ed|released|distributed) under|this (?:software|file|project)"
    r"|as (?:listed|shown) in)\b.*",
    re.IGNORECASE,
)
_STATED = compile_lazily(r"\(c\)|\u00a9|\b(19|20)\d\d\b", re.IGNORECASE)
# What commits in the place of people.
_BOT = compile_lazily(r"(?i)\[bot\]|\A(?:dependabot|github-actions|pre-commit-ci|renovate)\b")
_LONGEST = 120
_HISTORY = "git log"

# How setuptools stated a licence before there were expressions.
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
_HISTORY = "git log"


def find_authors(facts: Facts, repository_facts: RepositoryFacts) -> Iterator[tuple[Guess, Guess]]:
    """Names and addresses of the authors, the best source first."""
    for each in _people(facts, repository_facts):
        if person := one_person(each.name):
            found = EMAIL.search(each.email)
            # Whoever commits most need not have written it.
            sure = each.source != _HISTORY
            email = Guess(found[0] if found else "", each.source, sure and each.sure)
            yield Guess(person, each.source, sure), email


def _people(facts: Facts, repository_facts: RepositoryFacts) -> Iterator[Person]:
    """Everybody who is named, as written there."""
    yield from find_people(facts)
    package = facts.package
    people = package.get("maintainers")
    for index, person in enumerate(people if isinstance(people, list) else []):
        if isinstance(person, Mapping):
            source = "{}:{}".format(*package.place("maintainers", index))
            name, email = (str(person.get(key) or "") for key in ("name", "email"))
            yield Person(name, email, "", source)
    for name, email in repository_facts.history.authors:
        if not _BOT.search(name):
            yield Person(name, email, "", _HISTORY)


def one_person(name: str) -> str:
    """A name as metadata takes it: the first of several people in one text."""
    return one_line(re.split(r",|;|\band\b|&", name)[0], _LONGEST)


def find_copyrights(facts: Facts, licence: str) -> Iterator[tuple[str, str, str]]:
    """Years (may be empty), holder and place of each copyright statement in the licence files.

    What stands in the text of another licence than the project's comes last.
    """
    name = licences.strip_suffix(licence)

    def is_of_other(path: str) -> bool:
        return name not in facts.licences[path]

    files = licences.list_licence_files(facts)
    for path in sorted(files, key=is_of_other) if files[1:] else files:
        text = facts.text(path)
        for match in _COPYRIGHT.finditer(text):
            rest = match["rest"]
            span = _YEARS.search(rest)
            years = _spell_years(*span.groups()) if span else ""
            if re.search(r"(\band|,|&)\s*$", rest):  # it goes on in the next line
                rest = f"{rest} {text[match.end() :].lstrip().partition(chr(10))[0]}"
            without_years = _YEARS.sub("", rest)
            holder = _NO_PART.sub("", without_years)
            holder = one_line(holder.strip(" \t,.;:-\u2013\u00a9"), _LONGEST)
            holder = holder.removeprefix("by ").strip()
            if _NO_HOLDER.search(holder.lower()) or not re.search("[A-Za-z]", holder):
                continue
            if _STATED.search(match[0]):
                line = text.count("\n", 0, match.start("rest")) + 1
                numeric = re.fullmatch(r"\d{4}(-\d{4})?", years)
                yield years if numeric else years[:4], holder, f"{path}:{line}"


def _spell_years(first: str, last: str | None) -> str:
    """Years with all their digits; ``2009-16`` ends in 2016."""
    if not last:
        return first
    is_short = last.isdecimal() and len(last) < len(first)
    return f"{first}-{first[:2] if is_short else ''}{last}"


def find_licences(facts: Facts) -> Guesses:
    """The licence, if the template offers it, the best source first.

    The text of the licence decides. The metadata does where there is none, or where the text says
    nothing about later versions of the licence.
    """
    files = licences.list_own_files(facts)
    texts = {name for path in files for name in facts.licences.get(path, ())}
    claims = list(_claimed_licences(facts))
    for claim, source in claims:
        if claim in OFFERED and (not texts or licences.strip_suffix(claim) in texts):
            yield Guess(claim, source)
    for path in files:
        for name in facts.licences.get(path, ()):
            if name in OFFERED and len(texts) == 1:
                yield Guess(name, path)
    later = {licences.strip_suffix(each) for each in OFFERED if each.endswith("-or-later")}
    named = licences.strip_suffix(min(texts)) if len(texts) == 1 else ""
    if files and named in later and not any(claim for claim, _ in claims):
        # The text is the same for both, and its authors alone know.
        unsaid = f"{files[0]}: the text of {named}; nothing says whether later versions hold too"
        yield Guess(OTHER, unsaid, sure=False)
    if files:
        yield Guess(OTHER, files[0])
    for _, source in claims:
        yield Guess(OTHER, source)
    yield Guess(OTHER, "nothing says it", sure=False)


def _claimed_licences(facts: Facts) -> Iterator[tuple[str, str]]:
    """SPDX identifiers (or nothing) for what the metadata says, each with its place."""
    package = facts.package
    text = package.text("license").strip()
    if text and "\n" not in text:
        # Free text counts where it can mean one licence only.
        names = licences.find_claimed(text)
        known = [each for each in OFFERED if each in names]
        meant = known[0] if len(names) == len(known) == 1 else ""
        source = "{}:{}".format(*package.place("license"))
        yield licences.make_canonical(text) or meant, source
    for index, classifier in enumerate(package.texts("classifiers")):
        if classifier.startswith("License :: "):
            source = "{}:{}".format(*package.place("classifiers", index))
            yield _CLASSIFIERS.get(classifier.rpartition(" :: ")[2], ""), source

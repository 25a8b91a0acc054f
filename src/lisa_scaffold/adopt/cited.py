"""Who wrote a project, its keywords and its DOI: what metadata and citation files say of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from lisa_scaffold.adopt.customs import Custom
from lisa_scaffold.adopt.guess import Guess, one_line, squeezed
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.facts import Facts

EMAIL = compile_lazily(r"[A-Za-z0-9.!#$%&*+/=?^_{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_ORCID = compile_lazily(r"(?:\d{4}-){3}\d{3}[\dX]")
_DOI = compile_lazily(r"10\.\d{4,9}/[A-Za-z0-9._;()/:-]{1,180}")
_CITE = compile_lazily(
    r"\b(?:cit(?:e|ed|es|ing|ation|ations)|acknowledg\w*)\b|@article\{", re.IGNORECASE
)
# Of Zenodo is what is released, and that is no article.
_IN_PROSE = compile_lazily(r"(10\.(?!5281/)\d{4,9}/[A-Za-z0-9._;()/:-]{1,180})")
_MOST_PAPERS = 3
_TELLING = 4  # letters: a shorter family name may stand in any address
# As the question of the template takes it.
_NAME = compile_lazily(r"[^<>;,@0-9]{1,120}")
_LONGEST = {"keywords": 300, "other_authors": 2000}


class Person(NamedTuple):
    """Somebody who is named as an author, with where that stands.

    ``sure`` is false where an address is named and nobody can tell whose it is.
    """

    name: str
    email: str
    orcid: str
    source: str
    sure: bool = True


def find_people(facts: Facts) -> Iterator[Person]:
    """The authors that the metadata and the citation files name, as written there.

    The metadata come first, then ``CITATION.cff``, CodeMeta's ``codemeta.json`` and Zenodo's
    ``.zenodo.json``. Several people in one text, as ``setup.py`` has them, are several.
    """
    package = facts.package
    people = package.get("authors")
    for index, person in enumerate(people if isinstance(people, list) else []):
        if isinstance(person, Mapping):
            source = "{}:{}".format(*package.place("authors", index))
            name, email = (str(person.get(key) or "") for key in ("name", "email"))
            yield from _split(name, email, source)
    for path, key, names in (
        ("CITATION.cff", "authors", ("given-names", "name-particle", "family-names", "name")),
        ("codemeta.json", "author", ("givenName", "familyName", "name")),
        (".zenodo.json", "creators", ("name",)),
    ):
        document = facts.yaml(path) if path.endswith(".cff") else facts.json(path)
        listed = document.get(key)
        for person in listed if isinstance(listed, list) else [listed]:
            if not isinstance(person, Mapping):
                continue
            parts = [str(person[each]) for each in names if person.get(each)]
            if len(parts) > 1 and person.get("name"):
                parts.pop()  # the whole name beside its parts
            orcid = _ORCID.search(str(person.get("orcid") or person.get("@id") or ""))
            source = f"{path}:{document.line(key)}"
            email = str(person.get("email") or "")
            yield Person(_turned(" ".join(parts)), email, orcid[0] if orcid else "", source)


def _turned(name: str) -> str:
    """``Doe, Jane`` as ``Jane Doe``."""
    family, comma, given = name.partition(", ")
    return f"{given} {family}" if comma and "," not in given else name


def _split(names: str, emails: str, source: str) -> Iterator[Person]:
    """The people in one text: where each part has a given and a family name."""
    parts = [part.strip() for part in re.split(r",|;|\band\b|&", names)]
    parts = [part for part in parts if part]
    if len(parts) == 1 or not all(" " in part for part in parts):
        yield Person(names, emails, "", source)
        return
    addresses = [each[0] for each in EMAIL.finditer(emails[:2000])]
    if len(addresses) == len(parts):
        owners = dict(zip(parts, addresses, strict=True))
    else:
        named = {each: [part for part in parts if _is_of(each, part)] for each in addresses}
        owners = {people[0]: each for each, people in named.items() if len(people) == 1}
    sure = len(owners) >= len(addresses)
    for part in parts:
        yield Person(part, owners.get(part, ""), "", source, sure)


def _is_of(address: str, name: str) -> bool:
    """Whether an address has the family name, the given name or the initials of somebody."""
    mailbox = address.partition("@")[0].lower()
    words = [squeezed(word) for word in name.split()]
    parts = re.split(r"[^a-z]+", mailbox)
    initials = "".join(word[:1] for word in words)
    family = words[-1]
    return (len(family) >= _TELLING and family in squeezed(mailbox)) or bool(
        {words[0], family, initials, f"{words[0][:1]}{family}"} & {*parts}
    )


def find_orcid(facts: Facts, name: str) -> Guess | None:
    """The ORCID of somebody, by the name."""
    for person in find_people(facts):
        if person.orcid and squeezed(person.name) == squeezed(name):
            return Guess(person.orcid, person.source)
    return None


def find_other_authors(facts: Facts, first: str) -> Guess | None:
    """Everybody who is named beside the first author, as the template's question takes them.

    Who stands in two files is one person, with the address and the ORCID of either. What the
    question could not take (a name with digits, say) is left out.
    """
    known: dict[str, Person] = {}
    for person in find_people(facts):
        name = one_line(person.name, 120)
        key = squeezed(name)
        if not key or not _NAME.fullmatch(name) or key == squeezed(first):
            continue
        found = EMAIL.fullmatch(person.email.strip())
        old = known.get(key, Person(name, "", "", person.source))
        email = old.email or (found[0] if found else "")
        # Who lacks the letters writes the name without its accents.
        spelled = max(old.name, name, key=lambda each: not each.isascii())
        known[key] = old._replace(name=spelled, email=email, orcid=old.orcid or person.orcid)
    people = [
        " ".join(filter(None, (person.name, person.email and f"<{person.email}>", person.orcid)))
        for person in known.values()
    ]
    sources = [person.source for person in known.values()]
    files = dict.fromkeys(source.rpartition(":")[0] for source in sources)
    source = ", ".join(files if len(files) > 1 else sources[:1])
    return _joined("other_authors", "; ", people, source)


def find_keywords(facts: Facts) -> Guess | None:
    """The keywords of the first place that has any."""
    package = facts.package
    places: list[tuple[Any, str]] = [
        (package.get("keywords"), "{}:{}".format(*package.place("keywords")))
    ]
    for path in ("CITATION.cff", "codemeta.json", ".zenodo.json"):
        document = facts.yaml(path) if path.endswith(".cff") else facts.json(path)
        places.append((document.get("keywords"), f"{path}:{document.line('keywords')}"))
    for value, source in places:
        texts = [value] if isinstance(value, str) else value if isinstance(value, list) else []
        words = (one_line(word, 300) for text in texts for word in re.split(r"[,\n]", str(text)))
        if found := _joined("keywords", ", ", list(dict.fromkeys(filter(None, words))), source):
            return found
    return None


def _joined(key: str, separator: str, texts: list[str], source: str) -> Guess | None:
    """As many of some texts as an answer takes."""
    while texts and len(separator.join(texts)) > _LONGEST[key]:
        texts.pop()
    return Guess(separator.join(texts), source) if texts else None


def find_doi(facts: Facts) -> Guess | None:
    """The DOI of the software itself: not that of an article about it."""
    citation, codemeta = facts.yaml("CITATION.cff"), facts.json("codemeta.json")
    options = [(citation.get("doi"), f"CITATION.cff:{citation.line('doi')}")]
    for index, each in enumerate(citation.items("identifiers")):
        if isinstance(each, Mapping) and each.get("type") == "doi":
            place = f"CITATION.cff:{citation.line('identifiers', index)}"
            options.append((each.get("value"), place))
    identifiers = codemeta.get("identifier")
    for each in identifiers if isinstance(identifiers, list) else [identifiers]:
        value = each.get("value") if isinstance(each, Mapping) else each
        options.append((value, f"codemeta.json:{codemeta.line('identifier')}"))
    zenodo = facts.json(".zenodo.json")
    options.append((zenodo.get("doi"), f".zenodo.json:{zenodo.line('doi')}"))
    for name, value in facts.package.table("urls").items():
        if squeezed(str(name)) in ("doi", "zenodo"):
            options.append((value, "{}:{}".format(*facts.package.place("urls", name))))
    for value, source in options:
        text = re.sub(r"^(https?://(dx\.)?doi\.org/|doi:\s*)", "", str(value or "").strip()[:300])
        if _DOI.fullmatch(text):
            return Guess(text, source)
    return None


def find_papers(facts: Facts) -> Custom | None:
    """That a README asks to cite articles, which a new citation file does not name."""
    for path in facts.paths("README*"):
        lines = facts.lines(path)
        asks = next((at for at, line in enumerate(lines, 1) if _CITE.search(line)), None)
        asked = "\n".join(lines[asks - 1 :]) if asks else ""
        if found := [*dict.fromkeys(map(_trim_doi, _IN_PROSE.findall(asked)))]:
            text = (
                f"says to cite the repository alone, and {path}:{asks} asks for articles "
                f"({', '.join(found[:_MOST_PAPERS])}): name the first as `preferred-citation`, and "
                "others under `references`"
            )
            return Custom("CITATION.cff", text, to_decide=True)
    return None


def _trim_doi(found: str) -> str:
    return found.rstrip(".,;:)")

"""Citation: how the software is to be cited, in a form that forges and archives read."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lisa_scaffold.formats.document import Document, Keys
from lisa_scaffold.formats.edit import insert_before, replace_in_line
from lisa_scaffold.lines import join_names
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project import licences
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.rules.fix import Fix
from lisa_scaffold.rules.rule import MOST_UNKNOWN, MUST, PACKAGE, SHOULD, Hit, join_same, rule
from lisa_scaffold.similar import find_similar

FILE = "CITATION.cff"

_SCIENCE = ("Intended Audience :: Science/Research", "Topic :: Scientific/Engineering")
# A heading of a README, or a sentence in it.
_SAYS = compile_lazily(
    r"(?im)^(?:#{1,6}[ \t])?(?:how to cite|citations?|citing|cite)\b[^\n]{0,60}$|\bplease cite\b"
)
_MESSAGE = "message: If you use this software, please cite it as below.\n"
_NEWEST = "1.2.0"
_KEYS = frozenset(
    [
        *("abstract", "authors", "cff-version", "commit", "contact", "date-released", "doi"),
        *("identifiers", "keywords", "license", "license-url", "message", "preferred-citation"),
        *("references", "repository", "repository-artifact", "repository-code", "title", "type"),
        *("url", "version"),
    ]
)
_REQUIRED = ("cff-version", "message", "title", "authors")
_DATE = compile_lazily(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")
_DOI = compile_lazily(r"10\.\d{4,9}(\.\d+)?/\S+")
_ORCID_LENGTH = 19
_ORCID = compile_lazily(r"https://orcid\.org/((?:\d{4}-){3}\d{3}[\dX])")
_ADDRESS = compile_lazily(r"(https?|s?ftp)://\S+")
_Problem = tuple[Keys, str]
_ADDRESSES = ("license-url", "repository", "repository-artifact", "repository-code", "url")


@rule(
    "CIT001",
    SHOULD,
    kinds=PACKAGE,
    when=lambda facts: (
        facts.is_checkout
        and any(text.startswith(_SCIENCE) for text in facts.package.texts("classifiers"))
    ),
    strict=True,
)
def stated(facts: Facts) -> Iterator[Hit]:
    """Scientific software says how to cite it.

    Why: Otherwise people who build on it cannot give credit, and nobody can find the version that
    was used.

    How: Keep a `CITATION.cff` at the top: code forges show it, archives and reference managers read
    it. A section of the README that says it counts as well.

    Source: [Citation File Format](https://citation-file-format.github.io/).
    """
    files = ("CITATION*", "citation*", "codemeta.json", ".zenodo.json")
    readmes = facts.paths("README*", "readme*")
    is_told = any(_SAYS.search(facts.text(path)) for path in readmes)
    if not is_told and not facts.paths(*files):
        yield Hit(FILE, 1, "no CITATION.cff, so nobody can tell how to cite this: add one")


def _read_citation(facts: Facts) -> Document:
    """The citation; empty where it is no mapping."""
    document = facts.yaml(FILE) if facts.has(FILE) else Document(FILE)
    return document if isinstance(document.data, dict) else Document(FILE)


@rule("CIT002", MUST, when=lambda facts: facts.has(FILE), fixes=True)
def complete(facts: Facts) -> Iterator[Hit]:
    """The citation has all required keys.

    Why: Programs that read the file reject it, and no citation is shown.

    How: Give `cff-version`, `message`, `title` and `authors`.

    Source: [schema guide](https://github.com/citation-file-format/citation-file-format/blob/main/schema-guide.md).
    """
    document = _read_citation(facts)
    if facts.yaml(FILE).problem:
        return
    # Only these two are the same for every project.
    additions = {
        "cff-version": insert_before(r"^[a-z][a-z-]*:", f"cff-version: {_NEWEST}\n"),
        "message": insert_before(r"^title:", _MESSAGE),
    }
    for key in _REQUIRED:
        if not document.get(key):
            addition = None if key in document.data else additions.get(key)
            fix = Fix.edit(FILE, addition) if addition else None
            message = f"no `{key}`, so citation tools reject this file: add it"
            yield Hit(FILE, document.line(key), message, fix=fix)


@rule("CIT003", MUST, when=_read_citation)
def valid(facts: Facts) -> Iterator[Hit]:
    """The keys and values of the citation are valid.

    Why: Programs that read the file reject all of it for a single unknown key or invalid value.

    How: Dates are `YYYY-MM-DD`; a `doi` begins with `10.`; an `orcid` is an address; a `license` is
    an identifier of the [SPDX list](https://spdx.org/licenses/). A person has `family-names` and
    `given-names`, a group has a `name`.

    Source: [schema guide](https://github.com/citation-file-format/citation-file-format/blob/main/schema-guide.md).
    """
    document = _read_citation(facts)
    # What keys other versions of the format have is unknown here.
    if str(document.get("cff-version")) == _NEWEST:
        unknown = [key for key in document.data if key not in _KEYS]
        for key in unknown[:MOST_UNKNOWN]:
            close = find_similar(str(key), _KEYS)
            remedy = f"did you mean `{close[0]}`?" if close else "delete it"
            message = f"citation tools reject a file with the unknown key `{key}`: {remedy}"
            yield Hit(FILE, document.line(key), message)
    problems = (*_check_values(document), *_check_authors(document))
    yield from join_same(
        Hit(FILE, document.line(*keys), f"{message}, or citation tools reject this file")
        for keys, message in problems
    )


def _check_values(document: Document) -> Iterator[_Problem]:
    date = document.raw("date-released") or document.get("date-released")
    if date is not None and not _DATE.fullmatch(str(date).strip("\"'")):
        yield ("date-released",), f"write `{date}` as YYYY-MM-DD"
    if (doi := document.get("doi")) is not None and not _DOI.fullmatch(str(doi)):
        yield ("doi",), f"write `{doi}` as a plain DOI that begins with `10.`"
    if document.get("type", default="software") not in ("software", "dataset"):
        yield ("type",), "`type` must be software or dataset"
    for key in _ADDRESSES:
        if (address := document.get(key)) is not None and not _ADDRESS.fullmatch(str(address)):
            yield (key,), f"write `{address}` as a whole address, with `https://`"
    licence = document.get("license")
    for each in licence if isinstance(licence, list) else [licence]:
        if isinstance(each, str) and not licences.is_expression(each):
            yield ("license",), f"choose a licence from spdx.org/licenses instead of `{each}`"


def _check_authors(document: Document) -> Iterator[_Problem]:
    authors = document.get("authors")
    if authors is not None and not isinstance(authors, list):
        yield ("authors",), "`authors` must be a list, with a `-` before each person"
    for index, person in enumerate(document.items("authors")):
        match person:
            case {"orcid": orcid} if not _is_orcid(str(orcid)):
                message = "write the ORCID like https://orcid.org/0000-…"
                if not _is_orcid(f"https://orcid.org/{str(orcid)[-_ORCID_LENGTH:]}"):
                    message = f"check the digits, and {message}"
                yield ("authors", index, "orcid"), message
            case (
                {"name": str()}
                | {"family-names": str()}
                | {"given-names": str()}
                | {"alias": str()}
            ):
                continue
            case dict():
                yield ("authors", index), "add `family-names` or `name` for this author"
            case _:
                message = "write this author with the keys `family-names` and `given-names`"
                yield ("authors", index), message


def _is_orcid(text: str) -> bool:
    """Whether a text is an ORCID whose check digit is right (ISO 7064)."""
    match = _ORCID.fullmatch(text)
    if match is None:
        return False
    number = match[1].replace("-", "")
    total = 0
    for digit in number[:-1]:
        total = (total + int(digit)) * 2
    return number[-1] == "0123456789X"[(12 - total % 11) % 11]


_OF_RELEASE = ("doi", "date-released", "identifier", "datePublished", "dateModified")
"""What a citation tells of one release, in either format."""


@rule(
    "CIT004",
    SHOULD,
    when=lambda facts: re.fullmatch(r"\d+(\.\d+)*", facts.package.text("version")),
    fixes=True,
)
def newest_version(facts: Facts) -> Iterator[Hit]:
    """The citation names the current version of the project.

    Why: Otherwise results are cited with a version that did not produce them.

    How: Change it together with the version, or leave it out: archives add it by themselves.

    Source: [schema guide](https://github.com/citation-file-format/citation-file-format/blob/main/schema-guide.md#version).
    """
    cited: list[tuple[Document, str, str]] = []
    document = _read_citation(facts)
    if version := document.raw("version") or document.get("version"):
        cited.append((facts.yaml(FILE), "version", str(version).strip("\"'")))
    meta = facts.json("codemeta.json") if facts.has("codemeta.json") else Document("")
    for key in ("version", "softwareVersion"):
        if isinstance(version := meta.get(key), str):
            cited.append((meta, key, version))
    stated_version = facts.package.text("version")
    for document, key, version in cited:
        if version.removeprefix("v") != stated_version:
            line = document.line(key)
            message = (
                f"results would be cited with the wrong version {version}: write {stated_version}"
            )
            # What tells of the old release would be wrong beside a new version.
            beside = [key for key in _OF_RELEASE if document.get(key)]
            if beside:
                named = join_names(f"`{key}`" for key in beside)
                message += f", and change {named} to that release"
            edit = replace_in_line(line, version, stated_version)
            fix = None if beside else Fix.edit(document.path, edit)
            yield Hit(document.path, line, message, fix=fix)

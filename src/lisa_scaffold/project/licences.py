"""Which licences a project's files hold and name.

A licence is identified by its SPDX identifier without the suffix for later versions: ``GPL-3.0``
for ``GPL-3.0-only`` and ``GPL-3.0-or-later``, whose texts are the same. A name that leaves the
version open is shorter: ``GPL``, ``BSD``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING

from lisa_scaffold.pattern import compile_lazily

if TYPE_CHECKING:
    from lisa_scaffold.project.files import Files

COMMON = frozenset(
    [
        *("0BSD", "AGPL-3.0-only", "AGPL-3.0-or-later", "Apache-2.0", "BSD-2-Clause"),
        *("BSD-3-Clause", "BSL-1.0", "CC0-1.0", "CECILL-2.1", "CECILL-B", "CECILL-C", "EUPL-1.2"),
        *("GPL-2.0-only", "GPL-2.0-or-later", "GPL-3.0-only", "GPL-3.0-or-later", "ISC"),
        *("LGPL-2.1-only", "LGPL-2.1-or-later", "LGPL-3.0-only", "LGPL-3.0-or-later", "MIT"),
        *("MPL-2.0", "Unlicense", "Zlib"),
    ]
)
"""Identifiers that are known to be valid without loading the whole list of SPDX."""

_FILE = compile_lazily(r"(UN)?LICEN[SC]E|COPYING", re.IGNORECASE)
_NO_LICENCE_SUFFIXES = (".py", ".json", ".toml", ".yml", ".yaml", ".html", ".tmpl", ".in")
_DISTINCT = compile_lazily(
    r"(A|L)?GPL\b|BSD(-[23]|$)|MIT$|Apache\b|MPL\b|ISC$|EUPL\b|CECILL\b|Unlicense$"
)
_MOST_TEXT = 200_000
_LONGEST_LINE = 10_000
_LONGEST_EXPRESSION = 1000  # characters of an expression: its reader compiles it as Python

# Most files hold one of these word for word: their digests avoid loading the recogniser. A test
# compares each with what the recogniser says.
_KNOWN: Mapping[str, str] = {
    "64beccdd4f7ac229": "AGPL-3.0",
    "35efe86ceb4893f5": "Apache-2.0",
    "986c3c3199a93b91": "BSD-2-Clause",
    "f131d80024ed15d5": "BSD-3-Clause",
    "7c595b18b14ba3fb": "GPL-2.0",
    "d2590742b7df5fe6": "GPL-3.0",
    "a7b910f35763fa0e": "GPL-3.0",  # with the addresses of before 2015
    "aa8c6640f617648a": "LGPL-2.1",
    "de12d49f1099b2df": "LGPL-3.0",
    "0cf21bdfd1964a97": "MIT",
    "477415785772276b": "MPL-2.0",
}

# Texts that are often extended, such as by a clause on export: first word and number of words.
_BODIES: Mapping[str, tuple[str, int]] = {
    "35efe86ceb4893f5": ("version", 1560),
    "f131d80024ed15d5": ("redistribution", 210),
    "0cf21bdfd1964a97": ("permission", 163),
}

_VERSION = r"(?:\W{0,3}(?:\([AL]?GPL\))?[\s,-]*(?:v(?:ersion)?\.?\s*)?(\d(?:\.\d)?)(?!\d|-clause))?"
_NAMES = {
    "AGPL": rf"(?:GNU )?Affero (?:General Public Licen[cs]e|GPL){_VERSION}|\bAGPL{_VERSION}",
    "LGPL": rf"(?:GNU )?(?:Lesser|Library) (?:General Public Licen[cs]e|GPL){_VERSION}"
    rf"|\bLGPL{_VERSION}",
    "GPL": rf"(?:GNU )?General Public Licen[cs]e{_VERSION}|(?<![A-Z])GPL{_VERSION}",
    "BSD": r"\b(?:(\d|two|three|new|revised|modified|simplified)(?:[ -]clause)?[ -])?BSD\b"
    r"(?:[ -](\d)(?:[ -]clause)?)?",
    "Apache": rf"\bApache(?: Software)?(?: Licen[cs]e)?{_VERSION}",
    "MPL": rf"\b(?:Mozilla Public Licen[cs]e|MPL){_VERSION}",
    "EUPL": rf"\b(?:European Union Public Licen[cs]e|EUPL){_VERSION}",
    "CECILL": r"\bCeCILL(?:-([BC]))?",
    "MIT": r"\bMIT\b",
    "ISC": r"\bISC\b",
}
_LATER = compile_lazily(
    r"\W{0,3}(?:\+|or (?:\W?at your option\W{1,3})?(?:any )?(?:later|newer|above))", re.IGNORECASE
)
_CLAUSES = {
    "2": "2-Clause",
    "two": "2-Clause",
    "simplified": "2-Clause",
    "3": "3-Clause",
    "three": "3-Clause",
    "new": "3-Clause",
    "revised": "3-Clause",
    "modified": "3-Clause",
}


def read(files: Files) -> dict[str, tuple[str, ...]]:
    """The licences whose texts each licence file holds; none for an unrecognised text."""
    return {path: recognise(files.text(path)[:_MOST_TEXT]) for path in list_licence_files(files)}


def list_licence_files(files: Files) -> list[str]:
    """The licence files at the top level of a project and in ``LICENSES``."""
    return [
        path
        for path in files.files
        if (("/" not in path and _FILE.match(path)) or path.startswith("LICENSES/"))
        and not path.lower().endswith(_NO_LICENCE_SUFFIXES)
    ]


def list_own_files(files: Files) -> list[str]:
    """The licence files of a project itself.

    Beside some at the top, those in ``LICENSES`` may be of what it has from others.
    """
    found = list_licence_files(files)
    return [path for path in found if "/" not in path] or found


def holds(text: str, names: Iterable[str]) -> bool:
    """Whether a text holds one of some licences word for word, whatever surrounds it.

    If so, the recogniser would say the same, or that there is too much else to tell. It takes a
    tenth of a second to load, and could not contradict these licences.
    """
    wanted = set(map(strip_suffix, names))
    words = _normalized_words(text[:_MOST_TEXT])
    for digest, licence in _KNOWN.items():
        if licence not in wanted:
            continue
        first, count = _BODIES.get(digest, ("", 0))
        start = words.index(first) if first in words else 0
        if _hash(words[start : start + count] if count else words) == digest:
            return True
    return False


def recognise(text: str) -> tuple[str, ...]:
    """The licences whose texts are in a text, of those that can be identified with certainty."""
    if known := _KNOWN.get(_hash(_normalized_words(text))):
        return (known,)
    if not text.strip():
        return ()
    from licenseclassifier import identify_license

    found = (strip_suffix(each.id) for each in identify_license(text))
    return tuple(dict.fromkeys(each for each in found if _DISTINCT.match(each)))


def _normalized_words(text: str) -> list[str]:
    """The words of a text, independent of holder, year, title, numbering and line breaks.

    The addresses in a licence became https, and a clause of BSD names the holder.
    """
    lines = (line.strip().lower() for line in text.split("\n"))
    header = r"(the )?[\w .-]*license( \(.*\))?$|(copyright|\(c\)|all rights res)"
    kept = (re.sub(r"^\d{1,2}[.)] ", "", line) for line in lines if not re.match(header, line))
    words = " ".join(re.findall(r"\w+", " ".join(kept).replace("https:", "http:")))
    names = r"(neither the names? of) .{0,100}? nor (?:the )?names of"
    return re.sub(names, r"\1 nor names of", words).split()


def _hash(words: list[str]) -> str:
    from hashlib import sha256

    return sha256(" ".join(words).encode()).hexdigest()[:16]


def strip_suffix(identifier: str) -> str:
    """An SPDX identifier without the suffix for later versions."""
    return re.sub(r"(-only|-or-later|\+)$", "", identifier)


def is_expression(text: str) -> bool:
    """Whether a text is a valid SPDX expression."""
    return make_canonical(text) is not None


def make_canonical(text: str) -> str | None:
    """An SPDX expression in its canonical form; ``None`` where it is not valid."""
    if text in COMMON:
        return text
    if len(text) > _LONGEST_EXPRESSION:
        return None
    from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

    try:
        return str(canonicalize_license_expression(text))
    except InvalidLicenseExpression:
        return None


_DEPRECATED = compile_lazily(r"\s*((?:A|L)?GPL-\d\.\d)\+?\s*", re.IGNORECASE)


def read_deprecated(text: str) -> str:
    """The GNU licence of an identifier that SPDX gave up: it does not say whether later ones count.

    Returns
    -------
    str
        Such as ``GPL-3.0``, also for ``gpl-3.0+``; empty for all else.
    """
    match = _DEPRECATED.fullmatch(text)
    return match[1].upper() if match else ""


def find_claimed(text: str) -> set[str]:
    """The licences that an expression, or free text in its place, names.

    A ``+`` behind one says that later versions are meant too.
    """
    # Identifiers mean the same in capitals and small letters.
    if expression := make_canonical(text):
        bare = re.sub(r"\bWITH\s+\S+", "", expression)
        words = bare.replace("(", " ").replace(")", " ").split()
        found = {
            f"{strip_suffix(word)}+" if word.endswith(("+", "-or-later")) else strip_suffix(word)
            for word in words
            if word not in ("AND", "OR")
        }
        return {each for each in found if not each.startswith("LicenseRef-")}
    return {name for name, _ in find_named(text)}


def find_named(text: str) -> list[tuple[str, int]]:
    """The licences that prose names, each with its position."""
    return [
        (_full_name(match), match.start())
        for match in _name_pattern().finditer(text[:_LONGEST_LINE])
    ]


@cache
def _name_pattern() -> re.Pattern[str]:
    """Matches all names; compiled when first used, not at import."""
    parts = (f"(?P<{name}>{pattern})" for name, pattern in _NAMES.items())
    return re.compile("|".join(parts), re.IGNORECASE)


def _full_name(match: re.Match[str]) -> str:
    family = next(name for name in _NAMES if match[name] is not None)
    first = match.re.groupindex[family]
    last = min((n for n in match.re.groupindex.values() if n > first), default=match.re.groups + 1)
    detail = next((match[n] for n in range(first + 1, last) if match[n]), "")
    if family == "BSD":
        return f"BSD-{clause}" if (clause := _CLAUSES.get(detail.lower())) else "BSD"
    if not detail:
        return family
    later = "+" if _LATER.match(match.string, match.end()) else ""
    # The Lesser GPL begins with 2.1, and is called v2 all the same.
    number = "2.1" if (family, detail) == ("LGPL", "2") else detail.upper()
    return f"{family}-{number}{'.0' if number.isdigit() else ''}{later}"


def contradict(some: Iterable[str], others: Iterable[str]) -> bool:
    """Whether two sets of licences that can be identified with certainty have none in common."""
    here, there = set(some), set(others)
    if (
        not here
        or not there
        or not all(_DISTINCT.match(strip_suffix(each)) for each in here | there)
    ):
        return False
    return not any(_agree(one, other) or _agree(other, one) for one in here for other in there)


def _agree(claimed: str, other: str) -> bool:
    """Whether a licence may be the other: the same, one of its family, or a later version."""
    one, other = strip_suffix(claimed), strip_suffix(other)
    if one == other or other.startswith(f"{one}-"):
        return True
    family, _, first = one.rpartition("-")
    other_family, _, version = other.rpartition("-")
    is_later = claimed.endswith("+") and family == other_family
    return is_later and re.findall(r"\d+", version) >= re.findall(r"\d+", first)

"""Changelog: it exists, follows Keep a Changelog, and agrees with the versions."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lisa_scaffold.formats.edit import insert_before, replace_line
from lisa_scaffold.formats.markdown import Heading
from lisa_scaffold.project.facts import Facts, cached_in_facts
from lisa_scaffold.rules.fix import Fix
from lisa_scaffold.rules.rule import MUST, SHOULD, Hit, rule

_NAMES = ("CHANGELOG", "CHANGES", "HISTORY", "NEWS", "RELEASES")
_FILES = tuple(
    f"{folder}{form}{suffix}"
    for folder in ("", "docs/", "doc/")
    for name in _NAMES
    for form in (name, name.lower(), name.title())
    for suffix in (".md", ".rst", ".txt", "")
)
_NUMBER = r"(\d+\.\d+(?:\.\d+)?(?:[-.]?(?:a|b|rc|alpha|beta|dev|post)[-.]?\d*)?)"
_VERSION = re.compile(rf"\[?v?(?:ersion )?{_NUMBER}\]?(?:\([^)]*\))?(?![\w.])", re.IGNORECASE)
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_WELL_FORMED = re.compile(
    rf"(?:\[v?{_NUMBER}\](?:\([^)]*\))?|v?{_NUMBER}) - \d{{4}}-\d\d-\d\d( \[YANKED\])?"
)
_COMMIT = re.compile(
    r"\s*(?:[-*]\s+)?(?:commit )?[0-9a-f]{7,40}\b|\s*(?:[-*]\s+)?Merge (branch|pull)"
    r"|[\s>]*(?:Author|Committ?er):.*@"
)
_FEW = 5
_LONGEST = 300
_DEEPEST = 3


def _find_markdown(facts: Facts) -> str | None:
    """The changelog, where it is Markdown with headings."""
    path = facts.first(*_FILES)
    return path if path and path.endswith(".md") and facts.headings(path) else None


@cached_in_facts
def _find_versions(facts: Facts) -> list[tuple[str, Heading]]:
    """The version headings, at the level of the first one."""
    path = _find_markdown(facts)
    found = [
        (match[1], heading)
        for heading in (facts.headings(path) if path else ())
        if heading.level <= _DEEPEST
        and len(heading.text) <= _LONGEST
        and (match := _VERSION.match(heading.text))
    ]
    return [each for each in found if each[1].level == found[0][1].level]


@rule("CHG001", SHOULD)
def there(facts: Facts) -> Iterator[Hit]:
    """There is a changelog.

    Why: Who uses a package must learn what a new version changes without reading its history.

    How: Keep a `CHANGELOG.md` at the top, with a section for each version, newest first.

    Source: [Keep a Changelog](https://keepachangelog.com/en/1.1.0/).
    """
    if facts.first(*_FILES) is None:
        yield Hit("CHANGELOG.md", 1, "no changelog")


@rule("CHG002", SHOULD, when=_find_versions, fixes=True)
def unreleased(facts: Facts) -> Iterator[Hit]:
    """The changelog has a place for what comes next.

    Why: What a change means is known best when it is made. A list that is put together at a
    release forgets things.

    How: Keep a section `## [Unreleased]` above the newest version, and let every merge request
    that users notice add a line to it.

    Source: [Keep a Changelog](https://keepachangelog.com/en/1.1.0/).
    """
    path = _find_markdown(facts)
    if path and not any("unreleased" in heading.text.lower() for heading in facts.headings(path)):
        first = _find_versions(facts)[0][1]
        marks = "#" * first.level
        above = rf"^{re.escape(facts.lines(path)[first.line - 1])}$"
        fix = Fix.edit(path, insert_before(above, f"{marks} [Unreleased]\n\n"))
        yield Hit(path, first.line, "no section for what is not released yet", fix=fix)


@rule("CHG003", SHOULD, when=_find_versions, fixes=True)
def heading_form(facts: Facts) -> Iterator[Hit]:
    """Version headings have the form `## [X.Y.Z] - YYYY-MM-DD`.

    Why: The release job and other programs read the notes of one version by its heading; a date
    in another order is read wrongly by half of the world.

    How: Write the version, a hyphen, and the date as year, month, day.

    Source: [Keep a Changelog](https://keepachangelog.com/en/1.1.0/),
    [ISO 8601](https://www.iso.org/iso-8601-date-and-time-format.html).
    """
    path = _find_markdown(facts)
    for number, heading in _find_versions(facts):
        is_right = _WELL_FORMED.fullmatch(heading.text) or "unreleased" in heading.text.lower()
        if not path or is_right:
            continue
        date = _DATE.search(heading.text)
        right = f"[{number}] - {date[0] if date else 'YYYY-MM-DD'}"
        line = facts.lines(path)[heading.line - 1]
        rest = _DATE.sub("", _VERSION.sub("", heading.text, count=1), count=1)
        fix = None
        # Only a heading that holds nothing but a version and a date can be rewritten.
        if date and line.startswith("#") and not rest.strip(" ()-\N{EN DASH}\N{EM DASH}:,"):
            new = f"{'#' * heading.level} {right}"
            fix = Fix.edit(path, replace_line(heading.line, line, new))
        yield Hit(path, heading.line, f"the heading should be: {right}", fix=fix)


@rule("CHG004", SHOULD, when=_find_versions)
def newest_first(facts: Facts) -> Iterator[Hit]:
    """The newest version stands first.

    Why: The newest version is what readers look for, and what the release job expects on top.

    How: Move the section up.

    Source: [Keep a Changelog](https://keepachangelog.com/en/1.1.0/).
    """
    path = _find_markdown(facts)
    above: tuple[int, ...] | None = None
    for number, heading in _find_versions(facts):
        release = tuple(int(part) for part in re.findall(r"\d+", number)[:3])
        # A maintained older branch has sections of its own: only the first wrong one is reported.
        if path and above is not None and release > above:
            yield Hit(path, heading.line, f"{number} stands below an older version")
            return
        above = release


@rule("CHG005", MUST, when=_find_versions)
def newest_has_entry(facts: Facts) -> Iterator[Hit]:
    """The version that the project has, or that its tag names, has its entry.

    Why: A release without its entry reaches users who cannot tell what it changes; the release job
    of the template refuses it.

    How: Rename the section "Unreleased" to the version with its date, and start a new one above.

    Source: [Keep a Changelog](https://keepachangelog.com/en/1.1.0/).
    """
    path = _find_markdown(facts)
    entries = {_release_numbers(number) for number, _ in _find_versions(facts)}
    claimed: list[tuple[str, str]] = []
    stated = facts.package.text("version")
    if re.fullmatch(r"\d+(\.\d+)+", stated):
        claimed.append((stated, facts.package.place("version").path))
    for tag in facts.head_tags:
        if match := re.fullmatch(r"v?(\d+\.\d+(\.\d+)?)", tag):
            claimed.append((match[1], f"the tag {tag}"))
    for version, said_by in claimed:
        if path and _release_numbers(version) not in entries:
            line = _find_versions(facts)[0][1].line
            yield Hit(path, line, f"no entry for {version}, which {said_by} names")
            return


def _release_numbers(version: str) -> tuple[int, ...]:
    """The numbers of a version without trailing zeros."""
    numbers = [int(part) for part in re.findall(r"\d+", version)]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


@rule("CHG006", SHOULD, when=lambda facts: facts.first(*_FILES))
def for_people(facts: Facts) -> Iterator[Hit]:
    """The changelog is written for people.

    Why: A dump of the git log hides what matters to users among hundreds of commits.

    How: Say for each version what was added, changed, fixed or removed, in words that users know.

    Source: [Keep a Changelog](https://keepachangelog.com/en/1.1.0/); a published LISA package
    ships its git log as changelog.
    """
    path = facts.first(*_FILES)
    lines = [(n, line) for n, line in enumerate(facts.lines(path or ""), 1) if line.strip()]
    commits = [number for number, line in lines if _COMMIT.match(line)]
    if path and len(commits) >= _FEW and len(commits) * 3 > len(lines):
        yield Hit(path, commits[0], "this is the git log, not what a version changes for users")

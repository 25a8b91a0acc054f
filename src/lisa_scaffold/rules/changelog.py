"""Changelog: it exists, is for people, and agrees with the versions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise, takewhile

from lisa_scaffold.formats.edit import insert_before
from lisa_scaffold.formats.markdown import Heading
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.facts import Facts, cached_in_facts
from lisa_scaffold.rules.fix import Fix
from lisa_scaffold.rules.rule import MUST, SHOULD, Hit, count_more, rule

_NAME = (
    r"(?:change[-_ ]?log|changes|(?:release[-_ ]?|version[-_ ]?)?history|news|releases?"
    r"|release[-_ ]?notes|what'?s[-_ ]?new)"
)
_SUFFIX = r"(?:\.(?:md|markdown|rst|txt|adoc))?"
_FILE = compile_lazily(rf"(?:docs?/(?:[^/]+/)*)?{_NAME}{_SUFFIX}", re.IGNORECASE)
# One file for each version, or for each change until the next one.
_FRAGMENTS = compile_lazily(
    rf"(?:docs?/(?:[^/]+/)*)?(?:{_NAME}(?:\.d)?|news[-_]?fragments|\.changes|\.changelog)/.+",
    re.IGNORECASE,
)
_LABELS = ("changelog", "changes", "releasenotes", "whatsnew", "history", "releases", "news")
_GENERATORS = ("towncrier", "scriv", "semantic_release", "git-changelog", "commitizen", "git-cliff")
_GENERATOR_FILES = (
    *("cliff.toml", ".cliff.toml", "cog.toml", ".changie.yaml", ".changie.yml", "changelog.toml"),
    *("release-please-config.json", ".release-please-manifest.json", ".protokolo.toml"),
    *("towncrier.toml", ".changelog.yml", ".releaserc", ".releaserc.json", ".cz.toml"),
)
# A program of the project's own that does the same.
_OWN_GENERATOR = compile_lazily(
    r"(?:.*/)?(?:generate|gen|make|build|create|write)[-_]?change[-_]?log(?:\.\w{1,4})?",
    re.IGNORECASE,
)
_GENERATED = compile_lazily(
    r"towncrier|<!--\s*(?:insertion marker|version list|scriv|generated|auto)|git-cliff|cocogitto"
    r"|(?:generated|created|written|maintained) (?:automatically |auto\S* )?(?:by|with)\b"
    r"|auto-?generated|conventional-?changelog|^- - -$|reno\b",
    re.IGNORECASE | re.MULTILINE,
)
_NOT_RELEASED = compile_lazily(
    r"unreleased|not (?:yet )?released|upcoming|in (?:progress|development)|under development"
    r"|\b(?:next|current|development|dev|main|master|trunk|head|latest|tbd|tba)\b|\.dev\d*\b",
    re.IGNORECASE,
)
_NUMBER = r"(\d+\.\d+(?:\.\d+)?(?:[-.]?(?:a|b|rc|alpha|beta|dev|post)[-.]?\d*)?)"
_VERSION = compile_lazily(
    rf"(?<!\d)[*`]{{0,3}}\[?v?(?:ersion )?{_NUMBER}\]?(?:\([^)]{{0,200}}\))?(?![\w.])",
    re.IGNORECASE,
)
_SOME_VERSION = compile_lazily(rf"\s(?:v|version )?{_NUMBER}(?![\w.])", re.IGNORECASE)
# A date in numbers: with dots the day comes first, with other signs nobody knows.
_ISO_DATE = compile_lazily(r"(?<![\d-])(\d{4})-(\d{1,2})-(\d{1,2})(?![\d-])")
_UNCLEAR_DATE = compile_lazily(r"(?<![\d/-])(\d{1,2})([/-])(\d{1,2})\2(\d{4}|\d{2})(?![\d/-])")
_MONTHS = 12
_COMMIT = compile_lazily(
    r"\s*(?:[-*]\s+)?(?:commit )?[0-9a-f]{7,40}\b|\s*(?:[-*]\s+)?Merge (branch|pull)"
    r"|[\s>]*(?:Author|Committ?er):.*@"
)
_JOB = "release-notes"
"""The template's job that takes what a release says from a section of ``CHANGELOG.md``."""
_FEW = 5
_LONGEST = 300
_DEEPEST = 3


_MOST_LINES = 60
"""Lines at the top in which a section for what comes next would stand."""


@cached_in_facts
def find_files(facts: Facts) -> list[str]:
    """The changelogs, those at the top first."""
    found = [path for path in facts.files if _FILE.fullmatch(path)]
    return sorted(found, key=lambda path: (path.count("/"), not path.lower().startswith("change")))


def find_fragments(facts: Facts) -> list[str]:
    """Texts of a changelog that has a file for each version, or for each change."""
    found = (path for path in facts.files if _FRAGMENTS.fullmatch(path))
    return [path for path in found if path.endswith((".md", ".rst", ".txt"))]


def _find_markdown(facts: Facts) -> str | None:
    """The changelog, where it is Markdown with headings."""
    path = next(iter(find_files(facts)), "")
    return path if path.endswith(".md") and facts.headings(path) else None


@cached_in_facts
def _is_generated(facts: Facts) -> bool:
    """Whether a tool writes the changelog: its form, and what comes next, are the tool's."""
    tools = (facts.pyproject.get("tool", name) for name in _GENERATORS)
    if any(tools) or facts.has(*_GENERATOR_FILES):
        return True
    if any(_FRAGMENTS.fullmatch(path) or _OWN_GENERATOR.fullmatch(path) for path in facts.files):
        return True
    path = _find_markdown(facts)
    head = "\n".join(facts.lines(path)[:_MOST_LINES]) if path else ""
    return _GENERATED.search(head) is not None


@cached_in_facts
def _find_versions(facts: Facts) -> list[tuple[str, Heading]]:
    """The version headings, at the level of the first one that is no series of versions."""
    path = _find_markdown(facts)
    found = [
        (match[1], heading)
        for heading in (facts.headings(path) if path else ())
        if heading.level <= _DEEPEST
        and len(heading.text) <= _LONGEST
        and (match := _VERSION.match(heading.text))
    ]
    series = {
        heading
        for (number, heading), (inner, below) in pairwise(found)
        if below.level > heading.level and f"{inner}.".startswith(f"{number}.")
    }
    single = [each for each in found if each[1] not in series]
    return [each for each in single if each[1].level == single[0][1].level]


_IN_OTHER_WORDS = compile_lazily(
    rf"\W{{0,9}}(?:v|version |release )?{_NUMBER}(?![\w.])", re.IGNORECASE
)


def has_sections(facts: Facts, path: str) -> bool:
    """Whether a changelog tells of versions below headings, or of none yet.

    Others the template's job that takes notes from it cannot read.
    """
    headings = (each.text for each in facts.headings(path) if each.level <= _DEEPEST)
    if any(_VERSION.match(each) or _SOME_VERSION.search(each) for each in headings):
        return True
    told = any(_IN_OTHER_WORDS.match(line[:_LONGEST]) for line in facts.lines(path))
    return _has_unreleased(facts, path) or not told


def _has_unreleased(facts: Facts, path: str) -> bool:
    """Whether there is a place for what is not released yet, in whatever words."""
    if any(_NOT_RELEASED.search(heading.text) for heading in facts.headings(path)):
        return True
    # Where the link of a heading leads is told without that heading, too.
    return any(
        re.match(r"\W*(?:not yet released|unreleased)\b(?!\]:)", line, re.IGNORECASE)
        for line in facts.lines(path)[:_MOST_LINES]
    )


@rule("CHG001", SHOULD, strict=True)
def there(facts: Facts) -> Iterator[Hit]:
    """There is a changelog.

    Why: Users of a package must be able to see what a new version changes without reading its git
    history.

    How: Keep a `CHANGELOG.md` at the top, with a section for each version, newest first.

    Source: [Keep a Changelog](https://keepachangelog.com/en/1.1.0/).
    """
    linked = ("".join(filter(str.isalnum, each.lower())) for each in facts.package.table("urls"))
    own = find_files(facts) or _is_generated(facts) or any(each in _LABELS for each in linked)
    if not own and not (facts.above and find_files(facts.above)):
        message = "no changelog, so users cannot see what a version changes: add a CHANGELOG.md"
        yield Hit("CHANGELOG.md", 1, message)


@rule(
    "CHG002",
    SHOULD,
    when=lambda facts: find_files(facts) and not _is_generated(facts),
    fixes=True,
    strict=True,
)
def unreleased(facts: Facts) -> Iterator[Hit]:
    """The changelog has a section for the next version.

    Why: What a change means is best known when it is made. A list that is put together for a
    release misses things.

    How: Keep a section `## [Unreleased]` above the newest version, and add a line to it in every
    merge request that users will notice. Without that section and without one of a version, no
    other rule knows the file for a changelog of this form.

    Source: [Keep a Changelog](https://keepachangelog.com/en/1.1.0/).
    """
    path = _find_markdown(facts)
    if not _find_versions(facts):
        yield from _find_lost_form(facts)
    elif path and not _has_unreleased(facts, path) and not _has_other_form(facts, path):
        first = _find_versions(facts)[0][1]
        marks = "#" * first.level
        above = rf"^{re.escape(facts.lines(path)[first.line - 1])}$"
        fix = Fix.edit(path, insert_before(above, f"{marks} [Unreleased]\n\n"))
        message = (
            "no place to note changes until the next release: add "
            f"`{marks} [Unreleased]` above this"
        )
        yield Hit(path, first.line, message, fix=fix)


def _has_other_form(facts: Facts, path: str) -> bool:
    """Whether newer versions have headings of another form, such as ``lisa-noise 1.2``."""
    first = _find_versions(facts)[0][1]
    above = (each.text for each in facts.headings(path) if each.line < first.line)
    return any(not _VERSION.match(each) and _SOME_VERSION.search(each) for each in above)


def _find_lost_form(facts: Facts) -> Iterator[Hit]:
    """Tell of a changelog of the template's name without any section: no rule can judge it."""
    path = find_files(facts)[0]
    text = facts.text(path)
    titles = [heading.text for heading in facts.headings(path)][:1]
    if path != "CHANGELOG.md" or _RELEASES_PAGE.search(text):
        return
    if titles and not _FILE.fullmatch(titles[0].replace(" ", "-")):
        return  # in other words, or another language
    if not _has_unreleased(facts, path):
        fix = Fix.edit(path, lambda text: f"{text.rstrip()}\n\n## [Unreleased]\n".lstrip())
        message = "no section of a version, and none for the next one: add `## [Unreleased]`"
        yield Hit(path, 1, message, fix=fix)


@rule("CHG003", SHOULD, when=lambda facts: _find_versions(facts) and not _is_generated(facts))
def dates_can_be_read(facts: Facts) -> Iterator[Hit]:
    """The dates of versions are unambiguous.

    Why: Half of the world reads 03/04/2026 as a day in March, and the other half as one in April.
    Nobody can read 2026-26-08. Where another date of the same file can be read in one way alone,
    the others are read like it.

    How: Write the date as year, month, day: `2026-04-03`.

    Source: [ISO 8601](https://www.iso.org/iso-8601-date-and-time-format.html);
    [Keep a Changelog](https://keepachangelog.com/en/1.1.0/).
    """
    path = _find_markdown(facts) or ""
    impossible: list[tuple[int, str]] = []
    unclear: list[tuple[int, str]] = []
    for _, heading in _find_versions(facts):
        if match := _ISO_DATE.search(heading.text):
            if not _is_date(*map(int, match.groups())):
                impossible.append((heading.line, match[0]))
        elif match := _UNCLEAR_DATE.search(heading.text):
            first, second = int(match[1]), int(match[3])
            if first <= _MONTHS and second <= _MONTHS and first != second:
                unclear.append((heading.line, match[0]))
    if _tells_order(facts):
        unclear = []
    for found, why in ((impossible, "is not a date"), (unclear, "can be read in two ways")):
        if found:
            more = count_more([line for line, _ in found])
            yield Hit(path, found[0][0], f"{found[0][1]} {why}: write YYYY-MM-DD{more}")


def _tells_order(facts: Facts) -> bool:
    """Whether the other dates tell what comes first: 18/08/2026 is of a month for nobody."""
    dates = (_UNCLEAR_DATE.search(heading.text) for _, heading in _find_versions(facts))
    numbers = [(int(date[1]), int(date[3])) for date in dates if date]
    is_day_first = any(first > _MONTHS for first, _ in numbers)
    return is_day_first != any(second > _MONTHS for _, second in numbers)


def _is_date(year: int, month: int, day: int) -> bool:
    from datetime import date

    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def _find_part(facts: Facts, version: Heading) -> int:
    """The line of the heading that begins a part with versions of its own; 0 in the first part.

    Above a version it is one of a higher level, or one of the same level without a text of its own:
    ``## Before the first release on PyPI``.
    """
    return max((line for line in _find_parts(facts) if line < version.line), default=0)


# A version, or some of them together: ``Version 2``, ``[1.x]``.
_SERIES = compile_lazily(r"\W*(?:v|version\s*)?\d", re.IGNORECASE)


@cached_in_facts
def _find_parts(facts: Facts) -> list[int]:
    path = _find_markdown(facts) or ""
    first = _find_versions(facts)[0][1]
    lines = facts.lines(path)
    parts = []
    for heading, below in pairwise(facts.headings(path)):
        if heading.line <= first.line or _SERIES.match(heading.text):
            continue
        if heading.level > first.level or _NOT_RELEASED.search(heading.text):
            continue
        is_empty = not "".join(lines[heading.line : below.line - 1]).strip("-=~ ")
        if heading.level < first.level or (is_empty and below.level == first.level):
            parts.append(heading.line)
    return parts


_YEARS = (1970,)


@rule("CHG004", SHOULD, when=_find_versions)
def newest_first(facts: Facts) -> Iterator[Hit]:
    """The newest version comes first.

    Why: The newest version is what readers look for, and the release job expects it at the top.

    How: Move the section up. Sections that stand by their days, as those of two branches which get
    releases at the same time, are not meant.

    Source: [Keep a Changelog](https://keepachangelog.com/en/1.1.0/).
    """
    path = _find_markdown(facts)
    above: tuple[int, ...] | None = None
    day_above = ""
    part = 0
    for number, heading in _find_versions(facts):
        release = _release_numbers(number)
        if part != (part := _find_part(facts, heading)):
            above = None
        # A maintained older branch has sections of its own: only the first wrong one is reported.
        # Whoever leaves the years for numbers begins at 1 again.
        is_same = above is not None and (above[:1] > _YEARS) == (release[:1] > _YEARS)
        day = _find_day(facts, heading)
        is_by_day = day and day_above and day <= day_above
        if path and above is not None and is_same and release > above and not is_by_day:
            message = f"readers look for the newest version at the top: move {number} up"
            yield Hit(path, heading.line, message)
            return
        above, day_above = release, day


_LINES_WITH_DAY = 3


def _find_day(facts: Facts, heading: Heading) -> str:
    """The day of a section, in its heading or in the lines below; empty where none is told."""
    path = _find_markdown(facts) or ""
    lines = facts.lines(path)[heading.line : heading.line + _LINES_WITH_DAY]
    below = takewhile(lambda line: not line.startswith(("#", "- ", "* ")), lines)
    found = map(_ISO_DATE.search, (heading.text, *below))
    return next((f"{each[1]}-{each[2]:0>2}-{each[3]:0>2}" for each in found if each), "")


_LINK_TARGET = compile_lazily(r"\s*\[[^\]]+\]:\s")
_RELEASES_PAGE = compile_lazily(r"https?://[^\s)>]{1,500}/releases/?(?=[\s)>.,]|$)")


def _find_unreleased(facts: Facts) -> Heading | None:
    """The heading "Unreleased": whoever has it gives each version a section."""
    path = _find_markdown(facts)
    headings = facts.headings(path) if path else ()
    return next((each for each in headings if "unreleased" in each.text.lower()), None)


@rule("CHG005", MUST, when=lambda facts: _find_versions(facts) or _find_unreleased(facts))
def newest_has_entry(facts: Facts) -> Iterator[Hit]:
    """The current version of the project, or of its tag, has a section.

    Why: Without one, users cannot tell what the release changes; the release job of the template
    refuses it.

    How: Rename the section "Unreleased" to the version with its date, and start a new one above.

    Source: [Keep a Changelog](https://keepachangelog.com/en/1.1.0/).
    """
    path = _find_markdown(facts)
    headed = [number for number, _ in _find_versions(facts)]
    # Before its first release a project has no other section.
    sections = [*(heading for _, heading in _find_versions(facts)), _find_unreleased(facts)]
    claimed: list[tuple[str, str]] = []
    stated = facts.package.text("version")
    if re.fullmatch(r"\d+(\.\d+)+", stated):
        claimed.append((stated, facts.package.place("version").path))
    for tag in facts.head_tags:
        if match := re.fullmatch(r"v?(\d+\.\d+(\.\d+)?)", tag):
            claimed.append((match[1], f"the tag {tag}"))
    may_be_next = not facts.head_tags
    if may_be_next and path and (_is_generated(facts) or _has_unreleased(facts, path)):
        return
    is_read = _JOB in facts.pipeline.jobs and facts.answers and path == "CHANGELOG.md"
    for version, said_by in claimed:
        tells = path and _tells_of([] if is_read else facts.lines(path), version, headed)
        if path and sections[0] and not (tells or (is_read and _is_named(facts, path, version))):
            line = sections[0].line
            message = f"users cannot see what {version} ({said_by}) changes: add a section for it"
            yield Hit(path, line, message)
            return


def _tells_of(lines: Sequence[str], version: str, headed: Sequence[str]) -> bool:
    """Whether a changelog has something about a version, in a section of its own or another."""
    series = ".".join(version.split(".")[:2])
    is_by_series = series in headed and not any(each.startswith(f"{series}.") for each in headed)
    if is_by_series or _release_numbers(version) in map(_release_numbers, headed):
        return True
    # Links to compare versions name those that have no section too.
    said = [line for line in lines if not _LINK_TARGET.match(line)]
    named = re.compile(rf"(?<![\d.]){re.escape(version)}(?!\.?\d)")
    return any(named.search(line) or _RELEASES_PAGE.search(line) for line in said)


def _is_named(facts: Facts, path: str, version: str) -> bool:
    """Whether a heading names a version behind other words, such as the project's name."""
    return any(
        _release_numbers(match[1]) == _release_numbers(version)
        for heading in facts.headings(path)
        if heading.level <= _DEEPEST
        for match in _SOME_VERSION.finditer(heading.text[:_LONGEST])
    )


def _release_numbers(version: str) -> tuple[int, ...]:
    """The numbers of a version without trailing zeros, and without those of a candidate."""
    plain = re.match(r"[\d.]*", version)
    numbers = [int(part) for part in re.findall(r"\d+", plain[0] if plain else "")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


@rule("CHG006", SHOULD, when=find_files)
def for_people(facts: Facts) -> Iterator[Hit]:
    """The changelog is written for people.

    Why: A dump of the git log buries what matters to users among hundreds of commits.

    How: Say for each version what was added, changed, fixed or removed, in words that users know.

    Source: [Keep a Changelog](https://keepachangelog.com/en/1.1.0/); a published LISA package
    ships its git log as its changelog.
    """
    path = find_files(facts)[0]
    lines = [(n, line) for n, line in enumerate(facts.lines(path), 1) if line.strip()]
    commits = [number for number, line in lines if _COMMIT.match(line)]
    if len(commits) >= _FEW and len(commits) * 3 > len(lines):
        yield Hit(
            path,
            commits[0],
            "a git log hides what matters: for each version, write what users will notice",
        )


@rule("CHG007", SHOULD, when=_find_versions)
def versions_agree(facts: Facts) -> Iterator[Hit]:
    """Each version has one section, and the newest is not newer than the package.

    Why: Otherwise readers see only half of the changes, or those of another version.

    How: Merge the sections of one version, or correct the version of one of them. Raise the version
    of the package if that was forgotten.

    Source: [Keep a Changelog](https://keepachangelog.com/en/1.1.0/): there is an entry for every
    single version.
    """
    path = _find_markdown(facts) or ""
    first: dict[tuple[int, str], int] = {}
    twice: list[tuple[int, str]] = []
    for number, heading in _find_versions(facts):
        label = _VERSION.sub(number, heading.text, count=1).split()[0]
        if first.setdefault((_find_part(facts, heading), label), heading.line) != heading.line:
            twice.append((heading.line, number))
    if twice:
        more = count_more([line for line, _ in twice])
        message = (
            f"{twice[0][1]} already has a section above, so readers miss this: merge the two, or "
            "correct the version"
        )
        yield Hit(path, twice[0][0], f"{message}{more}")
    stated, (number, heading) = facts.package.text("version"), _find_versions(facts)[0]
    plain = r"\d+(?:\.\d+)+"
    if re.fullmatch(plain, stated) and re.fullmatch(plain, number):
        newer = _release_numbers(number) > _release_numbers(stated)
        if newer and _ISO_DATE.search(heading.text) and not _NOT_RELEASED.search(heading.text):
            where = facts.package.place("version").path
            message = f"{number} is released here, but {where} still has {stated}: raise it there"
            yield Hit(path, heading.line, message)

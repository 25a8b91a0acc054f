"""What an update did in a fleet: text, Markdown, and ``lisa-scaffold/fleet-update/1``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from lisa_scaffold.fleet.work import Outcome
from lisa_scaffold.lines import Paint, count, plain
from lisa_scaffold.report import machine
from lisa_scaffold.report.document import Document, Item, Section, as_markdown, as_text
from lisa_scaffold.shown import brief, brief_inside
from lisa_scaffold.versions import shorten

HEADINGS = {
    "failed": "Failed",
    "updated": "Updated",
    "open": "Wait for somebody",
    "due": "Would be updated",
    "merged": "Merged",
    "touched": "Left alone",
    "declined": "Declined",
    "right": "Done before, and wait to be merged",
    "waiting": "Waiting",
    "opted out": "Take no updates of the fleet",
    "newer": "Made by a newer lisa-scaffold: upgrade this one",
    "no template": "Without the template",
    "another template": "Of another template",
    "current": "Up to date",
}
"""What can become of a project; what somebody has to look at comes first."""
_ON_BRANCH = frozenset(["updated", "due", "right", "open"])
_FILES = 2000  # characters of names
_FOLDED = 3  # files of a folder that are named one by one


def document(outcomes: Sequence[Outcome]) -> Document:
    """The update for people."""
    return Document(count(len(outcomes), "project"), tuple(_list_sections(outcomes)))


def _list_sections(outcomes: Sequence[Outcome]) -> Iterator[Section]:
    for action, heading in HEADINGS.items():
        found = [each for each in outcomes if each.action == action]
        if found:
            title, urgent = f"{heading} ({len(found)})", action in ("failed", "open")
            yield Section(title, tuple(map(_describe, found)), urgent=urgent)


def _describe(outcome: Outcome) -> Item:
    facts = []
    if outcome.to and outcome.version != outcome.to:
        versions = [shorten(each) for each in (outcome.version, outcome.to) if each]
        # One alone would be taken for the project's.
        facts.append(" to ".join(versions) if outcome.version else f"template {versions[0]}")
    if outcome.changes:
        facts.append(count(outcome.changes, "file"))
    if outcome.conflicts:
        draft = ", as a draft" if outcome.url else ""
        facts.append(f"{', '.join(outcome.conflicts)} in conflict{draft}")
    if outcome.branch and not outcome.url and outcome.action in _ON_BRANCH:
        facts.append(f"on the branch {outcome.branch}")
    facts += [each for each in (outcome.said, outcome.url) if each]
    # Of what is done the commit tells it; what would be done nobody else tells.
    due = (Item(brief(", ".join(_fold(outcome.files)), _FILES)),) if outcome.action == "due" else ()
    return Item(brief_inside(", ".join(facts), 600), outcome.name, due if outcome.files else ())


def _fold(paths: Sequence[str]) -> list[str]:
    """Paths, those of one folder as one where there are many."""
    folders = Counter(path.rpartition("/")[0] for path in paths)
    said = []
    for path in paths:
        folder = path.rpartition("/")[0]
        many = folder and folders[folder] > _FOLDED
        said.append(f"{folder}/ ({folders[folder]} files)" if many else path)
    return list(dict.fromkeys(said))


def as_json(outcomes: Sequence[Outcome]) -> str:
    """The update for programs."""
    listed = [asdict(each) for each in outcomes]
    return machine.as_json({"schema": "lisa-scaffold/fleet-update/1", "projects": listed})


def text(outcomes: Sequence[Outcome], width: int = 0, paint: Paint = plain) -> str:
    """The update as text."""
    return as_text(document(outcomes), width, paint)


def markdown(outcomes: Sequence[Outcome]) -> str:
    """The update as Markdown."""
    return as_markdown(document(outcomes))

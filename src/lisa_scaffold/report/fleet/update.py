"""What an update did in a fleet: text, Markdown, and ``lisa-scaffold/fleet-update/1``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from lisa_scaffold.fleet.outcomes import Outcome
from lisa_scaffold.lines import Paint, count, join_names, strip_style
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.report import machine
from lisa_scaffold.report.document import Document, Item, Section, as_markdown, as_text
from lisa_scaffold.report.fleet.steps import list_update_steps
from lisa_scaffold.shown import brief, brief_inside, visible
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
    "current": "Nothing to update",
}
"""What can become of a project; what somebody has to look at comes first."""
_ON_BRANCH = frozenset(["updated", "due", "right", "open"])
# A way out ends what is said, as a command; one of two is no command.
_COMMAND = compile_lazily(r"(?s)(.*): ((?:lisa-scaffold|git|pip|chmod) (?:(?!, or ).)*?)\.?")
_FILES = 2000  # characters of names
_NAMES = 600  # of projects
_TASK = 400  # of what there is to do
_FOLDED = 3  # files of a folder that are named one by one


class Run(NamedTuple):
    """What was asked for, for the commands that go on.

    Attributes
    ----------
    fleet
        The settings of the fleet.
    words
        The options, without ``--dry-run``.
    dry_run
        Whether that was one of them.
    left_out
        The names of the projects that were left out, by the reason.
    """

    fleet: Path | None = None
    words: tuple[str, ...] = ()
    dry_run: bool = False
    left_out: Mapping[str, Sequence[str]] = MappingProxyType({})


def compose_document(outcomes: Sequence[Outcome], run: Run = Run()) -> Document:  # noqa: B008 - frozen
    """The update for people."""
    sections = [*_list_sections(outcomes)]
    if named := sorted(run.left_out.items()):
        said = ", ".join(f"{len(names)} {reason}" for reason, names in named)
        items = tuple(Item(brief(", ".join(names), _NAMES), reason) for reason, names in named)
        sections.append(Section(f"Left out: {said}", items))
    steps = list_update_steps(outcomes, run.fleet, run.words, dry_run=run.dry_run)
    if items := tuple(Item(said, code=command) for said, command in steps):
        sections.append(Section("Next", items))
    tasks = sum(len(each.tasks) for each in outcomes)
    things = "thing" if tasks == 1 else "things"
    title = count(len(outcomes), "project") + (f", {tasks} {things} to do" if tasks else "")
    return Document(title, tuple(sections))


def _list_sections(outcomes: Sequence[Outcome]) -> Iterator[Section]:
    headings = dict(HEADINGS)
    if any(each.action == "newer" for each in outcomes):
        headings["current"] = "Nothing newer is known to this lisa-scaffold"
    for action, heading in headings.items():
        found = [each for each in outcomes if each.action == action]
        if found:
            title, urgent = f"{heading} ({len(found)})", action in ("failed", "open")
            firsts = {each.files: each.name for each in reversed(found)}
            items = tuple(_describe(each, firsts[each.files]) for each in found)
            yield Section(title, items, urgent=urgent)


def _describe(outcome: Outcome, first: str) -> Item:
    """What there is to say of a project; of its files, where they are not those of a first one."""
    facts = []
    if outcome.to and outcome.version != outcome.to:
        versions = [shorten(each) for each in (outcome.version, outcome.to) if each]
        # One alone would be taken for the project's.
        facts.append(" to ".join(versions) if outcome.version else f"template {versions[0]}")
    if outcome.changes:
        facts.append(count(outcome.changes, "file"))
    if outcome.conflicts:
        draft = ", as a draft" if outcome.url and outcome.action != "touched" else ""
        facts.append(f"{', '.join(outcome.conflicts)} in conflict{draft}")
    if outcome.branch and not outcome.url and outcome.action in _ON_BRANCH:
        facts.append(f"on the branch {outcome.branch}")
        if outcome.superseded:
            facts.append(f"which supersedes {join_names(outcome.superseded)}")
    if (notes := outcome.notes - len(outcome.tasks)) > 0 and outcome.action == "updated":
        where = "the merge request" if outcome.url else "its commit's message"
        facts.append(f"{count(notes, 'note')} in {where}")
    if outcome.obstacle and outcome.target:
        facts.append(outcome.obstacle)
    said, command = _split(outcome.said)
    facts += [each for each in (outcome.url, said) if each]
    # Of what is done the commit tells it; what would be done nobody else tells.
    due = tuple(Item(brief_inside(each, _TASK), "to do") for each in outcome.tasks)
    if outcome.action in {"due", "waiting"} and outcome.files:
        same = first != outcome.name
        files = f"the same files as {first}" if same else ", ".join(_fold(outcome.files))
        due += (Item(brief(files, _FILES)),)
    return Item(brief_inside(", ".join(facts), 600), outcome.name, due, visible(command))


def _split(said: str) -> tuple[str, str]:
    """A sentence, and the command in which it ends, which is to be copied as it is."""
    found = _COMMAND.fullmatch(said)
    return (f"{found[1]}:", found[2]) if found else (said, "")


def _fold(paths: Sequence[str]) -> list[str]:
    """Paths, those of one folder as one where there are many."""
    folders = Counter(path.rpartition("/")[0] for path in paths)
    said = []
    for path in paths:
        folder = path.rpartition("/")[0]
        many = folder and folders[folder] > _FOLDED
        said.append(f"{folder}/ ({folders[folder]} files)" if many else path)
    return list(dict.fromkeys(said))


def as_json(outcomes: Sequence[Outcome], run: Run = Run()) -> str:  # noqa: B008 - frozen
    """The update for programs."""
    told = {
        "schema": "lisa-scaffold/fleet-update/1",
        "names_left_out": {reason: [*names] for reason, names in run.left_out.items()},
        "projects": [asdict(each) for each in outcomes],
    }
    return machine.as_json(told)


def write_text(
    outcomes: Sequence[Outcome],
    width: int = 0,
    paint: Paint = strip_style,
    run: Run = Run(),  # noqa: B008 - frozen
) -> str:
    """The update as text."""
    return as_text(compose_document(outcomes, run), width, paint)


def write_markdown(outcomes: Sequence[Outcome], run: Run = Run()) -> str:  # noqa: B008 - frozen
    """The update as Markdown."""
    return as_markdown(compose_document(outcomes, run))

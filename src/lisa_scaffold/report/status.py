"""What ``lisa-scaffold status`` shows."""

from __future__ import annotations

from collections.abc import Iterator

from lisa_scaffold.lines import Paint, count, join_names, strip_style
from lisa_scaffold.report import machine
from lisa_scaffold.report.document import Document, Item, Section, as_markdown, as_text
from lisa_scaffold.shown import redacted
from lisa_scaffold.verbs.status import Departure, Status
from lisa_scaffold.versions import shorten

HEADINGS = {
    "locked": "Drift: locked files, which belong to the template",
    "shared": "Changed by the project",
    "seeded": "Written once, the project's since then",
    "skipped": "Kept by the project for itself (skip)",
}
# Which of both, the render does not tell: what an adoption has merged differs from it at once.
_ADOPTED = "Merged with the project's own when it was adopted, or changed since"


def compose_document(status: Status) -> Document:
    """The status for people."""
    project = status.project
    title = f"{shorten(project.version)} of {redacted(project.source)}"
    return Document(title, tuple(_list_sections(status)))


def _list_sections(status: Status) -> Iterator[Section]:
    is_adopted = status.project.answers.get("adopted") is True
    headings = HEADINGS | ({"shared": _ADOPTED} if is_adopted else {})
    behind = status.behind
    if not behind:
        yield Section("Up to date: the newest version of the template")
    else:
        number = count(len(behind), "version")
        if status.commits:
            number = count(status.commits, "commit")
        between = join_names(map(shorten, behind[:-1]))
        yield Section(
            f"{number} behind {shorten(behind[-1])}: lisa-scaffold update",
            (Item(f"in between: {between}"),) if between else (),
        )
    for ownership, heading in headings.items():
        found = [each for each in status.departures if each.ownership == ownership]
        if found:
            yield Section(heading, tuple(map(_describe, found)), urgent=ownership == "locked")
    otherwise = len(status.departures)
    same = f"{status.files - otherwise} of {status.files} files"
    yield Section(f"{same} are committed just as the template renders them")
    if status.diff:
        yield Section("Differences from the render", code=status.diff, language="diff")


def _describe(each: Departure) -> Item:
    counts = [f"+{each.added}"] if each.added else []
    counts += [f"-{each.removed}"] if each.removed else []
    edits = " ".join(counts)
    if each.status == "deleted":
        return Item("deleted", each.path)
    if each.status == "moved":
        return Item(f"moved, {edits}" if edits else "moved", f"{each.path} -> {each.now}")
    return Item(edits or "changed", each.path)


def write_text(status: Status, width: int = 0, paint: Paint = strip_style) -> str:
    """The status as text; see :func:`~lisa_scaffold.report.document.as_text`."""
    return as_text(compose_document(status), width, paint) + "\n"


def write_markdown(status: Status) -> str:
    """The status as Markdown."""
    return as_markdown(compose_document(status))


def as_json(status: Status) -> str:
    """The machine-readable form, ``lisa-scaffold/status/1``."""
    result = {
        "schema": "lisa-scaffold/status/1",
        "template": status.project.source,
        "version": status.project.version,
        "newest": status.newest,
        "behind": list(status.behind),
        "commits": status.commits,
        "files": status.files,
        "departures": [each._asdict() for each in status.departures],
        "drift": [each.path for each in status.drift],
        "diff": status.diff,
    }
    return machine.as_json(result)

"""The status of a fleet for people: in a terminal, and in Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from lisa_scaffold.fleet.records import (
    STATES,
    Figures,
    Row,
    Status,
    count_figures,
    rank_failing,
    say_ignored,
)
from lisa_scaffold.lines import Paint, count, join_codes, join_names, strip_style
from lisa_scaffold.report.document import Document, Item, Section
from lisa_scaffold.report.document import as_text as write_text
from lisa_scaffold.report.fleet.steps import list_musts, list_steps
from lisa_scaffold.report.fleet.table import say_updates
from lisa_scaffold.report.markdown import code, escaped
from lisa_scaffold.shown import brief, brief_inside
from lisa_scaffold.versions import shorten

HEADINGS = {
    "unreadable": "Could not be read",
    "no template": "Without the template",
    "another template": "Of another template",
    "newer": "Made by a newer lisa-scaffold: upgrade this one",
    "unclear": "Of a version that cannot be followed",
    "drifted": "Drifted: locked files, which belong to the template, are otherwise",
    "behind": "Behind",
    "current": "Up to date",
}
WAITS = {
    "ready": "waits to be merged",
    "tasks": "waits to be merged, with something to do that its commit tells",
    "conflict": "waits for somebody: there are conflicts",
    "touched": "waits to be merged, people have committed to it",
    "unresolved": "waits for somebody: people have committed to it, and there are conflicts",
    "lost": "points to what is lost",
}
"""What is said of a branch, by its state."""

_LONGEST = 600
_NAMES = 600  # characters of names in a line
_CODES = 4
_FAILING, _MOST_RULES = 10, 25  # rules of the text, and of a table
_ADDRESS = 100


def compose_document(status: Status, fleet: Path | None = None) -> Document:
    """The status for people.

    Parameters
    ----------
    status
        The status.
    fleet
        The settings of the fleet, for the commands that go on.
    """
    figures = count_figures(status.rows)
    counted = count(figures.projects, "project")
    if others := len(status.rows) - figures.projects:
        counted += f" and {others} of another template"
    sections = tuple(_list_sections(status, fleet))
    shares = say_shares(figures)
    return Document(f"{counted}, template {status.newest}: {shares}", sections)


def say_shares(figures: Figures) -> str:
    """The headline of a fleet."""
    current, follow = map(figures.share, (figures.current, figures.follow))
    return f"{current} % up to date, {follow} % follow the practice"


def list_figures(figures: Figures) -> Iterator[str]:
    """A fleet in numbers, a sentence each."""
    told = ", ".join(f"{name} ({number})" for name, number in figures.practice.items() if number)
    yield f"Practice: {told or 'no project'}."
    projects, findings = say_read(figures), count(figures.must, "finding")
    yield f"{findings} that must be fixed, in {figures.with_must} of {projects}."
    if figures.waived_must:
        waived = f"{figures.waived_must} more that must be, and "
        waived += "is waived" if figures.waived_must == 1 else "are waived"
        yield f"{waived}, in {figures.with_waived_must} of {projects}."
    if unheard := say_unheard(figures):
        yield unheard


def say_read(figures: Figures) -> str:
    """The projects that findings are counted in."""
    said = count(figures.read, "project")
    return f"{said} that could be read" if figures.read < figures.projects else said


def say_unheard(figures: Figures) -> str:
    """That nobody knows how pipelines ended; nothing where that is known of all projects."""
    if not figures.unheard:
        return ""
    projects = count(figures.unheard, "project")
    return f"How the last pipeline of {projects} ended is not known: the figures are without it."


def _list_sections(status: Status, fleet: Path | None) -> Iterator[Section]:
    if told := say_beyond(status):
        yield Section("This lisa-scaffold is too old for the fleet", (Item(told),), urgent=True)
    for state in STATES:
        rows = [row for row in status.rows if row.state == state]
        if rows:
            urgent = state in {"unreadable", "unclear", "drifted"}
            heading = f"{HEADINGS[state]} ({_count_following(rows)})"
            yield Section(heading, tuple(map(_describe, rows)), urgent=urgent)
    if status.rows:
        yield Section("In numbers", tuple(map(Item, list_figures(count_figures(status.rows)))))
    if failing := _say_failing(status):
        yield Section("Rules that fail most", failing)
    if status.left_out:
        said = (f"{number} {reason}" for reason, number in sorted(status.left_out.items()))
        named = sorted(status.names_left_out.items())
        items = (Item(brief(", ".join(names), _NAMES), reason) for reason, names in named)
        yield Section(f"Left out: {', '.join(said)}", tuple(items))
    if status.notes:
        yield Section("Settings that do nothing", tuple(map(Item, status.notes)))
    if steps := tuple(Item(said, code=command) for said, command in list_steps(status, fleet)):
        yield Section("Next", steps)


def say_beyond(status: Status) -> str:
    """That projects have newer versions than this lisa-scaffold knows; nothing where none has."""
    if not status.beyond:
        return ""
    newer = ", ".join(map(shorten, status.beyond))
    return (
        f"It knows {status.newest}, and projects have {brief(newer, _ADDRESS)}: which version is "
        "the newest is not known here. Upgrade it first; a control repository is updated from a "
        "desk."
    )


def _describe(row: Row) -> Item:
    if row.problem:
        return Item(brief_inside(row.problem, _LONGEST), row.name)
    return Item(", ".join(say_facts(row)), row.name)


def say_facts(row: Row) -> Iterator[str]:
    """What there is to say of a project, a few words each."""
    branch = row.checkout and (
        f"{row.checkout} is checked out, and {row.target} is looked at"
        if row.target
        else f"{row.checkout} is checked out, and nothing says which branch is the default"
    )
    other = row.other and f"of {brief(row.other, _ADDRESS)}"
    yield from filter(None, (branch, row.version and shorten(row.version), other))
    if row.behind:
        yield count(row.behind, "version") + " behind"
    if row.drift:
        yield count(row.drift, "locked file") + " changed"
    yield from _say_findings(row)
    if row.state == "current" and not row.follows:
        yield row.practice
    yield from _say_what_waits(row)
    if not row.updates:
        yield "takes no updates of the fleet"
    if not (row.version or row.other or row.must or row.should or row.ignored):
        yield "nothing found"
    if row.note:
        yield brief_inside(row.note, _LONGEST)


def _say_findings(row: Row) -> Iterator[str]:
    """What is found in it, and how much that is of."""
    if row.must:
        codes = list_musts(row)
        more = ", …" if len(codes) > _CODES else ""
        yield f"{row.must} must" + (f" ({', '.join(codes[:_CODES])}{more})" if codes else "")
    if row.should:
        yield f"{row.should} should"
    if row.waived:
        yield f"{row.waived} waived{_say_waived_must(row)}"
    if row.ignored:
        yield f"{say_ignored(row)}: {join_codes(row.ignored)}"
    if row.rules:
        yield f"{count(row.rules, 'rule')} applied"


def _say_waived_must(row: Row) -> str:
    """How much of what it waives must be, and by which rules."""
    if not row.waived_must:
        return ""
    codes = dict.fromkeys(each.code for each in row.waivers if each.severity == "must")
    named = f": {join_codes([*codes])}" if codes else ""
    return f" ({row.waived_must} must{named})"


def _say_what_waits(row: Row) -> Iterator[str]:
    """What somebody has to merge, fetch or mend, whatever is found in it."""
    if row.pipeline and row.pipeline != "success":
        yield f"pipeline {row.pipeline}"
    if row.request:
        yield f"merge request {row.request.state}"
    elif row.branch:
        said = WAITS.get(row.branch_state, WAITS["ready"])
        yield f"the branch {row.branch} {said}{_say_torn(row)}"
    if row.older:
        wait = "waits" if len(row.older) == 1 else "wait"
        yield f"{join_names(row.older)} {wait} to be merged, and a newer version is due"
    if row.superseded:
        number = "is" if len(row.superseded) == 1 else "are"
        yield f"{join_names(row.superseded)} {number} superseded"
    if row.lacks:
        were = "was" if row.lacks == 1 else "were"
        yield f"lacks {count(row.lacks, 'commit')} that {were} fetched from origin"
    if row.ahead:
        verb = "is" if row.ahead == 1 else "are"
        yield f"has {count(row.ahead, 'commit')} that {verb} not pushed"
    if row.obstacle and row.target:
        yield row.obstacle


def _say_torn(row: Row) -> str:
    """The files of its branch that are in conflict."""
    return f" in {brief(', '.join(row.conflicts), _ADDRESS)}" if row.conflicts else ""


def _say_failing(status: Status) -> tuple[Item, ...]:
    """The rules that most projects fail, where there are several projects."""
    if len(status.rows) < 2:  # noqa: PLR2004 - of one, its row tells
        return ()
    return tuple(
        Item(f"{count(each.projects, 'project')}, {each.severity}", each.code)
        for each in rank_failing(status.rows)[:_FAILING]
    )


def _write_failing(status: Status) -> Iterator[str]:
    """The rules that most projects fail, as a table."""
    failing = rank_failing(status.rows)
    if failing:
        yield from ("", "Rules that fail most:", "")
        yield from ("| code | severity | projects |", "| --- | --- | ---: |")
    for each in failing[:_MOST_RULES]:
        yield f"| {escaped(each.code)} | {escaped(each.severity)} | {each.projects} |"


def _say_state(row: Row) -> str:
    """The state, or why there is none that is clear."""
    why = f": {row.note}" if row.state == "unclear" and row.note else ""
    return row.problem or f"{row.standing}{why}"


def _count_following(rows: Sequence[Row]) -> str:
    """How many projects there are; of those that are up to date, how many follow the practice."""
    follow = sum(row.follows for row in rows)
    if rows[0].state != "current" or follow == len(rows):
        return str(len(rows))
    verb = "follows" if follow == 1 else "follow"
    return f"{len(rows)}, {follow or 'none'} of them {verb} the practice"


def as_text(
    status: Status, width: int = 0, paint: Paint = strip_style, fleet: Path | None = None
) -> str:
    """The status as text."""
    return write_text(compose_document(status, fleet), width, paint) + "\n"


def as_markdown(status: Status) -> str:
    """The status as Markdown: numbers first, then a table of all projects."""
    states = {state: [row for row in status.rows if row.state == state] for state in STATES}
    figures = count_figures(status.rows)
    said = [f"{len(rows)} {state}" for state, rows in states.items() if rows]
    title = f"## {count(len(status.rows), 'project')}, template {escaped(status.newest)}"
    lines = [f"{title}: {say_shares(figures)}", "", f"State: {', '.join(said) or 'no project'}."]
    lines += [*list_figures(figures), ""]
    if told := say_beyond(status):
        lines += [escaped(told, _LONGEST), ""]
    heads = (
        "project",
        "state",
        "practice",
        "version",
        "drift",
        "must",
        "must waived",
        "should",
        "updates",
    )
    lines.append(f"| {' | '.join(heads)} | pipeline | merge request or branch |")
    lines.append("| --- | --- | --- | --- | ---: | ---: | ---: | ---: | --- | --- | --- |")
    for row in status.rows:
        request = f"{row.request.state} {row.request.url}" if row.request else row.branch
        numbers = (row.drift, row.must, row.waived_must, row.should)
        cells = [
            # A bar ends a cell even in code: https://github.github.com/gfm/#tables-extension-
            code(row.name).replace("|", "\\|"),
            escaped(brief_inside(_say_state(row), _LONGEST), _LONGEST),
            "" if row.problem else row.practice,
            escaped(shorten(row.version)),
            *("" if row.problem else str(each) for each in numbers),
            *(say_updates(row), escaped(row.pipeline), escaped(request)),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    lines += _write_failing(status)
    if status.left_out:
        left = (f"{number} {escaped(each)}" for each, number in sorted(status.left_out.items()))
        lines += ["", f"Left out: {', '.join(left)}."]
        for reason, names in sorted(status.names_left_out.items()):
            lines += ["", f"{escaped(reason)}: {escaped(', '.join(names), _NAMES)}"]
    lines += [line for note in status.notes for line in ("", escaped(note))]
    return "\n".join(lines) + "\n"

"""How a project of the fleet stands, and the file that the whole fleet's status is kept in."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from lisa_scaffold import files
from lisa_scaffold.errors import LisaError
from lisa_scaffold.lines import count
from lisa_scaffold.pattern import compile_lazily

SCHEMA = "lisa-scaffold/fleet-status/1"
MOST_PROJECTS = 20_000
"""Projects, notes and names that a file of the status may have."""

MOST_FINDINGS = 500_000
"""Findings that it may have, and waivers."""

_PART = compile_lazily(r"(\d{1,3}(?:\+\d{1,3}){0,99})/(\d{1,3})")


class Found(NamedTuple):
    """A finding in a project, as the status keeps it.

    Attributes
    ----------
    code, severity, path, line, message
        As of :class:`lisa_scaffold.model.Finding`.
    """

    code: str
    severity: str
    path: str
    line: int
    message: str


class Waived(NamedTuple):
    """What a project waives of one rule, for one reason.

    Attributes
    ----------
    code, severity
        The rule, and how much it matters.
    reason
        Why.
    number
        How many findings that are.
    """

    code: str
    severity: str
    reason: str
    number: int


class Request(NamedTuple):
    """The merge request that brings the template's newest version, or an older one.

    Attributes
    ----------
    url
        Its address.
    state
        ``opened``, ``draft``, ``merged`` or ``closed``.
    pipeline
        How its last pipeline ended; empty where it had none.
    """

    url: str
    state: str
    pipeline: str = ""


@dataclass(frozen=True)
class Row:
    """How one project stands.

    Attributes
    ----------
    name
        Its path on the server, or the name of its folder.
    place
        Its address, or its folder.
    commit
        The commit that was looked at: of a local clone, its default branch's.
    kind
        Its kind; empty where that cannot be told.
    version
        The version of our template that it records; empty where it records none.
    behind
        How many versions there are after that; ``None`` where nobody knows.
    drift
        How many locked files depart from what that version renders.
    must, should, waived
        How many findings there are of each sort.
    findings
        The findings that are not waived.
    release
        Its newest version tag.
    pipeline
        How the last pipeline of its default branch ended.
    request
        Its template merge request; ``None`` where there is none.
    activity
        The day of its last commit, or of what else its maintainers did last.
    updates
        Whether it takes part in updates of the fleet.
    problem
        Why it could not be read; empty where it could.
    newer
        Whether it records a version of our template that this lisa-scaffold does not know yet.
    branch
        The branch that waits to be merged, in a local clone; empty where there is none.
    checkout
        The branch that is checked out in a local clone, where that is not its default one; or the
        commit, where none is.
    branch_state
        ``ready`` to be merged, with ``tasks`` for somebody, in ``conflict``, ``touched`` by people,
        ``unresolved`` where these have left conflicts in it, or ``lost``.
    lacks
        How many commits of a local clone's default branch were fetched, and not merged.
    other
        The address of another template that it records; empty where it records none.
    superseded
        Branches of older versions in a local clone, to which nobody has committed, and whose place
        another branch or an update has taken.
    target
        The branch of a local clone that updates are merged into; empty where nobody knows.
    conflicts
        The files of the branch that are in conflict still.
    rules
        How many rules judged it: where these are few, few findings say little.
    note
        Why most rules judge nothing in it, or what is wrong with its version; else empty.
    ignored
        The rules that would judge it, and that its settings ignore, or do not select.
    ignored_must
        How many of these say what must be.
    older
        Branches of older versions in a local clone that may still be merged, while a newer version
        is due.
    waived_must
        How many of the findings that are waived say what must be.
    waivers
        What is waived, rule by rule, with the reasons.
    excused
        Whether jobs of the template may fail in it still, as an adoption lets them at first.
    ahead
        How many commits of a local clone's default branch were not pushed, as far as is known here.
    obstacle, remedy
        What stands in the way of merging what waits in a local clone, or of fetching, and the
        command that shows it or does away with it; empty where nothing waits, or nothing does.
    elsewhere
        What its pipeline includes and is not here: whatever job it has may be another one.
    """

    name: str
    place: str = ""
    commit: str = ""
    kind: str = ""
    version: str = ""
    behind: int | None = None
    drift: int = 0
    must: int = 0
    should: int = 0
    waived: int = 0
    findings: tuple[Found, ...] = ()
    release: str = ""
    pipeline: str = ""
    request: Request | None = None
    activity: str = ""
    updates: bool = True
    problem: str = ""
    newer: bool = False
    branch: str = ""
    checkout: str = ""
    branch_state: str = ""
    lacks: int = 0
    other: str = ""
    superseded: tuple[str, ...] = ()
    target: str = ""
    conflicts: tuple[str, ...] = ()
    rules: int = 0
    note: str = ""
    ignored: tuple[str, ...] = ()
    ignored_must: int = 0
    older: tuple[str, ...] = ()
    waived_must: int = 0
    waivers: tuple[Waived, ...] = ()
    excused: bool = False
    elsewhere: tuple[str, ...] = ()
    ahead: int = 0
    obstacle: str = ""
    remedy: str = ""

    @property
    def state(self) -> str:
        """The one word for it: what has to be done comes first."""
        if self.problem:
            return "unreadable"
        if self.other:
            return "another template"
        if not self.version:
            return "no template"
        if self.newer:
            return "newer"
        if self.behind is None:
            return "unclear"
        return "drifted" if self.drift else "behind" if self.behind else "current"

    @property
    def standing(self) -> str:
        """The state, with what keeps a project from following the practice all the same."""
        if self.problem:
            return self.state
        must = f"{self.must} must" if self.must and self.state == "current" else ""
        return ", ".join(filter(None, (self.state, must, *say_hindrances(self))))

    @property
    def practice(self) -> str:
        """Whether it follows the practice: one of ``PRACTICES``."""
        if self.problem or self.other:
            return self.state
        broken = self.must or self.ignored_must or self.pipeline == FAILED
        if self.state != "current" or broken:
            return "does not follow"
        if self.elsewhere:
            return "cannot be judged"
        return "follows but for what is waived" if self.waived_must or self.excused else "follows"

    @property
    def has_must(self) -> bool:
        """Whether anything must be mended, also where that is ignored or waived."""
        return not self.problem and bool(self.must or self.ignored_must or self.waived_must)

    @property
    def follows(self) -> bool:
        """Whether it follows the practice, without anything that must be and is waived."""
        return self.practice == "follows"


EXCUSED = "TPL009"
"""The rule that tells of jobs that may fail still in an adopted project."""

FAILED = "failed"
"""What the server says of a pipeline that has failed."""

PRACTICES = (
    *("follows", "follows but for what is waived", "cannot be judged", "does not follow"),
    "unreadable",
)
"""How a project stands to the practice; one of another template has its own."""


def say_hindrances(row: Row) -> Iterator[str]:
    """What keeps a project from following the practice, beside its state and its findings."""
    if row.ignored:
        yield say_ignored(row)
    if row.waived_must:
        yield f"{row.waived_must} must waived"
    if row.excused:
        yield "its jobs may fail"
    if row.state == "current" and row.pipeline == FAILED:
        yield "its pipeline failed"
    if row.state == "current" and row.elsewhere:
        yield "cannot be judged"


def say_ignored(row: Row) -> str:
    """How many rules a project ignores; nothing where it ignores none."""
    must = f" ({row.ignored_must} must)" if row.ignored_must else ""
    return f"ignores {count(len(row.ignored), 'rule')}{must}" if row.ignored else ""


class Figures(NamedTuple):
    """Projects in numbers; those of another template, which follow that, are in none of them.

    Attributes
    ----------
    projects, read
        How many there are, and how many of them could be read.
    templated, current
        How many have the template, and its newest version.
    practice
        How many stand to the practice in each of the ways that there are.
    must, should, waived_must
        How many findings there are of each sort.
    with_must, with_should, with_waived_must
        In how many projects.
    waiting
        How many merge requests and branches of local clones wait to be merged.
    held
        How many wait for somebody before: there are conflicts, or it is a draft.
    unheard
        Of how many that could be read nobody knows how their last pipeline ended.
    """

    projects: int
    read: int
    templated: int
    current: int
    practice: Mapping[str, int]
    must: int
    should: int
    waived_must: int
    with_must: int
    with_should: int
    with_waived_must: int
    waiting: int
    held: int
    unheard: int

    @property
    def follow(self) -> int:
        """How many follow the practice."""
        return self.practice["follows"]

    def share(self, number: int) -> int:
        """A number of projects in per cent: of a part never none, and never all."""
        if number in {0, self.projects}:
            return 100 if number else 0
        return min(max(round(100 * number / self.projects), 1), 99)


def count_figures(rows: Iterable[Row]) -> Figures:
    """Projects in numbers."""
    ours = [row for row in rows if row.state != "another template"]
    read = [row for row in ours if not row.problem]
    practice = Counter(row.practice for row in ours)
    waits = Counter(map(_say_waits, read))
    return Figures(
        projects=len(ours),
        read=len(read),
        templated=sum(bool(row.version) for row in read),
        current=sum(row.state == "current" for row in read),
        practice={name: practice[name] for name in PRACTICES},
        must=sum(row.must for row in read),
        should=sum(row.should for row in read),
        waived_must=sum(row.waived_must for row in read),
        with_must=sum(row.must > 0 for row in read),
        with_should=sum(row.should > 0 for row in read),
        with_waived_must=sum(row.waived_must > 0 for row in read),
        waiting=waits["waiting"],
        held=waits["held"],
        unheard=sum(not row.pipeline for row in read),
    )


def _say_waits(row: Row) -> str:
    """Whether there is what somebody has to merge, or to mend before."""
    if row.request:
        return {"opened": "waiting", "draft": "held"}.get(row.request.state, "")
    if not row.branch:
        return ""
    return "held" if row.branch_state in {"conflict", "unresolved", "lost"} else "waiting"


class Failing(NamedTuple):
    """A rule, and how many projects fail it.

    Attributes
    ----------
    code, severity
        The rule.
    projects
        How many there are.
    """

    code: str
    severity: str
    projects: int


def rank_failing(rows: Iterable[Row]) -> list[Failing]:
    """The rules that projects of our template, or of none, fail: what most of them fail first."""
    counts: Counter[str] = Counter()
    known: dict[str, str] = {}
    for row in rows:
        if row.state not in {"unreadable", "another template"}:
            found = {each.code: each.severity for each in row.findings}
            counts.update(found.keys())
            known |= found
    listed = [Failing(code, known[code], number) for code, number in counts.items()]
    return sorted(listed, key=lambda each: (-each.projects, each.severity != "must", each.code))


_UNKNOWN = (
    *("behind", "drift", "must", "should", "waived", "updates", "rules", "ignored"),
    *("ignored_must", "waived_must", "excused"),
)
"""What nobody knows of a project that cannot be read."""

_LISTS = ("conflicts", "superseded", "ignored", "older", "elsewhere")
"""What is a list of texts."""

STATES = (
    *("unreadable", "no template", "another template", "newer", "unclear"),
    *("drifted", "behind", "current"),
)
"""Every state, in the order in which somebody would look at them."""


@dataclass(frozen=True)
class Status:
    """How the fleet stands at one moment.

    Attributes
    ----------
    when
        The moment, in UTC, as ISO 8601 has it.
    newest
        The newest version of the template.
    rows
        The projects, by name.
    left_out
        How many projects were left out, by the reason.
    names_left_out
        Their names; empty where an older file does not tell.
    notes
        What of the settings fits no project, a sentence each.
    beyond
        Versions that projects have and this lisa-scaffold does not know: each of them counts in
        what the other projects are behind.
    part
        The part of the fleet that this is, such as ``2/4``; empty where it is all of it.
    """

    when: str
    newest: str
    rows: tuple[Row, ...]
    left_out: Mapping[str, int] = field(default_factory=dict)
    names_left_out: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    beyond: tuple[str, ...] = ()
    part: str = ""


def as_data(status: Status) -> dict[str, Any]:
    """The status as JSON holds it."""
    return {
        "schema": SCHEMA,
        "when": status.when,
        "newest": status.newest,
        "left_out": dict(status.left_out),
        "names_left_out": {reason: [*names] for reason, names in status.names_left_out.items()},
        "notes": [*status.notes],
        "beyond": [*status.beyond],
        "part": status.part,
        "figures": count_figures(status.rows)._asdict(),
        "failing": [each._asdict() for each in rank_failing(status.rows)],
        "projects": [row_as_data(row) for row in status.rows],
    }


def row_as_data(row: Row) -> dict[str, Any]:
    """A project as JSON holds it."""
    data = {each.name: getattr(row, each.name) for each in fields(row)}
    data["findings"] = [each._asdict() for each in row.findings]
    data["waivers"] = [each._asdict() for each in row.waivers]
    data |= {name: [*getattr(row, name)] for name in _LISTS}
    data["request"] = row.request._asdict() if row.request else None
    if row.problem:
        data.update(dict.fromkeys(_UNKNOWN))
    judged = {"state": row.state, "practice": row.practice, "follows": row.follows}
    return {"name": row.name, **judged, **data}


def row_from(data: Any) -> Row:
    """A project from what JSON held.

    Raises
    ------
    ValueError
        If that is not of the right form.
    """
    if not isinstance(data, dict):
        raise ValueError("no object")
    unknown = _UNKNOWN if data.get("problem") else ()
    names = [each.name for each in fields(Row) if each.name not in unknown]
    given = {name: data[name] for name in names if name in data}
    usual = Row("")
    for name, value in given.items():
        kind = type(getattr(usual, name))
        if name in {"findings", "waivers", "request", *_LISTS} or (
            name == "behind" and value is None
        ):
            continue
        if type(value) is not (int if name == "behind" else kind):
            raise ValueError(f"{name}: {value!r}")
    _read_lists(given)
    return Row(**given)


def _read_lists(given: dict[str, Any]) -> None:
    """Make of what JSON held for a project its findings, its merge request and its lists.

    Raises
    ------
    ValueError
        If that is not of the right form.
    """
    found, waived = given.get("findings", []), given.get("waivers", [])
    asked = given.get("request")
    are_lists = isinstance(found, list) and isinstance(waived, list)
    if not are_lists or not isinstance(asked, dict | None) or "name" not in given:
        raise ValueError("findings, waivers, request or name")
    try:
        for name in _LISTS:
            given[name] = _read_texts(given.get(name, []))
        given["findings"] = tuple(Found(**each) for each in found)
        given["waivers"] = tuple(Waived(**each) for each in waived)
        given["request"] = Request(**asked) if asked else None
    except TypeError as error:
        raise ValueError(str(error)) from error
    for each in given["findings"]:
        texts = (each.code, each.severity, each.path, each.message)
        if not all(map(_is_text, texts)) or type(each.line) is not int:
            raise ValueError("a finding whose parts are not text, and its line a number")
    for each in given["waivers"]:
        if not all(map(_is_text, each[:-1])) or type(each.number) is not int:
            raise ValueError("a waiver whose parts are not text, and its number a number")
    if given["request"] and not all(map(_is_text, given["request"])):
        raise ValueError("a request whose parts are not text")


def _read_texts(value: Any) -> tuple[str, ...]:
    """A list of texts; raises ValueError for anything else."""
    if not isinstance(value, list) or not all(map(_is_text, value)):
        raise ValueError(f"{value!r}: no list of texts")
    return tuple(value)


def read_status(path: Path) -> Status:
    """Read a file that ``fleet status --format json`` has written.

    Raises
    ------
    LisaError
        If it is none.
    """
    hint = "Make it with: lisa-scaffold fleet status --format json --output FILE"
    try:
        data = json.loads(files.read_named(path, files.LARGE))
        if not isinstance(data, dict) or data.get("schema") != SCHEMA:
            raise LisaError(f"{path}: no status of a fleet ({SCHEMA})", hint)
        when, newest, left_out = data["when"], data["newest"], data["left_out"]
        counts = left_out.values() if isinstance(left_out, dict) else [""]
        if not isinstance(newest, str):
            raise ValueError("newest")
        _read_moment(when)
        _refuse_many(data)
        if not all(type(each) is int for each in counts):
            raise ValueError("left_out")
        names, notes = data.get("names_left_out", {}), data.get("notes", [])
        beyond, part = data.get("beyond", []), data.get("part", "")
        listed = [notes, beyond, [part], *(names.values() if isinstance(names, dict) else [""])]
        if not all(isinstance(each, list) and all(map(_is_text, each)) for each in listed):
            raise ValueError("names_left_out, notes, beyond or part")
        named = {reason: tuple(each) for reason, each in names.items()}
        rows = tuple(map(row_from, data["projects"]))
        return Status(when, newest, rows, left_out, named, tuple(notes), tuple(beyond), part)
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise LisaError(f"{path}: no status of a fleet that can be read ({error})", hint) from error
    except OSError as error:
        raise LisaError(f"{path}: {error.strerror}", hint) from error


def _read_moment(when: object) -> datetime:
    """The moment of a status; a file of the history is named after it.

    Raises
    ------
    ValueError
        If it is none.
    """
    try:
        moment = datetime.fromisoformat(when) if isinstance(when, str) else datetime.min
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"when: {when!r}") from error
    raise ValueError(f"when: {when!r}")


def name_in_history(status: Status) -> str:
    """The name of a status' file in the history, in the order of time."""
    return f"{_read_moment(status.when):%Y-%m-%dT%H%M%S+0000}.json"


def _refuse_many(data: Mapping[str, Any]) -> None:
    """Refuse more than a fleet has: all of it is kept in memory, and written on a page.

    Raises
    ------
    ValueError
        If there is more.
    """
    rows = data["projects"]
    if not isinstance(rows, list) or len(rows) > MOST_PROJECTS:
        raise ValueError(f"projects: more than {MOST_PROJECTS}, or no list")
    names = data.get("names_left_out")
    listed = [
        data.get("notes", []),
        data.get("beyond", []),
        *(names.values() if isinstance(names, dict) else ()),
    ]
    if sum(len(each) for each in listed) > MOST_PROJECTS:
        raise ValueError(f"notes, beyond or names_left_out: more than {MOST_PROJECTS}")
    for name in ("findings", "waivers"):
        found = (row.get(name) for row in rows if isinstance(row, dict))
        if sum(len(each) for each in found if isinstance(each, list)) > MOST_FINDINGS:
            raise ValueError(f"{name}: more than {MOST_FINDINGS}")


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def without_findings(status: Status) -> Status:
    """A status of which the numbers are left, and each project's state."""
    rows = tuple(replace(row, findings=(), waivers=()) for row in status.rows)
    return replace(status, rows=rows)


def count_newer(status: Status) -> Status:
    """The status where what is newest is also learnt from the projects.

    No project is up to date where others have a version that is newer than all that is known.
    """
    seen = {row.version for row in status.rows if row.newer and not row.problem}
    return _count_beyond(status, seen)


def _count_beyond(status: Status, seen: Collection[str]) -> Status:
    """The status with versions that it has not counted yet."""
    beyond = {*status.beyond, *seen}
    more = len(beyond) - len(status.beyond)
    rows = tuple(
        row if row.behind is None else replace(row, behind=row.behind + more) for row in status.rows
    )
    return replace(status, rows=rows, beyond=tuple(sorted(beyond)))


def join(parts: Sequence[Status]) -> Status:
    """The parts of one fleet, each looked at by itself, as one status.

    A project that two parts have is taken from the later one.
    """
    beyond = {version for part in parts for version in part.beyond}
    parts = [_count_beyond(part, beyond) for part in sorted(parts, key=lambda each: each.when)]
    rows = {row.name: row for part in parts for row in part.rows}
    left_out: dict[str, int] = {}
    for part in parts:
        for reason, number in part.left_out.items():
            left_out[reason] = max(number, left_out.get(reason, 0))
    last = parts[-1]
    whole = tuple(rows[each] for each in sorted(rows))
    return replace(
        last, rows=whole, left_out=left_out, part=_add_parts([each.part for each in parts])
    )


def _add_parts(names: Sequence[str]) -> str:
    """What some parts are together, such as ``1+3/4``; empty where they are all of a fleet."""
    found = [each for name in names if (each := _PART.fullmatch(name))]
    if len(found) < len(names):
        return "" if "" in names else next(name for name in names if not _PART.fullmatch(name))
    numbers = sorted({int(number) for each in found for number in each[1].split("+")})
    most = max(int(each[2]) for each in found)
    return "" if numbers == [*range(1, most + 1)] else f"{'+'.join(map(str, numbers))}/{most}"

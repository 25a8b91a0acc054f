"""A fleet as one page: how it stands, and how it came to that, from one status or many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from urllib.parse import quote

from lisa_scaffold.errors import LisaError
from lisa_scaffold.fleet.records import (
    FAILED,
    PRACTICES,
    STATES,
    Figures,
    Row,
    Status,
    count_figures,
    rank_failing,
    say_hindrances,
    say_ignored,
)
from lisa_scaffold.lines import join_codes
from lisa_scaffold.report.check import wording
from lisa_scaffold.report.fleet.table import say_updates
from lisa_scaffold.report.fleet.text import WAITS, say_beyond, say_read, say_unheard
from lisa_scaffold.report.page import build_page
from lisa_scaffold.shown import brief, redacted_in
from lisa_scaffold.versions import parse_version, shorten

_MOST_RULES = 25
_MOST_POINTS = 400
_WIDTH, _HEIGHT = 600, 120


@dataclass(frozen=True)
class Failing:
    """A rule, and the projects that fail it.

    Attributes
    ----------
    code, title, url
        The rule.
    severity
        How much it matters.
    rows
        The projects.
    """

    code: str
    title: str
    url: str
    severity: str
    rows: Sequence[tuple[str, Row]]


@dataclass(frozen=True)
class Line:
    """A share of the fleet over time.

    Attributes
    ----------
    name
        What it is the share of.
    points
        The points of a line, in the units of the picture.
    now
        The last share, in per cent.
    """

    name: str
    points: str
    now: int


def as_html(status: Status) -> str:
    """One status as a page."""
    return report([status])


def report(history: Sequence[Status]) -> str:
    """The newest status of some as a page, with what the others tell of the time before.

    Parameters
    ----------
    history
        At least one status.
    """
    history = sorted(redacted_in(list(history)), key=lambda each: each.when)
    status = history[-1]
    rows = _name_places(status.rows)
    states = Counter(row.state for row in status.rows)
    figures = count_figures(status.rows)
    return build_page(
        "fleet",
        {},
        styles=["check"],
        command="fleet",
        status=status,
        rows=rows,
        states=[(state, states[state]) for state in STATES if states[state]],
        figures=figures,
        practices=[(name, figures.practice[name]) for name in PRACTICES if figures.practice[name]],
        read=say_read(figures),
        unheard=say_unheard(figures),
        versions=_count_versions(status),
        columns=_list_columns(status.rows),
        failing=_list_failing(rows),
        lines=_draw(history),
        beyond=say_beyond(status),
        span=(history[0].when[:10], history[-1].when[:10]),
        width=_WIDTH,
        height=_HEIGHT,
        own=version("lisa-scaffold"),
        link=_link,
        waits=WAITS,
        title_of=_title,
        url_of=_url,
        badge=badge,
        ignored=say_ignored,
        updates=say_updates,
        codes=join_codes,
        tone=_judge_tone,
    )


_OTHER = "another template"
_ALWAYS = ("project", "state", "version", "drift", "must", "should", "updates")


def _list_columns(rows: Sequence[Row]) -> tuple[str, ...]:
    """The columns of the table: a narrow screen has no room for those that are empty."""
    filled = {
        "must waived": any(row.waived_must for row in rows),
        "rules": any(row.rules for row in rows),
        "release": any(row.release for row in rows),
        "pipeline": any(row.pipeline for row in rows),
        "merge request": any(row.request for row in rows),
        "branch": any(row.branch for row in rows),
        "activity": any(row.activity for row in rows),
    }
    return (*_ALWAYS, *(name for name, is_filled in filled.items() if is_filled))


def _name_places(rows: Sequence[Row]) -> list[tuple[str, Row]]:
    """The rows, each with its place on the page: it is the same in the page of tomorrow."""
    places: dict[str, Row] = {}
    for number, row in enumerate(rows):
        named = f"p:{quote(row.name, safe='/', errors='backslashreplace')}"
        places[f"{named}~{number}" if named in places else named] = row
    return [*places.items()]


def _link(row: Row) -> str:
    """The address of a project's page; empty where it has none that a browser may follow."""
    return row.place if row.place.startswith(("https://", "http://")) else ""


def _title(code: str) -> str:
    try:
        return wording.title(code)
    except LisaError:
        return "a rule that this lisa-scaffold does not know"


def _url(code: str) -> str:
    try:
        return wording.rule(code).url
    except LisaError:
        return ""


def _count_versions(status: Status) -> list[tuple[str, int]]:
    """The versions that are in use, the newest first, and how many projects have each."""
    counts = Counter(shorten(row.version) for row in status.rows if row.version)
    oldest = parse_version("0")

    def age(name: str) -> tuple[object, str]:
        return (parse_version(name) or oldest, name)

    return [(name, counts[name]) for name in sorted(counts, key=age, reverse=True)]


def _list_failing(rows: Sequence[tuple[str, Row]]) -> list[Failing]:
    """The rules that most projects fail."""
    behind: dict[str, dict[str, Row]] = {}
    for anchor, row in rows:
        for found in () if row.state in {"unreadable", _OTHER} else row.findings:
            behind.setdefault(found.code, {})[anchor] = row
    return [
        Failing(code, _title(code), _url(code), severity, [*behind[code].items()])
        for code, severity, _ in rank_failing(row for _, row in rows)[:_MOST_RULES]
    ]


_LINES: tuple[tuple[str, Callable[[Figures], int]], ...] = (
    ("with the template", lambda figures: figures.templated),
    ("up to date", lambda figures: figures.current),
    ("follow the practice", lambda figures: figures.follow),
)
"""What is drawn over time: among it all that the headline says."""


def _draw(history: Sequence[Status]) -> list[Line]:
    """The lines of adoption over time; none where there is one moment alone."""
    step = -(-len(history) // _MOST_POINTS)
    shown = [*history[:-1:step], history[-1]]
    places = _place([each.when for each in shown])
    figures = [count_figures(each.rows) for each in shown]
    lines = []
    for name, number in _LINES:
        shares = [each.share(number(each)) for each in figures]
        points = [
            f"{place:.1f},{_HEIGHT - _HEIGHT * share / 100:.1f}"
            for place, share in zip(places, shares, strict=True)
        ]
        lines.append(Line(name, " ".join(points), shares[-1]))
    return lines if len(shown) > 1 else []


def _place(moments: Sequence[str]) -> list[float]:
    """Where each of some moments stands on the line of time; evenly, where no time passes."""
    times = [datetime.fromisoformat(each).timestamp() for each in moments]
    if not times or times[0] == times[-1]:
        times = [*map(float, range(len(moments)))]
    return [_WIDTH * (each - times[0]) / (times[-1] - times[0] or 1) for each in times]


_COLOURS = {"fix": "#17683a", "should": "#855300", "": "#5b5e70", "must": "#b4231b"}


def _judge_tone(row: Row) -> str:
    """The colour of a project, of those that the page has: green where it follows the practice."""
    if row.must or row.pipeline == FAILED:
        return "must"
    if row.follows:
        return "fix"
    if row.state == _OTHER:
        return ""
    return "should" if row.state in {"behind", "current"} else "must"


def badge(row: Row) -> str:
    """A picture of a project's state for its README, as SVG."""
    from markupsafe import escape

    texts = ("LISA practice", _say(row))
    colour = _COLOURS[_judge_tone(row)]
    left, right = (10 + 7 * len(each) for each in texts)
    said = escape(f"{texts[0]}: {texts[1]}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20" role="img" '
        f'aria-label="{said}"><title>{said}</title>'
        f'<rect width="{left + right}" height="20" rx="4" fill="#3c3f52"/>'
        f'<path d="M{left} 0h{right - 4}a4 4 0 0 1 4 4v12a4 4 0 0 1-4 4h-{right - 4}z" '
        f'fill="{colour}"/>'
        '<g fill="#fff" font-family="DejaVu Sans,Verdana,sans-serif" font-size="11" '
        'text-anchor="middle">'
        f'<text x="{left / 2:.1f}" y="14">{texts[0]}</text>'
        f'<text x="{left + right / 2:.1f}" y="14">{escape(texts[1])}</text></g></svg>\n'
    )


def _say(row: Row) -> str:
    """The state of a project in a few words."""
    if row.problem:
        return "unknown"
    if row.must:
        said = f"{row.must} to fix"
    else:
        said = f"{brief(shorten(row.version), 20)} {row.state}" if row.version else row.state
    return ", ".join((said, *say_hindrances(row)))

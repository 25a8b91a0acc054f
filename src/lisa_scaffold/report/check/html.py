"""Findings as one self-contained page: no network, no other file, readable without its script.

Jinja escapes its texts, and its Content-Security-Policy lets the browser use this style and this
script alone, whatever else might get into the page.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from markupsafe import Markup, escape

from lisa_scaffold.model import Checked, Excerpt, Finding, Severity
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.report.check import wording
from lisa_scaffold.rules.rule import Rule, Text
from lisa_scaffold.shown import brief, visible

MOST_DIFF = 2000
"""Lines of a diff that are shown."""
_CODE = compile_lazily(r"`([^`]+)`")
_LINK = compile_lazily(r"\[([^]]+)\]\((https://[^)\s]+)\)")


@dataclass(frozen=True)
class Group:
    """The findings of one rule in one project."""

    rule: Rule
    findings: list[Finding]

    @property
    def family(self) -> str:
        """The letters of the family."""
        return self.rule.family

    @property
    def text(self) -> Text:
        """What the rule wants, and why."""
        return self.rule.text


@dataclass(frozen=True)
class Project:
    """One project on the page."""

    anchor: str
    checked: Checked
    groups: list[Group]

    def number(self, severity: str) -> int:
        """How many findings there are of a severity."""
        return len(wording.of(Severity(severity), self.checked.findings))


@dataclass(frozen=True)
class Bar:
    """Findings of a family, as a line of the summary."""

    letters: str
    title: str
    must: int
    should: int
    anchor: str


def report(results: Sequence[Checked]) -> str:
    """All projects as one page."""
    import jinja2

    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(
        brief=brief, code=_code, count=wording.count, diff=_diff, lines=_lines, prose=_prose
    )
    # The projects with most to repair come first.
    worst = sorted(results, key=lambda x: [-len(wording.of(s, x.findings)) for s in Severity])
    projects = []
    for number, checked in enumerate(worst, 1):
        grouped = wording.by_code(checked.findings)
        groups = [Group(wording.rule(code), found) for code, found in grouped.items()]
        projects.append(Project(f"p{number}", checked, groups))
    findings = wording.all_findings(results)
    bars = list(_bars(projects))
    # The families that were applied and found nothing.
    clean = {wording.letters(code) for checked in results for code in checked.applied}
    clean -= {bar.letters for bar in bars}
    style, script = _part("page.css"), _part("page.js")
    # Style and script are named by their content (https://www.w3.org/TR/CSP3/).
    hashes = [b64encode(hashlib.sha256(x.encode()).digest()).decode() for x in (style, script)]
    page = environment.from_string(_part("page.html.jinja")).render(
        projects=projects,
        findings=findings,
        must=len(wording.of(Severity.MUST, findings)),
        should=len(wording.of(Severity.SHOULD, findings)),
        bars=bars,
        most=max((bar.must + bar.should for bar in bars), default=0),
        clean=[wording.family(each) for each in wording.families() if each in clean],
        style=Markup(style),  # noqa: S704 - a file of this package
        script=Markup(script),  # noqa: S704 - a file of this package
        policy=(
            f"default-src 'none'; style-src 'sha256-{hashes[0]}'; "
            f"script-src 'sha256-{hashes[1]}'; base-uri 'none'; form-action 'none'"
        ),
        place=wording.place,
    )
    return f"{page}\n"


@cache
def _part(name: str) -> str:
    return (files(__package__) / "page" / name).read_text(encoding="utf-8")


def _bars(projects: Sequence[Project]) -> Iterator[Bar]:
    """The families with findings, in the order of the rules."""
    for letters in wording.families():
        groups = [
            (project, group)
            for project in projects
            for group in project.groups
            if group.family == letters
        ]
        if groups:
            project, first = groups[0]
            found = [finding for _, group in groups for finding in group.findings]
            must = len(wording.of(Severity.MUST, found))
            anchor = f"{project.anchor}-{first.rule.code}"
            yield Bar(letters, wording.family(letters), must, len(found) - must, anchor)


# --- Filters --------------------------------------------------------------------------------------


def _code(text: str) -> Markup:
    """A text of one line; what stands between backticks is code."""
    html = str(escape(brief(text)))
    return Markup(_CODE.sub(r"<code>\1</code>", html))  # noqa: S704 - escaped


def _prose(text: str) -> Markup:
    """A part of a rule's own text: paragraphs with code and links."""
    html = str(escape(text))
    linked = _LINK.sub(r'<a href="\2">\1</a>', _CODE.sub(r"<code>\1</code>", html))
    paragraphs = re.split(r"\n\s*\n", linked)
    return Markup("".join(f"<p>{each}</p>" for each in paragraphs))  # noqa: S704 - escaped


def _lines(excerpt: Excerpt) -> list[tuple[int, str]]:
    """The lines of an excerpt, each with its number."""
    return [
        (number, visible(line.expandtabs(4)))
        for number, line in enumerate(excerpt.lines, excerpt.first)
    ]


def _diff(text: str) -> list[tuple[str, str]]:
    """The lines of a diff, each with the style that it is shown in."""
    styles = {"+": "added", "-": "removed", "@": "hunk"}
    lines = text.removesuffix("\n").split("\n")
    shown = [(styles.get(line[:1], ""), visible(line.expandtabs(4))) for line in lines[:MOST_DIFF]]
    if len(lines) > MOST_DIFF:
        shown.append(("", f"… and {len(lines) - MOST_DIFF} lines more"))
    return shown

"""What a rule is, and how to write one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from lisa_scaffold.model import Severity
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.rules.fix import Fix

MUST = Severity.MUST
SHOULD = Severity.SHOULD
UNSAFE = "unsafe"

ALL_KINDS: tuple[str, ...] = ()
PACKAGE: tuple[str, ...] = ("package",)
SERVICE: tuple[str, ...] = ("service",)
PIPELINE: tuple[str, ...] = ("pipeline",)
MADE_TO_RUN: tuple[str, ...] = ("pipeline", "service")

MOST_UNKNOWN = 100
"""Unknown names in one file for which a rule looks for similar known ones, which is slow."""


PAGES = "https://lisa.pages.in2p3.fr/lisa-scaffold/reference/rules"


class Hit(NamedTuple):
    """One place where a rule fails.

    Attributes
    ----------
    path
        The file; one that is missing is named all the same.
    line
        Counted from 1; 1 where the whole file is meant.
    message
        What is wrong there and, where it is short, what would be right; no full stop.
    column
        Counted from 1, where it helps.
    fix
        How to repair it, where that needs no human judgement.
    """

    path: str
    line: int
    message: str
    column: int | None = None
    fix: Fix | None = None


Check = Callable[[Facts], Iterable[Hit]]
Condition = Callable[[Facts], object]


class Text(NamedTuple):
    """A rule's docstring: a title, then parts that begin with ``Why:``, ``How:``, ``Source:``.

    Attributes
    ----------
    title
        What holds where the rule passes, in one line without a full stop.
    why
        What goes wrong otherwise.
    how
        How to comply.
    source
        The practice that it comes from, or what happened.
    """

    title: str
    why: str
    how: str
    source: str


class Rule(NamedTuple):
    """One rule.

    Attributes
    ----------
    code
        Its family and number, such as ``LIC001``.
    severity
        How much it matters.
    check
        Finds where it fails.
    kinds
        Kinds of project that it is for; empty: all.
    when
        What must hold for it to apply.
    fixes
        Whether it can repair what it finds; ``UNSAFE``: by what may change what is built, tested or
        checked, and so only where somebody asks for it.
    strict
        Whether it is for projects of the template, and for those that ask for it; others may well
        do without.
    must_in
        Kinds of projects in which it is a *must* all the same, where the template made them: what
        runs there is known. In one of others, adopted or not, it may be meant for a desk.
    """

    code: str
    severity: Severity
    check: Check
    kinds: tuple[str, ...] = ALL_KINDS
    when: Condition | None = None
    fixes: bool | str = False
    strict: bool = False
    must_in: tuple[str, ...] = ()

    @property
    def repair(self) -> str:
        """The option with which its findings are repaired; empty where people have to."""
        return "" if not self.fixes else "--fix=unsafe" if self.fixes == UNSAFE else "--fix"

    @property
    def family(self) -> str:
        """The letters of its code."""
        return self.code.rstrip("0123456789")

    @property
    def url(self) -> str:
        """Address of its page."""
        return f"{PAGES}/{self.code}.html"

    @property
    def text(self) -> Text:
        """What it wants, why, how to comply, and where it comes from."""
        from inspect import cleandoc

        doc = cleandoc(self.check.__doc__ or "")
        title, *rest = re.split(r"\n\s*\n(?=(?:Why|How|Source): )", doc)
        parts = dict(part.split(": ", 1) for part in rest)
        named = (parts.get(name, "").strip() for name in ("Why", "How", "Source"))
        return Text(title.strip().rstrip("."), *named)

    def applies(self, facts: Facts) -> bool:
        """Whether it applies to a project."""
        if self.kinds and facts.kind not in self.kinds:
            return False
        return self.when is None or bool(facts.cached(self.when))

    def severity_in(self, facts: Facts) -> Severity:
        """How much it matters in a project."""
        return MUST if is_made(facts, self.must_in) else self.severity

    @property
    def severity_told(self) -> str:
        """How much it matters, in words."""
        more = f", must in a {' or '.join(self.must_in)} of the template" if self.must_in else ""
        return f"{self.severity.value}{more}"

    def hits(self, facts: Facts) -> Iterator[Hit]:
        """Where it fails."""
        if self.applies(facts):
            yield from self.check(facts)


def is_made(facts: Facts, kinds: tuple[str, ...]) -> bool:
    """Whether the template made a project of one of some kinds: one that it adopted is older."""
    return facts.kind in kinds and not facts.answers.get("adopted")


def rule(  # noqa: PLR0913 - the traits of a rule, each by its name
    code: str,
    severity: Severity,
    *,
    kinds: tuple[str, ...] = ALL_KINDS,
    when: Condition | None = None,
    fixes: bool | str = False,
    strict: bool = False,
    must_in: tuple[str, ...] = (),
) -> Callable[[Check], Rule]:
    """Turn a pure function from facts to hits into a rule."""
    return lambda check: Rule(code, severity, check, kinds, when, fixes, strict, must_in)


SET_ASIDE = (
    r"(?:.*/)?(?:[\w-]+[_-])?(?:obsolete|deprecated|retired|abandoned|unused|disabled|archived|attic)"
    r"(?:[_-][\w-]+)?/.*|(?:.*/)?old/.*"
)
"""The paths below folders whose names say that nobody runs what is in them."""

SHOWN = (
    r"(?:.*/)?(?:[\w.]+[-_])?(?:examples?|samples?|demos?|tutorials?)(?:[-_](?:apps?|code|compose|configs?"
    r"|configurations?|deployments?|docker|environments?|files|projects?|services?|setups?|stacks?))?/.*"
)
"""The paths below folders whose names say that readers are shown something."""

_MOST_LISTED = 5


def join_words(words: Sequence[str]) -> str:
    """Words as a list in a sentence: ``a, b and c``."""
    *others, last = words
    return f"{', '.join(others)} and {last}" if others else last


def count_more(places: Sequence[int | str], word: str = "also") -> str:
    """The rest of the message of a finding that stands for several places, the first being its own.

    Parameters
    ----------
    places
        All places: lines of one file, or other files.
    word
        Whether the same stands there ``also``, or ``others`` that are like it.
    """
    rest = list(dict.fromkeys(places))[1:]
    if not rest:
        return ""
    shown = ", ".join(map(str, rest[:_MOST_LISTED]))
    unit = "line" if isinstance(rest[0], int) else ""
    what = f"{unit}{'s' if unit and len(rest) > 1 else ''} {shown}".strip()
    more = f" and {len(rest) - _MOST_LISTED} more" if len(rest) > _MOST_LISTED else ""
    return f"; {word} in {what}{more}"


def join_same(hits: Iterable[Hit], *, across: bool = False) -> Iterator[Hit]:
    """Make one of the hits with the same message: at its first place, with the others named.

    It is repaired where each of them is.

    Parameters
    ----------
    hits
        Hits of one rule.
    across
        Whether those in different files are one too.
    """
    groups: dict[tuple[str, str], list[Hit]] = {}
    for hit in hits:
        groups.setdefault(("" if across else hit.path, hit.message), []).append(hit)
    for found in groups.values():
        found.sort(key=lambda hit: (hit.path, hit.line))
        more = count_more_places([(hit.path, hit.line) for hit in found])
        fixes = [hit.fix for hit in found if hit.fix]
        fix = None
        if len(fixes) == len(found):
            steps = tuple(step for each in fixes for step in each.steps)
            fix = Fix(steps, is_safe=all(each.is_safe for each in fixes))
        yield found[0]._replace(message=f"{found[0].message}{more}", fix=fix)


def join_alike(hits: Iterable[Hit]) -> Iterator[Hit]:
    """Make one of the hits that tell the same of different things: the first one, with the places.

    Parameters
    ----------
    hits
        Hits of one rule, none of which can be repaired.
    """
    if found := sorted(hits, key=lambda hit: (hit.path, hit.line)):
        first, *others = found
        word = "others" if any(each.message != first.message for each in others) else "also"
        more = count_more_places([(hit.path, hit.line) for hit in found], word)
        yield first._replace(message=f"{first.message}{more}")


def count_more_places(places: Sequence[tuple[str, int]], word: str = "also") -> str:
    """The same for places in several files, sorted: each file that is not the first is named once.

    Parameters
    ----------
    places
        All places: path and line.
    word
        As there.
    """
    first, *rest = dict.fromkeys(places)
    if not any(path != first[0] for path, _ in rest):
        return count_more([line for _, line in places], word)
    lines: dict[str, list[str]] = {}
    for path, line in rest[:_MOST_LISTED]:
        lines.setdefault(path, []).append(str(line))
    own = lines.pop(first[0], [])
    shown = [f"line{'s' if own[1:] else ''} {', '.join(own)}"] if own else []
    shown += [f"{path}:{', '.join(each)}" for path, each in lines.items()]
    more = f" and {len(rest) - _MOST_LISTED} more" if len(rest) > _MOST_LISTED else ""
    return f"; {word} in {', '.join(shown)}{more}"

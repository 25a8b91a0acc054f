"""Markdown as far as the rules need it, read by a CommonMark parser: headings, links, prose.

The parser takes a tenth of a second to load, so it is asked where a look at the lines cannot tell.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote

from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.sharing import shared

if TYPE_CHECKING:
    from markdown_it.token import Token

LONGEST = 120_000
"""Characters of a text that is parsed; of a longer one with code or HTML nothing is known."""

MOST_LINKS = 10_000
"""Links of a text whose links are followed."""

MOST_HEADINGS = 10_000
"""Headings that are read; what comes after them is not."""

_HEADING = compile_lazily(r"(#{1,6})(?![^ \t])(.*)")
_CLOSED = compile_lazily(r"(.*[ \t])#++[ \t]*")
# What may hide a line that looks like a heading, or make one of a line that does not.
_NOT_PLAIN = compile_lazily(
    r"^(?: {0,3}(?:`{3}|~{3})|[ \t]*<| {0,3}(?:=+|-+)[ \t]*$| {1,3}#|[ \t]*(?:>|[-*+] #))",
    re.MULTILINE,
)
_INSIDE = ("fence", "code_block", "html_block")
# Whatever may be the target of a link: inline, of a definition, of HTML.
_TARGET = compile_lazily(
    r"\]\(\s*(?:<([^<>\n]{1,500})>|([^\s<>]{1,500}))"
    r"|^[ >*+-]{0,20}\[[^\]\n]{1,200}\]:\s*(?:<([^<>\n]{1,500})>|([^\s<>]{1,500}))"
    r"|\b(?:href|src)\s*=\s*(?:\"([^\"\n]{1,500})\"|'([^'\n]{1,500})')",
    re.MULTILINE,
)
# Forges set these as mathematics.
_FORMULA = compile_lazily(r"\$\$[^$]{1,2000}\$\$|(?<![\\$\w])\$(?=\S)[^$\n]{1,500}(?<=\S)\$(?!\w)")
_ESCAPED = compile_lazily(r"\\([!-/:-@\[-`{-~])")
_COMMENT = compile_lazily(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_IN_HTML = compile_lazily(r"\b(?:href|src)\s*=\s*[\"']([^\"'\n]{1,500})[\"']", re.IGNORECASE)


class Heading(NamedTuple):
    """A heading: its level (1 is the title), its text without the marks, its line."""

    level: int
    text: str
    line: int


class _Block(NamedTuple):
    """A block that has links: the line above it, its last one, and what they lead to."""

    above: int
    end: int
    targets: set[str]


class Link(NamedTuple):
    """A link, or an image: what it leads to, decoded; line and column, counted from 1."""

    target: str
    line: int
    column: int


@cache
def _parser() -> Any:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark")


@cache
def _block_parser() -> Any:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark")
    parser.core.ruler.disable(["inline", "text_join"])
    return parser


@lru_cache(maxsize=4)
def _blocks(text: str) -> list[Token]:
    found: list[Token] = _block_parser().parse(text) if len(text) <= LONGEST else []
    return found


def find_prose(text: str) -> Iterator[tuple[int, str]]:
    """The lines outside of code and HTML, with their numbers."""
    hidden: set[int] = set()
    for token in _blocks(text):
        if token.type in _INSIDE and token.map:
            hidden.update(range(token.map[0], token.map[1]))
    for number, line in enumerate(text.split("\n")):
        if number not in hidden:
            yield number + 1, line


def find_headings(text: str) -> tuple[Heading, ...]:
    """The headings of a text that stand in no list and no quotation, in both notations."""
    shown = text if _NOT_PLAIN.search(text) is None else _without_hidden(text)
    is_plain = _NOT_PLAIN.search(shown) is None
    found = _plain_headings(shown) if is_plain else _parsed_headings(text)
    return tuple(islice(found, MOST_HEADINGS))


_FENCE = compile_lazily(r"([ \t]*)(`{3,}+(?!.*`)|~{3,})")
_RULE = compile_lazily(r"-{3,}[ \t]*")


def _without_hidden(text: str) -> str:
    """A text without the code, comments and rules in which no heading can stand, line by line.

    What may be hidden or not is left as it is: then the parser is asked.
    """
    given = text.split("\n")
    lines = [*given]
    number = 0
    while number < len(lines):
        line = lines[number]
        end = number
        if match := _FENCE.match(line):
            closing = re.compile(rf" {{0,3}}{re.escape(match[2][0])}{{{len(match[2])},}}[ \t]*")
            end = _find_end(lines, number, match[1], closing)
        elif line.startswith("<!--"):
            end = next((at for at in range(number, len(lines)) if "-->" in lines[at]), len(lines))
        elif _RULE.fullmatch(line) and number and not given[number - 1].strip():
            lines[number] = ""
        else:
            number += 1
            continue
        if end < number:
            return text
        if end > number or line.startswith("<!--"):
            lines[number : end + 1] = [""] * (min(end, len(lines) - 1) + 1 - number)
        number = end + 1
    return "\n".join(lines)


def _find_end(lines: list[str], begin: int, indent: str, closing: re.Pattern[str]) -> int:
    """The last line of fenced code; -1 where that is not sure.

    Code in an item of a list is indented, and ends with the item.
    """
    for at in range(begin + 1, len(lines)):
        line = lines[at]
        if not indent:
            if closing.fullmatch(line):
                return at
        elif line.startswith(indent) and closing.fullmatch(line[len(indent) :]):
            # How far it may be indented depends on the item.
            return at if line[len(indent)] != " " else -1
        elif line.strip() and not line.startswith(indent):
            return -1
    return -1 if indent else len(lines) - 1


def _plain_headings(text: str) -> Iterator[Heading]:
    for number, line in enumerate(text.split("\n"), 1):
        if match := _HEADING.match(line):
            yield Heading(len(match[1]), _without_closing(match[2]), number)


def _parsed_headings(text: str) -> Iterator[Heading]:
    tokens = _blocks(text)
    for index, token in enumerate(tokens):
        if token.type == "heading_open" and token.level == 0 and token.map:
            yield Heading(int(token.tag[1]), tokens[index + 1].content.strip(), token.map[0] + 1)


def _without_closing(text: str) -> str:
    closed = _CLOSED.fullmatch(text)
    return (closed[1] if closed and closed[1].strip() else text).strip()


def find_links(text: str, is_wanted: Callable[[str], object]) -> Iterator[Link]:
    """The links and images of a text that somebody wants to know of.

    Parameters
    ----------
    is_wanted
        Tells by the target. Where it wants nothing that looks like one, nothing is parsed.
    """
    if not is_cheap(text):
        return
    found = _list_candidates(text)
    asked = cache(is_wanted)
    wanted = [link for link in found if asked(link.target)]
    if not wanted or len(found) > MOST_LINKS:
        return
    shown, definitions = _read_links(text)
    anywhere = {target for block in shown for target in block.targets}
    for link in wanted:
        above, below = definitions.get(link.target, (0, 0))
        is_defined = above < link.line <= below and link.target in anywhere
        at = bisect_left(shown, link.line, key=lambda block: block.end)
        is_inside = at < len(shown) and shown[at].above < link.line
        if is_defined or (is_inside and link.target in shown[at].targets):
            yield link


@lru_cache(maxsize=4)
def _read_links(text: str) -> tuple[list[_Block], dict[str, list[int]]]:
    """The targets of the links that a reader sees, and the lines of those that are defined."""
    environment: dict[str, Any] = {}
    shown = [*_find_shown(_parser().parse(text, environment))]
    references = environment.get("references", {}).values()
    return shown, {_decoded(unquote(each["href"])): each["map"] for each in references}


def is_cheap(text: str) -> bool:
    """Whether a text is short enough to be parsed: of others nothing is known."""
    return len(text) <= LONGEST


@shared
def _list_candidates(text: str) -> list[Link]:
    return [*islice(find_candidates(text), MOST_LINKS + 1)]


def find_candidates(text: str) -> Iterator[Link]:
    """Whatever looks like a link or an image, whether or not it is one."""
    formulas = deque(match.span() for match in _FORMULA.finditer(text))
    line, begun, counted, at = 1, 0, 0, 0
    while match := _TARGET.search(text, at):
        group = match.lastindex or 0
        start, raw = match.start(group), match[group]
        if group in (2, 4):
            raw = _until_closed(raw)
        line += text.count("\n", counted, start)
        begun = text.rfind("\n", counted, start) + 1 or begun
        counted = start
        # The target of a picture may be followed by that of the link around it.
        at = start + max(1, len(raw))
        while formulas and formulas[0][1] <= start:
            formulas.popleft()
        if raw and not (formulas and formulas[0][0] < start):
            yield Link(_decoded(raw), line, start - begun + 1)


def _until_closed(raw: str) -> str:
    """A target up to the parenthesis that closes its link."""
    depth, escaped = 0, False
    for index, letter in enumerate(raw):
        if escaped:
            escaped = False
        elif letter == "\\":
            escaped = True
        elif letter == "(":
            depth += 1
        elif letter == ")":
            depth -= 1
            if depth < 0:
                return raw[:index]
    return raw


def _decoded(raw: str) -> str:
    """A target without escapes, entities and percent signs."""
    plain = _ESCAPED.sub(r"\1", raw)
    if "&" in plain:
        from html import unescape

        plain = unescape(plain)
    return unquote(plain)


def _find_shown(tokens: list[Token]) -> Iterator[_Block]:
    """The blocks that have links, from the first to the last."""
    for token in tokens:
        targets = set(_html_targets(token.content)) if token.type == "html_block" else set()
        for child in token.children or ():
            target = child.attrGet("href") or child.attrGet("src")
            if isinstance(target, str):
                targets.add(unquote(target))
            elif child.type == "html_inline":
                targets.update(_html_targets(child.content))
        if token.map and targets:
            yield _Block(token.map[0], token.map[1], targets)


def _html_targets(html: str) -> Iterator[str]:
    for match in _IN_HTML.finditer(_COMMENT.sub("", html)):
        yield _decoded(match[1])

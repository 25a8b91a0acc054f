"""reStructuredText as far as the rules need it, read by docutils: links and images.

docutils takes a third of a second to load, so it is asked where a look at the lines finds a link
that somebody wants to know of. It opens no file: what would include one is left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import unquote

from lisa_scaffold.formats.markdown import Link
from lisa_scaffold.pattern import compile_lazily

LONGEST = 30_000
"""Characters of a text that is parsed; of a longer one nothing is known."""

# docutils takes a millisecond for a line and half of one for a mark, the square of a paragraph and
# of the targets, and more where marks have no end. The longest README that people write has half.
_MOST_LINES = 1_000
_MOST_MARKS = 3_000
_LONGEST_BLOCK = 3_000
_DEEPEST = 40
_MOST_SUBSTITUTED = 400  # a substitution may stand for others, and so double with each
_MARK = compile_lazily(r"[*`|_:\[(\"'-]")

# Whatever may be a target: `text <target>`_, .. _name: target, and images with their :target:.
_TARGET = compile_lazily(
    r"<([^<>`\n]{1,500})>`__?"
    r"|^\s*\.\. _[^:\n]{1,200}:[ \t]+(\S{1,500})[ \t]*$"
    r"|^\s*__[ \t]+(\S{1,500})[ \t]*$"
    r"|\b(?:image|figure)::[ \t]+(\S{1,500})"
    r"|^\s+:target:[ \t]+(\S{1,500})",
    re.MULTILINE,
)


def find_links(text: str, is_wanted: Callable[[str], object]) -> Iterator[Link]:
    """The links and images of a text that somebody wants to know of.

    Parameters
    ----------
    is_wanted
        Tells by the target. Where it wants nothing that looks like one, nothing is parsed.
    """
    wanted = [link for link in find_candidates(text) if is_wanted(link.target)]
    if wanted and is_cheap(text):
        shown = _shown_targets(text)
        yield from (link for link in wanted if link.target in shown)


def is_cheap(text: str) -> bool:
    """Whether docutils reads a text in a time that nobody minds: of others nothing is known."""
    is_short = (
        len(text) <= LONGEST
        and text.count("\n") <= _MOST_LINES
        and text.count("|") <= _MOST_SUBSTITUTED
        and len(_MARK.findall(text)) <= _MOST_MARKS
    )
    blocks = re.split(r"\n[ \t]*\n", text) if is_short else []
    return bool(blocks) and all(
        len(block) <= _LONGEST_BLOCK
        and not re.match(rf"\s{{{_DEEPEST}}}|(?:[-*+>|] ){{10}}", block)
        for block in blocks
    )


def find_candidates(text: str) -> Iterator[Link]:
    """Whatever looks like a link or an image, whether or not it is one."""
    for match in _TARGET.finditer(text):
        at = match.start(match.lastindex or 0)
        line = text.count("\n", 0, at) + 1
        target = unquote(match[match.lastindex or 0].replace("\\ ", ""))
        # `text <name_>`_ names another target.
        if not target.endswith("_"):
            yield Link(target, line, at - text.rfind("\n", 0, at))


def _shown_targets(text: str) -> set[str]:
    """Every target that a reader is led to."""
    from docutils import nodes
    from docutils.core import publish_doctree
    from docutils.utils import SystemMessage

    settings: dict[str, Any] = {
        "file_insertion_enabled": False,
        "raw_enabled": False,
        "halt_level": 5,
        "report_level": 5,
        "warning_stream": False,
        "_disable_config": True,
        "line_length_limit": LONGEST,
    }
    try:
        tree = publish_doctree(text, settings_overrides=settings)
    except (SystemMessage, RecursionError, ValueError, KeyError, AttributeError, IndexError):
        return set()  # its own defects included: what cannot be read leads nowhere
    found = {node["refuri"] for node in tree.findall(nodes.reference) if "refuri" in node}
    found |= {node["uri"] for node in tree.findall(nodes.image)}
    return {unquote(str(each)) for each in found}

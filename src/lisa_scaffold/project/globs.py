"""Patterns of paths as expressions that take no more than the square of a path's length.

``*`` and ``?`` stand for anything but a slash, ``**/`` for any folders, ``**`` for anything. A
plain translation tries every way to share a path among its stars, which is a number of the path's
length to the power of their count. It is enough to try the first place of each piece: what follows
has the more room.
"""

from __future__ import annotations

import re

LONGEST = 1000
"""Characters of a pattern; a longer one describes nothing."""

_NOTHING = r"(?!)"
_WILD = re.compile(r"(\*\*/(?:\*\*/)*|\*\*+|\*|\?)")
_WILD_OR_SET = re.compile(r"(\*\*/(?:\*\*/)*|\*\*+|\*|\?|\[[^]]+\])")


def expression(pattern: str, *, sets: bool = False) -> str:
    """A pattern as an expression for the whole of a path.

    Parameters
    ----------
    pattern
        The pattern.
    sets
        Whether ``[ab]`` stands for one of some characters, and ``[!ab]`` for any but these.
    """
    if len(pattern) > LONGEST:
        return _NOTHING
    pieces = (_WILD_OR_SET if sets else _WILD).split(pattern)
    # What lies between two `**` holds together: a star in it may not reach over a slash.
    blocks: list[tuple[str, list[str]]] = [("", [""])]
    for number, piece in enumerate(pieces):
        if number % 2 == 0:
            blocks[-1][1][-1] += re.escape(piece)
        elif piece == "?":
            blocks[-1][1][-1] += "[^/]"
        elif piece == "*":
            blocks[-1][1].append("")
        elif piece.startswith("["):
            blocks[-1][1][-1] += _set(piece)
        elif not piece.endswith("/"):
            blocks.append((".*?", [""]))
        elif (number == 1 and not pieces[0]) or pieces[number - 1].endswith("/"):
            blocks.append(("(?:.*?/)??", [""]))
        else:  # as in `a**/`, where it names the end of a folder's name
            blocks.append((".*?", ["/"]))
    *firsts, (last, parts) = blocks
    written = "".join(f"(?>{wild}{_block(each)})" for wild, each in firsts)
    return f"{written}{last}{_block(parts[:-1])}{'[^/]*' if len(parts) > 1 else ''}{parts[-1]}"


def _block(parts: list[str]) -> str:
    """Pieces with stars between them, each at the first place where it stands."""
    return "".join([*parts[:1], *(f"(?>[^/]*?{part})" for part in parts[1:])])


def _set(piece: str) -> str:
    inner = re.sub(r"([\\\[&~|])", r"\\\1", piece[1:-1])
    said = f"[^{inner[1:]}]" if inner.startswith("!") else f"[{inner}]"
    try:
        re.compile(said)
    except re.error:  # such as a range from z to a
        return re.escape(piece)
    return said

"""Glob patterns as regular expressions that match in at most quadratic time.

``*`` and ``?`` stand for anything but a slash, ``**/`` for any folders, ``**`` for anything. A
plain translation backtracks over all ways to divide a path among the stars, which is exponential in
their number. It is enough to try the first position of each piece: that leaves the most room for
what follows. Atomic groups express this.
"""

from __future__ import annotations

import re

from lisa_scaffold.pattern import compile_lazily

LONGEST = 1000
"""Characters of a pattern; a longer one matches nothing."""

_NEVER = r"(?!)"
_WILD = compile_lazily(r"(\*\*/(?:\*\*/)*|\*\*+|\*|\?)")
_WILD_OR_SET = compile_lazily(r"(\*\*/(?:\*\*/)*|\*\*+|\*|\?|\[[^]]+\])")


def translate_glob(pattern: str, *, sets: bool = False) -> str:
    """Translate a pattern into an expression that is to match a whole path.

    Parameters
    ----------
    pattern
        The pattern.
    sets
        Whether ``[ab]`` stands for one of some characters, and ``[!ab]`` for any but these.
    """
    if len(pattern) > LONGEST:
        return _NEVER
    pieces = (_WILD_OR_SET if sets else _WILD).split(pattern)
    # The pieces between two `**` form a block: a star in it does not match a slash.
    blocks: list[tuple[str, list[str]]] = [("", [""])]
    for number, piece in enumerate(pieces):
        if number % 2 == 0:
            blocks[-1][1][-1] += re.escape(piece)
        elif piece == "?":
            blocks[-1][1][-1] += "[^/]"
        elif piece == "*":
            blocks[-1][1].append("")
        elif piece.startswith("["):
            blocks[-1][1][-1] += _character_set(piece)
        elif not piece.endswith("/"):
            blocks.append((".*?", [""]))
        elif (number == 1 and not pieces[0]) or pieces[number - 1].endswith("/"):
            blocks.append(("(?:.*?/)??", [""]))
        else:  # as in `a**/`, where it names the end of a folder's name
            blocks.append((".*?", ["/"]))
    *firsts, (last, parts) = blocks
    before = "".join(f"(?>{wild}{_join_stars(each)})" for wild, each in firsts)
    return f"{before}{last}{_join_stars(parts[:-1])}{'[^/]*' if len(parts) > 1 else ''}{parts[-1]}"


def _join_stars(parts: list[str]) -> str:
    """Join pieces with stars between them, each matched at its first position."""
    return "".join([*parts[:1], *(f"(?>[^/]*?{part})" for part in parts[1:])])


def _character_set(piece: str) -> str:
    inner = re.sub(r"([\\\[&~|])", r"\\\1", piece[1:-1])
    expression = f"[^{inner[1:]}]" if inner.startswith("!") else f"[{inner}]"
    try:
        re.compile(expression)
    except re.error:  # such as a range from z to a
        return re.escape(piece)
    return expression

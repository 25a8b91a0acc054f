"""Options of TOML that stand in a comment, to be switched on: they are options all the same.

A comment such as ``# strict = true`` says which value a template would suggest. Where the project
has the option, it has made up its mind, whatever becomes of the comment.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from lisa_scaffold.pattern import compile_lazily

_HEADER = compile_lazily(r"\s*\[([^\[\]]+)\]\s*(?:#.*)?")
_OTHER_HEADER = compile_lazily(r"\s*\[\[")
_OPTION = compile_lazily(r"""(\s*)(#[ \t]?)?("[^"\\=]+"|[\w.-]+)\s*=\s*(\S.*)""")
# What one line can hold: nothing that goes on below.
_VALUE = compile_lazily(r"""(?:"[^"\\]*"|'[^']*'|true|false|[-+\w.:]+|\[[^\[\]#]*\])\s*(?:#.*)?""")
# Tables whose keys a project makes up.
_OWN_NAMES = compile_lazily(
    r"project\.(?:scripts|gui-scripts|urls|entry-points\..+)|tool\.poetry\.scripts"
)

_SET = "of the template is left out, as the project has set it."
_REMOVED = "of the template is left out: the project has removed that, when it was an example."

_Key = tuple[str, str]


class _Option(NamedTuple):
    """A line with an option, or with one in a comment."""

    at: int
    is_comment: bool
    text: str


class Settled(NamedTuple):
    """Base and theirs, and the template's lines that are left out of it."""

    base: str
    theirs: str
    notes: tuple[str, ...] = ()


def settle(base: str, ours: str, theirs: str) -> Settled:
    """Base and theirs without the comments that the project has made an option of.

    What the template suggested before, and has switched on as it was, the base has switched on as
    well. An example of an entry point that the project removed is none of the template's either.
    """
    before, mine, offered = (_find(text) for text in (base, ours, theirs))
    lines = [text.split("\n") for text in (base, theirs)]
    gone: tuple[set[int], set[int]] = (set(), set())
    notes: list[str] = []
    for key in {**before, **offered}:
        own, old, new = (side.get(key, []) for side in (mine, before, offered))
        if not all(option.is_comment for option in old):
            continue
        is_set = [option.is_comment for option in own] == [False]
        is_switched_on = [option.is_comment for option in new] == [False]
        is_same = is_switched_on and [option.text for option in old] == [new[0].text]
        name = ".".join(key)
        if is_set and is_same and new[0].text != own[0].text:
            lines[0][old[0].at] = old[0].text
            notes.append(f"{name}: {lines[1][new[0].at].strip()} {_SET}")
        elif is_set and is_switched_on:
            gone[0].update(option.at for option in old)
        elif is_set and all(option.is_comment for option in new):
            gone[0].update(option.at for option in old)
            gone[1].update(option.at for option in new)
            known = {option.text for option in old}
            told = [lines[1][option.at].strip() for option in new if option.text not in known]
            notes += [f"{name}: {line} {_SET}" for line in told]
        elif is_same and not own and _OWN_NAMES.fullmatch(key[0]):
            gone[0].add(old[0].at)
            gone[1].add(new[0].at)
            notes.append(f"{name}: {lines[1][new[0].at].strip()} {_REMOVED}")
    kept = [
        "\n".join(line for at, line in enumerate(side) if at not in out)
        for side, out in zip(lines, gone, strict=True)
    ]
    return Settled(kept[0], kept[1], tuple(notes))


def _find(text: str) -> dict[_Key, list[_Option]]:
    """The options of each table, with those that stand in comments."""
    found: dict[_Key, list[_Option]] = {}
    table: str | None = ""
    for at, line in enumerate(text.split("\n")):
        if header := _HEADER.fullmatch(line):
            table = re.sub(r"\s", "", header[1])
        elif _OTHER_HEADER.match(line):
            table = None  # tables of one name, which the name does not tell apart
        elif table is not None and (match := _OPTION.fullmatch(line)):
            if match[2] and not _VALUE.fullmatch(match[4]):
                continue
            option = _Option(at, bool(match[2]), f"{match[1]}{match[3]} = {match[4]}")
            found.setdefault((table, match[3]), []).append(option)
    return found

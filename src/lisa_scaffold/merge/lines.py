"""Three-way merge of files with an entry on each line: patterns, INI files, pip requirements.

Requirements follow the rules of a list of requirements in any other file: the normalised name
identifies a package, and the order means nothing.
Source: https://pip.pypa.io/en/stable/reference/requirements-file-format/
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

from lisa_scaffold.formats.diff import to_lines, to_text
from lisa_scaffold.formats.stretches import Unit, join_units, strip_number
from lisa_scaffold.formats.tree import NotSure
from lisa_scaffold.merge import choice, declined, removed, values
from lisa_scaffold.merge import text as plain
from lisa_scaffold.merge.declined import MergedText, Note
from lisa_scaffold.merge.layout import pick
from lisa_scaffold.merge.units import (
    DecideRemoved,
    MergeBoth,
    MergedUnit,
    let_project_decide,
    merge_comments,
    merge_units,
    pick_changed,
    place_in_blocks,
    place_in_turn,
)
from lisa_scaffold.merge.verify import find_lost_word
from lisa_scaffold.merge.words import merge_words
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.versions import (
    make_requirement_keys,
    normalize_name,
    pick_newest,
    split_requirement,
)

_PATTERN_AND_MORE = compile_lazily(r"(\S+)\s+\S")
# In a manifest the last word wins: between additions that include and additions that exclude,
# the order decides.
_VERBS = {
    **dict.fromkeys(("include", "recursive-include", "global-include", "graft"), "in"),
    **dict.fromkeys(("exclude", "recursive-exclude", "global-exclude", "prune"), "out"),
}


class _Read(NamedTuple):
    """The units of a file, and the number of blank lines below them."""

    units: list[Unit]
    tail: int


class _Rules(NamedTuple):
    """How the lines of a file are merged; see `merge_units`."""

    both: MergeBoth
    removed: DecideRemoved
    heirs: bool = True
    free: bool = False


def merge(base: str, ours: str, theirs: str) -> MergedText | None:
    """Merge sets of patterns; ``None`` where the two sides contradict each other."""
    sides = [_read(text, _make_pattern_key) for text in (base, ours, theirs)]
    decide = let_project_decide(lambda unit: unit.lines[0].strip())
    return _merge_read((base, ours, theirs), sides, _Rules(_merge_pattern, decide))


def _merge_read(
    texts: tuple[str, str, str], sides: Sequence[_Read], rules: _Rules
) -> MergedText | None:
    base, ours, theirs = sides
    if not base.units and {*filter(_is_comment, theirs.units)} - {*ours.units}:
        done = _merge_added(ours.units, theirs.units, rules.both)
    else:
        done = merge_units(
            *(base.units, ours.units, theirs.units, rules.both, _place_lines),
            removed=rules.removed,
            heirs=rules.heirs,
            free=rules.free,
        )
    if done is None:
        return None
    blank = [""] * (theirs.tail if ours.tail == base.tail else ours.tail)
    text = to_text([*join_units(done[0]), *blank])
    return None if find_lost_word(*texts, text, done[1]) else (text, done[1])


def _merge_added(
    ours: Sequence[Unit], theirs: Sequence[Unit], both: MergeBoth
) -> tuple[list[Unit], tuple[Note, ...]] | None:
    """Merge lists that both sides added, where comments of the template divide its own.

    They head only what comes from the template: that is put below the project's list, block by
    block, and a heading with nothing below it that is new is left out.
    """
    known = {unit.key: unit for unit in theirs}
    notes: list[Note] = []
    units: list[Unit] = []
    for unit in ours:
        their_unit = known.get(unit.key, unit)
        done: MergedUnit | None = (unit.lines, ())
        if unit.lines != their_unit.lines:
            done = both(None, unit, their_unit)
        if done is None and choice.find_side():
            done = (unit if choice.find_side() == choice.OURS else their_unit).lines, ()
        if done is None:
            return None
        units.append(unit._replace(lines=tuple(done[0])))
        notes += done[1]
    present = {unit.key for unit in ours}
    headings: list[Unit] = []
    is_inside = False
    for unit in theirs:
        if _is_comment(unit):
            headings = [unit] if is_inside or unit.gap else [*headings, unit]
            is_inside = False
            continue
        is_inside = True
        if unit.key not in present:
            units += [heading for heading in headings if heading.key not in present]
            units.append(unit)
            headings = []
    missing = [unit for unit in theirs if _is_comment(unit) and unit not in (*units, *ours)]
    for unit in missing:
        notes.append(f"{unit.lines[0]}: what the template has below it is in the list already.")
    return units, tuple(notes)


def _read(text: str, make_key: Callable[[Unit], str], *, continues: bool = False) -> _Read:
    """The lines of a file, each with those that a backslash `continues`."""
    units: list[Unit] = []
    gap = 0
    is_open = False
    for line in to_lines(text):
        # Tools that write such a file explain a requirement in the lines below it.
        explains = continues and units and not gap and re.match(r"\s+#", line)
        if is_open or explains:
            units[-1] = units[-1]._replace(lines=(*units[-1].lines, line))
        elif line.strip():
            units.append(Unit("", gap, (line,)))
            gap = 0
        else:
            gap += 1
        is_open = continues and line.endswith("\\")
    return _Read([unit._replace(key=make_key(unit)) for unit in units], gap)


def _make_pattern_key(unit: Unit) -> str:
    """A line, or its pattern where more than a requirement follows that."""
    line = unit.lines[0].strip()
    word = line.split(maxsplit=1)[0]
    if (
        line.startswith(("#", "-"))
        or word in _VERBS
        or not _PATTERN_AND_MORE.match(line)
        or re.match(r"\S+\s*[<>=!~;@#]", line)
    ):
        return line
    return f"{word} …"


def _merge_pattern(base: Unit | None, ours: Unit, theirs: Unit) -> MergedUnit | None:
    if base is None:
        return None
    lines = base.lines[0], ours.lines[0], theirs.lines[0]
    pin = pick_newest(*lines)
    if pin:
        return (pin.text,), (pin.note,)
    words = merge_words(*lines)
    return None if words is None else ((words,), ())


def _place_lines(before: Unit | None, ours: list[Unit], theirs: list[Unit]) -> list[Unit] | None:
    """Place additions of both sides at one place in blocks, if their order does not matter."""
    effects: list[set[str]] = []
    for side in (ours, theirs):
        lines = [unit.lines[0].strip() for unit in side if not _is_comment(unit)]
        effects.append(
            {_VERBS.get(line.split()[0], "out" if line[0] == "!" else "in") for line in lines}
        )
    if all(effects) and len(effects[0] | effects[1]) > 1:
        # The last word wins: the project's, unless the template makes exceptions of its own.
        return None if "out" in effects[1] else [*theirs, *ours]
    return place_in_blocks(before, ours, theirs, _is_comment)


def _is_comment(unit: Unit) -> bool:
    return unit.lines[0].lstrip().startswith("#")


_SECTION = compile_lazily(r"\[(.+?)\]")
_KEY = compile_lazily(r"([^\s=:#;][^=:]*)[=:]")
_INI_COMMENT = ("#", ";", "!")
_TOX = ("[tox]", "[tox:tox]")
_ENVIRONMENTS = ("env_list", "envlist")
_PIECE = compile_lazily(r"\{[^{}]*\}|[^,{}]++|[{}]|,\s*")
_NAME = compile_lazily(r"(?<![^\s,])[\w.-]+(?![^\s,])")
_DECIDE_KEY = let_project_decide(lambda unit: str(strip_number(unit)))


def merge_ini(base: str, ours: str, theirs: str) -> MergedText | None:
    """Merge by section and key; ``None`` where the two sides contradict each other."""
    before, mine, offered = (_split_sections(to_lines(text)) for text in (base, ours, theirs))
    needed = _find_needed(before, mine, offered)
    # What the project needs is as good as its own.
    left = [section for section in before if section.key not in needed]
    done = merge_units(left, mine, offered, _merge_section, place_in_turn, removed=_DECIDE_KEY)
    if done is None:
        return None
    notes = (*done[1], *(_note_needed(section) for section in before if section.key in needed))
    text = to_text(join_units(done[0]))
    if find_lost_word(base, ours, theirs, text, notes) or find_problem(base, ours, theirs, text):
        return None
    return text, notes


def _find_needed(base: Sequence[Unit], ours: Sequence[Unit], theirs: Sequence[Unit]) -> set[str]:
    """The environments of tox that the template drops, and that the project's list still names."""
    sections = [{str(section.key) for section in side} for side in (base, ours, theirs)]
    before, mine, offered = map(_list_environments, (base, ours, theirs))
    named = {f"[testenv:{name}]" for name in mine - (before - offered)}
    return named & sections[0] & sections[1] - sections[2]


def _list_environments(sections: Sequence[Unit]) -> set[str]:
    """The environments that tox runs by itself."""
    found: set[str] = set()
    for section in sections:
        if section.key in _TOX:
            for key in _split_keys(section.lines):
                if key.key in _ENVIRONMENTS:
                    value = "\n".join(key.lines).partition("=")[2]
                    found |= {*_NAME.findall(value)}
    return found


def _note_needed(section: Unit) -> Note:
    text = "\n".join(section.lines)
    return declined.note_needed(str(section.key), text, text)


def find_problem(base: str, ours: str, theirs: str, merged: str) -> str | None:
    """Describe what is wrong with a merged INI file that is right on both sides."""
    before, our_names, their_names, after = (
        Counter(
            f"{section.key} {key.key}"
            for section in _split_sections(to_lines(text))
            for key in (*_split_keys(section.lines), Unit("", 0, ()))
        )
        for text in (base, ours, theirs, merged)
    )
    for name, times in after.items():
        if times > max(1, our_names[name], their_names[name]):
            return f"it sets {name} twice"
        if name not in our_names and name not in their_names:
            return f"{name} stands in another section than before"
    lists = [_split_sections(to_lines(text)) for text in (ours, theirs, merged)]
    known = {str(section.key) for side in lists[:2] for section in side}
    lacking = known - {str(section.key) for section in lists[2]}
    for name in sorted(_list_environments(lists[2])):
        if f"[testenv:{name}]" in lacking:
            return f"tox runs {name}, whose section one side has removed"
    # A line may keep its place in the file, and end up below the head of another section.
    strayed = ((our_names - before) | (their_names - before)).keys() - after.keys()
    return f"{min(strayed)} got lost" if strayed else None


def _merge_section(base: Unit | None, ours: Unit, theirs: Unit) -> MergedUnit | None:
    before = _split_keys(base.lines) if base else []
    sides = _split_keys(ours.lines), _split_keys(theirs.lines)
    done = merge_units(before, *sides, _merge_key, place_in_turn, removed=_DECIDE_KEY)
    return None if done is None else (join_units(done[0]), done[1])


def _merge_key(base: Unit | None, ours: Unit, theirs: Unit) -> MergedUnit | None:
    """Merge a key with the comments above it."""
    if base is None:
        return None
    above, below = [], []
    for unit in (base, ours, theirs):
        ends = (i for i, line in enumerate(unit.lines) if not _is_remark(line))
        at = next(ends, len(unit.lines))
        above.append(unit.lines[:at])
        below.append(unit._replace(lines=unit.lines[at:]))
    comments = merge_comments(str(strip_number(ours)), above[0], above[1], above[2])
    if comments is None or not all(unit.lines for unit in below):
        return None
    picked = pick_changed(*(unit.lines for unit in below))
    done = _merge_value(*below) if picked is None else (picked, ())
    return done and ((*comments[0], *done[0]), (*comments[1], *done[1]))


def _is_remark(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith(_INI_COMMENT)


def _merge_value(base: Unit, ours: Unit, theirs: Unit) -> MergedUnit | None:
    sides = _unfold_items((base, ours, theirs))
    lengths = {len(side.lines) for side in sides}
    if lengths == {1} and (pin := pick_newest(*(side.lines[0] for side in sides))):
        return [pin.text], (pin.note,)
    if min(lengths) > 1 and (listed := _merge_listed(*sides)):
        return listed
    commas = [_find_commas(side) for side in sides]
    if all(commas):
        return _merge_separated(sides, [found == "all" for found in commas])
    merge_text = merge if min(lengths) > 1 else plain.merge
    texts = [to_text(list(side.lines)) for side in sides]
    done = merge_text(texts[0], texts[1], texts[2])
    if done is None and choice.find_side():
        done = plain.merge_openly(texts[0], texts[1], texts[2])
    if done is None or (min(lengths) > 1 and _lacks_comma(to_lines(done[0]), sides)):
        return None
    return to_lines(done[0]), done[1]


def _lacks_comma(merged: Sequence[str], sides: Sequence[Unit]) -> bool:
    """Whether the last item of a side's list has another below it now, and no comma between."""
    if not any(line.rstrip().endswith(",") for side in sides for line in side.lines):
        return False
    known = {line for side in sides[1:] for line in _find_bare(side.lines)}
    return not known >= {*_find_bare(merged)}


def _find_bare(lines: Sequence[str]) -> list[str]:
    """The lines of a value that another one follows, with no comma between."""
    items = [line.partition(" #")[0].strip() for line in lines[1:] if not _is_remark(line)]
    return [item for item in items[:-1] if not item.endswith(",")]


def _split_environments(text: str) -> list[str]:
    """The items of a list with commas; those in braces belong to an item."""
    items = [""]
    for piece in _PIECE.findall(text):
        if piece[0] == ",":
            items.append("")
        else:
            items[-1] += piece
    return items


def _unfold_items(sides: tuple[Unit, Unit, Unit]) -> tuple[Unit, Unit, Unit]:
    """A value of one line as a list of one item, where a side that has more made a list of it."""
    listed = [len(side.lines) > 1 for side in sides]
    if listed[0] or not any(listed):
        return sides
    below = next(side.lines[1] for side in sides if len(side.lines) > 1)
    margin = below[: len(below) - len(below.lstrip())]
    unfolded = []
    for side in sides:
        key, equals, first = side.lines[0].partition("=")
        alone = len(side.lines) == 1 and first.strip()
        is_list = key.strip() in _ENVIRONMENTS
        items = _split_environments(first.strip()) if is_list else [first.strip()]
        lines = (f"{key}{equals}".rstrip(), *(f"{margin}{item}" for item in items))
        is_item = is_list or all(listed[1:]) or split_requirement(first.strip())
        unfolded.append(side._replace(lines=lines) if alone and is_item else side)
    return unfolded[0], unfolded[1], unfolded[2]


def _merge_listed(base: Unit, ours: Unit, theirs: Unit) -> MergedUnit | None:
    """Merge a value that is a list of requirements, as in ``deps`` of tox."""
    sides = (base, ours, theirs)
    head = pick_changed(*(side.lines[:1] for side in sides))
    lines = [line for side in sides for line in side.lines[1:]]
    margins = {line[: len(line) - len(line.lstrip())] for line in lines if line.strip()}
    items = [line.strip() for line in lines if line.lstrip()[:1] not in ("", "#")]
    if head is None or len(margins) != 1 or not all(map(split_requirement, items)):
        return None
    done = merge_requirements(*(to_text([*map(str.strip, side.lines[1:])]) for side in sides))
    if done is None:
        return None
    margin = margins.pop()
    return [*head, *(f"{margin}{line}".rstrip() for line in to_lines(done[0]))], done[1]


def _find_commas(side: Unit) -> str:
    """Behind which items of a list with one on each line commas stand; nothing where it is none."""
    key, _, first = side.lines[0].partition("=")
    items = [line.rstrip() for line in side.lines[1:] if not _is_remark(line)]
    if not key or first.strip() or not items or any("#" in line for line in items):
        return ""
    if not all(line.endswith(",") for line in items[:-1]):
        return ""
    return "all" if items[-1].endswith(",") else "between"


def _merge_separated(sides: Sequence[Unit], closed: Sequence[bool]) -> MergedUnit | None:
    """Merge a value that is a list with a comma between its items, and perhaps behind the last."""
    texts = []
    for side in sides:
        lines = [each if _is_remark(each) else each.rstrip().rstrip(",") for each in side.lines]
        texts.append(to_text(lines))
    done = merge(texts[0], texts[1], texts[2])
    if done is None:
        return None
    merged = to_lines(done[0])
    items = [at for at, line in enumerate(merged) if at and not _is_remark(line)]
    is_closed = closed[2] if closed[1] == closed[0] else closed[1]
    for at in items if is_closed else items[:-1]:
        merged[at] += ","
    return merged, done[1]


def _split_sections(lines: Sequence[str]) -> list[Unit]:
    """Sections with the comments above them; what is above the first has no name."""
    found: list[Unit] = []
    heads = [
        (i, match[1].strip()) for i, line in enumerate(lines) if (match := _SECTION.match(line))
    ]
    starts = [(0, ""), *((_find_head(lines, i, 0), name) for i, name in heads)]
    ends = [*(start for start, _ in starts[1:]), len(lines)]
    for (start, name), end in zip(starts, ends, strict=True):
        own = lines[start:end]
        gap = next((i for i, line in enumerate(own) if line.strip()), len(own))
        if own[gap:] or found or gap:
            found.append(Unit(f"[{name}]", gap, tuple(own[gap:])))
    return found


def _find_head(lines: Sequence[str], at: int, floor: int) -> int:
    """Where the comments and blank lines above a line begin."""
    start = at
    while start > floor and (
        not lines[start - 1].strip() or lines[start - 1].lstrip().startswith(_INI_COMMENT)
    ):
        start -= 1
    return start


def _split_keys(lines: Sequence[str]) -> list[Unit]:
    """The head of a section, and its keys with the lines that continue their values."""
    starts = [
        i for i, line in enumerate(lines) if line[:1].strip() and not line.startswith(_INI_COMMENT)
    ]
    if not starts:
        return [Unit("", 0, tuple(lines))] if lines else []
    units: list[Unit] = []
    at = 0
    for start, following in zip(starts, [*starts[1:], len(lines)], strict=True):
        end = following
        if following < len(lines):
            end = _find_head(lines, following, start + 1)
        gap = next(i for i in range(at, end) if lines[i].strip()) - at
        match = _KEY.match(lines[start])
        key = match[1].rstrip() if match else lines[start].strip()
        units.append(Unit(key, gap, tuple(lines[at + gap : end])))
        at = end
    return units


_COMMENT = compile_lazily(r"(?:^|(?<!\s)\s+)#.*")


def merge_requirements(base: str, ours: str, theirs: str) -> MergedText | None:
    """Merge lists of requirements; ``None`` where the two sides contradict each other."""
    sides = [_read(text, _strip_comment, continues=True) for text in (base, ours, theirs)]
    keys = make_requirement_keys(*([str(unit.key) for unit in side.units] for side in sides))
    if any(len(set(side)) < len(side) for side in keys):
        return None
    named = [
        side._replace(units=[u._replace(key=key) for u, key in zip(side.units, own, strict=True)])
        for side, own in zip(sides, keys, strict=True)
    ]
    free = not any(_is_comment(unit) for side in sides for unit in side.units)
    rules = _Rules(_merge_requirement, _decide_requirement, heirs=False, free=free)
    return _merge_read((base, ours, theirs), named, rules)


def _strip_comment(unit: Unit) -> str:
    """A requirement without its comment and its hashes; a comment as a whole."""
    line = unit.lines[0].removesuffix("\\").strip()
    return line if _is_comment(unit) else _COMMENT.sub("", line)


def _merge_requirement(base: Unit | None, ours: Unit, theirs: Unit) -> MergedUnit | None:
    """Merge a requirement that both sides changed or added; hashes go with their version."""
    below = [unit.lines[1:] if unit else () for unit in (base, ours, theirs)]
    explained = pick_changed(*below)
    if explained is None or any(line.lstrip()[:1] != "#" for line in explained):
        return None
    done = _merge_first_line(base, ours, theirs)
    return done and ((*done[0], *explained), done[1])


def _merge_first_line(base: Unit | None, ours: Unit, theirs: Unit) -> MergedUnit | None:
    lines = [unit.lines[0] if unit else "" for unit in (base, ours, theirs)]
    if base and (pin := pick_newest(*lines)):
        return (pin.text,), (pin.note,)
    before = _strip_comment(base) if base else None
    our_text, their_text = _strip_comment(ours), _strip_comment(theirs)
    decided: values.Decision | None
    if their_text in (our_text, before):
        decided = values.Decision(our_text)
    elif our_text == before:
        decided = values.Decision(their_text)
    else:
        parts = split_requirement(our_text)
        path = (parts["name"],) if parts else ()
        decided = values.decide_scalar(path, before, our_text, their_text) if parts else None
    try:
        remark = pick(*(line[len(_COMMENT.sub("", line)) :] for line in lines))
    except NotSure:
        return None
    if decided is None:
        return None
    return (decided.text + remark,), (decided.note,) if decided.note else ()


def _decide_requirement(
    base: Unit, ours: Unit | None, theirs: Unit | None
) -> tuple[Unit | None, Note]:
    """Drop a requirement that one side removed where the other only moved its version."""
    before, after = _strip_comment(base), _strip_comment(ours or theirs or base)
    parts = split_requirement(before)
    what = normalize_name(parts["name"]) if parts else before
    texts = ["\n".join(unit.lines) if unit else "" for unit in (base, ours, theirs)]
    if before != after and values.has_only_moved_pins((what,), before, after):
        return None, removed.note_moved(what, f"{before} → {after}", by_ours=ours is not None)
    if ours is None:
        return None, declined.note_removed(what, texts[0], texts[2])
    return ours, declined.note_changed(what, texts[0], texts[1])

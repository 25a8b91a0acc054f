"""Three-way merge of the commands that one RUN of a Dockerfile joins with ``&&``.

The commands run one after the other, so each keeps its place between its neighbours. Whatever is
more than a plain chain in the shell's language is left alone.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from lisa_scaffold.formats import diff
from lisa_scaffold.formats.dockerfile import DIRECTIVE, spans
from lisa_scaffold.formats.stretches import Unit, key_of, lines_of
from lisa_scaffold.merge import text as plain
from lisa_scaffold.merge.text import farther
from lisa_scaffold.merge.units import (
    adopted,
    alike,
    carried_over,
    in_blocks,
    merge_units,
    one_sided,
)
from lisa_scaffold.merge.verify import lost
from lisa_scaffold.versions import only_moved

Merge = tuple[str, tuple[str, ...]]

_INSTRUCTION = re.compile(r"\s*([A-Za-z]+)\s+(.*)")
_STAGE = re.compile(r"FROM\s+.*\sAS\s+([\w.-]+)\s*$", re.IGNORECASE)
_FROM = re.compile(r"--from=([\w.-]+)")
_VARIABLE = re.compile(r"\$\{?(\w+)")
_END = Unit(("end", ""), 0, ())
_SETTINGS = ("ARG", "ENV", "LABEL", "EXPOSE", "VOLUME")
_ONCE = ("CMD", "ENTRYPOINT", "HEALTHCHECK", "MAINTAINER", "SHELL", "STOPSIGNAL", "FROM")


def merge(base: str, ours: str, theirs: str) -> Merge | None:
    """Merge Dockerfiles; ``None`` where the two sides contradict each other."""
    done = plain.merge(base, ours, theirs) if base else None
    if done is None:
        done = _by_stages(base, ours, theirs)
    if done is None or lost(base, ours, theirs, *done):
        return None
    return None if problem(base, ours, theirs, done[0]) else done


def problem(_base: str, ours: str, theirs: str, merged: str) -> str | None:
    """What is wrong with a merged Dockerfile where both sides were right."""
    fine = not (_unknown_stages(ours) or _unknown_stages(theirs))
    unknown = _unknown_stages(merged)
    # Without the other stages' names a reference may be to an image: then both sides have it.
    news = unknown - _unknown_stages(ours) - _unknown_stages(theirs)
    if news or (fine and unknown):
        return f"it copies from {', '.join(sorted(news or unknown))}, which is no stage of it"
    unset = _unset(merged) - _unset(ours) - _unset(theirs)
    if unset:
        return f"it uses {', '.join(sorted(unset))} without setting it"
    names = Counter(name for name, _ in _stages(merged) if name)
    twice = {name for name, count in names.items() if count > 1}
    return f"it has two stages {', '.join(sorted(twice))}" if twice else None


def _unset(text: str) -> set[str]:
    """Variables that are used, and that no ARG or ENV sets."""
    units = [unit for unit in instructions(diff.to_lines(text)) if not _is_comment(unit)]
    used = {name for unit in units for name in _VARIABLE.findall(_body(unit))}
    set_here = [unit for unit in units if _verb(unit) in ("ARG", "ENV")]
    return used - {name for unit in set_here for name in re.findall(r"\w+", _body(unit))}


def _unknown_stages(text: str) -> set[str]:
    stages = {name for name, _ in _stages(text)}
    used = {
        name
        for unit in instructions(diff.to_lines(text))
        if not _is_comment(unit)
        for name in _FROM.findall(_body(unit))
    }
    return {name for name in used if not name.isdigit()} - stages


def _stages(text: str) -> list[tuple[str, Unit]]:
    found = []
    for unit in instructions(diff.to_lines(text)):
        if _verb(unit) == "FROM":
            match = _STAGE.match(_body(unit))
            found.append((match[1] if match else "", unit))
    return found


def _by_stages(base: str, ours: str, theirs: str) -> Merge | None:
    sides = [_split(instructions(diff.to_lines(text))) for text in (base, ours, theirs)]
    mine, yours = (adopted(sides[0], side, nameless=_any) for side in sides[1:])
    done = merge_units(sides[0], mine, yours, _stage, _stages_together, gone=_only_moved)
    if done is None or base.strip():
        return None if done is None else (diff.to_text(lines_of(done[0])), done[1])
    stages = [unit._replace(gap=max(unit.gap, int(at > 0))) for at, unit in enumerate(done[0])]
    note = "both sides added it; the template's stages come first."
    return diff.to_text(lines_of(stages)), (note, *done[1])


def _stages_together(before: Unit | None, mine: list[Unit], yours: list[Unit]) -> list[Unit] | None:
    """Stages that both sides put first: the last one, which is built, stays the project's."""
    return None if before else yours + mine


def _any(_unit: Unit) -> bool:
    return True


def _split(units: Sequence[Unit]) -> list[Unit]:
    """Stages as units; what stands above the first is the stage without a name."""
    stages: list[list[Unit]] = [[]]
    for unit in units:
        if _verb(unit) == "FROM":
            stages.append([])
        stages[-1].append(unit)
    found = []
    for number, stage in enumerate(stages):
        if not stage:
            continue
        match = _STAGE.match(_body(stage[0])) if number else None
        # A stage without a name is known by its number, as Docker knows it.
        key = match[1] if match else str(number)
        first = stage[0]._replace(gap=0)
        found.append(Unit(key, stage[0].gap, tuple(lines_of([first, *stage[1:]]))))
    return found


def _stage(
    base: Unit | None, ours: Unit, theirs: Unit
) -> tuple[Sequence[str], tuple[str, ...]] | None:
    """A stage that both sides changed, or that both added."""
    if base is None:
        return carried_over(f"the stage {key_of(ours)}", ours, theirs)
    before, mine, yours = (instructions(side.lines) for side in (base, ours, theirs))
    mine, yours = (
        _in_place(before, adopted(before, side, nameless=_is_step)) for side in (mine, yours)
    )
    done = merge_units(before, mine, yours, _instruction, _together, gone=_only_moved)
    return None if done is None else (lines_of(done[0]), done[1])


def _in_place(base: list[Unit], side: list[Unit]) -> list[Unit]:
    """The units of a side, where a step in the place of a step, alike or not, is the same one."""
    between = {
        (above.key, _verb(unit), below.key): unit.key
        for above, unit, below in zip(base, base[1:], [*base[2:], _END], strict=False)
        if _is_step(unit)
    }
    present = {unit.key for unit in side}
    found = side[:1]
    for unit, below in zip(side[1:], [*side[2:], _END], strict=False):
        old = between.get((found[-1].key, _verb(unit), below.key))
        known = old is None or old in present or not _is_step(unit)
        found.append(unit if known else unit._replace(key=old))
    return found


def _only_moved(base: Unit, ours: Unit | None, theirs: Unit | None) -> tuple[None, str] | None:
    """An instruction that one side removed, and in which the other only moved a version."""
    left = ours or theirs
    before, after = "\n".join(base.lines), "\n".join(left.lines if left else ())
    if not only_moved(before, after):
        return None
    who = ("project", "template") if ours is None else ("template", "project")
    said = f"the {who[0]} removed it and the {who[1]} only moved its version"
    return None, f"{before.splitlines()[-1]}: {said} ({after.splitlines()[-1]}); it stays removed."


def instructions(lines: Sequence[str]) -> list[Unit]:
    """The instructions of a file, each with the comments above it."""
    units: list[Unit] = []
    at = gap = 0
    for start, end in spans(lines):
        head = at
        while not lines[head].strip():
            head += 1
        gap = head - at
        own = tuple(lines[head:end])
        units.append(Unit(_key(lines[start:end]), gap, own))
        at = end
    rest = list(lines[at:])
    if any(line.strip() for line in rest):
        gap = next(i for i, line in enumerate(rest) if line.strip())
        units.append(Unit(("#", "end"), gap, tuple(rest[gap:])))
    return units


def _key(lines: Sequence[str]) -> tuple[str, str]:
    directive = DIRECTIVE.match(lines[0].strip())
    if directive:
        return "#", directive[1].lower()
    match = _INSTRUCTION.match(lines[0])
    verb, rest = (match[1].upper(), match[2]) if match else ("", lines[0])
    if verb in _ONCE:
        return verb, ""
    if verb in _SETTINGS:
        return verb, re.split(r"[=\s]", rest, maxsplit=1)[0]
    return verb, " ".join(" ".join(line.split()) for line in lines)


def _verb(unit: Unit) -> str:
    return str(key_of(unit)[0])


def _body(unit: Unit) -> str:
    """An instruction without the comments above it, on one line."""
    lines = [line.rstrip().removesuffix("\\") for line in unit.lines if line.lstrip()[:1] != "#"]
    return " ".join(" ".join(lines).split())


def _is_comment(unit: Unit) -> bool:
    return _verb(unit) == "#"


def _is_step(unit: Unit) -> bool:
    return _verb(unit) not in (*_SETTINGS, *_ONCE, "#")


def _together(before: Unit | None, mine: list[Unit], yours: list[Unit]) -> list[Unit] | None:
    if any(map(_is_step, mine)) and any(map(_is_step, yours)):
        return None
    # What sets something comes before what may need it.
    if any(map(_is_step, mine)):
        return yours + mine
    if any(map(_is_step, yours)):
        return mine + yours
    return in_blocks(before, mine, yours, _rank, lambda unit: unit.lines[0].startswith("#"))


def _rank(unit: Unit) -> str:
    return unit.lines[0].casefold()


def _instruction(
    base: Unit | None, ours: Unit, theirs: Unit
) -> tuple[list[str], tuple[str, ...]] | None:
    """An instruction that both sides changed, or that both added."""
    if base is None:
        more = farther((), ours.lines, theirs.lines)
        return None if more is None else (list(more), ())
    done = plain.merge_lines(list(base.lines), list(ours.lines), list(theirs.lines))
    done = done or _words(base, ours, theirs)
    return done or merge_commands(base.lines, ours.lines, theirs.lines)


def _words(base: Unit, ours: Unit, theirs: Unit) -> tuple[list[str], tuple[str, ...]] | None:
    """A list of words (packages) with one on each continuation line, merged as a set."""
    before, mine, yours = (_as_words(side.lines) for side in (base, ours, theirs))
    done = merge_units(before, mine, yours, lambda _, __, ___: None, _sorted_words)
    if done is None:
        return None
    lines = lines_of(done[0])
    goes_on = [line if line.lstrip().startswith("#") else f"{line} \\" for line in lines[:-1]]
    return [*goes_on, lines[-1]], done[1]


def _as_words(lines: Sequence[str]) -> list[Unit]:
    return [
        Unit(line.strip(), 0, (line,))
        for line in (line.rstrip().removesuffix("\\").rstrip() for line in lines)
    ]


def _sorted_words(before: Unit | None, mine: list[Unit], yours: list[Unit]) -> list[Unit] | None:
    """Words of one list in order; a command that follows the list stands below them."""
    plain_words = [all(map(_is_word, side)) for side in (mine, yours)]
    if all(plain_words):
        return in_blocks(before, mine, yours, _rank, lambda _: False)
    if plain_words[0] and _follows(yours[0]):
        return mine + yours
    if plain_words[1] and _follows(mine[0]):
        return yours + mine
    return None


def _is_word(unit: Unit) -> bool:
    return bool(re.fullmatch(r"\s+[\w.+:=~*-]+", unit.lines[0]))


def _follows(unit: Unit) -> bool:
    """Whether a line begins with what parts it from the command above."""
    return unit.lines[0].lstrip().startswith(("&&", "||", ";", "|"))


_HEAD = re.compile(r"[ \t]*RUN(?:[ \t]|\\\n)+", re.IGNORECASE)
_AND = re.compile(r"((?<![ \t])[ \t]*(?:\\\n[ \t]*)?&&[ \t]*(?:\\\n[ \t]*)?)")
_FLAG_OR_LIST = re.compile(r"--|\[")
_MORE = re.compile(r"[;|&()<#`!\n]|(?<!\$)\{|\\(?!\n)")
_KEYWORD = re.compile(r"(?:if|then|else|fi|for|while|until|do|done|case|esac|function|time)\b")
# What such a command does holds for all that follow it.
_LASTING = re.compile(
    r"(?:\.|source|cd|pushd|popd|export|unset|set|shopt|alias|umask|ulimit|trap|eval|exec|exit"
    r"|return|readonly|declare|hash|(?:\w+=\S*\s*)+$)(?:\s|$)"
)
_HEIR = 0.5


class _Chain(NamedTuple):
    """The comments above a RUN, the commands in plain form, and how they are written."""

    above: tuple[str, ...]
    head: str
    commands: list[str]
    written: list[str]
    joints: set[str]


def merge_commands(
    base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]
) -> tuple[list[str], tuple[str, ...]] | None:
    """Merge one RUN, with the comments above it; ``None`` where that is not sure."""
    before, mine, yours = (_parse(lines) for lines in (base, ours, theirs))
    if before is None or mine is None or yours is None:
        return None
    above = one_sided(before.above, mine.above, yours.above)
    joints = mine.joints or yours.joints
    done = _merge(before.commands, mine.commands, yours.commands)
    if above is None or done is None or len(joints) != 1:
        return None
    written = dict(zip(yours.commands, yours.written, strict=True))
    written |= dict(zip(mine.commands, mine.written, strict=True))
    text = mine.head + next(iter(joints)).join(written[command] for command in done[0])
    return [*above, *text.split("\n")], done[1]


def _parse(lines: Sequence[str]) -> _Chain | None:
    at = next((i for i, line in enumerate(lines) if not line.lstrip().startswith("#")), len(lines))
    text = "\n".join(lines[at:])
    head = _HEAD.match(text)
    if head is None or _FLAG_OR_LIST.match(text, head.end()):
        return None
    parts = _AND.split(text[head.end() :].rstrip())
    written, joints = parts[::2], set(parts[1::2])
    if not all(map(_is_plain, written)):
        return None
    return _Chain(tuple(lines[:at]), head[0], [*map(_plain, written)], written, joints)


def _is_plain(written: str) -> bool:
    """Whether a command is one, and nothing of the shell's language beside it."""
    if any(written.count(quote) % 2 for quote in "\"'"):
        return False
    command = _plain(written)
    found = _MORE.search(written.replace("\\\n", " ")) or _KEYWORD.match(command)
    return bool(command) and found is None


def _plain(written: str) -> str:
    return " ".join(written.replace("\\\n", " ").split())


def _merge(
    base: list[str], ours: list[str], theirs: list[str]
) -> tuple[list[str], tuple[str, ...]] | None:
    mine, yours = _heirs(base, ours), _heirs(base, theirs)
    if mine is None or yours is None or not _may_grow(base, ours, theirs):
        return None
    kept = [{unit.key for unit in side} for side in (mine, yours)]
    if any((text in kept[0]) != (text in kept[1]) for text in base):
        return None  # what one side removed, the other's additions may rely on
    met: list[Unit] = []

    def together(_before: Unit | None, more: list[Unit], news: list[Unit]) -> list[Unit]:
        met.extend(more)
        return news + more

    done = merge_units(_units(base, {}), mine, yours, lambda _, __, ___: None, together)
    if done is None or not all(_in_turn(side, done[0]) for side in (mine, yours)):
        return None
    merged = [unit.lines[0] for unit in done[0]]
    if len(set(merged)) < len(merged):
        return None  # what one side added, the other made of another command
    note = f"{merged[0]} && …: both sides added commands at one place; the template's come first."
    return merged, (note,) if met else ()


def _may_grow(*sides: list[str]) -> bool:
    """Whether each command is there once, and those that hold for others are the same ones."""
    lasting = [[text for text in side if _LASTING.match(text)] for side in sides]
    once = all(len(set(side)) == len(side) for side in sides)
    return once and lasting[0] == lasting[1] == lasting[2]


def _units(side: list[str], names: Mapping[str, str]) -> list[Unit]:
    return [Unit(names.get(text, text), 0, (text,)) for text in side]


def _heirs(base: list[str], side: list[str]) -> list[Unit] | None:
    """The commands of a side, an edited one under the old name; ``None`` where nobody can tell."""
    names: dict[str, str] = {}
    news = _units([text for text in side if text not in base], {})
    for old in _units([text for text in base if text not in side], {}):
        heirs = [new.lines[0] for new in news if alike(old, new) >= _HEIR]
        if len(heirs) > 1 or names.keys() & heirs:
            return None
        names |= dict.fromkeys(heirs, old.lines[0])
    return _units(side, names)


def _in_turn(side: list[Unit], merged: list[Unit]) -> bool:
    """Whether the commands of a side follow each other in the merge as they did."""
    own = [unit.key for unit in side]
    return [key_of(unit) for unit in merged if key_of(unit) in own] == own

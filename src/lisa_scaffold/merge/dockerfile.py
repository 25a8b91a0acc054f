"""Three-way merge of Dockerfiles: by stage, by instruction, and by the commands of one RUN."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Hashable, Sequence
from functools import partial
from typing import NamedTuple

from lisa_scaffold.formats import diff
from lisa_scaffold.formats.dockerfile import DIRECTIVE, spans
from lisa_scaffold.formats.stretches import Unit, join_units, strip_number
from lisa_scaffold.merge import choice, continued, copied, declined
from lisa_scaffold.merge import text as plain
from lisa_scaffold.merge.declined import MergedText
from lisa_scaffold.merge.units import (
    MergedUnit,
    Parts,
    adopt_keys,
    decline_carried_over,
    measure_likeness_of_units,
    merge_units,
    pick_changed,
    place_in_blocks,
)
from lisa_scaffold.merge.verify import find_lost_word
from lisa_scaffold.merge.words import pick_farther
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.versions import has_only_moved_pins

_INSTRUCTION = compile_lazily(r"\s*([A-Za-z]+)\s+(.*)")
_STAGE = compile_lazily(r"FROM\s++.*\sAS\s++([\w.-]++)\s*+$", re.IGNORECASE)
_FROM = compile_lazily(r"--from=([\w.-]+)")
_PRE_RELEASE = compile_lazily(r"(ARG\s+\w+=\S*\d)(?:a|b|rc|alpha|beta)\d+")
_NO_PROSE = compile_lazily(r"[^A-Za-z]")
_VARIABLE = compile_lazily(r"\$\{?(\w+)")
_END = Unit(("end", ""), 0, ())
_TEMPLATE_FIRST = "both sides added steps at one place; the template's come first."
_SETTINGS = ("ARG", "ENV", "LABEL", "EXPOSE", "VOLUME")
_ONCE = ("CMD", "ENTRYPOINT", "HEALTHCHECK", "MAINTAINER", "SHELL", "STOPSIGNAL", "FROM")


def merge(base: str, ours: str, theirs: str) -> MergedText | None:
    """Merge Dockerfiles; ``None`` where the two sides contradict each other."""
    merged: MergedText | None = plain.merge(base, ours, theirs) if base else None
    if merged is None or _has_untrue_comment(base, ours, theirs):
        before, *sides = (
            _split_stages(split_instructions(diff.to_lines(text))) for text in (base, ours, theirs)
        )
        sides = [adopt_keys(before, side, is_nameless=lambda _: True) for side in sides]
        merged = _merge_stages(before, sides, is_new=not base.strip())
        if merged and choice.find_side() and (torn := copied.find_torn(ours, theirs, merged[0])):
            # What hangs together by a path is taken together, of the side that is taken in doubt.
            other = 2 - choice.find_side()
            sides[other] = _take_back(before, sides[other], torn)
            merged = _merge_stages(before, sides, is_new=False)
        if merged is None:
            return None
    if find_lost_word(base, ours, theirs, *merged) or find_problem(base, ours, theirs, merged[0]):
        return None
    return merged


def _merge_stages(
    before: Sequence[Unit], sides: Sequence[Sequence[Unit]], *, is_new: bool
) -> MergedText | None:
    done = merge_units(
        *(before, sides[0], sides[1], _merge_stage),
        # Of stages that both sides put first, the last one, which is built, is the project's.
        lambda above, ours, theirs: None if above else theirs + ours,
        removed=_drop_moved,
    )
    if done is None:
        return None
    stages, notes = done
    if is_new:
        stages = [u._replace(gap=max(u.gap, int(at > 0))) for at, u in enumerate(stages)]
        notes = ("both sides added it; the template's stages come first.", *notes)
    return diff.to_text(join_units(stages)), notes


def _take_back(before: Sequence[Unit], side: Sequence[Unit], torn: set[str]) -> list[Unit]:
    """The stages of a side, with what has to do with some paths as it was before."""
    known = {unit.key: split_instructions(unit.lines) for unit in before}
    found = []
    for unit in side:
        base = known.get(unit.key, [])
        own = adopt_keys(base, split_instructions(unit.lines), is_nameless=_is_step)
        lines = join_units(copied.take_back(base, own, torn)) if base else unit.lines
        found.append(unit._replace(lines=tuple(lines)))
    return found


def find_problem(_base: str, ours: str, theirs: str, merged: str) -> str | None:
    """Describe what is wrong with a merged Dockerfile that is right on both sides."""
    our_file, their_file, file = (_Summary.of(text) for text in (ours, theirs, merged))
    before = our_file.unknown | their_file.unknown
    # Without the other stages' names a reference may be to an image: then both sides have it.
    new = file.unknown - before
    if new or (file.unknown and not before):
        names = ", ".join(sorted(new or file.unknown))
        return f"it copies from {names}, which is no stage of it"
    unset = file.unset - our_file.unset - their_file.unset
    if unset:
        return f"it uses {', '.join(sorted(unset))} without setting it"
    if torn := copied.find_torn(ours, theirs, merged):
        return f"it copies to one place, and uses another: {', '.join(sorted(torn))}"
    if bare := _find_bare(ours, theirs, merged):
        return f"it installs {', '.join(sorted(bare))} without what that needs"
    twice = {name for name, count in Counter(file.stages).items() if count > 1 and name}
    return f"it has two stages {', '.join(sorted(twice))}" if twice else None


# Options with which pip and uv install what is named, and nothing else.
_NARROWING = frozenset(["--no-deps", "--no-index", "--require-hashes"])


def _find_bare(ours: str, theirs: str, merged: str) -> set[str]:
    """What one side has installed, in a command with which the other installs what is named alone.

    It would come without what it needs, or be refused for want of a hash.
    """
    sides = [words for text in (ours, theirs) for words in _list_commands(text)]
    found: set[str] = set()
    for words in _list_commands(merged):
        options = words & _NARROWING
        alike = [words - side for side in sides if options and options <= side]
        more = min(alike, key=len, default=set())
        found |= {word for word in more if not word.startswith("-")}
    return found


def _list_commands(text: str) -> list[set[str]]:
    """The words of each command of the RUN instructions."""
    units = split_instructions(diff.to_lines(text))
    runs = [_join_body(unit) for unit in units if _get_verb(unit) == "RUN"]
    return [{*command.split()} for run in runs for command in re.split(r"&&|\|\||;", run)]


class _Summary(NamedTuple):
    """The names in a Dockerfile that have to match.

    Attributes
    ----------
    stages
        The names of the stages.
    unknown
        Stages that are used, and are not there.
    unset
        Variables that are used, and that no ARG or ENV sets.
    """

    stages: list[str]
    unknown: set[str]
    unset: set[str]

    @classmethod
    def of(cls, text: str) -> _Summary:
        """Read a Dockerfile."""
        units = [u for u in split_instructions(diff.to_lines(text)) if _get_verb(u) != "#"]
        bodies = [(_get_verb(unit), _join_body(unit)) for unit in units]
        stages = [_find_stage_name(body) for verb, body in bodies if verb == "FROM"]
        copied = {name for _, body in bodies for name in _FROM.findall(body) if not name.isdigit()}
        used = {name for _, body in bodies for name in _VARIABLE.findall(body)}
        settings = [body for verb, body in bodies if verb in ("ARG", "ENV")]
        known = {name for body in settings for name in re.findall(r"\w+", body)}
        return cls(stages, copied - set(stages), used - known)


def _find_stage_name(body: str) -> str:
    match = _STAGE.match(body)
    return match[1] if match else ""


def _split_stages(units: Sequence[Unit]) -> list[Unit]:
    """Stages as units; what is above the first is the stage without a name."""
    stages: list[list[Unit]] = [[]]
    for unit in units:
        if _get_verb(unit) == "FROM":
            stages.append([])
        stages[-1].append(unit)
    found = []
    for number, stage in enumerate(stages):
        if not stage:
            continue
        # A stage without a name is known by its number, as Docker knows it.
        key = (_find_stage_name(_join_body(stage[0])) if number else "") or str(number)
        first = stage[0]._replace(gap=0)
        found.append(Unit(key, stage[0].gap, tuple(join_units([first, *stage[1:]]))))
    return found


def _merge_stage(base: Unit | None, ours: Unit, theirs: Unit) -> MergedUnit | None:
    """Merge a stage that both sides changed, or that both added."""
    if base is None:
        return decline_carried_over(f"the stage {strip_number(ours)}", ours, theirs)
    before, *sides = (split_instructions(side.lines) for side in (base, ours, theirs))
    # What both sides have alike is no edit of something else on one of them alone.
    known = {unit.key: unit.lines for unit in before}
    alike = {u.key for u in sides[0]} & {u.key for u in sides[1]} - known.keys()
    replaced = copied.Replaced(before, *sides)
    edited = [
        {unit.key for unit in side if known.get(unit.key, unit.lines) != unit.lines}
        for side in (
            _follow_steps(before, s, partial(_is_other, replaced, alike, ())) for s in sides
        )
    ]
    keyed = [
        _follow_steps(before, side, partial(_is_other, replaced, alike, keys))
        for side, keys in zip(sides, reversed(edited), strict=True)
    ]
    met: list[str] = []

    def place(above: Unit | None, ours: list[Unit], theirs: list[Unit]) -> list[Unit] | None:
        placed = _place_instructions(above, ours, theirs)
        if placed is None and copied.are_independent(ours, theirs):
            placed = theirs + ours
            met.append(f"{_join_body(theirs[0])}: {_TEMPLATE_FIRST}")
        return placed

    done = merge_units(
        *(before, keyed[0], keyed[1], _merge_instruction, place),
        removed=_drop_moved,
        steady=True,
        parts=replaced.parts,
    )
    return None if done is None else (join_units(done[0]), (*done[1], *met))


def _is_other(
    replaced: copied.Replaced,
    alike: Collection[Hashable],
    edited: Collection[Hashable],
    old: Unit,
    new: Unit,
) -> bool:
    """Whether a step is no edit of another: both sides have it, or one put it in its place.

    Where the other side has edited that one, it may be one and the same all the same.
    """
    return new.key in alike or (old.key not in edited and replaced.parts(old, new))


def _follow_steps(before: Sequence[Unit], side: Sequence[Unit], parts: Parts) -> list[Unit]:
    """The instructions of a side, edited steps with the base's keys."""
    known = {unit.key: unit for unit in before}
    # A step between the same neighbours is the same step, however much it was changed.
    between = {
        (above.key, _get_verb(unit), below.key): unit.key
        for above, unit, below in zip(before, before[1:], [*before[2:], _END], strict=False)
        if _is_step(unit)
    }
    adopted = adopt_keys(before, side, is_nameless=_is_step, parts=parts)
    present = {unit.key for unit in adopted}
    units = adopted[:1]
    for unit, below in zip(adopted[1:], [*adopted[2:], _END], strict=False):
        old = between.get((units[-1].key, _get_verb(unit), below.key))
        is_new = old is None or old in present or not _is_step(unit) or parts(known[old], unit)
        units.append(unit if is_new else unit._replace(key=old))
    return units


def _drop_moved(base: Unit, ours: Unit | None, theirs: Unit | None) -> tuple[None, str] | None:
    """Drop an instruction that one side removed, and in which the other only moved a version."""
    left = ours or theirs
    before, after = "\n".join(base.lines), "\n".join(left.lines if left else ())
    if not has_only_moved_pins(before, after):
        return None
    who = ("project", "template") if ours is None else ("template", "project")
    gone = "does not have it" if ours is None else "removed it"
    note = f"the {who[0]} {gone} and the {who[1]} only moved its version"
    return None, f"{before.splitlines()[-1]}: {note} ({after.splitlines()[-1]}); it stays out."


def split_instructions(lines: Sequence[str]) -> list[Unit]:
    """The instructions of a file, each with the comments above it."""
    units: list[Unit] = []
    at = 0
    for start, end in spans(lines):
        gap = next(i for i in range(at, end) if lines[i].strip()) - at
        units.append(Unit(_make_key(lines[start:end]), gap, tuple(lines[at + gap : end])))
        at = end
    rest = lines[at:]
    if any(line.strip() for line in rest):
        gap = next(i for i, line in enumerate(rest) if line.strip())
        units.append(Unit(("#", "end"), gap, tuple(rest[gap:])))
    return units


def _make_key(lines: Sequence[str]) -> tuple[str, str]:
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


def _get_verb(unit: Unit) -> str:
    return str(strip_number(unit)[0])


def _join_body(unit: Unit) -> str:
    """An instruction without the comments above it, on one line."""
    lines = [line.rstrip().removesuffix("\\") for line in unit.lines if line.lstrip()[:1] != "#"]
    return " ".join(" ".join(lines).split())


def _is_step(unit: Unit) -> bool:
    return _get_verb(unit) not in (*_SETTINGS, *_ONCE, "#")


def _place_instructions(
    before: Unit | None, ours: list[Unit], theirs: list[Unit]
) -> list[Unit] | None:
    """Place settings before the steps that may need them; steps have no sure order."""
    has_step = any(map(_is_step, ours)), any(map(_is_step, theirs))
    if any(has_step):
        return None if all(has_step) else theirs + ours if has_step[0] else ours + theirs
    return place_in_blocks(before, ours, theirs, lambda u: u.lines[0].startswith("#"))


def _merge_instruction(base: Unit | None, ours: Unit, theirs: Unit) -> MergedUnit | None:
    """Merge an instruction that both sides changed, or that both added."""
    if base is None:
        more = pick_farther((), ours.lines, theirs.lines)
        return None if more is None else (more, ())
    units = (base, ours, theirs)
    if _explains_what_is_gone(*units):
        texts = ["\n".join(unit.lines) for unit in (base, theirs, ours)]
        return ours.lines, (declined.note_unmet(f"the comment above {_join_body(ours)}", *texts),)
    lines = [list(unit.lines) for unit in units]
    with choice.favouring(choice.NOBODY):
        done: MergedUnit | None = (
            plain.merge_lines(*lines)
            or continued.merge_words(*units)
            or merge_run(*(unit.lines for unit in units))
            or _pick_release(ours, theirs)
        )
    return done or plain.merge_lines(*lines, in_doubt=choice.find_side())


def _pick_release(ours: Unit, theirs: Unit) -> MergedUnit | None:
    """The release of which the other side has a pre-release, whatever its numbers look like."""
    bodies = [_join_body(unit) for unit in (ours, theirs)]
    for before, release in (ours, theirs), (theirs, ours):
        match = _PRE_RELEASE.fullmatch(_join_body(before))
        if _get_verb(release) == "ARG" and match and match[1] == _join_body(release):
            moved = f"{bodies[0]} by the project, {bodies[1]} by the template"
            return release.lines, (
                f"Both sides moved a version up ({moved}): the newer one stays.",
            )
    return None


def _has_untrue_comment(*texts: str) -> bool:
    """Whether the template's comment on a step is about what the project has taken out of it."""
    before, *sides = (split_instructions(diff.to_lines(text)) for text in texts)
    known = [
        {unit.key: unit for unit in adopt_keys(before, side, is_nameless=_is_step)}
        for side in sides
    ]
    return any(
        _explains_what_is_gone(unit, known[0][unit.key], known[1][unit.key])
        for unit in before
        if unit.key in known[0] and unit.key in known[1]
    )


def _explains_what_is_gone(base: Unit, ours: Unit, theirs: Unit) -> bool:
    """Whether the template adds no more than a comment, on a path or an option that is gone."""
    body, own, offered = (_join_body(unit) for unit in (base, ours, theirs))
    if body != offered or body == own:
        return False
    comments = [line for line in theirs.lines if line not in base.lines]
    words = {word.strip(".,:;()\"'`") for line in comments for word in line.split()}
    gone = {*body.split()} - {*own.split()}
    return any(_NO_PROSE.search(word) for word in gone & words)


# The commands that one RUN joins with ``&&`` run one after the other, so each keeps its place
# between its neighbours. Whatever is more than such a list is not merged.
_HEAD = compile_lazily(r"[ \t]*RUN(?:[ \t]|\\\n)+", re.IGNORECASE)
_AND = compile_lazily(r"((?<![ \t])[ \t]*(?:\\\n[ \t]*)?&&[ \t]*(?:\\\n[ \t]*)?)")
_FLAG_OR_LIST = compile_lazily(r"--|\[")
_MORE = compile_lazily(r"[;|&()<#`!\n]|(?<!\$)\{|\\(?!\n)")
_KEYWORD = compile_lazily(r"(?:if|then|else|fi|for|while|until|do|done|case|esac|function|time)\b")
# What such a command does affects all that follow it.
_LASTING = compile_lazily(
    r"(?:\.|source|cd|pushd|popd|export|unset|set|shopt|alias|umask|ulimit|trap|eval|exec|exit"
    r"|return|readonly|declare|hash|(?:\w+=\S*\s*)+$)(?:\s|$)"
)
_HEIR = 0.5


class _Run(NamedTuple):
    """The comments above a RUN, its commands in plain form and as they are written."""

    above: tuple[str, ...]
    head: str
    commands: list[str]
    written: list[str]
    joints: set[str]


def merge_run(base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]) -> MergedUnit | None:
    """Merge one RUN, with the comments above it; ``None`` where that is not sure."""
    before, our_run, their_run = (_parse_run(lines) for lines in (base, ours, theirs))
    if before is None or our_run is None or their_run is None:
        return None
    above = pick_changed(before.above, our_run.above, their_run.above)
    joints = our_run.joints or their_run.joints
    if above is None or len(joints) != 1:
        return None
    done = _merge_commands(before.commands, our_run.commands, their_run.commands)
    if done is None:
        return None
    written = dict(zip(their_run.commands, their_run.written, strict=True))
    written |= dict(zip(our_run.commands, our_run.written, strict=True))
    text = our_run.head + joints.pop().join(written[command] for command in done[0])
    return [*above, *text.split("\n")], done[1]


def _parse_run(lines: Sequence[str]) -> _Run | None:
    at = next((i for i, line in enumerate(lines) if not line.lstrip().startswith("#")), len(lines))
    text = "\n".join(lines[at:])
    head = _HEAD.match(text)
    if head is None or _FLAG_OR_LIST.match(text, head.end()):
        return None
    parts = _AND.split(text[head.end() :].rstrip())
    written, joints = parts[::2], set(parts[1::2])
    unfolded = [command.replace("\\\n", " ") for command in written]
    commands = [" ".join(command.split()) for command in unfolded]
    for whole, command in zip(unfolded, commands, strict=True):
        # Nothing of the shell's language but one command.
        if not command or any(whole.count(quote) % 2 for quote in "\"'"):
            return None
        if _MORE.search(whole) or _KEYWORD.match(command):
            return None
    return _Run(tuple(lines[:at]), head[0], commands, written, joints)


def _merge_commands(
    base: list[str], ours: list[str], theirs: list[str]
) -> tuple[list[str], tuple[str, ...]] | None:
    our_units, their_units = _follow_commands(base, ours), _follow_commands(base, theirs)
    if our_units is None or their_units is None:
        return None
    sides = (base, ours, theirs)
    # Each command must be there once, and those that affect others must be the same ones.
    lasting = [[text for text in side if _LASTING.match(text)] for side in sides]
    if any(len(set(side)) < len(side) for side in sides) or lasting != [lasting[0]] * 3:
        return None
    keys = [[unit.key for unit in side] for side in (our_units, their_units)]
    if any((text in keys[0]) != (text in keys[1]) for text in base):
        return None  # what one side removed, the other's additions may rely on
    met: list[Unit] = []

    def place(_before: Unit | None, ours: list[Unit], theirs: list[Unit]) -> list[Unit]:
        met.extend(ours)
        return theirs + ours

    before = [Unit(text, 0, (text,)) for text in base]
    done = merge_units(before, our_units, their_units, lambda *_: None, place)
    # The commands of a side must follow each other in the merge as they did.
    if done is None or any(
        [k for u in done[0] if (k := strip_number(u)) in own] != own for own in keys
    ):
        return None
    merged = [unit.lines[0] for unit in done[0]]
    if len(set(merged)) < len(merged):
        return None  # what one side added, the other made of another command
    note = f"{merged[0]} && …: both sides added commands at one place; the template's come first."
    return merged, (note,) if met else ()


def _follow_commands(base: list[str], side: list[str]) -> list[Unit] | None:
    """The commands of a side, edited ones with the old key; ``None`` where nobody can tell."""
    keys: dict[str, str] = {}
    new = [Unit(text, 0, (text,)) for text in side if text not in base]
    for text in base:
        if text in side:
            continue
        old = Unit(text, 0, (text,))
        heirs = [unit.lines[0] for unit in new if measure_likeness_of_units(old, unit) >= _HEIR]
        if len(heirs) > 1 or keys.keys() & heirs:
            return None
        keys |= dict.fromkeys(heirs, text)
    return [Unit(keys.get(text, text), 0, (text,)) for text in side]

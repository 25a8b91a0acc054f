"""Deciding about values that both sides changed, and classifying lists."""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from typing import Literal, NamedTuple

from lisa_scaffold.formats.tree import Path, Value
from lisa_scaffold.merge import choice, declined
from lisa_scaffold.merge.declined import Note
from lisa_scaffold.merge.identities import are_all_named
from lisa_scaffold.merge.match import diff3
from lisa_scaffold.merge.text import merge_lines
from lisa_scaffold.merge.words import (
    measure_likeness_of_words,
    merge_words,
    pick_farther,
    split_words,
)
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.versions import (
    is_hash,
    make_requirement_keys,
    make_version_key,
    normalize_name,
    split_requirement,
)

_ADDRESS = compile_lazily(r"https?://[^\s?#]+")
_NUMBER = r"[vV]?\d+(?:\.\d+)*(?:[-.]?(?:alpha|beta|preview|pre|post|dev|rc|a|b|c)[-.]?\d*)*"
VERSION_REMARK = compile_lazily(rf"#\s*(?:frozen:\s*)?{_NUMBER}")
"""A comment that names the version of a pin."""
_IN_COMMENT = compile_lazily(rf"(?<![\w.])({_NUMBER})(?![\w.])")
_BOUND = compile_lazily(rf"(?P<stem>(?:>=|~=|==|\^|~)\s*)(?P<version>{_NUMBER})")
_ONE_BOUND = compile_lazily(rf"(>=|<=|<|>|~=)\s*({_NUMBER})")
_RANGE = compile_lazily(r">=\s*(\d{1,9}(?:\.\d{1,9})*)\s*,\s*<\s*(\d{1,9}(?:\.\d{1,9})*)")
_CARET = compile_lazily(r"\^\s*(\d{1,9}(?:\.\d{1,9})*)")
_AT = compile_lazily(rf"(?P<stem>[@\w][\w./:-]*@)(?P<version>{_NUMBER})")
_TAGGED = compile_lazily(rf"(?P<stem>[\w][\w./:-]*:)(?P<version>{_NUMBER})(?P<rest>(?:-[\w.-]*)?)")
# Of two builds of one version neither is newer.
_PLAIN = compile_lazily(rf"(?P<stem>)(?P<version>{_NUMBER})(?:\+[\w.-]+)?")
_RELEASED = compile_lazily(
    rf"(?P<stem>https?://[\w./-]+/releases/download/)(?P<version>{_NUMBER})(?P<rest>/\S+)"
)
_TARGET = compile_lazily(r"(?P<stem>py)(?P<version>\d{2,})")
_LOGICAL_LINE = compile_lazily(r"(?:[^\n]*\\\n)*(?:[^\n]+\n?|\n)")
_HASH = compile_lazily(r"(?<![0-9a-f])[0-9a-f]{40}$")
_DIGEST = compile_lazily(r"@sha256:[0-9a-f]{64}(?=\}?$)")
_DEFAULT = compile_lazily(r"(\$\{\w+:?-)([^${}]+)\}")
"""A variable of Compose, and what stands where it is not set."""
_FROZEN_KEYS = {"rev", "uses"}
_FROZEN = [False, True, False]
"""Which sides name a commit (as `pre-commit autoupdate --freeze` writes it) or a digest."""
_NEWLY_FROZEN = [False, False, True]
_VERSIONED = compile_lazily(r"(?<![A-Za-z])\d+\.\d+|\bpy\d+$|^\d+$")

_PLACEHOLDER = compile_lazily(r"<[A-Za-z][\w -]{0,100}>")
"""What a template has where a version is to be filled in; older than any version."""

_LONGEST = 500  # characters of a pin, or of a remark on one

# Keys whose value is a version, besides those that end in "version".
_PINNED = {"rev", "ref", "tag"}
_IMAGES = {"image", "container", "services", "from", "build-image", "base-image"}
# Keys of lists whose order means something: commands, first match wins, last match wins.
_ORDERED = {
    *("script", "before-script", "after-script", "command", "commands", "cmd", "run", "steps"),
    *("entrypoint", "rules", "stages", "extends", "filterwarnings", "entry", "overrides"),
    *("workflow", "tasks", "plugins", "commands-pre", "commands-post", "runargs", "args"),
    *("addopts", "options", "flags", "patterns"),
}
# What a matrix of jobs has beside its axes.
_EXCEPTIONS = {("include",), ("exclude",)}
# Of these the last one has the last word.
_LAST_WINS = {"extends", "package-rules", "packagerules"}
# Of these one item stands for a list of it.
_ITEM_OR_LIST = {
    *("needs", "extends", "on", "branches", "branches-ignore", "tags", "paths", "types", "runs-on"),
    *("depends-on", "env-file", "labels", "types-or"),
}
# What a shell reads.
_COMMANDS = {"run", "script", "command", "cmd", "entry"}
_EXPRESSION = compile_lazily(r"\$\{\{[^{}]*\}\}")
_QUOTED = compile_lazily(r"""(?<!\S)(?:"([^\s"'\\`*?\[{]*)"|'([^\s"'\\`*?\[{$]*)')(?!\S)""")
# Sets whose items are prose.
_PROSE_SETS = {"classifiers", "keywords", "markers", "exclude-lines", "exclude-also"}
# What these say is prose about the project, or about a part of it.
_DESCRIPTIONS = {"description", "summary"}
_REQUIREMENTS = compile_lazily(r"dependenc|requires?$|^deps$|^dependency-groups$")

# From so many words on a value reads like a sentence or a command.
_SENTENCE = 3
_COMMAND = 2
_REWRITTEN = 0.5
_NO_REMARKS = ("",) * 3

ListForm = Literal["records", "requirements", "set", "ordered"]


class Decision(NamedTuple):
    """The text that a scalar gets, and what a maintainer should know about it.

    Attributes
    ----------
    is_held
        Whether the project holds back what the template moves up.
    """

    text: str
    note: Note = ""
    is_held: bool = False


def text_of(value: Value | None) -> str | None:
    """The text of a scalar."""
    if isinstance(value, tuple):
        return value[1]
    return value if isinstance(value, str) else None


def _key_of(path: Path) -> str:
    """The key that a value has, in one form."""
    return path[-1].lower().replace("_", "-") if path else ""


def show_path(path: Path) -> str:
    """A key path as a note shows it."""
    return ".".join(part for part in path if part) or "the file"


def decide_scalar(
    path: Path, base: Value | None, ours: Value, theirs: Value, remarks: Sequence[str] = _NO_REMARKS
) -> Decision | None:
    """Decide about a scalar that both sides changed; ``None`` where nobody can be sure.

    Parameters
    ----------
    remarks
        The comments behind the three values: they name the version that a hash stands for.
    """
    before, our_text, their_text = text_of(base), text_of(ours), text_of(theirs)
    if our_text is None or their_text is None:
        return None
    if (
        our_text
        and their_text
        and _ADDRESS.fullmatch(our_text)
        and our_text.rstrip("/") == their_text.rstrip("/")
    ):
        note = declined.note_slash(show_path(path), our_text, their_text)
        return Decision(our_text, note)
    if before is None:
        return _decide_added(path, our_text, their_text) if base is None else None
    texts = (before, our_text, their_text)
    if "\n" in "".join(texts):
        text = merge_block(*texts)
        return None if text is None else Decision(text)
    decision = _keep_frozen(path, texts, remarks) or _pick_newest(path, texts, remarks)
    decision = decision or _merge_requirement(path, *texts) or _merge_ranges(path, *texts)
    decision = decision or _pick_quoted(path, ours=our_text, theirs=their_text)
    shortest = _COMMAND if _key_of(path) in _COMMANDS else _SENTENCE
    if decision or len(before.split()) < shortest or any(map(split_requirement, texts)):
        return decision
    # A sentence or a command in which each side changed words of its own.
    merged = merge_words(*texts)
    return None if merged is None else Decision(merged)


def _pick_quoted(path: Path, ours: str, theirs: str) -> Decision | None:
    """Of one command in two forms the one that has quotes around words that are bare in the other.

    An expression of a workflow is replaced before a shell reads it.
    """
    if _key_of(path) not in _COMMANDS or max(len(ours), len(theirs)) > _LONGEST:
        return None
    if _EXPRESSION.findall(ours) != _EXPRESSION.findall(theirs):
        return None
    plain = [_EXPRESSION.sub("0", text) for text in (ours, theirs)]
    for quoted, bare, text in (plain[0], plain[1], ours), (plain[1], plain[0], theirs):
        if quoted != bare and _QUOTED.sub(r"\1\2", quoted) == bare:
            return Decision(text)
    return None


def _merge_ranges(path: Path, base: str, ours: str, theirs: str) -> Decision | None:
    """The range of Poetry's whose ends are those that either side moved; a caret is a range."""
    ranges = [_read_range(text) for text in (base, ours, theirs)]
    before, mine, offered = ranges
    if before is None or mine is None or offered is None:
        return None
    ends = []
    for old, own, new in zip(before, mine, offered, strict=True):
        if own != old != new != own:
            return None
        ends.append(new if own == old else own)
    if tuple(ends) not in (mine, offered):
        return None
    is_own = tuple(ends) == mine
    note = _note_newer(path, ours.strip(), theirs.strip(), ours_won=is_own)
    return Decision(ours if is_own else theirs, note)


def _read_range(text: str) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    """The first version of a range, and the first one above it.

    Source: https://python-poetry.org/docs/dependency-specification/#caret-requirements
    """
    if match := _RANGE.fullmatch(text.strip()):
        return _read_release(match[1]), _read_release(match[2])
    match = _CARET.fullmatch(text.strip())
    if match is None:
        return None
    parts = [int(part) for part in match[1].split(".")]
    at = next((i for i, part in enumerate(parts) if part), len(parts) - 1)
    return _read_release(match[1]), (*parts[:at], parts[at] + 1)


def _read_release(text: str) -> tuple[int, ...]:
    parts = [int(part) for part in text.split(".")]
    while parts[1:] and not parts[-1]:
        parts.pop()
    return tuple(parts)


def merge_block(base: str, ours: str, theirs: str) -> str | None:
    """Merge a text of several lines; one that a backslash continues is a line with the next."""
    texts = base, ours, theirs
    sides = [text.splitlines(keepends=True) for text in texts]
    picks = diff3(*sides)
    if picks is None and all("\\\n" in text for text in texts):
        whole = [_LOGICAL_LINE.findall(text) for text in texts]
        with choice.favouring(choice.NOBODY):
            done = merge_lines(*whole)
        if done is not None and not done[1]:
            return "".join(done[0])
    if picks is None:
        picks = diff3(*sides, in_doubt=choice.find_side())
    return None if picks is None else "".join(sides[side][index] for side, index in picks)


def are_own_words(path: Path, base: Value | None, ours: Value, theirs: Value) -> bool:
    """Whether the project described something in words of its own, which stay like other prose."""
    before, own, offered = map(text_of, (base, ours, theirs))
    if _key_of(path) not in _DESCRIPTIONS or not own or not own.strip() or offered is None:
        return False
    if before is None:
        return base is None
    return measure_likeness_of_words([before], [own]) < _REWRITTEN


def is_filled(ours: Value, theirs: Value) -> bool:
    """Whether the project says something where the template, which added it too, says nothing."""
    return _is_empty(theirs) and not _is_empty(ours)


def _is_empty(value: Value) -> bool:
    text = text_of(value)
    return value in ("", [], {}) or bool(text and _PLACEHOLDER.fullmatch(text))


def _decide_added(path: Path, ours: str, theirs: str) -> Decision | None:
    """The newer one of a pin that both sides added."""
    oldest = re.sub(_NUMBER, "0.dev0", ours)
    found = _pick_newest(path, (oldest, ours, theirs), _NO_REMARKS)
    requirements = [split_requirement(text) for text in (ours, theirs)]
    if found is None and None in requirements and len(ours.split()) >= _SENTENCE:
        words = [split_words(text) for text in (ours, theirs)]
        if pick_farther((), *words) == words[0]:
            return Decision(ours)  # it has all that the template's has
    if found is None:
        our_parts, their_parts = (parts or {} for parts in requirements)
        base = our_parts.get("name", "")
        # An address, or a marker, that only one side has, or has differently, both changed.
        for part, other in ("url", " @ nowhere"), ("marker", " ; never"):
            same = our_parts.get(part) == their_parts.get(part)
            base += our_parts.get(part, "") if same else other
        found = _merge_requirement(path, base, ours, theirs)
    return found and Decision(found.text, str(found.note).replace("moved it up", "added it"))


def _keep_frozen(path: Path, texts: Sequence[str], remarks: Sequence[str]) -> Decision | None:
    """The commit that the project put in place of the tag of a hook or an action: it stays one."""
    things, revisions = zip(*(text.rpartition("@")[::2] for text in texts), strict=True)
    is_thing = _key_of(path) in _FROZEN_KEYS and len({*things}) == 1
    if not is_thing or [bool(_HASH.fullmatch(each)) for each in revisions] != _FROZEN:
        return None
    frozen = f"{texts[1]} {remarks[1].strip()}".strip()
    return _hold(path, texts[1], texts[2], frozen)


def _pick_newest(path: Path, texts: Sequence[str], remarks: Sequence[str]) -> Decision | None:
    """The newer one of a pin that both sides moved up; the project's, where it holds it back."""
    found = [_read_pin(path, text, remark) for text, remark in zip(texts, remarks, strict=True)]
    pins = [pin for pin in found if pin]
    if len(pins) < len(texts) or len({stem for stem, _ in pins}) > 1:
        return None
    if any(is_hash(version) for _, version in pins):
        return None
    before, ours, theirs = (make_version_key(version) for _, version in pins)
    # A hash may stand for the version that base has: then only its form changed.
    hashed = any(_HASH.search(text) for text in texts[1:])
    held = ours < before < theirs and not hashed
    # A tag that the project put a digest behind is never without one again.
    if held or (ours < theirs and [bool(_DIGEST.search(text)) for text in texts] == _FROZEN):
        return _hold(path, texts[1], texts[2])
    oldest, newest = min(ours, theirs), max(ours, theirs)
    if oldest < before or newest == before or (oldest == before and not hashed):
        return None
    shown = [
        f"{text} {remark.strip()}".strip() if _HASH.search(text) else text
        for text, remark in zip(texts, remarks, strict=True)
    ]
    if ours == theirs:
        # A commit says more than the tag that was there: it is what that tag means today.
        won = 2 if [bool(_HASH.search(text)) for text in texts] == _NEWLY_FROZEN else 1
        sides = f"{shown[1]} of the project", f"{shown[2]} of the template"
        same = f"{sides[won - 1]} is kept, as {sides[2 - won]} says the same."
        return Decision(texts[won], f"{show_path(path)}: both sides moved it up; {same}")
    won = 1 if ours > theirs else 2
    return Decision(texts[won], _note_newer(path, shown[1], shown[2], ours_won=won == 1))


def _hold(path: Path, ours: str, theirs: str, shown: str = "") -> Decision:
    """The text of the project, which holds it back; ``shown``: with what a note tells besides."""
    kept = f"{shown or ours.strip()} is kept, {theirs.strip()} of the template is not."
    return Decision(ours, f"{show_path(path)}: the project holds it back; {kept}", is_held=True)


def _note_newer(path: Path, ours: str, theirs: str, *, ours_won: bool) -> str:
    sides = [f"{ours} of the project", f"{theirs} of the template"]
    new, old = sides if ours_won else sides[::-1]
    return f"{show_path(path)}: both sides moved it up; {new} is newer and kept, {old} is not."


def _read_pin(path: Path, text: str, remark: str) -> tuple[str, str] | None:
    """The thing that is pinned, and its version."""
    if max(len(text), len(remark)) > _LONGEST:
        return None
    stem, _, revision = text.rpartition("@")
    if _HASH.fullmatch(revision) and (named := _IN_COMMENT.search(remark)):
        return stem, named[1]
    name = _key_of(path)
    forms = [_BOUND, _AT, _RELEASED]
    # In a table of requirements a bare version is a pin (Poetry, npm) or a bound (Cargo).
    is_required = len(path) > 1 and bool(_REQUIREMENTS.search(path[-2].lower().replace("_", "-")))
    if name in _PINNED or name.endswith("version") or is_required:
        forms += [_PLAIN, _TARGET]
    is_image = bool(_IMAGES & {part.lower() for part in path}) or name.endswith("-image")
    if is_image:
        forms.append(_TAGGED)
    variable, text = _split_image(text.strip()) if is_image else ("", text.strip())
    if _PLAIN in forms and _PLACEHOLDER.fullmatch(text):
        return "", "0.dev0"
    for form in forms:
        if match := form.fullmatch(text):
            parts = match.groupdict()
            version = parts["version"]
            if form is _TARGET:
                version = f"{version[0]}.{version[1:]}"
            prefix = parts["stem"] if form is not _AT else stem
            return f"{variable}{prefix.strip()} {parts.get('rest', '')}".strip(), version
    return None


def _split_image(text: str) -> tuple[str, str]:
    """The variable that an image is the default of, and its name with its tag and no digest."""
    default = _DEFAULT.fullmatch(text)
    variable, image = default.groups() if default else ("", text)
    return variable, _DIGEST.sub("", image)


def is_pin(path: Path, value: Value) -> bool:
    """Whether a value pins a version, so that a comment behind it may be about that version."""
    text = text_of(value)
    return text is not None and bool(_HASH.search(text) or _read_pin(path, text, ""))


def has_only_moved_pins(path: Path, before: Value | None, after: Value | None) -> bool:
    """Whether nothing but pins moved between two values."""
    if before == after:
        return True
    match before, after:
        case dict(), dict():
            return before.keys() == after.keys() and all(
                has_only_moved_pins((*path, *key), part, after[key]) for key, part in before.items()
            )
        case list(), list():
            return len(before) == len(after) and all(
                has_only_moved_pins(path, old, new) for old, new in zip(before, after, strict=True)
            )
        case ((str() | tuple()), (str() | tuple())):
            texts = text_of(before) or "", text_of(after) or ""
            # Only what a hash pins matters.
            pins = [_read_pin(path, _HASH.sub("0", text), "") for text in texts]
            if pins[0] and pins[1]:
                return pins[0][0] == pins[1][0]
            old, new = (split_requirement(text) for text in texts)
            if old and new and old["spec"] and new["spec"]:
                return {**old, "spec": ""} == {**new, "spec": ""}
    return False


def _merge_requirement(path: Path, base: str, ours: str, theirs: str) -> Decision | None:
    """Merge a requirement part by part: extras, bounds, address, marker."""
    before, our_parts, their_parts = (split_requirement(text) for text in (base, ours, theirs))
    if before is None or our_parts is None or their_parts is None:
        return None
    name = normalize_name(before["name"])
    if {normalize_name(parts["name"]) for parts in (our_parts, their_parts)} != {name}:
        return None
    if not path or normalize_name(path[-1]) != name:
        path = (*path, before["name"])
    merged, notes = "", []
    for part, old in before.items():
        decided = _decide_part(path, part, old, our_parts[part], their_parts[part])
        if decided is None:
            return None
        merged += decided.text
        if decided.is_held:
            notes.append(_hold(path, ours, theirs).note)
        elif decided.note:
            ours_won = decided.text.strip() == our_parts[part].strip()
            notes.append(_note_newer(path, ours, theirs, ours_won=ours_won))
    return Decision(merged, " ".join(map(str, notes)))


def _decide_part(path: Path, part: str, base: str, ours: str, theirs: str) -> Decision | None:
    texts = [base, ours, theirs]
    squeezed = ["".join(text.split()) for text in texts]
    if squeezed[1] in (squeezed[0], squeezed[2]):
        return Decision(theirs if squeezed[1] == squeezed[0] != squeezed[2] else ours)
    if squeezed[2] == squeezed[0]:
        return Decision(ours)
    if part == "extras":
        before, our_extras, their_extras = (
            [extra.strip() for extra in text.strip().strip("[]").split(",") if extra.strip()]
            for text in texts
        )
        extras = [extra for extra in our_extras if extra in their_extras or extra not in before]
        extras += [e for e in their_extras if e not in before and e not in our_extras]
        return Decision(f"[{','.join(extras)}]" if extras else "")
    if part == "spec" and "," in ours:
        return _decide_bounds(path, texts)
    if part == "spec" and not base.strip():
        base = re.sub(_NUMBER, "0.dev0", ours)
    decided = _pick_newest(path, (base.strip(), ours.strip(), theirs.strip()), _NO_REMARKS)
    return decided and decided._replace(text=ours if decided.text == ours.strip() else theirs)


def _decide_bounds(path: Path, texts: Sequence[str]) -> Decision | None:
    """The bounds of the side that moved each of them at least as far up as the other side."""
    found = [[_ONE_BOUND.fullmatch(each.strip()) for each in text.split(",")] for text in texts]
    bounds = [[match.groups() for match in side if match] for side in found]
    signs = {tuple(sign for sign, _ in side) for side in bounds}
    if len(signs) != 1 or [*map(len, bounds)] != [*map(len, found)]:
        return None
    before, ours, theirs = ([make_version_key(version) for _, version in side] for side in bounds)
    for won, side, other in (1, ours, theirs), (2, theirs, ours):
        if all(old <= two <= one for old, one, two in zip(before, side, other, strict=True)):
            shown = texts[1].strip(), texts[2].strip()
            return Decision(texts[won], _note_newer(path, *shown, ours_won=won == 1))
    if all(own <= old <= new for old, own, new in zip(before, ours, theirs, strict=True)):
        return _hold(path, texts[1], texts[2])
    return None


def classify_list(path: Path, *sides: Sequence[Value]) -> ListForm:
    """Classify a list: records by identity, requirements by name, a set, or an ordered list."""
    items = [item for side in sides for item in side]
    texts = [text for item in items if (text := text_of(item)) is not None]
    if items and all(isinstance(item, dict) for item in items):
        return "records"
    # A group that includes others: nobody changes a part of what names the other one.
    tables = [item for item in items if isinstance(item, dict)]
    includes = all([*table] == [("include-group",)] for table in tables)
    if not (tables and includes) and items and are_all_named(*sides):
        return "records"
    if _are_requirements(path, items, texts):
        return "requirements"
    name = _key_of(path)
    unique = all(len({repr(item) for item in side}) == len(side) for side in sides)
    spaced = name not in _PROSE_SETS and any(re.search(r"\s", text) for text in texts)
    if len(texts) < len(items) or name in _ORDERED or not unique or spaced:
        return "ordered"
    return "set"


def merge_one_by_one(
    base: Sequence[Value], ours: Sequence[Value], theirs: Sequence[Value]
) -> list[Value] | None:
    """The items of lists that are equally long, where both sides changed the words of the same.

    ``None`` where they are not, or where nobody can be sure.
    """
    if not len(base) == len(ours) == len(theirs):
        return None
    merged: list[Value] = []
    for before, mine, offered in zip(base, ours, theirs, strict=True):
        if any(side != before and side in base for side in (mine, offered)):
            return None  # an item has another place, and none another text
        if offered in (before, mine) or mine == before:
            merged.append(offered if mine == before else mine)
            continue
        texts = [text_of(value) for value in (before, mine, offered)]
        words = None if None in texts else merge_words(*(text or "" for text in texts))
        if words is None or not isinstance(mine, str):
            return None
        merged.append(words)
    return merged


def is_ordered(path: Path) -> bool:
    """Whether the order of a list means something, as its name tells."""
    return _key_of(path) in _ORDERED


def have_recast_jobs(path: Path, base: Value, ours: Value, theirs: Value) -> bool:
    """Whether both sides changed parts of a matrix of jobs, and one of them the exceptions.

    What is included beside the axes, or excluded from them, is chosen for these axes: with those of
    the other side, jobs would come and go that nobody has asked for.
    """
    match base, ours, theirs:
        case dict(), dict(), dict() if _key_of(path) == "matrix":
            changed = [
                {key for key in base.keys() | side.keys() if side.get(key) != base.get(key)}
                for side in (ours, theirs)
            ]
            alike = {key for key in changed[0] & changed[1] if ours.get(key) == theirs.get(key)}
            first, second = (keys - alike for keys in changed)
            return bool(
                (first & _EXCEPTIONS and second - _EXCEPTIONS)
                or (second & _EXCEPTIONS and first - _EXCEPTIONS)
            )
    return False


def are_alike(path: Path, ours: Value, theirs: Value) -> bool:
    """Whether one side has an item, and the other a list that has nothing else."""
    lists = [side if isinstance(side, list) else [side] for side in (ours, theirs)]
    return _key_of(path) in _ITEM_OR_LIST and lists[0] == lists[1]


def is_last_wins(path: Path) -> bool:
    """Whether a later item of a list has the last word over an earlier one."""
    return _key_of(path) in _LAST_WINS


def _are_requirements(path: Path, items: list[Value], texts: list[str]) -> bool:
    if any(isinstance(item, list) for item in items):
        return False
    requirements = [split_requirement(text) for text in texts]
    if not requirements or None in requirements:
        return False
    if any(_REQUIREMENTS.search(part.lower().replace("_", "-")) for part in path):
        return True
    every = len(texts) == len(items)
    return every and any(parts and parts["spec"] and parts["name"] for parts in requirements)


def make_item_keys(form: ListForm, *sides: Sequence[Value]) -> list[list[Hashable]]:
    """A key for each item of a set, or of a list of requirements."""
    texts = [[text_of(item) or repr(item) for item in side] for side in sides]
    return make_requirement_keys(*texts) if form == "requirements" else [[*side] for side in texts]


def find_own_part(path: Path, base: Value, side: Value) -> Value | None:
    """The items that a side added to a list, or to a table of lists; ``None`` if it is indivisible.

    A table is indivisible where more than its lists, or the order of a list, was changed.
    """
    match base, side:
        case list(), list() if classify_list(path, base, side) in ("set", "requirements"):
            return [item for item in side if item not in base] or None
        case dict(), dict() if base.keys() == side.keys():
            changed = [key for key in side if side[key] != base[key]]
            parts = {key: find_own_part((*path, *key), base[key], side[key]) for key in changed}
            found = {key: part for key, part in parts.items() if part is not None}
            return found if found and len(found) == len(parts) else None
    return None


def find_crowded_out(
    base: Sequence[Value], ours: Sequence[Value], theirs: Sequence[Value]
) -> dict[int, Value]:
    """Indices of versions that theirs adds next to one that ours removed, with the latter.

    The order of versions means something: a list without 3.12 is no place to add 3.13 after it.
    """
    out: dict[int, Value] = {}
    for index, item in enumerate(theirs):
        if item in base or item in ours or not _is_versioned(item):
            continue
        before = [other for other in theirs[:index] if other in base][-1:]
        after = [other for other in theirs[index + 1 :] if other in base][:1]
        for other in before + after:
            if other not in ours and _is_versioned(other):
                out[index] = other
    return out


def _is_versioned(item: Value) -> bool:
    """Whether an item of a list is, or ends in, a version, as in lists of Python versions."""
    text = text_of(item)
    if text is None or len(text) > _LONGEST:
        return False
    if (parts := split_requirement(text)) is None or not parts["spec"].strip():
        return bool(_VERSIONED.search(text))
    return False

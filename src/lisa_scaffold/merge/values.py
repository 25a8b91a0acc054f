"""What may be decided about a value that both sides changed, and what a list means."""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Literal

from lisa_scaffold.formats.tree import Path, Value
from lisa_scaffold.merge import declined
from lisa_scaffold.merge.match import diff3, one_name_each
from lisa_scaffold.merge.text import merge_words
from lisa_scaffold.versions import (
    _AT,
    _BOUND,
    _HASH,
    _IN_COMMENT,
    _NUMBER,
    _PLAIN,
    _TAGGED,
    _TARGET,
    _VERSIONED,
    bare,
    normalised,
    only_spec,
    requirement_keys,
    split_requirement,
    version_key,
)

_ADDRESS = re.compile(r"https?://[^\s?#]+")

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
# Of these the last one has the last word.
_LAST_WINS = {"extends", "package-rules", "packagerules"}
_REQUIREMENTS = re.compile(r"dependenc|requires?$|^deps$|^dependency-groups$")

# From so many words on a value reads like a sentence or a command.
_SENTENCE = 3

ListKind = Literal["records", "requirements", "set", "ordered"]


@dataclass(frozen=True)
class Decision:
    """The text that a scalar gets, and what a maintainer should know about it."""

    text: str
    note: str = ""


def text_of(value: Value | None) -> str | None:
    """The text of a scalar."""
    if isinstance(value, tuple):
        return value[1]
    return value if isinstance(value, str) else None


def name_of(path: Path) -> str:
    """The key that a value stands under, in one spelling."""
    return path[-1].lower().replace("_", "-") if path else ""


def where(path: Path) -> str:
    """A key path as a note shows it."""
    return ".".join(part for part in path if part) or "the file"


def scalar(
    path: Path, base: Value | None, ours: Value, theirs: Value, remarks: Sequence[str] = ("",) * 3
) -> Decision | None:
    """Decide about a scalar that both sides changed; ``None``: nobody can be sure.

    Parameters
    ----------
    remarks
        The comments behind the three values: they name the version that a hash stands for.
    """
    before, mine, other = text_of(base), text_of(ours), text_of(theirs)
    if mine and other and _ADDRESS.fullmatch(mine) and mine.rstrip("/") == other.rstrip("/"):
        return Decision(mine, declined.slash(where(path), mine, other))
    if base is None and mine is not None and other is not None:
        return _both_added(path, mine, other)
    if before is None or mine is None or other is None:
        return None
    if "\n" in before + mine + other:
        return _lines(before, mine, other)
    newest = _newest(path, [before, mine, other], remarks)
    return newest or requirement(path, before, mine, other) or _sentence(before, mine, other)


def _both_added(path: Path, ours: str, theirs: str) -> Decision | None:
    """Of a pin that both sides added, the newer one."""
    oldest = re.sub(_NUMBER, "0.dev0", ours)
    newest = _newest(path, [oldest, ours, theirs], ("",) * 3)
    found = newest or requirement(path, bare(ours, theirs), ours, theirs)
    return found and Decision(found.text, found.note.replace("moved it up", "added it"))


def _lines(base: str, ours: str, theirs: str) -> Decision | None:
    """Merge texts of several lines, as git does."""
    sides = [text.splitlines(keepends=True) for text in (base, ours, theirs)]
    picks = diff3(*sides)
    if picks is None:
        return None
    return Decision("".join(sides[side][index] for side, index in picks))


def _sentence(base: str, ours: str, theirs: str) -> Decision | None:
    """A sentence or a command in which each side changed words of its own."""
    if len(base.split()) < _SENTENCE or any(map(split_requirement, (base, ours, theirs))):
        return None
    merged = merge_words(base, ours, theirs)
    return None if merged is None else Decision(merged)


def _newest(path: Path, texts: Sequence[str], remarks: Sequence[str]) -> Decision | None:
    """Of a pin that both sides moved up, the newer one; the project's, where it holds it back."""
    found = [_pin(path, text, remark) for text, remark in zip(texts, remarks, strict=True)]
    before, mine, other = found
    if before is None or mine is None or other is None:
        return None
    if len({pin[0] for pin in found if pin}) > 1:
        return None
    versions = [version_key(pin[1]) for pin in (before, mine, other)]
    # A hash may stand for the version that base has: then only its form changed.
    hashed = any(_HASH.search(text) for text in texts[1:])
    if versions[1] < versions[0] < versions[2] and not hashed:
        return Decision(texts[1], _held_note(path, texts[1], texts[2]))
    oldest, newest = min(versions[1:]), max(versions[1:])
    if oldest < versions[0] or newest == versions[0] or (oldest == versions[0] and not hashed):
        return None
    shown = [_shown(texts[1], remarks[1]), _shown(texts[2], remarks[2])]
    if versions[1] >= versions[2]:
        return Decision(texts[1], _newer_note(path, shown[0], "project", shown[1], "template"))
    return Decision(texts[2], _newer_note(path, shown[1], "template", shown[0], "project"))


def _shown(text: str, remark: str) -> str:
    return f"{text} {remark.strip()}".strip() if _HASH.search(text) else text


def _newer_note(path: Path, new: str, by: str, old: str, other: str) -> str:
    return (
        f"{where(path)}: both sides moved it up; {new} of the {by} is newer and kept, "
        f"{old} of the {other} is not."
    )


def _held_note(path: Path, held: str, new: str) -> str:
    kept = f"{held} is kept, {new} of the template is not."
    return f"{where(path)}: the project holds it back; {kept}"


def _pin(path: Path, text: str, remark: str) -> tuple[str, str] | None:
    """What a pin is for, and its version."""
    stem, _, revision = text.rpartition("@")
    if _HASH.fullmatch(revision) and (named := _IN_COMMENT.search(remark)):
        return stem, named[1]
    name = name_of(path)
    forms = [_BOUND, _AT]
    if name in _PINNED or name.endswith("version"):
        forms += [_PLAIN, _TARGET]
    if _IMAGES & {part.lower() for part in path}:
        forms.append(_TAGGED)
    for form in forms:
        if match := form.fullmatch(text):
            parts = match.groupdict()
            version = parts["version"]
            if form is _TARGET:
                version = f"{version[0]}.{version[1:]}"
            prefix = parts["stem"] if form is not _AT else stem
            return f"{prefix.strip()} {parts.get('rest', '')}".strip(), version
    return None


def only_pins(path: Path, before: Value | None, after: Value | None) -> bool:
    """Whether nothing but pins moved between two values."""
    if before == after:
        return True
    match before, after:
        case dict(), dict():
            return before.keys() == after.keys() and all(
                only_pins((*path, *key), part, after[key]) for key, part in before.items()
            )
        case list(), list():
            return len(before) == len(after) and all(
                only_pins(path, old, new) for old, new in zip(before, after, strict=True)
            )
        case ((str() | tuple()), (str() | tuple())):
            old, new = text_of(before) or "", text_of(after) or ""
            pins = _pin(path, _unhashed(old), ""), _pin(path, _unhashed(new), "")
            if pins[0] and pins[1]:
                return pins[0][0] == pins[1][0]
            named = split_requirement(old), split_requirement(new)
            return all(n and n["spec"] for n in named) and only_spec(*named)
    return False


def _unhashed(text: str) -> str:
    """A pin by hash as a pin by version, where only what it pins matters."""
    return _HASH.sub("0", text)


def requirement(path: Path, base: str, ours: str, theirs: str) -> Decision | None:
    """Merge a requirement part by part: extras, bounds, address, marker."""
    before, mine, other = (split_requirement(text) for text in (base, ours, theirs))
    if before is None or mine is None or other is None:
        return None
    if len({normalised(parts["name"]) for parts in (before, mine, other)}) > 1:
        return None
    if not path or normalised(path[-1]) != normalised(before["name"]):
        path = (*path, before["name"])
    result, notes = "", []
    for part, old in before.items():
        decided = _part(path, part, old, mine[part], other[part])
        if decided is None:
            return None
        result += decided.text
        if decided.note:
            won = decided.text.strip() == mine[part].strip()
            whole = [ours, "project", theirs, "template"]
            notes.append(_newer_note(path, *(whole if won else [*whole[2:], *whole[:2]])))
    return Decision(result, " ".join(notes))


def _part(path: Path, part: str, base: str, ours: str, theirs: str) -> Decision | None:
    squeezed = ["".join(text.split()) for text in (base, ours, theirs)]
    if squeezed[1] in (squeezed[0], squeezed[2]):
        return Decision(theirs if squeezed[1] == squeezed[0] != squeezed[2] else ours)
    if squeezed[2] == squeezed[0]:
        return Decision(ours)
    if part == "extras":
        return _extras(base, ours, theirs)
    if part == "spec" and not base.strip():
        base = re.sub(_NUMBER, "0.dev0", ours)
    return _newest(path, (base, ours.strip(), theirs.strip()), ("",) * 3) and _spec(
        path, base, ours, theirs
    )


def _spec(path: Path, base: str, ours: str, theirs: str) -> Decision | None:
    decided = _newest(path, (base.strip(), ours.strip(), theirs.strip()), ("",) * 3)
    if decided is None:
        return None
    return Decision(ours if decided.text == ours.strip() else theirs, decided.note)


def _extras(base: str, ours: str, theirs: str) -> Decision:
    before, mine, other = (
        [extra.strip() for extra in text.strip().strip("[]").split(",") if extra.strip()]
        for text in (base, ours, theirs)
    )
    kept = [extra for extra in mine if extra in other or extra not in before]
    kept += [extra for extra in other if extra not in before and extra not in mine]
    return Decision(f"[{','.join(kept)}]" if kept else "")


def list_kind(path: Path, *sides: Sequence[Value]) -> ListKind:
    """What a list means: records by identity, requirements by name, a set, or an order."""
    items = [item for side in sides for item in side]
    ordered = name_of(path) in _ORDERED
    scalars = [text for item in items if (text := text_of(item)) is not None]
    if items and (all(isinstance(item, dict) for item in items) or one_name_each(*sides)):
        return "records"
    if _are_requirements(path, items, scalars):
        return "requirements"
    unique = all(len({repr(item) for item in side}) == len(side) for side in sides)
    spaced = any(re.search(r"\s", text) for text in scalars) and not _prose_set(path)
    if len(scalars) < len(items) or ordered or not unique or spaced:
        return "ordered"
    return "set"


def is_ordered(path: Path) -> bool:
    """Whether the order of a list means something, as its name tells."""
    return name_of(path) in _ORDERED


def is_last_wins(path: Path) -> bool:
    """Whether a later item of a list has the last word over an earlier one."""
    return name_of(path) in _LAST_WINS


def _prose_set(path: Path) -> bool:
    return name_of(path) in {"classifiers", "keywords", "markers", "exclude-lines", "exclude-also"}


def _are_requirements(path: Path, items: list[Value], scalars: list[str]) -> bool:
    if any(isinstance(item, list) for item in items):
        return False
    split = [split_requirement(text) for text in scalars]
    if not split or None in split:
        return False
    if any(_REQUIREMENTS.search(part.lower().replace("_", "-")) for part in path):
        return True
    every = len(scalars) == len(items)
    return every and any(parts and parts["spec"] and parts["name"] for parts in split)


def item_keys(kind: ListKind, *sides: Sequence[Value]) -> list[list[Hashable]]:
    """What tells the items of a set, or of requirements, apart."""
    if kind != "requirements":
        return [[text_of(item) or repr(item) for item in side] for side in sides]
    return requirement_keys(*([text_of(item) or repr(item) for item in side] for side in sides))


def own_part(path: Path, base: Value, side: Value) -> Value | None:
    """Of a list, or of a table of lists, what a side put in it; ``None``: it is one whole.

    A table is one where more than its lists, or the order of a list, was changed.
    """
    match base, side:
        case list(), list() if list_kind(path, base, side) in ("set", "requirements"):
            return [item for item in side if item not in base] or None
        case dict(), dict() if base.keys() == side.keys():
            changed = [key for key in side if side[key] != base[key]]
            parts = {key: own_part((*path, *key), base[key], side[key]) for key in changed}
            found = {key: part for key, part in parts.items() if part is not None}
            return found if found and len(found) == len(parts) else None
    return None


def versioned(item: Value) -> bool:
    """Whether an item of a list is, or ends in, a version, as in lists of Python versions."""
    text = text_of(item)
    if text is None or (parts := split_requirement(text)) is None or not parts["spec"].strip():
        return text is not None and bool(_VERSIONED.search(text))
    return False


def crowded_out(
    base: Sequence[Value], ours: Sequence[Value], theirs: Sequence[Value]
) -> dict[int, Value]:
    """Of the versions that their side adds, those next to one that our side removed, with it.

    The order of versions means something: a list without 3.12 is no place to add 3.13 after it.
    """
    out: dict[int, Value] = {}
    for index, item in enumerate(theirs):
        if item in base or item in ours or not versioned(item):
            continue
        before = [other for other in theirs[:index] if other in base][-1:]
        after = [other for other in theirs[index + 1 :] if other in base][:1]
        for other in before + after:
            if other not in ours and versioned(other):
                out[index] = other
    return out

"""Folders of the template that the project has under another name."""

from __future__ import annotations

import re
from collections.abc import Collection, Container, Iterable, Iterator, Mapping

from lisa_scaffold.aftercare.answered import Change
from lisa_scaffold.formats.ignored import IGNORE_FILE
from lisa_scaffold.git import SUBMODULE, Blob, Store
from lisa_scaffold.lines import join_names
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project import manifest
from lisa_scaffold.shown import visible
from lisa_scaffold.sync.outcome import Synced
from lisa_scaffold.sync.seeded import Matches, Tree

_CODE = compile_lazily(r"`([^`]+)`")


def follow_folders(
    synced: Synced, store: Store, ours: str, change: Change, locked: Matches
) -> None:
    """Correct what lists a folder as the template calls it, and tell of other lines that come in.

    Git follows files that were moved, but not what other files say of them. In prose that is no
    code, and in comments, the name may be meant otherwise.
    """
    present = store.paths(ours)
    for old, new in find_moved(change.base, present).items():
        _correct(synced, manifest.FILE, old, new)
        _correct(synced, IGNORE_FILE, old, new, _list_entries(change.base, change.theirs))
        _forget_moved(synced, old, new, present)
        shown = synced.shown()
        before = store.contents(ours, shown)
        # The bare name may be that of a session or a group as well.
        inside = re.compile(rf"(?<![\w./-])(?:\.?/)?{re.escape(old)}(?=/)")
        for path, blob in shown.items():
            if blob is None or b"\0" in blob.data or path == IGNORE_FILE:
                continue
            lines = [*_find_lines(inside, path, blob, before.get(path))]
            if lines:
                at = f"line{'s' if lines[1:] else ''} {join_names(map(str, lines))}"
                remedy = "tell its jobs so in .gitlab-ci.yml" if locked(path) else "correct it"
                said = f"{at}: the template's {visible(old)} is {visible(new)} here: {remedy}."
                synced.assign(path, said)


def find_moved(base: Iterable[str], present: Collection[str]) -> Mapping[str, str]:
    """Folders at the top that are gone, each with the one that has most of its files now."""
    before, now = _by_folder(base), _by_folder(present)
    moved = {}
    for old in before.keys() - now.keys():
        common = {new: len(before[old] & now[new]) for new in now.keys() - before.keys()}
        new = max(sorted(common), key=lambda each: common[each], default="")
        if new and 2 * common[new] >= len(before[old]):
            moved[old] = new
    return moved


def _by_folder(paths: Iterable[str]) -> dict[str, set[str]]:
    """What lies below each folder at the top."""
    found: dict[str, set[str]] = {}
    for path in paths:
        top, slash, rest = path.partition("/")
        if slash:
            found.setdefault(top, set()).add(rest)
    return found


def _correct(
    synced: Synced, path: str, old: str, new: str, entries: Container[str] | None = None
) -> None:
    """Write another name of a folder in a file, or in some entries of it; comments stay."""
    blob = synced.files.get(path)
    if blob is None:
        return
    name = re.compile(rf"(?<![\w./-])(/?){re.escape(old)}(?![\w.-])")
    text = "".join(
        line
        if line.lstrip().startswith("#") or (entries is not None and line.strip() not in entries)
        else name.sub(lambda found: found[1] + new, line)
        for line in blob.data.decode(errors="surrogateescape").splitlines(keepends=True)
    )
    data = text.encode(errors="surrogateescape")
    if data != blob.data:
        synced.files[path] = Blob(blob.mode, data)
        synced.note(path, f"the template's {visible(old)} is {visible(new)} here: written so.")


def _list_entries(*trees: Tree) -> set[str]:
    """What the template's lists of ignored paths have; other lines are the project's own."""
    texts = (tree[IGNORE_FILE].data for tree in trees if IGNORE_FILE in tree)
    return {line.strip() for text in texts for line in text.decode(errors="replace").splitlines()}


def _forget_moved(synced: Synced, old: str, new: str, present: Collection[str]) -> None:
    """Say of no file that it stays away which the project has in the folder of another name."""
    told = {note.path for note in synced.notes}
    synced.changes = [
        each
        for each in synced.changes
        if each.status != "left out"
        or each.path in told
        or not each.path.startswith(f"{old}/")
        or new + each.path.removeprefix(old) not in present
    ]


def _find_lines(name: re.Pattern[str], path: str, blob: Blob, before: Blob | None) -> Iterator[int]:
    """Numbers of the lines that come in and name a folder: in prose as code, but no comments."""
    if before and before.mode == SUBMODULE:
        return
    known = {*before.data.decode(errors="replace").splitlines()} if before else set()
    is_prose = path.endswith((".md", ".rst"))
    for number, line in enumerate(blob.data.decode(errors="replace").splitlines(), 1):
        if line in known:
            continue
        said = " ".join(_CODE.findall(line)) if is_prose else line.partition("#")[0]
        if name.search(said):
            yield number

"""Folders of the template that the project has under another name."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping

from lisa_scaffold.git import SUBMODULE, Blob, Store
from lisa_scaffold.lines import join_names
from lisa_scaffold.project import manifest
from lisa_scaffold.shown import visible
from lisa_scaffold.sync.outcome import Synced
from lisa_scaffold.sync.seeded import Tree


def follow_folders(synced: Synced, store: Store, ours: str, base: Tree) -> None:
    """Tell of lines that come in and name a folder as the template does; correct MANIFEST.in.

    Git follows files that were moved, but not what other files say of them. In prose and comments
    the name may be meant otherwise.
    """
    for old, new in find_moved(base, store.paths(ours)).items():
        name = re.compile(rf"(?<![\w./-]){re.escape(old)}(?![\w.-])")
        if manifest_in := synced.files.get(manifest.FILE):
            data = _replace(name, new, manifest_in.data.decode(errors="replace")).encode()
            synced.files[manifest.FILE] = Blob(manifest_in.mode, data)
        shown = synced.shown()
        before = store.contents(ours, shown)
        # The bare name may be that of a session or a group as well.
        inside = re.compile(rf"{name.pattern}(?=/)")
        for path, blob in shown.items():
            if blob is None or b"\0" in blob.data or path.endswith((".md", ".rst")):
                continue
            lines = [*_find_lines(inside, blob, before.get(path))]
            if lines:
                at = f"line{'s' if lines[1:] else ''} {join_names(map(str, lines))}"
                said = f"{at}: the template's {visible(old)} is {visible(new)} here: correct it."
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


def _replace(name: re.Pattern[str], new: str, text: str) -> str:
    """A MANIFEST.in with another name of a folder; comments stay."""
    return "".join(
        line if line.lstrip().startswith("#") else name.sub(lambda _: new, line)
        for line in text.splitlines(keepends=True)
    )


def _find_lines(name: re.Pattern[str], blob: Blob, before: Blob | None) -> Iterator[int]:
    """Numbers of the lines that come in and name a folder, but for comments."""
    if before and before.mode == SUBMODULE:
        return
    known = {*before.data.decode(errors="replace").splitlines()} if before else set()
    for number, line in enumerate(blob.data.decode(errors="replace").splitlines(), 1):
        if line not in known and name.search(line.partition("#")[0]):
            yield number

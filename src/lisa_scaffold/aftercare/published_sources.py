"""What an update must not take out of the published sources."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from lisa_scaffold.git import SUBMODULE, Blob, Store
from lisa_scaffold.lines import join_names
from lisa_scaffold.project import manifest
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.shown import visible
from lisa_scaffold.sync.outcome import Synced
from lisa_scaffold.sync.seeded import Tree

_METADATA = ("pyproject.toml", "setup.cfg", "setup.py")


def keep_shipped(synced: Synced, store: Store, ours: str, base: Tree, theirs: Tree) -> None:
    """Let MANIFEST.in name what people shipped so far, and the template does not know of.

    A template may turn a list of what does not belong into the sources to one of what does. Whether
    the files that the template itself has belong there is for the template to say.
    """
    new = synced.files.get(manifest.FILE)
    if new is None:
        return
    paths = [*store.paths(ours)]
    before = store.contents(ours, [path for path in (*_METADATA, manifest.FILE) if path in paths])
    after = {**before, **{path: synced.decided().get(path, before.get(path)) for path in _METADATA}}
    after[manifest.FILE] = new
    moved = {each.was for each in synced.changes if each.was}
    known = base.keys() | theirs.keys() | moved
    gone = {path for path, blob in synced.files.items() if blob is None}
    mine = [path for path in paths if path not in known | gone]
    shipped = _find_shipped(before, mine)
    lost = shipped - _find_shipped(after, mine)
    if not lost:
        return
    lines = _name(lost, [path for path in paths if path not in gone])
    after[manifest.FILE] = Blob(new.mode, _insert(new.data, lines))
    rest = lost - _find_shipped(after, mine)
    # What a later command takes out again is for people to say.
    lines = [line for line in lines if line not in {f"include {path}" for path in rest}]
    if lines:
        synced.files[manifest.FILE] = Blob(new.mode, _insert(new.data, lines))
        named = join_names(f"`{visible(line)}`" for line in lines)
        said = f"the published sources had more of yours, which stays by {named}."
        synced.note(manifest.FILE, said)
    if rest:
        named = join_names(map(visible, sorted(rest)))
        synced.assign(manifest.FILE, f"no longer in the published sources: {named}: add them.")


def _insert(content: bytes, lines: list[str]) -> bytes:
    """Put commands behind the last one that adds files: what is taken out of all comes later."""
    text = content.decode(errors="replace").split("\n")
    commands = manifest.read(Facts.of({manifest.FILE: content})).commands
    last = max((each.line for each in commands if each.adds), default=len(text) - 1)
    while last and text[last - 1].rstrip().endswith("\\"):
        last += 1
    end = "\r" if b"\r\n" in content else ""
    return "\n".join([*text[:last], *(f"{line}{end}" for line in lines), *text[last:]]).encode()


def _find_shipped(files: Mapping[str, Blob | None], paths: Iterable[str]) -> set[str]:
    """Which paths setuptools puts into the published sources; none with another build backend."""
    present = {path: blob for path, blob in files.items() if blob and blob.mode != SUBMODULE}
    facts = Facts.of({path: blob.data for path, blob in present.items()})
    if facts.package.backend != "setuptools":
        return set()
    commands, offered = manifest.read(facts), manifest.offers_all(facts)
    return {path for path in paths if commands.includes(path, offered=offered)}


def _name(lost: Collection[str], paths: Collection[str]) -> list[str]:
    """Commands for files: a folder at the top as a whole, where all in it would be lost."""
    lines = []
    for top in sorted({path.split("/")[0] for path in lost}):
        inside = [path for path in paths if path.startswith(f"{top}/")]
        if inside and all(path in lost for path in inside):
            lines.append(f"graft {top}")
        else:
            lines += [f"include {path}" for path in sorted(lost) if path.split("/")[0] == top]
    # White space parts the words of a command, which knows no quotes.
    return [line for line in lines if len(line.split()) == 2]  # noqa: PLR2004

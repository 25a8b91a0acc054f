"""Locks that other requirements make stale: a tool writes them anew, and nobody merges them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from lisa_scaffold.aftercare.work import Work
from lisa_scaffold.git import SUBMODULE, Blob
from lisa_scaffold.lines import join_names
from lisa_scaffold.model import Weight
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.sync.outcome import Renewal, Synced
from lisa_scaffold.sync.seeded import Tree
from lisa_scaffold.versions import normalize_name, parse_version, split_requirement

_OURS = b"nox -s lock"
"""What writes the locks of the template, as their heads say."""

_SESSION = "lock"
_ORPHAN = (
    f"the session `{_SESSION}`, which renews it, is gone from noxfile.py: delete it, unless "
    "something of yours reads it."
)

_METADATA = "pyproject.toml"
_SESSIONS = "noxfile.py"
_CONSTRAINTS = {
    "build-constraints.txt": ("build-system", "requires"),
    "constraints.txt": ("project", "dependencies"),
}
"""The locks of the template, each with what it is made for."""
_OTHERS = {"pdm.lock": "pdm lock", "poetry.lock": "poetry lock", "uv.lock": "uv lock"}
_MADE_ELSEWHERE = {
    "Cargo.lock": "cargo update --workspace",
    "flake.lock": "nix flake lock",
    "package-lock.json": "npm install --package-lock-only",
    "pixi.lock": "pixi lock",
}
"""Locks for what other files ask for."""
_HEAD = 400  # bytes


def is_lock(blob: Blob) -> bool:
    """Whether a file is a lock that the project renews by itself."""
    return _OURS in blob.data[:_HEAD]


def tell_stale(synced: Synced, work: Work, theirs: Tree) -> None:
    """Tell of each lock that is out of date once the update is in, and what renews it.

    Where the requirements themselves are in conflict, that may hold with one side's lines alone.

    Parameters
    ----------
    synced
        The merge.
    work
        What people have written.
    theirs
        The render of the wanted version.
    """
    commands = {**dict.fromkeys(_CONSTRAINTS, _OURS.decode()), **_OTHERS, **_MADE_ELSEWHERE}
    read = (_METADATA, _SESSIONS, *commands)
    present = work.store.paths(work.ours)
    wanted = [path for path in read if path in present]
    before = {
        path: blob
        for path, blob in work.store.contents(work.ours, wanted).items()
        if blob.mode != SUBMODULE
    }
    # A lock may have been renewed and wait to be committed, or the requirements have grown.
    uncommitted = work.read_uncommitted(read).items()
    before |= {path: blob for path, blob in uncommitted if path in wanted}
    ours, other = (
        {**before, **{path: blob for path, blob in side.items() if path in read}}
        for side in (synced.decided(), synced.offered())
    )
    for path, command in commands.items():
        if path in _CONSTRAINTS and not (_has_session(ours) or _has_session(other)):
            if _has_session(before) and (lock := ours.get(path)) and is_lock(lock):
                synced.assign(path, _ORPHAN)
            continue
        said, elsewise = (_explain(path, synced, before, after, theirs) for after in (ours, other))
        if not said and not elsewise:
            continue
        where = ""
        if not said or not elsewise:
            whose = "the template's lines come" if elsewise else "the project's lines stay"
            where = f"if {whose} in the conflict of {_METADATA}"
        why = f"{where}: {said or elsewise}" if where else said
        synced.note(path, f"{why}. Renew it with: {command}", weight=Weight.ASKS)
        synced.stale[path] = Renewal(command, where)


def _explain(
    path: str,
    synced: Synced,
    before: Mapping[str, Blob | None],
    after: Mapping[str, Blob | None],
    theirs: Tree,
) -> str:
    """Why a lock is out of date; empty where it is not, or where it is none."""
    lock = after.get(path)
    if not lock or (path in _CONSTRAINTS and not is_lock(lock)):
        return ""
    if path in _CONSTRAINTS:
        asked, pins = _list_requirements(after, path), _read_pins(lock)
        missing = [each["name"] for each in asked if normalize_name(each["name"]) not in pins]
        if missing:
            return f"does not lock {join_names(missing)} yet"
        if excluded := [*_find_excluded(asked, pins)]:
            return "; ".join(excluded)
        if lock is synced.files.get(path):
            # What the lock has for requirements that are not the project's.
            names = {normalize_name(each["name"]) for each in asked}
            meant = _list_requirements(theirs, path)
            more = [each["name"] for each in meant if normalize_name(each["name"]) not in names]
            if more:
                return f"was made for {join_names(more)} too, which the project does not ask for"
    if path in {*synced.patches, *synced.quotations}:
        return "the template's was made for more or other requirements"
    is_other = path not in synced.files and _asks(before, path) != _asks(after, path)
    return "was made for other requirements" if is_other and path not in _MADE_ELSEWHERE else ""


def _has_session(files: Mapping[str, Blob | None]) -> bool:
    """Whether nox has what writes the template's locks, as far as that can be told."""
    if (sessions := files.get(_SESSIONS)) is None:
        return True
    from lisa_scaffold.rules.quality_sessions import find_sessions

    found = find_sessions(Facts.of({_SESSIONS: sessions.data}))
    return found is None or _SESSION in found


def _asks(files: Mapping[str, Blob | None], lock: str) -> tuple[object, object]:
    """What a lock is made for: the Pythons and the requirements."""
    blob = files.get(_METADATA)
    project = Facts.of({_METADATA: blob.data} if blob else {}).pyproject
    stated = _CONSTRAINTS.get(lock, ("project", "dependencies"))
    return project.get("project", "requires-python"), project.get(*stated)


def _list_requirements(files: Mapping[str, Blob | None], lock: str) -> list[dict[str, str]]:
    """The parts of each requirement that a lock is made for, as the project writes them."""
    stated = _asks(files, lock)[1]
    found = [split_requirement(str(each)) for each in (stated if isinstance(stated, list) else ())]
    return [parts for parts in found if parts]


def _read_pins(lock: Blob) -> dict[str, list[str]]:
    """The names that a lock has, each with its versions; of an address there is none."""
    pins: dict[str, list[str]] = {}
    for line in lock.data.decode(errors="replace").splitlines():
        if line[:1].isalnum() and (parts := split_requirement(line.rstrip(" \\"))):
            versions = pins.setdefault(normalize_name(parts["name"]), [])
            if parts["spec"].startswith("=="):
                versions.append(parts["spec"].strip("= "))
    return pins


def _find_excluded(
    asked: Iterable[Mapping[str, str]], pins: Mapping[str, list[str]]
) -> Iterator[str]:
    """What is said of each requirement that excludes what is locked for it.

    One with a marker may be meant for some of the versions alone.
    """
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    for parts in asked:
        try:
            allowed = SpecifierSet(parts["spec"].strip(" ()"))
        except InvalidSpecifier:
            continue
        versions = [each for each in pins[normalize_name(parts["name"])] if parse_version(each)]
        outside = [each for each in versions if not allowed.contains(each, prereleases=True)]
        if outside and (outside == versions or not parts["marker"]):
            stated = f"{parts['name']}{parts['spec']}".strip()
            yield f"pins {parts['name']} {join_names(outside)}, which `{stated}` excludes"

"""Locks that other requirements make stale: a tool writes them anew, and nobody merges them."""

from __future__ import annotations

from collections.abc import Mapping

from lisa_scaffold.aftercare.work import Work
from lisa_scaffold.git import SUBMODULE, Blob
from lisa_scaffold.lines import join_names
from lisa_scaffold.model import Weight
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.sync.outcome import Synced
from lisa_scaffold.versions import normalize_name, split_requirement

_OURS = b"nox -s lock"
"""What writes the locks of the template, as their heads say."""

_METADATA = "pyproject.toml"
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


def tell_stale(synced: Synced, work: Work) -> None:
    """Tell of each lock that is out of date once the update is in, and what renews it."""
    commands = {**dict.fromkeys(_CONSTRAINTS, _OURS.decode()), **_OTHERS, **_MADE_ELSEWHERE}
    declined = {*synced.patches, *synced.quotations}
    present = work.store.paths(work.ours)
    wanted = [path for path in (_METADATA, *commands) if path in present]
    before = {
        path: blob
        for path, blob in work.store.contents(work.ours, wanted).items()
        if blob.mode != SUBMODULE
    }
    # A lock may have been renewed and wait to be committed, or the requirements have grown.
    uncommitted = work.read_uncommitted((_METADATA, *commands)).items()
    before |= {path: blob for path, blob in uncommitted if path in wanted}
    after = {**before, **{p: b for p, b in synced.decided().items() if p in (_METADATA, *commands)}}
    for path, command in commands.items():
        lock = after.get(path)
        if lock and (path not in _CONSTRAINTS or is_lock(lock)):
            missing = _find_missing(lock, path, after) if path in _CONSTRAINTS else []
            if missing:
                said = f"does not lock {join_names(missing)} yet"
            elif path in declined:
                said = "the template's was made for more or other requirements"
            elif path in _MADE_ELSEWHERE:
                continue
            elif path not in synced.files and _asks(before, path) != _asks(after, path):
                said = "was made for other requirements"
            else:
                continue
            synced.note(path, f"{said}. Renew it with: {command}", weight=Weight.ASKS)
            synced.stale[path] = command


def _asks(files: Mapping[str, Blob | None], lock: str) -> tuple[object, object]:
    """What a lock is made for: the Pythons and the requirements."""
    blob = files.get(_METADATA)
    project = Facts.of({_METADATA: blob.data} if blob else {}).pyproject
    stated = _CONSTRAINTS.get(lock, ("project", "dependencies"))
    return project.get("project", "requires-python"), project.get(*stated)


def _find_missing(lock: Blob, path: str, files: Mapping[str, Blob | None]) -> list[str]:
    """The requirements that a lock does not have, as the project writes them."""
    lines = lock.data.decode(errors="replace").splitlines()
    locked = {normalize_name(line.partition("==")[0].strip()) for line in lines if "==" in line}
    stated = _asks(files, path)[1]
    found = [split_requirement(str(each)) for each in (stated if isinstance(stated, list) else ())]
    names = [parts["name"] for parts in found if parts]
    return [name for name in names if normalize_name(name) not in locked]

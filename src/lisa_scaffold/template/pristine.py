"""What the template made of a project's recorded answers: its locked files, kept between runs."""

from __future__ import annotations

import json
import os
from base64 import b64decode, b64encode
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from lisa_scaffold import answers as plain
from lisa_scaffold import files, workplace
from lisa_scaffold.errors import LisaError
from lisa_scaffold.template import cache
from lisa_scaffold.template.source import Source, recorded_source, version_of

MOST_KEPT = 500
"""Renders that are kept; one takes about 30 kB."""

_FORM = "2"
"""Part of every key: a newer form of what is kept is never taken for this one."""


class Origin(NamedTuple):
    """What is known about the template that a project records.

    Attributes
    ----------
    locked
        The locked files as the template made them; ``None`` where that is not known.
    problem
        Why the record cannot be followed, without a full stop; empty where it can, or where this
        installation cannot tell.
    notes
        What a maintainer should know, a sentence each.
    """

    locked: Mapping[str, bytes] | None = None
    problem: str = ""
    notes: tuple[str, ...] = ()


class Origins:
    """The origins of many projects: each template is asked for its versions once."""

    def __init__(self) -> None:
        self._sources: dict[tuple[str, Path], Source] = {}

    def of(self, root: Path, recorded: Mapping[str, Any]) -> Origin:
        """The origin of a project.

        Parameters
        ----------
        root
            The project's folder.
        recorded
            Its answers file, Copier's own records included.

        Raises
        ------
        LisaError
            If the template that the environment names, or this installation has, cannot be read.
        """
        address, version = recorded.get("_src_path"), recorded.get("_commit")
        if not isinstance(address, str) or not isinstance(version, str):
            return Origin()
        if fault := plain.fault(recorded):
            return Origin(problem=fault)
        source = self._source(address, root)
        if not source.ours:
            # Another template has no table of locked files, and may be anywhere in the network.
            return Origin(notes=(f"Made from {address}: what is locked there is not known here.",))
        newer = _newer(source, version)
        if newer:
            return Origin(notes=(newer,))
        answers = {key: value for key, value in recorded.items() if not key.startswith("_")}
        try:
            locked = _locked(source, version, answers)
        except LisaError as error:
            return Origin(problem=error.message)
        return Origin(locked, notes=_behind(source, version))

    def _source(self, address: str, root: Path) -> Source:
        # Only a relative address means something else from another folder.
        key = address, root if os.path.lexists(root / address) else Path()
        if key not in self._sources:
            self._sources[key] = recorded_source(address, root)
        return self._sources[key]


def _newer(source: Source, version: str) -> str:
    """A sentence about a version beyond those of the source; empty for any other."""
    newest = source.versions()[-1]
    recorded, last = version_of(version), version_of(newest)
    if recorded is None or last is None or recorded <= last:
        return ""
    return (
        f"Made from {version}; this lisa-scaffold knows versions up to {newest}, so the locked "
        "files were not compared: pip install --upgrade lisa-scaffold."
    )


def _behind(source: Source, version: str) -> tuple[str, ...]:
    recorded = version_of(version)
    known = ((each, version_of(each)) for each in source.versions())
    newer = [name for name, each in known if recorded and each and each > recorded]
    if not newer:
        return ()
    number = "1 version" if len(newer) == 1 else f"{len(newer)} versions"
    return (f"{number} behind {newer[-1]} of the template: lisa-scaffold update.",)


def _locked(source: Source, version: str, answers: Mapping[str, Any]) -> dict[str, bytes]:
    place = _place(source, version, answers)
    kept = _kept(place) if place else None
    if kept is None:
        kept = _rendered(source, version, answers)
        if place:
            cache.write(place, _encoded(kept))
            cache.prune(place.parent, MOST_KEPT)
    return kept


def _place(source: Source, version: str, answers: Mapping[str, Any]) -> Path | None:
    """Where a render is kept; None for files of a working copy, which may change at any time."""
    hashed = None if source.is_working(version) else source.tags.get(version)
    folder = cache.folder("renders") if hashed else None
    # Not as JSON: there a date is the same as its text, which a template can tell apart.
    decisive = repr((_FORM, source.recorded, version, hashed, dict(answers)))
    return folder and folder / f"{sha256(decisive.encode()).hexdigest()}.json"


def _kept(place: Path) -> dict[str, bytes] | None:
    content = cache.read(place)
    if content is None:
        return None
    try:
        said = json.loads(content).items()
        kept = {path: b64decode(each, validate=True) for path, each in said}
    except (ValueError, AttributeError, TypeError, RecursionError):
        return None
    return kept if all(map(_leads_inside, kept)) else None


def _leads_inside(path: str) -> bool:
    """Whether a path means one file below the project's folder, as those of a render do."""
    outside = path in {".", ".."} or path.startswith(("/", "../"))
    return not outside and os.path.normpath(path) == path


def _encoded(files: Mapping[str, bytes]) -> bytes:
    said = {path: b64encode(content).decode() for path, content in files.items()}
    return json.dumps(said).encode()


def _rendered(source: Source, version: str, answers: Mapping[str, Any]) -> dict[str, bytes]:
    from pathspec import GitIgnoreSpec

    with (
        source.open(version) as template,
        workplace.folder() as folder,
    ):
        render = template.replay(answers, {}, folder / "project")
        locked = GitIgnoreSpec.from_lines(render.locked)
        paths = (Path(above, file) for above, _, files in os.walk(render.folder) for file in files)
        named = {path.relative_to(render.folder).as_posix(): path for path in paths}
        return {
            path: content
            for path, place in sorted(named.items())
            if locked.match_file(path) and not place.is_symlink()
            if (content := files.read(render.folder, path, files.LARGE)) is not None
        }

"""The locked files that a project's recorded version and answers render to, kept between runs."""

from __future__ import annotations

import json
import os
from base64 import b64decode, b64encode
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from lisa_scaffold import answers as checks
from lisa_scaffold import files, workplace
from lisa_scaffold.errors import AnswersError, LisaError
from lisa_scaffold.formats.ignored import match_patterns
from lisa_scaffold.template import cache
from lisa_scaffold.template.rendering import Template
from lisa_scaffold.template.source import Source, recorded_source
from lisa_scaffold.versions import parse_version

MOST_KEPT = 500
"""Renders that are kept; one takes about 30 kB."""

_FORM = "3"
"""Part of every key, so that another form of what is kept is never taken for this one."""


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
    wrong
        Recorded answers that the recorded version does not take, each with the reason.
    """

    locked: Mapping[str, bytes] | None = None
    problem: str = ""
    notes: tuple[str, ...] = ()
    wrong: tuple[tuple[str, str], ...] = ()


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
        fault = checks.find_fault(recorded)
        if fault := fault or ("_src_path: no address" if "\0" in address else ""):
            return Origin(problem=fault)
        # Only a relative address means something else from another folder.
        key = address, root if os.path.lexists(root / address) else Path()
        if key not in self._sources:
            self._sources[key] = recorded_source(address, root)
        source = self._sources[key]
        if not source.ours:
            # Another template has no table of locked files, and may be anywhere in the network.
            return Origin(notes=(f"Made from {address}: what is locked there is not known here.",))
        own, known = parse_version(version), source.versions()
        newest = parse_version(known[-1])
        if own and newest and own > newest:
            note = (
                f"Made from {version}; this lisa-scaffold knows versions up to {known[-1]}, so the "
                "locked files were not compared: pip install --upgrade lisa-scaffold."
            )
            return Origin(notes=(note,))
        answers = {key: value for key, value in recorded.items() if not key.startswith("_")}
        try:
            locked = _read_locked(source, version, answers)
        except LisaError as error:
            wrong = error.problems if isinstance(error, AnswersError) else {}
            return Origin(problem="" if wrong else error.message, wrong=tuple(wrong.items()))
        newer = [each for each in known if own and (other := parse_version(each)) and other > own]
        number = "1 version" if len(newer) == 1 else f"{len(newer)} versions"
        behind = [
            f"{number} behind {each} of the template: lisa-scaffold update." for each in newer
        ]
        return Origin(locked, notes=tuple(behind[-1:]))


def _read_locked(source: Source, version: str, answers: Mapping[str, Any]) -> Mapping[str, bytes]:
    """The locked files, from the cache or rendered now; raises AnswersError for wrong answers."""
    # The files of a working copy may change at any time, and are not kept.
    hashed = None if source.is_working(version) else source.tags.get(version)
    folder = cache.folder("renders") if hashed else None
    if folder is None:
        return _render_locked(source, version, answers)
    # Not as JSON: there a date is the same as its text, which a template can tell apart.
    decisive = repr((_FORM, source.recorded, version, hashed, dict(answers)))
    place = folder / f"{sha256(decisive.encode()).hexdigest()}.json"
    locked = _decode(cache.read(place))
    if locked is None:
        locked = _render_locked(source, version, answers)
        encoded = {path: b64encode(content).decode() for path, content in locked.items()}
        cache.write(place, json.dumps(encoded).encode())
        cache.prune(folder, MOST_KEPT)
    return locked


def _refuse_wrong(template: Template, answers: Mapping[str, Any], used: Mapping[str, Any]) -> None:
    """Raise AnswersError for the answers that a version does not take, and did not use."""
    try:
        template.questions(answers)
    except AnswersError as error:
        if wrong := {key: why for key, why in error.problems.items() if key in used}:
            raise AnswersError(wrong) from error


def _decode(content: bytes | None) -> dict[str, bytes] | None:
    """Files as they were kept; None where a path does not lead to one below the project."""
    try:
        encoded = json.loads(content or b"").items()
        files = {path: b64decode(each, validate=True) for path, each in encoded}
    except (ValueError, AttributeError, TypeError, RecursionError):
        return None
    for path in files:
        is_outside = path in {".", ".."} or path.startswith(("/", "../"))
        if is_outside or os.path.normpath(path) != path:
            return None
    return files


def _render_locked(source: Source, version: str, answers: Mapping[str, Any]) -> dict[str, bytes]:
    with (
        source.open(version) as template,
        workplace.folder() as folder,
    ):
        render = template.replay(answers, {}, folder / "project")
        used = render.answers
        if any(used.get(key, answer) != answer for key, answer in answers.items()):
            # A default took the place of an answer: whoever wrote that had no such project made.
            _refuse_wrong(template, answers, used)
        is_locked = match_patterns(render.locked)
        paths = (Path(above, file) for above, _, files in os.walk(render.folder) for file in files)
        named = {path.relative_to(render.folder).as_posix(): path for path in paths}
        return {
            path: content
            for path, place in sorted(named.items())
            if is_locked(path) and not place.is_symlink()
            if (content := files.read(render.folder, path, files.LARGE)) is not None
        }

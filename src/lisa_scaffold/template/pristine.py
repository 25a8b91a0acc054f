"""The locked files that a project's recorded version and answers render to, kept between runs."""

from __future__ import annotations

import json
import os
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from lisa_scaffold import answer_limits, files, workplace
from lisa_scaffold.errors import AnswersError, LisaError, RoomError
from lisa_scaffold.formats.ignored import match_patterns
from lisa_scaffold.template import cache
from lisa_scaffold.template.rendering import CANONICAL_URL, Template
from lisa_scaffold.template.shared import Shared
from lisa_scaffold.template.shelf import Shelf, keep_open
from lisa_scaffold.template.source import Source, advise_newer, find_recorded_source
from lisa_scaffold.versions import parse_version

MOST_KEPT = 1500
"""Renders that are kept; one takes about 30 kB."""

_FORM = "4"
"""Part of every key, so that another form of what is kept is never taken for this one."""

_MOST_OPEN = 8  # versions of a template that are opened beforehand
_COMPONENTS = "templates"
"""Where GitLab looks for a project's components."""


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
    components
        The component of the recorded version that the project's pipeline includes, by each address
        that it may have; empty where the jobs are files of the project.
    newer
        The versions after the recorded one, oldest first; ``None`` where they are not known.
    is_other
        Whether it is another template than ours.
    commit
        The commit that the recorded version is; empty where that is not known.
    """

    locked: Mapping[str, bytes] | None = None
    problem: str = ""
    notes: tuple[str, ...] = ()
    wrong: tuple[tuple[str, str], ...] = ()
    components: Mapping[str, str] = MappingProxyType({})
    newer: tuple[str, ...] | None = None
    is_other: bool = False
    commit: str = ""


class _Kept(NamedTuple):
    """What is kept of a version and answers: locked files, and what lies in ``templates/``."""

    locked: dict[str, bytes]
    components: dict[str, bytes]


class Origins:
    """The origins of many projects: each template is asked for its versions once.

    Parameters
    ----------
    shelf
        Where its versions stay open, for whoever has many projects of few versions.
    """

    def __init__(self, shelf: Shelf | None = None) -> None:
        self._sources: dict[tuple[str, Path], Source] = {}
        self._versions: dict[Source, list[str]] = {}
        self._shelf = shelf
        self._shared: dict[Template, Shared[_Kept]] = {}
        self._has_pruned = False

    def open_all(self, source: Source) -> tuple[Template, ...]:
        """Every version of a template, as it is rendered for checks, where there is a shelf.

        Parameters
        ----------
        source
            The template.

        Raises
        ------
        LisaError
            If the template cannot be read.
        """
        if self._shelf is None:
            return ()
        opened = self._shelf.open_all(source, *source.versions()[-_MOST_OPEN:])
        return tuple(map(self._shelf.narrow, opened))

    def of(self, root: Path, recorded: Mapping[str, Any], mirrors: Sequence[str] = ()) -> Origin:
        """The origin of a project.

        Parameters
        ----------
        root
            The project's folder.
        recorded
            Its answers file, Copier's own records included.
        mirrors
            Where copies of lisa-scaffold are, as the project says.

        Raises
        ------
        LisaError
            If the template that the environment names, or this installation has, cannot be read.
        """
        address, version = recorded.get("_src_path"), recorded.get("_commit")
        if not isinstance(address, str) or not isinstance(version, str):
            return Origin()
        fault = answer_limits.find_fault(recorded)
        if fault := fault or ("_src_path: no address" if "\0" in address else ""):
            return Origin(problem=fault)
        # Only a relative address means something else from another folder.
        key = address, root if os.path.lexists(root / address) else Path()
        if key not in self._sources:
            self._sources[key] = find_recorded_source(address, root)
        source = self._sources[key]
        if not source.ours:
            # Another template has no table of locked files, and may be anywhere in the network.
            note = f"Made from {address}, another template: what that locks is not known here."
            return Origin(notes=(note,), is_other=True)
        if source not in self._versions:
            self._versions[source] = source.versions()
        own, known = parse_version(version), self._versions[source]
        newest = parse_version(known[-1])
        if own and newest and own > newest:
            note = (
                f"Made from {version}; this lisa-scaffold knows versions up to {known[-1]}, so the "
                f"locked files were not compared. For a newer one: {advise_newer()}"
            )
            return Origin(notes=(note,))
        answers = {key: value for key, value in recorded.items() if not key.startswith("_")}
        try:
            kept = self._read_kept(source, version, answers)
        except RoomError:
            raise  # it is the machine's, and not the project's
        except LisaError as error:
            wrong = error.problems if isinstance(error, AnswersError) else {}
            return Origin(problem="" if wrong else error.message, wrong=tuple(wrong.items()))
        newer = [each for each in known if own and (other := parse_version(each)) and other > own]
        number = "1 version" if len(newer) == 1 else f"{len(newer)} versions"
        behind = [
            f"{number} behind {each} of the template: lisa-scaffold update." for each in newer
        ]
        components = {
            address: content.decode(errors="replace")
            for path, content in kept.components.items()
            for address in list_component_addresses(
                Path(path).stem, version, str(recorded.get("forge_host", "")), mirrors
            )
        }
        return Origin(
            kept.locked,
            notes=tuple(behind[-1:]),
            components=components,
            newer=tuple(newer),
            commit=source.find_released(source.spell(version)),
        )

    def _read_kept(self, source: Source, version: str, answers: Mapping[str, Any]) -> _Kept:
        """What is kept, from the cache or rendered now; raises AnswersError for wrong answers."""
        # The files of a working copy may change at any time, and are not kept.
        hashed = source.commit_of(version)
        folder = self._renders if hashed else None
        if folder is None:
            return self._find_shared(source, version, answers)
        # Not as JSON: there a date is the same as its text, which a template can tell apart.
        decisive = repr((_FORM, source.recorded, version, hashed, dict(answers)))
        place = folder / f"{sha256(decisive.encode()).hexdigest()}.json"
        kept = _decode(cache.read(place))
        if kept is None:
            kept = self._find_shared(source, version, answers)
            encoded = [
                {path: b64encode(content).decode() for path, content in files.items()}
                for files in kept
            ]
            cache.write(place, json.dumps(encoded).encode())
            if not self._has_pruned:
                cache.prune(folder, MOST_KEPT)
                self._has_pruned = True
        return kept

    @cached_property
    def _renders(self) -> Path | None:
        """The folder of what is kept between calls."""
        return cache.folder("renders")

    def _find_shared(self, source: Source, version: str, answers: Mapping[str, Any]) -> _Kept:
        """What was made for a project that gets the same, or is made now."""
        if self._shelf is None:
            with keep_open() as shelf:
                return _render(_open(source, version, shelf), answers)[0]
        template = _open(source, version, self._shelf)
        shared = self._shared.setdefault(template, Shared(template))
        kept = shared.find(answers)
        if kept is None:
            kept, used = _render(template, answers)
            shared.keep(answers, used, kept.locked, kept)
        return kept


def list_component_addresses(
    name: str, version: str, server: str = "", mirrors: Sequence[str] = ()
) -> list[str]:
    """How a pipeline may name a component of lisa-scaffold, by itself or as a remote file.

    Source: https://docs.gitlab.com/ci/components/#use-a-component.

    Parameters
    ----------
    name, version
        The component.
    server
        The server of the pipeline, which may be named by a variable.
    mirrors
        Where copies of lisa-scaffold are: the server and the path of each.
    """
    home = CANONICAL_URL.removesuffix(".git").removeprefix("https://")
    places = []
    for place in (home, *mirrors):
        host, _, path = place.partition("/")
        hosts = ("$CI_SERVER_FQDN", "$CI_SERVER_HOST", host) if host == server else (host,)
        places += [f"{each}/{path}" for each in hosts]
    remote = f"https://{home}/-/raw/{version}/{_COMPONENTS}/{name}.yml"
    return [*(f"{place}/{name}@{version}" for place in places), remote]


def _refuse_wrong(template: Template, answers: Mapping[str, Any], used: Mapping[str, Any]) -> None:
    """Raise AnswersError for the answers that a version does not take, and did not use."""
    try:
        template.questions(answers)
    except AnswersError as error:
        if wrong := {key: why for key, why in error.problems.items() if key in used}:
            raise AnswersError(wrong) from error


def _decode(content: bytes | None) -> _Kept | None:
    """Files as they were kept; None where a path does not lead to one below the project."""
    try:
        kept = _Kept(
            *(
                {path: b64decode(each, validate=True) for path, each in files.items()}
                for files in json.loads(content or b"")
            )
        )
    except (ValueError, AttributeError, TypeError, RecursionError):
        return None
    for path in (*kept.locked, *kept.components):
        is_outside = path in {".", ".."} or path.startswith(("/", "../"))
        if is_outside or os.path.normpath(path) != path:
            return None
    return kept


def _open(source: Source, version: str, shelf: Shelf) -> Template:
    """A version of a template, of which the locked files alone are rendered."""
    (template,) = shelf.open_all(source, source.spell(version))
    return shelf.narrow(template)


def _render(template: Template, answers: Mapping[str, Any]) -> tuple[_Kept, Mapping[str, Any]]:
    """What is kept of a version and answers, and the answers that it was rendered with."""
    with workplace.folder() as folder:
        render = template.replay(answers, {}, folder / "project")
        used = render.answers
        if any(used.get(key, answer) != answer for key, answer in answers.items()):
            # A default took the place of an answer: whoever wrote that had no such project made.
            _refuse_wrong(template, answers, used)
        is_locked = match_patterns(render.locked)
        paths = (Path(above, file) for above, _, files in os.walk(render.folder) for file in files)
        named = {path.relative_to(render.folder).as_posix(): path for path in paths}
        locked = {
            path: content
            for path, place in sorted(named.items())
            if is_locked(path) and not place.is_symlink()
            if (content := files.read(render.folder, path, files.LARGE)) is not None
        }
        component = f"{_COMPONENTS}/{answer_limits.name_component(used)}.yml"
        wants_one = used.get("ci_rules") == "component"
        content = files.read(template.root, component, files.LARGE) if wants_one else None
        return _Kept(locked, {component: content} if content else {}), used

"""Answers of a dialogue that somebody left, kept for the next time."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any

from lisa_scaffold import answer_limits, files
from lisa_scaffold.errors import LisaError


def place() -> Path:
    """The file that they are kept in; ``--data-file`` takes it too.

    See https://specifications.freedesktop.org/basedir-spec/latest/ for ``XDG_STATE_HOME``: a
    relative path there is invalid, and ignored.
    """
    named = Path(os.environ.get("XDG_STATE_HOME", ""))
    above = named if named.is_absolute() else Path.home() / ".local/state"
    return above / "lisa-scaffold" / "lisa-new.yml"


def _place_of_drafts() -> Path:
    return place().with_name("lisa-new-typed.yml")


def keep(answers: Mapping[str, Any], drafts: Mapping[str, str] = MappingProxyType({})) -> None:
    """Keep answers, and what was typed as an answer without being one yet, by questions.

    Raises
    ------
    LisaError, OSError
        If they cannot be written.
    """
    import yaml

    place().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path, kept in ((_place_of_drafts(), drafts), (place(), answers)):
        said = yaml.safe_dump(dict(kept), allow_unicode=True, sort_keys=False)
        files.write_named(path, said.encode())


def read() -> dict[str, Any]:
    """The answers that were kept; none where there are none that can be read."""
    return _read(place())


def read_drafts() -> dict[str, str]:
    """What was typed, and left, when they were kept."""
    return {key: text for key, text in _read(_place_of_drafts()).items() if isinstance(text, str)}


def _read(path: Path) -> dict[str, Any]:
    import yaml

    from lisa_scaffold.formats.yaml_data import plain

    with suppress(LisaError, OSError, ValueError, RecursionError, yaml.YAMLError):
        found = plain(files.read_named(path))
        if isinstance(found, dict) and not answer_limits.find_fault(found):
            return found
    return {}


def name_folder(answers: Mapping[str, Any]) -> str:
    """The folder that a project of these answers gets by default; empty where nothing tells."""
    named = answers.get("distribution") or answers.get("project_name") or ""
    return re.sub(r"[\W_]+", "-", str(named)).strip("-").lower()


def forget() -> None:
    """Keep nothing any more."""
    for path in (place(), _place_of_drafts()):
        with suppress(OSError):
            path.unlink()

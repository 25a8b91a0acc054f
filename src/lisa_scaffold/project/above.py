"""The project that a folder is part of, as git and cargo find theirs: by looking upwards."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

_METADATA = (".copier-answers.yml", "pyproject.toml", "setup.cfg", "setup.py", ".git")


def has_metadata(folder: Path) -> bool:
    """Whether a folder has what a project has, or is the top of a repository."""
    return any(os.path.lexists(folder / name) for name in _METADATA)


def find_above(folder: Path, is_project: Callable[[Path], bool]) -> Path:
    """The nearest folder that is a project, from one upwards.

    What lies above a repository is nobody's project that is meant by it: the search ends there.

    Parameters
    ----------
    folder
        The folder to begin with.
    is_project
        Whether a folder is what is looked for.

    Returns
    -------
    Path
        The folder that was found, relative to the current one where it is above that; the folder
        to begin with where there is none, or no repository around it.
    """
    here = folder.absolute()
    inside: list[Path] = []
    for each in (here, *here.parents):
        inside.append(each)
        if os.path.lexists(each / ".git"):
            found = next(filter(is_project, inside), here)
            return folder if found == here else Path(os.path.relpath(found))
    return folder

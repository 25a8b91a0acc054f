"""A template of the locked files alone: a check compares nothing else with a project.

Nine of ten files of a project are its own to change. Rendering them all to look at the tenth is
most of what a first check costs, so a version gets a second root, in which the others are missing.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from lisa_scaffold.formats.ignored import match_patterns
from lisa_scaffold.template.rendering import Template


def narrow(template: Template, folder: Path) -> Template:
    """The same version, with those files alone that may land on a locked path.

    Parameters
    ----------
    template
        The version.
    folder
        A folder that does not exist yet, for the new root.

    Returns
    -------
    Template
        The narrower one; the template itself where it has no folder of its own for what it
        renders.

    Raises
    ------
    LisaError
        If the template is broken.
    """
    inner, suffix, patterns = template.subdirectory, template.suffix, template.locked
    top = template.root / inner
    is_plain = inner and not set("{/") & set(inner) and top.is_dir() and not top.is_symlink()
    # A working copy has no files that stay as they are, and perhaps very many.
    if template.git_dir is None or not is_plain or "{" in suffix:
        return template
    # No links that are symbolic: Jinja is to read nothing outside of the root.
    shutil.copytree(
        *(template.root, folder),
        symlinks=True,
        ignore=lambda place, _: [inner] if Path(place) == template.root else [],
        copy_function=_share,
    )
    is_locked = match_patterns(patterns)
    for above, _, names in os.walk(top):
        below = Path(above).relative_to(top)
        for name in names:
            path = (below / name).as_posix()
            if _may_be(path, patterns) if "{" in path else is_locked(path.removesuffix(suffix)):
                place = folder / inner / below / name
                place.parent.mkdir(parents=True, exist_ok=True)
                _share(Path(above, name), place)
    (folder / inner).mkdir(exist_ok=True)
    return Template(template.version, folder, template.recorded, template.git_dir)


def _share(source: str | Path, place: str | Path) -> None:
    """Give a file a second name; where the file system has none, copy it."""
    try:
        os.link(source, place, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, place, follow_symlinks=False)


def _may_be(path: str, patterns: Sequence[str]) -> bool:
    """Whether a path whose name is rendered may be one that some patterns name.

    The folders before the first that is rendered tell it of a pattern that begins at the top.
    """
    known = path[: path.index("{")].split("/")[:-1]
    for pattern in patterns:
        parts = pattern.lstrip("!").rstrip("/").split("/")
        at_top = not parts[0]
        if not at_top or "**" in parts or len(parts) == 1:
            return True
        pairs = zip(known, parts[1:], strict=False)
        if all(fnmatchcase(name, part) for name, part in pairs):
            return True
    return False

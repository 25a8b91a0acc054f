"""Where git may clone from: addresses come out of files that somebody else wrote."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

from lisa_scaffold.errors import LisaError
from lisa_scaffold.git.environment import OFFLINE, TRANSPORTS

BUNDLES = (b"# v2 git bundle\n", b"# v3 git bundle\n")
"""How a bundle begins, see https://git-scm.com/docs/gitformat-bundle."""

UPLOAD_PACK = " ".join([*map("=".join, OFFLINE.items()), "git-upload-pack"])
"""What serves a repository of this machine: it may be partial, and fetch by a program it names.

Git hands it to a shell, which sets the variables.
"""

_HINT = "An address is https://… or ssh://…, host:path, or the path of a repository or bundle."


class Address(NamedTuple):
    """What git can be given to clone from.

    Attributes
    ----------
    url
        An address, or an absolute path.
    is_local
        Whether it is a folder or file of this machine.
    """

    url: str
    is_local: bool


def clonable(said: str | Path, folder: Path = Path(), outside: Path | None = None) -> Address:
    """An address or path as git may be given it.

    Parameters
    ----------
    said
        What a file, an option or a variable says.
    folder
        The folder from where a relative path leads.
    outside
        The folder of the project that says it: nothing of its checkout is cloned.

    Raises
    ------
    LisaError
        If it would make git run a program, or read what is no repository.
    """
    text = os.fspath(said)
    if not text.strip() or any(ord(character) < ord(" ") for character in text):
        raise LisaError(f"{text!r}: no address of a repository", _HINT)
    scheme = re.match(r"([^/:]*)://", text)
    if scheme and scheme[1].lower() not in TRANSPORTS:
        raise LisaError(f"{text}: git is not let fetch by {scheme[1]!r}", _HINT)
    if scheme and scheme[1].lower() == "file":
        return _local(text, Path("/", unquote(text[scheme.end() :])), outside)
    place = folder / text
    if not scheme and os.path.lexists(place):
        return _local(text, place, outside)
    if text.startswith("-") or re.match(r"[^/:]*::", text):
        raise LisaError(f"{text}: no address of a repository", _HINT)
    if not scheme and not re.match(r"[^/:]+:.", text):
        raise LisaError(f"{text}: nothing is there", _HINT)
    return Address(text, is_local=False)


def _local(said: str, place: Path, outside: Path | None) -> Address:
    """A place of this machine: a folder, or a bundle, and outside of the project."""
    try:
        found = place.resolve(strict=True)
        mode = found.stat().st_mode
    except (OSError, RuntimeError) as error:  # of links that lead in a circle
        raise LisaError(f"{said}: nothing is there that can be read", _HINT) from error
    if outside and _is_part_of(found, outside.resolve()):
        raise LisaError(
            f"{said}: a template is never read out of the project itself",
            "Name the repository that it comes from.",
        )
    if not stat.S_ISDIR(mode) and not (stat.S_ISREG(mode) and _is_bundle(found)):
        raise LisaError(f"{said}: neither a folder nor a git bundle", _HINT)
    return Address(str(found), is_local=True)


def _is_part_of(place: Path, project: Path) -> bool:
    """Whether a place came with a project: it lies in it, or elsewhere in the same checkout."""
    above = [project, *project.parents]
    top = next((each for each in above if os.path.lexists(each / ".git")), project)
    if not place.is_relative_to(top) or place.is_relative_to(project):
        return place.is_relative_to(project)
    below = [each for each in (place, *place.parents) if each != top and each.is_relative_to(top)]
    # What has a `.git` of its own, git has not brought along.
    return not any(os.path.lexists(each / ".git") for each in below)


def _is_bundle(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(BUNDLES[0])) in BUNDLES
    except OSError:
        return False

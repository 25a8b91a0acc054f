"""Where git may clone from: addresses come from files that somebody else wrote."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

from lisa_scaffold import files
from lisa_scaffold.errors import LisaError
from lisa_scaffold.git.environment import OFFLINE, TRANSPORTS

BUNDLES = (b"# v2 git bundle\n", b"# v3 git bundle\n")
"""The first line of a bundle, see https://git-scm.com/docs/gitformat-bundle."""

UPLOAD_PACK = " ".join([*map("=".join, OFFLINE.items()), "git-upload-pack"])
"""The command that serves a repository on this machine.

A partial repository would otherwise fetch, by a program that it names. Git hands the command to a
shell, which sets the variables.
"""

_HINT = "An address is https://… or ssh://…, host:path, or the path of a repository or bundle."


class Address(NamedTuple):
    """Where git can clone from.

    Attributes
    ----------
    url
        An address, or an absolute path.
    is_local
        Whether it is a folder or file on this machine.
    """

    url: str
    is_local: bool


def is_address(text: str) -> bool:
    """Whether a text is an address, ``scheme://…`` or ``host:path``, and so no path.

    Git looks first whether something of that name lies in the current folder, and a checkout can
    have a folder ``https:``. Who means such a folder writes ``./`` before it.
    """
    return bool(re.match(r"[^/:]*://|[^/:]+:.", text))


def make_clonable(named: str | Path, folder: Path = Path(), outside: Path | None = None) -> Address:
    """An address or path in a form that is safe to give to git.

    Parameters
    ----------
    named
        The address in a file, an option or a variable.
    folder
        The folder that a relative path starts from.
    outside
        The folder of the project that names the address: nothing of its checkout is cloned.

    Raises
    ------
    LisaError
        If it would make git run a program, or read what is not a repository.
    """
    text = os.fspath(named)
    if not text.strip() or any(ord(character) < ord(" ") for character in text):
        raise LisaError(f"{text!r}: no address of a repository", _HINT)
    scheme = re.match(r"([^/:]*)://", text)
    if scheme and scheme[1].lower() not in TRANSPORTS:
        raise LisaError(f"{text}: git is not let fetch by {scheme[1]!r}", _HINT)
    if scheme and scheme[1].lower() == "file":
        return _local(text, Path("/", unquote(text[scheme.end() :])), outside)
    if text.startswith("-") or re.match(r"[^/:]*::", text):
        raise LisaError(f"{text}: no address of a repository", _HINT)
    if is_address(text):
        return Address(text, is_local=False)
    if not os.path.lexists(folder / text):
        raise LisaError(f"{text}: nothing is there", _HINT)
    return _local(text, folder / text, outside)


def _local(named: str, place: Path, outside: Path | None) -> Address:
    """A folder or bundle on this machine, outside the project."""
    try:
        found = place.resolve(strict=True)
        mode = found.stat().st_mode
    except (OSError, RuntimeError) as error:  # such as links in a circle
        raise LisaError(f"{named}: nothing is there that can be read", _HINT) from error
    if outside and _is_part_of(found, outside.resolve()):
        raise LisaError(
            f"{named}: a template is never read out of the project itself",
            "Name the repository that it comes from.",
        )
    if not stat.S_ISDIR(mode) and files.read_head(found, len(BUNDLES[0])) not in BUNDLES:
        raise LisaError(f"{named}: neither a folder nor a git bundle", _HINT)
    return Address(str(found), is_local=True)


def _is_part_of(place: Path, project: Path) -> bool:
    """Whether a place came with a project: it lies in it, or elsewhere in the same checkout."""
    above = [project, *project.parents]
    top = next((each for each in above if os.path.lexists(each / ".git")), project)
    if not place.is_relative_to(top) or place.is_relative_to(project):
        return place.is_relative_to(project)
    below = [each for each in (place, *place.parents) if each != top and each.is_relative_to(top)]
    # Git never checks out a `.git`: what has one of its own did not come with the project.
    return not any(os.path.lexists(each / ".git") for each in below)

"""Submodules of a repository: what a tree names, and where they come from."""

from __future__ import annotations

import os
import posixpath
import re
from pathlib import Path

from lisa_scaffold.git.command import run
from lisa_scaffold.git.environment import ALONE


def list_submodule_addresses(git_dir: Path, commit: str) -> dict[str, str]:
    """The address of each submodule in a commit, by its path.

    Raises
    ------
    GitError
        If the commit has no readable ``.gitmodules``.
    """
    env = {**ALONE, "GIT_DIR": str(git_dir)}
    options = (f"--blob={commit}:.gitmodules", "-z", "--get-regexp", r"^submodule\..*\.(path|url)$")
    output = os.fsdecode(run("config", *options, env=env))
    told: dict[str, dict[str, str]] = {}
    for record in output.split("\0")[:-1]:
        key, _, value = record.partition("\n")
        name, _, what = key.removeprefix("submodule.").rpartition(".")
        told.setdefault(name, {})[what] = value
    return {each["path"]: each["url"] for each in told.values() if len(each) > 1}


def resolve_address(above: str, address: str) -> str:
    """An address as ``.gitmodules`` has it; ``./`` and ``../`` start from the repository's own."""
    if not address.startswith(("./", "../")):
        return address
    head, path = re.fullmatch(r"([^/:]*://[^/]*/|[^/:]+:|)(.*)", above, re.DOTALL).groups()  # type: ignore[union-attr]
    joined = posixpath.normpath(posixpath.join(path.rstrip("/"), address))
    return f"{head}{joined}"

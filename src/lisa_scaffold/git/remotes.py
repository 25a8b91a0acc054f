"""Repositories elsewhere: their tags and branches, and what is copied from them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from lisa_scaffold import files
from lisa_scaffold.errors import LisaError
from lisa_scaffold.git import settings
from lisa_scaffold.git.address import BUNDLES, UPLOAD_PACK, Address
from lisa_scaffold.git.command import LISTED, talk
from lisa_scaffold.git.environment import NOWHERE, allow_network

_REQUESTS = ("merge-requests", "pull")


def list_remote_tags(address: Address) -> dict[str, str]:
    """All tags of a repository, each with the hash that it points to.

    Raises
    ------
    GitError
        If the repository cannot be reached.
    """
    lines = ""
    if address.is_local and not Path(address.url).is_dir():
        # The references stand at the head of a bundle: no git process is needed to read them.
        head, end, _ = files.read_head(Path(address.url), 1_000_000).partition(b"\n\n")
        lines = os.fsdecode(head) if end and head.startswith(BUNDLES) else ""
    lines = lines or _listed_there(address, "--tags", "--refs")
    found = (line.replace("\t", " ").partition(" refs/tags/") for line in lines.splitlines())
    return {tag: hashed for hashed, _, tag in found if tag}


def _listed_there(address: Address, *options: str, ref: str = "") -> str:
    """References of another repository."""
    env = {**NOWHERE, **allow_network()}
    pattern = (ref,) if ref else ()
    served = _served(address)
    words = (*served, *options, "--", address.url, *pattern)
    return talk("ls-remote", *words, env=env, longest=LISTED)


def _served(address: Address) -> tuple[str, ...]:
    """The option that keeps a repository on this machine from fetching when it is read."""
    return (f"--upload-pack={UPLOAD_PACK}",) if address.is_local else ()


def find_remote_head(address: Address) -> str:
    """The newest commit of a repository's main branch.

    Raises
    ------
    GitError
        If the repository cannot be reached.
    LisaError
        If it has no commit.
    """
    output = _listed_there(address, ref="HEAD")
    if not output:
        raise LisaError(f"{address.url}: no commit there", "Check the address.")
    return output.split()[0]


def find_remote_tip(address: Address, branch: str) -> str | None:
    """The newest commit of a branch of a repository; None where it has no such branch.

    Raises
    ------
    GitError
        If the repository cannot be reached.
    """
    ref = f"refs/heads/{branch}"
    for line in _listed_there(address, ref=ref).splitlines():
        hashed, _, name = line.partition("\t")
        if name == ref:
            return hashed
    return None


def clone_bare(address: Address, folder: Path) -> None:
    """Copy a repository's history, and nothing else of it, into a new folder.

    Every object is read and checked on the way; hooks, settings, links and borrowed object folders
    do not come along.

    Raises
    ------
    GitError
        If the repository cannot be reached.
    """
    options = ("--quiet", "--bare", "--no-local", "--template=", *_served(address))
    # In the current folder something may have the name of an address, and git would take that.
    top = Path(folder.resolve().anchor)
    env = {**NOWHERE, **allow_network()}
    reads = Path(address.url) if address.is_local else folder
    talk("clone", *options, "--", address.url, folder.resolve(), cwd=top, env=env, reads=reads)


def fetch_requests(address: Address, folder: Path) -> None:
    """Add what was proposed by merge requests to a copy of a repository.

    A forge keeps such commits under names of its own, though the branch is gone.

    Raises
    ------
    GitError
        If the repository cannot be reached.
    """
    options = ("--quiet", "--no-tags", "--no-write-fetch-head", *_served(address))
    wanted = [f"+refs/{kind}/*:refs/{kind}/*" for kind in _REQUESTS]
    top = Path(folder.resolve().anchor)  # as above
    env = {**NOWHERE, **allow_network(), "GIT_DIR": str(folder.resolve())}
    reads = Path(address.url) if address.is_local else folder
    pack = ("-c", "fetch.unpackLimit=1", "-c", "maintenance.auto=false")
    talk(*pack, "fetch", *options, "--", address.url, *wanted, cwd=top, env=env, reads=reads)


def copy_tags(address: Address, tags: Mapping[str, str], folder: Path) -> None:
    """Copy some commits, without their history, into a new folder.

    That is a fraction of what `clone_bare` copies, and as little else comes along.

    Parameters
    ----------
    address
        A repository on this machine, no bundle: git cannot cut the history of one.
    tags
        The names of the tags that the copy has, each with what is its commit there: a reference, or
        a whole hash.
    folder
        The bare repository to make.

    Raises
    ------
    GitError
        If one is missing there, or the repository cannot be read.
    """
    for name in ("objects", "refs"):
        (folder / name).mkdir(parents=True)
    # What `git init` would write, without a process of its own.
    (folder / "HEAD").write_text("ref: refs/heads/main\n")
    own = [("core.repositoryformatversion", "0"), ("core.bare", "true")]
    config = settings.write_settings([*own, ("remote.origin.url", address.url)])
    (folder / "config").write_bytes(os.fsencode(config))
    options = ("--quiet", "--depth=1", "--no-tags", "--no-write-fetch-head", *_served(address))
    wanted = [f"{commit}:refs/tags/{tag}" for tag, commit in tags.items()]
    env = {**NOWHERE, **allow_network(), "GIT_DIR": str(folder.resolve())}
    # One pack is written faster than a file for each object.
    pack = ("-c", "fetch.unpackLimit=1", "-c", "maintenance.auto=false")
    talk(*pack, "fetch", *options, "--", Path(address.url).as_uri(), *wanted, env=env)

"""Clones of other people's repositories, kept and brought up to date; and what is pushed from them.

A clone is partial: it has the history, and of the files those alone that were asked for. Whoever
may read it is decided by the environment (credential helpers), never by an address.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from lisa_scaffold import files
from lisa_scaffold.errors import LisaError
from lisa_scaffold.git import settings
from lisa_scaffold.git.address import UPLOAD_PACK, Address
from lisa_scaffold.git.checkout import list_bounded
from lisa_scaffold.git.command import LISTED, GitError, git, talk
from lisa_scaffold.git.environment import ALONE, NOWHERE, allow_network
from lisa_scaffold.git.repository import Repository
from lisa_scaffold.pattern import compile_lazily

# A part of what git allows: what looks like an option, or has signs that nobody sees, is none.
_MOST_WORK_TREES = 100
_BRANCH = compile_lazily(r"(?!-)(?!.*(?:\.\.|//|@\{))[^\x00- ~^:?*\[\\\x7f]+")
_PARTIAL = "blob:none"

MOST_FILES = 200_000
"""Files and folders of a project that is cloned."""

MOST_BYTES = 4_000_000_000
"""Bytes of all its files together."""


class References(NamedTuple):
    """What a repository elsewhere has.

    Attributes
    ----------
    branch
        Its default branch; empty where it has no commit.
    branches, tags
        The commit of each.
    """

    branch: str
    branches: Mapping[str, str]
    tags: Mapping[str, str]

    @property
    def head(self) -> str:
        """The newest commit of the default branch; empty where there is none."""
        return self.branches.get(self.branch, "")


def list_references(address: Address, branch: str = "") -> References:
    """Ask a repository for its branches and tags, and which of them is the default.

    Parameters
    ----------
    branch
        The default branch, where it is known already.

    Raises
    ------
    GitError
        If the repository cannot be reached.
    """
    env = {**NOWHERE, **allow_network()}
    own = (f"--upload-pack={UPLOAD_PACK}",) if address.is_local else ()
    output = talk("ls-remote", "--symref", *own, "--", address.url, env=env, longest=LISTED)
    branches: dict[str, str] = {}
    tags: dict[str, str] = {}
    for line in output.splitlines():
        value, _, ref = line.partition("\t")
        if ref == "HEAD" and value.startswith("ref: refs/heads/"):
            branch = branch or value.removeprefix("ref: refs/heads/")
        elif ref.startswith("refs/heads/"):
            branches[ref.removeprefix("refs/heads/")] = value
        elif ref.startswith("refs/tags/"):
            # An annotated tag comes twice: last with the commit that it stands for.
            tags[ref.removeprefix("refs/tags/").removesuffix("^{}")] = value
    return References(branch, branches, tags)


def bring_clone(address: Address, folder: Path, commit: str, *, whole: bool = False) -> None:
    """Make a clone, or bring one up to date, so that it stands at a commit, checked out.

    A folder that is no sound clone of this address is made anew: it is a cache.

    Parameters
    ----------
    address
        The repository.
    folder
        The clone's folder; its parent exists.
    commit
        The commit.
    whole
        Whether the whole history is needed, without its files; otherwise it is cut off.

    Raises
    ------
    GitError
        If the repository cannot be reached, or has no such commit.
    """
    try:
        _fetch(address, folder, commit, whole=whole)
    except (GitError, OSError):
        shutil.rmtree(folder, ignore_errors=True)
        _fetch(address, folder, commit, whole=whole)


def _fetch(address: Address, folder: Path, commit: str, *, whole: bool) -> None:
    inner = folder / ".git"
    # A clone of nothing but what is fetched: as `git init` would make it.
    for name in ("objects", "refs/heads"):
        (inner / name).mkdir(parents=True, exist_ok=True)
    own = [
        ("core.repositoryformatversion", "1"),
        ("core.bare", "false"),
        ("extensions.partialClone", "origin"),
        ("remote.origin.url", address.url),
        ("remote.origin.promisor", "true"),
        ("remote.origin.partialclonefilter", _PARTIAL),
    ]
    if address.is_local:
        # Its own configuration may say where missing objects come from, and by which program.
        own.append(("remote.origin.uploadpack", UPLOAD_PACK))
    (inner / "config").write_bytes(os.fsencode(settings.write_settings(own)))
    if not (inner / "HEAD").exists():
        (inner / "HEAD").write_text("ref: refs/heads/lisa-scaffold-nothing\n")
    place = {**allow_network(), "GIT_DIR": str(inner), "GIT_WORK_TREE": str(folder)}
    is_cut = (inner / "shallow").exists()
    if whole or not _has(inner, commit):
        # All files of one commit come at once; of a history none, but what is asked for later.
        deep = [f"--filter={_PARTIAL}", *(["--unshallow"] if is_cut else [])]
        how = deep if whole else ["--no-filter", "--depth=1"]
        quiet = ("--quiet", "--no-tags", "--no-write-fetch-head")
        talk("fetch", *quiet, *how, "--", "origin", commit, env=place, cwd=folder)
    list_bounded(commit, {**ALONE, **place}, MOST_FILES, MOST_BYTES)
    # Links and attributes of the project are files like others: nothing is run.
    git("read-tree", "--reset", "-u", commit, env={**ALONE, **place}, cwd=folder)
    git("clean", "--quiet", "-ffdx", env={**ALONE, **place}, cwd=folder)
    (inner / "HEAD").write_text(f"{commit}\n")


def _has(git_dir: Path, commit: str) -> bool:
    try:
        env = {**ALONE, "GIT_DIR": str(git_dir), "GIT_NO_LAZY_FETCH": "1"}
        return git("cat-file", "-t", commit, env=env).strip() == "commit"
    except GitError:
        return False


def push(repository: Repository, commit: str, branch: str, expected: str) -> None:
    """Push a commit to a branch of the repository that a clone came from; none removes it.

    Parameters
    ----------
    repository
        The clone.
    commit
        The commit; empty to remove the branch.
    branch
        The branch, which is made, moved or removed.
    expected
        Where the branch is now, empty where there is none: nothing is pushed over anything else.

    Raises
    ------
    GitError
        If it is elsewhere meanwhile, or the server refuses: the message is the server's.
    """
    ref = f"refs/heads/{branch}"
    lease = f"--force-with-lease={ref}:{expected}"
    with repository.shown() as place:
        env = {**place, **allow_network()}
        talk("push", "--quiet", "--porcelain", lease, "origin", f"{commit}:{ref}", env=env)


def fetch_commit(folder: Path, commit: str) -> None:
    """Fetch a commit into a clone, with its history and without any file.

    Raises
    ------
    GitError
        If the repository that the clone came from has none of that name.
    """
    inner = folder / ".git"
    if not _has(inner, commit):
        place = {**allow_network(), "GIT_DIR": str(inner), "GIT_WORK_TREE": str(folder)}
        quiet = ("--quiet", "--no-tags", "--no-write-fetch-head", "--filter=tree:0")
        talk("fetch", *quiet, "--", "origin", commit, env=place, cwd=folder)


def find_other_work_tree(git_dir: Path, common: Path, branch: str) -> Path | None:
    """Another work tree of a repository, in which a branch is checked out; git allows one alone.

    Parameters
    ----------
    git_dir, common
        As of :class:`~lisa_scaffold.git.repository.Repository`.
    branch
        The branch.
    """
    linked = [*islice((common / "worktrees").glob("*"), _MOST_WORK_TREES)]
    for place in (common, *linked):
        if place != git_dir and find_checkout(place, common)[0] == branch:
            if place == common:
                return common.parent
            try:
                content = (files.read(place, "gitdir") or b"").decode().strip()
            except (LisaError, OSError, ValueError):
                content = ""
            found = Path(content).parent
            if content and found.is_dir():  # one that was deleted holds no branch
                return found
    return None


def find_checkout(git_dir: Path, common: Path) -> tuple[str, str]:
    """The branch that is checked out in a clone, and the default one of where it came from.

    Each is empty where the files do not tell it, as git usually has them.

    Parameters
    ----------
    git_dir, common
        As of :class:`~lisa_scaffold.git.repository.Repository`.
    """
    found = []
    for inner, path, begins in (
        (git_dir, "HEAD", "heads/"),
        (common, "refs/remotes/origin/HEAD", "remotes/origin/"),
    ):
        try:
            content = (files.read(inner, path) or b"").decode().strip()
        except (LisaError, OSError, ValueError):
            content = ""
        ref = content.removeprefix(f"ref: refs/{begins}")
        is_name = ref.isprintable() and _BRANCH.fullmatch(ref)
        found.append(ref if ref != content and is_name else "")
    return found[0], found[1]

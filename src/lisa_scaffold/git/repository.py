"""A repository as it stands: who commits, its tags, the state of a work tree."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import NamedTuple

from lisa_scaffold.errors import LisaError
from lisa_scaffold.git.command import ALONE, GitError, git, run
from lisa_scaffold.model import Identity

# A kernel takes 128 KiB of arguments at least; a few of them are other words.
_ROOM_FOR_ARGUMENTS = 100_000

_BUNDLES = (b"# v2 ", b"# v3 ")


def identity() -> Identity:
    """Who commits, as git's configuration says."""
    said = run("config", "--includes", "--get-regexp", "^user\\.(name|email)$", codes=(0, 1))
    # Later lines win, as in git itself.
    values = dict(
        line.split(" ", 1) for line in said.decode(errors="replace").splitlines() if " " in line
    )
    return Identity(values.get("user.name", "").strip(), values.get("user.email", "").strip())


def tags(repository: str | Path) -> dict[str, str]:
    """All tags of a repository (a path, a bundle or an address), each with what it points to.

    Raises
    ------
    GitError
        If the repository cannot be reached.
    """
    lines = _bundled(Path(repository)) or git("ls-remote", "--tags", "--refs", "--", repository)
    found = (line.replace("\t", " ").partition(" refs/tags/") for line in lines.splitlines())
    return {tag: hashed for hashed, _, tag in found if tag}


def _bundled(path: Path) -> str:
    """The references at the head of a bundle, which git would take a process to tell.

    See https://git-scm.com/docs/gitformat-bundle.
    """
    try:
        with path.open("rb") as file:
            head = file.read(1_000_000) if file.read(5) in _BUNDLES else b""
    except OSError:
        return ""
    signature, _, rest = head.partition(b"\n")
    return os.fsdecode(rest.partition(b"\n\n")[0]) if signature == b"git bundle" else ""


def head(repository: str | Path) -> str:
    """The newest commit of a repository's main branch: a path, a bundle or an address.

    Raises
    ------
    GitError
        If the repository cannot be reached.
    LisaError
        If it has no commit.
    """
    said = git("ls-remote", "--", repository, "HEAD")
    if not said:
        raise LisaError(f"{repository}: no commit there", "Check the address.")
    return said.split()[0]


def clone_bare(repository: str | Path, folder: Path) -> None:
    """Copy a repository (a path, a bundle or an address) with all its history into a new folder.

    Raises
    ------
    GitError
        If the repository cannot be reached.
    """
    git("clone", "--quiet", "--bare", "--", repository, folder)


def export(git_dir: Path, commit: str, folder: Path) -> None:
    """Put the files of a commit into a new folder.

    Parameters
    ----------
    git_dir
        The repository's own folder.
    commit
        A tag, a hash, or what ``git describe`` says.
    folder
        The folder to make, or an empty one; its parent also takes a temporary index.

    Raises
    ------
    GitError
        If there is no such commit.
    """
    folder.mkdir(exist_ok=True)
    place = {
        **ALONE,
        "GIT_DIR": str(git_dir),
        "GIT_INDEX_FILE": str(folder.with_suffix(".index")),
        "GIT_WORK_TREE": str(folder),
    }
    git("read-tree", "--end-of-options", f"{commit}^{{tree}}", env=place)
    git("checkout-index", "--all", env=place)


def start_repository(folder: Path, message: str, remote: str, author: Identity) -> None:
    """Make a folder a repository with one commit of all its files on ``main``.

    The user's hooks and signing key stay out of it: neither knows this project yet, and a
    pass phrase that is asked for unseen would look like a hang.

    Raises
    ------
    LisaError
        If git says no.
    """
    git("init", "--quiet", "--initial-branch=main", cwd=folder)
    git("remote", "add", "origin", remote, cwd=folder)
    git("add", "--all", cwd=folder)
    git(
        *("-c", "commit.gpgSign=false", "-c", "core.hooksPath=/dev/null"),
        *("commit", "--quiet", "--no-verify", f"--message={message}"),
        cwd=folder,
        env={
            "GIT_AUTHOR_NAME": author.name,
            "GIT_AUTHOR_EMAIL": author.email,
            "GIT_COMMITTER_NAME": author.name,
            "GIT_COMMITTER_EMAIL": author.email,
        },
    )


class Repository(NamedTuple):
    """A repository and a folder in it.

    Attributes
    ----------
    top
        Folder of the work tree.
    git_dir
        Git's own folder for this work tree.
    objects
        Folder of the object store.
    prefix
        The folder in question, relative to ``top``: empty, or with a slash at its end.
    head
        The current commit; ``None`` before the first one.
    """

    top: Path
    git_dir: Path
    objects: Path
    prefix: str
    head: str | None

    @property
    def tree(self) -> str:
        """A name of the folder's tree in the current commit."""
        return f"{self.head}:{self.prefix}" if self.prefix else f"{self.head}^{{tree}}"


# An option that rev-parse does not know comes back as it is: it parts the answers, which may
# themselves have several lines where a folder's name has a line break.
_BETWEEN = "--lisa-scaffold"


def repository(folder: Path) -> Repository:
    """The repository that a folder lies in.

    Raises
    ------
    LisaError
        If there is none with a work tree, or git is older than 2.38.
    """
    questions = (("--show-toplevel",), ("--absolute-git-dir",), ("--git-path", "objects"))
    asked = [word for words in (*questions, ("--show-prefix",)) for word in (*words, _BETWEEN)]
    try:
        said = run("rev-parse", *asked, "HEAD", cwd=folder, codes=(0, 128))
    except GitError as error:
        raise LisaError(f"{folder}: {error.message}", "Do what git says there.") from error
    answers = os.fsdecode(said).split(f"\n{_BETWEEN}\n")
    if len(answers) <= len(questions) + 1:
        hint = "Make it one: git init, then commit. (git status tells if git refuses the folder.)"
        raise LisaError(f"{folder}: no git repository", hint)
    top, git_dir, objects, prefix, head = answers
    head = head.partition("\n")[0]
    place = (folder / objects).resolve()
    return Repository(Path(top), Path(git_dir), place, prefix, None if head == "HEAD" else head)


def status(repository: Repository) -> dict[str, str]:
    """Tracked paths that differ from the current commit, relative to the work tree.

    Returns
    -------
    dict
        ``unmerged``, ``staged`` or ``changed`` for each path.
    """
    options = ("-z", "--porcelain=v2", "--untracked-files=no", "--ignore-submodules=dirty")
    said = git("--no-optional-locks", "status", *options, cwd=repository.top)
    states = {}
    records = iter(said.split("\0"))
    for record in records:
        if record.startswith("u "):
            states[record.split(" ", 10)[10]] = "unmerged"
        elif record.startswith(("1 ", "2 ")):
            fields = 8 if record.startswith("1 ") else 9
            state = "changed" if record[2] == "." else "staged"
            states[record.split(" ", fields)[fields]] = state
            if record.startswith("2 "):
                next(records)  # the path before the renaming
    return states


def update_index(repository: Repository, info: bytes) -> None:
    """Change entries of the repository's index."""
    run("update-index", "-z", "--index-info", cwd=repository.top, stdin=info)


def refuse_branch(repository: Repository, branch: str) -> None:
    """Raise LisaError where a new branch cannot have this name."""
    ref = f"refs/heads/{branch}"
    try:
        git("check-ref-format", ref, cwd=repository.top)
    except GitError as error:
        raise LisaError(
            f"{branch}: no name for a branch", "Choose another with --branch."
        ) from error
    if git("for-each-ref", ref, cwd=repository.top).strip():
        raise LisaError(f"{branch}: the branch exists already", "Choose another with --branch.")


def start_branch(repository: Repository, branch: str, commit: str) -> None:
    """Make a branch that points to a commit; one that does so already is left as it is.

    Raises
    ------
    GitError
        If there is such a branch, and it points elsewhere.
    """
    ref = f"refs/heads/{branch}"
    found = run("rev-parse", "--verify", "--quiet", ref, cwd=repository.top, codes=(0, 1))
    if found.decode().strip() != commit:
        run("update-ref", ref, commit, "0" * len(commit), cwd=repository.top)


def unmerged(repository: Repository) -> list[str]:
    """Paths with a conflict in the index, relative to the work tree."""
    said = git("ls-files", "--unmerged", "-z", cwd=repository.top).split("\0")[:-1]
    return list(dict.fromkeys(record.partition("\t")[2] for record in said))


def unseen_edits(repository: Repository, paths: Collection[str]) -> dict[str, bool]:
    """Of some paths, the tracked ones, and whether git was told not to look at their file.

    Such a file (``--assume-unchanged``, ``--skip-worktree``) may hold edits that no status shows.
    """
    if not paths:
        return {}
    place = repository.top / repository.prefix
    said = git("--literal-pathspecs", "ls-files", "-v", "-z", "--", *spelled_out(paths), cwd=place)
    flags = {record[2:]: record[0] for record in said.split("\0")[:-1]}
    return {path: flags[path].islower() or flags[path] == "S" for path in flags.keys() & {*paths}}


def spelled_out(paths: Collection[str]) -> Collection[str]:
    """Paths as arguments of git; none, which means all, where they are too many for a command."""
    return paths if sum(map(len, paths)) + len(paths) < _ROOM_FOR_ARGUMENTS else ()


def sparse_patterns(repository: Repository) -> list[str]:
    """Patterns of the files that a sparse checkout has in its work tree; none where it is full."""
    try:
        text = (repository.git_dir / "info/sparse-checkout").read_text(errors="surrogateescape")
    except FileNotFoundError:
        return []
    on = run("config", "--bool", "core.sparseCheckout", cwd=repository.top, codes=(0, 1))
    return text.splitlines() if on.strip() == b"true" else []


def refresh_index(repository: Repository, index: Path) -> None:
    """Let an index file aside know the files; exit code 1 only says that some differ."""
    # A convenience for what comes next: the files stand, also where there is no room for it.
    place = {"GIT_INDEX_FILE": str(index)}
    run("update-index", "-q", "--refresh", cwd=repository.top, codes=(0, 1, 128), env=place)


def ignored(repository: Repository, paths: Iterable[str]) -> set[str]:
    """Of some paths (relative to the folder in question), those that ``.gitignore`` names."""
    listed = [repository.prefix + path for path in paths]
    if not listed:
        return set()
    stdin = b"".join(os.fsencode(path) + b"\0" for path in listed)
    options = ("-z", "--no-index", "--stdin")
    said = run("check-ignore", *options, cwd=repository.top, stdin=stdin, codes=(0, 1))
    found = os.fsdecode(said).split("\0")[:-1]
    return {path.removeprefix(repository.prefix) for path in found}


def ignores(folder: Path, path: str) -> bool:
    """Whether ``.gitignore`` names a path of a folder, be it there or not."""
    said = run("check-ignore", "--no-index", "--", path, cwd=folder, codes=(0, 1, 128))
    return bool(said)


def listed(folder: Path) -> dict[str, str | None] | None:
    """Files of a folder that git tracks, with their mode, and those it neither tracks nor ignores.

    Returns
    -------
    dict or None
        The mode, or ``None`` for a file that is not tracked, by path relative to the folder;
        ``None`` where the folder lies in no repository.

    Raises
    ------
    LisaError
        If git refuses the folder.
    """
    options = ("-z", "-t", "--stage", "--cached", "--others", "--exclude-standard")
    try:
        said = git("ls-files", *options, cwd=folder)
    except GitError as error:
        if "not a git repository" in error.message:
            return None
        raise LisaError(f"{folder}: {error.message}", "Do what git says there.") from error
    found: dict[str, str | None] = {}
    for record in said.split("\0")[:-1]:
        if record.startswith("? "):
            found[record[2:]] = None
        else:
            info, _, path = record.partition("\t")
            found[path] = info.split(" ")[1]
    return found


def tags_of(folder: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """All tags of the repository that a folder lies in, and those of its current commit."""
    said = run("show-ref", "--head", "--dereference", "--tags", cwd=folder, codes=(0, 1, 128))
    head = ""
    commits: dict[str, str] = {}
    for line in os.fsdecode(said).splitlines():
        commit, _, ref = line.partition(" ")
        if ref == "HEAD":
            head = commit
        else:
            # An annotated tag comes twice: last with the commit that it stands for.
            commits[ref.removeprefix("refs/tags/").removesuffix("^{}")] = commit
    return tuple(commits), tuple(tag for tag, commit in commits.items() if commit == head)


class History(NamedTuple):
    """Who committed to a repository, and when.

    Attributes
    ----------
    authors
        Name and address of each author, the busiest first.
    years
        The years of the first and of the last commit; ``None`` without commits.
    """

    authors: tuple[tuple[str, str], ...] = ()
    years: tuple[int, int] | None = None


def history(repository: Repository) -> History:
    """Who committed below the folder in question, and when."""
    place = repository.top / repository.prefix
    said = git("log", "--format=%aN%x00%aE%x00%ad", "--date=format:%Y", "--", ".", cwd=place)
    records = [record.split("\0") for record in said.splitlines() if record.count("\0") == 2]  # noqa: PLR2004
    counts = Counter((name, email) for name, email, _ in records)
    years = [int(year) for _, _, year in records]
    authors = tuple(author for author, _ in counts.most_common())
    return History(authors, (min(years), max(years)) if years else None)


def remote(repository: Repository) -> str:
    """Address of the remote ``origin``; empty where there is none."""
    said = run("remote", "get-url", "origin", cwd=repository.top, codes=(0, 2, 128))
    return os.fsdecode(said).strip()

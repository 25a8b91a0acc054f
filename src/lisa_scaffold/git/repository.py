"""Repositories: starting and reading them, and the state of their work trees."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from shlex import quote
from typing import NamedTuple

from lisa_scaffold import files, workplace
from lisa_scaffold.bounds import has_long_number
from lisa_scaffold.errors import LisaError
from lisa_scaffold.git import folder as git_folder
from lisa_scaffold.git import settings
from lisa_scaffold.git.command import GitError, complete, git, lost_part, run
from lisa_scaffold.git.environment import NOWHERE, Variables, allow_network
from lisa_scaffold.model import Identity

# A kernel takes 128 KiB of arguments at least; a few of them are other words.
_ROOM_FOR_ARGUMENTS = 100_000


def read_identity() -> Identity:
    """Who commits, according to the user's own configuration, wherever the command runs."""
    wanted = "^user\\.(name|email)$"
    output = run("config", "--includes", "--get-regexp", wanted, env=NOWHERE, codes=(0, 1))
    # Later lines win, as in git itself.
    values = dict(
        line.split(" ", 1) for line in output.decode(errors="replace").splitlines() if " " in line
    )
    return Identity(values.get("user.name", "").strip(), values.get("user.email", "").strip())


def read_committer(repository: Repository) -> str:
    """Who commits in a repository, and when, as git writes it.

    Raises
    ------
    LisaError
        If git does not know.
    """
    if said := _read_signer(repository.run, "COMMITTER"):
        return said
    raise LisaError(
        f"{repository.top}: git does not know who commits",
        'Tell it once: git config --global user.name "Your Name", and user.email likewise.',
    )


def read_signers(place: Path | Repository) -> Variables | None:
    """Variables that name author and committer as git knows them there by itself.

    Returns
    -------
    Mapping or None
        ``None`` where nobody told git who commits.
    """
    ask = place.run if isinstance(place, Repository) else partial(run, cwd=place)
    told: dict[str, str | None] = {}
    for role in ("AUTHOR", "COMMITTER"):
        said = _read_signer(ask, role)
        if said is None:
            return None
        name, _, rest = said.partition(" <")
        told |= {f"GIT_{role}_NAME": name, f"GIT_{role}_EMAIL": rest.partition(">")[0]}
    return told


def _read_signer(ask: Callable[..., bytes], role: str) -> str | None:
    """What git would write of somebody who commits; ``None`` where nobody told it.

    Git would make up the rest from the names of the account and the machine, which are no address.
    Where it may not, it passes over the variable EMAIL, which is told and not made up.
    """
    address = os.environ.get("EMAIL")
    for given in ({}, {f"GIT_{role}_EMAIL": address}) if address else ({},):
        with suppress(GitError):
            said = ask("-c", "user.useConfigOnly=true", "var", f"GIT_{role}_IDENT", env=given)
            return said.decode(errors="surrogateescape").strip()
    return None


def _alone(folder: Path) -> Variables:
    """Variables by which a repository around a new one does not interfere."""
    above = os.environ.get("GIT_CEILING_DIRECTORIES", "")
    return {"GIT_CEILING_DIRECTORIES": os.pathsep.join(filter(None, (str(folder.parent), above)))}


def init_repository(folder: Path) -> None:
    """Make a folder of files a repository, on ``main`` and without a commit.

    Raises
    ------
    LisaError
        If git refuses, or something in the folder passes for git's own, which names programs.
    """
    for place, folders, names in os.walk(folder):
        for name in (*folders, *names):
            if files.is_git_folder(name):
                raise LisaError(
                    f"{Path(place, name).relative_to(folder)}: the template writes into a folder "
                    "of git's own",
                    "That is no honest template; choose another version of it with --to.",
                )
    git("init", "--quiet", "--initial-branch=main", cwd=folder, env=_alone(folder))


def start_repository(folder: Path, message: str, remote: str, who: Variables | None) -> None:
    """Stage all files of a new repository, and commit them.

    The user's hooks and signing key are not used: neither knows this project yet, and an unseen
    prompt for a pass phrase would look like a hang.

    Parameters
    ----------
    folder
        The repository.
    message
        The message of the commit.
    remote
        Address of the remote ``origin``.
    who
        Variables that say who commits; ``None``: nobody does, and all is left staged.
    """
    alone = _alone(folder)
    git("remote", "add", "origin", remote, cwd=folder, env=alone)
    git("add", "--all", cwd=folder, env=alone)
    if who is not None:
        git(
            *("-c", "commit.gpgSign=false", "commit", "--quiet", "--no-verify"),
            f"--message={message}",
            cwd=folder,
            env={**alone, **who},
        )


# What git keeps, beside the configuration, for all work trees of a repository.
_SHARED = ("objects", "refs", "packed-refs", "reftable", "info", "logs", "shallow", "modules")


class Repository(NamedTuple):
    """A repository and a folder in it.

    Commands run in it by :meth:`run`: git sees its objects, references and index, but a
    configuration of ours, which names no program.

    Attributes
    ----------
    top
        Folder of the work tree.
    git_dir
        Git's own folder for this work tree.
    common
        Git's own folder for all work trees of the repository.
    prefix
        The folder, relative to ``top``: empty, or with a slash at its end.
    head
        The current commit; ``None`` before the first one.
    settings
        What its configuration says.
    view
        What shows git the repository where that is kept; ``None`` where each command makes its own.
    """

    top: Path
    git_dir: Path
    common: Path
    prefix: str
    head: str | None
    settings: settings.Settings
    view: Variables | None = None

    @property
    def objects(self) -> Path:
        """Folder of the object store."""
        return (self.common / "objects").resolve()

    @property
    def tree(self) -> str:
        """The folder's tree in the current commit, in git's notation."""
        return f"{self.head}:{self.prefix}" if self.prefix else f"{self.head}^{{tree}}"

    def run(
        self,
        *arguments: str | Path,
        cwd: Path | None = None,
        env: Variables | None = None,
        stdin: bytes = b"",
        codes: Sequence[int] = (0,),
    ) -> bytes:
        """Run git in the repository, in the folder of its work tree or another."""
        with self.shown() as place:
            variables = {**place, **(env or {})}
            return run(*arguments, cwd=cwd or self.top, env=variables, stdin=stdin, codes=codes)

    def git(self, *arguments: str | Path, cwd: Path | None = None) -> str:
        """Run git as :meth:`run` does, and return what it prints as text."""
        return self.run(*arguments, cwd=cwd).decode(errors="surrogateescape")

    @contextmanager
    def shown(self) -> Iterator[Variables]:
        """Variables that show git the repository with a configuration of ours.

        Git has found it by itself before, and thus checked its owner.
        """
        if self.view is not None:
            yield self.view
            return
        with workplace.folder() as folder:
            (folder / "config").write_bytes(os.fsencode(self.settings.as_config()))
            for part in _SHARED:
                if (self.common / part).exists():
                    (folder / part).symlink_to(self.common / part)
            yield {
                "GIT_DIR": str(self.git_dir),
                "GIT_COMMON_DIR": str(folder),
                "GIT_WORK_TREE": str(self.top),
                **(allow_network() if self.settings.promise else {}),
            }

    @contextmanager
    def keep_view(self) -> Iterator[Repository]:
        """The repository for commands that only read, and share one configuration of ours.

        A command that writes may make a file of git's own, such as ``packed-refs``, and would make
        it beside that configuration.
        """
        with self.shown() as view:
            yield self._replace(view=view)


# An option that rev-parse does not know comes back unchanged: it separates the answers, which may
# have several lines themselves where a folder's name has a line break.
_BETWEEN = f"--{os.urandom(8).hex()}"


_SHA1 = 40  # digits of a hash
_MEND = "Run git status in that folder, and mend what it names."


def find_repository(folder: Path) -> Repository:
    """The repository that a folder lies in.

    Raises
    ------
    LisaError
        If there is none with a work tree, or git or we refuse it.
    """
    seen = git_folder.refuse_odd(folder)
    return _find_plain(folder) or _ask_for_repository(folder, seen)


def _find_plain(folder: Path) -> Repository | None:
    """The repository that a folder is the top of; ``None`` where git has to be asked for it.

    Git takes ``.git`` for its own if this holds, and has taken it where it tells settings of it.
    """
    inner = folder.resolve() / ".git"
    head = git_folder.find_head(folder)
    is_whole = all(os.access(inner / name, os.X_OK) for name in ("objects", "refs"))
    if not (len(head) == _SHA1 and is_whole) or os.path.lexists(inner / "commondir"):
        return None
    try:
        found = settings.read(folder, inner.parent)
    except GitError:
        return None
    return Repository(inner.parent, inner, inner, "", head, found) if found.are_plain else None


def _ask_for_repository(folder: Path, seen: Collection[str]) -> Repository:
    """The repository that git finds from a folder, of which some git folders were looked at."""
    questions = ("--show-toplevel", "--absolute-git-dir", "--git-common-dir", "--show-prefix")
    asked = [word for question in questions for word in (question, _BETWEEN)]
    try:
        done = complete("rev-parse", *asked, "HEAD", cwd=folder, codes=(0, 128))
    except GitError as error:
        raise LisaError(f"{folder}: {error.message}", _MEND) from error
    answers = os.fsdecode(done.stdout).split(f"\n{_BETWEEN}\n")
    if len(answers) <= len(questions):
        raise explain_refusal(folder, done.stderr.decode(errors="replace"))
    top, git_dir, common, prefix, head = answers
    head = head.partition("\n")[0]
    common_dir = (folder / common).resolve()
    if not folder.resolve().is_relative_to(Path(top).resolve()):
        raise git_folder.explain_foreign_work_tree(Path(git_dir), Path(top))
    git_folder.refuse_other(Path(top), Path(git_dir), common_dir, seen)
    return Repository(
        Path(top),
        Path(git_dir),
        common_dir,
        prefix,
        None if head == "HEAD" else head,
        settings.read(folder, Path(top)),
    )


def explain_refusal(folder: Path, output: str) -> LisaError:
    """Why git does not work in a folder, by what it says."""
    if "not a git repository" in output:
        for above in (folder, *folder.resolve().parents):
            if os.path.lexists(above / ".git"):
                return _refused_folder(above / ".git")
        hint = "Make it one: git init, then commit. (git status tells if git refuses the folder.)"
        if misled := [name for name in ("GIT_DIR", "GIT_WORK_TREE") if os.environ.get(name)]:
            hint = (
                f"{misled[0]} is set, and makes no difference here: a project is a clone's folder."
            )
        return LisaError(f"{folder}: no git repository", hint)
    if "safe.bareRepository" in output or "must be run in a work tree" in output:
        return LisaError(
            f"{folder}: a bare repository, or a folder inside of one: no files to work on",
            "Name the folder of a project; a bare repository is cloned first.",
        )
    if "dubious ownership" in output:
        # What git says ends in a command, after which nothing can be added.
        trust = f"git config --global --add safe.directory {quote(str(folder.resolve()))}"
        what = "it belongs to somebody else, so git refuses it (dubious ownership)"
        return LisaError(f"{folder}: {what}", f"If you trust all that is in it: {trust}")
    return LisaError(f"{folder}: {' '.join(output.split())}", _MEND)


def _refused_folder(git_dir: Path) -> LisaError:
    """Why git takes a folder ``.git`` for none of its own."""
    # The work tree of a clone has what git asks for first.
    for place in (git_dir, *(git_dir / name for name in ("HEAD", "objects", "refs"))):
        wanted = os.R_OK | os.X_OK if place.is_dir() else os.R_OK
        if os.path.lexists(place) and not os.access(place, wanted):
            return LisaError(
                f"{place}: you may not read it",
                f"Give yourself the right: chmod -R u+rX {quote(str(git_dir))}",
            )
    return LisaError(f"{git_dir}: no folder of git's that is whole", "Clone the project again.")


def read_status(repository: Repository) -> dict[str, str]:
    """Tracked paths that differ from the current commit, relative to the work tree.

    Returns
    -------
    dict
        ``unmerged``, ``staged`` or ``changed`` for each path.
    """
    options = ("-z", "--porcelain=v2", "--untracked-files=no", "--ignore-submodules=dirty")
    output = repository.git("--no-optional-locks", "status", *options)
    states = {}
    records = iter(output.split("\0"))
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


def is_clean(repository: Repository) -> bool:
    """Whether the work tree is as the current commit has it, without any file besides."""
    options = ("--porcelain=v2", "--untracked-files=normal", "--ignore-submodules=dirty")
    return not repository.run("--no-optional-locks", "status", *options)


def has_changes(repository: Repository) -> bool:
    """Whether tracked files are otherwise than the current commit has them."""
    options = ("--porcelain=v2", "--untracked-files=no", "--ignore-submodules=dirty")
    return bool(repository.run("--no-optional-locks", "status", *options))


def refuse_lost(repository: Repository) -> dict[str, str | None] | None:
    """Raise GitError where the repository has lost a part of its current commit.

    The work tree may be whole all the same.

    Returns
    -------
    dict or None
        The files of the commit, with their modes, by path relative to the folder; ``None`` where
        there is none, or in a partial clone, which has what was asked for and no more.
    """
    if repository.head is None or repository.settings.promise:
        return None
    # To tell the sizes, git looks into every object.
    asked = ("ls-tree", "-r", "-l", "-z", "--full-tree", repository.head)
    with repository.shown() as place:
        done = complete(*asked, cwd=repository.top, env=place)
    found: dict[str, str | None] = {}
    for record in os.fsdecode(done.stdout).split("\0")[:-1]:
        info, _, path = record.partition("\t")
        mode, kind, name, size = info.split()
        if size == "BAD":
            said = f"{done.stderr.decode(errors='replace')}missing {kind} object '{name}'"
            raise lost_part("ls-tree", said)
        if path.startswith(repository.prefix):
            found[path.removeprefix(repository.prefix)] = mode
    return found


def update_index(repository: Repository, info: bytes) -> None:
    """Change entries of the repository's index."""
    repository.run("update-index", "-z", "--index-info", stdin=info)


def refuse_branch(repository: Repository, branch: str) -> None:
    """Raise LisaError where a new branch cannot have this name."""
    ref = f"refs/heads/{branch}"
    try:
        git("check-ref-format", ref, env=NOWHERE)
    except GitError as error:
        raise LisaError(
            f"{branch}: no name for a branch", "Choose another with --branch."
        ) from error
    points = repository.run("symbolic-ref", "--quiet", ref, codes=(0, 1, 128))
    if points or repository.git("for-each-ref", ref).strip():
        raise LisaError(
            f"{branch}: the branch exists already",
            "Choose another with --branch, or, where nobody needs it, drop it first: "
            f"git branch -D {quote(branch)}",
        )


def start_branch(repository: Repository, branch: str, commit: str) -> None:
    """Make a branch that points to a commit, unless it does so already.

    Raises
    ------
    GitError
        If there is such a branch, and it points elsewhere.
    """
    ref = f"refs/heads/{branch}"
    found = repository.run("rev-parse", "--verify", "--quiet", ref, codes=(0, 1))
    if found.decode().strip() != commit:
        repository.run("update-ref", "--no-deref", ref, commit, "0" * len(commit))


def list_unmerged(repository: Repository) -> list[str]:
    """Paths with a conflict in the index, relative to the work tree."""
    return [*list_unmerged_stages(repository)]


def list_unmerged_stages(repository: Repository) -> dict[str, dict[int, str]]:
    """Paths with a conflict in the index, relative to the work tree: the mode of each side."""
    output = repository.git("ls-files", "--unmerged", "-z", cwd=repository.top).split("\0")[:-1]
    found: dict[str, dict[int, str]] = {}
    for record in output:
        info, _, path = record.partition("\t")
        mode, _, number = info.split()
        found.setdefault(path, {})[int(number)] = mode
    return found


def find_unseen_edits(repository: Repository, paths: Collection[str]) -> dict[str, bool]:
    """The tracked ones of some paths, and whether git was told not to look at the file.

    Such a file (``--assume-unchanged``, ``--skip-worktree``) may have edits that no status shows.
    """
    if not paths:
        return {}
    place = repository.top / repository.prefix
    asked = ("--literal-pathspecs", "ls-files", "-v", "-z", "--", *spell_out(paths))
    output = repository.git(*asked, cwd=place)
    flags = {record[2:]: record[0] for record in output.split("\0")[:-1]}
    return {path: flags[path].islower() or flags[path] == "S" for path in flags.keys() & {*paths}}


def spell_out(paths: Collection[str]) -> Collection[str]:
    """Paths as arguments of git; none, which means all, where there are too many for a command."""
    return paths if sum(map(len, paths)) + len(paths) < _ROOM_FOR_ARGUMENTS else ()


def read_sparse_patterns(repository: Repository) -> list[str]:
    """Patterns of the files that a sparse checkout has in its work tree; none where it is full."""
    content = files.read(repository.git_dir, "info/sparse-checkout", files.LARGE)
    is_sparse = content is not None and repository.settings.is_on("core.sparsecheckout")
    return os.fsdecode(content or b"").splitlines() if is_sparse else []


def refresh_index(repository: Repository, index: Path) -> None:
    """Record the state of the files in a prepared index; exit code 1 only says that some differ."""
    # A convenience for later commands: where there is no room for it, the files are right anyway.
    place = {"GIT_INDEX_FILE": str(index)}
    repository.run("update-index", "-q", "--refresh", codes=(0, 1, 128), env=place)


def find_ignored(repository: Repository, paths: Iterable[str]) -> set[str]:
    """The paths, of some in the project's folder, that match ``.gitignore``."""
    listed = [repository.prefix + path for path in paths]
    if not listed:
        return set()
    stdin = b"".join(os.fsencode(path) + b"\0" for path in listed)
    options = ("-z", "--no-index", "--stdin")
    output = repository.run("check-ignore", *options, stdin=stdin, codes=(0, 1))
    found = os.fsdecode(output).split("\0")[:-1]
    return {path.removeprefix(repository.prefix) for path in found}


def ignores(folder: Path, path: str) -> bool:
    """Whether a path of a folder, present or not, matches ``.gitignore``."""
    output = run("check-ignore", "--no-index", "--", path, cwd=folder, codes=(0, 1, 128))
    return bool(output)


def list_files(folder: Path) -> dict[str, str | None] | None:
    """Files of a folder that git tracks, with their modes, or neither tracks nor ignores.

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
    git_folder.refuse_odd(folder)
    if git_folder.is_linked(folder):
        find_repository(folder)
    options = ("-z", "-t", "--stage", "--cached", "--others", "--exclude-standard")
    try:
        output = git("ls-files", *options, cwd=folder)
    except GitError as error:
        if "not a git repository" in error.message:
            return None
        raise explain_refusal(folder, error.message) from error
    found: dict[str, str | None] = {}
    for record in output.split("\0")[:-1]:
        if record.startswith("? "):
            found[record[2:]] = None
        else:
            info, _, path = record.partition("\t")
            found[path] = info.split(" ")[1]
    return found


def list_tags(folder: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """All tags of the repository that a folder lies in, and those of its current commit.

    Names with numbers that Python does not read are left out.
    """
    output = run("show-ref", "--head", "--dereference", "--tags", cwd=folder, codes=(0, 1, 128))
    head = ""
    commits: dict[str, str] = {}
    for line in os.fsdecode(output).splitlines():
        commit, _, ref = line.partition(" ")
        if ref == "HEAD":
            head = commit
        else:
            # An annotated tag comes twice: last with the commit that it stands for.
            tag = ref.removeprefix("refs/tags/").removesuffix("^{}")
            if not has_long_number(tag):
                commits[tag] = commit
    return tuple(commits), tuple(tag for tag, commit in commits.items() if commit == head)


class History(NamedTuple):
    """Who committed to a repository, and when.

    Attributes
    ----------
    authors
        Name and address of each author, the busiest first; of two as busy, who began first.
    years
        The years of the first and of the last commit; ``None`` where no commit has one.
    """

    authors: tuple[tuple[str, str], ...] = ()
    years: tuple[int, int] | None = None


def read_history(repository: Repository) -> History:
    """Who committed in the project's folder, and when."""
    place = repository.top / repository.prefix
    asked = ("--format=%aN%x00%aE%x00%ad", "--date=format:%Y", "--", ".")
    output = repository.git("log", *asked, cwd=place)
    records = [record.split("\0") for record in output.splitlines() if record.count("\0") == 2]  # noqa: PLR2004
    # Whoever makes a commit may give it no date, or one of no calendar.
    years = [int(year) for _, _, year in records if re.fullmatch(r"\d{4}", year, re.ASCII)]
    authors = _count_people([(name, email) for name, email, _ in reversed(records)])
    return History(authors, (min(years), max(years)) if years else None)


def _count_people(commits: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Name and address of each person, the busiest first; of two as busy, who began first.

    Whoever has the name or the address of somebody before is the same person, and is called by
    what most of the commits have.
    """
    people: dict[str, Counter[tuple[str, str]]] = {}
    for name, email in commits:
        known = [people[key] for key in (name.casefold(), email.casefold()) if people.get(key)]
        person = known[0] if known else Counter()
        person[name, email] += 1
        people |= dict.fromkeys(filter(None, (name.casefold(), email.casefold())), person)
    found = {id(person): person for person in people.values()}.values()
    return tuple(
        each.most_common(1)[0][0] for each in sorted(found, key=lambda each: -each.total())
    )


def find_absent_since(repository: Repository, file: str, paths: Collection[str]) -> set[str]:
    """Of some paths, those that were absent when a file was last committed with a change.

    None where the history is cut off: what was before cannot be told there.
    """
    if (repository.objects.parent / "shallow").exists():
        return set()
    place = repository.top / repository.prefix
    commit = repository.git("log", "-1", "--format=%H", "--", file, cwd=place).strip()
    if not commit:
        return set()
    listing = ("--literal-pathspecs", "ls-tree", "-r", "-z", "--name-only", commit, "--")
    output = repository.git(*listing, *spell_out(paths), cwd=place)
    return {*paths} - {*output.split("\0")}


def find_addition(repository: Repository, file: str) -> tuple[str, str] | None:
    """The folder's tree before and after the commit that added a file last, in git's notation.

    ``None`` where nothing is before it, as where the history is cut off there.
    """
    place = repository.top / repository.prefix
    only = ("log", "-1", "--diff-filter=A", "--format=%H %P", "--", file)
    commit, *parents = repository.git(*only, cwd=place).split() or [""]
    if not parents:
        return None
    return f"{parents[0]}:{repository.prefix}", f"{commit}:{repository.prefix}"


def list_branches(repository: Repository) -> tuple[str, ...]:
    """Names of the branches, here and at remotes."""
    refs = repository.git("for-each-ref", "--format=%(refname)", "refs/heads", "refs/remotes")
    found = (re.sub(r"^refs/(heads|remotes/[^/]+)/", "", ref) for ref in refs.splitlines())
    return tuple(dict.fromkeys(found))


def read_remote(repository: Repository) -> str:
    """Address of the remote ``origin``; empty where there is none."""
    output = repository.run("remote", "get-url", "origin", codes=(0, 2, 128))
    return os.fsdecode(output).strip()

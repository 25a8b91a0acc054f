"""Objects and trees: the merge of trees, and objects prepared outside a repository."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from lisa_scaffold.errors import LisaError
from lisa_scaffold.files import LARGE
from lisa_scaffold.git import command
from lisa_scaffold.git.command import GitError, quote_path
from lisa_scaffold.git.environment import ALONE, allow_network
from lisa_scaffold.git.filters import refuse_foreign_filters
from lisa_scaffold.git.repository import Repository, read_committer, spell_out
from lisa_scaffold.git.settings import write_settings

SHA1_LENGTH = 40
SUBMODULE = "160000"  # the mode of one


class Blob(NamedTuple):
    """A file or link of a tree: its mode (such as ``100644``) and its bytes."""

    mode: str
    data: bytes


class Stage(NamedTuple):
    """An entry of a tree, or one side of a conflict: mode and object name."""

    mode: str
    oid: str

    @property
    def exists(self) -> bool:
        """Whether there is an entry at all: git gives zeros where there is none."""
        return self.mode != "000000"


class Difference(NamedTuple):
    """How one path differs between two trees; ``was`` is its old name where it was renamed."""

    path: str
    old: Stage
    new: Stage
    was: str | None = None

    @property
    def is_addition(self) -> bool:
        """Whether the path is new, and not another one renamed."""
        return not self.old.exists and self.was is None


class TreeMerge(NamedTuple):
    """The result of ``git merge-tree``.

    Attributes
    ----------
    tree
        Name of the resulting tree, in which files in conflict have markers.
    conflicts
        Path → the sides of the conflict that have it: 1 the base, 2 ours, 3 theirs.
    messages
        What git says about its conflicts: paths, type of conflict, sentence.
    """

    tree: str
    conflicts: Mapping[str, Mapping[int, Stage]]
    messages: Sequence[tuple[tuple[str, ...], str, str]]


# Objects go into one pack, without waiting for the disk: the store is thrown away.
_IMPORT = (
    *("-c", "core.fsync=none", "-c", "fastimport.unpackLimit=1"),
    *("fast-import", "--quiet", "--force", "--date-format=raw"),
)


class Store:
    """A temporary repository, for objects that the project's own repository must not keep.

    It reads the project's objects as well, and is thrown away with its folder.

    Parameters
    ----------
    folder
        A new folder to make it in.
    repository
        The project's repository.
    """

    def __init__(self, folder: Path, repository: Repository) -> None:
        sha256 = repository.head is not None and len(repository.head) > SHA1_LENGTH
        self.hash = "sha256" if sha256 else "sha1"
        self.folder, self._top = folder, repository.top
        (folder / "objects/info").mkdir(parents=True)
        (folder / "refs").mkdir()
        (folder / "HEAD").write_text("ref: refs/heads/main\n")
        alternates = f"{quote_path(repository.objects)}\n"
        (folder / "objects/info/alternates").write_bytes(os.fsencode(alternates))
        promise = repository.settings.promise
        own = [("core.repositoryformatversion", "1"), ("core.bare", "true")]
        config = write_settings([*own, ("extensions.objectFormat", self.hash), *promise])
        (folder / "config").write_bytes(os.fsencode(config))
        # A partial clone fetches what it lacks on demand, as the user's settings say.
        self._settings = allow_network() if promise else ALONE

    def run(self, *arguments: str | Path, stdin: bytes = b"", codes: Sequence[int] = (0,)) -> bytes:
        """Run git in the store."""
        place = {"GIT_DIR": str(self.folder), "GIT_INDEX_FILE": str(self.folder / "index")}
        env = {**self._settings, **place}
        # Not in the user's folder, where a repository might interfere.
        return command.run(*arguments, cwd=self.folder, env=env, stdin=stdin, codes=codes)

    def oid(self, data: bytes) -> str:
        """The object name of a file's content."""
        return _name_blob(data, self.hash)

    def merge(self, base: Mapping[str, Blob], ours: str, theirs: Mapping[str, Blob]) -> TreeMerge:
        """Merge three trees: two that are given as files, and the project's by its name."""
        # The names of the branches stand beside the conflict markers.
        commits = [
            _import_commit("base", b"deleteall\n" + _import_files(base)),
            _import_commit(
                "template", b"from refs/heads/base\ndeleteall\n" + _import_files(theirs)
            ),
            _import_commit("project", b"from refs/heads/base\nM 040000 %s \n" % ours.encode()),
        ]
        self.run(*_IMPORT, stdin=b"".join(commits))
        # A template that moves a folder moves only its own files; the project's stay.
        rename = ("-c", "merge.directoryRenames=false", "-c", "merge.renames=true")
        plain = ("-c", "merge.conflictStyle=merge", "-c", "core.attributesFile=/dev/null")
        options = ("--write-tree", "-z", "--messages", "project", "template")
        try:
            output = self.run(*rename, *plain, "merge-tree", *options, codes=(0, 1))
        except GitError as error:
            if "usage:" not in error.message:
                raise
            raise LisaError(
                "git is too old: it cannot merge trees", "Install git 2.38 or newer."
            ) from error
        return _read_tree_merge(os.fsdecode(output))

    def resolve(self, tree: str) -> str:
        """The object name of a tree."""
        return self.run("rev-parse", "--verify", tree).decode().strip()

    def entries(self, tree: str, paths: Collection[str]) -> dict[str, Stage]:
        """The entries of a tree at those paths that it has.

        Raises
        ------
        LisaError
            If they are too large to be merged: git would hold them in memory, and so would we.
        """
        listing = ("--literal-pathspecs", "ls-tree", "-r", "-l", "-z", "--full-tree", tree, "--")
        output = os.fsdecode(self.run(*listing, *spell_out(paths)))
        found: dict[str, Stage] = {}
        sizes: dict[str, int] = {}
        for record in output.split("\0")[:-1]:
            info, _, path = record.partition("\t")
            mode, _, oid, length = info.split()
            if path in paths:
                found[path] = Stage(mode, oid)
                sizes[path] = int(length) if length.isdecimal() else 0  # a submodule has none
        if sum(sizes.values()) > LARGE:
            path = max(sizes, key=sizes.__getitem__)
            size = f"{sizes[path] // 1_000_000} MB in the last commit"
            raise LisaError(
                f"{path}: too large to be merged ({size})",
                "The template has a file of that name: commit a smaller one, or move it.",
            )
        return found

    def paths(self, tree: str) -> list[str]:
        """All paths of a tree."""
        listed = self.run("ls-tree", "-r", "-z", "--name-only", "--full-tree", tree)
        return os.fsdecode(listed).split("\0")[:-1]

    def contents(self, tree: str, paths: Collection[str]) -> dict[str, Blob]:
        """The files of a tree at those paths that it has; a submodule has no content.

        Raises
        ------
        LisaError
            See :meth:`entries`.
        """
        found = self.entries(tree, paths)
        data = self.read(each.oid for each in found.values() if each.mode != SUBMODULE)
        return {path: Blob(each.mode, data.get(each.oid, b"")) for path, each in found.items()}

    def changed(self, old: str, new: str) -> list[Difference]:
        """Differences of two trees, with renamed paths as git detects them."""
        output = os.fsdecode(self.run("diff-tree", "-r", "-z", "-M", "--no-rename-empty", old, new))
        fields = iter(output.split("\0")[:-1])
        found = []
        for record in fields:
            old_mode, new_mode, old_oid, new_oid, kind = record.removeprefix(":").split(" ")
            first = next(fields)
            was = first if kind[0] == "R" else None
            path = next(fields) if was else first
            found.append(Difference(path, Stage(old_mode, old_oid), Stage(new_mode, new_oid), was))
        return found

    def record(self, name: str, tree: Mapping[str, Blob] | str) -> None:
        """Record a tree, given as files or by its name, under the name of a branch."""
        if isinstance(tree, str):
            content = b"M 040000 %s \n" % tree.encode()
        else:
            content = b"deleteall\n" + _import_files(tree)
        self.run(*_IMPORT, stdin=_import_commit(name, content))

    def count_lines(self, old: str, new: str) -> dict[str, tuple[int, int]]:
        """How many lines each path of the new tree, or else of the old, gained and lost.

        A binary file has neither.
        """
        output = os.fsdecode(self.run("diff-tree", "-r", "-z", "-M", "--numstat", old, new))
        fields = iter(output.split("\0")[:-1])
        found = {}
        for record in fields:
            added, removed, path = record.split("\t")
            if not path:
                next(fields)  # the name before
                path = next(fields)
            found[path] = (0, 0) if added == "-" else (int(added), int(removed))
        return found

    def diff_paths(self, old: str, new: str, paths: Collection[str]) -> str:
        """The difference of two trees at some paths, as a unified diff."""
        if not paths:
            return ""
        options = ("--literal-pathspecs", "diff", "--no-color", "--no-ext-diff", "-M")
        output = self.run(*options, old, new, "--", *spell_out(paths))
        return output.decode(errors="surrogateescape")

    def diff(self, files: Mapping[str, Blob | None]) -> str:
        """The diff of the project when these files are written (None: removed)."""
        changes = b"from refs/heads/project\n" + _import_files(files)
        self.run(*_IMPORT, stdin=_import_commit("result", changes))
        output = self.run("diff", "--no-color", "--no-ext-diff", "project", "result")
        return output.decode(errors="surrogateescape")

    def tree_with(self, commit: str, files: Mapping[str, Blob | None]) -> str:
        """The name of a commit's tree when these files are written to it (None: removed)."""
        changes = b"from %s\n" % commit.encode() + _import_files(files)
        self.run(*_IMPORT, stdin=_import_commit("result", changes))
        return self.resolve("refs/heads/result^{tree}")

    def commit(
        self,
        repository: Repository,
        message: str,
        files: Mapping[str, Blob | None],
        seal: Callable[[str], str] | None = None,
    ) -> str:
        """Commit files (None: removed) on top of the project's current commit; returns its name.

        The new objects are not packed, so that they can be moved into the project's repository.

        Parameters
        ----------
        repository
            The project's repository.
        message
            The message.
        files
            The files.
        seal
            Makes the end of the message, once the tree of the commit is known.

        Raises
        ------
        LisaError
            If git does not know who commits.
        """
        refuse_foreign_filters(repository, files)
        who = read_committer(repository)
        text = message.encode()
        head = f"commit refs/heads/result\ncommitter {who}\ndata {len(text)}\n"
        start = os.fsencode(head) + text + f"\nfrom {repository.head}\n".encode()
        options = ("-c", f"fastimport.unpackLimit={2**30}", "fast-import", "--quiet")
        stream = start + _import_files(files, repository.prefix) + b"\n"
        self.run(*options, "--force", "--date-format=raw", stdin=stream)
        name = (self.folder / "refs/heads/result").read_text().strip()
        if seal is None:
            return name
        content = self.run("cat-file", "commit", name)
        tree = content.partition(b"\n")[0].removeprefix(b"tree ").decode()
        sealed = content + seal(tree).encode()
        return (
            self.run("hash-object", "-t", "commit", "-w", "--stdin", stdin=sealed).decode().strip()
        )

    def unite(self, base: bytes, ours: bytes, theirs: bytes) -> bytes:
        """A merge that has the lines of both sides, ours first, where both changed the same."""
        places = [self.folder / name for name in ("united", "united-base", "united-theirs")]
        for place, content in zip(places, (ours, base, theirs), strict=True):
            place.write_bytes(content)
        return self.run("merge-file", "--union", "--stdout", *places)

    def read(self, oids: Iterable[str]) -> dict[str, bytes]:
        """Content of objects, by their names.

        Raises
        ------
        LisaError
            If the project's repository has lost one.
        """
        names = list(dict.fromkeys(oids))
        if not names:
            return {}
        output = self.run("cat-file", "--batch", stdin="\n".join(names).encode() + b"\n")
        contents, start = {}, 0
        for name in names:
            head_end = output.index(b"\n", start)
            said = output[start:head_end].rpartition(b" ")[2]
            if not said.isdigit():
                what = f"a part of the repository is missing (object {name})"
                raise LisaError(f"{self._top}: {what}", "Clone it again.")
            size = int(said)
            contents[name] = output[head_end + 1 : head_end + 1 + size]
            start = head_end + 1 + size + 1
        return contents


def name_blob(data: bytes, commit: str) -> str:
    """The object name that a file's content has in the repository of a commit."""
    return _name_blob(data, "sha256" if len(commit) > SHA1_LENGTH else "sha1")


def _name_blob(data: bytes, algorithm: str) -> str:
    return hashlib.new(algorithm, b"blob %d\0" % len(data) + data).hexdigest()


def _import_commit(name: str, content: bytes) -> bytes:
    who = b"committer lisa-scaffold <lisa-scaffold@example.org> 0 +0000\ndata 0\n\n"
    return b"commit refs/heads/%s\n" % name.encode() + who + content + b"\n"


def _import_files(files: Mapping[str, Blob | None], prefix: str = "") -> bytes:
    parts = []
    # What is removed comes first, to make room: a file may become a folder.
    for path, blob in sorted(files.items(), key=lambda item: item[1] is not None):
        name = os.fsencode(quote_path(prefix + path))
        if blob is None:
            parts.append(b"D %s\n" % name)
            continue
        parts.append(b"M %s inline %s\n" % (blob.mode.encode(), name))
        parts.append(b"data %d\n%s\n" % (len(blob.data), blob.data))
    return b"".join(parts)


def _read_tree_merge(output: str) -> TreeMerge:
    """Read ``git merge-tree -z``: tree, conflicted files, an empty field, messages."""
    tree, *fields = output.split("\0")
    conflicts: dict[str, dict[int, Stage]] = {}
    rest = iter(fields)
    for field in rest:
        if not field:
            break
        info, _, path = field.partition("\t")
        mode, oid, stage = info.split(" ")
        conflicts.setdefault(path, {})[int(stage)] = Stage(mode, oid)
    messages = []
    for count in rest:
        if not count.strip():
            break
        paths = tuple(next(rest) for _ in range(int(count)))
        messages.append((paths, next(rest), next(rest)))
    return TreeMerge(tree, conflicts, messages)


class ObjectWriter:
    """Writes objects into a temporary folder, from which they can be moved into a repository.

    Parameters
    ----------
    repository
        The repository that they are for.
    objects
        The folder to make.
    """

    def __init__(self, repository: Repository, objects: Path) -> None:
        objects.mkdir()
        self._repository = repository
        self._place = {
            "GIT_OBJECT_DIRECTORY": str(objects),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": quote_path(repository.objects),
        }

    def write(self, blobs: Sequence[Blob], folder: Path) -> list[str]:
        """Write contents as objects, by way of files in a folder; returns their names."""
        paths = [folder / f"blob-{number}" for number in range(len(blobs))]
        for path, blob in zip(paths, blobs, strict=True):
            path.write_bytes(blob.data)
        listed = "".join(f"{quote_path(path)}\n" for path in paths)
        options = ("-w", "--no-filters", "--stdin-paths")
        output = self._run("hash-object", *options, stdin=os.fsencode(listed))
        for path in paths:
            path.unlink()
        return output.decode().split()

    def filtered(self, name: str, path: str) -> bytes:
        """The bytes of an object as git would put them at a path of the work tree."""
        return self._run("cat-file", "--filters", f"--path={path}", name)

    def check_out(self, index: Path, paths: Iterable[str], folder: Path) -> None:
        """Write files of a prepared index into a folder, with line ends and filters applied."""
        stdin = b"".join(os.fsencode(path) + b"\0" for path in paths)
        options = ("--quiet", "--force", "-z", "--stdin", f"--prefix={folder}{os.sep}")
        self._run("checkout-index", *options, stdin=stdin, env={"GIT_INDEX_FILE": str(index)})

    def update_index(self, index: Path, info: bytes) -> None:
        """Change entries of a prepared index."""
        place = {"GIT_INDEX_FILE": str(index)}
        self._run("update-index", "-z", "--index-info", stdin=info, env=place)

    def skip_in_work_tree(self, index: Path, paths: Iterable[str]) -> None:
        """Mark entries of a prepared index as left out by a sparse checkout."""
        stdin = b"".join(os.fsencode(path) + b"\0" for path in paths)
        place = {"GIT_INDEX_FILE": str(index)}
        self._run("update-index", "-z", "--skip-worktree", "--stdin", stdin=stdin, env=place)

    def _run(
        self, *arguments: str, stdin: bytes = b"", env: Mapping[str, str] | None = None
    ) -> bytes:
        return self._repository.run(*arguments, env={**self._place, **(env or {})}, stdin=stdin)

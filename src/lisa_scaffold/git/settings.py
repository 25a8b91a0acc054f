"""The settings of a repository's own configuration that are safe to use.

A configuration names programs in dozens of places, and new versions of git add more. So git never
works with that of a repository which we look at: it is read as text, the settings for how files and
objects are stored are copied to a configuration of ours, and git sees the repository through that.
The user's own configuration, of the home folder and of the system, applies as everywhere.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from lisa_scaffold.errors import LisaError
from lisa_scaffold.git import address, command
from lisa_scaffold.git.contents import MOST_TEXT
from lisa_scaffold.pattern import compile_lazily

# The scopes of `git config --show-scope` that belong to the repository.
_OWN = frozenset(["local", "worktree"])

# Settings for how files and objects are stored, or who commits; none names a program.
_SAFE = frozenset(
    f"{section}.{name}"
    for section, names in {
        "core": (
            *("filemode", "symlinks", "ignorecase", "precomposeunicode", "protecthfs"),
            *("protectntfs", "autocrlf", "eol", "safecrlf", "checkroundtripencoding"),
            *("trustctime", "checkstat", "untrackedcache", "splitindex", "sharedrepository"),
            *("sparsecheckout", "sparsecheckoutcone", "logallrefupdates", "bigfilethreshold"),
        ),
        "index": ("sparse", "version", "skiphash"),
        "feature": ("manyfiles",),
        "author": ("name", "email"),
        "committer": ("name", "email"),
        "user": ("name", "email", "useconfigonly"),
        "remote.origin": ("url",),
    }.items()
    for name in names
)

# Settings that name a file to read: a regular file does no harm, a device never ends.
_FILES = frozenset(["core.attributesfile", "core.excludesfile"])

_YES = frozenset(["true", "yes", "on", "1"])
_NO = frozenset(["false", "no", "off", "0", ""])
_HASHES = frozenset(["sha1", "sha256"])

# What git documents of extensions that matter here, with their values. One of a partial clone names
# a remote, and has a place of its own below; what others say was followed by now, or is nothing.
_EXTENSIONS = {
    **dict.fromkeys(["extensions.objectformat", "extensions.compatobjectformat"], _HASHES),
    "extensions.refstorage": frozenset(["files", "reftable"]),
    "extensions.preciousobjects": _YES | _NO,
}

_FILTER = compile_lazily(r"filter\.(.*)\.(clean|smudge|process)", re.DOTALL)
_REMOTE = compile_lazily(r"remote\.(.*)\.(url|promisor|partialclonefilter)", re.DOTALL)


class _Entry(NamedTuple):
    scope: str
    key: str
    value: str


class Settings(NamedTuple):
    """All settings that hold in a repository, in git's order: a later one wins.

    Attributes
    ----------
    entries
        Scope, key and value of each.
    top
        Folder of the work tree, from where a relative address or path leads.
    """

    entries: tuple[_Entry, ...]
    top: Path

    @property
    def foreign_filters(self) -> frozenset[str]:
        """Filters that only the repository's own configuration defines, not the user's."""
        found: dict[bool, set[str]] = {True: set(), False: set()}
        for entry in self.entries:
            if named := _FILTER.fullmatch(entry.key):
                found[entry.scope in _OWN].add(named[1])
        return frozenset(found[True] - found[False])

    @property
    def are_plain(self) -> bool:
        """Whether they are those of a repository in git's oldest form, with a work tree around."""
        own = {entry.key: entry.value.lower() for entry in self.entries if entry.scope in _OWN}
        is_usual = own.get("core.repositoryformatversion") == "0"
        is_moved = any(entry.key == "core.worktree" for entry in self.entries)
        is_bare = any(each.key == "core.bare" and each.value not in _NO for each in self.entries)
        return is_usual and not is_moved and not is_bare

    def is_on(self, key: str) -> bool:
        """Whether a setting of the repository or the user is on; the key in lower case."""
        values = [entry.value for entry in self.entries if entry.key == key]
        return bool(values) and values[-1].lower() in _YES

    def as_config(self) -> str:
        """A configuration file with the safe settings of the repository.

        Raises
        ------
        LisaError
            If the repository has a form that is not known here.
        """
        lines = [*self._safe(), *self.promise]
        # Git knows every extension here: it has refused others by now.
        version = 1 if any(key.startswith("extensions.") for key, _ in lines) else 0
        format_ = [("core.repositoryformatversion", str(version)), ("core.bare", "false")]
        return write_settings((*format_, *lines))

    def _safe(self) -> Iterator[tuple[str, str]]:
        for scope, key, value in self.entries:
            if scope not in _OWN:
                continue
            if key in _FILES:
                if path := self._find_file(value):
                    yield key, path
            elif key in _EXTENSIONS and value.lower() not in _EXTENSIONS[key]:
                raise LisaError(
                    f"{self.top}: {key} = {value} in git's configuration, which is not known here",
                    "Clone the project with git's usual formats.",
                )
            elif key in _SAFE or key in _EXTENSIONS:
                yield key, value

    def _find_file(self, value: str) -> str | None:
        """The absolute path of a file that a setting names, if it is one that git can read."""
        if value.startswith(("%(", ":(")):
            return None  # git's own folder, and whatever else comes to it
        try:
            path = self.top / Path(value).expanduser()
            found = path.stat()
        except (OSError, RuntimeError, ValueError):  # too long a name, no such user
            return None
        # Git gets what was looked at, and has nothing left to expand.
        is_text = stat.S_ISREG(found.st_mode) and found.st_size <= MOST_TEXT
        return os.path.abspath(path) if is_text else None  # noqa: PTH100 - links as they are

    @property
    def promise(self) -> tuple[tuple[str, str], ...]:
        """Settings that let git fetch what a partial clone lacks, from where the clone names.

        The remotes get names of ours, as git passes a name to itself as an argument.
        """
        promising: set[str] = set()
        remotes: dict[str, dict[str, str]] = {}
        for entry in self.entries:
            if entry.scope not in _OWN:
                continue
            if named := _REMOTE.fullmatch(entry.key):
                remotes.setdefault(named[1], {}).setdefault(named[2], entry.value)
                promises = named[2] == "promisor" and entry.value.lower() in _YES
                if promises or named[2] == "partialclonefilter":
                    promising.add(named[1])
            elif entry.key == "extensions.partialclone":
                promising.add(entry.value)
        lines: list[tuple[str, str]] = []
        for number, remote in enumerate(remotes[name] for name in remotes if name in promising):
            lines += self._promise(f"promisor-{number}", remote)
        return tuple(lines)

    def _promise(self, name: str, remote: dict[str, str]) -> Iterator[tuple[str, str]]:
        try:
            place = address.make_clonable(remote.get("url", ""), self.top, outside=self.top)
        except LisaError:
            return  # git will tell what is missing, if anything
        yield "extensions.partialclone", name
        yield f"remote.{name}.url", place.url
        yield f"remote.{name}.promisor", "true"
        if place.is_local:
            yield f"remote.{name}.uploadpack", address.UPLOAD_PACK
        if "partialclonefilter" in remote:
            yield f"remote.{name}.partialclonefilter", remote["partialclonefilter"]


def read(folder: Path, top: Path) -> Settings:
    """The settings that hold in a repository; reading them runs nothing.

    Parameters
    ----------
    folder
        A folder of its work tree.
    top
        The folder of the work tree.

    Raises
    ------
    GitError
        If one of its files cannot be read.
    """
    options = ("--list", "-z", "--show-scope", "--includes")
    output = os.fsdecode(command.run("config", *options, cwd=folder)).split("\0")
    entries = []
    for scope, line in zip(output[0::2], output[1::2], strict=False):
        # A setting without a value is one that is on.
        key, equals, value = line.partition("\n")
        entries.append(_Entry(scope, key, value if equals else "true"))
    return Settings(tuple(entries), top)


def write_settings(settings: Iterable[tuple[str, str]]) -> str:
    """Settings in the form of a configuration file."""

    def escape(text: str) -> str:
        return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")

    lines = []
    for key, value in settings:
        section, _, name = key.rpartition(".")
        head, dot, inner = section.partition(".")
        title = f'{head} "{escape(inner)}"' if dot else head
        lines.append(f'[{title}]\n\t{name} = "{escape(value)}"\n')
    return "".join(lines)

"""Which projects belong to the fleet, and how many were left out for what reason."""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

from lisa_scaffold import git
from lisa_scaffold.errors import LisaError
from lisa_scaffold.fleet.forge import Forge, Remote
from lisa_scaffold.fleet.settings import Fleet
from lisa_scaffold.fleet.trouble import say_error
from lisa_scaffold.formats.ignored import match_patterns
from lisa_scaffold.shown import brief

_LONGEST = 100  # characters of a reason


class Member(NamedTuple):
    """A project of the fleet.

    Attributes
    ----------
    name
        Its path on the server, or the name of its folder.
    folder
        Its local clone; ``None`` for a project of a server.
    remote
        What the server tells of it; ``None`` for a local clone.
    problem
        Why it cannot be looked at, where that is known already.
    store
        Git's own folder of its repository, which another work tree may share; ``None`` where that
        is not known.
    """

    name: str
    folder: Path | None = None
    remote: Remote | None = None
    problem: str = ""
    store: Path | None = None


class Inventory(NamedTuple):
    """What belongs to a fleet.

    Attributes
    ----------
    members
        The projects, by name.
    left_out
        The names of those that were left out, by the reason.
    forge
        The server of those that are no local clones.
    notes
        What of the settings fits no project, a sentence each.
    """

    members: tuple[Member, ...]
    left_out: Mapping[str, tuple[str, ...]]
    forge: Forge | None = None
    notes: tuple[str, ...] = ()


class Shard(NamedTuple):
    """One of several parts of a fleet: the number, counted from 1, and of how many."""

    number: int
    parts: int


def read_shard(text: str) -> Shard:
    """Read a part such as ``2/4``.

    Raises
    ------
    LisaError
        If it is none.
    """
    number, slash, count = text.partition("/")
    if slash and all(each.isdecimal() and len(each) < 4 for each in (number, count)):  # noqa: PLR2004
        shard = Shard(int(number), int(count))
        if 1 <= shard.number <= shard.parts:
            return shard
    raise LisaError(f"{text!r}: no part of a fleet", "Write the second of four parts as 2/4.")


def find_members(
    fleet: Fleet, forge: Forge | None, today: date, shard: Shard | None = None
) -> Inventory:
    """The projects of a fleet, by name.

    Parameters
    ----------
    fleet
        Its settings.
    forge
        The server; ``None`` where the fleet has none.
    today
        The date, for what is left out until a day.
    shard
        The part that is wanted; by default, all.

    Raises
    ------
    LisaError
        If the server cannot be asked for the groups, or a folder has no repository.
    """
    left_out: dict[str, list[str]] = {}
    found = [*_list_clones(fleet.folders, left_out)]
    if forge and fleet.server:
        remotes = forge.list_projects(fleet.server.groups, fleet.server.projects)
        for remote in remotes:
            if remote.left_out:
                left_out.setdefault(remote.left_out, []).append(remote.name)
            else:
                found.append(Member(remote.name, None, remote, remote.problem))
    includes, excludes = match_patterns(fleet.include or ["*"]), match_patterns(fleet.exclude)
    members = [each for each in found if includes(each.name) and not excludes(each.name)]
    kept = {each.name for each in members}
    if excluded := [each.name for each in found if each.name not in kept]:
        left_out["excluded"] = excluded
    members = _leave_twins_out(_leave_ignored_out(members, fleet, today, left_out), left_out)
    members.sort(key=lambda each: each.name)
    if shard:
        members = members[shard.number - 1 :: shard.parts]
    named = {reason: tuple(sorted(names)) for reason, names in left_out.items()}
    notes = (*_find_idle(fleet, [each.name for each in found]), *_find_expired(fleet, today))
    return Inventory(tuple(members), named, forge, notes)


def _leave_ignored_out(
    members: Sequence[Member], fleet: Fleet, today: date, left_out: dict[str, list[str]]
) -> list[Member]:
    """The projects without those that the settings leave out on purpose: the first reason holds."""
    kept = [*members]
    for each in fleet.ignored:
        if each.has_expired(today):
            continue
        fits = match_patterns([each.projects])
        end = f" (until {each.expires})" if each.expires else ""
        if names := [member.name for member in kept if fits(member.name)]:
            left_out.setdefault(f"{brief(each.reason, _LONGEST)}{end}", []).extend(names)
        kept = [member for member in kept if not fits(member.name)]
    return kept


def _leave_twins_out(members: Sequence[Member], left_out: dict[str, list[str]]) -> list[Member]:
    """The projects, each repository once: its work trees share their branches.

    The clone itself comes before what was made of it by ``git worktree add``.
    """
    kept: dict[Path, Member] = {}
    stores = [each for each in members if each.store]
    for each in sorted(stores, key=lambda each: (each.store != _inner(each.folder), each.name)):
        if each.store:
            first = kept.setdefault(each.store, each)
            if first is not each:
                reason = f"another work tree of {brief(first.name, _LONGEST)}"
                left_out.setdefault(reason, []).append(each.name)
    return [each for each in members if each.store is None or kept[each.store] is each]


def _inner(folder: Path | None) -> Path | None:
    return folder and folder / ".git"


def _find_expired(fleet: Fleet, today: date) -> Iterator[str]:
    """What is said of projects whose time outside of the fleet is over."""
    for each in fleet.ignored:
        if each.has_expired(today):
            name = brief(each.projects, 80)
            yield (
                f"{fleet.path.name}:{each.line}: `ignore`: {name} expired on {each.expires}, so it "
                "is looked at again: renew that, or delete the entry."
            )


def _find_idle(fleet: Fleet, names: Sequence[str]) -> Iterator[str]:
    """What is said of patterns that fit no project: mostly a name is not spelled so any more."""
    for key, patterns in (
        ("include", fleet.include),
        ("exclude", fleet.exclude),
        ("canaries", fleet.updates.canaries),
        ("ignore", [each.projects for each in fleet.ignored]),
        ("assign", [pattern for pattern, _ in fleet.updates.assign]),
    ):
        for pattern in patterns:
            if not any(map(match_patterns([pattern.removeprefix("!")]), names)):
                yield f"{fleet.path.name}: `{key}`: {brief(pattern, 80)} fits no project."


def _list_clones(folders: Sequence[Path], left_out: dict[str, list[str]]) -> Iterable[Member]:
    """The local clones, each with a name of its own; what cannot be looked into may be one."""
    places: dict[Path, str] = {}
    for folder in folders:
        try:
            places |= _find_clones(folder, left_out)
        except OSError as error:
            places[folder.resolve()] = say_error(error)
    taken = Counter(place.name for place in places)
    for place, problem in places.items():
        name = place.name if taken[place.name] == 1 else f"{place.parent.name}/{place.name}"
        if problem:
            yield Member(name, place, problem=problem)
            continue
        try:
            # A clone as most are: git is not asked for each of many.
            repository = None if git.find_head(place) else git.find_repository(place)
        except (LisaError, OSError) as error:
            yield Member(name, place, problem=say_error(error))
            continue
        if repository and repository.head is None and not _has_default_branch(repository):
            left_out.setdefault("empty", []).append(name)
        else:
            yield Member(name, place, store=repository.common if repository else place / ".git")


def _has_default_branch(repository: git.Repository) -> bool:
    """Whether a clone has the default branch, though a branch without a commit is checked out."""
    _, default = git.find_checkout(repository.git_dir, repository.common)
    told = git.read_references(repository, default)
    return bool(default and (told.tips.get(default) or told.upstream))


def _find_clones(folder: Path, left_out: dict[str, list[str]]) -> dict[Path, str]:
    """The clones that a folder of the settings is, or has; each with why it cannot be looked into.

    Raises
    ------
    LisaError
        If there is none.
    OSError
        If the folder itself cannot be looked into.
    """
    if _is_clone(folder):
        return {folder.resolve(): ""}
    found: dict[Path, str] = {}
    left: dict[str, list[str]] = {}
    for each in sorted(folder.iterdir()):
        try:
            if what := _classify(each):
                left.setdefault(what, []).append(each.name)
            elif each.is_dir():
                found[each.resolve()] = ""
        except OSError as error:
            found[each.resolve()] = say_error(error)
    if not found:
        raise LisaError(
            f"{folder}: no clone, and none in it", "Name a folder of clones in fleet.toml."
        )
    for what, names in left.items():
        left_out.setdefault(what, []).extend(names)
    return found


def _classify(entry: Path) -> str:
    """What an entry of a folder of clones is, where it could be meant and is none; else nothing.

    Raises
    ------
    OSError
        If nobody may look.
    """
    mode = entry.lstat().st_mode
    if stat.S_ISLNK(mode):
        # What a link leads to may be there already, or outside. (This one raises no error.)
        return "" if os.path.isfile(entry) else "symbolic link"  # noqa: PTH113
    if not stat.S_ISDIR(mode) or _is_clone(entry):
        return ""
    is_bare = all(os.path.lexists(entry / name) for name in ("HEAD", "objects", "refs"))
    return "bare repository" if is_bare else "no repository"


def _is_clone(folder: Path) -> bool:
    """Whether a folder has git's own in it.

    Raises
    ------
    OSError
        If nobody may look.
    """
    try:
        (folder / ".git").stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True

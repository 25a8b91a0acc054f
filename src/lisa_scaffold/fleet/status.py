"""How each project of a fleet stands; one that cannot be read is a row that says why."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from lisa_scaffold import git, model, project, template
from lisa_scaffold.errors import LisaError
from lisa_scaffold.fleet.base import (
    Obstacle,
    find_base,
    find_obstacle,
    find_older,
    find_waiting,
    open_at,
)
from lisa_scaffold.fleet.clones import hold_clone, open_clones
from lisa_scaffold.fleet.find import Inventory, Member
from lisa_scaffold.fleet.forge import BRANCHES, Forge
from lisa_scaffold.fleet.newer import explain_newer
from lisa_scaffold.fleet.patience import Patience
from lisa_scaffold.fleet.records import (
    EXCUSED,
    Found,
    Row,
    Status,
    Waived,
    count_newer,
    row_as_data,
    row_from,
)
from lisa_scaffold.fleet.trouble import say_error
from lisa_scaffold.git import References
from lisa_scaffold.model import Severity
from lisa_scaffold.rules import Selection
from lisa_scaffold.shown import brief
from lisa_scaffold.template import cache
from lisa_scaffold.template.pristine import Origins
from lisa_scaffold.template.rendering import is_ours
from lisa_scaffold.template.shelf import keep_open
from lisa_scaffold.verbs import check
from lisa_scaffold.verbs.update import read_settings
from lisa_scaffold.versions import is_newer
from lisa_scaffold.workers import spread

Tags = tuple[tuple[str, ...], tuple[str, ...]]
Listed = Mapping[str, str | None]

_FORM = "12"  # of a row that is kept: another form is never taken for it
_MOST_KEPT = 5000
_ADDRESS = 100  # characters
_FEW = 4  # projects for which nothing is prepared


class Looker:
    """Looks at projects, and keeps what it saw for as long as they do not move.

    Parameters
    ----------
    origins
        The templates of the projects.
    newest
        The newest version of our template.
    today
        The date, for waivers that expire.
    forge
        The server of those that are no local clones.
    clones
        The folder for clones of these.
    """

    def __init__(
        self, origins: Origins, newest: str, today: date, forge: Forge | None, clones: Path
    ) -> None:
        self.origins, self.newest, self.today = origins, newest, today
        self.forge, self.clones = forge, clones
        self.own = version("lisa-scaffold")
        self.patience = Patience()
        self._kept = cache.folder("fleet")

    def look(self, member: Member) -> Row:
        """How a project stands that has moved, or is on a server; nothing is raised."""
        place = str(member.folder or (member.remote and member.remote.url) or "")
        if member.problem:
            return Row(member.name, place, problem=member.problem)
        try:
            if member.folder:
                return self._look_at_clone(member.name, member.folder)
            return self._look_at_remote(member)
        except Exception as error:
            self.patience.judge(error)
            return Row(member.name, place, problem=say_error(error, member.folder))

    def lost(self, member: Member, error: LisaError) -> Row:
        """The row of a project whose process has died."""
        return Row(member.name, problem=say_error(error))

    def _look_at_clone(self, name: str, folder: Path) -> Row:
        """Look at a local clone, as its default branch has it, whatever is checked out."""
        key = _describe(folder)
        seen = self._read(key) if key else None
        with git.find_repository(folder).keep_view() as repository:
            row = seen or self._look_at_base(name, folder, repository)
            # What is not committed leaves no trace in what a row is kept by.
            found = find_obstacle(repository, row.target) if _has_to_switch(row) else Obstacle()
        if key and not seen:
            self._keep(key, row)
        return replace(row, name=name, obstacle=found.said, remedy=found.command)

    def _look_at_base(self, name: str, folder: Path, repository: git.Repository) -> Row:
        """Look at the commit of a local clone that an update would be made on."""
        base = find_base(repository)
        told = base.told
        at = repository._replace(head=base.commit)
        listed = git.refuse_lost(at)
        with open_at(repository, base.commit) as place:
            row = Row(name, str(folder), base.commit, activity=told.day, target=base.target)
            row = self._look(row, place, (told.tags, told.head_tags), listed)
        offered = (self.newest if row.behind else "" if row.version else "adopt", "fix")
        waiting = find_waiting(at, told, [f"{BRANCHES}{each}" for each in offered if each])
        if row.version:
            older = find_older(at, told, row.version, self.newest)
            is_made = waiting.branch == f"{BRANCHES}{self.newest}"
            if row.behind and older.touched and not is_made:
                waiting = find_waiting(at, told, [older.touched])
            superseded = older.passed + (older.left if is_made else ())
            left = () if is_made or waiting.branch in older.left else older.left
            row = replace(row, superseded=superseded, older=left)
        row = replace(row, branch=waiting.branch, branch_state=waiting.state)
        row = replace(row, conflicts=waiting.conflicts)
        return replace(row, checkout=base.checkout, lacks=base.lacks, ahead=base.ahead)

    def recall(self, member: Member) -> Row | None:
        """What was seen of a local clone that has not moved since; git is not asked.

        Where something waits to be merged, it is: for what is not committed.
        """
        if member.folder is None or member.problem or not (key := _describe(member.folder)):
            return None
        row = self._read(key)
        return replace(row, name=member.name) if row and not _has_to_switch(row) else None

    def warm(self, members: Sequence[Member]) -> None:
        """Read what many looks need, before processes are forked for them."""
        source = template.find_default_source()
        if len(members) < _FEW or source.working_copy:
            return
        for opened in self.origins.open_all(source):
            opened.warm()

    def _look_at_remote(self, member: Member) -> Row:
        """Look at a project of the server, by way of a clone that is kept."""
        remote, forge = member.remote, self.forge
        if remote is None or forge is None:
            raise LisaError("neither a clone nor a project of a server", "Make the list anew.")
        self.patience.refuse()
        address = git.make_clonable(remote.clone)
        references = git.list_references(address, remote.branch)
        self.patience.hear()
        row = Row(remote.name, remote.url, references.head, activity=remote.activity)
        if not references.head:
            return replace(row, problem=f"no branch {remote.branch or 'by default'} there")
        tags = _tags_at(references)
        key = (remote.clone, references.head, tags)
        if seen := self._read(key):
            row = replace(seen, name=row.name, place=row.place, activity=row.activity)
        else:
            with hold_clone(self.clones, remote.clone) as place:
                git.bring_clone(address, place, references.head)
                row = self._look(row, place, tags)
            self._keep(key, row)
        pipeline, request = forge.read_state(remote)
        return replace(row, pipeline=pipeline, request=request)

    def _look(self, row: Row, folder: Path, tags: Tags, listed: Listed | None = None) -> Row:
        """Look at a folder that is as a commit has it, which the files that are listed are of."""
        selection = Selection(strict=False)
        wanted = check.Wanted(selection, today=self.today, tags=tags, listed=listed)
        broken, recorded, other = "", {}, ""
        if (folder / project.ANSWERS_FILE).is_file():
            try:
                recorded = project.read_answers(folder)
            except LisaError as error:
                broken = error.message.replace(f"{folder}/", "")
            address = recorded.get("_src_path")
            other = address if isinstance(address, str) and not is_ours(address) else ""
        checked = check.check_one(folder, wanted, self.origins)[0].checked
        severities = Counter(each.severity for each in checked.findings)
        waived = () if broken else tuple(_sum_waived(checked.waived))
        bare = next((each for each in checked.notes if each.startswith(check.NO_PROJECT)), "")
        elsewhere = tuple(brief(each, _ADDRESS) for each in checked.elsewhere)
        told = {*(each.code for each in checked.findings), *(each.code for each in waived)}
        releases = template.sort_versions(tags[0], ours=False)
        return replace(
            row,
            kind=checked.kind,
            # Two templates count their versions apart.
            version="" if other else checked.version,
            other=other,
            behind=None if checked.newer is None else len(checked.newer),
            drift=len(checked.drifted),
            must=severities[Severity.MUST],
            should=severities[Severity.SHOULD],
            waived=len(checked.waived),
            findings=tuple(
                Found(each.code, each.severity.value, each.path, each.line, each.message)
                for each in checked.findings
                if not broken  # where nothing is counted, nothing stands in a list either
            ),
            release=releases[-1] if releases else "",
            updates=read_settings(folder).fleet,
            problem=broken,
            rules=len(checked.applied),
            note="; ".join(
                filter(None, (bare.partition(check.ADVICE)[0], *check.say_elsewhere(elsewhere)))
            ),
            ignored=tuple(checked.ignored),
            ignored_must=[*checked.ignored.values()].count(Severity.MUST),
            waived_must=sum(each.number for each in waived if each.severity == Severity.MUST.value),
            waivers=waived,
            excused=EXCUSED in {*told, *checked.ignored},
            elsewhere=elsewhere,
            newer=checked.newer is None
            and not other
            and is_newer(str(recorded.get("_commit")), self.newest),
        )

    def _place(self, key: object) -> Path | None:
        decisive = repr((_FORM, self.own, self.newest, self.today, key))
        return self._kept and self._kept / f"{sha256(decisive.encode()).hexdigest()}.json"

    def _read(self, key: object) -> Row | None:
        """The row that was kept for a project that has not moved since."""
        place = self._place(key)
        try:
            return row_from(json.loads((place and cache.read(place)) or b""))
        except (ValueError, RecursionError):
            return None

    def _keep(self, key: object, row: Row) -> None:
        if place := self._place(key):
            cache.write(place, json.dumps(row_as_data(row)).encode())


def _has_to_switch(row: Row) -> bool:
    """Whether somebody has to merge in a local clone, and so to switch to its default branch."""
    return bool(row.branch or row.lacks) and not row.problem


def _sum_waived(waived: Sequence[model.Waived]) -> Iterator[Waived]:
    """What is waived, rule by rule."""
    found = ((each.finding, each.reason) for each in waived)
    counts = Counter((each.code, each.severity.value, reason) for each, reason in found)
    for each, number in sorted(counts.items()):
        yield Waived(*each, number)


def _describe(folder: Path) -> tuple[object, ...]:
    """What of a local clone decides its row; nothing where that cannot be told without git."""
    head, inner = git.find_head(folder), folder / ".git"
    marks = (
        _stat(inner / "refs/heads/lisa-scaffold"),
        _stat(inner / "refs/tags"),
        _stat(inner / "packed-refs"),
    )
    if not head:
        return ()
    checkout, default = git.find_checkout(inner, inner)
    fetched = (_stat(inner / f"refs/{each}/{default}") for each in ("heads", "remotes/origin"))
    return (str(folder), head, *marks, *_mark_store(folder), checkout, default, *fetched)


def _mark_store(folder: Path) -> tuple[object, ...]:
    """What changes where a clone gets or loses objects; nothing where git keeps them elsewhere."""
    try:
        with os.scandir(folder / ".git/objects") as entries:
            return tuple(sorted((each.name, _stat(each)) for each in entries))
    except OSError:
        return ()


def _stat(path: os.PathLike[str]) -> int:
    """What changes where something is written at a path; 0 where nothing is."""
    try:
        return os.lstat(path).st_mtime_ns
    except OSError:
        return 0


def _tags_at(references: References) -> Tags:
    """All tags, and those of the default branch's newest commit."""
    head = [tag for tag, commit in references.tags.items() if commit == references.head]
    return tuple(references.tags), tuple(head)


def _settle_newer(rows: Sequence[Row]) -> list[Row]:
    """Tell versions that are newer from those that there are not."""
    recorded = [row.version for row in rows if row.version and not row.problem]
    wrong = explain_newer(recorded, [row.version for row in rows if row.newer and not row.problem])
    return [
        replace(row, newer=False, note="; ".join(filter(None, (wrong[row.version], row.note))))
        if row.newer and row.version in wrong
        else row
        for row in rows
    ]


def _tell_settled(tell: Callable[[Row, int], None], row: Row, done: int) -> None:
    """Tell of a project, unless it takes all of them to know how it stands."""
    if not row.newer:
        tell(row, done)


def find_status(
    inventory: Inventory,
    *,
    now: datetime,
    jobs: int = 1,
    tell: Callable[[Row, int], None] = lambda *_: None,
    part: str = "",
) -> Status:
    """How the fleet stands.

    Parameters
    ----------
    inventory
        What belongs to it.
    now
        The moment.
    jobs
        How many projects are looked at at once.
    tell
        Called with each project that was looked at, and how many were.
    part
        The part of the fleet that these are; empty where they are all of it.

    Raises
    ------
    LisaError
        If this installation has no template.
    """
    newest = template.find_default_source().versions()[-1]
    rows = []
    with keep_open() as shelf, open_clones() as clones:
        looker = Looker(Origins(shelf), newest, now.date(), inventory.forge, clones)
        left = []
        for member in inventory.members:
            if row := looker.recall(member):
                rows.append(row)
                _tell_settled(tell, row, len(rows))
            else:
                left.append(member)
        looker.warm(left)
        for row in spread(looker.look, left, jobs, looker.lost):
            rows.append(row)
            _tell_settled(tell, row, len(rows))
    if kept := cache.folder("fleet"):
        cache.prune(kept, _MOST_KEPT)
    rows = sorted(rows, key=lambda row: row.name)
    unsettled = {row.name for row in rows if row.newer}
    rows = _settle_newer(rows)
    for row in rows:
        if row.name in unsettled:
            tell(row, len(rows))
    when = now.astimezone(UTC).isoformat(timespec="seconds")
    counts = {reason: len(names) for reason, names in inventory.left_out.items()}
    status = Status(when, newest, tuple(rows), counts, inventory.left_out, inventory.notes)
    return count_newer(replace(status, part=part))
